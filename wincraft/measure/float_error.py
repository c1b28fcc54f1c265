# SPDX-License-Identifier: Apache-2.0
"""The floating-point error of an algorithm, measured: random tiles, every operation rounded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import inf, nan, prod, sqrt

import numpy as np

from wincraft.algorithm.bilinear import Algorithm
from wincraft.construct.circuits import programs_for
from wincraft.errors import BadValue, TooLarge, look_up
from wincraft.measure.execution import execute
from wincraft.measure.float_bound import CHANNEL_ORDER, FP32, BoundMachine, check_channels, norm_bound, tile_shapes
from wincraft.measure.rounded_machine import RoundedMachine
from wincraft.numbers.arithmetic import Arithmetic
from wincraft.numbers.float_format import FloatFormat
from wincraft.numbers.summation import ALL_ORDERS
from wincraft.show.layout import Layout, Section
from wincraft.show.numbers import plural
from wincraft.show.shown import Shown

_FLOAT32_PRECISION = 24
_AT_ONCE = 2**21
_MOST_PER_RUN = 2**24
_MOST = 2**32


@dataclass(frozen=True, repr=False)
class FloatError(Shown):
    """Mean L1 error per output of an algorithm, and of direct convolution of the same tiles.

    `error` and `direct_error` are means over runs of sum |y~ - y| / outputs, `standard_error` that of `error`.
    `bound` is the mean of the componentwise bounds of the same tiles (see `error_bound`), which no run can exceed;
    `norm_bound` that of the bounds by norms, which hold unless something underflows or overflows.
    """

    size: str
    format: FloatFormat
    order: str
    channels: int
    runs: int
    seed: int
    error: float
    standard_error: float
    direct_error: float
    bound: float
    norm_bound: float

    @property
    def ratio(self) -> float:
        """How many times the error of direct convolution in the same format."""
        if not self.direct_error:
            return inf if self.error else nan
        return self.error / self.direct_error

    def layout(self) -> Layout:
        """The errors and the bounds, and how they were measured."""
        channels = plural(self.channels, "channel")
        times = f"{self.ratio:.3g} times that of direct convolution, {self.direct_error:.3g}"
        errors = f"error {self.error:.3g} (+-{self.standard_error:.1g}), {times}"
        bounds = f"bounds: {self.bound:.3g} componentwise, {self.norm_bound:.3g} by norms"
        title = f"{self.size} in {self.format.name}, {self.order} order, {channels}, {self.runs} runs, seed {self.seed}"
        return Layout(title, (), (Section("", (), (errors, bounds)),))


def float_error(
    algorithm: Algorithm,
    format: FloatFormat = FP32,
    order: str = "huffman",
    runs: int = 5000,
    seed: int = 0,
    channels: int = 1,
) -> FloatError:
    """The mean error of outputs of random tiles if the matrices' entries and every operation's result are rounded.

    Per run one tile of data d and one filter g (per channel), rounded to the format, all independent and uniform on
    [-1, 1) as C++ makes them, see `uniform_floats`; for fp64 multiples of 2^-52.
    y~ = A^T [sum_c (G g_c) * (B^T d_c)] / scale is computed with one rounding per operation: stage by stage, each along
    all axes in turn; sums in `order`, ``circuit`` for those of the programs that C headers print; channels one after
    the other. Direct convolution sums channel by channel, tap by tap. y is the exact convolution of the rounded d and
    g, to about 100 bits.

    Raises:
        UnknownName: for an unknown order.
        BadValue: for runs or channels below 1, and a negative seed.
        TooLarge: more than can be computed in minutes or held in memory.
        NotApplicable: over GF(p), where an entry of a matrix overflows or the format cannot be simulated.

    Source: Barabasz, Anderson, Soodhalter, Gregg, Error Analysis and Improving the Accuracy of Winograd Convolution for
    Deep Neural Networks, arXiv 1803.10986: with 5000 runs the mean FP32 errors of its tables.

    >>> from wincraft import parse
    >>> float_error(parse("F(2x2,3x3)"), runs=1000)
    F(2x2,3x3) in fp32, huffman order, 1 channel, 1000 runs, seed 0
      error 7.76e-08 (+-1e-09), 1.64 times that of direct convolution, 4.74e-08
      bounds: 8.46e-06 componentwise, 7.24e-05 by norms
    """
    algorithm.field.need_order(f"float error of {algorithm.size}")
    arithmetic = Arithmetic(format)
    check_channels(channels)
    look_up("order", order, ALL_ORDERS)
    for name, value, least in (("runs", runs, 1), ("seed", seed, 0)):
        if not isinstance(value, int) or value < least:
            raise BadValue(name, repr(value), f"give an integer from {least}")
    chunk = _chunk(algorithm, channels, runs)
    shapes = tile_shapes(algorithm)
    programs = programs_for(algorithm, order)
    machine = RoundedMachine(arithmetic, order, channel_order=CHANNEL_ORDER, programs=programs)
    bounds_of = BoundMachine(format, order, programs)
    rng = np.random.default_rng(seed)
    draw = uniform_floats if format.precision <= _FLOAT32_PRECISION else _uniform_doubles
    parts = []
    with np.errstate(all="ignore"):
        for start in range(0, runs, chunk):
            tiles = min(chunk, runs - start)
            data, filters = (arithmetic.round(draw(rng, (channels, *shape, tiles))) for shape in shapes[:2])
            direct, high, low = _direct(algorithm, arithmetic, data, filters)
            d, g = _side_by_side(data, filters)
            computed = execute(algorithm.maps, algorithm.scale, machine, d, g)[..., 0]
            outputs = tuple(range(high.ndim - 1))
            sums = [np.abs((y - high) - low).sum(axis=outputs) for y in (computed, direct)]
            d, g = (np.abs(x).astype(np.float64) for x in (d, g))
            bound = execute(algorithm.maps, algorithm.scale, bounds_of, d, g).error[..., 0]
            sums += [np.where(np.isnan(bound), inf, bound).sum(axis=outputs), norm_bound(algorithm, bounds_of, d, g)]
            parts.append(np.array(sums) / prod(shapes[2]))
        errors, direct, bounds, norm_bounds = np.concatenate(parts, axis=1)
        return FloatError(
            algorithm.size,
            format,
            order,
            channels,
            runs,
            seed,
            error=float(errors.mean()),
            standard_error=float(errors.std() / sqrt(runs)),
            direct_error=float(direct.mean()),
            bound=float(bounds.mean()),
            norm_bound=float(norm_bounds.mean()),
        )


def uniform_floats(rng: np.random.Generator, shape: Sequence[int]) -> np.ndarray:
    """Float32 numbers on [-1, 1), fl(2 fl(fl(u) 2^-32) - 1) of 32-bit integers u, the inner one below 1.

    They are what C++'s ``uniform_real_distribution<float>(-1, 1)`` makes of a 32-bit generator in libstdc++, and
    coarser around 0 than float32 is; the errors of convolutions depend on that by about a tenth.

    >>> uniform_floats(np.random.default_rng(0), (2, 2)).tolist()
    [[0.7012484073638916, 0.273923397064209], [0.022272944450378418, -0.46042656898498535]]
    """
    fraction = rng.integers(0, 2**32, size=tuple(shape), dtype=np.uint32).astype(np.float32) * np.float32(2**-32)
    below_one = np.minimum(fraction, np.nextafter(np.float32(1), np.float32(0)))
    return np.asarray(np.float32(2) * below_one - np.float32(1))


def _uniform_doubles(rng: np.random.Generator, shape: Sequence[int]) -> np.ndarray:
    return np.asarray(2 * rng.random(tuple(shape)) - 1)


def _chunk(algorithm: Algorithm, channels: int, runs: int) -> int:
    """How many runs to do at once."""
    per_run = (channels + 1) * max(prod(algorithm.n), algorithm.rank) * (1 + len(algorithm.m))
    if per_run > _MOST_PER_RUN:
        reason = f"one run needs about {per_run * 64 / 2**30:.3g} GiB"
        raise TooLarge("float_error", reason, "take a smaller algorithm or fewer channels")
    if runs * per_run > _MOST:
        reason = f"{runs} runs compute about {runs * per_run:.1e} values"
        raise TooLarge("float_error", reason, f"at most {_MOST // per_run} runs are done")
    return max(1, min(runs, _AT_ONCE // per_run))


def _side_by_side(data: np.ndarray, filters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Tiles (C, n..., T) and a filter (C, r..., T) for each as the groups of one: (n..., T C, 1) and (r..., T, C)."""
    d, g = (np.moveaxis(x, 0, -1) for x in (data, filters))
    return np.ascontiguousarray(d).reshape(*d.shape[:-2], -1, 1), np.ascontiguousarray(g)


def _direct(
    algorithm: Algorithm, arithmetic: Arithmetic, data: np.ndarray, filters: np.ndarray
) -> tuple[np.ndarray, ...]:
    """Direct convolution in the format, and the true one as an unevaluated sum of two float64."""
    _, taps, outputs = tile_shapes(algorithm)
    if algorithm.form == "linear":
        data = np.pad(data, [(0, 0), *((r - 1, r - 1) for r in taps), (0, 0)])
        filters = np.flip(filters, tuple(range(1, data.ndim - 1)))
    y = np.zeros((*outputs, data.shape[-1]), arithmetic.dtype)
    high, low = np.zeros(y.shape), np.zeros(y.shape)
    for c, *tap in product(range(len(data)), *map(range, taps)):
        places = zip(tap, outputs, strict=True)
        window, weight = data[c][tuple(slice(j, j + m) for j, m in places)], filters[c][tuple(tap)]
        y = arithmetic.add(y, arithmetic.multiply(window, weight))
        term, rest = _exact_product(window.astype(np.float64), weight.astype(np.float64))
        total = high + term
        part = total - high
        low += (high - (total - part)) + (term - part) + rest
        high = total
    return y, high, low


def _exact_product(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The product and its rounding error: T. J. Dekker, A floating-point technique, 1971."""
    ab = a * b
    (a_high, a_low), (b_high, b_low) = _split(a), _split(b)
    return ab, a_low * b_low - (((ab - a_high * b_high) - a_low * b_high) - a_high * b_low)


def _split(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    shifted = x * (2.0**27 + 1)
    high = shifted - (shifted - x)
    return high, x - high
