# SPDX-License-Identifier: Apache-2.0
"""How the errors of outputs are distributed, far into the tails: a normal law whose variance varies, and the output."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite, sqrt

import numpy as np
from scipy.special import gammaln, log_ndtr  # type: ignore[import-untyped]

from wincraft.errors import BadValue
from wincraft.numbers.float_format import FloatFormat

LEAST_RATE = 1e-15
"""The rarest false alarms that are asked for."""
_FARTHEST = 200.0
"""Deviations up to which tails are tabulated; beyond they are 0."""
_NODES = 12
"""Of the integral over the uniform rounding of an output."""
_LEAST_SHARE = 0.3
"""Of the part of a variance that varies, as far as sixth moments are trusted to tell it."""


@lru_cache(maxsize=512)
def _tail_table(kurtosis: float, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Deviations t, and log P(e > t)."""
    t = np.concatenate([np.linspace(0, 12, 241), np.geomspace(12, _FARTHEST, 100)[1:]])
    if kurtosis < 3:
        uniform = min(sqrt((3 - kurtosis) / 1.2), 0.99)
        nodes, weights = np.polynomial.legendre.leggauss(64)
        terms = log_ndtr(-(t[:, None] - sqrt(3 * uniform) * nodes) / sqrt(1 - uniform)) + np.log(weights / 2)
        return t, np.logaddexp.reduce(terms, axis=1)
    varying = (kurtosis - 3) / 3
    if varying < 1e-4:
        return t, log_ndtr(-t)
    shape = share**2 / varying
    widest = 30 / sqrt(shape)
    log_v = np.linspace(max(-widest, -40.0), min(widest, 8.0), 601)
    log_weight = shape * log_v - shape * np.exp(log_v) + shape * np.log(shape) - gammaln(shape)
    v = 1 - share + share * np.exp(log_v)
    terms = log_weight + log_ndtr(-t[:, None] / np.sqrt(v)) + np.log(log_v[1] - log_v[0])
    return t, np.logaddexp.reduce(terms, axis=1)


def upper_tail(t: np.ndarray, kurtosis: float = 3.0, share: float = 1.0) -> np.ndarray:
    """P(e > t) of an error of mean 0, variance 1 and a kurtosis.

    Above 3: normal, with a variance 1 - share + share g that is itself gamma distributed, E g = 1: a variance-gamma law
    where the share is 1. Below 3: a normal and an independent uniform part.

    >>> [round(float(upper_tail(np.array(t), k)), 5) for t, k in ((0.0, 3.0), (3.0, 3.0), (3.0, 6.0), (3.0, 1.9))]
    [0.5, 0.00135, 0.00718, 0.0]
    """
    table, logs = _tail_table(round(float(kurtosis), 2), round(20 * share) / 20)
    tail = np.exp(np.interp(np.abs(t), table, logs, right=-np.inf))
    return np.asarray(np.where(t >= 0, tail, 1 - tail))


def varying_share(fourth: np.ndarray, sixth: np.ndarray) -> float:
    """Of errors of variance 1 by their fourth and sixth moments, the part of the variance that varies: 2 c2^2 / c3.

    c2 and c3 are cumulants of the variance, E v^2 = fourth / 3 and E v^3 = sixth / 15; means over positions.

    >>> varying_share(np.array(6.0), np.array(90.0)), varying_share(np.array(3.0), np.array(15.0))
    (1.0, 1.0)
    """
    second, third = fourth / 3, sixth / 15
    c2 = np.maximum(second - 1, 0)
    c3 = third - 3 * second + 2
    squares, thirds = float((c2**2).mean()), float(c3.mean())
    return 1.0 if thirds <= 0 else min(max(2 * squares / thirds, _LEAST_SHARE), 1.0)


@dataclass(frozen=True, eq=False)
class ErrorLaw:
    """The error of an output, y - y_ref = inner error + rounding of the output.

    The inner error has a `mean`, a `deviation` and a `kurtosis` at every output position, arrays (m...); `share`: see
    `upper_tail`. The rounding is uniform within half a unit of |y|: of the float format `output`, of a fixed
    `half_step`, or nothing. `magnitudes` (m..., Q) are evenly spaced quantiles of |y_ref| by position.

    >>> law = ErrorLaw(np.zeros(1), np.ones(1), np.full(1, 3.0), np.ones((1, 1)))
    >>> round(law.rate(3.0, 0.0), 5), round(law.rate(2.0, 1.0), 5), round(law.tolerance(0.0027, 0.0), 2)
    (0.0027, 0.0027, 3.0)
    """

    mean: np.ndarray
    deviation: np.ndarray
    kurtosis: np.ndarray
    magnitudes: np.ndarray
    share: float = 1.0
    output: FloatFormat | None = None
    half_step: float = 0.0

    def half_units(self, magnitudes: np.ndarray) -> np.ndarray:
        """The largest error of rounding outputs of these magnitudes."""
        if self.output is None:
            return np.full(np.shape(magnitudes), self.half_step)
        exponent = np.maximum(np.frexp(magnitudes)[1] - 1, self.output.min_exponent)
        return np.asarray(np.ldexp(float(self.output.unit_roundoff), exponent))

    @property
    def whole_deviation(self) -> np.ndarray:
        """That of the whole error by position, its mean in it: root mean squares (m...)."""
        rounding = (self.half_units(self.magnitudes) ** 2).mean(axis=-1) / 3
        return np.asarray(np.sqrt(self.deviation**2 + self.mean**2 + rounding))

    def rate(self, atol: float, rtol: float) -> float:
        """How many of the outputs leave |y - y_ref| <= atol + rtol |y_ref|: the mean over positions."""
        y = self.magnitudes[..., None]
        nodes, weights = np.polynomial.legendre.leggauss(_NODES)
        room = atol + rtol * y - self.half_units(y) * nodes
        total = 0.0
        for place in np.ndindex(self.mean.shape):
            shift, tolerance = np.array(self.mean[place]), room[place]
            found = exceeding(shift, tolerance, self.deviation[place], float(self.kurtosis[place]), self.share)
            total += float((found @ weights).mean()) / 2
        return total / self.mean.size

    def tolerance(self, rate: float, rtol: float) -> float:
        """The least atol >= 0 that no more than so many of the outputs exceed; inf for errors that are not finite."""
        scale = float(self.whole_deviation.max())
        return least_argument(lambda atol: self.rate(atol, rtol) <= rate, scale) if isfinite(scale) else scale


def exceeding(
    shift: np.ndarray, tolerance: np.ndarray, deviation: np.ndarray | float, kurtosis: float, share: float = 1.0
) -> np.ndarray:
    """P(|e + shift| > tolerance) of errors of mean 0.

    >>> exceeding(np.array([0.0, 3.0]), np.array(3.0), np.array(1.0), 3.0).round(4).tolist()
    [0.0027, 0.5]
    """
    above, below = (
        upper_tail(_over(room, np.asarray(deviation)), kurtosis, share)
        for room in (tolerance - shift, tolerance + shift)
    )
    return np.asarray(above + below)


def _over(room: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """Room in deviations; where nothing varies, far outside or far inside."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.where(deviation > 0, room / deviation, np.where(room >= 0, 2 * _FARTHEST, -2 * _FARTHEST))


def least_argument(enough: Callable[[float], bool], scale: float, digits: float = 1e-4) -> float:
    """The least x >= 0, to `digits`, from which on a monotone test is passed, sought around `scale`; inf for none.

    >>> round(least_argument(lambda x: x >= 3, 1.0), 3)
    3.0
    """
    high = scale or 1.0
    if enough(0.0):
        return 0.0
    most = 2.0**100 * high
    while not enough(high):
        high *= 2
        if high > most:
            return float("inf")
    low = high / 2
    while low > scale / 2**40 and enough(low):
        low, high = low / 2, low
    while high - low > digits * high:
        middle = (low + high) / 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def check_rate(rate: object) -> float:
    """A false-alarm rate, from `LEAST_RATE` to 0.1.

    Raises:
        BadValue: for another number.

    >>> check_rate(1e-9)
    1e-09
    """
    if not isinstance(rate, float | int) or isinstance(rate, bool) or not LEAST_RATE <= rate <= 0.1:
        raise BadValue("the false-alarm rate", repr(rate), f"give a number from {LEAST_RATE:.0e} to 0.1, such as 1e-9")
    return float(rate)
