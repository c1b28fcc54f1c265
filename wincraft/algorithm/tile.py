# SPDX-License-Identifier: Apache-2.0
"""One exact tile, of any number of axes."""

from __future__ import annotations

from typing import Any

from wincraft.algorithm.linear_map import Maps
from wincraft.errors import BadShape
from wincraft.exact.field import common_field
from wincraft.exact.number import exact_number, to_element
from wincraft.exact.types import Number


def apply_tile(maps: Maps, scale: Number, data: object, filter: object) -> Any:
    """output[(filter g) * (input d)] / scale as nested lists of sympy numbers. Exact.

    Shapes are those of the maps: data `maps.input.tile`, filter `maps.filter.tile`, result `maps.output.image`.

    Raises:
        BadShape: where the data or the filter has another shape.
        BadNumber, FloatGiven: where an entry is no exact number.
    """
    d, g = _flatten("the data tile", data, maps.input.tile), _flatten("the filter", filter, maps.filter.tile)
    K = common_field(maps.input.domain, numbers=d + g)
    tile, taps = ([to_element(value, K) for value in values] for values in (d, g))
    U, V = maps.input.convert(K).apply(tile), maps.filter.convert(K).apply(taps)
    sums = maps.output.convert(K).apply([u * v for u, v in zip(U, V, strict=True)])
    divisor = to_element(scale, K)
    return _unflatten([K.to_sympy(value / divisor) for value in sums], maps.output.image)


def _flatten(what: str, values: object, shape: tuple[int, ...]) -> list[Number]:
    def walk(part: Any, depth: int) -> list[Number]:
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
