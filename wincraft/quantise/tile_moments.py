# SPDX-License-Identifier: Apache-2.0
"""What is known of the values of a tile on their way through an algorithm: moments, a sample, and what was lost."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from math import prod
from typing import NamedTuple

import numpy as np

from wincraft.measure.places import Side
from wincraft.numbers.float_format import FloatFormat
from wincraft.numbers.quantizer import Quantizer, Scale
from wincraft.quantise.response import Response, gaussian_response, sample_response, stored_sample

_DRAWN = 256
"""Positions of the largest tile that is drawn, `_DRAWS` times."""
_DRAWS = 8192


class OutOfFormat(Exception):
    """Values of a stage, its argument, leave their format."""


class OperandMoments(NamedTuple):
    """Data or weights: moments of the flattened tile of S positions, and values as they occur where not Gaussian.

    `covariance` (S, S) about the `mean` (S,), and `between` (S, S), the covariance of two channels of one tile. The
    `sample` (S, K, N) is of whole tiles, of each output channel or of one, or (1, 1, N) of values.
    """

    shape: tuple[int, ...]
    covariance: np.ndarray
    mean: np.ndarray
    between: np.ndarray
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
    """Noise added at a stage, of these variances or this covariance; or, where `lost`, what its gain takes away.

    What is lost has a mean, `bias`, that all channels share.
    """

    stage: str
    powers: np.ndarray
    lost: bool
    bias: np.ndarray


@dataclass(frozen=True)
class TileMoments:
    """What is known of the values of a tile, of S positions, in one channel.

    `mean` (S,), `covariance` (S, S), noise included, and `between` (S, S), the covariance of two channels. `signal` and
    `plain` (S, inputs + 1) are the maps with and without what quantisers do: their gains, and in the last column what
    they add to the mean. `history` is what happened since the inputs: maps, noises, losses. `sample` (S, K, N) are
    tiles as they occur, or (1, 1, N) what every position holds, where Gaussians do not do. Products know their
    `operands`.
    """

    side: Side
    shape: tuple[int, ...]
    mean: np.ndarray
    covariance: np.ndarray
    between: np.ndarray
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
        size = prod(source.shape)
        same = np.eye(size, size + 1)
        moments = source.mean, source.covariance, source.between
        return cls(side, source.shape, *moments, same, same, sample=source.sample, operands=operands)

    @property
    def variances(self) -> np.ndarray:
        """That of each position."""
        return np.diagonal(self.covariance).copy()

    @property
    def second(self) -> np.ndarray:
        """E[x x^T]."""
        return self.covariance + np.outer(self.mean, self.mean)

    @property
    def shared(self) -> np.ndarray:
        """E[x y^T] of two channels."""
        return self.between + np.outer(self.mean, self.mean)

    def mapped(self, matrix: np.ndarray, plain: np.ndarray | None = None) -> TileMoments:
        """Through a linear map of all positions, in exact arithmetic; `plain` is the map without gains."""
        return replace(
            self,
            mean=matrix @ self.mean,
            covariance=matrix @ self.covariance @ matrix.T,
            between=matrix @ self.between @ matrix.T if self.between.any() else np.zeros((len(matrix),) * 2),
            signal=matrix @ self.signal,
            plain=(matrix if plain is None else plain) @ self.plain,
            history=(*self.history, matrix),
            sample=None if self.tiles is None else np.einsum("ij,jkn->ikn", matrix, self.tiles, optimize=True),
        )

    def moved(self, offset: np.ndarray) -> TileMoments:
        """With an offset added to every value."""
        signal = self.signal.copy()
        signal[:, -1] += offset
        sample = None if self.tiles is None else self.tiles + offset[:, None, None]
        return replace(self, mean=self.mean + offset, signal=signal, sample=sample)

    def noisy(self, stage: str, powers: np.ndarray, bias: np.ndarray | None = None) -> TileMoments:
        """With noise of these variances or this covariance, and a mean error; raises `OutOfFormat` where infinite."""
        if not np.isfinite(powers).all():
            raise OutOfFormat(stage)
        nothing = np.zeros(len(powers))
        after = self
        if bias is not None and bias.any():
            after = replace(self, history=(*self.history, Noise(stage, nothing, True, bias))).moved(bias)
        if not powers.any():
            return after
        history, sample = (*after.history, Noise(stage, powers, False, nothing)), after.sample
        if sample is not None and after.tiles is not None and powers.ndim == 1:
            sample = sample + np.sqrt(powers)[:, None, None] * normal_draws(sample.shape, len(history))
        covariance = after.covariance + (np.diag(powers) if powers.ndim == 1 else powers)
        return replace(after, covariance=covariance, history=history, sample=sample)

    def drawn(self) -> TileMoments:
        """With a Gaussian sample of its moments, where there is none and positions are not too many."""
        if self.sample is not None or len(self.mean) > _DRAWN:
            return self
        spread, axes = np.linalg.eigh(self.covariance)
        normal = normal_draws((len(self.mean), _DRAWS), 0)
        sample = self.mean[:, None] + (axes * np.sqrt(np.maximum(spread, 0))) @ normal
        return replace(self, sample=sample[:, None])

    @property
    def tiles(self) -> np.ndarray | None:
        """The sample, where it is one of whole tiles."""
        return self.sample if self.sample is not None and len(self.sample) == len(self.mean) else None

    def stored(self, stage: str, quantizer: Quantizer, scale: Scale, clips: bool) -> TileMoments:
        """Through a quantiser: its gain, its noise, and the lattice it leaves values on; no scale means real ends."""
        variances, mean = self.variances, self.mean
        if not (np.isfinite(variances).all() and np.isfinite(mean).all()):
            raise OutOfFormat(stage)
        by_position = Scale(*(_by_position(item) for item in scale))
        clips = clips or quantizer.per is None
        sample, size = None, len(mean)
        if self.sample is not None and by_position.scale.shape[1] in (1, self.sample.shape[1]):
            sample, found, noise = self._stored_sample(quantizer, by_position, clips)
        else:
            steps = self.grid and self.grid.lattice.astype(float)[:, None] * self.grid.unit
            lattice = np.zeros((1, 1)) if steps is None else steps
            response = gaussian_response(quantizer, by_position, variances[:, None], lattice, clips, mean[:, None])
            found = Response(*(item.mean(axis=1) for item in response))
            noise = found.distortion
        gain, bias = found.gain, found.bias
        if self.held is not None and self.held.format == quantizer.format and noise.ndim == 1:
            kept = self.held.positions
            gain, bias, noise = np.where(kept, 1, gain), np.where(kept, 0, bias), np.where(kept, 0, noise)
        after = self
        if (gain != 1).any() or bias.any():
            after = self.mapped(np.diag(gain), np.eye(size)).moved(bias + mean - gain * mean)
            after = replace(after, history=(*after.history, Noise(stage, (1 - gain) ** 2 * variances, True, bias)))
        held = None
        if isinstance(quantizer.format, FloatFormat) and (quantizer.per is None or quantizer.power_of_two):
            held = Held(quantizer.format, np.ones(size, dtype=bool))
        grid = _grid_of(quantizer, by_position.scale, size)
        return replace(after.noisy(stage, noise), grid=grid, held=held, sample=None if self.tiles is None else sample)

    def _stored_sample(
        self, quantizer: Quantizer, scale: Scale, clips: bool
    ) -> tuple[np.ndarray, Response, np.ndarray]:
        """The sample through a quantiser, what that does, and the noise: its covariance where tiles are whole."""
        assert self.sample is not None
        size = len(self.mean)
        values = np.broadcast_to(self.sample, (size, *self.sample.shape[1:]))
        stored = stored_sample(quantizer, Scale(*(item[..., None] for item in scale)), values, clips)
        x, q = values.reshape(size, -1), stored.reshape(size, -1)
        found = sample_response(x, q)
        if self.tiles is None or not (np.isfinite(found.distortion).all()):
            return stored, found, found.distortion
        error = q - found.gain[:, None] * x
        error -= error.mean(axis=1, keepdims=True)
        less = found.bias**2 - found.distortion / x.shape[1]  # what the sample's size makes of noise
        bias = np.sign(found.bias) * np.sqrt(np.maximum(less, 0))
        return stored, found._replace(bias=bias), error @ error.T / x.shape[1]

    def arrived(self, weight: np.ndarray, shared: np.ndarray) -> tuple[dict[str, float], dict[str, float]]:
        """For each stage what arrives of its noises, and of its losses, in the order of the stages.

        The sum of trace(weight W covariance W^T), W the maps that come after; of a bias b of all channels,
        b^T W^T shared W b.
        """
        rest = np.eye(len(weight))
        noises, losses = dict[str, float](), dict[str, float]()
        first = next((k for k, event in enumerate(self.history) if isinstance(event, Noise)), len(self.history))
        for event in reversed(self.history[first:]):
            if isinstance(event, Noise):
                powers = losses if event.lost else noises
                if event.powers.ndim == 1:
                    power = float(np.einsum("kj,kj->j", rest, weight @ rest) @ event.powers)
                else:
                    power = float(((rest.T @ weight @ rest) * event.powers).sum())
                if event.bias.any():
                    there = rest @ event.bias
                    power += float(there @ shared @ there)
                powers[event.stage] = powers.get(event.stage, 0.0) + power
            else:
                rest = rest @ event
        return dict(reversed(noises.items())), dict(reversed(losses.items()))


def normal_draws(shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Seeded N(0, 1)."""
    return np.random.default_rng(seed).standard_normal(shape)


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
