# SPDX-License-Identifier: Apache-2.0
"""Proved limits of the noise gain over all real point sets of a class, by branch and bound over boxes of angles."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, fields
from decimal import ROUND_FLOOR, Context
from itertools import combinations_with_replacement
from math import inf, nextafter

import numpy as np

from wincraft.errors import BadValue, CheckFailed
from wincraft.progress import Progress
from wincraft.search.limits.boxes import box_bounds
from wincraft.search.limits.continuous import RealOptimum, descend, optimum_at, real_optimum
from wincraft.search.limits.grid import HALF_TURN, STEP
from wincraft.search.limits.sets import RealSets, SetKind
from wincraft.show.layout import Layout, Section
from wincraft.show.numbers import finite
from wincraft.show.shown import Shown

BOXES_AT_ONCE = 2048
"""Boxes bounded at a time: what fits the cache."""
RECHECKED = 24
"""Boxes whose bound is repeated in ball arithmetic, unless told."""


@dataclass(frozen=True, repr=False)
class RealLimit(Shown):
    """A theorem: every set of the class has a noise gain of at least `lower`; `statement` says it in words.

    `upper` is the exact noise gain, rounded to a float, of `points`, the best set found. Where `finished`, lower >=
    (1 - tolerance) upper; else time ran out, and `lower` is what was proved until then. `boxes` were bounded, and
    `rechecked` of the bounds repeated in ball arithmetic. `certified` is False for a limit that is only numerical;
    lower is then 0.
    """

    size: str
    kind: SetKind
    lower: float
    upper: float
    points: tuple[float, ...]
    tolerance: float
    boxes: int
    rechecked: int
    certified: bool
    finished: bool
    statement: str

    @property
    def distance(self) -> float:
        """(upper - lower)/upper: how far below the best set found a better one could be at most, relatively."""
        return 1 - self.lower / self.upper

    def document(self) -> dict[str, object]:
        """The limit as plain data: its fields, what is infinite as text."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        points = [finite(point) for point in self.points]
        changed = {"points": points, "tolerance": finite(self.tolerance)}
        return {"kind": "wincraft.limit", "version": 1, "sets": values.pop("kind"), **values, **changed}

    def layout(self) -> Layout:
        """The statement, and the best set found."""
        points = ", ".join(f"{point:.6g}" for point in self.points)
        boxes = (f"{self.boxes:,} boxes were bounded.",) * (self.boxes > 0)
        best = f"The best set found has {self.upper:.7g}: {points}."
        statement = f"{self.statement[0].upper()}{self.statement[1:]}."
        title = "Theorem" if self.certified else "Numerical, no proof"
        return Layout(f"{self.size}: limit of the noise gain", (), (Section(title, (), (statement, best, *boxes)),))

    def __repr__(self) -> str:
        points = ", ".join(f"{point:.8g}" for point in self.points)
        return f"{self.size}: {self.statement}; the best found, {self.upper:.10g}, is {points}"


def certify(
    m: int,
    r: int,
    kind: SetKind = "all",
    tolerance: float = 1e-3,
    *,
    time_limit: float | None = None,
    progress: Progress | None = None,
    rechecked: int = RECHECKED,
) -> RealLimit:
    """Prove that every real point set of a class has NG >= lower, where lower >= (1 - tolerance) * the best NG found.

    The class (see `RealSets`) is all sets, those with inf, or the symmetric ones. Sets are boxes of their angles
    atan(p) in [-pi/2, pi/2], compact, with inf a point like any other. A box is bisected until its lower bound
    (`_real_boxes`: float64 with every rounding error bounded and allowed for) reaches (1 - tolerance) upper. Every set
    with ascending angles lies in a box at all times; images under x -> -x and x -> 1/x, which have the same noise gain,
    are left out at the start. Where a box holds a better set than known, descent from it replaces the best.

    Raises:
        UnknownName, BadValue: for another class, more than 24 points.
        BadNumber: where the tolerance is not between 0 and 1.
        CheckFailed: where ball arithmetic contradicts a bound: a bug, please report it.

    Source: branch and bound with convex relaxations, C. A. Floudas, Deterministic Global Optimization, 2000; the
    relaxation is the weighted geometric mean of the terms, as in the dual of geometric programming (Duffin, Peterson,
    Zener, 1967).

    >>> limit = certify(4, 3, "symmetric")
    >>> round(limit.lower, 2), round(limit.upper, 4), limit.finished
    (4.74, 4.7425, True)
    """
    if not 0 < tolerance < 1:
        raise BadValue("the tolerance", repr(tolerance), "give a number between 0 and 1")
    sets = RealSets(m, r, kind)
    started = time.monotonic()
    best = real_optimum(m, r, kind)
    if not sets.variables:
        return _limit(sets, best, best.noise_gain * (1 - 2**-50), tolerance, 0, 0, True)
    tree = _Tree(sets, best, tolerance, rechecked)
    while tree.open:
        if time_limit is not None and time.monotonic() - started > time_limit:
            break
        if progress is not None:
            progress(tree.boxes, tree.boxes + tree.open, f"{sets.size} {kind}: {tree.open} boxes open")
        tree.bound_a_chunk()
    tree.recheck()
    finished = not tree.open and tree.closed >= tree.target
    lower = _quotient_below(tree.lower, m * r)
    return _limit(sets, tree.best, lower, tolerance, tree.boxes, len(tree.sample), finished)


class _Tree:
    """The open boxes, by generations; all bounds are of m r NG."""

    def __init__(self, sets: RealSets, best: RealOptimum, tolerance: float, rechecked: int) -> None:
        self.sets, self.tolerance = sets, tolerance
        low, high = _first_boxes(sets)
        self.now = _Boxes(low, high, np.zeros(low.shape[1]))
        self.next: list[_Boxes] = []
        self.closed = inf
        """The least bound of a box that was not split."""
        self.boxes = self.done = 0
        self.sample: list[tuple[np.ndarray, np.ndarray]] = []
        self._wanted, self._random = rechecked, np.random.default_rng(0)
        self._set_best(best)

    def _set_best(self, best: RealOptimum) -> None:
        self.best = best
        self.target = best.noise_gain * self.sets.m * self.sets.r * (1 - self.tolerance) * (1 + 2**-48)

    @property
    def open(self) -> int:
        """Boxes not yet bounded."""
        return self.now.count - self.done + sum(boxes.count for boxes in self.next)

    @property
    def lower(self) -> float:
        """What is proved."""
        bounds = [self.now.bound[self.done :]] + [boxes.bound for boxes in self.next]
        return min(self.closed, *(float(values.min(initial=inf)) for values in bounds))

    def bound_a_chunk(self) -> None:
        """Bound the next boxes of this generation; split those whose bound does not suffice."""
        boxes = self.now.chosen(slice(self.done, self.done + BOXES_AT_ONCE))
        bounds = box_bounds(self.sets, boxes.low, boxes.high, self.target)
        self.boxes += boxes.count
        self.done += boxes.count
        least = int(bounds.inner.argmin())
        if bounds.inner[least] < self.best.noise_gain * self.sets.m * self.sets.r * (1 - 1e-9):
            found = optimum_at(self.sets, descend(self.sets, bounds.inner_angles[:, least] * STEP))
            if found.noise_gain < self.best.noise_gain:
                self._set_best(found)
        bound = np.maximum(boxes.bound, bounds.lower)
        settled = np.asarray((bound >= self.target) | (boxes.high - boxes.low < 2).all(0))
        if settled.any():
            self.closed = min(self.closed, float(bound[settled].min()))
            self._keep(boxes.chosen(settled))
        halves = _Boxes(boxes.low, boxes.high, bound).chosen(~settled).halves(bounds.losses[:, ~settled])
        if halves.count:
            self.next.append(halves)
        if self.done == self.now.count and self.next:
            self.now, self.next, self.done = _Boxes.joined(self.next), [], 0

    def _keep(self, boxes: _Boxes) -> None:
        """Keep a random settled box for `recheck`: the first ones, then a new one in an old one's place, ever rarer."""
        index = int(self._random.integers(boxes.count))
        item = boxes.low[:, index].copy(), boxes.high[:, index].copy()
        if len(self.sample) < self._wanted:
            self.sample.append(item)
        elif self._random.random() < self._wanted * BOXES_AT_ONCE / self.boxes:
            self.sample[int(self._random.integers(self._wanted))] = item

    def recheck(self) -> None:
        """Repeat the convex bound of the sample in ball arithmetic: the float64 one must not exceed it."""
        from wincraft.search.limits.balls import ball_bound

        for low, high in self.sample:
            bounds = box_bounds(self.sets, low[:, None], high[:, None])
            convex = float(bounds.convex[0])
            ball = ball_bound(self.sets, low, high, bounds.inner_angles[:, 0])
            if convex and not convex <= ball:
                raise CheckFailed(self.sets.size, "lower bound of a box", repr(convex), float(ball.lower()))


@dataclass(frozen=True)
class _Boxes:
    """Boxes low <= t <= high (variables, B) in grid steps, and bounds (B,) inherited from the boxes they come from."""

    low: np.ndarray
    high: np.ndarray
    bound: np.ndarray

    @property
    def count(self) -> int:
        return len(self.bound)

    @staticmethod
    def joined(parts: list[_Boxes]) -> _Boxes:
        low, high = (np.concatenate([getattr(part, name) for part in parts], axis=1) for name in ("low", "high"))
        return _Boxes(low, high, np.concatenate([part.bound for part in parts]))

    def chosen(self, which: np.ndarray | slice) -> _Boxes:
        return _Boxes(self.low[:, which], self.high[:, which], self.bound[which])

    def halves(self, losses: np.ndarray) -> _Boxes:
        """Each cut in two across the angle that loses most in the convex bound, the widest where that is unknown.

        Ranges are then narrowed to what t_1 < t_2 < ... leaves of them; empty boxes are dropped.
        """
        width = self.high - self.low
        score = np.where(np.isfinite(losses), losses, 1e6 * width)
        angle = np.where(width > 1, score, -1).argmax(0)
        columns = np.arange(self.count)
        middle = (self.low[angle, columns] + self.high[angle, columns]) // 2
        low, high = np.tile(self.low, 2), np.tile(self.high, 2)
        high[angle, columns] = middle
        low[angle, self.count + columns] = middle
        low = np.maximum.accumulate(low, axis=0)
        high = np.minimum.accumulate(high[::-1], axis=0)[::-1]
        return _Boxes(low, high, np.tile(self.bound, 2)).chosen(np.asarray((low < high).all(0)))


def _first_boxes(sets: RealSets) -> tuple[np.ndarray, np.ndarray]:
    """All ways to put the ascending angles into eighths of a turn, one of each orbit under the symmetries."""
    eighth = HALF_TURN // 4
    cells = (0, 1) if sets.paired else (-2, -1, 0, 1)
    kept = []
    for choice in combinations_with_replacement(cells, sets.variables):
        counts = tuple(choice.count(cell) for cell in cells)
        if counts == min(_images(sets, counts)):
            kept.append(choice)
    low = np.array(kept, dtype=np.int32).T * np.int32(eighth)
    return low, low + np.int32(eighth)


def _images(sets: RealSets, counts: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Angles per cell of the images under x -> -x and x -> 1/x, as far as they stay in the class."""
    yield counts
    if sets.kind != "symmetric" or sets.n % 2 == 0:
        yield counts[::-1]  # x -> -x; of pairs, 0 and inf: x -> 1/x
    if sets.kind == "all":
        a, b, c, d = counts
        yield from ((b, a, d, c), (c, d, a, b))


def estimate(m: int, r: int, kind: SetKind = "all") -> RealLimit:
    """The numerical limit alone: the best set found by descent from random sets, marked as not certified.

    >>> estimate(4, 3, "symmetric").statement
    'all sets of 6 points symmetric under x -> -x that contain 0 and inf: best found 4.742483 (numerical, not proved)'
    """
    best = real_optimum(m, r, kind)
    return _limit(RealSets(m, r, kind), best, 0.0, inf, 0, 0, False)


def _limit(
    sets: RealSets, best: RealOptimum, lower: float, tolerance: float, boxes: int, rechecked: int, finished: bool
) -> RealLimit:
    certified = tolerance < inf
    if certified:
        proof = "proved" if finished else "proved, until the time limit"
        statement = f"{sets.words} have noise gain >= {_rounded_down(lower)} ({proof})"
    else:
        statement = f"{sets.words}: best found {best.noise_gain:.7g} (numerical, not proved)"
    found = lower, best.noise_gain, best.points, tolerance, boxes, rechecked
    return RealLimit(sets.size, sets.kind, *found, certified, finished, statement)


def _quotient_below(value: float, divisor: int) -> float:
    """A positive quotient rounded down, by two units of the last place at most.

    >>> _quotient_below(1.0, 3) < 1 / 3
    True
    """
    return nextafter(nextafter(value / divisor, 0), 0)


def _rounded_down(value: float) -> str:
    """Seven digits, never above the value.

    >>> _rounded_down(2 / 3), _rounded_down(0.75)
    ('0.6666666', '0.75')
    """
    return str(Context(prec=7, rounding=ROUND_FLOOR).create_decimal_from_float(value).normalize())
