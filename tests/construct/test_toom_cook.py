# SPDX-License-Identifier: Apache-2.0
"""The one construction: linear and higher moduli, inf anywhere, algebraic points, against sympy and the definition."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle_convolution import correlate_tile, fidelity, is_right, plain
from oracle_strategies import pointed_sizes
from sympy import Poly, Rational, Symbol, prod, rem, simplify, sqrt

from wincraft import winograd
from wincraft.construct import canonical_taps, complete, parse_moduli

x = Symbol("x")

HIGHER = [
    # m, r, moduli, rank, noise gain where a published figure or the design names one
    (4, 3, "0,1,-1,x^2+1,inf", 7, None),
    (4, 3, "0,1,-1,x^2+1@-1,inf", 7, None),
    (4, 3, "x^2+1,0,inf,x^2+x+1", 8, None),
    (6, 3, "0,1,-1,x^2+x+1,x^2-x+1,inf", 10, Rational(13, 9)),
    (6, 3, "0,1,-1,x^2+x+1@-1,x^2-x+1@1,inf", 10, Rational(13, 9)),
    (6, 3, "0,1,-1,x^2+x+1@1,x^2-x+1@1,inf", 10, Rational(29, 9)),
    (3, 6, "0,1,-1,x^2+x+1,x^2-x+1,inf", 10, Rational(13, 9)),
    (2, 3, "x^2+1,x^2-2", 6, None),
    (2, 2, "x^3-x-1", 5, None),
    (3, 3, "x^3+x+1,0,inf", 7, None),
    (4, 4, "0,1,x^3-2@(0,1,-1,2,inf),-1,inf", 9, None),
    (3, 3, "x^3+x+1@(0,1,x^2+1,inf),0,inf", 8, None),
    (3, 3, "x^3+x+1@(x^2+1@2,x^2+x+1,3),-1,inf", 9, None),
    (3, 3, "inf,x^4+1", 8, None),
    (4, 4, "0,x^4+1@(0,1,-1,2,x^2+x+1,inf),1,-1", 11, None),
    (4, 3, "x^4+x+1@(0,1,-1,x^3+2@(0,1,x^2+1@-1,inf),inf),0,1", 12, None),
    (4, 3, "x^2-1/4*x+3/7@5/3,x^2+2,0,1", 8, None),
    (3, 2, "x^2,1,inf", 5, None),
    (3, 2, "x^2-2*x+1@3,0,inf", 5, None),
    (5, 1, "0,x^2+1,1,inf", 6, None),
    (1, 5, "0,x^2+1,1,inf", 6, None),
    (2, 3, "x^2-sqrt(2)*x+1,0,inf", 5, None),
    (3, 2, "x^2+1@sqrt(3),sqrt(2),inf", 5, None),
]

ALGEBRAIC = [
    (4, 3, "0,sqrt(2)/2,-sqrt(2)/2,sqrt(2),-sqrt(2)", "QQ<sqrt(2)>"),
    (2, 3, "sqrt(3),0,-sqrt(3),inf", "QQ<sqrt(3)>"),
    (3, 3, "0,sqrt(2),-sqrt(2),sqrt(3),-sqrt(3)", None),
    (2, 2, "1+sqrt(2),1-sqrt(2),inf", "QQ<sqrt(2)>"),
    (3, 2, "0,1+sqrt(2)+sqrt(3),1/2,inf", None),
]


@pytest.mark.parametrize(("m", "r", "moduli", "rank", "noise_gain"), HIGHER)
def test_higher_moduli(m, r, moduli, rank, noise_gain):
    made = winograd(m, r, moduli=moduli)
    assert made.rank == rank
    assert is_right(made)
    if noise_gain is not None:
        assert made.noise_gain() == noise_gain


@pytest.mark.parametrize(("m", "r", "points", "domain"), ALGEBRAIC)
def test_algebraic_points(m, r, points, domain):
    made = winograd(m, r, points=points)
    assert is_right(made)
    assert not made.domain.is_QQ
    if domain is not None:
        assert str(made.domain) == domain
    given = parse_moduli(points)
    finite = [modulus.point for modulus in given if not modulus.is_infinite]
    rows = [row for row, modulus in zip(made.AT.T.tolist(), made.moduli, strict=True) if not modulus.is_infinite]
    for point, row in zip(finite, rows, strict=True):
        assert all(simplify(value - point**i) == 0 for i, value in enumerate(row))


def test_a_mixed_field_applies_to_data_of_another_field():
    made = winograd(2, 2, points="sqrt(2),sqrt(3)")
    data, taps = [sqrt(5), 1, sqrt(2)], [sqrt(3), Rational(1, 2)]
    wanted = correlate_tile(data, taps)
    assert [simplify(a - b) for a, b in zip(made.apply(data, taps), wanted, strict=True)] == [0, 0]


@given(pointed_sizes(), st.data())
def test_inf_first_in_the_middle_last_and_absent(case, data):
    m, r, points = case
    taps = canonical_taps(m, r, complete(parse_moduli(points), m, r))
    at = data.draw(st.integers(0, len(points)))
    moved = winograd(m, r, points=[*points[:at], "inf", *points[at:]], convention="monic")
    assert is_right(moved)
    plain_rows = winograd(m, r, points=points, convention="monic").BT.tolist()
    assert moved.BT.tolist() == [*plain_rows[:at], plain_rows[-1], *plain_rows[at:-1]]
    assert moved.moduli[at].is_infinite
    assert taps.moduli[-1].is_infinite, "appended where it is absent"


@given(pointed_sizes(least_tile=3))
def test_n_finite_points_and_no_inf(case):
    m, r, points = case
    if r == 1:
        return
    made = winograd(m, r - 1, points=points, convention="monic")
    assert is_right(made)
    assert not any(modulus.is_infinite for modulus in made.moduli)
    whole = Poly(prod(x - p for p in points), x)
    for k, p in enumerate(points):
        assert made.AT[:, k].tolist() == [[p**i] for i in range(m)]
        cofactor = whole.quo(Poly(x - p, x))
        assert made.BT.row(k).tolist() == [cofactor.all_coeffs()[::-1]]
        assert made.G.row(k).tolist() == [[p**j / cofactor.eval(p) for j in range(r - 1)]]


@given(pointed_sizes())
def test_points_give_powers_and_cofactors(case):
    m, r, points = case
    made = winograd(m, r, points=points, convention="monic")
    whole = Poly(prod([x - p for p in points]), x)
    for k, p in enumerate(points):
        cofactor = whole.quo(Poly(x - p, x))
        assert made.AT[:, k].tolist() == [[p**i] for i in range(m)]
        assert made.G.row(k).tolist() == [[p**j / cofactor.eval(p) for j in range(r)]]
        assert made.BT.row(k).tolist() == [[*cofactor.all_coeffs()[::-1], 0]]
    assert made.AT[:, -1].tolist() == [[0]] * (m - 1) + [[1]]
    assert made.G.row(-1).tolist() == [[0] * (r - 1) + [1]]
    assert made.BT.row(-1).tolist() == [whole.all_coeffs()[::-1]]


@pytest.mark.parametrize(
    ("modulus", "c"), [("x^2+1", 1), ("x^2+x+1", -1), ("x^2-x+1", 1), ("x^2+3*x-1/2@2/3", Rational(2, 3))]
)
def test_taps_of_a_quadratic_are_constant_inner_point_and_leading(modulus, c):
    m, r = 5, 3
    made = winograd(m, r, moduli=f"0,{modulus},1,-1,2,inf", convention="monic")
    polynomial = Poly([*parse_moduli(modulus)[0].coefficients][::-1], x)
    remainders = [Poly(rem(Poly(x**i, x), polynomial), x) for i in range(m)]
    assert made.AT[:, 1].tolist() == [[remainder.eval(0)] for remainder in remainders]
    assert made.AT[:, 2].tolist() == [[remainder.eval(c)] for remainder in remainders]
    assert made.AT[:, 3].tolist() == [[remainder.coeff_monomial(x)] for remainder in remainders]


@pytest.mark.parametrize(("m", "r", "moduli"), [case[:3] for case in HIGHER if "sqrt" not in case[2]])
def test_rows_of_the_input_matrix_are_multiples_of_the_cofactor_and_monic(m, r, moduli):
    made = winograd(m, r, moduli=moduli, convention="monic")
    finite = [Poly([*modulus.coefficients][::-1], x) for modulus in made.moduli if not modulus.is_infinite]
    whole = prod(finite[1:], start=finite[0])
    tap = 0
    for modulus in made.moduli:
        cofactor = whole if modulus.is_infinite else whole.quo(Poly([*modulus.coefficients][::-1], x))
        for row in made.BT.tolist()[tap : tap + modulus.taps]:
            polynomial = Poly(row[::-1], x)
            assert polynomial.rem(cofactor).is_zero
            assert polynomial.LC() == 1
        tap += modulus.taps
    assert tap == made.rank


def test_moduli_give_their_taps_in_their_order():
    rows = lambda text: winograd(4, 3, moduli=text, convention="monic").BT.tolist()  # noqa: E731
    first, second = rows("0,1,-1,x^2+1,inf"), rows("inf,x^2+1,-1,0,1")
    assert second == [first[6], *first[3:6], first[2], first[0], first[1]]


@pytest.mark.parametrize(
    ("m", "r", "points", "noise_gain"),
    [
        (2, 3, "0,1,-1", "5/3"),
        (4, 3, "0,1,-1,2,-2", "6205/576"),
        (4, 3, "0,2/3,-2/3,3/2,-3/2", "617149/129600"),
    ],
)
def test_known_noise_gains(m, r, points, noise_gain):
    assert winograd(m, r, points=points).noise_gain() == Rational(noise_gain)


@given(pointed_sizes(max_m=4, max_r=3))
def test_noise_gain_is_what_it_means(case):
    made = winograd(case[0], case[1], points=case[2])
    assert plain(made.noise_gain()) == fidelity(made)


@pytest.mark.parametrize(("m", "r", "moduli"), [case[:3] for case in HIGHER[:9]])
def test_noise_gain_is_what_it_means_for_higher_moduli(m, r, moduli):
    made = winograd(m, r, moduli=moduli, convention="fractions-in-a")
    assert plain(made.noise_gain()) == fidelity(made)


@given(pointed_sizes())
def test_noise_gain_is_the_same_for_m_and_r_swapped_and_for_negated_points(case):
    m, r, points = case
    noise_gain = winograd(m, r, points=points).noise_gain()
    assert winograd(r, m, points=points).noise_gain() == noise_gain
    assert winograd(m, r, points=[-p for p in points]).noise_gain() == noise_gain


@given(pointed_sizes())
def test_noise_gain_is_the_same_for_reciprocal_points(case):
    m, r, points = case
    inverted = ["inf" if p == 0 else 1 / p for p in points]
    assert winograd(m, r, points=[*inverted, 0]).noise_gain() == winograd(m, r, points=points).noise_gain()


def test_noise_gain_is_not_the_same_for_scaled_points():
    assert winograd(2, 3, points="0,1,-1").noise_gain() != winograd(2, 3, points="0,2,-2").noise_gain()


def test_noise_gain_of_direct_convolution_is_1():
    assert winograd(1, 1).noise_gain() == 1
    assert winograd(2, 1, points="0,inf").noise_gain() == 1


@given(pointed_sizes(max_m=8, max_r=6, least_tile=9), st.integers(0, 2**32 - 1))
def test_larger_tiles_on_random_data(case, seed):
    m, r, points = case
    made = winograd(m, r, points=points)
    random = np.random.default_rng(seed)
    data = [Fraction(int(v), 7) for v in random.integers(-99, 99, m + r - 1)]
    taps = [Fraction(int(v), 3) for v in random.integers(-99, 99, r)]
    assert [plain(value) for value in made.apply(data, taps)] == list(correlate_tile(data, taps))


def test_a_tile_beyond_the_catalogue():
    made = winograd(20, 5)
    data, taps = list(range(24)), [3, -1, 4, 1, -5]
    assert made.apply(data, taps) == list(correlate_tile(data, taps))
