# SPDX-License-Identifier: Apache-2.0
"""The list of cases with three intermediates in four dimensions is complete: random programs are found in it."""

from __future__ import annotations

from collections import Counter
from itertools import combinations, permutations
from random import Random

import pytest
from flint import fmpz_poly

from wincraft.circuit.minimum.points import closure, coordinate_points, line, primitive
from wincraft.circuit.minimum.space import curves, general


def is_member(family, points):
    """Whether some s gives these points, in this order: the common divisor of all 2x2 minors has a root, or is 0."""
    common = fmpz_poly([])
    for moving, point in zip(family, points, strict=True):
        for i, j in combinations(range(len(point)), 2):
            common = common.gcd(moving[i] * point[j] - moving[j] * point[i])
    return not common or common.degree() > 0


def needs(target, points, start):
    """Whether the target is reached with all of the points and not without one of them."""

    def reaches(some):
        return target in closure(start, [*some, target])

    return reaches(points) and not any(reaches([q for q in points if q != p]) for p in points)


def chained(random, border):
    """Border points on coordinate lines, three intermediates, and a target made of the last one."""
    points = coordinate_points(4)
    for pair in [random.sample(points[:4], 2) for _ in range(border)] + [None] * 4:
        new = len(points) > 4 + border
        last = points[-1] if new and random.random() < 0.6 else random.choice(points)
        a, b = pair or (last, random.choice(points))
        x, y = random.choice([1, 1, 2, 3]), random.choice([1, -1, 2, -2, 3])
        vector = [x * p + y * q for p, q in zip(a, b, strict=True)]
        if a == b or not any(vector) or primitive(vector) in points:
            return None
        points.append(primitive(vector))
    return points[4 : 4 + border], points[-4:-1], points[-1]


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [range(500), pytest.param(range(500, 12_000), marks=pytest.mark.slow)])
def test_every_three_points_that_reach_a_target_are_in_a_family(seeds):
    """The list of cases is complete: what a random program makes with three intermediates is a member."""
    seen, alone = 0, Counter()
    for seed in seeds:
        random = Random(seed)
        made = chained(random, random.choice([0, 0, 1, 2]))
        if made is None or sum(map(bool, made[2])) < 4:
            continue
        border, points, target = made
        known = closure(coordinate_points(4), border)
        if len(known) == 4 + len(border) and needs(target, points, known) and general(known, [target]):
            seen += 1
            orders = list(permutations(points))
            homes = [family for family in curves(known, target) if any(is_member(family, order) for order in orders)]
            assert homes, (seed, target, points)
            if len(homes) == 1:
                alone[len({line(points[0], points[1]), line(points[1], points[2]), line(points[0], points[2])})] += 1
    assert seen > len(seeds) / 100
    assert alone
