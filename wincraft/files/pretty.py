# SPDX-License-Identifier: Apache-2.0
"""Matrices as sympy prints them in two dimensions, with built-up fractions, wincnn's output among them."""

from __future__ import annotations

import re

from wincraft.files.names import last_role
from wincraft.files.table import Table
from wincraft.files.text import plain

_LEFT, _RIGHT = "⎡⎢⎣[⎛⎜⎝", "⎤⎥⎦]⎞⎟⎠"
_LINE = re.compile(
    rf"(?P<before>[^{re.escape(_LEFT)}]*)[{re.escape(_LEFT)}]"
    rf"(?P<inside>[^{re.escape(_LEFT + _RIGHT)}]*)[{re.escape(_RIGHT)}]\s*$"
)
_BAR = re.compile(r"[-─]+")
_ROOF, _ROOT = re.compile(r"_+(?:\s+_+)*"), re.compile(r"\\/\s*(\d+)")


def tables_in_pretty_print(text: str) -> list[Table]:
    """Matrices between tall brackets; columns are told apart by two blank columns, rows by blank lines.

    >>> printed = ["G = ", "⎡√2     ⎤", "⎢──  1/2⎥", "⎢2      ⎥", "⎢       ⎥", "⎣0    1 ⎦"]
    >>> [table.rows for table in tables_in_pretty_print("\\n".join(printed))]
    [[['(sqrt(2))/(2)', '1/2'], ['0', '1']]]
    """
    tables: list[Table] = []
    inside: list[str] = []
    heading, place = "", 0
    for line in [*text.split("\n"), ""]:
        place += len(line) + 1
        match = _LINE.match(line)
        if match:
            inside.append(match["inside"])
            heading = heading if len(inside) > 1 and not match["before"].strip() else f"{heading} {match['before']}"
        else:
            if inside and (rows := _rows(inside)):
                tables.append(Table(rows, last_role(heading), place))
            inside = []
            heading = line if line.strip() else heading
    return tables


def _rows(lines: list[str]) -> list[list[str]]:
    width = max(map(len, lines))
    lines = [line.ljust(width) for line in lines]
    used = [any(line[k] != " " for line in lines) for k in range(width)]
    columns: list[list[int]] = []
    for k in (k for k in range(width) if used[k]):
        if columns and k - columns[-1][1] <= 2:
            columns[-1][1] = k
        else:
            columns.append([k, k])
    groups: list[list[str]] = [[]]
    for line in lines:
        if line.strip():
            groups[-1].append(line)
        elif groups[-1]:
            groups.append([])
    groups = [group for group in groups if group]
    if len(groups) == 1 and not any("──" in line or "--" in line for line in lines):
        groups = [[line] for line in groups[0]]
    return [[_cell([line[first : last + 1] for line in group]) for first, last in columns] for group in groups]


def _cell(lines: list[str]) -> str:
    """One entry: numerator, bar and denominator, one below the other, are a quotient."""
    texts = [line.strip() for line in lines if line.strip() and not _ROOF.fullmatch(line.strip())]
    texts = [_ROOT.sub(r"sqrt(\1)", plain(text)) if "─" not in text else text for text in texts]
    if len(texts) == 3 and _BAR.fullmatch(texts[1]):
        return f"({texts[0]})/({texts[2]})"
    return " ".join(texts)
