# SPDX-License-Identifier: Apache-2.0
"""Angles as integers, k for k pi / 2^16, and the squares and double angles of their sines from one proved table."""

from __future__ import annotations

from functools import cache

import numpy as np

HALF_TURN = 1 << 16
"""Grid steps in pi, the period of a point's angle."""
STEP = np.pi / HALF_TURN
"""Radians of a step, rounded; relative error below 2^-52."""


@cache
def _sines() -> np.ndarray:
    """sin(k pi / 2^16) for 0 <= k < 2^17, each the float next to a ball of 128 bits; exact signs and zeros."""
    from flint import arb, ctx, fmpq

    with ctx.workprec(128):
        quarter = [float(arb.sin_pi_fmpq(fmpq(k, HALF_TURN))) for k in range(HALF_TURN // 2 + 1)]
    half = np.array(quarter + quarter[-2:0:-1])
    return np.concatenate([half, -half])


@cache
def _tables() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(sin^2 t, sin 2t, cos 2t) over one half turn; relative errors of at most 2 units of 2^-52."""
    sines = _sines()
    k = np.arange(HALF_TURN)
    return sines[k] ** 2, sines[2 * k], sines[(2 * k + HALF_TURN // 2) % (2 * HALF_TURN)]


def sine_squares(k: np.ndarray) -> np.ndarray:
    """The values sin^2 t of the angles t.

    >>> sine_squares(np.array([0, HALF_TURN // 2, -HALF_TURN // 2, HALF_TURN]))
    array([0., 1., 1., 0.])
    """
    return np.asarray(_tables()[0][k & (HALF_TURN - 1)])


def double_sines(k: np.ndarray) -> np.ndarray:
    """The values sin 2t of the angles t."""
    return np.asarray(_tables()[1][k & (HALF_TURN - 1)])


def double_cosines(k: np.ndarray) -> np.ndarray:
    """The values cos 2t of the angles t."""
    return np.asarray(_tables()[2][k & (HALF_TURN - 1)])


def largest_squares(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The maximum of sin^2 over each range low <= k <= high: 1 where it holds an odd multiple of a quarter turn.

    >>> largest_squares(np.array([0, -5]), np.array([HALF_TURN, 5])) == [1, sine_squares(np.array(5))]
    array([ True,  True])
    """
    quarter = HALF_TURN // 2
    crest = (low + quarter) // HALF_TURN != (high + quarter) // HALF_TURN
    return np.where(crest, 1.0, np.maximum(sine_squares(low), sine_squares(high)))
