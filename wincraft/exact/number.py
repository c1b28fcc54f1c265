# SPDX-License-Identifier: Apache-2.0
"""Exact real numbers: reading them, choosing their field, writing them.

People see sympy numbers; matrices hold elements of a sympy domain, QQ or a real algebraic field.
"""

from __future__ import annotations

import numbers
import re
from collections.abc import Iterable
from fractions import Fraction
from functools import cache
from math import gcd, prod

from sympy import Add, Expr, Mul, Pow, Rational, preorder_traversal, radsimp, sqrtdenest
from sympy.polys.constructor import construct_domain
from sympy.polys.domains import QQ
from sympy.polys.polyerrors import CoercionFailed

from wincraft.errors import BadNumber, shorten
from wincraft.exact.expression import float_given, parse_expression
from wincraft.exact.types import Domain, Element, Number

MAX_DIGITS = 4000
"""Longest numerator or denominator accepted, in decimal digits."""

MAX_ROOTS = 8
"""Largest product of the root degrees in one algebraic field: three square roots, say."""

_TOO_LARGE = 10**MAX_DIGITS
_REPAIR_DIGITS = f"use at most {MAX_DIGITS} digits"
_FRACTION = re.compile(r"[+-]?\d+(?:/\d+)?")
_ORDINARY = re.compile(
    r"[+-]?(?:\d+/(?P<denominator>\d+)|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE](?P<exponent>[+-]?\d+))?)", re.ASCII
)
_DECIMAL = re.compile(r"[+-]?(?:\d+\.\d*|\.\d+|\d+(?=[eE]))(?:[eE][+-]?\d{1,4})?")


def exact_number(value: object) -> Number:
    """Read one exact real number as a sympy number.

    Accepted are ints, Fractions, numpy integers, real algebraic sympy numbers and text such as ``"-21/4"`` or
    ``"sqrt(2)/2"``. Domain: exact.

    Raises:
        FloatGiven: for a float or a decimal; the nearest small fraction is offered.
        BadNumber: for anything else that is no real number, and beyond `MAX_DIGITS` digits or `MAX_ROOTS`.

    >>> exact_number("-21/4"), exact_number("sqrt(2)/2")
    (-21/4, sqrt(2)/2)
    >>> exact_number(0.5)
    Traceback (most recent call last):
    ...
    wincraft.errors.FloatGiven: a float is not an exact number: 0.5; write 1/2
    """
    if isinstance(value, str):
        return _from_text(value.strip())
    if isinstance(value, bool):
        raise BadNumber(repr(value), "write 0 or 1")
    if isinstance(value, numbers.Rational):
        return _from_expr(Rational(value.numerator, value.denominator))
    if isinstance(value, Expr) and not value.is_Matrix:
        return _from_expr(value)
    if isinstance(value, numbers.Real):
        raise float_given(str(value))
    raise BadNumber(shorten(repr(value)), "write an integer, a fraction p/q or an expression such as sqrt(2)")


def read_fraction(text: str) -> Fraction:
    """A limit or a tolerance as people write it: an integer, ``3/2``, ``0.5``, ``1e-5``; decimals are taken exactly.

    No text makes a number of more than `MAX_DIGITS` digits, whatever its exponent. Domain: finite.

    Raises:
        BadNumber: for everything else.

    >>> read_fraction("1e-5"), read_fraction("-21/4")
    (Fraction(1, 100000), Fraction(-21, 4))
    >>> read_fraction("1e999999999")
    Traceback (most recent call last):
    ...
    wincraft.errors.BadNumber: not an exact number: 1e999999999; use at most 4000 digits
    """
    text = text.strip()
    match = _ORDINARY.fullmatch(text)
    if match is None:
        raise BadNumber(repr(shorten(text)), "write a finite number such as 8, 0.5, 3/2 or 1e-5")
    exponent = (match["exponent"] or "0").lstrip("+-").lstrip("0")
    if len(text) > MAX_DIGITS or len(exponent) > len(str(MAX_DIGITS)) or int(exponent or 0) > MAX_DIGITS:
        raise BadNumber(shorten(text), _REPAIR_DIGITS)
    if match["denominator"] and not int(match["denominator"]):
        raise BadNumber(shorten(text), "a denominator cannot be 0")
    return Fraction(text)


def _from_text(text: str) -> Number:
    if _FRACTION.fullmatch(text):
        if len(text) > 2 * MAX_DIGITS + 2 or max(len(part.lstrip("+-")) for part in text.split("/")) > MAX_DIGITS:
            raise BadNumber(shorten(text), _REPAIR_DIGITS)
        numerator, _, denominator = text.partition("/")
        if denominator and int(denominator) == 0:
            raise BadNumber(text, "a denominator cannot be 0")
        return Rational(int(numerator), int(denominator or 1))
    if _DECIMAL.fullmatch(text):
        raise float_given(text)
    expression = parse_expression(text)
    if expression.free_symbols:
        raise BadNumber(shorten(text), "a number must not contain x")
    return _from_expr(expression)


def _from_expr(value: Expr) -> Number:
    if value.is_Float:
        raise float_given(str(value))
    if value.is_Rational and max(abs(value.p), value.q) >= _TOO_LARGE:
        raise BadNumber(f"a fraction of {value.p.bit_length()} by {value.q.bit_length()} bits", _REPAIR_DIGITS)
    if value.is_Rational:
        return value
    if value.is_real and all(part.func in (Add, Mul, Pow) or part.is_Rational for part in preorder_traversal(value)):
        value = radsimp(sqrtdenest(value)).expand()
        K = field_of([value])
        return K.to_sympy(to_element(value, K))
    raise BadNumber(
        shorten(str(value)), "write fractions and real roots of them; for complex points use a modulus such as x^2+1"
    )


def field_of(values: Iterable[Number]) -> Domain:
    """The smallest domain holding the sympy numbers: QQ, or a real algebraic field such as QQ<sqrt(2)>.

    Raises:
        BadNumber: roots that generate too large a field.

    >>> field_of([exact_number("1/2"), exact_number("sqrt(2)")])
    QQ<sqrt(2)>
    """
    irrational = {value for value in values if not value.is_Rational}
    if not irrational:
        return QQ
    _check_roots(irrational)
    return construct_domain(sorted(irrational, key=str), extension=True, field=True)[0]


def _check_roots(values: Iterable[Expr]) -> None:
    roots = {power for value in values for power in value.atoms(Pow) if power.exp.is_Rational and power.exp.q > 1}
    distinct = {(root.base, root.exp.q) for root in roots}
    if prod(q for _, q in distinct) > MAX_ROOTS:
        shown = ", ".join(sorted(str(root) for root in roots))
        raise BadNumber(shorten(shown), f"the roots together may have degree {MAX_ROOTS}; use fewer")


def to_element(number: Number, K: Domain) -> Element:
    """The domain element of a sympy number, term by term: a rational factor times a root.

    Raises:
        BadNumber: where the number does not lie in the domain.

    >>> QQ.to_sympy(to_element(exact_number("1/2"), QQ))
    1/2
    """
    if K.is_QQ and number.is_Rational:
        return QQ.from_sympy(number)
    if K.is_FiniteField:
        if not number.is_Rational or gcd(int(number.q), int(K.characteristic())) > 1:
            raise BadNumber(shorten(str(number)), f"it does not lie in {K}")
        return K(int(number.p)) / K(int(number.q))
    total = K.zero
    for term in Add.make_args(number):
        factor, root = term.as_coeff_Mul()
        total += K.convert(QQ.from_sympy(factor), QQ) * _root_element(root, K)
    return total


@cache
def _root_element(root: Number, K: Domain) -> Element:
    try:
        return K.from_sympy(root)
    except (CoercionFailed, NotImplementedError):
        raise BadNumber(shorten(str(root)), f"it does not lie in {K}") from None


def is_negative(element: Element, K: Domain) -> bool:
    """Sign of a domain element; algebraic elements are compared as the real numbers they embed to."""
    return bool(element < 0) if K.is_QQ else bool(K.to_sympy(element).is_negative)


def to_fraction(number: Number) -> Fraction:
    """A sympy number as a Fraction: exact if rational, else correct to 60 decimal digits."""
    rational = number if number.is_Rational else Rational(str(number.evalf(60)))
    return Fraction(int(rational.p), int(rational.q))


def as_fractions(elements: Iterable[Element], K: Domain) -> list[Fraction]:
    """Domain elements as Fractions, each as by `to_fraction`.

    >>> as_fractions([QQ(1, 2), QQ(-3)], QQ)
    [Fraction(1, 2), Fraction(-3, 1)]
    """
    if K.is_QQ:
        return [Fraction(int(K.numer(element)), int(K.denom(element))) for element in elements]
    return [to_fraction(K.to_sympy(element)) for element in elements]


def number_text(number: Number) -> str:
    """The text of a number in documents: ``"-21/4"``, ``"sqrt(2)/2"``; `exact_number` reads it back."""
    if isinstance(number, Rational):  # sympy's printer, which the others take, costs a hundred times as much
        return f"{number.p}/{number.q}" if number.q != 1 else f"{number.p}"
    return str(number).replace(" ", "")
