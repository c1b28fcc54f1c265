# SPDX-License-Identifier: Apache-2.0
"""Fixed point: integers of a given word length times a power of two."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike

from wincraft.errors import BadValue
from wincraft.numbers.arrays import float64_array
from wincraft.numbers.rounding import Overflow, Rounding, round_array, round_fraction

MAX_WORD = 64
"""The longest word, in bits."""
MAX_FRACTION = 512
"""The largest |fraction|: steps, ranges and their powers of two stay far inside float64."""
_VECTOR_BITS = 62
"""Words up to here leave int64 room for a step beyond the range."""


@dataclass(frozen=True)
class FixedPoint:
    """The values k * 2^-fraction, k an integer of `word` bits, two's complement if signed.

    k runs from -2^(word-1) to 2^(word-1) - 1, or from 0 to 2^word - 1. `fraction` may be negative or exceed `word`.
    The defaults, nearest even and saturation, are those of numerical analysis; HLS tools default to TRN and WRAP.

    Raises:
        BadValue: for a word outside 1..64 bits or a fraction beyond 512 bits.

    >>> q = FixedPoint(word=8, fraction=4)
    >>> q.quantize([0.03, 0.09375, -3.3, 99.0])
    array([ 0.    ,  0.125 , -3.3125,  7.9375])
    >>> print(q.describe())
    q3.4: -8 to 7.9375 in steps of 2^-4, 8 bits; RND_CONV (nearest, ties to even), SAT (clip to the range)
    """

    word: int
    fraction: int
    signed: bool = True
    rounding: Rounding = Rounding.RND_CONV
    overflow: Overflow = Overflow.SAT

    def __post_init__(self) -> None:
        if not 1 <= self.word <= MAX_WORD:
            raise BadValue("the word of fixed point", f"{self.word} bits", f"give 1 to {MAX_WORD}")
        if abs(self.fraction) > MAX_FRACTION:
            repair = f"give {-MAX_FRACTION} to {MAX_FRACTION}"
            raise BadValue("the fraction of fixed point", f"{self.fraction} bits", repair)

    @property
    def step(self) -> Fraction:
        """The distance of neighbours, 2^-fraction."""
        return Fraction(2) ** -self.fraction

    @property
    def high(self) -> int:
        """The largest code k."""
        return (1 << (self.word - self.signed)) - 1

    @property
    def low(self) -> int:
        """The smallest code k."""
        if not self.signed:
            return 0
        return -self.high if self.overflow is Overflow.SAT_SYM else -self.high - 1

    @property
    def max(self) -> Fraction:
        """The largest value."""
        return self.high * self.step

    @property
    def min(self) -> Fraction:
        """The smallest value."""
        return self.low * self.step

    @property
    def name(self) -> str:
        """The text that `parse_format` reads back: ``q3.12``, or ``fixed<16,4,TRN,WRAP>`` in full."""
        prefix, integer = "" if self.signed else "u", self.word - self.signed - self.fraction
        modes = (self.rounding, self.overflow)
        if modes == (Rounding.RND_CONV, Overflow.SAT):
            if min(integer, self.fraction) >= 0:
                return f"{prefix}q{integer}.{self.fraction}"
            return f"{prefix}fixed<{self.word},{self.word - self.fraction}>"
        return f"{prefix}fixed<{self.word},{self.word - self.fraction},{self.rounding.name},{self.overflow.name}>"

    @property
    def saturates_to_nearest(self) -> bool:
        """Whether a value becomes the nearest of the grid, but for ties."""
        return self.rounding.name.startswith("RND") and self.overflow is not Overflow.WRAP

    def describe(self) -> str:
        """One line: range, step, word length, rounding and overflow."""
        return (
            f"{self.name}: {float(self.min):.10g} to {float(self.max):.10g} in steps of 2^{-self.fraction}, "
            f"{self.word} bits; {self.rounding.name} ({self.rounding.value}), "
            f"{self.overflow.name} ({self.overflow.value})"
        )

    def represents(self, value: Fraction) -> bool:
        """Whether the exact value is one of the grid's.

        >>> FixedPoint(8, 4).represents(Fraction(3, 16)), FixedPoint(8, 4).represents(Fraction(1, 3))
        (True, False)
        """
        return (value / self.step).denominator == 1 and self.min <= value <= self.max

    def quantize_exact(self, value: Fraction) -> Fraction:
        """The grid value that stands for an exact one; this is the definition that `quantize` and `codes` meet.

        >>> FixedPoint(8, 4, overflow=Overflow.WRAP).quantize_exact(Fraction(25, 3))
        Fraction(-123, 16)
        """
        step, low, high = self.step, self.low, self.high
        code = round_fraction(value / step, self.rounding)
        if self.overflow is Overflow.WRAP:
            code = (code - low) % 2**self.word + low
        return min(max(code, low), high) * step

    def codes(self, values: ArrayLike) -> np.ndarray:
        """The codes k of an array: int64 of the same shape (uint64 for an unsigned word of 64 bits), bit exact.

        Words of 63 and 64 bits go value by value through `quantize_exact`, which is slow.

        Raises:
            BadNumber, BadShape: for NaN, infinity, other things than real numbers, and an empty array.

        >>> FixedPoint(8, 4).codes([[0.5, -8.0], [1 / 32, 3 / 32]])
        array([[   8, -128],
               [   0,    2]])
        """
        x = float64_array(values)
        if self.word > _VECTOR_BITS:
            dtype = np.int64 if self.high < 2**63 else np.uint64
            exact = [int(self.quantize_exact(Fraction(value)) / self.step) for value in x.ravel().tolist()]
            return np.array(exact, dtype).reshape(x.shape)
        codes = round_array(self._in_steps(x), self.rounding)
        if self.overflow is Overflow.WRAP:
            codes = ((codes - self.low) & (2**self.word - 1)) + self.low
        return np.asarray(np.clip(codes, self.low, self.high))

    def _in_steps(self, x: np.ndarray) -> np.ndarray:
        """The values times 2^fraction as the rounding must see them: within +-2^62, and 0 only where they are 0."""
        with np.errstate(over="ignore", under="ignore"):
            if self.overflow is Overflow.WRAP:  # the remainder is exact and leaves out an even number of steps
                x = np.fmod(x, 2.0 ** (self.word - self.fraction))
            y = np.clip(x * 2.0**self.fraction, -(2.0**_VECTOR_BITS), 2.0**_VECTOR_BITS)
        return y if self.fraction >= 0 else np.where(y == 0, np.sign(x) / 4, y)

    def quantize(self, values: ArrayLike) -> np.ndarray:
        """The grid values that stand for an array's: float64 of the same shape.

        Bit exact: equal to ``float(quantize_exact(x))`` entry by entry (a word above 53 bits has values that float64
        does not hold, then the nearest is returned; `codes` is exact for them too).

        Raises:
            BadNumber, BadShape: as `codes`.
        """
        return np.asarray(self.codes(values) * float(self.step))
