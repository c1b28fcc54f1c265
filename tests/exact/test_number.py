# SPDX-License-Identifier: Apache-2.0
"""Exact numbers: reading, choosing their field, sign, text, and the simplest fraction near a float."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from oracle_messages import refused
from sympy import QQ, Rational, sqrt

from wincraft.errors import BadNumber, FloatGiven
from wincraft.exact import (
    exact_number,
    field_of,
    number_text,
    parse_expression,
    read_fraction,
    simplest_fraction,
    to_fraction,
)
from wincraft.exact.fraction import simplest_fraction_near
from wincraft.exact.number import MAX_DIGITS, is_negative

fractions = st.fractions(max_denominator=10**6)


@given(fractions)
def test_every_way_to_write_a_rational(value):
    wanted = Rational(value.numerator, value.denominator)
    assert exact_number(value) == exact_number(str(value)) == exact_number(wanted) == wanted
    assert exact_number(f" {value.numerator}/{value.denominator} ") == wanted
    assert isinstance(exact_number(str(value)), Rational)


@given(st.integers(-(2**63), 2**63 - 1))
def test_integers_of_any_kind(value):
    for given_ in (value, np.int64(value), sympy.Integer(value), str(value)):
        assert exact_number(given_) == value
        assert exact_number(given_).is_Integer


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64])
def test_extreme_numpy_integers(dtype):
    for value in (np.iinfo(dtype).min, np.iinfo(dtype).max):
        assert exact_number(dtype(value)) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("sqrt(2)", sqrt(2)),
        ("-sqrt(2)/2", -sqrt(2) / 2),
        ("2sqrt(2)", 2 * sqrt(2)),
        ("(1+sqrt(5))/2", Rational(1, 2) + sqrt(5) / 2),
        ("sqrt(1/2)", sqrt(2) / 2),
        ("sqrt(9)", sympy.Integer(3)),
        ("1/sqrt(2)", sqrt(2) / 2),
        ("sqrt(2)*sqrt(3)", sqrt(6)),
        ("2^10", sympy.Integer(1024)),
        ("(1/2)^3", Rational(1, 8)),
        ("1/2/3", Rational(1, 6)),
        ("-(-(3))", sympy.Integer(3)),
        ("2-3*4", sympy.Integer(-10)),
    ],
)
def test_expressions(text, value):
    assert exact_number(text) == value


@given(fractions, fractions, st.sampled_from([2, 3, 5, 6]))
def test_text_is_read_back(a, b, radicand):
    number = Rational(a) + Rational(b) * sqrt(radicand)
    assert exact_number(number_text(number)) == number
    assert " " not in number_text(number)


@pytest.mark.parametrize(
    "value",
    [
        sympy.cbrt(2),
        sympy.root(3, 5),
        sqrt(1 + sqrt(2)),
        sqrt(3 + 2 * sqrt(2)),
        sympy.cos(sympy.pi / 5),
        sympy.cos(sympy.pi / 7),
        sympy.GoldenRatio,
        sympy.CRootOf(sympy.Symbol("x") ** 5 - sympy.Symbol("x") - 1, 0),
    ],
    ids=str,
)
def test_an_algebraic_number_is_read_back_or_refused(value):
    try:
        number = exact_number(value)
    except BadNumber:
        return
    assert exact_number(number_text(number)) == number
    assert abs(to_fraction(number) - to_fraction(value)) < Fraction(1, 10**50)


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e6, max_value=1e6))
def test_a_float_is_never_a_number(value):
    with refused(FloatGiven, str(value)) as caught:
        exact_number(value)
    suggestion = Fraction(caught.value.suggestion)
    assert abs(suggestion - Fraction(value)) <= abs(Fraction(value)) / 10**6


@given(st.fractions(-100, 100, max_denominator=99))
def test_the_suggestion_is_the_fraction_a_float_was_meant_to_be(value):
    with refused(FloatGiven, f"write {value}"):
        exact_number(float(value))


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), np.float32("inf"), None, True, "x", "x+1", "pi", 1j, [], "inf"]
)
def test_what_is_no_number(value):
    with refused(BadNumber):
        exact_number(value)


@pytest.mark.parametrize("text", ["9" * MAX_DIGITS, "-1/" + "7" * MAX_DIGITS, "+" + "1" * MAX_DIGITS + "/3"])
def test_the_longest_number(text):
    assert exact_number(text) == Fraction(text)


@pytest.mark.parametrize(
    "value",
    [
        "9" * (MAX_DIGITS + 1),
        "1/" + "9" * (MAX_DIGITS + 1),
        "9" * 10**6,
        10**MAX_DIGITS,
        -(10**5000),
        Fraction(1, 10**5000),
        Rational(10**5000),
    ],
    ids=["digits", "denominator", "a million", "int", "long int", "Fraction", "sympy"],
)
def test_beyond_the_longest_number(value):
    with refused(BadNumber, f"at most {MAX_DIGITS} digits"):
        exact_number(value)


small = st.fractions(0, 5, max_denominator=12)


@given(small, small)
def test_the_simplest_fraction_by_trying_all_denominators(low, high):
    low, high = min(low, high), max(low, high)
    found = simplest_fraction(low, high)
    for denominator in range(1, 13):
        numerator = ceil(low * denominator)
        if numerator <= high * denominator:
            assert found == Fraction(numerator, denominator)
            break
    assert simplest_fraction(-high, -low) == -found


def test_the_simplest_fraction_of_an_interval_around_zero():
    assert simplest_fraction(Fraction(-1, 3), Fraction(1, 2)) == 0


@given(st.fractions(1, 2, max_denominator=10**9))
def test_the_simplest_fraction_near_is_no_more_complicated(value):
    found = simplest_fraction_near(value)
    assert abs(found - value) <= value / 10**6
    assert found.denominator <= value.denominator
    rounded = value.limit_denominator(max(1, found.denominator - 1))
    assert found.denominator == 1 or abs(rounded - value) > value / 10**6, "no smaller denominator would do"


@pytest.mark.parametrize(
    ("texts", "field"),
    [
        ([], "QQ"),
        (["0", "1/2", "-7"], "QQ"),
        (["1", "sqrt(2)", "3-2*sqrt(2)", "sqrt(8)/3"], "QQ<sqrt(2)>"),
        (["sqrt(3)"], "QQ<sqrt(3)>"),
    ],
)
def test_the_smallest_field(texts, field):
    assert str(field_of(map(exact_number, texts))) == field


def test_a_mixed_field_holds_all_its_numbers_and_does_not_depend_on_their_order():
    numbers = [exact_number(text) for text in ("sqrt(2)", "sqrt(3)", "1/2", "sqrt(6)-1")]
    K = field_of(numbers)
    assert field_of(reversed(numbers)) == K
    assert K.mod.degree() == 4
    elements = [K.from_sympy(number) for number in numbers]
    assert [sympy.expand(K.to_sympy(element) - number) for element, number in zip(elements, numbers, strict=True)] == [
        0
    ] * 4
    assert elements[0] * elements[1] == K.from_sympy(sqrt(6))


MIXED = field_of([sqrt(2), sqrt(3)])
ROOTS = [MIXED.from_sympy(root) for root in (sqrt(2), sqrt(3))]


@given(fractions, fractions, fractions)
def test_sign_in_a_field_is_that_of_the_real_number(a, b, c):
    element = MIXED.convert(Rational(a)) + MIXED.convert(Rational(b)) * ROOTS[0] + MIXED.convert(Rational(c)) * ROOTS[1]
    with mpmath.workdps(60):
        value = mpmath.mpf(a.numerator) / a.denominator
        value += mpmath.mpf(b.numerator) / b.denominator * mpmath.sqrt(2)
        value += mpmath.mpf(c.numerator) / c.denominator * mpmath.sqrt(3)
        assert is_negative(element, MIXED) == (value < -(mpmath.mpf(10) ** -50))


@given(fractions)
def test_sign_of_a_rational(value):
    assert is_negative(QQ(value.numerator, value.denominator), QQ) == (value < 0)


@given(fractions)
def test_a_rational_as_a_fraction_is_exact(value):
    assert to_fraction(Rational(value)) == value


def test_an_algebraic_number_as_a_fraction_is_right_to_60_digits():
    assert abs(to_fraction(sqrt(2)) ** 2 - 2) < Fraction(1, 10**58)
    small_difference = exact_number("sqrt(10001)-100")
    assert abs((to_fraction(small_difference) + 100) ** 2 - 10001) < Fraction(1, 10**57)


@given(fractions)
def test_limits_are_read_as_fractions_and_as_decimals(value):
    assert read_fraction(f" {value} ") == value
    assert read_fraction(f"{value.numerator}e-3") == Fraction(value.numerator, 1000)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-5", Fraction(1, 10**5)),
        ("+2.50E+2", Fraction(250)),
        (".5", Fraction(1, 2)),
        ("5.", Fraction(5)),
        ("1e0004000", Fraction(10**4000)),
    ],
)
def test_decimals_are_exact_in_limits(text, value):
    assert read_fraction(text) == value


@pytest.mark.parametrize(
    "text",
    [
        *(f"{sign}{digits}{sign_of_exponent}999999999" for sign in ("", "-") for digits in ("1e", "0.1E", "0e")
          for sign_of_exponent in ("", "-")),
        "1e4001",
        "1e-4001",
        "1e" + "9" * 5000,
        "9" * 5000,
        "1/" + "9" * 5000,
    ],
    ids=lambda text: text[:20],
)  # fmt: skip
def test_a_short_text_makes_no_huge_number(text):
    with refused(BadNumber, "use at most 4000 digits"):
        read_fraction(text)


@pytest.mark.parametrize("text", ["", "x", "inf", "nan", "1/0", "1/-2", "1_0", "1e", "e5", "\u0661", "0x10", "1.2/3"])
def test_what_is_no_limit(text):
    with refused(BadNumber):
        read_fraction(text)


def test_three_square_roots_are_the_most_that_one_number_may_hold():
    assert exact_number("sqrt(2)+sqrt(3)+sqrt(5)") == sqrt(2) + sqrt(3) + sqrt(5)
    with refused(BadNumber, "sqrt(7)", "degree 8"):
        exact_number("sqrt(2)+sqrt(3)+sqrt(5)+sqrt(7)")


@pytest.mark.parametrize("text", ["x^(1/2)", "(x+1)^(3/2)", "(4*x^2)^(1/2)"])
def test_a_polynomial_has_no_fractional_power(text):
    with refused(BadNumber, "an integer for x"):
        parse_expression(text)
