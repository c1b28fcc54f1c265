# SPDX-License-Identifier: Apache-2.0
"""The proof agrees with the definition: on right matrices, on one wrong entry anywhere, on any wrong entries."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle_convolution import computes_the_convolution
from oracle_messages import refused
from oracle_strategies import as_sympy, pointed_sizes, rationals
from sympy import QQ, Rational, sqrt, zeros

from wincraft import Algorithm, LinearMap, winograd
from wincraft.algorithm import Refuted, convolution_tensor, proved_scale
from wincraft.exact import from_numbers

MADE = [
    winograd(2, 3, points="0,1,-1"),
    winograd(4, 3, points="0,1,-1,2,-2", convention="integer"),
    winograd(3, 2, points="0,1,-1", convention="balanced"),
    winograd(4, 3, moduli="0,1,-1,x^2+1,inf"),
    winograd(4, 4, moduli="x^2+x+1,x^3-2,0,inf", convention="fractions-in-b"),
    winograd(1, 3),
    winograd(3, 1),
]


@st.composite
def spoiled(draw, most=3):
    """The matrices of an algorithm with one to `most` entries changed."""
    algorithm = draw(st.sampled_from(MADE))
    matrices = {"AT": algorithm.AT, "G": algorithm.G, "BT": algorithm.BT}
    for _ in range(draw(st.integers(1, most))):
        matrix = matrices[draw(st.sampled_from(sorted(matrices)))]
        i, j = draw(st.integers(0, matrix.rows - 1)), draw(st.integers(0, matrix.cols - 1))
        matrix[i, j] += as_sympy(draw(rationals))
    return algorithm, matrices


@given(spoiled())
def test_the_proof_is_the_definition(case):
    algorithm, matrices = case
    right = computes_the_convolution(*matrices.values(), algorithm.scale)
    dense = [from_numbers(matrix.tolist(), QQ) for matrix in matrices.values()]
    assert (proved_scale(*dense) == QQ.from_sympy(algorithm.scale)) == right


@given(spoiled(most=1))
def test_one_changed_entry_is_refuted(case):
    algorithm, matrices = case
    if all(matrix == getattr(algorithm, name) for name, matrix in matrices.items()):
        assert Algorithm.from_matrices(**matrices).scale == algorithm.scale
        return
    with refused(Refuted, f"not {algorithm.size}"):
        Algorithm(
            *(LinearMap.of(from_numbers(matrix.tolist(), QQ)) for matrix in matrices.values()), scale=algorithm.scale
        )


@given(pointed_sizes(max_m=4, max_r=4))
def test_the_tensor_is_the_tensor(case):
    m, r, points = case
    made = winograd(m, r, points=points, convention="integer")
    tensor, where = convolution_tensor(made.output.dense, made.filter.dense, made.input.dense)
    for i in range(m):
        for j in range(r):
            assert tensor[where[i][j]] == [made.scale if l == i + j else 0 for l in range(m + r - 1)]


@pytest.mark.parametrize("scale", [Rational(2), Rational(-1), Rational(1, 3), Rational(0)])
def test_a_wrong_scale_is_refuted(scale):
    made = winograd(2, 3, points="0,1,-1")
    with refused(Refuted, "F(2,3)", "scale 1", str(scale)):
        Algorithm(made.output, made.filter, made.input, scale=scale)


def test_the_right_scale_of_scaled_matrices_is_accepted_and_1_is_not():
    made = winograd(2, 3, points="0,1,-1")
    doubled = made.output.scale_outputs([QQ(2), QQ(2)])
    assert Algorithm(doubled, made.filter, made.input, scale=Rational(2)).scale == 2
    with refused(Refuted, "scale 2"):
        Algorithm(doubled, made.filter, made.input)


@pytest.mark.parametrize("which", [("AT",), ("G",), ("BT",), ("AT", "G", "BT")])
@pytest.mark.parametrize(("m", "r"), [(1, 1), (2, 1), (2, 3), (4, 3)])
def test_zero_matrices_are_refuted(m, r, which):
    made = winograd(m, r)
    matrices = {
        name: zeros(*matrix.shape) if name in which else matrix
        for name, matrix in (("AT", made.AT), ("G", made.G), ("BT", made.BT))
    }
    with refused(Refuted, f"not F({m},{r})"):
        Algorithm.from_matrices(**matrices)


def test_algebraic_matrices_are_proved_and_refuted_exactly():
    made = winograd(2, 3, points="0,sqrt(2),-sqrt(2)")
    AT, G, BT = made.AT, made.G, made.BT
    assert Algorithm.from_matrices(AT, G, BT) == made
    near = Rational(14142135623730950488, 10**19)
    assert abs(near - sqrt(2)) < Rational(1, 10**18)
    rational = lambda matrix: matrix.subs(sqrt(2), near)  # noqa: E731
    with refused(Refuted):
        Algorithm.from_matrices(AT, G, rational(BT))
    AT[1, 1] = near
    with refused(Refuted):
        Algorithm.from_matrices(AT, G, BT)


def test_the_proof_says_what_was_proved():
    assert winograd(4, 3).verify() == "F(4,3) proved: 72 exact identities, 6 products, scale 1"


@pytest.mark.parametrize(("m", "r", "moduli"), [(9, 2, None), (3, 3, "x^3+x+1@(0,1,x^2+1,inf),0,inf"), (1, 1, None)])
def test_a_wrong_entry_in_any_row_is_refuted_however_many_rows_there_are(m, r, moduli):
    made = winograd(m, r, moduli=moduli)
    dense = [made.output.dense, made.filter.dense, made.input.dense]
    assert QQ.to_sympy(proved_scale(*dense)) == made.scale
    for k in range(made.rank):
        BT = made.BT
        BT[k, made.n[0] - 1] += 1
        assert (proved_scale(*dense[:2], from_numbers(BT.tolist(), QQ)) is None) == (made.n[0] > 1)
