# SPDX-License-Identifier: Apache-2.0
"""Reading arrays of real numbers: each entry is taken as it is, or the array is refused."""

from __future__ import annotations

from numbers import Integral

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
