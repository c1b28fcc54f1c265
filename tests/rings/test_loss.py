# SPDX-License-Identifier: Apache-2.0
"""Exact division modulo q: what is lost, the inverses, the refusals, and algorithms over GF(p) and Z/q as documents."""

from __future__ import annotations

import json

import numpy as np
import pytest
from oracle_messages import refused
from sympy import Matrix

from wincraft import parse, winograd
from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.refutation import Refuted
from wincraft.construct.scaling import primitive_form
from wincraft.emit import render
from wincraft.errors import BadNumber, BadValue, NotApplicable
from wincraft.exact.field import Field
from wincraft.files.document import parse_document
from wincraft.rings import over_ring, ring_loss
from wincraft.rings.loss import read_ring, shared_part, tap_divisors

TOOM3 = "0,1,-1,-2,inf"
TOOM4 = "0,1,-1,2,-2,3,inf"


@pytest.mark.parametrize("form", ["correlation", "linear"])
def test_toom_3_loses_one_bit_and_needs_a_unit_3(form):
    algorithm = winograd(3, 3, points=TOOM3)
    loss = ring_loss(algorithm if form == "correlation" else algorithm.transpose(), "Z/2^16")
    assert (loss.bits, loss.units, loss.exact, loss.inverse) == (1, (3,), 2**15, 43691)


def test_toom_4_loses_three_bits_and_needs_units_3_and_5():
    loss = ring_loss(winograd(4, 4, points=TOOM4), "Z/2^16", (3, 9, 15))
    assert (loss.bits, loss.units, loss.exact) == (3, (3, 5), 2**13)
    assert [loss.inverse_of(number) for number in loss.asked] == [43691, 36409, 61167]
    assert all(number * inverse % 2**16 == 1 for number, inverse in ((3, 43691), (9, 36409), (15, 61167)))
    assert "3 bits lost" in repr(loss)
    assert loss.document()["inverses"] == {"3": "43691", "9": "36409", "15": "61167"}


def test_a_modulus_irreducible_modulo_2_loses_fewer_bits_at_more_products():
    points, quadratic = winograd(4, 4, points=TOOM4), winograd(4, 4, moduli="0,1,-1,-2,x^2+x+1,inf")
    assert (points.rank, ring_loss(points, "Z/2^16").bits) == (7, 3)
    assert (quadratic.rank, ring_loss(quadratic, "Z/2^16").bits) == (8, 1)


def test_the_scale_is_the_largest_elementary_divisor_of_the_evaluation():
    """So that no way to recombine the products of points loses less."""
    for points, degree in ((TOOM3, 5), (TOOM4, 7), ("0,1,-1,2,-1/2,inf", 6)):
        rows = []
        for text in points.split(","):
            a, b = (1, 0) if text == "inf" else (tuple(map(int, text.split("/"))) if "/" in text else (int(text), 1))
            rows.append([a**k * b ** (degree - 1 - k) for k in range(degree)])
        V = Matrix(rows)
        minors = [abs(V.minor_submatrix(i, j).det()) for i in range(degree) for j in range(degree)]
        largest = abs(V.det()) // np.gcd.reduce(minors)
        m = degree // 2
        assert primitive_form(winograd(m, degree + 1 - m, points=points)).scale == largest


def test_the_divisors_have_the_scale_as_their_common_multiple():
    loss = ring_loss(winograd(4, 4, points=TOOM4), "Z/2^16")
    assert tap_divisors(loss.algorithm) == [12, 12, 24, 24, 120, 120, 1]
    assert int(np.lcm.reduce(tap_divisors(loss.algorithm))) == loss.scale == 120


@pytest.mark.parametrize("ring", ["Z/2^16", "Z/2^32", "Z/3330", "GF(3329)", "Z/720"])
def test_division_in_the_ring_gives_the_result_modulo_what_is_left(ring):
    loss = ring_loss(winograd(4, 4, points=TOOM4), ring)
    rng = np.random.default_rng(5)
    for y in (0, 1, -1, *map(int, rng.integers(-(2**40), 2**40, 200))):
        assert loss.divide(y * loss.scale % loss.modulus) == y % loss.exact


def test_losses_add_up_over_axes():
    assert ring_loss(parse("F(4x4,3x3)", points="0,1,-1,2,-1/2,inf"), "Z/2^16").bits == 2


def test_everything_can_be_lost():
    loss = ring_loss(winograd(4, 4, points=TOOM4), "Z/2^2")
    assert loss.exact == 1
    assert "everything is lost" in repr(loss)


def test_rings_are_named_once():
    assert [read_ring(text).name for text in ("Z/65536", "2^16", 65536, "GF(7)", "Z/7", "Z/12")] == [
        *["Z/2^16"] * 3, "GF(7)", "GF(7)", "Z/12",
    ]  # fmt: skip
    assert Field.named("Z/2^64").modulus == 2**64
    assert shared_part(360, 6) == 72


def test_what_is_no_ring_is_refused():
    with refused(BadValue, "the modulus of GF(6) is 2 * 3, no prime, so that this is no field; write Z/6"):
        read_ring("GF(6)")
    with refused(BadValue, "the modulus of Z/1 is out of range"):
        read_ring(1)
    with refused(BadValue, "the modulus of Z/2^99 is out of range"):
        read_ring("2^99")
    with refused(BadNumber, "a field is QQ, GF(p)"):
        read_ring("ring")
    with refused(NotApplicable, "losses of a ring: QQ is no ring of residues"):
        ring_loss(winograd(2, 3), "QQ")
    with refused(NotApplicable, "1/6 in Z/2^16: it shares the factor 2"):
        ring_loss(winograd(2, 3), "Z/2^16", (6,))


def test_points_that_collide_are_named():
    with refused(NotApplicable, "F(4,4) over GF(7): its divisor 15120 is no unit: 0 and 7 are equal"):
        over_ring(winograd(4, 4, points="0,1,-1,2,-2,7,inf"), "GF(7)")
    with refused(NotApplicable, "0 and 7 share the factor 7; 2 and 7 share the factor 5"):
        over_ring(winograd(4, 4, points="0,1,-1,2,-2,7,inf"), "Z/35")
    with refused(BadValue, "the scale is 6, no unit of Z/2^16"):
        winograd(3, 3, points=TOOM3, convention="integer").convert("Z/2^16")


RINGS = {
    "GF(2)": lambda: over_ring(winograd(3, 3, moduli="0,1,x^2+x+1,inf"), "GF(2)"),
    "GF(2), linear": lambda: over_ring(winograd(3, 3, moduli="0,1,x^2+x+1,inf").transpose(), "GF(2)"),
    "GF(3329)": lambda: over_ring(winograd(4, 4, points=TOOM4), "GF(3329)"),
    "Z/2^16": lambda: over_ring(winograd(3, 3, moduli="0,1,x^2+x+1,inf"), "Z/2^16"),
    "Z/1001": lambda: over_ring(winograd(3, 3, points=TOOM3), "Z/1001"),
}


@pytest.mark.parametrize("name", RINGS)
def test_algorithms_over_rings_go_through_json(name):
    algorithm = RINGS[name]()
    again = parse_document(json.loads(render(algorithm, "json")))
    assert again == algorithm
    assert again.field.name == name.partition(",")[0]


@pytest.mark.parametrize("name", RINGS)
def test_algorithms_over_rings_multiply(name):
    algorithm = RINGS[name]()
    q = algorithm.field.modulus
    rng = np.random.default_rng(3)
    m, r, n = algorithm.m[0], algorithm.r[0], algorithm.n[0]
    g = [int(x) for x in rng.integers(0, q, r)]
    data = [int(x) for x in rng.integers(0, q, m if algorithm.form == "linear" else n)]
    if algorithm.form == "linear":
        wanted = [sum(data[i] * g[k - i] for i in range(m) if 0 <= k - i < r) for k in range(n)]
    else:
        wanted = [sum(data[i + j] * g[j] for j in range(r)) for i in range(m)]
    assert [int(x) % q for x in algorithm.apply(data, g)] == [x % q for x in wanted]


@pytest.mark.parametrize("name", RINGS)
def test_measures_that_need_an_order_refuse_rings_by_name(name):
    algorithm = RINGS[name]()
    with refused(NotApplicable, f"elements of {algorithm.field.name} have no size"):
        algorithm.noise_gain()


def test_wrong_matrices_over_a_ring_are_refuted():
    good = RINGS["Z/1001"]()
    rows = [["1" for _ in row] for row in good.BT.tolist()]
    with pytest.raises(Refuted):
        Algorithm.from_matrices(good.AT.tolist(), good.G.tolist(), rows, field="Z/1001")
