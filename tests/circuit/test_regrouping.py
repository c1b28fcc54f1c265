# SPDX-License-Identifier: Apache-2.0
"""Sums in the order of the least noise: the same matrix and additions, and of four terms the best of all trees."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle_programs import additions, entries, programs, rows, rows_of

from wincraft import winograd
from wincraft.circuit import of_matrix
from wincraft.circuit.noise import rounding_variance
from wincraft.circuit.regrouping import regrouped
from wincraft.circuit.text import parse_program
from wincraft.exact.matrix import rational_matrix

BINARY = ("4", "-2", "1/2", "-1", "1", "-1/8")
GRAMS = entries(4, 4, denominators=2).map(
    lambda table: [[sum(x * y for x, y in zip(a, b, strict=True)) for b in table] for a in table]
)


def groupings(terms):
    """All binary trees over a set of terms, each as the list of the sets that it adds up on the way."""
    if len(terms) == 1:
        yield []
        return
    first, *rest = terms
    for chosen in range(2 ** len(rest) - 1):
        left = [first, *(x for k, x in enumerate(rest) if chosen >> k & 1)]
        right = [x for k, x in enumerate(rest) if not chosen >> k & 1]
        for one in groupings(left):
            for other in groupings(right):
                yield [*one, *other, terms]


def least_noise(row, S):
    """Of a sum over all groupings of its terms: the partial sums' second moments."""

    def moment(terms):
        return sum(row[i] * row[j] * S[i][j] for i in terms for j in terms)

    terms = [k for k, x in enumerate(row) if x]
    return min(sum((moment(part) for part in tree), Fraction(0)) for tree in groupings(terms))


def test_there_are_fifteen_trees_of_four_terms_and_105_of_five():
    assert [len(list(groupings(list(range(count))))) for count in (2, 3, 4, 5)] == [1, 3, 15, 105]


@given(st.lists(st.sampled_from([1, -1, 2, -4, Fraction(1, 2), 0]), min_size=4, max_size=4).filter(any), GRAMS)
def test_four_terms_are_grouped_as_the_best_of_all_trees(row, S):
    """Powers of two round nothing: the noise is that of the sums."""
    plain = of_matrix(rational_matrix([row]))
    found = regrouped(plain, rational_matrix(S))
    assert rows_of(found) == [row]
    assert additions(found) == additions(plain)
    assert Fraction(str(rounding_variance(found, rational_matrix(S)))) == least_noise(row, S)


@given(programs(inputs=4, given=BINARY), GRAMS)
def test_never_more_noise_the_same_matrix_and_no_more_additions(program, S):
    moments = rational_matrix(S)
    found = regrouped(program, moments)
    assert rows_of(found) == rows_of(program)
    assert additions(found) <= additions(program)
    assert Fraction(str(rounding_variance(found, moments))) <= Fraction(str(rounding_variance(program, moments)))


@pytest.mark.parametrize("points", ["0,1,-1,2,-2", "0,1,-1,1/2,-1/2"])
def test_rows_of_an_algorithm(points):
    """Each row on its own is the best of its trees, with white inputs, and of A^T with the products' own moments."""
    made = winograd(4, 3, points=points)
    white = [[Fraction(i == j) for j in range(6)] for i in range(6)]
    for matrix, S in (
        (made.input.dense, white),
        (made.output.dense, white),
        (made.output.dense, gram(made.input.dense)),
    ):
        moments = rational_matrix(S)
        found = regrouped(of_matrix(matrix), moments)
        assert found.matrix() == matrix
        assert additions(found) == additions(of_matrix(matrix))
        for row in rows(matrix):
            one = regrouped(of_matrix(rational_matrix([row])), moments)
            assert Fraction(str(rounding_variance(one, moments))) == least_noise(row, S)


def gram(matrix):
    table = rows(matrix)
    return [[sum(x * y for x, y in zip(a, b, strict=True)) for b in table] for a in table]


def test_by_hand():
    """Of x0 + x1 + x2 + x3 with x3 nearly -x0 that sum is taken first; sums that are read twice stay together."""
    S = [[1, 0, 0, Fraction(-9, 10)], [0, 1, 0, 0], [0, 0, 1, 0], [Fraction(-9, 10), 0, 0, 1]]
    found = regrouped(parse_program("inputs a b c d; s = a + b; t = s + c; u = t + d; outputs u"), rational_matrix(S))
    assert set(found.operations[0].operands) == {0, 3}
    kept = parse_program("inputs a b c d; s = a + b; t = s + c; u = t + d; v = s - c; outputs u v")
    found = regrouped(kept, rational_matrix(S))
    assert (additions(found), rows_of(found)) == (4, [[1, 1, 1, 1], [1, 1, -1, 0]])
    assert set(found.operations[0].operands) == {0, 1}


def test_of_nine_terms_the_order_stays():
    names = " ".join(f"x{k}" for k in range(9))
    lines = [f"t{k} = {f't{k - 1}' if k else 'x0'} + x{k + 1}" for k in range(8)]
    chain = parse_program("\n".join([f"inputs {names}", *lines, "outputs t7"]))
    close = [[Fraction(i == j) - Fraction(9, 10) * ({i, j} == {0, 8}) for j in range(9)] for i in range(9)]
    assert regrouped(chain, rational_matrix(close)) == chain
