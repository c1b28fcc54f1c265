# SPDX-License-Identifier: Apache-2.0
"""Rounding to an integer and what happens beyond a range, by the names of hardware and of IEEE 754.

One rule per mode serves exact Fractions and float64 arrays alike.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from fractions import Fraction
from math import floor
from typing import Any

import numpy as np


class Rounding(Enum):
    """Which integer stands for a value; names of SystemC and HLS tools, below them those of IEEE 754 as aliases.

    The value of a member says it in words. Left out is what is no function of the number: stochastic modes, and
    TRN_MAG, which adds the sign bit to a number on a step too if zeros were dropped from it.

    >>> Rounding.TIES_EVEN
    <Rounding.RND_CONV: 'nearest, ties to even'>
    """

    TRN = "toward minus infinity"
    """Truncation: the bits below the step are dropped (floor)."""
    TRN_INF = "toward plus infinity"
    """Up to the next step (ceiling)."""
    TRN_ZERO = "toward zero"
    """Truncation of a sign-magnitude number."""
    TRN_AWAY = "away from zero"
    """Up in magnitude to the next step."""
    RND = "nearest, ties toward plus infinity"
    """Half a step is added and the bits below the step are dropped."""
    RND_MIN_INF = "nearest, ties toward minus infinity"
    """The mirror image of RND."""
    RND_ZERO = "nearest, ties toward zero"
    """Nearest, a tie loses magnitude."""
    RND_INF = "nearest, ties away from zero"
    """Nearest, a tie gains magnitude: C's round()."""
    RND_CONV = "nearest, ties to even"
    """Convergent rounding, without bias: the default of IEEE 754, C's rint()."""
    RND_CONV_ODD = "nearest, ties to odd"
    """Convergent rounding to the other side."""
    JAM = "lowest bit set"
    """Von Neumann rounding: truncate, then set the lowest bit, even of a value on a step."""
    JAM_UNBIASED = "to odd"
    """Truncate, then set the lowest bit if anything was dropped; a second rounding after it does no harm."""

    TO_NEG = TRN
    TO_POS = TRN_INF
    TO_ZERO = TRN_ZERO
    TO_AWAY = TRN_AWAY
    TIES_POS = RND
    TIES_NEG = RND_MIN_INF
    TIES_ZERO = RND_ZERO
    TIES_AWAY = RND_INF
    TIES_EVEN = RND_CONV
    TIES_ODD = RND_CONV_ODD


class Overflow(Enum):
    """What becomes of a rounded value outside the range of its word; the value of a member says it in words.

    >>> from wincraft.numbers.fixed_point import FixedPoint
    >>> [float(FixedPoint(4, 0, overflow=choice).quantize(9)) for choice in (Overflow.SAT, Overflow.WRAP)]
    [7.0, -7.0]
    """

    SAT = "clip to the range"
    """Saturation: the nearest end of the range."""
    SAT_SYM = "clip to plus or minus the maximum"
    """Symmetric saturation: the most negative code is not used."""
    WRAP = "keep the low bits"
    """Two's complement wrap-around, modulo 2^word: what an adder does by itself."""


_Rule = Callable[[Any, Any, Any], Any]
"""(rest, odd, negative) -> whether y = k + rest, k = floor(y), goes up to k + 1; odd: k is odd, negative: y < 0."""


def _nearest(tie_goes_up: Callable[[Any, Any], Any]) -> _Rule:
    return lambda rest, odd, negative: (rest > 0.5) | ((rest == 0.5) & tie_goes_up(odd, negative))


_STEPS_UP: dict[Rounding, _Rule] = {
    Rounding.TRN: lambda rest, odd, negative: False,
    Rounding.TRN_INF: lambda rest, odd, negative: rest > 0,
    Rounding.TRN_ZERO: lambda rest, odd, negative: (rest > 0) & negative,
    Rounding.TRN_AWAY: lambda rest, odd, negative: (rest > 0) & (negative == 0),
    Rounding.RND: _nearest(lambda odd, negative: True),
    Rounding.RND_MIN_INF: _nearest(lambda odd, negative: False),
    Rounding.RND_ZERO: _nearest(lambda odd, negative: negative),
    Rounding.RND_INF: _nearest(lambda odd, negative: negative == 0),
    Rounding.RND_CONV: _nearest(lambda odd, negative: odd == 1),
    Rounding.RND_CONV_ODD: _nearest(lambda odd, negative: odd == 0),
    Rounding.JAM: lambda rest, odd, negative: odd == 0,
    Rounding.JAM_UNBIASED: lambda rest, odd, negative: (rest > 0) & (odd == 0),
}

_IN_ONE_CALL: dict[Rounding, Callable[[np.ndarray], np.ndarray]] = {
    Rounding.TRN: np.floor,
    Rounding.TRN_INF: np.ceil,
    Rounding.TRN_ZERO: np.trunc,
    Rounding.RND_CONV: np.rint,
}


def round_fraction(value: Fraction, rounding: Rounding = Rounding.RND_CONV) -> int:
    """The integer that stands for an exact value.

    >>> [round_fraction(Fraction(k, 2)) for k in (-3, -1, 1, 3, 5)]
    [-2, 0, 0, 2, 2]
    """
    if rounding is Rounding.RND_CONV:
        return round(value)
    k = floor(value)
    return k + bool(_STEPS_UP[rounding](value - k, k & 1, value < 0))


def round_array(values: np.ndarray, rounding: Rounding = Rounding.RND_CONV) -> np.ndarray:
    """`round_fraction` of every entry: float64 of any shape, |entry| < 2^63, to int64 of that shape; no error added.

    >>> round_array(np.array([-1.5, -0.5, 0.5, 1.5, 2.5]), Rounding.RND_INF)
    array([-2, -1,  1,  2,  3])
    """
    if rounding in _IN_ONE_CALL:
        return np.asarray(_IN_ONE_CALL[rounding](values).astype(np.int64))
    k = np.floor(values)
    # the difference is exact except in (-1/2, 0), where the rest lies in (1/2, 1) and every rest acts as 3/4 does
    rest = np.where((values > -0.5) & (values < 0), 0.75, values - k)
    codes = k.astype(np.int64)
    return np.asarray(codes + _STEPS_UP[rounding](rest, codes & 1, values < 0))
