# SPDX-License-Identifier: Apache-2.0
"""Named conventions: which scaling and signs the same algorithm is written in.

A convention is a function from the canonical taps to a `Scaling`; `CONVENTIONS` is the registry, in the order in which
`identify` lists matches. Adding one is a function and a line in the registry.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sympy import Integer, S

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.linear_map import LinearMap
from wincraft.algorithm.recipe import Recipe
from wincraft.construct.scaling import balancing_factors, elements, integer_factors
from wincraft.construct.toom_cook import Taps
from wincraft.errors import NotApplicable
from wincraft.exact.field import Field
from wincraft.exact.matrix import exact_matrix
from wincraft.exact.number import as_fractions, is_negative
from wincraft.exact.types import Element, Number


@dataclass(frozen=True)
class Scaling:
    """What multiplies the canonical A columns, G rows and B rows, as domain elements, and the scale that results.

    a[k] g[k] b[k] / scale = 1 / f[k] for every tap k.
    """

    a: list[Element]
    g: list[Element]
    b: list[Element]
    scale: Number = S.One

    def vectors(self, taps: Taps) -> list[list[list[Element]]]:
        """The columns of A^T and the rows of G and B^T that it makes of canonical ones."""
        one, pairs = taps.K.one, ((taps.A, self.a), (taps.G, self.g), (taps.B, self.b))
        return [
            [row if s == one else [x * s for x in row] for row, s in zip(rows, by, strict=True)] for rows, by in pairs
        ]


Convention = Callable[[Taps], Scaling]


def monic(taps: Taps) -> Scaling:
    """Powers in A^T, powers over f in G, monic rows in B^T; no sign flip."""
    one = [taps.K.one] * len(taps.f)
    return Scaling(one, [taps.K.one / f for f in taps.f], one)


def wincnn(taps: Taps) -> Scaling:
    """`monic` with G[0] and B^T[0] negated where f_0 < 0: what wincnn 2.0.1 returns. The default."""
    plain = monic(taps)
    return Scaling(plain.a, _flip_first(taps, plain.g), _flip_first(taps, plain.b))


def lavin(taps: Taps) -> Scaling:
    """`wincnn`, then the inf column of A^T and the inf row of B^T negated (Lavin & Gray, arXiv 1509.09308)."""
    base = wincnn(taps)
    signs = [-taps.K.one if item.is_infinite else taps.K.one for item in taps.moduli for _ in range(item.taps)]
    return Scaling(_times(base.a, signs), base.g, _times(base.b, signs))


def positive_g(taps: Taps) -> Scaling:
    """G rows over |f|, the sign of f in B^T."""
    K = taps.K
    signs = [-K.one if is_negative(f, K) else K.one for f in taps.f]
    return Scaling([K.one] * len(signs), [s / f for s, f in zip(signs, taps.f, strict=True)], signs)


def homogeneous(taps: Taps) -> Scaling:
    """`wincnn`, then for the point p/q the A^T column times q^(m-1) and the G row divided by it: integer A^T."""
    base = wincnn(taps)
    powers = [taps.K.one] * len(taps.f)
    tap = 0
    for modulus in taps.moduli:
        if modulus.point is not None and modulus.point.is_Rational:
            powers[tap] = taps.K.from_sympy(Integer(modulus.point.q) ** (taps.m - 1))
        tap += modulus.taps
    return Scaling(_times(base.a, powers), [g / q for g, q in zip(base.g, powers, strict=True)], base.b)


def fractions_in_a(taps: Taps) -> Scaling:
    """The divisions by f in A^T; first A^T column and B^T row flipped where f_0 < 0: wincnn's FractionsInA."""
    plain = monic(taps)
    return Scaling(_flip_first(taps, plain.g), plain.a, _flip_first(taps, plain.b))


def fractions_in_b(taps: Taps) -> Scaling:
    """The divisions by f in B^T, powers in A^T and G: wincnn's FractionsInB; no sign flip."""
    plain = monic(taps)
    return Scaling(plain.a, plain.b, plain.g)


def integer(taps: Taps) -> Scaling:
    """A^T columns and B^T rows primitive integer, then the smallest scale that makes G integer.

    Raises:
        NotApplicable: over an algebraic field.
    """
    if not Field(taps.K).rational:
        raise NotApplicable(
            "convention integer", f"entries lie in {taps.K}", "choose rational moduli or another convention"
        )
    G = [[x / f for x in row] for row, f in zip(taps.G, taps.f, strict=True)]
    a, g, b, scale = integer_factors(taps.A, G, taps.B, taps.K)
    return Scaling(a, [x / f for x, f in zip(g, taps.f, strict=True)], b, taps.K.to_sympy(scale))


def balanced(taps: Taps) -> Scaling:
    """`wincnn`, then B^T and G rows to unit 2-norm, by factors of 8 fraction bits: see `balancing_factors`."""
    return _balance(taps, 8)


def pow2(taps: Taps) -> Scaling:
    """`balanced` with the factors snapped to powers of two: the scaling itself is exact in every binary format."""
    return _balance(taps, 0)


def balanced_2bit(taps: Taps) -> Scaling:
    """`balanced` with the factors snapped to {1, 5/4, 3/2, 7/4} 2^e."""
    return _balance(taps, 2)


CONVENTIONS: dict[str, Convention] = {
    "wincnn": wincnn,
    "lavin": lavin,
    "monic": monic,
    "positive-g": positive_g,
    "homogeneous": homogeneous,
    "fractions-in-a": fractions_in_a,
    "fractions-in-b": fractions_in_b,
    "integer": integer,
    "balanced": balanced,
    "pow2": pow2,
    "balanced-2bit": balanced_2bit,
}
"""Every named convention, a function from the canonical taps to a `Scaling`, by name.

>>> from wincraft import CONVENTIONS, winograd
>>> {name: winograd(2, 3, convention=name).G[1, 0] for name in list(CONVENTIONS)[:4]}
{'wincnn': 1/2, 'lavin': 1/2, 'monic': 1/2, 'positive-g': 1/2}
"""


def scaled_algorithm(taps: Taps, scaling: Scaling, convention: str | None) -> Algorithm:
    """The proved algorithm of canonical taps under a scaling.

    >>> from wincraft.construct.moduli import parse_moduli
    >>> from wincraft.construct.toom_cook import canonical_taps
    >>> taps = canonical_taps(1, 2, parse_moduli("0,inf"))
    >>> scaled_algorithm(taps, CONVENTIONS["monic"](taps), "monic")
    F(1,2), rank 2, moduli 0,inf, convention monic, scale 1, proved
    """
    A, G, BT = (exact_matrix(rows, (len(rows), len(rows[0])), taps.K) for rows in scaling.vectors(taps))
    maps = LinearMap.of(A.transpose()), LinearMap.of(G), LinearMap.of(BT)
    return Algorithm(*maps, scale=scaling.scale, recipe=(Recipe(taps.moduli, convention),))


def _balance(taps: Taps, bits: int) -> Scaling:
    base, K = wincnn(taps), taps.K
    _, *scaled = base.vectors(taps)
    g, b = (elements(balancing_factors([as_fractions(row, K) for row in rows], bits), K) for rows in scaled)
    return Scaling([K.one / (x * y) for x, y in zip(g, b, strict=True)], _times(base.g, g), _times(base.b, b))


def _flip_first(taps: Taps, factors: list[Element]) -> list[Element]:
    flipped = taps.moduli[:1] and taps.moduli[0].point is not None and is_negative(taps.f[0], taps.K)
    return [-factors[0], *factors[1:]] if flipped else factors


def _times(left: list[Element], right: list[Element]) -> list[Element]:
    return [x * y for x, y in zip(left, right, strict=True)]
