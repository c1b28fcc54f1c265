# SPDX-License-Identifier: Apache-2.0
"""Programs for Kronecker products, what transforms of several axes are: axis by axis, interleaved, not separable."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple

from wincraft.circuit.optimise.bordered import bordered
from wincraft.circuit.optimise.effort import Effort
from wincraft.circuit.optimise.even_odd import Parts, divisions, plain_cost
from wincraft.circuit.optimise.interleaving import interleavings
from wincraft.circuit.optimise.moves import additions, leading_one, matrix_of
from wincraft.circuit.optimise.plane_blocks import in_blocks
from wincraft.circuit.program import Program
from wincraft.circuit.recording import composed, of_matrix, record
from wincraft.exact.matrix import kronecker as kronecker_product
from wincraft.exact.types import Element, Matrix

_KEPT = 3


def kronecker_programs(first: Matrix, second: Matrix, effort: Effort) -> list[Program]:
    """Programs for the Kronecker product of two matrices, exact, the fewest additions first.

    Inputs and outputs are tiles, flattened row by row: the first matrix is applied along axis 0, the second along
    axis 1. `effort.best` may hold programs of either, of the product, or of products of blocks; they are tried, too.

    >>> from wincraft import winograd
    >>> data = winograd("F(2,3)").input.dense
    >>> kronecker_programs(data, data, Effort())[0]
    program of 31 additions, 16 -> 16 values over QQ
    """
    solve = in_blocks()
    ways = [[solve(matrix), *_given(effort, matrix)] for matrix in (first, second)]
    pairs = zip(*ways, strict=True) if first == second else product(*ways)
    found = [program for pair in pairs for program in interleavings(*pair)]
    found += [*bordered(first, second), *_given(effort, kronecker_product(first, second))]
    found += [_in_parts(one, other, effort) for one in _divided(first) for other in _divided(second)]
    return sorted(dict.fromkeys(found), key=additions)[:_KEPT]


def _given(effort: Effort, matrix: Matrix) -> list[Program]:
    shape = matrix.shape
    fitting = [program for program in effort.best if (len(program.outputs), program.inputs) == shape]
    return [program for program in fitting if program.matrix() == matrix]


class _Divided(NamedTuple):
    """A matrix by a division of its columns: the block of each part, of different rows, and the sums of their rows."""

    parts: Parts
    blocks: tuple[Matrix, ...]
    sums: Program


def _divided(matrix: Matrix) -> Iterator[_Divided]:
    """The best division of the columns, if it saves anything."""
    rows = matrix.to_list()
    costs = {parts: plain_cost(rows, parts) for parts in divisions(rows)}
    parts = min(costs, key=lambda item: costs[item], default=None)
    if parts is None or costs[parts] >= plain_cost(rows, (tuple(range(len(rows[0]))),)):
        return
    places: dict[tuple[int, tuple[Element, ...]], int] = {}
    sums: list[dict[int, Element]] = [{} for _ in rows]
    for number, part in enumerate(parts):
        for row, terms in zip(rows, sums, strict=True):
            entries = [row[j] for j in part]
            if any(entries):
                at = places.setdefault((number, leading_one(entries)), len(places))
                terms[at] = next(entry for entry in entries if entry)
    zero = matrix.domain.zero
    table = [[terms.get(k, zero) for k in range(len(places))] for terms in sums]
    blocks = tuple(
        matrix_of([row for of, row in places if of == number], matrix.domain) for number in range(len(parts))
    )
    yield _Divided(parts, blocks, of_matrix(matrix_of(table, matrix.domain)))


def _in_parts(first: _Divided, second: _Divided, effort: Effort) -> Program:
    """The products of all blocks, then the sums along both axes."""
    heights, widths = ([block.shape[0] for block in divided.blocks] for divided in (first, second))
    inputs = [sum(map(len, divided.parts)) for divided in (first, second)]
    best = {
        (k, l): kronecker_programs(a, b, effort)[0]
        for k, a in enumerate(first.blocks)
        for l, b in enumerate(second.blocks)
    }

    def tile(x: list[Any]) -> list[Any]:
        lines: list[list[Any]] = []
        for k, rows in enumerate(first.parts):
            across = []
            for l, columns in enumerate(second.parts):
                values = best[k, l].run([x[i * inputs[1] + j] for i in rows for j in columns])
                across.append([values[i * widths[l] : (i + 1) * widths[l]] for i in range(heights[k])])
            lines += [[value for part in parts for value in part] for parts in zip(*across, strict=True)]
        return [value for line in lines for value in line]

    sums = min(interleavings(first.sums, second.sums), key=additions)
    return composed([record(inputs[0] * inputs[1], tile, sums.domain), sums])
