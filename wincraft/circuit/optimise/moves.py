# SPDX-License-Identifier: Apache-2.0
"""Moves from a matrix to smaller ones, tried on matrices and their transposes until none makes anything cheaper."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from wincraft.circuit.fitting import gates_of
from wincraft.circuit.optimise.stripping import stripped
from wincraft.circuit.program import Program
from wincraft.circuit.recording import record
from wincraft.circuit.transposing import transposed_program
from wincraft.exact.matrix import exact_matrix
from wincraft.exact.types import Domain, Element, Matrix

MatrixRow = Sequence[Element]
Solve = Callable[[Matrix], Program]
"""A program for a matrix, exactly."""
Move = Callable[[Matrix, Solve], Iterable[Program]]
"""Programs for a matrix, made of programs for smaller ones."""


def additions(program: Program) -> int:
    """How many additions a program takes that multiplies by constants for nothing.

    >>> additions(Program.build(2, [("add", 0, 1), ("multiply", 2, "3"), ("subtract", 0, 1)], [3]))
    1
    """
    return len(gates_of(program).gates)


def matrix_of(rows: Sequence[MatrixRow], K: Domain) -> Matrix:
    """The matrix of rows, of which there is at least one."""
    return exact_matrix(rows, (len(rows), len(rows[0])), K)


def leading_one(row: MatrixRow) -> tuple[Element, ...]:
    """The multiple of a row of which the first entry that is not 0 is 1: the same for all multiples.

    >>> from sympy import QQ
    >>> leading_one([QQ(0), QQ(2), QQ(1)])
    (0, 1, 1/2)
    """
    first = next((x for x in row if x), None)
    return tuple(row) if first is None else tuple(x / first for x in row)


def solver(moves: Sequence[Move], *leaves: Solve) -> Solve:
    """The program of fewest additions that moves find, each tried on a matrix and on its transpose, again and again.

    What needs no search is taken off first, and what shares no column is solved by itself. The leaves, too, are tried
    on both.
    """
    known: dict[tuple[tuple[Element, ...], ...], Program] = {}

    def core(matrix: Matrix) -> Program:
        key = tuple(map(tuple, matrix.to_list()))
        if key not in known:
            turned = matrix.transpose()
            found: list[Program] = []
            for leaf in leaves:
                found += [leaf(matrix), transposed_program(leaf(turned))]
            for move in moves:
                found += move(matrix, solve)
                found += map(transposed_program, move(turned, solve))
            known[key] = min(found, key=additions)
        return known[key]

    def solve(matrix: Matrix) -> Program:
        return core_only(matrix, lambda rest: by_components(rest, core))

    return solve


def core_only(matrix: Matrix, solve: Solve) -> Program:
    """The program of a matrix of which `solve` does what needs a search."""
    around = stripped(matrix)
    return around.around(solve(matrix_of(around.core, matrix.domain)) if around.core else None)


def both_ways(matrix: Matrix, solve: Solve) -> list[Program]:
    """The programs of `solve` for a matrix, and of those for its transpose, the fewest additions first."""
    found = core_only(matrix, solve), transposed_program(core_only(matrix.transpose(), solve))
    return sorted(found, key=additions)


def by_components(matrix: Matrix, solve: Solve) -> Program:
    """The program that solves by itself what shares no column."""
    rows = matrix.to_list()
    parts = components(rows)
    if len(parts) == 1:
        return solve(matrix)

    def apply(x: list[Any]) -> list[Any]:
        values: dict[int, Any] = {}
        for part in parts:
            columns = [j for j in range(len(x)) if any(rows[i][j] for i in part)]
            block = matrix_of([[rows[i][j] for j in columns] for i in part], matrix.domain)
            values |= zip(part, solve(block).run([x[j] for j in columns]), strict=True)
        return [values[i] for i in range(len(rows))]

    return record(matrix.shape[1], apply, matrix.domain)


def components(rows: Sequence[MatrixRow]) -> list[list[int]]:
    """The rows, divided into those that hang together by columns they share; no row is 0.

    >>> components([[1, 0, 0], [0, 1, 1], [2, 0, 0]])
    [[0, 2], [1]]
    """
    parts: list[tuple[list[int], set[int]]] = []
    for i, row in enumerate(rows):
        terms = {j for j, a in enumerate(row) if a}
        joined = [part for part in parts if part[1] & terms]
        parts = [part for part in parts if not part[1] & terms]
        parts.append(
            (sorted([i, *(k for part in joined for k in part[0])]), terms.union(*(part[1] for part in joined)))
        )
    return sorted(part for part, _ in parts)
