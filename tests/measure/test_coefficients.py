# SPDX-License-Identifier: Apache-2.0
"""Magnitudes of entries, and which entries a format holds."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from sympy import QQ, Rational, sqrt

from wincraft import LinearMap, nest, parse, winograd
from wincraft.exact import from_numbers
from wincraft.measure import coefficients, magnitudes, unrepresentable
from wincraft.measure.coefficients import Coefficient


def dyadic(value):
    return value.denominator.bit_count() == 1


def held_by(dtype):
    """Whether NumPy's float type holds a fraction: the round trip is exact."""
    return lambda value: Fraction(float(dtype(float(value)))) == value


def test_magnitudes_of_known_matrices():
    found = magnitudes(winograd(4, 3, points="0,1,-1,2,-2"))
    assert (found["G"].smallest, found["G"].largest, found["G"].dynamic_range) == (Rational(1, 24), 1, 24)
    assert (found["AT"].largest, found["BT"].largest) == (8, 5)
    assert str(found["G"]) == "1/24 to 1, ratio 24"


@pytest.mark.parametrize("size", ["F(2x4,3x3)", "F(3x2x1,2x3x2)"])
def test_magnitudes_of_several_axes_are_those_of_the_kronecker_product(size):
    made = parse(size)
    for k, name in enumerate(("AT", "G", "BT")):
        dense = np.ones((1, 1))
        for axis in made.factors:
            dense = np.kron(dense, axis.to_numpy()[k])
        values = abs(dense[dense != 0])
        found = magnitudes(made)[name]
        assert float(found.largest) == pytest.approx(values.max())
        assert float(found.smallest) == pytest.approx(values.min())


def test_irrational_entries():
    made = winograd(2, 2, points="0,sqrt(2)")
    assert magnitudes(made)["AT"].largest == sqrt(2)
    assert all(not entry.value.is_Rational for entry in unrepresentable(made, lambda value: True))
    assert unrepresentable(made, lambda value: True)


def test_what_a_format_does_not_hold():
    made = winograd(2, 3, points="0,1,-2")
    found = unrepresentable(made, dyadic)
    assert {str(entry.value) for entry in found} == {"1/3", "1/6", "-1/3", "2/3"}
    assert {(entry.matrix, entry.row) for entry in found} == {("G", 1), ("G", 2)}
    assert unrepresentable(winograd(2, 3, points="0,1,-1"), dyadic) == ()
    assert str(found[0]) == "G[1][0] = 1/3"


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_against_what_rounding_the_matrices_changes(dtype):
    made = winograd(6, 3, points="0,1,-1,2,-2,1/2,-1/2")
    missing = {(entry.matrix, entry.row, entry.column) for entry in unrepresentable(made, held_by(dtype))}
    changed = set()
    for name, rounded in zip(("AT", "G", "BT"), made.to_numpy(dtype), strict=True):
        exact = made.to_numpy(object)[("AT", "G", "BT").index(name)]
        changed |= {(name, i, j) for i, j in np.ndindex(exact.shape) if Fraction(float(rounded[i, j])) != exact[i, j]}
    assert missing == changed


def test_stages_and_axes_are_told_apart():
    made = winograd(2, 3, points="0,1,-1")
    P = from_numbers([[Rational(3) if i == j else Rational(0) for j in range(4)] for i in range(4)], QQ)
    chained = replace(made, input=LinearMap.of(P, made.input.dense * P.inv()))
    found = unrepresentable(nest(made, chained), dyadic)
    assert {(entry.matrix, entry.axis, entry.stage) for entry in found} == {("BT", 1, 1)}
    assert str(found[0]) == "BT[0][0] = 1/3 (stage 1, axis 1)"
    assert len(list(coefficients(made))) == 8 + 12 + 16
    assert next(iter(coefficients(made))) == Coefficient("AT", 0, 0, 0, 0, Rational(1))
