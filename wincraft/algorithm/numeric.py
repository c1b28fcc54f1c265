# SPDX-License-Identifier: Apache-2.0
"""The bridge to NumPy: rounding exact matrices once, and convolving whole signals in the caller's dtype.

The only module of this floor that meets floats, and only those the caller brings.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import lcm, prod
from numbers import Integral, Rational
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from wincraft.algorithm.entries import DTYPES, matrix_to_numpy
from wincraft.algorithm.linear_map import Maps, Pass
from wincraft.errors import BadShape, BadValue, NotApplicable, WrongType
from wincraft.exact.field import Field
from wincraft.exact.matrix import fraction_rows
from wincraft.exact.number import to_fraction
from wincraft.exact.types import Number
from wincraft.numbers.arrays import round_to_dtype

_EXACT_LIMIT = 2**63 - 1


def convolve(
    maps: Maps, scale: Number, data: ArrayLike, filters: ArrayLike, padding: int | Sequence[int] = 0
) -> np.ndarray:
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
    x, w, pads = _checked(maps, data, filters, padding)
    plain = x.ndim == len(maps.input.tile)
    if plain:
        x, w = x[None, None], w[None, None]
    exact, field, divisor = x.dtype.kind in "iubO", Field(maps.input.domain), to_fraction(scale)
    if exact:
        chains, common = _integer_chains(maps)
        divisor *= common
        small = "O" not in x.dtype.kind + w.dtype.kind and _largest_value(chains, x, w) <= _EXACT_LIMIT
        number = np.int64 if small else object
        x, w = x.astype(number), w.astype(number)
        chains = Chains(*([step._replace(matrix=step.matrix.astype(number)) for step in chain] for chain in chains))
    else:
        chains = Chains(*([_rounded(step, x.dtype) for step in item.collapsed.passes] for item in maps))
    y = _tiled(maps, chains, x, w, pads)
    if not field.ordered:
        y = _residues(y, field, divisor)
    elif not exact:
        y = y if divisor == 1 else y / round_to_dtype(divisor, x.dtype)
    elif y.dtype.hasobject or divisor.denominator != 1:
        y = np.frompyfunc(lambda v: int(q) if (q := v / divisor).denominator == 1 else q, 1, 1)(y.astype(object))
    else:
        y = y // int(divisor)
    return y[0, 0] if plain else y


class ArrayPass(NamedTuple):
    """A `Pass` whose matrix is an array."""

    matrix: np.ndarray
    axis: int | None
    image: tuple[int, ...]


class Chains(NamedTuple):
    """The passes of the three maps."""

    output: list[ArrayPass]
    filter: list[ArrayPass]
    input: list[ArrayPass]


def _rounded(step: Pass, dtype: DTypeLike) -> ArrayPass:
    return ArrayPass(matrix_to_numpy(step.matrix, dtype), step.axis, step.image)


def _residues(y: np.ndarray, field: Field, divisor: Fraction) -> np.ndarray:
    """Sums over GF(p), divided by the scale, as the representatives between -p/2 and p/2."""
    K = field.domain
    unit = K.one / K(int(divisor))
    convert = np.frompyfunc(lambda value: int(K.to_sympy(K(int(value)) * unit)), 1, 1)
    return np.asarray(convert(y), dtype=y.dtype)


def _checked(maps: Maps, data: ArrayLike, filters: ArrayLike, padding: Any) -> tuple[np.ndarray, np.ndarray, list[int]]:
    try:
        x, w = np.asarray(data), np.asarray(filters)
    except ValueError:
        raise BadShape("(data, filters)", "rows of different lengths", "rectangular arrays") from None
    d = len(maps.input.tile)
    pads = list(padding) if isinstance(padding, Sequence) else [padding] * d
    if x.ndim not in (d, d + 2) or w.ndim != x.ndim:
        raise BadShape(
            "(data, filters)", f"{x.shape}, {w.shape}", f"(N, C, {d} axes) and (K, C, {d} axes), or {d} axes each"
        )
    taps, field = maps.filter.tile, Field(maps.input.domain)
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
        if field.generators:
            raise NotApplicable("exact convolve", f"the matrices lie in {field.name}", "pass floats")
        if "O" in kinds and not all(isinstance(value, Rational) for array in (x, w) for value in array.flat):
            raise WrongType(
                "an array of ints and Fractions", "an object array of other things", "pass floats, ints or Fractions"
            )
        return _python_numbers(x), _python_numbers(w), [int(pad) for pad in pads]
    if not kinds <= set("iubf") or max(x.itemsize, w.itemsize) > 8:
        raise BadValue("the dtype of data and filters", f"{x.dtype} and {w.dtype}", DTYPES)
    field.need_order("convolving floats")
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


def _integer_chains(maps: Maps) -> tuple[Chains, int]:
    """Every matrix times its common denominator, and the product of these."""
    product = 1
    chains: list[list[ArrayPass]] = []
    for item in maps:
        chains.append([])
        for step in item.collapsed.passes:
            array = np.array(fraction_rows(step.matrix), dtype=object)
            common = lcm(*(value.denominator for value in array.flat))
            integers = np.frompyfunc(lambda v, c=common: int(v * c), 1, 1)(array)
            chains[-1].append(ArrayPass(integers, step.axis, step.image))
            product *= common
    return Chains(*chains), product


def _largest_value(chains: Chains, x: np.ndarray, w: np.ndarray) -> int:
    """A bound on every intermediate and result, by absolute row sums; at least that of every transform alone."""
    U, V = (max(abs(int(array.min())), abs(int(array.max()))) for array in (x, w))
    grown = [prod(max(1, np.abs(step.matrix).sum(axis=1).max()) for step in chain) for chain in chains]
    return int(max(1, U * grown[2]) * max(1, V * grown[1]) * grown[0] * x.shape[1])


def _tiled(maps: Maps, chains: Chains, x: np.ndarray, w: np.ndarray, pads: list[int]) -> np.ndarray:
    outputs, taps, tile, products = maps.output.image, maps.filter.tile, maps.input.tile, maps.output.tile
    d, rank = len(tile), prod(products)
    sizes = [size + 2 * pad - r + 1 for size, pad, r in zip(x.shape[2:], pads, taps, strict=True)]
    tiles = [-(-size // m) for size, m in zip(sizes, outputs, strict=True)]
    lengths = [count * m + r - 1 for count, m, r in zip(tiles, outputs, taps, strict=True)]
    padded = np.zeros((*x.shape[:2], *lengths), dtype=x.dtype)
    inside = [slice(pad, pad + size) for pad, size in zip(pads, x.shape[2:], strict=True)]
    padded[:, :, *inside] = x
    windows = np.lib.stride_tricks.sliding_window_view(padded, tile, axis=tuple(range(2, 2 + d)))
    windows = windows[(slice(None), slice(None), *(slice(None, None, m) for m in outputs))]
    U, V = _transformed(chains.input, windows, d), _transformed(chains.filter, w, d)
    N, C, K = x.shape[0], x.shape[1], w.shape[0]
    U = np.moveaxis(U.reshape(N, C, -1, rank), (3, 1), (0, 1)).reshape(rank, C, -1)
    V = np.moveaxis(V.reshape(K, C, rank), 2, 0)
    M = np.moveaxis(np.matmul(V, U), 0, -1).reshape(K, N, *tiles, *products)
    Y = _transformed(chains.output, M, len(products))
    order = [1, 0, *(axis for k in range(d) for axis in (2 + k, 2 + d + k))]
    Y = Y.transpose(order).reshape(N, K, *(t * m for t, m in zip(tiles, outputs, strict=True)))
    return Y[(slice(None), slice(None), *(slice(size) for size in sizes))]


def _transformed(chain: Sequence[ArrayPass], array: np.ndarray, d: int) -> np.ndarray:
    """The passes over the last d axes."""
    for matrix, axis, image in chain:
        if axis is None:
            array = (array.reshape(*array.shape[: array.ndim - d], -1) @ matrix.T).reshape(*array.shape[:-d], *image)
            d = len(image)
        else:
            array = np.moveaxis(np.moveaxis(array, axis - d, -1) @ matrix.T, -1, axis - d)
    return array
