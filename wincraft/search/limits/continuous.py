# SPDX-License-Identifier: Apache-2.0
"""The best real points, found by multi-start descent, and small rationals near them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import gcd, inf, isinf

import numpy as np

from wincraft.errors import BadValue
from wincraft.search.limits.sets import RealSets, SetKind, log_gain, snapped, to_points

STARTS = 40
NEWTON_STEPS = 3
"""After the descent: in the flat direction of nearly equal sets its points are good to four digits only."""
FINALISTS = 12
"""Rational sets compared exactly."""
MIRRORED = 1e-6
"""Relative distance up to which -p counts as the mirror image of a point given as a float."""
LARGEST_SEARCH = 200_000
"""Combinations of neighbours tried at most."""


@dataclass(frozen=True, repr=False)
class RealOptimum:
    """The best real points found in a class: a local minimum to about 1e-10, no proof; see `real_bound.certify`.

    `points` ascending, inf last. `noise_gain` is the exact noise gain of these very floats, rounded to one.
    """

    size: str
    kind: SetKind
    points: tuple[float, ...]
    noise_gain: float

    def __repr__(self) -> str:
        points = ", ".join(f"{point:.10g}" for point in self.points)
        return f"{self.size} {self.kind}: noise gain {self.noise_gain:.10g} at {points}"


@dataclass(frozen=True, repr=False)
class RationalPoints:
    """Rational points (None is inf) near real ones, and their exact noise gain."""

    points: tuple[Fraction | None, ...]
    noise_gain: Fraction

    @property
    def text(self) -> str:
        """As `winograd` takes them: ``0,1/2,-1/2,inf``."""
        return ",".join("inf" if point is None else str(point) for point in self.points)

    @property
    def height(self) -> int:
        """The sum of max(|p|, q) over the points p/q; 1 for inf."""
        return sum(1 if point is None else max(abs(point.numerator), point.denominator) for point in self.points)

    def __repr__(self) -> str:
        return f"{self.text}: noise gain {float(self.noise_gain):.10g}"


def real_optimum(m: int, r: int, kind: SetKind = "with-inf", *, starts: int = STARTS, seed: int = 0) -> RealOptimum:
    """The lowest noise gain over real point sets of a class, by quasi-Newton descent from `starts` random sets.

    Source: the descent is BFGS on log NG in the angles atan(p), where inf is a point like any other.

    Raises:
        UnknownName: for another class than ``symmetric``, ``with-inf``, ``all``.

    >>> real_optimum(4, 3, "symmetric", starts=4)
    F(4,3) symmetric: noise gain 4.742483197 at -1.535057097, -0.6514415664, 0, 0.6514415664, 1.535057097, inf
    """
    sets = RealSets(m, r, kind)
    free = np.zeros(0)
    if sets.variables:
        generator = np.random.default_rng(seed)
        found = [descend(sets, _random_start(sets, generator)) for _ in range(starts)]
        free = min(found, key=lambda angles: round(sets.log_gain(angles)[0], 12))
    return optimum_at(sets, free)


def optimum_at(sets: RealSets, free: np.ndarray) -> RealOptimum:
    """The record of these free angles; of the images under x -> -x, 1/x in the class, one that has inf and sorts first.

    >>> optimum_at(RealSets(2, 3, "symmetric"), np.array([np.pi / 4]))
    F(2,3) symmetric: noise gain 1.666666667 at -1, 0, 1, inf
    """
    angles = sets.angles(snapped(sets, free))
    images = [to_points(sign * angles) for sign in (1, -1)]
    if sets.kind == "all":
        images += [to_points(np.pi / 2 - sign * angles) for sign in (1, -1)]
    points = min(images, key=lambda image: (not isinf(image[-1]), [round(point, 6) for point in image]))
    exact = noise_gain_of_points(sets.m, sets.r, [None if isinf(point) else Fraction(point) for point in points])
    return RealOptimum(sets.size, sets.kind, points, float(exact))


def descend(sets: RealSets, free: np.ndarray) -> np.ndarray:
    """A local minimum of the noise gain, as free angles, from these."""
    from scipy.optimize import minimize  # type: ignore[import-untyped]

    with np.errstate(all="ignore"):
        for tolerance in (1e-6, 1e-12):  # the second run starts from a fresh Hessian
            free = minimize(sets.log_gain, free, jac=True, method="BFGS", options={"gtol": tolerance}).x
        for _ in range(NEWTON_STEPS):
            free = _newton(sets, np.asarray(free))
    return free


def _newton(sets: RealSets, free: np.ndarray) -> np.ndarray:
    """One Newton step on the gradient, its Jacobian by central differences; the same angles where it does not help."""
    width = 1e-5
    steps = width * np.eye(len(free))
    H = np.array([sets.log_gain(free + step)[1] - sets.log_gain(free - step)[1] for step in steps]) / (2 * width)
    value, gradient = sets.log_gain(free)
    if not np.isfinite(H).all() or np.linalg.cond(H) > 1e12:
        return free
    moved = np.asarray(free - np.linalg.solve(H, gradient))
    return moved if sets.log_gain(moved)[0] <= value + 1e-13 else free


def _random_start(sets: RealSets, generator: np.random.Generator) -> np.ndarray:
    """Angles at about equal distances."""
    d = sets.variables
    if sets.paired:
        return np.asarray((np.arange(d) + generator.uniform(0.1, 0.9, d)) * (np.pi / 2 / d))
    offset = -0.5 if sets.fixed else generator.random()
    return np.asarray(np.pi * ((np.arange(d) + 1 + generator.uniform(-0.4, 0.4, d)) / sets.n + offset))


def noise_gain_of_points(m: int, r: int, points: Sequence[Fraction | None]) -> Fraction:
    """NG of n distinct points, None being inf:  m r NG = sum_p a(p) g(p) |l_p|^2 + |prod (x - p)|^2. Exact.

    a(p) = sum_{k<m} p^2k, g(p) = sum_{k<r} p^2k, l_p the Lagrange polynomials of the finite points; the last term is
    there with inf. The same as `Algorithm.noise_gain`, without building the algorithm.

    Raises:
        BadValue: where there are not m + r - 1 points, or two are equal.

    >>> noise_gain_of_points(2, 3, [Fraction(0), Fraction(1), Fraction(-1), None])
    Fraction(5, 3)
    """
    if len(points) != m + r - 1:
        raise BadValue("the number of points", str(len(points)), f"F({m},{r}) needs {m + r - 1}, one per product")
    if len(set(points)) != len(points):
        raise BadValue("a point", "given twice", "give distinct points")
    finite = [point for point in points if point is not None]
    total = sum((c * c for c in _monic(finite)), Fraction(0)) if len(finite) < len(points) else Fraction(0)
    for i, point in enumerate(finite):
        others = finite[:i] + finite[i + 1 :]
        norm = sum((c * c for c in _monic(others)), Fraction(0))
        value = Fraction(1)
        for other in others:
            value *= point - other
        powers = [point ** (2 * k) for k in range(max(m, r))]
        total += sum(powers[:m]) * sum(powers[:r]) * norm / (value * value)
    return total / (m * r)


def _monic(roots: Sequence[Fraction]) -> list[Fraction]:
    """Coefficients of prod (x - root), low to high."""
    row = [Fraction(1)]
    for root in roots:
        shifted = [Fraction(0), *row]
        row = [high - root * low for high, low in zip(shifted, [*row, Fraction(0)], strict=True)]
    return row


def round_to_rationals(
    m: int, r: int, points: Sequence[float], max_height: int = 12, *, nearest: int = 8
) -> RationalPoints:
    """The best of the rational sets of height <= max_height near real points; 0, inf and a symmetry x -> -x are kept.

    Each point (each pair, of a symmetric set) goes to one of its `nearest` neighbours by angle, p/q with |p|, q <=
    max_height, also 0 and inf; all combinations are ranked in float64, fewer neighbours where there would be more than
    `LARGEST_SEARCH`, and the best `FINALISTS` compared exactly. No proof that no better set of that height exists.

    Raises:
        BadValue: where no set of distinct points of that height is near, or there are not m + r - 1 points.

    >>> round_to_rationals(4, 3, [-1.535, -0.6514, 0, 0.6514, 1.535, float("inf")], 10)
    0,2/3,-2/3,3/2,-3/2,inf: noise gain 4.76195216
    """
    if len(points) != m + r - 1:
        raise BadValue("the number of points", str(len(points)), f"F({m},{r}) needs {m + r - 1}, one per product")
    values = sorted(points)
    finite = [value for value in values if not isinf(value)]
    mirrored = zip(finite, reversed(finite), strict=True)
    symmetric = all(abs(value + other) <= MIRRORED * max(1.0, abs(value)) for value, other in mirrored)
    fixed: list[Fraction | None] = [Fraction(0)] if 0 in values else []
    fixed += [None] if inf in values else []
    free = [value for value in values if value != 0 and not isinf(value) and (value > 0 or not symmetric)]
    candidates: list[Fraction | None] = list(_rationals(max_height, symmetric))
    if not symmetric:
        candidates.append(None)
    slopes = np.array([np.pi / 2 if value is None else np.arctan(float(value)) for value in candidates])
    while nearest > 1 and nearest ** len(free) > LARGEST_SEARCH:
        nearest -= 1
    choices = [_nearest(slopes, np.arctan(value), nearest) for value in free]
    combinations = list(product(*choices))
    table = np.array(combinations, dtype=int).reshape(len(combinations), len(free)).T
    ranked = _ranked(m, r, slopes[table], [np.pi / 2 if value is None else 0.0 for value in fixed], symmetric)
    best: list[RationalPoints] = []
    for column in ranked:
        chosen = [candidates[index] for index in table[:, column]]
        full = _ordered(fixed, chosen, symmetric)
        if len(set(full)) == len(full):
            best.append(RationalPoints(full, noise_gain_of_points(m, r, full)))
        if len(best) == FINALISTS:
            break
    if not best:
        raise BadValue(
            f"the height {max_height}", "too low for distinct points near the given ones", "raise the height"
        )
    return min(best, key=lambda item: (item.noise_gain, item.height, item.text))


def _rationals(height: int, positive: bool) -> list[Fraction]:
    found = {Fraction(p, q) for p in range(1, height + 1) for q in range(1, height + 1) if gcd(p, q) == 1}
    return sorted(found) if positive else sorted({0 * min(found), *found, *(-value for value in found)})


def _nearest(slopes: np.ndarray, angle: float, count: int) -> list[int]:
    """The candidates of the smallest distance on the circle of angles, of period pi."""
    return [int(index) for index in np.argsort(np.abs(np.sin(slopes - angle)), kind="stable")[:count]]


def _ranked(m: int, r: int, free: np.ndarray, fixed: list[float], symmetric: bool) -> list[int]:
    """Columns by noise gain in float64, sets with equal points last."""
    values = []
    for start in range(0, free.shape[1], 4096):
        block = free[:, start : start + 4096]
        parts = [block, -block] if symmetric else [block]
        parts += [np.full((1, block.shape[1]), angle) for angle in fixed]
        values.append(np.nan_to_num(log_gain(m, r, np.concatenate(parts))[0], nan=inf))
    return [int(index) for index in np.argsort(np.concatenate(values), kind="stable")]


def _ordered(
    fixed: list[Fraction | None], chosen: list[Fraction | None], symmetric: bool
) -> tuple[Fraction | None, ...]:
    """0, then p, -p by size, then inf."""
    finite = [value for value in fixed + chosen if value is not None]
    finite += [-value for value in chosen if value is not None] if symmetric else []
    finite.sort(key=lambda value: (abs(value), -value))
    return (*finite, *(value for value in fixed + chosen if value is None))
