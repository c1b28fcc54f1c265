# SPDX-License-Identifier: Apache-2.0
"""The result of a search over chains, for people and programs.

Search and report are siblings and know nothing of each other: `FoundChain` says what is shown of a result, and the
command that has both hands it over.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log10
from typing import Any, Protocol

from wincraft.algorithm.nested import Algorithm
from wincraft.report.description import describe
from wincraft.show.layout import Layout, Section, ShownInNotebooks, Table
from wincraft.show.numbers import error_decibels, finite, number
from wincraft.version import __version__

CANDIDATES_SHOWN = 5
"""Candidates listed for every map."""


class FoundChain(Protocol):
    """The best chain of an algorithm under an objective, less being better.

    `text` is it as ``--basis`` takes it, `start` the value of the algorithm as it is, and `tried` has the map, the
    candidate and the value of every single change. The values of ``error:SCHEME`` are noise power over signal power.
    """

    @property
    def algorithm(self) -> Algorithm:
        """What was searched from."""

    @property
    def objective(self) -> str:
        """By name."""

    @property
    def chain(self) -> dict[str, str]:
        """The basis or factorisation of every map."""

    @property
    def text(self) -> str:
        """The chain in one line."""

    @property
    def value(self) -> float:
        """Of the best chain."""

    @property
    def start(self) -> float:
        """Of the algorithm as it is."""

    @property
    def tried(self) -> tuple[tuple[str, str, float], ...]:
        """Every single change from the start."""


@dataclass(frozen=True, eq=False, repr=False)
class ChainReport(ShownInNotebooks):
    """A search's result with a layout and a document; the repr is the text.

    >>> from wincraft import winograd
    >>> from wincraft.search.chains import search_chains
    >>> found = search_chains(winograd(2, 3), "operations", ["canonical", "legendre"])
    >>> ChainReport(found).layout().title
    'F(2,3): the chain of least operations'
    """

    found: FoundChain

    def layout(self) -> Layout:
        """The best chain, and for every map its candidates from the best on, the other maps as they are."""
        found = self.found
        rows = []
        for name in found.chain:
            ranked = sorted((value, candidate) for of, candidate, value in found.tried if of == name)
            rows += [(name, candidate, self._show(value)) for value, candidate in ranked[:CANDIDATES_SHOWN]]
        unit = " in dB, less is better" if self._is_error else " per tile"
        table = Table(("map", "chain", found.objective + unit), tuple(rows), "llr")
        return Layout(
            title=f"{found.algorithm.size}: the chain of least {found.objective}",
            head=(describe(found.algorithm), found.algorithm.verify()),
            sections=(
                Section(
                    "Best",
                    (),
                    (
                        f"{found.objective}: {self._show(found.value)} with {found.text}",
                        f"as it is: {self._show(found.start)}",
                        f'wincraft generate, report and compare take it as --basis "{found.text}"',
                    ),
                ),
                Section("One map changed", (table,), unfolded=True),
            ),
        )

    def document(self) -> dict[str, Any]:
        """The result as plain data; the schema is ``schema/chains-1.json`` beside this file."""
        found = self.found
        return {
            "kind": "wincraft.chains",
            "version": 1,
            "wincraft": __version__,
            "size": found.algorithm.size,
            "sha256": found.algorithm.sha256,
            "objective": found.objective,
            "unit": "dB" if self._is_error else "operations",
            "chain": dict(found.chain),
            "basis": found.text,
            "value": finite(self._unit(found.value)),
            "start": finite(self._unit(found.start)),
            "tried": [
                {"map": name, "chain": chain, "value": finite(self._unit(value))} for name, chain, value in found.tried
            ],
        }

    @property
    def _is_error(self) -> bool:
        return self.found.objective.startswith("error:")

    def _unit(self, value: float) -> float:
        """A power ratio in dB, other values as they are."""
        if not self._is_error:
            return value
        return 10 * log10(value) if value > 0 else float("-inf") if value == 0 else value

    def _show(self, value: float) -> str:
        return f"{error_decibels(self._unit(value))} dB" if self._is_error else number(value)

    def __repr__(self) -> str:
        from wincraft.report import rendered

        return rendered(self, "text").rstrip("\n")
