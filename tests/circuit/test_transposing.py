# SPDX-License-Identifier: Apache-2.0
"""Programs run backwards: of the transposed matrix, with as many additions as the difference of the sides says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle_programs import additions, entries, programs, rows, rows_of
from sympy import prime

from wincraft import winograd
from wincraft.circuit import Program, of_matrix
from wincraft.circuit.text import parse_program, program_text
from wincraft.circuit.transposing import transposed_program
from wincraft.exact.matrix import rational_matrix


def across(table):
    return [list(row) for row in zip(*table, strict=True)]


@given(programs())
def test_the_matrix_is_the_transpose(program):
    assert rows_of(transposed_program(program)) == across(rows_of(program))


@given(st.tuples(st.integers(1, 5), st.integers(1, 5)).flatmap(lambda sides: entries(*sides)))
def test_additions_change_by_rows_minus_columns(table):
    """Of entries without a common ratio exactly, so that no two sums are the same; where some are, they are shared."""
    distinct = [
        [prime(5 * i + j + 1) * (x > 0 or -1) if x else 0 for j, x in enumerate(row)] for i, row in enumerate(table)
    ]
    program = of_matrix(rational_matrix(distinct))
    assert additions(transposed_program(program)) - additions(program) == len(table) - len(table[0])
    program = of_matrix(rational_matrix(table))
    assert additions(transposed_program(program)) - additions(program) <= len(table) - len(table[0])


def test_equal_columns_are_added_up_once():
    assert additions(transposed_program(of_matrix(rational_matrix([[1, 1, 1], [2, 2, 2]])))) == 1


@pytest.mark.parametrize("points", ["0,1,-1,2,-2", "0,2/3,-2/3,3/2,-3/2"])
def test_there_and_back_takes_no_addition_more(points):
    for item in winograd(4, 3, points=points).maps:
        back = transposed_program(transposed_program(of_matrix(item.dense)))
        assert rows_of(back) == rows(item.dense)
        assert additions(back) <= additions(of_matrix(item.dense))


def test_shared_sums_stay_shared():
    """6 additions of 4 x 4 with two shared ones: as many backwards, where rows take 8 and columns 8."""
    shared = parse_program(
        "inputs a b c d; s = a + b; t = c - d; u = s + t; v = s - t; w = s + 2 * t; x = s - 3 * t; outputs u v w x"
    )
    back = transposed_program(shared)
    assert rows_of(back) == [[1, 1, 1, 1], [1, 1, 1, 1], [1, -1, 2, -3], [-1, 1, -2, 3]]
    assert (additions(shared), additions(back)) == (6, 6)


def test_by_hand():
    butterfly = parse_program("inputs a b; s = a + b; t = a - 4 * b; outputs s t")
    assert program_text(transposed_program(butterfly)).splitlines() == [
        *("inputs x0 x1", "t0 = x1 + x0", "t1 = x0 - 4 * x1", "outputs t0 t1")
    ]


def test_an_input_that_nothing_reads_becomes_zero_and_a_value_that_leads_nowhere_nothing():
    program = Program.build(2, [("multiply", 0, "3"), ("add", 0, 1), ("add", 3, 0)], [2, 2])
    back = transposed_program(program)
    assert rows_of(back) == [[3, 3], [0, 0]]
    assert additions(back) == 1


@pytest.mark.parametrize("field", ["QQ<sqrt(2)>", "GF(31)"])
def test_over_other_fields(field):
    made = winograd(2, 3, points="0,1,sqrt(2)") if "sqrt" in field else winograd(2, 3).convert(field)
    for item in made.maps:
        assert transposed_program(of_matrix(item.dense)).matrix() == item.dense.transpose()
