# SPDX-License-Identifier: Apache-2.0
"""Leaving out the points of a program that it does not need, compiled by numba where that is installed."""

from __future__ import annotations

from wincraft.circuit.optimise.geometry_numba import inverse, lies_on_line
from wincraft.circuit.optimise.modular import PRIME, Flat, compiled_kernel


@compiled_kernel("bool", "int flat int flat flat")
def _lines(n: int, points: Flat, made: int, pairs: Flat, starts: Flat) -> bool:
    """The pairs of points on a line with each point that is no unit; False where they are more than there is room."""
    filled = 0
    for x in range(made):
        starts[x] = filled
        if x < n:
            continue
        for a in range(made):
            for b in range(a):
                if x not in (a, b) and lies_on_line(points, n, a, b, points, x * n):
                    if filled + 2 > len(pairs):
                        return False
                    pairs[filled], pairs[filled + 1] = a, b
                    filled += 2
    starts[made] = filled
    return True


@compiled_kernel("int", "int int flat flat flat flat flat")
def _reach(n: int, made: int, pairs: Flat, starts: Flat, alive: Flat, reached: Flat, gates: Flat) -> int:
    """Which of the points that are left can be computed from the units, and from which two; how many there are."""
    for x in range(made):
        reached[x] = 1 if x < n else 0
    changed, number = True, 0
    while changed:
        changed = False
        for x in range(n, made):
            if alive[x] == 0 or reached[x] == 1:
                continue
            for i in range(starts[x], starts[x + 1], 2):
                if reached[pairs[i]] == 1 and reached[pairs[i + 1]] == 1:
                    gates[3 * number], gates[3 * number + 1], gates[3 * number + 2] = x, pairs[i], pairs[i + 1]
                    reached[x], changed = 1, True
                    number += 1
                    break
    return number


@compiled_kernel("two", "int flat int flat flat flat flat flat flat flat")
def reduce(
    n: int, points: Flat, made: int, wanted: Flat, order: Flat, pairs: Flat, starts: Flat, alive: Flat, reached: Flat,
    gates: Flat,
) -> tuple[int, int]:  # fmt: skip
    """Leave out points, in this order, that no wanted one needs: how many are left beside the units, and their print.

    The print is the same for the same points in another order; 0 and 0 where the points are too many.

    Args:
        n: The number of units, which come first.
        points: Coordinates.
        made: The number of points.
        wanted: 1 for the points that must be left.
        order: The points that may go, in the order in which it is tried, and -1.
        pairs: For the pairs of points on a line with each point.
        starts: For where these begin.
        alive: Becomes 1 for the points that are left.
        reached: For intermediate results.
        gates: Becomes, in an order that can be computed, point, first and second of the pair it is on a line with.
    """
    if not _lines(n, points, made, pairs, starts):
        return 0, 0
    for x in range(made):
        alive[x] = 1
    for drop in order:
        if drop >= 0 and alive[drop] == 0:
            continue
        if drop >= 0:
            alive[drop] = 0
        _reach(n, made, pairs, starts, alive, reached, gates)
        whole = True
        for x in range(made):
            if wanted[x] == 1 and reached[x] == 0:
                whole = False
        if whole:
            for x in range(n, made):
                alive[x] = reached[x]
        elif drop >= 0:
            alive[drop] = 1
    number = _reach(n, made, pairs, starts, alive, reached, gates)
    cubes, fifths = 0, 0
    for x in range(n, made):
        if reached[x] == 1:
            value = points[x * n] * inverse(points[x * n + 1]) % PRIME
            square = value * value % PRIME
            cubes = (cubes + square * value) % PRIME
            fifths = (fifths + square * square % PRIME * value) % PRIME
    return number, cubes * PRIME + fifths
