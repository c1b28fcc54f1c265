# SPDX-License-Identifier: Apache-2.0
"""Addition and multiplication in a floating-point format, every result rounded once; fast, on whole arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import frexp, inf, nan
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from wincraft.errors import BadShape, NotApplicable, WrongType
from wincraft.numbers.float_format import FloatFormat

BLOCK = 2**14
"""Elements rounded at a time: a few buffers of them stay in the second-level cache."""

Rounder = Callable[[np.ndarray], None]
"""Rounds a C-contiguous array of the carrier dtype in place."""


@dataclass(frozen=True)
class Arithmetic:
    """+ and * of a format: the exact result rounded once to nearest even, overflow and subnormals included.

    Arrays hold values of the format in the carrier `dtype`: the hardware's own for fp32 and fp64, else the smaller of
    float32 and float64 in which an operation followed by a rounding to p bits is one rounding. That holds if

    - the carrier has at least 2 p + 2 bits: no sum or product of p-bit numbers is then nearer than half the carrier's
      spacing to a tie of the format without being it (S. A. Figueroa, When is double rounding innocuous?, 1995);
    - the carrier's smallest number is at most 2^(min_exponent - 3 p + 1), the last bit of the smallest product
      that does not round to zero.

    Of a NaN only that it is one is kept.

    Raises:
        WrongType: for other things than a `FloatFormat`.
        NotApplicable: where no carrier is wide enough.

    >>> from wincraft.numbers.formats import FORMATS
    >>> half = Arithmetic(FORMATS["fp16"])
    >>> half.dtype, half.add([1, 2048, 65504], [2**-11, 1, 16]).tolist(), half.multiply(1e-4, 2e-3).item() / 2**-24
    (dtype('float32'), [1.0, 2048.0, inf], 3.0)
    """

    format: FloatFormat

    def __post_init__(self) -> None:
        if not isinstance(self.format, FloatFormat):
            raise WrongType("a floating-point format", _name(self.format), "give a FloatFormat")
        _ = self.dtype

    @cached_property
    def native(self) -> bool:
        """Whether the carrier's own operations are the format's."""
        f = self.format
        return any(
            (f.precision, f.min_exponent, f.max) == (info.nmant + 1, info.minexp, Fraction(float(info.max)))
            and f.infinity
            and not f.saturate
            for info in (np.finfo(np.float32), np.finfo(np.float64))
        )

    @cached_property
    def dtype(self) -> np.dtype:
        """The carrier: float32 or float64.

        Raises:
            NotApplicable: a format that neither carries without double rounding.
        """
        f = self.format
        for dtype in (np.dtype(np.float32), np.dtype(np.float64)):
            if self.native:
                if f.precision == np.finfo(dtype).nmant + 1:
                    return dtype
            elif _is_carrier(f, dtype):
                return dtype
        reason = f"{f.precision} significand bits from exponent {f.min_exponent}: no wider type rounds innocuously"
        raise NotApplicable(f"arithmetic in {f.name}", reason, "use fp32, fp64, or at most 25 bits")

    def round(self, values: ArrayLike) -> np.ndarray:
        """Values rounded to the format, each once: `FloatFormat.quantize`, but in the carrier dtype.

        Raises:
            BadNumber, BadShape: for an array of other things than numbers, and an empty one.
        """
        if isinstance(values, np.ndarray) and values.dtype == self.dtype and values.size:
            y = values.copy(order="C")
            y[np.isnan(y)] = nan
            self._round_all(y)
            return y
        with np.errstate(invalid="ignore"):  # of signalling NaN
            quantized = self.format.quantize(values)
        quantized[np.isnan(quantized)] = nan
        return quantized.astype(self.dtype)

    def hold(self, values: ArrayLike) -> np.ndarray:
        """An array of the carrier dtype is taken to hold values of the format, unchecked; any other is rounded.

        Raises:
            BadNumber, BadShape: for an array of other things than numbers, and an empty one.
        """
        if isinstance(values, np.ndarray) and values.dtype == self.dtype:
            return values
        return self.round(values)

    def add(self, a: ArrayLike, b: ArrayLike) -> np.ndarray:
        """Sums a + b, each rounded once; operands are read by `hold`.

        Raises:
            BadShape: operands that do not broadcast.
        """
        return self._rounded(np.add, a, b)

    def multiply(self, a: ArrayLike, b: ArrayLike) -> np.ndarray:
        """Products a * b, each rounded once; operands are read by `hold`.

        Raises:
            BadShape: operands that do not broadcast.
        """
        return self._rounded(np.multiply, a, b)

    def rounder(self, size: int) -> Rounder:
        """A function that rounds results of one operation in place, arrays of up to `size` elements.

        It owns its buffers, so that an inner loop allocates nothing. Floating-point warnings are the caller's.
        """
        if self.native:
            return lambda y: None
        to_precision = _by_carry if _shares_exponents(self.format, self.dtype) else _by_adding
        precise, bounded = to_precision(self.format, self.dtype, size), _overflow(self.format, self.dtype, size)

        def rounds(y: np.ndarray) -> None:
            flat = y.reshape(-1)
            precise(flat)
            bounded(flat)

        return rounds

    def _rounded(self, operation: np.ufunc, a: ArrayLike, b: ArrayLike) -> np.ndarray:
        left, right = self.hold(a), self.hold(b)
        try:
            np.broadcast_shapes(left.shape, right.shape)
        except ValueError:
            raise BadShape("(a, b)", f"{left.shape}, {right.shape}", "shapes that broadcast") from None
        with np.errstate(all="ignore"):
            y = np.asarray(operation(left, right, order="C"))
            self._round_all(y)
        return y

    def _round_all(self, y: np.ndarray) -> None:
        """Round a C-contiguous array of any size in place."""
        if self.native or not y.size:
            return
        flat = y.reshape(-1)
        rounds = self.rounder(min(BLOCK, y.size))
        with np.errstate(all="ignore"):
            for start in range(0, flat.size, BLOCK):
                rounds(flat[start : start + BLOCK])


def _name(format: object) -> str:
    return str(getattr(format, "name", format))


def _is_carrier(f: FloatFormat, dtype: np.dtype) -> bool:
    info = np.finfo(dtype)
    bits, smallest = info.nmant + 1, info.minexp - info.nmant
    exact = bits >= 2 * f.precision + 2 and f.min_exponent - 3 * f.precision + 1 >= smallest
    room = _top(f) + bits - f.precision + 1 < info.maxexp
    return exact and float(f.max) <= float(info.max) and (room or _shares_exponents(f, dtype))


def _shares_exponents(f: FloatFormat, dtype: np.dtype) -> bool:
    """Whether the format is the carrier with a shorter significand, as bf16 is float32."""
    info = np.finfo(dtype)
    return f.min_exponent == info.minexp and _top(f) == info.maxexp - 1 and _full(f)


def _top(f: FloatFormat) -> int:
    return frexp(float(f.max))[1] - 1


def _full(f: FloatFormat) -> bool:
    """Whether the highest binade is complete, so that whatever rounds beyond `max` reaches 2^(top + 1)."""
    return f.max == (2 - Fraction(2) ** (1 - f.precision)) * Fraction(2) ** _top(f)


def _words(dtype: np.dtype) -> type[np.unsignedinteger[Any]]:
    return np.uint32 if dtype.itemsize == 4 else np.uint64


def _by_carry(f: FloatFormat, dtype: np.dtype, size: int) -> Rounder:
    """Round the significand's bits as an integer: a carry moves to the next binade, and from the last to infinity.

    A NaN with zeros in the bits that are cut, which every operation on the format's values gives, stays one.
    """
    word = _words(dtype)
    cut = np.finfo(dtype).nmant + 1 - f.precision
    shift, one, half = word(cut), word(1), word(2 ** (cut - 1) - 1)
    kept = word(np.iinfo(word).max - (2**cut - 1))
    buffer = np.empty(size, word)

    def rounds(y: np.ndarray) -> None:
        bits, odd = y.view(word), buffer[: y.size]
        np.right_shift(bits, shift, out=odd)
        np.bitwise_and(odd, one, out=odd)
        np.add(odd, half, out=odd)
        np.add(bits, odd, out=bits)
        np.bitwise_and(bits, kept, out=bits)

    return rounds


def _by_adding(f: FloatFormat, dtype: np.dtype, size: int) -> Rounder:
    """Add and take away 1.5 2^(e + carrier bits - precision) in binade e, as `FloatFormat.quantize` does."""
    info, word = np.finfo(dtype), _words(dtype)
    sign = word(1 << (8 * dtype.itemsize - 1))
    exponents = word((1 << (8 * dtype.itemsize - 1)) - (1 << info.nmant))
    low, high = (dtype.type(2.0**e) for e in (f.min_exponent, _top(f)))
    factor = dtype.type(1.5 * 2.0 ** (info.nmant + 1 - f.precision))
    shifts, signs = np.empty(size, dtype), np.empty(size, word)

    def rounds(y: np.ndarray) -> None:
        bits, shift, minus = y.view(word), shifts[: y.size], signs[: y.size]
        np.bitwise_and(bits, exponents, out=shift.view(word))
        np.clip(shift, low, high, out=shift)
        np.multiply(shift, factor, out=shift)
        np.bitwise_and(bits, sign, out=minus)
        np.add(y, shift, out=y)
        np.subtract(y, shift, out=y)
        np.bitwise_or(bits, minus, out=bits)  # what rounds to zero keeps its sign

    return rounds


def _overflow(f: FloatFormat, dtype: np.dtype, size: int) -> Rounder:
    largest = dtype.type(float(f.max))
    if f.saturate:

        def by_clipping(y: np.ndarray) -> None:
            np.clip(y, -largest, largest, out=y)

        return by_clipping
    if f.infinity and _full(f) and _top(f) >= 0:
        to_top = np.finfo(dtype).maxexp - 1 - _top(f)
        up, down = dtype.type(2.0**to_top), dtype.type(2.0**-to_top)

        def by_scaling(y: np.ndarray) -> None:
            np.multiply(y, up, out=y)
            np.multiply(y, down, out=y)

        return by_scaling if to_top else lambda y: None
    factor = dtype.type(inf if f.infinity else nan)
    magnitudes, masks = np.empty(size, dtype), np.empty(size, np.bool_)

    def by_comparing(y: np.ndarray) -> None:
        magnitude, beyond = magnitudes[: y.size], masks[: y.size]
        np.abs(y, out=magnitude)
        np.greater(magnitude, largest, out=beyond)
        np.multiply(y, factor, out=y, where=beyond)

    return by_comparing
