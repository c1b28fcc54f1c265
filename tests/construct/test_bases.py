# SPDX-License-Identifier: Apache-2.0
"""Every basis against its definition: weights, values, products of nodes; P and its inverse exact."""

from __future__ import annotations

import json
from fractions import Fraction
from functools import reduce
from math import comb

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from numpy.polynomial import chebyshev, hermite, hermite_e, laguerre, legendre
from oracle_convolution import table
from oracle_messages import refused
from oracle_strategies import rationals
from sympy import Rational, sqrt

from wincraft.construct import given_basis, parse_basis, parse_moduli
from wincraft.construct.bases import leja_order
from wincraft.errors import BadNumber, BadShape, BadValue, FloatGiven, NotApplicable, UnknownName, WrongType
from wincraft.exact import polynomial_text

GRADED = (
    *("canonical", "legendre", "chebyshev", "chebyshev-u", "hermite", "hermite-prob", "laguerre", "laguerre(1/2)"),
    *("jacobi(1/2,-1/2)", "jacobi(-1/3,2)", "newton(0,1,-1,2,-2,3,-3)", "newton-leja(0,1,-1,2,-2,3,-3)"),
)
UNGRADED = ("lagrange(0,1,-1,2,-2,1/2,3,-3)", "bernstein", "bernstein((x+1)/2)")
OTHERS = ("legendre:classical", "jacobi(0,1/2;2x-1):classical", "laguerre(x/3)", "chebyshev(x/2-1)")


def rows(name, size):
    return table(parse_basis(name).matrix(size).to_Matrix())


def evaluate(P, at):
    """The basis polynomials' values at a point."""
    return P @ np.array([Fraction(at) ** k for k in range(P.shape[1])], dtype=object)


def times(*polynomials):
    """The product of polynomials, coefficients low to high."""
    return reduce(np.convolve, [np.array(p, dtype=object) for p in polynomials], np.array([1]))


def rising(a, k):
    """a (a + 1) ... (a + k - 1)."""
    return reduce(lambda product, i: product * (a + i), range(k), Fraction(1))


def even(values):
    """A moment sequence whose odd moments vanish."""
    return lambda k: Fraction(0) if k % 2 else values(k // 2)


def beta(a, b):
    """Moments of the weight (1 - x)^a (1 + x)^b on [-1, 1], scaled to 1."""

    def moment(k):
        return sum(comb(k, i) * (-1) ** (k - i) * 2**i * rising(b + 1, i) / rising(a + b + 2, i) for i in range(k + 1))

    return moment


# family: the moments of its weight, and where its classical polynomials have which value (None: leading coefficient)
HALF, THIRD = Fraction(1, 2), Fraction(1, 3)
FAMILIES = {
    "legendre": (even(lambda j: Fraction(1, 2 * j + 1)), 1, lambda k: 1),
    "chebyshev": (even(lambda j: Fraction(comb(2 * j, j), 4**j)), 1, lambda k: 1),
    "chebyshev-u": (even(lambda j: Fraction(comb(2 * j, j), (j + 1) * 4**j)), 1, lambda k: k + 1),
    "hermite": (even(lambda j: rising(HALF, j)), None, lambda k: 2**k),
    "hermite-prob": (even(lambda j: rising(HALF, j) * 2**j), None, lambda k: 1),
    "laguerre": (lambda k: rising(Fraction(1), k), 0, lambda k: 1),
    "laguerre(1/2)": (lambda k: rising(3 * HALF, k), 0, lambda k: rising(3 * HALF, k) / rising(Fraction(1), k)),
    "laguerre(-1/2)": (lambda k: rising(HALF, k), 0, lambda k: rising(HALF, k) / rising(Fraction(1), k)),
    "jacobi(1/2,-1/2)": (beta(HALF, -HALF), 1, lambda k: rising(3 * HALF, k) / rising(Fraction(1), k)),
    "jacobi(-1/3,2)": (beta(-THIRD, 2), 1, lambda k: rising(2 * THIRD, k) / rising(Fraction(1), k)),
    "jacobi(-1/2,-1/2)": (beta(-HALF, -HALF), 1, lambda k: rising(HALF, k) / rising(Fraction(1), k)),
    "jacobi(-2/3,-1/3)": (beta(-2 * THIRD, -THIRD), 1, lambda k: rising(THIRD, k) / rising(Fraction(1), k)),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_orthogonal_under_its_weight(name):
    """The Gram matrix under the weight is diagonal and positive: with the degrees this defines the family."""
    moment, _, _ = FAMILIES[name]
    hankel = np.array([[Fraction(moment(i + j)) for j in range(8)] for i in range(8)], dtype=object)
    P = rows(name, 8)
    gram = P @ hankel @ P.T
    assert all(gram[i, i] > 0 for i in range(8))
    assert np.count_nonzero(gram) == 8
    assert list(np.diag(P)) == [1] * 8
    assert np.count_nonzero(np.triu(P, 1)) == 0


@pytest.mark.parametrize("name", FAMILIES)
def test_classical_normalisation(name):
    _, at, value = FAMILIES[name]
    P, monic = rows(f"{name}:classical", 7), rows(name, 7)
    assert [list(row) for row in P] == [list(row[k] * base) for k, (row, base) in enumerate(zip(P, monic, strict=True))]
    shown = np.diag(P) if at is None else evaluate(P, at)
    assert list(shown) == [value(k) for k in range(7)]


@pytest.mark.parametrize(
    ("name", "to_polynomial"),
    [
        ("legendre", legendre.leg2poly),
        ("chebyshev", chebyshev.cheb2poly),
        ("hermite", hermite.herm2poly),
        ("hermite-prob", hermite_e.herme2poly),
        ("laguerre", laguerre.lag2poly),
    ],
)
def test_numpy_has_the_same_classical_polynomials(name, to_polynomial):
    P = rows(f"{name}:classical", 8).astype(float)
    for k, row in enumerate(P):
        np.testing.assert_allclose(row[: k + 1], to_polynomial([0] * k + [1]), rtol=1e-12, atol=1e-12)


RECURRENCES = {
    "legendre": lambda k, b, a: (times([0, 2 * k + 1], b) - k * a) / Fraction(k + 1),
    "chebyshev": lambda k, b, a: times([0, 2], b) - a,
    "chebyshev-u": lambda k, b, a: times([0, 2], b) - a,
    "hermite": lambda k, b, a: times([0, 2], b) - 2 * k * a,
    "hermite-prob": lambda k, b, a: times([0, 1], b) - k * a,
    "laguerre(1/2)": lambda k, b, a: (times([2 * k + 1 + HALF, -1], b) - (k + HALF) * a) / Fraction(k + 1),
}


@pytest.mark.parametrize("name", RECURRENCES)
def test_the_recurrence_that_is_cited(name):
    P = rows(f"{name}:classical", 8)
    for k in range(1, 7):
        padded = np.append(P[k - 1][: k + 1], 0)
        assert list(RECURRENCES[name](k, P[k][: k + 1], padded)) == list(P[k + 1][: k + 2])


def test_legendre_of_six_coefficients():
    """By hand, from the recurrence."""
    P = rows("legendre", 6)
    below = {(i, j): str(P[i, j]) for i in range(6) for j in range(6) if i != j and P[i, j]}
    expected = {(2, 0): "-1/3", (3, 1): "-3/5", (4, 2): "-6/7", (4, 0): "3/35", (5, 3): "-10/9", (5, 1): "5/21"}
    assert below == expected
    assert list(np.diag(P)) == [1] * 6
    inverse = table(parse_basis("legendre").matrix(6).inv().to_Matrix())
    below = {(i, j): str(inverse[i, j]) for i in range(6) for j in range(6) if i != j and inverse[i, j]}
    assert below == {(2, 0): "1/3", (3, 1): "3/5", (4, 2): "6/7", (4, 0): "1/5", (5, 3): "10/9", (5, 1): "3/7"}


@pytest.mark.parametrize("name", [*GRADED, *UNGRADED, *OTHERS])
@pytest.mark.parametrize("size", [1, 2, 5, 8])
def test_p_and_its_inverse_are_exact(name, size):
    P = parse_basis(name).matrix(size)
    inverse = table(P.inv().to_Matrix())
    assert P.shape == (size, size)
    assert (table(P.to_Matrix()) @ inverse == np.eye(size, dtype=int)).all()


@pytest.mark.parametrize("name", [*GRADED, *OTHERS])
def test_a_graded_basis_has_leading_blocks(name):
    large = rows(name, 8)
    assert parse_basis(name).graded
    for size in range(1, 8):
        assert (rows(name, size) == large[:size, :size]).all()


@pytest.mark.parametrize("name", UNGRADED)
def test_an_ungraded_basis_has_none(name):
    assert not parse_basis(name).graded
    assert not (rows(name, 3) == rows(name, 4)[:3, :3]).all()


# --- nodes ------------------------------------------------------------------------------------------------------


@given(st.lists(rationals, min_size=1, max_size=6))
def test_newton_is_the_partial_products_in_the_order_given(nodes):
    name = f"newton({','.join(map(str, nodes))})"
    P = rows(name, len(nodes) + 1)
    for k in range(len(nodes) + 1):
        product = times(*([-node, 1] for node in nodes[:k]))
        assert list(P[k]) == [*product, *[0] * (len(nodes) - k)]


@pytest.mark.parametrize(
    "moduli",
    ["0,1,-1,2,-2,inf", "inf,2,0,-1/2", "3,1/3,-2", "x^2+1,0,x^2+x+1,inf,-1", "x^3+x+1@(0,1,x^2+1,inf),0,x^2-1/4*x+3"],
)
def test_newton_of_an_algorithm_takes_its_moduli(moduli):
    """A modulus of degree d gives d rows: the product of those before it times 1, x, ..., x^{d-1}."""
    parsed = parse_moduli(moduli)
    finite = [list(table([modulus.coefficients])[0]) for modulus in parsed if not modulus.is_infinite]
    size = sum(modulus.degree for modulus in parsed)
    expected, done = [], []
    for coefficients in [*finite, [1, 0]]:
        for shift in range(len(coefficients) - 1):
            expected.append(times(*done, [0] * shift + [1]))
        done.append(coefficients)
    P = table(parse_basis("newton").matrix(size, parsed).to_Matrix())
    assert [list(row) for row in P] == [[*row, *[0] * (size - len(row))][:size] for row in expected[:size]]


def brute_force_leja(nodes):
    """Always the first listed of those with the largest product of distances to the ones before; first of |p|."""
    ordered, rest = [], list(nodes)
    while rest:
        scores = [np.prod([abs(p - q) for q in ordered], initial=Fraction(1)) if ordered else abs(p) for p in rest]
        ordered.append(rest.pop(scores.index(max(scores))))
    return ordered


@given(st.lists(rationals, min_size=1, max_size=7, unique=True))
def test_leja_order_against_its_definition(nodes):
    ordered = leja_order(parse_moduli([str(node) for node in nodes]))
    assert [Fraction(str(modulus.point)) for modulus in ordered] == brute_force_leja(nodes)
    text = ",".join(map(str, brute_force_leja(nodes)))
    listed = ",".join(map(str, nodes))
    assert (rows(f"newton-leja({listed})", len(nodes)) == rows(f"newton({text})", len(nodes))).all()


def test_leja_order_of_higher_moduli_is_by_resultants():
    """|m(0)| is 1, 0, 2, 1; with x - 2 they have 5, 2, 7; x^2+1 and x have 1 with x^2+x+1."""
    ordered = leja_order(parse_moduli("x^2+1,0,2,x^2+x+1"))
    assert [str(modulus) for modulus in ordered] == ["2", "x^2+x+1@-1", "x^2+1@1", "0"]


@given(st.lists(rationals, min_size=1, max_size=6, unique=True), st.integers(0, 2))
def test_lagrange_is_one_at_its_node_and_zero_at_the_others(nodes, more):
    listed = [*nodes, *range(20, 20 + more)]
    P = rows(f"lagrange({','.join(map(str, listed))})", len(nodes))
    values = np.array([evaluate(P, node) for node in nodes], dtype=object)
    assert (values == np.eye(len(nodes), dtype=int)).all()


@pytest.mark.parametrize("size", [1, 2, 3, 6])
@given(at=rationals)
def test_bernstein(size, at):
    expected = [comb(size - 1, i) * at**i * (1 - at) ** (size - 1 - i) for i in range(size)]
    assert list(evaluate(rows("bernstein", size), at)) == expected
    assert list(evaluate(rows("bernstein((x+1)/2)", size), 2 * at - 1)) == expected
    assert sum(expected) == 1


@pytest.mark.parametrize(
    "family", ["legendre", "chebyshev", "chebyshev-u", "hermite", "laguerre(1/2)", "jacobi(1/2,-1/2)", "canonical"]
)
@pytest.mark.parametrize("argument", ["2x-1", "x/2", "-3*x+2/5"])
def test_shifted_and_scaled(family, argument):
    """b_k(argument) by its values at a few points; monic again unless classical."""
    bracket = family.replace(")", f";{argument})") if ")" in family else f"{family}({argument})"
    plain, shifted = rows(f"{family}:classical", 6), rows(f"{bracket}:classical", 6)
    slope, shift = {"2x-1": (2, -1), "x/2": (HALF, 0), "-3*x+2/5": (-3, Fraction(2, 5))}[argument]
    for at in range(-3, 4):
        assert list(evaluate(shifted, at)) == list(evaluate(plain, slope * at + shift))
    monic = rows(bracket, 6)
    assert list(np.diag(monic)) == [1] * 6
    assert (monic == shifted / np.diag(shifted)[:, None]).all()


def test_algebraic_nodes():
    P = parse_basis("newton(sqrt(2),-sqrt(2),1)").matrix(4).to_Matrix()
    assert P[1, 0] == -sqrt(2)
    assert list(P[2, :]) == [-2, 0, 1, 0]
    assert list(P[3, :]) == [2, -2, -1, 1]


# --- a user's own -----------------------------------------------------------------------------------------------

OWN = [["1", "0", "0"], ["-1/2", "1", "0"], ["2", "0", "-3"]]


@pytest.mark.parametrize(
    "P",
    [
        OWN,
        json.loads(json.dumps(OWN)),
        json.loads('[[1, 0, 0], ["-1/2", 1, 0], [2, 0, -3]]'),
        sympy.Matrix([[1, 0, 0], [-Rational(1, 2), 1, 0], [2, 0, -3]]),
        [[1, 0, 0], [Fraction(-1, 2), 1, 0], [2, 0, -3]],
        np.array(OWN, dtype=object),
    ],
)
def test_a_given_matrix(P):
    basis = given_basis(P)
    assert (table(basis.matrix(3).to_Matrix()) == table(OWN)).all()
    assert (table(basis.matrix(2).to_Matrix()) == table(OWN)[:2, :2]).all()
    assert basis.graded


def test_a_given_matrix_of_integers_from_numpy():
    assert (table(given_basis(np.array([[1, 2], [3, 4]])).matrix(2).to_Matrix()) == [[1, 2], [3, 4]]).all()


@pytest.mark.parametrize(
    ("P", "kind", "mentions"),
    [
        ([[1, 0], [0.5, 1]], FloatGiven, ["0.5", "1/2"]),
        (json.loads("[[1, 0], [0.25, 1]]"), FloatGiven, ["0.25", "1/4"]),
        ([["1", "0"], ["0.5", "1"]], FloatGiven, ["0.5", "1/2"]),
        (np.eye(2), FloatGiven, ["1.0"]),
        ([[1, 0], ["one", 1]], BadNumber, ["one"]),
        (7, WrongType, ["int", "matrix"]),
        ([[1, 0, 0], [0, 1, 0]], BadShape, ["(2, 3)", "square"]),
        ([[1], [0, 1]], BadShape, ["one length"]),
        ([], BadShape, ["at least 1"]),
    ],
)
def test_no_matrix_of_a_basis(P, kind, mentions):
    with refused(kind, "P of basis mine" if kind is BadShape else "", *mentions):
        given_basis(P, "mine")


@pytest.mark.parametrize("P", [[[1, 2], [2, 4]], [[0]], [["1/3", "1"], ["1", "3"]]])
def test_a_singular_matrix(P):
    with refused(NotApplicable, "basis mine", "singular", "independent"):
        given_basis(P, "mine").matrix(len(P))


def test_a_given_matrix_of_another_size():
    with refused(BadShape, "(3, 3)", "(4, 4)"):
        given_basis(OWN).matrix(4)
    with refused(NotApplicable, "not lower triangular", "2 coefficients", "give a graded basis"):
        given_basis([[1, 1, 0], [0, 1, 0], [0, 0, 1]]).matrix(2)


# --- names ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind", "mentions"),
    [
        ("lengendre", UnknownName, ["'lengendre'", "did you mean legendre?"]),
        ("chebychev", UnknownName, ["did you mean chebyshev?"]),
        ("lagrane(0,1)", UnknownName, ["did you mean lagrange?"]),
        ("newton_leja", UnknownName, ["did you mean newton-leja?"]),
        ("", UnknownName, ["known are canonical, legendre"]),
        ("legendre)", UnknownName, ["legendre"]),
        ("legendre:clasical", UnknownName, ["did you mean classical?"]),
        ("newton(0,1):classical", BadValue, ["leave out :classical"]),
        ("jacobi", BadValue, ["parameters of jacobi is 0", "give 2"]),
        ("jacobi(1)", BadValue, ["parameters of jacobi is 1", "give 2"]),
        ("legendre(2)", BadValue, ["give 0"]),
        ("jacobi(-1,0)", BadValue, ["-1,0", "above -1"]),
        ("laguerre(sqrt(2))", BadValue, ["rationals"]),
        ("jacobi(0.5,1)", FloatGiven, ["1/2"]),
        ("jacobi(a,b)", BadNumber, ["'a'"]),
        ("legendre(x^2)", BadValue, ["x^2, which is not linear", "2x-1"]),
        ("legendre(sqrt(2)*x)", BadValue, ["not linear", "2x-1"]),
        ("bernstein(1/2)", BadValue, ["not linear"]),
        ("newton(0,0.5)", FloatGiven, ["1/2"]),
        ("lagrange(0,one)", BadNumber, ["one"]),
    ],
)
def test_names_that_are_refused(text, kind, mentions):
    with refused(kind, *mentions):
        parse_basis(text)


@pytest.mark.parametrize(
    ("text", "size", "mentions"),
    [
        ("newton", 3, ["points are not known", "newton(0,1,-1)"]),
        ("newton(0,1)", 4, ["2 nodes for 4 coefficients", "at least 3"]),
        ("lagrange(0,1)", 3, ["2 distinct nodes for 3", "at least 3"]),
        ("lagrange(0,1,0)", 3, ["2 distinct nodes for 3"]),
        ("lagrange", 1, ["0 distinct nodes"]),
    ],
)
def test_too_few_nodes(text, size, mentions):
    with refused(NotApplicable, *mentions):
        parse_basis(text).matrix(size)


def test_names_are_read_generously():
    assert (rows(" Legendre ( 2x - 1 ) : classical", 4) == rows("legendre(2x-1):classical", 4)).all()
    assert (rows("jacobi(1/2, 1/3, x/2)", 4) == rows("jacobi(1/2,1/3;x/2)", 4)).all()
    assert repr(parse_basis("Legendre")) == "basis legendre"


def test_a_basis_as_polynomials():
    texts = [polynomial_text(row) for row in rows_as_sympy("legendre", 4)]
    assert texts == ["1", "x", "x^2-1/3", "x^3-3/5*x"]


def rows_as_sympy(name, size):
    return parse_basis(name).matrix(size).to_Matrix().tolist()
