# SPDX-License-Identifier: Apache-2.0
"""The bridge to NumPy: rounding exact matrices once, and convolving whole signals in the caller's dtype.

The only module of this floor that meets floats, and only those the caller brings.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import lcm
from numbers import Integral, Rational
from typing import Any

import numpy as np

from wincraft.algorithm.linear_map import Maps
from wincraft.errors import BadShape, BadValue, NotApplicable, TooLarge, WrongType, shorten
from wincraft.exact.matrix import to_numbers
from wincraft.exact.number import to_fraction

_DTYPES = "use float64, float32, float16, an integer type or object"
_EXACT_LIMIT = 2**63 - 1


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


def matrix_to_numpy(matrix: Any, dtype: Any) -> np.ndarray:
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
        raise BadValue("the dtype", shorten(repr(dtype)), _DTYPES) from None
    values = [[to_fraction(number) for number in row] for row in to_numbers(matrix)]
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
        raise BadValue("the dtype", str(dtype), _DTYPES)
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


def convolve(axes: Sequence[Maps], scale: Any, data: Any, filters: Any, padding: int | Sequence[int] = 0) -> np.ndarray:
    """Correlate whole signals or images with a bank of filters, tile by tile; every border included.

    y[b,k,p] = sum_{c,q} x[b,c,p+q] w[k,c,q], q over the filter taps, x padded with zeros.
    Shapes: data (N, C, *spatial) with filters (K, C, *r) give (N, K, *(spatial + 2 padding - r + 1)); data (*spatial)
    with filters (*r) give one plain result. Float64, float32 and float16 are computed in their own precision;
    integers and `object` (ints, Fractions) exactly, in int64 where no step can overflow and in Python numbers else.

    Raises:
        BadShape: where shapes, channels or padding do not fit.
        BadValue: for NaN or infinity, and dtypes that are no real numbers.
        NotApplicable: for integers and irrational matrices, and entries beyond the dtype.
        WrongType: for tensors of PyTorch, and objects that are no ints and Fractions.

    >>> from wincraft import parse
    >>> image, box = np.arange(25).reshape(5, 5), np.ones((3, 3), dtype=int)
    >>> parse("F(2x2,3x3)").convolve(image, box)
    array([[ 54,  63,  72],
           [ 99, 108, 117],
           [144, 153, 162]])
    """
    if any(type(item).__module__.partition(".")[0] == "torch" for item in (data, filters)):
        repair = "use the layers of wincraft.torch, or pass tensor.detach().numpy()"
        raise WrongType("a NumPy array", "a tensor", f"it would lose its gradient: {repair}")
    x, w, pads = _checked(axes, data, filters, padding)
    plain = x.ndim == len(axes)
    if plain:
        x, w = x[None, None], w[None, None]
    exact = x.dtype.kind in "iubO"
    triples: list[tuple[Any, Any, Any]]
    divisor = to_fraction(scale)
    if exact:
        triples, common = _integer_matrices(axes)
        divisor *= common
        small = "O" not in x.dtype.kind + w.dtype.kind and _largest_value(triples, x, w) <= _EXACT_LIMIT
        number = np.int64 if small else object
        x, w = x.astype(number), w.astype(number)
        triples = [(AT.astype(number), G.astype(number), BT.astype(number)) for AT, G, BT in triples]
    else:
        triples = [tuple(matrix_to_numpy(item.dense, x.dtype) for item in maps) for maps in axes]  # type: ignore[misc]
    y = _tiled(triples, x, w, pads)
    if not exact:
        y = y if divisor == 1 else y / round_to_dtype(divisor, x.dtype)
    elif y.dtype.hasobject or divisor.denominator != 1:
        y = np.frompyfunc(lambda v: int(q) if (q := v / divisor).denominator == 1 else q, 1, 1)(y.astype(object))
    else:
        y = y // int(divisor)
    return y[0, 0] if plain else y


def _checked(axes: Sequence[Maps], data: Any, filters: Any, padding: Any) -> tuple[np.ndarray, np.ndarray, list[int]]:
    try:
        x, w = np.asarray(data), np.asarray(filters)
    except ValueError:
        raise BadShape("(data, filters)", "rows of different lengths", "rectangular arrays") from None
    d = len(axes)
    pads = list(padding) if isinstance(padding, Sequence) else [padding] * d
    if x.ndim not in (d, d + 2) or w.ndim != x.ndim:
        raise BadShape(
            "(data, filters)", f"{x.shape}, {w.shape}", f"(N, C, {d} axes) and (K, C, {d} axes), or {d} axes each"
        )
    taps = tuple(maps.filter.shape[1] for maps in axes)
    if w.shape[-d:] != taps or (w.ndim > d and w.shape[1] != x.shape[1]):
        channels = () if w.ndim == d else (w.shape[0], x.shape[1])
        raise BadShape("filters", str(w.shape), str(channels + taps))
    if len(pads) != d or any(not isinstance(pad, Integral) or pad < 0 for pad in pads):
        raise BadShape("padding", str(padding), f"one number >= 0, or {d} of them")
    for size, pad, r in zip(x.shape[-d:], pads, taps, strict=True):
        if size + 2 * pad < r:
            raise BadShape("data", f"{x.shape} with padding {pads}", f"at least the filter's {taps}")
    if 0 in x.shape or 0 in w.shape:
        raise BadShape("(data, filters)", f"{x.shape}, {w.shape}", "no empty axis")
    kinds = {x.dtype.kind, w.dtype.kind}
    if kinds <= set("iubO"):
        if not all(maps.input.domain.is_QQ for maps in axes):
            raise NotApplicable("exact convolve", f"the matrices lie in {axes[0].input.domain}", "pass floats")
        if "O" in kinds and not all(isinstance(value, Rational) for array in (x, w) for value in array.flat):
            raise WrongType(
                "an array of ints and Fractions", "an object array of other things", "pass floats, ints or Fractions"
            )
        return _python_numbers(x), _python_numbers(w), [int(pad) for pad in pads]
    if not kinds <= set("iubf") or max(x.itemsize, w.itemsize) > 8:
        raise BadValue("the dtype of data and filters", f"{x.dtype} and {w.dtype}", _DTYPES)
    dtype = np.result_type(x, w)
    if not (np.isfinite(x).all() and np.isfinite(w).all()):
        raise BadValue("an entry of data or filters", "NaN or infinite", "remove it")
    return x.astype(dtype), w.astype(dtype), [int(pad) for pad in pads]


def _python_numbers(array: np.ndarray) -> np.ndarray:
    """An object array with its NumPy integers, which would wrap, made Python ints."""
    if not array.dtype.hasobject:
        return array
    convert = np.frompyfunc(lambda v: Fraction(int(v.numerator), int(v.denominator)), 1, 1)
    return np.asarray(convert(array), dtype=object)


def _integer_matrices(axes: Sequence[Maps]) -> tuple[list[tuple[Any, Any, Any]], int]:
    """Every matrix times its common denominator, and the product of these."""
    triples, product = [], 1
    for maps in axes:
        arrays = []
        for item in maps:
            array = matrix_to_numpy(item.dense, object)
            common = lcm(*(value.denominator for value in array.flat))
            arrays.append(np.frompyfunc(lambda v, c=common: int(v * c), 1, 1)(array))
            product *= common
        triples.append((arrays[0], arrays[1], arrays[2]))
    return triples, product


def _largest_value(triples: Sequence[Any], x: np.ndarray, w: np.ndarray) -> int:
    """A bound on every intermediate and result, by absolute row sums; at least that of every transform alone."""
    U, V = (max(abs(int(array.min())), abs(int(array.max()))) for array in (x, w))
    out = 1
    for AT, G, BT in triples:
        U *= max(1, np.abs(BT).sum(axis=1).max())
        V *= max(1, np.abs(G).sum(axis=1).max())
        out *= max(1, np.abs(AT).sum(axis=1).max())
    return int(max(1, U) * max(1, V) * out * x.shape[1])


def _tiled(triples: Sequence[Any], x: np.ndarray, w: np.ndarray, pads: list[int]) -> np.ndarray:
    d = len(triples)
    outputs, taps, ranks = ([t[k].shape[axis] for t in triples] for k, axis in ((0, 0), (1, 1), (1, 0)))
    sizes = [size + 2 * pad - r + 1 for size, pad, r in zip(x.shape[2:], pads, taps, strict=True)]
    tiles = [-(-size // m) for size, m in zip(sizes, outputs, strict=True)]
    lengths = [count * m + r - 1 for count, m, r in zip(tiles, outputs, taps, strict=True)]
    padded = np.zeros((*x.shape[:2], *lengths), dtype=x.dtype)
    inside = [slice(pad, pad + size) for pad, size in zip(pads, x.shape[2:], strict=True)]
    padded[:, :, *inside] = x
    windows = np.lib.stride_tricks.sliding_window_view(
        padded, [m + r - 1 for m, r in zip(outputs, taps, strict=True)], axis=tuple(range(2, 2 + d))
    )
    windows = windows[(slice(None), slice(None), *(slice(None, None, m) for m in outputs))]
    U = _transform([t[2] for t in triples], windows)
    V = _transform([t[1] for t in triples], w)
    N, C, K = x.shape[0], x.shape[1], w.shape[0]
    products = int(np.prod(ranks))
    U = np.moveaxis(U.reshape(N, C, -1, products), (3, 1), (0, 1)).reshape(products, C, -1)
    V = np.moveaxis(V.reshape(K, C, products), 2, 0)
    M = np.matmul(V, U).reshape(*ranks, K, N, *tiles)
    M = np.moveaxis(M, range(d), range(-d, 0))
    Y = _transform([t[0] for t in triples], M)
    order = [1, 0, *(axis for k in range(d) for axis in (2 + k, 2 + d + k))]
    Y = Y.transpose(order).reshape(N, K, *(t * m for t, m in zip(tiles, outputs, strict=True)))
    return Y[(slice(None), slice(None), *(slice(size) for size in sizes))]


def _transform(matrices: Sequence[np.ndarray], array: np.ndarray) -> np.ndarray:
    """One matrix along each of the last axes."""
    d = len(matrices)
    for k, matrix in enumerate(matrices):
        array = np.moveaxis(np.moveaxis(array, k - d, -1) @ matrix.T, -1, k - d)
    return array
