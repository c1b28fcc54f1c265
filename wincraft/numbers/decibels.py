# SPDX-License-Identifier: Apache-2.0
"""Powers as decibels."""

from __future__ import annotations

from math import inf, log10


def sqnr(noise_to_signal: float) -> float:
    """-10 log10, with inf for 0 and -inf for inf.

    >>> sqnr(0.001)
    30.0
    """
    if noise_to_signal == 0:
        return inf
    return -inf if noise_to_signal == inf else -10 * log10(noise_to_signal)
