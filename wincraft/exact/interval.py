# SPDX-License-Identifier: Apache-2.0
"""Closed intervals of fractions: what a rounded number may be."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

Interval = tuple[Fraction, Fraction]
"""The least and the greatest number."""


def holds_zero(interval: Interval) -> bool:
    """Whether it may be 0."""
    return interval[0] <= 0 <= interval[1]


def times(left: Interval, right: Interval) -> Interval:
    """All products."""
    corners = [x * y for x in left for y in right]
    return min(corners), max(corners)


def quotient(left: Interval, right: Interval) -> Interval:
    """All quotients; the divisor must not hold 0.

    >>> quotient((Fraction(1), Fraction(2)), (Fraction(4), Fraction(8)))
    (Fraction(1, 8), Fraction(1, 2))
    """
    return times(left, (1 / right[1], 1 / right[0]))


def meet(intervals: Iterable[Interval]) -> Interval | None:
    """What all of them hold, None where they hold nothing in common or there is none."""
    bounds = list(intervals)
    if not bounds:
        return None
    low, high = max(low for low, _ in bounds), min(high for _, high in bounds)
    return (low, high) if low <= high else None


def most(intervals: Iterable[Interval]) -> tuple[int, Interval | None]:
    """The largest number of them that have something in common, and what.

    >>> most([(Fraction(0), Fraction(2)), (Fraction(1), Fraction(3)), (Fraction(5), Fraction(6))])
    (2, (Fraction(1, 1), Fraction(2, 1)))
    """
    bounds = list(intervals)
    everything = meet(bounds)
    if everything is not None:
        return len(bounds), everything
    holding = ([item for item in bounds if item[0] <= low <= item[1]] for low, _ in bounds)
    best: list[Interval] = max(holding, key=len, default=[])
    return len(best), meet(best)
