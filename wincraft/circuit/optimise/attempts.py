# SPDX-License-Identifier: Apache-2.0
"""Greedy runs on one matrix, and the exact program that a run suggests."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any, NamedTuple

import numpy as np
from sympy.polys.domains import QQ

from wincraft.circuit.fitting import Gate, Gates
from wincraft.circuit.optimise.modular import COMPILED, FREE, MOST, PRIME, TABLE, TARGET
from wincraft.circuit.optimise.stripping import StrippedRows
from wincraft.circuit.program import Program
from wincraft.circuit.recording import record
from wincraft.exact.matrix import factor_between
from wincraft.exact.types import Element

RUN = 10_000
"""What a run takes beside its steps."""
LINES = 100_000
"""Room for the lines through the points of a program."""
Coordinates = tuple[Element, ...]


class Suggestion(NamedTuple):
    """A program as a run found it, not yet made exact; equal marks are equal programs."""

    additions: int
    mark: int
    origins: Any
    gates: Any
    free: tuple[Coordinates, ...]


class Attempts:
    """Greedy runs on a core: rational rows, no two of them multiples of each other, each with two entries or more.

    `effort` counts the elementary steps of all runs, the same on every machine.

    >>> rows = tuple(tuple(map(QQ, row)) for row in ((1, 1, 1), (1, -1, 1), (1, 2, 4), (1, -2, 4)))
    >>> attempts = Attempts(rows, seed=0)
    >>> attempts.run(seed=1).additions
    6
    """

    def __init__(self, rows: StrippedRows, seed: int) -> None:
        self.rows, self.n = rows, len(rows[0])
        self.effort = 0
        n, count, random = self.n, len(rows), Random(seed)
        self._basis = [[random.randrange(1, PRIME) for _ in range(n)] for _ in range(n)]
        naive = sum(sum(map(bool, row)) - 1 for row in rows)
        self._capacity = n + 2 * naive + count
        plain = [[_residue(value) for value in row] for row in rows]
        self._plain = _flat([value for row in plain for value in row])
        self._targets = _flat([value for row in plain for value in self._moved(row)])
        self._units = [value for k in range(n) for value in self._basis[k]]
        self._sizes, self._places = _zeros(count), _zeros(count)
        c, pairs = self._capacity, n * (n - 1) // 2
        self._pairs = pairs
        self._reps = tuple(map(_zeros, (count, count * MOST * n, count * MOST * n, count * MOST * pairs)))
        sizes = (max(c, pairs), max(c, pairs), c, n + 2, n * (n + 1), n)
        self._scratch = tuple(map(_zeros, sizes))
        self._work, self._lines = _zeros(n * c * n), _zeros(LINES)
        self._table = tuple(_zeros(TABLE) for _ in range(5))
        self._stamp = 0

    def run(self, seed: int, free: Sequence[Coordinates] = (), slack: int = 0) -> Suggestion | None:
        """One run; `free` are points that are taken as soon as they are sums. None where it took too many points."""
        from wincraft.circuit.optimise.kernels_numba import run_kernel
        from wincraft.circuit.optimise.reduction_numba import reduce

        n, capacity, random = self.n, self._capacity, Random(seed)
        moved = [value for point in free for value in self._moved([_residue(x) for x in point])]
        points, origins = _flat(self._units + [0] * (capacity - n) * n), _zeros(capacity * (n + 3))
        state = _flat([random.randrange(1, PRIME), self._stamp])
        made, effort = run_kernel(
            (n, len(self.rows), len(free), capacity, self._pairs), points, self._plain, self._targets,
            _flat(moved or [0]), self._sizes, self._places, _zeros(len(free) + 1), self._reps, self._scratch,
            self._work, self._table, state, slack, origins,
        )  # fmt: skip
        self.effort += effort + RUN
        self._stamp = int(state[1])
        if not made:
            return None
        wanted = [0] * made
        for place in self._places:
            wanted[place] = 1
        order = [k for k in range(n, made) if not wanted[k]]
        random.shuffle(order)
        gates = _zeros(3 * made)
        additions, mark = reduce(
            n, points, made, _flat(wanted), _flat([*order, -1]), self._lines, _zeros(made + 1), _zeros(made),
            _zeros(made), gates,
        )  # fmt: skip
        self.effort += made**3 // 6
        return Suggestion(int(additions), int(mark), origins, gates, tuple(free)) if additions else None

    def _moved(self, values: Sequence[int]) -> list[int]:
        """The random coordinates of residues."""
        return [sum(v * b[c] for v, b in zip(values, self._basis, strict=True)) % PRIME for c in range(self.n)]

    def exact(self, found: Suggestion) -> Gates | None:
        """The program of exactly these rows; None where the run was misled by chance."""
        n, width = self.n, self.n + 3
        points: list[Coordinates] = [tuple(QQ.one if j == k else QQ.zero for j in range(n)) for k in range(n)]
        origins, final = [int(x) for x in found.origins], [int(x) for x in found.gates]
        last = max(final[: 3 * found.additions : 3])
        for made in range(n, last + 1):
            kind, which, size, *members = origins[made * width : (made + 1) * width]
            if kind == TARGET:
                points.append(self.rows[which])
            elif kind == FREE:
                points.append(found.free[which])
            else:
                factors = combination([points[k] for k in members[:size]], self.rows[which])
                if factors is None:
                    return None
                (p, q), (a, b) = factors[:2], members[:2]
                points.append(tuple(p * x + q * y for x, y in zip(points[a], points[b], strict=True)))
        place, gates = {k: k for k in range(n)}, []
        for made in range(found.additions):
            x, a, b = final[3 * made : 3 * made + 3]
            factors = combination([points[a], points[b]], points[x])
            if factors is None:
                return None
            gates.append(Gate(place[a], factors[0], place[b], factors[1]))
            place[x] = n + made
        outputs = []
        for row in self.rows:
            for x, at in place.items():
                factor = factor_between(list(row), list(points[x]))
                if factor is not None:
                    outputs.append((at, factor))
                    break
            else:
                return None
        return Gates(n, tuple(gates), tuple(outputs), QQ)


def program_of(gates: Gates) -> Program:
    """The sums as a program, factors as they come."""

    def apply(values: list[Any]) -> list[Any]:
        made = list(values)
        for a, p, b, q in gates.gates:
            made.append(made[a] * p + made[b] * q)
        return [made[at] * factor for at, factor in gates.outputs]

    return record(gates.inputs, apply, gates.domain)


def normal(point: Sequence[Element]) -> Coordinates:
    """The multiple of a point whose first entry that is not 0 is 1.

    >>> normal([QQ(0), QQ(2), QQ(3)])
    (0, 1, 3/2)
    """
    first = next(x for x in point if x)
    return tuple(x / first for x in point)


def combination(points: Sequence[Coordinates], target: Coordinates) -> list[Element] | None:
    """The factors of independent points whose sum is the target; None where there are none or they are not unique.

    >>> combination([(QQ(1), QQ(0)), (QQ(1), QQ(2))], (QQ(3), QQ(4)))
    [1, 2]
    """
    size = len(points)
    rows = [[*column, value] for *column, value in zip(*points, target, strict=True)]
    for column in range(size):
        pivot = next((k for k in range(column, len(rows)) if rows[k][column]), None)
        if pivot is None:
            return None
        rows[column], rows[pivot] = rows[pivot], rows[column]
        head = rows[column] = [x / rows[column][column] for x in rows[column]]
        for k, row in enumerate(rows):
            if k != column and (factor := row[column]):
                rows[k] = [x - factor * y for x, y in zip(row, head, strict=True)]
    return None if any(row[size] for row in rows[size:]) else [row[size] for row in rows[:size]]


def _residue(value: Element) -> int:
    return int(value.numerator) * pow(int(value.denominator), -1, PRIME) % PRIME  # type: ignore[attr-defined]


def _flat(values: list[int]) -> Any:
    """An array for compiled kernels, a list where they are plain Python."""
    return np.array(values, dtype=np.int64) if COMPILED else values


def _zeros(count: int) -> Any:
    return np.zeros(count, dtype=np.int64) if COMPILED else [0] * count
