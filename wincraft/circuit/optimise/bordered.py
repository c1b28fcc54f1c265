# SPDX-License-Identifier: Apache-2.0
"""Two forms and a third with a border, along both axes: 22 additions for 24.

The parity blocks of the data transforms of F(4,3) are  [-a 1 0; -b 1 0; -c 1 1],  up to factors and the order of rows
and columns, with the same a, b, c in both. The Kronecker product of two of them takes 24 additions axis by axis and 22
by the program of `_tile`, for any a, b, c that are not 0, a not b: it holds identically in them.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations, product
from typing import Any, NamedTuple

from wincraft.circuit.program import Program
from wincraft.circuit.recording import record
from wincraft.exact.types import Element, Matrix


class _Form(NamedTuple):
    """How a matrix is of the form: the places of its rows and columns in it, and the factors of these.

    Row k of the form is row `rows[k]` of the matrix over its factor, after column k times its factor.
    """

    rows: tuple[int, ...]
    columns: tuple[int, ...]
    row_factors: tuple[Element, ...]
    column_factors: tuple[Element, ...]
    ratios: tuple[Element, Element]
    """b / a and c / a."""


def bordered(first: Matrix, second: Matrix) -> Iterator[Program]:
    """The program of 22 additions for the Kronecker product of two matrices, where both have the form.

    >>> from sympy import QQ
    >>> from wincraft.exact.matrix import exact_matrix, kronecker
    >>> block = exact_matrix([[QQ(-4), QQ(1), QQ(0)], [QQ(-1), QQ(1), QQ(0)], [QQ(-5), QQ(1), QQ(4)]], (3, 3), QQ)
    >>> (program,) = bordered(block, block)
    >>> program, program.matrix() == kronecker(block, block)
    (program of 22 additions, 9 -> 9 values over QQ, True)
    """
    for one, other in product(_forms(first), _forms(second)):
        if one.ratios == other.ratios:
            yield _program(one, other, first)
            return


def _forms(matrix: Matrix) -> Iterator[_Form]:
    """The ways in which a matrix has the form, with a = 1: x is scaled."""
    if matrix.shape != (3, 3):
        return
    table, one = matrix.to_list(), matrix.domain.one
    for rows, columns in product(permutations(range(3)), repeat=2):
        (f, g, h) = ([table[i][j] for j in columns] for i in rows)
        if f[2] or g[2] or not all((*f[:2], *g[:2], *h)):
            continue
        a = -f[0] / f[1]
        b, c = -g[0] / g[1] / a, -h[0] / h[1] / a
        if b != one:
            yield _Form(rows, columns, (f[1], g[1], h[1]), (a, one, h[2] / h[1]), (b, c))


def _program(first: _Form, second: _Form, matrix: Matrix) -> Program:
    one = matrix.domain.one

    def apply(x: list[Any]) -> list[Any]:
        tile = [
            x[3 * i + j] * (p * q)
            for i, p in zip(first.columns, first.column_factors, strict=True)
            for j, q in zip(second.columns, second.column_factors, strict=True)
        ]
        values: list[Any] = [None] * 9
        made = iter(_tile(tile, one, *first.ratios))
        for i, p in zip(first.rows, first.row_factors, strict=True):
            for j, q in zip(second.rows, second.row_factors, strict=True):
                values[3 * i + j] = next(made) * (p * q)
        return values

    return record(9, apply, matrix.domain)


def _tile(tile: list[Any], a: Element, b: Element, c: Element) -> list[Any]:
    """The nine products of the forms  y - a x,  y - b x  and  y - c x + z,  22 additions."""
    xx, xy, xz, yx, yy, yz, zx, zy, zz = tile
    x1 = xx * a - xy
    s = yy + x1 * c
    t = s * (a / c) - yx * a
    y11 = t + yy * ((c - a) / c)
    y21 = y11 + x1 * (b - a)
    u = t * (b / a) + yy * ((c - b) / c)
    y12 = u + xy * (b - a)
    y22 = u + xx * (b * (b - a))
    border = yx + zx
    y31 = s + zy - border * a
    y32 = y31 + (border - xx * c) * (a - b)
    edge = xy * (c - a) - xz * a
    y13 = yz + t * (c / a) + edge
    y23 = y13 + (edge * (-1 / a) - x1 * (c / a)) * (a - b)
    share = (c - b) / (a - b)
    y33 = y31 * share + (y32 * ((a - c) / (a - b)) + yz - xz * c) + zz
    return [y11, y12, y13, y21, y22, y23, y31, y32, y33]
