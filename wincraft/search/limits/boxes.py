# SPDX-License-Identifier: Apache-2.0
"""Proved lower bounds of the noise gain over boxes of angles, for thousands of boxes at a time.

A box gives every free angle t_j of a class of sets a range [low_j, high_j] of grid steps, within one of the intervals
between multiples of pi/4, where s = sin 2t is monotone. The sets of a box are those with t_1 < t_2 < ...

By the formula of `_real_sets.log_gain`, m r NG = F = sum of positive terms T_a, each a product of factors 1 - s_j c of
single angles and of 1/sin^2 of differences (of a symmetric class also of sums, and of 2t_j). Two bounds follow.

*Natural*: every factor at its minimum over the box.

*Convex*: let x_0 be a set of the box and p_a = T_a(x_0)/F(x_0). As exp is convex,

    F(x) = F(x_0) sum p_a exp(log T_a(x) - log T_a(x_0)) >= F(x_0) exp(L(x) - L(x_0)),   L = sum p_a log T_a.

L is a sum of functions of single angles and of -log sin^2 of differences; these are convex on the way from x_0 to x,
which crosses no two equal points as both sets are ordered. Hence L(x) - L(x_0) >= sum_j g_j d_j + k_j d_j^2 / 2, where
d = x - x_0, g = grad L(x_0) and k_j is a lower bound of the second derivatives of the functions of t_j alone; for
the factors these are 4c(s - c)/(1 - cs)^2. Pairs of a symmetric class add to k_j too: a(d_i - d_j)^2 + b(d_i + d_j)^2
>= 2 min(a, b) (d_i^2 + d_j^2). The right side is minimised exactly, angle by angle.

*Rounding*: float64, u = 2^-53, n <= 24 points. Factors are at least 1 - cos(pi/24) > 0.0085 and are right to 4u/0.0085;
each term has at most 100 factors, so that T, p and F are right to 1e-11, relatively. Errors of p enter g and k times
sums of magnitudes: below 200 for the factors (each |(log(1 - cs))'| <= 2|c|/sqrt(1 - c^2) <= 16), as computed for the
cotangents. `GAIN_SLACK` times these is allowed for g; `CURVATURE_SLACK` is allowed for k, whose factors are at most 500
and right to 1e-10. Both exceed the errors tenfold and more; `_real_balls` repeats the bound in ball arithmetic.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np

from wincraft.search.limits.grid import (
    HALF_TURN,
    STEP,
    double_cosines,
    double_sines,
    largest_squares,
    sine_squares,
)
from wincraft.search.limits.sets import RealSets, quadrature

GAIN_SLACK = 1e-9
CURVATURE_SLACK = 1e-6
PASSES = 8
"""Inner sets x_0 that the convex bound is tried from; eight instead of one save nine boxes of ten."""
STRIDE = 0.2
"""How far each lies on the way from the one before to the model's minimum in the box."""
SQUARINGS = 10
"""exp(-x) >= (1 - x/1024)^1024, for 0 <= x <= 1024."""


@dataclass(frozen=True)
class BoxBounds:
    """Proved lower bounds of m r NG over B boxes, and what splits them.

    `lower` (B,) is the better of the two bounds, `convex` (B,) the convex one. `inner` (B,) is m r NG at the inner sets
    (to 1e-11), whose angles are `inner_angles` (variables, B) in steps. `losses` (variables, B) is what each angle adds
    to the exponent of the convex bound. Of several inner sets these are for the one of the best bound. Where `lower`
    sufficed without: convex 0, inner inf.
    """

    lower: np.ndarray
    convex: np.ndarray
    inner: np.ndarray
    inner_angles: np.ndarray
    losses: np.ndarray


def box_bounds(sets: RealSets, low: np.ndarray, high: np.ndarray, enough: float = np.inf) -> BoxBounds:
    """Lower bounds over boxes low <= t <= high, int arrays (variables, B); see the module.

    Where the natural bound reaches `enough`, the convex one is not computed.

    >>> low = np.array([[HALF_TURN // 4 - 64]])
    >>> bounds = box_bounds(RealSets(2, 3, "symmetric"), low, low + 64)  # 0, p, -p, inf for p a little below 1
    >>> 9.99 < float(bounds.lower[0]) < 10
    True
    """
    lower = _total(*_terms(sets, low, high)) * (1 - GAIN_SLACK)
    convex, inner, losses = np.zeros(lower.shape), np.full(lower.shape, np.inf), np.zeros(low.shape)
    angles = inner_sets(low, high)
    more = np.flatnonzero(lower < enough)
    start = angles[:, more]
    ranges = _ranges(sets, low[:, more], high[:, more])
    for _ in range(PASSES):
        if not more.size:
            break
        found, following = _convex(sets, ranges, start)
        better = found.convex >= convex[more]
        kept = more[better]
        convex[kept], inner[kept] = found.convex[better], found.inner[better]
        angles[:, kept], losses[:, kept] = found.inner_angles[:, better], found.losses[:, better]
        lower[kept] = np.maximum(lower[kept], convex[kept])
        undecided = lower[more] < enough
        more, start, ranges = more[undecided], following[:, undecided], ranges.chosen(undecided)
    return BoxBounds(lower, convex, inner, angles, losses)


def nodes_of(sets: RealSets) -> tuple[np.ndarray, np.ndarray]:
    """The cosines c and their shares; for a symmetric class, where only c^2 matters, those >= 0."""
    nodes, shares, _ = quadrature(sets.m, sets.r)
    if not sets.paired:
        return nodes, shares
    return nodes[nodes >= 0], np.where(nodes > 0, 2, 1)[nodes >= 0] * shares[nodes >= 0]


def fixed_steps(sets: RealSets) -> list[int]:
    """The fixed points in grid steps."""
    return [int(turn * HALF_TURN) for turn in sets.fixed]


def inner_sets(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """A set of each box, ascending: the middles; k angles of one range at the odd multiples of 1/2k of it; all sorted.

    Sorted, they stay in the box, as low and high ascend. Two may coincide: there is no convex bound there.

    >>> inner_sets(np.array([[0], [0], [8]]), np.array([[8], [8], [16]])).T
    array([[ 2,  6, 12]])
    """
    before, count = np.zeros_like(low), np.ones_like(low)
    for i in range(1, len(low)):
        before[i] = np.where((low[i] == low[i - 1]) & (high[i] == high[i - 1]), before[i - 1] + 1, 0)
    count = before + 1
    for i in range(len(low) - 2, -1, -1):
        count[i] = np.where(before[i + 1] > before[i], count[i + 1], count[i])
    return np.sort(low + (high - low) * (2 * before + 1) // (2 * count), axis=0)


def _total(variable: np.ndarray, fixed: list[np.ndarray]) -> np.ndarray:
    """The sum of all terms, (B,)."""
    return np.asarray(variable.sum((0, 1)) + sum(term.sum(0) for term in fixed))


def _terms(sets: RealSets, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """The terms of the free points (nodes, variables, B) and of the fixed ones (nodes, B), factors at their minimum.

    A term of a symmetric class stands for a point and its negative.
    """
    nodes, shares = (c[:, None, None] for c in nodes_of(sets))
    weights = quadrature(sets.m, sets.r)[2][:, None, None]
    s, other = double_sines(low), double_sines(high)
    square = np.maximum(s * s, other * other)
    f = 1 - (nodes * nodes * square if sets.paired else np.maximum(nodes * s, nodes * other))
    w = (1 - weights * weights * square).prod(0)
    sines = np.ones(low.shape)
    for i in range(len(low)):
        for j in range(i):
            both = largest_squares(low[i] - high[j], high[i] - low[j])
            if sets.paired:
                both = both * largest_squares(low[i] + low[j], high[i] + high[j])
            sines[i] *= both
            sines[j] *= both
    if sets.paired:
        sines *= largest_squares(2 * low, 2 * high) / 2
    everything = f.prod(1)
    fixed = []
    for point in fixed_steps(sets):
        away = largest_squares(low - point, high - point)
        sines *= away
        product = away.prod(0)
        fixed.append(shares[:, 0] * everything / (product * product if sets.paired else product))
    return shares * everything[:, None] / f * (w / sines), fixed


@dataclass(frozen=True)
class _Ranges:
    """Boxes, and lower bounds over them of second derivatives, the boxes on the last axis.

    `bends` (nodes, variables, B) of the logarithms of 1 - c s_j, of both points of a pair; `weight_bends` (variables,
    B) of log w; of -log sin^2, per unit of weight and less what rounding takes: `pairs` (pairs of variables, B) of
    difference and sum, along either angle; `fixed` (fixed points, variables, B) of the difference; `twice` (variables,
    B) of 2t_j. Pairs and twice are 0 where they do not count.
    """

    low: np.ndarray
    high: np.ndarray
    bends: np.ndarray
    weight_bends: np.ndarray
    pairs: np.ndarray
    fixed: np.ndarray
    twice: np.ndarray

    def chosen(self, which: np.ndarray) -> _Ranges:
        """Those of some of the boxes."""
        return _Ranges(*(getattr(self, field.name)[..., which] for field in fields(self)))


def _ranges(sets: RealSets, low: np.ndarray, high: np.ndarray) -> _Ranges:
    nodes, weights = nodes_of(sets)[0][:, None, None], quadrature(sets.m, sets.r)[2][:, None, None]
    ends = double_sines(low), double_sines(high)
    bottom, top = np.minimum(*ends), np.maximum(*ends)
    bends = _least_bend(nodes, bottom, top)
    if sets.paired:
        bends = bends + _least_bend(-nodes, bottom, top)
    weight_bends = (_least_bend(weights, bottom, top) + _least_bend(-weights, bottom, top)).sum(0)
    couples = list(_couples(len(low)))
    pairs, twice = np.zeros((len(couples), low.shape[1])), np.zeros(low.shape)
    if sets.paired:
        for index, (i, j) in enumerate(couples):
            wide = largest_squares(low[i] - high[j], high[i] - low[j])
            pairs[index] = (4 - GAIN_SLACK) / np.maximum(wide, largest_squares(low[i] + low[j], high[i] + high[j]))
        twice = (8 - GAIN_SLACK) / largest_squares(2 * low, 2 * high)
    away = [(2 - GAIN_SLACK) / largest_squares(low - point, high - point) for point in fixed_steps(sets)]
    return _Ranges(low, high, bends, weight_bends, pairs, np.array(away).reshape(len(away), *low.shape), twice)


def _couples(count: int) -> Iterator[tuple[int, int]]:
    """(i, j) with j < i."""
    return ((i, j) for i in range(count) for j in range(i))


def _convex(sets: RealSets, ranges: _Ranges, inner: np.ndarray) -> tuple[BoxBounds, np.ndarray]:
    """The convex bounds from given sets in the boxes, and other sets to try: on the way to the model's minimum."""
    low, high = ranges.low, ranges.high
    left, right = ((steps * STEP) * (1 + GAIN_SLACK) for steps in (inner - low, high - inner))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        variable, fixed = _terms(sets, inner, inner)
        total = _total(variable, fixed)
        gradient, error, curvature = _model(sets, ranges, inner, variable / total, [term / total for term in fixed])
        below = (gradient - curvature * left / 2) * left  # minus the model at d = -left
        above = (-gradient - curvature * right / 2) * right
        lowest = -gradient / curvature
        within = (curvature > 0) & (-left < lowest) & (lowest < right)
        losses = np.where(within, gradient * gradient / (2 * curvature), np.maximum(below, above))
        lowest = np.where(within, lowest, np.where(below > above, -left, right))
        losses += error * np.maximum(left, right)
        shrink = losses.sum(0) * (1 + GAIN_SLACK) / 2**SQUARINGS
        lower = np.where(shrink < 1, 1 - shrink, 0)
        for _ in range(SQUARINGS):
            lower = lower * lower
        lower = total * lower * (1 - GAIN_SLACK)
        following = inner + np.nan_to_num(STRIDE / STEP * lowest).astype(inner.dtype)
    valid = np.isfinite(total) & np.isfinite(lower)
    losses = np.where(valid & np.isfinite(losses), losses, np.inf)
    lower, total = np.where(valid, lower, 0.0), np.where(valid, total, np.inf)
    return BoxBounds(lower, lower, total, inner, losses), np.sort(np.clip(following, low, high), axis=0)


def _model(
    sets: RealSets, ranges: _Ranges, inner: np.ndarray, shares: np.ndarray, fixed: list[np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(gradient g of L at the inner sets, its error, curvatures k), each (variables, B), from the shares p."""
    nodes, weights = nodes_of(sets)[0][:, None, None], quadrature(sets.m, sets.r)[2][:, None, None]
    own = shares.sum(0)
    rest = (shares.sum(1) + sum(fixed))[:, None] - shares  # of the factors 1 - c s_j: they are in all other terms
    s, C = double_sines(inner), double_cosines(inner)
    slopes = _pair_slope(nodes, s, C) if sets.paired else -2 * C * nodes / (1 - nodes * s)
    gradient = (rest * slopes).sum(0) + own * _pair_slope(weights, s, C).sum(0)
    curvature = (rest * ranges.bends).sum(0) + own * (ranges.weight_bends + ranges.twice) - CURVATURE_SLACK
    size = np.full(inner.shape, 200.0)

    def repel(i: int | slice, steps: np.ndarray, weight: np.ndarray) -> np.ndarray:
        """Adds -weight log sin^2 of an angle that grows with t_i; returns what t_j's gradient has of it."""
        force: np.ndarray = weight * (double_sines(steps) / sine_squares(steps))
        gradient[i] -= force
        size[i] += np.abs(force)
        return force

    for (i, j), bend in zip(_couples(len(inner)), ranges.pairs, strict=True):
        weight = own[i] + own[j]
        force = repel(i, inner[i] - inner[j], weight)
        gradient[j] += force
        size[j] += np.abs(force)
        if sets.paired:
            force = repel(i, inner[i] + inner[j], weight)
            gradient[j] -= force
            size[j] += np.abs(force)
            curvature[i] += weight * bend
            curvature[j] += weight * bend
    every = slice(None)
    for point, share, bend in zip(fixed_steps(sets), fixed, ranges.fixed, strict=True):
        weight = own + (2 if sets.paired else 1) * share.sum(0)
        repel(every, inner - point, weight)
        curvature += weight * bend
    if sets.paired:
        repel(every, 2 * inner, 2 * own)
    return gradient, GAIN_SLACK * size, curvature


def _pair_slope(c: np.ndarray, s: np.ndarray, C: np.ndarray) -> np.ndarray:
    """The derivative of log(1 - c^2 sin^2 2t)."""
    return np.asarray(-4 * C * s * (c * c) / (1 - (c * s) ** 2))


def _least_bend(c: np.ndarray, bottom: np.ndarray, top: np.ndarray) -> np.ndarray:
    """The minimum over bottom <= s <= top of 4c(s - c)/(1 - cs)^2, the second derivative of log(1 - c sin 2t).

    It falls with s up to (2c^2 - 1)/c, where it is -1/(1 - c^2), and grows from there.
    """
    ends = [4 * c * (s - c) / (1 - c * s) ** 2 for s in (bottom, top)]
    with np.errstate(divide="ignore"):
        valley = (2 * c * c - 1) / c
    least: np.ndarray = np.where((bottom < valley) & (valley < top), -1 / (1 - c * c), np.minimum(*ends))
    return least
