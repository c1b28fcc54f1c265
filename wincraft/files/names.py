# SPDX-License-Identifier: Apache-2.0
"""What the name of a matrix says: A, B or G, stored as such or transposed, and of which algorithm of the file."""

from __future__ import annotations

import re
from dataclasses import dataclass

from wincraft.algorithm.refutation import MatrixName

_SPLIT = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_JOINED = re.compile(r"(at|bt|gt|[abg])(mat|matrix|mtx|data|tm)s?$", re.IGNORECASE)
_LETTERS = {"a": "AT", "at": "AT", "b": "BT", "bt": "BT", "g": "G", "gt": "G"}
_TRANSPOSED = {"t", "tr", "trans", "transpose", "transposed", "tp"}
_TABLES = {
    **dict.fromkeys(("itm", "imatrix", "imat"), "BT"),
    **dict.fromkeys(("ktm", "fmatrix", "fmat", "wtm", "kmatrix"), "G"),
    **dict.fromkeys(("otm", "omatrix", "omat"), "AT"),
}
WORDS = {
    **dict.fromkeys(("input", "inputs", "data", "src", "source", "image", "in", "inp"), "BT"),
    **dict.fromkeys(("kernel", "filter", "weight", "weights", "filt", "ker", "flt", "wei"), "G"),
    **dict.fromkeys(("output", "outputs", "inverse", "dst", "out", "inv", "result"), "AT"),
}
"""Words for the operands: the matrix of the transform that a name with one of them stands for."""
_ABOUT = {"transform", "transforms", "transformation", "trans", "matrix", "matrices", "mat", "tm", "winograd", "wino"}
_ABOUT |= {"xform", "tf", "coef", "coeff", "coeffs", "table", "mtx"}
_TOKEN = re.compile(
    r"(?P<before>\btrans(?:pose)?\s*\(\s*)?(?P<name>[A-Za-z_]\w*)"
    r"(?P<after>\s*\^\s*\{?\s*\\?[Tt](?:op)?\b|'(?![\w'])|\.T\b|\.transpose\b)?"
)
_MARKUP = re.compile(
    r"\\(?:math(?:bf|rm|sf|it|cal|bb)|boldsymbol|bm|text(?:bf|it|rm)?|vec|hat|left|right)(?![a-z])|[{}$`~]|\*\*"
)


@dataclass(frozen=True)
class Role:
    """Which matrix a name means, how it is written ("A" is the transpose of "AT"), and the rest of the name.

    `weight` says how clear the name is: 4 for AT, 3 for A, 2 for words such as input_transform, 1 for a lone a.
    `name` is the whole name.
    """

    matrix: MatrixName
    written: str
    key: str
    weight: int
    name: str


def role_of(name: str, transposed: bool = False) -> Role | None:
    """The role that an identifier tells by one of its parts, or None.

    >>> role_of("wino_BT").written, role_of("matA").written, role_of("G_4x4_5x5").key, role_of("ktm").matrix
    ('BT', 'A', '4 x 4 5 x 5', 'G')
    >>> role_of("kTransformInput").matrix, role_of("float")
    ('BT', None)
    """
    parts = _parts(name)
    if "STAGES" in parts or len(parts) > 20:
        return None
    lower = [part.lower() for part in parts]
    found = _by_letter(parts, lower) or _by_word(lower)
    if found is None:
        return None
    matrix, letters, first, last, weight = found
    turns = (len(letters) == 2, last > first, transposed, first > 0 and lower[first - 1] == "transpose")
    flipped = sum(turns) % 2 == 1
    if weight == 2:  # words do not say how: as they are used
        written: str = matrix
    elif matrix == "G":
        written = "GT" if flipped else "G"
    else:
        written = matrix if flipped else matrix[0]
    if flipped and weight == 3:
        weight = 4
    key = " ".join(part for k, part in enumerate(lower) if not first <= k <= last)
    return Role(matrix, written, key, weight, name)  # type: ignore[arg-type]


def _parts(name: str) -> list[str]:
    parts: list[str] = []
    for piece in name.split("_"):
        joined = _JOINED.match(piece)
        parts += [joined[1], joined[2]] if joined else _SPLIT.findall(piece)
    return parts


def _by_letter(parts: list[str], lower: list[str]) -> tuple[str, str, int, int, int] | None:
    """(matrix, letters, first part, last part, weight) of the clearest part that is A, AT, B, ... ."""
    best = None
    for k, part in enumerate(lower):
        if part not in _LETTERS:
            continue
        last = k + 1 if k + 1 < len(lower) and lower[k + 1] in _TRANSPOSED else k
        capital = parts[k][0].isupper() or len(parts) == 1 + last - k
        weight = (4 if len(part) == 2 else 3) if capital or last > k else 1
        if len(part) == 2 and not capital and not {"wino", "winograd", "mat", "matrix"} & set(lower):
            weight = 1 if len(parts) > 1 else 3
        elif len(part) == 2:
            weight = 4
        if best is None or weight >= best[4]:
            best = (_LETTERS[part], part, k, last, weight)
    if best is not None and best[4] == 1 and (word := _by_word(lower)) is not None:
        return word
    return best


def _by_word(lower: list[str]) -> tuple[str, str, int, int, int] | None:
    for k, part in enumerate(lower):
        if part in _TABLES:
            return _TABLES[part], "", k, k, 2
    if not _ABOUT & set(lower):
        return None
    spoken = [k for k, part in enumerate(lower) if part in WORDS]
    return (WORDS[lower[spoken[-1]]], "", spoken[-1], spoken[-1], 2) if spoken else None


def last_role(text: str, least: int = 1) -> Role | None:
    """The role of the last name in a text that has one of at least that weight.

    >>> last_role("static const float AT[2][4] =").written, last_role("B^{T} &=").written
    ('AT', 'BT')
    """
    found = None
    for match in _TOKEN.finditer(_MARKUP.sub("", text)):
        if len(match["name"]) <= 80:
            role = role_of(match["name"], transposed=bool(match["before"] or match["after"]))
            if role is not None and role.weight >= least:
                found = role
    return found
