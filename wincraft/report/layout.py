# SPDX-License-Identifier: Apache-2.0
"""Titled tables of texts: what the text, markdown and HTML renderers share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

Level = Literal["good", "fair", "poor", "bad", "fact"]


@dataclass(frozen=True)
class Table:
    """A table of texts; `align` has one of ``l`` and ``r`` per column.

    `marked` are the cells (row, column) that are best in their row. A last column aligned ``l`` may be wrapped.

    >>> Table(("points", "noise gain"), (("0,1,-1,inf", "5/3"),), "lr").rows[0][1]
    '5/3'
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    align: str
    marked: frozenset[tuple[int, int]] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Section:
    """A title, tables, and sentences under them; `levels`, where given, has the level of each sentence."""

    title: str
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()
    levels: tuple[Level, ...] = ()


@dataclass(frozen=True)
class Layout:
    """A title, what it is about in a few lines, and sections."""

    title: str
    head: tuple[str, ...]
    sections: tuple[Section, ...]


class LaidOut(Protocol):
    """What the renderers for people take."""

    def layout(self) -> Layout:
        """Titled tables of texts."""


@runtime_checkable
class Figured(Protocol):
    """What has plots of its own for the page."""

    def figures(self) -> dict[str, str]:
        """SVG by title."""


class Documented(LaidOut, Protocol):
    """What all renderers take: it also has a JSON document."""

    def document(self) -> dict[str, Any]:
        """Plain data, nothing infinite or NaN."""
