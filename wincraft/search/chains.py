# SPDX-License-Identifier: Apache-2.0
"""Search over the chains of an algorithm: the cheapest, or the most accurate under a scheme."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.description import describe
from wincraft.construct.chains import MAPS, apply_chains, plain_names
from wincraft.construct.stage_balance import balance_stages
from wincraft.errors import NotApplicable, look_up
from wincraft.measure.costs import costs
from wincraft.numbers.decibels import sqnr
from wincraft.quantise.prediction import predict
from wincraft.quantise.schemes import parse_scheme
from wincraft.search.objectives import CHANNELS
from wincraft.show.layout import Layout, Section, Table
from wincraft.show.numbers import error_decibels, finite, number
from wincraft.show.shown import Shown
from wincraft.version import __version__

CANDIDATES_SHOWN = 5
"""Listed for every map."""

Objective = Callable[[Algorithm], float]


def _online(algorithm: Algorithm) -> float:
    """Operations of the data and output transforms of one tile."""
    found = costs(algorithm)
    return found.input.total + found.output.total


def _all(algorithm: Algorithm) -> float:
    """Those and the operations of the filter transform."""
    return _online(algorithm) + costs(algorithm).filter.total


def _additions(algorithm: Algorithm) -> float:
    """Additions of all three transforms of one tile."""
    found = costs(algorithm)
    return found.input.additions + found.output.additions + found.filter.additions


OBJECTIVES: dict[str, Objective] = {"operations": _online, "all-operations": _all, "additions": _additions}
"""Less is better: per tile those of data and output, those of the filter too, the additions of all three.

``error:SCHEME``: predicted noise over signal, the ranges predicted too, white Gaussian data.
"""


@dataclass(frozen=True, repr=False)
class ChainSearch(Shown):
    """The best chain found, its value, and the map, the candidate and the value of every single change from the start.

    The values of ``error:SCHEME`` are noise power over signal power.
    """

    algorithm: Algorithm
    objective: str
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
        rows = []
        for name in self.chain:
            ranked = sorted((value, candidate) for of, candidate, value in self.tried if of == name)
            rows += [(name, candidate, self._show(value)) for value, candidate in ranked[:CANDIDATES_SHOWN]]
        unit = " in dB, less is better" if self._is_error else " per tile"
        table = Table(("map", "chain", self.objective + unit), tuple(rows), "llr")
        best = (
            f"{self.objective}: {self._show(self.value)} with {self.text}",
            f"as it is: {self._show(self.start)}",
            f'wincraft generate, report and compare take it as --basis "{self.text}"',
        )
        return Layout(
            f"{self.algorithm.size}: the chain of least {self.objective}",
            (describe(self.algorithm), self.algorithm.verify()),
            (Section("Best", (), best), Section("One map changed", (table,), unfolded=True)),
        )

    def document(self) -> dict[str, Any]:
        """The result as plain data; the schema is ``chains-1.json`` of `wincraft.report`."""
        return {
            "kind": "wincraft.chains",
            "version": 1,
            "wincraft": __version__,
            "size": self.algorithm.size,
            "sha256": self.algorithm.sha256,
            "objective": self.objective,
            "unit": "dB" if self._is_error else "operations",
            "chain": dict(self.chain),
            "basis": self.text,
            "value": finite(self._unit(self.value)),
            "start": finite(self._unit(self.start)),
            "tried": [
                {"map": name, "chain": chain, "value": finite(self._unit(value))} for name, chain, value in self.tried
            ],
        }

    @property
    def _is_error(self) -> bool:
        return self.objective.startswith("error:")

    def _unit(self, value: float) -> float:
        """A power ratio in dB, other values as they are."""
        return -sqnr(value) if self._is_error else value

    def _show(self, value: float) -> str:
        return f"{error_decibels(self._unit(value))} dB" if self._is_error else number(value)


def objective_named(name: str) -> Objective:
    """An objective by name; raises `UnknownName` for another one, or another scheme."""
    kind, _, scheme = name.partition(":")
    if kind == "error" and scheme:
        chosen = parse_scheme(scheme)
        return lambda algorithm: predict(algorithm, chosen, None, CHANNELS, outputs=CHANNELS).noise_to_signal
    return look_up("objective", name, OBJECTIVES | {"error:SCHEME": _online})


def search_chains(
    algorithm: Algorithm,
    objective: str = "operations",
    candidates: Sequence[str] | None = None,
    balanced: bool = False,
) -> ChainSearch:
    """For each map the basis or factorisation with which an objective is least, the other maps at their best so far.

    Maps take turns until none improves: with an objective that adds up over the maps, as operations do, that is the
    best of all combinations, with others a local optimum. Without `candidates` all bases and
    factorisations that need no parameters are tried. Those that an algorithm has no chain for are left out, and under a
    scheme that stores the stages those whose chains differ in length from axis to axis. With `balanced`, what passes
    between stages is balanced by powers of two.

    Raises:
        UnknownName: for an unknown objective, scheme or candidate.
        NotApplicable: where a scheme does not admit the algorithm.

    >>> from wincraft import winograd
    >>> found = search_chains(winograd(6, 3, points="0,1,-1,2,-2,1/2,-1/2"), "additions", ["canonical", "butterfly"])
    >>> found.text, found.value
    ('input=butterfly filter=butterfly output=butterfly', 53.0)
    """
    measure = objective_named(objective)
    candidates = plain_names() if candidates is None else candidates
    known: dict[tuple[str, ...], float | None] = {}

    def value_of(chain: dict[str, str]) -> float | None:
        key = tuple(chain.values())
        if key not in known:
            try:
                item = apply_chains(algorithm, chain)
                known[key] = float(measure(balance_stages(item) if balanced else item))
            except NotApplicable:
                known[key] = None
        return known[key]

    chain = dict.fromkeys(MAPS, "canonical")
    best = start = float(measure(algorithm))
    known[tuple(chain.values())] = start
    single = ((name, candidate, value_of(chain | {name: candidate})) for name in MAPS for candidate in candidates)
    tried = [(name, candidate, value) for name, candidate, value in single if value is not None]
    improved = True
    while improved:
        improved = False
        for name in MAPS:
            for candidate in candidates:
                value = value_of(chain | {name: candidate})
                if value is not None and value < best:
                    best, chain, improved = value, chain | {name: candidate}, True
    return ChainSearch(algorithm, objective, chain, best, start, tuple(tried))
