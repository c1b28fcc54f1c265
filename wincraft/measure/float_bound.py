# SPDX-License-Identifier: Apache-2.0
"""What an algorithm becomes in a floating-point format, and how wrong its outputs can then be: a-priori bounds."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import frexp, prod
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.linear_map import Pass
from wincraft.circuit.program import Program
from wincraft.construct.circuits import programs_for
from wincraft.errors import BadShape, BadValue, look_up
from wincraft.exact.fraction import Rows
from wincraft.exact.matrix import fraction_rows
from wincraft.exact.number import as_fractions, to_fraction
from wincraft.exact.types import Matrix
from wincraft.measure.execution import PerMatrix, along, execute, grouped
from wincraft.measure.places import Place
from wincraft.numbers.arithmetic import Arithmetic
from wincraft.numbers.arrays import float64_array
from wincraft.numbers.float_format import FloatFormat
from wincraft.numbers.summation import ORDERS

FP32 = FloatFormat.ieee("fp32", exponent_bits=8, precision=24)
"""The default format."""

CHANNEL_ORDER = "sequential"
"""How the products of the channels are added up."""


class Growth(NamedTuple):
    """How a matrix carries sizes and errors on.

    Of a matrix with entries a, rounded to c, a term j of row i in depth k of its tree, w = (1 + u)^k.

    |y| <= size |x|, and the error of y is at most  carried error(x) + made |x| + least,  where
    carried = |c| w (1 + u),  made = carried - |c| + |c - a|,  least = sum_j w half the smallest subnormal.
    A factor that is a power of two rounds nothing, and from 1 on does not underflow. `roundings` is the
    largest number of them that any term meets, that of its entry included. `spread` are the magnitudes of all that is
    added up to an entry: `size`, but of a program whose values cancel.
    """

    size: np.ndarray
    carried: np.ndarray
    made: np.ndarray
    least: np.ndarray
    roundings: int
    spread: np.ndarray


def growth_of(rows: Rows, format: FloatFormat, order: str) -> Growth:
    """The growth of a matrix whose entries, products and sums are rounded to a format.

    Raises:
        UnknownName: for an unknown order.
        NotApplicable: where an entry overflows.

    >>> growth_of([[Fraction(1), Fraction(1, 3)]], FP32, "sequential").roundings
    3
    """
    tree_of = look_up("order", order, ORDERS)
    u, underflow = float(format.unit_roundoff), float(format.min_subnormal) / 2
    exact = np.array(rows, dtype=object)
    carried, made, least, most = np.zeros(exact.shape), np.zeros(exact.shape), np.zeros(len(exact)), 0
    for i, row in enumerate(rows):
        rounded = [float(format.quantize_exact(a)) for a in row]
        depths = tree_of(rounded).depths
        for j, c in enumerate(rounded):
            off = abs(Fraction(c) - row[j])
            power = frexp(abs(c))[0] in (0, 0.5)
            roundings = depths.get(j, 0) + (not power)
            relative = np.expm1(roundings * np.log1p(u))
            carried[i, j] = abs(c) * (1 + relative)
            made[i, j] = abs(c) * relative + float(off)
            if c and not (power and abs(c) >= 1):
                least[i] += underflow * (1 + u) ** depths[j]
            most = max(most, roundings + (off != 0))
    size = np.abs(exact.astype(np.float64))
    return Growth(size, carried, made, least, most, size)


def growth_of_program(program: Program, format: FloatFormat) -> Growth:
    """The growth of a program whose every product and sum is rounded to a format, its constants rounded once.

    As of a matrix, with the roundings that each value has met: of a sum the errors of both, and u times what it is.

    Raises:
        NotApplicable: where a constant overflows.

    >>> growth_of_program(Program.build(2, [("add", 0, 1), ("fma", 2, 1, "1/3")], [3]), FP32).roundings
    3
    """
    u, underflow = float(format.unit_roundoff), float(format.min_subnormal) / 2
    exact = np.array([as_fractions(row, program.domain) for row in program.rows], dtype=object).astype(np.float64)
    unit, nothing = np.eye(program.inputs), np.zeros(program.inputs)
    carried, made = [*unit], [nothing] * program.inputs
    least, most = [0.0] * program.inputs, [0] * program.inputs
    for number, operation in enumerate(program.operations, program.inputs):
        parts = []
        for value, factor in operation.terms:
            (a,) = as_fractions([program.domain.one * factor], program.domain)
            c = abs(float(format.quantize_exact(a)))
            off, power = float(abs(Fraction(c) - abs(a))), frexp(c)[0] in (0, 0.5)
            growth = 1.0 if power else 1 + u
            size = np.abs(exact[value])
            mine = growth * (c * made[value] + off * size) + (0.0 if power else u * c * size)
            lost = growth * c * least[value] + (underflow if c and not (power and c >= 1) else 0.0)
            parts.append((growth * c * carried[value], mine, lost, most[value] + (not power) + (off != 0)))
        sums = len(parts) == 2
        rounded = 1 + u if sums else 1.0
        carried.append(rounded * sum(part[0] for part in parts))
        made.append(rounded * sum(part[1] for part in parts) + (u * np.abs(exact[number]) if sums else 0.0))
        least.append(rounded * sum(part[2] for part in parts))
        most.append(max(part[3] for part in parts) + sums)
    kept = list(program.outputs)
    sizes, errors, own = np.abs(exact[kept]), np.array(carried)[kept], np.array(made)[kept]
    return Growth(sizes, errors, own, np.array(least)[kept], max(most[value] for value in kept), errors)


class Bounded(NamedTuple):
    """Numbers of which are known: the exact one is at most `size`, the computed one at most `error` off; NaN: any."""

    size: np.ndarray
    error: np.ndarray


class BoundMachine:
    """Carries the sizes of numbers and the errors of rounded ones; data and filters are given as magnitudes.

    Every operation rounds to the format, row sums are taken in `order`, or passes run by `programs` where these are
    given; channels are added up one after the other.

    >>> from wincraft import winograd
    >>> F = winograd(1, 1)
    >>> y = execute(F.maps, F.scale, BoundMachine(FP32), np.full((1, 2, 1), 3.0), np.ones((1, 1, 2)))
    >>> y.size.item(), round(y.error.item() * 2**24, 3)
    (6.0, 12.0)
    """

    def __init__(
        self, format: FloatFormat, order: str = "sequential", programs: Callable[[Matrix], Program] | None = None
    ) -> None:
        self.format = format

        def growth(matrix: Matrix) -> Growth:
            if programs is not None:
                return growth_of_program(programs(matrix), format)
            return growth_of(fraction_rows(matrix), format, order)

        self.growth = PerMatrix(growth)

    def load(self, place: Place, given: np.ndarray) -> Bounded:
        """Values of the format, without an error."""
        return Bounded(given, np.zeros_like(given))

    def apply(self, step: Pass, value: Bounded) -> Bounded:
        """Errors carried on, and made by the products and the sums."""
        growth = self.growth(step.matrix)
        tile = value.size.shape[:-2]
        sizes = step.image if step.axis is None else (-1, *[1] * len(tile[step.axis + 1 :]))
        least = growth.least.reshape(*sizes, 1, 1)
        error = along(growth.carried, value.error, step) + along(growth.made, value.size, step) + least
        return self._within_range(along(growth.size, value.size, step), error)

    def multiply(self, U: Bounded, V: Bounded) -> Bounded:
        """Products of every channel, and their sum."""
        (v, u), (v_error, u_error) = grouped(V.size, U.size), grouped(V.error, U.error)
        v, v_error, u, u_error = (*(x[..., None] for x in (v, v_error)), *(x[..., None, :, :] for x in (u, u_error)))
        rounding, underflow = float(self.format.unit_roundoff), float(self.format.min_subnormal) / 2
        error = u_error * v + u * v_error + u_error * v_error
        error += rounding * (u + u_error) * (v + v_error) + underflow
        size, error = self._within_range(u * v, error)
        if size.shape[-2] > 1:
            carried, made = (row[0] for row in channel_growth(size.shape[-2], self.format)[1:3])
            error = np.tensordot(error, carried, (-2, 0)) + np.tensordot(size, made, (-2, 0))
        shape = (*V.size.shape[:-1], -1)
        return self._within_range(size.sum(axis=-2).reshape(shape), error.reshape(shape))

    def store(self, place: Place, value: Bounded) -> Bounded:
        """Values are numbers of the format already."""
        return value

    def divide(self, value: Bounded, divisor: Fraction) -> Bounded:
        """One product with the rounded reciprocal."""
        growth = growth_of([[1 / divisor]], self.format, CHANNEL_ORDER)
        carried, made, size = (item.item() for item in (growth.carried, growth.made, growth.size))
        return self._within_range(size * value.size, carried * value.error + made * value.size + growth.least)

    def _within_range(self, size: np.ndarray, error: np.ndarray) -> Bounded:
        error[~(size + error <= float(self.format.max))] = np.nan
        return Bounded(size, error)


def channel_growth(channels: int, format: FloatFormat) -> Growth:
    """That of the sum over channels.

    >>> channel_growth(64, FP32).roundings
    63
    """
    return growth_of([[Fraction(1)] * channels], format, CHANNEL_ORDER)


def norm_bound(algorithm: Algorithm, machine: BoundMachine, data: np.ndarray, filters: np.ndarray) -> np.ndarray:
    """The largest sum of the errors of a tile's outputs, from norms alone, unless something underflows or overflows.

    |data| (n..., T C, 1), tile after tile, and |filters| (r..., T, C) give (T,).
    """
    maps, format, (T, C) = algorithm.maps, machine.format, filters.shape[-2:]
    inner, outer = (
        [machine.growth(step.matrix) for item in sides for step in item.passes]
        for sides in ((maps.input, maps.filter), (maps.output,))
    )
    if algorithm.scale != 1:
        outer.append(growth_of([[1 / to_fraction(algorithm.scale)]], format, CHANNEL_ORDER))
    count = sum(growth.roundings for growth in (*inner, *outer, channel_growth(C, format))) + 1
    gain = prod(float(np.linalg.norm(growth.spread)) for growth in inner)
    gain *= prod(float(growth.spread.sum(axis=0).max()) for growth in outer)
    norms = (np.sqrt((x * x).sum(axis=tuple(range(x.ndim - 2)))).reshape(T, C) for x in (data, filters))
    return np.asarray(np.expm1(count * np.log1p(float(format.unit_roundoff))) * gain * prod(norms).sum(axis=1))


def tile_shapes(algorithm: Algorithm) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """The data, the filter and the outputs of one tile, one length per axis, in either form.

    >>> from wincraft import winograd
    >>> tile_shapes(winograd(2, 3).transpose())
    ((2,), (3,), (4,))
    """
    maps = algorithm.maps
    return maps.input.tile, maps.filter.tile, maps.output.image


def error_bound(
    algorithm: Algorithm,
    format: FloatFormat = FP32,
    order: str = "huffman",
    channels: int = 1,
    data: ArrayLike = 1.0,
    filters: ArrayLike = 1.0,
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
        NotApplicable: over GF(p), where a matrix entry overflows, and where the format cannot be simulated.
        BadShape, BadNumber: where the limits do not fit or are no numbers.

    Source: Barabasz, Anderson, Soodhalter, Gregg, arXiv 1803.10986; N. J. Higham, Accuracy and Stability of Numerical
    Algorithms, chapter 3.

    >>> from wincraft import winograd
    >>> (error_bound(winograd(2, 3, points="0,1,-1")) * 2**24).round(3).tolist()
    [39.0, 40.0]
    """
    _ = Arithmetic(format).dtype
    check_channels(channels)
    algorithm.field.need_order(f"error bounds of {algorithm.size}")
    shapes, limits = tile_shapes(algorithm), []
    for name, given, shape in zip(("data", "filters"), (data, filters), shapes[:2], strict=True):
        values = np.abs(float64_array(given, name))
        try:
            limits.append(np.moveaxis(np.broadcast_to(values, (channels, *shape)), 0, -1))
        except ValueError:
            raise BadShape(name, str(values.shape), str((channels, *shape))) from None
    with np.errstate(all="ignore"):
        d, g = limits[0][..., None], limits[1][..., None, :]
        machine = BoundMachine(format, order, programs_for(algorithm, order))
        error = execute(algorithm.maps, algorithm.scale, machine, d, g).error[..., 0, 0]
    return np.where(np.isnan(error), np.inf, error)


def check_channels(channels: object) -> None:
    """Check the number of channels.

    Raises:
        BadValue: for other things than an integer from 1.
    """
    if not isinstance(channels, int) or channels < 1:
        raise BadValue("the number of channels", repr(channels), "give an integer from 1")
