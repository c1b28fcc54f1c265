# SPDX-License-Identifier: Apache-2.0
"""The noise that rounded operations add to Gaussian values, from their second moments."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from functools import lru_cache

import numpy as np

from wincraft.numbers.float_format import FloatFormat
from wincraft.numbers.quantizer import UNSCALED, Quantizer
from wincraft.numbers.summation import ORDERS
from wincraft.quantise.response import gaussian_response

_LONG = 2048
"""Sequential sums of more channels are looked at in so many places."""
_BINS = 32
"""Rounding noise depends on where in its binade sigma lies: so many places are told apart."""


def sum_noise(matrix: np.ndarray, order: str, format: FloatFormat, moments: np.ndarray) -> np.ndarray:
    """The noise of a pass whose every operation is rounded: moments (before, after, n, n) to (before, rows, after).

    Products by powers of two are exact; every other product and every sum adds its rounding noise.
    """
    result = np.zeros((moments.shape[0], len(matrix), moments.shape[1]))
    for i, coefficients in enumerate(matrix):
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
        gain, distortion = gaussian_response(Quantizer(format), UNSCALED, variances[at], np.zeros(()))
        noise[at] = float(distortion) + (1 - float(gain)) ** 2 * variances[at]
    return np.asarray(noise)


@lru_cache(maxsize=64)
def _noise_table(precision: int) -> np.ndarray:
    """Noise over variance for sigma in [1/2, 1), at the middles of the bins, away from underflow and overflow."""
    wide = FloatFormat("wide", min(precision, 51), -900, Fraction(2) ** 900)
    variances = ((np.arange(_BINS) + 0.5) / (2 * _BINS) + 0.5) ** 2
    response = gaussian_response(Quantizer(wide), UNSCALED, variances, np.zeros(()))
    return np.asarray(response.distortion / variances * 4.0 ** (min(precision, 51) - precision))
