# SPDX-License-Identifier: Apache-2.0
"""One data transform for every F(m,r) of a tile: up to the scale of its rows B^T depends on the moduli alone.

Row i of B^T has the coefficients of M(x)/(x - p_i), of inf those of M(x), and of moduli of higher degree what the
Chinese remainder theorem makes of them: m and r do not appear, but for their sum, the degree of M. So F(4,3), F(5,2),
F(3,4) and F(2,5) transform data alike. The gradient of the filters of F(m,r) is F(r,m) on the same tiles of data, r
outputs of m taps, which are the output's gradient: it takes the U of the forward pass.
"""

from __future__ import annotations

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.nesting import nest
from wincraft.construct.winograd import winograd
from wincraft.errors import BadSize, NotApplicable
from wincraft.exact.matrix import to_numbers
from wincraft.exact.types import Number


def data_factors(first: Algorithm, second: Algorithm) -> tuple[tuple[Number, ...], ...] | None:
    """The factors s of every axis with which B^T of the second is diag(s) B^T of the first; None without such.

    Then U of the second is that of the first, times a number for every product. Exact.

    >>> data_factors(winograd(4, 3, points="0,1,-1,2,-2"), winograd(2, 5, points="0,1,-1,2,-2"))
    ((1, 1, 1, 1, 1, 1),)
    >>> data_factors(winograd(2, 3, points="0,1,-1"), winograd(2, 3, points="0,1,2")) is None
    True
    """
    pairs = [(first, second)]
    if first.separable and second.separable:
        if len(first.factors) != len(second.factors):
            return None
        pairs = list(zip(first.factors, second.factors, strict=True))
    found = []
    for one, other in pairs:
        factors = _row_factors(to_numbers(one.input.dense), to_numbers(other.input.dense))
        if factors is None or one.n != other.n or one.domain != other.domain:
            return None
        found.append(factors)
    return tuple(found)


def sibling(algorithm: Algorithm, *m: int) -> Algorithm:
    """F(m', m + r - m') on the moduli of an algorithm and with its very B^T, for m' outputs on each axis. Proved.

    One m' stands for all axes. G and A^T are those of wincnn but for what makes B^T the same.

    Raises:
        BadSize: where m' is not from 1 to m + r - 1, or of another number of axes.
        NotApplicable: where moduli are not known, of whole tiles, and over GF(p).

    >>> forward = winograd("F(4x4,3x3)", points="0,1,-1,2,-2", convention="integer")
    >>> backward = sibling(forward, 3)
    >>> backward.size, backward.scale, backward.factors[0].BT == forward.factors[0].BT
    ('F(3x3,4x4)', 1, True)
    """
    if not algorithm.separable:
        repair = "nest one algorithm per axis"
        raise NotApplicable(f"another size on the tile of {algorithm.size}", "its maps take whole tiles", repair)
    algorithm.field.need_order(f"another size on the tile of {algorithm.size}")
    wanted = list(m) * len(algorithm.m) if len(m) == 1 else list(m)
    if len(wanted) != len(algorithm.m):
        raise BadSize(str(tuple(m)), f"{algorithm.size} has {len(algorithm.m)} axes; give one number, or one for each")
    return nest(*(_of_axis(axis, outputs) for axis, outputs in zip(algorithm.factors, wanted, strict=True)))


def _of_axis(axis: Algorithm, m: int) -> Algorithm:
    (n,), (recipe,) = axis.n, axis.recipe
    if not 1 <= m <= n:
        raise BadSize(f"m = {m}", f"a tile of {n} has 1 to {n} outputs")
    if recipe.moduli is None:
        reason, repair = "its moduli are not known", "give points, or matrices that wincraft identify knows"
        raise NotApplicable(f"another size on the tile of {axis.size}", reason, repair)
    made = winograd(m, n - m + 1, moduli=recipe.moduli)
    factors = _row_factors(to_numbers(made.input.dense), to_numbers(axis.input.dense))
    if factors is None:
        reason = "its data transform is none of its moduli"
        raise NotApplicable(f"another size on the tile of {axis.size}", reason, "give points")
    return made.rescale(g=[1 / factor for factor in factors], b=factors)


def _row_factors(first: list[list[Number]], second: list[list[Number]]) -> tuple[Number, ...] | None:
    """The factors of the rows of the first that make the second; none where a row of either is 0 alone."""
    if [len(row) for row in first] != [len(row) for row in second]:
        return None
    factors = []
    for one, other in zip(first, second, strict=True):
        place = next((k for k, value in enumerate(one) if value), None)
        if place is None or not other[place]:
            return None
        factor = other[place] / one[place]
        if any(factor * x != y for x, y in zip(one, other, strict=True)):
            return None
        factors.append(factor)
    return tuple(factors)
