# SPDX-License-Identifier: Apache-2.0
"""A run of an algorithm written down: every linear combination and every product, on symbols."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

import numpy as np

from wincraft.algorithm.linear_map import Pass
from wincraft.exact.matrix import fraction_rows
from wincraft.measure.execution import grouped
from wincraft.measure.places import Place


class RecordedSum(NamedTuple):
    """A sum of coefficients times earlier symbols, or times products of two; an input has no terms.

    >>> RecordedSum(((Fraction(1, 2), (0,)), (Fraction(-1), (1, 2))))
    RecordedSum(terms=((Fraction(1, 2), (0,)), (Fraction(-1, 1), (1, 2))))
    """

    terms: tuple[tuple[Fraction, tuple[int, ...]], ...] = ()


class RecordingMachine:
    """Values are the numbers of symbols; `operations` says what each is, `inputs` which are data and filters.

    Of these only the shape matters.

    >>> from wincraft import winograd
    >>> from wincraft.measure.execution import execute
    >>> F, machine = winograd(1, 2), RecordingMachine()
    >>> symbols = execute(F.maps, F.scale, machine, np.ones((2, 1, 1)), np.ones((2, 1, 1)))
    >>> len(machine.operations), symbols.item()
    (11, 10)
    """

    def __init__(self) -> None:
        self.operations: list[RecordedSum] = []
        self.inputs: list[int] = []

    def load(self, place: Place, given: np.ndarray) -> np.ndarray:
        """A symbol for each entry."""
        symbols = [self._record() for _ in given.flat]
        self.inputs += symbols
        return np.array(symbols).reshape(given.shape)

    def apply(self, step: Pass, value: np.ndarray) -> np.ndarray:
        """A symbol for each row of the matrix and each vector; zeros have no terms."""
        rows, (*_, C, T) = fraction_rows(step.matrix), value.shape

        def combined(vector: np.ndarray) -> list[int]:
            terms = [[(a, (k,)) for a, k in zip(row, vector.tolist(), strict=True) if a] for row in rows]
            return [self._record(*row) for row in terms]

        if step.axis is not None:
            return np.apply_along_axis(combined, step.axis, value)
        return np.apply_along_axis(combined, 0, value.reshape(-1, C, T)).reshape(*step.image, C, T)

    def multiply(self, U: np.ndarray, V: np.ndarray) -> np.ndarray:
        """A symbol for each sum over channels."""
        v, u = grouped(V, U)
        pairs = np.broadcast_arrays(v[..., None], u[..., None, :, :])
        sums = np.moveaxis(np.stack(pairs, axis=-1), -3, -2).reshape(-1, v.shape[-1], 2).tolist()
        symbols = [self._record(*((Fraction(1), tuple(pair)) for pair in channels)) for channels in sums]
        return np.array(symbols).reshape(*V.shape[:-1], -1)

    def store(self, place: Place, value: np.ndarray) -> np.ndarray:
        """Nothing is stored."""
        return value

    def divide(self, value: np.ndarray, divisor: Fraction) -> np.ndarray:
        """A symbol for each quotient."""
        return np.array([self._record((1 / divisor, (k,))) for k in value.ravel().tolist()]).reshape(value.shape)

    def _record(self, *terms: tuple[Fraction, tuple[int, ...]]) -> int:
        self.operations.append(RecordedSum(terms))
        return len(self.operations) - 1
