# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from wincraft import parse, winograd
from wincraft.algorithm import nest
from wincraft.errors import BadValue, UnknownName
from wincraft.measure import costs
from wincraft.quantise import SCHEMES, Layer, Workload
from wincraft.report import compare_bases
from wincraft.report.stages import PARTS, stage_sums
from wincraft.show import RENDERERS, rendered

CLASSIC = "0,1,-1,2,-2"
SMALL = Workload(channels=32, outputs=2, tiles=8)


@pytest.fixture(scope="module")
def found():
    names = ["canonical", "legendre", "legendre:classical", "butterfly", "legendre/pow2"]
    return compare_bases(parse("F(4x4,3x3)", points=CLASSIC), names, [SCHEMES["tapwise-8"]], SMALL)


def test_parts_add_up_to_the_costs(found):
    for column in found.columns:
        parts = {name: column.part(name).total for name in ("input pre-steps", "input transform")}
        assert sum(parts.values()) == column.costs.input.total == costs(column.algorithm).input.total
        output = column.part("output transform").total + column.part("output post-steps").total
        assert output == column.costs.output.total


def test_the_legendre_pre_step_takes_72_multiplications_and_additions(found):
    """Row by row; circuits take no more."""
    stages = [stage for stage in found.columns[1].costs.stages if stage.label.startswith("BT[0]")]
    plain = [sum(getattr(stage.plain, kind) for stage in stages) for kind in ("multiplications", "shifts", "additions")]
    assert plain == [72, 0, 72]
    assert found.columns[1].part("input pre-steps").total <= 144


def test_condition_numbers_against_numpy():
    column = compare_bases(winograd(4, 3, points=CLASSIC), ["legendre"], [], SMALL).columns[0]
    P = np.array(column.algorithm.input.stages[0].to_Matrix().tolist(), dtype=float)
    points = np.array([0.0, 1.0, -1.0, 2.0, -2.0])
    V = np.vstack([points[:, None] ** np.arange(6), np.eye(6)[5]])
    assert column.conditions["V P^T"] == pytest.approx(np.linalg.cond(V @ P.T), rel=1e-9)
    assert column.conditions["BT[1]"] == pytest.approx(11.28, abs=0.005)
    assert column.conditions["V P^T"] == pytest.approx(149.56, abs=0.005)


def test_tapwise_schemes_see_no_basis(found):
    measured = {round(column.schemes["tapwise-8"].measured, 6) for column in found.columns}
    assert len(measured) == 1


@pytest.mark.parametrize("format", RENDERERS)
def test_every_renderer_shows_every_basis(found, format):
    text = rendered(found, format)
    for column in found.columns:
        assert column.name in text
    assert "tapwise-8" in text


def test_text_is_narrow_and_json_is_whole(found):
    for text in (repr(found), rendered(found)):
        assert all(len(line) <= 80 for line in text.splitlines())
    document = json.loads(rendered(found, "json"))
    assert (document["kind"], document["version"]) == ("wincraft.bases", 1)
    legendre = document["columns"][1]
    step = found.columns[1].part("input pre-steps")
    assert legendre["operations"]["input pre-steps"] == vars(step) | {"total": step.total}
    assert set(legendre["matrix_rounding"]) == {"8", "10", "12", "16"}
    assert legendre["schemes"]["tapwise-8"]["measured"] == found.columns[1].schemes["tapwise-8"].measured


def test_quadratic_moduli_have_no_values_matrix():
    found = compare_bases(winograd(4, 3, moduli="0,1,-1,x^2+1,inf"), ["canonical", "newton"], [], SMALL)
    assert "V P^T" not in found.columns[1].conditions
    assert "BT[1]" in found.columns[1].conditions


def test_bad_names():
    F = winograd(4, 3)
    with pytest.raises(UnknownName, match="did you mean legendre"):
        compare_bases(F, ["legendr"], [], SMALL)
    with pytest.raises(BadValue, match="at least one"):
        compare_bases(F, [], [], SMALL)


@pytest.mark.parametrize("name", ["laguerre(1/2)", "jacobi(1/2,1/2)/pow2", "input=legendre output=lu", "P6.json"])
def test_every_name_that_makes_a_chain_has_a_column(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = winograd(4, 3).change_basis("legendre").stage_texts()["BT"][0]
    (tmp_path / "P6.json").write_text(json.dumps(rows))
    chosen = f"input={name}" if name == "P6.json" else name
    column = compare_bases(winograd(4, 3, points=CLASSIC), [chosen], [], SMALL).columns[0]
    assert column.conditions["V P^T"] > 1
    if "P6" in name or name.startswith("input=legendre"):
        assert column.conditions["V P^T"] == pytest.approx(149.56, abs=0.005)


def test_a_basis_on_a_chain_says_so_and_has_no_matrix_of_values():
    found = compare_bases(winograd(4, 3).change_basis("legendre"), ["canonical", "chebyshev"], [], SMALL)
    assert "B^T = BT[1] BT[0]" in repr(found).replace("\n  ", " ")
    assert "every basis comes on top of these chains" in rendered(found)
    assert "V P^T" not in found.columns[1].conditions
    assert "on top" not in rendered(compare_bases(winograd(4, 3), ["legendre"], [], SMALL))


def test_parts_where_the_axes_have_chains_of_different_length():
    F = parse("F(2x4,3x5)")
    column = compare_bases(F, ["input=lu filter=butterfly"], [], SMALL).columns[0]
    mixed = nest(F.factors[0], column.algorithm.factors[1])  # one stage on the first axis, two on the second
    found = costs(mixed)
    by_role = {(item.label, item.role): item for item in stage_sums(found) if item.map == "input"}
    assert set(by_role) == {("BT[0]", "pre-step"), ("BT[0]", "transform"), ("BT[1]", "transform")}
    first, *_ = (stage for stage in found.stages if stage.map == "input" and stage.axis == 0)
    assert by_role["BT[0]", "transform"].operations == first.operations
    total = sum(replace(column, costs=found).part(name).total for name in PARTS)
    assert total == found.input.total + found.filter.total + found.output.total


def test_the_linear_form_has_parts_too():
    found = compare_bases(winograd(4, 3).transpose(), ["canonical"], [], SMALL)
    column = found.columns[0]
    assert column.part("input transform") == column.costs.input
    assert column.part("filter transform, offline") == column.costs.filter


def test_cost_of_every_stage_what_moved_and_how_it_amortises(found):
    text = rendered(found)
    assert "BT[0] pre-step" in text
    assert "144 (+144)" in text  # the input pre-steps of legendre, against the first basis
    document = json.loads(rendered(found, "json"))["columns"][1]
    (step,) = [stage for stage in document["stages"] if stage["label"] == "BT[0]"]
    assert (step["role"], step["non_zeros"]) == ("pre-step", [12, 12])
    at8 = document["amortised"][0]
    online = document["operations"]
    transforms = sum(online[name]["total"] for name in PARTS if "offline" not in name)
    assert at8["total"] == transforms / 16 / 8 + 36 / 16
    assert at8["direct"] == 9


def test_json_and_text_of_what_is_exact_or_overflows():
    exact = compare_bases(winograd(2, 3, points="0,1,-1"), ["canonical"], [], SMALL)
    assert json.loads(rendered(exact, "json"))["columns"][0]["matrix_rounding"]["16"] == "-inf"
    assert "exact" in rendered(exact)
    rng = np.random.default_rng(0)
    layer = Layer(rng.standard_normal((1, 4, 8, 8)) * 1e30, rng.standard_normal((2, 4, 3, 3)))
    total = compare_bases(parse("F(2x2,3x3)"), ["canonical", "legendre"], [SCHEMES["fp16"]], layer)
    assert json.loads(rendered(total, "json"))["columns"][0]["schemes"]["fp16"]["measured"] == "-inf"
    assert "not finite (not finite)*" not in rendered(total)


def test_one_basis():
    assert repr(compare_bases(winograd(2, 3), ["canonical"], [], SMALL)).startswith("F(2,3) in 1 basis\n")
