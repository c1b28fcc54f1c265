# SPDX-License-Identifier: Apache-2.0
"""A good set to start from, and how many nodes branch and bound will evaluate, both in little time."""

from __future__ import annotations

import random
from math import inf

import numpy as np

from wincraft.search.points.gain import Instance
from wincraft.search.points.kernels_numpy import State, children, root, with_member

DESCENTS = 6
PROBES = 48
MANY = 500
"""Members from which on one greedy start has to do."""


def incumbent(made: Instance) -> tuple[float, tuple[int, ...]]:
    """The value and the members of a good set: greedy choices, then exchanges of single members until none helps.

    The value is inf where the greedy choices lead to no full set.

    >>> from wincraft.search.points.gain import instance
    >>> from wincraft.search.points.space import Space
    >>> round(incumbent(instance(Space(4, 3, height=3).parts()[0], 4, 3))[0] / 12, 6)
    4.761952
    """
    order = np.argsort(np.abs(np.log(np.abs(_sizes(made)))), kind="stable")
    order = order[made.degrees[order] <= made.choose]
    count = DESCENTS if 0 < len(order) < MANY else 0
    starts: list[list[int]] = [[]] + [[int(order[k * len(order) // count])] for k in range(count)]
    best: tuple[float, list[int]] = inf, []
    for start in starts:
        chosen = _completed(made, start)
        if chosen is not None:
            best = min(best, _exchanged(made, chosen))
    images = [sorted(best[1]), *(sorted(int(g[i]) for i in best[1]) for g in made.symmetries)]
    return best[0], tuple(min(images))


def _sizes(made: Instance) -> np.ndarray:
    return np.array([float(member.points[0]) if member.points else 1.0 for member in made.part.members])


def _state(made: Instance, chosen: list[int]) -> State:
    """The state with these members chosen, all others possible."""
    state = root(made)
    for member in chosen:
        state = with_member(made, state, int(np.flatnonzero(state.ids == member)[0]), after=False)
    return state


def _completed(made: Instance, chosen: list[int]) -> list[int] | None:
    while True:
        state = _state(made, chosen)
        if not state.left:
            return chosen
        found = children(made, state, inf)
        if not len(found.values):
            return None
        per_degree = (found.values - state.value) / made.degrees[found.state.ids]
        chosen = [*chosen, int(found.state.ids[int(np.argmin(per_degree))])]


def _exchanged(made: Instance, chosen: list[int]) -> tuple[float, list[int]]:
    best, improved = _state(made, chosen).value, True
    while improved:
        improved = False
        for position in range(len(chosen)):
            rest = chosen[:position] + chosen[position + 1 :]
            found = children(made, _state(made, rest), inf)
            full = made.degrees[found.state.ids] == found.state.left
            if full.any():
                values = np.where(full, found.values, inf)
                at = int(np.argmin(values))
                if values[at] < best * (1 - 1e-12):
                    best, improved = float(values[at]), True
                    chosen = [*rest, int(found.state.ids[at])]
    return best, chosen


def estimated_nodes(made: Instance, threshold: float) -> float:
    """Nodes that branch and bound will evaluate under a threshold, by random descents.

    Source: D. E. Knuth, Estimating the efficiency of backtrack programs, Math. Comp. 29 (1975).
    """
    if not made.choose:
        return 1
    generator, total = random.Random(0), 0.0
    for _ in range(PROBES):
        state, paths = root(made), 1.0
        while True:
            found = children(made, state, threshold)
            total += paths * found.evaluated
            full = made.degrees[found.state.ids] == found.state.left
            able = np.flatnonzero(~full & (found.bounds <= threshold))
            if not len(able):
                break
            paths *= len(able)
            state = with_member(made, found.state, int(able[generator.randrange(len(able))]))
    return total / PROBES
