# SPDX-License-Identifier: Apache-2.0
"""Programs: what they compute on numbers of every kind, and what is none."""

from __future__ import annotations

import pickle
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from oracle_messages import refused
from oracle_programs import fraction, programs, rows, rows_of, run, run_in, trace
from sympy import QQ, Rational, sqrt, symbols

from wincraft.circuit import KINDS, Operation, Program
from wincraft.errors import BadNumber, BadShape, BadValue, NotApplicable, UnknownName
from wincraft.exact.field import Field

ROOT, PRIME = Field.named("QQ<sqrt(2)>").domain, Field.named("GF(31)").domain
FLOATS = (np.float16, np.float32, np.float64)
EVERY = Program.build(
    3,
    [
        ("add", 0, 1),
        ("subtract", 3, 2),
        ("multiply", 4, "-3"),
        ("shift", 5, "4"),
        ("fma", 6, 0, "5"),
        ("fms", 7, 1, "2"),
        ("divide", 8, "1"),
    ],
    [9, 3, 0],
)


def test_every_operation_by_hand():
    """Of 7, 5, 2: 12; 10; -30; -120; -120 + 35 = -85; 10 + 85 = 95; 95."""
    assert EVERY.trace([7, 5, 2]) == [7, 5, 2, 12, 10, -30, -120, -85, 95, 95]
    assert EVERY.run([7, 5, 2]) == [95, 12, 7]
    assert {operation.name for operation in EVERY.operations} == set(KINDS)
    assert repr(EVERY) == "program of 4 additions, 3 -> 3 values over QQ"


@given(programs())
def test_the_matrix_is_what_unit_vectors_become(program):
    assert program.matrix().shape == (len(program.outputs), 3)
    assert rows(program.matrix()) == rows_of(program)


@given(programs(), st.lists(st.fractions(-9, 9, max_denominator=7), min_size=3, max_size=3))
def test_fractions_and_elements_are_exact(program, values):
    assert program.trace(values) == trace(program, values)
    found = program.run([QQ(x.numerator, x.denominator) for x in values])
    assert [fraction(x) for x in found] == run(program, values)


@given(programs(), st.lists(st.integers(-99, 99), min_size=3, max_size=3))
def test_integers_are_exact_and_stay_integers_where_all_is_whole(program, values):
    found, exact = program.trace(values), trace(program, [Fraction(x) for x in values])
    assert found == exact
    if all(x.denominator == 1 for x in exact):
        assert all(isinstance(x, int) for x in found)


@given(programs(), st.sampled_from(FLOATS), st.integers(0, 99))
def test_floats_meet_constants_rounded_once_operation_by_operation(program, dtype, seed):
    values = np.random.default_rng(seed).uniform(-8, 8, (3, 5)).astype(dtype)
    with np.errstate(all="ignore"):
        found = program.run(list(values))
    for output, expected in zip(found, run_in(program, list(values), dtype), strict=True):
        assert output.dtype == dtype
        np.testing.assert_array_equal(output, expected)


@given(programs(given=("3", "-4", "1", "-7")), st.integers(0, 99), st.sampled_from([np.int32, np.int64]))
def test_integer_arrays_are_exact_or_refused(program, seed, dtype):
    values = np.random.default_rng(seed).integers(-9, 10, (3, 4)).astype(dtype)
    exact = [trace(program, [Fraction(int(x)) for x in column]) for column in values.T]
    assume(all(abs(x) < 2**31 for made in exact for x in made))
    constants_whole = all(o.constant is None or o.constant.denominator == 1 for o in program.operations)
    if constants_whole and all(x.denominator == 1 for made in exact for x in made):
        found = program.trace(list(values))
        assert all(value.dtype == dtype for value in found)
        assert [value.tolist() for value in found] == [list(map(int, row)) for row in zip(*exact, strict=True)]
    else:
        with refused(NotApplicable, "run it on exact or floating-point numbers"):
            program.run(list(values))


def test_integer_arrays_by_hand():
    half = Program.build(1, [("multiply", 0, "1/2")], [1])
    with refused(NotApplicable, "1/2", "integer form"):
        half.run([np.array([2, 4])])
    third = Program.build(1, [("divide", 0, "3")], [1])
    assert third.run([np.array([-3, 0, 6])])[0].tolist() == [-1, 0, 2]
    with refused(NotApplicable, "remainder", "division by 3"):
        third.run([np.array([3, 4])])
    assert third.run([4]) == [Fraction(4, 3)]


def test_arrays_of_exact_numbers():
    third = Program.build(2, [("divide", 0, "3"), ("fma", 2, 1, "1/2")], [3])
    values = [np.array([4, 6], dtype=object), np.array([Fraction(1, 3), 1], dtype=object)]
    assert third.run(values)[0].tolist() == [Fraction(3, 2), Fraction(5, 2)]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_tensors_have_the_bits_of_arrays(dtype):
    torch = pytest.importorskip("torch")
    mixed = Program.build(
        2, [("fma", 0, 1, "1/3"), ("divide", 2, "7"), ("fms", 3, 0, "-5/4"), ("shift", 4, "1/8")], [5, 3]
    )
    values = np.random.default_rng(1).uniform(-4, 4, (2, 50)).astype(dtype)
    for found, expected in zip(
        mixed.run(list(torch.from_numpy(values))), run_in(mixed, list(values), getattr(np, dtype)), strict=True
    ):
        assert str(found.dtype) == f"torch.{dtype}"
        np.testing.assert_array_equal(found.numpy(), expected)


def test_tensors_of_integers_and_of_formats_that_numpy_lacks():
    torch = pytest.importorskip("torch")
    values = [torch.tensor([7, -1]), torch.tensor([5, 0]), torch.tensor([2, 3])]
    assert [x.tolist() for x in EVERY.run(values)] == [[95, run(EVERY, [-1, 0, 3])[0]], [12, -1], [7, -1]]
    with refused(NotApplicable, "1/3"):
        Program.build(1, [("multiply", 0, "1/3")], [1]).run([torch.tensor([3])])
    (found,) = Program.build(1, [("multiply", 0, "1/3")], [1]).run([torch.tensor([3.0], dtype=torch.bfloat16)])
    assert (found.dtype, found.item()) == (torch.bfloat16, 1.0)  # 3 * 0.333984375 = 1.00195, which rounds to 1


def test_symbols():
    a, b, c = symbols("a b c")
    found = Program.build(3, [("fma", 0, 1, "5/2"), ("fms", 3, 2, "-1/3"), ("divide", 4, "2")], [5]).run([a, b, c])
    assert (found[0] - (-c / 3 - a - Rational(5, 2) * b) / 2).expand() == 0


@pytest.mark.parametrize(
    ("K", "constant", "image"),
    [(ROOT, "1 + sqrt(2)", lambda x, y: 3 * x + (1 + sqrt(2)) * y), (PRIME, "1/2", lambda x, y: 3 * x + 16 * y)],
    ids=["QQ<sqrt(2)>", "GF(31)"],
)
def test_other_fields(K, constant, image):
    program = Program.build(2, [("multiply", 0, "3"), ("fma", 2, 1, constant)], [3], K)
    field = Field(K)
    expected = [[field.element(image(1, 0)), field.element(image(0, 1))]]
    assert program.matrix().to_list() == expected
    assert program.run([field.element(4), field.element(5)]) == [field.element(image(4, 5))]


@given(programs())
def test_pickling(program):
    copy = pickle.loads(pickle.dumps(program))
    assert copy == program
    assert copy.matrix() == program.matrix()


@pytest.mark.parametrize(("K", "constant"), [(ROOT, "sqrt(2)/3"), (PRIME, "30")], ids=["QQ<sqrt(2)>", "GF(31)"])
def test_pickling_over_other_fields(K, constant):
    program = Program.build(2, [("fma", 0, 1, constant), ("subtract", 2, 1)], [3, 0], K)
    copy = pickle.loads(pickle.dumps(program))
    assert (copy, str(copy.domain)) == (program, str(K))
    assert copy.matrix().to_list() == [[Field(K).element(x) for x in row] for row in ([1, f"{constant} - 1"], [1, 0])]


@pytest.mark.parametrize(
    ("inputs", "steps", "outputs", "error", "mentions"),
    [
        (0, [], [0], BadShape, ["0 inputs"]),
        (1, [], [], BadShape, ["0 outputs"]),
        (2, [("power", 0, 1)], [2], UnknownName, ["operation", "power", "add"]),
        (2, [("add", 0, 2)], [2], BadShape, ["value 2", "values before 2"]),  # of itself
        (2, [("add", 0, 3), ("add", 0, 2)], [2], BadShape, ["value 2"]),  # a cycle
        (2, [("add", -1, 0)], [2], BadShape, ["value 2", "-1"]),
        (2, [("add", 0)], [2], BadShape, ["value 2", "a + b"]),
        (2, [("add", 0, 1, "3")], [2], BadShape, ["value 2", "a + b"]),
        (2, [("fma", 0, 1)], [2], BadShape, ["value 2", "a + c * b"]),
        (2, [("divide", 0, "0")], [2], BadValue, ["divisor of value 2"]),
        (2, [("shift", 0, "3")], [2], BadValue, ["shift of value 2", "3", "power of two"]),
        (2, [("shift", 0, "-2")], [2], BadValue, ["shift of value 2", "-2"]),
        (2, [("shift", 0, "0")], [2], BadValue, ["shift of value 2"]),
        (2, [("add", 0, 1)], [3], BadShape, ["outputs", "0 to 2"]),
        (2, [("add", 0, 1)], [-1], BadShape, ["outputs"]),
        (2, [("multiply", 0, "sqrt(2)")], [2], BadNumber, ["sqrt(2)"]),
    ],
)
def test_what_is_no_program(inputs, steps, outputs, error, mentions):
    with refused(error, *mentions):
        Program.build(inputs, steps, outputs)


def test_a_number_for_every_input():
    with refused(BadShape, "the inputs", "2", "3, one for each"):
        EVERY.run([1, 2])


def test_terms_are_the_sum_that_an_operation_is():
    assert Operation("fms", (4, 2), QQ(3)).terms == ((4, -1), (2, 3))
    assert Operation("divide", (1,), QQ(3)).terms == ((1, QQ(1, 3)),)
    assert Operation("subtract", (0, 5)).terms == ((0, 1), (5, -1))
    assert [Operation(name, (0, 1)).adds for name in ("add", "subtract")] == [True, True]
    assert [Operation(name, (0,), QQ(2)).adds for name in ("multiply", "shift", "divide")] == [False] * 3
