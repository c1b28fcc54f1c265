# SPDX-License-Identifier: Apache-2.0
"""Short names of algorithms that stand side by side: only what differs between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.description import chain_words
from wincraft.algorithm.modulus import Modulus

LONGEST = 28
"""A longer label does not head a column; the column's number does."""


def words_of(algorithm: Algorithm) -> dict[str, str]:
    """What tells an algorithm from others, in the order in which labels name it.

    >>> from wincraft import parse
    >>> words_of(parse("F(4x4,3x3)", points="0,1,-1,2,-2", convention="pow2"))["points"]
    '±1 ±2'
    """
    axes = algorithm.recipe
    return {
        "size": algorithm.size,
        "form": "" if algorithm.form == "correlation" else "linear form",
        "convention": " ".join(dict.fromkeys(axis.convention or "own scaling" for axis in axes)),
        "points": "; ".join(dict.fromkeys(short_points(axis.moduli) for axis in axes)),
        "chains": "chains" if chain_words(algorithm) else "",
    }


def short_points(moduli: Sequence[Modulus] | None) -> str:
    """The points in their order, p and -p as one, without 0 and infinity; ``points not known`` without moduli.

    >>> from wincraft import winograd
    >>> short_points(winograd(4, 3, points="0,1/2,-2,2,1").moduli)
    '1/2 ±2 1'
    """
    if moduli is None:
        return "points not known"
    points = dict.fromkeys(
        text for text in (str(modulus).partition("@")[0] for modulus in moduli) if text not in ("0", "inf")
    )
    shown = []
    for text in points:
        opposite = text[1:] if text.startswith("-") else f"-{text}"
        pair = text.lstrip("-") if opposite in points else ""
        shown.append(f"\u00b1{pair}" if pair else text)
    return " ".join(dict.fromkeys(shown)) or "no other points"


def labels(words: Sequence[Mapping[str, str]]) -> list[str]:
    """A label each, of the fewest kinds of words that tell all apart; ``#1``, ``#2`` where it is long or not unique.

    Where no kinds do, those that differ at all are taken.

    >>> labels([{"size": "F(4,3)", "convention": "wincnn"}, {"size": "F(4,3)", "convention": "pow2"}])
    ['wincnn', 'pow2']
    >>> labels([{"size": "F(4,3)"}, {"size": "F(4,3)"}])
    ['#1', '#2']
    """
    kinds = dict.fromkeys(kind for item in words for kind in item)
    telling = [kind for kind in kinds if len({item.get(kind, "") for item in words}) > 1]
    chosen = (some for size in range(1, len(telling) + 1) for some in combinations(telling, size))
    tried = [_joined(words, some) for some in chosen] or [[""] * len(words)]
    apart = [found for found in tried if len(set(found)) == len(words)]
    found = next((texts for texts in apart if all(texts)), apart[0] if apart else tried[-1])
    times = Counter(found)
    return [
        text if 0 < len(text) <= LONGEST and times[text] == 1 else f"#{number}" for number, text in enumerate(found, 1)
    ]


def _joined(words: Sequence[Mapping[str, str]], kinds: Sequence[str]) -> list[str]:
    return [", ".join(item[kind] for kind in kinds if item.get(kind)) for item in words]
