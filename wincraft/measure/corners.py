# SPDX-License-Identifier: Apache-2.0
"""Exact extremes of a bilinear form over two boxes, by enumerating the corners of one.

For given v a form  v^T W u  is linear in u, so that its extremes over a box of centre c and radius p are
c sum(w) +- p |w|_1  with w = W^T v. As functions of v these are convex and concave, so that their extremes over a box
are at its corners. All arithmetic is in integers, int64 where nothing can overflow.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from wincraft.measure.tables import to_fractions, to_integers
from wincraft.numbers.box import Box

MAX_CORNER_BITS = 16
"""At most 2^16 corners are enumerated."""
_INT64_MAX = 2**63 - 1
_AT_ONCE = 2**20


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
    low, high, common = _ends(W, [v], [u])
    low_at, high_at = np.argmin(low[0]), np.argmax(high[0])
    corners = _corners(len(W))
    return Extremes(
        Fraction(int(low[0, low_at]), common),
        Fraction(int(high[0, high_at]), common),
        corners[low_at],
        corners[high_at],
    )


def corner_ends(W: np.ndarray, v: Sequence[Box], u: Sequence[Box]) -> tuple[np.ndarray, np.ndarray]:
    """The extremes alone for many pairs of boxes of v and u.

    >>> corner_ends(np.array([[1, 0], [1, -1]], dtype=object), [Box(-1, 1)], [Box(0, 3)])
    (array([Fraction(-6, 1)], dtype=object), array([Fraction(6, 1)], dtype=object))
    """
    at_once = max(1, _AT_ONCE // (2 ** len(W) * W.shape[1]))
    lows, highs = [], []
    for start in range(0, len(v), at_once):
        low, high, common = _ends(W, v[start : start + at_once], u[start : start + at_once])
        lows.append(to_fractions(low.min(axis=1), common))
        highs.append(to_fractions(high.max(axis=1), common))
    return np.concatenate(lows), np.concatenate(highs)


def _corners(count: int) -> np.ndarray:
    return 1 - 2 * (np.arange(2**count)[:, None] >> np.arange(count) & 1)


def _ends(W: np.ndarray, v: Sequence[Box], u: Sequence[Box]) -> tuple[np.ndarray, np.ndarray, int]:
    """The extremes over u for every pair of boxes and corner of v, and what these integers are over."""
    (v_centre, v_radius), v_common = _halves(tuple(v))
    (u_centre, u_radius), u_common = _halves(tuple(u))
    reach = max(1, int(abs(W).sum())) * max(1, *abs(v_centre) + v_radius) * max(1, *abs(u_centre) + u_radius)
    number = np.dtype(np.int64 if reach <= _INT64_MAX else object)
    v_centre, v_radius, u_centre, u_radius = (x.astype(number) for x in (v_centre, v_radius, u_centre, u_radius))
    W = W.astype(number)
    turned = _corners(len(W)).astype(number) @ W
    w = v_centre[:, None, None] * W.sum(axis=0) + v_radius[:, None, None] * turned
    middle, spread = u_centre[:, None] * w.sum(axis=2), u_radius[:, None] * abs(w).sum(axis=2)
    return middle - spread, middle + spread, v_common * u_common


@lru_cache(maxsize=16)
def _halves(boxes: tuple[Box, ...]) -> tuple[np.ndarray, int]:
    """Centres and radii of boxes as integers, and what these are over."""
    return to_integers(np.array([[box.centre for box in boxes], [box.radius for box in boxes]], dtype=object))
