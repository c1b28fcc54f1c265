# SPDX-License-Identifier: Apache-2.0
"""The exact identity that proves an algorithm, as one matrix product.

For all i < m, j < r, l < n:  sum_k AT[i,k] G[k,j] BT[k,l] = scale * [l = i + j].
The left side is the row-wise products of AT and G^T, (m r x R), times BT, (R x n). Of several axes i, j and l are
tuples, and matrices stand for whole tiles, flattened row by row.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from operator import mul
from typing import Protocol

from wincraft.algorithm.linear_map import LinearMap
from wincraft.exact.matrix import exact_matrix
from wincraft.exact.types import Element, Matrix, Number


class ThreeMaps(Protocol):
    """What has the three maps of an algorithm: `Maps`, or the algorithm itself."""

    @property
    def output(self) -> LinearMap:
        """A^T."""

    @property
    def filter(self) -> LinearMap:
        """G."""

    @property
    def input(self) -> LinearMap:
        """B^T."""


SMALL = 32
"""Largest tile that is proved by one product of matrices."""


def tap_products(AT: Matrix, G: Matrix) -> Iterator[tuple[list[list[tuple[int, int]]], list[list[Element]]]]:
    """The distinct rows AT[i,:] * G[:,j] of each diagonal i + j, in order, each beside the (i, j) whose row it is.

    Interpolation makes all rows of a diagonal equal, so that n products of rows prove what m r would.
    Yields, for every diagonal, a list of lists of (i, j) and the list of their rows.
    """
    outputs = AT.to_list()
    filters = G.transpose().to_list()
    m, r = len(outputs), len(filters)
    for diagonal in range(m + r - 1):
        rows: list[list[Element]] = []
        owners: list[list[tuple[int, int]]] = []
        for i in range(max(0, diagonal - r + 1), min(m, diagonal + 1)):
            row = list(map(mul, outputs[i], filters[diagonal - i]))
            if row in rows:
                owners[rows.index(row)].append((i, diagonal - i))
            else:
                rows.append(row)
                owners.append([(i, diagonal - i)])
        yield owners, rows


def convolution_tensor(AT: Matrix, G: Matrix, BT: Matrix) -> tuple[list[list[Element]], list[list[int]]]:
    """The tensor sum_k AT[i,k] G[k,j] BT[k,l]: its distinct rows over l, and which row belongs to (i, j).

    >>> from wincraft import winograd
    >>> f = winograd(1, 2, points="0")
    >>> convolution_tensor(f.output.dense, f.filter.dense, f.input.dense)
    ([[1, 0], [0, 1]], [[0, 1]])
    """
    products: list[list[Element]] = []
    where = [[0] * G.shape[1] for _ in range(AT.shape[0])]
    for owners, rows in tap_products(AT, G):
        for positions, row in zip(owners, rows, strict=True):
            for i, j in positions:
                where[i][j] = len(products)
            products.append(row)
    return _times(products, BT), where


def proved_scale(AT: Matrix, G: Matrix, BT: Matrix) -> Element | None:
    """The scale at which the identity holds for every i, j, l, or None. Exact, over the matrices' common domain.

    Small tiles take one product of matrices. Of larger ones the first diagonal i + j is looked at alone, the others by
    about n rows at a time, and it ends where one fails, so that matrices far from an algorithm cost little.

    >>> from wincraft import winograd
    >>> f = winograd(2, 3)
    >>> proved_scale(f.output.dense, f.filter.dense, f.input.dense)
    1
    """
    n, zero = BT.shape[1], BT.domain.zero
    scale: Element | None = None
    rows: list[list[Element]] = []
    diagonals: list[int] = []
    enough = 1 if n > SMALL else n**2
    for diagonal, (_, products) in enumerate(tap_products(AT, G)):
        rows += products
        diagonals += [diagonal] * len(products)
        if len(rows) < enough and diagonal < n - 1:
            continue
        for at, row in zip(diagonals, _times(rows, BT), strict=True):
            scale = row[0] if scale is None else scale
            if not scale or row != [zero] * at + [scale] + [zero] * (n - 1 - at):
                return None
        rows, diagonals, enough = [], [], n
    return scale


def tensor_rows(
    AT: Matrix, G: Matrix, BT: Matrix, m: tuple[int, ...], r: tuple[int, ...]
) -> Iterator[tuple[int, int, int, list[Element]]]:
    """The rows over l of sum_k AT[i,k] G[k,j] BT[k,l] for whole tiles: i, j, the one l that is i + j, and the row.

    i, j and l are tuples of indices, flattened row by row over sizes m, r and m + r - 1.

    >>> from wincraft import parse
    >>> f = parse("F(1x1,2x1)")
    >>> [row[:3] for row in tensor_rows(f.output.dense, f.filter.dense, f.input.dense, f.m, f.r)]
    [(0, 0, 0), (0, 1, 1)]
    """
    n = [outputs + taps - 1 for outputs, taps in zip(m, r, strict=True)]
    filters = G.transpose().to_list()
    for i, (output, place) in enumerate(zip(AT.to_list(), product(*map(range, m)), strict=True)):
        rows = _times([list(map(mul, output, column)) for column in filters], BT)
        for j, (row, tap) in enumerate(zip(rows, product(*map(range, r)), strict=True)):
            at = 0
            for length, first, second in zip(n, place, tap, strict=True):
                at = at * length + first + second
            yield i, j, at, row


def proved_tile_scale(AT: Matrix, G: Matrix, BT: Matrix, m: tuple[int, ...], r: tuple[int, ...]) -> Element | None:
    """The scale at which the identity holds for whole tiles of several axes, or None. Exact.

    >>> from wincraft import parse
    >>> f = parse("F(2x2,3x3)")
    >>> proved_tile_scale(f.output.dense, f.filter.dense, f.input.dense, f.m, f.r)
    1
    """
    scale: Element | None = None
    for _, _, at, row in tensor_rows(AT, G, BT, m, r):
        scale = row[at] if scale is None else scale
        if not scale or row[at] != scale or any(value for place, value in enumerate(row) if place != at):
            return None
    return scale


def scale_of(maps: ThreeMaps) -> Number | None:
    """The scale at which three maps compute the convolution, or None, by their matrices for whole tiles. Exact.

    >>> from wincraft import winograd
    >>> scale_of(winograd(2, 3))
    1
    """
    AT, G, BT = maps.output.dense, maps.filter.dense, maps.input.dense
    m, r = maps.output.image, maps.filter.tile
    scale = proved_scale(AT, G, BT) if len(m) == 1 else proved_tile_scale(AT, G, BT, m, r)
    return None if scale is None else BT.domain.to_sympy(scale)


def _times(rows: list[list[Element]], BT: Matrix) -> list[list[Element]]:
    product = exact_matrix(rows, (len(rows), BT.shape[0]), BT.domain) * BT
    return product.to_list()
