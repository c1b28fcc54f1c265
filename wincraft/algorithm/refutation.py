# SPDX-License-Identifier: Apache-2.0
"""What is wrong with three matrices that should compute F(m,r): plain data, and the error that carries it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Literal

from wincraft.errors import WincraftError

MatrixName = Literal["AT", "G", "BT"]
MATRICES: tuple[MatrixName, MatrixName, MatrixName] = ("AT", "G", "BT")


@dataclass(frozen=True)
class Placing:
    """How A^T, G and B^T stand where they were read: under which names, and which as their transposes.

    >>> layout = Placing(("AT", "G", "B"), (False, False, True))
    >>> layout.entry("BT", 3, 1), layout.vectors("BT", 0, 2)
    ('row 1, column 3 of B', 'columns 0 and 2 of B')
    """

    names: tuple[str, str, str] = MATRICES
    transposed: tuple[bool, bool, bool] = (False, False, False)

    def name(self, matrix: str) -> str:
        """What the matrix is called."""
        return self.names[MATRICES.index(matrix)]

    def by_columns(self, matrix: str) -> bool:
        """Whether a tap's vector is a column: of A^T it is, of G and B^T a row, of their transposes the other."""
        return (matrix == "AT") != self.transposed[MATRICES.index(matrix)]

    def line(self, matrix: str, of_taps: bool = True) -> str:
        """``row`` or ``column``: what holds the entries of one tap, or, across, one entry of every tap."""
        return "column" if self.by_columns(matrix) == of_taps else "row"

    def vectors(self, matrix: str, *taps: int) -> str:
        """The vectors of these taps in words."""
        return f"{listing([str(tap) for tap in taps], self.line(matrix))} of {self.name(matrix)}"

    def entry(self, matrix: str, tap: int, place: int) -> str:
        """The entry at a place of a tap's vector in words."""
        row, column = (place, tap) if self.by_columns(matrix) else (tap, place)
        return f"row {row}, column {column} of {self.name(matrix)}"

    @property
    def stored(self) -> tuple[str, ...]:
        """Which of A^T, G, B^T stand there as their transposes."""
        return tuple(name for name, flipped in zip(MATRICES, self.transposed, strict=True) if flipped)


@dataclass(frozen=True)
class RowRepair:
    """One tap's vector in one matrix: what it is and what the other two matrices need it to be.

    >>> RowRepair("BT", 1, ("1", "2"), ("1", "3")).text(Placing())
    'row 1, column 1 of BT is 2, must be 3'
    """

    matrix: str
    tap: int
    given: tuple[str, ...]
    needed: tuple[str, ...]

    @property
    def wrong(self) -> tuple[int, ...]:
        """The places of the vector whose entries differ."""
        pairs = zip(self.given, self.needed, strict=True)
        return tuple(place for place, (given, needed) in enumerate(pairs) if given != needed)

    def text(self, layout: Placing) -> str:
        """What is wrong in words: the entry if it is one, else the vector."""
        if len(self.wrong) == 1:
            (place,) = self.wrong
            entry = layout.entry(self.matrix, self.tap, place)
            return f"{entry} is {self.given[place]}, must be {self.needed[place]}"
        vector = layout.vectors(self.matrix, self.tap)
        return f"{vector} is ({', '.join(self.given)}), must be ({', '.join(self.needed)})"


@dataclass(frozen=True)
class Diagnosis:
    """What is wrong with three matrices that should compute F(m,r); every figure is exact, as text.

    `size` is the F(m,r), `count` how many outputs it has. `scale` is the one most taps agree on. `outputs` are the
    wrong outputs, `residual` the largest entry (by absolute value) of  sum_k AT G BT - scale [l = i + j]  and
    `residual_at` its (i, j, l). `cause` says in words what was done to the matrices and what undoes it, where that has
    a name. `row_scales` gives, for each wrong tap, the product of its three row scales relative to a correct algorithm,
    where a diagonal alone repairs it.
    `repairs` are the vectors to replace. Whatever repair is told was proved. Without wrong outputs only `stated_scale`
    is wrong. `layout` is how the matrices stand where they were read. `partial`: so large that only the first wrong
    output was looked for.

    >>> Diagnosis("F(2,3)", 2, "2", outputs=(), residual="0", residual_at=(0, 0, 0), stated_scale="1").summary
    'not F(2,3): the matrices have scale 2, not 1; correct the scale'
    """

    size: str
    count: int
    scale: str
    outputs: tuple[int, ...]
    residual: str
    residual_at: tuple[int, int, int]
    row_scales: tuple[tuple[int, str], ...] = ()
    repairs: tuple[RowRepair, ...] = ()
    stated_scale: str | None = None
    cause: str = ""
    layout: Placing = Placing()
    partial: bool = False

    @property
    def taps(self) -> tuple[int, ...]:
        """The wrong taps, as far as a diagonal or vectors to replace explain the failure."""
        taps = [tap for tap, _ in self.row_scales] or [repair.tap for repair in self.repairs]
        return tuple(sorted(set(taps)))

    @property
    def changes(self) -> float:
        """How many changes repair the matrices as told, infinite where no repair is."""
        wrong = 1 if self.cause else len(self.row_scales) or sum(len(repair.wrong) for repair in self.repairs)
        return wrong or (inf if self.outputs or self.scale == "0" else 1)

    @property
    def summary(self) -> str:
        """One line: what is wrong, the values, the repair."""
        stored = self.layout.stored
        verb = "is" if len(stored) == 1 else "are"
        return f"not {self.size}: {self._wrong()}" + (
            f"; {listing(stored)} {verb} stored transposed" if stored and self.outputs else ""
        )

    def _wrong(self) -> str:
        if not self.outputs and self.scale == "0":
            return "every product vanishes; a matrix is zero where it must not be"
        if not self.outputs:
            return f"the matrices have scale {self.scale}, not {self.stated_scale}; correct the scale"
        if self.cause:
            return self.cause
        if self.row_scales:
            products = listing([product for _, product in self.row_scales])
            line, name = self.layout.line("BT"), self.layout.name("BT")
            one = len(self.taps) == 1
            repair = f"its {line} of {name} by the inverse" if one else f"their {line}s of {name} by the inverses"
            sign = "wrong sign, " if {product for _, product in self.row_scales} == {"-1"} else ""
            return f"{_taps(self.taps)}: {sign}product of row scales is {products}, must be 1; multiply {repair}"
        if self.repairs:
            shown = self.repairs[:2] if sum(len(repair.wrong) for repair in self.repairs) == 2 else self.repairs[:1]
            others = len(self.repairs) - len(shown)
            more = f", and {others} more" if others else ""
            return f"{_taps(self.taps)}: {'; '.join(repair.text(self.layout) for repair in shown)}{more}"
        i, j, l = self.residual_at
        outputs = listing([str(i) for i in self.outputs], "output")
        first = "first " if self.partial else ""
        reason = "too large to look for a repair" if self.partial else "no one matrix and no diagonal repairs it"
        return (
            f"{first}wrong in {outputs} of {self.count} (from 0), residual {self.residual} "
            f"at (i,j,l) = ({i},{j},{l}); {reason}"
        )

    def __str__(self) -> str:
        i, j, l = self.residual_at
        lines = [
            self.summary,
            f"  scale most taps agree on: {self.scale}",
            f"  wrong outputs (from 0): {', '.join(map(str, self.outputs))}",
            f"  largest residual: {self.residual} at output i={i}, filter tap j={j}, input l={l}",
        ]
        taps = [f"  tap {tap}: product of row scales {product}, must be 1" for tap, product in self.row_scales]
        taps += [
            f"  tap {repair.tap}: {self.layout.name(repair.matrix)} has ({', '.join(repair.given)}), "
            f"needs ({', '.join(repair.needed)})"
            for repair in self.repairs
        ]
        return "\n".join(lines + (taps if len(taps) > 1 else []))


class Refuted(WincraftError):
    """The three matrices do not compute the convolution; ``diagnosis`` says where and, if it can, the repair.

    >>> raise Refuted(Diagnosis("F(2,3)", 2, "0", outputs=(), residual="0", residual_at=(0, 0, 0)))
    Traceback (most recent call last):
    ...
    wincraft.algorithm.refutation.Refuted: not F(2,3): every product vanishes; a matrix is zero where it must not be
    """

    exit_code = 1
    template = "{diagnosis.summary}"
    diagnosis: Diagnosis


def listing(items: Sequence[str], noun: str = "") -> str:
    """Items in words, after their noun.

    >>> listing(["0", "2", "3"], "tap")
    'taps 0, 2 and 3'
    """
    text = items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
    return f"{noun}{'s' if len(items) > 1 else ''} {text}" if noun else text


def _taps(taps: Sequence[int]) -> str:
    return listing([str(tap) for tap in taps], "tap") + " (from 0)"
