# SPDX-License-Identifier: Apache-2.0
"""Exact matrices to numbers and texts, and back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from oracle_strategies import as_sympy, rationals
from sympy import QQ, Matrix, Rational, sqrt

from wincraft.exact import diagonal, exact_matrix, exact_number, field_of, from_numbers, to_numbers, to_texts

rows = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(rationals, min_size=width, max_size=width), min_size=1)
)


@given(rows)
def test_numbers_and_texts_and_back(values):
    numbers = [[as_sympy(value) for value in row] for row in values]
    matrix = from_numbers(numbers, QQ)
    assert matrix.shape == (len(values), len(values[0]))
    assert to_numbers(matrix) == numbers
    assert to_texts(matrix) == [[str(value) for value in row] for row in values]
    assert [[exact_number(text) for text in row] for row in to_texts(matrix)] == numbers
    assert matrix.to_Matrix() == Matrix(numbers)


def test_over_an_algebraic_field():
    numbers = [[sqrt(2), Rational(1, 2)], [1 - sqrt(2), sqrt(2) / 3]]
    K = field_of([sqrt(2)])
    matrix = from_numbers(numbers, K)
    assert to_numbers(matrix) == numbers
    assert to_texts(matrix) == [["sqrt(2)", "1/2"], ["1-sqrt(2)", "sqrt(2)/3"]]
    assert (matrix * matrix).to_Matrix() == (Matrix(numbers) ** 2).expand()


def test_diagonal_scales_rows():
    table = exact_matrix([[QQ(1), QQ(2)], [QQ(3), QQ(4)]], (2, 2), QQ)
    assert to_texts(diagonal([QQ(1, 2), QQ(-1)], QQ) * table) == [["1/2", "1"], ["-3", "-4"]]
    assert to_texts(table * diagonal([QQ(1, 2), QQ(-1)], QQ)) == [["1/2", "-2"], ["3/2", "-4"]]
