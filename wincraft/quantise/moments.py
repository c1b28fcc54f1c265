# SPDX-License-Identifier: Apache-2.0
"""A quantity on its way through the linear noise model: second moments, signal, noises, and the lattice it lies on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from math import gcd, lcm, prod

import numpy as np

from wincraft.exact.fraction import Rows
from wincraft.numbers.float_format import FloatFormat
from wincraft.numbers.quantizer import Quantizer, Scale
from wincraft.numbers.summation import ORDERS
from wincraft.quantise.response import gaussian_response, sample_response

_LONG = 2048
"""Sequential sums of more channels are looked at in so many places."""
_BINS = 32
"""Rounding noise depends on where in its binade sigma lies: so many places are told apart."""


class OutOfFormat(Exception):
    """Values of a stage, its argument, leave their format."""


@dataclass
class Path:
    """`moments` (S, S) include noise; `signal` and `plain` (S, inputs) are the maps with and without quantiser gains.

    A noise is (stage, variances, number of maps before it); `losses` are what gains below 1 take from the signal, in
    the same form. `lattice`: the exact grid of every position, or None; times `unit`, one number per output channel.
    `held`: a floating-point format, and which positions hold its values times a power of two. `values`: a sample of
    what every position holds at the start, where that is not Gaussian.
    """

    shape: tuple[int, ...]
    moments: np.ndarray
    signal: np.ndarray
    plain: np.ndarray
    lattice: np.ndarray | None = None
    unit: np.ndarray = field(default_factory=lambda: np.ones(1))
    held: tuple[FloatFormat, np.ndarray] | None = None
    values: np.ndarray | None = None
    maps: list[np.ndarray] = field(default_factory=list)
    noises: list[tuple[str, np.ndarray, int]] = field(default_factory=list)
    losses: list[tuple[str, np.ndarray, int]] = field(default_factory=list)

    @classmethod
    def start(cls, shape: Sequence[int], moments: np.ndarray, values: np.ndarray | None) -> Path:
        """Nothing has happened yet."""
        size = prod(shape)
        return cls(tuple(shape), moments, np.eye(size), np.eye(size), values=values)

    @property
    def variances(self) -> np.ndarray:
        """The second moment of each position."""
        return np.diagonal(self.moments).copy()

    def add_noise(self, stage: str, variances: np.ndarray) -> None:
        """Independent noise on every position; raises `OutOfFormat` where it is infinite."""
        if not np.isfinite(variances).all():
            raise OutOfFormat(stage)
        if variances.any():
            self.noises.append((stage, variances, len(self.maps)))
            self.moments = self.moments + np.diag(variances)

    def multiply(self, matrix: np.ndarray, shape: tuple[int, ...], plain: np.ndarray | None = None) -> None:
        """A linear map, in exact arithmetic."""
        self.maps.append(matrix)
        self.moments = matrix @ self.moments @ matrix.T
        self.signal = matrix @ self.signal
        self.plain = (matrix if plain is None else plain) @ self.plain
        self.shape = shape

    def apply_along(self, rows: Rows, axis: int) -> None:
        """One stage along one axis."""
        matrix = np.array([[float(entry) for entry in row] for row in rows])
        before, after = self.shape[:axis], self.shape[axis + 1 :]
        if self.lattice is not None:
            self.lattice = _row_lattice(rows, self.lattice.reshape(prod(before), len(rows[0]), -1))
        if self.held is not None:
            passed = _passed(matrix, self.held[1].reshape(prod(before), len(rows[0]), -1))
            self.held = self.held[0], passed.ravel()
        whole = np.kron(np.eye(prod(before)), np.kron(matrix, np.eye(prod(after))))
        self.multiply(whole, (*before, len(rows), *after))

    def along(self, axis: int) -> np.ndarray:
        """The moments between the positions along an axis: (before, after, n, n)."""
        before, n, after = prod(self.shape[:axis]), self.shape[axis], prod(self.shape[axis + 1 :])
        return np.asarray(np.einsum("iajibj->ijab", self.moments.reshape(before, n, after, before, n, after)))

    def store(self, stage: str, quantizer: Quantizer, scale: Scale, clips: bool) -> None:
        """A quantiser: its gain, its noise, and the lattice it leaves the values on; no scale means real ends."""
        clips = clips or quantizer.per is None
        s, z = (self._by_position(item) for item in scale)
        lattice = np.zeros((1, 1)) if self.lattice is None else self.lattice.astype(float).reshape(-1, 1) * self.unit
        variances = self.variances
        if not np.isfinite(variances).all():
            raise OutOfFormat(stage)
        if self.values is not None and not self.maps:
            gains, distortions = sample_response(quantizer, Scale(s, z), self.values)
        else:
            gains, distortions = gaussian_response(quantizer, Scale(s, z), variances[:, None], lattice, clips)
        gain, distortion = (np.broadcast_to(item.mean(axis=1), variances.shape) for item in (gains, distortions))
        if self.held is not None and self.held[0] == quantizer.format:
            gain, distortion = np.where(self.held[1], 1, gain), np.where(self.held[1], 0, distortion)
        if (gain != 1).any():
            self.losses.append((stage, (1 - gain) ** 2 * variances, len(self.maps)))
            self.multiply(np.diag(gain), self.shape, np.eye(len(gain)))
        self.add_noise(stage, distortion)
        self._set_lattice(quantizer, s)
        self.held = None
        if isinstance(quantizer.format, FloatFormat) and (quantizer.per is None or quantizer.power_of_two):
            self.held = quantizer.format, np.ones(len(variances), dtype=bool)

    def _by_position(self, values: np.ndarray) -> np.ndarray:
        """Scales (taps..., channels or 1, 1) as (positions or 1, channels or 1)."""
        channels = values.shape[-2] if values.ndim > 1 else 1
        return values.reshape(-1, channels) if values.ndim > 1 else values.reshape(1, 1)

    def _set_lattice(self, quantizer: Quantizer, s: np.ndarray) -> None:
        size = len(self.moments)
        if isinstance(quantizer.format, FloatFormat):
            self.lattice = None
        elif len(s) == 1:
            self.lattice, self.unit = np.full(size, Fraction(1), dtype=object), s[0]
        elif s.shape[1] == 1:
            self.lattice, self.unit = np.array([Fraction(float(v)) for v in s[:, 0]], dtype=object), np.ones(1)
        else:
            self.lattice = None

    def arrived(self, weight: np.ndarray, noises: Sequence[tuple[str, np.ndarray, int]]) -> dict[str, float]:
        """For each stage the sum over its noises of trace(weight W diag(variances) W^T), W the maps after it."""
        powers: dict[str, float] = {}
        rest, at = np.eye(len(weight)), len(self.maps)
        for stage, variances, position in reversed(noises):
            while at > position:
                at -= 1
                rest = rest @ self.maps[at]
            power = float(np.einsum("kj,kj->j", rest, weight @ rest) @ variances)
            powers[stage] = powers.get(stage, 0.0) + power
        return dict(reversed(powers.items()))


def sum_noise(rows: Rows, order: str, format: FloatFormat, moments: np.ndarray) -> np.ndarray:
    """The noise of a pass whose every operation is rounded: moments (before, after, n, n) to (before, rows, after).

    Products by powers of two are exact; every other product and every sum adds its rounding noise.
    """
    result = np.zeros((moments.shape[0], len(rows), moments.shape[1]))
    for i, row in enumerate(rows):
        coefficients = np.array([float(entry) for entry in row])
        tree = ORDERS[order](coefficients.tolist())
        held = {j: [j] for j in tree.terms}
        for j in tree.terms:
            if np.frexp(abs(coefficients[j]))[0] != 0.5:
                result[:, i] += rounding_noise(format, coefficients[j] ** 2 * moments[..., j, j])
        for a, b in tree.additions:
            held[a] = held[a] + held[b]
            c = coefficients[held[a]]
            block = moments[..., held[a], :][..., held[a]]
            result[:, i] += rounding_noise(format, np.einsum("a,ijab,b->ij", c, block, c))
    return result


def partial_sums(channels: int, order: str) -> tuple[np.ndarray, np.ndarray]:
    """How many products the results of additions hold, and how many results do; long sequences are thinned out.

    >>> [[item.tolist() for item in partial_sums(5, order)] for order in ("sequential", "pairwise")]
    [[[2.0, 3.0, 4.0, 5.0], [1, 1, 1, 1]], [[2.0, 3.0, 5.0], [2.0, 1.0, 1.0]]]
    """
    if order == "sequential":
        edges = np.arange(2, channels + 2) if channels <= _LONG else np.unique(np.geomspace(2, channels + 1, _LONG))
        return (edges[1:] + edges[:-1] - 1) / 2, np.diff(edges)
    counts: Counter[int] = Counter()
    level = Counter({channels: 1})
    while level:
        counts += level
        halves = [((size + 1) // 2, times) for size, times in level.items()]
        halves += [(size // 2, times) for size, times in level.items()]
        level = Counter()
        for size, times in halves:
            level[size] += times * (size > 1)
        level = +level
    del counts[1]
    sizes = sorted(counts)
    return np.array(sizes, dtype=float), np.array([counts[size] for size in sizes], dtype=float)


def rounding_noise(format: FloatFormat, variances: np.ndarray) -> np.ndarray:
    """The mean squared error of rounding Gaussian values of these variances to a format; inf where they overflow."""
    sigma = np.sqrt(np.maximum(variances, 0))
    mantissa, exponent = np.frexp(sigma)
    normal = (exponent > format.min_exponent + 8) & (sigma * 16 < float(format.max))
    table = _noise_table(format.precision)
    place = np.clip(np.nan_to_num((mantissa - 0.5) * 2 * _BINS, posinf=0).astype(int), 0, _BINS - 1)
    noise = np.where(normal, table[place] * variances, 0.0)
    for index in np.argwhere(~normal & (sigma > 0)):
        at = tuple(index)
        unscaled = Scale(np.ones(()), np.zeros(()))
        gain, distortion = gaussian_response(Quantizer(format), unscaled, variances[at], np.zeros(()))
        noise[at] = float(distortion) + (1 - float(gain)) ** 2 * variances[at]
    return np.asarray(noise)


@lru_cache(maxsize=64)
def _noise_table(precision: int) -> np.ndarray:
    """Noise over variance for sigma in [1/2, 1), at the middles of the bins, away from underflow and overflow."""
    wide = FloatFormat("wide", min(precision, 51), -900, Fraction(2) ** 900)
    variances = ((np.arange(_BINS) + 0.5) / (2 * _BINS) + 0.5) ** 2
    response = gaussian_response(Quantizer(wide), Scale(np.ones(()), np.zeros(())), variances, np.zeros(()))
    return np.asarray(response.distortion / variances * 4.0 ** (min(precision, 51) - precision))


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
