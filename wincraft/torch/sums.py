# SPDX-License-Identifier: Apache-2.0
"""In which dtype the sums of matrix products of integers are exact, and which of them wrap."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from math import inf
from typing import NamedTuple

import torch

from wincraft.measure.places import INPUT, WEIGHTS, M, Place, U, V
from wincraft.quantise.schemes import Scheme
from wincraft.torch.rounding import FLOAT32_BITS
from wincraft.torch.stage import StoredStage
from wincraft.torch.transform import TileTransform


class Sums(NamedTuple):
    """Per matrix product, by the place it leads to, the dtype, and the places of those that wrap."""

    words: dict[Place, torch.dtype]
    wraps: set[Place]


def plan_sums(
    transforms: tuple[TileTransform, TileTransform, TileTransform],
    stages: Mapping[Place, StoredStage],
    bounds: Mapping[Place, float],
    scheme: Scheme,
    channels: int,
    scaled: bool,
) -> Sums:
    """The dtypes for a layer of so many summed channels, from the largest integers there can be.

    `transforms` are those of the input, the filter and the output; `bounds` those of the integers at each place that is
    stored, in the layer or before it. Float32 serves for what is learned. Where the
    scheme's sums have 32 bits, those that can be larger wrap; where it stores nothing, operands keep their dtype.
    `scaled` products are multiplied tap by tap before their transform, as those of stages with a scale per tap are.
    """
    sums = Sums({}, set())
    if not scheme.stages:
        return sums
    matrices_learned = any(transform.learned for transform in transforms)

    def stored(place: Place, otherwise: float) -> float:
        return bounds.get(place, otherwise)

    def product(place: Place, bound: float) -> float:
        learned = bound == inf and matrices_learned
        sums.words[place] = torch.float32 if bound < 2**FLOAT32_BITS or learned else torch.float64
        if scheme.word is not None and bound >= 2**31:
            sums.wraps.add(place)
            return 2.0**31
        return bound

    def chain(transform: TileTransform, bound: float) -> float:
        for number, (before, after) in enumerate(pairwise(transform.plan.places)):
            if number and len(stages[before].scale) > 1:
                bound = inf
            bound = stored(after, product(after, bound * transform.growth[number]))
        return bound

    data, weights = chain(transforms[0], stored(INPUT, inf)), chain(transforms[1], stored(WEIGHTS, inf))
    bound = stored(M, product(M, data * weights * channels))
    per_tap = any(len(stages[place].scale) > 1 for place in ((M,) if M in stages else (U, V)) if place in stages)
    chain(transforms[2], inf if per_tap or scaled else bound)
    return sums
