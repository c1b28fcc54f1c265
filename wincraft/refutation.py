# SPDX-License-Identifier: Apache-2.0
"""What is wrong with three matrices that should compute F(m,r): plain data that errors carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class RowRepair:
    """One tap's vector in one matrix: what it is and what the other two matrices need it to be."""

    matrix: str
    tap: int
    given: tuple[str, ...]
    needed: tuple[str, ...]


@dataclass(frozen=True)
class Diagnosis:
    """What is wrong with three matrices that should compute F(m,r); every figure is exact, as text.

    `scale` is the one most taps agree on. `outputs` are the wrong outputs, `residual` the largest entry (by absolute
    value) of  sum_k AT G BT - scale [l = i + j]  and `residual_at` its (i, j, l). `row_scales` gives, for each wrong
    tap, the product of its three row scales relative to a correct algorithm, where a diagonal alone repairs it.
    `repairs` are the vectors to replace where one matrix alone is wrong. Without wrong outputs only `stated_scale` is.
    """

    m: int
    r: int
    scale: str
    outputs: tuple[int, ...]
    residual: str
    residual_at: tuple[int, int, int]
    row_scales: tuple[tuple[int, str], ...] = ()
    repairs: tuple[RowRepair, ...] = ()
    stated_scale: str | None = None

    @property
    def taps(self) -> tuple[int, ...]:
        """The wrong taps, as far as a single diagonal or a single matrix explains the failure."""
        return tuple(tap for tap, _ in self.row_scales) or tuple(repair.tap for repair in self.repairs)

    @property
    def summary(self) -> str:
        """One line: what is wrong, the values, the repair."""
        i, j, l = self.residual_at
        head = f"not F({self.m},{self.r}): "
        if not self.outputs and self.scale == "0":
            return f"{head}every product vanishes; a matrix is zero where it must not be"
        if not self.outputs:
            return f"{head}the matrices have scale {self.scale}, not {self.stated_scale}; correct the scale"
        if self.row_scales:
            products = _listing([product for _, product in self.row_scales])
            repair = "their rows of BT by the inverses" if len(self.taps) > 1 else "its row of BT by the inverse"
            return f"{head}{_taps(self.taps)}: product of row scales is {products}, must be 1; multiply {repair}"
        if self.repairs:
            first, *others = self.repairs
            vector = "column" if first.matrix == "AT" else "row"
            given, needed = (", ".join(texts) for texts in (first.given, first.needed))
            more = f", and {len(others)} more" if others else ""
            must = f"{vector} {first.tap} of {first.matrix} is ({given}), must be ({needed})"
            return f"{head}{_taps(self.taps)}: {must}{more}"
        outputs = _listing([str(i) for i in self.outputs], "output")
        return (
            f"{head}wrong in {outputs} of {self.m} (from 0), residual {self.residual} "
            f"at (i,j,l) = ({i},{j},{l}); no one matrix and no diagonal repairs it"
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
            f"  tap {repair.tap}: {repair.matrix} has ({', '.join(repair.given)}), needs ({', '.join(repair.needed)})"
            for repair in self.repairs
        ]
        return "\n".join(lines + (taps if len(taps) > 1 else []))


def _listing(items: Sequence[str], noun: str = "") -> str:
    text = items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
    return f"{noun}{'s' if len(items) > 1 else ''} {text}" if noun else text


def _taps(taps: Sequence[int]) -> str:
    return _listing([str(tap) for tap in taps], "tap") + " (from 0)"
