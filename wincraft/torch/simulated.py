# SPDX-License-Identifier: Apache-2.0
"""A convolution under a scheme that rounds every operation: the simulation's outputs, with an exact gradient."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import TypeVar

import numpy as np
import torch
import torch.nn.functional as F

from wincraft.quantise.simulation import Simulation, simulate
from wincraft.quantise.workload import Batch
from wincraft.torch.pipeline import Pipeline
from wincraft.torch.rounding import straight_through
from wincraft.torch.stage import StoredStage
from wincraft.torch.tiles import covered, cut, join, padded

_Simulation = TypeVar("_Simulation", bound=Simulation)


def with_scales(
    stages: Mapping[str, StoredStage], simulation: Callable[[Mapping[str, object]], _Simulation]
) -> _Simulation:
    """A simulation with the scales of stages, by label; those that observe set theirs from what it made."""
    stored = {label: stage for label, stage in stages.items() if stage.quantizer.per and not stage.observing}
    given = {label: stage.as_scale for label, stage in stored.items() if stage.calibrated}
    if stored and not given:
        next(iter(stored.values())).usable()
    found = simulation(given)
    for label, stage in stages.items():
        if (record := found.records.get(label)) is None:  # a piece of a plan that reads nothing but zeros
            continue
        stage.usable()
        if stage.observing:
            stage.observe_scale(record.scale)
        if stage.tally is not None:  # the values of a stage are as many in every tile
            count = found.batch.data.shape[-1]
            stage.tally.add(record.clipped * count, count)
    return found


class SimulatedPipeline(Pipeline):
    """A convolution operation by operation on the CPU; the gradient is that of the exact convolution."""

    def forward(self, x: torch.Tensor, weight: torch.Tensor, low: Sequence[int], sizes: Sequence[int]) -> torch.Tensor:
        """See `Pipeline`; while the stages observe, their scales are set."""
        x = padded(x, low, covered(sizes, self.m, self.r))
        convolve = (F.conv1d, F.conv2d, F.conv3d)[len(self.m) - 1]
        exact = convolve(x.movedim(-1, 1), weight.to(x.dtype), groups=self.groups).movedim(1, -1)
        y = straight_through(self._simulated(x, weight), exact) if exact.numel() else exact
        return y[(slice(None), *(slice(size) for size in sizes))]

    @torch.no_grad()
    def _simulated(self, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        data, filters = (item.double().cpu() for item in (cut(x, self.n, self.m), weight))
        batch = Batch(
            data.transpose(1, 2).reshape(*self.n, data.shape[2], -1).numpy(),
            filters.movedim((0, 1), (-2, -1)).contiguous().numpy(),
            np.ones(1, dtype=bool),
        )
        seen = None if (watch := self.watch) is None else lambda place, values: watch(place, torch.from_numpy(values))
        found = with_scales(self.labelled, lambda scales: simulate(self.algorithm, self.scheme, batch, scales, seen))
        y = torch.from_numpy(found.outputs).reshape(prod(self.m), len(weight), -1).transpose(1, 2)
        tiles = [(size - taps + 1) // m for size, taps, m in zip(x.shape[1:-1], self.r, self.m, strict=True)]
        return join(y.to(x), self.m, len(x), tiles)
