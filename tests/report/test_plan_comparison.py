# SPDX-License-Identifier: Apache-2.0
"""Plans beside the direct convolution: every number is the one that has its own function, and the document."""

from __future__ import annotations

import json
from importlib import resources

import jsonschema
import numpy as np
import pytest
from oracle_messages import refused

from wincraft.errors import BadShape, BadValue
from wincraft.measure.costs import LayerShape
from wincraft.measure.plans import plan_costs, plan_times
from wincraft.plan import Problem, convolve_directly, make_plan
from wincraft.quantise import SCHEMES, Workload, evaluate_plan
from wincraft.report.pieces import noise_of_plan
from wincraft.report.plan_comparison import compare_plans, noise_of_direct
from wincraft.show.shown import rendered

STRIDE = Problem(3, stride=2, axes=2)
PLANS = {"two": make_plan(STRIDE, 2), "four": make_plan(STRIDE, 4)}
LAYER = LayerShape(64, 32, (56, 55))


def test_numbers_are_those_of_their_functions():
    found = compare_plans(STRIDE, PLANS, LAYER, schemes=[SCHEMES["fp16"]], workload=Workload(tiles=16))
    direct, *rows = found.rows
    assert (direct.name, direct.plan, direct.products, direct.operations, direct.gain) == ("direct", None, 9, 9, 1)
    assert direct.seconds == plan_times(PLANS["two"], LAYER).direct.total
    for row, (name, plan) in zip(rows, PLANS.items(), strict=True):
        assert (row.name, row.plan, row.products, row.gain) == (name, plan, plan.products_per_output, plan.noise_gain())
        assert row.operations == plan_costs(plan).total(64, 32)
        assert row.noise == noise_of_plan(plan, 64)
        assert row.seconds == plan_times(plan, LAYER).total
        assert row.schemes[0].evaluation.measured == evaluate_plan(plan, "fp16", Workload(tiles=16)).measured
    line = next(line for line in repr(found).splitlines() if line.startswith("  two"))
    assert line.split()[1:4] == ["4", "6.25", f"{float(rows[0].operations):.4g}"]


@pytest.mark.parametrize("problem", [STRIDE, Problem(4, stride=2, transposed=True, axes=2), Problem(5)], ids=str)
def test_the_error_of_the_direct_convolution_is_that_of_a_run(problem):
    """Every product added to one float32 sum, as the kernels do."""
    generator = np.random.default_rng(2)
    size = 60 if len(problem.r) == 1 else 14
    x = generator.standard_normal((1, 32, *[size] * len(problem.r))).astype(np.float32)
    w = generator.standard_normal((16, 32, *problem.r)).astype(np.float32)
    w = w.swapaxes(0, 1) if problem.transposed else w
    exact = convolve_directly(problem, x.astype(np.float64), w.astype(np.float64))
    total = np.zeros(exact.shape, dtype=np.float32)
    for tap in np.ndindex(*problem.r):
        for c in range(32):
            one = np.zeros_like(w)
            place = (c, slice(None), *tap) if problem.transposed else (slice(None), c, *tap)
            one[place] = w[place]
            part = convolve_directly(problem, x[:, [c]], one[[c]] if problem.transposed else one[:, [c]])
            total += part.astype(np.float32)
    error = np.mean((total - exact) ** 2) / np.mean(exact**2)
    assert 10 * abs(np.log10(error / noise_of_direct(problem, 32))) < 1.5


def test_the_document_follows_its_schema():
    schema = json.loads(resources.files("wincraft.report").joinpath("schema/plans-1.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    plans = {"deep": make_plan(Problem(3, axes=3), 2)}
    for found in (
        compare_plans(
            STRIDE, PLANS, LAYER, schemes=[SCHEMES["fp16"], SCHEMES["ncnn-int8"]], workload=Workload(tiles=4)
        ),
        compare_plans(STRIDE, PLANS),
        compare_plans(Problem(3, axes=3), plans, LayerShape(8, 8, (9, 9, 9))),
    ):
        content = json.loads(rendered(found, "json"))
        jsonschema.validate(content, schema)
        assert [item["name"] for item in content["plans"]] == ["direct", *(row.name for row in found.rows[1:])]


def test_what_has_no_time():
    found = compare_plans(Problem(3, groups=8, axes=2), {"2": make_plan(Problem(3, groups=8, axes=2), 2)},
                          LayerShape(8, 8, (9, 9)))  # fmt: skip
    assert "no matrix product" in " ".join(repr(found).split())


def test_bad_input():
    with refused(BadValue, "of a 3x3 kernel, stride 2"):
        compare_plans(Problem(3, axes=2), PLANS)
    with refused(BadValue, "empty"):
        compare_plans(STRIDE, {})
    with refused(BadShape, "2 sizes"):
        compare_plans(STRIDE, PLANS, LayerShape(8, 8, (9,)))
