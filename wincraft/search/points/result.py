# SPDX-License-Identifier: Apache-2.0
"""What a search found, and what that proves; `document` is the file that ``verify`` checks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import isinf

from sympy import Float, Rational

from wincraft.exact.number import exact_number, number_text
from wincraft.exact.types import Number
from wincraft.search.points.run import RatedSet
from wincraft.search.points.settings import Settings
from wincraft.search.points.space import Space
from wincraft.show.layout import Layout, Section, Table
from wincraft.show.shown import Shown

SEARCH_KIND = "wincraft.search"
SEARCH_VERSION = 1
SETS_SHOWN = 10
"""Sets that are listed."""
EXACT_SHOWN = 40
"""Longer exact values are not shown."""


@dataclass(frozen=True)
class PointSet:
    """A set of moduli and its value: exact as text where the objective is exact, and as a float."""

    moduli: tuple[str, ...]
    value: str
    approximate: float

    @property
    def document(self) -> dict[str, object]:
        """As plain data."""
        return {"points": list(self.moduli), "value": self.value, "float": self.approximate}

    def __str__(self) -> str:
        return f"{self.approximate:.9g}{' = ' * bool(self.exact)}{self.exact}  {','.join(self.moduli)}"

    @property
    def number(self) -> Number:
        """The exact value, or the float where there is none.

        >>> PointSet(("0", "1", "-1"), "3/2", 1.5).number, PointSet(("0", "1", "-1"), "0.1", 0.1).number == 0.1
        (3/2, True)
        """
        known = self.value not in ("inf", repr(self.approximate))
        return exact_number(self.value) if known else Float(self.approximate)

    @property
    def exact(self) -> str:
        """The exact value where it says more than the float and is short, else empty."""
        known = (repr(self.approximate), f"{self.approximate:.9g}")
        return "" if self.value in known or len(self.value) > EXACT_SHOWN else self.value


@dataclass(frozen=True, repr=False)
class SearchResult(Shown):
    """The best set of a space, those within the slack of it, and a bound that no set of the space passes.

    `visited` counts every evaluated set or node. If the search is `complete`, `bound` is the value of the best; else
    the bound of what is still open, None where none is known. `best` is None where nothing feasible was found in time.
    `others` are the further sets within `slack`, which is `within` or the tolerance of the float arithmetic.

    >>> import wincraft
    >>> found = wincraft.search("F(2,3)", height=2)
    >>> found.best.moduli, found.complete
    (('0', '1', '-1', 'inf'), True)
    """

    settings: Settings
    best: PointSet | None
    others: tuple[PointSet, ...]
    bound: float | None
    complete: bool
    visited: int
    covered: int
    unconstrained: PointSet | None = None

    @property
    def space(self) -> Space:
        """What was searched."""
        return self.settings.space

    @property
    def size(self) -> str:
        """F(m,r), or of several equal axes F(mxm,rxr)."""
        return self.settings.size

    def document(self) -> dict[str, object]:
        """As plain data, the same for the same settings however the search was run."""
        settings = self.settings
        constrained = {"unconstrained": self.unconstrained.document} if self.unconstrained else {}
        return {
            "kind": SEARCH_KIND,
            "version": SEARCH_VERSION,
            "size": self.size,
            **settings.description,
            "settings": settings.sha256,
            "equivalences": list(settings.equivalences),
            "count": self.space.count,
            "classes": self.space.classes(settings.equivalences),
            "visited": self.visited,
            "covered": self.covered,
            "best": self.best.document if self.best else None,
            "others": [item.document for item in self.others],
            **constrained,
            "bound": self.bound,
            "tolerance": settings.slack,
            "complete": self.complete,
        }

    def layout(self) -> Layout:
        """What was searched and how, the sets from the best on, and what is proved of them."""
        settings, count = self.settings, self.space.count
        share = f", {self.visited / count:.3%} of the space" if self.visited <= count else " with partial sets"
        subject = " subject to " + ", ".join(c.text for c in settings.constraints) if settings.constraints else ""
        state = "complete" if self.complete else f"stopped with {self.covered / count:.2%} covered"
        head = (
            f"space: {self.space!r}",
            f"{settings.strategy}: {self.visited:,} evaluated{share}; {state}",
        )
        sets = [item for item in (self.best, *self.others) if item is not None]
        rows = tuple((f"{item.approximate:.9g}", item.exact, ",".join(item.moduli)) for item in sets[:SETS_SHOWN])
        marked = frozenset({(0, 0)} if len(rows) > 1 else ())
        tables = (Table(("value", "exact", "moduli"), rows, "rrl", marked),) if rows else ()
        notes = [f"and {len(sets) - SETS_SHOWN} more"] * (len(sets) > SETS_SHOWN)
        if self.unconstrained is not None:
            notes.append(f"without constraints: {self.unconstrained}")
        title = f"{self.size}: {settings.objective.name} ({settings.objective.meaning}){subject}"
        return Layout(title, head, (Section("", tables, (*notes, self._proved())),))

    def _proved(self) -> str:
        if self.best is None:
            return "Nothing found so far."
        if self.complete:
            return "No set of this space is better: every other one was evaluated or excluded by a bound."
        if self.bound is None:
            return "The search was stopped; nothing is proved."
        return f"The search was stopped; no set of this space is below {self.bound:.9g}."


def point_set(settings: Settings, moduli: tuple[str, ...]) -> PointSet:
    """A set with its value from the proved algorithm."""
    value = settings.objective.value(settings.algorithm(moduli))
    approximate = float(value)
    if isinstance(value, float):
        return PointSet(moduli, repr(value), approximate)
    return PointSet(moduli, "inf" if isinf(approximate) else number_text(exact_number(value)), approximate)


def listed(settings: Settings, found: Iterable[RatedSet]) -> list[PointSet]:
    """Sets with their exact values, best first, those beyond `within` of the best left out."""
    sign, sets = settings.objective.sign, compared(settings, found)
    if not sets:
        return []
    best = sign * sets[0].number
    limit = best + abs(best) * Rational(str(settings.within))
    return [item for item in sets if sign * item.number <= limit]


def compared(settings: Settings, found: Iterable[RatedSet]) -> list[PointSet]:
    """Sets with their exact values, best first; of equal ones the simplest."""
    sets = [point_set(settings, settings.parts[part].part.texts(chosen)) for _, part, chosen in found]
    return sorted(sets, key=lambda item: (settings.objective.sign * item.number, _simplicity(item), item.moduli))


def _simplicity(item: PointSet) -> tuple[int, int]:
    return sum(len(text) for text in item.moduli), sum(text.startswith("-") for text in item.moduli)
