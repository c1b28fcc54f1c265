# SPDX-License-Identifier: Apache-2.0
"""Even and odd parts: rows that differ by a diagonal of two values are sums and differences of the same two parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

from wincraft.circuit.optimise.effort import Effort
from wincraft.circuit.optimise.moves import MatrixRow, Solve, leading_one, matrix_of, solver
from wincraft.circuit.program import Program
from wincraft.circuit.recording import of_matrix, record
from wincraft.exact.types import Element, Matrix

Parts = tuple[tuple[int, ...], ...]
"""Columns, divided into parts."""
_TRIED = 2


def even_odd(matrix: Matrix, effort: Effort) -> list[Program]:
    """Programs by even and odd parts, recursively, of the matrix and of its transpose.

    Rows k and l with  row_l = row_k D,  D a diagonal of two values, are  e + o  and  u e + w o,  e and o the parts of
    row k in the columns of either value. For points p and -p these are even and odd powers.

    Source: textbook; for transforms Lavin and Gray 2016, NNPACK.

    >>> from wincraft import winograd
    >>> even_odd(winograd("F(6,3)", points="0,1,-1,2,-2,1/2,-1/2").input.dense, Effort())
    [program of 24 additions, 8 -> 8 values over QQ]
    """
    return [solver([by_parts], of_matrix)(matrix)]


def by_parts(matrix: Matrix, solve: Solve) -> Iterator[Program]:
    """Programs of the matrix's most promising divisions of columns."""
    rows = matrix.to_list()
    costs = {parts: plain_cost(rows, parts) for parts in divisions(rows)}
    plain = plain_cost(rows, (tuple(range(len(rows[0]))),))
    for parts in sorted(costs, key=lambda item: costs[item])[:_TRIED]:
        if costs[parts] < plain:
            yield in_parts(matrix, parts, solve)


def in_parts(matrix: Matrix, parts: Parts, solve: Solve) -> Program:
    """The program that does every part of the columns by itself, and adds."""

    def apply(x: list[Any]) -> list[Any]:
        totals: list[Any] = [0] * matrix.shape[0]
        for part in parts:
            block = matrix_of([[row[j] for j in part] for row in matrix.to_list()], matrix.domain)
            values = solve(block).run([x[j] for j in part])
            totals = [total + value for total, value in zip(totals, values, strict=True)]
        return totals

    return record(matrix.shape[1], apply, matrix.domain)


def divisions(rows: Sequence[MatrixRow]) -> Iterator[Parts]:
    """Two parts of the columns for which two rows agree up to a factor in one part at least.

    >>> from sympy import QQ
    >>> next(divisions([[QQ(1), QQ(2), QQ(4)], [QQ(1), QQ(-2), QQ(4)]]))
    ((0, 2), (1,))
    """
    seen: set[Parts] = set()
    for first, second in combinations(rows, 2):
        classes: dict[Element, list[int]] = {}
        for j, (a, b) in enumerate(zip(first, second, strict=True)):
            if a and b:
                classes.setdefault(b / a, []).append(j)
        if not classes:
            continue
        chosen, *others = sorted(classes.values(), key=len, reverse=True)
        placed = [chosen, [j for other in others for j in other]]
        for j in range(len(rows[0])):
            if not (first[j] and second[j]):
                placed = min(([[*placed[0], j], placed[1]], [placed[0], [*placed[1], j]]), key=lambda p: _cost(rows, p))
        parts = tuple(sorted(tuple(sorted(part)) for part in placed if part))
        if len(parts) == 2 and parts not in seen:
            seen.add(parts)
            yield parts


def plain_cost(rows: Sequence[MatrixRow], parts: Parts) -> int:
    """The additions where nothing is shared within the parts but rows that are multiples of each other."""
    return _cost(rows, parts)[0]


def _cost(rows: Sequence[MatrixRow], parts: Sequence[Sequence[int]]) -> tuple[int, int]:
    """The additions, and the rows of all parts."""
    total = sum(max(sum(any(row[j] for j in part) for part in parts) - 1, 0) for row in rows)
    different = 0
    for part in parts:
        distinct = {leading_one([row[j] for j in part]) for row in rows}
        total += sum(max(sum(map(bool, row)) - 1, 0) for row in distinct)
        different += sum(map(any, distinct))
    return total, different
