# SPDX-License-Identifier: Apache-2.0
"""Rebuilding an algorithm on points from rounded matrices: the simplest numbers that lie where every entry allows.

Each entry is an interval. The quotients of neighbouring entries of a column of A^T and of a row of G enclose the point,
the quotients by the canonical row its factor; all of them are intersected, and the simplest number is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from sympy import Rational, sqrt

from wincraft.algorithm.modulus import Modulus
from wincraft.construct.conventions import Scaling
from wincraft.construct.moduli import INFINITY, point
from wincraft.construct.toom_cook import Taps, canonical_taps
from wincraft.errors import TooLarge
from wincraft.exact.fraction import Interval, Rows, holds_zero, meet, quotient, simplest_fraction, times
from wincraft.exact.number import as_fractions, to_fraction
from wincraft.exact.types import Domain, Element

_SURD_LIMIT = 64
"""A point is read as +-sqrt(p/q) where p, q are at most this and no fraction of such a height fits."""

Intervals = list[list[Interval]]


@dataclass(frozen=True)
class Rebuilt:
    """Canonical taps and their scaling: an algorithm that is right by construction, not proved yet."""

    taps: Taps
    scaling: Scaling

    @property
    def vectors(self) -> list[Rows]:
        """The rows of A, G and B^T, one per tap, as fractions; surds to 60 digits."""
        return [[as_fractions(row, self.taps.K) for row in rows] for rows in self.scaling.vectors(self.taps)]

    @property
    def length(self) -> int:
        """How many characters the points and the scaling take: the shorter, the less is read into the decimals."""
        scaling = self.scaling
        numbers = as_fractions((*scaling.a, *scaling.g, *scaling.b), self.taps.K)
        return sum(len(str(item)) for item in (*self.taps.moduli, *numbers))


def rebuild(columns: Intervals, filters: Intervals, data: Intervals) -> Rebuilt | None:
    """The algorithm on the simplest points and row scales that lie within the intervals of A, G and B^T, by taps.

    None where points or factors are not those of one algorithm. That every entry lies in its interval is implied only
    for the two matrices whose factors were chosen.

    >>> near = lambda text: (Fraction(text) - Fraction(1, 99), Fraction(text) + Fraction(1, 99))
    >>> table = lambda rows: [[near(text) for text in row.split()] for row in rows]
    >>> found = rebuild(table(["1 .33", "0 1"]), table(["1", "1"]), table(["1 .01", "-.34 1"]))
    >>> print(*found.taps.moduli)
    1/3 inf
    """
    m, r = len(columns[0]), len(filters[0])
    if len(columns) != m + r - 1:
        return None
    moduli = tuple(_point(column, row) for column, row in zip(columns, filters, strict=True))
    known = tuple(item for item in moduli if item is not None)
    if len(set(known)) != len(moduli):
        return None
    taps = canonical_taps(m, r, known)
    scaling = _scaling(taps, columns, filters, data)
    return None if scaling is None else Rebuilt(taps, scaling)


def _scaling(taps: Taps, columns: Intervals, filters: Intervals, data: Intervals) -> Scaling | None:
    tables = ((columns, taps.A), (filters, taps.G), (data, taps.B))
    bounds = [
        [row_factor(row, as_fractions(wanted, taps.K)) for row, wanted in zip(rows, canonical, strict=True)]
        for rows, canonical in tables
    ]
    f = as_fractions(taps.f, taps.K)
    products = []
    factors: list[list[Interval]] = []
    for tap, given in enumerate(zip(*bounds, strict=True)):
        ranges = [interval for interval in given if interval is not None]
        if len(ranges) < 3 or any(low <= 0 <= high for low, high in ranges):
            return None
        factors.append(ranges)
        a, g, b = ranges
        products.append(times(times(times(a, g), b), (f[tap], f[tap])))
    common = meet(products)
    if common is None:
        return None
    scale = taps.K.from_sympy(Rational(simplest_fraction(*common)))
    chosen = [shortest_factors(ranges, taps.f[tap], scale, taps.K) for tap, ranges in enumerate(factors)]
    a, g, b = (list(values) for values in zip(*chosen, strict=True))
    return Scaling(a, g, b, taps.K.to_sympy(scale))


def shortest_factors(ranges: Sequence[Interval | None], f: Element, scale: Element, K: Domain) -> list[Element]:
    """Factors of A, G, B with product scale / f: two are the simplest of their ranges, the third follows.

    The two leave the third in its range where they can. Which follows is decided by the length of what is written; one
    that leaves its range counts last, G is tried first. A factor without a range always follows.
    """
    product = to_fraction(K.to_sympy(scale / f))
    best: list[Element] = []
    order: tuple[bool, int] | None = None
    for third in [ranges.index(None)] if None in ranges else (1, 0, 2):
        first, second = (k for k in range(3) if k != third)
        factors = [K.zero] * 3
        left, right, rest = ranges[first], ranges[second], ranges[third]
        assert left is not None
        assert right is not None
        value = _simplest_beside(left, None if rest is None else times(right, rest), product)
        factors[first] = K.from_sympy(Rational(value))
        factors[second] = K.from_sympy(Rational(_simplest_beside(right, rest, product / value)))
        factors[third] = scale / (f * factors[first] * factors[second])
        numbers = as_fractions(factors, K)
        outside = rest is not None and not rest[0] <= numbers[third] <= rest[1]
        rank = outside, sum(len(str(item)) for item in numbers)
        if order is None or rank < order:
            best, order = factors, rank
    return best


def _simplest_beside(own: Interval, other: Interval | None, product: Fraction) -> Fraction:
    """The simplest number of an interval with which one of the other makes the product, where there is one."""
    both = None if other is None else meet([own, quotient((product, product), other)])
    return simplest_fraction(*(both or own))


def _point(column: Sequence[Interval], row: Sequence[Interval]) -> Modulus | None:
    """The point whose powers both vectors are multiples of, as simple as the intervals allow."""
    vectors = [vector for vector in (column, row) if len(vector) > 1]
    if not vectors:
        return point(0)
    if all(holds_zero(value) for vector in vectors for value in vector[:-1]):
        return None if any(holds_zero(vector[-1]) for vector in vectors) else INFINITY
    if any(holds_zero(vector[0]) for vector in vectors):
        return None
    if all(holds_zero(value) for vector in vectors for value in vector[1:]):
        return point(0)
    common = meet(
        quotient(vector[j + 1], vector[j])
        for vector in vectors
        for j in range(len(vector) - 1)
        if not holds_zero(vector[j])
    )
    if common is None:
        return None
    value = simplest_fraction(*common)
    if max(abs(value.numerator), value.denominator) > _SURD_LIMIT and common[0] * common[1] > 0:
        low, high = sorted((common[0] ** 2, common[1] ** 2))
        square = simplest_fraction(low, high)
        if max(square.numerator, square.denominator) <= _SURD_LIMIT:
            root = sqrt(Rational(square))
            return point(root if value > 0 else -root)
    try:
        return point(value)
    except TooLarge:
        return None


def row_factor(row: Sequence[Interval], canonical: Sequence[Fraction]) -> Interval | None:
    """What the canonical row may be multiplied by, None where nothing fits every entry."""
    if any(not wanted and not holds_zero(value) for value, wanted in zip(row, canonical, strict=True)):
        return None
    return meet(quotient(value, (wanted, wanted)) for value, wanted in zip(row, canonical, strict=True) if wanted)
