# SPDX-License-Identifier: Apache-2.0
"""The options by which a layer learns or balances more than its weights: transforms, stages and pipelines that do."""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction
from functools import reduce
from math import inf
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from wincraft.errors import NotApplicable
from wincraft.measure.places import M, Place, U, V
from wincraft.numbers.integer_grid import IntegerGrid
from wincraft.numbers.quantizer import Quantizer, Scale
from wincraft.quantise.schemes import Scheme
from wincraft.torch.pipeline import Convolution, Multiples, Pipeline, ProductPipeline
from wincraft.torch.rounding import damped, straight_through
from wincraft.torch.simulated import SimulatedPipeline
from wincraft.torch.stage import StoredStage, of_integers
from wincraft.torch.state import StateDict, check_exponents, check_scales
from wincraft.torch.transform import ONE, Factors, SidePlan, TileTransform, axis_rows, ones, over

TRANSFORMS = dict.fromkeys(("static", "flex", "diagonals"))
"""What of the transforms is learned: nothing, the matrices next to the taps, or one factor per tap of U and of V."""


class Learning(NamedTuple):
    """What is learned or balanced besides the weights; see `WinogradConv2d`."""

    transforms: str = "static"
    scales: bool = False
    balance_channels: bool = False
    rank_one_scales: bool = False

    def describe(self) -> str:
        """The options that are on.

        >>> Learning("flex", rank_one_scales=True).describe()
        'flex transforms, rank-one scales'
        """
        on = [name.replace("rank_one", "rank-one").replace("_", " ") for name, value in self._asdict().items() if value]
        return ", ".join([f"{self.transforms} transforms", *on[1:]])

    @property
    def balances(self) -> bool:
        """Whether U and V get factors before they are stored."""
        return self.transforms == "diagonals" or self.balance_channels

    def check(self, scheme: Scheme, groups: int, stages: Collection[StoredStage]) -> None:
        """Check that every option has its place under a scheme, in a pipeline of these stages.

        Raises:
            NotApplicable: where it has not.
        """
        integers = of_integers(scheme, scheme.stages.values())
        flex = self.transforms == "flex"
        uneven = self.balances and (scheme.U is None or scheme.V is None)
        grouped = self.balance_channels and groups > 1
        untapped = not any("tap" in (stage.quantizer.per or "") for stage in stages)
        rank_one = self.rank_one_scales
        for refused, what, reason, repair in (
            (self != Learning() and not integers, "learning", "it is no scheme of integers", "leave the options out"),
            (flex and scheme.word, "flex", "its operands are exact integers", "learn no matrices"),
            (uneven, "balancing", "U and V are not both stored", "use another scheme"),
            (grouped, "balancing of channels", f"there are {groups} groups", "leave it out"),
            (self.scales and not stages, "learned scales", "nothing is stored", "use another scheme"),
            (rank_one and self.scales, "rank-one scales", "learned scales stay no products", "leave them out"),
            (rank_one and untapped, "rank-one scales", "no scale is per tap", "leave them out"),
        ):
            if refused:
                raise NotApplicable(f"{what} under {scheme.name}", reason, repair)


def pipeline_for(convolution: Convolution, learning: Learning) -> Pipeline:
    """What runs a convolution: matrix products under a scheme of integers, else the simulation of every operation.

    Options, and the state's configuration, of a part are for its plan to look after.

    Raises:
        NotApplicable: a scheme that does not admit the algorithm, or has no place for an option.

    >>> from wincraft import parse
    >>> from wincraft.quantise.schemes import SCHEMES
    >>> pipeline_for(Convolution(parse("F(2x2,3x3)"), SCHEMES["tapwise-8"], 4, 8), Learning("flex"))
    6 stored stages
    """
    algorithm, scheme = convolution.algorithm, convolution.scheme
    stage = LearnedStage if learning.scales else RankOneStage if learning.rank_one_scales else StoredStage
    transform = LearnedTransform if learning.transforms == "flex" else TileTransform
    pipeline: Pipeline
    if not of_integers(scheme, scheme.stages.values()):
        pipeline = SimulatedPipeline(convolution)
    elif learning.balances:
        pipeline = BalancedPipeline(convolution, transform, stage, learning)
    else:
        pipeline = ProductPipeline(convolution, transform, stage)
    if convolution.part:
        return pipeline
    learning.check(scheme, convolution.groups, pipeline.placed.values())
    if pipeline.placed or learning != Learning():
        pipeline.described = f"{algorithm.size} {algorithm.sha256[:12]}, {scheme.describe()}, {learning.describe()}"
    return pipeline


class LearnedTransform(TileTransform):
    """A transform whose matrix next to the taps is a parameter per axis, without factors; equal axes share one.

    Entries that a scheme rounds are rounded in use, with the gradient of the identity.
    """

    learned = True

    def __init__(self, plan: SidePlan, scheme: Scheme, columns: Factors | None = None, divisor: Fraction = ONE) -> None:
        super().__init__(plan, scheme, columns, divisor)
        last = len(self.growth) - 1
        self.core = 0 if plan.places[0] == M else last
        self._grid = scheme.matrices if isinstance(scheme.matrices, IntegerGrid) else None
        after = plan.stages[self.core].image
        self._set(self.core, np.zeros((0, 0)), ones(after) if self.core < last else over(ones(after), divisor), inf)
        axes = [
            tuple(tuple(float(value * factor) for value, factor in zip(row, factors, strict=True)) for row in rows)
            for rows, factors in axis_rows(plan.exact[self.core], None if self.core else columns)
        ]
        seen = list(dict.fromkeys(axes))
        self.matrices = nn.ParameterList(nn.Parameter(torch.tensor(entries, dtype=torch.float64)) for entries in seen)
        self._axes = [seen.index(entries) for entries in axes]

    def matrix(self, number: int) -> torch.Tensor:
        """The parameters as one matrix, where they are learned."""
        if number != self.core:
            return super().matrix(number)
        return reduce(torch.kron, self.axis_matrices(number))

    def axis_matrices(self, number: int) -> list[torch.Tensor]:
        """The parameters, where they are learned."""
        if number != self.core:
            return super().axis_matrices(number)
        return [self._in_use(self.matrices[index]) for index in self._axes]

    def _in_use(self, matrix: torch.Tensor) -> torch.Tensor:
        if self._grid is None:
            return matrix
        entries = matrix.detach().double()
        scale = entries.abs().max() / float(self._grid.limit)
        codes = torch.clamp(torch.round(entries / scale), self._grid.low, self._grid.high)
        return straight_through((codes * scale).to(matrix.dtype), matrix)


class LearnedStage(StoredStage):
    """A stage whose scales are 2^log_scale, a parameter.

    Its gradient is damped by 1/sqrt(values per image * largest code) as in LSQ (Esser et al. 2020, arXiv 1902.08153);
    power-of-two scales round the exponent up, with the gradient of the identity.
    """

    def __init__(
        self, place: Place, quantizer: Quantizer, taps: tuple[int, ...], channels: int, calibration: str
    ) -> None:
        super().__init__(place, quantizer, taps, channels, calibration)
        self.log_scale = nn.Parameter(torch.zeros(self.scale.shape))

    def extra_repr(self) -> str:
        """The quantiser."""
        return f"{super().extra_repr()}, learned"

    def current_scale(self, values: float = 1) -> torch.Tensor:
        """The scales in use; `values` is how many values of an image share them, for the damping."""
        log_scale = damped(self.log_scale, (max(1.0, values / self.scale.numel()) * self.grid.high) ** -0.5).double()
        if self.quantizer.power_of_two:
            log_scale = straight_through(torch.ceil(log_scale), log_scale)
        return torch.exp2(log_scale)

    @torch.no_grad()
    def set_scale(self, given: Scale) -> None:
        """Begin with these scales."""
        super().set_scale(given)
        start = torch.log2(self.scale)
        if self.quantizer.power_of_two:  # in the middle of what rounds up to it: at the end a small step doubles it
            start = torch.ceil(start) - 0.5
        self.log_scale.copy_(start)

    def _load_from_state_dict(self, state_dict: StateDict, prefix: str, *args: object) -> None:
        """Raise `BadDocument` for logarithms of no scales."""
        check_exponents(state_dict, f"{prefix}log_scale")
        super()._load_from_state_dict(state_dict, prefix, *args)


class RankOneStage(StoredStage):
    """A stage whose scales per tap are products of one factor per axis (Chen et al. 2023).

    They are the least squares of the logarithms of the calibrated ones, so that taps above the fit are clipped.
    """

    def set_scale(self, given: Scale) -> None:
        """Use the products that are nearest to these scales."""
        if "tap" in (self.quantizer.per or "") and given.scale.size > 1:
            given = given._replace(scale=rank_one_scales(given.scale, self.quantizer.power_of_two))
        super().set_scale(given)


class BalancedPipeline(ProductPipeline):
    """U and V times factors before they are stored.

    Diagonals, 2^log_diagonals, are one per tap and parameters; A^T undoes them. Omega is one per tap and channel, U
    over it and V times it; `ranging` batches set the ranges that it comes from.
    """

    fusable = False

    def __init__(
        self,
        convolution: Convolution,
        transform: type[TileTransform],
        stage: type[StoredStage],
        learning: Learning,
    ) -> None:
        diagonals = learning.transforms == "diagonals"
        super().__init__(convolution, transform, stage, scaled=diagonals)
        self.log_diagonals = nn.Parameter(torch.zeros(2, self.rank)) if diagonals else None
        omega = torch.ones(self.rank, convolution.channels, dtype=torch.float64) if learning.balance_channels else None
        self.register_buffer("omega", omega)
        self.ranging = False
        self._ranges: dict[Place, torch.Tensor] = {}

    omega: torch.Tensor | None

    def _store(self, place: Place, value: Multiples, factors: torch.Tensor) -> Multiples:
        if place in (U, V):
            if self.log_diagonals is not None:
                factors = factors * torch.exp2(self.log_diagonals[int(place == V)].double())[:, None, None]
            if self.ranging:
                self._observe_range(place, value, factors)
            elif self.omega is not None:
                factors = factors / self.omega[:, None, :] if place == U else factors * self.omega[:, :, None]
        value = super()._store(place, value, factors)
        if place == M and self.log_diagonals is not None:
            undone = torch.exp2(-self.log_diagonals.double().sum(0))[:, None, None]
            value = value._replace(scale=value.scale * undone)
        return value

    def observe(self, on: bool) -> None:
        """Whether the next batches set the scales."""
        super().observe(on)
        self.ranging = False

    @torch.no_grad()
    def _observe_range(self, place: Place, value: Multiples, factors: torch.Tensor) -> None:
        largest = (value.data * value.scale * factors).abs().amax(1 if place == U else 2)
        self._ranges[place] = torch.maximum(largest, self._ranges.get(place, largest))

    @torch.no_grad()
    def balance_channels(self) -> None:
        """Omega = sqrt(range of U / range of V) per tap and channel, of geometric mean 1 in every tap."""
        assert self.omega is not None
        tiny = torch.finfo(torch.float32).tiny
        logs = [torch.log2(self._ranges.pop(place).clamp_min(tiny)) for place in (U, V)]
        half = (logs[0] - logs[1]) / 2
        self.omega.copy_(torch.exp2(half - half.mean(dim=1, keepdim=True)))

    def _load_from_state_dict(self, state_dict: StateDict, prefix: str, *args: object) -> None:
        """Raise `BadDocument` for factors of channels or taps that are none."""
        check_scales(state_dict, f"{prefix}omega")
        check_exponents(state_dict, f"{prefix}log_diagonals")
        super()._load_from_state_dict(state_dict, prefix, *args)


def rank_one_scales(scale: np.ndarray, power_of_two: bool = False) -> np.ndarray:
    """Scales (taps..., channels, 1) as products of one factor per axis of taps: the least squares of the logarithms.

    Powers of two become products of powers of two.

    >>> rank_one_scales(np.array([[1.0, 2.0], [3.0, 6.0]])[..., None, None])[..., 0, 0].round(6).tolist()
    [[1.0, 2.0], [3.0, 6.0]]
    >>> rank_one_scales(np.array([[1.0, 2.0], [4.0, 2.0]])[..., None, None])[..., 0, 0].round(6).tolist()
    [[1.414214, 1.414214], [2.828427, 2.828427]]
    """
    logs = np.log2(scale)
    taps = tuple(range(scale.ndim - 2))

    def rounded(exponents: np.ndarray) -> np.ndarray:  # half upwards: np.rint would change differences of one
        return np.floor(exponents + 0.5) if power_of_two else exponents

    mean = logs.mean(axis=taps, keepdims=True)
    others = [tuple(other for other in taps if other != axis) for axis in taps]
    fit = sum(rounded(logs.mean(axis=kept, keepdims=True) - mean) for kept in others)
    return np.asarray(np.exp2(fit + rounded((logs - fit).mean(axis=taps, keepdims=True))))
