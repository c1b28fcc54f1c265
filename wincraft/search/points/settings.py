# SPDX-License-Identifier: Apache-2.0
"""What is searched, and how: everything that decides the result."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.nesting import nest
from wincraft.algorithm.recipe import size_words
from wincraft.analysis import Analysis
from wincraft.construct.size import MAX_AXES
from wincraft.construct.winograd import winograd
from wincraft.errors import BadValue
from wincraft.limits import Limit
from wincraft.measures import Measure
from wincraft.search.points.gain import Instance, instance
from wincraft.search.points.space import Space

TOLERANCE = 1e-9
"""Least relative slack: sets this close to the best in float64 are compared exactly."""


@dataclass(frozen=True)
class Tuning:
    """How a search is cut into calls and waves. It finds the same sets with any other, and evaluates other nodes.

    One call enumerates at most `grain` sets with a kernel, `rows_grain` through inverse matrices, `slow_grain` one by
    one, or evaluates about `budget` nodes of branch and bound: some seconds with NumPy. A part of over `large` sets is
    split untried. A `wave`, or without kernels a `slow_wave`, is the tasks between two updates of the threshold. The
    bound of an unfinished run is tightened for `bound_seconds`.
    """

    grain: int = 1 << 20
    rows_grain: int = 1 << 15
    slow_grain: int = 1 << 5
    budget: int = 1 << 17
    large: int = 1 << 26
    wave: int = 64
    slow_wave: int = 16
    bound_seconds: float = 2.0


TUNING = Tuning()
"""That of every search, unless told."""


@dataclass(frozen=True)
class Settings:
    """What is searched, and how.

    `axes` is the number of equal axes, `within` the relative distance from the best within which sets are wanted,
    `slack` that with which they are kept until they are compared exactly.

    Raises:
        BadValue: for no axis, and for more than `MAX_AXES`.
    """

    space: Space
    axes: int
    objective: Measure
    constraints: tuple[Limit, ...]
    convention: str
    strategy: str
    within: float = 0.0
    slack: float = TOLERANCE
    tuning: Tuning = TUNING

    def __post_init__(self) -> None:
        if not 1 <= self.axes <= MAX_AXES:
            raise BadValue("the number of axes", str(self.axes), f"give 1 to {MAX_AXES}")

    @property
    def size(self) -> str:
        """F(m,r), or of several equal axes F(mxm,rxr)."""
        return size_words([self.space.m] * self.axes, [self.space.r] * self.axes)

    @property
    def equivalences(self) -> tuple[str, ...]:
        """Those that the objective and every constraint share."""
        kept = set(self.objective.equivalences).intersection(*(c.measure.equivalences for c in self.constraints))
        return tuple(sorted(kept))

    @property
    def parts(self) -> tuple[Instance, ...]:
        """The parts of the space in numbers, equivalent sets once."""
        return instances(self.space, self.equivalences)

    @property
    def fast(self) -> bool:
        """Whether the kernels evaluate the objective."""
        return self.objective.bound

    @property
    def description(self) -> dict[str, object]:
        """What a user chose, as plain data."""
        return {
            "m": self.space.m,
            "r": self.space.r,
            "dimensions": self.axes,
            "space": self.space.description,
            "objective": self.objective.name,
            "constraints": [item.text for item in self.constraints],
            "convention": self.convention,
            "strategy": self.strategy,
            "within": self.within,
        }

    @property
    def sha256(self) -> str:
        """Of the description: a checkpoint of other settings is refused."""
        text = json.dumps(self.description, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def gain(self, value: float) -> float:
        """The noise gain in all axes of a set with a value of the kernels, m r NG of one axis."""
        return float((value / (self.space.m * self.space.r)) ** self.axes)

    def algorithm(self, moduli: tuple[str, ...]) -> Algorithm:
        """The proved algorithm of a set, in all axes."""
        axis = winograd(self.space.m, self.space.r, moduli=list(moduli), convention=self.convention)
        return nest(*(axis,) * self.axes)

    def feasible(self, algorithm: Algorithm | Analysis) -> bool:
        """Whether every constraint holds."""
        known = algorithm if isinstance(algorithm, Analysis) else Analysis(algorithm)
        return all(item.met_by(known) for item in self.constraints)


@lru_cache(maxsize=8)
def instances(space: Space, equivalences: tuple[str, ...]) -> tuple[Instance, ...]:
    """The parts of a space in numbers.

    >>> [made.part.count for made in instances(Space(2, 3, height=1), ())]
    [1]
    """
    return tuple(instance(part, space.m, space.r) for part in space.parts(equivalences))
