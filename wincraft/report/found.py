# SPDX-License-Identifier: Apache-2.0
"""Search results, certificates and entries of the catalogue as titled tables, for notebooks.

Search and report are siblings and know nothing of each other: `FoundSets` and `ProvedLimit` say what is shown, and the
results hand themselves over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol

from wincraft.construct.catalogue import USES, Entry
from wincraft.show.layout import Layout, Section, ShownInNotebooks, Table
from wincraft.show.numbers import LONGEST_EXACT, number

SETS_SHOWN = 8
"""Sets that are listed."""


class FoundSet(Protocol):
    """A set of moduli, its exact value as text, and as a float."""

    @property
    def moduli(self) -> tuple[str, ...]:
        """As texts."""

    @property
    def value(self) -> str:
        """Exact where the objective is."""

    @property
    def approximate(self) -> float:
        """As a float."""


class FoundSets(Protocol):
    """The result of a search for points; the repr is its text."""

    @property
    def best(self) -> Any:
        """A `FoundSet`, or None."""

    @property
    def others(self) -> Sequence[Any]:
        """The further sets near the best, each a `FoundSet`."""

    @property
    def bound(self) -> float | None:
        """What no set of the space is below."""

    @property
    def complete(self) -> bool:
        """Whether the whole space was searched or excluded."""


class ProvedLimit(Protocol):
    """A limit over real points, proved or numerical, as `RealLimit` has it."""

    @property
    def size(self) -> str:
        """F(m,r)."""

    @property
    def certified(self) -> bool:
        """Whether it is proved."""

    @property
    def statement(self) -> str:
        """In words."""

    @property
    def upper(self) -> float:
        """The noise gain of the best set found."""

    @property
    def points(self) -> tuple[float, ...]:
        """That set."""

    @property
    def boxes(self) -> int:
        """How many were bounded."""


@dataclass(frozen=True, eq=False)
class SearchReport(ShownInNotebooks):
    """A search's best sets, and what is proved of them."""

    found: FoundSets

    def layout(self) -> Layout:
        """The first lines of the text, the sets, and the bound."""
        title, *head = (line.strip() for line in repr(self.found).splitlines()[:3])
        sets = ([] if self.found.best is None else [self.found.best]) + list(self.found.others)
        rows = tuple((number(item.approximate), _exact(item), ", ".join(item.moduli)) for item in sets[:SETS_SHOWN])
        more = (f"and {len(sets) - SETS_SHOWN} more",) * (len(sets) > SETS_SHOWN)
        table = Table(("value", "exact", "moduli"), rows, "rrl", frozenset({(0, 0)}) if rows else frozenset())
        return Layout(title, tuple(head), (Section("Sets", (table,), (*more, self._proved())),))

    def _proved(self) -> str:
        if self.found.complete and self.found.best is not None:
            return "No set of this space is better: every other one was evaluated or excluded by a bound."
        if self.found.bound is None:
            return "The search was stopped; nothing is proved."
        return f"The search was stopped; no set of this space is below {self.found.bound:.9g}."


@dataclass(frozen=True, eq=False)
class LimitReport(ShownInNotebooks):
    """A limit over real points."""

    found: ProvedLimit

    def layout(self) -> Layout:
        """The statement, and the best set found."""
        found = self.found
        points = ", ".join(f"{point:.6g}" for point in found.points)
        boxes = (f"{found.boxes:,} boxes were bounded.",) * (found.boxes > 0)
        best = f"The best set found has {found.upper:.7g}: {points}."
        statement = f"{found.statement[0].upper()}{found.statement[1:]}."
        title = "Theorem" if found.certified else "Numerical, no proof"
        section = Section(title, (), (statement, best, *boxes))
        return Layout(f"{found.size}: limit of the noise gain", (), (section,))


@dataclass(frozen=True, eq=False)
class EntryReport(ShownInNotebooks):
    """What the catalogue knows of a size."""

    entry: Entry

    def layout(self) -> Layout:
        """Moduli by use, then those that others publish, by rising noise gain."""
        entry = self.entry
        limit = entry.limit
        uses = tuple(
            (name, choice.moduli.replace(",", ", "), number(_value(choice.noise_gain)), USES[name])
            for name, choice in entry.uses.items()
        )
        ranked = sorted((_value(item.noise_gain), item.points.replace(",", ", "), item.source)
                        for item in entry.published)  # fmt: skip
        published = Section(
            "Published",
            (Table(("points", "noise gain", "who"), tuple((p, number(g), who) for g, p, who in ranked), "lrl"),),
            unfolded=True,
        )
        return Layout(
            f"F({entry.m},{entry.r})",
            (f"limit of {limit.sets}: noise gain {limit}",),
            (
                Section("Known", (Table(("use", "moduli", "noise gain", "what it is"), uses, "llrl"),)),
                *([published] if ranked else []),
            ),
        )


def _exact(item: FoundSet) -> str:
    return item.value if len(item.value) <= LONGEST_EXACT + 4 and item.value != repr(item.approximate) else ""


def _value(text: str) -> float:
    return float(Fraction(text))
