# SPDX-License-Identifier: Apache-2.0
"""wincnn 2.0.1 returns the same matrices, entry for entry, in all four of its modes."""

from __future__ import annotations

import pytest
import wincnn
from hypothesis import given, settings
from oracle_strategies import pointed_sizes
from sympy import QQ, Rational, diag

from wincraft import Algorithm, LinearMap, winograd
from wincraft.exact import from_numbers

POSITIVE = [Rational(p, q) for p, q in ((1, 1), (2, 1), (1, 2), (3, 1), (1, 3), (3, 2), (2, 3), (4, 1))]
POINTS = [Rational(0), *(sign * p for p in POSITIVE for sign in (1, -1))]
MODES = {
    "wincnn": wincnn.FractionsInG,
    "fractions-in-a": wincnn.FractionsInA,
    "fractions-in-b": wincnn.FractionsInB,
}
SIZES = [(m, r) for m in range(1, 13) for r in range(1, 8) if m + r - 1 > 2]


def agrees(m, r, points):
    for convention, mode in MODES.items():
        AT, G, BT, _ = wincnn.cookToomFilter(points, m, r, mode)
        ours = winograd(m, r, points=points, convention=convention)
        assert ours.AT == AT, convention
        assert ours.G == G, convention
        assert ours.BT == BT, convention
        assert ours.scale == 1


def chain_agrees(m, r, points):
    """FractionsInF leaves the division by f as a stage of its own: G g is followed by 1/f."""
    AT, G, BT, f = wincnn.cookToomFilter(points, m, r, wincnn.FractionsInF)
    stages = [from_numbers(matrix.tolist(), QQ) for matrix in (AT, G, diag(*(1 / f[k, k] for k in range(f.rows))), BT)]
    chain = Algorithm(
        output=LinearMap.of(stages[0]), filter=LinearMap.of(stages[1], stages[2]), input=LinearMap.of(stages[3])
    )
    ours = winograd(m, r, points=points)
    assert chain.verify().startswith(f"F({m},{r}) proved: ")
    assert (chain.AT, chain.G, chain.BT) == (ours.AT, ours.G, ours.BT)
    assert chain != ours, "the stages are part of the content"


@pytest.mark.slow_cases("12-", "11-", "10-")
@pytest.mark.parametrize(("m", "r"), SIZES)
def test_every_small_size(m, r):
    agrees(m, r, POINTS[: m + r - 2])
    chain_agrees(m, r, POINTS[: m + r - 2])


@given(pointed_sizes(least_tile=3))
def test_random_points(case):
    agrees(*case)
    chain_agrees(*case)


@pytest.mark.slow
@settings(max_examples=5)
@given(pointed_sizes(max_m=12, max_r=7, least_tile=12))
def test_random_points_of_large_tiles(case):
    agrees(*case)


def test_the_first_row_flips_with_the_sign_of_the_first_f():
    flipped, plain = winograd(2, 3, points="0,1,-1"), winograd(2, 3, points="1,0,-1")
    assert (flipped.G[0, 0], flipped.BT[0, 0]) == (1, 1)
    assert flipped.BT.row(0).tolist() == [[1, 0, -1, 0]], "f_0 = -1 is negative: negated"
    assert plain.BT.row(0).tolist() == [[0, 1, 1, 0]], "f_0 = 2 is positive: as it is"
    assert winograd(2, 3, points="inf,0,1,-1").BT.row(1).tolist() == [[-1, 0, 1, 0]], "the first tap is inf: no flip"
