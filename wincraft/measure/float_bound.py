# SPDX-License-Identifier: Apache-2.0
"""What an algorithm becomes in a floating-point format, and how wrong its outputs can then be: a-priori bounds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import frexp, prod
from typing import Any, NamedTuple

import numpy as np

from wincraft.algorithm.linear_map import LinearMap
from wincraft.algorithm.nested import Algorithm
from wincraft.algorithm.numeric import matrix_to_numpy
from wincraft.errors import BadShape, NotApplicable, look_up
from wincraft.exact.number import to_fraction
from wincraft.numbers.arithmetic import Arithmetic
from wincraft.numbers.arrays import float64_array
from wincraft.numbers.float_format import FloatFormat
from wincraft.numbers.summation import ORDERS, linear_pass

FP32 = FloatFormat.ieee("fp32", exponent_bits=8, precision=24)
"""The default format."""

CHANNEL_ORDER = "sequential"
"""How the products of the channels are added up."""


@dataclass(frozen=True, eq=False)
class RoundedStage:
    """One stage of a map: its exact entries (Fractions), and rounded to the format; how it is summed."""

    exact: np.ndarray
    arithmetic: Arithmetic
    order: str

    @cached_property
    def rounded(self) -> np.ndarray:
        """The entries rounded once, in the carrier dtype; raises `NotApplicable` where one overflows."""
        nearest = [[float(self.arithmetic.format.quantize_exact(a)) for a in row] for row in self.exact]
        return np.array(nearest, self.arithmetic.dtype)

    @cached_property
    def growth(self) -> Growth:
        """How the stage carries sizes and errors on."""
        f = self.arithmetic.format
        u, underflow = float(f.unit_roundoff), float(f.min_subnormal) / 2
        sizes, carried = np.abs(self.exact.astype(np.float64)), np.zeros(self.exact.shape)
        made, least = np.zeros(self.exact.shape), np.zeros(len(sizes))
        most = 0
        for i, row in enumerate(self.rounded.astype(np.float64)):
            depths = ORDERS[self.order](row.tolist()).depths
            for j, c in enumerate(row):
                off = abs(Fraction(c) - self.exact[i, j])
                power = frexp(abs(c))[0] in (0, 0.5)
                roundings = depths.get(j, 0) + (not power)
                relative = np.expm1(roundings * np.log1p(u))
                carried[i, j] = abs(c) * (1 + relative)
                made[i, j] = abs(c) * relative + float(off)
                if c and not (power and abs(c) >= 1):
                    least[i] += underflow * (1 + u) ** depths[j]
                most = max(most, roundings + (off != 0))
        return Growth(sizes, carried, made, least, most)

    def apply(self, array: np.ndarray, axis: int) -> np.ndarray:
        """The stage along one axis, every operation rounded."""
        return linear_pass(self.rounded, array, axis, self.arithmetic, self.order)


class Growth(NamedTuple):
    """Of a stage with entries a, rounded to c, a term j of row i in depth k of its tree, w = (1 + u)^k.

    |y| <= size |x|, and the error of y is at most  carried error(x) + made |x| + least,  where
    carried = |c| w (1 + u),  made = carried - |c| + |c - a|,  least = sum_j w half the smallest subnormal.
    A factor that is a power of two rounds nothing, and from 1 on does not underflow. `roundings` is the
    largest number of them that any term meets, that of its entry included.
    """

    size: np.ndarray
    carried: np.ndarray
    made: np.ndarray
    least: np.ndarray
    roundings: int


class Bounded(NamedTuple):
    """Numbers of which are known: the exact one is at most `size`, the computed one at most `error` off; NaN: any."""

    size: np.ndarray
    error: np.ndarray


@dataclass(frozen=True)
class RoundedAlgorithm:
    """An algorithm as it runs in a format: per axis the stages of each map, then one product with 1/scale.

    The axes are passed one after the other, the first one first, each with all its stages.

    Raises:
        UnknownName: for an unknown order.
        NotApplicable: without a channel, where a matrix entry overflows, or no arithmetic simulates the format.
    """

    algorithm: Algorithm
    arithmetic: Arithmetic
    order: str
    channels: int = 1

    def __post_init__(self) -> None:
        look_up("order", self.order, ORDERS)
        if not isinstance(self.channels, int) or self.channels < 1:
            raise NotApplicable("floating-point convolution", f"channels = {self.channels}", "give an integer from 1")

    @cached_property
    def input(self) -> tuple[tuple[RoundedStage, ...], ...]:
        """The stages of B^T, per axis."""
        return self._stages(axis.maps.input for axis in self.algorithm.axes)

    @cached_property
    def filter(self) -> tuple[tuple[RoundedStage, ...], ...]:
        """The stages of G, per axis."""
        return self._stages(axis.maps.filter for axis in self.algorithm.axes)

    @cached_property
    def output(self) -> tuple[tuple[RoundedStage, ...], ...]:
        """The stages of A^T, per axis."""
        return self._stages(axis.maps.output for axis in self.algorithm.axes)

    @cached_property
    def reciprocal(self) -> RoundedStage | None:
        """1/scale, rounded; None where the scale is 1."""
        scale = to_fraction(self.algorithm.scale)
        return None if scale == 1 else RoundedStage(np.array([[1 / scale]]), self.arithmetic, self.order)

    @property
    def data_shape(self) -> tuple[int, ...]:
        """The tile of data, one length per axis."""
        return tuple(axis.maps.input.shape[1] for axis in self.algorithm.axes)

    @property
    def filter_shape(self) -> tuple[int, ...]:
        """The filter taps, one length per axis."""
        return tuple(axis.r for axis in self.algorithm.axes)

    @property
    def output_shape(self) -> tuple[int, ...]:
        """The outputs of a tile, one length per axis."""
        return tuple(axis.maps.output.shape[0] for axis in self.algorithm.axes)

    def bound(self, data: np.ndarray, filters: np.ndarray) -> np.ndarray:
        """The largest error of every output of tiles: |data| (C, *n, T), |filters| (C, *r, T) give (*m, T)."""
        f = self.arithmetic.format
        u, underflow = float(f.unit_roundoff), float(f.min_subnormal) / 2
        U = self._carry(self.input, Bounded(data, np.zeros_like(data)), 1)
        V = self._carry(self.filter, Bounded(filters, np.zeros_like(filters)), 1)
        error = U.error * V.size + U.size * V.error + U.error * V.error
        error += u * (U.size + U.error) * (V.size + V.error) + underflow
        M = self._pass(self._channel_stage, self._within_range(U.size * V.size, error), 0)
        y = self._carry(self.output, Bounded(M.size[0], M.error[0]), 0)
        if self.reciprocal is not None:
            y = self._pass(self.reciprocal, Bounded(y.size[None], y.error[None]), 0)
            y = Bounded(y.size[0], y.error[0])
        return np.where(np.isnan(y.error), np.inf, y.error)

    def norm_bound(self, data: np.ndarray, filters: np.ndarray) -> np.ndarray:
        """The largest sum of the errors of a tile's outputs, from norms alone; shapes as in `bound`, gives (T,)."""
        u = float(self.arithmetic.format.unit_roundoff)
        last = [] if self.reciprocal is None else [self.reciprocal]
        inner, outer = self._chain(self.input) + self._chain(self.filter), self._chain(self.output) + last
        count = sum(stage.growth.roundings for stage in (*inner, *outer, self._channel_stage)) + 1
        gain = prod(float(np.linalg.norm(stage.growth.size)) for stage in inner)
        gain *= prod(float(stage.growth.size.sum(axis=0).max()) for stage in outer)
        norms = (np.sqrt((x * x).sum(axis=tuple(range(1, x.ndim - 1)))) for x in (data, filters))
        return np.asarray(np.expm1(count * np.log1p(u)) * gain * prod(norms).sum(axis=0))

    def _carry(self, axes: Sequence[Sequence[RoundedStage]], x: Bounded, first: int) -> Bounded:
        for axis, stages in enumerate(axes, first):
            for stage in stages:
                x = self._pass(stage, x, axis)
        return x

    def _pass(self, stage: RoundedStage, x: Bounded, axis: int) -> Bounded:
        growth = stage.growth
        least = growth.least.reshape(-1, *[1] * (x.size.ndim - axis - 1))
        error = _along(growth.carried, x.error, axis) + _along(growth.made, x.size, axis) + least
        return self._within_range(_along(growth.size, x.size, axis), error)

    def _within_range(self, size: np.ndarray, error: np.ndarray) -> Bounded:
        error[~(size + error <= float(self.arithmetic.format.max))] = np.nan
        return Bounded(size, error)

    @cached_property
    def _channel_stage(self) -> RoundedStage:
        return RoundedStage(np.full((1, self.channels), Fraction(1)), self.arithmetic, CHANNEL_ORDER)

    def _stages(self, maps: Iterable[LinearMap]) -> tuple[tuple[RoundedStage, ...], ...]:
        return tuple(
            tuple(RoundedStage(matrix_to_numpy(stage, object), self.arithmetic, self.order) for stage in item.stages)
            for item in maps
        )

    @staticmethod
    def _chain(axes: Sequence[Sequence[RoundedStage]]) -> list[RoundedStage]:
        return [stage for stages in axes for stage in stages]


def error_bound(
    algorithm: Algorithm,
    format: FloatFormat = FP32,
    order: str = "huffman",
    channels: int = 1,
    data: Any = 1.0,
    filters: Any = 1.0,
) -> np.ndarray:
    """How wrong each output can be if every operation is rounded, for all data and filters within |d|, |g|.

    `data` and `filters` are these limits, arrays that broadcast to (C, *n) and (C, *r); the result has shape (*m).
    The inputs are values of the format. The channels are added up one after the other, each map in `order`.

    Where an exact value is at most s in size and the computed one at most e off, a rounded product with an entry a,
    in the format c, and k additions above it are off by at most  |c| e + |c - a| s + ((1+u)^(k+1) - 1) |c| (s + e)
    plus the underflow; `Growth` is that for a stage, and the elementwise product is done likewise. Every output gets
    its own bound, rounded matrices and underflow are in it, and it holds to all orders of u. If something may
    overflow it is infinite.

    To first order, every term taken to have the most roundings of its pass (alpha of A^T, beta of G, gamma of B^T, per
    axis), this is  |y~ - y| <= (sum over axes of alpha + beta + gamma, + 1) u |A^T| (|G||g| * |B^T||d|),  the
    componentwise theorems of Barabasz et al. for 1-D and 2-D, and with norms in place of the absolute values
    ``norm_bound``:  |y~ - y|_1 <= (...) u |A^T|_1 |G|_F |g|_2 |B^T|_F |d|_2.  C channels add C - 1 roundings.

    Raises:
        UnknownName: for an unknown order.
        NotApplicable: without a channel, where a matrix entry overflows, and where the format cannot be simulated.
        BadShape, BadNumber: where the limits do not fit or are no numbers.

    Source: Barabasz, Anderson, Soodhalter, Gregg, arXiv 1803.10986; N. J. Higham, Accuracy and Stability of Numerical
    Algorithms, chapter 3.

    >>> from wincraft import winograd
    >>> (error_bound(winograd(2, 3, points="0,1,-1")) * 2**24).round(3).tolist()
    [39.0, 40.0]
    """
    rounded = RoundedAlgorithm(algorithm, Arithmetic(format), order, channels)
    limits = []
    for name, given, shape in (("data", data, rounded.data_shape), ("filters", filters, rounded.filter_shape)):
        values = np.abs(float64_array(given, name))
        try:
            limits.append(np.array(np.broadcast_to(values, (channels, *shape)))[..., None])
        except ValueError:
            raise BadShape(name, str(values.shape), str((channels, *shape))) from None
    with np.errstate(all="ignore"):
        return rounded.bound(*limits)[..., 0]


def _along(matrix: np.ndarray, x: np.ndarray, axis: int) -> np.ndarray:
    return np.moveaxis(np.tensordot(matrix, x, (1, axis)), 0, axis)
