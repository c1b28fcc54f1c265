# SPDX-License-Identifier: Apache-2.0
"""Exact matrices as arrays, every entry rounded once."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from wincraft.errors import BadValue, NotApplicable, TooLarge, shorten
from wincraft.exact.field import Field
from wincraft.exact.matrix import fraction_rows
from wincraft.exact.types import Matrix
from wincraft.numbers.arrays import round_to_dtype

DTYPES = "use float64, float32, float16, an integer type or object"


def matrix_to_numpy(matrix: Matrix, dtype: DTypeLike) -> np.ndarray:
    """An exact matrix as an array, each entry rounded once to nearest even; `object` keeps Fractions.

    Raises:
        NotApplicable, TooLarge: where an entry does not fit the dtype.
        BadValue: for any dtype that holds no real numbers.

    >>> from wincraft import winograd
    >>> matrix_to_numpy(winograd(2, 3, points="0,1,-1").filter.dense, "float16")
    array([[ 1. ,  0. ,  0. ],
           [ 0.5,  0.5,  0.5],
           [ 0.5, -0.5,  0.5],
           [ 0. ,  0. ,  1. ]], dtype=float16)
    """
    try:
        dtype = np.dtype(dtype)
    except TypeError:
        raise BadValue("the dtype", shorten(repr(dtype)), DTYPES) from None
    if dtype.kind not in "iu":
        Field(matrix.domain).need_order(f"matrices as {dtype}")
    values = fraction_rows(matrix)
    if dtype.hasobject:
        return np.array(values, dtype=object).reshape(matrix.shape)
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        for value in (value for row in values for value in row):
            if value.denominator != 1 or not limits.min <= value <= limits.max:
                raise NotApplicable(
                    f"matrices as {dtype}",
                    f"entry {value} does not fit",
                    "use the convention 'integer' or a wider type",
                )
        return np.array([[int(value) for value in row] for row in values], dtype=dtype)
    if dtype.kind != "f" or dtype.itemsize > 8:
        raise BadValue("the dtype", str(dtype), DTYPES)
    rounded = np.array([[round_to_dtype(value, dtype) for value in row] for row in values], dtype=dtype)
    if not np.isfinite(rounded).all():
        row, column = np.argwhere(~np.isfinite(rounded))[0]
        largest = f"{np.finfo(dtype).max:g}"
        raise TooLarge(
            str(dtype),
            f"an entry of {len(str(int(abs(values[row][column]))))} digits is beyond its largest, {largest}",
            "use a wider type, or points or a convention with smaller entries",
        )
    return rounded
