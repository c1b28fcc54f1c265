# SPDX-License-Identifier: Apache-2.0
"""Tables that a program fills: entry by entry, G[0][1] = 0.5f, row by row, or as a variable for each row, G0, G1."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from wincraft.exact.splitting import split_list
from wincraft.files.brackets import blank_separated
from wincraft.files.comments import Source
from wincraft.files.entry import looks_like_number
from wincraft.files.names import role_of
from wincraft.files.table import Table

MAX_INDEX = 999
_PLACE = r"[ \t]*(\d{1,3})[ \t]*"
_TARGET = re.compile(
    rf"(?<![\w.])(?:self\.|this->)?(?P<name>[A-Za-z_]\w{{0,80}}?)[ \t]*"
    rf"(?:\[{_PLACE}\][ \t]*\[{_PLACE}\]|[\[(]{_PLACE},{_PLACE}[\])]|[\[(]{_PLACE}(?:,[ \t]*:[ \t]*)?[\])]"
    rf"|_?(?P<number>\d{{1,2}})[ \t]*(?:\[\w*\])?)"
    rf"[ \t]*:?=(?!=)\s*(?P<value>[^;={{}}\[\]\n]{{1,120}}|[\w.:( \t]{{0,40}}[\[{{][^;={{}}\[\]]{{1,2000}}[\]}}]\)?)"
    rf"[ \t,)]*(?=[;\n]|\Z)"
)
_BRACKETED = re.compile(r"[^\[{]*[\[{]([^\[\]{}]*)[\]}]\)?")


@dataclass
class _Filled:
    """What one variable was given so far: entries by row and column, whole rows, or entries of a flat array.

    It is not `readable` once a piece was assigned that is no number.
    """

    name: str
    place: int
    entries: dict[tuple[int, int], str] = field(default_factory=dict)
    flat: bool = False
    readable: bool = True


def tables_in_elements(source: Source) -> list[Table]:
    """The matrices that are assigned piece by piece; what is not assigned is 0, and indices count from 0 or 1.

    A piece that is assigned again begins another matrix. A matrix with a piece that is no number is none.

    >>> from wincraft.files.comments import split_comments
    >>> [table] = tables_in_elements(split_comments("G[0][0] = 1; G[1][0] = .5f; G[1][1] = -.5f;"))
    >>> table.rows
    [['1', '0'], ['.5f', '-.5f']]
    >>> [table] = tables_in_elements(split_comments("float A0[2] = {1, 1}; float A1[2] = {1, -1};"))
    >>> table.role.written, table.rows
    ('A', [['1', '1'], ['1', '-1']])
    >>> tables_in_elements(split_comments("G[0][0] = 1; G[1][0] = half(x); G[1][1] = .5f;"))
    []
    """
    filled: list[_Filled] = []
    current: dict[tuple[str, bool], _Filled] = {}
    for match in _TARGET.finditer(source.code):
        name = match["name"]
        if role_of(name) is None:
            continue
        numbers = [int(number) for number in match.groups()[1:6] if number is not None]
        row = _row(match["value"], source) if len(numbers) < 2 else None
        if match["number"] is not None:
            numbers = [int(match["number"])] if row else []
        if not numbers:
            continue
        readable = bool(row) or looks_like_number(match["value"], source.constants)
        flat = len(numbers) == 1 and row is None
        first = (0, numbers[0]) if flat else (numbers[0], 0 if row else numbers[1])
        matrix = current.get((name, flat))
        if matrix is None or first in matrix.entries:
            matrix = current[name, flat] = _Filled(name, match.start(), {}, flat)
            filled.append(matrix)
        matrix.readable = matrix.readable and readable
        for column, entry in enumerate(row or [match["value"].strip()]):
            matrix.entries[first[0], first[1] + column] = entry
    return [table for matrix in filled if (table := _table(matrix, source)) is not None]


def _row(value: str, source: Source) -> list[str] | None:
    """The entries between brackets, of a row that is assigned as a whole."""
    match = _BRACKETED.fullmatch(value.strip())
    if match is None:
        return None
    inside = match[1].strip().rstrip(",")
    entries = [entry.strip() for entry in split_list(inside)]
    entries = entries if len(entries) > 1 else blank_separated(inside)
    return entries if entries and all(looks_like_number(entry, source.constants) for entry in entries) else None


def _table(matrix: _Filled, source: Source) -> Table | None:
    """The matrix with zeros where nothing was assigned, or None where fewer than two entries were, or one no number."""
    rows, columns = ({place[axis] for place in matrix.entries} for axis in (0, 1))
    if len(matrix.entries) < 2 or not matrix.readable:
        return None
    top, left = (0 if matrix.flat else min(rows)), min(columns)
    if max(top, left) > 1 or max(*rows, *columns) > MAX_INDEX:
        return None
    filled = [
        [matrix.entries.get((i, j), "0") for j in range(left, max(columns) + 1)] for i in range(top, max(rows) + 1)
    ]
    return Table(filled, role_of(matrix.name), matrix.place, (), None, source.constants)
