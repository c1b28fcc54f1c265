# SPDX-License-Identifier: Apache-2.0
"""HTML as text: a line for every row of a table, superscripts as exponents, entities as their characters."""

from __future__ import annotations

import html
import re

_CLOSING_TAG = re.compile(r"</(?:html|body|table|tr|td|div|p)\s{0,9}>", re.IGNORECASE)
_CELL = re.compile(r"\s{0,99}</?t[dh]\b[^<>]{0,300}>\s{0,99}", re.IGNORECASE)
_ROW = re.compile(r"\s{0,99}</?tr\b[^<>]{0,300}>\s{0,99}", re.IGNORECASE)
_EXPONENT = re.compile(r"<sup\b[^<>]{0,300}>", re.IGNORECASE)
_LINE = re.compile(r"</?(?:h\d|p|div|table|br|li|pre)\b[^<>]{0,300}>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z!][^<>]{0,300}>")


def without_markup(text: str) -> str:
    """The text of an HTML page; any other text as it is.

    >>> without_markup("<p>B<sup>T</sup></p><table><tr><td>1</td><td>&minus;1/2</td></tr></table>").split()
    ['B^T', '1', '−1/2']
    >>> without_markup("std::array<float, 4> a = {1, 2 < 3};")
    'std::array<float, 4> a = {1, 2 < 3};'
    """
    if not _CLOSING_TAG.search(text):
        return text
    text = _ROW.sub("\n", _CELL.sub("  ", text)).replace("\n\n", "\n")
    return html.unescape(_TAG.sub("", _LINE.sub("\n", _EXPONENT.sub("^", text))))
