# SPDX-License-Identifier: Apache-2.0
"""The cheapest, or the most accurate, plan of a convolution among tiles, splits of the kernel and sets of points."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from wincraft.errors import BadSize, BadValue, NotApplicable, TooLarge, look_up, shorten
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
    """A candidate: what `make_plan` makes it of, and its value of the objective.

    >>> search_plans(Problem((3, 3)), "products", tiles=[4], points=["quadratic"])[0].describe()
    'whole 4, quadratic'
    """

    tile: str
    longest: int | None
    points: str | None
    plan: Plan
    value: float
    nested: bool = True

    def describe(self) -> str:
        """One line."""
        split = [] if self.longest is None else [f"split {self.longest}"]
        kind = "tile" if self.nested else "whole"
        return ", ".join([f"{kind} {self.tile}", *([self.points] if self.points else []), *split])


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

    Where moduli make algorithms of whole tiles of fewer products, these are candidates too. Where kernel, stride or
    dilation differ between axes, the tile of the best is changed along one axis at a time while that is better.

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
        TooLarge: where all have more than `wincraft.plan.reductions.MAX_PIECES` pieces.

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
    large: list[TooLarge] = []

    def judge(tile: object, longest: int | None, use: str | None) -> None:
        try:
            plans = list(_plans(problem, tile, longest, use))
        except TooLarge as error:
            large.append(error)
            return
        for nested, plan in plans:
            if most_products is not None and plan.products_per_output > most_products:
                continue
            if most_noise is not None and plan.noise_gain() > most_noise:
                continue
            found.append(RankedPlan(_words(tile), longest, use, plan, score(plan), nested))

    for done, choice in enumerate(choices):
        if progress is not None:
            progress(done, len(choices), f"tile {_words(choice[0])}")
        judge(*choice)
    sizes, tried = [tile for tile in tiles if isinstance(tile, int)], set[tuple[int, ...]]()
    while found and sizes and _axes_differ(problem):
        best = min(found, key=lambda item: item.value)
        fresh = [tile for tile in _changed(problem, best.tile, sizes) if tile not in tried]
        for tile in fresh:
            tried.add(tile)
            judge(tile, best.longest, best.points)
        if not fresh or min(found, key=lambda item: item.value) is best:
            break
    if not found and large:
        raise large[0]
    if not found:
        raise NotApplicable(f"a plan of a {problem}", "no candidate is within the limits", "raise a limit")
    return sorted(found, key=lambda item: item.value)


def best_of_tiles(found: Sequence[RankedPlan]) -> dict[str, Plan]:
    """Of every tile and set of points the best plan, and the best of all, by what they are in words; small tiles first.

    Where there is one of whole tiles it stands for the nested one, which takes more products. Tiles of other sizes
    along other axes are left out but for the best.

    >>> found = search_plans(Problem(3, stride=2, axes=2), "products", tiles=[2, 4])
    >>> {name: str(plan.products_per_output) for name, plan in best_of_tiles(found).items()}
    {'tile 2': '25/4', 'whole 2, quadratic': '33/4', 'tile 4': '81/16', 'whole 4, quadratic': '97/16'}
    """
    best: dict[tuple[str, str | None], RankedPlan] = {}
    for item in found:
        key = item.tile, item.points
        better = key not in best or (best[key].nested and not item.nested)
        if item is found[0] or (better and "x" not in item.tile):
            best[key] = item
    order = sorted(best.values(), key=lambda item: ("x" in item.tile, len(item.tile), item.tile, item.points or ""))
    return {item.describe(): item.plan for item in order}


def _axes_differ(problem: Problem) -> bool:
    """Axes of one tap have no tile."""
    kinds = zip(problem.r, problem.s, problem.t, strict=True)
    return len({kind for kind in kinds if kind[0] > 1}) > 1


def _changed(problem: Problem, tile: str, sizes: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """A tile with another size along one axis."""
    parts = tile.split("x")
    if not all(part.isdecimal() for part in parts):
        return
    whole = [int(part) for part in parts * (len(problem.r) if len(parts) == 1 else 1)]
    for axis, r in enumerate(problem.r):
        for m in sizes:
            changed = tuple(m if k == axis else size for k, size in enumerate(whole))
            if r > 1 and len({size for size, taps in zip(changed, problem.r, strict=True) if taps > 1}) > 1:
                yield changed


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


def _plans(problem: Problem, tile: object, longest: int | None, use: str | None) -> Iterator[tuple[bool, Plan]]:
    """Nested, and of whole tiles where that takes fewer products; none where there is no such tile or set."""
    try:
        plan = make_plan(problem, tile, longest=longest, points=use)
    except TooLarge:
        raise
    except (BadSize, NotApplicable):
        return
    yield True, plan
    if use is not None:
        with suppress(BadSize, NotApplicable):
            whole = make_plan(problem, tile, longest=longest, points=use, nested=False)
            if whole.products < plan.products:
                yield False, whole


def _words(tile: object) -> str:
    return "x".join(map(str, tile)) if isinstance(tile, tuple) else str(tile)
