# SPDX-License-Identifier: Apache-2.0
"""Classes of real point sets in projective form, and the noise gain on them as one smooth function of angles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

import numpy as np

from wincraft.errors import BadSize, TooLarge, UnknownName

SetKind = Literal["symmetric", "with-inf", "all"]
LARGEST_TILE = 24
"""Points at most: what the error analysis of `_real_boxes` covers."""
SNAP = 1e-7
"""Radians within which an angle is tried at the next multiple of pi/4: the points 0, 1, -1, inf."""

_WORDS = {
    "all": "all sets of {n} real points, inf allowed",
    "with-inf": "all sets of {n} real points that contain inf",
    "even": "all sets of {n} points symmetric under x -> -x that contain 0 and inf",
    "odd": "all sets of {n} points symmetric under x -> -x, with 0 or with inf",
}


@dataclass(frozen=True)
class RealSets:
    """A class of sets of n = m + r - 1 distinct real points, inf = 1/0 among them where the kind says so.

    The point p is the angle atan(p) in (-pi/2, pi/2], inf is pi/2. `kind` is

    - ``all``: n free angles;
    - ``with-inf``: inf and n - 1 free ones;
    - ``symmetric``: closed under x -> -x, with 0 and inf for even n. For odd n with 0: the sets with inf instead are
      their images under x -> 1/x, of the same noise gain. Free are the (n - 2)/2 or (n - 1)/2 angles in (0, pi/2).

    Raises:
        UnknownName: for another kind.
        BadSize: without a point.
        TooLarge: above `LARGEST_TILE` points.

    >>> RealSets(4, 3, "symmetric").variables, RealSets(4, 3, "with-inf").variables, RealSets(4, 3, "all").words
    (2, 5, 'all sets of 6 real points, inf allowed')
    """

    m: int
    r: int
    kind: SetKind

    def __post_init__(self) -> None:
        if self.kind not in get_args(SetKind):
            raise UnknownName("class of real sets", str(self.kind), get_args(SetKind))
        if min(self.m, self.r) < 1:
            raise BadSize(f"F({self.m},{self.r})", "give m and r of at least 1")
        if self.n > LARGEST_TILE:
            raise TooLarge(
                f"the real limit of F({self.m},{self.r})",
                f"{self.n} points",
                f"give m + r - 1 of at most {LARGEST_TILE}",
            )

    @property
    def n(self) -> int:
        """Points of a set."""
        return self.m + self.r - 1

    @property
    def size(self) -> str:
        """``F(m,r)``."""
        return f"F({self.m},{self.r})"

    @property
    def paired(self) -> bool:
        """Whether a free angle stands for a point and its negative."""
        return self.kind == "symmetric"

    @property
    def fixed(self) -> tuple[float, ...]:
        """The points of every set, in half turns: 0 is the point 0, 1/2 is inf."""
        if self.kind == "symmetric":
            return (0.0, 0.5) if self.n % 2 == 0 else (0.0,)
        return (0.5,) if self.kind == "with-inf" else ()

    @property
    def variables(self) -> int:
        """Free angles."""
        return (self.n - len(self.fixed)) // (2 if self.paired else 1)

    @property
    def words(self) -> str:
        """The class in words."""
        key = self.kind if not self.paired else ("odd" if self.n % 2 else "even")
        return _WORDS[key].format(n=self.n)

    def angles(self, free: np.ndarray | Sequence[float]) -> np.ndarray:
        """All n angles (n, ...) of the free ones (variables, ...)."""
        free = np.asarray(free, dtype=float)
        parts = [free, -free] if self.paired else [free]
        parts += [np.full((1, *free.shape[1:]), np.pi * turn) for turn in self.fixed]
        return np.concatenate(parts)

    def log_gain(self, free: np.ndarray | Sequence[float]) -> tuple[float, np.ndarray]:
        """(log NG, its gradient) at the free angles."""
        value, gradient = log_gain(self.m, self.r, self.angles(free))
        d = self.variables
        return float(value), gradient[:d] - gradient[d : 2 * d] if self.paired else gradient[:d]


@cache
def quadrature(m: int, r: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(cosines c of the quadrature, their shares, cosines of the weights): see `log_gain`. Correctly rounded.

    >>> [c.round(3).tolist() for c in quadrature(3, 3)]
    [[0.866, 0.0, -0.866], [0.333, 0.333, 0.333], [0.5, 0.5]]
    """
    half = (m + r) // 2
    nodes = [cosine(2 * k + 1, 4 * half) for k in range(half)]
    weights = [cosine(k, 2 * size) for size in (m, r) for k in range(1, (size + 1) // 2)]
    return np.array(nodes), np.full(half, 1 / half), np.array(weights)


def cosine(k: int, turn: int) -> float:
    """cos(2 pi k / turn), correctly rounded (from a ball of 128 bits).

    >>> cosine(1, 4), cosine(1, 8)
    (0.0, 0.7071067811865476)
    """
    from flint import arb, ctx, fmpq

    with ctx.workprec(128):
        return float(arb.cos_pi_fmpq(fmpq(2 * k, turn)))


def log_gain(m: int, r: int, angles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Float64 (log NG, its gradient) of the point sets tan(angles), angles (n, ...), n points on the first axis.

    With s_i = sin 2t_i for the angle t_i, h = floor((m + r)/2), C the cosines of (2k + 1) pi/(2h), k < h, and W the
    cos(pi k/m), 0 < k < m/2, and cos(pi k/r), 0 < k < r/2,

        m r NG = 1/h sum_i sum_{c in C} w(t_i) prod_{j != i} (1 - s_j c) / sin^2(t_i - t_j),
        w(t) = prod_{c in W} (1 - s^2 c^2).

    This is the sum over points of |A_i|^2 |G_i|^2 |B_i|^2 with homogeneous powers cos^(m-1-k) t sin^k t: their sum of
    squares over k < m factors over the 2m-th roots of unity into w's part for m; and the squared 2-norm of the
    polynomial prod_{j != i} (x cos t_j - sin t_j), of degree below 2h, is its mean square over 2h equidistant points of
    the unit circle, where each factor has |.|^2 = 1 - s_j cos. All terms are positive.
    """
    nodes, shares, weights = (c.reshape(-1, *[1] * angles.ndim) for c in quadrature(m, r))
    s, C = np.sin(2 * angles), np.cos(2 * angles)
    f, w = 1 - nodes * s, 1 - (weights * s) ** 2
    difference = angles[:, None] - angles[None]
    sines = np.sin(difference) ** 2
    diagonal = np.arange(len(angles))
    sines[diagonal, diagonal] = 1
    with np.errstate(divide="ignore", invalid="ignore"):
        T = shares * f.prod(1, keepdims=True) / f * (w.prod(0) / sines.prod(1))
        total = T.sum((0, 1))
        share = T / total
        own = share.sum(0)
        cotangents = np.sin(2 * difference) / sines  # twice the cotangent
        gradient = ((share.sum(1, keepdims=True) - share) * (-2 * C * nodes / f)).sum(0)
        gradient += own * (-4 * s * C * weights**2 / w).sum(0)
        gradient -= ((own[:, None] + own[None]) * cotangents).sum(1)
    return np.log(total / (m * r)), gradient


def snapped(sets: RealSets, free: np.ndarray) -> np.ndarray:
    """The free angles, with those next to a multiple of pi/4 moved there where the noise gain is no larger for it."""
    quarter = np.pi / 4
    near = np.round(free / quarter) * quarter
    moved = np.where(np.abs(free - near) < SNAP, near, free)
    return moved if sets.log_gain(moved)[0] <= sets.log_gain(free)[0] + 1e-13 else free


def to_points(angles: np.ndarray) -> tuple[float, ...]:
    """The points tan(angle) in ascending order, inf last; multiples of pi/4 are exact.

    >>> to_points(np.array([np.pi / 2, 0, np.pi / 4, -np.pi / 4]))
    (-1.0, 0.0, 1.0, inf)
    """
    points = []
    for angle in np.asarray(angles, dtype=float):
        turn = angle / np.pi - np.floor(angle / np.pi + 0.5)  # in [-1/2, 1/2)
        quarters = round(4 * turn)
        if abs(4 * turn - quarters) < 1e-15:
            points.append([0.0, 1.0, np.inf, -1.0][quarters % 4])
        else:
            points.append(float(np.tan(angle)))
    return tuple(sorted(points))
