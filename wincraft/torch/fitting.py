# SPDX-License-Identifier: Apache-2.0
"""An algorithm fitted to the kernel of a layer."""

from __future__ import annotations

from collections.abc import Sequence

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.nesting import nest
from wincraft.construct.winograd import winograd
from wincraft.errors import BadShape, NotApplicable

NOISIER = 2
"""So many times the noise gain asked for, 3 dB, may an algorithm have that had to get a larger tile."""


def fitted(algorithm: Algorithm, kernel: Sequence[int]) -> Algorithm:
    """The algorithm for kernels of these sizes: itself, or those of the same tile from its moduli.

    One of whole tiles has no other tile. An axis of one tap has nothing to transform. A tile that leaves less than two
    outputs saves nothing; then that of F(2,r) on the catalogue's points is taken, unless the whole has more than twice
    the noise gain of what was given.

    Raises:
        BadShape: where it has other axes than the kernel.
        NotApplicable: where its tile is too small, it is of whole tiles for other kernels, or it has no moduli.

    >>> from wincraft import parse
    >>> fitted(parse("F(4x4,3x3)"), (2, 5))
    F(5x2,2x5), rank 36 = 6*6, scale 1, proved
    >>> fitted(parse("F(4x4,3x3)"), (1, 7))
    F(1x2,1x7), rank 8 = 1*8, scale 1, proved
    """
    if algorithm.r == tuple(kernel):
        return algorithm
    if len(algorithm.m) not in (1, len(kernel)):
        raise BadShape("algorithm", algorithm.size, f"{len(kernel)} axes, or one for all")
    if not algorithm.separable:
        taps = "x".join(map(str, kernel))
        raise NotApplicable(algorithm.size, f"its whole tiles do not fit {taps} taps", f"give an algorithm F(m,{taps})")
    axes = algorithm.factors * len(kernel) if len(algorithm.m) == 1 else algorithm.factors
    made = [_fitted_axis(axis, size) for axis, size in zip(axes, kernel, strict=True)]
    result = nest(*made)
    given = nest(*axes)
    grown = any(axis.n > before.n for axis, before in zip(made, axes, strict=True))
    if grown and result.noise_gain() > NOISIER * given.noise_gain():
        taps = "x".join(map(str, kernel))
        gains = f"{float(result.noise_gain()):.3g}, its own is {float(given.noise_gain()):.3g}"
        reason = f"its tile is too small for {taps} taps, and {result.size} has a noise gain of {gains}"
        raise NotApplicable(given.size, reason, f"give {result.size} itself, or another algorithm F(m,{taps})")
    return result


def _fitted_axis(axis: Algorithm, r: int) -> Algorithm:
    if axis.r == (r,):
        return axis
    if any(len(chain.stages) > 1 for chain in axis.maps):
        raise NotApplicable(axis.size, f"its chains are not for kernels of {r} taps", f"give an algorithm F(m,{r})")
    convention = axis.convention or "wincnn"
    if r == 1:
        return winograd(1, 1, convention=convention)
    if (m := axis.n[0] - r + 1) < 2:
        return winograd(2, r, convention=convention)
    if axis.moduli is None:
        raise NotApplicable(axis.size, f"its moduli for {r} taps are unknown", f"give an algorithm F(m,{r})")
    return winograd(m, r, moduli=axis.moduli, convention=convention)
