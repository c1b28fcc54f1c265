# SPDX-License-Identifier: Apache-2.0
"""Reading points and moduli, and checking that they make an algorithm of the wanted size."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from contextlib import suppress
from fractions import Fraction
from itertools import accumulate, combinations
from math import gcd, isinf, isnan
from numbers import Rational as ExactRational
from numbers import Real

from sympy import Integer, Rational, oo

from wincraft.algorithm.modulus import Modulus
from wincraft.errors import (
    BadModulus,
    BadValue,
    FloatTaken,
    NotCoprime,
    TooLarge,
    WincraftError,
    WrongTotalDegree,
    WrongType,
    shorten,
)
from wincraft.exact.expression import float_given
from wincraft.exact.field import Field
from wincraft.exact.number import exact_number, field_of, to_element
from wincraft.exact.polynomial import inverse_modulo, parse_polynomial, polynomial_text
from wincraft.exact.splitting import split_list
from wincraft.exact.types import Element, Number

MAX_POINT_DIGITS = 100
"""Longest numerator or denominator of a point or coefficient, in decimal digits."""
_TOO_LARGE = 10**MAX_POINT_DIGITS
MAX_FLOAT_HEIGHT = 1024
"""Largest numerator and denominator of a float that is taken for a point."""
MAX_MODULUS_DEGREE = 16
MAX_DEPTH = 8

INFINITY = Modulus(())


def point(value: object) -> Modulus:
    """The linear modulus of an exact number, or infinity for ``"inf"``, sympy's oo and an infinite float.

    A finite float is taken where it is p/q with q a power of two and both at most `MAX_FLOAT_HEIGHT`, with the warning
    `FloatTaken`: 0.5 can only mean 1/2, 0.1 need not mean 1/10.

    Raises:
        BadNumber, FloatGiven: for what is no exact real number.
        TooLarge: beyond `MAX_POINT_DIGITS` digits.

    >>> point("1/2"), point("inf"), point(float("inf"))
    (1/2, inf, inf)
    """
    if isinstance(value, Real) and not isinstance(value, ExactRational):
        return _float_point(value)
    if value is oo or (isinstance(value, str) and value.strip().lower() in ("inf", "+inf", "infinity", "oo", "∞")):
        return INFINITY
    number = exact_number(value)
    _check_digits(number)
    return Modulus((-number, Integer(1)))


def _float_point(value: Real) -> Modulus:
    number = float(value)
    if isinf(number):
        return INFINITY
    exact = None if isnan(number) else Fraction(number)
    if exact is None or max(abs(exact.numerator), exact.denominator) > MAX_FLOAT_HEIGHT:
        raise float_given(str(value))
    if exact.denominator > 1:
        warnings.warn(f"the float {value} is taken as the point {exact}", FloatTaken, stacklevel=2)
    return point(exact)


def modulus(coefficients: tuple[Number, ...], inner: tuple[Modulus, ...] | None = None) -> Modulus:
    """A modulus from monic coefficients, low to high; the inner moduli have a default.

    For x^2 + a x + b the inner moduli are (0, c, inf) with c = -sign(a), +1 where a = 0; for degree d > 2 they are
    the first 2d - 2 of 0, 1, -1, 2, -2, 1/2, ... and inf.

    Raises:
        BadModulus: not monic, constant, or inner moduli that do not have total degree 2d - 1.
        NotCoprime: inner moduli that share a factor.
        TooLarge: a coefficient of too many digits.

    >>> print(modulus((exact_number(1), exact_number(0), exact_number(1))))
    x^2+1@1
    """
    text = polynomial_text(coefficients)
    degree = len(coefficients) - 1
    if degree < 1:
        repair = "0 divides everything; write x for the point 0" if coefficients[0].is_zero else "a modulus contains x"
        raise BadModulus(text, repair)
    if degree > MAX_MODULUS_DEGREE:
        raise BadModulus(text, f"the degree is at most {MAX_MODULUS_DEGREE}")
    if coefficients[-1] != 1:
        monic = polynomial_text([value / coefficients[-1] for value in coefficients])
        raise BadModulus(text, f"make it monic: {monic}")
    for value in coefficients:
        _check_digits(value)
    if degree == 1:
        if inner:
            raise BadModulus(text, "a linear modulus takes one product and has no inner point")
        return Modulus(coefficients)
    if inner is None and degree == 2:
        inner = quadratic_inner(1 if coefficients[1].is_zero or coefficients[1].is_negative else -1)
    elif inner is None:
        inner = (*list_of_points(2 * degree - 2), INFINITY)
    given = sum(item.degree for item in inner)
    if given == 2 * degree - 2 and INFINITY not in inner:
        inner, given = (*inner, INFINITY), given + 1
    if given != 2 * degree - 1:
        raise BadModulus(text, f"its inner moduli need total degree {2 * degree - 1}, got {given}")
    check_coprime(inner)
    return Modulus(coefficients, inner)


def quadratic_inner(c: object) -> tuple[Modulus, ...]:
    """The inner moduli of a degree-2 modulus with inner point c: taps (constant, c, leading).

    >>> print(*quadratic_inner(-1))
    0 -1 inf
    """
    return point(0), point(c), INFINITY


def list_of_points(count: int) -> tuple[Modulus, ...]:
    """The first points of 0, 1, -1, then p/q by growing height max(|p|, q): the value, its negative, the reciprocals.

    >>> ",".join(map(str, list_of_points(9)))
    '0,1,-1,2,-2,1/2,-1/2,3,-3'
    """
    return tuple(point(value) for value, _ in zip(_by_height(), range(count), strict=False))


def _by_height() -> Iterator[Number]:
    yield Integer(0)
    height = 1
    while True:
        for low in range(1, height + 1):
            if gcd(low, height) == 1:
                for value in dict.fromkeys((Rational(height, low), Rational(low, height))):
                    yield value
                    yield -value
        height += 1


def parse_moduli(values: object) -> tuple[Modulus, ...]:
    """Moduli from text (``"0, 1, x^2+1@-1, inf"``) or from a sequence of texts, exact numbers and `Modulus` objects.

    An item is a point, a monic polynomial in x, or inf; ``±p`` is both p and -p. Items stand between commas, or between
    blanks where there is no comma; the list may stand in brackets. ``@c`` gives the inner point of a degree-2 modulus,
    ``@(m1,m2,...)`` the inner moduli of any higher one.

    Raises:
        BadNumber, FloatGiven, BadModulus: for items that are none.
        BadValue, WrongType, TooLarge: for lists that are none.

    >>> print(*parse_moduli("0, 1/2, x^2+1, inf"))
    0 1/2 x^2+1@1 inf
    >>> print(*parse_moduli("[0 ±1 √2]"))
    0 1 -1 sqrt(2)
    """
    if isinstance(values, str):
        values = _split(values)
    if hasattr(values, "tolist"):  # a PyTorch tensor or a NumPy array, whose items are of their own types
        values = values.tolist()
    if not isinstance(values, Iterable) or isinstance(values, bytes):
        raise WrongType("a list of points", shorten(repr(values)), 'give one, or a text such as "0,1,-1"')
    return tuple(_parse_one(value) for value in values)


def _split(text: str) -> list[str]:
    """The items of a list in text."""
    plain = _without_brackets(text.strip())
    parts = _between_commas(plain)
    if len(parts) == 1 and (len(words := plain.split()) > 1) and not _is_expression(plain):
        parts = words
    return [item for part in parts for item in _both_signs(part.strip())]


def _without_brackets(text: str) -> str:
    """A list without the brackets round all of it; parentheses round a single item stay, which they may be part of."""
    if text[:1] + text[-1:] in ("[]", "{}"):
        return text[1:-1]
    whole = text[:1] + text[-1:] == "()" and 0 not in list(_depths(text))[:-1]
    return text[1:-1] if whole and "," in text else text


def _is_expression(text: str) -> bool:
    """Whether a text with blanks is one item: ``x^2 + 1`` is, ``1 -1`` is two numbers."""
    if any(word[-1] in "+-*/^(@√−" for word in text.split()):
        return True
    with suppress(WincraftError):
        return "x" in text and bool(_parse_one(text))
    return False


def _both_signs(item: str) -> list[str]:
    rest = item[1:] if item.startswith("±") else item[2:] if item.startswith("+-") else None
    return [item] if rest is None else [rest.strip(), f"-{rest.strip()}"]


def _depths(text: str) -> Iterator[int]:
    """How many parentheses are open after each character."""
    return accumulate((character == "(") - (character == ")") for character in text)


def _between_commas(text: str) -> list[str]:
    if max(_depths(text), default=0) > MAX_DEPTH:
        raise TooLarge("a list of moduli", f"the brackets of {shorten(text)!r}", f"nest them at most {MAX_DEPTH} deep")
    parts = split_list(text)
    if any(not part.strip() for part in parts):
        raise BadValue("an item of the list", f"empty in {shorten(text)!r}", "separate items by one comma")
    return parts


def _parse_one(value: object) -> Modulus:
    if isinstance(value, Modulus):
        return value
    if not isinstance(value, str) or "x" not in value:
        return point(value)
    polynomial, at, inner_text = value.partition("@")
    coefficients = parse_polynomial(polynomial.strip())
    inner_text = inner_text.strip()
    if not at:
        return modulus(coefficients)
    if inner_text.startswith("(") and inner_text.endswith(")"):
        return modulus(coefficients, parse_moduli(inner_text[1:-1]))
    if len(coefficients) != 3:
        raise BadModulus(value.strip()[:60], "@c is for degree 2; write the inner moduli as @(m1,m2,...)")
    return modulus(coefficients, quadratic_inner(inner_text))


def complete(moduli: tuple[Modulus, ...], m: int, r: int) -> tuple[Modulus, ...]:
    """The checked moduli of F(m,r), with inf appended where it is absent and the total degree is one short.

    Raises:
        NotCoprime: two share a factor, or a point is repeated.
        WrongTotalDegree: too few or too many.

    >>> print(*complete(parse_moduli("0,1,-1"), 2, 3))
    0 1 -1 inf
    """
    check_coprime(moduli)
    degree = sum(item.degree for item in moduli)
    if degree == m + r - 2 and INFINITY not in moduli:
        return (*moduli, INFINITY)
    if degree != m + r - 1:
        raise WrongTotalDegree(m, r, degree)
    return moduli


def check_coprime(moduli: tuple[Modulus, ...]) -> None:
    """Check that no two moduli share a factor.

    Raises:
        NotCoprime: the first two that are not.

    >>> check_coprime(parse_moduli("1, x^2-1"))
    Traceback (most recent call last):
    ...
    wincraft.errors.NotCoprime: moduli 1 and x^2-1@1 (positions 0 and 1, from 0) share a factor; replace one
    """
    K = field_of(value for item in moduli for value in item.coefficients)
    rational, higher = Field(K).rational, any(item.degree > 1 for item in moduli)
    elements = [] if rational and not higher else [[to_element(c, K) for c in item.coefficients] for item in moduli]
    seen: dict[tuple[Number, ...] | tuple[Element, ...], int] = {}
    for position, key in enumerate([item.coefficients for item in moduli] if rational else map(tuple, elements)):
        if key in seen:
            raise NotCoprime(str(moduli[position]), str(moduli[position]), (seen[key], position))
        seen[key] = position
    for i, j in combinations(range(len(moduli)), 2) if higher else ():
        low, high = sorted((elements[i], elements[j]), key=len)
        if len(high) > 2 and low and inverse_modulo(low, high, K) is None:
            raise NotCoprime(str(moduli[i]), str(moduli[j]), (i, j))


def _check_digits(number: Number) -> None:
    for part in (number,) if number.is_Rational else number.atoms(Rational):
        if max(abs(part.p), part.q) >= _TOO_LARGE:
            shown = f"a fraction of {part.p.bit_length()} by {part.q.bit_length()} bits"
            raise TooLarge("a point", shown, f"a point has at most {MAX_POINT_DIGITS} digits")
