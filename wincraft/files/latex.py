# SPDX-License-Identifier: Apache-2.0
"""Matrices in LaTeX: the matrix environments of amsmath, array, and what stands in their entries."""

from __future__ import annotations

import re

from wincraft.exact.matrix import transposed
from wincraft.files.names import last_role
from wincraft.files.table import Table

_ENVIRONMENT = re.compile(
    r"\\begin\{(?P<kind>(?:[bpvBV]|small|psmall|bsmall)?matrix\*?|array|tabular)\}(?:\s*\[[^\]]{0,40}\])?"
    r"(?P<columns>\{[^{}]{0,200}\})?"
)
_SPACE = re.compile(
    r"\\(?:[,;:! ]|q?quad|hline|displaystyle|textstyle|[hv]?phantom\{[^{}]{0,40}\})"
    r"|~|\$|\\(?:left|right)(?![a-z])[.()\[\]]?"
)
_ARGUMENT = r"(?:\{([^{}]{1,200})\}|(\d))"
_FRACTION = re.compile(rf"\\(?:[dtc]?frac|sfrac|nicefrac|xfrac)\s*{_ARGUMENT}\s*{_ARGUMENT}")
_ROW_END = re.compile(r"\\\\(?:\[[^\]]{0,20}\])?|\\cr\b")
_ROOT = re.compile(r"\\sqrt\s*(?:\{([^{}]{1,200})\}|(\d))")
_GROUP = re.compile(r"\{([^{}]{0,200})\}")
_COMMENT = re.compile(r"(?<!\\)%[^\n]*")
_TURNED = re.compile(r"\s*(?:\\right[\])}.|]\s*)?\^\s*\{?\s*(?:\\(?:top|intercal|mathsf|mathrm|text)\b|T\b)")
_LOOK_BACK = 160


def tables_in_latex(text: str) -> list[Table]:
    r"""The matrix environments, with the last name before each; comments are passed over.

    >>> [table] = tables_in_latex(r"A^T = \begin{bmatrix} 1 & \frac{1}{2} \\ 0 & -\sqrt2 \end{bmatrix}")
    >>> table.role.written, table.rows
    ('AT', [['1', '(1)/(2)'], ['0', '-sqrt(2)']])
    """
    text = _COMMENT.sub("", text)
    tables, end, unended = [], 0, set()
    for match in _ENVIRONMENT.finditer(text):
        if match.start() < end or match["kind"] in unended:
            continue
        stop = text.find("\\end{" + match["kind"] + "}", match.end())
        if stop < 0:
            unended.add(match["kind"])
            continue
        columns = match["columns"] if match["columns"] and match["kind"] not in ("array", "tabular") else ""
        before = text[max(end, match.start() - _LOOK_BACK) : match.start()]
        end = stop + len(match["kind"]) + 6
        body = columns + text[match.end() : stop]
        rows = [[_entry(entry) for entry in row.split("&")] for row in _ROW_END.split(body)]
        rows = [row for row in rows if any(row)]
        if rows:
            turned = _TURNED.match(text, end) and len(set(map(len, rows))) == 1
            tables.append(Table(transposed(rows) if turned else rows, last_role(before), match.start()))
    return tables


def _entry(text: str) -> str:
    """The entry as an expression: fractions from the innermost, then roots and groups."""
    text = _SPACE.sub(" ", text).strip()
    for _ in range(8):
        shorter = _ROOT.sub(lambda match: f"sqrt({match[1] or match[2]})", text)
        shorter = _FRACTION.sub(lambda match: f"({match[1] or match[2]})/({match[3] or match[4]})", shorter)
        if shorter == text:
            shorter = _GROUP.sub(r"\1", text)
        if shorter == text:
            break
        text = shorter
    return text.replace("\\cdot", "*").replace("\\times", "*").strip()
