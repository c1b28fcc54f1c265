# SPDX-License-Identifier: Apache-2.0
"""Write the algorithms of whole tiles into wincraft/construct/catalogue.json: the quietest sets that were searched.

    python scripts/make_tiles.py [M,R ...]

For images with one modulus of `ONE` (the use `whole`), or with x^2+x+1 and x^2-x+1 (`whole-quiet`): all sets that hold
0, with inf or without, of other points of the largest height of which there are at most `MOST_SETS` sets, and all of
pairs p, -p of height `PAIRS_HEIGHT`. The `KEPT` sets of the least noise gain along an axis are made and measured as
tiles; of those of the fewest products the quietest is taken. Symbolic Fourier convolution of the fewest products and
tiles side by side of the least noise gain are measured as they are. Some minutes; with sizes only these are printed.
"""

from __future__ import annotations

import json
import sys
from fractions import Fraction
from itertools import count
from math import comb
from pathlib import Path
from typing import Any

from wincraft import winograd
from wincraft.search.constructions import constructions, quiet_sets, size_text
from wincraft.search.points.space import rationals

SIZES = [*((m, 3) for m in range(3, 9)), *((m, 5) for m in range(2, 7)), *((m, 7) for m in range(2, 5))]
ONE = ("x^2+1", "x^2+2", "x^2+1/2", "x^2+x+1")
TWO = ("x^2+x+1", "x^2-x+1")
MOST_SETS, KEPT, PAIRS_HEIGHT = 4000, 5, 6
TARGET = Path(__file__).parent.parent / "wincraft" / "construct" / "catalogue.json"


def points_of(height: int) -> list[str]:
    """All rationals of at most this height but 0."""
    return [str(sign * value) for value in rationals(height) for sign in (1, -1)]


def searched(m: int, r: int, groups: list[tuple[str, ...]]) -> dict[str, Any] | None:
    """The quietest whole tile with one of these groups of moduli of higher degree."""
    found, total, highest = [], 0, 0
    for higher in groups:
        free = m + r - 2 - 2 * len(higher)
        if free < 0:
            return None
        fits = (h for h in count(1) if comb(len(points_of(h + 1)), min(free, len(points_of(h + 1)))) > MOST_SETS)
        highest = next(fits) if free > 1 else PAIRS_HEIGHT
        pairs = [f"{value},{-value}" for value in rationals(PAIRS_HEIGHT)]
        sets = {text: gain for points in (points_of(highest), pairs) for text, gain in quiet_sets(m, r, higher, points)}
        total += len(sets)
        found += [(gain, text) for text, gain in sets.items()]
    made = [(winograd(size_text(m, r, 2), moduli=text), text) for _, text in sorted(found)[: KEPT * len(groups)]]
    best, text = min(made, key=lambda pair: (pair[0].rank, float(pair[0].noise_gain())))
    how = f"best of {total:,} sets with 0 and points of height <= {highest}, or pairs of height <= {PAIRS_HEIGHT}"
    return {"moduli": text, "products": best.rank, "noise_gain": str(best.noise_gain()), "found": how}


def written(m: int, r: int, family: str) -> dict[str, Any] | None:
    """The construction of a family with the fewest products, then the least noise gain."""
    made = [(item.make(), item.size) for item in constructions(m, r) if item.family == family]
    if not made:
        return None
    best, text = min(made, key=lambda pair: (pair[0].rank, float(pair[0].noise_gain())))
    return {"construction": text, "products": best.rank, "noise_gain": str(best.noise_gain()), "found": "by its rule"}


def tiles(m: int, r: int) -> dict[str, Any]:
    """By use what is known of F(m x m, r x r)."""
    found = {
        "whole": searched(m, r, [(item,) for item in ONE]),
        "whole-quiet": searched(m, r, [TWO]),
        "fourier": written(m, r, "fourier"),
        "beside": written(m, r, "side by side"),
    }
    quiet, whole = found["whole-quiet"], found["whole"]
    if quiet and whole and Fraction(quiet["noise_gain"]) >= Fraction(whole["noise_gain"]):
        found["whole-quiet"] = None  # it is not
    return {use: item for use, item in found.items() if item is not None}


def main() -> None:
    """Search all sizes and write them, or print those given."""
    given = [tuple(map(int, text.split(","))) for text in sys.argv[1:]]
    document = json.loads(TARGET.read_text(encoding="utf-8"))
    entries = {(item["m"], item["r"]): item for item in document["entries"]}
    for m, r in given or SIZES:
        found = tiles(m, r)
        for use, item in found.items():
            gain = float(Fraction(item["noise_gain"]))
            print(f"F({m}x{m},{r}x{r})", use, item["products"], f"{gain:.5g}", *list(item.values())[0::3], flush=True)
        entries[m, r]["tiles"] = found
    if not given:
        lines = ",\n".join(json.dumps(item) for item in document["entries"])
        text = f'{{"about": {json.dumps(document["about"])}, "entries": [\n{lines}\n]}}\n'
        TARGET.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
