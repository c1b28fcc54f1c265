# SPDX-License-Identifier: Apache-2.0
"""Whole searches: known best sets, constraints, interruption, workers, estimates, and the check of their results."""

from __future__ import annotations

import copy
import importlib.util
import json
import re
import signal
import subprocess
import sys
from functools import partial
from itertools import count
from types import SimpleNamespace

import oracle_sets
import pytest
from oracle_messages import refused
from sympy import Rational

from wincraft.construct import winograd
from wincraft.errors import BadDocument, MissingTool, NotApplicable, UnknownName, WincraftError
from wincraft.limits import parse_limits
from wincraft.measures import MEASURES, measure_named
from wincraft.search import Space, WrongResult, noise_gain_under, recheck, search_space
from wincraft.search.points.run import Run
from wincraft.search.points.settings import Tuning
from wincraft.search.points.strategies import run_task

LAVIN = ["0", "1", "-1", "2", "-2", "inf"]
SMALL = Space(4, 3, height=3, infinity="any")


def stored(result):
    """As a reader gets the document."""
    return json.loads(json.dumps(result.document()))


@pytest.mark.slow_cases("auto-branch")
@pytest.mark.parametrize("strategy", ["exhaustive", "branch-and-bound"])
@pytest.mark.parametrize("engine", ["numpy", "auto"])
def test_exact_oracle(strategy, engine):
    result = search_space(Space(3, 2, height=3, infinity="any"), strategy=strategy, engine=engine)
    every = list(oracle_sets.sets(3, 2, 3, (True, False)))
    assert result.space.count == len(every)
    best = min(value for value, *_ in every) / 6
    assert result.best.value == str(best)


def test_both_engines_and_any_number_of_jobs_write_the_same():
    documents = [
        json.dumps(search_space(Space(4, 3, height=5), engine=engine, jobs=jobs).document())
        for engine, jobs in (("numpy", 1), ("auto", 1), ("auto", 2))
    ]
    assert len(set(documents)) == 1


def test_the_best_symmetric_set_of_f43():
    """0, +-2/3, +-3/2, inf: Alam et al., arXiv 2201.10369, found by our own noise gain."""
    result = search_space(Space(4, 3, shape="symmetric", zero="with", height=10))
    assert set(result.best.moduli) == {"0", "2/3", "-2/3", "3/2", "-3/2", "inf"}
    assert result.best.value == "617149/129600"
    assert result.complete


def test_the_classic_points_of_f63_are_the_best_symmetric_ones():
    result = search_space(Space(6, 3, shape="symmetric", height=12, infinity="any"))
    assert set(result.best.moduli) == {"0", "1", "-1", "2", "-2", "1/2", "-1/2", "inf"}
    assert recheck(stored(result), "f63")[-1].startswith("no set of the space is better")


def test_the_best_unrestricted_set_of_height_8_is_not_symmetric():
    result = search_space(Space(4, 3, height=8))
    assert result.best.value == "5528733899/1162425600"
    assert result.visited < 0.03 * result.space.count
    points = {Rational(p) for p in result.best.moduli if p != "inf"}
    assert {-p for p in points} != points


def test_quadratic_moduli_as_members():
    result = search_space(Space(6, 3, height=2, moduli=("x^2+x+1", "x^2-x+1"), zero="with"))
    assert result.best.value == "13/9"  # design, section 4
    assert recheck(stored(result), "f63")


def test_within_lists_all_sets_that_close():
    result = search_space(Space(3, 2, height=3, infinity="any"), within=0.2)
    limit = Rational(result.best.value) * Rational("1.2")
    values = [Rational(result.best.value), *(Rational(item.value) for item in result.others)]
    assert values == sorted(values)
    every = [value / 6 for value, *_ in oracle_sets.sets(3, 2, 3, (True, False))]
    assert len({value for value in every if value <= limit}) == len(set(values))


def test_several_axes_multiply():
    one, two = (search_space(Space(2, 3, height=2), axes=axes) for axes in (1, 2))
    assert Rational(two.best.value) == Rational(one.best.value) ** 2
    assert two.size == "F(2x2,3x3)"


@pytest.mark.slow_cases("operations")
@pytest.mark.parametrize(
    "name", ["worst-case", "coefficients", "integer-width", "cond-V", "operations", "noise-gain:1/2"]
)
def test_other_objectives_are_least_over_the_whole_space(name):
    space = Space(3, 2, shape="symmetric", height=3, infinity="any")
    result = search_space(space, name)
    measure = measure_named(name).value
    every = oracle_sets.sets(3, 2, 3, (True, False), oracle_sets.symmetric)
    values = [measure(winograd(3, 2, points=[*map(str, points)] + ["inf"] * at)) for _, points, at in every]
    assert result.best.approximate == pytest.approx(float(min(values)))
    assert result.visited == space.classes(measure_named(name).equivalences)
    assert recheck(stored(result), "other")


def test_more_is_better_for_an_sqnr():
    space = Space(2, 3, shape="symmetric", height=2)
    result = search_space(space, "sqnr:barabasz-2020-8")
    measure = measure_named("sqnr:barabasz-2020-8").value
    every = [",".join(part.texts((i,))) for part in space.parts() for i in range(len(part.members))]
    assert result.best.approximate == pytest.approx(max(measure(winograd(2, 3, points=p)) for p in every))


@pytest.mark.parametrize(
    ("space", "best"),
    [
        (Space(2, 1, values=(), zero="with"), "1"),
        (Space(1, 1, values=("0",)), "1"),
        (Space(1, 1, height=2, infinity="any"), "1"),
        (Space(2, 2, values=("x^2+1",), zero="without"), None),
        (Space(3, 2, values=("x^2+1", "x^3+2"), zero="any"), None),
    ],
)
@pytest.mark.parametrize("strategy", ["exhaustive", "branch-and-bound"])
def test_smallest_spaces(space, best, strategy):
    result = search_space(space, strategy=strategy)
    assert result.complete
    assert result.covered == space.count
    assert best in (None, result.best.value)
    assert recheck(stored(result), "small")


def test_given_moments():
    moments = [[Rational(1, 2) ** abs(i - j) for j in range(4)] for i in range(4)]
    given = search_space(Space(2, 3, height=2), noise_gain_under(input_moments=moments))
    assert given.best.value == search_space(Space(2, 3, height=2), "noise-gain:1/2").best.value


@pytest.mark.parametrize(
    "name", [name for name in MEASURES if ":" not in name] + ["noise-gain:1/2", "layer-saving:8,8,20"]
)
def test_declared_equivalences_hold(name):
    objective = measure_named(name)
    sets = [["0", "1", "-2/3", "3", "inf"], ["1/2", "-1", "2", "3/4", "-5"]]
    images = {"negate": lambda p: p if p == "inf" else str(-Rational(p)), "invert": _inverse}
    for points in sets:
        for convention in ("wincnn", "integer"):
            value = objective.value(winograd(3, 3, points=points, convention=convention))
            for equivalence in objective.equivalences:
                image = [images[equivalence](p) for p in points]
                again = objective.value(winograd(3, 3, points=image, convention=convention))
                assert float(again) == pytest.approx(float(value)), (points, convention, equivalence)


def _inverse(text):
    return {"0": "inf", "inf": "0"}.get(text) or str(1 / Rational(text))


def test_constraints():
    result = search_space(Space(4, 3, height=2), convention="integer", constraints=["exact-bits<=5"])
    every = oracle_sets.sets(4, 3, 2)
    bits = measure_named("exact-bits").value
    for value, points, _ in sorted(every):
        if bits(winograd(4, 3, points=list(map(str, points)), convention="integer")) <= 5:
            assert result.best.value == str(value / 12)
            break
    assert result.unconstrained.approximate < result.best.approximate
    assert recheck(stored(result), "constrained")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"constraints": ["noise-gain<=1"]}, "meets noise-gain<=1; relax"),
        ({"constraints": ["height<=2", "height>3"]}, "exclude each other"),
        ({"constraints": ["height"]}, "write it as"),
        ({"constraints": ["height<=x"]}, "not an exact number"),
        ({"constraints": ["exact-bits<=1e999999999"]}, "use at most 4000 digits"),
        ({"constraints": ["exact-bits>=1e-999999999"]}, "use at most 4000 digits"),
        ({"constraints": ["hight<=2"]}, "did you mean height"),
        ({"objective": "noise"}, "unknown measure"),
        ({"objective": "noise-gain:2"}, "between -1 and 1"),
        ({"objective": "matrix-rounding"}, "write matrix-rounding:8"),
        ({"objective": "matrix-rounding:" + "9" * 5000}, "write matrix-rounding:8"),
        ({"objective": "worst-case:3"}, "it takes none"),
        ({"objective": "worst-case", "strategy": "branch-and-bound"}, "no lower bound"),
        ({"objective": "worst-case", "constraints": ["height<1"]}, "meets height<1"),
        ({"strategy": "guess"}, "unknown strategy"),
        ({"engine": "gpu"}, "unknown engine"),
        ({"convention": "mine"}, "unknown convention"),
        ({"jobs": 0}, "jobs is 0"),
        ({"jobs": 10**20}, "give 1 to 1024, or -1 for all cores"),
        ({"axes": 0}, "axes is 0"),
        ({"axes": 1_000_001}, "axes is 1000001; give 1 to 4"),
        ({"within": -1}, "within"),
        ({"within": float("nan")}, "within"),
        ({"time_limit": float("nan")}, "the time limit is nan"),
        ({"time_limit": float("inf")}, "the time limit is inf"),
        ({"time_limit": -1.0}, "the time limit is -1"),
        ({"cluster": "tcp://127.0.0.1:1"}, "cluster tcp://127.0.0.1:1"),
        ({"cluster": "nonsense:::"}, "cluster nonsense"),
        ({"checkpoint": "/nonexistent/file"}, "cannot write"),
        ({"checkpoint": "/"}, "cannot read /"),
    ],
)
def test_bad_input(options, message, monkeypatch):
    monkeypatch.setattr("wincraft.search.points.workers.CONNECT_SECONDS", 0.5)
    if "cluster" in options:
        pytest.importorskip("distributed")
    with pytest.raises(WincraftError, match=message) as caught:
        search_space(Space(4, 3, height=2), **options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("space", "options", "unit"),
    [
        (Space(8, 3, height=30), {"strategy": "exhaustive"}, "years"),
        (Space(6, 3, height=20), {}, "years|days|hours"),
    ],
)
def test_what_would_take_years_is_refused_with_an_estimate(space, options, unit):
    with pytest.raises(NotApplicable, match=rf"would take about .* ({unit}); lower the height.*--allow-long"):
        search_space(space, **options)


@pytest.fixture
def ticking(monkeypatch):
    """A clock that a search looks at, and that goes on by a fiftieth of a second with each look, on any machine."""
    clock = SimpleNamespace(monotonic=partial(next, count(0, 0.02)))
    for module in ("search", "running", "refusals"):
        monkeypatch.setattr(f"wincraft.search.points.{module}.time", clock)


def test_an_estimate_is_the_time_of_three_sets_for_all(ticking):
    """Three sets take a fiftieth of a second, from one look to the next."""
    with pytest.raises(NotApplicable, match="to be evaluated one by one") as caught:
        search_space(Space(4, 3, height=8), objective="worst-case")
    sets, days = re.search(r"([\d,]+) sets, .* would take about ([\d.]+) days;", str(caught.value)).groups()
    assert float(days) == pytest.approx(int(sets.replace(",", "")) / 150 / 86_400, rel=0.01)


@pytest.mark.slow_cases("5-4.6")
@pytest.mark.parametrize(("height", "least", "best"), [(16, 0.9, 4.746885164444112), (5, 4.6, 4.761952160493827)])
def test_a_time_limit_gives_a_valid_bound(height, least, best, ticking):
    result = search_space(Space(4, 3, height=height), time_limit=0.0, engine="numpy")
    assert not result.complete
    assert least < result.bound <= best
    assert result.bound <= result.best.approximate < best + 0.01
    assert "stopped" in repr(result)
    assert "not checked" in recheck(stored(result), "stopped")[-1]


@pytest.mark.slow_cases("space1", "space2", "space3")
@pytest.mark.parametrize(
    ("space", "options"),
    [
        (Space(4, 3, height=4), {"strategy": "exhaustive"}),
        (Space(4, 3, height=4), {}),
        (Space(3, 2, height=3), {"objective": "worst-case"}),
        (Space(4, 3, height=3), {"convention": "integer", "constraints": ["exact-bits<=6"]}),
    ],
)
def test_stopping_after_every_wave_changes_nothing(space, options, tmp_path):
    tuning = Tuning(grain=4000, slow_grain=8, budget=500, wave=4, slow_wave=2, bound_seconds=0)
    search = partial(search_space, space, **options, tuning=tuning)
    whole = search()
    file, steps = tmp_path / "checkpoint", 1
    while not (result := search(checkpoint=file, time_limit=0.0)).complete:
        steps += 1
    assert steps > 2
    assert result.document() == whole.document()
    assert search(checkpoint=file).document() == whole.document()


@pytest.mark.slow_cases("after")
@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_and_resumed(moment, tmp_path):
    """kill -9 before or after a checkpoint takes its place, twice; the result is that of an uninterrupted search."""
    file = tmp_path / "checkpoint"
    program = (
        "import os, signal, sys\n"
        "from wincraft.search.points import checkpoint\n"
        "checkpoint.INTERVAL = 0\n"
        "from wincraft.search.points.search import Tuning, search_space\n"
        "from wincraft.search.points.space import Space\n"
        "replace, calls = os.replace, []\n"
        "def killed(*paths):\n"
        "    calls.append(paths)\n"
        "    if len(calls) == 4 and sys.argv[2] == 'before': os.kill(os.getpid(), signal.SIGKILL)\n"
        "    replace(*paths)\n"
        "    if len(calls) == 4: os.kill(os.getpid(), signal.SIGKILL)\n"
        "os.replace = killed\n"
        "tuning = Tuning(wave=4, budget=5000, large=0)\n"
        "search_space(Space(4, 3, height=6), checkpoint=sys.argv[1], engine='numpy', tuning=tuning)\n"
    )
    states = []
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", program, str(file), moment], check=False)
        assert done.returncode == -signal.SIGKILL
        states.append(file.read_text())
    assert states[0] != states[1]
    search = partial(search_space, Space(4, 3, height=6), tuning=Tuning(wave=4, budget=5000, large=0))
    resumed, whole = search(checkpoint=file), search()
    assert json.dumps(resumed.document()) == json.dumps(whole.document())


@pytest.mark.slow
def test_a_time_limit_holds_inside_a_wave_and_the_result_stays_the_same(tmp_path):
    tuning = Tuning(budget=500, large=0, bound_seconds=0)
    search = partial(search_space, Space(4, 3, height=4), engine="numpy", tuning=tuning)
    whole, file, waiting = search(), tmp_path / "checkpoint", 0
    while not (result := search(checkpoint=file, time_limit=0.0)).complete:
        waiting += bool(json.loads(file.read_text())["run"]["wave"])
    assert waiting
    assert result.document() == whole.document()


def test_progress_reaches_the_count():
    seen = []
    result = search_space(Space(4, 3, height=4), progress=lambda done, total, name: seen.append((done, total, name)))
    assert seen[-1][:2] == (result.space.count,) * 2
    assert "best 4.76195" in seen[-1][2]


def test_progress_moves_inside_a_wave(monkeypatch):
    """A wave is 64 tasks, of which each may take seconds: after each, not after all, the bar is drawn again."""
    calls, tasks = [], []

    def counted(task):
        tasks.append(task)
        return run_task(task)

    monkeypatch.setattr("wincraft.search.points.workers.run_task", counted)
    search_space(
        Space(4, 3, height=4),
        engine="numpy",
        tuning=Tuning(budget=500, large=0),
        progress=lambda done, total, name: calls.append((done, name)),
    )
    assert len(calls) == len(tasks) > 20
    assert [done for done, _ in calls] == sorted(done for done, _ in calls)
    evaluated = [int(name.split(", ")[1].removesuffix(" evaluated").replace(",", "")) for _, name in calls]
    assert evaluated == sorted(evaluated)
    assert len(set(evaluated)) > len(tasks) / 2


def test_local_dask_cluster():
    distributed = pytest.importorskip("distributed")
    pytest.importorskip("joblib")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None, protocol="tcp"
    ) as cluster:
        result = search_space(Space(4, 3, height=4), cluster=cluster.scheduler_address)
    assert result.document() == search_space(Space(4, 3, height=4)).document()


def test_without_extras(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    for name in ("joblib", "distributed"):
        monkeypatch.setitem(sys.modules, name, None)
    assert search_space(SMALL).complete
    with pytest.raises(MissingTool, match=r"\.\[search\]"):
        search_space(SMALL, engine="numba")
    with pytest.raises(MissingTool, match=r"\.\[search\]"):
        search_space(SMALL, jobs=2)
    with pytest.raises(MissingTool, match=r"\.\[cluster\]"):
        search_space(SMALL, cluster="tcp://127.0.0.1:1")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("count", 1, "the count is"),
        ("classes", 1, "number of classes"),
        ("covered", 5, "covered"),
        ("settings", "x", "hash of the settings"),
        ("within", 0.5, "hash of the settings"),
        ("best", {"points": LAVIN, "value": "6205/576", "float": 10.772569444444445}, "the bound"),
        ("best", {"points": LAVIN, "value": "1", "float": 1.0}, "the value of"),
        ("best", {"points": LAVIN, "value": "6205/576", "float": 4.0}, "the float of"),
        ("bound", 4.0, "the bound"),
        ("size", "F(6,3)", "the size"),
        ("equivalences", [], "the list of equivalences"),
        ("tolerance", 0.5, "the tolerance"),
        ("unconstrained", {"points": LAVIN, "value": "6205/576", "float": 10.772569444444445}, "no worse"),
        ("best", {"points": [*LAVIN[:4], "-7", "inf"], "value": None, "float": 1.0}, "the value of"),
    ],
)  # fmt: skip
def test_wrong_results_are_refused(key, value, message):
    document = stored(search_space(Space(4, 3, height=3)))
    with pytest.raises(WrongResult, match=message) as caught:
        recheck({**document, key: value}, "result.json")
    assert caught.value.exit_code == 1


def test_a_float_with_the_bound_that_fits_is_found_out():
    document = stored(search_space(Space(4, 3, height=3)))
    wrong = {**document, "best": {**document["best"], "float": 4.0}, "bound": 4.0}
    with pytest.raises(WrongResult, match="the float of"):
        recheck(wrong, "result.json")


@pytest.mark.slow
def test_a_set_left_out_of_those_within_is_found_out():
    document = stored(search_space(Space(3, 2, height=3, infinity="any"), within=0.2))
    with pytest.raises(WrongResult, match="the list of sets by exhaustive"):
        recheck({**document, "others": document["others"][1:]}, "result.json")


@pytest.mark.parametrize(
    "change",
    [
        {"others": None},
        {"others": 3},
        {"others": [{"points": LAVIN, "value": "6205/576", "float": 10.772569444444445}] * 100_000},
        {"complete": None},
        {"complete": 1},
        {"best": None},
        {"best": "abc"},
        {"best": {"points": [0, 1, -1, 2, -2, "inf"], "value": "6205/576", "float": 10.772569444444445}},
        {"best": {"points": ["0", "1", "1", "2", "-2", "inf"], "value": "1", "float": 1.0}},
        {"best": {"points": ["0", "1", "q", "2", "-2", "inf"], "value": "1", "float": 1.0}},
        {"bound": "x"},
        {"bound": float("nan")},
        {"count": None},
        {"dimensions": 0},
        {"dimensions": 5},
        {"dimensions": 1_000_001},
        {"m": 10_000},
        {"m": 10**30},
        {"space": {"height": 3, "moduli": [f"x^2+{k}" for k in range(1, 20_000)]}},
        {"space": {"height": 10**9}},
        {"objective": "noise-gain:1e999999999"},
        {"objective": "matrix-rounding:" + "9" * 5000},
        {"within": 1e999},
        {"searches": 3},
        {"searches": []},
        {"searches": [3], "size": "4,3"},
        {"searches": [{"m": 4, "r": 3}], "size": "4,3"},
        {"within": [0]},
        {"constraints": ["exact-bits<=1e999999999"]},
        {"space": {"height": "3"}},
    ],
    ids=lambda change: str(change)[:60],
)
def test_malformed_results_are_one_line(change):
    document = stored(search_space(Space(4, 3, height=3)))
    with pytest.raises(BadDocument, match="cannot read result") as caught:
        recheck({**document, **change}, "result.json")
    assert "\n" not in str(caught.value)
    for key in set(document) - {"settings", "unconstrained"}:
        with pytest.raises(BadDocument, match="cannot read result"):
            recheck({k: v for k, v in document.items() if k != key}, "result.json")


def test_a_worse_set_stated_as_the_best_is_found_out():
    document = stored(search_space(Space(4, 3, height=3)))
    worse = search_space(Space(4, 3, numbers="integer", height=3)).best.document
    wrong = {**copy.deepcopy(document), "best": worse, "bound": worse["float"]}
    with pytest.raises(WrongResult, match="best value by exhaustive"):
        recheck(wrong, "result.json")


def test_a_set_outside_the_space_is_found_out():
    document = stored(search_space(Space(4, 3, numbers="integer", height=3)))
    outside = search_space(Space(4, 3, height=3)).best.document
    with pytest.raises(WrongResult, match="in the space"):
        recheck({**document, "best": outside, "bound": outside["float"]}, "result.json")


def test_large_spaces_are_sampled_and_the_line_says_so():
    lines = recheck(stored(search_space(Space(4, 3, height=10))), "f43")
    assert "proves nothing" in lines[-1]


@pytest.mark.parametrize(
    "broken", [{}, {"kind": "wincraft.search", "version": 2}, {"kind": "wincraft.search", "version": 1}]
)
def test_what_is_no_result(broken):
    with pytest.raises(BadDocument):
        recheck(broken, "result.json")


def test_constraint_texts():
    found = parse_limits(["sqnr:barabasz-2020-8>=20", " cond-V < 7/2 "])
    assert [(item.measure.name, item.relation) for item in found] == [("sqnr:barabasz-2020-8", ">="), ("cond-V", "<")]
    with pytest.raises(UnknownName):
        parse_limits(["sqnr:none>1"])


def test_settings_of_a_run_come_back_the_same():
    run = Run(1 / 3, [(0, (1, 2))], True, [(2 / 3, 0, (4,))], 5, 6)
    assert Run.from_document(json.loads(json.dumps(run.document))) == run


@pytest.mark.parametrize("constraints", [(), ("noise-gain<=1000",)])
def test_an_objective_that_is_infinite_everywhere_says_so(constraints):
    """In wincnn's convention G of F(4,3) has 1/6: no power of two makes it whole; in 'integer' every entry is."""
    with refused(NotApplicable, "none of the 21 sets has a finite exact-bits in the convention wincnn", "integer"):
        search_space(Space(4, 3, height=2), "exact-bits", constraints=constraints)
    assert (
        search_space(Space(4, 3, height=2), "exact-bits", convention="integer", constraints=constraints).best
        is not None
    )


def test_a_constraint_that_nothing_meets_is_still_named():
    with refused(NotApplicable, "meets noise-gain<=1", "relax a constraint"):
        search_space(Space(4, 3, height=2), "exact-bits", convention="integer", constraints=["noise-gain<=1"])
