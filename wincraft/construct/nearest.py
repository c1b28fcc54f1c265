# SPDX-License-Identifier: Apache-2.0
"""The exact algorithm whose rounding three tables are."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import log10
from typing import TypeVar

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.linear_map import LinearMap
from wincraft.algorithm.proof import proved_scale
from wincraft.construct.conventions import scaled_algorithm
from wincraft.construct.given import AsGiven, Slack
from wincraft.construct.orientation import Entries, Orientation, Three
from wincraft.construct.rebuild import Intervals, Rebuilt, rebuild
from wincraft.exact.fraction import Interval, Rows, simplest_fraction
from wincraft.exact.matrix import over_one_domain, transposed
from wincraft.exact.number import exact_number, to_fraction
from wincraft.exact.types import Number

_Entry = TypeVar("_Entry")


def proved(tables: Three[Number]) -> Algorithm | None:
    """The algorithm of exact tables A^T, G, B^T, or None where they are none."""
    AT, G, BT = over_one_domain(tables)
    scale = proved_scale(AT, G, BT)
    if scale is None:
        return None
    maps = LinearMap.of(AT), LinearMap.of(G), LinearMap.of(BT)
    return Algorithm(*maps, scale=BT.domain.to_sympy(scale))


COARSEST = Fraction(1, 32)
"""What is further from the given entries, relative to the largest of a tap's vector, is other numbers, not the same
rounded: 1.0 beside 0.5 has one digit, yet is no 1/2. Two decimals of 1/6 are within it."""


def nearest(
    given: Sequence[AsGiven],
    orientations: Sequence[Orientation],
    steps: Sequence[Sequence[Slack]],
    limit: Fraction | None,
) -> tuple[Algorithm, Orientation, Fraction] | None:
    """The exact algorithm whose rounding the given matrices are: at the first step whose simplest fractions prove.

    Where at none they do, the algorithm rebuilt on points that is told in the fewest characters, counting the digits
    by which it leaves the given entries unexplained. It lies within `limit`, or else in the slack of every entry and
    within `COARSEST`.
    """
    most = COARSEST if limit is None else limit
    for slacks in steps:
        for orientation in orientations:
            tables = orientation.of(simplest(given, slacks))
            algorithm = proved(tables)
            if algorithm is not None:
                error = _deviation(_fractions(vectors(tables)), _fractions(vectors(orientation.tables(given))))
                if error <= most:
                    return algorithm, orientation, error
    near = []
    for slacks in steps:
        bounds = intervals(given, slacks)
        for orientation in orientations:
            oriented = vectors(orientation.of(bounds))
            found = rebuild(*oriented)
            if found is None:
                continue
            error = _deviation(found.vectors, _fractions(vectors(orientation.tables(given))))
            if error <= most and (limit is not None or _within(found.vectors, oriented)):
                near.append((found, orientation, error))
    if not near:
        return None
    found, orientation, error = min(near, key=lambda candidate: _told(candidate[0], candidate[2]))
    return scaled_algorithm(found.taps, found.scaling, None), orientation, error


def _told(found: Rebuilt, error: Fraction) -> float:
    """The characters that tell an algorithm, and the digits by which it misses each entry, beyond a double's 16."""
    entries = sum(len(row) for rows in found.vectors for row in rows)
    return found.length + entries * max(0.0, 16 + log10(error)) if error else found.length


def decades(given: Sequence[AsGiven], limit: Fraction, count: int) -> list[list[Slack]]:
    """Slacks from limit / 10^(count - 2) to 10 limit of each entry: a small entry may be off by more than its row."""
    return [relative(given, limit / Fraction(10) ** power) for power in range(count - 2, -2, -1)]


def relative(given: Sequence[AsGiven], tolerance: Fraction) -> list[Slack]:
    """A slack of so much of each entry."""
    return [[[abs(to_fraction(value)) * tolerance for value in row] for row in table.values] for table in given]


def simplest(given: Sequence[AsGiven], slacks: Sequence[Slack]) -> list[Entries[Number]]:
    """Each entry as the simplest fraction that its slack allows."""
    return [
        [
            [value if low == high else exact_number(simplest_fraction(low, high)) for value, (low, high) in row]
            for row in map(zip, table.values, bounds)
        ]
        for table, bounds in zip(given, intervals(given, slacks), strict=True)
    ]


def intervals(given: Sequence[AsGiven], slacks: Sequence[Slack]) -> list[Intervals]:
    """What each entry may be."""

    def interval(value: Number, slack: Fraction) -> Interval:
        number = to_fraction(value)
        return number - slack, number + slack

    pairs = zip(given, slacks, strict=True)
    return [[[*map(interval, *rows)] for rows in zip(table.values, slack, strict=True)] for table, slack in pairs]


def vectors(tables: Three[_Entry]) -> Three[_Entry]:
    """The vectors of every tap: columns of A^T, rows of G and of B^T."""
    AT, G, BT = tables
    return transposed(AT), G, BT


def _fractions(tables: Three[Number]) -> list[Rows]:
    return [[[to_fraction(value) for value in row] for row in rows] for rows in tables]


def _within(exact: Sequence[Rows], bounds: Sequence[Entries[Interval]]) -> bool:
    return all(
        low <= number <= high
        for rows, wanted in zip(bounds, exact, strict=True)
        for row, numbers in zip(rows, wanted, strict=True)
        for (low, high), number in zip(row, numbers, strict=True)
    )


def _deviation(exact: Sequence[Rows], given: Sequence[Rows]) -> Fraction:
    """The largest distance of a given entry from the exact one, relative to the largest of its tap's vector."""
    worst = Fraction(0)
    for wanted, rows in zip(exact, given, strict=True):
        for right, row in zip(wanted, rows, strict=True):
            difference = max(abs(a - b) for a, b in zip(row, right, strict=True))
            if difference:
                worst = max(worst, difference / (max(map(abs, right)) or 1))
    return worst
