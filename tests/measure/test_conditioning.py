# SPDX-License-Identifier: Apache-2.0
"""Norms and condition numbers against published figures, numpy, and mpmath with many digits."""

from __future__ import annotations

import math
from dataclasses import astuple, replace
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from flint import arb, ctx
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle_messages import refused
from oracle_strategies import as_sympy, rationals
from sympy import QQ, Matrix, Rational

from wincraft import LinearMap, nest, parse, winograd
from wincraft.algorithm import Algorithm
from wincraft.errors import NotApplicable
from wincraft.exact import exact_number, field_of, from_numbers
from wincraft.exact.number import to_element
from wincraft.measure import conditioning, matrix_conditioning, vandermonde
from wincraft.measure.conditioning import _ball, _to_float, pseudo_inverse


def exact(rows):
    return from_numbers([[Rational(value) for value in row] for row in rows], QQ)


def by_numpy(matrix):
    """The eight numbers, from a float64 array."""
    inverse = np.linalg.pinv(matrix)
    norms = [np.linalg.norm(matrix, order) for order in (1, 2, np.inf, "fro")]
    return norms + [
        norm * np.linalg.norm(inverse, order) for norm, order in zip(norms, (1, 2, np.inf, "fro"), strict=True)
    ]


def by_mpmath(rows, digits):
    """The eight numbers of a square matrix, rounded to float from so many digits."""
    with mpmath.workdps(digits):
        M = mpmath.matrix([[mpmath.mpf(value.numerator) / value.denominator for value in row] for row in rows])
        inverse = M**-1
        values = [
            [norm(X) for norm in (lambda X: mpmath.mnorm(X, 1), largest, lambda X: mpmath.mnorm(X, mpmath.inf), fro)]
            for X in (M, inverse)
        ]
        return [float(x) for x in values[0]] + [float(x * y) for x, y in zip(*values, strict=True)]


def largest(X):
    return mpmath.sqrt(max(mpmath.eigsy(X.T * X, eigvals_only=True)))


def fro(X):
    return mpmath.sqrt(sum(x * x for x in X))


@pytest.mark.parametrize(
    ("m", "points", "value", "within"),
    [  # Lohia, NOVA, arXiv 2512.18453, as printed there
        (4, "0,1,-1,2,-2", 42.5, 0.05),
        (4, "0,5/6,-5/6,7/6,-7/6", 14.5, 0.05),
        (6, "0,1,-1,2,-2,3,-3", 2075, 0.5),
        (6, "0,3/5,-3/5,1,-1,7/6,-7/6", 77, 0.5),
    ],
)
def test_published_vandermonde_of_the_finite_points(m, points, value, within):
    found = conditioning(winograd(m, 3, points=points)).matrices["V finite"]
    assert found.cond_2 == pytest.approx(value, abs=within)


def test_published_v_with_infinity_and_bt():
    """F(4,3) on 0, +-1, +-2, inf, checked with NumPy."""
    found = conditioning(winograd(4, 3, points="0,1,-1,2,-2")).matrices
    assert round(found["V"].cond_2, 2) == 305.37
    assert round(found["BT"].cond_2, 2) == 20.07


@pytest.mark.parametrize("size", ["F(2,3)", "F(6,3)", "F(3,4)", "F(1,5)", "F(2x3,3x2)"])
@pytest.mark.parametrize("convention", ["wincnn", "integer"])
def test_against_numpy(size, convention):
    made = parse(size, convention=convention)
    found = conditioning(made).matrices
    per_axis = [axis.to_numpy() for axis in made.factors]
    for k, name in enumerate(("AT", "G", "BT")):
        matrix = per_axis[0][k]
        for other in per_axis[1:]:
            matrix = np.kron(matrix, other[k])
        assert astuple(found[name]) == pytest.approx(by_numpy(matrix), rel=1e-9)


@given(st.integers(1, 4), st.integers(1, 4), st.data())
def test_any_matrix_against_numpy(rows, columns, data):
    entries = st.lists(rationals, min_size=columns, max_size=columns)
    table = data.draw(st.lists(entries, min_size=rows, max_size=rows))
    matrix = np.array([[float(value) for value in row] for row in table])
    found = matrix_conditioning(exact([[as_sympy(value) for value in row] for row in table]))
    full_rank = Matrix([[as_sympy(value) for value in row] for row in table]).rank() == min(rows, columns)
    assert astuple(found)[:4] == pytest.approx(by_numpy(matrix)[:4], rel=1e-12)
    assert math.isfinite(found.cond_2) == full_rank
    if full_rank and found.cond_2 < 1e5:
        assert astuple(found)[4:] == pytest.approx(by_numpy(matrix)[4:], rel=1e-8)


@settings(max_examples=15)
@given(st.integers(1, 4), st.data())
def test_every_float_is_the_nearest_one(size, data):
    table = data.draw(st.lists(st.lists(rationals, min_size=size, max_size=size), min_size=size, max_size=size))
    if Matrix([[as_sympy(value) for value in row] for row in table]).det() != 0:
        found = matrix_conditioning(exact([[as_sympy(value) for value in row] for row in table]))
        assert list(astuple(found)) == by_mpmath(table, 60)


@pytest.mark.parametrize(
    "points",
    [
        list(range(20)),
        [Fraction(p, 7) for p in range(-10, 10)],
        [Fraction(1, p) for p in range(1, 11)] + [Fraction(-1, p) for p in range(1, 11)],
    ],
    ids=["integers", "sevenths", "reciprocals"],
)
def test_twenty_points_print_no_noise(points):
    table = [[Fraction(p) ** k for k in range(20)] for p in points]
    found = matrix_conditioning(exact([[as_sympy(value) for value in row] for row in table]))
    assert list(astuple(found)) == by_mpmath(table, 200)


def test_the_twenty_point_vandermonde_of_an_algorithm():
    made = winograd(18, 3, points=list(range(-9, 10)))
    table = [[Fraction(p) ** k for k in range(20)] for p in range(-9, 10)] + [
        [Fraction(int(k == 19)) for k in range(20)]
    ]
    found = conditioning(made).matrices["V"]
    assert found.cond_2 == by_mpmath(table, 200)[5]
    assert found.cond_2 > 1e20


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        ([[1, 0, 0], [0, 1, 0], [0, 0, 1]], (1, 1, 1, math.sqrt(3), 1, 1, 1, 3)),
        ([[3, -1, 0, -1], [-1, 3, -1, 0], [0, -1, 3, -1], [-1, 0, -1, 3]], (5, 5, 5, math.sqrt(44), 5, 5, 5, None)),
        ([[1, 1], [1, 1]], (2, 2, 2, 2, math.inf, math.inf, math.inf, math.inf)),
        ([[0, 0]], (0, 0, 0, 0, math.inf, math.inf, math.inf, math.inf)),
        ([["1/3", "2/3"]], (2 / 3, math.sqrt(5) / 3, 1, math.sqrt(5) / 3, None, 1, None, 1)),
        ([[2**53 + 1]], (2.0**53, 2.0**53, 2.0**53, 2.0**53, 1, 1, 1, 1)),
        ([[10**400, 0], [0, 1]], (math.inf,) * 8),
    ],
    ids=["identity", "equal eigenvalues", "singular", "zero", "a row", "a tie", "beyond float"],
)
def test_special_matrices(rows, wanted):
    found = astuple(matrix_conditioning(exact(rows)))
    for value, expected in zip(found, wanted, strict=True):
        assert expected is None or value == pytest.approx(expected, rel=2e-16)


def test_a_real_algebraic_field():
    made = winograd(4, 3, points="0,sqrt(2),-sqrt(2),1/2,-1/2")
    found = conditioning(made).matrices
    V = np.array(vandermonde(made.factors[0]).to_Matrix().tolist(), dtype=float)
    assert astuple(found["V"]) == pytest.approx(by_numpy(V), rel=1e-9)
    assert astuple(found["BT"]) == pytest.approx(by_numpy(made.to_numpy()[2]), rel=1e-9)


def test_every_stage_of_a_chain():
    made = winograd(4, 3, points="0,1,-1,2,-2")
    P = exact(
        [
            [1, 0, 0, 0, 0, 0],
            [0, 1, 0, 0, 0, 0],
            ["-1/3", 0, 1, 0, 0, 0],
            [0, 0, 0, 1, 0, 0],
            [0] * 4 + [2, 0],
            [0] * 5 + [1],
        ]
    )
    chained = replace(made, input=LinearMap.of(P, made.input.dense * P.inv()))
    found = conditioning(chained).matrices
    assert list(found) == ["V", "V finite", "AT", "G", "BT", "BT[0]", "BT[1]"]
    assert found["BT"] == conditioning(made).matrices["BT"]
    assert found["BT[0]"] == matrix_conditioning(P)
    assert found["BT[0]"].cond_2 * found["BT[1]"].cond_2 >= found["BT"].cond_2
    mixed = conditioning(nest(chained, made)).matrices
    assert mixed["BT[0]"] == matrix_conditioning(P, made.input.dense)
    assert mixed["BT[1]"] == found["BT[1]"]


def test_axes_multiply_before_rounding():
    made = winograd(6, 3)
    one, two = conditioning(made).matrices, conditioning(nest(made, made)).matrices
    for name, values in one.items():
        assert astuple(two[name]) == pytest.approx([value**2 for value in astuple(values)], rel=1e-15)


def test_pseudo_inverses():
    tall = exact([[1, 0], [1, 1], [1, 2]])
    for matrix in (tall, tall.transpose(), exact([[1, 2], [3, 4]])):
        inverse = pseudo_inverse(matrix)
        assert matrix * inverse * matrix == matrix
        assert (matrix * inverse).transpose() == matrix * inverse
        assert (inverse * matrix).transpose() == inverse * matrix
    assert pseudo_inverse(exact([[1, 1], [2, 2], [3, 3]])) is None


def test_algorithms_without_points_have_no_v():
    for made in (winograd(4, 3, moduli="0,1,-1,x^2+1,inf"), Algorithm.from_matrices([[1]], [[1]], [[1]])):
        assert list(conditioning(made).matrices) == ["AT", "G", "BT"]
        with refused(NotApplicable, "Vandermonde", made.size):
            vandermonde(made)
    assert list(conditioning(winograd(1, 1, points="inf")).matrices) == ["V", "AT", "G", "BT"]


def test_an_axis_of_length_one_changes_nothing():
    row, alone = conditioning(parse("1x4,1x3")).matrices, conditioning(winograd(4, 3)).matrices
    assert {name: item.cond_2 for name, item in row.items()} == {name: item.cond_2 for name, item in alone.items()}


def test_finite_points_alone_where_infinity_is_not_used():
    made = winograd(2, 2, points="0,1,-1")
    assert vandermonde(made) == vandermonde(made, finite=True)
    assert vandermonde(winograd(2, 2, points="inf,0,2")).to_Matrix() == Matrix([[0, 0, 1], [1, 0, 0], [1, 2, 4]])


def test_the_report_is_a_table():
    lines = repr(conditioning(winograd(4, 3, points="0,1,-1,2,-2"))).splitlines()
    assert lines[0] == "conditioning of F(4,3)"
    heads = [line.split() for line in lines if "_2" in line]
    assert heads == [[f"{kind}_{name}" for name in ("1", "2", "inf", "fro")] for kind in ("norm", "cond")]
    (finite,) = [line.split() for line in lines[lines.index("") :] if "V finite" in line]
    assert finite[-3] == "42.4719"
    assert len({len(line) for line in lines[1 : lines.index("")]}) == 1
    assert "cond_2 1 " in str(matrix_conditioning(exact([[1]])))


@pytest.mark.parametrize("bits", [64, 128, 256, 1024])
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("sqrt(2)", lambda: arb(2).sqrt()),
        ("sqrt(2)/3-1", lambda: arb(2).sqrt() / 3 - 1),
        ("-sqrt(5)/1000000", lambda: -arb(5).sqrt() / 10**6),
        ("1000000000000000000000000000000*sqrt(2)+1", lambda: arb(10) ** 30 * arb(2).sqrt() + 1),
    ],
)
def test_balls_of_algebraic_numbers_hold_them_and_are_narrow(text, value, bits):
    number = exact_number(text)
    K = field_of([number])
    with ctx.workprec(bits):
        ball = _ball(to_element(number, K), K)
    with ctx.workprec(4 * bits + 200):
        assert ball.contains(value())
        assert ball.rad() < abs(value()) * arb(2) ** (4 - bits)


@pytest.mark.slow
def test_the_last_decimal_of_an_algebraic_number_is_not_trusted():
    """Of 66 bits, 22 decimals are little more: where the quotient is rounded by a whole unit, they lie outside."""
    K = field_of([exact_number("sqrt(2)")])
    for k in range(1, 500):
        with ctx.workprec(66):
            ball = _ball(to_element(exact_number(f"{k}*sqrt(2)/509"), K), K)
        with ctx.workprec(300):
            assert ball.contains(arb(2).sqrt() * k / 509)


def test_a_ball_that_may_round_to_two_floats_is_no_float():
    """Floats near 1 are 2^-52 apart above it; half way there is a tie."""
    step = 2.0**-52
    with ctx.workprec(200):
        for middle, radius, value in (
            (0, 0, 1.0),
            (0, step / 8, 1.0),
            (0, 2 * step, None),
            (step / 2, step / 16, None),
            (step / 2 - step / 8, step / 16, 1.0),
            (step / 2 + step / 8, step / 16, 1 + step),
            (step, step / 8, 1 + step),
        ):
            assert _to_float(arb(1) + arb(middle, radius)) == value
        assert _to_float(arb(1) + arb(step / 2, 2.0**-160)) in (1.0, 1 + step)
        assert _to_float(arb.pos_inf()) == float("inf")
