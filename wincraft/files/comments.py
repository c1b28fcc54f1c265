# SPDX-License-Identifier: Apache-2.0
"""Source code apart from its comments: code with blanks where they stood, the comments' text, the constants defined."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from wincraft.errors import BadNumber
from wincraft.exact.number import to_fraction
from wincraft.files.entry import Constants, read_entry
from wincraft.files.table import Table

_COMMENT = re.compile(r"/\*(.*?)\*/|//([^\n]*)", re.DOTALL)
_END = re.compile(r"\};|\]>(?P<float32> : tensor<\d+x\d+xf32>)?")
"""What ends a table of C and a constant of MLIR, which says the type of its entries."""
_SKIPPED = re.compile(
    r"(?P<block>/\*[\s\S]*?(?:\*/|\Z)|<!--[\s\S]*?(?:-->|\Z)|\(\*\s[\s\S]*?(?:\s\*\)|\Z))"
    r"|(?P<line>//(?<!:)(?<!\d//(?=\d))[^\n]*|\#(?!\d?A\()[^\n]*|%(?![A-Za-z_0-9.])(?!(?<=[\d)] %) \d+\s*[,\])])[^\n]*"
    r"|(?<![^\s])--(?=[\s-])[^\n]*"
    r"|(?m:^[ \t]*[!;](?=\s)[^\n]*))"
    r"|(?P<text>\"(?:[^\"\\\n]|\\.){0,500}\"|(?<![\w)\]}])'[^'\\\n{}]{0,60}'(?![\w']))"
)
_NAME_OR_NUMBER = re.compile(r"[\w^./+\-'() ]{1,60}")
_NUMBERS = re.compile(r"[-+\d.,;/eE \t]{3,}")
_SEVERAL = re.compile(r"\d\.?[ \t]*;|\d\.?[ \t]+[-+]?[\d.]")
_MARGIN = re.compile(r"^[ \t]*(?:/\*+!?|\*+/?|//[/!]*|#+|%+|--+|;+|!+)?|\*+/[ \t]*$|-->[ \t]*$")
_DEFINITION = re.compile(r"^[ \t]*#[ \t]*define[ \t]+([A-Za-z_]\w*)[ \t]+([^\n]{1,120})$", re.MULTILINE)
_VALUE = r"[-+\w.(][^;,={}\[\]\n\"]{0,80}?"
_CONSTANT = re.compile(
    rf"(?<![\w.])([A-Za-z_]\w{{0,80}})[ \t]*(?::[ \t]*[\w:]{{1,40}}[ \t]*)?:?=[ \t]*({_VALUE})[ \t]*(?=[;,\n]|\Z)"
)
_INITIALISED = re.compile(rf"(?<![\w.])(?:const|constexpr|double|float|half)\s+([A-Za-z_]\w*)[({{]({_VALUE})[)}}]\s*;")


@dataclass(frozen=True)
class Source:
    """`code` has the length of the text; `comments` keeps only what stands in comments, at its line."""

    code: str
    comments: str
    constants: Constants


def split_comments(text: str) -> Source:
    """Code and comments apart, in one pass.

    Comments are those of C, Python, MATLAB, Lua and Fortran; MLIR's %names and Julia's 1//2 stay code. Of a text in
    quotes a name or a number is kept, without the quotes, and several numbers as Armadillo has them, "1 0; 0 1".

    >>> split_comments("float x; // AT").comments.strip()
    'AT'
    """
    code, comments, end = [], [], 0
    for match in _SKIPPED.finditer(text):
        before = text[end : match.start()]
        code.append(before)
        comments.append("\n" * before.count("\n"))
        piece = match[0]
        if match["text"] is not None:
            inside = piece[1:-1]
            code.append(_kept(inside))
        else:
            code.append(re.sub(r"[^\n]", " ", piece))
            comments.append("\n".join(_MARGIN.sub("", line) for line in piece.split("\n")))
        end = match.end()
    code.append(text[end:])
    return Source("".join(code), "".join(comments), Constants(_constants(text)))


def _kept(quoted: str) -> str:
    """What code keeps of a text in quotes: a name or a number, and numbers in brackets."""
    if _NUMBERS.fullmatch(quoted) and _SEVERAL.search(quoted):
        return f"[{quoted}]"
    return f" {quoted} " if _NAME_OR_NUMBER.fullmatch(quoted) else " " * (len(quoted) + 2)


def _constants(text: str) -> dict[str, str]:
    """Names that are given one short value: by #define, by =, by a type and brackets; the first value counts."""
    found: dict[str, str] = {}
    for pattern in (_DEFINITION, _INITIALISED, _CONSTANT):
        for name, value in pattern.findall(text):
            short = re.split(r"//|/\*", value)[0].strip()
            if short and short != name:
                found.setdefault(name, short)
    return found


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
    end = _END.search(text, table.place)
    notes = _COMMENT.findall(text, table.place, end.start() if end else len(text))
    exact = " ".join(block or line for block, line in notes).split()
    narrow = bool(end and end["float32"])
    rounded = [str(entry) for row in table.rows for entry in row]
    if len(exact) != len(rounded):
        return table
    try:
        agree = all(_rounds_to(one, other, narrow) for one, other in zip(exact, rounded, strict=True))
    except BadNumber:
        return table
    entries = iter(exact)
    return replace(table, rows=[[next(entries) for _ in row] for row in table.rows]) if agree else table


def _rounds_to(exact: str, rounded: str, narrow: bool) -> bool:
    """Whether a literal is the exact number to the last bit of its type: float, where `narrow` too, double, integer."""
    number, literal = read_entry(exact), read_entry(rounded)
    if isinstance(number, Decimal):
        return False
    wanted, value = to_fraction(number), Fraction(literal) if isinstance(literal, Decimal) else to_fraction(literal)
    bits = 24 if narrow or rounded[-1] in "fF" else 53 if "." in rounded else None
    return abs(value - wanted) <= (abs(wanted) / 2 ** (bits - 1) if bits else 0)
