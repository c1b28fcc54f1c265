# SPDX-License-Identifier: Apache-2.0
"""An algorithm run on second moments: what each stage adds as noise, and what it takes from the signal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from math import gcd, lcm, prod
from typing import NamedTuple

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
from wincraft.quantise.response import expected_amplitude, gaussian_response, sample_response
from wincraft.quantise.rounding_noise import partial_sums, rounding_noise, sum_noise
from wincraft.quantise.schemes import Scheme

_TRANSFORMS: dict[Side, str] = {
    "data": "input transform",
    "weights": "filter transform",
    "products": "output transform",
}


class OutOfFormat(Exception):
    """Values of a stage, its argument, leave their format."""


class OperandMoments(NamedTuple):
    """Data or weights: the second moments of the flattened tile, and values as they occur where not Gaussian."""

    shape: tuple[int, ...]
    second: np.ndarray
    sample: np.ndarray | None = None


class Grid(NamedTuple):
    """Values are multiples of the `lattice` of their position, Fractions, times one `unit` per output channel."""

    lattice: np.ndarray
    unit: np.ndarray


@dataclass(frozen=True)
class Held:
    """Which positions hold numbers of a format times a power of two."""

    format: FloatFormat
    positions: np.ndarray


class Noise(NamedTuple):
    """Independent noise of these variances, added at a stage; or, where `lost`, what its gain takes from the signal."""

    stage: str
    variances: np.ndarray
    lost: bool


@dataclass(frozen=True)
class TileMoments:
    """What is known of the values of a tile, of S positions, in one channel.

    `second` (S, S) are the second moments, noise included; `signal` and `plain` (S, inputs) are the maps with and
    without the gains of quantisers; `history` is what happened since the inputs: maps, noises, losses. `sample` is what
    every position holds, while nothing has happened to it and it is not Gaussian. Products know their `operands`.
    """

    side: Side
    shape: tuple[int, ...]
    second: np.ndarray
    signal: np.ndarray
    plain: np.ndarray
    history: tuple[np.ndarray | Noise, ...] = ()
    grid: Grid | None = None
    held: Held | None = None
    sample: np.ndarray | None = None
    operands: tuple[TileMoments, ...] = ()

    @classmethod
    def of(cls, side: Side, source: OperandMoments, operands: tuple[TileMoments, ...] = ()) -> TileMoments:
        """Nothing has happened yet."""
        same = np.eye(prod(source.shape))
        return cls(side, source.shape, source.second, same, same, sample=source.sample, operands=operands)

    @property
    def variances(self) -> np.ndarray:
        """The second moment of each position."""
        return np.diagonal(self.second).copy()

    def mapped(self, matrix: np.ndarray, plain: np.ndarray | None = None) -> TileMoments:
        """Through a linear map of all positions, in exact arithmetic; `plain` is the map without gains."""
        return replace(
            self,
            second=matrix @ self.second @ matrix.T,
            signal=matrix @ self.signal,
            plain=(matrix if plain is None else plain) @ self.plain,
            history=(*self.history, matrix),
            sample=None,
        )

    def noisy(self, stage: str, variances: np.ndarray) -> TileMoments:
        """With independent noise on every position; raises `OutOfFormat` where it is infinite."""
        if not np.isfinite(variances).all():
            raise OutOfFormat(stage)
        if not variances.any():
            return self
        history = (*self.history, Noise(stage, variances, False))
        return replace(self, second=self.second + np.diag(variances), history=history)

    def stored(self, stage: str, quantizer: Quantizer, scale: Scale, clips: bool) -> TileMoments:
        """Through a quantiser: its gain, its noise, and the lattice it leaves values on; no scale means real ends."""
        variances = self.variances
        if not np.isfinite(variances).all():
            raise OutOfFormat(stage)
        by_position = Scale(*(_by_position(item) for item in scale))
        if self.sample is not None:
            gains, distortions = sample_response(quantizer, by_position, self.sample)
        else:
            steps = self.grid and self.grid.lattice.astype(float)[:, None] * self.grid.unit
            lattice = np.zeros((1, 1)) if steps is None else steps
            clips = clips or quantizer.per is None
            gains, distortions = gaussian_response(quantizer, by_position, variances[:, None], lattice, clips)
        gain, distortion = (np.broadcast_to(item.mean(axis=1), variances.shape) for item in (gains, distortions))
        if self.held is not None and self.held.format == quantizer.format:
            gain, distortion = (np.where(self.held.positions, *pair) for pair in ((1, gain), (0, distortion)))
        after = self
        if (gain != 1).any():
            lost = Noise(stage, (1 - gain) ** 2 * variances, True)
            after = replace(self, history=(*self.history, lost)).mapped(np.diag(gain), np.eye(len(gain)))
        held = None
        if isinstance(quantizer.format, FloatFormat) and (quantizer.per is None or quantizer.power_of_two):
            held = Held(quantizer.format, np.ones(len(variances), dtype=bool))
        grid = _grid_of(quantizer, by_position.scale, len(variances))
        return replace(after.noisy(stage, distortion), grid=grid, held=held)

    def arrived(self, weight: np.ndarray) -> tuple[dict[str, float], dict[str, float]]:
        """For each stage what arrives of its noises, and of its losses, in the order of the stages.

        The sum of trace(weight W diag(variances) W^T), W the maps that come after.
        """
        rest = np.eye(len(weight))
        noises, losses = dict[str, float](), dict[str, float]()
        first = next((k for k, event in enumerate(self.history) if isinstance(event, Noise)), len(self.history))
        for event in reversed(self.history[first:]):
            if isinstance(event, Noise):
                powers = losses if event.lost else noises
                power = float(np.einsum("kj,kj->j", rest, weight @ rest) @ event.variances)
                powers[event.stage] = powers.get(event.stage, 0.0) + power
            else:
                rest = rest @ event
        return dict(reversed(noises.items())), dict(reversed(losses.items()))


class MomentsMachine:
    """Runs a scheme on second moments, summed over so many channels; raises `OutOfFormat`.

    `scales` are those given by the text of their place, None for the scales that Gaussian data of so many `outputs`,
    `tiles` and `groups` should show; `used` are those that were taken. Without `clips`, scales hold all values.
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
        programs: Callable[[Matrix], Program] | None = None,
    ) -> None:
        self._programs = programs and PerMatrix(programs)
        self.used: dict[str, Scale] = {}
        self._rows = PerMatrix(fraction_rows)
        self._scheme, self._quantizers, self._channels, self._scales = scheme, scheme.stages, channels, scales
        self._outputs, self._tiles, self._groups, self._clips = outputs, tiles, groups, clips

    def load(self, place: Place, given: OperandMoments) -> TileMoments:
        """Rounded where the arithmetic is, and stored."""
        return self.store(place, self._rounded(str(place), TileMoments.of(place.side, given)))

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
        along = np.einsum("iajibj->ijab", value.second.reshape(*split, *split))
        noise = sum_noise(matrix, self._scheme.order, self._scheme.arithmetic, along)
        return mapped.noisy(_TRANSFORMS[value.side], noise.ravel())

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
        variances = np.einsum("ij,jk,ik->i", F, value.second, F)
        noise = rounding_noise(self._scheme.arithmetic, variances)
        outputs = np.eye(len(T))
        beside = mapped.mapped(np.vstack([outputs, np.zeros((len(F), len(T)))]))
        noisy = beside.noisy(_TRANSFORMS[value.side], np.concatenate([np.zeros(len(T)), noise]))
        return replace(noisy.mapped(np.hstack([outputs, T])), grid=mapped.grid, held=mapped.held)

    def multiply(self, U: TileMoments, V: TileMoments) -> TileMoments:
        """Sums of independent products."""
        scheme, channels = self._scheme, self._channels
        M = TileMoments.of("products", OperandMoments(U.shape, channels * U.second * V.second), (U, V))
        if not np.isfinite(M.second).all():
            raise OutOfFormat("channel sum")
        if U.grid is not None and V.grid is not None:
            M = replace(M, grid=Grid(U.grid.lattice * V.grid.lattice, U.grid.unit * V.grid.unit))
        summed = scheme.accumulator or scheme.arithmetic
        if summed is None:
            return M
        one = M.variances / channels
        sizes, counts = partial_sums(channels, scheme.channel_order)
        noise = channels * rounding_noise(summed, one)
        noise = noise + counts @ rounding_noise(summed, sizes[:, None] * one)
        if summed != scheme.arithmetic and scheme.arithmetic is not None:
            noise = noise + rounding_noise(scheme.arithmetic, M.variances)
        return M.noisy("channel sum", noise)

    def store(self, place: Place, value: TileMoments) -> TileMoments:
        """Through the quantiser of the place, if it has one that rounds.

        Raises:
            UnknownName, BadShape, BadNumber, NotApplicable: where scales are given and that of the place is none.
        """
        quantizer = self._quantizers.get(place.stage)
        if quantizer is None or quantizer.format == self._scheme.arithmetic:
            return value
        scale = self.used[str(place)] = self._scale(place, quantizer, value)
        return value.stored(str(place), quantizer, scale, self._clips)

    def divide(self, value: TileMoments, divisor: Fraction) -> TileMoments:
        """The map, and one more rounding."""
        divided = value.mapped(np.eye(len(value.signal)) / float(divisor))
        if divided.grid is not None:
            divided = replace(divided, grid=Grid(divided.grid.lattice / abs(divisor), divided.grid.unit))
        return self._rounded(_TRANSFORMS[value.side], divided)

    def _rounded(self, stage: str, value: TileMoments) -> TileMoments:
        arithmetic = self._scheme.arithmetic
        return value if arithmetic is None else value.noisy(stage, rounding_noise(arithmetic, value.variances))

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
        groups = [np.array([v]) for v in value.variances] if per_tap else [value.variances]
        ends = [expected_amplitude(group, count, self._scheme.calibration) for group in groups]
        amplitude = np.array(ends).reshape(*(value.shape if per_tap else (1,) * len(value.shape)), 1, 1)
        return quantizer.scale_of(-amplitude, amplitude)


def _floats(rows: Vectors, K: Domain) -> np.ndarray:
    return np.array([as_fractions(row, K) for row in rows], dtype=float)


def _by_position(values: np.ndarray) -> np.ndarray:
    """Scales (taps..., channels or 1, 1) as (positions or 1, channels or 1)."""
    return values.reshape(-1, values.shape[-2]) if values.ndim > 1 else values.reshape(1, 1)


def _grid_of(quantizer: Quantizer, s: np.ndarray, size: int) -> Grid | None:
    """That of values stored with scales (positions or 1, channels or 1)."""
    if isinstance(quantizer.format, FloatFormat) or 1 not in s.shape:
        return None
    if len(s) == 1:
        return Grid(np.full(size, Fraction(1), dtype=object), s[0])
    return Grid(np.array([Fraction(float(v)) for v in s[:, 0]], dtype=object), np.ones(1))


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
