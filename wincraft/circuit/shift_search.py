# SPDX-License-Identifier: Apache-2.0
"""Looking for few sums of shifted values that pass through given integer vectors.

A point is an integer vector up to signs and powers of two. Two points span others, 2^i u + 2^j v and 2^i u - 2^j v,
one adder each. A circuit for some targets is a set of points between: from the unit vectors on, each point and each
target is spanned by two that are known. Adders are the points between and the targets that are no unit vectors.

Points are held as one integer, a vector's entries side by side, so that sums are sums of integers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from math import gcd
from random import Random

_SHIFT = 6
_TRIES = 12
_FEW = 4
_REMEMBERED = 40_000


class ShiftSpace:
    """Points of a number of entries, of so many `bits` in what is given and some more on the way.

    >>> plane = ShiftSpace(2)
    >>> three_four = plane.point([-6, 8])
    >>> plane.vector(three_four), three_four in plane.spanned(plane.point([0, 1]), plane.point([1, -1]))
    ([-3, 4], False)
    >>> three_four in plane.spanned(plane.point([1, 0]), plane.point([1, -1]))
    True
    """

    def __init__(self, size: int, bits: int = 8) -> None:
        self.size, self.longest = size, max(bits, _SHIFT)
        self.field = 2 * self.longest + bits + 4
        self.middle = sum(1 << (self.field * k + self.field - 1) for k in range(size))
        self.folds = [self.field << k for k in reversed(range((size - 1).bit_length()))]
        self.units = tuple(1 << (self.field * k) for k in range(size))
        self._spanned: dict[tuple[int, int], frozenset[int]] = {}

    def point(self, vector: Sequence[int]) -> int:
        """The point of a vector that is not 0."""
        return self.reduced(sum(x << (self.field * k) for k, x in enumerate(vector)))

    def vector(self, point: int) -> list[int]:
        """The vector of a point, its last entry that is not 0 positive, and not all entries even."""
        half, shifted = 1 << (self.field - 1), point + self.middle
        return [(shifted >> (self.field * k) & (2 * half - 1)) - half for k in range(self.size)]

    def fits(self, point: int) -> bool:
        """Whether sums of the point and others leave no field."""
        return max(map(abs, self.vector(point))) >> (self.field - self.longest - 3) == 0

    def reduced(self, packed: int) -> int:
        """The point of a packed vector: without common powers of two, and positive."""
        folded = packed + self.middle
        for fold in self.folds:
            folded |= folded >> fold
        return abs(packed) >> ((folded & -folded).bit_length() - 1)

    def spanned(self, u: int, v: int) -> frozenset[int]:
        """The points of  2^i u + 2^j v  and  2^i u - 2^j v.

        One is shifted against the other by 6 at most, or by the bits of the space where one is a unit vector.
        """
        key = (u, v) if u < v else (v, u)
        if key not in self._spanned:
            if len(self._spanned) > _REMEMBERED:
                self._spanned.clear()
            found = {self.reduced(w) for w in (u + v, u - v) if w}
            for s in range(1, (self.longest if u in self.units or v in self.units else _SHIFT) + 1):
                a, b = u << s, v << s
                found |= {a + v, abs(a - v), u + b, abs(u - b)}
            self._spanned[key] = frozenset(found)
        return self._spanned[key]

    def known(self, wanted: Iterable[int], reached: Sequence[int] = (), new: Sequence[int] | None = None) -> list[int]:
        """The points that are reached from the unit vectors through one another, in order, the unit vectors first.

        `reached` has been, and `new` can be: by default the unit vectors.
        """
        queue, done = list(self.units if new is None else new), list(reached)
        left = set(wanted).difference(queue)
        for point in queue:
            done.append(point)
            for other in done:
                if left and not left.isdisjoint(found := self.spanned(point, other)):
                    hits = left & found
                    left -= hits
                    queue += sorted(hits)
        return done


def space_of(rows: Sequence[Sequence[int]]) -> ShiftSpace:
    """The space of the points of some rows, wide enough for all that is done with them."""
    return ShiftSpace(len(rows[0]), max(abs(x) for row in rows for x in row).bit_length())


class ShiftSearch:
    """Sets of points between for some targets in a space."""

    def __init__(self, space: ShiftSpace, targets: Iterable[int], random: Random) -> None:
        self.space, self.random = space, random
        self.targets = frozenset(targets) - set(space.units)

    def complete(self, between: Iterable[int]) -> bool:
        """Whether every point and target is reached."""
        wanted = self.targets.union(between)
        return len(self.space.known(wanted)) == len(wanted.union(self.space.units))

    def rows(self) -> set[int]:
        """Points for the targets one after another: from each what lowers its weight most is taken off."""
        between, targets = set[int](), sorted(self.targets)
        self.random.shuffle(targets)
        for target in targets:
            known, point = self.space.known(self.targets | between), target
            while point not in known and not any(point in self.space.spanned(u, v) for u, v in _pairs(known)):
                steps = {step: u for u in known for step in self.space.spanned(point, u) if step}
                ranked = sorted(steps, key=lambda step: (self.weight(step), self.random.random()))
                fitting = (step for step in ranked if self.space.fits(step))
                point = next(step for step in fitting if point in self.space.spanned(step, steps[step]))
                between.add(point)
        return between - self.targets - set(self.space.units)

    def completed(self, between: set[int]) -> set[int]:
        """What is reached of a set, and with points for all targets one after another where some are not."""
        reached = between.intersection(self.space.known(self.targets | between)) - self.targets - set(self.space.units)
        return reached if self.complete(reached) else reached | self.rows()

    def weight(self, point: int) -> int:
        """The digits +1 and -1 that the entries of a point take."""
        return sum((3 * abs(x) ^ abs(x)).bit_count() for x in self.space.vector(point))

    def pruned(self, between: set[int]) -> set[int]:
        """Without points that the others can do without."""
        order = sorted(between)
        self.random.shuffle(order)
        for point in order:
            if self.complete(between - {point}):
                between = between - {point}
        return between

    def walk(self, between: set[int], steps: int) -> set[int]:
        """Sets of no more points, one from the other: some points are taken out and others put in."""
        for _ in range(steps):
            if not between:
                break
            out = self.random.sample(sorted(between), min(len(between), self.random.choice((1, 1, 2, 2, 3))))
            found = self.repaired(between.difference(out), len(out))
            if found is not None:
                between = self.pruned(found) if len(found) < len(between) or self.random.random() < 0.2 else found
        return between

    def repaired(self, between: set[int], most: int) -> set[int] | None:
        """A complete set with at most so many points more, each of which reaches something that is missing."""
        known = self.space.known(self.targets | between)
        missing = self.targets.union(between).difference(known)
        near = set[int]().union(*(self.space.spanned(u, v) for u, v in _pairs(known))).difference(known)
        added = self._added(known, near, missing, most)
        return None if added is None else between.union(added)

    def _added(
        self, known: list[int], near: set[int], missing: set[int] | frozenset[int], most: int
    ) -> list[int] | None:
        """Points of those near, at most so many, after which nothing is missing."""
        if not missing or not most:
            return None if missing else []
        gains: dict[int, int] = {}
        for point in missing:
            for step in set[int]().union(*(self.space.spanned(point, u) for u in known)) & near:
                gains[step] = gains.get(step, 0) + 1
        steps = sorted(gains)
        if most > 1 and (not steps or self.random.random() < 0.2):
            steps = sorted(near)
        self.random.shuffle(steps)
        steps.sort(key=lambda step: -gains.get(step, 0))
        for step in steps[: _TRIES if most > 1 else 3 * _TRIES]:
            if (most > 1 and self.random.random() < 0.5) or not self.space.fits(step):
                continue
            extended = self.space.known(missing, known, [step])
            new, left, wider = extended[len(known) :], missing.difference(extended), near
            if most > 1 and left:
                wider = near.union(*(self.space.spanned(u, v) for u in new for v in extended)).difference(extended)
            if (added := self._added(extended, wider, left, most - 1)) is not None:
                return [step, *added]
        return None


def _pairs(points: Sequence[int]) -> list[tuple[int, int]]:
    return [*combinations(points, 2), *((point, point) for point in points)]


def butterflies(rows: Sequence[Sequence[int]]) -> tuple[list[list[int]], list[list[int]]]:
    """Rows in whose stead stand the sums and differences of pairs where those share no column; and all on the way.

    >>> butterflies([[1, 2, 1], [1, -2, 1], [0, 0, 5]])[0]
    [[0, 0, 5], [1, 0, 1], [0, 1, 0]]
    """
    found = [_primitive_shift(row) for row in rows if any(row)]
    passed = list(found)
    while True:
        gains = []
        for i, j in combinations(range(len(found)), 2):
            for shift in range(_SHIFT + 1):
                for one, two in (
                    (found[i], [x << shift for x in found[j]]),
                    ([x << shift for x in found[i]], found[j]),
                ):
                    both = [
                        [x + y for x, y in zip(one, two, strict=True)],
                        [x - y for x, y in zip(one, two, strict=True)],
                    ]
                    if all(map(any, both)) and not any(x and y for x, y in zip(*both, strict=True)):
                        gains.append((_count(found[i]) + _count(found[j]) - sum(map(_count, both)), -shift, i, j, both))
        gain, _, i, j, both = max(gains, default=(0, 0, 0, 0, []), key=lambda item: item[:2])
        if gain <= 0:
            return found, passed
        both = [_primitive_shift(row) for row in both]
        found, passed = [row for k, row in enumerate(found) if k not in (i, j)] + both, passed + both


def shift_blocks(rows: Sequence[Sequence[int]]) -> list[list[list[int]]]:
    """The rows in groups that read no column in common.

    >>> shift_blocks([[1, 0, 2], [0, 3, 0], [0, 0, 1]])
    [[[0, 3, 0]], [[1, 0, 2], [0, 0, 1]]]
    """
    groups: list[tuple[set[int], list[list[int]]]] = []
    for row in map(list, rows):
        columns, together = {k for k, x in enumerate(row) if x}, [row]
        for group in [group for group in groups if group[0] & columns]:
            groups.remove(group)
            columns, together = columns | group[0], group[1] + together
        groups.append((columns, together))
    return [together for _, together in groups]


def few_points(rows: Sequence[Sequence[int]], seed: int, rounds: int) -> list[list[int]]:
    """Vectors between with which all rows of integers are reached in few sums; the same seed gives the same ones.

    Sums and differences of rows are taken first where those share no column, then each block is searched on its own,
    then all together; in few columns all together from the start, too.

    >>> few_points([[1, 1, 1], [1, 2, 4], [1, -1, 1], [1, -2, 4]], 0, 4)
    [[1, 0, 1], [-1, 0, 2]]
    """
    space, random = space_of(rows), Random(seed)
    targets = {space.point(row) for row in rows if any(row)}
    simpler, passed = butterflies(rows)
    found = {space.point(row) for row in passed}
    for block in shift_blocks(simpler):
        columns = [k for k in range(space.size) if any(row[k] for row in block)]
        for vector in _block_points([[row[k] for k in columns] for row in block], random, rounds):
            entries = dict(zip(columns, vector, strict=True))
            found.add(space.point([entries.get(k, 0) for k in range(space.size)]))
    whole = ShiftSearch(space, targets, random)
    starts = [whole.completed(found)]
    starts += [whole.rows() for _ in range(max(rounds // 4, 1))] * (space.size <= _FEW)
    ends = [whole.walk(whole.pruned(start), _steps(rounds, whole)) for start in starts]
    fewest = min(ends, key=len)
    return [space.vector(point) for point in sorted(fewest)]


def _block_points(rows: list[list[int]], random: Random, rounds: int) -> list[list[int]]:
    """Vectors between for rows that share their columns."""
    space = space_of(rows)
    search = ShiftSearch(space, map(space.point, rows), random)
    starts = [search.pruned(search.rows()) for _ in range(max(rounds // 4, 1))]
    walked = min((search.walk(start, _steps(rounds, search)) for start in starts), key=len)
    return [space.vector(point) for point in search.walk(walked, 4 * _steps(rounds, search))]


def _steps(rounds: int, search: ShiftSearch) -> int:
    """Fewer steps in larger spaces, where each takes longer."""
    size = search.space.size + len(search.targets)
    return max(rounds * 1500 // (size**2 * search.space.longest), 1)


def _count(row: Sequence[int]) -> int:
    return sum(map(bool, row))


def _primitive_shift(row: Sequence[int]) -> list[int]:
    common = gcd(*row)
    return [x // (common & -common) for x in row]
