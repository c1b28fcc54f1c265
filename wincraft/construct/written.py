# SPDX-License-Identifier: Apache-2.0
"""Constructions as people write them in place of a size: ``4+3,3``, ``2*2,2*2``, ``SFC-6(6x6,3x3)``.

``Karatsuba(5,5)`` is one too.

A piece of a sum or a product may give its points, ``F(4@(0,1,-1,2,-1/2)+3@(0,1,-1,2),3)``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import reduce

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.nesting import nest
from wincraft.algorithm.recipe import Recipe
from wincraft.construct.beside import beside
from wincraft.construct.fourier import symbolic_fourier
from wincraft.construct.karatsuba import iterated, karatsuba_like
from wincraft.construct.size import check_size, parse_size
from wincraft.errors import BadSize, NotApplicable, shorten
from wincraft.exact.splitting import split_list

_NAMED = re.compile(r"\s*(?:SFC-(?P<points>\d{1,3})|(?P<karatsuba>Karatsuba))\s*(?P<size>\(.*\))\s*", re.IGNORECASE)
_PIECE = re.compile(r"\s*(?P<size>\d{1,9})\s*(?:@\((?P<points>.*)\))?\s*")
_OPERATORS = {"+": "side by side", "*": "iterated"}

AxisMaker = Callable[[int, int, object, str], Algorithm]
"""What makes F(m,r) of points, None for the catalogue's, in a convention."""


def is_written(text: str) -> bool:
    """Whether a text is a construction and no plain size.

    >>> [is_written(text) for text in ("4+3,3", "SFC-6(6x6,3x3)", "F(4x4,3x3)", "-1,3")]
    [True, True, False, False]
    """
    return _NAMED.fullmatch(text) is not None or any(
        re.search(rf"[\d)]\s*{re.escape(sign)}", text) for sign in _OPERATORS
    )


def construct(text: str, convention: str, of_axis: AxisMaker, points: object = None) -> Algorithm:
    """The algorithm of a construction; `points` name a set of the catalogue for all pieces that give none.

    Raises:
        BadSize: for what is none.
        NotApplicable: where its parts do not fit together, or it has no such points or convention.

    >>> from wincraft import winograd
    >>> winograd("F(4+3,3)", points="accuracy").rank, winograd("2*2,2*2", points="0,1").rank
    (11, 9)
    """
    if named := _NAMED.fullmatch(text):
        if points is not None:
            raise NotApplicable(f"points of {text.strip()}", "it has its own", "leave them out")
        sizes = parse_size(f"F{named['size']}")
        if named["points"]:
            return symbolic_fourier(int(named["points"]), sizes, convention)
        if convention != "wincnn":
            repair = "leave the convention out; rescale() scales it"
            raise NotApplicable(f"convention {convention} of {text.strip()}", "it has no points", repair)
        return nest(*(karatsuba_like(*size) for size in sizes))
    inside = re.fullmatch(r"\s*F\s*\((.*)\)\s*", text, re.IGNORECASE)
    sides = split_list(inside[1] if inside else text)
    if len(sides) != 2:
        raise BadSize(repr(shorten(text)), 'write it as "4+3,3" or "2*2,2*2", for images 4+3x4+3,3x3')
    outputs, taps = (split_list(side.replace("×", "x").replace("X", "x"), "x") for side in sides)
    if len(outputs) != len(taps):
        raise BadSize(repr(shorten(text)), f"{len(outputs)} and {len(taps)} axes differ; give as many filter sizes")
    made: dict[tuple[str, str], Algorithm] = {}
    for axis in zip(outputs, taps, strict=True):
        if axis not in made:
            made[axis] = _of_axis(*axis, text, convention, of_axis, points)
    return nest(*(made[axis] for axis in zip(outputs, taps, strict=True)))


def _of_axis(outputs: str, taps: str, text: str, convention: str, of_axis: AxisMaker, points: object) -> Algorithm:
    signs = [sign for sign in _OPERATORS if len(split_list(outputs, sign)) > 1]
    sign = signs[0] if signs else ""
    pieces = split_list(outputs, sign) if sign else [outputs]
    given = [_PIECE.fullmatch(piece) for piece in pieces]
    filters = split_list(taps, "*") if sign == "*" else [taps] * len(pieces)
    if len(signs) > 1 or None in given or len(filters) != len(given) or not all(f.strip().isdecimal() for f in filters):
        repair = "one axis is m1+m2,r or m1*m2,r1*r2, each m with @(its points) if wanted"
        raise BadSize(repr(shorten(text)), repair)
    parts, words = [], []
    for piece, count in zip(given, filters, strict=True):
        assert piece is not None
        m, r = check_size(int(piece["size"]), int(count))
        parts.append(of_axis(m, r, piece["points"] if piece["points"] is not None else points, convention))
        words.append(f"{m}@({','.join(map(str, parts[-1].moduli))})")
    if not sign:
        return parts[0]
    if sign == "+":
        whole, right = beside(*parts, integers=convention == "integer"), filters[0].strip()
    else:
        whole, right = reduce(iterated, parts), "*".join(count.strip() for count in filters)
    return replace(whole, recipe=(Recipe(None, convention, construction=f"F({sign.join(words)},{right})"),))
