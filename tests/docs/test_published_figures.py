# SPDX-License-Identifier: Apache-2.0
"""Figures that papers, libraries and their threads state, computed again; each test names its source."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from statistics import mean

import numpy as np
import pytest
from sympy import Matrix, Rational, simplify, sqrt, sympify

from wincraft import parse, winograd
from wincraft.measure import conditioning, word_bounds, worst_case_amplification
from wincraft.quantise import Layer, Workload, parse_scheme, simulate
from wincraft.rings import ring_loss

TO_2, TO_3 = "0,1,-1,2,-2", "0,1,-1,2,-2,3,-3"
NOVA_6, NOVA_8 = "0,1,-1,3/5,-3/5,7/6,-7/6", "0,2/5,-2/5,5/6,-5/6,1,-1,7/6,-7/6"


def largest_row(matrix):
    """The infinity norm: the largest 1-norm of a row."""
    return max(sum(map(abs, row)) for row in matrix.tolist())


# ---- NOVA: J. Lohia, arXiv 2512.18453 ----


def condition(points):
    return conditioning(winograd(8, 3, points=points)).matrices["V finite"].cond_2


def test_nova_condition_numbers_of_f83():
    """The Vandermonde matrix of the finite points; along two axes the quotient is squared."""
    integers, found = condition(f"{TO_3},4,-4"), condition(NOVA_8)
    assert round(integers, -2) == 196_900
    assert round(found) == 474
    assert round((integers / found) ** 2) == 172_484


def test_nova_relative_errors_of_f63_in_fp16():
    """5.2 % on NOVA's points and 0.753 % on 0, +-1, +-2, +-1/2: fp16 storage, sums in fp32, two axes, RMS."""
    for points, percent in ((NOVA_6, 5.2), ("0,1,-1,2,-2,1/2,-1/2", 0.753)):
        algorithm = parse("F(6x6,3x3)", points=points)
        batches = [Workload(16, 8, 32, seed=seed).batch(algorithm) for seed in range(3)]
        found = mean(100 * 10 ** (-simulate(algorithm, "fp16-fp32acc", one).decibels / 20) for one in batches)
        assert found == pytest.approx(percent, rel=0.05)


# ---- scales of quantised libraries ----


@pytest.mark.parametrize(("m", "points", "factor"), [(2, "0,1,-1", 4), (4, TO_2, 100), (6, TO_3, 10_000)])
def test_lowino_scales_data_down_by_the_squared_norm_of_bt(m, points, factor):
    """1/4, 1/100, 1/10000: LoWino, G. Li et al., ICPP 2021."""
    assert largest_row(winograd(m, 3, points=points).BT) ** 2 == factor


def test_with_halves_instead_of_threes_lowino_would_scale_by_225():
    assert largest_row(winograd(6, 3, points="0,1,-1,2,-2,1/2,-1/2").BT) ** 2 == 225


def test_onednn_adjusts_the_scales_of_int8_by_the_norms_of_f23():
    """4 of the data and 9/4 of the weights: oneDNN's int8 kernel of F(2x2,3x3)."""
    made = winograd(2, 3, points="0,1,-1")
    assert (largest_row(made.BT) ** 2, largest_row(made.G) ** 2) == (4, Rational(9, 4))


def test_onednn_literals_are_powers_over_f():
    """G of oneDNN's F(4,3), as quoted in its issue 1076: p_i^j / f_i, f_i the product of the differences of p_i."""
    literals = {
        (0, 0): "1.13777777777778",
        (1, 0): "0.688403361344538",
        (1, 1): "0.430252100840336",
        (1, 2): "0.26890756302521",
        (3, 0): "0.119514472455649",
        (3, 1): "0.179271708683473",
    }
    points = [Fraction(0), *(sign * p for p in (Fraction(5, 8), Fraction(3, 2)) for sign in (1, -1))]
    G = winograd(4, 3, points=",".join(map(str, points))).G
    for (i, j), text in literals.items():
        f = np.prod([points[i] - other for other in points if other != points[i]])
        value, digits = abs(points[i] ** j / f), len(text.partition(".")[2])
        assert abs(G[i, j]) == Rational(value.numerator, value.denominator)
        assert abs(float(value) - float(text)) <= 0.51 * 10**-digits


def test_growth_of_the_output_transform():
    """19 and 361: the largest row of A^T on 0, +-1, +-2, along one axis and two."""
    growth = largest_row(winograd(4, 3, points=TO_2).AT)
    assert (growth, growth**2) == (19, 361)


# ---- exact integers ----


def test_toom_cook_modulo_powers_of_two():
    """1 and 3 bits, 1/3, 1/9, 1/15 in 16: Bermudo Mera, Karmakar, Verbauwhede, TCHES 2020, and Saber's code."""
    toom_3, toom_4 = (winograd(n, n, points=points) for n, points in ((3, "0,1,-1,-2"), (4, "0,1,-1,2,-2,3")))
    assert [ring_loss(one, "Z/2^16").bits for one in (toom_3, toom_4)] == [1, 3]
    loss = ring_loss(toom_4, "Z/2^16", (3, 9, 15))
    assert [loss.inverse_of(number) for number in loss.asked] == [43691, 36409, 61167]


def test_range_of_the_int8_input_transform():
    """-12768 to 12750 of F(4x4,3x3) on 0, +-1, +-2: 15 bits; in the corners of the box of 36 data."""
    algorithm = parse("F(4x4,3x3)", points=TO_2, convention="integer")
    assert str(word_bounds(algorithm).U) == "[-12768, 12750]"
    BT = np.array(winograd(4, 3, points=TO_2, convention="integer").BT.tolist(), int)
    rows = np.array([np.kron(a, b) for a, b in product(BT, BT)])
    ends = [np.where(rows * sign > 0, 127, -128) * rows for sign in (1, -1)]
    assert (ends[1].sum(1).min(), ends[0].sum(1).max()) == (-12768, 12750)


def test_worst_cases_of_f44():
    """2304 on 0, +-1, +-2, and 19321/36 on 0, +-2/3, +-3/2."""
    found = [worst_case_amplification(parse("F(4x4,3x3)", points=points)) for points in (TO_2, "0,2/3,-2/3,3/2,-3/2")]
    assert found == [2304, Fraction(19321, 36)]


# ---- a library's measurement ----


def test_half_precision_between_the_kernels_of_a_library():
    """U, V and M in fp16 too cost a factor in error of uniform data: 1.445 here, 1.6 to 1.7 in MIOpen PR 491."""
    algorithm = parse("F(3x3,3x3)", points="0,1,-1,2")
    stored = "fp32,input=fp16,weights=fp16,output=fp16"
    between = "fp32,input=fp16,weights=fp16,U=fp16,V=fp16,M=fp16,output=fp16"
    rng = np.random.default_rng(0)
    layer = Layer(rng.uniform(0, 1, (1, 64, 32, 32)), rng.uniform(0, 1, (16, 64, 3, 3)))
    near, far = (simulate(algorithm, parse_scheme(text), layer.batch(algorithm)) for text in (stored, between))
    assert 10 ** ((near.decibels - far.decibels) / 20) == pytest.approx(1.445, rel=0.03)


# ---- growth factors of matrix multiplication: Dumas, Pernet, Sedoglavic, arXiv 2402.05630 ----

STRASSEN = """
1 0 0 1|1 0 0 1|1 0 0 1
0 0 1 1|1 0 0 0|0 0 1 -1
1 0 0 0|0 1 0 -1|0 1 0 1
0 0 0 1|-1 0 1 0|1 0 1 0
1 1 0 0|0 0 0 1|-1 1 0 0
-1 0 1 0|1 1 0 0|0 0 0 1
0 1 0 -1|0 0 1 1|1 0 0 0"""
WINOGRAD = """
1 0 0 0|1 0 0 0|1 1 1 1
0 1 0 0|0 0 1 0|1 0 0 0
1 1 -1 -1|0 0 0 1|0 1 0 0
0 0 0 1|1 -1 -1 1|0 0 -1 0
0 0 1 1|-1 1 0 0|0 1 0 1
-1 0 1 1|1 -1 0 1|0 1 1 1
1 0 -1 0|0 -1 0 1|0 0 1 1"""
ACCURATE = """
x/2 1/2 1/2 x/6|0 2x/3 0 0|x/6 1/2 1/2 x/2
0 0 1 -x/3|-1 x/3 0 0|-x/3 0 -1 0
0 1 0 x/3|0 x/3 0 -1|x/3 -1 0 0
0 0 0 -2x/3|1/2 -x/6 x/2 -1/2|x/6 -1/2 -1/2 x/2
-x/2 -1/2 1/2 -x/2|-1/2 x/2 -x/2 -1/2|x/2 -1/2 1/2 x/2
-x/2 -1/2 1/2 x/6|1/2 x/6 x/2 1/2|-x/6 -1/2 1/2 x/2
-x/2 1/2 1/2 -x/6|1/2 x/6 -x/2 -1/2|-2x/3 0 0 0"""
"""github.com/jgdumas/plinopt, data/2x2x2_7_DPS-accurate-X_{L,R,P}.sms, x the root of 3."""


def product_terms(text):
    """Of every product what is taken of either matrix and where it goes, entries row by row; x is the root of 3."""

    def entry(word):
        return sympify(word.replace("2x", "2*x"), locals={"x": sqrt(3)})

    return [[[entry(word) for word in part.split()] for part in line.split("|")] for line in text.split("\n") if line]


DYADIC_LEFT = """
0 -1 1 0
1 1/2 -1/2 -1/4
0 0 1 -1/2
0 1 0 -1/2
0 0 1 1/2
1 -1/2 1/2 -1/4
0 1 0 1/2"""
"""github.com/jgdumas/plinopt, data/2x2x2_7_DPS-evenpow-12.2034_L.sms; it has no files of the other two matrices."""


def dyadic():
    """Strassen's algorithm in other bases of the three spaces, of constants that are powers of two.

    X^T L Y^-T, Y^T R X^-T and X^-1 P X compute X^-1 (X A Y^-1) (Y B X^-1) X = A B.
    """
    x, y = Matrix([[1, Rational(1, 2)], [0, 1]]), Matrix([[Rational(1, 2), -1], [1, 0]])
    for term in product_terms(STRASSEN):
        left, right, out = (Matrix(2, 2, part) for part in term)
        yield [list(part) for part in (x.T * left * y.inv().T, y.T * right * x.inv().T, x.inv() * out * x)]


def test_the_algorithm_of_powers_of_two_is_the_one_of_the_published_left_matrix():
    published = [[sympify(word) for word in line.split()] for line in DYADIC_LEFT.strip().split("\n")]
    up_to_sign = {tuple(sign * value for value in row) for row in published for sign in (1, -1)}
    found = {tuple(left) for left, _, _ in dyadic()}
    assert found <= up_to_sign
    assert len(found) == len(published)


@pytest.mark.parametrize(
    ("terms", "growth"),
    [
        (product_terms(STRASSEN), 14.8284),
        (product_terms(WINOGRAD), 17.8530),
        (product_terms(ACCURATE), 12.0660),
        (list(dyadic()), 12.2034),
    ],
    ids=["Strassen", "Winograd", "accurate", "powers-of-two"],
)
def test_growth_factors_of_matrix_products(terms, growth):
    """The sum over the products of the 2-norms of their three vectors; each really multiplies 2 x 2 matrices."""
    for i, j, k in product(range(4), repeat=3):
        wanted = i % 2 == j // 2 and k == 2 * (i // 2) + j % 2
        assert simplify(sum(left[i] * right[j] * out[k] for left, right, out in terms)) == wanted
    found = sum(float(Matrix(a).norm() * Matrix(b).norm() * Matrix(c).norm()) for a, b, c in terms)
    assert found == pytest.approx(growth, abs=1e-4)
