# SPDX-License-Identifier: Apache-2.0
"""A layout as plain text, 80 columns wide unless another width is asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import zip_longest
from textwrap import TextWrapper
from typing import TextIO

from wincraft.show.layout import Layout, Table

WIDTH = 80
LEAST_FIRST, LEAST_LAST = 16, 18
"""Narrower the outer columns of a wrapped table are not made."""


def emit(result: Layout, stream: TextIO, width: int = WIDTH) -> None:
    """Write title, head, and sections: tables first, their sentences below; best cells have a ``*``.

    The title is underlined where sections have titles; else it all is a few lines, those below the title indented.
    """
    titled = any(section.title for section in result.sections)
    lines = [result.title, "=" * len(result.title)] if titled else _broken(result.title, width, "", "    ")
    for line in result.head:
        lines += _wrapped(line, "" if titled else "  ", width)
    for section in result.sections:
        lines += ["", section.title.upper()] if section.title else []
        for number, table in enumerate(section.tables):
            lines += [""] * (number > 0) + table_lines(table, width)
        for note in section.notes:
            lines += _wrapped(note, "  ", width)
    stream.write("\n".join(line.rstrip() for line in lines) + "\n")


def table_lines(table: Table, width: int = WIDTH) -> list[str]:
    """The rows in aligned columns, within the width.

    Where they are too wide, heads are broken at blanks, then many numbers are split into several tables, and texts in
    the outer columns are wrapped. The star of the best has a place of its own, so that digits stay aligned.

    >>> table_lines(Table(("a", "b"), (("x", "10"), ("yy", "9")), "lr", frozenset({(1, 1)})))
    ['  a    b', '  x   10', '  yy   9*']
    """
    starred = {column for _, column in table.marked}
    columns = []
    for j, head in enumerate(table.header):
        cells = [row[j] for row in table.rows]
        stars = ["*" * ((i, j) in table.marked) for i in range(len(cells))]
        columns.append(_Column(head, cells, stars, table.align[j], int(j in starred)))
    if _total(columns) > width:
        for column in columns:
            column.width = max(map(len, [*column.head.split(), *column.cells]), default=0)
    if _total(columns) > width and table.align[1:].strip("r") == "":
        return _split(columns, width)
    for column, least in ((columns[-1], LEAST_LAST), (columns[0], LEAST_FIRST)):
        excess = _total(columns) - width
        if excess > 0 and column.align == "l":
            column.width = max(least, column.width - excess)
    return _aligned(columns)


class _Column:
    """A column: its head, its cells with their stars, the side it is aligned to, the place that stars take."""

    def __init__(self, head: str, cells: list[str], stars: list[str], align: str, place: int) -> None:
        self.head, self.cells, self.stars, self.align, self.place = head, cells, stars, align, place
        self.width = max(map(len, (head, *cells)))

    def top(self) -> list[str]:
        """The lines of the head."""
        return _broken(self.head, self.width)

    def lines(self, row: int) -> list[str]:
        """Those of a cell."""
        return _broken(self.cells[row], self.width)

    def padded(self, text: str, star: str = "") -> str:
        """A line of a cell as wide as the column."""
        return (text.rjust if self.align == "r" else text.ljust)(self.width) + star.ljust(self.place)


def _total(columns: Sequence[_Column]) -> int:
    """The width with two blanks before each."""
    return sum(column.width + column.place + 2 for column in columns)


def _aligned(columns: Sequence[_Column]) -> list[str]:
    """The lines of a table; a head of fewer lines than others stands at the bottom."""
    tops = [column.top() for column in columns]
    tallest = max(map(len, tops))
    blocks = []
    if any(column.head for column in columns):
        blocks.append(([[""] * (tallest - len(top)) + top for top in tops], [""] * len(columns)))
    for row in range(len(columns[0].cells)):
        blocks.append(([column.lines(row) for column in columns], [column.stars[row] for column in columns]))
    lines = []
    for cells, stars in blocks:
        for number, pieces in enumerate(zip_longest(*cells, fillvalue="")):
            shown = stars if number == 0 else [""] * len(columns)
            padded = (c.padded(piece, star) for c, piece, star in zip(columns, pieces, shown, strict=True))
            lines.append(("  " + "  ".join(padded)).rstrip())
    return lines


def wrapped_lines(text: str, hanging: int = 4) -> str:
    """A text whose long lines go on, further indented, within the width.

    >>> print(wrapped_lines("  points: " + ",".join(["1000/1001"] * 9)))
      points:
          1000/1001,1000/1001,1000/1001,1000/1001,1000/1001,1000/1001,1000/1001,
          1000/1001,1000/1001
    """
    lines: list[str] = []
    for line in text.splitlines():
        indent = line[: len(line) - len(line.lstrip())]
        lines += _broken(line.strip(), WIDTH, indent, indent + hanging * " ")
    return "\n".join(lines)


def _split(columns: Sequence[_Column], width: int) -> list[str]:
    """A wide table of numbers as several, each with the names of the rows."""
    lines: list[str] = []
    first = 1
    while first < len(columns):
        last = first + 1
        while last < len(columns) and _total([columns[0], *columns[first : last + 1]]) <= width:
            last += 1
        lines += [""] * bool(lines) + _aligned([columns[0], *columns[first:last]])
        first = last
    return lines


def _wrapped(text: str, indent: str, width: int) -> list[str]:
    return _broken(text, width, indent, f"{indent}  ")


class _Wrapper(TextWrapper):
    """Breaks at blanks, in words that take half a line or more behind commas and names' slashes: 1/2 stays whole."""

    def _split(self, text: str) -> list[str]:
        chunks = super()._split(text)
        return [
            piece
            for chunk in chunks
            for piece in (re.split("(?<=,)|(?<=[a-z]/)", chunk) if 2 * len(chunk) > self.width else [chunk])
            if piece
        ]


def _broken(text: str, width: int, first: str = "", rest: str = "") -> list[str]:
    """The lines of a text, at least one, with the indents of the first and of the others."""
    return _Wrapper(max(width, 1), first, rest, break_on_hyphens=False).wrap(text) or [""]
