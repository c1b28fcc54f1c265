# SPDX-License-Identifier: Apache-2.0
"""What every engine gets: a layer, its data, its filters, and what is right."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

FLOAT_TOLERANCE = 0.02  # of outputs of variance 1: what is further off computes something else
TIE = 1e-3  # an int8 output further than 1/2 + TIE from the exact real number is no rounding of it


class Skipped(Exception):
    """Why an engine cannot run this."""


@dataclass(frozen=True)
class Layer:
    """A convolution with a 3x3 filter, stride 1 and a border of 1: C channels to K, N images of H x W."""

    c: int
    k: int
    h: int
    w: int
    n: int = 1

    @staticmethod
    def parse(text: str) -> Layer:
        """`C,K,H,W` or `C,K,H,W,N`."""
        return Layer(*(int(number) for number in text.split(",")))

    def __str__(self) -> str:
        size = f"{self.h}²" if self.h == self.w else f"{self.h}x{self.w}"
        return f"{self.c}→{self.k} {size} N={self.n}"

    @property
    def operations(self) -> int:
        """Multiplications and additions of the direct convolution, the border counted."""
        return 2 * 9 * self.c * self.k * self.h * self.w * self.n


# section by section of ResNet, two narrow ones, and a network's first layer
LAYERS = tuple(
    Layer(*sizes)
    for sizes in (
        (64, 64, 56, 56, 1),
        (128, 128, 28, 28, 1),
        (256, 256, 14, 14, 1),
        (512, 512, 7, 7, 1),
        (16, 16, 56, 56, 1),
        (32, 32, 56, 56, 1),
        (64, 64, 56, 56, 8),
        (128, 128, 28, 28, 8),
        (256, 256, 14, 14, 8),
        (512, 512, 7, 7, 8),
        (3, 64, 224, 224, 1),
    )
)


@dataclass(frozen=True)
class Quantised:
    """Scales of one int8 layer: real = x_scale q, weights w_scale[k] q, outputs y_scale q; all float32."""

    x_scale: float
    w_scale: np.ndarray
    y_scale: float

    @property
    def multiplier(self) -> np.ndarray:
        """What the exact sum of channel k is multiplied by, float64."""
        return self.x_scale * self.w_scale.astype(np.float64) / self.y_scale


@dataclass(frozen=True)
class Work:
    """A layer, or a chain of equal ones, with data: x is n c h w, a filter k c 3 3; float32, or int8 with scales."""

    layer: Layer
    type: str
    x: np.ndarray
    filters: tuple[np.ndarray, ...]
    scales: tuple[Quantised, ...] = ()
    exact: np.ndarray = field(default_factory=lambda: np.zeros(0))  # float64; of int8 the real number before rounding

    def judge(self, y: np.ndarray) -> dict[str, float]:
        """How far y (n k h w) is from what is right.

        float32: `error`, the greatest distance from float64. int8: `wrong`, how many outputs are no rounding of the
        exact number, and `furthest`, by how many steps at most.
        """
        if y.shape != self.exact.shape:
            raise ValueError(f"outputs of shape {y.shape} instead of {self.exact.shape}")
        if self.type == "float32":
            return {"error": float(np.abs(y - self.exact).max())}
        wanted = np.clip(self.exact, -128, 127)
        distance = np.abs(y.astype(np.float64) - wanted)
        wrong = distance > 0.5 + TIE
        furthest = np.abs(y.astype(np.int64) - np.rint(wanted).astype(np.int64))[wrong]
        return {"wrong": int(wrong.sum()), "furthest": int(furthest.max(initial=0))}


@dataclass(frozen=True)
class Ready:
    """An engine with a layer in it: `call` runs it once, `output` gives what the last call left, as n k h w."""

    call: Callable[[], Any]
    output: Callable[[], np.ndarray]


@dataclass(frozen=True)
class Engine:
    """A way to run a layer of a type, in `family`'s library; `prepare` raises Skipped where it cannot.

    A `part` is only a piece of a layer: its output is the number of operations, which nobody judges.
    """

    name: str
    family: str
    type: str
    prepare: Callable[[Work], Ready]
    ours: bool = False
    part: bool = False


def direct(x: np.ndarray, filters: np.ndarray) -> np.ndarray:
    """The convolution with a border of 1 in float64: exact for integers below 2^53."""
    n, c, h, w = x.shape
    padded = np.pad(x.astype(np.float64), ((0, 0), (0, 0), (1, 1), (1, 1)))
    matrix = filters.astype(np.float64).reshape(len(filters), -1)
    y = np.empty((n, len(filters), h, w))
    for image, out in zip(padded, y, strict=True):
        windows = np.lib.stride_tricks.sliding_window_view(image, (3, 3), axis=(1, 2))
        columns = windows.transpose(0, 3, 4, 1, 2).reshape(c * 9, h * w)
        out[:] = (matrix @ columns).reshape(out.shape)
    return y


def float_work(layer: Layer, depth: int = 1, seed: int = 1) -> Work:
    """Normal data of variance 1, and filters that keep it."""
    random = np.random.default_rng(seed)
    x = random.standard_normal((layer.n, layer.c, layer.h, layer.w), dtype=np.float32)
    shape = (layer.k, layer.c, 3, 3)
    filters = tuple(
        random.standard_normal(shape, dtype=np.float32) * np.float32(1 / math.sqrt(9 * layer.c)) for _ in range(depth)
    )
    exact = x
    for one in filters:
        exact = direct(exact, one)
    return Work(layer, "float32", x, filters, exact=exact)


def int8_work(layer: Layer, depth: int = 1, seed: int = 1) -> Work:
    """Bell-shaped data and weights of -127 to 127, and scales that make the outputs fill that range.

    -128 is left out because ncnn, which never makes it, computes something else from it.
    """
    random = np.random.default_rng(seed)

    def bell(shape: tuple[int, ...]) -> np.ndarray:
        return np.clip(np.rint(random.normal(0, 127 / 3, shape)), -127, 127).astype(np.int8)

    x = bell((layer.n, layer.c, layer.h, layer.w))
    filters, scales, exact = [], [], x.astype(np.float64)
    x_scale = np.float32(0.02)
    for _ in range(depth):
        filters.append(bell((layer.k, layer.c, 3, 3)))
        w_scale = random.uniform(0.5, 1.5, layer.k).astype(np.float32) * np.float32(0.001)
        sums = direct(np.clip(np.rint(exact), -128, 127), filters[-1])
        real = sums * (w_scale.astype(np.float64) * float(x_scale))[:, None, None]
        y_scale = np.float32(np.abs(real).max() / 127)
        scales.append(Quantised(float(x_scale), w_scale, float(y_scale)))
        exact, x_scale = sums * scales[-1].multiplier[:, None, None], y_scale
    return Work(layer, "int8", x, tuple(filters), tuple(scales), exact)
