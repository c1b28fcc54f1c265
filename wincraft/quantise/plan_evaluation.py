# SPDX-License-Identifier: Apache-2.0
"""A scheme on a plan: predicted piece by piece, measured, and the direct convolution beside both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from math import prod

import numpy as np

from wincraft.construct.winograd import winograd
from wincraft.errors import NotApplicable
from wincraft.numbers.quantizer import Scale
from wincraft.plan.piece import Piece
from wincraft.plan.plan import Plan
from wincraft.plan.problem import Problem
from wincraft.plan.running import arrange
from wincraft.quantise.evaluation import Evaluation
from wincraft.quantise.plans import direct_algorithm, simulate_plan
from wincraft.quantise.prediction import Prediction, predict
from wincraft.quantise.rounding_noise import rounding_noise
from wincraft.quantise.samples import value_sample
from wincraft.quantise.schemes import Scheme, as_scheme
from wincraft.quantise.simulation import simulate_direct
from wincraft.quantise.workload import DISTRIBUTIONS, Layer, Workload, as_workload, weight_distribution

SUMS = "sum of pieces"
"""The stage of what adding pieces rounds."""


def evaluate_plan(plan: Plan, scheme: Scheme | str, workload: Workload | Layer | None = None) -> Evaluation:
    """Simulate a scheme on a plan, predict it with the scales that were calibrated, simulate direct convolution.

    The tiles of a `Workload` lie in one image; a `Layer` holds data, weights and padding in the shapes of PyTorch.
    Predictions know the mean and the variance of the data, and where they are not Gaussian a sample.

    Raises:
        BadShape: for a layer that does not fit.
        NotApplicable: where the scheme does not admit an algorithm, or memory does not suffice.

    >>> from wincraft.plan import Problem, make_plan
    >>> evaluate_plan(make_plan(Problem(3, stride=2, axes=2), 2), "tapwise-8")
    3x3 kernel, stride 2 under tapwise-8
      SQNR predicted 33.30 dB, measured 33.07 dB, direct 36.13 dB
      on gaussian data, 64 channels, 8 filters, 64 tiles, seed 0
    """
    scheme, workload = as_scheme(scheme), as_workload(workload)
    data, filters, padding = arrays_of(plan, workload)
    simulation = simulate_plan(plan, scheme, data, filters, padding)
    gaussian = isinstance(workload, Workload) and workload.distribution == "gaussian"
    whole = arrange(plan.problem, data, filters, padding)
    predicted_from = partial(
        predict_plan,
        plan,
        scheme,
        channels=whole.filters.shape[1],
        groups=plan.problem.groups,
        data_mean=float(data.mean()),
        data_variance=float(data.var()),
        weight_mean=0.0 if gaussian else float(filters.mean()),
        weight_variance=float(np.mean(filters**2) if gaussian else filters.var()),
        data_values=None if gaussian else value_sample(data[..., None], scheme.input),
        weight_values=None if gaussian else value_sample(filters[..., None], scheme.weights),
        outputs=len(whole.filters),
        tiles=workload.tiles if isinstance(workload, Workload) else 256,
    )
    predicted = predicted_from(scales=simulation.scales)
    try:
        blind = predicted_from(scales=None)
    except NotApplicable:
        blind = None
    direct = simulate_direct(direct_algorithm(plan.problem.r), scheme, simulation.batch)
    return Evaluation(plan, scheme, workload, predicted, blind, simulation, direct)


def arrays_of(plan: Plan, workload: Workload | Layer) -> tuple[np.ndarray, np.ndarray, tuple[int, ...]]:
    """Data, weights and padding of a workload for a plan: those of a `Layer`, or seeded ones, a single image.

    The image has about as many tiles of every piece as the workload has; groups divide the channels, one or more to
    each. It has no padding; of a transposed convolution the outputs that lack data at the edges are cropped.

    >>> from wincraft.plan import Problem, make_plan
    >>> data, filters, padding = arrays_of(make_plan(Problem(3, stride=2, axes=2), 2), Workload())
    >>> data.shape, filters.shape, padding
    ((1, 64, 33, 33), (8, 64, 3, 3), (0, 0))
    """
    if isinstance(workload, Layer):
        return workload.data, workload.weights, workload.pads
    problem, d = plan.problem, len(plan.problem.r)
    along = max(2, round(workload.tiles ** (1 / d)))
    largest = (max(piece.algorithm.m[k] * piece.strands[k].outputs.step for piece in plan.pieces) for k in range(d))
    sizes, pads = image_of(problem, [along * most for most in largest])
    groups, rng = problem.groups, np.random.default_rng(workload.seed)
    C, K = (-(-count // groups) * groups for count in (workload.channels, workload.outputs))
    shape = (C, K // groups) if problem.transposed else (K, C // groups)
    data = DISTRIBUTIONS[workload.distribution](rng, (1, C, *sizes))
    weights = DISTRIBUTIONS[weight_distribution(workload.distribution)](rng, (*shape, *problem.r))
    return data, weights / np.sqrt(C // groups * prod(problem.r)), pads


def image_of(problem: Problem, outputs: Sequence[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The sizes of an image that has so many outputs or some more, and its padding: none but what crops outputs.

    >>> image_of(Problem(3, stride=2), [4]), image_of(Problem(3, stride=2, transposed=True), [4])
    (((9,), (0,)), ((4,), (2,)))
    """
    sizes, pads = [], []
    for count, r, s, t in zip(outputs, problem.r, problem.s, problem.t, strict=True):
        reach = t * (r - 1)
        sizes.append(-(-(count + reach - 1) // s) + 1 if problem.transposed else s * (count - 1) + reach + 1)
        pads.append(reach if problem.transposed else 0)
    return tuple(sizes), tuple(pads)


def predict_plan(
    plan: Plan,
    scheme: Scheme,
    scales: Mapping[str, object] | None,
    channels: int,
    *,
    data_mean: float = 0.0,
    data_variance: float = 1.0,
    weight_mean: float = 0.0,
    weight_variance: float = 1.0,
    outputs: int = 64,
    tiles: int = 256,
    groups: int = 1,
    data_values: np.ndarray | None = None,
    weight_values: np.ndarray | None = None,
) -> Prediction:
    """The SQNR that a scheme should have on a plan, given its calibrated scales (those of `PlanSimulation.scales`).

    Pieces are independent: how wrong they are adds up in power. So stages are the pieces' means, see `predict`, by the
    power of what they give: for white data with filters of mean 0 by the multiply-adds that they stand for. But where
    data and weights have a mean, what rounded matrices and quantisers make wrong has one: these means add up as they
    are, to ``matrices`` and to the stage that costs most. Then come the roundings of the sum and the output. Without
    scales they are predicted too.

    Raises:
        UnknownName: where a stage has no scale.
        BadValue, TooLarge, NotApplicable: as `predict`.

    >>> from wincraft.plan import Problem, make_plan
    >>> from wincraft.quantise.schemes import SCHEMES
    >>> round(predict_plan(make_plan(Problem(3, stride=2), 2), SCHEMES["fp16"], None, channels=64).decibels)
    57
    """
    predicted = partial(predict, outputs=outputs, tiles=tiles, groups=groups)
    mean = data_mean * weight_mean
    variance = (data_variance + data_mean**2) * (weight_variance + weight_mean**2) - mean**2

    def of_piece(piece: Piece, scheme: Scheme, own: Mapping[str, object] | None) -> Prediction:
        return predicted(
            piece.algorithm,
            scheme,
            own,
            channels,
            data_variance,
            weight_variance,
            data_means=data_mean,
            weight_means=weight_mean,
            data_values=_tiles_of(data_values, piece.algorithm.n),
            weight_values=_tiles_of(weight_values, piece.algorithm.r),
        )

    def power(taps: float) -> float:
        """That of a sum of as many independent products for each channel."""
        return channels * taps * (variance + channels * taps * mean**2)

    if len(plan.pieces) == 1:
        return of_piece(plan.pieces[0], scheme, scales)
    known: dict[object, Prediction] = {}
    powers, used = dict[str, float](), dict[str, Scale]()
    inner, classes, shifts = replace(scheme, output=None), dict[object, list[Piece]](), dict[object, list[np.ndarray]]()
    for piece in plan.pieces:
        classes.setdefault(tuple(strand.outputs for strand in piece.strands), []).append(piece)
    total = sum(power(sum(prod(piece.algorithm.r) for piece in item)) / item[0].spacing for item in classes.values())
    for number, piece in enumerate(plan.pieces, start=1):
        own = None if scales is None else _own(scales, f"piece {number} ")
        found = known.get(piece.algorithm) if own is None else None
        found = known[piece.algorithm] = found or of_piece(piece, inner, own)
        if found.shifts is not None:
            shifts.setdefault(tuple(strand.outputs for strand in piece.strands), []).append(found.shifts)
        for stage, noise in found.stages.items():
            share = power(prod(piece.algorithm.r)) / piece.spacing / total
            powers[stage] = powers.get(stage, 0.0) + noise * share
        shared = ("input", "weights")
        used |= {label if label in shared else f"piece {number} {label}": item for label, item in found.scales.items()}
    last = Scheme(scheme.name, output=scheme.output, calibration=scheme.calibration)
    outer = None if scales is None else {"output": _of_one_axis(scales["output"])} if scheme.output else {}
    worst = max((stage for stage in powers if stage != "matrices"), key=lambda stage: powers[stage], default="")
    for outputs_of, pieces in classes.items():
        means = shifts.get(outputs_of, [])
        alone, whole = (_beyond_power([item[k] for item in means]) / pieces[0].spacing / total for k in range(2))
        for stage, more in (("matrices", alone), (worst, whole - alone)):
            if stage in powers:
                powers[stage] = max(powers[stage] + more, 0.0)
        taps = np.cumsum([prod(piece.algorithm.r) for piece in pieces], dtype=float)
        added = channels * taps * variance, channels * taps * mean
        share = power(float(taps[-1])) / pieces[0].spacing / total
        if scheme.arithmetic is not None and len(pieces) > 1:
            noise = float(rounding_noise(scheme.arithmetic, *(item[1:] for item in added)).sum()) / power(taps[-1])
            powers[SUMS] = powers.get(SUMS, 0.0) + share * noise
        if scheme.output is not None and scheme.output.format != scheme.arithmetic:
            found = predicted(
                winograd(1, 1), last, outer, 1, added[0][-1], 0.0, data_means=added[1][-1], weight_means=1.0
            )
            powers["output"] = powers.get("output", 0.0) + share * found.noise_to_signal
            used |= found.scales
    return Prediction(powers, used)


def _beyond_power(shifts: Sequence[np.ndarray]) -> float:
    """By how much the power of a sum of means, each periodic over its tile, is beyond the sum of their powers."""
    if len(shifts) < 2:
        return 0.0
    period = np.lcm.reduce([item.shape for item in shifts], axis=0)
    whole = sum(np.tile(item, period // item.shape) for item in shifts)
    return float(np.mean(np.square(whole)) - sum(np.mean(np.square(item)) for item in shifts))


def _tiles_of(values: np.ndarray | None, shape: tuple[int, ...]) -> np.ndarray | None:
    """Tiles of independent values, as many as there are of them."""
    return None if values is None else np.random.default_rng(0).choice(values, (prod(shape), len(values)))


def _own(scales: Mapping[str, object], prefix: str) -> dict[str, object]:
    """The scales of a piece, and those of the data and the weights."""
    own = {label.removeprefix(prefix): scale for label, scale in scales.items() if label.startswith(prefix)}
    return own | {label: scales[label] for label in ("input", "weights") if label in scales}


def _of_one_axis(given: object) -> Scale:
    """The output's scale, of one or for each output channel, where there is one axis of taps."""
    scale = given if isinstance(given, Scale) else Scale(np.asarray(given), np.zeros(()))
    return Scale(*(np.reshape(np.broadcast_to(item, np.shape(scale.scale)), (1, -1, 1)) for item in scale))
