# SPDX-License-Identifier: Apache-2.0
"""Sizes as people write them: ``F(4,3)``, ``F(4x4,3x3)``, ``4x4,3x3``."""

from __future__ import annotations

import re
from numbers import Integral

from wincraft.errors import BadSize, shorten

MAX_TILE = 256
"""Largest tile m + r - 1 per axis."""
MAX_AXES = 4

_SIZE = re.compile(r"(?:F\((?P<inner>[^()]*)\)|(?P<bare>[^()]*))", re.IGNORECASE)
_SIDE = re.compile(r"[+-]?\d{1,9}(?:\s*[xX×]\s*[+-]?\d{1,9})*")


def parse_size(text: str) -> tuple[tuple[int, int], ...]:
    """The (m, r) of every axis.

    Raises:
        BadSize: where the text is no size, the axes do not match, or a size is out of range.

    >>> parse_size("F(2x4,3x5)"), parse_size("4,3")
    (((2, 3), (4, 5)), ((4, 3),))
    """
    if not isinstance(text, str):
        raise BadSize(shorten(repr(text)), 'give a text such as "F(4,3)"')
    match = _SIZE.fullmatch(text.strip())
    sides = (match["inner"] or match["bare"] or "").split(",") if match else []
    if len(sides) != 2 or not all(_SIDE.fullmatch(side.strip()) for side in sides):
        raise BadSize(repr(shorten(text)), 'write it as "F(4,3)", 4,3 or, for images, 4x4,3x3')
    outputs, taps = ([int(part) for part in re.split("[xX×]", side)] for side in sides)
    if len(outputs) != len(taps):
        raise BadSize(
            repr(shorten(text)), f"give as many filter sizes as outputs: {len(outputs)} and {len(taps)} axes differ"
        )
    if len(outputs) > MAX_AXES:
        raise BadSize(repr(shorten(text)), f"at most {MAX_AXES} axes")
    return tuple(check_size(m, r) for m, r in zip(outputs, taps, strict=True))


def check_size(m: object, r: object) -> tuple[int, int]:
    """(m, r) as ints; integers >= 1 with a tile within `MAX_TILE`.

    Raises:
        BadSize

    >>> check_size(4, 3)
    (4, 3)
    """
    if isinstance(m, bool) or isinstance(r, bool) or not (isinstance(m, Integral) and isinstance(r, Integral)):
        raise BadSize(f"F({shorten(repr(m))},{shorten(repr(r))})", "m and r are integers")
    m, r = int(m), int(r)
    if max(abs(m), abs(r)).bit_length() > 256:
        raise BadSize("with a number beyond 256 bits", f"the tile m + r - 1 is at most {MAX_TILE}")
    if m < 1 or r < 1:
        raise BadSize(f"F({m},{r})", "m and r are at least 1")
    if m + r - 1 > MAX_TILE:
        tile = f"the tile m + r - 1 = {m + r - 1} is beyond the limit {MAX_TILE}"
        raise BadSize(f"F({m},{r})", f"{tile}; split the filter or the output")
    return m, r
