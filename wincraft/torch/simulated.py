# SPDX-License-Identifier: Apache-2.0
"""A convolution under a scheme that rounds every operation: the simulation's outputs, with an exact gradient."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

import numpy as np
import torch
import torch.nn.functional as F

from wincraft.algorithm.nested import Algorithm
from wincraft.quantise.schemes import Scheme
from wincraft.quantise.simulation import run_stages
from wincraft.quantise.workload import Batch
from wincraft.torch.rounding import straight_through
from wincraft.torch.stage import Stage
from wincraft.torch.tiles import cut, join, tile_counts


def simulated(
    algorithm: Algorithm,
    scheme: Scheme,
    stages: Mapping[str, Stage],
    x: torch.Tensor,
    weight: torch.Tensor,
    groups: int,
) -> torch.Tensor:
    """Outputs (N, ..., K) of padded images (N, ..., C) that whole tiles cover, operation by operation on the CPU.

    While the stages observe, their scales are set. The gradient is that of the exact convolution.
    """
    m, r, n = ([getattr(axis, name) for axis in algorithm.axes] for name in "mrn")
    convolve = (F.conv1d, F.conv2d)[len(m) - 1]
    exact = convolve(x.movedim(-1, 1), weight.to(x.dtype), groups=groups).movedim(1, -1)
    if not exact.numel():
        return exact
    with torch.no_grad():
        data, filters = (item.double().cpu() for item in (cut(x, n, m), _dense(weight, groups)))
        batch = Batch(
            data.transpose(1, 2).reshape(*n, data.shape[2], -1).numpy(),
            filters.movedim((0, 1), (-2, -1)).contiguous().numpy(),
            np.ones(1, dtype=bool),
        )
        observed = {label: stage for label, stage in stages.items() if stage.observing}
        given = {s.label: s.as_scale for s in stages.values() if s.quantizer.per and not s.observing and s.usable()}
        outputs, records, _ = run_stages(algorithm, scheme, batch, given)
        for label, stage in observed.items():
            stage.observe_scale(records[label].scale)
        for label, stage in stages.items():
            if stage.tally is not None:  # the values of a stage are as many in every tile
                stage.tally.add(records[label].clipped * batch.data.shape[-1], batch.data.shape[-1])
        y = torch.from_numpy(outputs).reshape(prod(m), len(weight), -1).transpose(1, 2)
        tiles = tile_counts([size - taps + 1 for size, taps in zip(x.shape[1:-1], r, strict=True)], m)
        y = join(y.to(x), m, len(x), tiles)
    return straight_through(y, exact)


def _dense(weight: torch.Tensor, groups: int) -> torch.Tensor:
    """Filters of all channels, zero outside their group."""
    if groups == 1:
        return weight
    inner, count = weight.shape[1], len(weight) // groups
    dense = weight.new_zeros(len(weight), inner * groups, *weight.shape[2:])
    for group in range(groups):
        rows = slice(group * count, (group + 1) * count)
        dense[rows, group * inner : (group + 1) * inner] = weight[rows]
    return dense
