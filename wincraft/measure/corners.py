# SPDX-License-Identifier: Apache-2.0
"""Exact extremes of a bilinear form over two boxes, by enumerating the corners of one.

For given v a form  v^T W u  is linear in u, so that its extremes over a box of centre c and radius p are
c sum(w) +- p |w|_1  with w = W^T v. As functions of v these are convex and concave, so that their extremes over a box
are at its corners. All arithmetic is in integers, int64 where nothing can overflow.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

import numpy as np

from wincraft.measure.tables import to_integers
from wincraft.numbers.box import Box

MAX_CORNER_BITS = 16
"""At most 2^16 corners are enumerated."""
_INT64_MAX = 2**63 - 1


class Extremes(NamedTuple):
    """The exact extremes of a form, and the corner v of each: +1 for the high end of an entry, -1 for its low end."""

    low: Fraction
    high: Fraction
    low_at: np.ndarray
    high_at: np.ndarray


def corner_extremes(W: np.ndarray, v: Box, u: Box) -> Extremes:
    """Extremes of v^T W u over the boxes of v and u, W an integer matrix.

    >>> found = corner_extremes(np.array([[1, 0], [1, -1]], dtype=object), Box(-1, 1), Box(0, 3))
    >>> found.high, found.high_at  # v = (1, 1), u = (3, 0)
    (Fraction(6, 1), array([1, 1]))
    """
    (v_centre, v_radius), v_common = to_integers(np.array([v.centre, v.radius], dtype=object))
    (u_centre, u_radius), u_common = to_integers(np.array([u.centre, u.radius], dtype=object))
    reach = max(1, int(abs(W).sum())) * max(1, abs(v_centre) + v_radius) * max(1, abs(u_centre) + u_radius)
    number = np.dtype(np.int64 if reach <= _INT64_MAX else object)
    W, count = W.astype(number), len(W)
    corners = 1 - 2 * (np.arange(2**count)[:, None] >> np.arange(count) & 1)
    w = v_centre * W.sum(axis=0) + v_radius * (corners.astype(number) @ W)
    middle, spread = u_centre * w.sum(axis=1), u_radius * abs(w).sum(axis=1)
    low, high = middle - spread, middle + spread
    low_at, high_at = np.argmin(low), np.argmax(high)
    return Extremes(
        Fraction(int(low[low_at]), v_common * u_common),
        Fraction(int(high[high_at]), v_common * u_common),
        corners[low_at],
        corners[high_at],
    )
