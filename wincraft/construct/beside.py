# SPDX-License-Identifier: Apache-2.0
"""Tiles side by side: one algorithm of several that share a filter; more products, quieter or fitting an image."""

from __future__ import annotations

from itertools import accumulate

from sympy import ilcm, zeros

from wincraft.algorithm.bilinear import Algorithm
from wincraft.construct.scaling import integer_form
from wincraft.errors import BadValue, NotApplicable


def beside(*algorithms: Algorithm, integers: bool = True) -> Algorithm:
    """F(m1 + m2 + ..., r) of F(m1,r), F(m2,r), ..., each for its own outputs.

    A^T is block diagonal, G is stacked, and the rows of B^T lie m1, m1 + m2, ... data to the right; the rank is the sum
    of the ranks. The parts keep their ranges and their errors: 14 outputs are two tiles of F(4,3) beside F(3,3), 22
    products where four tiles of F(4,3) waste two outputs and take 24. The maps are on integers (see `integer_form`), or
    scaled as the parts are.

    Raises:
        BadValue: of fewer than two.
        NotApplicable: where they have several axes, other numbers of taps, or are not rational.

    >>> from wincraft import winograd
    >>> beside(winograd(4, 3, points="0,1,-1,2,-1/2"), winograd(3, 3, points="0,1,-1,2"))
    F(7,3), rank 11, scale 30, proved
    """
    if len(algorithms) < 2:
        raise BadValue("tiles side by side", f"{len(algorithms)} of them", "give at least two")
    sizes = ", ".join(item.size for item in algorithms)
    if any(len(item.m) > 1 for item in algorithms):
        raise NotApplicable(f"placing {sizes} side by side", "some have several axes", "place axes, then nest them")
    if len({item.r for item in algorithms}) > 1:
        raise NotApplicable(f"placing {sizes} side by side", "their filters differ", "give one number of taps")
    parts = [integer_form(item) if integers else item for item in algorithms]
    scale = ilcm(*(part.scale for part in parts)) if integers else parts[0].scale
    (r,) = parts[0].r
    rows, columns = (list(accumulate(sizes, initial=0)) for sizes in ([p.m[0] for p in parts], [p.rank for p in parts]))
    AT, G, BT = zeros(rows[-1], columns[-1]), zeros(columns[-1], r), zeros(columns[-1], rows[-1] + r - 1)
    for part, i, k in zip(parts, rows, columns, strict=False):
        AT[i : i + part.m[0], k : k + part.rank] = part.AT * (scale / part.scale)
        G[k : k + part.rank, :] = part.G
        BT[k : k + part.rank, i : i + part.n[0]] = part.BT
    return Algorithm.from_matrices(AT.tolist(), G.tolist(), BT.tolist())
