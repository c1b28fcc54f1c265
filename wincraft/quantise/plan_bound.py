# SPDX-License-Identifier: Apache-2.0
"""What outputs of a plan under a scheme are never off by: the bounds of its pieces, their sum, and its rounding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import lcm

import numpy as np

from wincraft.measure.places import INPUT, OUTPUT, WEIGHTS, Place
from wincraft.plan.plan import Plan
from wincraft.plan.running import Arrangement, arrange
from wincraft.quantise.hard_bound import Wrongness, WrongnessMachine, check_bounded, told_bias, wrongness
from wincraft.quantise.plan_evaluation import image_of
from wincraft.quantise.plans import in_images
from wincraft.quantise.schemes import Scheme
from wincraft.quantise.workload import Layer


def plan_wrongness(
    plan: Plan,
    scheme: Scheme,
    data: np.ndarray,
    filters: np.ndarray,
    padding: Sequence[int] | int = 0,
    box: bool = False,
) -> Wrongness:
    """Of the outputs (N, K, ...) for these very data and weights, or all within their magnitudes, max-abs scales.

    It is that of every kernel that stores the stages as `simulate_plan` does, and adds the pieces in any order; pieces
    without data or weights add nothing. Each piece is as `wrongness` has it.

    Raises:
        BadShape, BadNumber, BadValue: as `simulate_plan`.
        NotApplicable: as `check_bounded`.
    """
    check_bounded(scheme)
    x, w = (np.abs(data), np.abs(filters)) if box else (data, filters)
    whole, alone = arrange(plan.problem, x, w, padding), len(plan.pieces) == 1
    inner, highs = scheme if alone else replace(scheme, output=None), {} if alone else _highs(scheme, whole)
    total = Wrongness(*(np.zeros(whole.shape) for _ in Wrongness._fields))
    size, likely, terms = (np.zeros(whole.shape) for _ in range(3))
    for piece in plan.pieces:
        part = whole.operands(piece)
        if part is None or not (part.data.any() and part.filters.any()):
            continue
        batch = Layer(part.data, part.filters).batch(piece.algorithm)
        one = wrongness(piece.algorithm, inner, batch, box, highs)
        if not box:
            one = told_bias(one, piece.algorithm, inner, batch)
        place = (slice(None), slice(None), *part.places)
        added = (*one, np.abs(one.value) + one.error, one.likely, np.ones(one.value.shape))
        for images, item in zip((*total, size, likely, terms), added, strict=True):
            images[place] += in_images(item, images[place].shape)
    kept = (slice(None), slice(None), *whole.kept)
    if alone:
        return Wrongness(*(item[kept] for item in total))
    with np.errstate(all="ignore"):
        summed = _summed(scheme, total, size, likely, terms, _unit(scheme, highs))
        return _stored(scheme, Wrongness(*(item[kept] for item in summed)), box)


def _highs(scheme: Scheme, whole: Arrangement) -> dict[Place, np.ndarray]:
    """The largest magnitudes of the data and the weights that share a scale, which all pieces have."""
    d, found, format = len(whole.kept), dict[Place, np.ndarray](), scheme.arithmetic
    data = np.moveaxis(whole.data, 1, 0).reshape(*[1] * d, whole.data.shape[1], -1)
    for place, given in ((INPUT, data), (WEIGHTS, np.moveaxis(whole.filters, (0, 1), (-2, -1)))):
        quantizer = scheme.stages.get(place.stage)
        if quantizer is not None and quantizer.per is not None:
            rounding, least = (0.0, 0.0) if format is None else map(float, (format.unit_roundoff, format.min_subnormal))
            found[place] = quantizer.ends((1 + rounding) * np.abs(given) + least / 2)[1]
    return found


def _unit(scheme: Scheme, highs: dict[Place, np.ndarray]) -> np.ndarray:
    """What one product of codes is worth at most, of one or for each output channel of images."""
    unit = np.ones(())
    for place, high in highs.items():
        quantizer = scheme.stages[place.stage]
        assert quantizer is not None
        scale, axes = quantizer.scale_of(-high, high).scale, high.ndim - 2
        unit = unit * np.moveaxis(scale, -2, 1 - axes).reshape(-1, *[1] * axes)
    return unit


def _summed(
    scheme: Scheme, total: Wrongness, size: np.ndarray, likely: np.ndarray, terms: np.ndarray, unit: np.ndarray
) -> Wrongness:
    """The sum of the pieces as the scheme adds: rounded, as whole multiples of a unit, or exactly; in any order.

    `size` and `likely` are the sums of what each piece may be at most and is likely to be, `terms` how many there are.
    """
    sums, format = np.maximum(terms - 1, 0), scheme.arithmetic
    if format is not None:  # sums of subnormal numbers are exact
        rounding = float(format.unit_roundoff)
        grown = np.exp(sums * np.log1p(rounding))
        error = np.where(grown * size <= float(format.max), total.error + (grown - 1) * size, np.inf)
        return total._replace(error=error, square=total.square + rounding**2 * sums * likely**2)
    inside = {"U", "V", "M", "pre_step", "post_step"}
    if scheme.word is None or not any(quantizer and stage in inside for stage, quantizer in scheme.stages.items()):
        return total  # exact, also the integers of a word
    half = unit / 2
    return total._replace(error=total.error + terms * half, square=total.square + terms * half**2)


def _stored(scheme: Scheme, images: Wrongness, box: bool) -> Wrongness:
    """Images (N, K, ...) through the quantiser of the output."""
    N, K, *sizes = images.value.shape
    tiles = (np.moveaxis(item, 1, 0).reshape(*[1] * len(sizes), K, -1) for item in images)
    stored = WrongnessMachine(scheme, 1, box=box).store(OUTPUT, Wrongness(*tiles))
    return Wrongness(*(np.moveaxis(item.reshape(K, N, *sizes), 0, 1) for item in stored))


def plan_hard_bound(
    plan: Plan,
    scheme: Scheme,
    data: np.ndarray,
    filters: np.ndarray,
    padding: Sequence[int] | int = 0,
    box: bool = False,
) -> np.ndarray:
    """The most that |y - y_ref| can be, (N, K, ...), of the kernels that `plan_wrongness` names; inf for no bound.

    Raises:
        BadShape, BadNumber, BadValue: as `simulate_plan`.
        NotApplicable: as `check_bounded`.

    >>> from wincraft.plan import Problem, make_plan
    >>> from wincraft.quantise.schemes import SCHEMES
    >>> plan = make_plan(Problem(3, stride=2), 2)
    >>> plan_hard_bound(plan, SCHEMES["fp16"], np.ones((1, 1, 9)), np.ones((1, 1, 3))).round(4).tolist()
    [[[0.0134, 0.0136, 0.0134, 0.0136]]]
    """
    return plan_wrongness(plan, scheme, data, filters, padding, box).bound


def plan_box_bound(plan: Plan, scheme: Scheme, channels: int, data: float, weights: float) -> float:
    """The largest `plan_hard_bound` of all data and weights within these magnitudes; `channels` has all groups.

    Raises:
        NotApplicable: as `check_bounded`.

    >>> from wincraft.plan import Problem, make_plan
    >>> from wincraft.quantise.schemes import SCHEMES
    >>> round(plan_box_bound(make_plan(Problem(3, stride=2), 2), SCHEMES["fp16"], 64, 1.0, 1 / 14), 3)
    0.85
    """
    problem = plan.problem
    sizes, pads = image_of(problem, periods_of(plan))
    first = (channels, 1) if problem.transposed else (problem.groups, channels // problem.groups)
    x, w = np.full((1, channels, *sizes), data), np.full((*first, *problem.r), weights)
    return float(plan_hard_bound(plan, scheme, x, w, pads, box=True).max())


def periods_of(plan: Plan) -> tuple[int, ...]:
    """Along each axis after how many outputs all pieces begin a tile.

    >>> from wincraft.plan import Problem, make_plan
    >>> periods_of(make_plan(Problem(3, dilation=2), 4))
    (8,)
    """
    return tuple(
        lcm(*(piece.algorithm.m[k] * piece.strands[k].outputs.step for piece in plan.pieces))
        for k in range(len(plan.problem.r))
    )
