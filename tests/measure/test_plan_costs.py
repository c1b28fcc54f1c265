# SPDX-License-Identifier: Apache-2.0
"""What plans cost: counts against those of their algorithms, times against those of one layer."""

from __future__ import annotations

from fractions import Fraction

import pytest
from oracle_messages import refused

from wincraft.errors import BadShape, NotApplicable
from wincraft.measure.costs import LayerShape, costs
from wincraft.measure.plans import layer_outputs, plan_costs, plan_times
from wincraft.measure.processor import ProcessorCore
from wincraft.measure.speed import ConvolutionLayer, direct_time, winograd_time
from wincraft.plan import Problem, make_plan

LAYER = LayerShape(64, 32, (56, 55))


def test_one_piece_costs_what_its_algorithm_does():
    plan = make_plan(Problem(3, axes=2), 4)
    found, one = plan_costs(plan), costs(plan.pieces[0].algorithm)
    assert (found.products, found.direct, found.sums) == (one.products_per_output, 9, 0)
    assert (found.input * 16, found.output * 16, found.filter) == (one.input.total, one.output.total, one.filter.total)
    assert found.total(64) == one.amortised(64).total
    assert found.break_even == one.break_even
    assert plan_times(plan, LAYER).pieces == (winograd_time(plan.pieces[0].algorithm, ConvolutionLayer(LAYER)),)
    assert plan_times(plan, LAYER).direct == direct_time(ConvolutionLayer(LAYER))


def test_dilation_costs_what_the_same_tile_does_without():
    found, plain = (plan_costs(make_plan(Problem(3, dilation=t, axes=2), 4)) for t in (2, 1))
    assert (found.products, found.input, found.output, found.sums) == (plain.products, plain.input, plain.output, 0)


def test_pieces_are_added_up():
    assert plan_costs(make_plan(Problem(3, stride=2, axes=2), 2)).sums == 3
    assert plan_costs(make_plan(Problem(7, axes=2), 4, longest=4)).sums == 3
    back = plan_costs(make_plan(Problem(4, stride=2, transposed=True, axes=2), 3))
    assert (back.sums, back.products, back.direct) == (0, Fraction(16, 9), 4)


def test_sizes_of_outputs():
    stride, back = (Problem(3, stride=2, transposed=item, axes=2) for item in (False, True))
    assert layer_outputs(stride, LAYER) == (28, 28)
    assert layer_outputs(stride, LAYER, 0) == (27, 27)
    assert layer_outputs(back, LAYER) == (112, 110)
    assert layer_outputs(back, LAYER, 1) == (111, 109)
    with refused(BadShape, "2 sizes"):
        layer_outputs(stride, LayerShape(8, 8, (9,)))


def test_times_of_a_stride():
    plan = make_plan(Problem(5, stride=2, axes=2), 4)
    found = plan_times(plan, LAYER, batch=2)
    assert len(found.pieces) == 4
    assert found.total == pytest.approx(sum(piece.total for piece in found.pieces) + found.sums)
    core = ProcessorCore()
    vectors = 2 * 3 * 28 * 28 * LAYER.filters / core.lanes
    assert found.sums == pytest.approx(core.rates("float32").addition * vectors / (core.ghz * 1e9))
    assert found.direct.products == pytest.approx(
        direct_time(ConvolutionLayer(LAYER, 2, (5, 5), stride=2)).products, rel=1e-12
    )
    with refused(NotApplicable, "no matrix product"):
        plan_times(make_plan(Problem(5, stride=2, groups=64, axes=2), 4), LayerShape(64, 64, (56, 56)))
