# SPDX-License-Identifier: Apache-2.0
"""Rows of fractions, and the simplest fraction in an interval."""

from __future__ import annotations

from fractions import Fraction

Rows = list[list[Fraction]]
"""A matrix as fractions, row by row."""


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
