# SPDX-License-Identifier: Apache-2.0
"""Reports of plans: the predicted error beside the measured one, and what is said."""

from __future__ import annotations

import json
from importlib import resources

import jsonschema
import numpy as np
import pytest
from oracle_messages import refused

from wincraft.errors import BadShape
from wincraft.files.decomposition import parse_plan_document
from wincraft.measure.costs import LayerShape
from wincraft.plan import Problem, convolve_directly, make_plan
from wincraft.quantise import SCHEMES, Layer, Workload, evaluate_plan
from wincraft.report.model import Unavailable
from wincraft.report.pieces import noise_of_plan, report_pieces
from wincraft.show.shown import rendered


@pytest.mark.parametrize(
    "problem",
    [Problem(3, stride=2, axes=2), Problem(5, stride=2, axes=2), Problem(3, dilation=2, axes=2),
     Problem(4, stride=2, transposed=True, axes=2), Problem((1, 7))],
    ids=str,
)  # fmt: skip
def test_the_predicted_error_is_that_of_a_run(problem):
    generator = np.random.default_rng(5)
    x = generator.standard_normal((2, 32, 30, 30)).astype(np.float32)
    w = generator.standard_normal((32, 32, *problem.r)).astype(np.float32)
    plan = make_plan(problem, 4)
    exact = convolve_directly(problem, x.astype(np.float64), w.astype(np.float64))
    error = np.mean((plan.run(x, w) - exact) ** 2) / np.mean(exact**2)
    assert 10 * abs(np.log10(error / noise_of_plan(plan, 32))) < 3


def test_what_has_no_time():
    plan = make_plan(Problem(3, axes=3), 2)
    found = report_pieces(plan, LayerShape(8, 8, (9, 9, 9)))
    assert isinstance(found.times, Unavailable)
    assert "two axes" in repr(found)
    depthwise = make_plan(Problem(3, groups=8, axes=2), 2)
    assert "no matrix product" in " ".join(repr(report_pieces(depthwise, LayerShape(8, 8, (9, 9)))).split())


def test_plans_that_save_nothing_stay_direct():
    assert "stay direct" in repr(report_pieces(make_plan(Problem(3, stride=3, axes=2), 2)))


def test_schemes_are_simulated_and_predicted():
    plan = make_plan(Problem(3, stride=2, axes=2), 2)
    schemes, told = [SCHEMES["fp16"], SCHEMES["ncnn-int8"]], []
    found = report_pieces(plan, schemes=schemes, workload=Workload(tiles=16), progress=lambda *a: told.append(a))
    own = evaluate_plan(plan, "fp16", Workload(tiles=16))
    assert found.schemes[0].evaluation.measured == own.measured
    assert f"{own.measured:.1f}" in next(line for line in repr(found).splitlines() if line.startswith("  fp16"))
    assert [name for _, _, name in told] == ["fp16", "ncnn-int8"]
    large = report_pieces(make_plan(Problem(5, stride=2, axes=2), 4), schemes=schemes[1:])
    assert "not applicable: U of F(4x4,3x3)" in " ".join(repr(large).split())
    assert [chart.title for chart in found.layout().charts] == ["Error against direct convolution", "Error by stage"]


def test_documents_of_reports_are_plans_too():
    schema = json.loads(
        resources.files("wincraft.files").joinpath("schema/decomposition-1.json").read_text(encoding="utf-8")
    )
    plan = make_plan(Problem(3, stride=2, axes=2), 2)
    for found in (
        report_pieces(plan),
        report_pieces(plan, schemes=[SCHEMES["fp16"], SCHEMES["ncnn-int8"]], workload=Workload(tiles=4)),
    ):
        content = json.loads(rendered(found, "json"))
        jsonschema.validate(content, schema)
        assert parse_plan_document(content).products == 25
    assert content["schemes"][0]["name"] == "fp16"


def test_own_arrays_that_do_not_fit_are_refused():
    plan = make_plan(Problem(3, stride=2, axes=2), 2)
    with refused(BadShape, "filters"):
        report_pieces(plan, schemes=[SCHEMES["fp16"]], workload=Layer(np.ones((1, 2, 9, 9)), np.ones((4, 2, 5, 5))))
