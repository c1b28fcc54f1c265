# SPDX-License-Identifier: Apache-2.0
"""A network as plain data: images, quantised convolutions with their integers and ratios, and steps in between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod

import numpy as np

from wincraft.circuit.program import Program


@dataclass(frozen=True, eq=False)
class Storing:
    """How a stage is stored: codes = clip(round_half_even(x * ratio), low, high), less the zero point.

    Ratios (positions, channels), ends (channels,); one stands for all channels.

    >>> Storing("U", np.full((36, 1), 0.5), np.array([-127.0]), np.array([127.0])).by_channel
    False
    """

    label: str
    ratio: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @property
    def by_channel(self) -> bool:
        """Whether the ratios differ between channels."""
        return bool(self.ratio.shape[1] > 1)


@dataclass(frozen=True)
class LinePass:
    """A program of an integer matrix along an axis of a tile, or on the whole flattened tile where that is None.

    >>> sums = Program.build(2, [("add", 0, 1)], [2])
    >>> LinePass(sums, 1, (4, 2), (4, 1)).image
    (4, 1)
    """

    program: Program
    axis: int | None
    tile: tuple[int, ...]
    image: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class MatrixStep:
    """A transform of a tile: factors of its positions first, where scales differ, then passes; then it is stored.

    Factors (positions, channels). An `integer` one has none, and is exact modulo 2^32.

    >>> sums = LinePass(Program.build(2, [("add", 0, 1)], [2]), 0, (2, 1), (1, 1))
    >>> MatrixStep((sums,), True, None, None).stored is None
    True
    """

    passes: tuple[LinePass, ...]
    integer: bool
    before: np.ndarray | None
    stored: Storing | None


@dataclass(frozen=True, eq=False)
class WinogradPart:
    """What a convolution by tiles has and a direct one has not: its tiles of m outputs from n data, and transforms.

    >>> WinogradPart((4, 4), (6, 6), 36, (), None, ()).taps
    36
    """

    m: tuple[int, int]
    n: tuple[int, int]
    taps: int
    data: tuple[MatrixStep, ...]
    products: Storing | None
    back: tuple[MatrixStep, ...]


@dataclass(frozen=True, eq=False)
class QuantisedLayer:
    """A quantised convolution of images (height, width, channels).

    `filters` are integers: by tiles V (taps, channels, outputs), else (rows * columns, channels, outputs). A code of
    the output is worth `unit` (outputs,), then the bias (outputs,) is added.

    >>> whole = Storing("input", np.ones((1, 1)), np.array([-127.0]), np.array([127.0]))
    >>> sizes = dict.fromkeys(("size", "outputs", "kernel", "stride", "dilation"), (1, 1))
    >>> numbers = {"filters": np.ones((1, 3, 4), int), "unit": np.ones(1), "bias": np.zeros(4)}
    >>> layer = QuantisedLayer("0", "1x1", before=(0, 0), input=whole, output=whole, **sizes, **numbers)
    >>> [item.label for item in layer.stored]
    ['input', 'input']
    """

    name: str
    text: str
    size: tuple[int, int]
    outputs: tuple[int, int]
    before: tuple[int, int]
    kernel: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int]
    filters: np.ndarray
    input: Storing
    output: Storing
    unit: np.ndarray
    bias: np.ndarray
    winograd: WinogradPart | None = None

    @property
    def stored(self) -> list[Storing]:
        """Every stored stage but the filters, in the order of the computation."""
        between: list[Storing | None] = []
        if (part := self.winograd) is not None:
            between = [*(step.stored for step in part.data), part.products, *(step.stored for step in part.back)]
        return [self.input, *(item for item in between if item is not None), self.output]


ImageShape = tuple[int, int, int]
"""Height, width and channels of an image; a vector is an image of one pixel."""


@dataclass(frozen=True, eq=False)
class NetworkStep:
    """One step of a network: images by number in, one out.

    `kind` names how; `sizes` are its numbers, `tables` its arrays.

    >>> NetworkStep("add", (0, 1), 2).inputs
    (0, 1)
    """

    kind: str
    inputs: tuple[int, ...]
    output: int
    sizes: Mapping[str, int | float] = field(default_factory=dict)
    tables: Mapping[str, np.ndarray] = field(default_factory=dict)
    layer: QuantisedLayer | None = None
    text: str = ""


@dataclass(frozen=True, eq=False)
class Network:
    """Images by number with their shapes, the steps from the first to the last, and the image that comes out.

    >>> network = Network("net", ((4, 4, 3), (1, 1, 3)), (NetworkStep("load", (), 0), NetworkStep("mean", (0,), 1)), 1)
    >>> network.source, network.size(0, 16)
    ((4, 4, 3), 256)
    """

    name: str
    shapes: tuple[ImageShape, ...]
    steps: tuple[NetworkStep, ...]
    result: int
    text: tuple[str, ...] = ()

    @property
    def source(self) -> ImageShape:
        """The shape of what goes in."""
        return self.shapes[0]

    def size(self, image: int, columns: int) -> int:
        """How many numbers an image is in memory, its channels in whole columns."""
        height, width, channels = self.shapes[image]
        return prod((height, width, whole(channels, columns)))


def whole(count: int, step: int) -> int:
    """The least multiple of a step that is no less.

    >>> whole(17, 16)
    32
    """
    return -(-count // step) * step
