# SPDX-License-Identifier: Apache-2.0
"""Points of projective space: rows up to factors, as vectors of integers without a common divisor.

A program is a sequence of points: the coordinate points, then for each addition a point of the line through two earlier
ones. Its additions are the points that are added; it computes a matrix when the matrix's rows are among them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import combinations
from math import gcd, lcm

from flint import fmpz_mat

from wincraft.exact.types import Element

IntegerPoint = tuple[int, ...]
"""Integers without a common divisor, the first one that is not 0 positive."""


def primitive(values: Iterable[int]) -> IntegerPoint:
    """The point of a vector of integers that is not 0.

    >>> primitive((0, -4, 6))
    (0, 2, -3)
    """
    vector = tuple(values)
    common = gcd(*vector)
    if next(x for x in vector if x) < 0:
        common = -common
    return vector if common == 1 else tuple(x // common for x in vector)


def point_of(row: Sequence[Element]) -> IntegerPoint:
    """The point of a row of rational numbers that is not 0."""
    denominator = lcm(*(int(x.denominator) for x in row))  # type: ignore[attr-defined]
    return primitive(int(x.numerator) * (denominator // int(x.denominator)) for x in row)  # type: ignore[attr-defined]


def coordinate_points(dimension: int) -> list[IntegerPoint]:
    """The points of the inputs.

    >>> coordinate_points(2)
    [(1, 0), (0, 1)]
    """
    return [tuple(int(i == j) for j in range(dimension)) for i in range(dimension)]


@lru_cache(maxsize=1 << 18)
def line(a: IntegerPoint, b: IntegerPoint) -> IntegerPoint:
    """The line through two different points: the 2x2 minors, without a common divisor.

    >>> line((1, 0, 0), (1, 1, 0)) == line((0, 1, 0), (1, 5, 0))
    True
    """
    return primitive(a[i] * b[j] - a[j] * b[i] for i, j in combinations(range(len(a)), 2))


def lines_through(points: Collection[IntegerPoint]) -> dict[IntegerPoint, tuple[IntegerPoint, ...]]:
    """The lines through two or more of some points, with those of the points that lie on each.

    >>> [len(on) for on in lines_through([(1, 0, 0), (0, 1, 0), (1, 1, 0), (0, 0, 1)]).values()]
    [3, 2, 2, 2]
    """
    found: dict[IntegerPoint, dict[IntegerPoint, None]] = {}
    for a, b in combinations(points, 2):
        found.setdefault(line(a, b), {}).update({a: None, b: None})
    return {key: tuple(on) for key, on in found.items()}


def reached(point: IntegerPoint, known: Iterable[IntegerPoint]) -> bool:
    """Whether a point lies on a line through two others that are known.

    >>> reached((1, 1, 0), [(1, 0, 0), (0, 0, 1), (0, 1, 0)])
    True
    """
    seen = set()
    for other in known:
        key = line(point, other)
        if key in seen:
            return True
        seen.add(key)
    return False


def closure(known: Iterable[IntegerPoint], wanted: Iterable[IntegerPoint]) -> list[IntegerPoint]:
    """What is known, then what of the wanted points additions of what is known reach, in an order of additions.

    What is reached does not depend on the order: more that is known never takes anything away.

    >>> closure([(1, 0), (0, 1)], [(1, 2), (1, 3)])
    [(1, 0), (0, 1), (1, 2), (1, 3)]
    """
    have = list(dict.fromkeys(known))
    there = set(have)
    left = [point for point in wanted if point not in there]
    while left:
        new = [point for point in left if reached(point, have)]
        if not new:
            break
        have += new
        left = [point for point in left if point not in new]
    return have


class Known:
    """Points that are known, closed under additions towards the targets, and which further points complete them.

    `points` are known; `left` are the targets that are not. For each of these the lines to what is known are kept: with
    a further point on one of them the target is reached.

    >>> known = Known([(1, 0, 0), (0, 1, 0), (0, 0, 1)], [(1, 1, 1), (1, 1, 2)])
    >>> known.completed([(1, 1, 0)]), known.completed([(1, 2, 0)])
    (True, False)
    """

    def __init__(self, points: Iterable[IntegerPoint], targets: Sequence[IntegerPoint]) -> None:
        self.targets = targets
        self.points = closure(points, targets)
        there = set(self.points)
        self.left = [target for target in dict.fromkeys(targets) if target not in there]
        self.everything = there | set(targets)
        self._lines = {target: {line(target, point) for point in self.points} for target in self.left}

    def completed(self, points: Sequence[IntegerPoint]) -> bool:
        """Whether every target is reached once these different points, none of them a target or known, are known."""
        if len(set(points)) < len(points) or not self.everything.isdisjoint(points):
            return False
        queue, left = list(points), set(self.left)
        more: dict[IntegerPoint, set[IntegerPoint]] = {target: set() for target in left}
        while queue and left:
            point = queue.pop()
            for target in list(left):
                key = line(target, point)
                if key in self._lines[target] or key in more[target]:
                    left.remove(target)
                    queue.append(target)
                else:
                    more[target].add(key)
        return not left

    @cached_property
    def single_points(self) -> tuple[IntegerPoint, ...]:
        """Every point by which, alone, a target is reached that was not: where two lines in one plane meet.

        >>> Known([(1, 0, 0), (0, 1, 0), (0, 0, 1)], [(1, 1, 2)]).single_points
        ((1, 1, 0), (1, 0, 2), (0, 1, 2))
        """
        found: dict[IntegerPoint, None] = {}
        for target in self.left:
            for factors, triple in planes_of(target, self.points):
                for i, j in ((0, 1), (0, 2), (1, 2)):
                    found[combined((factors[i], factors[j]), (triple[i], triple[j]))] = None
        return tuple(found)

    def further(self, points: Sequence[IntegerPoint]) -> Known:
        """With these points known, and what they reach."""
        return Known([*self.points, *points], self.targets)


@lru_cache(maxsize=8)
def known_at_first(targets: tuple[IntegerPoint, ...]) -> Known:
    """What is known before any intermediate: the inputs' points, and the targets that additions of these reach."""
    return Known(coordinate_points(len(targets[0])), targets)


def relation(points: Sequence[IntegerPoint]) -> tuple[int, ...] | None:
    """The factors with which vectors add up to 0, where these are unique up to one factor; None elsewhere.

    >>> relation([(1, 0), (0, 1), (2, 3)])
    (2, 3, -1)
    """
    table = fmpz_mat([list(row) for row in zip(*points, strict=True)])
    kernel, nullity = table.nullspace()
    if nullity != 1:
        return None
    return primitive(int(kernel[i, 0]) for i in range(len(points)))


def combined(factors: Sequence[int], points: Sequence[IntegerPoint]) -> IntegerPoint:
    """The point of a sum of multiples.

    >>> combined((1, 2), [(1, 0), (0, 1)])
    (1, 2)
    """
    return primitive(sum(f * x for f, x in zip(factors, column, strict=True)) for column in zip(*points, strict=True))


def rank(points: Sequence[IntegerPoint]) -> int:
    """The dimension of what some vectors span.

    >>> rank([(1, 0, 0), (0, 1, 0), (1, 1, 0)])
    2
    """
    return int(fmpz_mat([list(point) for point in points]).rank())


def planes_of(
    point: IntegerPoint, known: Sequence[IntegerPoint]
) -> Iterator[tuple[tuple[int, ...], tuple[IntegerPoint, IntegerPoint, IntegerPoint]]]:
    """The triples of known points with the point in their plane, no three of the four on a line; with the relation."""
    for triple in combinations(known, 3):
        factors = relation([*triple, point])
        if factors is not None and all(factors):
            yield factors, triple
