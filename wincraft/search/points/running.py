# SPDX-License-Identifier: Apache-2.0
"""A search in waves: tasks for the first prefixes of the frontier, their outcomes merged in order, a checkpoint.

The threshold changes only between waves and a task depends on nothing else, so that neither the number of workers nor
an interruption changes the result, the number of evaluated nodes included. A run that ends inside a wave keeps the
outcomes that it has of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf, isclose, isnan
from typing import Any, TypeVar

from wincraft.progress import Progress
from wincraft.search.points import kernels_numpy
from wincraft.search.points.counting import is_canonical
from wincraft.search.points.gain import Instance, values
from wincraft.search.points.leaves import MAX_LEAVES, too_many
from wincraft.search.points.strategies import Outcome, Settings, Task, instances
from wincraft.search.points.workers import Mapper

WAVE = 64
SLOW_WAVE = 16
"""Tasks between two updates of the threshold, with kernels and without."""

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
        return _once(self.found + [(value, part, chosen) for (part, _), item in pairs for value, chosen in item.leaves])

    @property
    def document(self) -> dict[str, Any]:
        """As plain data; floats come back the same."""
        return {
            "threshold": self.threshold,
            "fixed": self.fixed,
            "frontier": [[part, list(prefix)] for part, prefix in self.frontier],
            "found": [[value, part, list(chosen)] for value, part, chosen in self.found],
            "evaluated": self.evaluated,
            "covered": self.covered,
            "wave": [
                [item.evaluated, [[value, list(chosen)] for value, chosen in item.leaves], item.done]
                for item in self.wave
            ],
        }

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
        parts = instances(settings.space, settings.equivalences)
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
        parts = instances(settings.space, settings.equivalences)
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


def start(settings: Settings, threshold: float = inf, known: Sequence[RatedSet] = (), fixed: bool = False) -> Run:
    """The run before anything was searched, with sets that are known already."""
    parts = instances(settings.space, settings.equivalences)
    return Run(threshold, [(number, ()) for number in range(len(parts))], fixed, list(known))


def advance(
    run: Run,
    settings: Settings,
    engine: str,
    mapper: Mapper,
    deadline: float = inf,
    save: Callable[[Run], None] = lambda run: None,
    progress: Progress = lambda done, total, name: None,
    together: int = 1,
) -> bool:
    """Search until the frontier is empty or the deadline has passed, after one call of the mapper at least.

    The mapper gets `together` tasks at once. Returns whether the frontier is empty.
    """
    parts = instances(settings.space, settings.equivalences)
    began, before = time.monotonic(), run.covered
    while run.frontier:
        size = WAVE if settings.fast else SLOW_WAVE
        wave, rest = run.frontier[:size], run.frontier[size:]
        now = wave[len(run.wave) : len(run.wave) + together]
        run.wave += mapper([Task(settings, engine, *item, run.threshold, run.fixed) for item in now])
        if len(run.wave) == len(wave):
            _close_wave(run, parts, settings, wave, rest)
        save(run)
        covered = run.covered + _covered_by_wave(run, parts)
        moment = time.monotonic()
        rate = (covered - before) / max(moment - began, 1e-9)
        progress(covered, settings.space.count, _status(run, settings, rate))
        if moment >= deadline:
            break
    return not run.frontier


def _close_wave(
    run: Run,
    parts: Sequence[Instance],
    settings: Settings,
    wave: Sequence[tuple[int, tuple[int, ...]]],
    rest: list[tuple[int, tuple[int, ...]]],
) -> None:
    """Merge the outcomes of a whole wave; what was not finished is split and comes first in the frontier."""
    outcomes, run.wave = run.wave, []
    opened: list[tuple[int, tuple[int, ...]]] = []
    for (number, prefix), outcome in zip(wave, outcomes, strict=True):
        run.evaluated += outcome.evaluated
        run.found += [(value, number, chosen) for value, chosen in outcome.leaves]
        if outcome.done:
            run.covered += parts[number].part.covered(prefix)
        else:
            opened += [(number, longer) for longer in split(run, parts[number], prefix, settings)]
    run.frontier = opened + rest
    _merge(run, settings.slack)


def _covered_by_wave(run: Run, parts: Sequence[Instance]) -> int:
    pairs = zip(run.frontier, run.wave, strict=False)
    return sum(parts[number].part.covered(prefix) for (number, prefix), item in pairs if item.done)


def _status(run: Run, settings: Settings, rate: float) -> str:
    """What a progress bar says: the best value, what was evaluated, sets per second."""
    best = min((value for value, *_ in run.known), default=run.threshold)
    evaluated = run.evaluated + sum(item.evaluated for item in run.wave)
    return f"best {_shown(best, settings)}, {evaluated:,} evaluated, {rate:.3g} sets/s"


def split(run: Run, made: Instance, prefix: tuple[int, ...], settings: Settings) -> list[tuple[int, ...]]:
    """The prefixes one member longer that are still to be searched; what is excluded counts as covered."""
    part = made.part
    begin = prefix[-1] + 1 if prefix else 0
    everything = {(*prefix, i) for i in range(begin, len(part.members)) if part.covered((*prefix, i))}
    if settings.strategy == "branch-and-bound":
        found, evaluated = kernels_numpy.walk(made, prefix, run.threshold)
        run.evaluated += evaluated
        kept = [] if found is None else [
            (*prefix, int(i)) for i, bound in zip(found.state.ids, found.bounds, strict=True) if bound <= run.threshold
        ]  # fmt: skip
    else:
        kept = sorted(everything)
    kept = [longer for longer in kept if longer in everything and is_canonical(longer, made.symmetries)]
    run.covered += sum(part.covered(longer) for longer in everything.difference(kept))
    return kept


def _merge(run: Run, slack: float) -> None:
    """The threshold after a wave, and the sets within it, best first, in the order of the search."""
    if run.found and not run.fixed:
        best = min(value for value, *_ in run.found)
        limit = best + abs(best) * slack
        run.threshold = min(run.threshold, limit)
    run.found = _once([item for item in run.found if item[0] <= run.threshold])
    if len(run.found) > MAX_LEAVES // 2:
        raise too_many()


def _once(found: list[RatedSet]) -> list[RatedSet]:
    sets = {(part, chosen): value for value, part, chosen in found}
    return [(value, part, chosen) for (part, chosen), value in sets.items()]


def _shown(value: float, settings: Settings) -> str:
    if settings.fast:
        value = (value / (settings.space.m * settings.space.r)) ** settings.axes
    return f"{settings.objective.sign * value:.6g}"
