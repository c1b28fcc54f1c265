# SPDX-License-Identifier: Apache-2.0
"""A search in waves: tasks for the first prefixes of the frontier, their outcomes merged in order.

The threshold changes only between waves and a task depends on nothing else, so that neither the number of workers nor
an interruption changes the result, the number of evaluated nodes included. A run that ends inside a wave keeps the
outcomes that it has of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf

from wincraft.progress import Progress
from wincraft.search.points.checkpoint import Checkpoint
from wincraft.search.points.counting import is_canonical
from wincraft.search.points.gain import Instance, lower_bound
from wincraft.search.points.kernels_numpy import walk
from wincraft.search.points.leaves import MAX_LEAVES, too_many
from wincraft.search.points.result import PointSet, SearchResult
from wincraft.search.points.run import RatedSet, Round, Run, once, start
from wincraft.search.points.settings import Settings
from wincraft.search.points.strategies import Task
from wincraft.search.points.workers import Mapper

SHARES = (0.05, 0.1, 0.2, 0.3, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98)
"""Shares of the best value with which the bound of an unfinished run is tightened."""


@dataclass(frozen=True)
class Execution:
    """What runs a search, and until when, which changes nothing of what is found: `together` tasks at a time."""

    engine: str
    mapper: Mapper
    deadline: float = inf
    progress: Progress = lambda done, total, name: None
    together: int = 1


def advance(run: Run, settings: Settings, execution: Execution, save: Callable[[Run], None] = lambda run: None) -> bool:
    """Search until the frontier is empty or the deadline has passed, after one call of the mapper at least.

    Returns whether the frontier is empty.
    """
    began, before = time.monotonic(), run.covered
    while run.frontier:
        size = settings.tuning.wave if settings.fast else settings.tuning.slow_wave
        wave = run.frontier[:size]
        now = wave[len(run.wave) : len(run.wave) + execution.together]
        run.wave += execution.mapper(
            [Task(settings, execution.engine, *item, run.threshold, run.fixed) for item in now]
        )
        if len(run.wave) == len(wave):
            _close_wave(run, settings, len(wave))
        save(run)
        covered = run.covered + _covered_by_wave(run, settings)
        moment = time.monotonic()
        rate = (covered - before) / max(moment - began, 1e-9)
        execution.progress(covered, settings.space.count, _status(run, settings, rate))
        if moment >= execution.deadline:
            break
    return not run.frontier


def _close_wave(run: Run, settings: Settings, size: int) -> None:
    """Merge the outcomes of a whole wave; what was not finished is split and comes first in the frontier.

    The sets within the new threshold are kept in the order of the search.
    """
    outcomes, run.wave = run.wave, []
    wave, rest, parts = run.frontier[:size], run.frontier[size:], settings.parts
    opened: list[tuple[int, tuple[int, ...]]] = []
    for (number, prefix), outcome in zip(wave, outcomes, strict=True):
        made = parts[number]
        run.evaluated += outcome.evaluated
        run.found += [(value, number, chosen) for value, chosen in outcome.leaves]
        if outcome.done:
            run.covered += made.part.covered(prefix)
        else:
            opened += [(number, longer) for longer in split(run, made, prefix, settings)]
    run.frontier = opened + rest
    if run.found and not run.fixed:
        best = min(value for value, *_ in run.found)
        run.threshold = min(run.threshold, best + abs(best) * settings.slack)
    run.found = once([item for item in run.found if item[0] <= run.threshold])
    if len(run.found) > MAX_LEAVES // 2:
        raise too_many()


def _covered_by_wave(run: Run, settings: Settings) -> int:
    pairs, parts = zip(run.frontier, run.wave, strict=False), settings.parts
    return sum(parts[number].part.covered(prefix) for (number, prefix), item in pairs if item.done)


def _status(run: Run, settings: Settings, rate: float) -> str:
    """What a progress bar says: the best value, what was evaluated, sets per second."""
    best = min((value for value, *_ in run.known), default=run.threshold)
    evaluated = run.evaluated + sum(item.evaluated for item in run.wave)
    shown = settings.objective.sign * (settings.gain(best) if settings.fast else best)
    return f"best {shown:.6g}, {evaluated:,} evaluated, {rate:.3g} sets/s"


def split(run: Run, made: Instance, prefix: tuple[int, ...], settings: Settings) -> list[tuple[int, ...]]:
    """The prefixes one member longer that are still to be searched; what is excluded counts as covered."""
    part = made.part
    begin = prefix[-1] + 1 if prefix else 0
    everything = {(*prefix, i) for i in range(begin, len(part.members)) if part.covered((*prefix, i))}
    if settings.strategy == "branch-and-bound":
        found, evaluated = walk(made, prefix, run.threshold)
        run.evaluated += evaluated
        kept = [] if found is None else [
            (*prefix, int(i)) for i, bound in zip(found.state.ids, found.bounds, strict=True) if bound <= run.threshold
        ]  # fmt: skip
    else:
        kept = sorted(everything)
    kept = [longer for longer in kept if longer in everything and is_canonical(longer, made.symmetries)]
    run.covered += sum(part.covered(longer) for longer in everything.difference(kept))
    return kept


@dataclass(frozen=True)
class Work:
    """What is searched, what runs it, and the file that keeps its state, if any."""

    settings: Settings
    execution: Execution
    checkpoint: Checkpoint | None

    def begun(self, threshold: float, known: list[RatedSet]) -> tuple[Run, Round]:
        """The run of the checkpoint, or one from this threshold and these sets.

        Raises:
            BadDocument: for a checkpoint that no search has written.
        """
        stored = self.checkpoint.load() if self.checkpoint else None
        if stored is None or self.checkpoint is None:
            return start(self.settings, threshold, known), Round()
        try:
            run, now = (
                Run.from_document(stored["run"]),
                Round(**{key: stored[key] for key in Round._fields if key in stored}),
            )
            run.check(self.settings)
            now.check(run)
        except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise self.checkpoint.damaged(str(error)) from None
        return run, now

    def advance(self, run: Run, now: Round) -> bool:
        """Search until nothing is open or time is up, the state kept; whether nothing is open."""
        if self.checkpoint is None:
            return advance(run, self.settings, self.execution)
        file = self.checkpoint

        def save(run: Run, at_once: bool = False) -> None:
            file.save({**now._asdict(), "run": run.document}, at_once)

        save(run, True)
        complete = advance(run, self.settings, self.execution, save)
        try:
            run.check_counts(self.settings)
        except ValueError as error:
            raise file.damaged(str(error)) from None
        save(run, True)
        return complete

    def result(
        self, sets: list[PointSet], run: Run, complete: bool, before: int = 0, free: PointSet | None = None
    ) -> SearchResult:
        """The result of a run after which these sets are the best, `before` evaluated in earlier rounds."""
        best = sets[0] if sets else None
        bound = best.approximate if complete and best else self.open_bound(run)
        evaluated = before + run.evaluated
        return SearchResult(self.settings, best, tuple(sets[1:]), bound, complete, evaluated, run.covered, free)

    def open_bound(self, run: Run) -> float | None:
        """A lower bound of what an unfinished run leaves open, in units of the objective.

        The least bound of an open prefix, or more: a share of the threshold, where branch and bound under it finds
        nothing below the open prefixes in time.
        """
        if not self.settings.fast:
            return None
        parts, end = self.settings.parts, time.monotonic() + self.settings.tuning.bound_seconds
        known = min([run.threshold, *(value for value, *_ in run.known)])
        least = min([known, *(lower_bound(parts[part], prefix) for part, prefix in run.frontier)])
        settings = replace(self.settings, strategy="branch-and-bound")
        execution = Execution(self.execution.engine, self.execution.mapper, end)
        for share in SHARES:
            trial = Run(known * share, list(run.frontier), fixed=True)
            if not known * share < inf or not advance(trial, settings, execution) or trial.found:
                break
            least = max(least, known * share)
        return self.settings.gain(least)
