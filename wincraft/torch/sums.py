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
    scheme: Scheme,
    channels: int,
    scaled: bool,
) -> Sums:
    """The dtypes for a layer of so many summed channels, from the largest integers there can be.

    `transforms` are those of the input, the filter and the output. Float32 serves for what is learned. Where the
    scheme's sums have 32 bits, those that can be larger wrap; where it stores nothing, operands keep their dtype.
    `scaled` products are multiplied tap by tap before their transform, as those of stages with a scale per tap are.
    """
    if not scheme.stages:
        return Sums({}, set())
    plan = _Plan(stages, scheme, any(transform.learned for transform in transforms))
    data = plan.chain(transforms[0], plan.bound(INPUT, inf))
    weights = plan.chain(transforms[1], plan.bound(WEIGHTS, inf))
    bound = plan.bound(M, plan.product(M, data * weights * channels))
    per_tap = any(len(stages[place].scale) > 1 for place in ((M,) if M in stages else (U, V)) if place in stages)
    plan.chain(transforms[2], inf if per_tap or scaled else bound)
    return plan.sums


class _Plan:
    """Walks through the products in their order, with the largest magnitude that each can give."""

    def __init__(self, stages: Mapping[Place, StoredStage], scheme: Scheme, learned: bool) -> None:
        self.stages, self.scheme, self.learned = stages, scheme, learned
        self.sums = Sums({}, set())

    def bound(self, place: Place, otherwise: float) -> float:
        """That of a stored stage; the other one where it is not stored."""
        return self.stages[place].bound if place in self.stages else otherwise

    def chain(self, transform: TileTransform, bound: float) -> float:
        """What comes out of a transform and is stored, or not."""
        for number, (before, after) in enumerate(pairwise(transform.plan.places)):
            if number and len(self.stages[before].scale) > 1:
                bound = inf
            bound = self.bound(after, self.product(after, bound * transform.growth[number]))
        return bound

    def product(self, place: Place, bound: float) -> float:
        """That of a product that reaches a bound: the bound, or 2^31 where it wraps."""
        learned = bound == inf and self.learned
        self.sums.words[place] = torch.float32 if bound < 2**FLOAT32_BITS or learned else torch.float64
        if self.scheme.word is not None and bound >= 2**31:
            self.sums.wraps.add(place)
            return 2.0**31
        return bound
