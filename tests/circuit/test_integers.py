# SPDX-License-Identifier: Apache-2.0
"""Integer forms of programs: the same matrix, integers all the way, and no division that another form does not need."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import gcd, lcm
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle_messages import refused
from sympy import GF, QQ, sqrt

from wincraft import parse
from wincraft.circuit import Program, of_matrix, record
from wincraft.circuit.integers import integer_program
from wincraft.circuit.program import is_power_of_two
from wincraft.errors import NotApplicable

CONSTANTS = st.sampled_from(["1/2", "3", "-1/4", "2/3", "-5/2", "-1", "8", "-3/5"])


@st.composite
def integer_programs(draw, most=8):
    """Programs with fractions inside, every output multiplied by what makes its row integer."""
    inputs = draw(st.integers(1, 3))
    steps = []
    for number in range(inputs, inputs + draw(st.integers(1, most))):
        value = st.integers(0, number - 1)
        name = draw(st.sampled_from(["add", "subtract", "multiply", "fma", "fms", "fma", "fms", "divide"]))
        operands = [draw(value)] if name in ("multiply", "divide") else [draw(value), draw(value)]
        steps.append((name, *operands, *([draw(CONSTANTS)] if name not in ("add", "subtract") else [])))
    size = inputs + len(steps)
    values = draw(st.lists(st.integers(0, size - 1), min_size=1, max_size=4))
    rows = Program.build(inputs, steps, values).matrix().to_list()
    outputs = []
    for value, row in zip(values, rows, strict=True):
        steps.append(("multiply", value, lcm(*(int(QQ.denom(x)) for x in row)) * draw(st.integers(-2, 3))))
        outputs.append(inputs + len(steps) - 1)
    return Program.build(inputs, steps, outputs)


def is_integer_form(program):
    """Whether constants are integers, shifts go to the left, and divisions give outputs that nothing reads."""
    read = {operand for operation in program.operations for operand in operation.operands}
    for number, operation in enumerate(program.operations, program.inputs):
        if operation.constant is not None and QQ.denom(operation.constant) != 1:
            return False
        if operation.name == "divide" and (number in read or number not in program.outputs):
            return False
        if operation.name == "multiply" and is_power_of_two(operation.constant):
            return False
    return True


def divisions(program):
    return sum(operation.name == "divide" for operation in program.operations)


@given(integer_programs(), st.integers(0, 2**32))
def test_the_form_runs_on_integers_and_has_the_same_matrix(program, seed):
    form = integer_program(program)
    assert form.matrix() == program.matrix()
    assert is_integer_form(form)
    assert sum(o.adds for o in form.operations) <= sum(o.adds for o in program.operations)
    values = np.random.default_rng(seed).integers(-99, 99, (program.inputs, 5))
    wanted = np.array([[int(x) for x in row] for row in program.matrix().to_list()]) @ values
    assert np.array_equal(np.array(form.run(list(values))), wanted)


@st.composite
def two_sums(draw):
    """Two sums, the second one of a multiple of the first and an input, as outputs that are integer."""
    steps = [("fma", 0, 1, draw(CONSTANTS)), ("multiply", 3, draw(CONSTANTS))]
    steps.append(
        (draw(st.sampled_from(["fma", "fms"])), *draw(st.permutations([4, draw(st.integers(0, 2))])), draw(CONSTANTS))
    )
    values = draw(st.lists(st.sampled_from([3, 5]), min_size=1, max_size=3))
    rows = Program.build(3, steps, values).matrix().to_list()
    outputs = []
    for value, row in zip(values, rows, strict=True):
        whole = lcm(*(int(QQ.denom(x)) for x in row))
        steps.append(("multiply", value, QQ(whole) / draw(st.sampled_from([1, gcd(*(int(whole * x) for x in row))]))))
        outputs.append(2 + len(steps))
    return Program.build(3, [(*step[:-1], str(step[-1])) for step in steps], outputs)


@pytest.mark.slow
@given(two_sums())
@settings(max_examples=15)
def test_no_other_multiples_of_the_values_need_fewer_divisions(program):
    first, scale, second, *last = program.operations

    def needed(f, g):
        """Divided outputs if f and g times the sums are computed, None where a coefficient is no integer."""
        computed = {
            0: Fraction(1),
            1: Fraction(1),
            2: Fraction(1),
            3: Fraction(f),
            4: f / Fraction(str(scale.constant)),
        }
        for operation, factor in ((first, f), (second, g)):
            if any((factor * Fraction(str(c)) / computed[k]).denominator > 1 for k, c in operation.terms):
                return None
        wanted = {(o.operands[0], Fraction(str(o.constant))) for o in last}
        return sum((c / (f if k == 3 else g)).denominator > 1 for k, c in wanted)

    tried = sorted({Fraction(p, q) for p in range(1, 41) for q in (1, 3, 4)})
    counts = [needed(f, g) for f, g in product(range(1, 41), tried)]
    fewest = min((count for count in counts if count is not None), default=None)
    assert fewest is None or divisions(integer_program(program)) <= fewest


def test_a_division_by_hand():
    # x0 + x1/2 and x0 - x1/2 add up to 2 x0: as integers 2 x0 + x1 and 2 x0 - x1 add up to 4 x0
    program = Program.build(2, [("fma", 0, 1, "1/2"), ("fma", 0, 1, "-1/2"), ("add", 2, 3)], [4])
    form = integer_program(program)
    assert [(o.name, o.constant) for o in form.operations if not o.adds] == [("divide", 2)]
    assert form.run([7, 5]) == [14]
    # x0 + x1/3, three times that: nothing to divide
    thirds = integer_program(Program.build(2, [("fma", 0, 1, "1/3"), ("multiply", 2, 3)], [3]))
    assert [(o.name, o.operands, o.constant) for o in thirds.operations] == [("fma", (1, 0), 3)]


def test_outputs_that_are_inputs_and_zeros():
    program = Program.build(2, [("multiply", 1, -3), ("subtract", 0, 0), ("shift", 0, 4)], [0, 2, 3, 4])
    form = integer_program(program)
    assert form.run([5, 7]) == [5, -21, 0, 20]
    assert [o.name for o in form.operations] == ["multiply", "multiply", "shift"]


@pytest.mark.parametrize("size", ["F(2,3)", "F(4,3)", "F(6,3)", "F(4,5)"])
def test_transforms(size):
    algorithm = parse(size, convention="integer")
    for linear in (algorithm.input, algorithm.output, algorithm.filter):
        plain = of_matrix(linear.dense)
        form = integer_program(plain)
        assert form.matrix() == linear.dense
        assert is_integer_form(form)
        assert divisions(form) == 0  # rows need none


def test_even_and_odd_parts_in_integers():
    # B^T of F(4,3) on 0, 1, -1, 2, -2 in 12 additions, by way of halves
    x = ["-1/4", "-4", "5"]
    steps = [
        ("fma", 2, 4, x[0]),  # x2 - x4/4
        ("fma", 1, 3, x[0]),
        ("add", 6, 7),
        ("subtract", 6, 7),
        ("subtract", 4, 2),
        ("subtract", 3, 1),
        ("fma", 10, 11, 2),
        ("fma", 10, 11, -2),
        ("multiply", 8, -4),
        ("multiply", 9, -4),
    ]
    form = integer_program(Program.build(6, steps, [14, 15, 12, 13]))
    assert form.run([1, 10, 100, 1000, 10000, 100000]) == [10560, 8640, 11880, 7920]
    assert is_integer_form(form)
    assert sum(o.adds for o in form.operations) == len(form.operations) == 8  # no multiplication stands alone


def test_the_same_seed_gives_the_same_program():
    program = record(36, parse("F(4x4,3x3)", convention="integer").input.apply)
    form = integer_program(program, seed=3)
    assert form == integer_program(program, seed=3)
    assert form.matrix() == program.matrix()
    numbers = [Random(1).randrange(256) for _ in range(36)]
    assert form.run(numbers) == program.run(numbers)


def test_maps_without_an_integer_form():
    with refused(NotApplicable, "no exact integer form", "row 1", "1/2", "scale"):
        integer_program(Program.build(1, [("shift", 0, "1/2")], [0, 1]))
    with refused(NotApplicable, "no exact integer form", "GF(7)"):
        integer_program(Program.build(1, [("add", 0, 0)], [1], GF(7)))
    field = QQ.algebraic_field(sqrt(2))
    with refused(NotApplicable, "no exact integer form", "sqrt(2)"):
        integer_program(Program.build(1, [("multiply", 0, sqrt(2))], [1], field))
