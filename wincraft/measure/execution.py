# SPDX-License-Identifier: Apache-2.0
"""An algorithm run pass by pass, whatever its values are: exact numbers, rounded ones, error bounds, second moments."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Generic, Protocol, TypeVar

import numpy as np

from wincraft.algorithm.entries import matrix_to_numpy
from wincraft.algorithm.linear_map import LinearMap, Maps, Pass
from wincraft.exact.number import to_fraction
from wincraft.exact.types import Matrix, Number
from wincraft.measure.places import INPUT, OUTPUT, WEIGHTS, M, Place, U, V, step

Stored = TypeVar("Stored")
Operand_contra = TypeVar("Operand_contra", contravariant=True)
Operand = TypeVar("Operand")
Made = TypeVar("Made")


class Machine(Protocol[Operand_contra, Stored]):
    """What runs an algorithm. A value belongs to the machine that made it and is never changed.

    Values of arrays have the axes (taps..., channels, vectors), those of the weights (taps..., outputs, channels).

    >>> machine: Machine[np.ndarray, np.ndarray] = ArrayMachine(float)
    >>> machine.multiply(np.full((1, 2, 1), 3.0), np.ones((1, 1, 2))).item()
    6.0
    """

    def load(self, place: Place, given: Operand_contra) -> Stored:
        """The value of the data or the weights, stored as the machine stores these."""

    def apply(self, step: Pass, value: Stored) -> Stored:
        """One pass."""

    def multiply(self, U: Stored, V: Stored) -> Stored:
        """M = sum_c V_c U_c, tap by tap: (taps..., C, T) and (taps..., K, C / groups) to (taps..., K, T)."""

    def store(self, place: Place, value: Stored) -> Stored:
        """The value as it is stored at a place; the same one where nothing is stored there."""

    def divide(self, value: Stored, divisor: Fraction) -> Stored:
        """The value over a number other than 1."""


def execute(
    maps: Maps,
    scale: Number,
    machine: Machine[Operand, Stored],
    data: Operand,
    filters: Operand,
    watch: Callable[[Place, Stored], object] | None = None,
) -> Stored:
    """The outputs of maps over a scale. `watch` is told the value of every place, in the order of the computation.

    >>> from wincraft import winograd
    >>> F = winograd(2, 3)
    >>> d, g = np.arange(4).reshape(4, 1, 1), np.ones((3, 1, 1), dtype=int)
    >>> execute(F.maps, F.scale, ArrayMachine(object), d, g).ravel().tolist()
    [Fraction(3, 1), Fraction(6, 1)]
    """

    def seen(place: Place, value: Stored) -> Stored:
        if watch is not None:
            watch(place, value)
        return value

    def transformed(item: LinearMap, start: Place, value: Stored) -> Stored:
        for number, stage in enumerate(stages_of(item)):
            if number:
                between = step(start.side, number)
                value = seen(between, machine.store(between, value))
            for one in stage.passes:
                value = machine.apply(one, value)
        return value

    operands = []
    for start, given, item, end in ((INPUT, data, maps.input, U), (WEIGHTS, filters, maps.filter, V)):
        value = transformed(item, start, seen(start, machine.load(start, given)))
        operands.append(seen(end, machine.store(end, value)))
    products = seen(M, machine.store(M, machine.multiply(*operands)))
    y = transformed(maps.output, M, products)
    y = y if scale == 1 else machine.divide(y, to_fraction(scale))
    return seen(OUTPUT, machine.store(OUTPUT, y))


def stages_of(item: LinearMap) -> list[LinearMap]:
    """A map stage by stage: values can be stored between stages, not between the passes of one.

    A stage has one pass along each of some axes, or one for the whole tile.

    >>> from wincraft import nest, winograd
    >>> one = winograd(2, 3)
    >>> [[step.axis for step in stage.passes] for stage in stages_of(nest(one, one.change_basis("legendre")).input)]
    [[0, 1], [1]]
    """
    stages: list[list[Pass]] = []
    taken: set[int | None] = {None}
    for one in item.passes:
        if one.axis is None or taken & {None, one.axis}:
            stages.append([])
            taken = set()
        stages[-1].append(one)
        taken.add(one.axis)
    found, tile = [], item.tile
    for passes in stages:
        found.append(LinearMap(tile, tuple(passes)))
        tile = found[-1].image
    return found


def along(matrix: np.ndarray, array: np.ndarray, item: Pass) -> np.ndarray:
    """The product of a pass, its matrix given as numbers, with an array (taps..., channels, vectors).

    >>> from wincraft import winograd
    >>> step = winograd(2, 3).output.passes[0]
    >>> along(matrix_to_numpy(step.matrix, float), np.ones((4, 1, 1)), step).ravel().tolist()
    [3.0, 1.0]
    """
    if item.axis is None:
        return np.asarray((matrix @ array.reshape(matrix.shape[1], -1)).reshape(*item.image, *array.shape[-2:]))
    first = np.moveaxis(array, item.axis, 0)
    product = matrix @ first.reshape(len(first), -1)
    return np.moveaxis(product.reshape(len(matrix), *first.shape[1:]), 0, item.axis)


def grouped(V: np.ndarray, U: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Filters (..., K, C / groups) and data (..., C, T) with an axis of groups before their last two.

    >>> [item.shape for item in grouped(np.ones((4, 6, 2)), np.ones((4, 4, 5)))]
    [(4, 2, 3, 2), (4, 2, 2, 5)]
    """
    (K, C), T = V.shape[-2:], U.shape[-1]
    groups = U.shape[-2] // C
    return V.reshape(*V.shape[:-2], groups, K // groups, C), U.reshape(*U.shape[:-2], groups, C, T)


class PerMatrix(Generic[Made]):
    """What a machine makes of a matrix, made once for each.

    >>> from wincraft import winograd
    >>> shape_of = PerMatrix(lambda matrix: matrix.shape)
    >>> shape_of(winograd(2, 3).filter.dense)
    (4, 3)
    """

    def __init__(self, make: Callable[[Matrix], Made]) -> None:
        self._make = make
        self._made: dict[int, tuple[Matrix, Made]] = {}

    def __call__(self, matrix: Matrix) -> Made:
        """The one of this matrix."""
        if id(matrix) not in self._made:  # the matrix is kept, so that no other has its id
            self._made[id(matrix)] = matrix, self._make(matrix)
        return self._made[id(matrix)][1]


class ArrayMachine:
    """NumPy's own arithmetic in a dtype; `object` computes in Fractions, exact where the matrices are rational.

    >>> ArrayMachine(object).divide(np.array([[[3]]]), Fraction(2)).item()
    Fraction(3, 2)
    """

    def __init__(self, dtype: type) -> None:
        self._dtype = dtype

    def load(self, place: Place, given: np.ndarray) -> np.ndarray:
        """In the dtype."""
        return given.astype(self._dtype)

    def apply(self, step: Pass, value: np.ndarray) -> np.ndarray:
        """A matrix product."""
        return along(matrix_to_numpy(step.matrix, self._dtype), value, step)

    def multiply(self, U: np.ndarray, V: np.ndarray) -> np.ndarray:
        """A matrix product per tap and group."""
        return np.asarray(np.matmul(*grouped(V, U))).reshape(*V.shape[:-1], -1)

    def store(self, place: Place, value: np.ndarray) -> np.ndarray:
        """Nothing is rounded."""
        return value

    def divide(self, value: np.ndarray, divisor: Fraction) -> np.ndarray:
        """By the number rounded to the dtype."""
        return np.asarray(value / (divisor if self._dtype is object else self._dtype(divisor)))
