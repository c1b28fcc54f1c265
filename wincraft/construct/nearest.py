# SPDX-License-Identifier: Apache-2.0
"""The exact algorithm whose rounding three tables are."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import log10
from typing import Any

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.linear_map import LinearMap
from wincraft.algorithm.proof import proved_scale
from wincraft.construct.conventions import scaled_algorithm
from wincraft.construct.given import Given, Slack
from wincraft.construct.orientation import Orientation
from wincraft.construct.rebuild import Intervals, Rebuilt, rebuild
from wincraft.exact.fraction import simplest_fraction
from wincraft.exact.matrix import over_one_domain, transposed
from wincraft.exact.number import exact_number, to_fraction


def proved(tables: Sequence[Any]) -> Algorithm | None:
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
    given: Sequence[Given],
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
            tables = orientation.of([simplest(table.values, slack) for table, slack in zip(given, slacks, strict=True)])
            algorithm = proved(tables)
            if algorithm is not None:
                error = _deviation(vectors(tables), vectors(orientation.tables(given)))
                if error <= most:
                    return algorithm, orientation, error
    near = []
    for slacks in steps:
        bounds = [intervals(table.values, slack) for table, slack in zip(given, slacks, strict=True)]
        for orientation in orientations:
            oriented = vectors(orientation.of(bounds))
            found = rebuild(*oriented)
            if found is None:
                continue
            error = _deviation(found.vectors, vectors(orientation.tables(given)))
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


def decades(given: Sequence[Given], limit: Fraction, count: int) -> list[list[Slack]]:
    """Slacks from limit / 10^(count - 2) to 10 limit of each entry: a small entry may be off by more than its row."""
    return [relative(given, limit / Fraction(10) ** power) for power in range(count - 2, -2, -1)]


def relative(given: Sequence[Given], tolerance: Fraction) -> list[Slack]:
    """A slack of so much of each entry."""
    return [[[abs(to_fraction(value)) * tolerance for value in row] for row in table.values] for table in given]


def simplest(rows: Sequence[Sequence[Any]], slack: Slack) -> list[list[Any]]:
    """Each entry as the simplest fraction that its slack allows."""
    return [
        [_simplest_within(value, width) if width else value for value, width in zip(row, widths, strict=True)]
        for row, widths in zip(rows, slack, strict=True)
    ]


def _simplest_within(value: Any, width: Fraction) -> Any:
    number = to_fraction(value)
    return exact_number(simplest_fraction(number - width, number + width))


def intervals(rows: Sequence[Sequence[Any]], slack: Slack) -> Intervals:
    """What each entry may be."""
    numbers = [[to_fraction(value) for value in row] for row in rows]
    return [
        [(number - width, number + width) for number, width in zip(row, widths, strict=True)]
        for row, widths in zip(numbers, slack, strict=True)
    ]


def vectors(tables: Sequence[Any]) -> tuple[Any, Any, Any]:
    """The vectors of every tap: columns of A^T, rows of G and of B^T."""
    AT, G, BT = tables
    return transposed(AT), G, BT


def _within(exact: Sequence[Any], bounds: Sequence[Intervals]) -> bool:
    return all(
        low <= number <= high
        for rows, wanted in zip(bounds, exact, strict=True)
        for row, numbers in zip(rows, wanted, strict=True)
        for (low, high), number in zip(row, numbers, strict=True)
    )


def _deviation(exact: Sequence[Any], given: Sequence[Any]) -> Fraction:
    """The largest distance of a given entry from the exact one, relative to the largest of its tap's vector."""
    worst = Fraction(0)
    for wanted, rows in zip(exact, given, strict=True):
        for right, row in zip(wanted, rows, strict=True):
            numbers = [
                (to_fraction(a), b if isinstance(b, Fraction) else to_fraction(b))
                for a, b in zip(row, right, strict=True)
            ]
            difference = max(abs(a - b) for a, b in numbers)
            if difference:
                largest = max(abs(b) for _, b in numbers)
                worst = max(worst, difference / largest if largest else difference)
    return worst
