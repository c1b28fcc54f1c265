# SPDX-License-Identifier: Apache-2.0
"""Searches under constraints on an objective that the kernels evaluate: sets are ranked until one meets them."""

from __future__ import annotations

from collections.abc import Iterable

from wincraft.search.points.refusals import nothing
from wincraft.search.points.result import SearchResult, compared, listed
from wincraft.search.points.run import ROUNDS, RatedSet, Round, Run, start
from wincraft.search.points.running import Work
from wincraft.search.points.settings import Settings

FIRST = 8
"""Of the ranked sets those that are compared exactly for the best without constraints."""


def ranked(work: Work, run: Run, now: Round) -> SearchResult:
    """The best set without constraints, then all sets ever further from it until one meets the constraints.

    Raises:
        NotApplicable: where none does.
    """
    settings = work.settings
    if now.round < 0:
        if not work.advance(run, now):
            return work.result([], run, False)
        now = Round(0, min(value for value, *_ in run.found), run.evaluated)
        run = start(settings, now.threshold, fixed=True)
    everything = settings.space.classes(settings.equivalences)
    while True:
        complete = work.advance(run, now)
        ranking = sorted(run.known)
        feasible = _feasible(settings, ranking)
        if feasible or not complete:
            free = compared(settings, ranking[:FIRST])
            return work.result(listed(settings, feasible), run, complete, now.before, free[0] if free else None)
        if len(run.found) == everything or now.round + 1 == len(ROUNDS) or _beyond(settings, run.threshold):
            reached = f"none of the {len(run.found):,} sets up to {1 + ROUNDS[now.round]:g} times the best"
            raise nothing(settings, reached)
        now = Round(now.round + 1, now.best, now.before + run.evaluated)
        run = start(settings, now.threshold, fixed=True)


def _beyond(settings: Settings, threshold: float) -> bool:
    """Whether a constraint on the objective itself excludes everything above the threshold."""
    value = settings.gain(threshold)
    own = (c for c in settings.constraints if c.measure.name == settings.objective.name)
    return any(c.relation in ("<", "<=") and value > c.value for c in own)


def _feasible(settings: Settings, ranking: Iterable[RatedSet]) -> list[RatedSet]:
    """The best of the ranked sets that meets the constraints, and those within the slack of it."""
    kept: list[RatedSet] = []
    for value, part, chosen in ranking:
        if kept and value > kept[0][0] * (1 + settings.slack):
            break
        if settings.feasible(settings.algorithm(settings.parts[part].part.texts(chosen))):
            kept.append((value, part, chosen))
    return kept
