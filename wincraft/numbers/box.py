# SPDX-License-Identifier: Apache-2.0
"""The set an input is known to lie in, and the integers that hold a range."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from wincraft.errors import BadValue

WIDEST = 128
"""Widest integer considered."""


@dataclass(frozen=True, init=False, repr=False)
class Box:
    """All inputs whose every entry lies in [low, high], each on its own; exact rationals.

    Raises:
        BadValue: where low > high.
        BadNumber, FloatGiven: where a bound is no rational number.

    >>> Box(-1, "3/2"), Box.signed(8), Box.unsigned(8)
    ([-1, 3/2], [-128, 127], [0, 255])
    """

    low: Fraction
    high: Fraction

    def __init__(self, low: object, high: object) -> None:
        object.__setattr__(self, "low", rational(low))
        object.__setattr__(self, "high", rational(high))
        if self.low > self.high:
            raise BadValue(f"the box {self}", "empty", "give the smaller bound first")

    @classmethod
    def signed(cls, bits: int) -> Box:
        """The two's complement integers of a width, [-2^(bits-1), 2^(bits-1) - 1]; `NotApplicable` if out of range."""
        check_bits("a signed input", bits)
        return cls(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)

    @classmethod
    def unsigned(cls, bits: int) -> Box:
        """The unsigned integers of a width, [0, 2^bits - 1]; `NotApplicable` if out of range."""
        check_bits("an unsigned input", bits)
        return cls(0, 2**bits - 1)

    @property
    def centre(self) -> Fraction:
        """(low + high) / 2."""
        return (self.low + self.high) / 2

    @property
    def radius(self) -> Fraction:
        """(high - low) / 2."""
        return (self.high - self.low) / 2

    def __repr__(self) -> str:
        return f"[{self.low}, {self.high}]"


def rational(value: object) -> Fraction:
    """An exact rational number as a Fraction.

    Raises:
        BadValue, BadNumber, FloatGiven: for what is none.

    >>> rational("-3/4")
    Fraction(-3, 4)
    """
    if isinstance(value, Fraction):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Fraction(value)
    from wincraft.exact.number import exact_number, number_text, to_fraction

    number = exact_number(value)
    if not number.is_Rational:
        raise BadValue("a bound of a box", f"{number_text(number)}, which is irrational", "give a rational number")
    return to_fraction(number)


def largest_multiple(word: Box, boxes: Iterable[Box]) -> int | None:
    """The largest C with  C box  within a word that holds 0, for all boxes; None where all are 0.

    >>> largest_multiple(Box.signed(8), [Box(-3, 2)]), largest_multiple(Box.signed(8), [Box(0, 0)])
    (42, None)
    """
    ends = [(box.low, box.high) for box in boxes]
    counts = [word.low // low for low, _ in ends if low < 0] + [word.high // high for _, high in ends if high > 0]
    return min(counts, default=None)


def check_bits(what: str, bits: int) -> None:
    """Check that a width is an integer from 1 to `WIDEST`.

    Raises:
        BadValue: any other width.

    >>> check_bits("an accumulator", 200)
    Traceback (most recent call last):
    ...
    wincraft.errors.BadValue: the width of an accumulator is 200 bits; give 1 to 128 bits
    """
    if not isinstance(bits, int) or isinstance(bits, bool) or not 1 <= bits <= WIDEST:
        raise BadValue(f"the width of {what}", f"{bits} bits", f"give 1 to {WIDEST} bits")


def signed_bits(low: Fraction, high: Fraction) -> int:
    """The least w such that -2^(w-1) <= low and high < 2^(w-1): two's complement integer bits, the sign included.

    >>> signed_bits(Fraction(-128), Fraction(127)), signed_bits(Fraction(0), Fraction(128)), signed_bits(0, 0)
    (8, 9, 1)
    """
    above = floor(high).bit_length() if high >= 0 else 0
    below = (ceil(-low) - 1).bit_length() if low < 0 else 0
    return 1 + max(above, below)
