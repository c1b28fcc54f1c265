# SPDX-License-Identifier: Apache-2.0
"""A program for the transposed matrix from a program: every operation is run backwards."""

from __future__ import annotations

from typing import Any

from wincraft.circuit.program import Program
from wincraft.circuit.recording import record


def transposed_program(program: Program) -> Program:
    """The program of the transposed matrix.

    A value that k others read becomes k - 1 additions, an addition becomes two uses: of a matrix without rows and
    columns of zeros, and with no value that leads nowhere, additions change by rows - columns exactly.

    Source: Tellegen's principle; Bordewijk 1956. Stated for convolution by Winograd 1980.

    >>> from wincraft.circuit.recording import of_matrix
    >>> from wincraft import winograd
    >>> G = of_matrix(winograd(2, 3).filter.dense)
    >>> G, transposed_program(G), transposed_program(G).matrix() == G.matrix().transpose()
    (program of 4 additions, 3 -> 4 values over QQ, program of 5 additions, 4 -> 3 values over QQ, True)
    """

    def backwards(symbols: list[Any]) -> list[Any]:
        sums: list[list[Any]] = [[] for _ in range(program.inputs + len(program.operations))]
        for symbol, value in zip(symbols, program.outputs, strict=True):
            sums[value].append(symbol)
        for value in reversed(range(program.inputs, len(sums))):
            if sums[value]:
                total = _sum(sums[value])
                for operand, factor in program.operations[value - program.inputs].terms:
                    sums[operand].append(total * factor)
        return [_sum(terms) if terms else 0 for terms in sums[: program.inputs]]

    return record(len(program.outputs), backwards, program.domain)


def _sum(terms: list[Any]) -> Any:
    total, *rest = terms
    for term in rest:
        total = total + term
    return total
