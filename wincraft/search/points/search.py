# SPDX-License-Identifier: Apache-2.0
"""The search for the best points: everything between a space with an objective and a result with its certificate."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice
from math import inf, isfinite
from numbers import Real
from pathlib import Path
from typing import Any

from sympy import Rational

from wincraft.construct.conventions import CONVENTIONS
from wincraft.errors import BadValue, NotApplicable, TooLarge, check_type, look_up
from wincraft.limits import parse_limits
from wincraft.measures import Measure, measure_named
from wincraft.progress import Progress
from wincraft.search.points import kernels_numpy
from wincraft.search.points.checkpoint import Checkpoint
from wincraft.search.points.gain import Instance, lower_bound
from wincraft.search.points.incumbent import estimated_nodes, incumbent
from wincraft.search.points.result import PointSet, SearchResult, number_of, point_set, settings_hash
from wincraft.search.points.running import WAVE, RatedSet, Run, advance, start
from wincraft.search.points.space import Space
from wincraft.search.points.strategies import STRATEGIES, Settings, instances, kernels
from wincraft.search.points.workers import Mapper, workers

TOLERANCE = 1e-9
"""Least relative slack: sets this close to the best in float64 are compared exactly."""
MAX_SECONDS = 3600.0
"""A search estimated to take longer is refused unless it is allowed or limited."""
SAMPLED = 50
"""How many sets tell whether an objective is infinite everywhere, once nothing is found."""
ROUNDS = tuple(0.01 * 4**k for k in range(10))
"""How far above the best the sets are ranked until one meets the constraints."""
_RATES = {"numba": (1e7, 1.5e7), "numpy": (2e6, 4e4), "rows": (2e4, 2e4)}
"""Sets enumerated and nodes evaluated per second and core, for estimates."""
_SURE, _TRIED = 10**8, 200
"""Sets that need no estimate, with branch and bound, and one by one."""
BOUND_SECONDS = 2.0
SHARES = (0.05, 0.1, 0.2, 0.3, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98)
"""How long, and with which shares of the best value, the bound of an unfinished run is tightened."""


def search_space(
    space: Space,
    objective: str | Measure = "noise-gain",
    *,
    axes: int = 1,
    constraints: Sequence[str] = (),
    strategy: str = "auto",
    convention: str = "wincnn",
    within: float = 0.0,
    engine: str = "auto",
    jobs: int = 1,
    cluster: str | None = None,
    time_limit: float | None = None,
    checkpoint: str | Path | None = None,
    allow_long: bool = False,
    progress: Progress = lambda done, total, name: None,
) -> SearchResult:
    """The best set of a space, proved to be that: every other set is evaluated, or excluded by a lower bound.

    Floats only exclude: what lies within max(`within`, tolerance) of the best is evaluated by the exact, proved
    construction. The tolerance is 64 n^2 2^-52 m r NG, 10^-9 at least. It covers the float error: a set of points of
    value T = m r NG has rows (of norm 1, of weights >= 1/2) whose matrix has a condition number within sqrt(2 n T), so
    that wherever a bound could matter, it is accurate; beyond, it only has to be large. With moduli of higher degree,
    whose weights may be small, the same tolerance is used without that proof.

    With constraints the sets are ranked by the objective, ever further from the best, until one meets them all.
    ``auto`` is branch and bound where the objective has a bound, else exhaustive.

    Raises:
        UnknownName: for a strategy, objective, convention or engine.
        BadValue: for a time limit or a distance that is none.
        TooLarge: for a search estimated to take over `MAX_SECONDS`, without `allow_long` or a time limit.
        NotApplicable: for constraints that nothing meets.
        MissingTool, ToolFailed: for extras that are missing and clusters that do not answer.
        BadDocument: for a checkpoint of other settings.

    >>> search_space(Space(4, 3, shape="symmetric", zero="with", height=10))
    F(4,3): noise-gain (output variance from rounding every product)
      space: 63 symmetric rationals of height <= 10, 0 in every set, inf in every
        set: 1,953 sets for F(4,3)
      branch-and-bound: 369 evaluated, 18.894% of the space; complete
           value          exact  moduli
      4.76195216  617149/129600  0,2/3,-2/3,3/2,-3/2,inf
      No set of this space is better: every other one was evaluated or excluded by a
        bound.
    """
    began = time.monotonic()
    for what, given in (("a time limit in seconds", time_limit), ("a distance from the best", within)):
        check_type(what, given, Real | None, "give a number")
    if time_limit is not None and not 0 <= time_limit < inf:
        raise BadValue("the time limit", f"{time_limit:g} seconds", "give a finite number, 0 or more")
    deadline = inf if time_limit is None else began + time_limit
    check_type("an objective", objective, Measure | str, 'give a name, such as "noise-gain"')
    chosen = objective if isinstance(objective, Measure) else measure_named(objective)
    look_up("convention", convention, CONVENTIONS)
    kernels(engine)
    name = strategy if strategy != "auto" else ("branch-and-bound" if chosen.bound else "exhaustive")
    look_up("strategy", name, STRATEGIES)
    if not 0 <= within <= 10:
        raise BadValue("within", f"{within:g}", "give a relative distance from the best, 0 to 10")
    limits = parse_limits(constraints)
    settings = Settings(space, axes, chosen, limits, convention, name, max(within, TOLERANCE))
    parts = instances(space, settings.equivalences)
    limited = allow_long or time_limit is not None
    if not limited and name == "exhaustive":
        _check_enumeration(settings, parts, engine, jobs)
    settings, threshold, known = tolerant(settings, within)
    if not limited and name == "branch-and-bound" and space.count > _SURE:
        nodes = sum(estimated_nodes(made, threshold) for made in parts)
        _refuse_long(nodes / _RATES[_kind(parts, engine)][1] / max(jobs, 1), f"about {nodes:.2g} nodes", name)
    file = None if checkpoint is None else Checkpoint(Path(checkpoint), settings_hash(settings, within))
    threads = settings.fast and kernels(engine) is not kernels_numpy and parts[0].nodes is not None
    with workers(jobs, cluster, threads) as mapper:
        cores = os.cpu_count() or 1 if jobs < 0 else jobs
        together = WAVE if threads or cluster is not None else 1 if jobs == 1 else 2 * cores
        search_run = _Search(settings, within, engine, mapper, deadline, file, progress, together)
        if settings.fast and limits:
            return search_run.ranked(threshold, known)
        return search_run.plain(threshold, known)


def tolerant(settings: Settings, within: float) -> tuple[Settings, float, list[RatedSet]]:
    """The settings with the slack that covers the float error, and the threshold and the set that a search starts with.

    >>> from wincraft.measures import measure_named
    >>> rank = Settings(Space(2, 3, height=2), 1, measure_named("rank"), (), "wincnn", "exhaustive", 0.0)
    >>> tolerant(rank, 0.0)[0].slack
    1e-09
    """
    if not settings.fast:
        return replace(settings, slack=max(within, TOLERANCE)), inf, []
    parts = instances(settings.space, settings.equivalences)
    starts = ((value, number, chosen) for number, (value, chosen) in enumerate(map(incumbent, parts)))
    known = sorted(item for item in starts if item[0] < inf)[:1]
    value = known[0][0] if known else 0.0
    tolerance = max(TOLERANCE, 64 * (settings.space.m + settings.space.r - 1) ** 2 * 2**-52 * value)
    settings = replace(settings, slack=max(within, tolerance))
    return settings, value * (1 + settings.slack) if known else inf, known


class _Search:
    def __init__(
        self, settings: Settings, within: float, engine: str, mapper: Mapper, deadline: float,
        checkpoint: Checkpoint | None, progress: Progress, together: int,
    ) -> None:  # fmt: skip
        self.settings, self.within, self.engine, self.mapper = settings, within, engine, mapper
        self.deadline, self.checkpoint, self.progress, self.together = deadline, checkpoint, progress, together
        self.parts = instances(settings.space, settings.equivalences)

    def plain(self, threshold: float, known: list[RatedSet]) -> SearchResult:
        """Without constraints, or with an objective whose sets are evaluated with them."""
        stored = self.checkpoint.load() if self.checkpoint else None
        run = self.resumed(stored) if stored else start(self.settings, threshold, known)
        complete = self.advance(run, {})
        sets = self.exact(run.known)
        if complete and not sets:
            raise self.nothing(f"none of the {self.settings.space.count:,} sets")
        return self.result(sets, run.evaluated, run.covered, complete, None if complete else self.open_bound(run))

    def ranked(self, threshold: float, known: list[RatedSet]) -> SearchResult:
        """The best set without constraints, then all sets ever further from it until one meets the constraints."""
        stored = (self.checkpoint.load() if self.checkpoint else None) or {"round": -1, "best": None, "run": {}}
        run = self.resumed(stored) if stored.get("run", True) else start(self.settings, threshold, known)
        number, best, before = stored["round"], stored["best"], stored.get("before", 0)
        if number < 0:
            complete = self.advance(run, {"round": -1, "best": None})
            if not complete:
                return self.result([], run.evaluated, run.covered, False, self.open_bound(run))
            best, before, number = min(value for value, *_ in run.found), run.evaluated, 0
            run = start(self.settings, best * (1 + ROUNDS[0]), fixed=True)
        everything = self.settings.space.classes(self.settings.equivalences)
        while True:
            complete = self.advance(run, {"round": number, "best": best, "before": before})
            ranking = sorted(run.known)
            feasible, evaluated = self.feasible(ranking), before + run.evaluated
            bound = None if complete else self.open_bound(run)
            first = self.exact(ranking[:8], only_feasible=False)
            free = first[0] if first else None
            if feasible or not complete:
                sets = self.exact(feasible)
                return self.result(sets, evaluated, run.covered, complete, bound, free)
            if len(run.found) == everything or number + 1 == len(ROUNDS) or self.beyond(run.threshold):
                raise self.nothing(f"none of the {len(run.found):,} sets up to {1 + ROUNDS[number]:g} times the best")
            number, before = number + 1, evaluated
            run = start(self.settings, best * (1 + ROUNDS[number]), fixed=True)

    def resumed(self, stored: dict[str, Any]) -> Run:
        """The run of a checkpoint; raises `BadDocument` for what no search has written."""
        assert self.checkpoint is not None
        try:
            run = Run.from_document(stored["run"])
            run.check(self.settings)
            self.check_round(stored, run)
        except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise self.checkpoint.damaged(str(error)) from None
        return run

    def check_round(self, stored: dict[str, Any], run: Run) -> None:
        """Raises `ValueError` where the threshold of a run is not that of its round."""
        number, best, before = stored.get("round", -1), stored.get("best"), stored.get("before", 0)
        if type(number) is not int or not -1 <= number < len(ROUNDS) or run.fixed != (number >= 0):
            raise ValueError("its round is wrong")
        if type(before) is not int or (before > 0) != (number >= 0):
            raise ValueError("the number of sets evaluated before is wrong")
        if (best is None) != (number < 0) or (best is not None and run.threshold != best * (1 + ROUNDS[number])):
            raise ValueError("its best value is wrong")

    def advance(self, run: Run, more: dict[str, Any]) -> bool:
        def save(now: Run, at_once: bool = False) -> None:
            if self.checkpoint:
                self.checkpoint.save({**more, "run": now.document}, at_once)

        save(run, True)
        complete = advance(
            run, self.settings, self.engine, self.mapper, self.deadline, save, self.progress, self.together
        )
        if self.checkpoint:
            try:
                run.check_counts(self.settings)
            except ValueError as error:
                raise self.checkpoint.damaged(str(error)) from None
        save(run, True)
        return complete

    def beyond(self, threshold: float) -> bool:
        """Whether a constraint on the objective itself excludes everything above the threshold."""
        value = (threshold / (self.settings.space.m * self.settings.space.r)) ** self.settings.axes
        own = (c for c in self.settings.constraints if c.measure.name == self.settings.objective.name)
        return any(c.relation in ("<", "<=") and value > c.value for c in own)

    def feasible(self, ranking: Iterable[RatedSet]) -> list[RatedSet]:
        """The best of the ranked sets that meets the constraints, and those within the slack of it."""
        kept: list[RatedSet] = []
        for value, part, chosen in ranking:
            if kept and value > kept[0][0] * (1 + self.settings.slack):
                break
            if self.settings.feasible(self.settings.algorithm(self.parts[part].part.texts(chosen))):
                kept.append((value, part, chosen))
        return kept

    def exact(self, found: Iterable[RatedSet], only_feasible: bool = True) -> list[PointSet]:
        """The sets with their exact values, best first, those beyond `within` of the best left out."""
        sets = [point_set(self.settings, self.parts[part].part.texts(chosen)) for _, part, chosen in found]
        sign = self.settings.objective.sign
        ranked = sorted(sets, key=lambda item: (sign * _number(item), _simplicity(item), item.moduli))
        if not ranked or not only_feasible:
            return ranked
        best = sign * _number(ranked[0])
        limit = best + abs(best) * Rational(str(self.within))
        return [item for item in ranked if sign * _number(item) <= limit]

    def open_bound(self, run: Run) -> float | None:
        """A lower bound of what an unfinished run leaves open, in units of the objective.

        The least bound of an open prefix, or more: a share of the threshold, where branch and bound under it finds
        nothing below the open prefixes within `BOUND_SECONDS`.
        """
        if not self.settings.fast:
            return None
        opened = [lower_bound(self.parts[part], prefix) for part, prefix in run.frontier]
        known = min([run.threshold, *(value for value, *_ in run.known)])
        least, end = min([known, *opened]), time.monotonic() + BOUND_SECONDS
        settings = replace(self.settings, strategy="branch-and-bound")
        for share in SHARES:
            trial = Run(known * share, list(run.frontier), fixed=True)
            if not known * share < inf or not advance(trial, settings, self.engine, self.mapper, end) or trial.found:
                break
            least = max(least, known * share)
        return float((least / (self.settings.space.m * self.settings.space.r)) ** self.settings.axes)

    def result(
        self, sets: list[PointSet], evaluated: int, covered: int, complete: bool, bound: float | None,
        free: PointSet | None = None,
    ) -> SearchResult:  # fmt: skip
        best = sets[0] if sets else None
        if complete and best is not None:
            bound = best.approximate
        return SearchResult(
            self.settings, self.within, best, tuple(sets[1:]), bound, complete, evaluated, covered, free
        )

    def nothing(self, what: str) -> NotApplicable:
        """The error of an objective that is infinite for every set, or of constraints that nothing meets."""
        some = [] if self.settings.fast else islice(kernels_numpy.full_sets(self.parts[0], ()), SAMPLED)
        tried = [self.parts[0].part.texts(chosen) for chosen in some]
        kept = [moduli for moduli in tried if self.settings.feasible(self.settings.algorithm(moduli))]
        if kept and not any(_finite(self.settings, moduli, self.settings.convention) for moduli in kept):
            of = f"{self.settings.objective.name} in the convention {self.settings.convention}"
            others = [name for name in CONVENTIONS if _finite(self.settings, kept[0], name)]
            repair = f"choose the convention {' or '.join(others)}" if others else "choose another objective"
            return NotApplicable("search", f"{what} has a finite {of}", repair)
        texts = ", ".join(item.text for item in self.settings.constraints)
        repair = "relax a constraint, or search another space"
        if self.settings.convention != "integer" and "exact-bits" in texts:
            repair += ', or convention "integer", whose entries are whole'
        return NotApplicable("search", f"{what} meets {texts}", repair)


def _finite(settings: Settings, moduli: tuple[str, ...], convention: str) -> bool:
    """Whether the objective of a set is a number in a convention."""
    try:
        algorithm = replace(settings, convention=convention).algorithm(moduli)
        return isfinite(settings.objective.value(algorithm))
    except NotApplicable:
        return False


def _number(item: PointSet) -> Any:
    return number_of(item.value, item.approximate)


def _simplicity(item: PointSet) -> tuple[int, int]:
    return sum(len(text) for text in item.moduli), sum(text.startswith("-") for text in item.moduli)


def _kind(parts: Sequence[Instance], engine: str) -> str:
    if parts[0].nodes is None:
        return "rows"
    return "numpy" if kernels(engine) is kernels_numpy else "numba"


def _check_enumeration(settings: Settings, parts: Sequence[Instance], engine: str, jobs: int) -> None:
    """Refuse an exhaustive search that would take longer than `MAX_SECONDS`; raises `NotApplicable`."""
    classes = settings.space.classes(settings.equivalences)
    if settings.fast:
        _refuse_long(
            classes / _RATES[_kind(parts, engine)][0] / max(jobs, 1), f"{_many(classes)} sets", settings.strategy
        )
    elif classes > _TRIED:
        part = max(parts, key=lambda made: made.part.count)
        sample = [part.part.texts(chosen) for chosen in islice(kernels_numpy.full_sets(part, ()), 3)]
        began = time.monotonic()
        for moduli in sample:
            settings.objective.value(settings.algorithm(moduli))
        seconds = classes * (time.monotonic() - began) / len(sample) / max(jobs, 1)
        _refuse_long(seconds, f"{_many(classes)} sets, to be evaluated one by one,", settings.strategy)


def _refuse_long(seconds: float, what: str, strategy: str) -> None:
    if seconds > MAX_SECONDS:
        repair = "lower the height, give --time-limit SECONDS, or --allow-long"
        raise TooLarge(f"search with {strategy}", f"{what} would take about {_duration(seconds)}", repair)


def _many(count: int) -> str:
    return f"{count:,}" if count < 10**12 else f"{count:.2g}"


def _duration(seconds: float) -> str:
    for unit, length in (("years", 31_557_600), ("days", 86_400), ("hours", 3600)):
        if seconds >= length:
            return f"{seconds / length:,.3g} {unit}"
    return f"{seconds:.3g} seconds"
