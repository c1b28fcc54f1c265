# SPDX-License-Identifier: Apache-2.0
"""Search by chance: the sum that brings most outputs nearer is taken, again and again, over the rationals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random

from sympy.polys.domains import QQ

from wincraft.circuit.fitting import Gates, fitted_program, gates_of
from wincraft.circuit.optimise.attempts import Attempts, Coordinates, normal, program_of
from wincraft.circuit.optimise.effort import Effort
from wincraft.circuit.optimise.stripping import StrippedRows, stripped
from wincraft.circuit.program import Program
from wincraft.circuit.recording import of_matrix
from wincraft.circuit.transposing import transposed_program
from wincraft.errors import NotApplicable
from wincraft.exact.matrix import exact_matrix
from wincraft.exact.types import Matrix

ROUND = 3_000_000
"""Elementary steps of a round: about a tenth of a second where numba is installed."""
EXACT = 150_000
"""What it takes to make a program exact, in these steps."""
MOST_FOUND = 1000
"""Programs of a number of additions that are kept."""
SLACKS = (0, 0, 0, 100, 300)
"""How often, in a thousand, a choice is one worse than the best: one of these for each run."""


class GreedySearch:
    """Programs of a rational matrix, more and better ones with every round: the same ones on every machine.

    The matrix and its transpose are searched in turn: a program of one gives a program of the other, and additions
    change by the difference of rows and columns. Programs are kept that take at most `slack` additions more than the
    best, each checked exactly.

    Raises:
        NotApplicable: for a matrix that is not rational.

    >>> from wincraft import winograd
    >>> search = GreedySearch(winograd(2, 3).input.dense, seed=0)
    >>> search.rounds(1)
    >>> search.additions, search.programs()[0].matrix() == search.matrix
    (4, True)
    """

    def __init__(self, matrix: Matrix, seed: int, slack: int = 1) -> None:
        if matrix.domain != QQ:
            raise NotApplicable("a search by chance", f"the matrix is over {matrix.domain}", "give a rational one")
        self.matrix, self.slack, self.random = matrix, slack, Random(seed)
        self.around = stripped(matrix)
        self.best, self.round = 0, 0
        self.found: dict[frozenset[Coordinates], Gates] = {}
        self._counts: dict[int, int] = {}
        self._seen: tuple[set[int], set[int]] = (set(), set())
        self.sides: list[Attempts] = []
        if not self.around.core:
            return
        core = self.around.core
        across: StrippedRows = tuple(zip(*core, strict=True))
        self._offsets = (0, len(across) - len(core))
        plain = [
            gates_of(of_matrix(exact_matrix([*map(list, rows)], (len(rows), len(rows[0])), QQ)))
            for rows in (core, across)
        ]
        self.best = min(len(gates.gates) + offset for gates, offset in zip(plain, self._offsets, strict=True))
        for side, gates in enumerate(plain):
            self._offer(gates, side)
        if min(len(core), len(across)) > 2:
            self.sides = [Attempts(core, seed), Attempts(across, seed)]

    @property
    def additions(self) -> int:
        """The fewest additions so far, of the whole matrix."""
        return self.best + self.around.additions

    def start(self, programs: Iterable[Program]) -> None:
        """Keep programs of the matrix, whose rows may be multiples of its rows.

        Raises:
            NotApplicable: for a program of another matrix.
        """
        for program in programs:
            shape = len(program.outputs), program.inputs
            if shape != self.matrix.shape:
                raise NotApplicable(
                    "a program to start from", f"it is of shape {shape}", f"needed is {self.matrix.shape}"
                )
            if self.around.core:
                self._offer(gates_of(self.around.inside(fitted_program(program, self.matrix))), 0)

    def rounds(self, count: int) -> None:
        """Search on. One side is searched in a round, the other in the next."""
        for _ in range(count if self.sides else 0):
            number = self.round % 2
            side = self.sides[number]
            limit = side.effort + ROUND
            while side.effort < limit:
                self._attempt(side, number)
            self.round += 1

    def programs(self, most: int = 8, slack: int = 0) -> list[Program]:
        """Programs of exactly the matrix, of the fewest additions and up to `slack` more; at most so many of each."""
        if not self.around.core:
            return [self.around.around(None)]
        results = []
        for wanted in range(self.best, self.best + slack + 1):
            some = [gates for gates in self.found.values() if len(gates.gates) == wanted][:most]
            results += [fitted_program(self.around.around(program_of(gates)), self.matrix) for gates in some]
        return results

    def _attempt(self, side: Attempts, number: int) -> None:
        """One run, and what comes of it."""
        found = side.run(self.random.getrandbits(32), self._given(number), self.random.choice(SLACKS))
        if found is None or found.mark in self._seen[number]:
            return
        additions = found.additions + self._offsets[number]
        if additions <= self.best + self.slack and self._counts.get(additions, 0) < MOST_FOUND:
            self._seen[number].add(found.mark)
            side.effort += EXACT
            gates = side.exact(found)
            if gates is not None:
                self._offer(gates, number)

    def _given(self, side: int) -> Sequence[Coordinates]:
        """The points that a run takes as soon as it can."""
        return ()

    def _offer(self, gates: Gates, side: int) -> None:
        """Keep a program of the core, of side 1 of its transpose, if it is good and new."""
        other = gates_of(transposed_program(program_of(gates)))
        both = (other, gates) if side else (gates, other)
        additions = len(both[0].gates)
        points = frozenset(normal(row) for row in both[0].rows()[both[0].inputs :])
        if additions > self.best + self.slack or points in self.found:
            return
        if additions < self.best:
            self.best = additions
            kept = {key: item for key, item in self.found.items() if len(item.gates) <= additions + self.slack}
            self.found = kept
        self.found[points] = both[0]
        self._counts[additions] = self._counts.get(additions, 0) + 1
        self._keep(additions, both)

    def _keep(self, additions: int, both: tuple[Gates, Gates]) -> None:
        """Told of every program that is kept, of both sides."""


def greedy(matrix: Matrix, effort: Effort) -> list[Program]:
    """Programs of few additions by greedy runs: the sum that brings most outputs nearer is taken, ties by chance.

    The distance of an output is the least number of values that it is a sum of multiples of. Cancellation is used,
    and factors are whatever they must be.

    Raises:
        NotApplicable: for a matrix that is not rational; a program to start from that is of another matrix.

    Source: Boyar, Matthews, Peralta, J. Cryptology 2013, carried over from GF(2) to the rationals.

    >>> from wincraft import winograd
    >>> greedy(winograd(4, 3, points="0,1,-1,2,-2").input.dense, Effort(rounds=1))[0]
    program of 12 additions, 6 -> 6 values over QQ
    """
    search = GreedySearch(matrix, effort.seed, slack=0)
    search.start(effort.best)
    search.rounds(effort.rounds)
    return search.programs()
