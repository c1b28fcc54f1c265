# SPDX-License-Identifier: Apache-2.0
"""On which lines of a file its tables stand, so that what is wrong can be pointed at."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate

from wincraft.files.spellings import Text
from wincraft.files.table import Table

_LONGEST_GAP = 240
"""Characters between two entries, names of types and comments that became blanks; with more, something was skipped."""


def with_lines(tables: Sequence[Table], spelling: str, given: Text) -> list[Table]:
    r"""Tables of a text with the line, from 1, of every row, or of every entry where the rows are not told.

    Without lines are those of spellings whose entries do not stand in the text as they were read.

    >>> from wincraft.files.spellings import SPELLINGS
    >>> text = Text("float AT[2][2] = {\n  {1, 1},\n  {0, 1}};")
    >>> [table.lines for table in with_lines(SPELLINGS["brackets"](text), "brackets", text)]
    [(2, 3)]
    """
    kind = spelling.removesuffix(" in comments")
    if kind not in ("brackets", "rows", "elements"):
        return list(tables)
    code = (given.source if kind == spelling else given.comments).code
    ends = line_ends(code)
    found = []
    for table in tables:
        match kind:
            case "brackets":
                lines = entry_lines(code, table.place, table.rows, ends)
            case "rows":  # whose place is where the first one ends
                lines = entry_lines(code, code.rfind("\n", 0, table.place - 1) + 1, table.rows, ends)
            case _:
                lines = (bisect_left(ends, table.place) + 1,) * len(table.rows)
        found.append(replace(table, lines=lines))
    return found


def with_json_lines(tables: Sequence[Table], text: str) -> list[Table]:
    r"""The same for tables of a JSON text, in their order there.

    >>> from wincraft.files.names import role_of
    >>> table = Table([[1], [2]], role_of("G"))
    >>> with_json_lines([table], '{\n "G": [\n  [1],\n  [2]]}')[0].lines
    (3, 4)
    """
    found, place, ends = [], 0, line_ends(text)
    for table in tables:
        match = key_in_json(table.role.name if table.role else "", text, place)
        place = match.end() if match else place
        found.append(replace(table, lines=entry_lines(text, place, table.rows, ends) if match else ()))
    return found


def key_in_json(name: str, text: str, place: int = 0) -> re.Match[str] | None:
    """Where the key of that name stands in a JSON text from a place on; a ^ in it does not count.

    >>> key_in_json("AT", '{"A^T": 1}').end()
    7
    """
    return re.compile(r'"{}"\s*:'.format(r"\^?".join(map(re.escape, name)))).search(text, place) if name else None


def line_ends(text: str) -> list[int]:
    r"""Where its lines end.

    >>> line_ends("a\n\nb")
    [1, 2]
    """
    return [match.start() for match in re.finditer("\n", text)]


def entry_lines(text: str, place: int, rows: Sequence[Sequence[object]], ends: Sequence[int]) -> tuple[int, ...]:
    r"""The line, from 1, of the first entry of every row, or of every entry of one row; none where one is not found.

    >>> text = "x\n1 2\n\n3 4"
    >>> entry_lines(text, 0, [["1", "2"], ["3", "4"]], line_ends(text))
    (2, 4)
    """
    places = list(_places(text, place, [str(_written(entry)) for row in rows for entry in row]))
    if len(places) < sum(map(len, rows)):
        return ()
    firsts = range(len(places)) if len(rows) == 1 else accumulate(map(len, rows[:-1]), initial=0)
    return tuple(bisect_left(ends, places[k]) + 1 for k in firsts if k < len(places))


def _places(text: str, place: int, entries: Sequence[str]) -> Iterator[int]:
    """Where entries stand one behind the other; it ends where one is too far away."""
    for number, entry in enumerate(entries):
        at = text.find(entry, place, place + len(entry) + _LONGEST_GAP * (1 + (number == 0)))
        if at < 0:
            return
        yield at
        place = at + len(entry)


def _written(entry: object) -> object:
    """An entry as it stands in the text: what JSON gave as a number is written again."""
    return entry if isinstance(entry, str) else json.dumps(entry) if isinstance(entry, (int, float)) else entry
