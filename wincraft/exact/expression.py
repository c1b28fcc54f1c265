# SPDX-License-Identifier: Apache-2.0
"""Reading expressions in x safely: integers, fractions, sqrt(), + - * / ^ and brackets, nothing else."""

from __future__ import annotations

import ast
import re
from fractions import Fraction

from sympy import Expr, Integer, Poly, Symbol, sqrt
from sympy.polys.polyerrors import PolynomialError

from wincraft.errors import BadNumber, FloatGiven, WincraftError, shorten
from wincraft.exact.fraction import simplest_fraction_near

_SPELLINGS = str.maketrans({"−": "-", "–": "-", "·": "*", "×": "*", "÷": "/", "⁄": "/", "²": "^2", "³": "^3"})
"""Other signs of the same operators, as they stand in texts."""
_ROOT = re.compile(r"√\s*(\d+)")
MAX_TEXT = 2000
MAX_EXPONENT = 64
x = Symbol("x")
_IMPLICIT_PRODUCT = re.compile(r"(?<![A-Za-z_])(\d+|\))\s*(?=x|sqrt|\()")
_REPAIR = "write integers, fractions, sqrt(), x, + - * / ^ and brackets only"


def float_given(text: str) -> WincraftError:
    """The error for a decimal: with the nearest small fraction, where it is an ordinary number."""
    try:
        value = Fraction(float(text))
    except (OverflowError, ValueError):
        return BadNumber(shorten(text), "write a finite exact number")
    return FloatGiven(shorten(text), str(simplest_fraction_near(value)))


def parse_expression(text: str) -> Expr:
    """A text as a sympy expression in x, roots as sqrt(2) or √2; nothing is ever executed.

    Raises:
        BadNumber: when the text is no such expression.
        FloatGiven: when it contains a decimal.

    >>> parse_expression("2x^2 - sqrt(8)/2")
    2*x**2 - sqrt(2)
    """
    if len(text) > MAX_TEXT:
        raise BadNumber(shorten(text), f"an expression has at most {MAX_TEXT} characters")
    plain = _ROOT.sub(r"sqrt(\1)", text.translate(_SPELLINGS)).replace("√", "sqrt")
    try:
        tree = ast.parse(_IMPLICIT_PRODUCT.sub(r"\1*", plain.replace("^", "**")), mode="eval").body
        return _evaluate(tree, shorten(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError, PolynomialError):
        raise BadNumber(repr(shorten(text)), _REPAIR) from None


def _evaluate(node: ast.expr, shown: str) -> Expr:
    match node:
        case ast.Constant(value=int() as value) if not isinstance(value, bool):
            return Integer(value)
        case ast.Constant(value=float() as value):
            raise float_given(repr(value))
        case ast.Name(id="x"):
            return x
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=operand):
            value = _evaluate(operand, shown)
            return -value if isinstance(sign, ast.USub) else value
        case ast.Call(func=ast.Name(id="sqrt"), args=[argument], keywords=[]):
            return sqrt(_evaluate(argument, shown))
        case ast.BinOp(left=left, op=operator, right=right):
            return _combine(_evaluate(left, shown), operator, _evaluate(right, shown), shown)
    raise BadNumber(repr(shown), _REPAIR)


def _combine(left: Expr, operator: ast.operator, right: Expr, shown: str) -> Expr:
    match operator:
        case ast.Add():
            return left + right
        case ast.Sub():
            return left - right
        case ast.Pow():
            return _power(left, right, shown)
        case ast.Mult():
            product = left * right
            if product.free_symbols and degree_of(product) > MAX_EXPONENT:
                raise BadNumber(repr(shown), f"the degree is at most {MAX_EXPONENT}")
            return product.expand()
        case ast.Div() if not right.is_zero:
            return left / right
        case ast.Div():
            raise BadNumber(repr(shown), "do not divide by 0")
    raise BadNumber(repr(shown), _REPAIR)


def _power(base: Expr, exponent: Expr, shown: str) -> Expr:
    """base^exponent where it is small: no exponent may make a short text into a huge number or polynomial."""
    if not exponent.is_Rational or not 0 <= exponent <= MAX_EXPONENT or (exponent.q > 1 and base.free_symbols):
        raise BadNumber(repr(shown), f"an exponent is a number from 0 to {MAX_EXPONENT}, an integer for x")
    digits = len(str(base)) * exponent
    terms = len(base.args) * exponent if base.is_Add else 0
    degree = degree_of(base) * exponent if base.free_symbols else 0
    if digits > MAX_TEXT or terms > MAX_EXPONENT or degree > MAX_EXPONENT:
        raise BadNumber(repr(shown), "the power has too many digits or terms; write it out smaller")
    return (base**exponent).expand()


def degree_of(expression: Expr) -> int:
    """The degree in x of an expression that is a polynomial in it."""
    return int(Poly(expression, x).degree())
