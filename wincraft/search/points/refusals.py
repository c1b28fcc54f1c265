# SPDX-License-Identifier: Apache-2.0
"""Searches that are refused: those that would take too long, and those that find nothing."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import islice
from math import isfinite

from wincraft.construct.conventions import CONVENTIONS
from wincraft.errors import NotApplicable, TooLarge
from wincraft.search.points.incumbent import estimated_nodes
from wincraft.search.points.kernels_numpy import full_sets
from wincraft.search.points.settings import Settings
from wincraft.search.points.strategies import kernels

MAX_SECONDS = 3600.0
"""A search estimated to take longer is refused unless it is allowed or limited."""
SAMPLED = 50
"""How many sets tell whether an objective is infinite everywhere, once nothing is found."""
_RATES = {"numba": (1e7, 1.5e7), "numpy": (2e6, 4e4), "rows": (2e4, 2e4)}
"""Sets enumerated and nodes evaluated per second and core, for estimates."""
_SURE, _TRIED = 10**8, 200
"""Sets that need no estimate, with branch and bound, and one by one."""


def check_duration(settings: Settings, threshold: float, engine: str, jobs: int) -> None:
    """Refuse a search that would take long.

    Raises:
        TooLarge: beyond `MAX_SECONDS`.
    """
    enumerated, evaluated = _RATES[kernels(engine).name if settings.parts[0].nodes is not None else "rows"]
    bounded = settings.strategy == "branch-and-bound"
    classes = settings.space.count if bounded else settings.space.classes(settings.equivalences)
    if classes <= (_SURE if bounded else 0 if settings.fast else _TRIED):
        return
    sets = f"{classes:,} sets" if classes < 10**12 else f"{classes:.2g} sets"
    if bounded:
        nodes = sum(estimated_nodes(made, threshold) for made in settings.parts)
        seconds, what = nodes / evaluated, f"about {nodes:.2g} nodes"
    elif settings.fast:
        seconds, what = classes / enumerated, sets
    else:
        made = max(settings.parts, key=lambda made: made.part.count)
        sample = [made.part.texts(chosen) for chosen in islice(full_sets(made, ()), 3)]
        began = time.monotonic()
        for moduli in sample:
            settings.objective.value(settings.algorithm(moduli))
        seconds = classes * (time.monotonic() - began) / len(sample)
        what = f"{sets}, to be evaluated one by one,"
    seconds /= max(jobs, 1)
    if seconds > MAX_SECONDS:
        repair = "lower the height, give --time-limit SECONDS, or --allow-long"
        what = f"{what} would take about {_duration(seconds)}"
        raise TooLarge(f"search with {settings.strategy}", what, repair)


def _duration(seconds: float) -> str:
    for unit, length in (("years", 31_557_600), ("days", 86_400), ("hours", 3600)):
        if seconds >= length:
            return f"{seconds / length:,.3g} {unit}"
    return f"{seconds:.3g} seconds"


def nothing(settings: Settings, what: str) -> NotApplicable:
    """The error of an objective that is infinite for every set, or of constraints that nothing meets."""
    made = settings.parts[0]
    some = [] if settings.fast else islice(full_sets(made, ()), SAMPLED)
    tried = [made.part.texts(chosen) for chosen in some]
    kept = [moduli for moduli in tried if settings.feasible(settings.algorithm(moduli))]
    if kept and not any(_finite(settings, moduli) for moduli in kept):
        others = [name for name in CONVENTIONS if _finite(replace(settings, convention=name), kept[0])]
        repair = f"choose the convention {' or '.join(others)}" if others else "choose another objective"
        of = f"{settings.objective.name} in the convention {settings.convention}"
        return NotApplicable("search", f"{what} has a finite {of}", repair)
    texts = ", ".join(item.text for item in settings.constraints)
    repair = "relax a constraint, or search another space"
    if settings.convention != "integer" and "exact-bits" in texts:
        repair += ', or convention "integer", whose entries are whole'
    return NotApplicable("search", f"{what} meets {texts}", repair)


def _finite(settings: Settings, moduli: tuple[str, ...]) -> bool:
    """Whether the objective of a set is a number."""
    try:
        return isfinite(settings.objective.value(settings.algorithm(moduli)))
    except NotApplicable:
        return False
