# SPDX-License-Identifier: Apache-2.0
"""Polynomials in x: text to coefficients and back, and division over a domain.

A polynomial is the sequence of its coefficients, low to high, without trailing zeros.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from sympy import Poly
from sympy.polys.euclidtools import dup_invert
from sympy.polys.polyerrors import NotInvertible, PolynomialError

from wincraft.errors import BadNumber, shorten
from wincraft.exact.expression import parse_expression, x
from wincraft.exact.number import exact_number, number_text
from wincraft.exact.types import Domain, Element, Number


def parse_polynomial(text: str) -> tuple[Number, ...]:
    """Coefficients, low to high, of an expression in x with exact real algebraic coefficients.

    Raises:
        BadNumber: when the text is no such expression.
        FloatGiven: when it contains a decimal.

    >>> parse_polynomial("x^2 - 3/2*x + 1")
    (1, -3/2, 1)
    >>> parse_polynomial("(x+1)(x-sqrt(2))")
    (-sqrt(2), 1 - sqrt(2), 1)
    """
    try:
        coefficients = tuple(reversed(Poly(parse_expression(text), x, extension=True).all_coeffs()))
    except PolynomialError:
        raise BadNumber(repr(shorten(text)), "it is no polynomial in x") from None
    for coefficient in coefficients:
        exact_number(coefficient)
    return coefficients


def polynomial_text(coefficients: Sequence[Number]) -> str:
    """The text of a polynomial, high to low, without spaces; `parse_polynomial` reads it back.

    >>> polynomial_text(parse_polynomial("1 - x/2 + x^2"))
    'x^2-1/2*x+1'
    """
    terms: list[str] = []
    for power in range(len(coefficients) - 1, -1, -1):
        coefficient = coefficients[power]
        if coefficient.is_zero:
            continue
        monomial = "" if power == 0 else "x" if power == 1 else f"x^{power}"
        text = number_text(coefficient)
        if coefficient.is_Add and monomial:
            text = f"({text})"
        if monomial and text in ("1", "-1"):
            text = text[:-1] + monomial
        elif monomial:
            text = f"{text}*{monomial}"
        terms.append(text if text.startswith("-") or not terms else "+" + text)
    return "".join(terms) or "0"


def divide(dividend: Sequence[Element], divisor: Sequence[Element], K: Domain) -> tuple[list[Element], list[Element]]:
    """Quotient and remainder (padded to the divisor's degree) by a monic divisor; for x - p this is Horner's rule."""
    degree = len(divisor) - 1
    if degree == 1:
        point = -divisor[0]
        sums = list(accumulate(reversed(dividend), lambda value, coefficient: value * point + coefficient))
        return sums[-2::-1], sums[-1:]
    remainder = list(dividend)
    for top in range(len(remainder) - 1, degree - 1, -1):
        lead = remainder[top]
        for j in range(degree):
            remainder[top - degree + j] -= lead * divisor[j]
    quotient = remainder[degree:]
    return quotient, (remainder[:degree] + [K.zero] * degree)[:degree]


def multiply(left: Sequence[Element], right: Sequence[Element], K: Domain) -> list[Element]:
    """Product of two polynomials over the domain."""
    product = [K.zero] * (len(left) + len(right) - 1)
    for i, a in enumerate(left):
        for j, b in enumerate(right):
            product[i + j] += a * b
    return product


def inverse_modulo(polynomial: Sequence[Element], modulus: Sequence[Element], K: Domain) -> list[Element] | None:
    """The inverse of a polynomial modulo a monic one, or None where they share a factor."""
    high_to_low = list(reversed(polynomial))
    while high_to_low and not high_to_low[0]:
        del high_to_low[0]
    if not high_to_low:
        return None
    if len(high_to_low) == 1:
        return [K.one / high_to_low[0]]
    try:
        inverse = dup_invert(high_to_low, list(reversed(modulus)), K)
    except NotInvertible:
        return None
    return list(reversed(inverse))
