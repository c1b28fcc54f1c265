# SPDX-License-Identifier: Apache-2.0
"""What the check of a result finds out: a better set, an impossible bound or count; what it searches again."""

from __future__ import annotations

import json

import pytest
from oracle_messages import refused

from wincraft.construct import winograd
from wincraft.errors import BadDocument
from wincraft.limits import parse_limits
from wincraft.measures import measure_named
from wincraft.search import Space, WrongResult, recheck, search_space
from wincraft.search.points import certificate
from wincraft.search.points.search import tolerant
from wincraft.search.points.settings import Settings

SMALL = Space(4, 3, height=3)
WORSE = Space(4, 3, numbers="integer", height=3)


def stored(result):
    """As a reader gets the document."""
    return json.loads(json.dumps(result.document()))


def claiming(document, best):
    """The document with another set stated as the best."""
    return {**document, "best": best, "bound": best["float"], "others": []}


@pytest.fixture
def large(monkeypatch):
    """Spaces are too large to be searched again."""
    monkeypatch.setattr(certificate, "RECHECKED", 0)
    monkeypatch.setattr(certificate, "RECHECKED_SLOWLY", 0)


@pytest.mark.parametrize("objective", ["noise-gain", "worst-case"])
def test_a_random_set_that_is_better_is_found(objective, large):
    space, worse = (
        (SMALL, WORSE) if objective == "noise-gain" else (Space(2, 3, height=2), Space(2, 3, values=("2", "-2", "1/2")))
    )
    document = stored(search_space(space, objective))
    assert "proves nothing" in recheck(document, "right")[-1]
    with refused(WrongResult, "no better than"):
        recheck(claiming(document, search_space(worse, objective).best.document), "wrong")


@pytest.mark.slow
def test_more_is_better_in_a_sample_too(large):
    """Of decibels below 0 as well, where a set as good as the best is no better."""
    objective = "sqnr:barabasz-2020-8"
    document = stored(search_space(Space(2, 3, height=2), objective))
    assert "proves nothing" in recheck(document, "right")[-1]
    worst = search_space(Space(2, 3, values=("2", "1/2")), objective).best.document
    with refused(WrongResult, "no better than"):
        recheck(claiming(document, worst), "wrong")
    only = Space(12, 9, values=tuple(map(str, range(1, 20))), zero="without")
    document = stored(search_space(only, objective))
    assert document["best"]["float"] < 0
    assert "proves nothing" in recheck(document, "only")[-1]


def test_thorough_searches_again_however_large(large):
    document = stored(search_space(SMALL))
    assert recheck(document, "right", thorough=True)[-1].startswith("no set of the space is better: searched again")
    with refused(WrongResult, "the best value by exhaustive"):
        recheck(claiming(document, search_space(WORSE).best.document), "wrong", thorough=True)


@pytest.mark.parametrize(("factor", "right"), [(0.5, True), (1.0, True), (1.001, False), (1.9, False), (1e9, False)])
def test_a_stopped_search_may_state_no_bound_above_its_best(factor, right):
    document = stored(search_space(Space(4, 3, height=8), time_limit=0.0))
    document["bound"] = document["best"]["float"] * factor
    if right:
        assert "not checked" in recheck(document, "stopped")[-1]
    else:
        with refused(WrongResult, "the bound"):
            recheck(document, "stopped")


@pytest.mark.parametrize(("key", "value"), [("visited", 0), ("visited", -1), ("covered", 0), ("covered", 10**9)])
def test_counts_that_no_complete_search_has(key, value):
    document = stored(search_space(SMALL))
    with refused(WrongResult, "sets"):
        recheck({**document, key: value}, "wrong")


@pytest.mark.parametrize("key", ["visited", "covered", "count", "classes", "m", "r", "dimensions"])
@pytest.mark.parametrize("value", [True, "3", 3.0, None, [3]])
def test_numbers_are_whole_and_not_converted(key, value):
    document = stored(search_space(SMALL))
    with refused(BadDocument):
        recheck({**document, key: value}, "wrong")


@pytest.mark.parametrize("text", ["cond-AT<=1.6", "cond-AT>1.6", "operations<=14", "operations>14"])
def test_sets_are_equivalent_only_where_the_constraints_agree(text):
    """x -> 1/x changes no rank but what is constrained, x -> -x no condition: all sets up to negation are listed.

    Operations are those of the circuits that were found, of a set and of its negation each.
    """
    space = Space(2, 3, height=2, zero="with")
    found = search_space(space, "rank", constraints=[text], within=1.0)
    (constraint,) = parse_limits([text])
    part = space.parts()[0]
    sets = [part.texts((i, j)) for j in range(len(part.members)) for i in range(j)]
    feasible = [moduli for moduli in sets if constraint.met_by(winograd(2, 3, moduli=list(moduli)))]
    listed = [item.moduli for item in (found.best, *found.others)]

    def up_to_sign(moduli):
        return min(tuple(sorted(map(negative, moduli))), tuple(sorted(moduli)))

    def negative(text):
        return text if text in ("0", "inf") else text.removeprefix("-") if text.startswith("-") else f"-{text}"

    inverse = {"2": "1/2", "1/2": "2", "-2": "-1/2", "-1/2": "-2"}
    alone = [s for s in feasible if not constraint.met_by(winograd(2, 3, moduli=[inverse.get(p, p) for p in s]))]
    assert alone, "the constraint would not tell a set from its inverse"
    assert {up_to_sign(moduli) for moduli in listed} == {up_to_sign(moduli) for moduli in feasible}
    assert found.settings.equivalences == (("negate",) if text.startswith("cond") else ())


@pytest.mark.parametrize(("m", "r"), [(8, 5), (10, 7)])
def test_the_tolerance_grows_with_the_gain(m, r):
    """64 n^2 2^-52 m r NG of the set that the search starts with."""
    space, n = Space(m, r, height=3, shape="symmetric"), m + r - 1
    settings = Settings(space, 1, measure_named("noise-gain"), (), "wincnn", "branch-and-bound")
    tightened, threshold, ((value, number, chosen),) = tolerant(settings)
    gain = float(winograd(m, r, moduli=list(space.parts()[number].texts(chosen))).noise_gain())
    assert value == pytest.approx(gain * m * r, rel=1e-6)
    assert tightened.slack == pytest.approx(64 * n * n * 2**-52 * m * r * gain, rel=1e-6)
    assert tightened.slack > 1e-9
    assert threshold == pytest.approx(value * (1 + tightened.slack), rel=1e-15)


@pytest.mark.parametrize(
    "change",
    [
        {"constraints": ""},
        {"constraints": None},
        {"constraints": [1]},
        {"space": {"values": [0.5, 1, -1, 2, -2], "zero": "any"}},
        {"space": {"values": "0,1,-1,2,-2"}},
        {"space": {"height": 3, "moduli": "x^2+1"}},
        {"space": {"height": 3, "moduli": [[1, 0, 1]]}},
        {"space": {"height": 3, "extra": 1}},
        {"space": [3]},
    ],
    ids=str,
)
def test_lists_are_lists_of_texts(change):
    with refused(BadDocument):
        recheck({**stored(search_space(SMALL)), **change}, "wrong")
