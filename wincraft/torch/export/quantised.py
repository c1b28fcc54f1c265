# SPDX-License-Identifier: Apache-2.0
"""Quantised layers as plain data: the integers of their filters, and the very ratios by which they store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from math import gcd, inf, prod
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from wincraft.algorithm.bilinear import Algorithm
from wincraft.circuit.program import Program
from wincraft.circuit.recording import of_matrix
from wincraft.construct.circuits import Circuits
from wincraft.emit.network.parts import LinePass, MatrixStep, QuantisedLayer, Storing, WinogradPart
from wincraft.errors import NotApplicable
from wincraft.exact.matrix import rational_matrix
from wincraft.measure.places import INPUT, OUTPUT, WEIGHTS, M, Place, U
from wincraft.torch.direct import DirectConv2d
from wincraft.torch.layer import WinogradConv2d
from wincraft.torch.learning import LearnedTransform
from wincraft.torch.pieces import PlanPipeline
from wincraft.torch.pipeline import Multiples, ProductPipeline
from wincraft.torch.replacement import pads
from wincraft.torch.stage import StoredStage
from wincraft.torch.transform import TileTransform

Exported = WinogradConv2d | DirectConv2d
"""The layers whose integers are exported."""


class StageRun(NamedTuple):
    """What a stage was given and gave when it ran once: the unit of a value, the scale of a code, and the codes."""

    unit: torch.Tensor
    scale: torch.Tensor
    codes: torch.Tensor


def quantised_layer(name: str, layer: Exported, size: tuple[int, int], word: int = 16) -> QuantisedLayer:
    """A calibrated layer for images of a size, as plain data; the operands of products have `word` bits, 8 or 16.

    Raises:
        NotApplicable: for what the C code does not compute: schemes of floating point, learned matrices, an input or an
            output that is not stored, operands that the word does not hold, strides that were decomposed, other padding
            than zeros, and for scales that are not calibrated.

    >>> from wincraft.torch import calibrate, convert
    >>> network = convert(nn.Sequential(nn.Conv2d(3, 4, 3, padding=1)), "F(2x2,3x3)", "tapwise-8")
    >>> _ = calibrate(network, [torch.randn(2, 3, 8, 8)])
    >>> [item.label for item in quantised_layer("0", network[0], (8, 8)).stored]
    ['input', 'U', 'M', 'output']
    """
    reader = _Reader(name, layer, word)
    return reader.winograd(layer, size) if isinstance(layer, WinogradConv2d) else reader.direct(layer, size)


class _Reader:
    """Reads one layer, of that name in refusals."""

    def __init__(self, name: str, layer: Exported, word: int) -> None:
        self.name, self.layer, self.word = name, layer, word
        if layer.padding_mode != "zeros":
            raise self.refusal(f"it pads with {layer.padding_mode}", "pad with zeros")
        for place in (INPUT, OUTPUT):
            if str(place) not in layer.labelled:
                reason = f"the scheme {layer.scheme.name} does not store its {place}"
                raise self.refusal(reason, "convert with a scheme of integers, such as tapwise-8")
        if not all(stage.calibrated for stage in layer.labelled.values()):
            raise self.refusal("its scales are not calibrated", "call calibrate(model, loader) before")

    def refusal(self, reason: str, repair: str) -> NotApplicable:
        """The error of a layer that cannot be exported."""
        return NotApplicable(f"export of layer {self.name}", reason, repair)

    @contextmanager
    def watched(self) -> Iterator[dict[Place, StageRun]]:
        """What every stage was given and gave last."""
        found: dict[Place, StageRun] = {}

        def hook(stage: nn.Module, given: tuple[torch.Tensor, ...], made: tuple[torch.Tensor, torch.Tensor]) -> None:
            assert isinstance(stage, StoredStage)
            found[stage.place] = StageRun(given[1].detach(), made[1].detach(), made[0].detach())

        hooks = [stage.register_forward_hook(hook) for stage in self.layer.labelled.values()]
        try:
            with torch.no_grad():
                yield found
        finally:
            for item in hooks:
                item.remove()

    def storing(self, place: Place, stored: StageRun, positions: int) -> Storing:
        """How the C code stores a stage, by the division that the layer computes itself."""
        stage = self.layer.labelled[str(place)]
        ratio = (stored.unit / stored.scale)[:, 0, :].numpy(force=True)
        zero = stage.zero_point if stage.quantizer.unsigned else torch.zeros(1, 1, 1)
        offset = zero[0, 0].double().numpy(force=True)
        low, high = stage.grid.low - offset, stage.grid.high - offset
        if stage.bound >= 2**31:
            raise self.refusal(f"its {place} is stored in {stage.quantizer.name}", "store it in 32 bits or fewer")
        return Storing(str(place), np.broadcast_to(ratio, (positions, ratio.shape[1])).copy(), low, high)

    def common(
        self, size: tuple[int, int], filters: np.ndarray, input: Storing, output: Storing, scale: torch.Tensor
    ) -> QuantisedLayer:
        """The layer with what tiles add left out."""
        layer = self.layer
        low, high = pads(layer)
        outputs = [
            (length + before + after - (r - 1) * spread - 1) // step + 1
            for length, before, after, r, spread, step in zip(
                size, low, high, layer.kernel_size, layer.dilation, layer.stride, strict=True
            )
        ]
        stage = layer.labelled[str(OUTPUT)]
        narrow = torch.float32 if stage.grid.bits <= 24 else torch.float64
        unit = scale.to(narrow).double()[0, 0].numpy(force=True)
        bias = np.zeros(layer.out_channels) if layer.bias is None else layer.bias.detach().float().numpy(force=True)
        return QuantisedLayer(
            self.name,
            layer.extra_repr(),
            size,
            (outputs[0], outputs[1]),
            (low[0], low[1]),
            _pair(layer.kernel_size),
            _pair(layer.stride),
            _pair(layer.dilation),
            filters,
            input,
            output,
            unit,
            bias,
        )

    def direct(self, layer: DirectConv2d, size: tuple[int, int]) -> QuantisedLayer:
        """A direct layer."""
        with self.watched() as found:
            layer(torch.zeros(1, layer.in_channels, *size))
        taps = prod(layer.kernel_size)
        codes = found[WEIGHTS].codes.double().numpy(force=True)
        filters = self.whole(codes.reshape(taps, layer.in_channels // layer.groups, layer.out_channels))
        input, output = (self.storing(place, found[place], 1) for place in (INPUT, OUTPUT))
        self.check_operand("input", float(input.low.min()), float(input.high.max()))
        self.check_sum(layer.labelled["input"].bound * layer.labelled["weights"].bound * layer.weight[0].numel())
        return self.common(size, filters, input, output, found[OUTPUT].scale)

    def whole(self, filters: np.ndarray) -> np.ndarray:
        """Filters (taps, channels, outputs) of all groups, zeros between groups, as the integers of the word."""
        self.check_operand("V" if isinstance(self.layer, WinogradConv2d) else "weights", filters.min(), filters.max())
        groups = self.layer.groups
        taps, inner, outputs = filters.shape
        result = np.zeros((taps, inner * groups, outputs), dtype=np.int16)
        for group, part in enumerate(np.split(filters, groups, axis=2)):
            where = slice(group * (outputs // groups), (group + 1) * (outputs // groups))
            result[:, group * inner : (group + 1) * inner, where] = part
        return result

    def check_operand(self, what: str, low: float, high: float) -> None:
        """Refuse operands beyond the word."""
        limit = 2 ** (self.word - 1)
        if low < -limit or high >= limit:
            reason = f"its {what} reaches {max(-low, high):.0f}, beyond {self.word} bits"
            repair = "export with word=16" if self.word == 8 else "store it in 16 bits or fewer"
            raise self.refusal(reason, repair)

    def check_sum(self, bound: float) -> None:
        """Refuse sums over channels beyond 32 bits, where the scheme does not have them wrap."""
        if bound >= 2**31 and self.layer.scheme.word is None:
            raise self.refusal(f"its sums reach {bound:.3g}, beyond 32 bits", "store fewer bits")

    def winograd(self, layer: WinogradConv2d, size: tuple[int, int]) -> QuantisedLayer:
        """A layer by tiles."""
        pipeline = layer.winograd
        if isinstance(pipeline, PlanPipeline):
            repair = "convert with plans=False, or choose None for it: it runs direct then"
            raise self.refusal(f"it runs as {len(pipeline.pieces)} pieces of a plan", repair)
        if not isinstance(pipeline, ProductPipeline):
            raise self.refusal(f"{layer.scheme.name} rounds every operation", "convert with a scheme of integers")
        sides = pipeline.input, pipeline.filter, pipeline.output
        if any(isinstance(side, LearnedTransform) for side in sides):
            raise self.refusal("its matrices are learned, and no integers", 'convert with transforms="static"')
        with self.watched() as found:
            weight = layer.weight.detach().float()
            filters = weight.permute(2, 3, 1, 0).reshape(-1, weight.shape[1], weight.shape[0])
            v = pipeline._through(
                pipeline.filter, pipeline._store(WEIGHTS, Multiples(filters, pipeline.one), pipeline.one)
            )
            value = Multiples(torch.zeros(prod(pipeline.n), 1, layer.in_channels), pipeline.one)
            value = pipeline._store(INPUT, value, pipeline.one)
            bound = self.bound(INPUT)
            data, value, bound = self.side(pipeline.input, value, found, bound)
            self.check_operand("U", *self.ends(U, bound))
            integers = self.whole(v.data.double().numpy(force=True))
            bound *= float(np.abs(integers).max()) * (layer.in_channels // layer.groups)
            self.check_sum(bound)
            value = Multiples(torch.zeros(pipeline.rank, 1, layer.out_channels), v.scale * value.scale)
            value = pipeline._store(M, value, pipeline.M_factors)
            bound = self.bound(M) if M in found else bound
            back, _, _ = self.side(pipeline.output, value, found, bound)
        products = self.storing(M, found[M], pipeline.rank) if M in found else None
        input, output = self.storing(INPUT, found[INPUT], 1), back[-1].stored
        assert output is not None
        back[-1] = replace(back[-1], stored=None)
        tiles = WinogradPart(_pair(pipeline.m), _pair(pipeline.n), pipeline.rank, tuple(data), products, tuple(back))
        return replace(self.common(size, integers, input, output, found[OUTPUT].scale), winograd=tiles)

    def side(
        self, transform: TileTransform, value: Multiples, found: dict[Place, StageRun], bound: float
    ) -> tuple[list[MatrixStep], Multiples, float]:
        """The steps of one side from a value on, as `ProductPipeline` goes; what comes out, and its largest integer.

        Where scales differ from position to position the layer brings them to the smallest before a matrix.
        """
        assert isinstance(self.layer, WinogradConv2d)
        pipeline, word = self.layer.winograd, self.layer.scheme.word
        assert isinstance(pipeline, ProductPipeline)
        steps = []
        for number, place in enumerate(transform.plan.places[1:]):
            scale, before = value.scale, None
            if len(scale) > 1:
                smallest = scale.amin(dim=0, keepdim=True)
                before, scale = (scale / smallest)[:, 0, :].numpy(force=True), smallest
            if transform.growth[number] == inf:
                raise self.refusal("its matrices are not rational", "choose rational points")
            bound = inf if before is not None else bound * transform.growth[number]
            integer = before is None and (bound < 2**31 or word is not None)
            if word is not None and not integer:
                raise self.refusal(
                    "its sums wrap and its scales differ from tap to tap", "leave word out of the scheme"
                )
            tile, image = transform.plan.tiles[number : number + 2]
            passes = line_passes(self.layer.algorithm, transform.matrix(number).numpy(force=True), tile, image)
            data = torch.zeros(prod(image), 1, value.data.shape[2])
            value = pipeline._store(place, value._replace(data=data, scale=scale), transform.factors(number))
            stored = self.storing(place, found[place], prod(image)) if place in found else None
            bound = self.bound(place) if stored else min(bound, 2.0**31) if word is not None else bound
            steps.append(MatrixStep(passes, integer, before, stored))
        return steps, value, bound

    def bound(self, place: Place) -> float:
        """The largest magnitude of the codes of a stage."""
        return self.layer.labelled[str(place)].bound

    def ends(self, place: Place, bound: float) -> tuple[float, float]:
        """The least and the largest integer at a place: those of its codes, where it is stored."""
        stage = self.layer.labelled.get(str(place))
        return (-bound, bound) if stage is None else (stage.grid.low, stage.grid.high)


def line_passes(
    algorithm: Algorithm, matrix: np.ndarray, tile: tuple[int, ...], image: tuple[int, ...]
) -> tuple[LinePass, ...]:
    """An integer matrix on flattened tiles as passes along axes, one on whole tiles where it is no product of axes.

    >>> from wincraft import winograd
    >>> passes = line_passes(winograd(2, 3), np.kron([[1, 1]], [[2, 0], [1, -1]]), (2, 2), (1, 2))
    >>> [(item.axis, item.program.matrix().to_list()) for item in passes]
    [(0, [[1, 1]]), (1, [[2, 0], [1, -1]])]
    """
    pair = kronecker_factors(matrix, tile, image)
    if pair is None:
        return (LinePass(_program(algorithm, _rows(matrix)), None, tile, image),)
    found, shape = [], tile
    for axis, part in enumerate(pair):
        if not np.array_equal(part, np.eye(len(part), part.shape[1])) or len(part) != part.shape[1]:
            after = (*shape[:axis], len(part), *shape[axis + 1 :])
            found.append(LinePass(_program(algorithm, _rows(part)), axis, shape, after))
            shape = after
    return tuple(found) or (LinePass(_program(algorithm, _rows(pair[0])), 0, tile, image),)


def kronecker_factors(
    matrix: np.ndarray, tile: tuple[int, ...], image: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray] | None:
    """Integer matrices along two axes whose Kronecker product a matrix is; None where it is none.

    >>> first, second = kronecker_factors(np.kron([[2, 4]], [[3], [6]]), (2, 1), (1, 2))
    >>> first.tolist(), second.tolist()
    ([[6, 12]], [[1], [2]])
    """
    if len(tile) != 2 or len(image) != 2:
        return None
    integers = np.rint(matrix).astype(np.int64)
    blocks = (
        integers.reshape(image[0], image[1], tile[0], tile[1]).transpose(0, 2, 1, 3).reshape(image[0] * tile[0], -1)
    )
    row = next(item for item in blocks if item.any())
    second = row // gcd(*row.tolist())
    place = int(np.flatnonzero(second)[0])
    first = blocks[:, place] // second[place]
    if not np.array_equal(np.outer(first, second), blocks):
        return None
    return first.reshape(image[0], tile[0]), second.reshape(image[1], tile[1])


def _rows(matrix: np.ndarray) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(int(entry) for entry in row) for row in matrix)


@lru_cache(maxsize=256)
def _program(algorithm: Algorithm, rows: tuple[tuple[int, ...], ...]) -> Program:
    """One that needs no division, as words modulo 2^32 have none."""
    matrix = rational_matrix(rows)
    program = Circuits(algorithm).integers(matrix)
    return of_matrix(matrix) if any(item.name == "divide" for item in program.operations) else program


def _pair(values: Sequence[int]) -> tuple[int, int]:
    first, second = values
    return int(first), int(second)
