# SPDX-License-Identifier: Apache-2.0
"""Kronecker products: exact, never dearer than axis by axis, and the savings that are not separable."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sympy import QQ

from wincraft import winograd
from wincraft.circuit import Program, of_matrix
from wincraft.circuit.fitting import fitted_program
from wincraft.circuit.optimise.bordered import bordered
from wincraft.circuit.optimise.effort import Effort
from wincraft.circuit.optimise.interleaving import interleavings, nested
from wincraft.circuit.optimise.kronecker import kronecker_programs
from wincraft.circuit.optimise.moves import additions, matrix_of
from wincraft.circuit.optimise.plane_blocks import blocks
from wincraft.circuit.optimise.seven import rewritten
from wincraft.circuit.text import parse_program
from wincraft.exact.matrix import kronecker as product_of

NONZERO = st.fractions(min_value=-5, max_value=5, max_denominator=4).filter(bool)
NONZERO = NONZERO.map(lambda x: QQ(x.numerator, x.denominator))
ENTRY = st.one_of(st.just(QQ(0)), NONZERO)


def matrices(rows, columns, entry=ENTRY):
    row = st.lists(entry, min_size=columns, max_size=columns)
    return st.lists(row, min_size=rows, max_size=rows).map(lambda table: matrix_of(table, QQ))


def invertible(size):
    return matrices(size, size, NONZERO).filter(lambda matrix: matrix.rank() == size)


def transform(name, points, which="input"):
    return getattr(winograd(name, points=points), which).dense


@settings(max_examples=15)
@given(first=matrices(2, 3), second=matrices(3, 2))
def test_nested_programs_are_of_the_kronecker_product(first, second):
    assert nested(of_matrix(first), of_matrix(second)).matrix() == product_of(first, second)


@settings(max_examples=15)
@given(first=matrices(3, 2), second=matrices(3, 3))
def test_kronecker_is_exact_and_no_dearer_than_axis_by_axis(first, second):
    axis_by_axis = nested(blocks(first, Effort())[0], blocks(second, Effort())[0])
    programs = kronecker_programs(first, second, Effort())
    assert all(program.matrix() == product_of(first, second) for program in programs)
    assert additions(programs[0]) <= additions(axis_by_axis)


@settings(max_examples=15)
@given(first=matrices(3, 2), second=matrices(2, 3))
def test_every_order_is_exact(first, second):
    for program in interleavings(of_matrix(first), of_matrix(second)):
        assert program.matrix() == product_of(first, second)


@given(first=invertible(2), second=invertible(2))
def test_two_matrices_of_two_rows_without_zeros_take_seven(first, second):
    axis_by_axis = nested(of_matrix(first), of_matrix(second))
    assert additions(axis_by_axis) == 8
    seven = rewritten(axis_by_axis)
    assert additions(seven) == 7
    assert seven.matrix() == product_of(first, second)


def test_the_rule_of_seven_leaves_what_it_does_not_fit():
    # the second pair of sums is of another ratio, so that the four are no Kronecker product
    steps = [("add", 0, 1), ("subtract", 0, 1), ("add", 2, 3), ("fma", 2, 3, "2")]
    steps += [("add", 4, 6), ("subtract", 4, 6), ("add", 5, 7), ("subtract", 5, 7)]
    program = Program.build(4, steps, [8, 9, 10, 11])
    assert rewritten(program).matrix() == program.matrix()
    assert additions(rewritten(program)) == 8
    # a value between is an output
    butterfly = Program.build(2, [("add", 0, 1), ("subtract", 0, 1)], [2, 3])
    seen = nested(butterfly, butterfly)
    seen = Program(4, seen.operations, (*seen.outputs, 4))
    assert additions(rewritten(seen)) == 8


@settings(max_examples=10)
@given(a=NONZERO, b=NONZERO, c=NONZERO, scales=st.lists(NONZERO, min_size=12, max_size=12))
def test_two_forms_and_a_border_take_22(a, b, c, scales):
    assume(a != b)
    block = [[-a, QQ(1), QQ(0)], [-b, QQ(1), QQ(0)], [-c, QQ(1), QQ(1)]]

    def scaled(rows, columns):
        return matrix_of(
            [[f * g * x for g, x in zip(columns, r, strict=True)] for f, r in zip(rows, block, strict=True)], QQ
        )

    first, second = scaled(scales[:3], scales[3:6]), scaled(scales[6:9], scales[9:])
    swapped = matrix_of([second.to_list()[k] for k in (2, 0, 1)], QQ)
    for other in (second, swapped):
        (program,) = bordered(first, other)
        assert program.matrix() == product_of(first, other)
        assert additions(program) <= 22


def test_other_blocks_have_no_border():
    block = matrix_of([[QQ(-4), QQ(1), QQ(0)], [QQ(-1), QQ(1), QQ(0)], [QQ(-5), QQ(1), QQ(1)]], QQ)
    other = matrix_of([[QQ(-4), QQ(1), QQ(0)], [QQ(-1), QQ(1), QQ(0)], [QQ(-6), QQ(1), QQ(1)]], QQ)
    full = matrix_of([[QQ(i * j + 1) for j in range(3)] for i in range(3)], QQ)
    assert not list(bordered(block, other))
    assert not list(bordered(block, full))
    assert not list(bordered(block, matrix_of([[QQ(1), QQ(2)], [QQ(1), QQ(3)]], QQ)))


@pytest.mark.parametrize(
    ("name", "points", "which", "most"),
    [
        ("F(2,3)", "0,1,-1", "input", 31),  # nested 32
        ("F(2,3)", "0,1,-1", "filter", 21),
        ("F(2,3)", "0,1,-1", "output", 24),
        pytest.param("F(4,3)", "0,1,-1,2,-2", "input", 132, marks=pytest.mark.slow),  # nested 144
        pytest.param("F(4,3)", "0,3/4,-3/4,3/2,-3/2", "input", 132, marks=pytest.mark.slow),
        ("F(4,3)", "0,1,-1,2,-2", "filter", 45),
        ("F(4,3)", "0,1,-1,2,-2", "output", 100),
        ("F(6,3)", "0,1,-1,2,-2,1/2,-1/2", "input", 343),  # nested 352
    ],
)
def test_whole_tiles(name, points, which, most):
    matrix = transform(name, points, which)
    program = kronecker_programs(matrix, matrix, Effort())[0]
    assert program.matrix() == product_of(matrix, matrix)
    assert additions(program) <= most


# B^T of F(6,3) in 21 additions, found by the search "neighbourhood"
FEWEST = """\
inputs x0 x1 x2 x3 x4 x5 x6 x7
t0 = x5 - x3
t1 = x5 - x1
t2 = x1 - 13/4 * x5
t3 = x6 - x2
t4 = 5 * t0 - t1
t5 = -17/4 * t0 - t2
t6 = x1 + 21/4 * t0
t7 = x2 - x4
t8 = t3 + 5 * t7
t9 = -21/4 * t7 - x6
t10 = t9 + 13/9 * t8
t11 = t7 - 12 * t10
t12 = t5 - 3/16 * t11
t13 = -3/16 * t11 - t5
t14 = t8 + 1/2 * t4
t15 = t14 - 15/4 * t7
t16 = t15 - t4
t17 = t14 - 3/2 * t1
t18 = 2 * t8 - t17
t19 = x7 - t6
t20 = t9 + x0
outputs t20 t13 t12 t15 t16 t17 t18 t19
"""


@pytest.mark.slow
def test_programs_that_are_given_are_tried():
    matrix = transform("F(6,3)", "0,1,-1,2,-2,1/2,-1/2")
    given = fitted_program(parse_program(FEWEST), matrix)
    assert additions(given) == 21
    assert additions(nested(given, given)) == 336
    program = kronecker_programs(matrix, matrix, Effort(best=(given,)))[0]
    assert program.matrix() == product_of(matrix, matrix)
    assert additions(program) == 335
    again = kronecker_programs(matrix, matrix, Effort(best=(program,)))[0]
    assert additions(again) == 335
