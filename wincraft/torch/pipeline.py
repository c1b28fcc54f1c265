# SPDX-License-Identifier: Apache-2.0
"""The stages of a Winograd convolution on images: transform, store, multiply, transform back."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

import torch

from wincraft.algorithm.bilinear import Algorithm
from wincraft.exact.number import to_fraction
from wincraft.measure.places import INPUT, OUTPUT, WEIGHTS, M, Place
from wincraft.quantise.schemes import Scheme
from wincraft.quantise.simulation import check_scheme
from wincraft.torch.fused import FoldedStep, FusedTiles, TileWork
from wincraft.torch.native import NativeTiles, runs_natively
from wincraft.torch.rounding import exact_word
from wincraft.torch.stage import StoredStage, StoringModule, WideModule, code_bound
from wincraft.torch.sums import plan_sums
from wincraft.torch.tiles import covered, cut, interleaved, padded, tile_counts
from wincraft.torch.transform import TileTransform, multiplied, ones, outer, side_plans

_CHUNK = 1 << 18
"""So many values of U or M a thread computes at a time: they stay in its cache, and their memory is used again."""
_TRAINED_CHUNK = 1 << 17
"""The same where gradients are taken part by part."""
_CHUNK_OF_DEVICE = 1 << 26
"""So many an accelerator does."""


UNQUANTISED = Scheme("exact")
WHOLE = (INPUT, WEIGHTS, OUTPUT)
"""The places that a plan stores itself, once for all pieces."""


class Multiples(NamedTuple):
    """Multiples (taps, vectors, channels) times a scale, of so many images; integers once something was stored."""

    data: torch.Tensor
    scale: torch.Tensor
    images: int = 1


class Convolution(NamedTuple):
    """What is to run: an algorithm under a scheme, from so many channels to so many outputs, in groups.

    Of a `part` of a plan, input and weights come as the scheme stores them, and its output is not stored.
    """

    algorithm: Algorithm
    scheme: Scheme
    channels: int
    outputs: int
    groups: int = 1
    part: bool = False


class Pipeline(StoringModule):
    """What runs an algorithm under a scheme on images with the channels last; `tiles` are their shapes by place.

    Its input is images (N, ..., C), filters (K, C/g, ...), how many zeros come before each axis, and the sizes of the
    outputs (N, sizes..., K).

    Raises:
        NotApplicable: a scheme that does not admit the algorithm.
    """

    def __init__(self, convolution: Convolution, stage: type[StoredStage] = StoredStage) -> None:
        super().__init__()
        algorithm, scheme, channels, outputs, self.groups, self.part = convolution
        check_scheme(algorithm, scheme)
        self.algorithm, self.scheme = algorithm, scheme
        self.m, self.r, self.n = algorithm.m, algorithm.r, algorithm.n
        self.plans = side_plans(algorithm, scheme)
        self.tiles = {place: tile for plan in self.plans for place, tile in zip(plan.places, plan.tiles, strict=True)}
        self.place_stages(
            stage(place, quantizer, taps, channels if place.side == "data" else outputs, scheme.calibration)
            for place, taps in self.tiles.items()
            if (quantizer := getattr(scheme, place.stage)) is not None and not (self.part and place in WHOLE)
        )

    def __repr__(self) -> str:
        return f"{len(self.stages)} stored stages"


class ProductPipeline(Pipeline, WideModule):
    """y = A^T [(G g) * (B^T d)] as matrix products of integers, exact in float32 or float64, under a scheme of them.

    There is one product by a ratio of scales before each rounding. Without stages it computes in the dtype it is given.
    """

    def __init__(
        self,
        convolution: Convolution,
        transform: type[TileTransform] = TileTransform,
        stage: type[StoredStage] = StoredStage,
        scaled: bool = False,
    ) -> None:
        super().__init__(convolution, stage)
        algorithm, scheme = self.algorithm, self.scheme
        data, weights, products = self.plans
        self.input, self.filter = transform(data, scheme), transform(weights, scheme)
        unstored = (
            ones(side.plan.tiles[-1]) if side.plan.places[-1] in self.placed else side.exact_factors
            for side in (self.filter, self.input)
        )
        of_M = multiplied(*unstored)
        self.output = transform(products, scheme, None if M in self.placed else of_M, to_fraction(algorithm.scale))
        self.register_buffer("M_factors", outer(of_M), persistent=False)
        self.register_buffer("one", torch.ones(1, 1, 1, dtype=torch.float64), persistent=False)
        self.rank = prod(self.tiles[M])
        transforms = self.input, self.filter, self.output
        bounds = {place: stage.bound for place, stage in self.placed.items()}
        for place, quantizer in ((INPUT, scheme.input), (WEIGHTS, scheme.weights)):
            if quantizer is not None:
                bounds[place] = code_bound(quantizer)
        self._sums = plan_sums(transforms, self.placed, bounds, scheme, convolution.channels // self.groups, scaled)
        self._wide = self.part and bool(scheme.stages)
        self._plain_outputs = not scheme.stages and bool((self.output.last_factors == 1).all())

    fusable = True
    """Whether every stage stores what its matrix gives, and nothing else."""
    one: torch.Tensor
    M_factors: torch.Tensor

    def forward(self, x: torch.Tensor, weight: torch.Tensor, low: Sequence[int], sizes: Sequence[int]) -> torch.Tensor:
        """See `Pipeline`."""
        dtype = torch.promote_types(x.dtype, torch.float32)
        filters = weight.to(dtype).permute(*range(2, weight.ndim), 1, 0).reshape(-1, weight.shape[1], weight.shape[0])
        return self.convolve(Multiples(x.to(dtype), self.one), Multiples(filters, self.one), low, sizes).to(x.dtype)

    def convolve(self, x: Multiples, filters: Multiples, low: Sequence[int], sizes: Sequence[int]) -> torch.Tensor:
        """Outputs (N, sizes..., K) of images (N, ..., C) and filters (taps, C/g, K); a stored part's in float64."""
        tiles, whole = tile_counts(sizes, self.m), covered(sizes, self.m, self.r)
        count, outputs = len(x.data), filters.data.shape[-1]
        V = self._through(self.filter, self._store(WEIGHTS, filters, self.one))
        if self._fuses(x):
            y = self._fused(self._store(INPUT, x._replace(images=count), self.one), V, low, whole, tiles)
            return y[(slice(None), *(slice(size) for size in sizes))]
        images = self._images(tiles, max(x.data.shape[-1], outputs), _chunk(x.data.device.type))
        if self._tilewise:
            images = count
        parts = (
            self._convolved(Multiples(part, x.scale, len(part)), V, low, whole, tiles) for part in x.data.split(images)
        )
        if torch.is_grad_enabled():
            y = torch.cat(list(parts))
        else:
            shape = (count, *(side for pair in zip(tiles, self.m, strict=True) for side in pair), outputs)
            y = x.data.new_empty(shape, dtype=torch.float64 if self._wide else None)
            for part, place in zip(parts, y.split(images), strict=True):
                place.copy_(part)
        y = y.reshape(count, *(number * step for number, step in zip(tiles, self.m, strict=True)), outputs)
        return y[(slice(None), *(slice(size) for size in sizes))]

    def _images(self, tiles: Sequence[int], channels: int, values: int) -> int:
        """How many images have so many values of U or of M."""
        return max(1, values // (self.rank * prod(tiles) * channels))

    def _fuses(self, x: Multiples) -> bool:
        """Whether this is a step of training that one function of autograd does: of signed values and float32."""
        step = self.fast_training and self.training and torch.is_grad_enabled()
        if not (step and self.fusable) or torch.compiler.is_compiling():
            return False
        apart = self.part or self._tilewise or self._sums.wraps or self.groups > 1 or not self.placed
        word = x.data.dtype == torch.float32 == exact_word(torch.float32)
        stages = (stage for place, stage in self.placed.items() if place.side != "weights" and place != INPUT)
        return word and not apart and all(stage.plain for stage in stages)

    def _fused(
        self, x: Multiples, V: Multiples, low: Sequence[int], whole: Sequence[int], tiles: Sequence[int]
    ) -> torch.Tensor:
        """Outputs (N, tiles * m ..., K) of stored images; ratios of scales go into the matrices and the filters."""
        images, outputs, count = padded(x.data, low, whole), V.data.shape[-1], prod(tiles)
        before, scale = self._folded(self.input, x.scale, count * images.shape[-1])
        factors, of_products, scale_of_M = V.scale * scale, None, self.one
        if (stage := self.placed.get(M)) is not None:
            stage.usable()
            of_products, scale_of_M = stage.ends, stage.current_scale(self.rank * count * outputs)
            factors = factors * self.M_factors / scale_of_M
        behind, unit = self._folded(self.output, scale_of_M, count * outputs)
        chunk = _TRAINED_CHUNK if images.device.type == "cpu" else _CHUNK_OF_DEVICE
        part = self._images(tiles, max(images.shape[-1], outputs), chunk)
        of_input, of_output = (tuple(step.ends for step in steps) for steps in (before, behind))
        work = TileWork(self.n, self.m, tuple(tiles), of_input, of_output, of_products, part)
        steps = [*before, *behind]
        function: type[torch.autograd.Function]
        if runs_natively(images, work, steps):
            function, given = NativeTiles, [item for step in steps for item in (*step.axes, step.ratio, step.gain)]
        else:
            function, given = FusedTiles, [step.matrix for step in steps]
        y: torch.Tensor = function.apply(work, images, *(item.float() for item in (V.data * factors, *given)))
        return y * unit.float() if OUTPUT in self.placed else y

    def _folded(
        self, transform: TileTransform, scale: torch.Tensor, values: int
    ) -> tuple[list[FoldedStep], torch.Tensor]:
        """The steps from what is stored with a scale, and the scale at the end; an image has `values` of each place."""
        found = []
        for number, place in enumerate(transform.plan.places[1:]):
            taken, given = (prod(tile) for tile in transform.plan.tiles[number : number + 2])
            gain, ratio, scale, ends = scale, self.one, self.one, None
            if (stage := self.placed.get(place)) is not None:
                stage.usable()
                scale, ends = stage.current_scale(given * values), stage.ends
            if stage is not None or place == OUTPUT:
                ratio = transform.factors(number) / scale
            factors = ratio.reshape(-1).expand(given), gain.reshape(-1).expand(taken)
            found.append(FoldedStep(transform.axis_matrices(number), *factors, ends))
        return found, scale

    @property
    def _tilewise(self) -> bool:
        """Whether pixels are stored as often as tiles hold them, and all at once; else each is stored once."""
        return self.observing or self.watch is not None

    def _convolved(
        self, value: Multiples, V: Multiples, low: Sequence[int], whole: Sequence[int], tiles: Sequence[int]
    ) -> torch.Tensor:
        """Outputs by tile, (N, tiles, m, ..., K) with one pair of axes after the other."""
        if not self._tilewise:
            value = self._store(INPUT, value, self.one)
        value = value._replace(data=cut(padded(value.data, low, whole), self.n, self.m))
        if self._tilewise:
            value = self._store(INPUT, value, self.one)
        U = self._through(self.input, value)
        y = self._through(self.output, self._store(M, self._multiplied(U, V), self.M_factors))
        data = y.data
        if not self._plain_outputs:
            unit = y.scale if OUTPUT in self.placed else y.scale * self.output.last_factors
            data = data.double() * unit if self._wide else data * unit.to(data.dtype)
        return interleaved(data.view(*self.m, y.images, *tiles, data.shape[-1]))

    def _through(self, transform: TileTransform, value: Multiples) -> Multiples:
        """What a transform gives, stored at each place."""
        for number, place in enumerate(transform.plan.places[1:]):
            data, scale, _ = value
            if len(scale) > 1:
                smallest = scale.detach().amin(dim=0, keepdim=True)
                data, scale = _scaled(data, scale / smallest), smallest
            word = self._word(place, data.dtype)
            data = self._wrapped(place, transform.apply_step(number, data.to(word)))
            value = self._store(place, value._replace(data=data, scale=scale), transform.factors(number))
        return value

    def _store(self, place: Place, value: Multiples, factors: torch.Tensor) -> Multiples:
        stage = self.placed.get(place)
        if stage is None and self.watch is None:
            return value
        unit = value.scale * factors
        if stage is not None:
            codes, unit = stage(value.data, unit, value.images)
            value = value._replace(data=codes, scale=unit)
        self.show(place, value.data, unit, self.tiles[place])
        return value

    def _word(self, place: Place, dtype: torch.dtype) -> torch.dtype:
        """In which dtype a product is exact; that of its operands where nothing is stored."""
        word = self._sums.words.get(place)
        return dtype if word is None else exact_word(word)

    def _multiplied(self, U: Multiples, V: Multiples) -> Multiples:
        """M = sum_c V_c U_c, tap by tap, as one product of matrices per tap and group."""
        taps, vectors, channels = U.data.shape
        inner, outputs = V.data.shape[1:]
        groups, word = self.groups, self._word(M, U.data.dtype)
        u, v = U.data.to(word), V.data.to(word)
        if groups == 1:
            products = torch.bmm(u, v)
        elif inner == 1 and outputs == channels:
            products = u * v
        else:
            u = u.view(taps, vectors, groups, inner).transpose(1, 2).reshape(taps * groups, vectors, inner)
            v = v.view(taps, inner, groups, -1).transpose(1, 2).reshape(taps * groups, inner, -1)
            products = torch.bmm(u, v).view(taps, groups, vectors, outputs // groups)
            products = products.transpose(1, 2).reshape(taps, vectors, outputs)
        return U._replace(data=self._wrapped(M, products), scale=V.scale * U.scale)

    def _wrapped(self, place: Place, sums: torch.Tensor) -> torch.Tensor:
        """Sums of 32 bits, where the scheme has them and they can be larger."""
        return torch.remainder(sums + 2.0**31, 2.0**32) - 2.0**31 if place in self._sums.wraps else sums


@torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]
def _chunk(device: str) -> int:
    return _CHUNK * torch.get_num_threads() if device == "cpu" else _CHUNK_OF_DEVICE


def _scaled(codes: torch.Tensor, ratio: torch.Tensor) -> torch.Tensor:
    """The product in float64, in place of a copy where no gradient needs its factors."""
    return codes.double() * ratio if ratio.requires_grad else codes.to(torch.float64, copy=True).mul_(ratio)
