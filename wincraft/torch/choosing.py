# SPDX-License-Identifier: Apache-2.0
"""What every layer of a network is to run, where one algorithm is given for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch.nn.modules.conv import _ConvNd

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.nesting import nest
from wincraft.algorithm.recipe import size_words
from wincraft.construct.winograd import parse
from wincraft.errors import BadShape, NotApplicable
from wincraft.measure.plans import PlanCosts, plan_costs
from wincraft.plan.plan import Plan
from wincraft.plan.problem import Problem
from wincraft.quantise.schemes import Scheme
from wincraft.quantise.simulation import check_scheme
from wincraft.show.numbers import number
from wincraft.torch.fitting import fitted, is_plain, planned, problem_of

LayerChoice = tuple[Algorithm | Plan | None, str]
"""What a layer is to run, None for direct convolution, and what is to be noted of it."""


def choose_for(
    layers: Mapping[str, _ConvNd], algorithm: Algorithm | None, plans: bool, scheme: Scheme | None = None
) -> dict[str, LayerChoice]:
    """For every layer the algorithm fitted to it, or with `plans` a plan that takes fewer operations; or None and why.

    A plan whose pieces the scheme does not admit is none.

    Raises:
        NotApplicable: where no layer takes the algorithm, or it is for more taps than any has.

    >>> from torch import nn
    >>> layers = {"stem": nn.Conv2d(3, 64, 7, 2), "body": nn.Conv2d(64, 64, 3), "up": nn.ConvTranspose2d(64, 64, 2, 2)}
    >>> for name, (_, note) in choose_for(layers, parse("F(4x4,3x3)"), plans=True).items():
    ...     print(name, "-", note)
    stem - plan: 16 products an output, direct 49
    body -
    up - 2x2 kernel, stride 2, transposed; a plan takes 1 of 1 products
    """
    if algorithm is None:
        return dict.fromkeys(layers, (None, ""))
    found, unfit, known = dict[str, LayerChoice](), list[str](), dict[Problem, tuple[Plan, PlanCosts]]()
    for name, layer in layers.items():
        try:
            found[name] = _choice(layer, algorithm, scheme, known if plans else None)
        except (BadShape, NotApplicable) as error:
            found[name] = None, str(error)
            unfit.append(name)
    if unfit and not any(chosen for chosen, _ in found.values()):
        raise NotApplicable(f"layer {unfit[0]}", found[unfit[0]][1], "no other layer takes the algorithm either")
    fits = {name: item for name, (item, _) in found.items() if isinstance(item, Algorithm)}
    _check_slip(algorithm, list(fits.values()))
    for name, item in fits.items():
        if item.size != _for_axes(algorithm, len(item.m)).size:
            found[name] = item, f"fitted from {algorithm.size}"
    return found


def _choice(
    layer: _ConvNd,
    algorithm: Algorithm,
    scheme: Scheme | None,
    known: dict[Problem, tuple[Plan, PlanCosts]] | None,
) -> LayerChoice:
    problem = problem_of(layer)
    if is_plain(problem):
        if max(problem.r) == 1:
            return None, f"kernel {layer.kernel_size}"
        try:
            return fitted(algorithm, problem.r), ""
        except NotApplicable:
            if known is None:
                raise
    elif known is None:
        return None, f"{problem}"
    if problem not in known:
        made = planned(algorithm, problem)
        known[problem] = made, plan_costs(made)
    plan, costs = known[problem]
    direct = number(float(costs.direct))
    if costs.products >= costs.direct:
        return None, f"{problem}; a plan takes {number(float(costs.products))} of {direct} products"
    total = costs.total(layer.in_channels // layer.groups, layer.out_channels // layer.groups)
    if total >= costs.direct:
        return None, f"{problem}; a plan takes {number(float(total))} of {direct} operations, transforms included"
    if scheme is not None:
        for piece in plan.pieces:
            check_scheme(piece.algorithm, scheme)
    return plan, f"plan: {number(float(costs.products))} products an output, direct {direct}"


def _check_slip(algorithm: Algorithm, fits: Sequence[Algorithm]) -> None:
    """Refuse an algorithm for more taps than any layer has: its tile makes more outputs than it says, and more noise.

    Raises:
        NotApplicable: with the size that was meant.
    """
    for item in fits:
        given = _for_axes(algorithm, len(item.m))
        pairs = list(zip(item.sizes, given.sizes, strict=True))
        if not any(m > before and r > 1 for (m, r), (before, _) in pairs):
            return
    if not fits:
        return
    axes = [(min(m, before), r) for (m, r), (before, _) in pairs]
    meant = size_words(*zip(*axes, strict=True))
    ratio = float(item.noise_gain() / parse(meant).noise_gain())
    reason = f"no layer has as many taps; its tile gives {item.size}, of {ratio:.1f} times the noise of {meant}"
    raise NotApplicable(given.size, reason, f"write {meant}, or choose layer by layer with a function")


def _for_axes(algorithm: Algorithm, count: int) -> Algorithm:
    return nest(*algorithm.factors * count) if len(algorithm.m) == 1 else algorithm
