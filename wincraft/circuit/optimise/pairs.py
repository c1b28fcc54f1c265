# SPDX-License-Identifier: Apache-2.0
"""Greedy common sums: what several rows contain, up to a factor, is computed once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, permutations
from typing import Any

from wincraft.circuit.optimise.effort import Effort
from wincraft.circuit.optimise.moves import MatrixRow, both_ways
from wincraft.circuit.program import Program
from wincraft.circuit.recording import record
from wincraft.exact.types import Element, Matrix

Terms = dict[int, Element]
"""A sum: the number of every value in it, with its factor."""


class PairSums:
    """Sums of values: those of the columns, then sums of them that were given a number, rows among them.

    `rows` are what is wanted; `sums` are in terms of columns and of each other, without a cycle.
    """

    def __init__(self, rows: Sequence[MatrixRow], columns: int) -> None:
        self.columns = columns
        self.sums: list[Terms] = [{j: a for j, a in enumerate(row) if a} for row in rows]

    def replace(self, kernel: Mapping[int, Element], rows: Sequence[int]) -> None:
        """Give a kernel a number, and write these sums, which hold multiples of it, with it."""
        first = next(iter(kernel))
        for i in rows:
            factor = self.sums[i][first] / kernel[first]
            self.sums[i] = {j: a for j, a in self.sums[i].items() if j not in kernel}
            self.sums[i][self.columns + len(self.sums)] = factor
        self.sums.append(dict(kernel))

    def subtract(self, row: int, other: int, factor: Element) -> Terms:
        """A sum as a multiple of another one and the rest."""
        rest = dict(self.sums[row])
        for j, a in self.sums[other].items():
            total = rest.pop(j) - factor * a if j in rest else -(factor * a)
            if total:
                rest[j] = total
        rest[self.columns + other] = factor
        return rest

    def needs(self, row: int) -> set[int]:
        """The sums that one is computed from, itself among them."""
        found, waiting = {row}, [row]
        while waiting:
            for j in self.sums[waiting.pop()]:
                if j >= self.columns and j - self.columns not in found:
                    found.add(j - self.columns)
                    waiting.append(j - self.columns)
        return found

    def values(self, x: Sequence[Any]) -> list[Any]:
        """All sums of the symbols x."""
        known: dict[int, Any] = dict(enumerate(x))

        def value(number: int) -> Any:
            if number not in known:
                total: Any = 0
                for j, a in self.sums[number - self.columns].items():
                    total = total + value(j) * a
                known[number] = total
            return known[number]

        return [value(self.columns + i) for i in range(len(self.sums))]


def pairs(matrix: Matrix, effort: Effort) -> list[Program]:
    """Programs by greedy common pairs with ratios and cancellation.

    The pair  x_i + c x_j  that is in most rows, up to factors, becomes a value; or a row becomes a multiple of another
    and few terms more, where that saves more. Repeated until nothing is saved.

    Source: Paar 1997 for pairs; the ratios as in Dumas, Grenet, Pernet and Sedoglavic, PLinOpt.

    >>> from wincraft import winograd
    >>> pairs(winograd("F(4,3)", points="0,1,-1,2,-2").input.dense, Effort())[0]
    program of 12 additions, 6 -> 6 values over QQ
    """
    return both_ways(matrix, by_pairs)


def by_pairs(matrix: Matrix) -> Program:
    """The program of greedy pairs and cancellation for a matrix as it stands."""
    sums = PairSums(matrix.to_list(), matrix.shape[1])
    while True:
        pair, rows = most_common_pair(sums)
        saved, row, rest = _best_difference(sums)
        if len(rows) - 1 >= max(saved, 1):
            sums.replace(pair, rows)
        elif saved > 0:
            sums.sums[row] = rest
        else:
            return written(sums, matrix)


def written(sums: PairSums, matrix: Matrix) -> Program:
    """The program of what was found for a matrix."""
    return record(matrix.shape[1], lambda x: sums.values(x)[: matrix.shape[0]], matrix.domain)


def most_common_pair(sums: PairSums) -> tuple[Terms, list[int]]:
    """The pair that is in most sums, up to factors, and the sums; of equal ones the first."""
    found: dict[tuple[int, int, Element], list[int]] = {}
    for i, terms in enumerate(sums.sums):
        for (a, p), (b, q) in combinations(sorted(terms.items()), 2):
            found.setdefault((a, b, q / p), []).append(i)
    if not found:
        return {}, []
    (a, b, ratio), rows = max(found.items(), key=lambda item: len(item[1]))
    return {a: ratio / ratio, b: ratio}, rows


def _best_difference(sums: PairSums) -> tuple[int, int, Terms]:
    """What is saved at most by a multiple of another row, the row, and how it is then written."""
    best: tuple[int, int, Terms] = (0, 0, {})
    for row, other in permutations(range(len(sums.sums)), 2):
        if len(sums.sums[row]) - best[0] < 3 or len(sums.sums[other]) < 2 or row in sums.needs(other):
            continue
        for factor in _ratios(sums.sums[row], sums.sums[other]):
            rest = sums.subtract(row, other, factor)
            if (saved := len(sums.sums[row]) - len(rest)) > best[0]:
                best = saved, row, rest
    return best


def _ratios(row: Terms, other: Terms) -> Iterator[Element]:
    yield from dict.fromkeys(row[j] / a for j, a in other.items() if j in row)
