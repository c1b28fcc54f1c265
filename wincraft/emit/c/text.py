# SPDX-License-Identifier: Apache-2.0
"""How C text is laid out: comments, broken lines, bounds as words."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, Context, Decimal

from wincraft.exact.number import number_text, to_fraction
from wincraft.exact.types import Number

LINE_LENGTH = 120
"""Longest line, but for the command and exact values of many digits."""


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
    """The head, then the items with spaces between, broken so that lines stay within `LINE_LENGTH`, then the tail.

    >>> print(fill("    y = ", ["x0", "+ x1"], ";"))
        y = x0 + x1;
    """
    indent = " " * (len(head) - len(head.lstrip()) + 4)
    lines, line = [], head + items[0]
    for item in items[1:]:
        if len(line) + 1 + len(item) + len(tail) > LINE_LENGTH:
            lines.append(line)
            line = indent + item
        else:
            line += " " + item
    return "\n".join([*lines, line + tail])


def aligned(rows: Sequence[Sequence[str]], right: bool = False, gap: str = "  ") -> list[str]:
    """Cells in columns, one text per row.

    >>> aligned([("d", "int8_t"), ("sums", "int64_t")])
    ['d     int8_t', 'sums  int64_t']
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    adjust = str.rjust if right else str.ljust
    return [gap.join(adjust(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def table_rows(values: Sequence[Sequence[str]], exact: Sequence[Sequence[str]]) -> list[str]:
    """The initialisers of a table, each row with its exact entries in a comment: beside it, or above where long.

    >>> print(*table_rows([["0.5F", "1.0F"]], [["1/2", "1"]]), sep="\\n")
        {0.5F, 1.0F}, /* 1/2  1 */
    """
    codes = [f"    {{{row}}}," for row in aligned(values, right=True, gap=", ")]
    beside = (
        [f"{code} /* {row} */" for code, row in zip(codes, aligned(exact, right=True), strict=True)] if exact else codes
    )
    if max(map(len, beside)) <= LINE_LENGTH:
        return beside
    codes = [fill("    {", [*(f"{value}," for value in row[:-1]), row[-1]], "},") for row in values]
    notes = [fill("    /* ", row, " */") for row in exact]
    return [line for pair in zip(notes, codes, strict=True) for line in pair] if exact else codes


def bound_text(output: str, norm: Number, input: str) -> str:
    """``|u| <= 10 max|d|``; a norm that is no integer is rounded up to four digits, the exact one beside it.

    >>> from sympy import Rational
    >>> bound_text("u", Rational(169, 36), "d")
    '|u| <= 4.695 max|d| (169/36)'
    """
    exact = to_fraction(norm)
    if norm.is_Rational and exact.denominator == 1:
        return f"|{output}| <= {norm} max|{input}|"
    rounded = Context(prec=4, rounding=ROUND_CEILING).divide(Decimal(exact.numerator), Decimal(exact.denominator))
    told = f" ({number_text(norm)})" if len(number_text(norm)) <= 30 else ""
    return f"|{output}| <= {rounded} max|{input}|{told}"
