# SPDX-License-Identifier: Apache-2.0
"""The stages of a Winograd convolution on images: transform, store, multiply, transform back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import prod
from typing import Any, NamedTuple

import torch
from torch import nn

from wincraft.algorithm.linear_map import LinearMap
from wincraft.algorithm.nested import Algorithm
from wincraft.errors import NotApplicable
from wincraft.exact.number import to_fraction
from wincraft.numbers.integer_grid import IntegerGrid
from wincraft.numbers.quantizer import Quantizer
from wincraft.quantise.schemes import Scheme
from wincraft.quantise.simulation import check_scheme
from wincraft.torch.learning import Learning
from wincraft.torch.rounding import exact_word
from wincraft.torch.simulated import simulated
from wincraft.torch.stage import Stage, StoringModule, WideModule
from wincraft.torch.state import check_exponents, check_scales
from wincraft.torch.sums import plan_sums
from wincraft.torch.tiles import covered, cut, interleaved, padded, tile_counts
from wincraft.torch.transform import Factors, Transform, multiplied, outer

_CHUNK = 1 << 18
"""So many values of U or M a thread computes at a time: they stay in its cache, and their memory is used again."""
_CHUNK_OF_DEVICE = 1 << 26
"""So many an accelerator does."""


UNQUANTISED = Scheme("exact")


class Value(NamedTuple):
    """Multiples (taps, vectors, channels) times a scale, of so many images; integers once something was stored."""

    data: torch.Tensor
    scale: torch.Tensor
    images: int = 1


class Pipeline(WideModule, StoringModule):
    """y = A^T [(G g) * (B^T d)] under a scheme, for images with the channels last.

    Schemes of integers run as matrix products of integers, exact in float32 or float64, with one product by a ratio of
    scales before each rounding. Other schemes run operation by operation in `wincraft.quantise.simulation`, on the
    CPU, with the gradient of the exact convolution.

    Raises:
        NotApplicable: a scheme that does not admit the algorithm, or learning that the scheme has no place for.
    """

    def __init__(
        self, algorithm: Algorithm, scheme: Scheme, channels: int, outputs: int, groups: int, learning: Learning
    ) -> None:
        super().__init__()
        check_scheme(algorithm, scheme)
        self.algorithm, self.scheme, self.groups, self.learning = algorithm, scheme, groups, learning
        self.m, self.r, self.n = (tuple(getattr(axis, name) for axis in algorithm.axes) for name in "mrn")
        self.rank = tuple(axis.rank for axis in algorithm.axes)
        self.native = scheme.arithmetic is None and all(
            isinstance(quantizer.format, IntegerGrid) for quantizer in scheme.stages.values()
        )
        if not self.native and learning != Learning():
            raise NotApplicable(f"learning under {scheme.name}", "it is no scheme of integers", "leave the options out")
        if learning.transforms == "flex" and scheme.word is not None:
            raise NotApplicable(f"flex under {scheme.name}", "its operands are exact integers", "learn no matrices")
        self._make_transforms(scheme if self.native else UNQUANTISED)
        self.stages = nn.ModuleDict()
        for label, quantizer, taps, count in self._stored(channels, outputs):
            stage = Stage(label, quantizer, taps, count, scheme.calibration, learning.scales, learning.rank_one_scales)
            self.stages[_key(label)] = stage
        both = "U" in self.stages and "V" in self.stages
        if (learning.transforms == "diagonals" or learning.balance_channels) and not both:
            raise NotApplicable(f"balancing under {scheme.name}", "U and V are not both stored", "use another scheme")
        if learning.scales and not self.stages:
            raise NotApplicable(f"learned scales under {scheme.name}", "nothing is stored", "use another scheme")
        if learning.rank_one_scales and (learning.scales or not any(s.rank_one for s in self.labelled.values())):
            reason = "learned scales stay no products" if learning.scales else "no scale is per tap"
            raise NotApplicable(f"rank-one scales under {scheme.name}", reason, "leave them out")
        products = prod(self.rank)
        self.log_diagonals = nn.Parameter(torch.zeros(2, products)) if learning.transforms == "diagonals" else None
        omega = torch.ones(products, channels, dtype=torch.float64) if learning.balance_channels else None
        self.register_buffer("omega", omega)
        self.register_buffer("one", torch.ones(1, 1, 1, dtype=torch.float64), persistent=False)
        if self.native:
            transforms = self.input, self.filter, self.output
            self._sums = plan_sums(transforms, self.labelled, scheme, learning.transforms, channels // groups)
        if self.stages or learning != Learning():
            self.described = f"{algorithm.size} {algorithm.sha256[:12]}, {scheme.describe()}, {learning.describe()}"
        self.observing = self.ranging = False
        self._ranges: dict[str, torch.Tensor] = {}

    one: torch.Tensor
    omega: torch.Tensor | None
    M_factors: torch.Tensor
    output_factors: torch.Tensor

    def _make_transforms(self, scheme: Scheme) -> None:
        flex = self.learning.transforms == "flex"
        chains = [[getattr(axis.maps, side) for axis in self.algorithm.axes] for side in ("input", "filter", "output")]
        inner, outermost = ("last", "first") if flex else (None, None)
        self.input = Transform(chains[0], scheme, scheme.pre_step, learned=inner)
        self.filter = Transform(chains[1], scheme, scheme.pre_step, learned=inner)
        ones: Factors = tuple((Fraction(1),) * size for size in self.rank)
        unstored = [
            transform.exact_factors if stage is None else ones
            for transform, stage in ((self.filter, scheme.V), (self.input, scheme.U))
        ]
        of_M = multiplied(*unstored)
        columns = of_M if scheme.M is None else None
        self.output = Transform(chains[2], scheme, scheme.post_step, columns, outermost)
        self.register_buffer("M_factors", outer(of_M), persistent=False)
        first, *rest = self.output.exact_factors
        divided = (tuple(factor / to_fraction(self.algorithm.scale) for factor in first), *rest)
        self.register_buffer("output_factors", outer(divided), persistent=False)
        self._plain_outputs = not scheme.stages and to_fraction(self.algorithm.scale) == 1

    def _stored(self, channels: int, outputs: int) -> Iterator[tuple[str, Quantizer, tuple[int, ...], int]]:
        """Label, quantiser, shape and channels of every stage that is stored, in the order of the computation."""
        scheme = self.scheme
        sides = (("input", self.n, channels), ("weights", self.r, outputs))
        for (side, shape, count), transformed in zip(sides, ("U", "V"), strict=True):
            if quantizer := getattr(scheme, side):
                yield side, quantizer, shape, count
            if scheme.pre_step:
                chains = [axis.maps.input if side == "input" else axis.maps.filter for axis in self.algorithm.axes]
                for number, positions in enumerate(_between(chains), start=1):
                    yield f"{side} pre-step {number}", scheme.pre_step, positions, count
            if quantizer := getattr(scheme, transformed):
                yield transformed, quantizer, self.rank, count
        if scheme.M:
            yield "M", scheme.M, self.rank, outputs
        if scheme.post_step:
            chains = [axis.maps.output for axis in self.algorithm.axes]
            for number, positions in enumerate(_between(chains), start=1):
                yield f"post-step {number}", scheme.post_step, positions, outputs
        if scheme.output:
            yield "output", scheme.output, self.m, outputs

    def _word(self, name: str, dtype: torch.dtype) -> torch.dtype:
        """In which dtype a sum is exact; that of its operands where nothing is stored."""
        word = self._sums.words[name]
        return dtype if word is None else exact_word(word)

    def __repr__(self) -> str:
        return f"{len(self.stages)} stored stages"

    def forward(self, x: torch.Tensor, weight: torch.Tensor, low: Sequence[int], sizes: Sequence[int]) -> torch.Tensor:
        """Outputs (N, sizes..., K) of images (N, ..., C), `low` zeros before each axis, and filters (K, C/g, ...)."""
        tiles, whole = tile_counts(sizes, self.m), covered(sizes, self.m, self.r)
        if not self.native:
            y = simulated(self.algorithm, self.scheme, self.labelled, padded(x, low, whole), weight, self.groups)
            return y[(slice(None), *(slice(size) for size in sizes))]
        dtype = torch.promote_types(x.dtype, torch.float32)
        filters = weight.to(dtype).permute(*range(2, weight.ndim), 1, 0).reshape(-1, weight.shape[1], weight.shape[0])
        V = self._transformed("weights", self.filter, self._store("weights", Value(filters, self.one)))
        images = max(1, _chunk(x.device.type) // (prod(self.rank) * prod(tiles) * max(x.shape[-1], weight.shape[0])))
        if self.observing:
            images = len(x)
        parts = (self._convolved(part, V, low, whole, tiles) for part in x.split(images))
        if torch.is_grad_enabled():
            y = torch.cat(list(parts))
        else:
            y = x.new_empty(len(x), *(side for pair in zip(tiles, self.m, strict=True) for side in pair), len(weight))
            for part, place in zip(parts, y.split(images), strict=True):
                place.copy_(part)
        y = y.reshape(len(x), *(count * step for count, step in zip(tiles, self.m, strict=True)), len(weight))
        return y[(slice(None), *(slice(size) for size in sizes))].to(x.dtype)

    def _convolved(
        self, x: torch.Tensor, V: Value, low: Sequence[int], whole: Sequence[int], tiles: Sequence[int]
    ) -> torch.Tensor:
        """Outputs by tile, (N, tiles, m, ..., K) with one pair of axes after the other."""
        dtype = torch.promote_types(x.dtype, torch.float32)
        value = Value(x.to(dtype), self.one, len(x))
        if not self.observing:  # then every pixel is stored once; while ranges are observed, as often as tiles hold it
            value = self._store("input", value)
        value = value._replace(data=cut(padded(value.data, low, whole), self.n, self.m))
        if self.observing:
            value = self._store("input", value)
        U = self._transformed("input", self.input, value)
        M = self._store("M", self._multiplied(U, V), self.M_factors)
        if self.log_diagonals is not None:
            M = M._replace(scale=M.scale * torch.exp2(-self.log_diagonals.double().sum(0))[:, None, None])
        y = self._chain("post-step", self.output, M)
        y = self._store("output", y, self.output_factors)
        data = y.data
        if not self._plain_outputs:
            unit = y.scale if "output" in self.stages else y.scale * self.output_factors
            data = data * unit.to(data.dtype)
        return interleaved(data.view(*self.m, len(x), *tiles, data.shape[-1]))

    def _transformed(self, side: str, transform: Transform, value: Value) -> Value:
        """U or V from the stored input or weights."""
        value = self._chain(f"{side} pre-step", transform, value)
        factors, _ = transform.step(len(transform) - 1)
        label, row = ("U", 0) if side == "input" else ("V", 1)
        if label not in self.stages:
            return value
        if self.log_diagonals is not None:
            factors = factors * torch.exp2(self.log_diagonals[row].double())[:, None, None]
        if self.ranging:
            self._observe_range(label, value, factors)
        elif self.omega is not None:
            factors = factors / self.omega[:, None, :] if label == "U" else factors * self.omega[:, :, None]
        return self._store(label, value, factors)

    def _chain(self, label: str, transform: Transform, value: Value) -> Value:
        for number in range(len(transform)):
            if number:
                value = self._store(f"{label} {number}", value, transform.step(number - 1).factors)
            data, scale, _ = value
            if len(scale) > 1:
                smallest = scale.detach().amin(dim=0, keepdim=True)
                data, scale = _scaled(data, scale / smallest), smallest
            name = f"{label} {number}"
            data = self._wrapped(name, transform.apply_step(number, data.to(self._word(name, data.dtype))))
            value = value._replace(data=data, scale=scale)
        return value

    def _store(self, label: str, value: Value, factors: torch.Tensor | None = None) -> Value:
        key = _key(label)
        if key not in self.stages:
            return value
        stage = self.stages[key]
        assert isinstance(stage, Stage)
        codes, scale = stage(value.data, value.scale if factors is None else value.scale * factors, value.images)
        return value._replace(data=codes, scale=scale)

    def _multiplied(self, U: Value, V: Value) -> Value:
        """M = sum_c V_c U_c, tap by tap, as one product of matrices per tap and group."""
        taps, vectors, channels = U.data.shape
        inner, outputs = V.data.shape[1:]
        groups, word = self.groups, self._word("M", U.data.dtype)
        u, v = U.data.to(word), V.data.to(word)
        if groups == 1:
            M = torch.bmm(u, v)
        elif inner == 1 and outputs == channels:
            M = u * v
        else:
            u = u.view(taps, vectors, groups, inner).transpose(1, 2).reshape(taps * groups, vectors, inner)
            v = v.view(taps, inner, groups, -1).transpose(1, 2).reshape(taps * groups, inner, -1)
            M = torch.bmm(u, v).view(taps, groups, vectors, outputs // groups)
            M = M.transpose(1, 2).reshape(taps, vectors, outputs)
        return U._replace(data=self._wrapped("M", M), scale=V.scale * U.scale)

    def _wrapped(self, name: str, sums: torch.Tensor) -> torch.Tensor:
        """Sums of 32 bits, where the scheme has them and they can be larger."""
        return torch.remainder(sums + 2.0**31, 2.0**32) - 2.0**31 if name in self._sums.wraps else sums

    def observe(self, on: bool, ranging: bool = False) -> None:
        """Whether the next batches set the scales; with `ranging`, the ranges that channels are balanced by."""
        super().observe(on)
        self.observing, self.ranging = on, ranging and on

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *args: Any) -> None:
        """Raise `BadDocument` for factors of channels or taps that are none."""
        check_scales(state_dict, f"{prefix}omega")
        check_exponents(state_dict, f"{prefix}log_diagonals")
        super()._load_from_state_dict(state_dict, prefix, *args)

    @torch.no_grad()
    def _observe_range(self, label: str, value: Value, factors: torch.Tensor) -> None:
        largest = (value.data * value.scale * factors).abs().amax(1 if label == "U" else 2)
        self._ranges[label] = torch.maximum(largest, self._ranges.get(label, largest))

    @torch.no_grad()
    def balance_channels(self) -> None:
        """Omega = sqrt(range of U / range of V) per tap and channel, of geometric mean 1 in every tap."""
        assert self.omega is not None
        tiny = torch.finfo(torch.float32).tiny
        logs = [torch.log2(self._ranges.pop(label).clamp_min(tiny)) for label in ("U", "V")]
        half = (logs[0] - logs[1]) / 2
        self.omega.copy_(torch.exp2(half - half.mean(dim=1, keepdim=True)))


@torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]
def _chunk(device: str) -> int:
    return _CHUNK * torch.get_num_threads() if device == "cpu" else _CHUNK_OF_DEVICE


def _scaled(codes: torch.Tensor, ratio: torch.Tensor) -> torch.Tensor:
    """The product in float64, in place of a copy where no gradient needs its factors."""
    return codes.double() * ratio if ratio.requires_grad else codes.to(torch.float64, copy=True).mul_(ratio)


def _between(chains: Sequence[LinearMap]) -> Iterator[tuple[int, ...]]:
    """How many values there are between the stages of chains, axis by axis."""
    for stages in zip(*(chain.stages[:-1] for chain in chains), strict=True):
        yield tuple(stage.shape[0] for stage in stages)


def _key(label: str) -> str:
    """A stage's label as the name of a module."""
    return label.replace(" ", "_").replace("-", "_")
