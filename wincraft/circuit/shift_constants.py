# SPDX-License-Identifier: Apache-2.0
"""Multiples of a value by an odd constant, as sums of shifted values."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import combinations_with_replacement

_LARGEST = 255

AdderChain = tuple[tuple[int, int, int, int], ...]
"""Sums  u w_a + s w_b  as (a, u, b, s), of w_0, the value, and those before; u and s are +-2^k."""


@cache
def chain(odd: int) -> AdderChain:
    """The fewest sums of shifted values that make an odd multiple of a value.

    >>> chain(5), len(chain(45)), len(chain(171))
    (((0, 1, 0, 4),), 2, 3)
    """
    ways: dict[int, list[tuple[int, int, int]]] = {}
    left = [odd]
    while left:
        if (value := left.pop()) > _LARGEST and value not in ways:
            ways[value] = _ways(value)
            left += [rest for rest, _, _ in ways[value]]
    sums, best = {value: len(steps) for value, steps in _chains().items()}, dict[int, tuple[int, int, int]]()
    for value in sorted(ways):  # the rest is smaller
        best[value] = min(ways[value], key=lambda way: sums[way[0]] + sums[abs(way[1])])
        rest, part, _ = best[value]
        sums[value] = sums[rest] + sums[abs(part)] + 1
    taken = []
    while odd > _LARGEST:
        taken.append(best[odd])
        odd = best[odd][0]
    steps = list(_chains()[odd])
    for _, part, shift in reversed(taken):
        first, second = len(steps), _chains()[abs(part)]
        steps += [(a and a + first, u, b and b + first, w) for a, u, b, w in second]
        steps.append((len(steps) if second else 0, 1 if part > 0 else -1, first, shift))
    return tuple(steps)


def _ways(odd: int) -> list[tuple[int, int, int]]:
    """The odd number as  shift rest + part, the part its last eight digits, or what is missing from 256."""
    low, found = odd & _LARGEST, []
    for part in (low, low - _LARGEST - 1):
        shift = (odd - part) & (part - odd)
        found.append(((odd - part) // shift, part, shift))
    return found


@cache
def _chains() -> dict[int, AdderChain]:
    """Shortest chains of all odd numbers up to 255, by all chains of one, two, three sums."""
    found: dict[int, AdderChain] = {1: ()}
    level: list[tuple[tuple[int, ...], AdderChain]] = [((1,), ())]
    for _ in range(3):
        following = []
        for values, steps in level:
            for a, b in combinations_with_replacement(range(len(values)), 2):
                for made, step in _steps(values[a], values[b], a, b):
                    if made not in values:
                        following.append(((*values, made), (*steps, step)))
                        found.setdefault(made, (*steps, step))
        level = following
    return {odd: steps for odd, steps in found.items() if odd <= _LARGEST}


def _steps(x: int, y: int, a: int, b: int) -> Iterator[tuple[int, tuple[int, int, int, int]]]:
    """Odd positive numbers made of shifted x and y, at places a and b, up to 511."""
    for s in range(1, 9):
        for u, w in ((1, 1 << s), (-1, 1 << s), (1, -1 << s), (1 << s, 1), (1 << s, -1), (-1 << s, 1)):
            if 0 < (made := u * x + w * y) <= 2 * _LARGEST + 1:
                yield made, (a, u, b, w)
