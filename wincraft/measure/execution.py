# SPDX-License-Identifier: Apache-2.0
"""An algorithm run pass by pass, whatever its values are: exact numbers, rounded ones, error bounds, second moments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Generic, NamedTuple, Protocol, TypeVar

import numpy as np

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.linear_map import LinearMap
from wincraft.algorithm.numeric import matrix_to_numpy
from wincraft.exact.number import to_fraction
from wincraft.exact.types import Matrix
from wincraft.measure.places import INPUT, OUTPUT, WEIGHTS, M, Place, U, V, step

Value = TypeVar("Value")
Given_contra = TypeVar("Given_contra", contravariant=True)
Given = TypeVar("Given")
Made = TypeVar("Made")


class Pass(NamedTuple):
    """An exact matrix along one axis of a tile; with axis None over the flattened tile. `image`: the tile after it.

    >>> from wincraft import winograd
    >>> chains_of(winograd(2, 3)).filter[0][0].image
    (4,)
    """

    matrix: Matrix
    axis: int | None
    image: tuple[int, ...]


Stages = tuple[tuple[Pass, ...], ...]
"""A map, stage by stage: values can be stored between stages, not between the passes of one."""


class Chains(NamedTuple):
    """An algorithm as it is run: its maps as passes, and the number that the outputs are divided by."""

    output: Stages
    filter: Stages
    input: Stages
    scale: Fraction


class Machine(Protocol[Given_contra, Value]):
    """What runs an algorithm. A value belongs to the machine that made it and is never changed.

    Values of arrays have the axes (taps..., channels, vectors), those of the weights (taps..., outputs, channels).

    >>> machine: Machine[np.ndarray, np.ndarray] = ArrayMachine(float)
    >>> machine.multiply(np.full((1, 2, 1), 3.0), np.ones((1, 1, 2))).item()
    6.0
    """

    def load(self, place: Place, given: Given_contra) -> Value:
        """The value of the data or the weights, stored as the machine stores these."""

    def apply(self, step: Pass, value: Value) -> Value:
        """One pass."""

    def multiply(self, U: Value, V: Value) -> Value:
        """M = sum_c V_c U_c, tap by tap: (taps..., C, T) and (taps..., K, C / groups) to (taps..., K, T)."""

    def store(self, place: Place, value: Value) -> Value:
        """The value as it is stored at a place; the same one where nothing is stored there."""

    def divide(self, value: Value, divisor: Fraction) -> Value:
        """The value over a number other than 1."""


def execute(
    chains: Chains,
    machine: Machine[Given, Value],
    data: Given,
    filters: Given,
    watch: Callable[[Place, Value], object] | None = None,
) -> Value:
    """The outputs of an algorithm. `watch` is told the value of every place, in the order of the computation.

    >>> from wincraft import winograd
    >>> d, g = np.arange(4).reshape(4, 1, 1), np.ones((3, 1, 1), dtype=int)
    >>> execute(chains_of(winograd(2, 3)), ArrayMachine(object), d, g).ravel().tolist()
    [Fraction(3, 1), Fraction(6, 1)]
    """

    def seen(place: Place, value: Value) -> Value:
        if watch is not None:
            watch(place, value)
        return value

    def transformed(stages: Stages, start: Place, value: Value) -> Value:
        for number, passes in enumerate(stages):
            if number:
                between = step(start.side, number)
                value = seen(between, machine.store(between, value))
            for item in passes:
                value = machine.apply(item, value)
        return value

    operands = []
    for start, given, stages, end in ((INPUT, data, chains.input, U), (WEIGHTS, filters, chains.filter, V)):
        value = transformed(stages, start, seen(start, machine.load(start, given)))
        operands.append(seen(end, machine.store(end, value)))
    products = seen(M, machine.store(M, machine.multiply(*operands)))
    y = transformed(chains.output, M, products)
    y = y if chains.scale == 1 else machine.divide(y, chains.scale)
    return seen(OUTPUT, machine.store(OUTPUT, y))


def chains_of(algorithm: Algorithm) -> Chains:
    """The passes of an algorithm: stage by stage, each stage along all axes in turn.

    >>> from wincraft import winograd
    >>> [[(item.axis, item.image) for item in stage] for stage in chains_of(winograd(2, 3)).output]
    [[(0, (2,))]]
    """
    maps = [axis.maps for axis in algorithm.factors]
    output, filters, data = (stages_of([item[side] for item in maps]) for side in range(3))
    return Chains(output, filters, data, to_fraction(algorithm.scale))


def stages_of(maps: Sequence[LinearMap]) -> Stages:
    """The passes of one chain per axis, which may differ in length: the shorter ones end earlier.

    >>> from wincraft import winograd
    >>> one = winograd(2, 3)
    >>> two = one.change_basis("legendre")
    >>> [[item.axis for item in stage] for stage in stages_of([one.input, two.input])]
    [[0, 1], [1]]
    """
    tile, found = [item.shape[1] for item in maps], []
    for number in range(max(len(item.stages) for item in maps)):
        passes = []
        for axis, item in enumerate(maps):
            if number < len(item.stages):
                tile[axis] = item.stages[number].shape[0]
                passes.append(Pass(item.stages[number], axis, tuple(tile)))
        found.append(tuple(passes))
    return tuple(found)


def along(matrix: np.ndarray, array: np.ndarray, item: Pass) -> np.ndarray:
    """The product of a pass, its matrix given as numbers, with an array (taps..., channels, vectors)."""
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
    """What a machine makes of a matrix, made once for each."""

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
