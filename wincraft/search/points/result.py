# SPDX-License-Identifier: Apache-2.0
"""What a search found, and what that proves: the repr is the report, `document` the file that ``verify`` checks."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib import import_module
from math import isinf
from typing import Any

from sympy import Float

from wincraft.construct.size import size_text
from wincraft.exact.number import exact_number, number_text
from wincraft.search.points.space import Space
from wincraft.search.points.strategies import Settings

SEARCH_KIND = "wincraft.search"
SEARCH_VERSION = 1
SHOWN = 10
"""Sets that the report lists."""


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
        exact = "" if self.value == repr(self.approximate) else f" = {self.value}"
        short = exact if len(exact) <= 40 else ""
        return f"{self.approximate:.9g}{short}  {','.join(self.moduli)}"


@dataclass(frozen=True, repr=False)
class SearchResult:
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

    @property
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

    def _repr_html_(self) -> str:
        shown = import_module("wincraft.report.found").SearchReport(self)  # by name: search and report are siblings
        return str(shown._repr_html_())

    def __repr__(self) -> str:
        settings, count = self.settings, self.space.count
        share = f", {self.visited / count:.3%} of the space" if self.visited <= count else " with partial sets"
        subject = " subject to " + ", ".join(c.text for c in settings.constraints) if settings.constraints else ""
        lines = [
            f"{self.size}: {settings.objective.name} ({settings.objective.meaning}){subject}",
            f"  space: {self.space!r}",
            f"  {settings.strategy}: {self.visited:,} evaluated{share}; "
            f"{'complete' if self.complete else f'stopped with {self.covered / count:.2%} covered'}",
        ]
        if self.best is None:
            return "\n".join([*lines, "  nothing found so far"])
        lines.append(f"  best: {self.best}")
        if self.complete:
            lines.append("  no set of this space is better")
        elif self.bound is not None:
            lines.append(f"  no set of this space is below {self.bound:.9g}")
        if self.unconstrained is not None:
            lines.append(f"  without constraints: {self.unconstrained}")
        lines += [f"  also: {item}" for item in self.others[:SHOWN]]
        if len(self.others) > SHOWN:
            lines.append(f"  and {len(self.others) - SHOWN} more")
        return "\n".join(lines)


def size_name(settings: Settings) -> str:
    """F(m,r), or of several equal axes F(mxm,rxr)."""
    return size_text([(settings.space.m, settings.space.r)] * settings.axes)


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
    value = settings.objective.measure(settings.algorithm(moduli))
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
