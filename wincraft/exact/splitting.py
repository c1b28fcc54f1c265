# SPDX-License-Identifier: Apache-2.0
"""Cutting texts at separators; no algebra is loaded for it."""

from __future__ import annotations

import re


def split_list(text: str, separator: str = ",", brackets: str = "()") -> list[str]:
    """The pieces of a text between separators that stand outside brackets, given in pairs; none is left out.

    >>> split_list("x^2+1@(0,1,inf),-1"), split_list("U=fixed<8,2>;M", ";", "<>")
    (['x^2+1@(0,1,inf)', '-1'], ['U=fixed<8,2>', 'M'])
    """
    opening, closing = brackets[::2], brackets[1::2]
    if not set(opening) & set(text):
        return text.split(separator)
    pieces, depth, start = [], 0, 0
    for match in re.finditer(f"[{re.escape(brackets + separator)}]", text):
        if match[0] in opening:
            depth += 1
        elif match[0] in closing:
            depth -= 1
        elif depth <= 0:
            pieces.append(text[start : match.start()])
            start = match.end()
    return [*pieces, text[start:]]
