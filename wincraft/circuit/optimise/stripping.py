# SPDX-License-Identifier: Apache-2.0
"""What of a matrix needs no search: taken off, its additions counted, and put back around a program of the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from wincraft.circuit.program import Program
from wincraft.circuit.recording import record
from wincraft.exact.matrix import factor_between
from wincraft.exact.types import Domain, Element, Matrix

StrippedRows = tuple[tuple[Element, ...], ...]
_Function = Callable[[list[Any]], Sequence[Any]]
_Wrapper = Callable[[_Function], _Function]


class Stripped(NamedTuple):
    """The core of a matrix and what surrounds it.

    A program of the core that takes n additions gives one of the matrix that takes n + `additions`, and a program of
    the fewest gives one of the fewest: each step changes the least number of additions by exactly what it counts.
    """

    core: StrippedRows
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    additions: int
    inputs: int
    wrappers: tuple[_Wrapper, ...]
    domain: Domain

    def around(self, program: Program | None) -> Program:
        """The program of the whole matrix from the one of exactly the core, None where the core is empty."""
        function: _Function = (lambda x: []) if program is None else program.run
        for wrapper in reversed(self.wrappers):
            function = wrapper(function)
        return record(self.inputs, function, self.domain)

    def inside(self, program: Program) -> Program:
        """The program of the core from one of the whole matrix, by inputs that are 0."""

        def function(x: list[Any]) -> list[Any]:
            values = [x[0] * 0] * self.inputs
            for column, symbol in zip(self.columns, x, strict=True):
                values[column] = symbol
            outputs = program.run(values)
            return [outputs[row] for row in self.rows]

        return record(len(self.columns), function, self.domain)


def stripped(matrix: Matrix) -> Stripped:
    """Take off what needs no search, again and again until nothing does.

    - A row of zeros, or with one entry: no addition.
    - A row that is a multiple of another: no addition.
    - A column of zeros: no addition. A column with one entry: one, at the end of its row.
    - A column that is a multiple of another: one, before everything else.

    Source: for the last two, transposition (Tellegen's principle), under which they are the first two.

    >>> from wincraft import winograd
    >>> data = stripped(winograd(4, 3, points="0,1,-1,2,-2").input.dense)
    >>> len(data.core), len(data.core[0]), data.additions
    (6, 4, 2)
    """
    rows = [list(row) for row in matrix.to_list()]
    kept = [list(range(size)) for size in matrix.shape]
    wrappers, additions = list[_Wrapper](), 0
    while (step := _row_step(rows) or _column_step(rows)) is not None:
        axis, k, wrapper, more = step
        rows = rows[:k] + rows[k + 1 :] if axis == 0 else [row[:k] + row[k + 1 :] for row in rows]
        del kept[axis][k]
        wrappers.append(wrapper)
        additions += more
    core = tuple(map(tuple, rows))
    return Stripped(core, tuple(kept[0]), tuple(kept[1]), additions, matrix.shape[1], tuple(wrappers), matrix.domain)


_Step = tuple[int, int, _Wrapper, int]
"""The axis and the number of what goes, how it comes back, and the additions this takes."""


def _row_step(rows: list[list[Element]]) -> _Step | None:
    for k, row in enumerate(rows):
        entries = [j for j, value in enumerate(row) if value]
        if len(entries) < 2:
            factor = row[entries[0]] if entries else None
            return 0, k, _input_row(k, entries[0] if entries else 0, factor), 0
        for other in range(k):
            factor = factor_between(row, rows[other])
            if factor is not None:
                return 0, k, _same_row(k, other, factor), 0
    return None


def _column_step(rows: list[list[Element]]) -> _Step | None:
    columns = [list(column) for column in zip(*rows, strict=True)]
    for k, column in enumerate(columns):
        entries = [i for i, value in enumerate(column) if value]
        if len(entries) < 2:
            at = entries[0] if entries else 0
            return 1, k, _last_input(k, at, column[at]), len(entries)
        for other in range(k):
            factor = factor_between(column, columns[other])
            if factor is not None:
                return 1, k, _merged_input(k, other, factor), 1
    return None


def _inserted(outputs: Sequence[Any], k: int, value: Any) -> list[Any]:
    return [*outputs[:k], value, *outputs[k:]]


def _input_row(k: int, at: int, factor: Element | None) -> _Wrapper:
    """Row k is a multiple of one input, or zero."""
    return lambda inner: lambda x: _inserted(inner(x), k, 0 if factor is None else x[at] * factor)


def _same_row(k: int, other: int, factor: Element) -> _Wrapper:
    """Row k is a multiple of an earlier one."""

    def wrapper(inner: _Function) -> _Function:
        def function(x: list[Any]) -> list[Any]:
            outputs = inner(x)
            return _inserted(outputs, k, outputs[other] * factor)

        return function

    return wrapper


def _last_input(k: int, at: int, factor: Element) -> _Wrapper:
    """Input k is added to one output at the end, or to none."""

    def wrapper(inner: _Function) -> _Function:
        def function(x: list[Any]) -> list[Any]:
            outputs = list(inner(x[:k] + x[k + 1 :]))
            if factor:
                outputs[at] = outputs[at] + x[k] * factor
            return outputs

        return function

    return wrapper


def _merged_input(k: int, other: int, factor: Element) -> _Wrapper:
    """Input k is added to an earlier one before everything else."""

    def wrapper(inner: _Function) -> _Function:
        return lambda x: inner([*x[:other], x[other] + x[k] * factor, *x[other + 1 : k], *x[k + 1 :]])

    return wrapper
