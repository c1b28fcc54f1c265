# SPDX-License-Identifier: Apache-2.0
"""Polynomials: text to coefficients against sympy's own reader, and division against sympy's."""

from __future__ import annotations

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from oracle_messages import refused
from oracle_strategies import rationals
from sympy import QQ, Poly, Rational, Symbol, sqrt

from wincraft.errors import BadNumber, FloatGiven
from wincraft.exact import divide, inverse_modulo, multiply, parse_polynomial, polynomial_text
from wincraft.exact.expression import MAX_EXPONENT, MAX_TEXT

x = Symbol("x")
atoms = st.one_of(st.just("x"), st.integers(0, 30).map(str), st.sampled_from(["sqrt(2)", "1/2", "3/7", "sqrt(3)"]))
expressions = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda t: f"({t[0]}{t[1]}{t[2]})"),
        inner.map(lambda t: f"-({t})"),
        st.tuples(inner, st.integers(0, 3)).map(lambda t: f"({t[0]})^{t[1]}"),
        st.tuples(inner, st.integers(1, 9)).map(lambda t: f"{t[0]}/{t[1]}"),
    ),
    max_leaves=6,
)


def coefficients_by_sympy(text):
    polynomial = Poly(sympy.sympify(text.replace("^", "**"), rational=True), x, extension=True)
    return [sympy.expand(value) for value in polynomial.all_coeffs()[::-1]]


@given(expressions)
def test_expressions_as_sympy_reads_them(text):
    assert [sympy.expand(value) for value in parse_polynomial(text)] == coefficients_by_sympy(text)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2x", "2*x"),
        ("2x^2", "2*x^2"),
        ("2 x", "2*x"),
        ("12(x+1)", "12*(x+1)"),
        ("(x+1)(x-1)", "x^2-1"),
        ("(x+1) (x-1)", "x^2-1"),
        ("(x+1)x", "x^2+x"),
        ("2sqrt(2)x", "2*sqrt(2)*x"),
        ("x^2(x+1)", "x^3+x^2"),
        ("3/2x", "3/2*x"),
        ("x**3", "x^3"),
        ("-x^2", "0-x*x"),
        ("+x", "x"),
        ("x/2", "1/2*x"),
        ("(x^2-1)/(1/3)", "3*x^2-3"),
        ("x ^ 2 + 1 ", "x^2+1"),
        (f"x^{MAX_EXPONENT}", "x^32*x^32"),
    ],
)
def test_implicit_products_and_precedence(text, same):
    assert parse_polynomial(text) == parse_polynomial(same)


@pytest.mark.parametrize(
    "text",
    ["x2", "xx", "x(x+1)", "x x", "y", "x^y", "2^x", "x^-2", "x%2", "x//2", "x=1", "x,1", "sin(x)", "abs(x)", "X"],
)
def test_what_is_no_polynomial(text):
    with refused(BadNumber, text):
        parse_polynomial(text)


def test_the_longest_text():
    assert parse_polynomial("1" * MAX_TEXT) == (int("1" * MAX_TEXT),)
    with refused(BadNumber, f"at most {MAX_TEXT} characters"):
        parse_polynomial("1" * (MAX_TEXT + 1))
    with refused(BadNumber):
        parse_polynomial(f"x^{MAX_EXPONENT + 1}")


def test_a_decimal_within():
    with refused(FloatGiven, "0.25", "1/4"):
        parse_polynomial("x^2+0.25*x")


@given(st.lists(rationals, min_size=1, max_size=5), st.lists(rationals, min_size=5, max_size=5))
def test_text_is_read_back(rational, irrational):
    coefficients = [Rational(a) + Rational(b) * sqrt(2) for a, b in zip(rational, irrational, strict=False)]
    coefficients.append(Rational(1))
    assert list(parse_polynomial(polynomial_text(coefficients))) == coefficients


@pytest.mark.parametrize(
    ("coefficients", "text"),
    [
        ([0], "0"),
        ([5], "5"),
        ([0, 1], "x"),
        ([0, -1], "-x"),
        ([Rational(-1, 2), 0, 1], "x^2-1/2"),
        ([1, -1, Rational(2, 3)], "2/3*x^2-x+1"),
        ([0, sqrt(2), 1], "x^2+sqrt(2)*x"),
        ([0, 1 - sqrt(2), 1], "x^2+(1-sqrt(2))*x"),
        ([sqrt(2) - 1, 1], "x-1+sqrt(2)"),
    ],
)
def test_text(coefficients, text):
    assert polynomial_text([sympy.sympify(value) for value in coefficients]) == text


polynomials = st.lists(rationals, min_size=1, max_size=7)


def elements(values):
    return [QQ(value.numerator, value.denominator) for value in values]


def as_poly(values):
    return Poly([QQ.to_sympy(value) for value in reversed(values)] or [0], x, domain=QQ)


@given(polynomials, st.lists(rationals, min_size=0, max_size=5))
def test_division_by_a_monic_polynomial(dividend, divisor):
    dividend, divisor = elements(dividend), [*elements(divisor), QQ(1)]
    quotient, remainder = divide(dividend, divisor, QQ)
    wanted_quotient, wanted_remainder = sympy.div(as_poly(dividend), as_poly(divisor))
    assert as_poly(quotient) == wanted_quotient
    assert as_poly(remainder) == wanted_remainder
    assert len(remainder) == len(divisor) - 1


@given(polynomials, polynomials)
def test_product(left, right):
    left, right = elements(left), elements(right)
    assert as_poly(multiply(left, right, QQ)) == as_poly(left) * as_poly(right)


@given(polynomials, st.lists(rationals, min_size=1, max_size=4))
def test_inverse_modulo(polynomial, modulus):
    polynomial, modulus = elements(polynomial), [*elements(modulus), QQ(1)]
    inverse = inverse_modulo(polynomial, modulus, QQ)
    if inverse is None:
        assert sympy.gcd(as_poly(polynomial), as_poly(modulus)).degree() != 0
    else:
        assert (as_poly(polynomial) * as_poly(inverse)).rem(as_poly(modulus)) == Poly(1, x, domain=QQ)


def test_no_inverse_of_what_shares_a_factor():
    assert inverse_modulo(elements([-1, 1]), elements([-1, 0, 1]), QQ) is None
    assert inverse_modulo([QQ(0)], elements([-1, 0, 1]), QQ) is None
