# SPDX-License-Identifier: Apache-2.0
"""Strategies: each searches below one prefix of a space, and says whether it finished."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import inf
from typing import Any

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.nesting import nest
from wincraft.analysis import Analysis
from wincraft.construct.size import MAX_AXES
from wincraft.construct.winograd import winograd
from wincraft.errors import BadValue, MissingTool, NotApplicable, look_up
from wincraft.limits import Limit
from wincraft.measures import Measure
from wincraft.search.points import kernels_numpy
from wincraft.search.points.gain import Instance, instance
from wincraft.search.points.leaves import Leaf, Leaves
from wincraft.search.points.space import Space

GRAIN = 1 << 20
"""Most sets that one call enumerates with a kernel."""
ROWS_GRAIN = 1 << 15
"""Most sets that one call enumerates through inverse matrices."""
SLOW_GRAIN = 1 << 5
"""Most sets that one call evaluates one by one."""
BUDGET = 1 << 17
"""Nodes of one call of branch and bound, about: some seconds with NumPy. The number of visited nodes depends on it,
so that it is the same for every engine."""
LARGE = 1 << 26
"""Sets of a part that is split without trying to search it in one call."""


@dataclass(frozen=True)
class Settings:
    """What is searched, and how: everything that decides the result.

    `axes` is the number of equal axes, `slack` the relative distance from the best within which sets are listed.

    Raises:
        BadValue: for no axis, and for more than `MAX_AXES`.
    """

    space: Space
    axes: int
    objective: Measure
    constraints: tuple[Limit, ...]
    convention: str
    strategy: str
    slack: float

    def __post_init__(self) -> None:
        if not 1 <= self.axes <= MAX_AXES:
            raise BadValue("the number of axes", str(self.axes), f"give 1 to {MAX_AXES}")

    @property
    def equivalences(self) -> tuple[str, ...]:
        """Those that the objective and every constraint share."""
        kept = set(self.objective.equivalences).intersection(*(c.measure.equivalences for c in self.constraints))
        return tuple(sorted(kept))

    @property
    def fast(self) -> bool:
        """Whether the kernels evaluate the objective."""
        return self.objective.bound

    def algorithm(self, moduli: tuple[str, ...]) -> Algorithm:
        """The proved algorithm of a set, in all axes."""
        axis = winograd(self.space.m, self.space.r, moduli=list(moduli), convention=self.convention)
        return nest(*(axis,) * self.axes)

    def feasible(self, algorithm: Algorithm | Analysis) -> bool:
        """Whether every constraint holds."""
        known = algorithm if isinstance(algorithm, Analysis) else Analysis(algorithm)
        return all(item.met_by(known) for item in self.constraints)

    def __hash__(self) -> int:
        return hash((self.space, self.objective.name, self.constraints, self.convention, self.axes))


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


@dataclass(frozen=True)
class Outcome:
    """Nodes or sets evaluated, the sets within the threshold, and whether all below the prefix was searched.

    Where it was not, the prefix is to be split; nothing was found then.
    """

    evaluated: int
    leaves: tuple[Leaf, ...]
    done: bool


Strategy = Callable[[Task], Outcome]


@lru_cache(maxsize=8)
def instances(space: Space, equivalences: tuple[str, ...]) -> tuple[Instance, ...]:
    """The parts of a space in numbers.

    >>> [made.part.count for made in instances(Space(2, 3, height=1), ())]
    [1]
    """
    return tuple(instance(part, space.m, space.r) for part in space.parts(equivalences))


def kernels(engine: str) -> Any:
    """The module with the kernels of an engine for members of one row: numba, numpy, or auto.

    Raises:
        UnknownName: another engine.
        MissingTool: numba where it is not installed.
    """
    look_up("engine", engine, ENGINES)
    if engine == "auto":
        engine = "numba" if importlib.util.find_spec("numba") else "numpy"
    if engine == "numpy":
        return kernels_numpy
    if not importlib.util.find_spec("numba"):
        raise MissingTool("engine numba", "numba", "pip install 'wincraft[search]'")
    from wincraft.search.points import kernels_numba

    return kernels_numba


ENGINES = {"auto": "numba where it is installed", "numba": "compiled", "numpy": "the same results, slower"}


def exhaustive(task: Task) -> Outcome:
    """Evaluate every set, equivalent ones once: by kernels where the objective has them, else one by one."""
    made = instances(task.settings.space, task.settings.equivalences)[task.part]
    grain = GRAIN if made.nodes is not None else min(GRAIN, ROWS_GRAIN)
    grain = grain if task.settings.fast else SLOW_GRAIN
    splits = sum(made.part.degrees[i] for i in task.prefix) + max(made.part.degrees, default=1) < made.part.degree
    if splits and made.part.covered(task.prefix) > grain:
        return Outcome(0, (), False)
    leaves = Leaves(task.threshold, task.settings.slack, task.fixed)
    if not task.settings.fast:
        evaluated = _one_by_one(task, made, leaves)
    elif made.nodes is None or not made.choose:
        evaluated = kernels_numpy.enumerate_rows(made, task.prefix, leaves)
    else:
        evaluated = kernels(task.engine).enumerate_nodes(made, task.prefix, leaves)
    return Outcome(evaluated, tuple(leaves.within), True)


def _one_by_one(task: Task, made: Instance, leaves: Leaves) -> int:
    evaluated = 0
    for chosen in kernels_numpy.full_sets(made, task.prefix):
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
    made = instances(task.settings.space, task.settings.equivalences)[task.part]
    leaves = Leaves(task.threshold, task.settings.slack, task.fixed)
    if not task.prefix and made.part.count > LARGE:
        return Outcome(0, (), False)
    if not made.choose:
        return Outcome(kernels_numpy.enumerate_rows(made, task.prefix, leaves), tuple(leaves.within), True)
    module = kernels_numpy if made.nodes is None else kernels(task.engine)
    evaluated, done = module.branch(made, task.prefix, leaves, BUDGET)
    return Outcome(evaluated, tuple(leaves.within) if done else (), done)


STRATEGIES: dict[str, Strategy] = {"exhaustive": exhaustive, "branch-and-bound": branch_and_bound}
"""By name; each is called with the same kind of task for one part of the work after the other."""


def run_task(task: Task) -> Outcome:
    """What a worker runs: the task's strategy."""
    return STRATEGIES[task.settings.strategy](task)
