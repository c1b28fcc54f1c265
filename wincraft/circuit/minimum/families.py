# SPDX-License-Identifier: Apache-2.0
"""Families of intermediate points with one parameter, and the members with which every target is reached.

The coordinates of a family's points are polynomials in s with integer coefficients. A target t lies on the line through
two points, where these are different, exactly where every linear form that vanishes on t and the one vanishes on the
other: a member reaches a further target first for an s where the polynomials that this gives have a common root. So the
roots of the greatest common divisors are all values of s that have to be tried; a program with rational constants has a
rational s, and only those are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import combinations

from flint import fmpq, fmpz_mat, fmpz_poly

from wincraft.circuit.minimum.points import IntegerPoint, Known, closure, primitive

Moving = tuple[fmpz_poly, ...]
"""A point whose coordinates are polynomials in s."""

Family = tuple[Moving, ...]
"""Intermediates with a common parameter."""

_ZERO = fmpz_poly([])


@lru_cache(maxsize=1 << 16)
def forms(*points: IntegerPoint) -> tuple[IntegerPoint, ...]:
    """A basis of the linear forms that vanish on some points.

    >>> forms((1, 0, 0), (0, 1, 0))
    ((0, 0, 1),)
    """
    kernel, nullity = fmpz_mat([list(point) for point in points]).nullspace()
    return tuple(primitive(int(kernel[i, k]) for i in range(len(points[0]))) for k in range(nullity))


def value(form: Sequence[int], point: Sequence[int]) -> int:
    """A linear form of a point."""
    return sum(c * x for c, x in zip(form, point, strict=True))


def polynomial(form: Sequence[int], point: Moving) -> fmpz_poly:
    """A linear form of a moving point."""
    total = _ZERO
    for c, x in zip(form, point, strict=True):
        if c:
            total = total + x * c
    return total


def mixed(x: fmpz_poly, first: Moving, y: fmpz_poly, second: Moving) -> Moving:
    """The point of a sum of multiples of two."""
    return reduced([x * a + y * b for a, b in zip(first, second, strict=True)])


def reduced(coordinates: Sequence[fmpz_poly]) -> Moving:
    """The point of coordinates that are not all 0, without their common divisor."""
    common = _ZERO
    for x in coordinates:
        common = common.gcd(x)
    if common.degree() < 1 and abs(common[0]) == 1:
        return tuple(coordinates)
    return tuple(x // common for x in coordinates)


def on_line(a: IntegerPoint, b: IntegerPoint) -> Moving:
    """The points a + s b of a line, all but b.

    >>> on_line((1, 0, 0), (0, 1, 0))
    (1, x, 0)
    """
    return tuple(fmpz_poly([x, y]) for x, y in zip(a, b, strict=True))


def fixed(point: IntegerPoint) -> Moving:
    """A point that does not move."""
    return tuple(fmpz_poly([x]) for x in point)


def at(point: Moving, s: fmpq) -> IntegerPoint:
    """Where a moving point is.

    >>> at(on_line((1, 0), (0, 1)), fmpq(2, 3))
    (3, 2)
    """
    values = [x(s) for x in point]
    denominator = fmpq(1)
    for x in values:
        denominator *= x.q
    return primitive(int((x * denominator).p) for x in values)


def members(known: Known, target: IntegerPoint, family: Family) -> tuple[list[tuple[IntegerPoint, ...]], int]:
    """The members with which everything is reached, and how many conditions were looked at. All reach the target.

    Where every member reaches everything, one of them.
    """
    have, cases = closure([*known.points, target], known.targets), 0
    while True:
        there = set(have)
        left = [other for other in known.left if other not in there]
        divisors = [(other, divisor) for other in left for divisor in _conditions(other, have, family)]
        cases += len(divisors)
        always = dict.fromkeys(other for other, divisor in divisors if not divisor)
        if not always:
            break
        have = closure([*have, *always], known.targets)
    values = _roots(divisor for _, divisor in divisors) if left else [fmpq(k, 7) for k in range(8, 40)]
    found = []
    for s in values:
        points = tuple(at(point, s) for point in family)
        if known.completed(points):
            found.append(points)
            if not left:
                break
    return found, cases


def _conditions(target: IntegerPoint, known: Sequence[IntegerPoint], family: Family) -> Iterator[fmpz_poly]:
    """For every pair of points of which one moves, the polynomial at whose roots the target lies on their line."""
    for other in known:
        vanishing = forms(target, other)
        for point in family:
            yield _common([polynomial(form, point) for form in vanishing])
    vanishing = forms(target)
    images = [[polynomial(form, point) for form in vanishing] for point in family]
    for first, second in combinations(images, 2):
        yield _common([first[i] * second[j] - first[j] * second[i] for i, j in combinations(range(len(vanishing)), 2)])


def _common(polynomials: Sequence[fmpz_poly]) -> fmpz_poly:
    total = _ZERO
    for item in polynomials:
        total = total.gcd(item)
        if total.degree() == 0:
            break
    return total


def _roots(polynomials: Iterable[fmpz_poly]) -> list[fmpq]:
    """The rational roots, each once."""
    found: dict[tuple[int, int], fmpq] = {}
    for item in polynomials:
        degree = item.degree()
        for factor in [item] if degree == 1 else [factor for factor, _ in item.factor()[1]] if degree > 1 else []:
            if factor.degree() == 1:
                root = fmpq(-factor[0], factor[1])
                found[int(root.p), int(root.q)] = root
    return [found[key] for key in sorted(found)]
