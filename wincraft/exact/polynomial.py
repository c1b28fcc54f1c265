# SPDX-License-Identifier: Apache-2.0
"""Polynomials in x: text to coefficients and back, and division over a domain.

A polynomial is the sequence of its coefficients, low to high, without trailing zeros.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from typing import Any

from sympy import Poly, Symbol, sqrt
from sympy.polys.euclidtools import dup_invert
from sympy.polys.polyerrors import NotInvertible, PolynomialError

from wincraft.errors import BadNumber
from wincraft.exact.number import exact_number, number_text

MAX_TEXT = 2000
MAX_EXPONENT = 64
_x = Symbol("x")
_IMPLICIT_PRODUCT = re.compile(r"(?<![A-Za-z_])(\d+|\))\s*(?=x|sqrt|\()")
_REPAIR = "write integers, fractions, sqrt(), x, + - * / ^ and brackets only"


def parse_polynomial(text: str) -> tuple[Any, ...]:
    """Coefficients, low to high, of an expression in x with exact real algebraic coefficients.

    Raises:
        BadNumber: when the text is no such expression.
        FloatGiven: when it contains a decimal.

    >>> parse_polynomial("x^2 - 3/2*x + 1")
    (1, -3/2, 1)
    >>> parse_polynomial("(x+1)(x-sqrt(2))")
    (-sqrt(2), 1 - sqrt(2), 1)
    """
    shown = text if len(text) <= 60 else text[:40] + "..."
    if len(text) > MAX_TEXT:
        raise BadNumber(shown, f"an expression has at most {MAX_TEXT} characters")
    try:
        tree = ast.parse(_IMPLICIT_PRODUCT.sub(r"\1*", text.replace("^", "**")), mode="eval").body
        poly = Poly(_evaluate(tree, shown), _x, extension=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError, PolynomialError):
        raise BadNumber(repr(shown), _REPAIR) from None
    coefficients = tuple(reversed(poly.all_coeffs()))
    for coefficient in coefficients:
        exact_number(coefficient)
    return coefficients


def _evaluate(node: ast.expr, shown: str) -> Any:
    match node:
        case ast.Constant(value=int() | float() as value):
            return exact_number(value)
        case ast.Name(id="x"):
            return _x
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_evaluate(operand, shown)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _evaluate(operand, shown)
        case ast.Call(func=ast.Name(id="sqrt"), args=[argument], keywords=[]):
            return sqrt(_evaluate(argument, shown))
        case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant(value=int() as exponent)) if (
            exponent <= MAX_EXPONENT
        ):
            return _evaluate(left, shown) ** exponent
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _evaluate(left, shown) + _evaluate(right, shown)
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            return _evaluate(left, shown) - _evaluate(right, shown)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return _evaluate(left, shown) * _evaluate(right, shown)
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            divisor = _evaluate(right, shown)
            if divisor.is_zero:
                raise BadNumber(repr(shown), "do not divide by 0")
            return _evaluate(left, shown) / divisor
    raise BadNumber(repr(shown), _REPAIR)


def polynomial_text(coefficients: Sequence[Any]) -> str:
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


def divide(dividend: Sequence[Any], divisor: Sequence[Any], K: Any) -> tuple[list[Any], list[Any]]:
    """Quotient and remainder (padded to the divisor's degree) by a monic divisor; for x - p this is Horner's rule."""
    degree = len(divisor) - 1
    remainder = list(dividend)
    for top in range(len(remainder) - 1, degree - 1, -1):
        lead = remainder[top]
        for j in range(degree):
            remainder[top - degree + j] -= lead * divisor[j]
    quotient = remainder[degree:]
    return quotient, (remainder[:degree] + [K.zero] * degree)[:degree]


def multiply(left: Sequence[Any], right: Sequence[Any], K: Any) -> list[Any]:
    """Product of two polynomials over the domain."""
    product = [K.zero] * (len(left) + len(right) - 1)
    for i, a in enumerate(left):
        for j, b in enumerate(right):
            product[i + j] += a * b
    return product


def inverse_modulo(polynomial: Sequence[Any], modulus: Sequence[Any], K: Any) -> list[Any] | None:
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
