# SPDX-License-Identifier: Apache-2.0
"""What a quantiser does to a Gaussian variable: its gain, its mean error and its distortion."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq  # type: ignore[import-untyped]
from scipy.special import ndtr  # type: ignore[import-untyped]

from wincraft.errors import NotApplicable
from wincraft.numbers.fixed_point import FixedPoint
from wincraft.numbers.float_format import FloatFormat
from wincraft.numbers.integer_grid import IntegerGrid
from wincraft.numbers.quantizer import Quantizer, Scale

_Three = tuple[float, float, float]
"""Gain, distortion and bias."""
_REACH = 9.0
"""Standard deviations beyond which a Gaussian is nothing."""
_FINE = 0.25
"""A step below this share of sigma gives the noise step^2 / 12: the next term is exp(-2 pi^2 / 0.25^2)."""
_ENDLESS = 2.0**62
_BEYOND = 1e-3
"""Overflow of a larger share makes the noise infinite; a smaller one does not happen in data that set the scale."""
_EVEN = 1 / 16
"""Steps of a smaller share of sigma have no mean error; 4,096 points would make one."""
_STILL = 1e-24
"""A smaller share of the power than this does not vary."""
_POINTS = 1 << 15
"""A lattice of more points on either side is taken as continuous."""
_LATTICE = 1 / 64
"""Values on a lattice finer than this share of the step are taken as continuous."""


class Response(NamedTuple):
    """Q(x) = x + bias + (gain - 1) (x - E[x]) + e, where e has mean 0, E[x e] = 0 and E[e^2] = distortion.

    Bussgang's decomposition about the mean. All three broadcast.
    """

    gain: np.ndarray
    distortion: np.ndarray
    bias: np.ndarray


def gaussian_response(
    quantizer: Quantizer,
    scale: Scale,
    variance: np.ndarray,
    lattice: np.ndarray,
    clips: bool = True,
    mean: np.ndarray | float = 0.0,
) -> Response:
    """The response to x ~ N(mean, variance), or to that Gaussian on the multiples of `lattice` where it is not 0.

    Without `clips` the integers have no ends: the scale is the largest value's, so that none lies beyond.

    gain = Cov[x, Q(x)] / variance, bias = E[Q(x)] - mean, distortion = Var[Q(x)] - gain^2 variance. Integers: exact
    sums over thresholds, in closed form for fine steps and for clipping; on a coarse lattice exact sums over its
    points. Floating point, and fixed point that truncates or wraps around: a sum over 4,096 points. Where the variance
    is 0, gain 1, no distortion, and the bias of the mean.

    Source: J. J. Bussgang, Crosscorrelation functions of amplitude-distorted Gaussian signals, 1952.

    >>> from wincraft.numbers.quantizer import parse_quantizer
    >>> q = parse_quantizer("int8")
    >>> response = gaussian_response(q, Scale(np.array(0.1), np.array(0.0)), np.array(1.0), np.array(0.0))
    >>> float(response.gain), round(float(response.distortion) * 12, 9)
    (1.0, 0.01)
    """
    shape = np.broadcast_shapes(scale.scale.shape, variance.shape, lattice.shape, np.shape(mean))
    s, z, v, grid, about = (np.broadcast_to(a, shape).ravel() for a in (*scale, np.maximum(variance, 0), lattice, mean))
    found = np.zeros((3, *v.shape))
    found[0] = 1
    for index in np.flatnonzero((v > 0) | (about != 0)):
        numbers = (float(item[index]) for item in (s, z, v, grid, about))
        found[:, index] = _one_response(quantizer, clips, *numbers)
    return Response(*found.reshape(3, *shape))


@lru_cache(maxsize=1 << 14)
def _one_response(
    quantizer: Quantizer, clips: bool, s: float, z: float, variance: float, lattice: float, mean: float
) -> _Three:
    sigma = variance**0.5
    if not sigma:
        return _from_store(quantizer, s, z, np.array([mean]), mean, sigma, clips)
    if isinstance(quantizer.format, FloatFormat):
        gain, distortion, bias = _from_store(quantizer, s, z, mean + _golden_points() * sigma, mean, sigma, clips)
        step = float(quantizer.format.ulp([(abs(mean) + 3 * sigma) / s])[0]) * s
        return gain, distortion, bias if mean and (step > sigma * _EVEN or gain < 1 - _EVEN) else 0.0
    if isinstance(quantizer.format, FixedPoint):
        step = float(quantizer.format.step)
        points = _lattice_points(step, lattice, mean, sigma)
        if points is not None:
            return _from_store(quantizer, 1.0, z, points, mean, sigma, clips)
        if not quantizer.format.saturates_to_nearest:
            return _from_store(quantizer, 1.0, z, mean + _golden_points() * sigma, mean, sigma, clips)
        s, low, high = step, float(quantizer.format.low), float(quantizer.format.high)
    else:
        low, high = quantizer.format.low - z, quantizer.format.high - z
    if not clips:
        low, high = -_ENDLESS, _ENDLESS
    points = _lattice_points(s, lattice, mean, sigma)
    if points is not None:
        found = _from_points(np.clip(np.rint(points / s), low, high) * s, points, mean, sigma, clips)
        return found if mean or clips else _unbiased(found)
    if s < _FINE * sigma and not clips:
        return 1.0, s * s / 12, 0.0
    if s < _FINE * sigma:
        return _fine(s, low * s - mean, high * s - mean, sigma)
    whole = float(np.rint(mean / s))  # codes are counted from the mean's
    low, high, reach = low - whole, high - whole, float(np.ceil(_REACH * sigma / s)) + 1
    ends = min(max(low, -reach), high), max(min(high, reach), low)
    found = _coarse(s, *ends, mean - whole * s, sigma)
    return found if mean or clips else _unbiased(found)


def _unbiased(found: _Three) -> _Three:
    """Without a mean error: about 0 there is as much on either side, and what sums leave is their rounding."""
    return found[0], found[1], 0.0


def _lattice_points(step: float, lattice: float, mean: float, sigma: float) -> np.ndarray | None:
    """The multiples of a lattice that a Gaussian reaches, where it is coarse enough to count and not too coarse."""
    if not step * _LATTICE < lattice < _REACH * sigma:
        return None
    reach = int(_REACH * sigma / lattice) + 1
    return (np.arange(-reach, reach + 1) + np.rint(mean / lattice)) * lattice if reach < _POINTS else None


def _from_store(
    quantizer: Quantizer, s: float, z: float, x: np.ndarray, mean: float, sigma: float, clips: bool
) -> _Three:
    """The response at the points x by storing them."""
    if not clips and isinstance(quantizer.format, IntegerGrid):
        return _from_points(np.rint(x / s) * s, x, mean, sigma, clips)
    return _from_points(quantizer.store(x / s, np.asarray(z)) * s, x, mean, sigma, clips)


@lru_cache(maxsize=1)
def _golden_points() -> np.ndarray:
    """4,096 points of [-9, 9], evenly spaced by an irrational step, so that no format's grid is in phase with them."""
    step = 2 * _REACH / 4096 * (1 + (5**0.5 - 1) / 1e3)
    return (np.arange(4096) - 2047.618) * step


def stored_sample(quantizer: Quantizer, scale: Scale, values: np.ndarray, clips: bool = True) -> np.ndarray:
    """What a quantiser makes of values, the last axis of which has one scale. Without `clips` integers have no ends.

    >>> from wincraft.numbers.quantizer import parse_quantizer
    >>> scale = Scale(np.array([[1.0], [2.0]]), np.zeros((2, 1)))
    >>> stored_sample(parse_quantizer("int8"), scale, np.array([[0.9, 300.0]]).repeat(2, axis=0), False).tolist()
    [[1.0, 300.0], [0.0, 300.0]]
    """
    multiples = values / scale.scale
    if not clips and isinstance(quantizer.format, IntegerGrid):
        return np.asarray(np.rint(multiples) * scale.scale)
    return np.asarray(quantizer.store(multiples, scale.zero_point) * scale.scale)


def sample_response(values: np.ndarray, stored: np.ndarray) -> Response:
    """The response of what has stored values, along the last axis, as others; inf distortion where one overflows.

    >>> sample_response(np.array([1.0, -1.5]), np.array([1.0, -1.5]))
    Response(gain=array(1.), distortion=array(0.), bias=array(0.))
    """
    finite = np.isfinite(stored)
    overflows, stored = ~finite.all(axis=-1), np.where(finite, stored, values)
    mean, level = values.mean(axis=-1), stored.mean(axis=-1)
    x, q = values - mean[..., None], stored - level[..., None]
    power = (x * x).sum(axis=-1)
    varies = power > _STILL * (values * values).sum(axis=-1)
    gain = np.where(varies, (x * q).sum(axis=-1) / np.where(varies, power, 1), 1.0)
    distortion = ((q - gain[..., None] * x) ** 2).mean(axis=-1)
    found = (
        np.where(overflows, instead, item) for instead, item in ((1, gain), (np.inf, distortion), (0, level - mean))
    )
    return Response(*found)


def expected_amplitude(
    variances: np.ndarray, count: int, method: str = "max-abs", means: np.ndarray | float = 0.0
) -> float:
    """The end that a calibration should find over groups of `count` values each, Gaussian of these moments.

    ``max-abs``: the median of the largest magnitude, where prod_k P(|x_k| <= a)^count = 1/2; P = 2 Phi(a / sigma_k) - 1
    where the mean is 0. ``percentile``: where that share of all the values lies within +-a.

    Raises:
        NotApplicable: for the method ``mse``, which has no such formula.

    >>> round(expected_amplitude(np.ones(1), 1000), 3), round(expected_amplitude(np.ones(4), 250), 3)
    (3.392, 3.392)
    """
    name, _, argument = method.partition(":")
    if name not in ("max-abs", "percentile"):
        raise NotApplicable(f"the range of {method} calibration", "there is no formula", "calibrate on data")
    about = np.abs(np.broadcast_to(means, variances.shape))
    spread, still = variances > 0, float(about[variances <= 0].max(initial=0.0))
    sigmas, about = np.sqrt(variances[spread]), about[spread]
    if not sigmas.size:
        return still

    def excess(a: float) -> float:
        outside = ndtr((about - a) / sigmas) + ndtr((-about - a) / sigmas)
        if name == "percentile":
            return float(1 - float(argument or 99.9) / 100 - outside.mean())
        with np.errstate(divide="ignore"):
            return float(max(np.log(2) + count * np.log1p(-outside).sum(), -1e9))

    low, high = 1e-6 * sigmas.max(), float((about + 40 * sigmas).max())
    # rounded, so that taps that are alike have one scale on every machine: then their sums lie on a lattice
    return max(still, float(f"{brentq(excess, low, high, xtol=1e-300, rtol=1e-14):.12g}"))


def _from_points(stored: np.ndarray, x: np.ndarray, mean: float, sigma: float, clips: bool) -> _Three:
    """Sums over points of a Gaussian, normalised to its variance."""
    weights = np.exp(-(((x - mean) / (sigma or 1.0)) ** 2) / 2)
    weights /= weights.sum()
    beyond = ~np.isfinite(stored)
    if clips and weights[beyond].sum() > _BEYOND:
        return 1.0, np.inf, 0.0
    stored, weights = np.where(beyond, x, stored), np.where(beyond, 0, weights)
    weights /= weights.sum()
    middle, level = float(weights @ x), float(weights @ stored)
    x, stored = x - middle, stored - level
    power = float(weights @ (x * x))
    if not power:
        return 1.0, 0.0, level - middle
    gain = float(weights @ (x * stored)) / power
    distortion = float(weights @ (stored - gain * x) ** 2)
    return gain, distortion * (sigma * sigma / power), level - middle


def _fine(s: float, low: float, high: float, sigma: float) -> _Three:
    """Rounding noise of s^2 / 12 inside the range, values beyond it clipped to its ends; both from the mean."""
    below, above = float(ndtr(low / sigma)), float(ndtr(-high / sigma))
    inside = 1 - below - above

    def density(end: float) -> float:
        return float(np.exp(-((end / sigma) ** 2) / 2) / np.sqrt(2 * np.pi))

    edge = high / sigma * density(high) - low / sigma * density(low)
    ends = [(end, share) for end, share in ((low, below), (high, above)) if share]
    bias = sigma * (density(low) - density(high)) + sum(end * share for end, share in ends)
    second = sigma * sigma * (inside - edge) + sum(end * end * share for end, share in ends)
    return inside, max(second - bias**2 - inside**2 * sigma**2, 0.0) + s * s / 12 * inside, bias


def _coarse(s: float, low: float, high: float, mean: float, sigma: float) -> _Three:
    """Exact sums over the thresholds t = (k + 1/2) s, k = low ... high - 1."""
    k = np.arange(np.ceil(low), np.floor(high))
    t = (k + 0.5) * (s / sigma) - mean / sigma
    gain = s / sigma * float(np.exp(-t * t / 2).sum()) / np.sqrt(2 * np.pi)
    # counted from a code near the mean's, tails on either side: nothing cancels, and what hardly moves is not lost
    middle = min(max(0.0, np.ceil(low)), max(np.floor(high), np.ceil(low)))
    away = k - middle + 0.5
    tails = ndtr(np.where(away > 0, -t, t))
    level = s * float((np.sign(away) * tails).sum())
    second = s * s * float((2 * np.abs(away) * tails).sum())
    distortion = max(second - level**2 - gain**2 * sigma**2, 0.0)
    return float(gain), float(distortion), float(middle * s + level - mean)
