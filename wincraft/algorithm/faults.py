# SPDX-License-Identifier: Apache-2.0
"""Three matrices by taps, and a fault with its repair: what a search for the cause works on, and what it finds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from wincraft.algorithm.proof import proved_scale
from wincraft.algorithm.refutation import MATRICES, Placing, RowRepair
from wincraft.exact.matrix import exact_matrix
from wincraft.exact.number import number_text
from wincraft.exact.types import Domain, Element, Matrix

Vectors = list[list[Element]]


@dataclass(frozen=True)
class TapVectors:
    """The three matrices as one vector per tap: columns of A^T, rows of G and of B^T, elements of the domain K.

    >>> from wincraft import winograd
    >>> f = winograd(2, 3)
    >>> TapVectors.of(f.output.dense, f.filter.dense, f.input.dense).scale()
    1
    """

    vectors: dict[str, Vectors]
    K: Domain

    @classmethod
    def of(cls, AT: Matrix, G: Matrix, BT: Matrix) -> TapVectors:
        """From matrices of shapes (m, R), (R, r), (R, n)."""
        return cls({"AT": AT.transpose().to_list(), "G": G.to_list(), "BT": BT.to_list()}, BT.domain)

    def replaced(self, matrix: str, vectors: Vectors) -> TapVectors:
        """The same with one matrix replaced."""
        return TapVectors({**self.vectors, matrix: vectors}, self.K)

    def scale(self) -> Element | None:
        """The scale at which they are proved, or None."""
        columns, G, BT = (self._dense(name) for name in MATRICES)
        return proved_scale(columns.transpose(), G, BT)

    def _dense(self, matrix: str) -> Matrix:
        rows = self.vectors[matrix]
        return exact_matrix(rows, (len(rows), len(rows[0])), self.K)


@dataclass(frozen=True)
class Fault:
    """A cause and what undoes it: the repaired matrices, right at `scale` if the proof says so.

    `changes` counts what was changed: the smaller, the likelier. `row_scales` is the product of each wrong tap where
    a diagonal repairs it, `cause` the words for what has a name; else the vectors that differ tell it.
    """

    changes: int
    scale: Element
    repaired: TapVectors
    cause: str = ""
    row_scales: tuple[tuple[int, Element], ...] = ()
    whole: bool = False

    def repairs(self, given: TapVectors) -> tuple[RowRepair, ...]:
        """The vectors to replace; none where a diagonal, or a whole matrix in another order, is the repair."""
        if self.row_scales or self.whole:
            return ()
        return tuple(
            RowRepair(matrix, tap, texts(old, given.K), texts(new, given.K))
            for matrix in MATRICES
            for tap, (old, new) in enumerate(zip(given.vectors[matrix], self.repaired.vectors[matrix], strict=True))
            if old != new
        )


def texts(row: Sequence[Element], K: Domain) -> tuple[str, ...]:
    """Domain elements as texts.

    >>> from sympy import QQ
    >>> texts([QQ(1, 2), QQ(-3)], QQ)
    ('1/2', '-3')
    """
    return tuple(number_text(K.to_sympy(value)) for value in row)


_REVERSED = {
    "G": "the filter is reversed, as true convolution has it",
    "BT": "the data are reversed",
    "AT": "the outputs are reversed",
}


def reversals(given: TapVectors, layout: Placing) -> Iterator[Fault]:
    """One matrix in reverse order; reversing two is the same as reversing the third."""
    for matrix, words in _REVERSED.items():
        turned = given.replaced(matrix, [row[::-1] for row in given.vectors[matrix]])
        scale = turned.scale()
        if scale is not None:
            lines = f"{layout.line(matrix, of_taps=False)}s of {layout.name(matrix)}"
            yield Fault(1, scale, turned, f"{words}: put the {lines} in reverse order", whole=True)
