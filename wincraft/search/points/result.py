# SPDX-License-Identifier: Apache-2.0
"""What a search found, and what that proves; `document` is the file that ``verify`` checks."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from math import isinf
from typing import Any

from sympy import Float

from wincraft.algorithm.recipe import size_words
from wincraft.exact.number import exact_number, number_text
from wincraft.search.points.space import Space
from wincraft.search.points.strategies import Settings
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
    def document(self) -> dict[str, Any]:
        """As plain data."""
        return {"points": list(self.moduli), "value": self.value, "float": self.approximate}

    def __str__(self) -> str:
        return f"{self.approximate:.9g}{' = ' * bool(self.exact)}{self.exact}  {','.join(self.moduli)}"

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
    within: float
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
        return size_name(self.settings)

    def document(self) -> dict[str, Any]:
        """As plain data, the same for the same settings however the search was run."""
        settings = self.settings
        constrained = {"unconstrained": self.unconstrained.document} if self.unconstrained else {}
        return {
            "kind": SEARCH_KIND,
            "version": SEARCH_VERSION,
            "size": self.size,
            **described(settings, self.within),
            "settings": settings_hash(settings, self.within),
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


def size_name(settings: Settings) -> str:
    """F(m,r), or of several equal axes F(mxm,rxr)."""
    return size_words([settings.space.m] * settings.axes, [settings.space.r] * settings.axes)


def described(settings: Settings, within: float) -> dict[str, Any]:
    """The part of the settings that a user chose, as plain data."""
    return {
        "m": settings.space.m,
        "r": settings.space.r,
        "dimensions": settings.axes,
        "space": settings.space.description,
        "objective": settings.objective.name,
        "constraints": [item.text for item in settings.constraints],
        "convention": settings.convention,
        "strategy": settings.strategy,
        "within": within,
    }


def settings_hash(settings: Settings, within: float) -> str:
    """SHA-256 of the settings: a checkpoint of others is refused."""
    text = json.dumps(described(settings, within), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def point_set(settings: Settings, moduli: tuple[str, ...]) -> PointSet:
    """A set with its value from the proved algorithm."""
    value = settings.objective.value(settings.algorithm(moduli))
    approximate = float(value)
    if isinstance(value, float):
        return PointSet(moduli, repr(value), approximate)
    return PointSet(moduli, "inf" if isinf(approximate) else number_text(exact_number(value)), approximate)


def number_of(text: str, approximate: float) -> Any:
    """The exact number of a text, or for a float's text that float, as a sympy number.

    >>> number_of("3/2", 1.5), number_of("0.1", 0.1) == 0.1
    (3/2, True)
    """
    return Float(approximate) if text in ("inf", repr(approximate)) else exact_number(text)
