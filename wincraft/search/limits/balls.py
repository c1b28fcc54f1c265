# SPDX-License-Identifier: Apache-2.0
"""The convex bound of `_real_boxes` for one box in ball arithmetic, point by point, to check the float64 one."""

from __future__ import annotations

import numpy as np
from flint import arb, ctx, fmpq

from wincraft.search.limits.boxes import fixed_steps
from wincraft.search.limits.grid import HALF_TURN
from wincraft.search.limits.sets import RealSets

BITS = 160


def ball_bound(sets: RealSets, low: np.ndarray, high: np.ndarray, inner: np.ndarray) -> arb:
    """The convex bound of m r NG over a box from one of its sets, all (variables,) grid steps, as a ball of 160 bits.

    Written from the definition: the points of a pair are two points, and each term belongs to one point and one node
    c of the quadrature; only the lower bounds of second derivatives follow `_real_boxes`, where a pair's two points are
    one function. Of a symmetric class the terms of a pair are summed before exp is bounded, as there.

    >>> low = np.array([HALF_TURN // 4 - 64])
    >>> bool(ball_bound(RealSets(2, 3, "symmetric"), low, low + 64, low + 32) < 10)
    True
    """
    with ctx.workprec(BITS):
        return _Box(sets, low, high, inner).bound()


class _Box:
    """One box; angles are integers in grid steps."""

    def __init__(self, sets: RealSets, low: np.ndarray, high: np.ndarray, inner: np.ndarray) -> None:
        self.sets = sets
        self.low, self.high, self.centre = ([int(k) for k in steps] for steps in (low, high, inner))
        self.signs = (1, -1) if sets.paired else (1,)
        self.fixed = fixed_steps(sets)
        half = (sets.m + sets.r) // 2
        self.nodes = [_cosine(fmpq(2 * k + 1, 2 * half)) for k in range(half)]
        self.weights = [_cosine(fmpq(k, size)) for size in (sets.m, sets.r) for k in range(1, size)]

    def bound(self) -> arb:
        """F(x_0) exp(min of the model)."""
        terms = self.terms()
        total = sum(terms.values(), arb(0))
        shares = {key: term / total for key, term in terms.items()}
        exponent = sum((self.least(j, *self.slope_and_bend(j, shares)) for j in range(len(self.low))), arb(0))
        return total * exponent.exp()

    def terms(self) -> dict[tuple[int, int], arb]:
        """The terms at x_0, by (variable or -1 - number of the fixed point, node up to sign in a symmetric class)."""
        points = [(j, sign * k) for j, k in enumerate(self.centre) for sign in self.signs]
        points += [(-1 - j, k) for j, k in enumerate(self.fixed)]
        found: dict[tuple[int, int], arb] = {}
        for name, here in points:
            others = [k for other, k in points if (other, k) != (name, here)]
            factor = arb(1)
            for k in others:
                factor /= _sine(here - k) ** 2
            for c in self.weights:
                factor *= 1 - c * _sine(2 * here)
            for index, c in enumerate(self.nodes):
                term = factor / len(self.nodes)
                for k in others:
                    term *= 1 - c * _sine(2 * k)
                key = name, min(index, len(self.nodes) - 1 - index) if self.sets.paired else index
                found[key] = found.get(key, arb(0)) + term
        return found

    def slope_and_bend(self, j: int, shares: dict[tuple[int, int], arb]) -> tuple[arb, arb]:
        """(g_j, k_j)."""
        here = self.centre[j]
        own = {name: sum((p for (key, _), p in shares.items() if key == name), arb(0)) for name, _ in shares}
        slope, bend = arb(0), arb(0)
        for (name, index), p in shares.items():
            cosines = self.weights if name == j else [sign * self.nodes[index] for sign in self.signs]
            for c in cosines:
                slope += p * _log_slope(c, here)
                bend += p * self.least_bend(c, j)
        for i, there in enumerate(self.centre):
            if i != j:
                widest = arb(0)
                for sign in self.signs:
                    slope -= (own[i] + own[j]) * 2 * _cotangent(here - sign * there)
                    ends = sorted((sign * self.low[i], sign * self.high[i]))
                    widest = arb.max(widest, _largest(self.low[j] - ends[1], self.high[j] - ends[0]))
                if self.sets.paired:
                    bend += 4 * (own[i] + own[j]) / widest
        for index, there in enumerate(self.fixed):
            weight = own[j] + len(self.signs) * own[-1 - index]
            slope -= weight * 2 * _cotangent(here - there)
            bend += 2 * weight / _largest(self.low[j] - there, self.high[j] - there)
        if self.sets.paired:
            slope -= own[j] * 4 * _cotangent(2 * here)
            bend += 8 * own[j] / _largest(2 * self.low[j], 2 * self.high[j])
        return slope, bend

    def least_bend(self, c: arb, j: int) -> arb:
        """A lower bound of (log(1 - c sin 2t))'' over the range of t_j."""
        ends = [_sine(2 * k) for k in (self.low[j], self.high[j])]
        values = [4 * c * (s - c) / (1 - c * s) ** 2 for s in ends]
        least = arb.min(*values)
        if c == 0:
            return least
        valley = (2 * c * c - 1) / c
        outside = valley <= arb.min(*ends) or valley >= arb.max(*ends)  # proved, or else the valley's value counts
        return least if outside else arb.min(least, -1 / (1 - c * c))

    def least(self, j: int, slope: arb, bend: arb) -> arb:
        """The minimum of  slope d + bend d^2 / 2  over the range of t_j."""
        step = arb.pi() / HALF_TURN
        left, right = ((k - self.centre[j]) * step for k in (self.low[j], self.high[j]))
        ends = arb.min(*(slope * d + bend * d * d / 2 for d in (left, right)))
        if not bend > 0:
            return ends
        lowest = -slope / bend
        return ends if lowest <= left or lowest >= right else arb.min(ends, -slope * slope / (2 * bend))


def _sine(steps: int) -> arb:
    return arb.sin_pi_fmpq(fmpq(steps, HALF_TURN))


def _cosine(turns: arb) -> arb:
    return arb.cos_pi_fmpq(turns)


def _cotangent(steps: int) -> arb:
    return _cosine(fmpq(steps, HALF_TURN)) / _sine(steps)


def _log_slope(c: arb, steps: int) -> arb:
    return -2 * c * _cosine(fmpq(2 * steps, HALF_TURN)) / (1 - c * _sine(2 * steps))


def _largest(low: int, high: int) -> arb:
    """The maximum of sin^2 over a range of steps."""
    quarter = HALF_TURN // 2
    if (low + quarter) // HALF_TURN != (high + quarter) // HALF_TURN:
        return arb(1)
    return arb.max(_sine(low) ** 2, _sine(high) ** 2)
