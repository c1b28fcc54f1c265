# SPDX-License-Identifier: Apache-2.0
"""Tolerances of tests of plans: fresh data leave them about as often as stated; refusals."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from wincraft.errors import BadValue
from wincraft.plan import Problem, make_plan
from wincraft.quantise import Layer, Workload, parse_scheme, tolerance
from wincraft.quantise.plan_bound import plan_hard_bound
from wincraft.quantise.plan_evaluation import arrays_of
from wincraft.quantise.plan_tolerance import plan_tolerance
from wincraft.quantise.plans import simulate_plan

PLANS = {
    "stride 2": make_plan(Problem(3, stride=2, axes=2), 4),
    "dilation 2": make_plan(Problem(3, dilation=2, axes=2), 2),
    "transposed": make_plan(Problem(4, stride=2, transposed=True, axes=2), 3),
    "1x7": make_plan(Problem((1, 7)), 4, longest=4),
}
SMALL = Workload(channels=16, outputs=8, tiles=64)


@cache
def found(name, scheme):
    return plan_tolerance(PLANS[name], scheme, SMALL, rate=1e-3, pilot_outputs=2**16)


@pytest.mark.slow_cases("dilation", "transposed", "-stride 2")
@pytest.mark.parametrize("name", PLANS)
@pytest.mark.parametrize("scheme", ["fp16", "tapwise-8"])
def test_fresh_data_leave_it_about_as_often_as_stated(name, scheme):
    limits, count, alarms = found(name, scheme).limits, 0, 0
    for seed in range(100, 108):
        x, w, padding = arrays_of(PLANS[name], replace(SMALL, seed=seed))
        run = simulate_plan(PLANS[name], scheme, x, w, padding)
        wrong = np.abs(run.outputs - run.reference) > limits.atol + limits.rtol * np.abs(run.reference)
        count, alarms = count + wrong.size, alarms + int(wrong.sum())
    assert 0.2 < alarms / (1e-3 * count) < 5


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "scheme", "distribution"),
    [("stride 2", "fp16", "gaussian"), ("dilation 2", "tapwise-8", "uniform01"), ("1x7", "bf16", "gaussian")],
)
def test_false_alarms_at_a_rate_of_a_ten_thousandth(name, scheme, distribution):
    """A million outputs that no pilot has seen, each within its hard bound."""
    plan, workload = PLANS[name], replace(SMALL, distribution=distribution)
    result, alarms, count, seed = plan_tolerance(plan, scheme, workload, rate=1e-4), 0, 0, 10**6
    while count < 10**6:
        x, w, padding = arrays_of(plan, replace(result.workload, seed=seed))
        run, seed = simulate_plan(plan, scheme, x, w, padding), seed + 1
        errors = np.abs(run.images - np.moveaxis(run.reference.reshape(run.shape[1], 1, *run.shape[2:]), 0, 1))
        exact = np.moveaxis(np.abs(run.reference).reshape(run.shape[1], 1, *run.shape[2:]), 0, 1)
        alarms += int((errors > result.limits.atol + result.limits.rtol * exact).sum())
        assert (errors <= plan_hard_bound(plan, parse_scheme(scheme), x, w, padding)).all()
        count += errors.size
    assert 1 / 3 < alarms / (1e-4 * count) < 3


def test_a_plan_of_one_piece_has_nearly_the_tolerance_of_its_algorithm():
    plan = make_plan(Problem(3, axes=2), 2)
    ours = plan_tolerance(plan, "fp16-fp32acc", SMALL, rate=1e-4, pilot_outputs=2**17)
    theirs = tolerance(plan.pieces[0].algorithm, "fp16-fp32acc", SMALL, rate=1e-4, pilot_outputs=2**17)
    assert ours.limits.atol == pytest.approx(theirs.limits.atol, rel=0.1)
    assert ours.limits.rtol == theirs.limits.rtol
    assert ours.norm == pytest.approx(theirs.norm, rel=0.1)


def test_a_layer_of_ones_own_is_its_own_test():
    rng = np.random.default_rng(3)
    layer = Layer(rng.standard_normal((2, 4, 19, 21)), rng.standard_normal((5, 4, 3, 3)), padding=1)
    ours = plan_tolerance(PLANS["stride 2"], "fp16-fp32acc", layer, rate=1e-4)
    run = simulate_plan(PLANS["stride 2"], "fp16-fp32acc", layer.data, layer.weights, 1)
    assert ours.outputs == run.outputs.size == 2 * 5 * 10 * 11
    assert np.abs(run.outputs - run.reference).max() == pytest.approx(ours.pilot.largest)


@pytest.mark.slow
def test_weights_of_another_size_scale_it():
    ours = plan_tolerance(PLANS["1x7"], "fp32", SMALL, rate=1e-4, weight_deviation=2 / np.sqrt(16 * 7))
    plain = plan_tolerance(PLANS["1x7"], "fp32", SMALL, rate=1e-4)
    assert ours.limits.atol == pytest.approx(2 * plain.limits.atol, rel=1e-3)


@pytest.mark.slow
def test_it_is_shown_with_faults_and_bounds():
    result = plan_tolerance(PLANS["stride 2"], "fp16", SMALL, given=(0.5, 0.0))
    text = repr(result)
    assert "3x3 kernel, stride 2 under fp16" in text
    assert f"no correct kernel is off by more than {result.bound:.3g} on these data" in text
    assert result.box > result.bound > result.pilot.largest
    assert "WHAT THE TEST SEES" in text
    assert result.given.rate < 1e-9
    assert result.given.worst["BT"].least > 3 * result.limits.worst["BT"].least


def test_the_hard_bound_stands_in_every_format():
    result = found("transposed", "fp16")
    named: dict[str, float] = {}
    exec(result.constants("python"), named)
    (bound,) = (value for name, value in named.items() if name.endswith("_BOUND"))
    assert result.bound <= bound <= result.bound * (1 + 1e-5)
    assert f"_BOUND {bound!r}" in result.constants("c")
    assert result.document()["bound"] == result.bound
    assert result.document()["box"] == result.box


@pytest.mark.parametrize("option", ["tapwise-8+mse", "tapwise-8+unsigned"])
def test_where_scales_clip_there_is_no_bound_and_it_says_so(option):
    result = plan_tolerance(PLANS["1x7"], option, SMALL, outputs=512, pilot_outputs=2**12)
    assert result.bound is None
    assert f"no hard bound: {result.reason}" in repr(result)
    assert "_BOUND" not in result.constants("c")


def test_fresh_data_never_exceed_the_hard_bound_of_the_box():
    result, plan = found("stride 2", "tapwise-8"), PLANS["stride 2"]
    largest = 0.0
    for seed in range(200, 206):
        x, w, padding = arrays_of(plan, replace(SMALL, seed=seed))
        x = np.clip(x, -result.magnitudes[0], result.magnitudes[0])
        w = np.clip(w, -result.magnitudes[1], result.magnitudes[1])
        run = simulate_plan(plan, "tapwise-8", x, w, padding)
        largest = max(largest, float(np.abs(run.outputs - run.reference).max()))
    assert result.pilot.largest / 3 < largest <= result.box


@pytest.mark.parametrize("options", [{"rate": 0}, {"outputs": 0}, {"pilot_outputs": 1.5}, {"weight_deviation": -1.0}])
def test_what_is_refused(options):
    with pytest.raises(BadValue):
        plan_tolerance(PLANS["stride 2"], "fp16", SMALL, **options)
    layer = Layer(np.ones((1, 1, 9, 9)), np.ones((1, 1, 3, 3)))
    with pytest.raises(BadValue, match="beside a layer"):
        plan_tolerance(PLANS["stride 2"], "fp16", layer, weight_deviation=1.0)
