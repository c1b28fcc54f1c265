# SPDX-License-Identifier: Apache-2.0
"""Default points: the catalogue for small tiles, a stated rule beyond it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources

from wincraft.algorithm.modulus import Modulus
from wincraft.construct.moduli import INFINITY, list_of_points, parse_moduli


@dataclass(frozen=True)
class Entry:
    """The default points of one F(m,r): the points as text, their exact noise gain, and where they come from."""

    m: int
    r: int
    points: str
    noise_gain: str
    source: str


@cache
def catalogue() -> dict[tuple[int, int], Entry]:
    """Every entry by (m, r), for m + r - 1 <= 18.

    >>> catalogue()[2, 3].points
    '0,1,-1,inf'
    """
    text = resources.files("wincraft.construct").joinpath("catalogue.json").read_text(encoding="utf-8")
    return {(m, r): Entry(m, r, *rest) for m, r, *rest in json.loads(text)["entries"]}


def default_moduli(m: int, r: int) -> tuple[Modulus, ...]:
    """The catalogue's points for F(m,r); beyond it 0, 1, -1, 2, -2, 1/2, -1/2, ... by growing height, and inf."""
    entry = catalogue().get((m, r))
    if entry is not None:
        return parse_moduli(entry.points)
    return (*list_of_points(m + r - 2), INFINITY)


def default_source(m: int, r: int) -> str:
    """Where the default points of F(m,r) come from, in words.

    >>> default_source(2, 3)
    'lowest noise gain of the 11 symmetric sets of height <= 4; also in Lavin & Gray, arXiv 1509.09308, for F(2,3)'
    """
    entry = catalogue().get((m, r))
    return entry.source if entry else "beyond the catalogue: the smallest fractions by height, not optimised"
