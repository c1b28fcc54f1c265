# SPDX-License-Identifier: Apache-2.0
"""The report as markdown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TextIO

from wincraft.show.layout import LaidOut, Section, Table

_SPECIAL = str.maketrans({character: "\\" + character for character in "\\`*_<>[]|#~"})


def emit(result: LaidOut, stream: TextIO) -> None:
    """Write a heading per section, pipe tables, and the sentences as lists; best cells are bold."""
    layout = result.layout()
    lines = [f"# {_escaped(layout.title)}", "", *(f"{_escaped(line)}  " for line in layout.head)]
    for section in layout.sections:
        lines += ["", f"## {_escaped(section.title)}", *_body(section)]
    stream.write("\n".join(lines) + "\n")


def _body(section: Section) -> list[str]:
    lines = [line for table in section.tables for line in ("", *_table(table))]
    return lines + [""] * bool(section.notes) + [f"- {_escaped(note)}" for note in section.notes]


def _table(table: Table) -> list[str]:
    rules = ["---:" if side == "r" else ":---" for side in table.align]
    rows = [
        [f"**{_escaped(text)}**" if (i, j) in table.marked else _escaped(text) for j, text in enumerate(row)]
        for i, row in enumerate(table.rows)
    ]
    return [_line(map(_escaped, table.header)), _line(rules), *map(_line, rows)]


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped(text: str) -> str:
    return text.translate(_SPECIAL)
