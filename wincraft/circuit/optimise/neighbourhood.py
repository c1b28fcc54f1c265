# SPDX-License-Identifier: Apache-2.0
"""Search by chance near the best programs known: keep some of the values of one, find the others anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from wincraft.circuit.fitting import Gates
from wincraft.circuit.optimise.attempts import Coordinates, normal
from wincraft.circuit.optimise.effort import Effort
from wincraft.circuit.optimise.greedy import GreedySearch
from wincraft.circuit.program import Program
from wincraft.exact.types import Matrix

MOST_ELITES = 300
KEPT_PROGRAMS = (0.3, 0.95)
"""Between which bounds the share of the values that are kept is drawn."""


class Elite(NamedTuple):
    """A good program by its values that are no outputs."""

    additions: int
    points: tuple[Coordinates, ...]


class Neighbourhood(GreedySearch):
    """A search whose runs are given some of the values of a good program, once it is told to.

    >>> from wincraft import winograd
    >>> search = Neighbourhood(winograd(4, 3, points="0,1,-1,2,-2").filter.dense, seed=0)
    >>> search.rounds(1)
    >>> search.near = True
    >>> search.rounds(3)
    >>> search.additions
    5
    """

    def __init__(self, matrix: Matrix, seed: int, slack: int = 1) -> None:
        self.near = False
        self.elites: tuple[list[Elite], list[Elite]] = ([], [])
        super().__init__(matrix, seed, slack)

    def _given(self, side: int) -> Sequence[Coordinates]:
        random = self.random
        if not self.near or random.random() < 0.02:
            return ()
        elites = self.elites[side]
        best = [elite for elite in elites if elite.additions == self.best]
        elite = random.choice(best if best and random.random() < 0.8 else elites)
        share = random.uniform(*KEPT_PROGRAMS)
        return [point for point in elite.points if random.random() < share]

    def _keep(self, additions: int, both: tuple[Gates, Gates]) -> None:
        for elites, gates in zip(self.elites, both, strict=True):
            if elites and elites[0].additions > additions + self.slack:
                elites[:] = [elite for elite in elites if elite.additions <= additions + self.slack]
            rows, targets = gates.rows(), {at for at, _ in gates.outputs}
            inner = [normal(row) for at, row in enumerate(rows) if at >= gates.inputs and at not in targets]
            elite = Elite(additions, tuple(dict.fromkeys(inner)))
            if len(elites) < MOST_ELITES:
                elites.append(elite)
            else:
                elites[self.random.randrange(MOST_ELITES)] = elite


def neighbourhood(matrix: Matrix, effort: Effort) -> list[Program]:
    """Programs of few additions by greedy runs, which begin with some of the values of a good program.

    A tenth of the rounds begins with nothing. Values that are kept are taken as soon as they are sums of two others;
    those that no output needs are left out in the end.

    Raises:
        NotApplicable: for a matrix that is not rational; a program to start from that is of another matrix.

    Source: large neighbourhood search, Shaw 1998.

    >>> from wincraft import winograd
    >>> neighbourhood(winograd(4, 3, points="0,1,-1,2,-2").output.dense, Effort(rounds=2))[0]
    program of 10 additions, 6 -> 4 values over QQ
    """
    search = Neighbourhood(matrix, effort.seed)
    search.start(effort.best)
    search.rounds(effort.rounds // 10)
    search.near = True
    search.rounds(effort.rounds - effort.rounds // 10)
    return search.programs()
