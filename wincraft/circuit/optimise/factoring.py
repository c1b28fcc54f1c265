# SPDX-License-Identifier: Apache-2.0
"""Two sparse factors: elimination with pivots that fill in little, each factor by greedy pairs."""

from __future__ import annotations

from wincraft.circuit.optimise.effort import Effort
from wincraft.circuit.optimise.moves import both_ways, core_only, matrix_of
from wincraft.circuit.optimise.pairs import by_pairs
from wincraft.circuit.program import Program
from wincraft.circuit.recording import composed
from wincraft.exact.types import Element, Matrix


def factoring(matrix: Matrix, effort: Effort) -> list[Program]:
    """Programs by  M = L U  with rows and columns permuted, L and U each by greedy pairs.

    Source: elimination with pivots of Markowitz 1957; the method "LU" of Dumas, Grenet, Pernet and Sedoglavic, PLinOpt.

    >>> from wincraft import winograd
    >>> factoring(winograd("F(4,3)", points="0,1,-1,2,-2").filter.dense, Effort())[0]
    program of 6 additions, 3 -> 6 values over QQ
    """
    return both_ways(matrix, by_factors)


def by_factors(matrix: Matrix) -> Program:
    """The program of two factors of a matrix as it stands."""
    lower, upper = factors(matrix)
    return composed([core_only(upper, by_pairs), core_only(lower, by_pairs)])


def factors(matrix: Matrix) -> tuple[Matrix, Matrix]:
    """L and U with  L U  the matrix, L (rows x rank), both triangular up to permutations.

    >>> from sympy import QQ
    >>> lower, upper = factors(matrix_of([[QQ(1), QQ(2)], [QQ(2), QQ(4)]], QQ))
    >>> lower.to_list() == [[1], [2]], upper.to_list() == [[1, 2]]
    (True, True)
    """
    K = matrix.domain
    left: list[list[Element]] = matrix.to_list()
    multipliers: list[list[Element]] = []
    pivots: list[list[Element]] = []
    while any(map(any, left)):
        i, j = _pivot(left)
        pivot, multiplier = list(left[i]), [row[j] / left[i][j] for row in left]
        for row, factor in zip(left, multiplier, strict=True):
            row[:] = [a - factor * b for a, b in zip(row, pivot, strict=True)]
        multipliers.append(multiplier)
        pivots.append(pivot)
    if not pivots:
        return matrix_of([[K.zero] for _ in left], K), matrix_of([[K.zero] * matrix.shape[1]], K)
    return matrix_of([list(row) for row in zip(*multipliers, strict=True)], K), matrix_of(pivots, K)


def _pivot(left: list[list[Element]]) -> tuple[int, int]:
    """The entry whose elimination changes fewest others; of equal ones the first."""
    weights = [sum(map(bool, row)) for row in left]
    heights = [sum(map(bool, column)) for column in zip(*left, strict=True)]
    entries = [(i, j) for i, row in enumerate(left) for j, a in enumerate(row) if a]
    return min(entries, key=lambda at: (weights[at[0]] - 1) * (heights[at[1]] - 1))
