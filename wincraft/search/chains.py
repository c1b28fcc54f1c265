# SPDX-License-Identifier: Apache-2.0
"""Search over the chains of an algorithm: the best of a measure, such as the cheapest or the most accurate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.description import describe
from wincraft.construct.chains import MAPS, apply_chains, plain_names
from wincraft.construct.scaling import balance_stages
from wincraft.errors import NotApplicable
from wincraft.measures import Measure, measure_named
from wincraft.show.layout import Layout, Section, Table
from wincraft.show.numbers import finite, number
from wincraft.show.shown import Shown
from wincraft.version import __version__

CANDIDATES_SHOWN = 5
"""Listed for every map."""


@dataclass(frozen=True, repr=False)
class ChainSearch(Shown):
    """The best chain found, its value, and of every single change from the start the map, the candidate, the value."""

    algorithm: Algorithm
    measure: Measure
    chain: dict[str, str]
    value: float
    start: float
    tried: tuple[tuple[str, str, float], ...]

    @property
    def text(self) -> str:
        """The chain as `chained` reads it."""
        return " ".join(f"{name}={value}" for name, value in self.chain.items())

    def layout(self) -> Layout:
        """The best chain, and for every map its candidates from the best on, the other maps as they are."""
        rows, sign, objective = [], self.measure.sign, self.measure.name
        for name in self.chain:
            tried = [(sign * value, candidate) for of, candidate, value in self.tried if of == name]
            rows += [
                (name, candidate, self._show(sign * value)) for value, candidate in sorted(tried)[:CANDIDATES_SHOWN]
            ]
        better = "least" if sign > 0 else "greatest"
        table = Table(("map", "chain", f"{objective}, {better} is best"), tuple(rows), "llr")
        best = (
            f"{objective}: {self._show(self.value)} with {self.text}",
            f"as it is: {self._show(self.start)}",
            f'wincraft generate, report and compare take it as --basis "{self.text}"',
        )
        return Layout(
            f"{self.algorithm.size}: the chain of {better} {objective}",
            (describe(self.algorithm), self.algorithm.verify()),
            (Section("Best", (), best), Section("One map changed", (table,), unfolded=True)),
        )

    def document(self) -> dict[str, object]:
        """The result as plain data; the schema is ``chains-1.json`` of `wincraft.report`."""
        return {
            "kind": "wincraft.chains",
            "version": 1,
            "wincraft": __version__,
            "size": self.algorithm.size,
            "sha256": self.algorithm.sha256,
            "objective": self.measure.name,
            "unit": self.measure.unit,
            "chain": dict(self.chain),
            "basis": self.text,
            "value": finite(self.value),
            "start": finite(self.start),
            "tried": [{"map": name, "chain": chain, "value": finite(value)} for name, chain, value in self.tried],
        }

    def _show(self, value: float) -> str:
        return f"{self.measure.shown(value)} dB" if self.measure.unit == "dB" else number(value)


def search_chains(
    algorithm: Algorithm,
    objective: str | Measure = "operations",
    candidates: Sequence[str] | None = None,
    balanced: bool = False,
) -> ChainSearch:
    """For each map the basis or factorisation with which a measure is best, the other maps at their best so far.

    Maps take turns until none improves: with an objective that adds up over the maps, as operations do, that is the
    best of all combinations, with others a local optimum. Without `candidates` all bases and factorisations that need
    no parameters are tried. Those that an algorithm has no chain for, or that a scheme does not admit, are left out.
    With `balanced`, what passes between stages is balanced by powers of two.

    Raises:
        UnknownName: for an unknown measure, scheme or candidate.
        NotApplicable: where the algorithm has no such number, as where a scheme does not admit it.

    >>> from wincraft import winograd
    >>> F = winograd(6, 3, points="0,1,-1,2,-2,1/2,-1/2")
    >>> found = search_chains(F, "all-additions", ["canonical", "butterfly"])
    >>> found.text, found.value
    ('input=canonical filter=butterfly output=canonical', 48.0)
    """
    measure = objective if isinstance(objective, Measure) else measure_named(objective)
    candidates = plain_names() if candidates is None else candidates
    known: dict[tuple[str, ...], float | None] = {}

    def value_of(chain: dict[str, str]) -> float | None:
        key = tuple(chain.values())
        if key not in known:
            try:
                item = apply_chains(algorithm, chain)
                known[key] = float(measure.value(balance_stages(item) if balanced else item))
            except NotApplicable:
                known[key] = None
        return known[key]

    chain = dict.fromkeys(MAPS, "canonical")
    best = start = float(measure.value(algorithm))
    known[tuple(chain.values())] = start
    single = ((name, candidate, value_of(chain | {name: candidate})) for name in MAPS for candidate in candidates)
    tried = [(name, candidate, value) for name, candidate, value in single if value is not None]
    improved = True
    while improved:
        improved = False
        for name in MAPS:
            for candidate in candidates:
                value = value_of(chain | {name: candidate})
                if value is not None and measure.sign * value < measure.sign * best:
                    best, chain, improved = value, chain | {name: candidate}, True
    return ChainSearch(algorithm, measure, chain, best, start, tuple(tried))
