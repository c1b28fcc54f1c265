# SPDX-License-Identifier: Apache-2.0
"""Parity blocks of three dimensions by a search in the plane.

Up to factors a form of three variables is a point of the projective plane, an addition a point on the line through two
points that are known. A form on such a line costs one addition, which it must cost anyhow; what else is added is an
intersection of two lines, of which one joins known points and the other leads to a form that is wanted.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any, NamedTuple

from wincraft.circuit.minimum.points import point_of, primitive
from wincraft.circuit.optimise.effort import Effort
from wincraft.circuit.optimise.factoring import by_factors
from wincraft.circuit.optimise.moves import Move, Solve, leading_one, solver
from wincraft.circuit.optimise.pairs import by_pairs
from wincraft.circuit.optimise.reciprocal import BOTH
from wincraft.circuit.program import Program
from wincraft.circuit.recording import record
from wincraft.exact.field import Field
from wincraft.exact.types import Element, Matrix

PlanePoint = tuple[Any, ...]
PlaneStep = tuple[PlanePoint, tuple[PlanePoint, PlanePoint]]
_BETWEEN, _TRIED = 2, 60


def blocks(matrix: Matrix, effort: Effort) -> list[Program]:
    """Programs by even and odd, symmetric and antisymmetric parts, with the blocks of three dimensions from the plane.

    >>> from wincraft import winograd
    >>> blocks(winograd("F(6,3)", points="0,1,-1,2,-2,1/2,-1/2").input.dense, Effort())
    [program of 22 additions, 8 -> 8 values over QQ]
    """
    return [in_blocks()(matrix)]


def in_blocks(moves: Sequence[Move] = BOTH, *others: Solve) -> Solve:
    """How `blocks` solves a matrix; with more ways for the blocks, of which the best is taken each time."""
    return solver(moves, by_pairs, by_factors, by_plane, *others)


def by_plane(matrix: Matrix) -> Program:
    """The program of a plane search for a matrix of three columns; greedy pairs for any other.

    >>> from sympy import QQ
    >>> from wincraft.circuit.optimise.moves import matrix_of
    >>> powers = matrix_of([[QQ(1), QQ(p), QQ(p) ** 2] for p in (1, -1, 2, -2, 3, -3)], QQ)
    >>> by_plane(powers), by_plane(powers).matrix() == powers
    (program of 7 additions, 3 -> 6 values over QQ, True)
    """
    if matrix.shape[1] != 3:
        return by_pairs(matrix)
    rows = matrix.to_list()
    K = matrix.domain
    plane = _Rational() if Field(K).rational else _Plane()
    points = [plane.point(row) for row in rows]
    units = [plane.point([K.one if i == j else K.zero for j in range(3)]) for i in range(3)]
    wanted = dict.fromkeys(point for point in points if sum(map(bool, point)) > 1)
    steps = _search(_State.start(plane, units, list(wanted)), _BETWEEN)

    def apply(x: list[Any]) -> list[Any]:
        known: dict[PlanePoint, Any] = dict(zip(units, x, strict=True))
        for point, (a, b) in steps:
            p, q = _combination(*([K.one * entry for entry in item] for item in (point, a, b)))
            known[point] = known[a] * p + known[b] * q
        values: list[Any] = []
        for point, row in zip(points, rows, strict=True):
            at = next((k for k, entry in enumerate(row) if entry), None)
            values.append(0 if at is None else known[point] * (row[at] / point[at]))
        return values

    return record(3, apply, K)


class _Plane:
    """Points and lines over a field: of all multiples the one that begins with 1."""

    def point(self, entries: Sequence[Any]) -> PlanePoint:
        return leading_one(entries)

    def cross(self, a: PlanePoint, b: PlanePoint) -> PlanePoint:
        """The line through two points, or the point on two lines."""
        (x, y, z), (u, v, w) = a, b
        return self.point((y * w - z * v, z * u - x * w, x * v - y * u))


class _Rational(_Plane):
    """Over the rationals: of all multiples the one of integers without a common factor that begins above 0."""

    def point(self, entries: Sequence[Any]) -> PlanePoint:
        return point_of(entries) if any(entries) else (0, 0, 0)

    def cross(self, a: PlanePoint, b: PlanePoint) -> PlanePoint:
        (x, y, z), (u, v, w) = a, b
        return primitive((y * w - z * v, z * u - x * w, x * v - y * u))


class _State(NamedTuple):
    """What is known, the lines through two known points, what is wanted yet, and how it came about."""

    plane: _Plane
    known: tuple[PlanePoint, ...]
    lines: dict[PlanePoint, tuple[PlanePoint, PlanePoint]]
    wanted: tuple[PlanePoint, ...]
    steps: tuple[PlaneStep, ...]

    @classmethod
    def start(cls, plane: _Plane, units: Sequence[PlanePoint], wanted: Sequence[PlanePoint]) -> _State:
        lines = {plane.cross(a, b): (a, b) for a, b in combinations(units, 2)}
        return cls(plane, tuple(units), lines, tuple(wanted), ()).closed()

    def with_point(self, point: PlanePoint) -> _State:
        """With one point more that is on a known line."""
        through = next(pair for line, pair in self.lines.items() if not _dot(line, point))
        lines = dict(self.lines)
        for other in self.known:
            lines.setdefault(self.plane.cross(point, other), (point, other))
        wanted = tuple(item for item in self.wanted if item != point)
        return _State(self.plane, (*self.known, point), lines, wanted, (*self.steps, (point, through)))

    def closed(self) -> _State:
        """With all that is wanted and on a known line."""
        state, place = self, 0
        while place < len(state.wanted):
            point = state.wanted[place]
            if any(not _dot(line, point) for line in state.lines):
                state, place = state.with_point(point), 0
            else:
                place += 1
        return state

    def between(self, silent: bool) -> list[PlanePoint]:
        """Intersections of known lines with lines from known to wanted points, those that serve most of these first.

        The silent ones are on a line through two wanted points, neither of which they make an addition of two.
        """
        found: dict[PlanePoint, int] = {}
        cross = self.plane.cross
        for place, wanted in enumerate(self.wanted):
            for to in {cross(wanted, known) for known in self.known}:
                for line in self.lines:
                    point = cross(to, line)
                    found[point] = found.get(point, 0) | 1 << place
        for pair in combinations(self.wanted, 2) if silent else ():
            to = cross(*pair)
            for line in self.lines:
                found.setdefault(cross(to, line), 0)
        return sorted(
            (point for point in found if point not in self.known), key=lambda point: -found[point].bit_count()
        )


def _search(state: _State, between: int) -> tuple[PlaneStep, ...]:
    """The fewest steps with so many points between that are chosen by search, further ones greedily."""
    if not state.wanted:
        return state.steps
    candidates = state.between(between > 1)
    if not between:
        return _search(state.with_point(candidates[0]).closed(), 0)
    least = len(state.steps) + len(state.wanted) + 1
    best: tuple[PlaneStep, ...] | None = None
    for point in candidates[: 1 if between == 1 else _TRIED]:
        found = _search(state.with_point(point).closed(), between - 1)
        if best is None or len(found) < len(best):
            best = found
            if len(best) == least:
                break
    return best or ()


def _dot(line: PlanePoint, point: PlanePoint) -> Any:
    return line[0] * point[0] + line[1] * point[1] + line[2] * point[2]


def _combination(point: Sequence[Element], a: Sequence[Element], b: Sequence[Element]) -> tuple[Element, Element]:
    """The p and q with  point = p a + q b."""
    i, j = next((i, j) for i, j in combinations(range(3), 2) if a[i] * b[j] - a[j] * b[i])
    determinant = a[i] * b[j] - a[j] * b[i]
    return (point[i] * b[j] - point[j] * b[i]) / determinant, (a[i] * point[j] - a[j] * point[i]) / determinant
