# SPDX-License-Identifier: Apache-2.0
"""One and two intermediate points in any dimension, by coplanarity and, for families, by polynomials in one variable.

Let K be what additions reach without intermediates, and t the first target that is reached after it.

One intermediate p. It lies on a line ab of K, and reaches t on a line through a point c of K: other than ab, else t
were reached without p. So a, b, c and t are in one plane, no three of them on a line, and p is where ab meets ct.

Two intermediates p, q. Either t takes one of them alone, as above, and the other is the one intermediate that is
missing then; or t takes both. Then t lies on pq, with p and q on lines of K, or on qy with y in K, where q lies on a
line pv with v in K. Where t is in no plane through the points of K that take part, p and q are unique: the plane
through t and one line meets the other. Where it is, they are a family with one parameter s, and the next target is on
a line through two points for those s where polynomials in s vanish (see `families`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, permutations

from wincraft.circuit.minimum.families import Family, Moving, fixed, forms, members, on_line, polynomial, reduced
from wincraft.circuit.minimum.least import Least, remembered, without
from wincraft.circuit.minimum.points import (
    IntegerPoint,
    Known,
    combined,
    known_at_first,
    line,
    lines_through,
    rank,
    relation,
)


def pairs_of_points(
    known: Sequence[IntegerPoint], target: IntegerPoint
) -> dict[tuple[IntegerPoint, IntegerPoint], None]:
    """Every pair that reaches a target that is in no plane through three of the known points: four span its space."""
    found: dict[tuple[IntegerPoint, IntegerPoint], None] = {}
    for four in combinations(known, 4):
        factors = relation([*four, target])
        if factors is None or not all(factors):
            continue
        for i, j in combinations(range(4), 2):
            pair = combined((factors[i], factors[j]), (four[i], four[j]))
            k, l = (m for m in range(4) if m not in (i, j))
            if i == 0:
                found[pair, combined((factors[k], factors[l]), (four[k], four[l]))] = None
            for last in (k, l):
                three = combined((factors[i], factors[j], factors[last]), (four[i], four[j], four[last]))
                found[pair, three] = None
    return found


@remembered
def one_intermediate(targets: Sequence[IntegerPoint]) -> Least:
    """At most one intermediate, in any dimension.

    >>> least = one_intermediate([(1, 1, 1), (1, 1, -1)])
    >>> least.intermediates, least.cases, least.found[0]
    (1, 6, ((1, 1, 0),))
    """
    bare = without(targets)
    if bare.found:
        return bare
    found, cases = one_more(known_at_first(tuple(targets)))
    return Least(1 if found else 2, 1 + cases, tuple((point,) for point in found))


def one_more(known: Known) -> tuple[list[IntegerPoint], int]:
    """The single points with which everything is reached, and how many were tried."""
    points = known.single_points
    return [point for point in points if known.completed((point,))], len(points)


@remembered
def two_intermediates(targets: Sequence[IntegerPoint]) -> Least:
    """At most two intermediates, in any dimension.

    >>> least = two_intermediates([(1, 1, 1, 1), (1, 1, 1, -1)])
    >>> least.intermediates, least.found[0]
    (2, ((0, 0, 1, 1), (1, 1, 0, 0)))
    """
    fewer = one_intermediate(targets)
    if fewer.found:
        return fewer
    found, cases = two_more(known_at_first(tuple(targets)))
    return Least(2 if found else 3, fewer.cases + cases, tuple(found))


def two_more(known: Known, families: bool = True) -> tuple[list[tuple[IntegerPoint, ...]], int]:
    """The pairs with which everything is reached, and how many were tried; of a family with one parameter one pair.

    It takes for granted that no single point does. Without `families` pairs are left out.
    """
    found: dict[tuple[IntegerPoint, ...], None] = {}
    cases = 0
    for first in known.single_points:
        if first not in known.everything:
            more, tried = one_more(known.further((first,)))
            cases += tried
            found |= {tuple(sorted((first, second))): None for second in more}
    for target in known.left:
        for pair in pairs_of_points(known.points, target):
            cases += 1
            if known.completed(pair):
                found[tuple(sorted(pair))] = None
        for family in plane_families(known.points, target) if families else ():
            some, tried = members(known, target, family)
            cases += tried
            found |= {tuple(sorted(pair)): None for pair in some}
    return list(found), cases


def plane_families(known: Sequence[IntegerPoint], target: IntegerPoint) -> Iterator[Family]:
    """Pairs p(s), q(s) by which a target is reached that lies in a plane of known points, for every s."""
    lines = [on[:2] for on in lines_through(known).values()]
    for a, b in lines:
        p = on_line(a, b)
        for u, v in lines:
            if line(a, b) < line(u, v) and rank([a, b, u, v]) == 3 == rank([a, b, u, v, target]):
                yield p, crossing(p, fixed(target), (u, v))
        plane = [c for c in known if rank([a, b, c, target]) == 3]
        for v, y in permutations(plane, 2):
            if rank([a, b, v]) == 3:
                yield p, crossing(p, fixed(v), (target, y))


def crossing(x: Moving, y: Moving, on: tuple[IntegerPoint, IntegerPoint]) -> Moving:
    """Where the line xy meets a fixed line in its plane, on which y is not."""
    form = next(form for form in forms(*on) if polynomial(form, y))
    first, second = polynomial(form, x), polynomial(form, y)
    return reduced([second * a - first * b for a, b in zip(x, y, strict=True)])
