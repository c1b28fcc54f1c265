# SPDX-License-Identifier: Apache-2.0
"""Products modulo a polynomial: as many products as published, equal to the definition, refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from oracle_messages import refused
from sympy import Rational

from wincraft.errors import BadModulus, BadShape, BadValue, NotApplicable, NotCoprime
from wincraft.rings import quotient_product


def test_cyclic_products_over_the_rationals_are_as_few_as_published():
    found = [quotient_product(f"cyclic {n}").rank for n in range(2, 13)]
    assert found == [2, 4, 5, 8, 8, 12, 12, 15, 16, 20, 18]


def naive(g, h, f):
    """The remainder of g h by a monic polynomial, low to high."""
    n = len(f) - 1
    product = [0] * (2 * n - 1)
    for i, a in enumerate(g):
        for j, b in enumerate(h):
            product[i + j] += a * b
    for top in range(2 * n - 2, n - 1, -1):
        for k in range(n + 1):
            product[top - n + k] -= product[top] * f[k] if k < n else 0
    return product[:n]


@pytest.mark.parametrize("ring", ["QQ", "GF(17)", "GF(13)"])
@pytest.mark.parametrize("text", ["cyclic 4", "negacyclic 4", "negacyclic 3", "short 3", "x^3+x+1", "x^4+x^2+1"])
def test_products_are_those_of_the_definition(text, ring):
    made = quotient_product(text, ring=ring)
    f = [int(x) for x in made.polynomial]
    rng = np.random.default_rng(2)
    for _ in range(5):
        g, h = ([int(x) for x in rng.integers(-9, 10, made.n)] for _ in range(2))
        got, wanted = [int(x) for x in made.apply(g, h)], naive(g, h, f)
        q = 0 if ring == "QQ" else int(ring[3:-1])
        assert got == wanted if not q else [x % q for x in got] == [x % q for x in wanted]


def test_a_field_where_the_polynomial_splits_takes_fewer_products():
    assert [quotient_product("negacyclic 4", ring=ring).rank for ring in ("QQ", "GF(3)", "GF(17)")] == [7, 6, 4]


def test_bits_are_lost_as_by_points():
    cyclic = quotient_product("cyclic 4")
    assert (cyclic.scale, cyclic.bits) == (4, 2)
    with refused(BadValue, "the scale is 4, no unit of Z/2^16: 2 bits of Z/2^k are lost"):
        cyclic.convert("Z/2^16")
    assert quotient_product("x^2+x+1", ring="Z/2^16").apply([1, 2], [3, 4]) == [-5, 2]
    assert "over Z/2^k 2 bits lost" in repr(cyclic)


def test_a_wrong_product_is_refused():
    made = quotient_product("cyclic 3")
    with refused(BadValue, "the product is not that modulo x^3-1"):
        replace(made, B=made.B * made.B.domain(2))
    with refused(BadValue, "not that modulo x^3+1"):
        replace(made, polynomial=quotient_product("negacyclic 3").polynomial)


def test_bad_input_is_refused_in_a_line():
    with refused(BadModulus, "give a monic polynomial in x"):
        quotient_product("2*x^2+1")
    with refused(BadModulus, "give a monic polynomial in x"):
        quotient_product("5")
    with refused(NotApplicable, "a coefficient is irrational"):
        quotient_product("x^2-sqrt(2)")
    with refused(BadValue, "the product of the moduli is x^2+x"):
        quotient_product("x^4-1", moduli="x,x+1")
    with refused(BadValue, "a modulus is inf"):
        quotient_product("x^2-x", moduli="0,1,inf")
    with refused(NotCoprime, "share a factor"):
        quotient_product("x^3+x+1", moduli="x^3+x+1@(0,2,x^2+x+1,inf)", ring="GF(2)")
    for text in ("cyclic 0", "short -2", "negacyclic 257"):
        with refused(BadValue, "the number of terms", "give 1 to 256"):
            quotient_product(text)
    with refused(NotCoprime, "listed twice"):
        quotient_product("x^2-2*x+1", moduli="1,1")
    with refused(BadShape, "(g, h) has shape (2, 3)"):
        quotient_product("cyclic 3").apply([1, 2], [1, 2, 3])
    with refused(BadValue, "no field; write Z/6"):
        quotient_product("cyclic 3", ring="GF(6)")


def test_over_a_small_field_inner_moduli_can_be_given():
    made = quotient_product("x^3+x+1", moduli="x^3+x+1@(0,1,x^2+x+1,inf)", ring="GF(2)")
    assert made.rank == 6
    assert [int(x) % 2 for x in made.apply([0, 0, 1], [0, 0, 1])] == [0, 1, 1]
    assert made.document()["field"] == "GF(2)"


def test_rational_polynomials_have_monic_factors():
    made = quotient_product("x^3-1/2*x")
    assert (made.text, made.rank) == ("x^3-1/2*x", 4)
    assert made.apply([0, 1, 0], [0, 0, 1]) == [0, Rational(1, 2), 0]
