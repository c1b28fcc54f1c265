# SPDX-License-Identifier: Apache-2.0
"""Boxes, and the bits that hold a range."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle_messages import refused

from wincraft.errors import BadNumber, BadValue, FloatGiven
from wincraft.numbers import Box, signed_bits

bounds = st.fractions(-300, 300, max_denominator=3)


@given(bounds, bounds)
def test_signed_bits_are_the_least_that_hold_the_range(one, two):
    low, high = sorted((one, two))

    def holds(bits):
        return low >= -(2 ** (bits - 1)) and high < 2 ** (bits - 1)

    bits = signed_bits(low, high)
    assert holds(bits)
    assert bits == 1 or not holds(bits - 1)


@pytest.mark.parametrize("bits", [1, 2, 8, 128])
def test_widths(bits):
    box = Box.signed(bits)
    assert signed_bits(box.low, box.high) == bits
    assert box.high - box.low == Box.unsigned(bits).high == 2**bits - 1
    assert signed_bits(Fraction(0), Box.unsigned(bits).high) == bits + 1


@pytest.mark.parametrize("bits", [0, -8, 129, 200, 8.0, True, None, "8"])
@pytest.mark.parametrize("make", [Box.signed, Box.unsigned])
def test_widths_that_are_none(make, bits):
    with refused(BadValue, f"{bits} bits", "1 to 128"):
        make(bits)


def test_boxes():
    box = Box("-1/2", np.int8(3))
    assert (box.low, box.high, box.centre, box.radius) == (Fraction(-1, 2), 3, Fraction(5, 4), Fraction(7, 4))
    assert repr(box) == "[-1/2, 3]"
    assert Box(2, 2).radius == 0
    assert Box.signed(8) == Box(-128, 127) != Box(-127, 127)
    assert len({Box.signed(8), Box(-128, 127)}) == 1


@pytest.mark.parametrize(
    ("kind", "low", "high", "mention"),
    [
        (BadValue, 1, 0, "[1, 0]"),
        (BadNumber, float("nan"), 0, "nan"),
        (BadNumber, 0, float("inf"), "inf"),
        (BadNumber, 0, np.float32("-inf"), "inf"),
        (FloatGiven, 0, 0.5, "1/2"),
        (BadValue, 0, "sqrt(2)", "sqrt(2)"),
        (BadNumber, "x", 1, "x"),
        (BadNumber, None, 1, "None"),
    ],
)
def test_boxes_that_are_none(kind, low, high, mention):
    with refused(kind, mention):
        Box(low, high)
