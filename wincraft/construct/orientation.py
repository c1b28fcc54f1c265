# SPDX-License-Identifier: Apache-2.0
"""How three tables can be read as A^T, G and B^T: which stand transposed, and whether their roles are exchanged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeVar, get_args

from wincraft.algorithm.content import Form
from wincraft.algorithm.refutation import Placing
from wincraft.construct.given import AsGiven
from wincraft.errors import look_up
from wincraft.exact.matrix import transposed
from wincraft.exact.types import Number

_Entry = TypeVar("_Entry")
Entries = list[list[_Entry]]
"""A matrix row by row."""
Three = tuple[Entries[_Entry], Entries[_Entry], Entries[_Entry]]
"""Three of them: A^T, G and B^T, or the vectors of their taps."""


@dataclass(frozen=True)
class Orientation:
    """How three given tables are A^T (m x R), G (R x r), B^T (R x n).

    `swapped`: the table named A^T is read as B^T and the other way round, as the linear convolution form names them.
    `layout` has the names and storage by role; `transposed` says which to report as stored transposed.
    """

    swapped: bool
    form: Form
    layout: Placing

    @property
    def transposed(self) -> tuple[str, ...]:
        """Which of AT, G, BT are stored as their transposes; A and B of the linear form are not."""
        stored = self.layout.stored
        if self.form == "linear" and (self.swapped or {"AT", "BT"} <= set(stored)):
            return tuple(name for name in stored if name == "G")
        return stored

    def of(self, tables: Sequence[Entries[_Entry]]) -> Three[_Entry]:
        """Lists of rows, one for each given matrix, as those of A^T, G and B^T."""
        ordered = tables[::-1] if self.swapped else tables
        flips = self.layout.transposed
        output, taps, data = (transposed(rows) if flip else rows for rows, flip in zip(ordered, flips, strict=True))
        return output, taps, data

    def tables(self, given: Sequence[AsGiven]) -> Three[Number]:
        """The values as those of A^T, G and B^T."""
        return self.of([table.values for table in given])

    def shapes(self, given: Sequence[AsGiven]) -> tuple[tuple[int, int], ...]:
        """The shapes of A^T, G and B^T."""
        shapes = [table.shape for table in (given[::-1] if self.swapped else given)]
        return tuple(s[::-1] if flip else s for s, flip in zip(shapes, self.layout.transposed, strict=True))

    def fits(self, given: Sequence[AsGiven]) -> bool:
        """Whether the shapes are those of an F(m,r)."""
        (m, rank), (rank_of_filter, r), (rank_of_data, n) = self.shapes(given)
        return rank == rank_of_filter == rank_of_data and n == m + r - 1


_STORED = {"AT": False, "A": True, "G": False, "GT": True, "BT": False, "B": True}


def orientations(form: Form | None, names: tuple[str, str, str]) -> list[Orientation]:
    """Every way to read three tables of these names: as named first, as the matrices of the linear form last.

    Raises:
        UnknownName: a name or a form that there is not.

    >>> [item.transposed for item in orientations(None, ("AT", "G", "B"))[:3]]
    [('BT',), (), ('G', 'BT')]
    """
    if form is not None:
        look_up("form", form, dict.fromkeys(get_args(Form)))
    named = tuple(look_up("matrix", name, _STORED) for name in names)
    choices = sorted(
        product((False, True), repeat=4), key=lambda c: (c[0], sum(a != b for a, b in zip(c[1:], named, strict=True)))
    )
    output, taps, data = names
    return [
        Orientation(
            swapped,
            form or ("linear" if swapped else "correlation"),
            Placing((data, taps, output) if swapped else names, (of_output, of_taps, of_data)),
        )
        for swapped, of_output, of_taps, of_data in choices
    ]
