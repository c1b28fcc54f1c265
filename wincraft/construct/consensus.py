# SPDX-License-Identifier: Apache-2.0
"""Exact matrices near rounded ones that are no algorithm: all but a few entries those of one on points.

Points, row scales and scale are what most entries agree on; rows may stand in another order, one matrix may be
reversed. Entries that then fit become exact, the others stay as given, so that the exact diagnosis can name them.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from sympy import Rational

from wincraft.algorithm.modulus import Modulus
from wincraft.construct.moduli import INFINITY, point
from wincraft.construct.rebuild import Intervals, row_factor, shortest_factors
from wincraft.construct.toom_cook import Taps, canonical_taps
from wincraft.errors import TooLarge
from wincraft.exact.field import Field
from wincraft.exact.fraction import Interval, Rows, holds_zero, most, quotient, simplest_fraction, times
from wincraft.exact.number import as_fractions

_FEW = 2
"""With so few entries that do not fit no other order is tried."""


def consensus(bounds: Sequence[Intervals]) -> list[Rows] | None:
    """The rows of A, G and B^T by taps, exact where they fit, from the interval of every entry (given value +- slack).

    None where no algorithm on points explains all but as many entries as there are taps.

    >>> near = lambda text: (Fraction(text) - Fraction(1, 99), Fraction(text) + Fraction(1, 99))
    >>> table = lambda rows: [[near(text) for text in row.split()] for row in rows]
    >>> A, G, B = ["1 0", "1 .33", "0 1"], ["-3 0", "3 1", "0 1"], ["-.33 1 0", "0 7 0", "0 -.33 1"]
    >>> print(*consensus([table(A), table(G), table(B)])[2][1])
    0 7 0
    """
    best: list[Rows] | None = None
    fewest = len(bounds[0]) + 1
    for turned in (None, 1, 2, 0):
        tables = [[row[::-1] for row in rows] if k == turned else rows for k, rows in enumerate(bounds)]
        found = _explained_by_points(tables)
        if found is not None and found[1] < fewest:
            rows, fewest = found
            best = [[row[::-1] for row in table] if k == turned else table for k, table in enumerate(rows)]
        if fewest <= _FEW:
            break
    return best


def _explained_by_points(tables: Sequence[Intervals]) -> tuple[list[Rows], int] | None:
    """The rows, exact where they fit an algorithm on points, and how many entries do not."""
    columns, filters, _ = tables
    m, r = len(columns[0]), len(filters[0])
    if len(columns) != m + r - 1:
        return None
    leading, other = (columns, filters) if m >= r else (filters, columns)
    moduli: list[Modulus] = []
    for first, second in zip(leading, other, strict=True):
        item = _agreed_point(first, second)
        if item is None or item in moduli:
            return None
        moduli.append(item)
    taps = canonical_taps(m, r, tuple(moduli))
    K = taps.K
    if not Field(K).rational:
        return None
    canonical = [[as_fractions(row, K) for row in rows] for rows in (taps.A, taps.G, taps.B)]
    orders = [_order(rows, wanted) for rows, wanted in zip(tables, canonical, strict=True)]
    agreed = _agreed_factors(tables, orders, canonical, taps)
    if agreed is None:
        return None
    factors, excess = agreed
    rows, misses = [], 0
    for k, (table, order) in enumerate(zip(tables, orders, strict=True)):
        exact = [
            _fitted(row, [factors[tap][k] * value for value in canonical[k][tap]], excess[tap])
            for row, tap in zip(table, order, strict=True)
        ]
        rows.append([row for row, _ in exact])
        misses += sum(missed for _, missed in exact)
    return rows, misses


def _agreed_factors(
    tables: Sequence[Intervals], orders: Sequence[list[int]], canonical: Sequence[Rows], taps: Taps
) -> tuple[list[list[Fraction]], list[Fraction | None]] | None:
    """The factors of A, G and B^T of every tap, at the scale that most taps agree on, and by what a tap exceeds it."""
    K = taps.K
    ranges = [
        [_agreed(rows[order.index(tap)], wanted[tap])[1] for tap in range(len(order))]
        for rows, wanted, order in zip(tables, canonical, orders, strict=True)
    ]
    of_taps = list(zip(*ranges, strict=True))
    products = [
        None if a is None or g is None or b is None else times(times(a, g), times(b, (f, f)))
        for (a, g, b), f in zip(of_taps, as_fractions(taps.f, K), strict=True)
    ]
    common = most(item for item in products if item is not None)[1]
    if common is None or holds_zero(common) or any(given.count(None) > 1 for given in of_taps):
        return None
    agreed = simplest_fraction(*common)
    scale = K.from_sympy(Rational(agreed))
    factors = [as_fractions(shortest_factors(given, f, scale, K), K) for given, f in zip(of_taps, taps.f, strict=True)]
    excess = [None if item is None else simplest_fraction(*quotient(item, (agreed, agreed))) for item in products]
    return factors, excess


def _fitted(row: Sequence[Interval], right: Sequence[Fraction], excess: Fraction | None) -> tuple[list[Fraction], int]:
    """The right row and how many entries do not fit it, which stay as given.

    A multiple of the right row is one miss; the tap exceeds the scale by as much.
    """
    fits = [low <= value <= high for (low, high), value in zip(row, right, strict=True)]
    if not all(fits) and _is_multiple(row, right) and excess is not None:
        return [excess * value for value in right], 1
    middle = [(low + high) / 2 for low, high in row]
    return [a if fit else b for a, b, fit in zip(right, middle, fits, strict=True)], fits.count(False)


def _order(rows: Intervals, canonical: Rows) -> list[int]:
    """Which canonical row every row is a multiple of: its own, or where it is not, one whose own row is not either."""
    order = list(range(len(rows)))
    strange = [k for k in order if not _is_multiple(rows[k], canonical[k])]
    free, unmatched = list(strange), []
    for k in strange:
        tap = next((t for t in free if _is_multiple(rows[k], canonical[t])), None)
        if tap is None:
            unmatched.append(k)
        else:
            order[k] = tap
            free.remove(tap)
    for k in sorted(unmatched, key=lambda k: k not in free):
        order[k] = k if k in free else free[0]
        free.remove(order[k])
    return order


def _agreed_point(leading: Sequence[Interval], other: Sequence[Interval]) -> Modulus | None:
    """The point whose powers explain most entries of the leading vector, then of the other; None: not half of them."""
    quotients = [
        quotient(vector[j + 1], vector[j])
        for vector in (leading, other)
        for j in range(len(vector) - 1)
        if not holds_zero(vector[j])
    ]
    shared = most(quotients)[1]
    likely = [] if shared is None else [simplest_fraction(*shared)]
    others = sorted((simplest_fraction(*interval) for interval in quotients), key=lambda item: len(str(item)))
    best: tuple[tuple[int, int], Fraction | None] = ((0, 0), None)
    for value in dict.fromkeys([*likely, None, Fraction(0), *others]):
        score = tuple(_agreed(vector, _powers(value, len(vector)))[0] for vector in (leading, other))
        if (score[0], score[1]) > best[0]:
            best = (score[0], score[1]), value
        if score == (len(leading), len(other)):
            break
    (explained, _), value = best
    try:
        return None if 2 * explained < len(leading) else INFINITY if value is None else point(value)
    except TooLarge:
        return None


def _powers(value: Fraction | None, count: int) -> list[Fraction]:
    """The powers of a point, None being infinity."""
    if value is None:
        return [Fraction(0)] * (count - 1) + [Fraction(1)]
    return [value**j for j in range(count)]


def _is_multiple(row: Sequence[Interval], canonical: Sequence[Fraction]) -> bool:
    """Whether one factor of the canonical row, other than 0, explains every entry."""
    factor = row_factor(row, canonical)
    return factor is not None and not holds_zero(factor)


def _agreed(row: Sequence[Interval], canonical: Sequence[Fraction]) -> tuple[int, Interval | None]:
    """How many entries one factor of the canonical row explains, and the factors that do; None where a row is bare."""
    zeros = sum(holds_zero(value) for value, wanted in zip(row, canonical, strict=True) if not wanted)
    quotients = [quotient(value, (wanted, wanted)) for value, wanted in zip(row, canonical, strict=True) if wanted]
    count, factors = most(quotients)
    if factors is None or holds_zero(factors) or (count == 1 and len(quotients) > 1):
        return zeros, None
    return zeros + count, factors
