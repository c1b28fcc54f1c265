# SPDX-License-Identifier: Apache-2.0
"""A linear map is a chain of stages, applied in order."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle_messages import refused
from oracle_strategies import as_sympy, rationals
from sympy import QQ, Matrix, Rational, sqrt

from wincraft import LinearMap, WincraftError
from wincraft.errors import BadShape
from wincraft.exact import field_of, from_numbers


@st.composite
def chains(draw):
    """Sympy matrices S_1, S_2, ... of random fitting shapes."""
    sizes = draw(st.lists(st.integers(1, 4), min_size=2, max_size=5))
    cells = lambda count: [as_sympy(value) for value in draw(st.lists(rationals, min_size=count, max_size=count))]  # noqa: E731
    return [Matrix(after, before, cells(after * before)) for before, after in pairwise(sizes)]


def stages(matrices):
    return tuple(from_numbers(matrix.tolist(), QQ) for matrix in matrices)


def product(matrices):
    whole = Matrix.eye(matrices[0].cols)
    for matrix in matrices:
        whole = matrix * whole
    return whole


@given(chains())
def test_the_dense_matrix_is_the_product_last_stage_leftmost(matrices):
    chain = LinearMap.of(*stages(matrices))
    assert chain.dense.to_Matrix() == product(matrices)
    assert chain.shape == product(matrices).shape
    assert chain.texts == [[str(value) for value in row] for row in product(matrices).tolist()]


@given(chains(), st.data())
def test_applying_the_stages_is_applying_the_product(matrices, data):
    size = matrices[0].cols
    vector = [as_sympy(value) for value in data.draw(st.lists(rationals, min_size=size, max_size=size))]
    image = LinearMap.of(*stages(matrices)).apply([QQ.from_sympy(value) for value in vector])
    assert Matrix([QQ.to_sympy(value) for value in image]) == product(matrices) * Matrix(vector)


@given(chains())
def test_transpose(matrices):
    chain = LinearMap.of(*stages(matrices))
    assert chain.transpose().dense.to_Matrix() == product(matrices).T
    assert len(chain.transpose().stages) == len(matrices)
    assert chain.transpose().transpose().stages == chain.stages


@given(chains(), st.data())
def test_scaling_either_end(matrices, data):
    chain, whole = LinearMap.of(*stages(matrices)), product(matrices)
    for scale, size, wanted in (
        (chain.scale_outputs, whole.rows, lambda factors: Matrix.diag(*factors) * whole),
        (chain.scale_inputs, whole.cols, lambda factors: whole * Matrix.diag(*factors)),
    ):
        factors = [as_sympy(value) for value in data.draw(st.lists(rationals, min_size=size, max_size=size))]
        scaled = scale([QQ.from_sympy(value) for value in factors])
        assert scaled.dense.to_Matrix() == wanted(factors)
        assert len(scaled.stages) == len(matrices), "folded into the end stage"


def test_stages_that_do_not_fit():
    wide, tall = stages([Matrix([[1, 2, 3]]), Matrix([[1], [2]])])
    assert LinearMap.of(wide, tall).shape == (2, 3)
    with refused(BadShape, "(1, 3)", "(any, 2)"):
        LinearMap.of(tall, wide)


def test_stages_over_different_domains():
    rational = from_numbers([[Rational(1)]], QQ)
    algebraic = from_numbers([[sqrt(2)]], field_of([sqrt(2)]))
    with refused(BadShape, "QQ<sqrt(2)>", "over QQ"):
        LinearMap.of(rational, algebraic)
    assert LinearMap.of(rational.convert_to(algebraic.domain), algebraic).texts == [["sqrt(2)"]]


def test_a_chain_has_at_least_one_stage():
    with pytest.raises(WincraftError):
        LinearMap.of()
