# SPDX-License-Identifier: Apache-2.0
"""Brute force in Fractions: every set of a space listed by itertools, its noise gain by Lagrange's formula."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations
from math import prod


def norm(polynomial):
    return sum(c * c for c in polynomial)


def multiply(polynomial, root):
    shifted = [Fraction(0), *polynomial]
    return [a - root * b for a, b in zip(shifted, [*polynomial, Fraction(0)], strict=True)]


def noise_gain(points, m, r, infinite):
    """m r NG of finite points, and inf."""
    total = Fraction(0)
    for p in points:
        others = [q for q in points if q != p]
        basis = [Fraction(1)]
        for q in others:
            basis = multiply(basis, q)
        weight = sum(p ** (2 * k) for k in range(m)) * sum(p ** (2 * k) for k in range(r))
        total += weight * norm(basis) / prod(((p - q) ** 2 for q in others), start=Fraction(1))
    if infinite:
        whole = [Fraction(1)]
        for p in points:
            whole = multiply(whole, p)
        total += norm(whole)
    return total


def numbers(height):
    positive = {Fraction(p, q) for p in range(1, height + 1) for q in range(1, height + 1)}
    return sorted({s * p for p in positive for s in (1, -1)} | {Fraction(0)})


def sets(m, r, height, infinities=(True,), keep=lambda points: True):
    """(value, points, inf) of every set of finite points up to a height that is kept."""
    for infinite in infinities:
        for points in combinations(numbers(height), m + r - 1 - infinite):
            if keep(points):
                yield noise_gain(points, m, r, infinite), points, infinite


def symmetric(points):
    return {-p for p in points} == set(points)
