# SPDX-License-Identifier: Apache-2.0
"""A layout as Markdown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TextIO

from wincraft.show.layout import Layout, Section, Table

_SPECIAL = str.maketrans({character: "\\" + character for character in "\\`*_<>[]|#~"})


def emit(result: Layout, stream: TextIO) -> None:
    """Write a heading per section, pipe tables, and the sentences as lists; best cells are bold."""
    lines = [f"# {_escaped(result.title)}", "", *(f"{_escaped(line)}  " for line in result.head)]
    for section in result.sections:
        lines += [*(["", f"## {_escaped(section.title)}"] if section.title else []), *_body(section)]
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
