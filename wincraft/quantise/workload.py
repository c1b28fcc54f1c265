# SPDX-License-Identifier: Apache-2.0
"""What a simulation runs on: tiles of data and a bank of filters, seeded or a user's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, reduce
from math import prod
from tokenize import TokenError

import numpy as np

from wincraft.algorithm.bilinear import Algorithm
from wincraft.errors import BadDocument, BadShape, BadValue, TooLarge, check_type, look_up
from wincraft.measure.execution import grouped
from wincraft.numbers.arrays import float64_array, is_integer
from wincraft.numbers.memory import available_memory

_SMALLEST = 1e-75
"""Data and weights whose largest value is below this, or above its inverse, are refused."""
_COPIES = 4
"""How many arrays of the size of U, V and M a simulation holds at once, generously; beside what direct outputs read."""


Draw = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]

DISTRIBUTIONS: dict[str, Draw] = {
    "gaussian": lambda rng, shape: rng.standard_normal(shape),
    "relu-gaussian": lambda rng, shape: np.maximum(rng.standard_normal(shape), 0),
    "uniform": lambda rng, shape: rng.uniform(-1, 1, shape),
    "uniform01": lambda rng, shape: rng.random(shape),
}
"""Of independent data values: N(0, 1), max(N(0, 1), 0), uniform in [-1, 1) and in [0, 1)."""


def weight_distribution(name: str) -> str:
    """The distribution of the weights beside data of a distribution: that of uniform data, else gaussian.

    >>> weight_distribution("uniform01"), weight_distribution("relu-gaussian")
    ('uniform01', 'gaussian')
    """
    return name if name.startswith("uniform") else "gaussian"


Product = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Of filters (K, C / groups r...) and windows (C r..., positions): (K, positions)."""


def in_float64(filters: np.ndarray, windows: np.ndarray) -> np.ndarray:
    """The product of every group, in float64.

    >>> in_float64(np.ones((2, 3)), np.ones((3, 4))).tolist()
    [[[3.0, 3.0, 3.0, 3.0], [3.0, 3.0, 3.0, 3.0]]]
    """
    return np.asarray(np.matmul(*grouped(filters, windows)))


def directly(data: np.ndarray, weights: np.ndarray, multiply: Product = in_float64) -> np.ndarray:
    """Tiles (n..., C, T) with filters (r..., K, C / groups), as one product: the outputs (m..., K, T).

    >>> directly(np.arange(4.0).reshape(4, 1, 1), np.ones((3, 1, 1))).ravel().tolist()
    [3.0, 6.0]
    """
    d, K, T = data.ndim - 2, weights.shape[-2], data.shape[-1]
    m = tuple(n - r + 1 for n, r in zip(data.shape[:d], weights.shape[:d], strict=True))
    windows = np.lib.stride_tricks.sliding_window_view(data, m, axis=tuple(range(d)))  # (r..., C, T, m...)
    rows = windows.transpose(d, *range(d), *range(d + 2, 2 * d + 2), d + 1).reshape(-1, prod(m) * T)
    products = multiply(np.moveaxis(weights, (-2, -1), (0, 1)).reshape(K, -1), rows)
    return np.moveaxis(products.reshape(K, *m, T), 0, -2)


@dataclass(frozen=True, eq=False)
class Batch:
    """Arrays of a simulation: data (n..., C, T), weights (r..., K, C / groups), and which outputs (m..., T) count.

    >>> from wincraft import winograd
    >>> batch = Workload(channels=8).batch(winograd(4, 3))
    >>> batch.data.shape[:2], batch.weights.shape
    ((6, 8), (3, 8, 8))
    """

    data: np.ndarray
    weights: np.ndarray
    counts: np.ndarray

    @cached_property
    def reference(self) -> np.ndarray:
        """The direct convolution in float64, (m..., K, T)."""
        return directly(self.data, self.weights)


@dataclass(frozen=True)
class Workload:
    """Seeded data of `tiles` independent tiles with `channels` channels, and `outputs` filters.

    Weights are N(0, 1) for all distributions but the uniform ones, over sqrt(channels * taps), as a network's are.

    Raises:
        BadValue: for sizes below 1.
        UnknownName: for another distribution.

    >>> from wincraft import winograd
    >>> batch = Workload(channels=3, outputs=2, tiles=5).batch(winograd(4, 3))
    >>> batch.data.shape, batch.weights.shape
    ((6, 3, 5), (3, 2, 3))
    """

    channels: int = 64
    outputs: int = 8
    tiles: int = 64
    distribution: str = "gaussian"
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("channels", "outputs", "tiles"):
            if not is_integer(value := getattr(self, name), 1):
                raise BadValue(name, repr(value), "give an integer, 1 or more")
        if not is_integer(self.seed, 0):
            raise BadValue("the seed", repr(self.seed), "give an integer, 0 or more")
        look_up("distribution", self.distribution, DISTRIBUTIONS)

    def batch(self, algorithm: Algorithm) -> Batch:
        """The arrays for an algorithm; the same for the same seed, sizes and tile.

        Raises:
            NotApplicable: where the simulation would need more memory than there is; the estimate is given.
        """
        check_memory(algorithm, self.channels, self.outputs, self.tiles)
        n, r, m = algorithm.n, algorithm.r, algorithm.m
        rng = np.random.default_rng(self.seed)
        data = DISTRIBUTIONS[self.distribution](rng, (*n, self.channels, self.tiles))
        weights = DISTRIBUTIONS[weight_distribution(self.distribution)](rng, (*r, self.outputs, self.channels))
        return Batch(data, weights / np.sqrt(self.channels * prod(r)), np.ones((*m, self.tiles), dtype=bool))

    def describe(self) -> str:
        """One line."""
        return (
            f"{self.distribution} data, {self.channels} channels, {self.outputs} filters, {self.tiles} tiles, "
            f"seed {self.seed}"
        )


@dataclass(frozen=True, eq=False)
class Layer:
    """A user's own layer: data (N, C, *spatial), weights (K, C, *r), zero padding per axis; a `Workload` likewise.

    Weights (K, C / groups, *r) are those of a grouped layer, depthwise where that is 1: output k sums over the channels
    of its group, the groups of outputs and channels in the same order.

    Raises:
        BadShape: where shapes, channels or padding do not fit each other, or an array is empty.
        BadNumber: for NaN, infinity and other things than real numbers.
        BadValue: where all data or weights are 0, or far outside the range of any format.

    >>> from wincraft import parse
    >>> Layer(np.ones((1, 2, 8, 8)), np.ones((4, 2, 3, 3)), padding=1).batch(parse("F(4x4,3x3)")).data.shape
    (6, 6, 2, 4)
    """

    data: np.ndarray
    weights: np.ndarray
    padding: int | Sequence[int] = 0
    pads: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        data, weights = float64_array(self.data, "data"), float64_array(self.weights, "weights")
        object.__setattr__(self, "data", data)
        object.__setattr__(self, "weights", weights)
        for what, array in (("data", data), ("weights", weights)):
            largest = float(np.abs(array).max())
            if not _SMALLEST <= largest <= 1 / _SMALLEST:
                repair = "give others" if not largest else "scale them, so that squares stay within float64"
                raise BadValue(f"the largest magnitude of a layer's {what}", f"{largest:g}", repair)
        d = data.ndim - 2
        shapes = f"data {data.shape} and weights {weights.shape}"
        if d < 1 or weights.ndim != data.ndim or data.shape[1] % weights.shape[1]:
            needed = "data (N, C, H, W) and weights (K, C, r, r) with the same C, or C / groups"
            raise BadShape("a layer", shapes, needed)
        if self.outputs % (groups := self.groups):
            needed = f"as many outputs in each of its {groups} groups: K a multiple of {groups}"
            raise BadShape("a layer", shapes, needed)
        pads = list(self.padding) if isinstance(self.padding, Sequence) else [self.padding] * d
        if len(pads) != d or not all(is_integer(pad, 0) for pad in pads):
            raise BadShape("padding", str(self.padding), f"one number >= 0, or {d} of them")
        if any(size + 2 * pad < r for size, pad, r in zip(data.shape[2:], pads, weights.shape[2:], strict=True)):
            raise BadShape("a layer", f"{shapes} with padding {pads}", "data not smaller than the filter")
        object.__setattr__(self, "pads", tuple(int(pad) for pad in pads))

    @property
    def channels(self) -> int:
        """C."""
        return int(self.data.shape[1])

    @property
    def outputs(self) -> int:
        """K."""
        return int(self.weights.shape[0])

    @property
    def groups(self) -> int:
        """C over the channels of the weights; 1 where every output sums over all channels."""
        return int(self.data.shape[1] // self.weights.shape[1])

    def batch(self, algorithm: Algorithm) -> Batch:
        """The arrays for an algorithm: overlapping tiles that cover every output; those beyond the edge do not count.

        Raises:
            BadShape: where the algorithm's taps are not the filter's.
            NotApplicable: where the simulation would need more memory than there is; the estimate is given.
        """
        m, r, n = algorithm.m, algorithm.r, algorithm.n
        if r != self.weights.shape[2:]:
            needed = f"(K, C, {', '.join(map(str, r))})"
            raise BadShape(f"weights for {algorithm.size}", str(self.weights.shape), needed)
        sizes = [s + 2 * p - q + 1 for s, p, q in zip(self.data.shape[2:], self.pads, r, strict=True)]
        tiles = [-(-size // step) for size, step in zip(sizes, m, strict=True)]
        check_memory(algorithm, self.channels, self.outputs, len(self.data) * prod(tiles), self.groups)
        padded = np.zeros((*self.data.shape[:2], *(t * s + q - 1 for t, s, q in zip(tiles, m, r, strict=True))))
        inside = (slice(p, p + s) for p, s in zip(self.pads, self.data.shape[2:], strict=True))
        padded[(slice(None), slice(None), *inside)] = self.data
        d = len(m)
        windows = np.lib.stride_tricks.sliding_window_view(padded, n, axis=tuple(range(2, 2 + d)))
        windows = windows[(slice(None), slice(None), *(slice(None, None, step) for step in m))]
        order = (*range(2 + d, 2 + 2 * d), 1, 0, *range(2, 2 + d))
        data = windows.transpose(order).reshape(*n, self.channels, -1)
        along = (np.arange(t * s) < size for t, s, size in zip(tiles, m, sizes, strict=True))
        exists = reduce(np.logical_and.outer, along).reshape([x for pair in zip(tiles, m, strict=True) for x in pair])
        exists = exists.transpose(*range(1, 2 * d, 2), *range(0, 2 * d, 2)).reshape(*m, 1, -1)
        counts = np.broadcast_to(exists, (*m, len(self.data), prod(tiles))).reshape(*m, -1)
        return Batch(data, np.moveaxis(self.weights, (0, 1), (-2, -1)), counts)

    def describe(self) -> str:
        """One line."""
        grouped = f", {self.groups} groups" if self.groups > 1 else ""
        return f"data {self.data.shape}, weights {self.weights.shape}{grouped}, padding {self.pads}"


def load_layer(data: str, weights: str, padding: int | Sequence[int] = 0) -> Layer:
    """A layer from two ``.npy`` files.

    Raises:
        BadDocument: where a file cannot be read as an array of numbers.
        BadShape, BadNumber: as `Layer`.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(f"{folder}/x.npy", np.ones((1, 2, 8, 8)))
    ...     np.save(f"{folder}/w.npy", np.ones((4, 2, 3, 3)))
    ...     load_layer(f"{folder}/x.npy", f"{folder}/w.npy", padding=1).channels
    2
    """
    return Layer(_load(data), _load(weights), padding)


def _load(path: str) -> np.ndarray:
    try:
        with open(path, "rb") as file:
            return np.lib.format.read_array(file, allow_pickle=False)
    except OSError as error:
        raise BadDocument(path, error.strerror or "it cannot be opened", "give a .npy file") from None
    except (ValueError, EOFError, MemoryError, SyntaxError, TokenError):
        raise BadDocument(path, "it is no array of numbers", "write one with numpy.save") from None


def as_workload(given: Workload | Layer | None) -> Workload | Layer:
    """The data to measure on, seeded Gaussian data where none is given.

    Raises:
        NotApplicable: for what is no data.

    >>> as_workload(None).describe()
    'gaussian data, 64 channels, 8 filters, 64 tiles, seed 0'
    """
    if given is None:
        return Workload()
    check_type("a workload", given, Workload | Layer, "give a Workload, or a Layer(data, weights) of your own arrays")
    return given


def check_memory(algorithm: Algorithm, channels: int, outputs: int, tiles: int, groups: int = 1) -> None:
    """Check that a simulation fits into the memory there is.

    Raises:
        TooLarge: with the estimate.
    """
    rank = algorithm.rank
    patches = 2 * channels * tiles * prod(algorithm.m) * prod(algorithm.r)
    needed = 8 * (_COPIES * rank * (channels * tiles + outputs * channels // groups + outputs * tiles) + patches)
    available = available_memory()
    if needed > available:
        reason = f"{channels} channels, {outputs} filters and {tiles} tiles need about {needed / 2**30:.3g} GiB"
        raise TooLarge("memory", f"{reason} of {available / 2**30:.3g} GiB", "simulate fewer of them")
