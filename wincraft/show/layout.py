# SPDX-License-Identifier: Apache-2.0
"""Titled tables of texts, and charts: what the text, Markdown and HTML renderers share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import isnan
from typing import Literal

from wincraft.errors import look_up
from wincraft.show.chart import Chart

Level = Literal["good", "fair", "poor", "bad", "fact"]


@dataclass(frozen=True)
class Table:
    """A table of texts; `align` has one of ``l`` and ``r`` per column.

    `marked` are the cells (row, column) that are best in their row or column. A last column aligned ``l`` may
    be wrapped.

    >>> Table(("points", "noise gain"), (("0,1,-1,inf", "5/3"),), "lr").rows[0][1]
    '5/3'
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    align: str
    marked: frozenset[tuple[int, int]] = field(default_factory=frozenset)


def best_places(texts: Sequence[str], values: Sequence[float | None]) -> list[int]:
    """Where a table's row or column is shown as its largest value is; nowhere where all are shown alike.

    What is None or no number is never best.

    >>> best_places(["3.0", "3.0", "-"], [3.01, 2.99, None]), best_places(["3.0", "3.0"], [3.01, 2.99])
    ([0, 1], [])
    """
    known = {place: value for place, value in enumerate(values) if value is not None and not isnan(value)}
    if not known or len(set(texts)) == 1:
        return []
    best = texts[max(known, key=lambda place: known[place])]
    return [place for place in known if texts[place] == best]


@dataclass(frozen=True)
class Section:
    """A title, tables, and sentences under them; `levels`, where given, has the level of each sentence.

    A few lines need no title. By its `name`, if it has one, a reader asks for it. Pages whose sections unfold show it
    open where `unfolded`.
    """

    title: str = ""
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()
    levels: tuple[Level, ...] = ()
    name: str = ""
    unfolded: bool = False


@dataclass(frozen=True)
class Layout:
    """A title, what it is about in a few lines, sections, the most important one first, and charts.

    >>> page = Layout("F(2,3)", (), (Section("Verdict", name="verdict"), Section("Cost", name="cost")))
    >>> [section.title for section in page.only(["cost"]).sections]
    ['Cost']
    """

    title: str
    head: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()
    charts: tuple[Chart, ...] = ()

    def layout(self) -> Layout:
        """Itself: it can be given to a renderer."""
        return self

    def only(self, names: Sequence[str]) -> Layout:
        """Without charts, and of the sections those named, in their own order.

        Raises:
            UnknownName: for a name that no section has; the nearest is offered.
        """
        known = {section.name: section for section in self.sections if section.name}
        for name in names:
            look_up("section", name, known)
        return replace(self, sections=tuple(known[name] for name in known if name in names), charts=())

    def ending(self, note: str) -> Layout:
        """With a sentence more under its last section."""
        *others, last = self.sections
        return replace(self, sections=(*others, replace(last, notes=(*last.notes, note))))
