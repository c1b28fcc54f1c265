# SPDX-License-Identifier: Apache-2.0
"""The tables of the least changes that tests see: the worst of every matrix, and every entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite

from wincraft.quantise.faults import SeenChange, worst_changes
from wincraft.show.layout import Section, Table

_HIDDEN = 0.01
"""Entries whose least change is larger are counted."""


def seen_sections(tests: Mapping[str, Sequence[SeenChange]], outputs: int) -> tuple[Section, ...]:
    """Of every test the worst entry of each matrix, and how many changes of 1 % it does not see; none without changes.

    Tests of an algorithm are rows of a table; of a plan a test has a table, and each of the plan's algorithms a row.

    >>> seen_sections({"this tolerance": ()}, 512)
    ()
    """
    known = next(iter(tests.values()))
    if not known:
        return ()
    note = f"The least relative change of an entry that {outputs} outputs show with 99 %."
    named = tuple(dict.fromkeys(change.site.algorithm for change in known))
    if named == ("",):
        tables = [_table("test", tests)]
    else:
        note = f"{note} It is made in all pieces of an algorithm."
        tables = [_table(test, {name: _of(seen, name) for name in named}) for test, seen in tests.items()]
    return (Section("What the test sees", tuple(tables), (note,), name="seen"),)


def entry_sections(tests: Mapping[str, Sequence[SeenChange]]) -> tuple[Section, ...]:
    """Every entry, its value, and the least changes that the tests see; none without changes.

    >>> entry_sections({"this tolerance": ()})
    ()
    """
    known = next(iter(tests.values()))
    if not known:
        return ()
    rows = tuple(
        (change.site.name, change.site.value, *(_percent(seen[place].least) for seen in tests.values()))
        for place, change in enumerate(known)
    )
    table = Table(("entry", "value", *tests), rows, "lr" + "r" * len(tests))
    return (Section("Every entry", (table,), name="entries"),)


def _table(corner: str, rows: Mapping[str, Sequence[SeenChange]]) -> Table:
    """A column for each matrix; where algorithms have several of a map, for each map."""
    worst = {name: worst_changes(seen) for name, seen in rows.items()}
    columns = tuple(next(iter(worst.values())))
    if any(tuple(item) != columns for item in worst.values()):
        worst = {name: worst_changes(seen, whole_maps=True) for name, seen in rows.items()}
        columns = tuple(next(iter(worst.values())))
    cells = tuple(
        (
            name,
            *(f"{change.site.entry} {_percent(change.least)}" for change in worst[name].values()),
            f"{sum(change.least > _HIDDEN for change in seen)} of {len(seen)}",
        )
        for name, seen in rows.items()
    )
    header = (corner, *(f"worst of {name}" for name in columns), "1 % unseen")
    return Table(header, cells, "l" * (len(columns) + 1) + "r")


def _of(seen: Sequence[SeenChange], algorithm: str) -> list[SeenChange]:
    return [change for change in seen if change.site.algorithm == algorithm]


def _percent(change: float) -> str:
    return f"{100 * change:.3g} %" if isfinite(change) else "never"
