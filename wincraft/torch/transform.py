# SPDX-License-Identifier: Apache-2.0
"""The transform of one side of an algorithm as matrix products over all axes of a tile at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from functools import reduce
from math import inf, prod
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from wincraft.algorithm.linear_map import LinearMap
from wincraft.exact.fraction import Rows
from wincraft.measure.integer_machine import float_outer, integer_rows
from wincraft.numbers.integer_grid import IntegerGrid
from wincraft.numbers.quantizer import Quantizer
from wincraft.quantise.machines import scheme_stages
from wincraft.quantise.schemes import Scheme
from wincraft.torch.rounding import straight_through
from wincraft.torch.stage import WideModule

Factors = tuple[tuple[Fraction, ...], ...]
"""One exact factor per position, axis by axis."""


class StepFactors(NamedTuple):
    """Of one matrix product: the factors of its rows, (rows, 1, 1), and the largest absolute row sum or inf."""

    factors: torch.Tensor
    growth: float


class Transform(WideModule):
    """A chain, applied step by step: (positions, vectors, channels) to (rows, vectors, channels).

    Every matrix is the Kronecker product over the axes. Its rows are integers without a common factor, times rational
    factors that are kept beside them, so that integers stay integers. What a scheme does not store in between is
    multiplied out. With `learned` the matrix next to the taps is a parameter per axis (equal axes share one), without
    factors; entries that a scheme rounds are rounded in use, with the gradient of the identity.
    """

    def __init__(
        self,
        chains: Sequence[LinearMap],
        scheme: Scheme,
        between: Quantizer | None,
        columns: Factors | None = None,
        learned: str | None = None,
    ) -> None:
        super().__init__()
        stages = scheme_stages(chains, scheme, between)
        self._grid = scheme.matrices if isinstance(scheme.matrices, IntegerGrid) else None
        unrounded = scheme_stages(chains, replace(scheme, matrices=None), between) if self._grid else stages
        folded = not scheme.stages
        core = {None: None, "first": 0, "last": len(stages) - 1}[learned]
        self._growth: list[float] = []
        self.core = core
        self.exact_factors: Factors = ()
        self.matrices = nn.ParameterList()
        self._axes: list[int] = []
        for number, rows in enumerate(stages):
            before = columns if columns and not number else tuple((Fraction(1),) * len(table[0]) for table in rows)
            if number == core:
                self._learn(unrounded[number], before)
                matrix, growth = np.zeros((0, 0)), inf
            else:
                matrix, growth = self._fixed(rows, before)
            if folded:
                matrix, growth = matrix * float_outer(self.exact_factors).reshape(-1, 1), inf
            if folded or number == core:
                self.exact_factors = tuple((Fraction(1),) * len(table) for table in rows)
            self._growth.append(growth)
            self.register_buffer(f"matrix_{number}", torch.from_numpy(matrix), persistent=False)
            factors = float_outer(self.exact_factors).reshape(-1, 1, 1)
            self.register_buffer(f"factors_{number}", torch.from_numpy(factors.copy()), persistent=False)

    def _fixed(self, rows: list[Rows], columns: Factors) -> tuple[np.ndarray, float]:
        pairs = [integer_rows(table, before) for table, before in zip(rows, columns, strict=True)]
        self.exact_factors = tuple(contents for _, contents in pairs)
        matrix = reduce(np.kron, (matrix for matrix, _ in pairs))
        integers = np.array_equal(matrix, np.rint(matrix))  # not so for irrational points
        return matrix, float(np.abs(matrix).sum(axis=1).max()) if integers else inf

    def _learn(self, rows: list[Rows], columns: Factors) -> None:
        seen: list[list[list[float]]] = []
        for table, before in zip(rows, columns, strict=True):
            entries = [[float(value * c) for value, c in zip(row, before, strict=True)] for row in table]
            if entries not in seen:
                seen.append(entries)
                self.matrices.append(nn.Parameter(torch.tensor(entries, dtype=torch.float64)))
            self._axes.append(seen.index(entries))

    def __len__(self) -> int:
        return len(self._growth)

    def step(self, number: int) -> StepFactors:
        """What comes with a matrix."""
        return StepFactors(self.get_buffer(f"factors_{number}"), self._growth[number])

    def apply_step(self, number: int, value: torch.Tensor) -> torch.Tensor:
        """One matrix product, in the dtype of the value."""
        if number == self.core:
            matrix = reduce(torch.kron, [self._in_use(self.matrices[index]) for index in self._axes])
        else:
            matrix = self.get_buffer(f"matrix_{number}")
        product = matrix.to(value.dtype) @ value.reshape(len(value), -1)
        return product.view(len(product), *value.shape[1:])

    def _in_use(self, matrix: torch.Tensor) -> torch.Tensor:
        if self._grid is None:
            return matrix
        entries = matrix.detach().double()
        scale = entries.abs().max() / float(self._grid.limit)
        codes = torch.clamp(torch.round(entries / scale), self._grid.low, self._grid.high)
        return straight_through((codes * scale).to(matrix.dtype), matrix)


def multiplied(first: Factors, second: Factors) -> Factors:
    """Factors of products, position by position."""
    return tuple(tuple(a * b for a, b in zip(*pair, strict=True)) for pair in zip(first, second, strict=True))


def outer(factors: Factors) -> torch.Tensor:
    """The factors of all axes, (positions, 1, 1), float64."""
    return torch.from_numpy(float_outer(factors).reshape(prod(len(axis) for axis in factors), 1, 1).copy())
