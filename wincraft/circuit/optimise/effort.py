# SPDX-License-Identifier: Apache-2.0
"""What every optimiser of circuits takes beside the matrix."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from wincraft.circuit.program import Program
from wincraft.errors import BadValue, check_type
from wincraft.exact.types import Matrix


@dataclass(frozen=True)
class Effort:
    """How hard to look: the seed of whatever is random, and how many rounds a search by chance makes.

    The same seed and rounds give the same programs, on any machine. `best` are programs to start from.

    Raises:
        WrongType: for a seed or rounds that are no integers, and what is no program to start from.
        BadValue: for a seed below 0, or fewer rounds than 1.

    >>> Effort(rounds=0)
    Traceback (most recent call last):
    ...
    wincraft.errors.BadValue: the number of rounds is 0; give 1 or more
    """

    seed: int = 0
    rounds: int = 20
    best: tuple[Program, ...] = ()

    def __post_init__(self) -> None:
        for what, value, least in (("seed", self.seed, 0), ("number of rounds", self.rounds, 1)):
            check_type(f"a {what}", value, int, "give an integer")
            if value < least:
                raise BadValue(f"the {what}", str(value), f"give {least} or more")
        for program in self.best:
            check_type("a program to start from", program, Program, "give a tuple of programs")


Optimiser = Callable[[Matrix, Effort], list[Program]]
"""One way to look for programs of few additions. Rows of what it gives are multiples of the matrix's, in its order."""
