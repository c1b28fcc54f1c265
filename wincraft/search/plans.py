# SPDX-License-Identifier: Apache-2.0
"""The cheapest, or the most accurate, plan of a convolution among tiles, splits of the kernel and sets of points."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from wincraft.errors import BadSize, BadValue, NotApplicable, look_up, shorten
from wincraft.measure.plans import plan_costs
from wincraft.plan.making import make_plan
from wincraft.plan.plan import Plan
from wincraft.plan.problem import Problem
from wincraft.progress import Progress

OBJECTIVE_CHANNELS = 64
"""C = K of the objective ``operations``."""
LARGEST_CANDIDATE = 16
"""m + r - 1 of a candidate along an axis; the catalogue knows good points up to 18."""


def _products(plan: Plan) -> float:
    """Products of a pair of channels for an output."""
    return float(plan.products_per_output)


def _operations(plan: Plan) -> float:
    """Operations of a pair of channels for an output, with 64 channels and filters, transforms included."""
    return float(plan_costs(plan).total(OBJECTIVE_CHANNELS))


def _noise(plan: Plan) -> float:
    """Noise gain, the power of the error."""
    return float(plan.noise_gain())


PLAN_OBJECTIVES: dict[str, Callable[[Plan], float]] = {
    "products": _products,
    "operations": _operations,
    "noise-gain": _noise,
}
"""The registry: name to what is made least."""


@dataclass(frozen=True)
class RankedPlan:
    """A candidate: what it is made of, and its value of the objective."""

    tile: str
    longest: int | None
    points: str | None
    plan: Plan
    value: float


def search_plans(
    problem: Problem,
    objective: str | Callable[[Plan], float] = "operations",
    *,
    tiles: Sequence[object] = range(2, 9),
    points: Sequence[str | None] = (None, "quadratic"),
    most_noise: float | None = None,
    most_products: float | None = None,
    progress: Progress | None = None,
) -> list[RankedPlan]:
    """Plans of a problem, the best first: every tile, kernels whole and split, with every set of points.

    Args:
        problem: the convolution.
        objective: one of `PLAN_OBJECTIVES`, or a function that is to be least.
        tiles: outputs of a piece's tile, as for `make_plan`.
        points: sets of the catalogue by their use; None is the most accurate.
        most_noise: the largest noise gain.
        most_products: the most products for an output: what is most accurate without it saves nothing.
        progress: called before every candidate.

    Raises:
        UnknownName: for an objective that there is not.
        BadValue: for limits that are no positive numbers, tiles that are none.
        NotApplicable: where no candidate is within the limits.

    >>> found = search_plans(Problem(5, stride=2, axes=2), "products", most_noise=20, points=[None])
    >>> found[0].tile, found[0].plan
    ('4', Plan(5x5 kernel, stride 2: 4 pieces, 121 products, 7.562 an output, direct 25))
    """
    score = look_up("objective", objective, PLAN_OBJECTIVES) if isinstance(objective, str) else objective
    for name, limit in (("the largest noise gain", most_noise), ("the most products", most_products)):
        if limit is not None and not limit > 0:
            raise BadValue(name, shorten(repr(limit)), "give a positive number")
    choices = list(_choices(problem, tiles, points))
    found: list[RankedPlan] = []
    for done, (tile, longest, use) in enumerate(choices):
        if progress is not None:
            progress(done, len(choices), f"tile {tile}")
        try:
            plan = make_plan(problem, tile, longest=longest, points=use)
        except (BadSize, NotApplicable):  # no tile of this size, no such set
            continue
        if most_products is not None and plan.products_per_output > most_products:
            continue
        if most_noise is not None and plan.noise_gain() > most_noise:
            continue
        found.append(RankedPlan(str(tile), longest, use, plan, score(plan)))
    if not found:
        raise NotApplicable(f"a plan of a {problem}", "no candidate is within the limits", "raise a limit")
    return sorted(found, key=lambda item: item.value)


def _choices(
    problem: Problem, tiles: Sequence[object], points: Sequence[str | None]
) -> Iterator[tuple[object, int | None, str | None]]:
    """Kernels are split into 2, 3, ... parts where a piece would have more than three taps."""
    longest = max(-(-r // (s if t % s else 1)) for r, s, t in zip(problem.r, problem.s, problem.t, strict=True))
    parts = sorted({-(-longest // count) for count in range(2, longest)} - {1, longest}, reverse=True)
    splits = [None, *(size for size in parts if size >= 3)]
    for tile in tiles:
        for size in splits[:6]:
            if isinstance(tile, int) and tile + (size or longest) - 1 > LARGEST_CANDIDATE:
                continue
            for use in points:
                yield tile, size, use
