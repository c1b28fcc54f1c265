# SPDX-License-Identifier: Apache-2.0
"""Add the use `cheap` to wincraft/construct/catalogue.json: fewest additions, then the least noise gain.

    python scripts/make_cheap.py

Additions depend on the ratios of the points alone: x -> t x scales columns and rows. So the sets are symmetric ones
0, +-t, +-t u, +-t v, ..., with inf where n is even, and for odd n also such with one point t w more and inf; over all
ratios u, v, w of small height, and those of the most accurate set, those of the fewest additions of all three
transforms together are kept, and among these and all factors t the one of the least noise gain whose points have height
at most 8; of equal ones that whose points binary floats hold. A^T is the transpose of a Vandermonde matrix as G is one,
up to factors: its additions are those of that matrix, m columns wide, and n - m more. Counts are those of the library
and of an optimiser without chance.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

from wincraft import winograd
from wincraft.circuit import optimised
from wincraft.circuit.library import known_programs
from wincraft.construct import Circuits, catalogue
from wincraft.exact.types import Matrix

TARGET = Path(__file__).parent.parent / "wincraft" / "construct" / "catalogue.json"
USES_M, USES_R, LARGEST_TILE = range(1, 11), range(2, 8), 10
HEIGHT = 8
RATIO_HEIGHTS = {1: 1, 2: 8, 3: 4, 4: 3}
"""By the number of pairs: the height of the ratios; of four pairs also integers to 8."""
SINGLE_HEIGHTS = {1: 8, 2: 4, 3: 3}
"""By the number of pairs: the height of a point without its negative."""


def rationals(height: int) -> list[Fraction]:
    """All positive rationals of at most this height."""
    return sorted({Fraction(p, q) for p in range(1, height + 1) for q in range(1, height + 1)})


class Ratios(NamedTuple):
    """The pairs +-v of a set, and one point more without its negative, if there is one."""

    pairs: tuple[Fraction, ...]
    single: tuple[Fraction, ...] = ()

    def times(self, t: Fraction) -> Ratios:
        """Every point t times as large."""
        return Ratios(*(tuple(t * v for v in values) for values in self))

    @property
    def height(self) -> int:
        """The largest numerator or denominator."""
        return max(max(v.numerator, v.denominator) for v in (*self.pairs, *self.single))

    def points(self, n: int) -> str:
        """The set as the catalogue writes it: the pairs by height, the larger first."""
        order = sorted(self.pairs, key=lambda v: (max(v.numerator, v.denominator), -v))
        finite = ["0", *(f"{v},{-v}" for v in order), *map(str, self.single)]
        return ",".join([*finite, *["inf"] * (1 + 2 * len(self.pairs) + len(self.single) < n)])


def pairs_of(count: int) -> Iterator[tuple[Fraction, ...]]:
    """1 and larger ratios."""
    larger = {u for u in rationals(RATIO_HEIGHTS.get(count, 2)) if u > 1} | set(map(Fraction, (4, 6, 8) * (count == 4)))
    yield from ((Fraction(1), *others) for others in combinations(sorted(larger), count - 1))


def ratio_sets(n: int) -> Iterator[Ratios]:
    """The sets for tiles of n, each up to a factor."""
    for pairs in pairs_of((n - 1) // 2):
        yield Ratios(pairs)
    if n % 2 and n > 3:
        count = (n - 3) // 2
        for pairs in pairs_of(count):
            yield from (Ratios(pairs, (w,)) for w in rationals(SINGLE_HEIGHTS[count]) if w not in pairs)


def fewest(matrix: Matrix, values: Ratios) -> int:
    """Additions of the best program known."""
    quick = "pairs" if values.single else "blocks"
    programs = [program for program, *_ in known_programs(matrix)] + optimised(quick, matrix)
    return min(program.additions for program in programs)


@cache
def of_interpolation(values: Ratios, n: int) -> int:
    """B^T."""
    return fewest(winograd(n - 1, 2, points=values.points(n)).input.dense, values)


@cache
def of_evaluation(values: Ratios, n: int, width: int) -> int:
    """The Vandermonde matrix of so many columns; 0 of one."""
    return fewest(winograd(n + 1 - width, width, points=values.points(n)).filter.dense, values) if width > 1 else 0


def additions(values: Ratios, m: int, r: int) -> int:
    """Of all three transforms."""
    n, algorithm = m + r - 1, winograd(m, r, points=values.points(m + r - 1))
    known = [program.additions for program, *_ in known_programs(algorithm.output.dense)]
    output = min([of_evaluation(values, n, m) + n - m, *known])
    return of_interpolation(values, n) + of_evaluation(values, n, r) + output


def cheap(m: int, r: int) -> dict[str, str]:
    """The best set."""
    n = m + r - 1
    accurate = [Fraction(p) for p in catalogue(m, r).points.split(",") if p not in ("0", "inf")]
    own = Ratios(tuple(sorted(p for p in accurate if p > 0 and -p in accurate)))
    smallest = min(map(abs, accurate))
    sets = dict.fromkeys(ratio_sets(n))
    if 2 * len(own.pairs) == len(accurate):
        sets[own.times(1 / smallest)] = None
    counts = {values: additions(values, m, r) for values in sets}
    least = min(counts.values())
    best: list[tuple[Fraction, int, str]] = []
    for values in (values for values, count in counts.items() if count == least):
        for moved in (values.times(t) for t in {*rationals(HEIGHT), smallest}):
            if moved.height <= HEIGHT or moved == own:
                points = moved.points(n)
                gain = Fraction(str(winograd(m, r, points=points).noise_gain()))
                inexact = sum(v.denominator.bit_count() != 1 for v in (*moved.pairs, *moved.single))
                best.append((gain, inexact, points))
    gain, _, points = min(best)
    kind = "symmetric sets and such with one point more" if n % 2 else "symmetric sets"
    circuits = Circuits(winograd(m, r, points=points), "fewest")  # which may know of a few less
    total = sum(circuits.line(name).additions for name in ("BT", "G", "AT"))
    what = f"{total} additions in all, the fewest of {len(sets):,} ratios of {kind}, of height <= {HEIGHT}"
    return {"moduli": points, "noise_gain": str(gain), "found": what}


def main() -> None:
    """All sizes that have sets for other uses, up to tiles of `LARGEST_TILE`."""
    content = json.loads(TARGET.read_text(encoding="utf-8"))
    for item in content["entries"]:
        m, r = item["m"], item["r"]
        if m in USES_M and r in USES_R and 3 < m + r - 1 <= LARGEST_TILE:
            item["uses"]["cheap"] = found = cheap(m, r)
            print(f"F({m},{r})", found, file=sys.stderr, flush=True)
    lines = ",\n".join(json.dumps(item) for item in content["entries"])
    TARGET.write_text(f'{{"about": "{content["about"]}", "entries": [\n{lines}\n]}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
