# SPDX-License-Identifier: Apache-2.0
"""Inner moduli over GF(p): coprime there, as few products as points allow, and products that are those of the rings."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from sympy import Poly, gcd
from sympy.abc import x

from wincraft import nest, winograd
from wincraft.construct.moduli import parse_moduli
from wincraft.exact.field import Field
from wincraft.rings import over_ring, quotient_product, ring_loss
from wincraft.rings.inner import inner_moduli, with_inner_moduli
from wincraft.search.losses import search_losses


@pytest.mark.parametrize("p", [2, 3, 5, 7, 13])
@pytest.mark.parametrize("degree", range(2, 9))
def test_inner_moduli_are_coprime_and_of_the_degree_needed(degree, p):
    found = inner_moduli(degree, p)
    assert sum(item.degree for item in found) == 2 * degree - 1
    assert [item.is_infinite for item in found].count(True) == 1
    finite = [item.coefficients for item in found if not item.is_infinite]
    finite = [Poly([int(c) for c in reversed(item)], x, modulus=p) for item in finite]
    assert all(gcd(one, other).degree() == 0 for one, other in combinations(finite, 2))
    if p >= 2 * degree - 2:
        assert sum(item.taps for item in found) == 2 * degree - 1
    else:
        assert sum(item.taps for item in found) >= 2 * degree - 1 + (2 * degree - 2 - p + 1) // 2


def test_the_fewest_products_over_two_elements():
    assert [sum(item.taps for item in inner_moduli(degree, 2)) for degree in range(2, 8)] == [3, 6, 10, 14, 18, 22]


def irreducible(degree, p):
    for low in np.ndindex(*[p] * degree):
        polynomial = Poly([1, *map(int, reversed(low))], x, modulus=p)
        if low[0] and polynomial.is_irreducible:
            yield "+".join(f"{c}*x^{k}" if k else str(c) for k, c in enumerate((*low, 1)) if c)


def remainder(g, h, f, p):
    product = [0] * (len(g) + len(h) - 1)
    for i, a in enumerate(g):
        for j, b in enumerate(h):
            product[i + j] += a * b
    n = len(f) - 1
    for top in range(len(product) - 1, n - 1, -1):
        for k in range(n):
            product[top - n + k] -= product[top] * f[k]
    return [value % p for value in product[:n]]


@pytest.mark.parametrize(
    ("text", "ring", "q"),
    [
        *((text, "GF(2)", 2) for degree in (3, 4, 5) for text in irreducible(degree, 2)),
        *((text, "GF(3)", 3) for text in irreducible(3, 3)),
        ("cyclic 7", "GF(2)", 2),
        ("cyclic 15", "GF(2)", 2),
        ("x^6+x^3+1", "GF(2)", 2),
        ("short 4", "GF(2)", 2),
        ("cyclic 5", "Z/2^16", 2**16),
        ("cyclic 7", "Z/81", 81),
    ],
)
def test_products_modulo_polynomials_are_made_without_inner_moduli_by_hand(text, ring, q):
    made = quotient_product(text, ring=ring)
    f = [int(value) for value in made.polynomial]
    rng = np.random.default_rng(3)
    for _ in range(4):
        g, h = ([int(value) for value in rng.integers(0, q, made.n)] for _ in range(2))
        assert [int(value) % q for value in made.apply(g, h)] == remainder(g, h, f, q)


def test_algorithms_over_two_elements_get_theirs_too():
    made = over_ring(winograd(3, 4, moduli="0,1,x^3+x+1,inf"), "GF(2)")
    assert (made.rank, made.field.name) == (9, "GF(2)")
    linear = over_ring(winograd(3, 4, moduli="0,1,x^3+x+1,inf").transpose(), "Z/2^16")
    assert (linear.rank, linear.form) == (9, "linear")
    axis = winograd(3, 4, moduli="0,1,x^3+x+1,inf")
    assert over_ring(nest(axis, axis), "GF(2)").rank == 81


def test_moduli_stay_where_that_is_asked_or_no_matter():
    (plain,), (given,), (quadratic,) = map(parse_moduli, ("x^3+x+1", "x^3+x+1@(0,1,x^2+x+1,inf)", "x^2+x+1"))
    for item, ring in ((given, "GF(2)"), (quadratic, "GF(2)"), (plain, "QQ"), (plain, "Z/6"), (plain, "GF(13)")):
        assert with_inner_moduli(item, Field.named(ring)) == item
    assert with_inner_moduli(plain, Field.named("GF(2)")) == given


def test_a_cubic_modulus_beside_a_quadratic_one_loses_no_bit():
    found = search_losses(4, 4, moduli=["x^2+x+1", "x^3+x+1"], height=2)
    assert [(item.rank, item.bits) for item in found.sets] == [(7, 3), (8, 1), (11, 0)]
    best = winograd(4, 4, moduli=list(found.best.moduli))
    assert (ring_loss(best, "Z/2^16").bits, best.rank) == (0, 11)
