# SPDX-License-Identifier: Apache-2.0
"""One entry of a matrix as source code, papers and printers write it, as an exact number or a decimal."""

from __future__ import annotations

import ast
import contextlib
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import lru_cache
from operator import add, mul, sub, truediv
from typing import Any, TypeAlias

from sympy import Integer, Rational, sqrt

from wincraft.errors import BadNumber, WincraftError, shorten
from wincraft.exact.expression import MAX_EXPONENT
from wincraft.exact.number import exact_number

MAX_ENTRY = 4500
"""Longest text of one entry."""
_LONGEST_ROOT = 10**40

_SUFFIX = r"(?:[fFlLhHuUdD]{1,2}|['_]?[fiu](?:8|16|32|64)|[bB]?[fF]16|_[A-Za-z]\w*)?"
_INTEGER = re.compile(rf"([+-]?\s*\d+){_SUFFIX}")
_PLAIN = re.compile(rf"([+-]?\s*(?:\d+\.?\d*|\.\d+)(?:[eEdD][+-]?\d{{1,5}})?){_SUFFIX}")
_FRACTION = re.compile(r"[+-]?\s*\d+\s*/\s*\d+")
_HEXADECIMAL = re.compile(r"([+-]?)\s*0[xX]([0-9a-fA-F]*)\.?([0-9a-fA-F]*)[pP]([+-]?\d{1,4})[fFlL]?")
_NO_NUMBER = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)
_LITERAL_SUFFIX = re.compile(
    r"(?<![\w.])((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?:[fFlLhHuUdD]{1,2}|['_]?[fiu](?:16|32|64)|[bB]?[fF]16|_[A-Za-z]\w*)\b"
)
_FORTRAN = re.compile(r"(?<=[\d.])[dD](?=[+-]?\d)")
_CAST = re.compile(r"\(\s*(?:const\s+)?([A-Za-z_][\w:]*)\s*\)(?=\s*[-+\d.(A-Za-z_])")
_OTHER_DIVISION = re.compile(r"(?<=[\d)])\s*(?://|%)\s*(?=[\d(])")
"""Of fractions in Julia and in Haskell."""
_RUST_CAST = re.compile(r"\s+as\s+\w+")
_TEMPLATE = re.compile(r"<[\w\s:,]*>(?=\s*\()")
_LEADING_ZEROS = re.compile(r"(?<![\w.])0+(?=\d+(?![\w.]))")
_KNOWN = {"M_SQRT2": sqrt(2), "M_SQRT1_2": sqrt(2) / 2, "SQRT_2": sqrt(2), "FRAC_1_SQRT_2": sqrt(2) / 2}
_OPERATIONS: dict[type[ast.operator], Callable[[ReadNumber, ReadNumber], ReadNumber]] = {
    ast.Add: add, ast.Sub: sub, ast.Mult: mul, ast.Div: truediv,
}  # fmt: skip
_QUOTIENTS = ("Rational", "Fraction", "Ratio", "mpq", "QQ", "frac", "Frac", "Fr", "F", "R", "Q", "Rat", "rat")
_OTHER_FUNCTIONS = re.compile(
    r"(?:a?(?:sin|cos|tan)h?|exp\w*|log\w*|abs|fabs|pow|r?cbrt|rsqrt\w*|floor|ceil|round|max|min|len|range|sum|int_?)$"
)

ReadNumber: TypeAlias = Any
"""A sympy number where the entry is exact, a `Decimal` as it was printed where it is not."""


class Constants:
    """The names that a file gives short values, as texts; each is read when it is first used.

    >>> Constants({"SQ2": "1.41421356f", "HALF": "SQ2 / 2"}).value("HALF")
    Decimal('0.70710678')
    """

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = texts
        self._values: dict[str, ReadNumber] = {}

    def __contains__(self, name: object) -> bool:
        return name in self.texts

    def value(self, name: str) -> ReadNumber:
        """The number that a name stands for.

        Raises:
            BadNumber: an unknown name, one that is no number, or one that is defined by itself.
        """
        if name not in self._values:
            self._values[name] = None  # while it is read
            if name in self.texts:
                with contextlib.suppress(BadNumber):
                    self._values[name] = _read_with(self.texts[name].strip(), self)
        if self._values[name] is None:
            raise _bad(name)
        return self._values[name]


NO_CONSTANTS = Constants({})


def _bad(text: str, repair: str = "write a number, or an expression of numbers") -> BadNumber:
    return BadNumber(repr(shorten(text)), repair)


def looks_like_number(text: str, constants: Constants) -> bool:
    """Whether the text is an entry: a literal, or an expression that can be evaluated.

    >>> looks_like_number("-2.0f / 3", NO_CONSTANTS), looks_like_number("float", NO_CONSTANTS)
    (True, False)
    """
    text = text.strip()
    if _PLAIN.fullmatch(text) or _FRACTION.fullmatch(text) or _NO_NUMBER.fullmatch(text):
        return True
    if not text or len(text) > MAX_ENTRY:
        return False
    try:
        read_entry(text, constants)
    except BadNumber:
        return False
    return True


def read_entry(text: str, constants: Constants = NO_CONSTANTS) -> ReadNumber:
    """The number that a text stands for; names are looked up in `constants`.

    Integers, fractions, roots, and quotients of decimals that are meant exactly (dyadic ones such as 1.0f / 24) are
    exact; a lone decimal, and what is computed from other decimals, is a `Decimal`, which keeps the digits printed.

    Raises:
        BadNumber

    >>> read_entry("-1.0f / 24"), read_entry("(float)sqrt(2.) / 2"), read_entry("0.16667f"), read_entry("0x1.8p-1")
    (-1/24, sqrt(2)/2, Decimal('0.16667'), 3/4)
    >>> read_entry("SQ2 / 2.0f", Constants({"SQ2": "1.41421356f"}))
    Decimal('0.70710678')
    >>> read_entry("-\\t1.5d0"), read_entry("1.0d / 6.0d")
    (Decimal('-1.5'), 1/6)
    """
    text = text.strip().strip("'\"").strip()
    if len(text) > MAX_ENTRY:
        raise _bad(text, f"an entry has at most {MAX_ENTRY} characters")
    return _read_with(text, constants) if constants.texts else _read(text)


@lru_cache(maxsize=4096)
def _read(text: str) -> ReadNumber:
    return _read_with(text, NO_CONSTANTS)


def _read_with(text: str, constants: Constants) -> ReadNumber:
    try:
        if match := _INTEGER.fullmatch(text):
            return Integer(int("".join(match[1].split())))
        if match := _PLAIN.fullmatch(text):
            return check_ordinary(Decimal(re.sub("[dD]", "e", "".join(match[1].split()))))
        if match := _HEXADECIMAL.fullmatch(text):
            return _hexadecimal(*match.groups())
        if _NO_NUMBER.fullmatch(text):
            raise _bad(text, "give finite entries")
        source = _as_python(text, constants)
        tree = ast.parse(source, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise _bad(text) from None

    def literal(node: ast.Constant) -> str:
        return source.encode()[node.col_offset : node.end_col_offset].decode()

    return evaluated(tree, literal, constants.value)


def _as_python(text: str, constants: Constants) -> str:
    """The text as an expression of Python: without suffixes, casts and template arguments."""
    text = re.sub(r"(?<=[\d.])\s*(?=sqrt\()", "*", " ".join(text.split()))
    text = _LITERAL_SUFFIX.sub(r"\1", _FORTRAN.sub("e", text))
    text = _CAST.sub(lambda match: match[0] if match[1] in constants else "", text)
    text = _TEMPLATE.sub("", _RUST_CAST.sub("", text)).replace("::", ".").replace("^", "**")
    return _LEADING_ZEROS.sub("", _OTHER_DIVISION.sub("/", text))


def check_ordinary(value: Decimal) -> Decimal:
    """The decimal, if it is an ordinary number.

    Raises:
        BadNumber: infinite, NaN, or beyond 1e400 or 1e-400.
    """
    if not value.is_finite():
        raise _bad(str(value), "give finite entries")
    if value and abs(value.adjusted()) > 400:
        raise _bad(str(value), "give entries of ordinary size")
    return value


def _hexadecimal(sign: str, whole: str, fraction: str, exponent: str) -> ReadNumber:
    if not whole + fraction:
        raise _bad("0x", "a hexadecimal number has digits")
    shift = int(exponent) - 4 * len(fraction)
    value = int(whole + fraction, 16)
    number = Rational(value * 2**shift) if shift >= 0 else Rational(value, 2**-shift)
    return -number if sign == "-" else number


def evaluated(
    node: ast.expr, literal: Callable[[ast.Constant], str], look_up: Callable[[str], ReadNumber]
) -> ReadNumber:
    """The number of an expression, by its syntax tree; nothing is executed.

    `literal` gives the source text of a literal, `look_up` the number of a name.

    Raises:
        BadNumber
    """
    try:
        return _evaluate(node, literal, look_up)
    except (WincraftError, ZeroDivisionError, RecursionError, OverflowError, ArithmeticError) as error:
        raise (error if isinstance(error, BadNumber) else _bad(str(error))) from None


def _evaluate(
    node: ast.expr, literal: Callable[[ast.Constant], str], look_up: Callable[[str], ReadNumber]
) -> ReadNumber:
    def of(child: ast.expr) -> ReadNumber:
        return _evaluate(child, literal, look_up)

    match node:
        case ast.Constant(value=bool()):
            raise _bad("a truth value", "write 0 or 1")
        case ast.Constant(value=int() as value):
            return exact_number(value)
        case ast.Constant(value=float()):
            return check_ordinary(Decimal(literal(node).replace("_", "")))
        case ast.Constant(value=str() as text):
            return read_entry(text)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            value = of(operand)
            return value.copy_negate() if isinstance(value, Decimal) else -value
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return of(operand)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return _power(of(left), of(right))
        case ast.BinOp(left=left, op=operation, right=right):
            return combine(operation, of(left), of(right))
        case ast.Attribute(attr="Half"):
            return exact_number("1/2")
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return _KNOWN[name] if name in _KNOWN else look_up(name)
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=arguments):
            return _call(name, [of(argument) for argument in arguments])
    raise _bad(ast.unparse(node))


def _call(name: str, arguments: list[ReadNumber]) -> ReadNumber:
    """A root, a quotient, or a conversion such as half(0.5), which is its argument."""
    if len(arguments) == 2 and name in _QUOTIENTS:
        return combine(ast.Div(), *arguments)
    if len(arguments) != 1 or _OTHER_FUNCTIONS.fullmatch(name):
        raise _bad(f"{name}()")
    if not re.fullmatch(r"sqrt[fl]?|Sqrt", name):
        return arguments[0]
    value = exactly(arguments[0])
    if value is None:
        with localcontext() as context:
            context.prec = 60
            root = arguments[0].sqrt()
            return _rounded(root, _slack(arguments[0]) / (2 * root))
    if not value.is_Rational or value < 0 or max(value.p, value.q) > _LONGEST_ROOT:
        raise _bad(f"{name}({value})", "a root is one of a fraction that is not negative")
    return sqrt(value)


def exactly(value: ReadNumber) -> ReadNumber | None:
    """The sympy number of an exact value or of a decimal that is a binary fraction, None for other decimals."""
    if not isinstance(value, Decimal):
        return value
    fraction = Fraction(value)
    return None if fraction.denominator & (fraction.denominator - 1) else Rational(fraction)


def combine(operation: ast.operator, left: ReadNumber, right: ReadNumber) -> ReadNumber:
    """The sum, difference, product or quotient: exact, or with the digits that rounding leaves.

    Raises:
        BadNumber: another operation, or a division by 0.
    """
    a, b = exactly(left), exactly(right)
    if a is not None and b is not None:
        return exact_number(_apply(operation, a, b))
    first, second = _as_decimal(left), _as_decimal(right)
    with localcontext() as context:
        context.prec = 60
        value = _apply(operation, first, second)
        slack, other = _slack(left), _slack(right)
        if isinstance(operation, (ast.Mult, ast.Div)):
            slack = abs(value) * sum(
                (half / abs(x) for half, x in ((slack, first), (other, second)) if half), Decimal(0)
            )
        else:
            slack += other
        return check_ordinary(_rounded(value, slack))


def _slack(value: ReadNumber) -> Decimal:
    """Half a unit of the last digit of a decimal that is not exact."""
    return Decimal(0) if exactly(value) is not None else Decimal((0, (5,), int(value.as_tuple().exponent) - 1))


def _rounded(value: Decimal, slack: Decimal) -> Decimal:
    """The value with as many digits as keep the exact one within half a unit of the last, the error being `slack`."""
    last = (2 * slack).adjusted() + 1
    while value.adjusted() - last < 50:
        unit = Decimal((0, (1,), last))
        shorter = value.quantize(unit)
        if abs(value - shorter) + slack <= unit / 2:
            return shorter
        last += 1
    return value


def _as_decimal(value: ReadNumber) -> Decimal:
    if isinstance(value, Decimal):
        return value
    with localcontext() as context:
        context.prec = 40
        if value.is_Rational:
            return Decimal(int(value.p)) / Decimal(int(value.q))
        return Decimal(str(value.evalf(40)))


def _apply(operation: ast.operator, a: ReadNumber, b: ReadNumber) -> ReadNumber:
    if type(operation) not in _OPERATIONS:
        raise _bad(type(operation).__name__, "only + - * / and powers are read")
    if b == 0 and isinstance(operation, ast.Div):
        raise _bad(f"{a} / 0", "do not divide by 0")
    return _OPERATIONS[type(operation)](a, b)


def _power(base: ReadNumber, exponent: ReadNumber) -> ReadNumber:
    base, exponent = exactly(base), exactly(exponent)
    if base is None or exponent is None or not exponent.is_Rational or abs(exponent) > MAX_EXPONENT:
        raise _bad("a power", f"an exponent is a number up to {MAX_EXPONENT}")
    if exponent == Rational(1, 2):
        return _call("sqrt", [base])
    if not exponent.is_Integer or not base.is_Rational or (exponent < 0 and base == 0):
        raise _bad("a power", "an exponent is an integer, or 1/2")
    if max(abs(base.p), base.q).bit_length() * abs(int(exponent)) > 10_000:
        raise _bad("a power", "it has too many digits")
    return exact_number(base**exponent)
