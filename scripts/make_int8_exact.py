# SPDX-License-Identifier: Apache-2.0
"""Add the use `int8-exact` to wincraft/construct/catalogue.json: exact int8 in two dimensions for the most channels.

    python scripts/make_int8_exact.py

Of each size with m, r >= 2 the best set of `wincraft.search.search_words` for F(m x m, r x r): int8 data and weights, U
and V in 16 bits, sums modulo 2^32. All rational points are searched, of any height; where none fits, those together
with the moduli x^2 + 1, x^2 + x + 1 and x^2 - x + 1. Sizes of which none fits have no entry. A run takes two minutes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from wincraft import winograd
from wincraft.errors import NotApplicable
from wincraft.search import WordSearch, search_words

TARGET = Path(__file__).parent.parent / "wincraft" / "construct" / "catalogue.json"
MODULI = ("x^2+1", "x^2+x+1", "x^2-x+1")
USE = "int8-exact"


def best(m: int, r: int) -> WordSearch | None:
    """The search of points, or of points and moduli where no points fit."""
    for moduli in ((), MODULI):
        try:
            return search_words(m, r, moduli=moduli)
        except NotApplicable:
            continue
    return None


def choice(m: int, r: int) -> dict[str, Any] | None:
    """What the catalogue says of the best set."""
    result = best(m, r)
    if result is None:
        return None
    moduli, bounds = ",".join(result.best.moduli), result.best.bounds
    sets = f"{result.considered:,} set{'s' * (result.considered > 1)} of {result.space} that can fit"
    found = f"2^{bounds.shift} in the scale, the least of the {sets}"
    if result.further:
        found = f"{bounds.algorithm.rank} products and 2^{bounds.shift} in the scale, the least of the {sets}"
        found += "; no points alone fit"
    gain = str(winograd(m, r, moduli=moduli).noise_gain())
    return {"moduli": moduli, "noise_gain": gain, "found": found, "channels": bounds.channels}


def main() -> None:
    """All sizes of the catalogue."""
    content = json.loads(TARGET.read_text(encoding="utf-8"))
    for item in content["entries"]:
        m, r = item["m"], item["r"]
        item["uses"].pop(USE, None)
        if min(m, r) > 1 and (found := choice(m, r)) is not None:
            item["uses"][USE] = found
            print(f"F({m},{r})", found, file=sys.stderr, flush=True)
    lines = ",\n".join(json.dumps(item) for item in content["entries"])
    TARGET.write_text(f'{{"about": "{content["about"]}", "entries": [\n{lines}\n]}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
