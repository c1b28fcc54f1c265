# SPDX-License-Identifier: Apache-2.0
"""Hard bounds of plans: fresh data never exceed them, some come near, and none of what they count may be left out."""

from __future__ import annotations

import numpy as np
import pytest

from wincraft.plan import Problem, make_plan
from wincraft.quantise import Layer, Workload, hard_bound, parse_scheme, simulate_plan
from wincraft.quantise.hard_bound import Wrongness
from wincraft.quantise.plan_bound import periods_of, plan_box_bound, plan_hard_bound, plan_wrongness
from wincraft.quantise.plan_evaluation import arrays_of

PLANS = {
    "stride 2": make_plan(Problem(3, stride=2, axes=2), 2),
    "stride 2, tile 4": make_plan(Problem(3, stride=2, axes=2), 4),
    "dilation 2": make_plan(Problem(3, dilation=2, axes=2), 2),
    "transposed, groups": make_plan(Problem(4, stride=2, transposed=True, groups=2, axes=2), 3),
    "1x7 split": make_plan(Problem((1, 7)), 4, longest=4),
}


def errors_and_bound(name, text, workload):
    plan, scheme = PLANS[name], parse_scheme(text)
    x, w, padding = arrays_of(plan, workload)
    run = simulate_plan(plan, scheme, x, w, padding)
    N, K, *sizes = run.shape
    exact = np.moveaxis(run.reference.reshape(K, N, *sizes), 0, 1)
    return np.abs(run.images - exact), plan_hard_bound(plan, scheme, x, w, padding), (x, w)


@pytest.mark.parametrize("name", PLANS)
@pytest.mark.parametrize(
    "text", ["fp16", "fp16-fp32acc", "tapwise-8", "barabasz-2020-8", "fp8-e4m3", "bf16,order=circuit"]
)
def test_fresh_data_never_exceed_it(name, text):
    for distribution in ("gaussian", "uniform01"):
        for channels in (2, 12):
            workload = Workload(channels, 4, 16, distribution, seed=900 + channels)
            errors, bound, (x, w) = errors_and_bound(name, text, workload)
            assert (errors <= bound).all()
            assert errors.max() > bound[np.isfinite(bound)].min() / 1e4
            box = plan_box_bound(PLANS[name], parse_scheme(text), x.shape[1], np.abs(x).max(), np.abs(w).max())
            assert bound.max() <= box * (1 + 1e-9)


@pytest.mark.parametrize("name", ["stride 2", "dilation 2", "transposed, groups"])
@pytest.mark.parametrize("text", ["ncnn-int8", "ncnn-int8,M=int8/tap", "tapwise-8+weights-per-channel"])
def test_words_and_scales_of_channels_never_exceed_it(name, text):
    """A word's sums of stored M are whole multiples of a unit; scales of channels give each a unit of its own."""
    for channels in (2, 12):
        errors, bound, _ = errors_and_bound(name, text, Workload(channels, 4, 16, seed=900 + channels))
        assert (errors <= bound).all()
        assert errors.max() > bound.max() / 100


@pytest.mark.parametrize(("text", "near"), [("fp16", 0.1), ("fp16-fp32acc", 0.3), ("tapwise-8", 0.2)])
def test_it_is_not_far_above_what_happens(text, near):
    ratios = []
    for seed in range(4):
        errors, bound, _ = errors_and_bound("stride 2", text, Workload(1, 16, 64, seed=seed))
        assert (errors <= bound).all()
        ratios.append(float((errors / bound).max()))
    assert max(ratios) > near


def test_the_bounds_of_pieces_alone_are_exceeded_where_their_sum_stagnates():
    """Ones added one by one in bf16 stay at 256."""
    plan, one = make_plan(Problem(300), 1, longest=1), make_plan(Problem(1), 1)
    assert len(plan.pieces) == 300
    scheme, x, w = parse_scheme("bf16"), np.ones((1, 1, 300)), np.ones((1, 1, 300))
    error = 300 - simulate_plan(plan, scheme, x, w).images.item()
    assert error == 300 - 256
    assert 300 * plan_hard_bound(one, scheme, x[..., :1], w[..., :1]).item() < error / 4
    assert error <= plan_hard_bound(plan, scheme, x, w).item()


def test_the_rounding_of_the_output_is_in_it():
    plan, scheme = PLANS["stride 2"], parse_scheme("tapwise-8,input=none,weights=none,U=none,V=none,M=none")
    x, w, padding = arrays_of(plan, Workload(4))
    run, bound = simulate_plan(plan, scheme, x, w, padding), plan_hard_bound(plan, scheme, x, w, padding)
    assert bound.max() == pytest.approx(np.abs(run.reference).max() / 127 / 2, rel=1e-6)
    errors = np.abs(run.outputs - run.reference).max()
    assert 0.99 * bound.max() < errors <= bound.max()


def test_data_that_all_pieces_share_have_one_scale():
    """The largest datum is read by one piece; the step of all others is that of it."""
    plan, scheme = PLANS["stride 2"], parse_scheme("tapwise-8,weights=none,U=none,V=none,M=none,output=none")
    rng = np.random.default_rng(0)
    x, w = rng.uniform(-1, 1, (1, 1, 33, 33)), np.zeros((1, 1, 3, 3))
    w[0, 0, 0, 0] = 1.0
    before = plan_hard_bound(plan, scheme, x, w)
    x[0, 0, 1, 1] = 100.0
    run, bound = simulate_plan(plan, scheme, x, w), plan_hard_bound(plan, scheme, x, w)
    errors = np.abs(run.images - np.moveaxis(run.reference.reshape(1, 1, *run.shape[2:]), 0, 1))
    assert (errors <= bound).all()
    assert errors.max() > 10 * before.max()


def test_a_piece_alone_has_the_bound_of_its_algorithm():
    plan, rng = make_plan(Problem(3, axes=2), 4), np.random.default_rng(1)
    x, w = rng.standard_normal((2, 5, 14, 11)), rng.standard_normal((3, 5, 3, 3))
    for text in ("fp16", "tapwise-8"):
        ours = plan_hard_bound(plan, parse_scheme(text), x, w, 1)
        batch = Layer(x, w, 1).batch(plan.pieces[0].algorithm)
        theirs = hard_bound(plan.pieces[0].algorithm, parse_scheme(text), batch)
        counted = np.broadcast_to(batch.counts[..., None, :], theirs.shape)
        np.testing.assert_array_equal(np.sort(ours.ravel()), np.sort(theirs[counted]))


def test_more_terms_and_wider_boxes_have_larger_bounds():
    plan, scheme = PLANS["stride 2"], parse_scheme("fp16")
    bounds = [plan_box_bound(plan, scheme, channels, 1.0, 0.1) for channels in (1, 4, 16)]
    assert bounds[0] < bounds[1] < bounds[2]
    assert plan_box_bound(plan, scheme, 4, 2.0, 0.1) == pytest.approx(2 * bounds[1], rel=1e-3)
    assert plan_box_bound(plan, scheme, 64, 3e3, 1e3) == np.inf


def test_all_pieces_begin_a_tile_after_a_period():
    assert periods_of(PLANS["stride 2"]) == (2, 2)
    assert periods_of(PLANS["dilation 2"]) == (4, 4)
    assert periods_of(PLANS["1x7 split"]) == (1, 4)


def test_likely_bounds_are_within_hard_ones():
    plan, scheme = PLANS["1x7 split"], parse_scheme("fp16")
    x, w, padding = arrays_of(plan, Workload(8))
    found = plan_wrongness(plan, scheme, x, w, padding)
    assert isinstance(found, Wrongness)
    assert (found.exceeded(1e-9) <= found.bound).all()
    run = simulate_plan(plan, scheme, x, w, padding)
    errors = np.abs(run.images - np.moveaxis(run.reference.reshape(run.shape[1], 1, *run.shape[2:]), 0, 1))
    assert (errors <= found.exceeded(1e-6)).all()
