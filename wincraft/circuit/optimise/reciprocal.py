# SPDX-License-Identifier: Apache-2.0
"""Symmetric and antisymmetric parts: rows of which one is the other reversed, as those of points p and 1/p are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import product
from math import isqrt
from typing import Any

from wincraft.circuit.optimise.effort import Effort
from wincraft.circuit.optimise.even_odd import by_parts, in_parts, plain_cost
from wincraft.circuit.optimise.moves import MatrixRow, Solve, matrix_of, solver
from wincraft.circuit.program import Program
from wincraft.circuit.recording import composed, of_matrix, record
from wincraft.exact.field import Field
from wincraft.exact.types import Domain, Element, Matrix

_TRIED = 2


def reciprocal_pairs(matrix: Matrix, effort: Effort) -> list[Program]:
    """Programs by symmetric and antisymmetric parts, recursively, of the matrix and of its transpose.

    Where rows go into multiples of rows under  x_j -> s_j x_{n-1-j},  s_j s_{n-1-j} = 1,  the sums and differences
    x_j + s_j x_{n-1-j}  and  x_j - s_j x_{n-1-j}  come first; each of the two kinds has half of the columns.

    >>> from wincraft import winograd
    >>> reciprocal_pairs(winograd("F(2,5)", points="1,2,1/2,3,1/3").filter.dense, Effort())
    [program of 16 additions, 5 -> 6 values over QQ]
    """
    return [solver([by_reflection], of_matrix)(matrix)]


def by_reflection(matrix: Matrix, solve: Solve) -> Iterator[Program]:
    """Programs of the matrix's most promising reflections."""
    K, rows = matrix.domain, matrix.to_list()
    size = len(rows[0])
    if size < 2 or K.one + K.one == K.zero:
        return
    lower, upper = tuple(range((size + 1) // 2)), tuple(range((size + 1) // 2, size))
    costs = {s: 2 * len(upper) + plain_cost(_turned(rows, s), (lower, upper)) for s in reflections(rows, K)}
    plain = plain_cost(rows, (tuple(range(size)),))
    for scales in sorted(costs, key=lambda item: costs[item])[:_TRIED]:
        if costs[scales] < plain:
            rest = in_parts(matrix_of(_turned(rows, scales), K), (lower, upper), solve)
            first = record(size, partial(_sums, scales), K)
            yield composed([first, rest])


def reflections(rows: Sequence[MatrixRow], K: Domain) -> Iterator[tuple[Element, ...]]:
    """The factors s_j with which the reversal takes some row to a multiple of another, or of itself.

    >>> from sympy import QQ
    >>> list(reflections([[QQ(1), QQ(2), QQ(4)], [QQ(1), QQ(1, 2), QQ(1, 4)]], QQ))
    [(4, 1, 1/4), (1, 1, 1), (1/4, 1, 4)]
    """
    seen = set()
    full = [row for row in rows if all(row)]
    for first, second in product(full, repeat=2):
        ratios = [b / a for a, b in zip(first, reversed(second), strict=True)]
        square = ratios[0] * ratios[-1]
        if any(a * b != square for a, b in zip(ratios, reversed(ratios), strict=True)):
            continue
        root = ratios[len(ratios) // 2] if len(ratios) % 2 else _root(square, K)
        scales = None if root is None else tuple(ratio / root for ratio in ratios)
        if scales is not None and scales not in seen:
            seen.add(scales)
            yield scales


def _root(square: Element, K: Domain) -> Element | None:
    """The square root, where it is plain to see."""
    if square == K.one:
        return K.one
    if not Field(K).rational or square < 0:
        return None
    p, q = (isqrt(int(part)) for part in (K.numer(square), K.denom(square)))
    root = K.one * p / q
    return root if root * root == square else None


def _turned(rows: Sequence[MatrixRow], scales: Sequence[Element]) -> list[list[Element]]:
    """The rows in terms of the sums (with the middle column) and of the differences, in the order of `_sums`."""
    size = len(scales)
    turned = []
    for row in rows:
        pairs = [(row[j], row[size - 1 - j] / scales[j]) for j in range(size // 2)]
        middle = [row[size // 2]] if size % 2 else []
        turned.append([*((a + b) / 2 for a, b in pairs), *middle, *((a - b) / 2 for a, b in pairs)])
    return turned


def _sums(scales: Sequence[Element], x: Sequence[Any]) -> list[Any]:
    size = len(x)
    mirrored = [x[size - 1 - j] * scales[j] for j in range(size // 2)]
    middle = [x[size // 2]] if size % 2 else []
    lower = list(zip(x, mirrored, strict=False))
    return [*(a + b for a, b in lower), *middle, *(a - b for a, b in lower)]


BOTH = (by_parts, by_reflection)
"""Even and odd, and symmetric and antisymmetric parts."""
