# SPDX-License-Identifier: Apache-2.0
"""Straight-line programs a second time: run one operation after the other, on Fractions and in floating point."""

from __future__ import annotations

from fractions import Fraction
from functools import partial

import numpy as np
from hypothesis import strategies as st

from wincraft.circuit import Program

FORMULAS = {
    "add": lambda a, b, c: a + b,
    "subtract": lambda a, b, c: a - b,
    "multiply": lambda a, b, c: c * a,
    "shift": lambda a, b, c: c * a,
    "divide": lambda a, b, c: a / c,
    "fma": lambda a, b, c: a + c * b,
    "fms": lambda a, b, c: c * b - a,
}
CONSTANTS = ("3", "-4", "1/2", "-5/4", "1/3", "-7/6", "2", "-1", "1")
TWO_OPERANDS = ("add", "subtract", "fma", "fms")


def fraction(element):
    """A rational element of a program over QQ as a Fraction."""
    return Fraction(int(element.numerator), int(element.denominator))


def constants(program):
    """The constant of every operation as a Fraction, None where it has none."""
    return [None if item.constant is None else fraction(item.constant) for item in program.operations]


def trace(program, values, given=None):
    """Every value, inputs first; `given` are the constants, if not the exact ones."""
    made = list(values)
    for operation, c in zip(program.operations, given or constants(program), strict=True):
        made.append(FORMULAS[operation.name](made[operation.operands[0]], made[operation.operands[-1]], c))
    return made


def run(program, values):
    """The outputs."""
    made = trace(program, values)
    return [made[k] for k in program.outputs]


def rows_of(program):
    """The matrix, a list of rows of Fractions, by unit vectors."""
    size = program.inputs
    columns = [run(program, [Fraction(i == j) for i in range(size)]) for j in range(size)]
    return [list(row) for row in zip(*columns, strict=True)]


def rows(matrix):
    """The entries of a rational matrix as lists of Fractions."""
    return [[fraction(x) for x in row] for row in matrix.to_list()]


def product(first, second):
    """The product of two lists of rows."""
    columns = list(zip(*second, strict=True))
    return [
        [sum((x * y for x, y in zip(row, column, strict=True)), Fraction(0)) for column in columns] for row in first
    ]


def additions(program):
    """Operations on two values."""
    return sum(operation.name in TWO_OPERANDS for operation in program.operations)


def nearest(value, dtype):
    """The floating-point number nearest to a Fraction, ties to the even one."""
    guess = dtype(float(value))
    around = [np.nextafter(guess, dtype(-np.inf)), guess, np.nextafter(guess, dtype(np.inf))]
    word = {2: np.uint16, 4: np.uint32, 8: np.uint64}[np.dtype(dtype).itemsize]
    return min(around, key=lambda x: (abs(Fraction(float(x)) - value), int(x.view(word)) & 1))


def run_in(program, values, dtype):
    """The outputs in NumPy's own arithmetic of a type, constants rounded once, a fused operation in two roundings."""
    rounded = [None if c is None else nearest(c, dtype) for c in constants(program)]
    with np.errstate(all="ignore"):
        made = trace(program, [dtype(x) if np.isscalar(x) else x.astype(dtype) for x in values], rounded)
    return [made[k] for k in program.outputs]


def power_of_two(c):
    return c is not None and c > 0 and c.numerator.bit_count() == c.denominator.bit_count() == 1


def disturbed(program, values, number, product):
    """The outputs where one operation, or the product within it, is wrong by as much as its value."""
    made = list(values)
    for k, (operation, c) in enumerate(zip(program.operations, constants(program), strict=True)):
        a, b = made[operation.operands[0]], made[operation.operands[-1]]
        if k == number and product:
            made.append(FORMULAS[operation.name](a, 2 * b, c))
        else:
            made.append(FORMULAS[operation.name](a, b, c) * (2 if k == number else 1))
    return [made[k] for k in program.outputs]


def errors(program, fused):
    """For every rounding what it does to the outputs, as a function of the inputs."""
    for number, (operation, c) in enumerate(zip(program.operations, constants(program), strict=True)):
        exact = c is not None and (power_of_two(c) or power_of_two(-c))
        kinds = [False] if operation.name in ("add", "subtract", "fma", "fms") or not exact else []
        if operation.name in ("fma", "fms") and not fused and not exact:
            kinds.append(True)
        for product in kinds:
            yield partial(_error, program, number, product)


def _error(program, number, product, values):
    pairs = zip(disturbed(program, values, number, product), run(program, values), strict=True)
    return [wrong - right for wrong, right in pairs]


@st.composite
def programs(draw, inputs=3, most=7, outputs=None, given=CONSTANTS):
    """Programs over QQ of all operations, on earlier values by chance."""
    steps = []
    for number in range(inputs, inputs + draw(st.integers(0, most))):
        name = draw(st.sampled_from(sorted(FORMULAS)))
        operands = draw(st.lists(st.integers(0, number - 1), min_size=1, max_size=1))
        if name in TWO_OPERANDS:
            operands.append(draw(st.integers(0, number - 1)))
        constant = []
        if name == "shift":
            constant = [draw(st.sampled_from(["1/4", "1/2", "1", "2", "8"]))]
        elif name not in ("add", "subtract"):
            constant = [draw(st.sampled_from(given))]
        steps.append((name, *operands, *constant))
    value = st.integers(0, inputs + len(steps) - 1)
    count = draw(st.integers(1, 4)) if outputs is None else outputs
    return Program.build(inputs, steps, draw(st.lists(value, min_size=count, max_size=count)))


@st.composite
def entries(draw, height, width, low=-4, high=4, denominators=3):
    """Lists of rows of small Fractions without rows or columns of zeros."""
    number = st.fractions(low, high, max_denominator=denominators)
    full = number.filter(bool)
    made = [[draw(number) for _ in range(width)] for _ in range(height)]
    for i in range(height):
        if not any(made[i]):
            made[i][draw(st.integers(0, width - 1))] = draw(full)
    for j in range(width):
        if not any(row[j] for row in made):
            made[draw(st.integers(0, height - 1))][j] = draw(full)
    return made
