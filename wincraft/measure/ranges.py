# SPDX-License-Identifier: Apache-2.0
"""The exact range of every value that an algorithm computes, and inputs that attain it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, NamedTuple

import numpy as np

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.content import map_names
from wincraft.construct.circuits import Circuits
from wincraft.construct.rounding import is_large
from wincraft.errors import BadShape, BadValue, NotApplicable, UnknownName, look_up
from wincraft.measure.integers import INT8
from wincraft.measure.spans import End, data_corner, filter_corner, linear_corner
from wincraft.measure.steps import Kind, Reach, Step, products, range_steps, reach
from wincraft.measure.tables import Forms, Tables, running
from wincraft.numbers.box import Box, rational
from wincraft.numbers.summation import ALL_ORDERS, C_ORDER, CIRCUIT_ORDERS, ORDERS, positive_first
from wincraft.show.layout import Layout, Section, Table
from wincraft.show.numbers import plural
from wincraft.show.shown import Shown


class Inputs(NamedTuple):
    """Data and filter of one tile, or of one for each channel, as arrays of Fractions."""

    data: np.ndarray
    filter: np.ndarray


@dataclass(frozen=True, eq=False, repr=False)
class Ranges(Shown):
    """The ranges of all steps of an algorithm, in the order ``g``, G, ``d``, B^T, products ``M``, A^T.

    Passes run in the order of the maps; where some take whole tiles, values are of the flattened tile. Labels are such
    as ``BT``, ``BT axis 1`` and ``BT[0]`` (the first stage of a chain). The last step is before the division by the
    algorithm's scale. `filter` is a box, or the given weights with one axis of channels before their own: then filter
    steps have the ranges over the channels, and products and outputs are sums over the channels.
    """

    algorithm: Algorithm
    data: Box
    filter: Box | np.ndarray
    steps: tuple[Step, ...]

    def __getitem__(self, label: str) -> Step:
        for step in self.steps:
            if step.label == label:
                return step
        raise UnknownName("step", label, tuple(step.label for step in self.steps))

    def of(self, *kinds: Kind) -> tuple[Step, ...]:
        """The steps of some kinds, in their order."""
        return tuple(step for step in self.steps if step.kind in kinds)

    def on_the_way(self, *kinds: Kind, order: str = C_ORDER) -> Reach:
        """Where all lies that steps of some kinds compute: their values, and what stands on the way to those.

        That is every product by a coefficient and every sum: in an order of `ORDERS` the partial sums of rows, in one
        of `CIRCUIT_ORDERS`, as `C_ORDER` of C headers is, the values of the program, on integers where the matrix is
        integer. It is what a word must hold that must not overflow and does not wrap around.

        Raises:
            UnknownName: for an order that is in neither.

        >>> from wincraft import winograd
        >>> found = ranges(winograd(4, 3, points="0,1,-1,2,-2", convention="integer"))
        >>> found["AT"].box, found.on_the_way("output").box
        ([-1170432, 1179648], [-6266880, 6266880])
        """
        look_up("order", order, ALL_ORDERS)
        reaches = [item for kind in kinds for item in self._reaches(kind, order)]
        boxes = [item.box for item in reaches]
        box = Box(min(box.low for box in boxes), max(box.high for box in boxes))
        return Reach(box, all(item.exact for item in reaches))

    def _reaches(self, kind: Kind, order: str) -> list[Reach]:
        """Those of the values of a kind, and of what stands on the way to them."""
        if (kind, order) not in self._known:
            steps = self.of("product", "output") if kind == "output" else self.of(kind)
            computed = partial(self._computed, kind, order)
            passes = () if kind == "product" else reach(self._tables, steps, self.data, self.filter, computed)
            self._known[kind, order] = [*(Reach(step.box, step.exact) for step in self.of(kind)), *passes]
        return self._known[kind, order]

    def _computed(self, kind: Kind, order: str, number: int) -> Forms:
        step = self._tables.step(kind, number)
        if order in ORDERS or is_large(step.matrix):  # of large matrices programs are rows as C headers write them
            return running(self._tables.stage(kind, number), ORDERS.get(order, positive_first))
        if order not in self._circuits:
            self._circuits[order] = Circuits(self.algorithm, CIRCUIT_ORDERS[order])
        return self._tables.program_forms(kind, number, self._circuits[order].computed(step.matrix))

    @cached_property
    def _circuits(self) -> dict[str, Circuits]:
        return {}

    @cached_property
    def _known(self) -> dict[tuple[Kind, str], list[Reach]]:
        return {}

    def attaining(self, label: str, index: Sequence[int], side: End = "high") -> Inputs:
        """Data and filter for which the value of a step at an index is at the low or the high end of its range. Exact.

        With given weights both have an axis of channels before their own. What a value does not depend on is at the low
        end of its box.

        Raises:
            UnknownName: where there is no step of that label, or no such side.
            BadShape: where the index does not fit the step's shape.
            NotApplicable: where the range is but a bound, or the weights of a filter step are given.

        >>> from wincraft import winograd
        >>> found = ranges(winograd(2, 3, points="0,1,-1")).attaining("BT", [2])
        >>> [int(value) for value in found.data]
        [-128, -128, 127, -128]
        """
        step, at = self[label], tuple(index)
        if side not in ("low", "high"):
            raise UnknownName("side", str(side), ("low", "high"))
        if len(at) != step.low.ndim or not all(0 <= i < size for i, size in zip(at, step.low.shape, strict=True)):
            raise BadShape(f"an index into {label}", str(at), f"one within {step.low.shape}")
        if not step.exact:
            raise NotApplicable(f"an input attaining {label}", "its range is a bound", "ask for one of an exact range")
        if isinstance(self.filter, Box):
            data, weights = self._inputs(step, at, side, self._filter_corner(step, at, side, self.filter)[None])
            return Inputs(data[0], weights[0])
        if step.kind == "filter":
            raise NotApplicable(f"an input attaining {label}", "the weights are given", "look at the weights")
        return self._inputs(step, at, side, self.filter)

    def _inputs(self, step: Step, at: tuple[int, ...], side: End, weights: np.ndarray) -> Inputs:
        data, maps = self._data_corner(step, at, side, weights), self.algorithm.maps
        return Inputs(data.reshape(-1, *maps.input.tile), weights.reshape(-1, *maps.filter.tile))

    def _filter_corner(self, step: Step, at: tuple[int, ...], side: End, box: Box) -> np.ndarray:
        if step.kind in ("product", "output"):
            return filter_corner(self._tables.axes, step.done, at, self.data, box, side)
        if step.kind == "filter":
            return linear_corner(products(self._tables.chains("filter"), step.done), at, box, side)
        return np.full([axis.filter_taps for axis in self._tables.axes], box.low, dtype=object)

    def _data_corner(self, step: Step, at: tuple[int, ...], side: End, weights: np.ndarray) -> np.ndarray:
        if step.kind in ("product", "output"):
            return data_corner(self._tables.axes, step.done, at, self.data, weights, side)
        tile = np.full([axis.data_length for axis in self._tables.axes], self.data.low, dtype=object)
        if step.kind == "input":
            tile = linear_corner(products(self._tables.chains("input"), step.done), at, self.data, side)
        return np.broadcast_to(tile, (len(weights), *tile.shape))

    @cached_property
    def _tables(self) -> Tables:
        return Tables(self.algorithm)

    def layout(self) -> Layout:
        """What goes in, and a row for every step."""
        of_filter = f"filter {self.filter}"
        if not isinstance(self.filter, Box):
            of_filter = f"given weights, summed over {plural(len(self.filter), 'channel')}"
        header = ("step", "shape", "low", "high", "", "bits", "+fraction", "partial")
        table = Table(header, tuple(step.row for step in self.steps), "lrrrlrrr")
        return Layout(f"ranges of {self.algorithm.size}: data {self.data}, {of_filter}", (), (Section("", (table,)),))


def ranges(
    algorithm: Algorithm, data: Box = INT8, filter: Box | Any = INT8, rounding: Mapping[str, Any] | None = None
) -> Ranges:
    """The range of every value the algorithm computes, for data in a box and a filter in a box or given. Exact.

    A linear value  w . x  over a box of centre c and radius p has the range  c sum(w) +- p |w|_1.  A value of the
    output transform is bilinear,  g^T W d,  and attains its range at corners of both boxes. Between two stages of A^T
    the corners of the filter are enumerated, up to 2^16; beyond, a bound is given and flagged. Elsewhere a closed form
    is exact. Given weights are nested sequences of exact numbers of the filter's shape, or with an axis of channels
    before it. `rounding` maps labels of steps to the largest absolute error of rounding their values there, such as 1/2
    for nearest integers; from there on the ranges are sound bounds. Irrational entries are taken to 60 digits.

    Raises:
        BadShape: where the weights do not fit the filter.
        BadNumber, FloatGiven: where a weight or an error is no exact rational number.
        UnknownName: where a label in `rounding` is none.
        BadValue: where an error is negative.
        NotApplicable: over GF(p), whose elements have no size.

    Source: a function that is linear in an argument is extreme at corners of the argument's box.

    >>> from wincraft import winograd
    >>> ranges(winograd(2, 3, points="0,1,-1", convention="integer"))
    ranges of F(2,3): data [-128, 127], filter [-128, 127]
    step              shape             low            high         bits +fraction   partial
    g                     3            -128             127  exact     8         0         8
    G                     4            -384             382  exact    10         0        10
    d                     4            -128             127  exact     8         0         8
    BT                    4            -256             255  exact     9         0         9
    M                     4          -97665           98304  exact    18         0        18
    AT                    2          -97536           98304  exact    18         0        19
    """
    algorithm.field.need_order(f"ranges of {algorithm.size}")
    tables = Tables(algorithm)
    weights = filter
    if not isinstance(filter, Box):
        weights = _read_weights(filter, algorithm.maps.filter.tile)
        weights = weights.reshape(-1, *(axis.filter_taps for axis in tables.axes))
    errors = {label: rational(error) for label, error in (rounding or {}).items()}
    result = Ranges(algorithm, data, weights, range_steps(tables, map_names(algorithm), data, weights, errors))
    for label, error in errors.items():
        step = result[label]
        if error < 0:
            raise BadValue(f"the error of rounding {step.label}", str(error), "give 0 or more")
    return result


def _read_weights(given: Any, shape: tuple[int, ...]) -> np.ndarray:
    try:
        array = np.array(given, dtype=object)
    except ValueError:
        raise BadShape("the weights", "rows of several lengths", str(shape)) from None
    channels = array[None] if array.shape == shape else array
    if channels.shape[1:] != shape or not len(channels):
        raise BadShape("the weights", str(array.shape), f"{shape}, or an axis of channels before it")
    return np.array([rational(value) for value in channels.flat], dtype=object).reshape(channels.shape)
