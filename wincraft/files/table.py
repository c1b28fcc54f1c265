# SPDX-License-Identifier: Apache-2.0
"""A table of numbers as it was found in a file, before it is known which matrix of which algorithm it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from wincraft.files.entry import NO_CONSTANTS, Constants
from wincraft.files.names import Role


@dataclass(frozen=True, eq=False)
class Table:
    """Rows of entries, texts or numbers, and what stands round them in the file.

    `place` is the offset in the file, `scope` names the enclosing blocks; `shape` is the declared one where the entries
    are listed without rows; `constants` are the names that entries may use. A table of one row may be a matrix written
    flat. `lines` are those of the file, from 1, where its rows begin, of one row where its entries stand; none where
    that is not known.

    >>> Table([["1", "0"], ["-1/2", "1"]], "BT").size
    4
    """

    rows: Sequence[Sequence[object]]
    role: Role | None = None
    place: int = 0
    scope: tuple[object, ...] = ()
    shape: tuple[int, int] | None = None
    constants: Constants = field(default=NO_CONSTANTS, repr=False)
    lines: tuple[int, ...] = ()

    @property
    def size(self) -> int:
        """The number of entries."""
        return sum(len(row) for row in self.rows)

    @property
    def flat(self) -> bool:
        """Whether the entries stand in one row and no shape is declared."""
        return len(self.rows) == 1 and self.shape is None
