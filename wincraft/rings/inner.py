# SPDX-License-Identifier: Apache-2.0
"""Inner moduli over GF(p): on which polynomials of a few coefficients are multiplied where p has too few points.

Modulo an f of degree d two polynomials of d coefficients are multiplied, on coprime moduli of total degree 2d - 1. A
field of p elements has p + 1 points, inf among them; beyond, irreducible polynomials and their powers are taken, each
at the products of its own inner moduli: x^2 + x + 1 in place of two points over GF(2).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice, product

from sympy import Integer, Poly, factorint

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.modulus import Modulus
from wincraft.algorithm.nesting import nest
from wincraft.construct.moduli import INFINITY, modulus, point
from wincraft.construct.winograd import winograd
from wincraft.exact.expression import x
from wincraft.exact.field import Field


def with_inner_moduli(item: Modulus, ring: Field) -> Modulus:
    """A modulus with inner moduli for a ring, where it has those by default and they need more points than there are.

    Over GF(p) and Z/p^k; as it is over other rings, at degree 2, and where inner moduli were given.

    >>> from wincraft.construct.moduli import parse_moduli
    >>> print(with_inner_moduli(parse_moduli("x^3+x+1")[0], Field.named("Z/2^16")))
    x^3+x+1@(0,1,x^2+x+1@-1,inf)
    """
    primes = tuple(factorint(ring.modulus)) if ring.modulus is not None else ()
    if item.degree < 3 or len(primes) != 1 or item.inner != modulus(item.coefficients).inner:
        return item
    return modulus(item.coefficients, inner_moduli(item.degree, int(primes[0])))


def with_inner_of_ring(algorithm: Algorithm, ring: Field) -> Algorithm | None:
    """The algorithm with `with_inner_moduli` on every axis; None where that changes nothing, or moduli are not known.

    >>> from wincraft.construct.winograd import winograd
    >>> with_inner_of_ring(winograd(3, 4, moduli="0,1,x^3+x+1,inf"), Field.named("GF(2)")).rank
    9
    """
    lists = [recipe.moduli for recipe in algorithm.recipe]
    if not algorithm.separable or any(moduli is None for moduli in lists):
        return None
    made = [tuple(with_inner_moduli(item, ring) for item in moduli or ()) for moduli in lists]
    if made == lists:
        return None
    axes = [winograd(m, r, moduli=moduli) for (m, r), moduli in zip(algorithm.sizes, made, strict=True)]
    return nest(*(axis if algorithm.form == "correlation" else axis.transpose() for axis in axes))


@lru_cache(maxsize=256)
def inner_moduli(degree: int, p: int) -> tuple[Modulus, ...]:
    """Coprime moduli over GF(p) of total degree 2 degree - 1, of the fewest products by this construction.

    >>> [sum(item.taps for item in inner_moduli(degree, 2)) for degree in (2, 3, 4)]
    [3, 6, 10]
    >>> ",".join(map(str, inner_moduli(4, 7)))
    '0,1,-1,2,-2,3,inf'
    """
    total = 2 * degree - 1
    # of every total degree the fewest products, and the moduli; a group offers one of its powers, or nothing
    best: dict[int, tuple[int, tuple[Modulus, ...]]] = {0: (0, ())}
    for group in _groups(degree, p):
        following = dict(best)
        for reached, (taps, chosen) in best.items():
            for item in group:
                offer = (taps + item.taps, (*chosen, item))
                end = reached + item.degree
                if end <= total and (end not in following or offer[0] < following[end][0]):
                    following[end] = offer
        best = following
    finite = sorted((item for item in best[total][1] if not item.is_infinite), key=lambda item: item.degree)
    return (*finite, INFINITY)


def _groups(degree: int, p: int) -> Iterator[tuple[Modulus, ...]]:
    """Infinity, and for every irreducible polynomial that may be of use its powers of degree below the given one."""
    yield (INFINITY,)
    total = 2 * degree - 1
    yield from (
        tuple(_power((-value, 1), power, degree, p) for power in range(1, degree)) for value in _residues(total, p)
    )
    if p + 1 < total:
        for size in range(2, degree):
            for coefficients in islice(_irreducible(size, p), total // size):
                yield tuple(_power(coefficients, power, degree, p) for power in range(1, (degree - 1) // size + 1))


def _residues(count: int, p: int) -> list[int]:
    """0, 1, -1, 2, -2, ..., as many as asked for or as there are."""
    return [(k + 1) // 2 * (1 if k % 2 else -1) for k in range(min(count, p))]


def _irreducible(degree: int, p: int) -> Iterator[tuple[int, ...]]:
    """Monic irreducible polynomials of a degree over GF(p), low to high."""
    for low in product(range(p), repeat=degree):
        if low[0] and Poly([1, *reversed(low)], x, modulus=p).is_irreducible:
            yield (*low, 1)


def _power(coefficients: tuple[int, ...], power: int, degree: int, p: int) -> Modulus:
    if len(coefficients) == 2 and power == 1:
        return point(-coefficients[0])
    raised = Poly(list(reversed(coefficients)), x) ** power
    made = tuple(Integer(value) for value in reversed(raised.all_coeffs()))
    size = len(made) - 1
    assert size < degree
    return modulus(made, inner_moduli(size, p) if size > 2 else None)
