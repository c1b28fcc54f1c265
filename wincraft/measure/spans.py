# SPDX-License-Identifier: Apache-2.0
"""Exact ranges of the linear and bilinear values of several axes, and inputs that attain them.

Linear values: the sum and the 1-norm of a row of a Kronecker product are the products of its factors' sums and 1-norms,
so that its range over a box of centre c and radius p,  c sum +- p norm,  needs no row of several axes.

Bilinear values, after some stages of the output chain along each axis: an axis on which nothing has run holds products,
where U = B d and V = G g range over intervals independently. An axis on which the whole chain has run holds outputs,
each a sum of  scale * U V  over the filter taps, all of different data and filter entries, so independent too. Only
the axes between two stages, if there are any, need the corners of their part of the filter enumerated.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import reduce
from math import prod
from typing import Literal, NamedTuple

import numpy as np

from wincraft.measure.corners import MAX_CORNER_BITS, corner_ends, corner_extremes
from wincraft.measure.tables import AxisTables, Done, Forms, to_fractions, to_integers
from wincraft.numbers.box import Box

End = Literal["low", "high"]
Kinds = tuple[list[int], list[int], list[int]]
"""The axes that hold products, values between two stages, and outputs."""


class Span(NamedTuple):
    """Ranges of an array of values, a number that divides them all for integer inputs, and if they are attained."""

    low: np.ndarray
    high: np.ndarray
    grid: Fraction
    exact: bool = True


def linear_span(tables: Sequence[Forms], box: Box) -> Span:
    """The values of linear forms, one table per axis, for all inputs in a box."""
    return Span(*_extent(tables, box.centre, box.radius), _grid(tables))


def linear_corner(tables: Sequence[Forms], index: tuple[int, ...], box: Box, side: End) -> np.ndarray:
    """An input at which one of these values is at an end of its range."""
    return _pick(_outer([_signs(table.entries[i]) for table, i in zip(tables, index, strict=True)]), box, side)


def given_span(tables: Sequence[Forms], weights: np.ndarray) -> Span:
    """The least and largest values of linear forms over given inputs (count, *shape)."""
    values, common = to_integers(weights)
    for table in tables:
        values, common = np.tensordot(values, table.entries, axes=(1, 1)), common * table.common
    low, high = (to_fractions(ends, common) for ends in (values.min(axis=0), values.max(axis=0)))
    return Span(low, high, _grid(tables))


def bilinear_span(
    axes: Sequence[AxisTables],
    done: Done,
    data: Box,
    weights: Box | np.ndarray,
    within: tuple[int, Forms] | None = None,
) -> Span:
    """The values after some stages of the output chain, or the products; of given weights summed over channels.

    `within` an axis the forms of values on the way to those can stand in the place of its own.
    """
    forms = [axis.forms[t] for axis, t in zip(axes, done, strict=True)]
    if within is not None:
        forms[within[0]] = within[1]
    if isinstance(weights, Box):
        return _over_boxes(axes, _split(axes, done, within and within[0]), forms, data, weights)
    integers, common = to_integers(weights.reshape(len(weights), -1))
    shape = tuple(len(table.entries) for table in forms)
    low, high = np.empty(shape, dtype=object), np.empty(shape, dtype=object)
    unit = Fraction(1, common * prod(table.common for table in forms))
    for index in np.ndindex(shape):
        w = integers @ _kronecker([table.entries[i] for table, i in zip(forms, index, strict=True)])
        middle, spread = data.centre * unit * w.sum(), data.radius * unit * abs(w).sum()
        low[index], high[index] = middle - spread, middle + spread
    return Span(low, high, _grid(forms))


def data_corner(
    axes: Sequence[AxisTables], done: Done, index: tuple[int, ...], data: Box, weights: np.ndarray, side: End
) -> np.ndarray:
    """Data, for each channel of given weights, at which one of these values is at an end of its range."""
    W = _kronecker([axis.forms[t].entries[i] for axis, t, i in zip(axes, done, index, strict=True)])
    w = to_integers(weights.reshape(len(weights), -1))[0] @ W
    return _pick(w, data, side).reshape(-1, *(axis.data_length for axis in axes))


def filter_corner(
    axes: Sequence[AxisTables], done: Done, index: tuple[int, ...], data: Box, weights: Box, side: End
) -> np.ndarray:
    """A filter in the box at which, with the right data, one of these values is at an end of its exact range."""
    taps, partial, finished = _split(axes, done)
    V, U = _tap_spans(axes, taps, data, weights)
    tap = tuple(index[axis] for axis in taps)
    boxes = Box(V.low[tap], V.high[tap]), Box(U.low[tap], U.high[tap])
    extremes = corner_extremes(_kronecker([axes[a].forms[done[a]].entries[index[a]] for a in partial]), *boxes)
    factor = prod(axes[axis].forms[-1].sums[index[axis]] for axis in finished)
    ends = extremes.high_at if (side == "high") == (factor > 0) else extremes.low_at
    ends = _along(ends.reshape([axes[axis].filter_taps for axis in partial]), partial, len(axes))
    pattern = np.ones([axis.filter_taps for axis in axes], dtype=int) * ends
    for axis in taps:
        row = axes[axis].filter.products[-1].entries[index[axis]]
        pattern = pattern * _along(_signs(row), [axis], len(axes))
    return _pick(pattern, weights, "high")


def _over_boxes(axes: Sequence[AxisTables], kinds: Kinds, forms: Sequence[Forms], data: Box, weights: Box) -> Span:
    taps, partial, finished = kinds
    V, U = _tap_spans(axes, taps, data, weights)
    whole, between = ([forms[axis] for axis in kind] for kind in (finished, partial))
    exact = _enumerable(axes, partial)
    if between and exact:
        factors = to_fractions(_outer([table.sums for table in whole]), prod(table.common for table in whole))
        ends = [np.multiply.outer(factors, values) for values in _enumerate(between, V, U)]
        low, high = np.minimum(*ends), np.maximum(*ends)
    else:  # every coefficient for itself: between two stages that is a bound
        products = [v * u for v in (V.low, V.high) for u in (U.low, U.high)]
        least, most = reduce(np.minimum, products), reduce(np.maximum, products)
        low, high = _extent(whole + between, (least + most) / 2, (most - least) / 2)
    back = np.argsort(finished + partial + taps)
    return Span(low.transpose(back), high.transpose(back), _grid(forms), exact)


def _enumerate(forms: Sequence[Forms], V: Span, U: Span) -> tuple[np.ndarray, np.ndarray]:
    """Extremes of forms between two stages, for each of their rows and each tap of the other axes."""
    rows = tuple(len(table.entries) for table in forms)
    common = prod(table.common for table in forms)
    low, high = np.empty((*rows, V.low.size), dtype=object), np.empty((*rows, V.low.size), dtype=object)
    boxes = [[Box(*ends) for ends in zip(span.low.flat, span.high.flat, strict=True)] for span in (V, U)]
    distinct = list(dict.fromkeys(zip(*boxes, strict=True)))
    place = [distinct.index(pair) for pair in zip(*boxes, strict=True)]
    for index in np.ndindex(rows):
        W = _kronecker([table.entries[i] for table, i in zip(forms, index, strict=True)])
        low[index], high[index] = (ends[place] / common for ends in corner_ends(W, *zip(*distinct, strict=True)))
    return low.reshape(rows + V.low.shape), high.reshape(rows + V.low.shape)


def _split(axes: Sequence[AxisTables], done: Done, within: int | None = None) -> Kinds:
    """The axes on which nothing, something, and all of the output chain has run; something where it is `within`."""
    state = [(t > 0) + (t == len(axis.output)) for axis, t in zip(axes, done, strict=True)]
    if within is not None:
        state[within] = 1
    taps, partial, finished = ([axis for axis, s in enumerate(state) if s == wanted] for wanted in (0, 1, 2))
    return taps, partial, finished


def _enumerable(axes: Sequence[AxisTables], partial: Sequence[int]) -> bool:
    return prod(axes[axis].filter_taps for axis in partial) <= MAX_CORNER_BITS


def _tap_spans(axes: Sequence[AxisTables], taps: Sequence[int], data: Box, weights: Box) -> tuple[Span, Span]:
    """The ranges of V = G g and of U = B d along some axes."""
    V = linear_span([axes[axis].filter.products[-1] for axis in taps], weights)
    return V, linear_span([axes[axis].input.products[-1] for axis in taps], data)


def _extent(
    tables: Sequence[Forms], centre: np.ndarray | Fraction, radius: np.ndarray | Fraction
) -> tuple[np.ndarray, np.ndarray]:
    """The ends  centre * sum -+ radius * norm  for each row of the tables' product, each centre and its radius."""
    (centres, radii), common = to_integers(np.array([centre, radius], dtype=object))
    common *= prod(table.common for table in tables)
    middle = np.multiply.outer(_outer([table.sums for table in tables]), centres)
    spread = np.multiply.outer(_outer([table.norms for table in tables]), radii)
    return to_fractions(middle - spread, common), to_fractions(middle + spread, common)


def _grid(tables: Sequence[Forms]) -> Fraction:
    return prod((table.grid for table in tables), start=Fraction(1))


def _outer(vectors: Sequence[np.ndarray]) -> np.ndarray:
    """The outer product of integer vectors; of none, 1."""
    return reduce(np.multiply.outer, vectors, np.array(1, dtype=object))


def _kronecker(matrices: Sequence[np.ndarray]) -> np.ndarray:
    """The Kronecker product of integer matrices; of none, the 1 x 1 identity."""
    return reduce(np.kron, matrices, np.ones((1, 1), dtype=object))


def _along(array: np.ndarray, axes: Sequence[int], count: int) -> np.ndarray:
    """An array with its axes at the given places among `count`, for broadcasting."""
    return np.expand_dims(array, [axis for axis in range(count) if axis not in axes])


def _signs(values: np.ndarray) -> np.ndarray:
    return np.subtract(values > 0, values < 0, dtype=int)


def _pick(signs: np.ndarray, box: Box, side: End) -> np.ndarray:
    """The box's end of that side where a sign is positive, the other end elsewhere."""
    result = np.full(signs.shape, box.low if side == "high" else box.high, dtype=object)
    result[signs > 0] = box.high if side == "high" else box.low
    return result
