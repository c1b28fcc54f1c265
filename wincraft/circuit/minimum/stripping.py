# SPDX-License-Identifier: Apache-2.0
"""What of a matrix has a known price: rows and columns that a bound need not look at.

- A row of zeros, a multiple of one input, a multiple of another row: no addition.
- A column of zeros: no addition. A column with one entry, and a column that is a multiple of another: one addition.

Each price is exact. A column with one entry is added to its row at the end; and setting that input to 0 turns the first
operation that reads it into a copy, so that it is one addition less. The columns follow from the rows by Tellegen's
principle: L(M^T) = L(M) + rows - columns for a matrix M without rows and columns of zeros.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from wincraft.exact.matrix import factor_between, transposed
from wincraft.exact.types import Element, Vectors

CoreRows = tuple[tuple[Element, ...], ...]


class Core(NamedTuple):
    """What is left of a matrix, and the additions of what is not: L(matrix) = L(rows) + additions."""

    rows: CoreRows
    additions: int

    @property
    def columns(self) -> int:
        """The inputs that are left."""
        return len(self.rows[0]) if self.rows else 0


def core_of(rows: Vectors) -> Core:
    """Take away what has a known price until nothing has.

    >>> core_of([[1, 1, 1, 0], [1, -1, 1, 0], [1, 1, 2, 5], [0, 0, 3, 0]])
    Core(rows=((1, 1, 1), (1, -1, 1), (1, 1, 2)), additions=1)
    """
    left, additions = [list(row) for row in rows], 0
    while True:
        kept = _independent([row for row in left if sum(map(bool, row)) > 1])
        columns = [column for column in transposed(kept) if any(column)] if kept else []
        spare = _spare(columns)
        if spare is not None:
            additions += 1
            columns = columns[:spare] + columns[spare + 1 :]
        shape, left = (len(left), len(left[0]) if left else 0), transposed(columns) if columns else []
        if not left or shape == (len(left), len(left[0])):
            return Core(tuple(map(tuple, left)), additions)


def _spare(columns: Sequence[list[Element]]) -> int | None:
    """A column with one entry, or a multiple of an earlier one. One at a time: a row without it may be an input."""
    for k, column in enumerate(columns):
        if sum(map(bool, column)) == 1 or any(factor_between(column, other) is not None for other in columns[:k]):
            return k
    return None


def across(core: Core) -> Core:
    """The transposed core, so that it takes as many additions in all as the core.

    >>> across(Core(((1, 1, 1), (1, -1, 1)), 0))
    Core(rows=((1, 1), (1, -1), (1, 1)), additions=1)
    """
    rows, columns = len(core.rows), core.columns
    return Core(tuple(map(tuple, transposed(core.rows))), core.additions + columns - rows)


def _independent(vectors: Sequence[list[Element]]) -> list[list[Element]]:
    """Without those that are multiples of earlier ones."""
    kept: list[list[Element]] = []
    for vector in vectors:
        if all(factor_between(vector, other) is None for other in kept):
            kept.append(vector)
    return kept
