# SPDX-License-Identifier: Apache-2.0
"""Write wincraft/construct/catalogue.json: default points for every F(m,r) with m + r - 1 <= 18.

    python scripts/make_catalogue.py

For each size the symmetric sets (p with -p, and 0 and inf where the parity allows) of the smallest fractions are
ranked by noise gain in float64; the best few are compared exactly. The order of a set is 0, then p, -p by growing
height, then inf.
"""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import chain, combinations
from math import gcd
from pathlib import Path

import numpy as np

from wincraft import winograd

LARGEST_TILE = 18
HEIGHT = 4
FINALISTS = 4
PUBLISHED = {
    "0,1,-1,inf": "Lavin & Gray, arXiv 1509.09308, for F(2,3)",
    "0,1,-1,2,-2,inf": "Lavin & Gray, arXiv 1509.09308, for F(4,3)",
    "0,1,-1,2,-2,1/2,-1/2,inf": "NNPACK and IREE for F(6,3)",
}


def magnitudes(height: int) -> list[Fraction]:
    """Positive fractions p/q with p, q <= height, by height, then the larger first."""
    values = {Fraction(p, q) for p in range(1, height + 1) for q in range(1, height + 1) if gcd(p, q) == 1}
    return sorted(values, key=lambda v: (max(v.numerator, v.denominator), -v))


def candidates(n: int, height: int) -> list[str]:
    """Symmetric sets of n points: even n with both 0 and inf, odd n with one of them."""
    sets = []
    for zero, infinity in [(True, True)] if n % 2 == 0 else [(True, False), (False, True)]:
        pairs = (n - zero - infinity) // 2
        for chosen in combinations(magnitudes(height), pairs):
            finite = (["0"] if zero else []) + list(chain.from_iterable((str(v), str(-v)) for v in chosen))
            sets.append(",".join(finite + (["inf"] if infinity else [])))
    return sets


def float_noise_gain(points: str, m: int, r: int) -> float:
    """The noise gain in float64: good enough to rank, not to quote."""
    texts = points.split(",")
    infinite = texts[-1] == "inf"
    p = np.array([float(Fraction(text)) for text in texts if text != "inf"])
    n = m + r - 1
    total = 0.0
    for i, value in enumerate(p):
        others = np.delete(p, i)
        row = np.poly(others) / np.prod(value - others)
        total += np.sum(value ** (2.0 * np.arange(m))) * np.sum(value ** (2.0 * np.arange(r))) * np.sum(row**2)
    if infinite:
        total += np.sum(np.poly(p) ** 2)
    assert len(texts) == n
    return total / (m * r)


def entry(m: int, r: int) -> list[object]:
    """[m, r, points, noise gain, source]."""
    n = m + r - 1
    pool = candidates(n, HEIGHT)
    ranked = sorted(pool, key=lambda points: float_noise_gain(points, m, r))[:FINALISTS]
    gains = {points: winograd(m, r, points=points).noise_gain() for points in ranked}
    best = min(ranked, key=lambda points: gains[points])
    source = f"lowest noise gain of the {len(pool)} symmetric sets of height <= {HEIGHT}"
    if best in PUBLISHED:
        source += f"; also in {PUBLISHED[best]}"
    return [m, r, best, str(gains[best]), source]


def main() -> None:
    """Write the catalogue beside the code that reads it."""
    entries = []
    for n in range(1, LARGEST_TILE + 1):
        for r in range(1, n + 1):
            entries.append(entry(n + 1 - r, r))
            print(*entries[-1][:3])
    path = Path(__file__).parent.parent / "wincraft" / "construct" / "catalogue.json"
    lines = ",\n".join(json.dumps(item) for item in entries)
    path.write_text(f'{{"about": "made by scripts/make_catalogue.py", "entries": [\n{lines}\n]}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
