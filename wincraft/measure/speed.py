# SPDX-License-Identifier: Apache-2.0
"""How long a convolution layer takes on one core, predicted: a model of the C kernels that wincraft emits.

The kernels keep channels in the lanes of vectors. A layer's products are one matrix product per tap, whose inner loop
holds 6 tiles times 2 vectors of outputs in registers; transforms run through vectors too; the transformed filter V is
read once, ahead of the products that it is for. With T taps (products) of a tile, additions A of the data's and the
output's transform of one channel, L lanes, P multiply-adds a cycle, and C and K rounded up to what vectors hold:

    cycles = T tiles C K / (P L rate share)  +  addition tiles (A_data C + A_output K) / L

or the time in which V is read from memory, if that is longer and V larger than the cache. `CORES` of
`wincraft.measure.processor` has constants that were measured; on other processors other tiles may be the fastest.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from wincraft.algorithm.bilinear import Algorithm
from wincraft.errors import BadShape, BadValue, NotApplicable, look_up, shorten
from wincraft.measure.costs import MAX_LAYER, LayerShape, costs
from wincraft.measure.processor import SPEEDS, ElementSpeed, ProcessorCore
from wincraft.numbers.arrays import is_integer

LEAST_CHANNELS = 8
"""Of a group: with fewer the kernels run the direct convolution, since transforms and stores would dominate."""


@dataclass(frozen=True)
class ConvolutionLayer:
    """A layer of two axes: the spatial sizes of `shape` are those of the data, of which there are `batch` images.

    `pad` zeros are added on every side; None is "same", (r - 1) / 2 and the odd one at the end. `taps` are the filter's
    sizes. In `groups` groups an output sums over C / groups channels.

    Raises:
        BadShape: where there are not two axes, or the filter is larger than the padded data.
        BadValue: for sizes, strides or groups that are none, and groups that do not divide C and K.

    >>> layer = ConvolutionLayer(LayerShape(64, 64, (56, 56)))
    >>> layer.outputs, layer.why_direct
    ((56, 56), '')
    """

    shape: LayerShape
    batch: int = 1
    taps: tuple[int, ...] = (3, 3)
    pad: int | None = None
    stride: int = 1
    groups: int = 1

    def __post_init__(self) -> None:
        if len(self.shape.spatial) != 2:
            raise BadShape("the layer", str(self.shape), "C,K,H,W: the kernels are of two axes")
        if len(self.taps) != 2 or not all(is_integer(r, 1) and r <= MAX_LAYER for r in self.taps):
            raise BadShape("the filter", "x".join(map(str, self.taps)), "two positive integers such as 3x3")
        for name, least in (("batch", 1), ("stride", 1), ("groups", 1), ("pad", 0)):
            value = getattr(self, name)
            if (name, value) != ("pad", None) and not (is_integer(value, least) and value <= MAX_LAYER):
                raise BadValue(name, shorten(repr(value)), f"give an integer from {least} to {MAX_LAYER}")
        C, K = self.shape.channels, self.shape.filters
        if C % self.groups or K % self.groups:
            raise BadValue("groups", str(self.groups), f"give a divisor of {C} channels and {K} filters")
        if any(size < 1 for size in self.outputs):
            sizes = ("x".join(map(str, item)) for item in (self.taps, self.shape.spatial))
            raise BadShape("the filter", next(sizes), f"one not larger than the data, {next(sizes)} and the padding")

    @property
    def outputs(self) -> tuple[int, ...]:
        """The spatial sizes of the output, floor((H + padding - r) / stride) + 1."""
        return tuple(
            (size + (r - 1 if self.pad is None else 2 * self.pad) - r) // self.stride + 1
            for size, r in zip(self.shape.spatial, self.taps, strict=True)
        )

    @property
    def channels(self) -> int:
        """The input channels that an output sums over."""
        return self.shape.channels // self.groups

    @property
    def why_direct(self) -> str:
        """Why the kernels run the direct convolution whatever the tile, in words; empty where they do not."""
        if self.stride != 1:
            return f"stride {self.stride}"
        if max(self.taps) == 1:
            return "a filter of one tap"
        if self.channels < LEAST_CHANNELS:
            return f"fewer than {LEAST_CHANNELS} channels" + " in a group" * (self.groups > 1)
        return ""

    def describe(self) -> str:
        """One line."""
        size = f"{self.shape}, batch {self.batch}, filter {'x'.join(map(str, self.taps))}"
        padding = 'padding "same"' if self.pad is None else f"padding {self.pad}"
        others = [f"{name} {value}" for name in ("stride", "groups") if (value := getattr(self, name)) != 1]
        return ", ".join([size, padding, *others])


@dataclass(frozen=True)
class LayerTime:
    """Predicted seconds of a layer: products and transforms one after the other, while what streams is read."""

    products: float
    transforms: float = 0.0
    streaming: float = 0.0

    @property
    def total(self) -> float:
        """The longer of both."""
        return max(self.products + self.transforms, self.streaming)


def parse_taps(text: str) -> tuple[int, ...]:
    """The sizes of a filter from ``3x3``; one number is of both axes.

    Raises:
        BadShape: for anything else.

    >>> parse_taps("3x5"), parse_taps("3")
    ((3, 5), (3, 3))
    """
    parts = text.strip().lower().split("x")
    if len(parts) > 2 or not all(part.isdecimal() and part.isascii() and len(part) < 12 for part in parts):
        raise BadShape("the filter", repr(shorten(text)), "one or two positive integers such as 3x3")
    sizes = tuple(map(int, parts))
    return sizes * 2 if len(sizes) == 1 else sizes


def winograd_time(
    algorithm: Algorithm, layer: ConvolutionLayer, core: ProcessorCore | None = None, type: str = "float32"
) -> LayerTime:
    """The time of a layer by an algorithm, whose products are counted on the grid of whole tiles, borders included.

    Groups run one after the other. The filter is taken to be transformed beforehand; transforms are counted in the
    additions of the circuits that kernels have by default.

    Raises:
        UnknownName: for a type that is not in `SPEEDS`.
        BadShape: where the algorithm is not of the layer's filter.
        NotApplicable: where the kernels run the direct convolution.

    >>> from wincraft import parse
    >>> layer = ConvolutionLayer(LayerShape(64, 64, (56, 56)))
    >>> found = winograd_time(parse("F(4x4,3x3)"), layer)
    >>> f"{1000 * found.products:.3f} + {1000 * found.transforms:.3f} = {1000 * found.total:.3f} ms"
    '0.587 + 0.154 = 0.740 ms'
    """
    element, core = look_up("type", type, SPEEDS), core or ProcessorCore()
    if algorithm.r != layer.taps:
        raise BadShape(f"the filter of {layer.describe()}", "x".join(map(str, layer.taps)), f"that of {algorithm.size}")
    if layer.why_direct:
        raise NotApplicable(f"{algorithm.size} of this layer", layer.why_direct, "take the direct convolution")
    tiles = layer.groups * layer.batch * prod(-(-size // m) for size, m in zip(layer.outputs, algorithm.m, strict=True))
    C, K = _rounded(layer.channels, element.rate), _rounded(layer.shape.filters // layer.groups, 2 * core.lanes)
    products = algorithm.rank * tiles * C * K / (core.peak(type) * core.rates(type).share)
    found = costs(algorithm)
    additions = tiles * (found.input.additions * _rounded(C, core.lanes) + found.output.additions * K)
    transforms = core.rates(type).addition * additions / (core.lanes * core.ghz * 1e9)
    return LayerTime(products, transforms, _streaming(algorithm.rank * C * K, layer, core, element))


def direct_time(layer: ConvolutionLayer, core: ProcessorCore | None = None, type: str = "float32") -> LayerTime:
    """The time of the direct convolution that the kernels have beside: every multiply-add, at a share of the peak.

    Raises:
        UnknownName: for a type that is not in `SPEEDS`.
        NotApplicable: for one channel in and out of every group, depthwise, which is no matrix product.

    >>> layer = ConvolutionLayer(LayerShape(64, 64, (56, 56)))
    >>> f"{1000 * direct_time(layer).total:.2f} ms"
    '2.48 ms'
    """
    element, core = look_up("type", type, SPEEDS), core or ProcessorCore()
    if layer.channels == layer.shape.filters // layer.groups == 1:
        reason = "one channel in and out of a group is no matrix product"
        raise NotApplicable("the speed model", reason, "depthwise layers have kernels of their own; time those")
    K = _rounded(layer.shape.filters // layer.groups, 2 * core.lanes)
    weights, outputs = prod(layer.taps) * layer.channels * K, layer.groups * layer.batch * prod(layer.outputs)
    products = outputs * weights / (core.peak(type) * core.rates(type).direct)
    return LayerTime(products, streaming=_streaming(weights, layer, core, element))


def _streaming(values: int, layer: ConvolutionLayer, core: ProcessorCore, element: ElementSpeed) -> float:
    """Seconds in which so many values of every group are read; none where the cache holds them."""
    read = layer.groups * values * element.bytes
    return read / core.bandwidth if read > core.cache else 0.0


def _rounded(value: int, step: int) -> int:
    """Up to a multiple."""
    return -(-value // step) * step
