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
from wincraft.errors import BadNumber, BadShape, BadValue, FloatGiven, NotApplicable, UnknownName, WrongType
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


HALF = Program.build(2, [("subtract", 0, 1), ("multiply", 2, "1/3"), ("divide", 3, "2")], [4])


def test_python_floats_and_complex_numbers():
    """(a - b) * (1/3) / 2 with 1/3 rounded to double, operation by operation."""
    assert HALF.run([0.1, 0.3]) == [(0.1 - 0.3) * (1 / 3) / 2.0]
    assert HALF.run([1j, 0.5]) == [(1j - 0.5) * (1 / 3) / 2.0]
    assert EVERY.run([0.1] * 3) == run_in(EVERY, [np.float64(0.1)] * 3, np.float64)
    assert [type(x) for x in HALF.run([0.1, 0.3]) + HALF.run([1j, 2])] == [float, complex]


@pytest.mark.parametrize("values", [[1, 0.25], [0.25, 1], [Fraction(1, 3), 0.25], [10**400, 0.25]])
def test_one_float_makes_all_of_them_floats(values):
    (found,) = HALF.run(values)
    first, second = (float("inf") if x == 10**400 else float(x) for x in values)
    assert (type(found), found) == (float, (first - second) * (1 / 3) / 2.0)


@pytest.mark.parametrize("other", [2, Fraction(1, 3), 0.5, np.int8(2), np.array([2, 5], dtype=np.int8)], ids=repr)
@pytest.mark.parametrize("turned", [False, True])
def test_the_type_is_that_of_all_values_not_of_the_first(other, turned):
    """Of float32 beside whatever it holds: constants and exact numbers are rounded to float32."""
    single = np.array([0.1, -3], dtype=np.float32)
    values = [other, single] if turned else [single, other]
    (found,) = HALF.run(values)
    first, second = (np.asarray(float(x) if isinstance(x, Fraction) else x).astype(np.float32) for x in values)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, (first - second) * np.float32(1 / 3) / np.float32(2))


def test_other_kinds_beside_each_other():
    third = Program.build(2, [("add", 0, 1), ("divide", 2, "3")], [3])
    assert third.run([1, np.array([2, -4])])[0].tolist() == [1, -1]
    assert Program.build(2, [("divide", 0, "3"), ("add", 2, 1)], [3]).run([3, np.array([2])])[0].tolist() == [3]
    with refused(NotApplicable, "division by 3", "remainder"):
        Program.build(2, [("divide", 0, "3"), ("add", 2, 1)], [3]).run([4, np.array([2])])
    assert third.run([np.float32(1), np.array([0.5])])[0].dtype == np.float64
    assert third.run([1, np.array([Fraction(1, 2)], dtype=object)])[0].tolist() == [Fraction(1, 2)]
    assert third.run([1, QQ(1, 2)]) == third.run([QQ(1), QQ(1, 2)]) == [QQ(1, 2)]
    assert third.run([1, symbols("a")]) == [(1 + symbols("a")) / 3]
    assert third.run([np.complex64(1j), 2])[0].dtype == np.complex64


def test_tensors_beside_other_numbers():
    torch = pytest.importorskip("torch")
    for values in ([1, torch.tensor([0.5])], [torch.tensor([0.5]), 1], [torch.tensor([1]), torch.tensor([0.5])]):
        assert HALF.run(values)[0].dtype == torch.float32
    (found,) = Program.build(2, [("add", 0, 1), ("multiply", 2, "1/3")], [3]).run([torch.tensor([1]), 0.5])
    assert found.tolist() == [0.5]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("2", (), (0,)), WrongType, "'2' is not a number of inputs; give an integer"),
        ((2, [], (0,)), WrongType, "[] is not a tuple of operations; give one, or call Program.build"),
        ((2, (), [0]), WrongType, "[0] is not a tuple of outputs; give the numbers of values in one"),
        ((2, (), ("0",)), BadShape, "the outputs has shape ('0',); needed is values from 0 to 1"),
        (
            (2, (("add", (0, 1)),), (0,)),
            WrongType,
            "('add', (0, 1)) is not an operation; give Operation(name, operands, constant)",
        ),
        (
            (2, (Operation("add", (0, "1")),), (2,)),
            BadShape,
            "value 2 has shape operands (0, '1'); needed is values before 2",
        ),
        (
            (2, (Operation("fma", (0, 1), 0.1),), (2,)),
            FloatGiven,
            "a float is not an exact number: 0.1; write 1/10",
        ),
    ],
)
def test_arguments_of_another_type(arguments, error, message):
    with refused(error) as caught:
        Program(*arguments)
    assert str(caught.value) == message
