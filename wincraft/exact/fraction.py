# SPDX-License-Identifier: Apache-2.0
"""Rows of fractions, intervals of them, what a rounded number may be, and the simplest fraction in one."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

Rows = list[list[Fraction]]
"""A matrix as fractions, row by row."""
Interval = tuple[Fraction, Fraction]
"""The least and the greatest number."""


def simplest_fraction(low: Fraction, high: Fraction) -> Fraction:
    """The fraction of smallest denominator, then smallest numerator, in [low, high] (Stern-Brocot tree).

    >>> simplest_fraction(Fraction(33, 100), Fraction(34, 100))
    Fraction(1, 3)
    """
    if low > 0:
        return _simplest_positive(low, high)
    if high < 0:
        return -_simplest_positive(-high, -low)
    return Fraction(0)


def _simplest_positive(low: Fraction, high: Fraction) -> Fraction:
    partial_quotients = []
    while True:
        floor = low.numerator // low.denominator
        if floor == low or floor + 1 <= high:
            result = Fraction(floor if floor == low else floor + 1)
            break
        partial_quotients.append(floor)
        low, high = 1 / (high - floor), 1 / (low - floor)
    for quotient in reversed(partial_quotients):
        result = quotient + 1 / result
    return result


def simplest_fraction_near(value: Fraction, tolerance: Fraction = Fraction(1, 10**6)) -> Fraction:
    """The simplest fraction within ``tolerance * |value|`` of a value."""
    slack = abs(value) * tolerance
    return simplest_fraction(value - slack, value + slack)


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
