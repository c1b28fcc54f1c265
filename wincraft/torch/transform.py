# SPDX-License-Identifier: Apache-2.0
"""The transform of one side of an algorithm as matrix products over all axes of a tile at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import reduce
from itertools import product
from math import inf, prod
from typing import NamedTuple

import numpy as np
import torch

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.linear_map import LinearMap, Pass
from wincraft.exact.fraction import Rows
from wincraft.exact.matrix import fraction_rows
from wincraft.measure.execution import stages_of
from wincraft.measure.integer_machine import float_outer, integer_rows
from wincraft.measure.places import INPUT, OUTPUT, WEIGHTS, M, Place, U, V, step
from wincraft.numbers.integer_grid import IntegerGrid
from wincraft.quantise.machines import stored_maps
from wincraft.quantise.schemes import Scheme
from wincraft.torch.stage import WideModule

Factors = tuple[tuple[Fraction, ...], ...]
"""One exact factor per position, axis by axis."""
ONE = Fraction(1)


class SidePlan(NamedTuple):
    """The places that one side's values pass, and from each to the next the stage of its map.

    The stages are as a scheme stores them; `exact` ones are as they are where it stores them on a grid.
    """

    places: list[Place]
    stages: list[LinearMap]
    exact: list[LinearMap]

    @property
    def tiles(self) -> list[tuple[int, ...]]:
        """The tiles at the places."""
        return [self.stages[0].tile, *(stage.image for stage in self.stages)]


def side_plans(algorithm: Algorithm, scheme: Scheme) -> tuple[SidePlan, SidePlan, SidePlan]:
    """The plans of the data, the weights and the products.

    >>> from wincraft import parse
    >>> from wincraft.quantise.schemes import SCHEMES
    >>> _, plan, _ = side_plans(parse("F(4x4,3x3)"), SCHEMES["tapwise-8"])
    >>> [str(place) for place in plan.places], plan.tiles
    (['weights', 'V'], [(3, 3), (6, 6)])
    """
    maps = exact = stored_maps(algorithm, scheme)
    if isinstance(scheme.matrices, IntegerGrid):
        exact = stored_maps(algorithm, replace(scheme, matrices=None))

    def plan(start: Place, stored: LinearMap, exact: LinearMap, end: Place) -> SidePlan:
        stages, kept = stages_of(stored), stages_of(exact)
        if len(stages) > 1 and scheme.arithmetic is None and getattr(scheme, step(start.side, 1).stage) is None:
            # of whole tiles; others were multiplied out axis by axis
            stages, kept = [as_one_pass(stored)], [as_one_pass(exact)]
        between = (step(start.side, number) for number in range(1, len(stages)))
        return SidePlan([start, *between, end], stages, kept)

    return (
        plan(INPUT, maps.input, exact.input, U),
        plan(WEIGHTS, maps.filter, exact.filter, V),
        plan(M, maps.output, exact.output, OUTPUT),
    )


def as_one_pass(item: LinearMap) -> LinearMap:
    """A map as one pass over the whole tile.

    >>> from wincraft import parse
    >>> as_one_pass(parse("F(2x2,3x3)").input).passes[0].matrix.shape
    (16, 16)
    """
    return LinearMap(item.tile, (Pass(item.dense, None, item.image),))


class TileTransform(WideModule):
    """A chain, applied step by step: (positions, vectors, channels) to (rows, vectors, channels).

    Every matrix is over the flattened tile. Its rows are integers without a common factor, times rational factors that
    are kept beside them, so that integers stay integers; where a scheme stores nothing the factors are multiplied out.
    What comes in has factors as `columns`; what comes out is over a `divisor`. `growth` is the largest absolute row sum
    of each matrix, or inf.
    """

    learned = False
    """Whether a matrix changes while its network is trained."""

    def __init__(self, plan: SidePlan, scheme: Scheme, columns: Factors | None = None, divisor: Fraction = ONE) -> None:
        super().__init__()
        self.plan = plan
        self.growth = [inf] * len(plan.stages)
        for number, stage in enumerate(plan.stages):
            axes, factors, growth = by_axis(stage, None if number else columns)
            matrix = reduce(np.kron, axes)
            if number == len(self.growth) - 1:
                factors = over(factors, divisor)
            if not scheme.stages:
                matrix, factors, growth = matrix * outer(factors).numpy()[:, 0], ones(stage.image), inf
            self._set(number, matrix, factors, growth)
            for axis, item in enumerate(axes):
                self.register_buffer(f"matrix_{number}_{axis}", torch.from_numpy(item), persistent=False)

    def _set(self, number: int, matrix: np.ndarray, factors: Factors, growth: float) -> None:
        self.exact_factors, self.growth[number] = factors, growth
        self.register_buffer(f"matrix_{number}", torch.from_numpy(matrix), persistent=False)
        self.register_buffer(f"factors_{number}", outer(factors), persistent=False)

    def factors(self, number: int) -> torch.Tensor:
        """Those of the rows of a matrix, (rows, 1, 1)."""
        return self.get_buffer(f"factors_{number}")

    @property
    def last_factors(self) -> torch.Tensor:
        """Those of what comes out."""
        return self.factors(len(self.growth) - 1)

    def matrix(self, number: int) -> torch.Tensor:
        """A matrix without the factors of its rows."""
        return self.get_buffer(f"matrix_{number}")

    def axis_matrices(self, number: int) -> list[torch.Tensor]:
        """Those whose Kronecker product a matrix is, one per axis; one for all where it is of a whole tile."""
        names = (f"matrix_{number}_{axis}" for axis in range(len(self.plan.stages[number].tile)))
        return [self.get_buffer(name) for name in names if name in self._buffers]

    def apply_step(self, number: int, value: torch.Tensor) -> torch.Tensor:
        """One matrix product, in the dtype of the value."""
        product = self.matrix(number).to(value.dtype) @ value.reshape(len(value), -1)
        return product.view(len(product), *value.shape[1:])


def by_axis(stage: LinearMap, columns: Factors | None) -> tuple[list[np.ndarray], Factors, float]:
    """The passes of one stage, axis by axis: integer rows, their factors, and the largest absolute row sum or inf.

    That is of their Kronecker product. There is one matrix where a pass is over the whole tile.

    >>> from wincraft import winograd
    >>> (matrix,), factors, growth = by_axis(winograd(2, 3).filter, None)
    >>> matrix.tolist()[1], [str(factor) for factor in factors[0]], growth
    ([1.0, 1.0, 1.0], ['1', '1/2', '1/2', '1'], 3.0)
    """
    pairs = [integer_rows(rows, before) for rows, before in axis_rows(stage, columns)]
    axes = [matrix for matrix, _ in pairs]
    integers = all(np.array_equal(matrix, np.rint(matrix)) for matrix in axes)  # not so for irrational points
    growth = prod(float(np.abs(matrix).sum(axis=1).max()) for matrix in axes) if integers else inf
    return axes, tuple(contents for _, contents in pairs), growth


def axis_rows(stage: LinearMap, columns: Factors | None) -> Iterator[tuple[Rows, tuple[Fraction, ...]]]:
    """The rows of each axis with the factors of their columns; those of a pass over the whole tile are of one axis."""
    columns = columns or ones(stage.tile)
    given = {item.axis: fraction_rows(item.matrix) for item in stage.passes}
    if None in given:
        yield given[None], tuple(prod(position, start=ONE) for position in product(*columns))
        return
    for axis, factors in enumerate(columns):
        places = range(len(factors))
        yield given.get(axis) or [[Fraction(i == j) for j in places] for i in places], factors


def ones(tile: Sequence[int]) -> Factors:
    """A factor of 1 for each position."""
    return tuple((ONE,) * size for size in tile)


def over(factors: Factors, divisor: Fraction) -> Factors:
    """Factors over a number."""
    first, *rest = factors
    return (tuple(factor / divisor for factor in first), *rest)


def multiplied(first: Factors, second: Factors) -> Factors:
    """Factors of products, position by position."""
    return tuple(tuple(a * b for a, b in zip(*pair, strict=True)) for pair in zip(first, second, strict=True))


def outer(factors: Factors) -> torch.Tensor:
    """The factors of all axes, (positions, 1, 1), float64."""
    return torch.from_numpy(float_outer(factors).reshape(prod(len(axis) for axis in factors), 1, 1).copy())
