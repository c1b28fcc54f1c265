# SPDX-License-Identifier: Apache-2.0
"""Factors of values: the exact matrix from a program whose rows are multiples, and few multiplications."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from oracle_messages import refused
from oracle_programs import additions, entries, programs, rows_of

from wincraft import winograd
from wincraft.circuit import Program, of_matrix
from wincraft.circuit.fitting import fitted_program, gates_of, pruned, scaled
from wincraft.circuit.text import parse_program
from wincraft.errors import BadShape, NotApplicable, WrongType
from wincraft.exact.matrix import rational_matrix

FACTORS = st.fractions(-9, 9, max_denominator=5).filter(bool)


def times(factors, table):
    return [[factor * x for x in row] for factor, row in zip(factors, table, strict=True)]


def multiplications(program):
    return sum(operation.name in ("multiply", "divide", "fma", "fms") for operation in program.operations)


@given(programs(), st.lists(FACTORS, min_size=4, max_size=4), st.integers(0, 3))
def test_any_factors_of_rows_are_met_without_an_addition_more(program, factors, seed):
    wanted = times(factors[: len(program.outputs)], rows_of(program))
    found = fitted_program(program, rational_matrix(wanted), seed)
    assert rows_of(found) == wanted
    assert additions(found) <= additions(program)
    assert fitted_program(program, rational_matrix(wanted), seed) == found


@given(st.integers(2, 4).flatmap(lambda height: entries(height, 4)), st.data())
def test_factors_of_outputs_do_not_matter(table, data):
    """A program with a factor by chance behind every output becomes one of exactly the matrix."""
    program, steps = of_matrix(rational_matrix(table)), []
    for operation in program.operations:
        constant = [] if operation.constant is None else [str(operation.constant)]
        steps.append((operation.name, *operation.operands, *constant))
    outputs = []
    for value in program.outputs:
        steps.append(("multiply", value, str(data.draw(FACTORS))))
        outputs.append(3 + len(steps))
    found = fitted_program(Program.build(4, steps, outputs), rational_matrix(table))
    assert rows_of(found) == table
    assert additions(found) == sum(sum(map(bool, row)) - 1 for row in table)


def test_no_multiplication_where_none_is_needed():
    """Sums with a factor behind each: 3 (a + b), 5 (that + 3 c), 7 (that - 15 a)."""
    given_one = parse_program(
        "inputs a b c; s = a + b; u = 3 * s; v = 3 * c; t = u + v; w = 5 * t; x = w - 15 * a; y = 7 * x; outputs w y"
    )
    found = fitted_program(given_one, rational_matrix([[1, 1, 1], [0, 1, 1]]))
    assert rows_of(found) == [[1, 1, 1], [0, 1, 1]]
    assert [operation.name for operation in found.operations] == ["add", "add", "subtract"]


def test_one_constant_where_one_is_needed():
    """Of a - 4 b, 2 a - 8 b and -a + 4 b one fused addition; the others are powers of two and a sign of it."""
    given_one = parse_program("inputs a b; s = 3 * a; t = s - 12 * b; outputs t t t")
    found = fitted_program(given_one, rational_matrix([[1, -4], [2, -8], [-1, 4]]))
    assert rows_of(found) == [[1, -4], [2, -8], [-1, 4]]
    assert additions(found) == 1
    assert sum(operation.name in ("fma", "fms") for operation in found.operations) == 1
    assert multiplications(found) <= 2  # the fused one and the sign


@given(programs(), st.lists(FACTORS, min_size=4, max_size=4), st.sets(st.integers(0, 3)))
def test_free_outputs_may_be_any_multiple_and_the_others_none(program, factors, free):
    table = rows_of(program)
    given_ones = gates_of(program)
    outputs = tuple(
        (value, factor * given_ones.domain.convert(f))
        for (value, factor), f in zip(given_ones.outputs, factors, strict=False)
    )
    found = rows_of(scaled(given_ones._replace(outputs=outputs), free=free))
    for place, (row, wanted, factor) in enumerate(zip(found, table, factors, strict=False)):
        if place not in free:
            assert row == [factor * x for x in wanted]
        elif any(wanted):
            pivot = next(k for k, x in enumerate(wanted) if x)
            assert row[pivot]
            assert row == [row[pivot] / wanted[pivot] * x for x in wanted]


def test_free_outputs_take_no_multiplication():
    given_one = gates_of(parse_program("inputs a b; s = a + b; t = 7 * s; u = a - b; v = 5/3 * u; outputs t v"))
    assert multiplications(scaled(given_one)) == 2
    assert [operation.name for operation in scaled(given_one, free=(0, 1)).operations] == ["add", "subtract"]
    assert multiplications(scaled(given_one, free=(1,))) == 1


@given(programs())
def test_sums_alone_compute_the_same_and_what_no_output_needs_is_left_out(program):
    given_ones = gates_of(program)
    computed = given_ones.rows()
    K = given_ones.domain
    found = [[factor * x for x in computed[value]] for value, factor in given_ones.outputs]
    assert found == [[K(x.numerator, x.denominator) for x in row] for row in rows_of(program)]
    needed = {value for value, factor in given_ones.outputs if factor}
    for number in reversed(range(len(given_ones.gates))):
        assert program.inputs + number in needed
        needed |= {given_ones.gates[number].a, given_ones.gates[number].b}
    assert len(given_ones.gates) <= additions(program)
    assert pruned(given_ones) == given_ones


@given(programs(outputs=2), st.integers(0, 1), st.integers(0, 2))
def test_a_row_that_is_no_multiple_is_refused(program, row, column):
    table = rows_of(program)
    wanted = [list(x) for x in table]
    wanted[row][column] += Fraction(1, 2)
    pairs = [(wanted[row][i] * table[row][j], wanted[row][j] * table[row][i]) for i in range(3) for j in range(3)]
    assume(any(wanted[row]))
    assume(any(x != y for x, y in pairs) or not any(table[row]))
    with refused(NotApplicable, f"row {row}", "no multiple"):
        fitted_program(program, rational_matrix(wanted))


@pytest.mark.parametrize("field", ["QQ<sqrt(2)>", "GF(31)"])
def test_over_other_fields(field):
    made = winograd(3, 3, points="0,1,-1,sqrt(2)") if "sqrt" in field else winograd(3, 3).convert(field)
    for item in made.maps:
        program = of_matrix(item.dense)
        factors = [made.domain.convert(k + 2) for k in range(item.shape[0])]
        wanted = item.dense.from_list_flat(
            [f * x for f, row in zip(factors, item.dense.to_list(), strict=True) for x in row], item.shape, made.domain
        )
        assert fitted_program(program, wanted).matrix() == wanted


def test_a_matrix_that_does_not_fit_is_refused():
    pair = parse_program("inputs a b; s = a + b; outputs s a")
    with refused(BadShape) as caught:
        fitted_program(pair, rational_matrix([[1, 1]]))
    assert str(caught.value) == "a matrix has shape 1 x 2; needed is 2 x 2, the program's"
    with refused(WrongType, "[[1, 1], [1, 0]] is not a matrix"):
        fitted_program(pair, [[1, 1], [1, 0]])
