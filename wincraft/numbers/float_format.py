# SPDX-License-Identifier: Apache-2.0
"""Binary floating point: fp64, fp32, fp16, bf16 and the two 8-bit formats, rounded once from float64 or exactly."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from fractions import Fraction
from math import frexp

import numpy as np
from numpy.typing import ArrayLike

from wincraft.errors import BadValue, TooLarge
from wincraft.numbers.arrays import float64_array
from wincraft.numbers.rounding import round_fraction

_FLOAT64_PRECISION = 53
_EXPONENT_FIELD = np.int64(0x7FF0_0000_0000_0000)


@dataclass(frozen=True)
class FloatFormat:
    """The values k 2^(e - precision + 1), |k| < 2^precision, e >= min_exponent, up to `max`; rounding to nearest even.

    `precision` counts significand bits with the leading one, so the unit roundoff is 2^-precision. What rounds beyond
    `max` becomes `max` if the format saturates, else infinity, else (no infinity: fp8 e4m3) NaN. NaN stays NaN.

    Raises:
        BadValue: a format that float64 cannot carry exactly.

    Source: IEEE 754-2019; OCP 8-bit Floating Point Specification 1.0 (e4m3, there also called e4m3fn, and e5m2).

    >>> FP16 = FloatFormat.ieee("fp16", exponent_bits=5, precision=11)
    >>> FP16.quantize([0.1, 65519.0, 65520.0, 3e-8])
    array([9.99755859e-02, 6.55040000e+04, inf, 5.96046448e-08])
    >>> print(FP16.describe())
    fp16: up to 65504, 11 significand bits (u = 2^-11), normal from 2^-14, subnormal from 2^-24, overflow to infinity
    """

    name: str
    precision: int
    min_exponent: int
    max: Fraction
    infinity: bool = True
    saturate: bool = False

    def __post_init__(self) -> None:
        narrow = 2 <= self.precision <= 51 and self.min_exponent >= -1022 and self.max <= 2**960
        if not narrow and (self.precision, self.min_exponent, self.max) != (53, -1022, Fraction(sys.float_info.max)):
            reason = f"{self.precision} significand bits, exponents {self.min_exponent} to {_log2(self.max)}"
            repair = "give 2 to 51 bits and exponents in -1022..959, or exactly float64"
            raise BadValue(f"floating point {self.name}", f"of {reason}", repair)

    @classmethod
    def ieee(cls, name: str, exponent_bits: int, precision: int, *, saturate: bool = False) -> FloatFormat:
        """A format whose highest exponent field is kept for infinity and NaN, as IEEE 754 does."""
        top = 2 ** (exponent_bits - 1) - 1
        largest = (2 - Fraction(2) ** (1 - precision)) * Fraction(2) ** top
        return cls(name, precision, 1 - top, largest, saturate=saturate)

    @property
    def min(self) -> Fraction:
        """The smallest finite value, -max."""
        return -self.max

    @property
    def min_normal(self) -> Fraction:
        """The smallest positive value of full precision, 2^min_exponent."""
        return Fraction(2) ** self.min_exponent

    @property
    def min_subnormal(self) -> Fraction:
        """The smallest positive value, 2^(min_exponent - precision + 1)."""
        return Fraction(2) ** (self.min_exponent - self.precision + 1)

    @property
    def unit_roundoff(self) -> Fraction:
        """The largest relative error of rounding a value in the normal range, 2^-precision."""
        return Fraction(2) ** -self.precision

    def describe(self) -> str:
        """One line: range, precision, limits of the normal and subnormal numbers, overflow."""
        overflow = "saturates" if self.saturate else f"overflow to {'infinity' if self.infinity else 'NaN'}"
        return (
            f"{self.name}: up to {float(self.max):.6g}, {self.precision} significand bits (u = 2^-{self.precision}), "
            f"normal from 2^{self.min_exponent}, subnormal from 2^{self.min_exponent - self.precision + 1}, {overflow}"
        )

    def represents(self, value: Fraction) -> bool:
        """Whether the exact value is one of the format's.

        >>> FloatFormat.ieee("bf16", 8, 8).represents(Fraction(257, 256))
        False
        """
        return (value / self._spacing(value)).denominator == 1 and abs(value) <= self.max

    def quantize_exact(self, value: Fraction) -> Fraction:
        """The format's value nearest to an exact one, ties to even; the definition that `quantize` meets.

        Raises:
            TooLarge: where the result is infinity or NaN, which no Fraction is.
        """
        if self._holds(value):
            return value
        spacing = self._spacing(value)
        rounded = round_fraction(value / spacing) * spacing
        if abs(rounded) <= self.max:
            return rounded
        if self.saturate:
            return self.max if value > 0 else self.min
        reason = f"a value of about 2^{_log2(value)} overflows"
        raise TooLarge(self.name, reason, "scale it down or saturate")

    def _holds(self, value: Fraction) -> bool:
        """Whether a fraction of few bits over a power of two is seen to be a value at once."""
        steps, over = value.denominator.bit_length() - 1, value.denominator & (value.denominator - 1)
        short = not over and value.numerator.bit_length() <= self.precision
        return short and steps <= self.precision - 1 - self.min_exponent and abs(value) <= self.max

    def _spacing(self, value: Fraction) -> Fraction:
        """The distance of neighbours in the binade of a value, as if there were no largest one."""
        exponent = _log2(value)
        if abs(value) < Fraction(2) ** exponent:
            exponent -= 1
        return Fraction(2) ** (max(exponent, self.min_exponent) - self.precision + 1)

    def quantize(self, values: ArrayLike) -> np.ndarray:
        """Every value rounded once to nearest even: float64, of the same shape, holding values of the format.

        Equal to ``float(quantize_exact(x))`` entry by entry; NaN stays, and zeros keep their sign.

        Raises:
            BadNumber, BadShape: for an array of other things than numbers, and an empty one.
        """
        x = float64_array(values, finite=False)
        largest = float(self.max)
        rounded = x.copy() if self.precision == _FLOAT64_PRECISION else self._to_precision(x)
        if self.saturate:
            return np.asarray(np.clip(rounded, -largest, largest, out=rounded))
        beyond = np.abs(rounded) > largest
        rounded[beyond] = np.copysign(np.inf, rounded[beyond]) if self.infinity else np.nan
        return rounded

    def ulp(self, values: ArrayLike) -> np.ndarray:
        """The distance of the format's neighbours around every value, float64 of the same shape.

        In [2^e, 2^(e+1)) it is 2^(e - precision + 1), below the normal numbers the smallest subnormal, beyond the
        largest value that of the highest binade.

        Raises:
            BadNumber, BadShape: for NaN, infinity, other things than real numbers, and an empty array.

        >>> FloatFormat.ieee("fp16", 5, 11).ulp([1.0, 2047.0, 0.0]).tolist()
        [0.0009765625, 1.0, 5.960464477539063e-08]
        """
        return np.asarray(self._binade(float64_array(values)) * 2.0 ** (1 - self.precision))

    def _to_precision(self, x: np.ndarray) -> np.ndarray:
        """A new array, rounded as if there were no largest value; what lies far beyond it may stay unrounded.

        Adding c = 1.5 * 2^(e + 53 - precision) to a value of exponent e makes the format's spacing the last bit of a
        float64, so that the one rounding is the adder's; c is an even multiple of it, and taking c away is exact.
        """
        shift = self._binade(x)
        shift *= 1.5 * 2.0 ** (_FLOAT64_PRECISION - self.precision)
        with np.errstate(invalid="ignore"):  # of signalling NaN
            rounded = np.asarray(x + shift)
        rounded -= shift
        np.copysign(rounded, x, out=rounded)
        return rounded

    def _binade(self, x: np.ndarray) -> np.ndarray:
        """A new array of 2^floor(log2|x|), within the format's normal binades."""
        powers = np.asarray(x.view(np.int64) & _EXPONENT_FIELD).view(np.float64)
        top = 2.0 ** (frexp(float(self.max))[1] - 1)
        return np.clip(powers, float(self.min_normal), top, out=powers)


def _log2(value: Fraction) -> int:
    """The floor of log2|value|, or one more."""
    return value.numerator.bit_length() - value.denominator.bit_length()
