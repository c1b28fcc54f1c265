# SPDX-License-Identifier: Apache-2.0
"""The tables of a header that wincraft wrote: exact entries stand in the comments between the rounded ones."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from wincraft.errors import BadNumber
from wincraft.exact.number import to_fraction
from wincraft.files.entry import read_entry
from wincraft.files.table import Table

_COMMENT = re.compile(r"/\*(.*?)\*/", re.DOTALL)


def with_exact_entries(table: Table, text: str) -> Table:
    """The table with the entries of its comments, where each entry in the code is one of them rounded to its type.

    >>> text = "float wincraft_f1_1_G_f32[1][2] = { /* 1/3 1 */ {0.333333343F, 1.0F}, };"
    >>> table = Table([["0.333333343F", "1.0F"]], place=text.index("{"))
    >>> with_exact_entries(table, text).rows
    [['1/3', '1']]
    >>> with_exact_entries(replace(table, rows=[["0.3333F", "1.0F"]]), text).rows
    [['0.3333F', '1.0F']]
    >>> decimals = text.replace("1/3", "0.3")
    >>> with_exact_entries(table, decimals).rows
    [['0.333333343F', '1.0F']]
    """
    exact = " ".join(_COMMENT.findall(text, table.place, text.find("};", table.place))).split()
    rounded = [str(entry) for row in table.rows for entry in row]
    if len(exact) != len(rounded):
        return table
    try:
        agree = all(_rounds_to(one, other) for one, other in zip(exact, rounded, strict=True))
    except BadNumber:
        return table
    entries = iter(exact)
    return replace(table, rows=[[next(entries) for _ in row] for row in table.rows]) if agree else table


def _rounds_to(exact: str, rounded: str) -> bool:
    """Whether a literal of C is the exact number to the last bit of its type: float, double or an integer."""
    number, literal = read_entry(exact), read_entry(rounded)
    if isinstance(number, Decimal):
        return False
    wanted, value = to_fraction(number), Fraction(literal) if isinstance(literal, Decimal) else to_fraction(literal)
    bits = 24 if rounded[-1] in "fF" else 53 if "." in rounded else None
    return abs(value - wanted) <= (abs(wanted) / 2 ** (bits - 1) if bits else 0)
