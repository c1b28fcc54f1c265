# SPDX-License-Identifier: Apache-2.0
"""The search for the best points: everything between a space with an objective and a result with its certificate."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import replace
from math import inf
from numbers import Real
from pathlib import Path

from wincraft.construct.conventions import CONVENTIONS
from wincraft.errors import BadValue, check_type, look_up
from wincraft.limits import parse_limits
from wincraft.measures import Measure, measure_named
from wincraft.progress import Progress
from wincraft.search.points.checkpoint import Checkpoint
from wincraft.search.points.incumbent import incumbent
from wincraft.search.points.ranked import ranked
from wincraft.search.points.refusals import check_duration, nothing
from wincraft.search.points.result import SearchResult, listed
from wincraft.search.points.run import RatedSet, Round, Run
from wincraft.search.points.running import Execution, Work
from wincraft.search.points.settings import TOLERANCE, TUNING, Settings, Tuning
from wincraft.search.points.space import Space
from wincraft.search.points.strategies import STRATEGIES, kernels
from wincraft.search.points.workers import workers


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
    tuning: Tuning = TUNING,
) -> SearchResult:
    """The best set of a space, proved to be that: every other set is evaluated, or excluded by a lower bound.

    Floats only exclude: what lies within max(`within`, tolerance) of the best is evaluated by the exact, proved
    construction. The tolerance, 64 n^2 2^-52 m r NG and 10^-9 at least, covers the float error: see the page on search.

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
    check_type("an objective", objective, Measure | str, 'give a name, such as "noise-gain"')
    chosen = objective if isinstance(objective, Measure) else measure_named(objective)
    look_up("convention", convention, CONVENTIONS)
    kernel = kernels(engine).name
    name = strategy if strategy != "auto" else ("branch-and-bound" if chosen.bound else "exhaustive")
    look_up("strategy", name, STRATEGIES)
    if not 0 <= within <= 10:
        raise BadValue("within", f"{within:g}", "give a relative distance from the best, 0 to 10")
    settings = Settings(space, axes, chosen, parse_limits(constraints), convention, name, within, tuning=tuning)
    settings, threshold, known = tolerant(settings)
    if not allow_long and time_limit is None:
        check_duration(settings, threshold, engine, jobs)
    file = None if checkpoint is None else Checkpoint(Path(checkpoint), settings.sha256)
    threads = settings.fast and kernel != "numpy" and settings.parts[0].nodes is not None
    cores = os.cpu_count() or 1 if jobs < 0 else jobs
    together = tuning.wave if threads or cluster is not None else 1 if jobs == 1 else 2 * cores
    with workers(jobs, cluster, threads) as mapper:
        deadline = inf if time_limit is None else began + time_limit
        work = Work(settings, Execution(engine, mapper, deadline, progress, together), file)
        run, now = work.begun(threshold, known)
        return (ranked if settings.fast and settings.constraints else _plain)(work, run, now)


def _plain(work: Work, run: Run, now: Round) -> SearchResult:
    """Without constraints, or with an objective whose sets are evaluated with them."""
    complete = work.advance(run, now)
    sets = listed(work.settings, run.known)
    if complete and not sets:
        raise nothing(work.settings, f"none of the {work.settings.space.count:,} sets")
    return work.result(sets, run, complete)


def tolerant(settings: Settings) -> tuple[Settings, float, list[RatedSet]]:
    """The settings with the slack that covers the float error, and the threshold and the set that a search starts with.

    >>> from wincraft.measures import measure_named
    >>> rank = Settings(Space(2, 3, height=2), 1, measure_named("rank"), (), "wincnn", "exhaustive", within=0.5)
    >>> tolerant(rank)[0].slack
    0.5
    """
    space, known, value = settings.space, list[RatedSet](), 0.0
    if settings.fast:
        starts = ((value, number, chosen) for number, (value, chosen) in enumerate(map(incumbent, settings.parts)))
        known = sorted(item for item in starts if item[0] < inf)[:1]
        value = known[0][0] if known else 0.0
    tolerance = max(TOLERANCE, 64 * (space.m + space.r - 1) ** 2 * 2**-52 * value)
    settings = replace(settings, slack=max(settings.within, tolerance))
    return settings, value * (1 + settings.slack) if known else inf, known
