# SPDX-License-Identifier: Apache-2.0
"""Scaled integers, the formats of quantised inference: a small integer times a scale that comes from the data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike

from wincraft.errors import BadShape, BadValue
from wincraft.numbers.arrays import float64_array
from wincraft.numbers.scales import positive_scales, scales_for, scales_of

MAX_BITS = 53
"""The largest size: float64 holds every code."""


class IntegerRange(Enum):
    """Which codes of b bits are used; the value of a member says it in a formula.

    >>> IntegerRange.UNSIGNED.value
    '0 to 2^b - 1'
    """

    SYMMETRIC = "-(2^(b-1) - 1) to 2^(b-1) - 1"
    """The most negative code is not used, so that -x has the negative code of x; s = max|x| / (2^(b-1) - 1)."""
    FULL = "-2^(b-1) to 2^(b-1) - 1"
    """Every code of two's complement; s = max|x| / (2^(b-1) - 1/2), so that x = max|x| lies half a step outside."""
    UNSIGNED = "0 to 2^b - 1"
    """With a zero point z: value (k - z) s with s = (max(x, 0) - min(x, 0)) / (2^b - 1)."""


@dataclass(frozen=True)
class IntegerGrid:
    """b-bit integers k that stand for (k - z) s:  k = clip(round_half_even(x / s) + z, low, high).

    The grid is the bits and the range; the scales s, and zero points z, are arrays that travel beside it and
    broadcast to the data: one number per tensor, (T, 1) per tap, (C, T, 1) per channel and tap, or any other.
    x / s is the quotient rounded to float64, z the code of zero, 0 unless it is given.

    Raises:
        BadValue: for less than 2 or more than 53 bits.

    >>> grid, x = IntegerGrid(8), np.array([[0.1, -1.27], [50.0, 12.7]])
    >>> s = grid.scale(grid.amplitude(x, axis=1))
    >>> s
    array([[0.01      ],
           [0.39370079]])
    >>> grid.codes(x, s)
    array([[  10, -127],
           [ 127,   32]])
    """

    bits: int
    range: IntegerRange = IntegerRange.SYMMETRIC

    def __post_init__(self) -> None:
        if not 2 <= self.bits <= MAX_BITS:
            raise BadValue("the word of a scaled integer", f"{self.bits} bits", f"give 2 to {MAX_BITS}")

    @property
    def signed(self) -> bool:
        """Whether there are negative codes."""
        return self.range is not IntegerRange.UNSIGNED

    @property
    def high(self) -> int:
        """The largest code."""
        return (1 << (self.bits - self.signed)) - 1

    @property
    def low(self) -> int:
        """The smallest code."""
        return -self.high - (self.range is IntegerRange.FULL) if self.signed else 0

    @property
    def limit(self) -> Fraction:
        """How many steps an amplitude has: s = amplitude / limit."""
        return Fraction(2 * self.high + (self.range is IntegerRange.FULL), 2)

    @property
    def name(self) -> str:
        """The text that `parse_format` reads back: ``int8``, ``int8-full``, ``uint8``."""
        suffix = "-full" if self.range is IntegerRange.FULL else ""
        return f"{'' if self.signed else 'u'}int{self.bits}{suffix}"

    def describe(self) -> str:
        """One line: range, precision and the rule of the scale."""
        width = "max|x|" if self.signed else "(max(x,0) - min(x,0))"
        zero_point = "" if self.signed else ", with a zero point"
        return f"{self.name}: {self.low} to {self.high} times a scale s = {width} / {float(self.limit):g}{zero_point}"

    def represents(self, value: Fraction) -> bool:
        """Whether the exact value is one of the codes, at scale 1."""
        return value.denominator == 1 and self.low <= value <= self.high

    def amplitude(self, values: ArrayLike, axis: int | Sequence[int] | None = None) -> np.ndarray:
        """max|x|, for the unsigned range max(x, 0) - min(x, 0), over the axes named (all, if none is).

        The axes remain with length 1, so that the result broadcasts to the data. Float64.

        Raises:
            BadNumber, BadShape: for NaN, infinity, other things than real numbers, and an empty array.
        """
        x = float64_array(values)
        over = tuple(axis) if isinstance(axis, Sequence) else axis
        if self.signed:
            return np.asarray(np.abs(x).max(axis=over, keepdims=True))
        with np.errstate(over="ignore"):
            width = np.maximum(x.max(axis=over, keepdims=True), 0) - np.minimum(x.min(axis=over, keepdims=True), 0)
        return np.asarray(width)

    def scale(self, amplitude: ArrayLike, *, power_of_two: bool = False) -> np.ndarray:
        """The scales s = amplitude / limit, float64 of the same shape; on request rounded up to powers of two.

        `amplitude` may come from `amplitude` or from any other calibration. Where it is 0 (or s would underflow to 0)
        the scale is 1: such data have the code of zero.

        Raises:
            BadValue: for a negative amplitude.
            BadNumber, BadShape: for NaN, infinity, other things than real numbers, and an empty array.

        >>> IntegerGrid(8).scale([12.7, 0.0], power_of_two=True)
        array([0.125, 1.   ])
        """
        return scales_for(amplitude, float(self.limit), power_of_two)

    def zero_point(self, minimum: ArrayLike, scale: ArrayLike) -> np.ndarray:
        """The code of zero, z = clip(round_half_even(-min(x) / s), 0, high), int64; 0 for the signed ranges.

        Shapes: `minimum` (min(x)) and `scale` broadcast to each other.

        Raises:
            BadNumber, BadShape, BadValue: as `codes`.

        >>> grid = IntegerGrid(8, IntegerRange.UNSIGNED)
        >>> int(grid.zero_point(-1.0, grid.scale(4.0)))
        64
        """
        low, s = float64_array(minimum, "minimum"), positive_scales(scale)
        try:
            low, s = np.broadcast_arrays(low, s)
        except ValueError:
            raise BadShape("(minimum, scale)", f"{low.shape}, {s.shape}", "shapes that broadcast") from None
        return self.codes(-low, s) if not self.signed else np.zeros(low.shape, dtype=np.int64)

    def codes(self, values: ArrayLike, scale: ArrayLike, zero_point: ArrayLike = 0) -> np.ndarray:
        """The codes k of an array, int64 of the same shape; `scale` and `zero_point` broadcast to it.

        Raises:
            BadNumber: for NaN, infinity and other things than real numbers.
            BadShape: for an empty array, and a scale or zero point that does not broadcast to the data.
            BadValue: for a scale that is not positive or a zero point that is no integer.
        """
        x = float64_array(values)
        s, z = scales_of(x.shape, scale, zero_point)
        with np.errstate(over="ignore", under="ignore"):
            return np.asarray(np.clip(np.rint(x / s) + z, self.low, self.high).astype(np.int64))

    def quantize(self, values: ArrayLike, scale: ArrayLike, zero_point: ArrayLike = 0) -> np.ndarray:
        """The values (k - z) s that stand for an array's, float64 of the same shape, the product rounded once.

        Raises:
            BadNumber, BadShape, NotApplicable: as `codes`.

        >>> IntegerGrid(8).quantize([0.3, 99.0], 0.25)
        array([ 0.25, 31.75])
        """
        steps = self.codes(values, scale, zero_point) - np.asarray(zero_point)
        return np.asarray(steps * np.asarray(scale, dtype=np.float64))
