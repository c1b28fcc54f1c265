# SPDX-License-Identifier: Apache-2.0
"""Kernels of other sizes than the algorithm's: a fitting one where it is as good, a refusal or a note where not."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from oracle_layers import F43, rand
from oracle_messages import refused
from torch import nn

from wincraft import parse, winograd
from wincraft.algorithm import nest
from wincraft.errors import NotApplicable
from wincraft.plan import Problem
from wincraft.torch import DirectConv2d, WinogradConv2d, convert
from wincraft.torch.fitting import fitted, planned


@pytest.mark.parametrize(
    ("given", "kernel", "size"),
    [
        ("F(4x4,3x3)", (3, 3), "F(4x4,3x3)"),
        ("F(4x4,3x3)", (5, 5), "F(2x2,5x5)"),
        ("F(4x4,3x3)", (1, 7), "F(1x2,1x7)"),
        ("F(4x4,3x3)", (7, 1), "F(2x1,7x1)"),
        ("F(4x4,3x3)", (1, 3), "F(1x4,1x3)"),
        ("F(4x4,3x3)", (1, 1), "F(1x1,1x1)"),
        ("F(4x4,3x3)", (2, 2), "F(5x5,2x2)"),
        ("F(4x6,3x1)", (3, 1), "F(4x6,3x1)"),
        ("F(6x6,3x3)", (7, 7), "F(2x2,7x7)"),
        ("F(4,3)", (5,), "F(2,5)"),
    ],
)
def test_the_size_that_fits(given, kernel, size):
    algorithm = parse(given)
    found = fitted(algorithm, kernel)
    assert found.size == size
    # as many products a point as direct convolution, or fewer
    outputs = 1
    taps = 1
    for axis, r in zip(found.factors, kernel, strict=True):
        outputs, taps = outputs * axis.m[0], taps * r
    assert found.rank <= outputs * taps


@pytest.mark.parametrize(("given", "kernel"), [("F(4x4,3x3)", (1, 7)), ("F(4x4,3x3)", (5, 1)), ("F(2x2,3x3)", (1, 3))])
def test_what_is_fitted_is_the_convolution(given, kernel):
    direct = nn.Conv2d(3, 4, kernel, padding=(kernel[0] // 2, kernel[1] // 2), dtype=torch.float64)
    x = rand(2, 3, 11, 13, dtype=torch.float64)
    layer = WinogradConv2d.from_direct(direct, algorithm=given)
    assert (layer(x) - direct(x)).abs().max() < 1e-12


def test_an_axis_of_one_tap_adds_no_noise():
    found = fitted(parse("F(4x4,3x3)", points=F43), (1, 3))
    assert found.noise_gain() == winograd(4, 3, points=F43).noise_gain()


@pytest.mark.parametrize(("given", "kernel"), [("F(4x4,3x3)", (7, 7)), ("F(2x2,3x3)", (5, 5)), ("F(4x4,3x3)", (1, 9))])
def test_a_larger_tile_that_is_much_noisier_is_refused(given, kernel):
    taps = "{}x{}".format(*kernel)
    larger = parse(f"F({'x'.join('1' if r == 1 else '2' for r in kernel)},{taps})")
    assert larger.noise_gain() > 2 * parse(given).noise_gain()
    with refused(NotApplicable, given, f"{taps} taps", larger.size, f"F(m,{taps})"):
        fitted(parse(given), kernel)
    plain = nn.Sequential(nn.Conv2d(2, 2, kernel), nn.Conv2d(2, 2, 3), nn.Conv2d(64, 64, kernel))
    made = convert(plain, given, "tapwise-8", plans=False)
    assert type(made[0]) is DirectConv2d
    assert made[0].note.startswith(f"direct: {given}: its tile is too small for {taps} taps")
    split = convert(plain, given, "tapwise-8")
    assert split[0].note.startswith(f"direct: {taps} kernel; a plan takes ")
    assert max(max(piece.algorithm.r) for piece in split[2].plan.pieces) == 3
    assert split[2].plan.products_per_output < split[2].plan.direct_per_output


def test_a_row_of_seven_taps_is_converted():
    made = convert(nn.Sequential(nn.Conv2d(2, 2, (1, 7)), nn.Conv2d(2, 2, 3)), "F(4x4,3x3)", "tapwise-8")
    assert [layer.algorithm.size for layer in made] == ["F(1x2,1x7)", "F(4x4,3x3)"]
    assert made[0].note == "fitted from F(4x4,3x3)"
    assert "F(1x2,1x7), tapwise-8, fitted from F(4x4,3x3)" in repr(made[0])
    assert made[1].note == ""


@pytest.mark.parametrize(
    ("given", "meant", "got", "kernels"),
    [
        ("F(4x4,4x4)", "F(4x4,3x3)", "F(5x5,3x3)", (3, 3)),
        ("F(4,5)", "F(4x4,3x3)", "F(6x6,3x3)", (3,)),
        ("F(2x2,5x5)", "F(2x2,3x3)", "F(4x4,3x3)", ((1, 3), 3)),
    ],
)
def test_more_taps_than_any_layer_has_is_a_slip(given, meant, got, kernels):
    layers = [nn.Conv2d(2, 2, kernel) for kernel in kernels]
    with refused(NotApplicable, "no layer has as many taps", got, f"write {meant}", "function"):
        convert(nn.Sequential(*layers, nn.Conv2d(2, 2, 1)), given)
    ratio = parse(got).noise_gain() / parse(meant).noise_gain()
    with refused(NotApplicable, f"{float(ratio):.1f} times the noise"):
        convert(nn.Sequential(*layers), given)
    chosen = convert(nn.Sequential(*layers), lambda name, layer: given)
    assert chosen[-1].algorithm.size == got
    both = convert(nn.Sequential(*layers, nn.Conv2d(2, 2, parse(given).r[0])), given)
    assert both[len(layers) - 1].note == f"fitted from {given}"
    assert both[-1].algorithm.r[0] == parse(given).r[0]


def test_larger_kernels_and_rows_are_no_slip():
    five = convert(nn.Sequential(nn.Conv2d(2, 2, 5)))
    assert five[0].algorithm.size == "F(2x2,5x5)"
    row = convert(nn.Sequential(nn.Conv2d(2, 2, (1, 3))))
    assert row[0].algorithm.size == "F(1x4,1x3)"


@pytest.mark.parametrize(
    ("problem", "size", "products"),
    [
        (Problem(3, stride=2, axes=2), "F(2x2,3x3)", 25),
        (Problem(3, stride=2, axes=2), "F(4x4,3x3)", 81),
        (Problem(5, stride=2, axes=2), "F(4x4,3x3)", 121),
        (Problem(7, stride=2, axes=2), "F(4x4,3x3)", 256),
        (Problem(7, stride=2, axes=2), "F(2x2,3x3)", 100),
        (Problem(4, stride=2, dilation=3, axes=1), "F(2,3)", 18),
        (Problem(3, dilation=2, axes=2), "F(4x4,3x3)", 144),
        (Problem(7, axes=2), "F(4x4,3x3)", 256),
        (Problem((1, 7), stride=(1, 2)), "F(4,3)", 13),
        (Problem(4, stride=2, axes=2, transposed=True), "F(4x4,3x3)", 100),
        (Problem(3, stride=2, axes=3), "F(2,3)", 125),
    ],
)
def test_a_plan_has_the_outputs_of_the_algorithm_and_pieces_that_it_can_afford(problem, size, products):
    """Seven taps of stride 2 are four and three; F(2x2,4x4) and F(4x4,4x4) are too noisy: the four are split."""
    given = parse(size)
    plan = planned(given, problem)
    plan.prove()
    assert plan.products == products
    assert all(m in (1, given.m[0]) for piece in plan.pieces for m in piece.algorithm.m)
    taps = max(max(piece.algorithm.r) for piece in plan.pieces)
    gains = [piece.algorithm.noise_gain() for piece in plan.pieces]
    whole = nest(*given.factors * len(problem.r)) if len(given.m) == 1 else given
    assert taps <= 3 or max(gains) <= 2 * whole.noise_gain()


@pytest.mark.parametrize("convention", ["wincnn", "pow2", "integer"])
def test_pieces_keep_the_points_and_the_scaling(convention):
    """Those of other taps take the best of the given points; of the catalogue's own the catalogue's."""
    problem = Problem(3, stride=2)
    own = planned(parse("F(4,3)", points=F43, convention=convention), problem)
    (piece, single) = (item.algorithm for item in own.pieces)
    assert set(map(str, piece.moduli)) < {"0", "1", "-1", "2", "-2", "inf"}
    assert piece.convention == convention
    assert single.rank == single.m[0] == 4
    others = [winograd(4, 2, points=text) for text in ("0,1,-1,2,-2", "0,1,-1,2,inf", "0,1,-1,-2,inf", "1,-1,2,-2,inf")]
    assert piece.noise_gain() <= min(item.noise_gain() for item in others)
    usual = planned(parse("F(4,3)", convention=convention), problem).pieces[0].algorithm
    assert usual == winograd(4, 2, convention=convention)


def test_a_plan_keeps_algorithms_of_whole_tiles_where_every_piece_has_their_taps():
    whole = parse("F(4x4,3x3)", moduli="0,1,-1,x^2+1,inf")
    plan = planned(whole, Problem(3, dilation=2, axes=2))
    assert [piece.algorithm for piece in plan.pieces] == [whole] * 4
    with refused(NotApplicable, "whole tiles", "2x2 taps"):
        planned(whole, Problem(3, stride=2, axes=2))
