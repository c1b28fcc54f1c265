# SPDX-License-Identifier: Apache-2.0
"""Noise gain against published values, its definition and its invariances; worst-case amplification."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle_convolution import plain
from oracle_messages import refused
from oracle_strategies import as_sympy, pointed_sizes
from sympy import Rational, eye, sqrt

from wincraft import CONVENTIONS, nest, parse, winograd
from wincraft.algorithm import Algorithm
from wincraft.errors import BadNumber, BadShape, BadValue, FloatGiven, NotApplicable, WrongType
from wincraft.measure import noise_gain, worst_case_amplification


def white(size):
    return np.array([[Fraction(int(i == j)) for j in range(size)] for i in range(size)], dtype=object)


def by_definition(made, data_moments, filter_moments):
    """Word for word: rows against moments; the outputs' second moments by y_i = sum d g."""
    A, G, B = (
        np.array([[plain(value) for value in row] for row in matrix.tolist()], dtype=object)
        for matrix in (made.AT.T, made.G, made.BT)
    )
    outputs, data = (A, B) if made.form == "correlation" else (B, A)
    noise = sum(
        (outputs[k] @ outputs[k]) * (G[k] @ filter_moments @ G[k]) * (data[k] @ data_moments @ data[k])
        for k in range(made.rank)
    )
    pairs = product(range(outputs.shape[1]), range(made.r[0]), range(made.r[0]))
    if made.form == "correlation":
        signal = sum(filter_moments[j, q] * data_moments[i + j, i + q] for i, j, q in pairs)
    else:
        inside = [(i, j, q) for i, j, q in pairs if min(i - j, i - q) >= 0 and max(i - j, i - q) < made.m[0]]
        signal = sum(filter_moments[j, q] * data_moments[i - j, i - q] for i, j, q in inside)
    return noise / signal / plain(made.scale) ** 2


def direct(m, r):
    """Direct convolution, one product for each output and filter tap."""
    taps = list(product(range(m), range(r)))
    AT = [[int(i == row) for i, _ in taps] for row in range(m)]
    G = [[int(j == column) for column in range(r)] for _, j in taps]
    BT = [[int(i + j == column) for column in range(m + r - 1)] for i, j in taps]
    return Algorithm.from_matrices(AT, G, BT)


def moments(data, size):
    """A random second-moment matrix L L^T with positive diagonal."""
    entries = st.integers(-3, 3).map(Fraction)
    L = np.array(data.draw(st.lists(st.lists(entries, min_size=size, max_size=size), min_size=size, max_size=size)))
    return L @ L.T + white(size)


@pytest.mark.parametrize(
    ("size", "points", "value", "shown"),
    [  # the exact fractions by the formula of `by_definition`
        ("F(2,3)", "0,1,-1", Rational(5, 3), 5 / 3),
        ("F(4,3)", "0,1,-1,2,-2", None, 10.7726),
        ("F(4,3)", "0,2/3,-2/3,3/2,-3/2", None, 4.7620),
        ("F(6,3)", "0,1,-1,2,-2,1/2,-1/2", Rational(2971, 144), 20.6319),
        ("F(2x2,3x3)", "0,1,-1", Rational(25, 9), 25 / 9),
    ],
)
def test_published_values(size, points, value, shown):
    found = noise_gain(parse(size, points=points)).value
    assert float(found) == pytest.approx(shown, abs=5e-5)
    assert value is None or found == value


def test_quadratic_moduli_depend_on_the_inner_point():
    """F(6,3) on 0, 1, -1, x^2+x+1, x^2-x+1, inf."""
    made = [winograd(6, 3, moduli=f"0,1,-1,x^2+x+1@{c},x^2-x+1@1,inf") for c in (-1, 1)]
    assert [noise_gain(item).value for item in made] == [Rational(13, 9), Rational(29, 9)]


@pytest.mark.parametrize(("m", "r"), [(1, 1), (3, 1), (1, 4), (2, 3)])
def test_direct_convolution_has_1(m, r):
    assert noise_gain(direct(m, r)).value == 1
    assert noise_gain(direct(m, r).transpose()).value == 1
    assert worst_case_amplification(direct(m, r)) == r


@given(pointed_sizes(), st.sampled_from(sorted(CONVENTIONS)), st.data())
def test_invariant_under_conventions_and_scalings(sized, convention, data):
    m, r, points = sized
    plain_one = winograd(m, r, points=points)
    made = winograd(m, r, points=points, convention=convention)
    nonzero = st.fractions(-4, 4, max_denominator=5).filter(bool)
    a, g = (data.draw(st.lists(nonzero, min_size=made.rank, max_size=made.rank)) for _ in range(2))
    c = data.draw(nonzero)
    scaled = made.rescale(a=a, g=g, b=[c / (x * y) for x, y in zip(a, g, strict=True)])
    S_d, S_g = moments(data, made.n[0]), moments(data, made.r[0])
    assert scaled.scale == as_sympy(c) * made.scale
    for given_moments in ((None, None), (S_d, S_g)):
        wanted = noise_gain(plain_one, *given_moments)
        for other in (made, scaled):
            found = noise_gain(other, *given_moments)
            assert found.value == wanted.value
            assert (found.contributions == wanted.contributions).all()
    assert worst_case_amplification(scaled) == worst_case_amplification(plain_one)


@given(pointed_sizes())
def test_white_moments_are_the_default_and_the_algorithms_own(sized):
    m, r, points = sized
    made = winograd(m, r, points=points)
    found = noise_gain(made, eye(made.n[0]), white(made.r[0]))
    assert found.value == made.noise_gain() == noise_gain(made).value == found.contributions.sum()
    assert noise_gain(winograd(r, m, points=points)).value == found.value
    assert noise_gain(winograd(m, r, points=[-p for p in points])).value == found.value


@given(pointed_sizes(), st.data())
def test_moments_against_the_definition(sized, data):
    m, r, points = sized
    made = winograd(m, r, points=points, convention="integer")
    S_d, S_g = moments(data, made.n[0]), moments(data, made.r[0])
    found = noise_gain(made, S_d, S_g)
    assert plain(found.value) == by_definition(made, S_d, S_g)
    assert found.contributions.sum() == found.value
    assert noise_gain(made, 7 * S_d, Fraction(2, 3) * S_g).value == found.value
    S_h, linear = moments(data, made.m[0]), made.transpose()
    assert plain(noise_gain(linear, S_h, S_g).value) == by_definition(linear, S_h, S_g)


def test_separable_moments_of_two_axes_are_those_of_the_kronecker_products():
    first, second = winograd(2, 3, points="0,1,-1"), winograd(3, 2, points="0,1,-1/2")
    smooth = [[Fraction(3, 4) ** abs(i - j) for j in range(4)] for i in range(4)]
    nested = nest(first, second)
    found = noise_gain(nested, [smooth, None])
    assert found.value == noise_gain(first, smooth).value * noise_gain(second).value
    assert found.contributions.shape == (4, 4)
    assert found.contributions.sum() == found.value

    def kronecker(name):
        return np.kron(*(np.array(getattr(axis, name).tolist(), dtype=object) for axis in nested.factors))

    AT, G, BT = (kronecker(name) for name in ("AT", "G", "BT"))
    S_d = np.kron(np.array(smooth, dtype=object), white(4))
    noise = sum((AT[:, k] @ AT[:, k]) * (G[k] @ G[k]) * (BT[k] @ S_d @ BT[k]) for k in range(16))
    taps = np.array([[G[k] @ G[q] * (BT[k] @ S_d @ BT[q]) for q in range(16)] for k in range(16)])
    assert found.value == noise / np.trace(AT @ taps @ AT.T)


def test_the_linear_form_takes_its_own_data():
    made = winograd(2, 3, points="0,1,-1").transpose()
    assert noise_gain(made).value == Rational(5, 3)
    with refused(BadShape, "(4, 4)", "(2, 2)"):
        noise_gain(made, eye(4))


def test_algebraic_points_and_moments():
    made = winograd(2, 2, points="0,sqrt(2)")
    assert noise_gain(made).value == made.noise_gain()
    found = noise_gain(made, [[1, "sqrt(3)/2", 0], ["sqrt(3)/2", 1, 0], [0, 0, 1]]).value
    assert float(found) == pytest.approx(9 / 4 - float(sqrt(6)) / 8)


def test_repr_names_the_worst_tap():
    assert repr(noise_gain(winograd(2, 3, points="0,1,-1"))) == (
        "noise gain 5/3 (+2.22 dB); largest share 30.0%, of tap 1 (from 0)"
    )


@pytest.mark.parametrize(
    ("kind", "given_moments", "mentions"),
    [
        (BadShape, eye(3), ("input_moments", "(3, 3)", "(4, 4)")),
        (BadShape, [[1, 0], [0]], ("input_moments",)),
        (WrongType, 3, ("input_moments",)),
        (BadNumber, [["x", 0], [0, 1]], ()),
        (FloatGiven, np.eye(4), ()),
        (BadNumber, np.full((4, 4), np.nan), ()),
        (BadNumber, np.full((4, 4), np.inf), ()),
        (BadValue, -eye(4), ("positive semidefinite",)),
        (BadValue, [[int(j >= i) for j in range(4)] for i in range(4)], ("symmetric",)),
        (NotApplicable, 0 * eye(4), ("always 0",)),
    ],
)
def test_moments_that_are_none(kind, given_moments, mentions):
    with refused(kind, *mentions):
        noise_gain(winograd(2, 3, points="0,1,-1"), given_moments)


def test_one_matrix_of_moments_per_axis():
    with refused(BadShape, "(3,)", "2 of them"):
        noise_gain(parse("F(2x2,3x3)"), [None, None, None])


@pytest.mark.parametrize("points", ["0,1,-1,2,-2", "0,2/3,-2/3,3/2,-3/2", "1,inf,0,-1,3,-2"])
@pytest.mark.parametrize("convention", ["wincnn", "integer"])
def test_worst_case_amplification_against_numpy(points, convention):
    made = winograd(4, 3, points=points, convention=convention)
    AT, G, BT = (abs(matrix) for matrix in made.to_numpy())
    wanted = (AT @ (G.sum(axis=1) * BT.sum(axis=1))).max() / float(made.scale)
    assert float(worst_case_amplification(made)) == pytest.approx(wanted, rel=1e-12)
    assert worst_case_amplification(nest(made, made)) == worst_case_amplification(made) ** 2
    assert worst_case_amplification(made.rescale(b=[-1] * made.rank)) == worst_case_amplification(made)


def test_worst_case_amplification_over_a_field():
    assert worst_case_amplification(winograd(2, 2, points="0,sqrt(2)")) == 2 + 2 * sqrt(2)
