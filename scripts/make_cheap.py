# SPDX-License-Identifier: Apache-2.0
"""Add the use `cheap` to wincraft/construct/catalogue.json: fewest additions, then the least noise gain.

    python scripts/make_cheap.py

Additions depend on the ratios of the points alone: x -> t x scales columns and rows. So the sets are symmetric ones
0, +-t, +-t u, +-t v, ..., inf; over all ratios u, v, ... of small height, and those of the most accurate set, those of
the fewest additions of all three transforms together are kept, and among these and all factors t the one of the least
noise gain whose points have height at most 8; of equal ones that whose points binary floats hold. A^T is the transpose
of a Vandermonde matrix as G is one, up to factors: its additions are those of that matrix, m columns wide, and n - m
more. Counts are those of the library and of the optimisers without chance.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from itertools import combinations
from pathlib import Path

from wincraft import winograd
from wincraft.circuit import optimised
from wincraft.circuit.library import known_programs
from wincraft.construct import catalogue
from wincraft.exact.types import Matrix

TARGET = Path(__file__).parent.parent / "wincraft" / "construct" / "catalogue.json"
USES_M, USES_R, LARGEST_TILE = range(1, 11), range(2, 8), 10
HEIGHT = 8
RATIO_HEIGHTS = {1: 1, 2: 8, 3: 4, 4: 3}
"""By the number of pairs: the height of the ratios; of four pairs also integers to 8."""


def rationals(height: int) -> list[Fraction]:
    """All positive rationals of at most this height."""
    return sorted({Fraction(p, q) for p in range(1, height + 1) for q in range(1, height + 1)})


def ratio_sets(pairs: int) -> Iterator[tuple[Fraction, ...]]:
    """1 and larger ratios."""
    larger = {u for u in rationals(RATIO_HEIGHTS.get(pairs, 2)) if u > 1} | set(map(Fraction, (4, 6, 8) * (pairs == 4)))
    yield from ((Fraction(1), *others) for others in combinations(sorted(larger), pairs - 1))


def points_of(values: tuple[Fraction, ...], n: int) -> str:
    """The set as the catalogue writes it: the pairs by height, the larger first."""
    order = sorted(values, key=lambda v: (max(v.numerator, v.denominator), -v))
    ends = ["inf"] * (n % 2 == 0)
    return ",".join(["0", *(f"{v},{-v}" for v in order), *ends])


def fewest(matrix: Matrix) -> int:
    """Additions of the best program known."""
    programs = [program for program, *_ in known_programs(matrix)] + optimised("blocks", matrix)
    return min(program.additions for program in programs)


@cache
def of_interpolation(values: tuple[Fraction, ...], n: int) -> int:
    """B^T."""
    return fewest(winograd(n - 1, 2, points=points_of(values, n)).input.dense)


@cache
def of_evaluation(values: tuple[Fraction, ...], n: int, width: int) -> int:
    """The Vandermonde matrix of so many columns; 0 of one."""
    return fewest(winograd(n + 1 - width, width, points=points_of(values, n)).filter.dense) if width > 1 else 0


def additions(values: tuple[Fraction, ...], m: int, r: int) -> int:
    """Of all three transforms."""
    n, algorithm = m + r - 1, winograd(m, r, points=points_of(values, m + r - 1))
    known = [program.additions for program, *_ in known_programs(algorithm.output.dense)]
    output = min([of_evaluation(values, n, m) + n - m, *known])
    return of_interpolation(values, n) + of_evaluation(values, n, r) + output


def cheap(m: int, r: int) -> dict[str, str] | None:
    """The best set."""
    n = m + r - 1
    pairs = (n - 1 - (n % 2 == 0)) // 2
    if not pairs or (n % 2 == 1 and n - 1 != 2 * pairs):
        return None
    accurate = {abs(Fraction(p)) for p in catalogue(m, r).points.split(",") if p not in ("0", "inf")}
    smallest = min(accurate)
    sets = list(
        dict.fromkeys(
            [*ratio_sets(pairs), *([tuple(sorted(v / smallest for v in accurate))] * (len(accurate) == pairs))]
        )
    )
    counts = {values: additions(values, m, r) for values in sets}
    least = min(counts.values())
    best: tuple[Fraction, int, str] | None = None
    for values in (values for values, count in counts.items() if count == least):
        for t in {*rationals(HEIGHT), smallest}:
            moved = tuple(t * v for v in values)
            if max(max(v.numerator, v.denominator) for v in moved) > HEIGHT and {*moved} != accurate:
                continue
            points = points_of(moved, n)
            gain = Fraction(str(winograd(m, r, points=points).noise_gain()))
            found = gain, sum(v.denominator.bit_count() != 1 for v in moved), points
            best = found if best is None else min(best, found)
    assert best is not None
    what = f"{least} additions in all, the fewest of {len(sets):,} ratios of symmetric sets of height <= {HEIGHT}"
    return {"moduli": best[2], "noise_gain": str(best[0]), "found": what}


def main() -> None:
    """All sizes that have sets for other uses, up to tiles of `LARGEST_TILE`."""
    content = json.loads(TARGET.read_text(encoding="utf-8"))
    for item in content["entries"]:
        m, r = item["m"], item["r"]
        if m in USES_M and r in USES_R and 3 < m + r - 1 <= LARGEST_TILE and (found := cheap(m, r)) is not None:
            item["uses"]["cheap"] = found
            print(f"F({m},{r})", found, file=sys.stderr, flush=True)
    lines = ",\n".join(json.dumps(item) for item in content["entries"])
    TARGET.write_text(f'{{"about": "{content["about"]}", "entries": [\n{lines}\n]}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
