# SPDX-License-Identifier: Apache-2.0
"""Exact real numbers: reading them, choosing their field, writing them.

People see sympy numbers; matrices hold elements of a sympy domain, QQ or a real algebraic field.
"""

from __future__ import annotations

import numbers
import re
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from sympy import Expr, Rational
from sympy.polys.constructor import construct_domain
from sympy.polys.domains import QQ

from wincraft.errors import BadNumber, FloatGiven
from wincraft.exact.expression import parse_expression, shorten
from wincraft.exact.fraction import simplest_fraction_near

MAX_DIGITS = 4000
"""Longest numerator or denominator accepted, in decimal digits."""

_FRACTION = re.compile(r"[+-]?\d+(?:/\d+)?")
_DECIMAL = re.compile(r"[+-]?(?:\d+\.\d*|\.\d+|\d+(?=[eE]))(?:[eE][+-]?\d{1,4})?")


def exact_number(value: object) -> Any:
    """Read one exact real number as a sympy number.

    Accepted are ints, Fractions, numpy integers, real algebraic sympy numbers and text such as ``"-21/4"`` or
    ``"sqrt(2)/2"``. Domain: exact.

    Raises:
        FloatGiven: for a float or a decimal; the nearest small fraction is offered.
        BadNumber: for anything else that is no real number, and beyond `MAX_DIGITS` digits.

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
        return Rational(value.numerator, value.denominator)
    if isinstance(value, Expr):
        return _from_expr(value)
    if isinstance(value, float) or hasattr(value, "dtype"):
        return _from_real(value)
    raise BadNumber(shorten(repr(value)), "write an integer, a fraction p/q or an expression such as sqrt(2)")


def _from_text(text: str) -> Any:
    if _FRACTION.fullmatch(text):
        if len(text) > 2 * MAX_DIGITS + 2 or max(len(part.lstrip("+-")) for part in text.split("/")) > MAX_DIGITS:
            raise BadNumber(shorten(text), f"use at most {MAX_DIGITS} digits")
        numerator, _, denominator = text.partition("/")
        if denominator and int(denominator) == 0:
            raise BadNumber(text, "a denominator cannot be 0")
        return Rational(int(numerator), int(denominator or 1))
    if _DECIMAL.fullmatch(text):
        raise FloatGiven(text, str(simplest_fraction_near(Fraction(text))))
    expression = parse_expression(text)
    if expression.free_symbols:
        raise BadNumber(shorten(text), "a number must not contain x")
    return _from_expr(expression)


def _from_expr(value: Any) -> Any:
    if value.is_Float:
        raise FloatGiven(str(value), str(simplest_fraction_near(Fraction(str(value)))))
    if value.is_Rational or (value.is_real and value.is_algebraic):
        return value
    raise BadNumber(shorten(str(value)), "points are real algebraic numbers; for complex ones use a modulus as x^2+1")


def _from_real(value: Any) -> Any:
    try:
        as_fraction = Fraction(float(value))
    except (OverflowError, ValueError, TypeError):
        raise BadNumber(
            shorten(str(value)), 'write a finite exact number, or "inf" for the point at infinity'
        ) from None
    raise FloatGiven(str(value), str(simplest_fraction_near(as_fraction)))


def field_of(values: Iterable[Any]) -> Any:
    """The smallest domain holding the sympy numbers: QQ, or a real algebraic field such as QQ<sqrt(2)>.

    >>> field_of([exact_number("1/2"), exact_number("sqrt(2)")])
    QQ<sqrt(2)>
    """
    irrational = {value for value in values if not value.is_Rational}
    if not irrational:
        return QQ
    return construct_domain(sorted(irrational, key=str), extension=True, field=True)[0]


def is_negative(element: Any, K: Any) -> bool:
    """Sign of a domain element; algebraic elements are compared as the real numbers they embed to."""
    return bool(element < 0) if K.is_QQ else bool(K.to_sympy(element).is_negative)


def to_fraction(number: Any) -> Fraction:
    """A sympy number as a Fraction: exact if rational, else correct to 60 decimal digits."""
    rational = number if number.is_Rational else Rational(str(number.evalf(60)))
    return Fraction(int(rational.p), int(rational.q))


def number_text(number: Any) -> str:
    """The text of a number in documents: ``"-21/4"``, ``"sqrt(2)/2"``; `exact_number` reads it back."""
    return str(number).replace(" ", "")
