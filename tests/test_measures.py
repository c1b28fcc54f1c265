# SPDX-License-Identifier: Apache-2.0
"""One name, one number: in report, compare, ``--fail-above``, objective, constraint and front, and by oracles."""

from __future__ import annotations

from fractions import Fraction
from math import inf, log10, prod
from pathlib import Path

import numpy as np
import pytest
from oracle_messages import refused
from oracle_scripts import script

from wincraft import evaluate, parse, winograd
from wincraft.errors import BadValue, NotApplicable, UnknownName
from wincraft.limits import parse_limit, parse_limits
from wincraft.measures import MEASURES, measure_named, names_with
from wincraft.quantise.schemes import SCHEMES
from wincraft.quantise.workload import Workload
from wincraft.report.comparison import build_comparison
from wincraft.report.json import report_document
from wincraft.report.measures import failures, parse_fail_above, value_of
from wincraft.search.front import CRITERIA, pareto_front
from wincraft.search.points.search import search_space
from wincraft.search.points.space import Space

EXAMPLES = {"SCHEME": "fp16", "FORMAT": "8", "RHO": "1/2"}
POINTS = "0,1,-1,2,-2"
ALGORITHMS = {"F(4,3)": winograd(4, 3, points=POINTS), "F(2x2,3x3)": parse("F(2x2,3x3)", points="0,1,-1")}
LAYERS = {"F(4,3)": "8,8,20", "F(2x2,3x3)": "8,8,20,20"}


def written(name, size):
    """The name with an argument that suits the size."""
    return name.replace("C,K,H,W", LAYERS[size]).replace(
        *next(((k, v) for k, v in EXAMPLES.items() if k in name), ("", ""))
    )


@pytest.fixture(scope="module", params=ALGORITHMS)
def compared(request):
    algorithm = ALGORITHMS[request.param]
    return request.param, algorithm, build_comparison({"it": algorithm}, [SCHEMES["fp16"]])


def searched(size, name, constraints=()):
    """The objective of the space that holds the one set of the algorithm."""
    m, axes = (4, 1) if size == "F(4,3)" else (2, 2)
    points = tuple(POINTS.split(",")) if m == 4 else ("0", "1", "-1")
    space = Space(m, 3, values=points, zero="with")
    return search_space(space, name, axes=axes, constraints=constraints, strategy="exhaustive")


@pytest.mark.parametrize("name", MEASURES)
def test_a_name_is_the_same_number_everywhere(compared, name):
    size, algorithm, comparison = compared
    (column,) = comparison.columns
    measure = measure_named(written(name, size))
    value = measure.value(algorithm)
    assert value_of(column.report, measure) == value
    rows = {item.name: value_of(column.report, item) for item in comparison.measures}
    assert rows.get(measure.name, value) == value
    stated = report_document(column.report)["measures"].get(measure.name)
    if stated is not None:
        shown = stated["value"]["float"] if isinstance(stated["value"], dict) else stated["value"]
        assert float(shown) == float(value)
    if measure.better == "lower":
        exact = "inf" if value == inf else str(Fraction(str(value)) if isinstance(value, float) else value)
        assert failures(column.report, [parse_fail_above(f"{measure.name}={exact}")], "it") == []
        if value != inf:
            below = Fraction(exact) - Fraction(1, 10**6)
            assert len(failures(column.report, [parse_fail_above(f"{measure.name}={below}")], "it")) == 1
    if value == inf:
        with refused(NotApplicable):
            searched(size, measure.name)
        return
    found = searched(size, measure.name).best
    assert found.approximate == pytest.approx(float(value), rel=1e-12)
    exact = (
        Fraction(str(value))
        if isinstance(value, float)
        else Fraction(int(value.p), int(value.q))
        if hasattr(value, "p")
        else value
    )
    slack = Fraction(1, 10**6)
    assert searched(size, "rank", [f"{measure.name}<={exact + slack}", f"{measure.name}>={exact - slack}"]).best
    with refused(NotApplicable, "meets"):
        searched(size, "rank", [f"{measure.name}<{exact - slack}"])


def test_a_front_is_over_measures():
    (member,) = pareto_front(4, 3, [POINTS]).members
    assert member.values == tuple(MEASURES[name].value(ALGORITHMS["F(4,3)"]) for name in CRITERIA)


def additions(matrix):
    return sum(max(0, sum(v != 0 for v in row) - 1) for row in matrix)


def test_numbers_by_oracles():
    """Counts from the matrices as NumPy has them, condition numbers by its singular values, noise by the definition."""
    F = ALGORITHMS["F(4,3)"]
    AT, G, BT = F.to_numpy(float)
    points = [0, 1, -1, 2, -2]
    finite = np.vander(points, increasing=True)
    whole = np.vstack([np.vander(points, 6, increasing=True), np.eye(1, 6, 5)])
    norms = prod(((AT**2).sum(axis=0), (G**2).sum(axis=1), (BT**2).sum(axis=1)))
    wanted = {
        "rank": 6,
        "products-per-output": Fraction(3, 2),
        "additions": 12 + 10,  # of the circuits, proved to be the fewest; the filter's matrix is taken row by row
        "all-additions": 12 + 10 + additions(G),
        "noise-gain": norms.sum() / 12,
        "noise-gain-db": 10 * log10(norms.sum() / 12),
        "worst-case": (np.abs(AT) @ (np.abs(G).sum(axis=1) * np.abs(BT).sum(axis=1))).max(),
        "cond-V": np.linalg.cond(whole),
        "cond-V-finite": np.linalg.cond(finite),
        "cond-AT": np.linalg.cond(AT),
        "cond-G": np.linalg.cond(G),
        "cond-BT": np.linalg.cond(BT),
        "height": 2,
    }
    for name, value in wanted.items():
        assert float(measure_named(name).value(F)) == pytest.approx(float(value), rel=1e-12), name
    online = measure_named("operations").value(F)
    assert measure_named("operations-per-output").value(F) == Fraction(online, 4)
    assert measure_named("all-operations").value(F) > online > measure_named("additions").value(F)
    found = evaluate(F, "fp16", Workload())
    for name, value in (
        ("measured", found.measured),
        ("error", -found.measured),
        ("loss", found.direct - found.measured),
        ("predicted", found.predicted.decibels),
    ):
        assert measure_named(f"{name}:fp16").value(F) == value


def test_names_are_read_once():
    measure = measure_named(" loss : tapwise-8,M=int10/tap ")
    assert (measure.name, measure.scheme.name, measure.takes) == (
        "loss:tapwise-8,M=int10/tap",
        measure.scheme.name,
        "SCHEME",
    )
    limit = parse_limit("loss:tapwise-8,M=int10/tap=3")
    assert (limit.measure.name, limit.relation, limit.value) == (measure.name, "<=", 3)
    assert measure_named("matrix-rounding:q3.12").value(ALGORITHMS["F(4,3)"]) < Fraction(1, 1000)
    assert {item.partition(":")[2] for item in names_with(SCHEMES) if ":" in item} == set(SCHEMES)
    assert all(name == measure.name for name, measure in MEASURES.items())


@pytest.mark.parametrize(
    ("text", "kind", "mentions"),
    [
        ("noise_gain", UnknownName, ["did you mean noise-gain"]),
        ("los:fp16", UnknownName, ["did you mean loss:fp16"]),
        ("loss:fp61", UnknownName, ["did you mean fp16"]),
        ("loss", BadValue, ["SCHEME", "loss:fp16"]),
        ("rank:3", BadValue, ["takes none", "3"]),
        ("matrix-rounding:65", BadValue, ["65", "matrix-rounding:8"]),
        ("residual:int8", BadValue, ["int8", "residual:8"]),
        ("noise-gain:2", BadValue, ["between -1 and 1"]),
    ],
)
def test_names_that_there_are_not(text, kind, mentions):
    with refused(kind, *mentions):
        measure_named(text)


def test_limits_that_exclude_each_other():
    with refused(BadValue, "exclude each other"):
        parse_limits(["height<=2", "height>3"])
    assert [item.value for item in parse_limits("cond-V<inf")] == [inf]


PAGE = Path(__file__).parents[1] / "docs" / "reference" / "measures.md"


@pytest.mark.skipif(not PAGE.exists(), reason="the pages are not beside the tests")
def test_the_page_has_the_table_of_today():
    page = script("scripts/measures_page.py")
    text = PAGE.read_text(encoding="utf-8")
    assert page.table() in text
    assert page.page(text) == text
