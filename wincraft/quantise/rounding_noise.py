# SPDX-License-Identifier: Apache-2.0
"""What rounded operations add to Gaussian values, from their moments: a noise, and a mean error."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr  # type: ignore[import-untyped]

from wincraft.numbers.float_format import FloatFormat
from wincraft.numbers.quantizer import UNSCALED, Quantizer
from wincraft.numbers.summation import ORDERS
from wincraft.quantise.response import gaussian_response

_LONG = 2048
"""Sequential sums of more channels are looked at in so many places."""
_FINE = 0.5
"""From this share of a step on of a deviation, a mean error is less than a 400th of the step."""
_NORMAL = 8
"""Values so many binades above the smallest normal number do not see the subnormal ones."""
_APART = 1 / 64
"""A mean of a smaller share of the deviation makes no difference."""
_HARMONICS = 12
_BINADES = 12
"""Values below the largest by more binades add less than 4^-12 of the noise."""
_BINS = 32
"""Rounding noise depends on where in its binade sigma lies: so many places are told apart."""


class RoundingError(NamedTuple):
    """What rounding adds to values: a noise of this variance about a mean error `bias`; both broadcast."""

    noise: np.ndarray
    bias: np.ndarray


def sum_rounding(
    matrix: np.ndarray, order: str, format: FloatFormat, moments: np.ndarray, means: np.ndarray
) -> RoundingError:
    """What a pass adds whose every operation is rounded: (before, rows, after) each.

    Covariances are (before, after, n, n), means (before, n, after). Products by powers of two are exact; every other
    product and every sum is rounded.
    """
    noise = np.zeros((moments.shape[0], len(matrix), moments.shape[1]))
    bias = np.zeros(noise.shape)
    for i, coefficients in enumerate(matrix):
        tree = ORDERS[order](coefficients.tolist())
        held = {j: [j] for j in tree.terms}
        rounded = [[j] for j in tree.terms if np.frexp(abs(coefficients[j]))[0] != 0.5]
        for a, b in tree.additions:
            held[a] = held[a] + held[b]
            rounded.append(held[a])
        for terms in rounded:
            c = coefficients[terms]
            block = moments[..., terms, :][..., terms]
            one = rounding(format, np.einsum("a,ijab,b->ij", c, block, c), np.einsum("a,iaj->ij", c, means[:, terms]))
            noise[:, i] += one.noise
            bias[:, i] += one.bias
    return RoundingError(noise, bias)


def channel_rounding(
    format: FloatFormat, order: str, channels: int, one: np.ndarray, pair: np.ndarray, mean: np.ndarray
) -> RoundingError:
    """What the sum over channels adds: every product is rounded, and every addition.

    `one` is the variance of a product, `pair` the covariance of two channels' products, `mean` the mean of each. The
    step of a sequential sum of values that have a mean outgrows the values: then what is lost of them has a mean.
    """
    noise, bias = (channels * item for item in rounding(format, one, mean))
    if channels == 1:
        return RoundingError(noise, bias)
    sizes, counts = partial_sums(channels, order)
    rows = sizes[:, None]
    sums = rounding(format, rows * one + rows * (rows - 1) * pair, rows * mean, even=True)
    noise, bias = noise + counts @ sums.noise, bias + counts @ sums.bias
    if order == "sequential" and mean.any():
        extra = _stagnation(format, sizes, counts, one, mean)
        noise, bias = noise + extra.noise, bias + extra.bias
    return RoundingError(noise, bias)


def _stagnation(
    format: FloatFormat, sizes: np.ndarray, counts: np.ndarray, one: np.ndarray, mean: np.ndarray
) -> RoundingError:
    """What is added to the noise of even rounding where sums are multiples of a step that products hardly reach."""
    noise, bias, level = np.zeros(mean.shape), np.zeros(mean.shape), mean.copy()
    last = 1.0
    for size, count in zip(sizes, counts, strict=True):
        level = level + (size - last) * mean
        last = size
        normal = np.abs(level + bias) > 2.0**_NORMAL * float(format.min_normal)
        one_step = _on_step(_ulp(format, level + bias), one, mean)
        noise, bias = noise + count * normal * one_step.noise, bias + count * normal * one_step.bias
    return RoundingError(noise, bias)


def _on_step(step: np.ndarray, variances: np.ndarray, means: np.ndarray) -> RoundingError:
    """Rounding N(mean, variance) to multiples of a step: what differs from no bias and a noise of step^2 / 12.

    The Fourier series of the error's mean and mean square, harmonic k damped by exp(-2 pi^2 k^2 variance / step^2).
    """
    k = np.arange(1, _HARMONICS + 1).reshape(-1, *[1] * means.ndim)
    damped = (-1.0) ** k * np.exp(-2 * (np.pi * k) ** 2 * variances / step**2) / k
    bias = step / np.pi * (damped * np.sin(2 * np.pi * k * means / step)).sum(axis=0)
    square = (step / np.pi) ** 2 * (damped / k * np.cos(2 * np.pi * k * means / step)).sum(axis=0)
    return RoundingError(square - bias**2, bias)


def _ulp(format: FloatFormat, values: np.ndarray) -> np.ndarray:
    """The step of the binade of values, of 1 where they are not finite."""
    return format.ulp(np.where(np.isfinite(values), values, 1.0))


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


def rounding_noise(format: FloatFormat, variances: np.ndarray, means: np.ndarray | float = 0.0) -> np.ndarray:
    """The mean squared error of rounding Gaussian values of these moments to a format; inf where they overflow."""
    noise, bias = rounding(format, variances, means)
    return np.asarray(noise + bias**2)


def rounding(
    format: FloatFormat, variances: np.ndarray, means: np.ndarray | float = 0.0, *, even: bool = False
) -> RoundingError:
    """What rounding Gaussian values of these moments to a format adds; an infinite noise where they overflow.

    Where they lie in one binade its step^2 / 12; binades count with their probabilities. Values that vary by less than
    a step have a mean error, unless errors are taken as `even`.
    """
    variances = np.maximum(variances, 0)
    sigma, means = np.sqrt(variances), np.broadcast_to(means, np.shape(variances))
    mantissa, exponent = np.frexp(sigma)
    place = np.clip(np.nan_to_num((mantissa - 0.5) * 2 * _BINS, posinf=0).astype(int), 0, _BINS - 1)
    normal = (exponent > format.min_exponent + _NORMAL) & (sigma * 16 < float(format.max))
    some = sigma > 0
    if means.any():
        about = np.abs(means)
        some, larger = some | (about > 0), np.maximum(sigma, about)
        normal = (np.frexp(larger)[1] > format.min_exponent + _NORMAL) & (sigma * 16 + about < float(format.max))
        normal &= (sigma > _FINE * _ulp(format, about)) | (about == 0) | even
    noise = np.where(normal, _noise_table(format.precision)[place] * variances, 0.0)
    bias = np.zeros(noise.shape)
    if means.any() and (apart := normal & (about > _APART * sigma)).any():
        noise[apart] = _binade_noise(format, sigma[apart], about[apart])
    if (rest := ~normal & some).any():
        v, nothing = variances[rest], np.zeros(())
        found = gaussian_response(Quantizer(format), UNSCALED, v, nothing, mean=means[rest])
        noise[rest], bias[rest] = found.distortion + (1 - found.gain) ** 2 * v, found.bias
    return RoundingError(np.asarray(noise), bias)


def _binade_noise(format: FloatFormat, sigma: np.ndarray, about: np.ndarray) -> np.ndarray:
    """The sum over binades, those of the largest values first, of their probability times step^2 / 12."""
    sigma = np.maximum(sigma, 1e-9 * about)
    top = 2.0 ** np.frexp(about + 6 * sigma)[1]
    noise, beyond = np.zeros(sigma.shape), np.zeros(sigma.shape)
    for _ in range(_BINADES):
        top = top / 2
        outside = ndtr((about - top) / sigma) + ndtr((-about - top) / sigma)
        noise += (outside - beyond) * _ulp(format, top) ** 2 / 12
        beyond = outside
    return noise


@lru_cache(maxsize=64)
def _noise_table(precision: int) -> np.ndarray:
    """Noise over variance for sigma in [1/2, 1), at the middles of the bins, away from underflow and overflow."""
    wide = FloatFormat("wide", min(precision, 51), -900, Fraction(2) ** 900)
    variances = ((np.arange(_BINS) + 0.5) / (2 * _BINS) + 0.5) ** 2
    response = gaussian_response(Quantizer(wide), UNSCALED, variances, np.zeros(()))
    return np.asarray(response.distortion / variances * 4.0 ** (min(precision, 51) - precision))
