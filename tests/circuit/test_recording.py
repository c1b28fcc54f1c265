# SPDX-License-Identifier: Apache-2.0
"""Programs that are recorded: of matrices row by row, of what computes with symbols, of several and of chains."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle_messages import refused
from oracle_programs import additions, entries, product, programs, rows, rows_of
from sympy import QQ, sqrt

from wincraft import parse, winograd
from wincraft.circuit import Program, composed, of_matrix, record, stacked
from wincraft.circuit.recording import Recorder
from wincraft.circuit.text import program_text
from wincraft.errors import BadShape, BadValue, WrongType
from wincraft.exact.field import Field
from wincraft.exact.matrix import rational_matrix


def kronecker(first, second):
    return [[x * y for x in row for y in other] for row in first for other in second]


@given(st.integers(1, 4).flatmap(lambda height: entries(height, 4)))
def test_rows_are_computed_from_their_first_positive_term_on_and_share_nothing(table):
    program = of_matrix(rational_matrix(table))
    assert rows_of(program) == table
    assert additions(program) == sum(sum(map(bool, row)) - 1 for row in table)
    sums = iter(program.operations)
    place = 3
    for row, output in zip(table, program.outputs, strict=True):
        terms = [k for k, c in enumerate(row) if c]
        first = next((k for k in terms if row[k] > 0), terms[0])
        order, value = sorted(terms, key=lambda k: k != first), first
        if row[first] != 1:
            place, operation, value = place + 1, next(sums), place + 1
            assert (operation.operands, operation.constant) == ((first,), QQ(*row[first].as_integer_ratio()))
        for k in order[1:]:
            place, operation = place + 1, next(sums)
            assert operation.operands == (value, k)
            assert operation.name == {1: "add", -1: "subtract"}.get(row[k], "fma")
            value = place
        assert output == value
    assert next(sums, None) is None


def test_rows_by_hand():
    text = program_text(of_matrix(rational_matrix([[-4, 0, 1, -1], [0, -1, -1, 0], [0, 0, 0, 0], [2, 0, 1, 0]])))
    assert text.splitlines() == [
        *("inputs x0 x1 x2 x3", "t0 = x2 - 4 * x0", "t1 = t0 - x3", "t2 = -1 * x1", "t3 = t2 - x2"),
        *("t4 = x0 << 1", "t5 = t4 + x2", "t6 = 0 * x0", "outputs t1 t3 t6 t5"),
    ]


@pytest.mark.parametrize("field", ["QQ<sqrt(2)>", "GF(31)"])
def test_rows_over_other_fields(field):
    K = Field.named(field).domain
    made = winograd(2, 3, points="0,1,sqrt(2)") if "sqrt" in field else winograd(2, 3).convert(field)
    for item in made.maps:
        assert item.dense.domain == K
        assert of_matrix(item.dense).matrix() == item.dense


@given(programs(inputs=3), programs(inputs=3))
def test_stacked_is_one_matrix_above_the_other(first, second):
    both = stacked([first, second])
    assert rows_of(both) == rows_of(first) + rows_of(second)
    assert additions(both) <= additions(first) + additions(second)
    assert additions(stacked([first, first])) == additions(stacked([first]))


@pytest.mark.slow
@given(programs(inputs=3, outputs=2), programs(inputs=2, outputs=3), programs(inputs=3))
def test_composed_is_the_product_of_the_matrices_last_one_first(first, second, third):
    expected = product(rows_of(third), product(rows_of(second), rows_of(first)))
    assert rows_of(composed([first, second, third])) == expected


@given(programs())
def test_a_recorded_program_computes_the_same_with_no_more_additions(program):
    again = record(3, program.run)
    assert rows_of(again) == rows_of(program)
    assert additions(again) <= additions(program)


def test_symbols_by_hand():
    """Every form of a sum of two multiples, by what it computes and what it costs."""
    recorder = Recorder(2)
    a, b = recorder.symbols
    outputs = [
        a * 3 + b * 3,
        a * 3 - b * 3,
        a - 5 * b,
        5 * b - a,
        -a - b,
        a * 2 + b * 6,
        a + a,
        a - a,
        a / 4,
        sum([a, b]),
        7,
    ]
    program = recorder.program(outputs)
    assert rows_of(program) == [
        *([3, 3], [3, -3], [1, -5], [-1, 5], [-1, -1], [2, 6], [2, 0], [0, 0], [Fraction(1, 4), 0], [1, 1], [0, 0])
    ]
    assert additions(program) == 5  # a + b once, a - b, a - 5 b, 5 b - a, a + 3 b


@pytest.mark.parametrize(
    ("size", "options"),
    [
        ("F(2x2,3x3)", {"points": "0,1,-1"}),
        ("F(4x4,3x3)", {"points": "0,1,-1,2,-2"}),
        ("F(2x4,3x2)", {}),
        ("F(2x2x2,2x2x2)", {}),
    ],
)
def test_whole_maps_are_kronecker_products(size, options):
    made = parse(size, **options)
    for name in ("BT", "G", "AT"):
        item = made.named[name]
        program = record(item.shape[1], item.apply)
        expected = [[1]]
        for axis in made.factors:
            expected = kronecker(expected, rows(axis.named[name].dense))
        assert rows_of(program) == expected


def test_a_chain_is_recorded_stage_by_stage():
    made = winograd(2, 3, points="0,1,-1").change_basis("legendre")
    item = made.input
    program = record(4, item.apply)
    stages = [rows(step.matrix) for step in item.passes]
    assert len(stages) > 1
    assert rows_of(program) == rows(item.dense)
    assert rows_of(composed([of_matrix(step.matrix) for step in item.passes])) == rows(item.dense)


def test_over_the_root_of_two():
    K = Field.named("QQ<sqrt(2)>").domain
    program = record(2, lambda x: [x[0] * sqrt(2) + x[1] * sqrt(2), x[0] - x[1] * sqrt(2)], K)
    assert program.matrix().to_list() == [
        [K.from_sympy(x) for x in row] for row in ([sqrt(2)] * 2, [1 + 0 * sqrt(2), -sqrt(2)])
    ]
    assert [operation.name for operation in program.operations] == ["add", "fma", "multiply"]
    assert isinstance(program, Program)


PAIR = Program.build(2, [("add", 0, 1), ("subtract", 0, 1)], [2, 3])
ROOT = Field.named("QQ<sqrt(2)>").domain


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: of_matrix(np.eye(2)),
            WrongType,
            "array([[1., 0.], [0., 1.]]) is not a matrix; give a DomainMatrix, as wincraft.exact.matrix.from_numbers",
        ),
        (lambda: stacked([]), BadValue, "the number of programs is 0; give one or more"),
        (lambda: composed(()), BadValue, "the number of programs is 0; give one or more"),
        (lambda: stacked(PAIR), WrongType, f"{PAIR} is not a sequence of programs; give them in a list"),
        (lambda: composed([PAIR, 3]), WrongType, "3 is not a program; build or record one, or parse its text"),
        (
            lambda: stacked([PAIR, Program(2, PAIR.operations, (2,), ROOT)]),
            BadValue,
            "the programs' field is QQ and QQ<sqrt(2)>; give programs over one field",
        ),
        (
            lambda: composed([PAIR, Program.build(3, [("add", 0, 1)], [3])]),
            BadShape,
            "the inputs has shape 2; needed is 3, one for each",
        ),
    ],
)
def test_what_cannot_be_recorded(call, error, message):
    with refused(error) as caught:
        call()
    assert str(caught.value) == message
