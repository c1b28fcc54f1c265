# SPDX-License-Identifier: Apache-2.0
"""In which dtype the sums of matrix products of integers are exact, and which of them wrap."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import NamedTuple

import torch

from wincraft.quantise.schemes import Scheme
from wincraft.torch.rounding import FLOAT32_BITS
from wincraft.torch.stage import Stage
from wincraft.torch.transform import Transform


class Sums(NamedTuple):
    """Per matrix product the dtype, None where nothing is stored so that it stays, and the names of those that wrap."""

    words: dict[str, torch.dtype | None]
    wraps: set[str]


def plan_sums(
    transforms: tuple[Transform, Transform, Transform],
    stages: Mapping[str, Stage],
    scheme: Scheme,
    learned: str,
    channels: int,
) -> Sums:
    """The dtypes for a layer of so many summed channels, from the largest integers there can be.

    `transforms` are those of the input, the filter and the output, `learned` is a name in `TRANSFORMS`: float32 serves
    for what is learned. Where the scheme's sums have 32 bits, those that can be larger wrap.
    """
    plan = _Plan(stages, scheme, learned)
    ends = {}
    for side, transform, label in (("input", transforms[0], "U"), ("weights", transforms[1], "V")):
        ends[label] = plan.bound(label, plan.chain(f"{side} pre-step", transform, plan.bound(side, inf)))
    bound = plan.bound("M", plan.product("M", ends["U"] * ends["V"] * channels))
    scaled = [stages[label] for label in (("M",) if "M" in stages else ("U", "V")) if label in stages]
    per_tap = any(len(stage.scale) > 1 for stage in scaled)
    plan.chain("post-step", transforms[2], inf if per_tap or learned == "diagonals" else bound)
    return plan.sums


class _Plan:
    """Walks through the products in their order, with the largest magnitude that each can give."""

    def __init__(self, stages: Mapping[str, Stage], scheme: Scheme, learned: str) -> None:
        self.stages, self.scheme, self.learned = stages, scheme, learned
        self.sums = Sums({}, set())

    def bound(self, label: str, otherwise: float) -> float:
        """That of a stored stage; the other one where it is not stored."""
        return self.stages[label].bound if label in self.stages else otherwise

    def chain(self, label: str, transform: Transform, bound: float) -> float:
        """That of a transform's last step."""
        for number in range(len(transform)):
            if number:
                before = self.stages[f"{label} {number}"]
                bound = before.bound if len(before.scale) == 1 else inf
            bound = self.product(f"{label} {number}", bound * transform.step(number).growth)
        return bound

    def product(self, name: str, bound: float) -> float:
        """That of a product that reaches a bound: the bound, or 2^31 where it wraps."""
        learned = bound == inf and self.learned == "flex"
        exact = torch.float32 if bound < 2**FLOAT32_BITS or learned else torch.float64
        self.sums.words[name] = exact if self.scheme.stages else None
        if self.scheme.word is not None and bound >= 2**31:
            self.sums.wraps.add(name)
            return 2.0**31
        return bound
