# SPDX-License-Identifier: Apache-2.0
"""Powers of two in exact numbers."""

from __future__ import annotations


def mantissa(value):
    """A positive Fraction over the largest power of two below it."""
    while value >= 2:
        value /= 2
    while value < 1:
        value *= 2
    return value
