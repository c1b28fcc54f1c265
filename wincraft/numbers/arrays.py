# SPDX-License-Identifier: Apache-2.0
"""Reading arrays of real numbers: each entry is taken as it is, or the array is refused; rounding one exact number."""

from __future__ import annotations

from fractions import Fraction
from numbers import Integral
from typing import Any

import numpy as np

from wincraft.errors import BadShape, BadValue, TooLarge, WrongType


def float64_array(values: object, what: str = "values", *, finite: bool = True) -> np.ndarray:
    """Real numbers of any shape as a float64 array of that shape, each entry unchanged.

    Raises:
        WrongType, TooLarge: for other things than floats up to 64 bits and integers up to 2^53.
        BadValue: for NaN and infinity where they must be finite; the first one is named with its place.
        BadShape: for an empty array.

    >>> float64_array([1, float("nan")])
    Traceback (most recent call last):
    ...
    wincraft.errors.BadValue: an entry of values is nan at [1]; remove NaN and infinity
    """
    try:
        array = np.asarray(values)
    except ValueError:
        raise BadShape(what, "rows of several lengths", "a rectangular array") from None
    if array.dtype.kind not in "fiu" or array.dtype.itemsize > 8:
        raise WrongType(
            "an array of real numbers", f"{what} of dtype {array.dtype}", "give float64, float32, float16 or integers"
        )
    if not array.size:
        raise BadShape(what, str(array.shape), "at least one value")
    if array.dtype.kind in "iu" and not -(2**53) <= int(array.min()) <= int(array.max()) <= 2**53:
        raise TooLarge("float64", f"an integer beyond 2^53 in {what}", "scale it down")
    if finite and array.dtype.kind == "f" and not np.isfinite(array).all():
        place = [int(index) for index in np.argwhere(~np.isfinite(array))[0]]
        raise BadValue(f"an entry of {what}", f"{array[tuple(place)]} at {place}", "remove NaN and infinity")
    return array.astype(np.float64, copy=False)


def is_integer(value: object, least: int) -> bool:
    """Whether a value is an integer, Python's or NumPy's, of at least that.

    >>> is_integer(np.int64(3), 1), is_integer(2.0, 1), is_integer(0, 1)
    (True, False, False)
    """
    return isinstance(value, Integral) and int(value) >= least


def round_to_dtype(value: Fraction, dtype: np.dtype) -> Any:
    """A fraction rounded once, to nearest even, to float64, float32 or float16.

    A narrow format is reached through float64 rounded to odd, which makes the second rounding harmless.

    >>> round_to_dtype(Fraction(1, 3), np.dtype("float32"))
    np.float32(0.33333334)
    """
    try:
        nearest = value.numerator / value.denominator
    except OverflowError:
        return dtype.type(np.inf if value > 0 else -np.inf)
    if dtype.itemsize >= 8 or Fraction(nearest) == value:
        with np.errstate(over="ignore", under="ignore"):
            return dtype.type(nearest)
    if np.float64(nearest).view(np.uint64) % 2 == 0:
        nearest = float(np.nextafter(nearest, np.inf if value > Fraction(nearest) else -np.inf))
    with np.errstate(over="ignore", under="ignore"):
        return dtype.type(nearest)
