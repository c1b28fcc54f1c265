# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json

import numpy as np
import pytest

from wincraft import parse, winograd
from wincraft.analysis.costs import costs
from wincraft.analysis.schemes import SCHEMES
from wincraft.analysis.workload import Workload
from wincraft.errors import NotApplicable, UnknownName
from wincraft.report import RENDERERS, render
from wincraft.report.bases import compare_bases

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
    step = found.columns[1].part("input pre-steps")
    assert (step.multiplications, step.shifts, step.additions) == (72, 0, 72)


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
    text = render(found, format)
    for column in found.columns:
        assert column.name in text
    assert "tapwise-8" in text


def test_text_is_narrow_and_json_is_whole(found):
    assert all(len(line) <= 80 for line in repr(found).splitlines())
    document = json.loads(render(found, "json"))
    assert (document["kind"], document["version"]) == ("wincraft.bases", 1)
    legendre = document["columns"][1]
    assert legendre["operations"]["input pre-steps"] == {"multiplications": 72, "shifts": 0, "additions": 72}
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
    with pytest.raises(NotApplicable, match="at least one"):
        compare_bases(F, [], [], SMALL)
