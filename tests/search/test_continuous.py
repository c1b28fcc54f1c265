# SPDX-License-Identifier: Apache-2.0
"""The noise gain as a function of angles against exact algorithms; optima and roundings against known sets."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle_messages import refused

from wincraft import winograd
from wincraft.errors import BadSize, BadValue, TooLarge, UnknownName
from wincraft.search import RationalPoints, RealSets, noise_gain_of_points, real_optimum, round_to_rationals
from wincraft.search.limits.continuous import _newton as newton
from wincraft.search.limits.continuous import descend
from wincraft.search.limits.sets import cosine, log_gain, to_points

SIZES = [(1, 1), (1, 2), (2, 2), (2, 3), (3, 2), (1, 5), (4, 3), (5, 3), (4, 4), (6, 3), (2, 7)]
OPTIMA = {  # to the digits shown, from an implementation of its own: Vandermonde inverse, Nelder-Mead and BFGS
    (2, 3, "symmetric"): 5 / 3,
    (2, 3, "all"): 1.6498299,
    (3, 3, "with-inf"): 2.6164736,
    (3, 3, "all"): 2.6163457,
    (4, 3, "all"): 4.7424832,
    (6, 3, "symmetric"): 20.6158659,
    (6, 3, "all"): 20.6141876,
    (8, 3, "symmetric"): 112.6466707,
}


@st.composite
def rational_sets(draw):
    """(m, r, points), points distinct, one of them perhaps None for inf."""
    m, r = draw(st.sampled_from(SIZES))
    numbers = st.fractions(-4, 4, max_denominator=6)
    points = draw(st.lists(st.one_of(st.none(), numbers), min_size=m + r - 1, max_size=m + r - 1, unique=True))
    return m, r, points


def angles_of(points):
    return np.array([np.pi / 2 if point is None else np.arctan(float(point)) for point in points])


@given(rational_sets())
def test_the_gain_of_angles_is_the_exact_one(given_set):
    m, r, points = given_set
    text = ",".join("inf" if point is None else str(point) for point in points)
    exact = winograd(m, r, points=text).noise_gain()
    assert noise_gain_of_points(m, r, points) == Fraction(int(exact.p), int(exact.q))
    assert np.exp(log_gain(m, r, angles_of(points))[0]) == pytest.approx(float(exact), rel=1e-9)


@given(rational_sets(), st.integers(0, 2**32 - 1))
def test_the_gradient_is_the_slope(given_set, seed):
    m, r, _ = given_set
    n = m + r - 1
    angles = (np.arange(n) + np.random.default_rng(seed).uniform(-0.3, 0.3, n)) * np.pi / n
    value, gradient = log_gain(m, r, angles)
    for i in range(n):
        step = 1e-6 * np.eye(n)[i]
        slope = (log_gain(m, r, angles + step)[0] - log_gain(m, r, angles - step)[0]) / 2e-6
        assert gradient[i] == pytest.approx(slope, abs=1e-6)
    for image in (-angles, np.pi / 2 - angles):
        assert log_gain(m, r, image)[0] == pytest.approx(value, rel=1e-12, abs=1e-12)
    assert log_gain(r, m, angles)[0] == pytest.approx(value, rel=1e-12, abs=1e-12)


def test_the_gain_changes_under_rotation():
    angles = np.arctan([-2, -0.5, 0.5, 2])
    assert abs(log_gain(2, 3, angles + 0.3)[0] - log_gain(2, 3, angles)[0]) > 1e-3


@pytest.mark.parametrize(("m", "r", "kind"), OPTIMA)
def test_known_optima(m, r, kind):
    found = real_optimum(m, r, kind, starts=8)
    assert found.noise_gain == pytest.approx(OPTIMA[m, r, kind], rel=5e-8)
    assert len(found.points) == m + r - 1


@pytest.mark.parametrize(("m", "r"), [(2, 3), (3, 3), (5, 3)])
def test_a_larger_class_is_no_worse(m, r):
    kinds = ("symmetric", "with-inf", "all")
    symmetric, infinite, every = (real_optimum(m, r, kind, starts=8).noise_gain for kind in kinds)
    assert symmetric * (1 + 1e-12) >= infinite >= every * (1 - 1e-12)


@pytest.mark.parametrize(("m", "r", "kind"), [(4, 3, "symmetric"), (3, 3, "all"), (6, 3, "all"), (4, 5, "with-inf")])
def test_an_optimum_is_a_strict_minimum(m, r, kind):
    sets = RealSets(m, r, kind)
    start = np.arctan(real_optimum(m, r, kind, starts=8).points)
    free = start[start > 1e-9][: sets.variables] if sets.paired else np.sort(start)[: sets.variables]
    value, gradient = sets.log_gain(free)
    assert np.abs(gradient).max() < 1e-9
    steps = 1e-5 * np.eye(sets.variables)
    H = np.array([sets.log_gain(free + step)[1] - sets.log_gain(free - step)[1] for step in steps]) / 2e-5
    assert np.linalg.eigvalsh((H + H.T) / 2).min() > 0
    assert np.abs(newton(sets, free) - free).max() < 1e-6
    assert sets.log_gain(descend(sets, free + 0.01))[0] == pytest.approx(value, abs=1e-12)


def test_the_seed_decides_and_repr_is_a_report():
    first, second = (real_optimum(3, 3, "all", starts=4, seed=3) for _ in range(2))
    assert first == second
    assert repr(first).startswith("F(3,3) all: noise gain 2.6163456")
    assert real_optimum(1, 1, "with-inf").points == (inf,)


@pytest.mark.parametrize(
    ("m", "r", "height", "text", "gain"),
    [
        (4, 3, 10, "0,2/3,-2/3,3/2,-3/2,inf", Fraction(617149, 129600)),
        (6, 3, 12, "0,1/2,-1/2,1,-1,2,-2,inf", Fraction(2971, 144)),
        (2, 3, 12, "0,1,-1,inf", Fraction(5, 3)),
    ],
)
def test_roundings_that_the_literature_uses(m, r, height, text, gain):
    found = round_to_rationals(m, r, real_optimum(m, r, "symmetric", starts=8).points, height)
    assert (found.text, found.noise_gain) == (text, gain)
    assert repr(found) == f"{text}: noise gain {float(gain):.10g}"


def test_a_rounding_is_the_best_of_all_combinations():
    points = real_optimum(3, 3, "symmetric", starts=8).points
    values = sorted({Fraction(p, q) for p in range(1, 6) for q in range(1, 6)})
    best = min(noise_gain_of_points(3, 3, [Fraction(0), p, -p, q, -q]) for p, q in product(values, values) if p != q)
    assert round_to_rationals(3, 3, points, 5, nearest=20).noise_gain == best


def test_sets_without_symmetry_are_rounded_point_by_point():
    found = round_to_rationals(3, 3, real_optimum(3, 3, "all", starts=8).points, 12)
    assert found.text == "-1/5,4/7,-1,12/7,-11/2"
    assert found.noise_gain < Fraction(2618, 1000)
    assert round_to_rationals(1, 2, [-359.2, 0.00278]) == RationalPoints((Fraction(0), None), Fraction(1))


def test_points_and_cosines():
    assert to_points(np.array([np.pi / 2, -np.pi / 4, 0.0, np.pi / 4, -np.pi / 2 + 1e-3])) == pytest.approx(
        (-999.9996667, -1, 0, 1, inf)
    )
    assert [cosine(k, 8) for k in (0, 1, 2, 4)] == [1, np.sqrt(0.5), 0, -1]
    assert RealSets(5, 3, "symmetric").fixed == (0,)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: real_optimum(4, 3, "complex"), UnknownName, "symmetric, with-inf, all"),
        (lambda: real_optimum(0, 3, "all"), BadSize, "at least 1"),
        (lambda: real_optimum(20, 9, "all"), TooLarge, "at most 24"),
        (lambda: noise_gain_of_points(2, 3, [Fraction(0)]), BadValue, "is 1; F(2,3) needs 4"),
        (lambda: noise_gain_of_points(1, 2, [None, None]), BadValue, "twice"),
        (lambda: round_to_rationals(4, 3, [0.0, 1.0]), BadValue, "is 2; F(4,3) needs 6"),
        (lambda: round_to_rationals(4, 5, [-3, -2, -1, -0.5, 0.5, 1, 2, 3], 1), BadValue, "raise the height"),
    ],
)
def test_refusals(call, error, words):
    with refused(error, words):
        call()
