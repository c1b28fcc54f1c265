# SPDX-License-Identifier: Apache-2.0
"""The exact identity that proves an algorithm, as one matrix product.

For all i < m, j < r, l < n:  sum_k AT[i,k] G[k,j] BT[k,l] = scale * [l = i + j].
The left side is the row-wise products of AT and G^T, (m r x R), times BT, (R x n).
"""

from __future__ import annotations

from operator import mul
from typing import Any

from wincraft.exact.matrix import exact_matrix


def tap_products(AT: Any, G: Any) -> tuple[list[list[Any]], list[list[int]]]:
    """The distinct rows AT[i,:] * G[:,j] of each diagonal i + j, and which row belongs to (i, j).

    Interpolation makes all rows of a diagonal equal, so that n products of rows prove what m r would.
    Returns the rows and an m x r table of row numbers.
    """
    outputs = AT.to_list()
    filters = G.transpose().to_list()
    m, r = len(outputs), len(filters)
    rows: list[list[Any]] = []
    where = [[0] * r for _ in range(m)]
    for diagonal in range(m + r - 1):
        first = len(rows)
        for i in range(max(0, diagonal - r + 1), min(m, diagonal + 1)):
            j = diagonal - i
            row = list(map(mul, outputs[i], filters[j]))
            for number in range(first, len(rows)):
                if rows[number] == row:
                    where[i][j] = number
                    break
            else:
                where[i][j] = len(rows)
                rows.append(row)
    return rows, where


def convolution_tensor(AT: Any, G: Any, BT: Any) -> tuple[list[list[Any]], list[list[int]]]:
    """The tensor sum_k AT[i,k] G[k,j] BT[k,l]: its distinct rows over l, and which row belongs to (i, j).

    >>> from wincraft import winograd
    >>> f = winograd(1, 2, points="0")
    >>> convolution_tensor(f.output.dense, f.filter.dense, f.input.dense)
    ([[1, 0], [0, 1]], [[0, 1]])
    """
    rows, where = tap_products(AT, G)
    product = exact_matrix(rows, (len(rows), BT.shape[0]), BT.domain) * BT
    return product.to_list(), where


def proved_scale(AT: Any, G: Any, BT: Any) -> Any | None:
    """The scale at which the identity holds for every i, j, l, or None. Exact, over the matrices' common domain.

    >>> from wincraft import winograd
    >>> f = winograd(2, 3)
    >>> proved_scale(f.output.dense, f.filter.dense, f.input.dense)
    1
    """
    tensor, where = convolution_tensor(AT, G, BT)
    n, zero = BT.shape[1], BT.domain.zero
    scale = tensor[where[0][0]][0]
    for i, numbers in enumerate(where):
        for j, number in enumerate(numbers):
            repeated = i > 0 and j + 1 < len(numbers) and number == where[i - 1][j + 1]
            if not repeated and tensor[number] != [zero] * (i + j) + [scale] + [zero] * (n - 1 - i - j):
                return None
    return scale if scale else None
