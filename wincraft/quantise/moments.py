# SPDX-License-Identifier: Apache-2.0
"""An algorithm run on moments: what each stage adds as noise, and what it takes from the signal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from math import gcd, lcm, prod

import numpy as np

from wincraft.algorithm.linear_map import Pass
from wincraft.circuit.noise import rounding_rows
from wincraft.circuit.program import Program
from wincraft.errors import NotApplicable, look_up
from wincraft.exact.fraction import Rows
from wincraft.exact.matrix import fraction_rows
from wincraft.exact.number import as_fractions
from wincraft.exact.types import Domain, Matrix, Vectors
from wincraft.measure.execution import PerMatrix
from wincraft.measure.places import Place, Side
from wincraft.numbers.float_format import FloatFormat
from wincraft.numbers.quantizer import UNSCALED, Quantizer, Scale, checked_scale
from wincraft.quantise.response import expected_amplitude
from wincraft.quantise.rounding_noise import RoundingError, channel_rounding, rounding, sum_rounding
from wincraft.quantise.schemes import Scheme
from wincraft.quantise.tile_moments import Grid, Held, OperandMoments, OutOfFormat, TileMoments

_TRANSFORMS: dict[Side, str] = {
    "data": "input transform",
    "weights": "filter transform",
    "products": "output transform",
}


class MomentsMachine:
    """Runs a scheme on moments, summed over so many channels; raises `OutOfFormat`.

    `scales` are those given by the text of their place, None for the scales that Gaussian data of so many `outputs`,
    `tiles` and `groups` should show; `used` are those that were taken. Without `clips`, scales hold all values.
    `seen` are samples (S, K, N) of what comes to be stored, by place.
    """

    def __init__(
        self,
        scheme: Scheme,
        channels: int,
        scales: Mapping[str, object] | None = None,
        *,
        outputs: int = 64,
        tiles: int = 256,
        groups: int = 1,
        clips: bool = False,
        seen: Mapping[str, np.ndarray] | None = None,
        programs: Callable[[Matrix], Program] | None = None,
    ) -> None:
        self._programs = programs and PerMatrix(programs)
        self.used: dict[str, Scale] = {}
        self._rows, self._seen = PerMatrix(fraction_rows), seen or {}
        self._scheme, self._quantizers, self._channels, self._scales = scheme, scheme.stages, channels, scales
        self._outputs, self._tiles, self._groups, self._clips = outputs, tiles, groups, clips
        self._sampled = clips and any(quantizer.per for quantizer in scheme.stages.values())

    def load(self, place: Place, given: OperandMoments) -> TileMoments:
        """Rounded where the arithmetic is, and stored."""
        value = TileMoments.of(place.side, given)
        return self.store(place, self._rounded(str(place), value.drawn() if self._sampled else value))

    def apply(self, step: Pass, value: TileMoments) -> TileMoments:
        """The map, and the noise of its sums."""
        rows = self._rows(step.matrix)
        matrix = whole = np.array([[float(entry) for entry in row] for row in rows])
        axis = step.axis
        before, after = (value.shape[:axis], value.shape[axis + 1 :]) if axis is not None else ((), ())
        split = (prod(before), len(rows[0]), prod(after))
        whole = np.kron(whole, np.eye(prod(after))) if after else whole
        whole = np.kron(np.eye(prod(before)), whole) if before else whole
        mapped = replace(
            value.mapped(whole),
            shape=step.shape_after(value.shape),
            grid=value.grid and Grid(_row_lattice(rows, value.grid.lattice.reshape(split)).ravel(), value.grid.unit),
            held=value.held and Held(value.held.format, _passed(matrix, value.held.positions.reshape(split)).ravel()),
        )
        if self._scheme.arithmetic is None:
            return mapped
        if self._programs is not None:
            return self._run(self._programs(step.matrix), split, mapped, value)
        along = np.einsum("iajibj->ijab", value.covariance.reshape(*split, *split))
        means = value.mean.reshape(split)
        added = sum_rounding(matrix, self._scheme.order, self._scheme.arithmetic, along, means)
        return mapped.noisy(_TRANSFORMS[value.side], added.noise.ravel(), added.bias.ravel())

    def _run(
        self, program: Program, split: tuple[int, int, int], mapped: TileMoments, value: TileMoments
    ) -> TileMoments:
        """The noise of a program's operations, each of which goes its way to the outputs: their errors depend.

        The values mapped, then as many positions as there are roundings, each with its noise, then added up.
        """
        assert self._scheme.arithmetic is not None
        forms, gains = (_floats(rows, program.domain) for rows in rounding_rows(program))
        if not len(forms):
            return mapped
        before, after = np.eye(split[0]), np.eye(split[2])
        F, T = (np.kron(np.kron(before, item), after) for item in (forms, gains.T))
        variances = np.einsum("ij,jk,ik->i", F, value.covariance, F)
        added = rounding(self._scheme.arithmetic, variances, F @ value.mean)
        outputs = np.eye(len(T))
        beside = mapped.mapped(np.vstack([outputs, np.zeros((len(F), len(T)))]))
        noise, bias = (np.concatenate([np.zeros(len(T)), item]) for item in added)
        noisy = beside.noisy(_TRANSFORMS[value.side], noise, bias)
        return replace(noisy.mapped(np.hstack([outputs, T])), grid=mapped.grid, held=mapped.held)

    def multiply(self, U: TileMoments, V: TileMoments) -> TileMoments:
        """Sums of products, of channels that are independent but for what they have in common."""
        scheme, channels = self._scheme, self._channels
        mean = U.mean * V.mean
        one = U.covariance * V.second + np.outer(U.mean, U.mean) * V.covariance
        pair = U.between * V.shared + np.outer(U.mean, U.mean) * V.between
        whole = channels * one + channels * (channels - 1) * pair
        M = TileMoments.of("products", OperandMoments(U.shape, whole, channels * mean, 0 * whole), (U, V))
        if not (np.isfinite(M.covariance).all() and np.isfinite(M.mean).all()):
            raise OutOfFormat("channel sum")
        if U.grid is not None and V.grid is not None:
            M = replace(M, grid=Grid(U.grid.lattice * V.grid.lattice, U.grid.unit * V.grid.unit))
        summed = scheme.accumulator or scheme.arithmetic
        if summed is None:
            return self._drawn(M)
        variances = np.diagonal(one).copy(), np.diagonal(pair).copy()
        added = channel_rounding(summed, scheme.channel_order, channels, *variances, mean)
        if summed != scheme.arithmetic and scheme.arithmetic is not None:
            last = rounding(scheme.arithmetic, M.variances, M.mean)
            added = RoundingError(added.noise + last.noise, added.bias + last.bias)
        return self._drawn(M.noisy("channel sum", *added))

    def _drawn(self, M: TileMoments) -> TileMoments:
        """With a sample, where M is stored a few steps about a mean, in phase with the next stage's, or clipped."""
        apart = np.abs(M.mean) > np.sqrt(np.maximum(M.variances, 0))
        integer = self._scheme.M is not None and not isinstance(self._scheme.M.format, FloatFormat)
        return M.drawn() if self._sampled or (integer and apart.any()) else M

    def store(self, place: Place, value: TileMoments) -> TileMoments:
        """Through the quantiser of the place, if it has one that rounds.

        Raises:
            UnknownName, BadShape, BadNumber, NotApplicable: where scales are given and that of the place is none.
        """
        quantizer = self._quantizers.get(place.stage)
        if quantizer is None or quantizer.format == self._scheme.arithmetic:
            return value
        scale = self.used[str(place)] = self._scale(place, quantizer, value)
        seen = self._seen.get(str(place))
        value = value if seen is None else replace(value, sample=seen)
        return value.stored(str(place), quantizer, scale, self._clips)

    def divide(self, value: TileMoments, divisor: Fraction) -> TileMoments:
        """The map, and one more rounding."""
        divided = value.mapped(np.eye(len(value.signal)) / float(divisor))
        if divided.grid is not None:
            divided = replace(divided, grid=Grid(divided.grid.lattice / abs(divisor), divided.grid.unit))
        return self._rounded(_TRANSFORMS[value.side], divided)

    def _rounded(self, stage: str, value: TileMoments) -> TileMoments:
        arithmetic = self._scheme.arithmetic
        return value if arithmetic is None else value.noisy(stage, *rounding(arithmetic, value.variances, value.mean))

    def _scale(self, place: Place, quantizer: Quantizer, value: TileMoments) -> Scale:
        if quantizer.per is None:
            return UNSCALED
        if self._scales is None:
            return self._expected_scale(place, quantizer, value)
        given = look_up("scale of a stage", str(place), self._scales)
        channels = np.asarray(given[0] if isinstance(given, Scale) else given).shape[-2:-1] or (1,)
        return checked_scale(given, (*value.shape, *channels, 1), channels=place.side != "data")

    def _expected_scale(self, place: Place, quantizer: Quantizer, value: TileMoments) -> Scale:
        if quantizer.unsigned:
            raise NotApplicable("predicted scales", f"{place} has a zero point", "calibrate on data")
        per_tap, filters = "tap" in str(quantizer.per), 1 if "channel" in str(quantizer.per) else self._outputs
        count = (1 if place.side == "data" else filters) * (1 if place.side == "weights" else self._tiles)
        count *= 1 if place.side == "products" else self._channels * (self._groups if place.side == "data" else 1)
        groups = list(zip(value.variances, value.mean, strict=True)) if per_tap else [(value.variances, value.mean)]
        ends = [expected_amplitude(np.atleast_1d(v), count, self._scheme.calibration, mean) for v, mean in groups]
        amplitude = np.array(ends).reshape(*(value.shape if per_tap else (1,) * len(value.shape)), 1, 1)
        return quantizer.scale_of(-amplitude, amplitude)


def _floats(rows: Vectors, K: Domain) -> np.ndarray:
    return np.array([as_fractions(row, K) for row in rows], dtype=float)


def _passed(matrix: np.ndarray, held: np.ndarray) -> np.ndarray:
    """Which sums are one held value times a power of two: (before, n, after) to (before, rows, after)."""
    terms = matrix != 0
    powers = np.frexp(np.abs(matrix))[0] == 0.5
    plain = (terms.sum(axis=1, keepdims=True) == 1) & powers
    return np.asarray(np.einsum("ij,ajb->aib", plain.astype(int), held.astype(int)) > 0)


def _row_lattice(rows: Rows, lattice: np.ndarray) -> np.ndarray:
    """The grid of every sum: lattice (before, n, after) of Fractions to (before, rows, after)."""
    result = np.empty((lattice.shape[0], len(rows), lattice.shape[2]), dtype=object)
    for a, i, b in np.ndindex(result.shape):
        terms = [abs(entry * lattice[a, j, b]) for j, entry in enumerate(rows[i]) if entry] or [Fraction(0)]
        result[a, i, b] = Fraction(gcd(*(t.numerator for t in terms)), lcm(*(t.denominator for t in terms)))
    return result
