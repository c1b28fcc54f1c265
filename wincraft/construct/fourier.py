# SPDX-License-Identifier: Apache-2.0
"""Symbolic Fourier convolution: cyclic convolution of 3, 4 or 6 points, and correction terms for the other outputs."""

from __future__ import annotations

from collections.abc import Sequence

from sympy.polys.domains import QQ

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.recipe import Recipe, size_words
from wincraft.construct.components import AxisPart
from wincraft.construct.moduli import quadratic_inner
from wincraft.construct.whole_tiles import whole_tile
from wincraft.errors import NotApplicable
from wincraft.exact.extension import factors_over

CYCLES = (3, 4, 6)
"""The numbers of points whose transforms take additions only: the roots of unity lie in quadratic fields."""


def symbolic_fourier(points: int, sizes: Sequence[tuple[int, int]], convention: str = "wincnn") -> Algorithm:
    """SFC-N: the product modulo x^N - 1 of every axis, and apart from it the coefficients that wrap around.

    Of an axis these are the m + r - 1 - N lowest and highest, half at either end, k of one end in k (k + 1) / 2
    products. The transforms are additions but for divisions by N. Exact.

    Raises:
        NotApplicable: for other N than 3, 4, 6; a tile of fewer than N data; a convention that whole tiles have not.
        TooLarge: as `whole_tile`.

    Source: L. He et al., SFC: Achieve Accurate Fast Convolution under Low-precision Arithmetic, arXiv 2407.02913.

    >>> [symbolic_fourier(*made).rank for made in ((4, [(4, 3)] * 2), (6, [(6, 3)] * 2), (6, [(7, 3)] * 2))]
    [46, 88, 132]
    """
    m, r = zip(*sizes, strict=True)
    name = f"SFC-{points}{size_words(m, r)[1:]}"
    if points not in CYCLES:
        raise NotApplicable(name, f"{points} points need irrational transforms", "SFC takes 3, 4 or 6 points")
    if min(a + b - 1 for a, b in sizes) < points:
        raise NotApplicable(name, f"a tile m + r - 1 below {points}", "give larger tiles or fewer points")
    axes = [_parts(points, a + b - 1 - points) for a, b in sizes]
    return whole_tile(sizes, axes, convention, [Recipe(None, convention, construction=name)] * len(sizes))


def _parts(points: int, corrections: int) -> list[AxisPart]:
    cycle = [-QQ.one, *[QQ.zero] * (points - 1), QQ.one]
    factors = [tuple(c for (c,) in factor) for factor, _ in factors_over(cycle, (QQ.zero, QQ.one))]
    low, high = corrections // 2, corrections - corrections // 2
    return [
        *(AxisPart((*[QQ.zero] * low, QQ.one)) for _ in range(min(low, 1))),
        *(AxisPart(factor, quadratic_inner(1)) for factor in factors),
        *(AxisPart((*[QQ.zero] * high, QQ.one), leading=True) for _ in range(min(high, 1))),
    ]
