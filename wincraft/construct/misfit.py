# SPDX-License-Identifier: Apache-2.0
"""Matrices whose shapes fit no F(m,r): which of them is a row or column short, or has one too many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, combinations

from wincraft.algorithm.diagnosis import LARGEST_REPAIRED
from wincraft.algorithm.faults import TapVectors, texts
from wincraft.algorithm.refutation import MATRICES, listing
from wincraft.algorithm.solving import solve
from wincraft.construct.given import AsGiven, roundings
from wincraft.construct.nearest import simplest
from wincraft.construct.orientation import Orientation
from wincraft.errors import BadShape
from wincraft.exact.matrix import factor_between, over_one_domain, transposed
from wincraft.exact.types import Element

FIT = "(m, R), (R, r), (R, m+r-1), each perhaps transposed"

MOST_LOST = 2
"""So many lost lines are looked for one by one."""


@dataclass(frozen=True)
class _Short:
    """One matrix has `count` lines for `needed`: vectors of taps, or, across, entries of every tap."""

    matrix: str
    of_taps: bool
    count: int
    needed: int

    @property
    def apart(self) -> int:
        """How many lines are lost or too many."""
        return abs(self.needed - self.count)


def misfit(given: Sequence[AsGiven], every: Sequence[Orientation], names: Sequence[str]) -> BadShape:
    """The error that says which matrix has too few or too many rows or columns and, where the others tell, which."""
    guesses = [
        (orientation, short)
        for orientation in every
        if not orientation.swapped
        for short in _shorts(orientation.shapes(given))
    ]
    reason = next((text for guess in guesses if (text := _shown(given, *guess))), "")
    if not reason and guesses:
        fewest = min(short.apart for _, short in guesses)
        near = [guess for guess in guesses if guess[1].apart == fewest]
        reason = ", or ".join(_sizes(*guess) for guess in near if guess[0] is near[0][0])
    return BadShape(f"({', '.join(names)})", ", ".join(str(table.shape) for table in given), reason or FIT)


def _shorts(shapes: Sequence[tuple[int, int]]) -> Iterator[_Short]:
    """The single matrices whose number of lines, put right, makes the shapes fit."""
    (m, rank), (rank_of_filter, r), (rank_of_data, n) = shapes
    ranks = dict(zip(MATRICES, (rank, rank_of_filter, rank_of_data), strict=True))
    if n == m + r - 1:
        for matrix, count in ranks.items():
            others = {other for name, other in ranks.items() if name != matrix}
            if len(others) == 1 and count not in others:
                yield _Short(matrix, True, count, others.pop())
    elif len(set(ranks.values())) == 1:
        for matrix, count, needed in (("AT", m, n - r + 1), ("G", r, n - m + 1), ("BT", n, m + r - 1)):
            if needed >= 1:
                yield _Short(matrix, False, count, needed)


def _sizes(orientation: Orientation, short: _Short) -> str:
    layout = orientation.layout
    line = layout.line(short.matrix, short.of_taps)
    return f"{layout.name(short.matrix)} of {short.needed} {line}s for its {short.count}"


def _shown(given: Sequence[AsGiven], orientation: Orientation, short: _Short) -> str:
    """Which lines are lost, or too many, in words, where the other two matrices determine them; else ''."""
    if max(short.count, short.needed) > LARGEST_REPAIRED or short.apart > MOST_LOST:
        return ""
    written = [table.values for table in given]
    for tables in (written, *(simplest(given, level) for level in roundings(given))):
        matrices = TapVectors.of(*over_one_domain(orientation.of(tables)))
        needed = solve(matrices, short.matrix)
        if needed is None:
            continue
        have = matrices.vectors[short.matrix]
        if not short.of_taps:
            needed, have = transposed(needed), transposed(have)
        for chosen in combinations(range(max(len(have), len(needed))), short.apart):
            factor = _factor(_without(have, chosen, len(needed)), _without(needed, chosen, len(have)))
            if factor is not None:
                lost = chosen if len(needed) > len(have) else ()
                lines = [texts([factor * value for value in needed[k]], matrices.K) for k in lost]
                return _words(orientation, short, chosen, lines)
    return ""


def _without(lines: list[list[Element]], chosen: Sequence[int], count: int) -> list[list[Element]]:
    """The lines but the chosen ones, where they are more than `count`."""
    return [line for k, line in enumerate(lines) if k not in chosen] if len(lines) > count else lines


def _factor(lines: list[list[Element]], wanted: list[list[Element]]) -> Element | None:
    """What makes all the wanted lines into the lines, or None."""
    return factor_between([*chain(*lines)], [*chain(*wanted)]) or None


def _words(orientation: Orientation, short: _Short, chosen: Sequence[int], lines: Sequence[tuple[str, ...]]) -> str:
    line = orientation.layout.line(short.matrix, short.of_taps)
    which = listing([str(k) for k in chosen], line)
    verb = "is" if len(chosen) == 1 else "are"
    head = f"{_sizes(orientation, short)}: {which} (from 0) {verb}"
    if not lines:
        return f"{head} too many"
    vectors = [f"({', '.join(row)})" for row in lines]
    return f"{head} lost, must be {listing(vectors)}"
