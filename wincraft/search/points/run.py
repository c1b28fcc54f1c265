# SPDX-License-Identifier: Apache-2.0
"""The state of a search, as plain data too, and what makes a stored one possible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf, isclose, isnan
from typing import Any, NamedTuple, TypeVar

from wincraft.search.points.counting import is_canonical
from wincraft.search.points.gain import Instance, values
from wincraft.search.points.settings import Settings
from wincraft.search.points.strategies import Outcome

ROUNDS = tuple(0.01 * 4.0**k for k in range(10))
"""How far above the best the sets are ranked until one meets the constraints."""

RatedSet = tuple[float, int, tuple[int, ...]]
"""Value, part and members of a set."""
Plain = TypeVar("Plain", int, float, bool, list[Any])


@dataclass
class Run:
    """The state of a search: what a checkpoint holds.

    `frontier` are the open prefixes (part, members) in the order of the search, `found` the sets within the threshold,
    `evaluated` the nodes, `covered` the sets of all finished prefixes. `wave` are the outcomes of the first prefixes
    that wait for the rest of their wave.
    """

    threshold: float
    frontier: list[tuple[int, tuple[int, ...]]]
    fixed: bool = False
    found: list[RatedSet] = field(default_factory=list)
    evaluated: int = 0
    covered: int = 0
    wave: list[Outcome] = field(default_factory=list)

    @property
    def known(self) -> list[RatedSet]:
        """The sets found, those of an unfinished wave too, each once."""
        pairs = zip(self.frontier, self.wave, strict=False)
        return once(self.found + [(value, part, chosen) for (part, _), item in pairs for value, chosen in item.leaves])

    @property
    def document(self) -> dict[str, object]:
        """As plain data; floats come back the same, and tuples are lists in JSON."""
        return dict(vars(self))

    @classmethod
    def from_document(cls, content: dict[str, Any]) -> Run:
        """From plain data.

        Raises:
            LookupError, TypeError, ValueError: for what `document` does not write; nothing is converted.
        """
        return cls(
            _plain(content["threshold"], float),
            [(_plain(part, int), _indices(prefix)) for part, prefix in content["frontier"]],
            _plain(content["fixed"], bool),
            [(_plain(value, float), _plain(part, int), _indices(own)) for value, part, own in content["found"]],
            _plain(content["evaluated"], int),
            _plain(content["covered"], int),
            [
                Outcome(
                    _plain(evaluated, int),
                    tuple((_plain(value, float), _indices(own)) for value, own in leaves),
                    _plain(done, bool),
                )
                for evaluated, leaves, done in content["wave"]
            ],
        )

    def check(self, settings: Settings) -> None:
        """Refuse a state that no search of these settings has.

        The open prefixes are canonical, ascend and do not overlap; with what is covered they add up to the space; the
        values of the sets found are computed again, and the threshold is what follows from the best of them.

        Raises:
            ValueError: with what is wrong.
        """
        parts = settings.parts
        for number, own in (*self.frontier, *((part, chosen) for _, part, chosen in self.known)):
            if not (0 <= number < len(parts) and list(own) == sorted(set(own))):
                raise ValueError("an index is wrong")
            if own and not (own[0] >= 0 and own[-1] < len(parts[number].part.members)):
                raise ValueError("an index is wrong")
            if not is_canonical(own, parts[number].symmetries):
                raise ValueError("a set is not the first of those equivalent to it")
        for (part, prefix), (following, other) in pairwise(self.frontier):
            if (part, prefix) >= (following, other) or (part == following and other[: len(prefix)] == prefix):
                raise ValueError("open sets overlap")
        self._check_wave()
        self.check_counts(settings)
        self._check_threshold(settings.slack)
        for stated, number, chosen in self.known:
            self._check_value(stated, parts[number], chosen, settings)

    def _check_wave(self) -> None:
        if len(self.wave) > len(self.frontier):
            raise ValueError("its wave is wrong")
        for (_, prefix), outcome in zip(self.frontier, self.wave, strict=False):
            below = all(chosen[: len(prefix)] == prefix for _, chosen in outcome.leaves)
            if outcome.evaluated < 0 or not below or (outcome.leaves and not outcome.done):
                raise ValueError("its wave is wrong")

    def check_counts(self, settings: Settings) -> None:
        """Covered and open sets are the space; each is evaluated once, if exhaustively, and something in any case.

        Raises:
            ValueError
        """
        parts = settings.parts
        opened = sum(parts[number].part.covered(prefix) for number, prefix in self.frontier)
        if self.covered < 0 or self.covered + opened != settings.space.count:
            raise ValueError("covered and open sets do not add up to the space")
        evaluated = self.evaluated + sum(outcome.evaluated for outcome in self.wave)
        classes = settings.space.classes(settings.equivalences)
        possible = self.evaluated >= 0 and (self.frontier or evaluated)
        if settings.strategy == "exhaustive":
            possible = 0 <= evaluated <= classes and (self.frontier or evaluated == classes)
        if not possible:
            raise ValueError("the number of evaluated sets is impossible")

    def _check_threshold(self, slack: float) -> None:
        values = [value for value, *_ in self.found]
        if isnan(self.threshold) or any(not value <= self.threshold for value in values):
            raise ValueError("its threshold is wrong")
        if not self.fixed:
            wanted = min(values) + abs(min(values)) * slack if values else inf
            if not isclose(self.threshold, wanted, rel_tol=1e-12):
                raise ValueError("its threshold is wrong")

    def _check_value(self, stated: float, made: Instance, chosen: tuple[int, ...], settings: Settings) -> None:
        if sum(made.part.degrees[i] for i in chosen) != made.part.degree:
            raise ValueError("an index is wrong")
        if settings.fast:
            value = float(values(made, [chosen])[0])
        else:
            value = float(settings.objective.value(settings.algorithm(made.part.texts(chosen))))
            value *= settings.objective.sign
        n = settings.space.m + settings.space.r - 1
        if not isclose(stated, value, rel_tol=max(1e-6, 64 * n * n * 2**-52 * abs(value))):
            raise ValueError("the value of a found set is wrong")


def _plain(value: Any, kind: type[Plain]) -> Plain:
    """The value as it is, of exactly that type: a bool is no int, an int no float."""
    if type(value) is not kind:
        raise TypeError(f"{str(value)[:40]!r} is no {kind.__name__}")
    return value


def _indices(values: Any) -> tuple[int, ...]:
    return tuple(_plain(value, int) for value in _plain(values, list))


def once(found: list[RatedSet]) -> list[RatedSet]:
    """Each set once, with the last value noted of it."""
    sets = {(part, chosen): value for value, part, chosen in found}
    return [(value, part, chosen) for (part, chosen), value in sets.items()]


def start(settings: Settings, threshold: float = inf, known: Sequence[RatedSet] = (), fixed: bool = False) -> Run:
    """The run before anything was searched, with sets that are known already."""
    return Run(threshold, [(number, ()) for number in range(len(settings.parts))], fixed, list(known))


class Round(NamedTuple):
    """Where a ranking under constraints is: `round` -1 is the search for the best set without them, as every other is.

    `best` is the value of that set, `before` what was evaluated in earlier rounds.
    """

    round: int = -1
    best: float | None = None
    before: int = 0

    @property
    def threshold(self) -> float:
        """How far the sets are ranked."""
        return (self.best or 0.0) * (1 + ROUNDS[self.round])

    def check(self, run: Run) -> None:
        """Refuse a round that this run has no part in.

        Raises:
            ValueError: with what is wrong.
        """
        if type(self.round) is not int or not -1 <= self.round < len(ROUNDS) or run.fixed != (self.round >= 0):
            raise ValueError("its round is wrong")
        if type(self.before) is not int or (self.before > 0) != run.fixed:
            raise ValueError("the number of sets evaluated before is wrong")
        if (self.best is not None) != run.fixed or (run.fixed and run.threshold != self.threshold):
            raise ValueError("its best value is wrong")
