# SPDX-License-Identifier: Apache-2.0
"""A matrix as it stands, with nothing shared."""

from __future__ import annotations

from wincraft.circuit.optimise.effort import Effort
from wincraft.circuit.program import Program
from wincraft.circuit.recording import of_matrix
from wincraft.exact.types import Matrix


def rows(matrix: Matrix, effort: Effort) -> list[Program]:
    """The program of a matrix row by row: what every other is compared with.

    >>> from wincraft import winograd
    >>> rows(winograd("F(6,3)", points="0,1,-1,2,-2,1/2,-1/2").input.dense, Effort())
    [program of 36 additions, 8 -> 8 values over QQ]
    """
    return [of_matrix(matrix)]
