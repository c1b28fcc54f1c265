# SPDX-License-Identifier: Apache-2.0
"""One exact tile, of any number of axes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import prod
from typing import Any

from wincraft.algorithm.linear_map import LinearMap, Maps
from wincraft.errors import BadShape
from wincraft.exact.number import exact_number, field_of, to_element


def apply_tile(axes: Sequence[Maps], scale: Any, data: Any, filter: Any) -> Any:
    """output[(filter g) * (input d)] / scale along every axis, as nested lists of sympy numbers. Exact.

    Shapes are those of the maps: data (input columns), filter (filter columns), result (output rows), per axis.

    Raises:
        BadShape: where the data or the filter has another shape.
        BadNumber, FloatGiven: where an entry is no exact number.
    """
    shape_in = tuple(maps.input.shape[1] for maps in axes)
    shape_filter = tuple(maps.filter.shape[1] for maps in axes)
    shape_out, ranks = (tuple(maps.output.shape[k] for maps in axes) for k in (0, 1))
    numbers = _flatten("the data tile", data, shape_in), _flatten("the filter", filter, shape_filter)
    generators = [maps.input.domain.to_sympy(maps.input.domain.unit) for maps in axes if not maps.input.domain.is_QQ]
    K = field_of(generators + numbers[0] + numbers[1])
    tile, taps = ([to_element(value, K) for value in values] for values in numbers)
    U = _along_axes([maps.input.convert(K) for maps in axes], tile, shape_in)
    V = _along_axes([maps.filter.convert(K) for maps in axes], taps, shape_filter)
    M = [u * v for u, v in zip(U, V, strict=True)]
    sums = _along_axes([maps.output.convert(K) for maps in axes], M, ranks)
    divisor = to_element(scale, K)
    return _unflatten([K.to_sympy(value / divisor) for value in sums], shape_out)


def _flatten(what: str, values: Any, shape: tuple[int, ...]) -> list[Any]:
    def walk(part: Any, depth: int) -> list[Any]:
        if depth == len(shape):
            return [exact_number(part)]
        if isinstance(part, str) or not hasattr(part, "__len__") or len(part) != shape[depth]:
            got = len(part) if hasattr(part, "__len__") and not isinstance(part, str) else "no list"
            raise BadShape(what, f"{got} on axis {depth}", str(shape))
        return [value for item in part for value in walk(item, depth + 1)]

    return walk(values, 0)


def _unflatten(values: list[Any], shape: tuple[int, ...]) -> Any:
    for length in reversed(shape[1:]):
        values = [values[start : start + length] for start in range(0, len(values), length)]
    return values


def _along_axes(maps: Sequence[LinearMap], values: list[Any], shape: Sequence[int]) -> list[Any]:
    """Apply one map per axis to a row-major flat array."""
    sizes = list(shape)
    for axis, item in enumerate(maps):
        leading, trailing = prod(sizes[:axis]), prod(sizes[axis + 1 :])
        columns = {
            (i, j): item.apply([values[(i * sizes[axis] + k) * trailing + j] for k in range(sizes[axis])])
            for i, j in product(range(leading), range(trailing))
        }
        sizes[axis] = item.shape[0]
        values = [columns[i, j][k] for i in range(leading) for k in range(sizes[axis]) for j in range(trailing)]
    return values
