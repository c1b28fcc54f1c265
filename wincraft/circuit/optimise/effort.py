# SPDX-License-Identifier: Apache-2.0
"""What every optimiser of circuits takes beside the matrix."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from wincraft.circuit.program import Program
from wincraft.exact.types import Matrix


@dataclass(frozen=True)
class Effort:
    """How hard to look: the seed of whatever is random, and how many rounds a search by chance makes.

    The same seed and rounds give the same programs, on any machine. `best` are programs to start from.
    """

    seed: int = 0
    rounds: int = 20
    best: tuple[Program, ...] = ()


Optimiser = Callable[[Matrix, Effort], list[Program]]
"""One way to look for programs of few additions. Rows of what it gives are multiples of the matrix's, in its order."""
