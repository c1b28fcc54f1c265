# SPDX-License-Identifier: Apache-2.0
"""Test tensors of a plan on which every entry matters: loud tiles of each algorithm where one of its pieces reads."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wincraft.algorithm.bilinear import Algorithm
from wincraft.plan.piece import Piece
from wincraft.plan.plan import Plan
from wincraft.plan.problem import Problem
from wincraft.quantise.faults import SeenChange, seen_changes
from wincraft.quantise.loud import LoudTensors, active_channels, loud_batch, loud_generator, share_of_tolerance
from wincraft.quantise.plan_bound import plan_wrongness
from wincraft.quantise.plan_evaluation import image_of
from wincraft.quantise.plan_faults import PlanFaultResponses, plan_algorithms, plan_fault_sites
from wincraft.quantise.plans import in_images, simulate_plan
from wincraft.quantise.schemes import Scheme
from wincraft.quantise.workload import Batch


def plan_loud_tensors(plan: Plan, scheme: Scheme, channels: int, rate: float = 1e-9, seed: int = 0) -> LoudTensors:
    """As `loud_tensors`, of a plan: images (T, C, ...), filters in the shape of PyTorch, outputs without padding.

    For each distinct algorithm the first piece that has it is given its loud tiles and filters: data where the piece
    reads one tile, weights at its taps, zeros elsewhere. Every image meets every filter. Changes are looked for on the
    images and filters of their algorithm. Tolerances are `Wrongness.exceeded` of the whole plan. Every group has the
    same data and weights.

    Raises:
        BadValue: for channels, a seed or a rate that are none.
        NotApplicable: as `check_bounded`, `simulate_plan`.

    >>> from wincraft.plan import make_plan
    >>> from wincraft.quantise.schemes import SCHEMES
    >>> found = plan_loud_tensors(make_plan(Problem(3, stride=2), 2), SCHEMES["fp16"], 64)
    >>> found.data.shape[1:], max(change.least for change in found.seen) < 0.01
    ((64, 5), True)
    """
    rng, groups = loud_generator(channels, rate, seed), plan.problem.groups
    each = max(channels // groups, 1)
    places, amplitudes = active_channels(each, rng)
    named, size = plan_algorithms(plan), _sizes(plan)
    made = [_embedded(plan, item, loud_batch(item, scheme, amplitudes, rate, rng), size) for item in named.values()]
    data, weights = (np.concatenate(parts) for parts in zip(*made, strict=True))
    arrays = _grouped(plan.problem, data, weights)
    found, simulation = plan_wrongness(plan, scheme, *arrays), simulate_plan(plan, scheme, *arrays)
    atol, bound = found.exceeded(rate), found.bound
    exact = in_images(simulation.reference, simulation.shape)
    spread = share_of_tolerance(simulation.images - exact, atol)
    seen, first, start = list[SeenChange](), 0, 0
    for name, (own_data, own_weights) in zip(named, made, strict=True):
        images, filters = slice(first, first + len(own_data)), slice(start, start + len(own_weights))
        first, start = images.stop, filters.stop
        responses = PlanFaultResponses(plan, *_grouped(plan.problem, own_data, own_weights))
        room = np.concatenate([group[images, filters] for group in np.split(atol, groups, axis=1)], axis=1)
        sites = [site for site in plan_fault_sites(plan) if site.algorithm == name]
        seen += seen_changes(responses, sites, room, spread * room, 3.0)
    full = _grouped(plan.problem, *(_in_channels(item, places, each) for item in (data, weights)))
    return LoudTensors(*full, exact, atol, bound, seed, tuple(seen))


def _sizes(plan: Plan) -> tuple[int, ...]:
    """Of images that have a whole tile of every piece."""
    outputs, reach = [1] * len(plan.problem.r), [1] * len(plan.problem.r)
    for piece in plan.pieces:
        for k, (strand, m, r) in enumerate(zip(piece.strands, piece.algorithm.m, piece.algorithm.r, strict=True)):
            first = _first_tile(piece, k)
            outputs[k] = max(outputs[k], strand.outputs.offset + strand.outputs.step * (first + m - 1) + 1)
            reach[k] = max(reach[k], strand.data.offset + strand.data.step * (first + m + r - 2) + 1)
    sizes = reach if plan.problem.transposed else image_of(plan.problem, outputs)[0]
    return tuple(max(*both) for both in zip(sizes, reach, strict=True))


def _first_tile(piece: Piece, axis: int) -> int:
    """Where the first tile begins that reads no data before the image, in outputs of the piece."""
    strand, m = piece.strands[axis], piece.algorithm.m[axis]
    return -(-max(0, -strand.data.offset) // (strand.data.step * m)) * m


def _embedded(plan: Plan, algorithm: Algorithm, batch: Batch, size: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Tiles and filters of an algorithm as images (T, C, ...) and filters (K, C, *r) of the plan."""
    piece = next(item for item in plan.pieces if item.algorithm == algorithm)
    tiles, filters = np.moveaxis(batch.data, (-1, -2), (0, 1)), np.moveaxis(batch.weights, (-2, -1), (0, 1))
    data, weights = np.zeros((*tiles.shape[:2], *size)), np.zeros((*filters.shape[:2], *plan.problem.r))
    read, taps = [], []
    for k, (strand, n) in enumerate(zip(piece.strands, algorithm.n, strict=True)):
        read.append(strand.data.offset + strand.data.step * (_first_tile(piece, k) + np.arange(n)))
        taps.append(strand.filter.offset + strand.filter.step * np.arange(strand.taps))
    for whole, part, places in ((data, tiles, read), (weights, filters, taps)):
        whole[np.ix_(*map(np.arange, part.shape[:2]), *places)] = part
    return data, weights


def _grouped(problem: Problem, data: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same in every group, filters in the shape of PyTorch."""
    of_group = weights.swapaxes(0, 1) if problem.transposed else weights
    return np.concatenate([data] * problem.groups, axis=1), np.concatenate([of_group] * problem.groups)


def _in_channels(array: np.ndarray, places: np.ndarray, channels: int) -> np.ndarray:
    """Of so many channels, 0 but at these places."""
    whole = np.zeros((len(array), channels, *array.shape[2:]))
    whole[:, places] = array
    return whole
