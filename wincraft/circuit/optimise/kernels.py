# SPDX-License-Identifier: Apache-2.0
"""Greedy kernels: parts of several columns that are in several rows up to factors, rectangles of rank 1."""

from __future__ import annotations

from itertools import combinations

from wincraft.circuit.optimise.effort import Effort
from wincraft.circuit.optimise.moves import both_ways
from wincraft.circuit.optimise.pairs import PairSums, Terms, written
from wincraft.circuit.program import Program
from wincraft.exact.types import Element, Matrix


def kernel_method(matrix: Matrix, effort: Effort) -> list[Program]:
    """Programs by greedy kernels.

    A rectangle of rank 1 with r rows and c columns saves  (r - 1)(c - 1)  additions when the sum of its columns is
    computed once; the one that saves most is taken, until none saves.

    Source: kernels of Brayton and McMullen 1982, of linear forms only; Hosangadi, Fallah and Kastner 2006.

    >>> from wincraft import winograd
    >>> kernel_method(winograd("F(4,3)", points="0,1,-1,2,-2").output.dense, Effort())[0]
    program of 10 additions, 6 -> 4 values over QQ
    """
    return both_ways(matrix, by_kernels)


def by_kernels(matrix: Matrix) -> Program:
    """The program of greedy kernels for a matrix as it stands."""
    sums = PairSums(matrix.to_list(), matrix.shape[1])
    while True:
        found = [(kernel, _holders(sums, kernel)) for kernel in _candidates(sums)]
        if not found:
            return written(sums, matrix)
        kernel, rows = max(found, key=lambda item: (len(item[0]) - 1) * (len(item[1]) - 1))
        sums.replace(kernel, rows)


def _candidates(sums: PairSums) -> list[Terms]:
    """What two sums have in common up to a factor, in two columns or more."""
    found: dict[tuple[tuple[int, Element], ...], None] = {}
    for first, second in combinations(sums.sums, 2):
        classes: dict[Element, list[int]] = {}
        for j, a in sorted(first.items()):
            if j in second:
                classes.setdefault(second[j] / a, []).append(j)
        for columns in classes.values():
            if len(columns) > 1:
                found[tuple((j, first[j] / first[columns[0]]) for j in columns)] = None
    return [dict(kernel) for kernel in found]


def _holders(sums: PairSums, kernel: Terms) -> list[int]:
    """The sums that hold a multiple of a kernel."""
    first = next(iter(kernel))
    return [
        i
        for i, terms in enumerate(sums.sums)
        if first in terms and all(j in terms and terms[j] == terms[first] * a for j, a in kernel.items())
    ]
