# SPDX-License-Identifier: Apache-2.0
"""Recovering the matrix of a linear function, such as a kernel's transform, from its values at unit vectors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import prod
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from wincraft.errors import BadShape, BadValue, NotApplicable, WrongType, shorten

MAX_INPUTS = 2**16
"""Most entries of an input that is probed."""


def probe(function: Callable[[Any], Any], n: int | Sequence[int], dtype: DTypeLike = float) -> np.ndarray:
    """The matrix of a linear function: column j is its value at the j-th unit vector, flattened in row order.

    The function takes one array of n entries, or of shape n, and returns an array or a sequence. It is called for
    every unit vector, for zeros, and for one array of small integers whose value must be that of the matrix. Entries
    are the function's own; exact Python numbers stay what they are with dtype ``object``. What it gives is for
    `wincraft.identify`, with the other two matrices.

    Args:
        function: linear: f(a x + b y) = a f(x) + b f(y), f(0) = 0.
        n: the length, or the shape, of its input.
        dtype: of the arrays it is called with.

    Raises:
        BadShape: values of different shapes, and inputs that are empty or of more than `MAX_INPUTS` entries.
        NotApplicable: a function that is not linear.
        WrongType, BadValue: what is no function, and one that returns no finite numbers.

    >>> probe(lambda d: [d[0] - d[2], d[1] + d[2], d[2] - d[1], d[3] - d[1]], 4).tolist()
    [[1.0, 0.0, -1.0, 0.0], [0.0, 1.0, 1.0, 0.0], [0.0, -1.0, 1.0, 0.0], [0.0, -1.0, 0.0, 1.0]]
    """
    if not callable(function):
        raise WrongType("a function", shorten(repr(function)), "give one that takes an array")
    shape: tuple[Any, ...] = tuple(n) if isinstance(n, Iterable) else (n,)
    whole = all(isinstance(axis, Integral) and not isinstance(axis, bool) for axis in shape)
    if not shape or not whole or min(shape) < 1 or prod(shape) > MAX_INPUTS:
        raise BadShape("the input of a probed function", str(shape), f"axes of 1 or more, {MAX_INPUTS} entries at most")
    size = prod(shape)
    units = np.eye(size, dtype=dtype)
    columns = [_value(function, unit.reshape(shape)) for unit in units]
    if len({column.shape for column in columns}) > 1:
        shapes = sorted({column.shape for column in columns})
        raise BadShape("the value of a probed function", str(shapes), "one shape, whatever the input holds")
    matrix = np.stack(columns, axis=1)
    trial = small_integers(size).astype(dtype)
    _check_linear("zeros", _value(function, np.zeros(shape, dtype=dtype)), matrix @ (0 * trial), matrix)
    _check_linear("a sum", _value(function, trial.reshape(shape)), matrix @ trial, matrix)
    return matrix


def small_integers(size: int) -> np.ndarray:
    """The one argument beside zeros and unit vectors that a function is called with.

    >>> small_integers(4).tolist()
    [-3, 2, 0, -2]
    """
    return np.arange(size) * 5 % 7 - 3


def _value(function: Callable[[Any], Any], argument: np.ndarray) -> np.ndarray:
    value = np.asarray(function(argument)).ravel()
    if value.dtype.kind == "f" and not np.isfinite(value).all():
        raise BadValue("a value of the probed function", "not finite", "give one that is linear")
    if any(entry is None for entry in value):
        raise WrongType("the value of a linear function", "None", "give one that returns its values, not one in place")
    if value.dtype.kind not in "iufO" or not value.size:
        raise WrongType(
            "an array of real numbers",
            f"what the probed function returns, {value.dtype} of {value.size} entries,",
            "return real numbers",
        )
    return value


def _check_linear(what: str, value: np.ndarray, expected: np.ndarray, matrix: np.ndarray) -> None:
    """Refuse a value that is not the matrix's: exactly for integers and objects, to rounding for floats."""
    if value.shape != expected.shape:
        raise BadShape("the value of a probed function", str(value.shape), str(expected.shape))
    slack = 0.0
    if matrix.dtype.kind == "f":
        slack = float(64 * np.finfo(matrix.dtype).eps * np.abs(matrix).sum(axis=1).max(initial=0.0))
    if not (np.abs(value - expected) <= slack).all():
        raise NotApplicable("probe", f"the function is not linear: its value at {what} differs", "give its linear part")
