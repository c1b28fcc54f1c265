# SPDX-License-Identifier: Apache-2.0
"""The rows of the comparison: an algorithm for every tile, a scheme, and what is learned or balanced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import wincraft as wc
from wincraft.algorithm import Algorithm
from wincraft.construct import chained

CANONICAL = {2: "0,1,-1", 4: "0,1,-1,2,-2", 6: "0,1,-1,2,-2,1/2,-1/2"}
"""The points that most libraries ship, by m."""
DIRECT = "direct, 8 bits"
"""What every row is compared with."""
QUADRATIC = {4: "0,1,-1,x^2+1,inf", 6: "0,1,-1,x^2+x+1,x^2-x+1,inf"}
"""Moduli with one or two quadratics, ranks 7 and 10; 49 and 100 products, nested."""
TENSOR = {8: "barabasz-2020-8", 9: "barabasz-2020-8-9"}
"""One scale per stage; by the bits of the accumulated product M."""
TAP = {8: "tapwise-8", 9: "tapwise-8,M=int9/tap"}
"""A scale per tap for U, V and M."""
POW2_TAP = {bits: f"tapwise-pow2,M=int{bits}/tap/pow2" for bits in (8, 9, 10)}
"""Scales that are powers of two, per tap for U, V and M (Andri et al. 2022)."""
PERCENTILE = {bits: f"{scheme},percentile:99.9" for bits, scheme in TENSOR.items()}
"""The same, calibrated so that a thousandth of the values is clipped."""
TAP_8 = {8: TAP[8]}
WIDE = {8: "tapwise-8,M=none"}
"""A scale per tap for U and V; M as it was accumulated."""


@dataclass(frozen=True)
class Row:
    """One line of the comparison. `points`: canonical, best (the catalogue's) or quadratic; `schemes` by the bits of M.

    `options` are those of `WinogradConv2d`. `when`: whether the row makes sense before training, after it, or both.
    `later` are the systems that followed the paper.
    """

    name: str
    points: str
    schemes: Mapping[int, str]
    convention: str = "wincnn"
    basis: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    when: tuple[str, ...] = ("untrained", "trained")
    later: bool = False

    def algorithm(self, m: int) -> Algorithm | None:
        """F(m x m, 3 x 3) of this row; None where it has none."""
        return _algorithm(self.points, self.convention, self.basis, m)


_BEFORE, _AFTER = ("untrained",), ("trained",)
_FLEX = {"transforms": "flex"}
_OMEGA = {"balance_channels": True}
_RANK_ONE = {"rank_one_scales": True}
_LEARNED = {"learn_scales": True}
_FLEX_LEARNED = {**_FLEX, **_LEARNED}
_DIAGONALS = {"transforms": "diagonals"}

ROWS = (
    Row("canonical", "canonical", TENSOR),
    Row("canonical, flex", "canonical", TENSOR, options=_FLEX, when=_AFTER),
    Row("Legendre", "canonical", TENSOR, basis="legendre"),
    Row("Legendre, flex", "canonical", TENSOR, basis="legendre", options=_FLEX, when=_AFTER),
    Row("canonical, pow2", "canonical", TENSOR, "pow2"),
    Row("canonical, per tap", "canonical", TAP),
    Row("best points, pow2", "best", TENSOR, "pow2"),
    Row("best points, per tap", "best", TAP),
    Row("quadratic, pow2", "quadratic", TENSOR, "pow2"),
    Row("quadratic, per tap", "quadratic", TAP),
    Row("tap-wise pow2", "canonical", POW2_TAP, when=_BEFORE, later=True),
    Row("channel balancing", "canonical", TAP_8, options=_OMEGA, when=_BEFORE, later=True),
    Row("channel balancing, wide M", "canonical", WIDE, options=_OMEGA, when=_BEFORE, later=True),
    Row("per tap, wide M", "canonical", WIDE, when=_BEFORE, later=True),
    Row("rank-1 scales", "canonical", TAP_8, options=_RANK_ONE, when=_BEFORE, later=True),
    Row("learned tap-wise pow2", "canonical", POW2_TAP, options=_LEARNED, when=_AFTER, later=True),
    Row("learned clipping, x^2+1", "quadratic", TENSOR, "pow2", None, _LEARNED, _AFTER, later=True),
    Row("canonical, flex, learned clipping", "canonical", TENSOR, options=_FLEX_LEARNED, when=_AFTER, later=True),
    Row(
        "Legendre, flex, learned clipping", "canonical", TENSOR, "wincnn", "legendre", _FLEX_LEARNED, _AFTER, later=True
    ),
    Row("learned diagonals", "canonical", TENSOR, options=_DIAGONALS, when=_AFTER, later=True),
)
"""In the order of the tables.

Tap-wise powers of two: Andri et al. 2022; channel balancing: Chikin & Kryzhanovskiy 2022; rank 1: Chen et al. 2023;
learned clipping and x^2+1: Mori et al. 2024; learned diagonals: Pan et al. 2025.
"""


@dataclass(frozen=True)
class Case:
    """A row at one tile and size of M; without a row, direct 8-bit convolution."""

    row: Row | None
    m: int = 0
    bits: int = 8

    @property
    def name(self) -> str:
        """A name that serves as that of a file too."""
        if self.row is None:
            return "direct"
        words = self.row.name.replace(",", "").replace("^", "").replace("+", "p").split()
        return f"F{self.m}-M{self.bits}-{'-'.join(words)}"

    @property
    def label(self) -> str:
        """What a table says."""
        if self.row is None:
            return DIRECT
        return f"F({self.m}x{self.m},3x3), M {self.bits} bits: {self.row.name}"


def cases(stage: str, tiles: tuple[int, ...], later_tiles: tuple[int, ...], bits: tuple[int, ...]) -> list[Case]:
    """Direct convolution, then every row of a stage, at every tile and size of M that it has.

    A row that at some tile is the same as one before it, since the best points are the canonical ones, is left out.
    """
    found = [Case(None)]
    for m in tiles:
        known = []
        for row in ROWS:
            if stage not in row.when or (row.later and m not in later_tiles) or row.algorithm(m) is None:
                continue
            what = (row.algorithm(m), row.schemes, row.options)
            if what not in known:
                known.append(what)
                found += [Case(row, m, size) for size in row.schemes if size in bits]
    return found


@cache
def _algorithm(points: str, convention: str, basis: str | None, m: int) -> Algorithm | None:
    if points == "quadratic" and m not in QUADRATIC:
        return None
    moduli = {"canonical": CANONICAL, "quadratic": QUADRATIC}.get(points, {}).get(m)
    algorithm = wc.parse(f"F({m}x{m},3x3)", moduli=moduli, convention=convention, nested=True)
    return chained(algorithm, basis) if basis else algorithm
