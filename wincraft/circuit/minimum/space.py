# SPDX-License-Identifier: Apache-2.0
"""Three intermediate points in four dimensions, without a search over constants: points and families of one parameter.

Let K be what additions reach without intermediates, and let no other target lie in a plane through three points of K
(`general`; else nothing is said). Then a target that is reached takes two intermediates at least, and if no two are
enough, three p, q, r are only where one of these holds.

(a) A target is reached by two of them alone. Both are then unique (see `few`): the third is the one intermediate that
    is missing, one of finitely many points.
(b) The first target t takes all three, each on a line through points of K and earlier ones. Up to their order that is,
    with a, b, c, c', d in K,
    1. p on ab, q on a line of K, r on qc, t on pr;        2. p on ab, q on pc', r on qc, t on pr;
    3. p on ab, q on pc', r on pc, t on qr;                4. p on ab, q on a line of K, r on pq, t on rd;
    5. p on ab, q on pc', r on qc, t on rd.
    In every one of them one parameter is left and the points are its polynomials, as the line or plane through t and
    fixed points meets another: where the plane through t and K holds a whole line, p is fixed and the parameter is on
    that (4 with d on q's line, 5 with d on cc'; elsewhere t would be in a plane through K). A parameter for which a
    point falls on another needs fewer intermediates. The next target then leaves the rational roots of polynomials
    (see `families`), each of which is tried.

Source: own. The bound was first found with Groebner bases in the parameters of 105,570 systems; this is shorter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import combinations, permutations

from wincraft.circuit.minimum.families import (
    Family,
    Moving,
    fixed,
    forms,
    members,
    mixed,
    on_line,
    polynomial,
    value,
)
from wincraft.circuit.minimum.few import crossing, one_more, pairs_of_points, two_intermediates
from wincraft.circuit.minimum.least import Least
from wincraft.circuit.minimum.points import IntegerPoint, Known, combined, known_at_first, lines_through, rank

Pair = tuple[IntegerPoint, IntegerPoint]


def general(known: Sequence[IntegerPoint], targets: Sequence[IntegerPoint]) -> bool:
    """Whether no target but the known ones lies in a plane through three known points.

    >>> general([(1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)], [(1, 1, 0, 1)])
    False
    """
    planes = [three for three in combinations(known, 3) if rank(three) == 3]
    return not any(rank([*three, target]) == 3 for target in set(targets) - set(known) for three in planes)


def three_intermediates(targets: Sequence[IntegerPoint]) -> Least:
    """At most three intermediates, in four dimensions where the targets are in general position to what is known.

    >>> targets = [(1, 1, 1, 1), (1, -1, 1, -1), (1, 1, -1, -1), (1, -1, -1, 1)]
    >>> three_intermediates(targets).intermediates  # the Hadamard transform of 4 values takes 7 additions
    3
    """
    fewer = two_intermediates(targets)
    known = known_at_first(tuple(targets))
    if fewer.found or len(targets[0]) != 4 or not general(known.points, targets):
        return fewer
    found: dict[tuple[IntegerPoint, ...], None] = {}
    cases, lines = fewer.cases, sha256()
    for chosen, some, tried in outcomes(known):
        cases += tried
        lines.update(f"{chosen}: {tried}: {sorted(some)}\n".encode())
        found |= {tuple(sorted(points)): None for points in some}
    return Least(3 if found else 4, cases, tuple(found), lines.hexdigest())


def outcomes(known: Known) -> Iterator[tuple[str, list[tuple[IntegerPoint, ...]], int]]:
    """Case by case: which one it is, the intermediates with which everything is reached, how many were tried."""
    for target in known.left:
        for pair in pairs_of_points(known.points, target):
            points, tried = one_more(known.further(pair))
            yield f"pair {pair}", [(*pair, point) for point in points], tried
    for target in known.left:
        for family in curves(known.points, target):
            some, tried = members(known, target, family)
            shape = [[[int(c) for c in x.coeffs()] for x in point] for point in family]
            yield f"family {target} {shape}", some, tried


def curves(known: Sequence[IntegerPoint], target: IntegerPoint) -> Iterator[Family]:
    """Every family of three points by which a target is reached first, as case (b) lists them."""
    lines = {(on[0], on[1]): set(on) for on in lines_through(known).values()}
    for first, on in lines.items():
        for second, along in lines.items():
            if first != second:
                yield from _two_lines(first, second, target, [c for c in known if c not in along])
                yield from _transversals(first, second, target, [(d, d in along) for d in known if d not in on])
        for middle, c in permutations(known, 2):
            if middle not in on:
                yield from _in_a_plane(first, middle, c, target, on)
                yield from _chains(first, middle, c, target, [d for d in known if d != c])


def _two_lines(first: Pair, second: Pair, target: IntegerPoint, others: Sequence[IntegerPoint]) -> Iterator[Family]:
    """Shape 1."""
    p, t = on_line(*first), fixed(target)
    for c in others:
        (plane,) = forms(*second, c)
        if any(value(plane, point) for point in first):
            r = mixed(polynomial(plane, p), t, -polynomial(plane, t), p)
            yield p, crossing(r, fixed(c), second), r


def _transversals(
    first: Pair, second: Pair, target: IntegerPoint, others: Sequence[tuple[IntegerPoint, bool]]
) -> Iterator[Family]:
    """Shape 4, with whether d is on q's line."""
    u, v = second
    for d, on_second in others:
        if on_second:
            (plane,) = forms(u, v, target)
            still = plane_meets(plane, first)
            if still is not None:
                q = on_line(u, v)
                yield fixed(still), q, crossing(q, fixed(still), (target, d))
        elif first < second:
            p = on_line(*first)
            through_u, through_v = (polynomial(cofactors(target, d, point), p) for point in second)
            q = mixed(through_v, fixed(u), -through_u, fixed(v))
            yield p, q, crossing(q, p, (target, d))


def _in_a_plane(
    first: Pair, middle: IntegerPoint, c: IntegerPoint, target: IntegerPoint, on: set[IntegerPoint]
) -> Iterator[Family]:
    """Shapes 2 and 3: t, p, c and c' are in one plane, which tells p."""
    plane = plane_meets(forms(target, c, middle)[0], first)
    if plane is not None and rank([plane, c, middle]) == 3:
        p, q = fixed(plane), on_line(plane, middle)
        yield p, q, crossing(q, fixed(c), (target, plane))
        if middle < c and c not in on:
            yield p, q, crossing(q, fixed(target), (plane, c))


def _chains(
    first: Pair, middle: IntegerPoint, c: IntegerPoint, target: IntegerPoint, others: Sequence[IntegerPoint]
) -> Iterator[Family]:
    """Shape 5."""
    for d in others:
        if rank([middle, c, d]) == 3:
            p = on_line(*first)
            at_d, at_t = (polynomial(cofactors(middle, c, point), p) for point in (d, target))
            r = mixed(at_d, fixed(target), -at_t, fixed(d))
            yield p, _meeting(p, fixed(middle), r, c), r
        else:
            still = plane_meets(forms(target, c, middle)[0], first)
            if still is not None and rank([still, c, middle]) == 3:
                r = on_line(target, d)
                yield fixed(still), crossing(r, fixed(c), (still, middle)), r


def _meeting(p: Moving, other: Moving, r: Moving, c: IntegerPoint) -> Moving:
    """Where the lines through p and another point, and through r and c, meet in their plane."""
    at_p, at_other, at_r = ([polynomial(form, x) for form in forms(c)] for x in (p, other, r))
    for i, j in combinations(range(len(at_p)), 2):
        x = at_other[i] * at_r[j] - at_other[j] * at_r[i]
        y = at_p[j] * at_r[i] - at_p[i] * at_r[j]
        if x or y:
            return mixed(x, p, y, other)
    raise AssertionError("two different lines through one point that is not on the other")


def plane_meets(plane: IntegerPoint, on: Pair) -> IntegerPoint | None:
    """Where a line meets a plane, None where it lies in it.

    >>> plane_meets((0, 0, 0, 1), ((1, 0, 0, 1), (0, 1, 0, 1)))
    (1, -1, 0, 0)
    """
    a, b = value(plane, on[0]), value(plane, on[1])
    return combined((b, -a), on) if a or b else None


def cofactors(a: IntegerPoint, b: IntegerPoint, c: IntegerPoint) -> tuple[int, ...]:
    """The factors of x in the determinant of a, b, c, x.

    >>> cofactors((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0))
    (0, 0, 0, 1)
    """
    minors = []
    for k in range(4):
        i, j, l = (m for m in range(4) if m != k)
        minor = (
            a[i] * (b[j] * c[l] - b[l] * c[j]) - a[j] * (b[i] * c[l] - b[l] * c[i]) + a[l] * (b[i] * c[j] - b[j] * c[i])
        )
        minors.append(minor if k % 2 else -minor)
    return tuple(minors)
