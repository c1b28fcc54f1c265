# SPDX-License-Identifier: Apache-2.0
"""Strategies: each searches below one prefix of a space, and says whether it finished."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import NamedTuple

from wincraft.analysis import Analysis
from wincraft.errors import MissingTool, NotApplicable, look_up
from wincraft.search.points.gain import Instance
from wincraft.search.points.kernels_numpy import branch, enumerate_rows, full_sets
from wincraft.search.points.lagrange_numpy import enumerate_nodes
from wincraft.search.points.leaves import Leaf, Leaves
from wincraft.search.points.settings import Settings


@dataclass(frozen=True)
class Task:
    """One call of a strategy: the sets of a part below a prefix, those within the threshold wanted.

    With `fixed` the threshold stays; otherwise it sinks with the best value found.
    """

    settings: Settings
    engine: str
    part: int
    prefix: tuple[int, ...]
    threshold: float
    fixed: bool = False

    @property
    def made(self) -> Instance:
        """The part in numbers."""
        return self.settings.parts[self.part]

    @property
    def leaves(self) -> Leaves:
        """Where to note what is within the threshold, empty."""
        return Leaves(self.threshold, self.settings.slack, self.fixed)


class Outcome(NamedTuple):
    """Nodes or sets evaluated, the sets within the threshold, and whether all below the prefix was searched.

    Where it was not, the prefix is to be split; nothing was found then.
    """

    evaluated: int
    leaves: tuple[Leaf, ...]
    done: bool


Strategy = Callable[[Task], Outcome]


ENGINES = {"auto": "numba where it is installed", "numba": "compiled", "numpy": "the same results, slower"}


class Kernels(NamedTuple):
    """The two kernels of an engine; both search below a prefix, and note the sets within the threshold.

    `branch` takes a budget, and says how many nodes were evaluated and whether it sufficed; `enumerate` says how many
    sets there are.
    """

    name: str
    branch: Callable[[Instance, tuple[int, ...], Leaves, int], tuple[int, bool]]
    enumerate: Callable[[Instance, tuple[int, ...], Leaves], int]


NUMPY = Kernels("numpy", branch, enumerate_nodes)


def kernels(engine: str) -> Kernels:
    """The kernels of an engine: numba, numpy, or auto.

    Raises:
        UnknownName: another engine.
        MissingTool: numba where it is not installed.

    >>> kernels("numpy").name
    'numpy'
    """
    look_up("engine", engine, ENGINES)
    installed = engine != "numpy" and importlib.util.find_spec("numba") is not None
    if engine == "numpy" or (engine == "auto" and not installed):
        return NUMPY
    if not installed:
        raise MissingTool("engine numba", "numba", "pip install '.[search]' in a clone")
    from wincraft.search.points.kernels_numba import branch_compiled, enumerate_compiled

    return Kernels("numba", branch_compiled, enumerate_compiled)


def exhaustive(task: Task) -> Outcome:
    """Evaluate every set, equivalent ones once: by kernels where the objective has them, else one by one."""
    made, leaves, tuning = task.made, task.leaves, task.settings.tuning
    grain = tuning.grain if made.nodes is not None else min(tuning.grain, tuning.rows_grain)
    grain = grain if task.settings.fast else tuning.slow_grain
    splits = sum(made.part.degrees[i] for i in task.prefix) + max(made.part.degrees, default=1) < made.part.degree
    if splits and made.part.covered(task.prefix) > grain:
        return Outcome(0, (), False)
    if not task.settings.fast:
        evaluated = _one_by_one(task, made, leaves)
    elif made.nodes is None or not made.choose:
        evaluated = enumerate_rows(made, task.prefix, leaves)
    else:
        evaluated = kernels(task.engine).enumerate(made, task.prefix, leaves)
    return Outcome(evaluated, tuple(leaves.within), True)


def _one_by_one(task: Task, made: Instance, leaves: Leaves) -> int:
    evaluated = 0
    for chosen in full_sets(made, task.prefix):
        evaluated += 1
        known = Analysis(task.settings.algorithm(made.part.texts(chosen)))
        value = task.settings.objective.sign * float(task.settings.objective.value(known))
        if value <= leaves.threshold and value < inf and task.settings.feasible(known):
            leaves.add(value, chosen)
    return evaluated


def branch_and_bound(task: Task) -> Outcome:
    """Exclude prefixes whose lower bound is above the threshold; every node evaluated is counted.

    Raises:
        NotApplicable: for an objective without a lower bound.
    """
    if not task.settings.fast:
        raise NotApplicable(
            f"branch-and-bound for {task.settings.objective.name}", "no lower bound is known", "use exhaustive"
        )
    made, leaves, tuning = task.made, task.leaves, task.settings.tuning
    if not task.prefix and made.part.count > tuning.large:
        return Outcome(0, (), False)
    if not made.choose:
        return Outcome(enumerate_rows(made, task.prefix, leaves), tuple(leaves.within), True)
    kernel = branch if made.nodes is None else kernels(task.engine).branch
    evaluated, done = kernel(made, task.prefix, leaves, tuning.budget)
    return Outcome(evaluated, tuple(leaves.within) if done else (), done)


STRATEGIES: dict[str, Strategy] = {"exhaustive": exhaustive, "branch-and-bound": branch_and_bound}
"""By name; each is called with the same kind of task for one part of the work after the other."""


def run_task(task: Task) -> Outcome:
    """What a worker runs: the task's strategy."""
    return STRATEGIES[task.settings.strategy](task)
