# SPDX-License-Identifier: Apache-2.0
"""How wrong outputs of given data can be under a scheme: what no correct kernel exceeds, and what hardly any does."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import frexp, log, sqrt
from typing import NamedTuple

import numpy as np

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.linear_map import Pass
from wincraft.construct.circuits import programs_for
from wincraft.errors import NotApplicable
from wincraft.exact.matrix import fraction_rows
from wincraft.exact.types import Matrix
from wincraft.measure.execution import ArrayMachine, PerMatrix, along, execute, grouped
from wincraft.measure.float_bound import growth_of_program
from wincraft.measure.places import Place
from wincraft.numbers.fixed_point import FixedPoint
from wincraft.numbers.float_format import FloatFormat
from wincraft.numbers.integer_grid import IntegerGrid
from wincraft.numbers.summation import CIRCUIT_ORDERS
from wincraft.quantise.machines import stored_maps, stored_matrix
from wincraft.quantise.schemes import Scheme
from wincraft.quantise.workload import Batch

_INNER = 1 + 1e-9
"""What computing a bound in float64 may lose, generously."""
_FEW = 4.0
"""Deviations by which rounded values may be larger than they should, where their own roundings are told."""


class Wrongness(NamedTuple):
    """What is known of numbers: their exact `value`, or its magnitude on a box, and how far the computed may be off.

    The `error` is a `bias`, at most that large, of rounded matrices, and a sum of independent roundings: `square` is
    the sum of the squares of the most that each can be.
    """

    value: np.ndarray
    error: np.ndarray
    bias: np.ndarray
    square: np.ndarray

    @property
    def likely(self) -> np.ndarray:
        """The largest magnitude of the computed value that is likely."""
        return np.asarray(np.abs(self.value) + self.bias + _FEW * np.sqrt(self.square))

    @property
    def bound(self) -> np.ndarray:
        """What the error never exceeds; inf where that is not known."""
        error = self.error * _INNER
        return np.where(np.isnan(error), np.inf, error)

    def exceeded(self, rate: float) -> np.ndarray:
        """What the error exceeds at most at a rate, see `likely_bound`."""
        likely = self.bias + sqrt(2 / 3 * log(2 / rate)) * np.sqrt(self.square)
        bound = np.minimum(likely, self.error) * _INNER
        return np.where(np.isnan(bound), np.inf, bound)


class _Stage:
    """A matrix as a scheme stores it, in any order of its sums: what it does to values, errors and squares."""

    def __init__(self, matrix: Matrix, scheme: Scheme, box: bool) -> None:
        exact, stored = fraction_rows(matrix), fraction_rows(stored_matrix(matrix, scheme))
        a = np.array([[float(entry) for entry in row] for row in exact])
        self.value = np.abs(a) if box else a
        pairs = zip(exact, stored, strict=True)
        self.off = np.array([[float(abs(x - y)) for x, y in zip(*rows, strict=True)] for rows in pairs])
        self.stored = c = np.abs(np.array([[float(entry) for entry in row] for row in stored]))
        self.there = (c != 0).astype(float)
        self.product, self.squares, self.least, self.rounding = c, 0 * c, np.zeros(len(c)), 0.0
        if scheme.arithmetic is not None:
            u, underflow = float(scheme.arithmetic.unit_roundoff), float(scheme.arithmetic.min_subnormal) / 2
            rounded = np.array([[frexp(entry)[0] not in (0, 0.5) for entry in row] for row in c])
            self.rounding, self.product, self.squares = u, c * (1 + u * rounded), (u * rounded * c) ** 2
            self.least = (rounded | ((c < 1) & (c > 0))).sum(axis=1) * underflow * (1 + u) ** len(c[0])


class WrongnessMachine:
    """Carries `Wrongness` through a scheme. With `box`, data and weights are magnitudes that are not exceeded.

    Sums are in any order, or passes are the programs of the circuit where the scheme's order says so. Scales are those
    of the largest value, of the places in `highs` those of the largest values given there. `active` is how many
    channels are not 0.

    >>> from wincraft import winograd
    >>> from wincraft.quantise.schemes import SCHEMES
    >>> F, machine = winograd(1, 1), WrongnessMachine(SCHEMES["fp16"], 2)
    >>> y = execute(F.maps, F.scale, machine, np.full((1, 2, 1), 3.0), np.ones((1, 1, 2)))
    >>> y.value.item(), round(y.error.item() * 2**11, 1)
    (6.0, 24.0)
    """

    def __init__(
        self,
        scheme: Scheme,
        active: int,
        algorithm: Algorithm | None = None,
        box: bool = False,
        highs: Mapping[Place, np.ndarray] | None = None,
    ) -> None:
        self.scheme, self.active, self.box, self._highs = scheme, active, box, highs or {}
        of_circuit = algorithm is not None and scheme.order in CIRCUIT_ORDERS
        self._programs = programs_for(algorithm, scheme.order) if of_circuit and algorithm is not None else None
        self._stages = PerMatrix(lambda matrix: _Stage(matrix, scheme, box))

    def load(self, place: Place, given: np.ndarray) -> Wrongness:
        """The values stored."""
        value = Wrongness(given, *(np.zeros(given.shape) for _ in range(3)))
        return self.store(place, self._rounded(value, self.scheme.arithmetic))

    def apply(self, step: Pass, value: Wrongness) -> Wrongness:
        """What was wrong carried on, and what entries, products and sums make."""
        sizes = np.abs(value.value)
        tile = sizes.shape[:-2]
        rows = step.image if step.axis is None else (-1, *[1] * len(tile[step.axis + 1 :]))
        stage = self._stages(step.matrix)
        exact, bias = along(stage.value, value.value, step), along(stage.stored, value.bias, step)
        square = along(stage.stored**2, value.square, step)
        if self._programs is not None and self.scheme.arithmetic is not None:
            growth = growth_of_program(self._programs(step.matrix), self.scheme.arithmetic)
            made, least = along(growth.made, sizes, step), growth.least.reshape(*rows, 1, 1)
            return Wrongness(exact, along(growth.carried, value.error, step) + made + least, bias, square + made**2)
        # in any order a term meets at most all additions of its row, those of zeros round nothing
        terms = along(stage.there, ((value.value != 0) | (value.error != 0)).astype(float), step)
        sums, likely, least = np.maximum(terms - 1, 0), value.likely, stage.least.reshape(*rows, 1, 1)
        grown = np.exp(sums * np.log1p(stage.rounding))
        size = along(stage.stored, sizes, step)
        error = grown * along(stage.product, sizes + value.error, step) - size + along(stage.off, sizes, step)
        error = error.clip(0) + grown * least
        bias += along(stage.off, sizes, step)
        square += stage.rounding**2 * sums * along(stage.stored, likely, step) ** 2
        square += along(stage.squares, likely**2, step) + least**2
        return Wrongness(exact, error, bias, square)

    def multiply(self, U: Wrongness, V: Wrongness) -> Wrongness:
        """Products of every channel, and their sum in any order."""
        (v, u), (v_error, u_error), (v_bias, u_bias), (v_square, u_square) = (
            grouped(of_v, of_u) for of_v, of_u in zip(V, U, strict=True)
        )
        shape, format = (*V.value.shape[:-1], -1), self.scheme.accumulator or self.scheme.arithmetic
        value, v, u = v @ u, np.abs(v), np.abs(u)
        size, computed = v @ u, (v + v_error) @ (u + u_error)
        error, bias = (computed - size).clip(0), (v + v_bias) @ (u + u_bias) - size
        square = (v**2 + v_square) @ u_square + v_square @ u**2
        if format is not None:
            rounding, underflow = float(format.unit_roundoff), float(format.min_subnormal) / 2
            carried = (1 + rounding) ** self.active  # a product, and the sums above it
            error += (carried - 1) * computed + self.active * underflow * carried
            square += rounding**2 * ((self.active - 1) * size**2 + v**2 @ u**2) + self.active * underflow**2
        made = Wrongness(*(item.reshape(shape) for item in (value, error, bias.clip(0), square)))
        return self._rounded(made, None if format == self.scheme.arithmetic else self.scheme.arithmetic)

    def store(self, place: Place, value: Wrongness) -> Wrongness:
        """Through the quantiser of the place."""
        quantizer = self.scheme.stages.get(place.stage)
        if quantizer is None:
            return value
        format, most = quantizer.format, np.abs(value.value) + value.error
        if isinstance(format, FloatFormat) and quantizer.per is None:
            return value if format == self.scheme.arithmetic else self._rounded(value, format)
        if isinstance(format, FixedPoint):
            half = float(format.step) / 2
            off = np.where(most <= float(min(format.max, -format.min)), half, np.inf)
            return value._replace(error=value.error + off, square=value.square + half**2)
        found = []
        for largest in (most, value.likely):
            high = self._highs[place] if place in self._highs else quantizer.ends(largest)[1]
            scale = quantizer.scale_of(-high, high).scale
            if isinstance(format, IntegerGrid):
                found.append(np.broadcast_to(scale / 2, largest.shape))
            else:
                found.append(float(format.unit_roundoff) * largest + scale * float(format.min_subnormal) / 2)
        stored = value._replace(error=value.error + found[0], square=value.square + found[1] ** 2)
        return self._rounded(stored, self.scheme.arithmetic)

    def divide(self, value: Wrongness, divisor: Fraction) -> Wrongness:
        """One product with the rounded reciprocal."""
        factor = abs(float(1 / divisor))
        scaled = Wrongness(
            float(1 / divisor) * value.value, factor * value.error, factor * value.bias, factor**2 * value.square
        )
        return self._rounded(self._rounded(scaled, self.scheme.arithmetic), self.scheme.arithmetic)

    def _rounded(self, value: Wrongness, format: FloatFormat | None) -> Wrongness:
        """Every value rounded once to a format; what may overflow has no bound."""
        if format is None:
            return value
        rounding, underflow = float(format.unit_roundoff), float(format.min_subnormal) / 2
        most = np.abs(value.value) + value.error
        off = rounding * most + underflow
        error = np.where(most + off <= float(format.max), value.error + off, np.inf)
        return value._replace(error=error, square=value.square + (rounding * value.likely + underflow) ** 2)


def check_bounded(scheme: Scheme) -> None:
    """Check that errors of a scheme have a bound.

    Raises:
        NotApplicable: where scales clip values, and where codes have a zero point.

    >>> from wincraft.quantise.schemes import SCHEMES
    >>> check_bounded(SCHEMES["tapwise-8"])
    """
    if scheme.calibration != "max-abs":
        raise NotApplicable("a hard bound", f"calibration {scheme.calibration} clips values", "use max-abs")
    if any(quantizer.unsigned for quantizer in scheme.stages.values()):
        raise NotApplicable("a hard bound", f"{scheme.name} has zero points", "use a scheme without +unsigned")


def wrongness(
    algorithm: Algorithm,
    scheme: Scheme,
    batch: Batch,
    box: bool = False,
    highs: Mapping[Place, np.ndarray] | None = None,
) -> Wrongness:
    """Of the outputs (m..., K, T) for these very data and weights, or all within their magnitudes, max-abs scales.

    Where a batch is a part of what is stored at a place, `highs` are the largest magnitudes of all of it.

    It is that of every kernel that stores the stages as the scheme says, rounds every operation or fewer of them, and
    takes its sums in any order; channels without data or weights round nothing. Infinite where a value may overflow.

    Raises:
        NotApplicable: as `check_bounded`.
    """
    check_bounded(scheme)
    tiles = tuple(range(batch.data.ndim - 2))
    used = (batch.data != 0).any(axis=(*tiles, -1))
    groups = batch.data.shape[-2] // batch.weights.shape[-1]
    active = max(int(used.reshape(groups, -1).sum(axis=1).max()), 1)
    machine = WrongnessMachine(scheme, active, algorithm, box, highs)
    data, weights = (np.abs(batch.data), np.abs(batch.weights)) if box else (batch.data, batch.weights)
    with np.errstate(all="ignore"):
        return execute(algorithm.maps, algorithm.scale, machine, data, weights)


def hard_bound(algorithm: Algorithm, scheme: Scheme, batch: Batch, box: bool = False) -> np.ndarray:
    """The most that |y - y_ref| can be, (m..., K, T), of the kernels that `wrongness` names; inf for no bound.

    Raises:
        NotApplicable: as `check_bounded`.

    >>> from wincraft import winograd
    >>> from wincraft.quantise.schemes import SCHEMES
    >>> from wincraft.quantise.workload import Workload
    >>> F = winograd(2, 3)
    >>> batch = Workload().batch(F)
    >>> [round(float(hard_bound(F, SCHEMES["fp16"], batch, box).max()), 3) for box in (False, True)]
    [0.52, 1.044]
    """
    return wrongness(algorithm, scheme, batch, box).bound


def likely_bound(algorithm: Algorithm, scheme: Scheme, batch: Batch, rate: float) -> np.ndarray:
    """What |y - y_ref|, (m..., K, T), exceeds at most at a rate, if roundings are independent and uniform.

    The bias of the rounded matrices on these data, and sqrt(2/3 ln(2 / rate)) times the root of the sum of the squares
    of what each rounding can be: uniform numbers have no heavier tails than normal ones of their variance. At most the
    hard bound. Roundings of different passes count as independent at the outputs.

    Raises:
        NotApplicable: as `check_bounded`.

    Source: Higham, Mary, A new approach to probabilistic rounding error analysis, SIAM J. Sci. Comput. 41 (2019).

    >>> from wincraft import winograd
    >>> from wincraft.quantise.schemes import SCHEMES
    >>> from wincraft.quantise.workload import Workload
    >>> F = winograd(2, 3)
    >>> round(float(likely_bound(F, SCHEMES["fp16"], Workload().batch(F), 1e-9).max()), 3)
    0.128
    """
    return told_bias(wrongness(algorithm, scheme, batch), algorithm, scheme, batch).exceeded(rate)


def told_bias(found: Wrongness, algorithm: Algorithm, scheme: Scheme, batch: Batch) -> Wrongness:
    """With the bias that rounded matrices have on these very data, where that is told.

    >>> from wincraft import winograd
    >>> from wincraft.quantise.schemes import SCHEMES
    >>> from wincraft.quantise.workload import Workload
    >>> F = winograd(4, 3)
    >>> batch = Workload().batch(F)
    >>> found = wrongness(F, SCHEMES["fp16"], batch)
    >>> bool(told_bias(found, F, SCHEMES["fp16"], batch).bias.max() < found.bias.max() / 3)
    True
    """
    if scheme.order in CIRCUIT_ORDERS:
        return found
    rounded = execute(stored_maps(algorithm, scheme), algorithm.scale, ArrayMachine(float), batch.data, batch.weights)
    return found._replace(bias=np.minimum(found.bias, np.abs(rounded - batch.reference)))


def box_bound(algorithm: Algorithm, scheme: Scheme, channels: int, data: float, weights: float) -> float:
    """The largest `hard_bound` of all data and weights within these magnitudes.

    Raises:
        NotApplicable: as `check_bounded`.

    >>> from wincraft import winograd
    >>> from wincraft.quantise.schemes import SCHEMES
    >>> round(box_bound(winograd(2, 3), SCHEMES["fp16"], 64, 1.0, 1 / 24), 3)
    0.747
    """
    full = Batch(
        np.full((*algorithm.n, channels, 1), data),
        np.full((*algorithm.r, 1, channels), weights),
        np.ones((*algorithm.m, 1), dtype=bool),
    )
    return float(hard_bound(algorithm, scheme, full, box=True).max())
