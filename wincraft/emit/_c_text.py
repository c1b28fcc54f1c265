# SPDX-License-Identifier: Apache-2.0
"""How C text is laid out: comments, broken lines, bounds as words."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, Context, Decimal
from typing import Any

from wincraft.exact.number import number_text, to_fraction

WIDTH = 100
"""Longest line of code; in comments the command, the hash and exact values may be longer."""


def comment(*lines: str) -> str:
    """A block comment, which nothing in its text can close.

    >>> print(comment("y = A^T m", "", "a */ b"))
    /* y = A^T m
     *
     * a * / b */
    """
    safe = [line.replace("*/", "* /").replace("/*", "/ *") for line in lines]
    return "/* " + "\n".join([safe[0], *(f" * {line}".rstrip() for line in safe[1:])]) + " */"


def fill(head: str, items: Sequence[str], tail: str = "") -> str:
    """The head, then the items with spaces between, broken so that lines stay within `WIDTH`, then the tail.

    >>> print(fill("    y = ", ["x0", "+ x1"], ";"))
        y = x0 + x1;
    """
    indent = " " * (len(head) - len(head.lstrip()) + 4)
    lines, line = [], head + items[0]
    for item in items[1:]:
        if len(line) + 1 + len(item) + len(tail) > WIDTH:
            lines.append(line)
            line = indent + item
        else:
            line += " " + item
    return "\n".join([*lines, line + tail])


def bound_text(output: str, norm: Any, input: str) -> str:
    """``|u| <= 10 max|d|``; a norm that is no integer is rounded up to four digits, the exact one beside it.

    >>> from sympy import Rational
    >>> bound_text("u", Rational(169, 36), "d")
    '|u| <= 4.695 max|d| (169/36)'
    """
    if norm.is_Integer:
        return f"|{output}| <= {norm} max|{input}|"
    fraction = to_fraction(norm)
    rounded = Context(prec=4, rounding=ROUND_CEILING).divide(Decimal(fraction.numerator), Decimal(fraction.denominator))
    exact = f" ({number_text(norm)})" if len(number_text(norm)) <= 30 else ""
    return f"|{output}| <= {rounded} max|{input}|{exact}"
