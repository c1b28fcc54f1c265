# SPDX-License-Identifier: Apache-2.0
"""Tables as plain rows: sections under headings, blocks between blank lines, Markdown, CSV, YAML."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from wincraft.files.brackets import blank_separated
from wincraft.files.comments import Source
from wincraft.files.entry import Constants, looks_like_number
from wincraft.files.names import Role, last_role
from wincraft.files.table import Table

_LONGEST_LINE = 200_000
_FRAME = str.maketrans(dict.fromkeys("[]{}⎡⎢⎣⎤⎥⎦⎛⎜⎝⎞⎟⎠│┃║\\", " "))
_SEPARATORS = re.compile(r"[|&;\t,]")
_RULE = re.compile(r"[\s|:+=_*─━~-]*")
_BULLETS = re.compile(r"\s*((?:[*-]\s+)+)(.*)")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
_LABELS = re.compile(r"^\s*(?:\.[A-Za-z]\w*|DCF[SD]|DCD)\s|\[\s*(?:\d*\s*,|,\s*\d+)\s*\]")
"""What R puts before rows and over columns, and the directives of assemblers."""
_HEADING = re.compile(r"^[^=:]{0,80}[=:]")


@dataclass
class _Block:
    """Rows that belong together, and the name over them."""

    role: Role | None
    place: int
    rows: list[list[str]] = field(default_factory=list)


def tables_in_rows(source: Source) -> list[Table]:
    """Every block of lines of numbers; a heading, a text or a blank line begins a new one.

    >>> from wincraft.files.comments import split_comments
    >>> text = "A^T:\\n1 1\\n\\nG = 1 0\\n1 / 2 0"
    >>> [(table.role.written, table.rows) for table in tables_in_rows(split_comments(text))]
    [('AT', [['1', '1']]), ('G', [['1', '0'], ['1/2', '0']])]
    """
    lines = source.code.split("\n")
    comma = _has_decimal_commas(lines)
    blocks: list[_Block] = []
    role: Role | None = None
    fresh, place = True, 0
    for line in lines:
        place += len(line) + 1
        if not line.strip():
            fresh = True
            continue
        if _RULE.fullmatch(line) or len(line) > _LONGEST_LINE:
            continue
        heading = _HEADING.match(line) or re.match(r"[\s|>*#-]*[A-Za-z][^\s|,]*[|,\s]+(?=[-+.\d])", line)
        named = last_role(heading[0]) if heading else None
        body = line[heading.end() :] if heading and named else line
        entries = _entries(body, comma, source.constants)
        if entries is None and heading and (entries := _entries(line[heading.end() :], comma, source.constants)):
            fresh = True
        if named or entries is None:
            role = named or last_role(line, 1 if len(line.split()) <= 3 else 3) or (role if fresh else None)
            fresh = True
        if not entries:
            continue
        bullets = _BULLETS.match(line)
        if fresh and not (bullets and role is None and blocks):
            blocks.append(_Block(role, place))
            role, fresh = None, False
        if bullets and len(entries) == 1 and len(bullets[1].split()) == 1 and blocks[-1].rows:
            blocks[-1].rows[-1] += entries
        else:
            blocks[-1].rows.append(entries)
    return [Table(block.rows, block.role, block.place, (), None, source.constants) for block in blocks]


def _entries(line: str, comma: bool, constants: Constants) -> list[str] | None:
    """The numbers of a line, [] for a line of signs only, None where anything else stands in it."""
    if bullets := _BULLETS.match(line):
        line = bullets[2]
    line = _LABELS.sub(" ", line).translate(_FRAME)
    if comma:
        line = re.sub(r"(?<=\d),(?=\d)", ".", line)
    pieces = [piece for part in _SEPARATORS.split(line) for piece in blank_separated(part)]
    pieces = [piece for piece in (piece.strip("'\"") for piece in pieces) if piece]
    if not all(looks_like_number(piece, constants) for piece in pieces):
        return None
    return pieces


def _has_decimal_commas(lines: list[str]) -> bool:
    """Whether commas are decimal points: no points in the text, and several numbers with one comma in a line."""
    found = False
    for line in lines:
        tokens = re.split(r"[\s;|]+", line.strip())
        if any("." in token and token.strip(".").replace(".", "").isdigit() for token in tokens) or ", " in line:
            return False
        commas = [token for token in tokens if "," in token]
        if commas and not all(map(_DECIMAL_COMMA.fullmatch, commas)):
            return False
        found = found or (bool(commas) and len(tokens) > 1)
    return found
