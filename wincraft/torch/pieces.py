# SPDX-License-Identifier: Apache-2.0
"""The pieces of a plan on images: each by its algorithm's own pipeline, on what it reads, and their sum."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import nn

from wincraft.measure.places import INPUT, OUTPUT, WEIGHTS, Place
from wincraft.plan.plan import Plan
from wincraft.plan.reductions import Steps, Strand
from wincraft.quantise.plans import simulate_plan
from wincraft.quantise.schemes import Scheme
from wincraft.torch.fitting import is_plain
from wincraft.torch.learning import LearnedStage, Learning, pipeline_for
from wincraft.torch.pipeline import WHOLE, Convolution, Multiples, Pipeline, ProductPipeline
from wincraft.torch.rounding import straight_through
from wincraft.torch.simulated import with_scales
from wincraft.torch.stage import StoredStage, StoringModule, of_integers


class StrandReach(NamedTuple):
    """Along an axis: what a strand reads, zeros before that, and where it adds how many results."""

    data: slice
    low: int
    outputs: Steps
    results: int


def pipeline_of_plan(
    plan: Plan, scheme: Scheme, channels: int, outputs: int, learning: Learning
) -> Pipeline | PlanPipeline:
    """What runs a plan: the pipeline of its algorithm where that is the whole convolution, else those of its pieces.

    Raises:
        NotApplicable: as `pipeline_for`.

    >>> from wincraft.plan import Problem, make_plan
    >>> from wincraft.quantise.schemes import SCHEMES
    >>> pipeline_of_plan(make_plan(Problem(3, stride=2), 2), SCHEMES["tapwise-8"], 4, 8, Learning())
    2 pieces, 9 stored stages
    """
    run = PlanPipeline if of_integers(scheme, scheme.stages.values()) else SimulatedPlanPipeline
    if len(plan.pieces) > 1 or not is_plain(plan.problem):
        return run(plan, scheme, channels, outputs, learning)
    (piece,) = plan.pieces
    return pipeline_for(Convolution(piece.algorithm, scheme, channels, outputs, plan.problem.groups), learning)


class PlanPipeline(StoringModule):
    """A plan under a scheme: input and weights stored once, every piece through its own stages, their sum stored once.

    Pieces are added in float64 where something is stored, in the dtype of the input where nothing is; a single one
    stores all of it itself. Input as that of `Pipeline`; of a transposed convolution it is how many outputs are left
    out before each axis, not zeros.

    Raises:
        NotApplicable: as `pipeline_for`.
    """

    pieces: Sequence[Pipeline]

    def __init__(self, plan: Plan, scheme: Scheme, channels: int, outputs: int, learning: Learning) -> None:
        super().__init__()
        self.plan, self.scheme, groups = plan, scheme, plan.problem.groups
        several = len(plan.pieces) > 1
        self._taps = {INPUT: (1,) * len(plan.problem.r), WEIGHTS: plan.problem.r, OUTPUT: (1,) * len(plan.problem.r)}
        stage = LearnedStage if learning.scales else StoredStage
        self.place_stages(
            stage(place, quantizer, self._taps[place], channels if place == INPUT else outputs, scheme.calibration)
            for place in WHOLE
            if several and (quantizer := getattr(scheme, place.stage)) is not None
        )
        self.pieces = nn.ModuleList(  # type: ignore[assignment]
            pipeline_for(Convolution(piece.algorithm, scheme, channels, outputs, groups, part=several), learning)
            for piece in plan.pieces
        )
        learning.check(scheme, groups, self.labelled.values())
        if several and (self.labelled or learning != Learning()):
            kinds = dict.fromkeys(f"{item.algorithm.size} {item.algorithm.sha256[:12]}" for item in plan.pieces)
            self.described = f"{plan.problem}; {'; '.join(kinds)}, {scheme.describe()}, {learning.describe()}"
        self.register_buffer("one", torch.ones(1, 1, 1, dtype=torch.float64), persistent=False)

    one: torch.Tensor

    def __repr__(self) -> str:
        return f"{len(self.pieces)} pieces, {len(self.labelled)} stored stages"

    @property
    def labelled(self) -> dict[str, StoredStage]:
        """The stored stages by label, as `simulate_plan` has them; in the order of the computation."""
        own = {str(place): stage for place, stage in self.placed.items()}
        for number, pipeline in enumerate(self.pieces, start=1):
            prefix = f"piece {number} " if len(self.pieces) > 1 else ""
            own |= {prefix + label: stage for label, stage in pipeline.labelled.items()}
        return own | ({"output": own.pop("output")} if "output" in own else {})

    def forward(self, x: torch.Tensor, weight: torch.Tensor, low: Sequence[int], sizes: Sequence[int]) -> torch.Tensor:
        """See `Pipeline`."""
        dtype, d = torch.promote_types(x.dtype, torch.float32), len(sizes)
        if len(self.pieces) == 1:
            self.pieces[0].watch = self.watch
        data = self._stored(INPUT, x.to(dtype), len(x))
        filters = self._stored(WEIGHTS, weight.to(dtype).permute(*range(2, d + 2), 1, 0), 1)
        zeros, crop = ([0] * d, low) if self.plan.problem.transposed else (low, [0] * d)
        full = [size + 2 * left for size, left in zip(sizes, crop, strict=True)]
        found: dict[tuple[tuple[int, int], ...], torch.Tensor] = {}
        for piece, pipeline in zip(self.plan.pieces, self.pieces, strict=True):
            assert isinstance(pipeline, ProductPipeline)
            axes = [reach_of(*of) for of in zip(piece.strands, zeros, full, strict=True)]
            if not all(axis.results for axis in axes):
                continue
            part = data._replace(data=data.data[(slice(None), *(axis.data for axis in axes))])
            taps = filters._replace(data=taps_of(filters.data, piece.strands).flatten(0, d - 1))
            y = pipeline.convolve(part, taps, [axis.low for axis in axes], [axis.results for axis in axes])
            where = tuple((axis.outputs.offset, axis.outputs.step) for axis in axes)
            found[where] = found[where] + y if where in found else y
        whole = tuple(((0, 1),) * d)
        if list(found) == [whole]:
            y = found[whole]
        else:
            y = next(iter(found.values())).new_zeros(len(x), *full, len(weight))
            for where, results in found.items():
                y[(slice(None), *(slice(first, None, step) for first, step in where))] += results
        y = y[(slice(None), *(slice(left, left + size) for left, size in zip(crop, sizes, strict=True)))]
        if self.scheme.word is not None and len(self.pieces) > 1:
            unit = (data.scale * filters.scale).view(-1)
            y = (torch.remainder((y / unit).round() + 2.0**31, 2.0**32) - 2.0**31) * unit
        stored = self._stored(OUTPUT, y, len(x))
        y = stored.data * stored.scale.to(stored.data.dtype).view(-1) if OUTPUT in self.placed else stored.data
        return y.to(x.dtype)

    def _stored(self, place: Place, value: torch.Tensor, images: int) -> Multiples:
        """Values (..., channels) as a stage has them."""
        if place not in self.placed and (self.watch is None or len(self.pieces) == 1):
            return Multiples(value, self.one, images)
        taps = self._taps[place]
        flat, unit = value.reshape(prod(taps), -1, value.shape[-1]), self.one
        if (stage := self.placed.get(place)) is not None:
            flat, unit = stage(flat, unit, images)
        self.show(place, flat, unit, taps)
        return Multiples(flat.view(value.shape), unit, images)


class SimulatedPlanPipeline(PlanPipeline):
    """A plan operation by operation on the CPU; the gradient is that of the exact convolution."""

    def forward(self, x: torch.Tensor, weight: torch.Tensor, low: Sequence[int], sizes: Sequence[int]) -> torch.Tensor:
        """See `Pipeline`; while the stages observe, their scales are set."""
        problem, images = self.plan.problem, x.movedim(-1, 1)
        crop, more = [0] * len(low), [0] * len(low)
        if problem.transposed:
            crop, weight = list(low), grouped_filters(weight, problem.groups)
            full = problem.outputs(images.shape[2:])
            more = [size + 2 * left - reach for size, left, reach in zip(sizes, crop, full, strict=True)]
        else:
            pads: list[int] = []
            for k, (before, size) in enumerate(zip(low, sizes, strict=True)):
                reach = (size - 1) * problem.s[k] + problem.t[k] * (problem.r[k] - 1) + 1
                pads = [before, reach - before - images.shape[k + 2], *pads]
            images = F.pad(images, pads)
        own = list(problem.s), crop, list(problem.t), problem.transposed, more
        exact = torch.convolution(images, weight.to(x.dtype), None, *own, problem.groups)
        if exact.numel() and images.any() and weight.any():
            data, filters = (item.detach().double().cpu().numpy() for item in (images, weight))
            found = with_scales(
                self.labelled, lambda scales: simulate_plan(self.plan, self.scheme, data, filters, crop, more, scales)
            )
            exact = straight_through(torch.from_numpy(found.images).to(exact), exact)
        return exact.movedim(1, -1)


def reach_of(strand: Strand, low: int, size: int) -> StrandReach:
    """What a strand reads and writes along an axis, of data behind `low` zeros, of so many outputs.

    >>> from wincraft.plan import Problem, reduce_strand, strand_of
    >>> first, second = reduce_strand(strand_of(Problem(3, stride=2)))
    >>> reach_of(first, 1, 5)
    StrandReach(data=slice(1, 11, 2), low=1, outputs=Steps(offset=0, step=1), results=5)
    >>> reach_of(second, 1, 5)
    StrandReach(data=slice(0, 10, 2), low=0, outputs=Steps(offset=0, step=1), results=5)
    """
    data, first = strand.data, strand.data.offset - low
    results = len(range(strand.outputs.offset, size, strand.outputs.step))
    zeros = max(0, -(first // data.step))
    start, count = first + data.step * zeros, max(0, results + strand.taps - 1 - zeros)
    return StrandReach(slice(start, start + data.step * count, data.step), zeros, strand.outputs, results)


def taps_of(filters: torch.Tensor, strands: Sequence[Strand]) -> torch.Tensor:
    """Those of a piece, of filters whose first axes are taps.

    >>> from wincraft.plan import Problem, reduce_strand, strand_of
    >>> first, _ = reduce_strand(strand_of(Problem(5, stride=2, transposed=True)))
    >>> taps_of(torch.arange(5), [first])
    tensor([4, 2, 0])
    """
    for axis, strand in enumerate(strands):
        step, last = strand.filter.step, strand.filter.offset + strand.filter.step * (strand.taps - 1)
        ends = sorted((strand.filter.offset, last))
        part = filters[(slice(None),) * axis + (slice(ends[0], ends[1] + 1, abs(step)),)]
        filters = part.flip(axis) if step < 0 else part  # slices of tensors run forwards only
    return filters


def grouped_filters(weight: torch.Tensor, groups: int) -> torch.Tensor:
    """Filters of a transposed convolution, (C, K/g, ...), as those of others, (K, C/g, ...), and back.

    >>> grouped_filters(torch.zeros(6, 4, 3, 3), 2).shape
    torch.Size([8, 3, 3, 3])
    """
    split: torch.Tensor = weight.unflatten(0, (groups, -1))
    return split.transpose(1, 2).flatten(0, 1)
