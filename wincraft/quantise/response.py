# SPDX-License-Identifier: Apache-2.0
"""What a quantiser does to a Gaussian variable: its gain and its distortion."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq  # type: ignore[import-untyped]
from scipy.special import ndtr  # type: ignore[import-untyped]

from wincraft.errors import NotApplicable
from wincraft.numbers.fixed_point import FixedPoint
from wincraft.numbers.float_format import FloatFormat
from wincraft.numbers.quantizer import Quantizer, Scale

_REACH = 9.0
"""Standard deviations beyond which a Gaussian is nothing."""
_FINE = 0.25
"""A step below this share of sigma gives the noise step^2 / 12: the next term is exp(-2 pi^2 / 0.25^2)."""
_ENDLESS = 2.0**62
_BEYOND = 1e-3
"""Overflow of a larger share makes the noise infinite; a smaller one does not happen in data that set the scale."""
_POINTS = 1 << 15
"""A lattice of more points on either side is taken as continuous."""
_LATTICE = 1 / 64
"""Values on a lattice finer than this share of the step are taken as continuous."""


class Response(NamedTuple):
    """Q(x) = gain x + e with E[x e] = 0 and distortion = E[e^2] (Bussgang's decomposition); both broadcast."""

    gain: np.ndarray
    distortion: np.ndarray


def gaussian_response(
    quantizer: Quantizer, scale: Scale, variance: np.ndarray, lattice: np.ndarray, clips: bool = True
) -> Response:
    """The response to x ~ N(0, variance), or to that Gaussian sampled on the multiples of `lattice` where it is not 0.

    Without `clips` the integers have no ends: the scale is the largest value's, so that none lies beyond.

    gain = E[x Q(x)] / variance, distortion = E[Q(x)^2] - gain^2 variance. Integers: exact sums over thresholds, in
    closed form for fine steps and for clipping; on a coarse lattice exact sums over its points. Floating point, and
    fixed point that truncates or wraps around: a sum over 4,096 points; a mean error counts as noise. Where the
    variance is 0, gain 1 and no distortion.

    Source: J. J. Bussgang, Crosscorrelation functions of amplitude-distorted Gaussian signals, 1952.

    >>> from wincraft.numbers.quantizer import parse_quantizer
    >>> q = parse_quantizer("int8")
    >>> response = gaussian_response(q, Scale(np.array(0.1), np.array(0.0)), np.array(1.0), np.array(0.0))
    >>> float(response.gain), round(float(response.distortion) * 12, 9)
    (1.0, 0.01)
    """
    shape = np.broadcast_shapes(scale.scale.shape, variance.shape, lattice.shape)
    s, z, v, grid = (np.broadcast_to(a, shape).ravel() for a in (*scale, variance, lattice))
    gain, distortion = np.ones(v.shape), np.zeros(v.shape)
    for index in np.flatnonzero(v > 0):
        numbers = (float(item[index]) for item in (s, z, v, grid))
        one = _one_response(quantizer, clips, *numbers)
        gain[index], distortion[index] = one
    return Response(gain.reshape(shape), distortion.reshape(shape))


@lru_cache(maxsize=1 << 14)
def _one_response(
    quantizer: Quantizer, clips: bool, s: float, z: float, variance: float, lattice: float
) -> tuple[float, float]:
    sigma = variance**0.5
    if isinstance(quantizer.format, FloatFormat):
        return _from_store(quantizer, s, _golden_points() * sigma, sigma, clips)
    if isinstance(quantizer.format, FixedPoint):
        step = float(quantizer.format.step)
        reach = int(_REACH * sigma / lattice) + 1 if step * _LATTICE < lattice < _REACH * sigma else _POINTS
        if reach < _POINTS:
            return _from_store(quantizer, 1.0, np.arange(-reach, reach + 1) * lattice, sigma, clips)
        if not quantizer.format.saturates_to_nearest:
            return _from_store(quantizer, 1.0, _golden_points() * sigma, sigma, clips)
        s, low, high = step, float(quantizer.format.low), float(quantizer.format.high)
    else:
        low, high = quantizer.format.low - z, quantizer.format.high - z
    if not clips:
        low, high = -_ENDLESS, _ENDLESS
    if s * _LATTICE < lattice < _REACH * sigma:
        reach = int(_REACH * sigma / lattice) + 1
        if reach < _POINTS:
            x = np.arange(-reach, reach + 1) * lattice
            return _from_points(np.clip(np.rint(x / s), low, high) * s, x, sigma, clips)
    if s < _FINE * sigma and not clips:
        return 1.0, s * s / 12
    if s < _FINE * sigma:
        return _fine(s, low * s, high * s, sigma)
    reach = np.ceil(_REACH * sigma / s) + 1
    return _coarse(s, max(low, -reach), min(high, reach), sigma)


def _from_store(quantizer: Quantizer, s: float, x: np.ndarray, sigma: float, clips: bool) -> tuple[float, float]:
    """The response at the points x by storing them."""
    return _from_points(quantizer.store(x / s, np.zeros(())) * s, x, sigma, clips)


@lru_cache(maxsize=1)
def _golden_points() -> np.ndarray:
    """4,096 points of [-9, 9], evenly spaced by an irrational step, so that no format's grid is in phase with them."""
    step = 2 * _REACH / 4096 * (1 + (5**0.5 - 1) / 1e3)
    return (np.arange(4096) - 2047.618) * step


def sample_response(quantizer: Quantizer, scale: Scale, values: np.ndarray) -> Response:
    """The response to values that occur equally often; inf distortion where one overflows.

    >>> from wincraft.numbers.quantizer import parse_quantizer
    >>> scale = Scale(np.array(0.5), np.array(0.0))
    >>> float(sample_response(parse_quantizer("int8"), scale, np.array([1.0, -1.5])).distortion)
    0.0
    """
    shape = scale.scale.shape
    gains, distortions = [], []
    for s, z in zip(scale.scale.ravel(), np.broadcast_to(scale.zero_point, shape).ravel(), strict=True):
        stored = quantizer.store(values / s, np.asarray(z)) * s
        gain = float(stored @ values / max(values @ values, np.finfo(float).tiny))
        error = stored - gain * values
        gains.append(gain)
        distortions.append(float(error @ error) / len(values))
    return Response(np.reshape(gains, shape), np.reshape(distortions, shape))


def expected_amplitude(variances: np.ndarray, count: int, method: str = "max-abs") -> float:
    """The end that a calibration should find over groups of `count` values each, Gaussian of these variances.

    ``max-abs``: the median of the largest magnitude, where prod_k (2 Phi(a / sigma_k) - 1)^count = 1/2. ``percentile``:
    where that share of all the values lies within +-a.

    Raises:
        NotApplicable: for the method ``mse``, which has no such formula.

    >>> round(expected_amplitude(np.ones(1), 1000), 3), round(expected_amplitude(np.ones(4), 250), 3)
    (3.392, 3.392)
    """
    name, _, argument = method.partition(":")
    if name not in ("max-abs", "percentile"):
        raise NotApplicable(f"the range of {method} calibration", "there is no formula", "calibrate on data")
    sigmas = np.sqrt(variances[variances > 0])
    if not sigmas.size:
        return 0.0

    def excess(a: float) -> float:
        outside = 2 * ndtr(-a / sigmas)
        if name == "percentile":
            return float(1 - float(argument or 99.9) / 100 - outside.mean())
        return float(np.log(2) + count * np.log1p(-outside).sum())

    low, high = 1e-6 * sigmas.max(), 40 * sigmas.max()
    return float(brentq(excess, low, high, rtol=1e-9))


def _from_points(stored: np.ndarray, x: np.ndarray, sigma: float, clips: bool) -> tuple[float, float]:
    """Sums over points of a Gaussian, normalised to its variance."""
    weights = np.exp(-((x / sigma) ** 2) / 2)
    weights /= weights.sum()
    beyond = ~np.isfinite(stored)
    if clips and weights[beyond].sum() > _BEYOND:
        return 1.0, np.inf
    stored, weights = np.where(beyond, x, stored), np.where(beyond, 0, weights)
    power = float(weights @ (x * x))
    gain = float(weights @ (x * stored)) / power
    distortion = float(weights @ (stored - gain * x) ** 2)
    return gain, distortion * (sigma * sigma / power)


def _fine(s: float, low: float, high: float, sigma: float) -> tuple[float, float]:
    """Rounding noise of s^2 / 12 inside the range, values beyond it clipped to its ends."""
    below, above = ndtr(low / sigma), ndtr(-high / sigma)
    inside = 1 - below - above

    def edge(end: float) -> float:
        return float(end / sigma * np.exp(-((end / sigma) ** 2) / 2) / np.sqrt(2 * np.pi))

    ends = sum(end * end * share for end, share in ((low, below), (high, above)) if share)
    second = sigma * sigma * (inside - edge(high) + edge(low)) + ends
    # the mean of a clipped value, which does not vanish in an asymmetric range, is part of the distortion
    return float(inside), float(max(second - inside**2 * sigma**2, 0.0) + s * s / 12 * inside)


def _coarse(s: float, low: float, high: float, sigma: float) -> tuple[float, float]:
    """Exact sums over the thresholds t = (k + 1/2) s, k = low ... high - 1."""
    k = np.arange(np.ceil(low), np.floor(high))
    t = (k + 0.5) * (s / sigma)
    gain = s / sigma * float(np.exp(-t * t / 2).sum()) / np.sqrt(2 * np.pi)
    second = (low * s) ** 2 + s * s * float(((2 * k + 1) * ndtr(-t)).sum())
    return float(gain), float(max(second - gain**2 * sigma**2, 0.0))
