# SPDX-License-Identifier: Apache-2.0
"""Rounding noise against errors put into one operation at a time, exact, and against random rounding."""

from __future__ import annotations

from fractions import Fraction
from itertools import product as corners_of

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle_programs import disturbed, entries, errors, programs, rows, run, run_in
from sympy import QQ, Rational, sqrt

from wincraft import winograd
from wincraft.circuit import Program, of_matrix, stacked
from wincraft.circuit.noise import output_gains, rounding_rows, rounding_variance, worst_rounding
from wincraft.circuit.text import parse_program
from wincraft.circuit.transposing import transposed_program
from wincraft.exact.field import Field
from wincraft.exact.matrix import rational_matrix
from wincraft.numbers import FORMATS, Arithmetic


def units(size):
    return [[Fraction(i == j) for i in range(size)] for j in range(size)]


def grams(size):
    """Second moments: symmetric, not negative."""
    return entries(size, size, denominators=2).map(
        lambda table: [[sum(x * y for x, y in zip(a, b, strict=True)) for b in table] for a in table]
    )


def variance(program, S, W, fused):
    """sum over roundings of E[v^T W v], v = E x, by its entries."""
    total = Fraction(0)
    for error in errors(program, fused):
        E = list(zip(*map(error, units(program.inputs)), strict=True))
        for i, j in corners_of(range(len(E)), repeat=2):
            inner = sum(E[i][k] * S[k][l] * E[j][l] for k in range(program.inputs) for l in range(program.inputs))
            total += W[i][j] * inner
    return total


@given(programs(outputs=2), grams(3), grams(2), st.booleans())
def test_the_variance_is_what_one_error_after_the_other_makes(program, S, W, fused):
    found = rounding_variance(program, rational_matrix(S), rational_matrix(W), fused)
    assert Fraction(str(found)) == variance(program, S, W, fused)
    white = rounding_variance(program, fused=fused)
    assert Fraction(str(white)) == variance(program, units(3), units(2), fused)


@given(programs(), st.booleans())
def test_the_worst_rounding_is_the_largest_of_all_corners(program, fused):
    made = list(errors(program, fused))
    corners = list(corners_of((Fraction(-1), Fraction(1)), repeat=3))
    each = [[max(abs(error(x)[i]) for x in corners) for error in made] for i in range(len(program.outputs))]
    assert Fraction(str(worst_rounding(program, fused))) == max(sum(parts) for parts in each)


@given(programs())
def test_gains_are_what_an_error_becomes(program):
    gains = output_gains(program)
    for number in range(len(program.operations)):
        x = [Fraction(2), Fraction(3), Fraction(-5)]
        value = program.trace(x)[3 + number]
        changes = [w - r for w, r in zip(disturbed(program, x, number, False), run(program, x), strict=True)]
        assert [Fraction(str(t)) * value for t in gains[3 + number]] == changes


def test_by_hand():
    """(a + b) + c of white inputs: 2 + 3; of weight 4 four times that; where a + b is 0 only the last sum rounds: 1."""
    chain = parse_program("inputs a b c; s = a + b; t = s + c; outputs t")
    assert rounding_variance(chain) == 5
    assert rounding_variance(chain, None, rational_matrix([[4]])) == 20
    close = rational_matrix([[1, -1, 0], [-1, 1, 0], [0, 0, 1]])  # a + b = 0
    assert rounding_variance(chain, close) == 1
    shared = parse_program("inputs a b c; s = a + b; t = s + c; u = s - c; outputs t u")
    assert rounding_variance(shared) == 2 * 2 + 3 + 3
    assert rounding_variance(shared, None, rational_matrix([[1, -1], [-1, 1]])) == 0 * 2 + 3 + 3  # the difference
    assert worst_rounding(shared) == 2 + 3
    assert rounding_variance(parse_program("inputs a; s = a << 3; t = -1 * s; outputs t")) == 0
    assert rounding_variance(parse_program("inputs a; s = 3 * a; outputs s")) == 9
    assert rounding_variance(parse_program("inputs a; s = a / 3; outputs s")) == QQ(1, 9)
    fma = parse_program("inputs a b; s = a - 4 * b; t = s - 3 * b; outputs t")
    assert rounding_variance(fma) == 17 + 50
    assert rounding_variance(fma, fused=False) == 17 + 50 + 9
    assert len(rounding_rows(fma)[0]) == 3


def test_over_the_root_of_two():
    K = Field.named("QQ<sqrt(2)>").domain
    program = Program.build(2, [("fma", 0, 1, "1 - sqrt(2)"), ("multiply", 2, "sqrt(2)")], [3], K)
    form = [sqrt(2), sqrt(2) - 2]  # of the output; the sum before is form / sqrt(2), with gain sqrt(2)
    expected = 2 * (form[0] ** 2 + form[1] ** 2)
    assert K.to_sympy(rounding_variance(program)) == expected.expand()
    unfused = expected + 2 * (1 - sqrt(2)) ** 2
    assert K.to_sympy(rounding_variance(program, fused=False)) == unfused.expand()
    assert K.to_sympy(worst_rounding(program)) == 2 * (sqrt(2) + 2 - sqrt(2))  # |form|_1, twice


PROGRAMS = {
    "rows of B^T of F(4,3)": lambda: of_matrix(winograd(4, 3, points="0,1,-1,2,-2").input.dense),
    "columns of B of F(4,3)": lambda: transposed_program(
        of_matrix(winograd(4, 3, points="0,1,-1,2,-2").input.dense.transpose())
    ),
    "rows of A^T of F(6,3)": lambda: of_matrix(winograd(6, 3, points="0,1,-1,2,-2,1/2,-1/2").output.dense),
    "butterflies": lambda: stacked(
        [parse_program(f"inputs a b c d; s = a + b; t = c - 5/4 * d; u = s {sign} 3 * t; outputs u") for sign in "+-"]
    ),
}
"""All constants are numbers of fp16."""


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("format", ["fp16", "fp32"])
def test_random_numbers_round_as_predicted(name, format):
    """A rounding to nearest has a variance of u^2 / 12 to u^2 / 3 of the value's square, by its leading bits.

    Of leading bits by Benford's law about u^2 / 6.5; u^2 / 6 within a third.
    """
    program, dtype = PROGRAMS[name](), {"fp16": np.float16, "fp32": np.float32}[format]
    runs, rng = 40_000, np.random.default_rng(5)
    values = rng.standard_normal((program.inputs, runs)).astype(dtype)
    exact = np.array(rows(program.matrix()), dtype=float) @ values.astype(float)
    error = np.array(run_in(program, list(values), dtype), dtype=float) - exact
    measured = (error**2).mean(axis=1).sum()
    unit = float(FORMATS[format].unit_roundoff) ** 2 / 6
    predicted = float(Rational(str(rounding_variance(program, fused=False)))) * unit
    assert 1 / 1.35 < measured / predicted < 1.35
    assert Arithmetic(FORMATS[format]).dtype == np.float32
    worst = float(Rational(str(worst_rounding(program, fused=False)))) * float(FORMATS[format].unit_roundoff)
    assert (np.abs(error).max(axis=0) <= worst * np.abs(values).max(axis=0) * (1 + 2**-9)).all()
