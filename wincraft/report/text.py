# SPDX-License-Identifier: Apache-2.0
"""The report as plain text of 80 columns, ASCII."""

from __future__ import annotations

import re
from itertools import zip_longest
from textwrap import TextWrapper
from typing import TextIO

from wincraft.report.layout import LaidOut, Table

WIDTH = 80
LEAST_FIRST, LEAST_LAST = 16, 20
"""Narrower the outer columns of a wrapped table are not made."""


def emit(result: LaidOut, stream: TextIO) -> None:
    """Write title, head, and sections: tables first, their sentences below; best cells have a ``*``."""
    layout = result.layout()
    lines = [layout.title, "=" * len(layout.title)]
    for line in layout.head:
        lines += _wrapped(line, "")
    for section in layout.sections:
        lines += ["", section.title.upper()]
        for number, table in enumerate(section.tables):
            lines += [""] * (number > 0) + table_lines(table)
        for note in section.notes:
            lines += _wrapped(note, "  ")
    stream.write("\n".join(line.rstrip() for line in lines) + "\n")


def table_lines(table: Table) -> list[str]:
    """The rows in aligned columns, within the width: texts in the outer columns are wrapped, many numbers are split.

    >>> table_lines(Table(("a", "b"), (("x", "10"), ("yy", "9")), "lr", frozenset({(1, 1)})))
    ['  a    b', '  x   10', '  yy  9*']
    """
    rows = [list(table.header)] + [
        [text + "*" * ((i, j) in table.marked) for j, text in enumerate(row)] for i, row in enumerate(table.rows)
    ]
    widths = [max(len(row[j]) for row in rows) for j in range(len(table.header))]
    if sum(widths) + 2 * len(widths) > WIDTH and table.align[1:].strip("r") == "":
        return _split(rows, widths)
    for column, least in ((-1, LEAST_LAST), (0, LEAST_FIRST)):
        excess = sum(widths) + 2 * len(widths) - WIDTH
        if excess > 0 and table.align[column] == "l":
            widths[column] = max(least, widths[column] - excess)
    lines = []
    for row in rows:
        cells = [_broken(text, width) for text, width in zip(row, widths, strict=True)]
        for pieces in zip_longest(*cells, fillvalue=""):
            padded = (
                piece.rjust(width) if side == "r" else piece.ljust(width)
                for piece, width, side in zip(pieces, widths, table.align, strict=True)
            )
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


def _split(rows: list[list[str]], widths: list[int]) -> list[str]:
    """A wide table of numbers as several, each with the names of the rows."""
    lines: list[str] = []
    first = 1
    while first < len(widths):
        last, room = first, WIDTH - widths[0] - 2
        while last < len(widths) and (room >= widths[last] + 2 or last == first):
            room -= widths[last] + 2
            last += 1
        lines += [""] * bool(lines)
        for row in rows:
            cells = (f"  {row[j].rjust(widths[j])}" for j in range(first, last))
            lines.append(f"  {row[0].ljust(widths[0])}{''.join(cells)}".rstrip())
        first = last
    return lines


def _wrapped(text: str, indent: str) -> list[str]:
    return _broken(text, WIDTH, indent, f"{indent}  ")


class _Wrapper(TextWrapper):
    """Breaks at blanks, and in words that take half a line or more behind commas, so that 1/2 stays whole."""

    def _split(self, text: str) -> list[str]:
        chunks = super()._split(text)
        return [
            piece
            for chunk in chunks
            for piece in (re.findall("[^,]*,|[^,]+", chunk) if 2 * len(chunk) > self.width else [chunk])
        ]


def _broken(text: str, width: int, first: str = "", rest: str = "") -> list[str]:
    """The lines of a text, at least one, with the indents of the first and of the others."""
    return _Wrapper(max(width, 1), first, rest, break_on_hyphens=False).wrap(text) or [""]
