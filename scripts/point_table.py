# SPDX-License-Identifier: Apache-2.0
"""Write docs/points.md: the catalogue's points against published ones and against the limits of real points.

    python scripts/point_table.py

F(m x m, 3 x 3) for m from 3 to 10, balanced by powers of two; every set of the catalogue that is published for F(m,3)
is simulated on the same data. The script stops where a published set is better than the catalogue's.
"""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from statistics import mean
from typing import Any

from wincraft import parse
from wincraft.construct import catalogue
from wincraft.quantise import SCHEMES, Workload, simulate

ROOT = Path(__file__).parent.parent
PAGE, LIMITS = ROOT / "docs" / "points.md", ROOT / "wincraft" / "search" / "limits" / "real_limits.json"
CLASSES = {"symmetric": "symmetric, 0 and inf", "with-inf": "with inf", "all": "all"}
SIZES = range(3, 11)
RUNS = ("fp16", "fp16-fp32acc", "tapwise-8")
SEEDS = range(3)
CHANNELS, FILTERS, TILES = 64, 8, 32
EQUAL = 0.1
"""Differences in dB below this are within the spread of so few tiles."""


def measured(m: int, moduli: str) -> list[float]:
    """Mean SQNR in dB over the seeds, by scheme."""
    algorithm = parse(f"{m}x{m},3x3", moduli=moduli, convention="pow2")
    batches = [Workload(CHANNELS, FILTERS, TILES, seed=seed).batch(algorithm) for seed in SEEDS]
    return [mean(simulate(algorithm, SCHEMES[name], batch).decibels for batch in batches) for name in RUNS]


def rows() -> list[str]:
    """The table, checked: no published set has a lower noise gain or, beyond `EQUAL`, a higher SQNR."""
    lines = []
    for m in SIZES:
        entry = catalogue()[m, 3]
        best = measured(m, entry.points)
        lines.append(_row(m, "**catalogue**", entry.points, entry.noise_gain, best))
        for item in entry.published:
            found = measured(m, item.points)
            for name, ours, theirs in zip(RUNS, best, found, strict=True):
                if theirs > ours + EQUAL:
                    raise SystemExit(f"F({m},3) {name}: {item.points} is better, {theirs:.2f} to {ours:.2f} dB")
            lines.append(_row(m, item.source, item.points, item.noise_gain, found))
    return lines


def limit_rows() -> list[str]:
    """Proved limits by class, in the order of the file, and the catalogue's points beside them."""
    lines = []
    for size in json.loads(LIMITS.read_text(encoding="utf-8"))["sizes"]:
        m, r = size["m"], size["r"]
        entry = catalogue()[m, r]
        found = {item["class"]: item for item in size["classes"]}
        cells = [_limit(found.get(name)) for name in CLASSES]
        ours = float(Fraction(entry.noise_gain))
        lines.append(f"| F({m},{r}) | {' | '.join(cells)} | {entry.points} | {ours:.6g} | {entry.above_limit:.3%} |")
    return lines


def _limit(item: dict[str, Any] | None) -> str:
    """The noise gain of the best real set of a class, and what is proved of it."""
    if item is None:
        return "-"
    if not item["certified"]:
        return f"{item['upper']:.6g} (numerical)"
    return f"{item['upper']:.6g}\N{NO-BREAK SPACE}(≥\N{NO-BREAK SPACE}{item['lower']:.6g})"


def _row(m: int, who: str, points: str, gain: str, decibels: list[float]) -> str:
    from sympy import sympify

    values = " | ".join(f"{value:.1f}" for value in decibels)
    shown = points.removesuffix(",inf")
    return f"| F({m}x{m},3x3) | {who} | {shown} | {float(sympify(gain)):.5g} | {values} |"


def main() -> None:
    """Write the page."""
    head = "| size | who | points, and inf | noise gain, 1-D | fp16 | fp16 stored | 8 bits per tap |"
    page = f"""# Points against published ones

Made by `python scripts/point_table.py`. SQNR in dB, more is better, of F(m x m, 3 x 3): `fp16` rounds every operation,
`fp16-fp32acc` stores U, V, M and the output in fp16, `tapwise-8` in 8 bits with a scale per tap. White Gaussian data,
{CHANNELS} channels, {FILTERS} filters, {TILES} tiles, mean of {len(SEEDS)} seeds, balanced by powers of two.
The noise gain is that of one axis; in 2-D it is squared.

{head}
| --- | --- | --- | --: | --: | --: | --: |
{chr(10).join(rows())}

{_EQUAL}

## Limits of real points

The noise gain of the best real points found in a class, and in brackets the bound that no real set of the class passes,
proved by branch and bound in float64 with a stated bound on its rounding, a sample of the boxes repeated in ball
arithmetic (`wincraft/search/limits/bound.py`). Symmetric: x -> -x maps the
set to itself, with 0 and inf, or for an odd number of points with 0 or with inf. Of F(2,3), F(3,3), F(6,3) and some
larger sizes sets without inf, or without symmetry, are slightly better; the catalogue's default is symmetric because
symmetric points make the transforms cheap. In the last column: how far the catalogue's rational points are above the
best real symmetric set.

| size | symmetric | with inf | all | catalogue | noise gain | above |
| --- | --: | --: | --: | --- | --: | --: |
{chr(10).join(limit_rows())}
"""
    PAGE.write_text(page, encoding="utf-8")


_EQUAL = """Where a published set equals the catalogue's, so do its figures, up to the order of the sums: F(6,3).
oneDNN's F(4,3), whose noise gain is 0.4 % higher, is within 0.1 dB of it. Everywhere else the catalogue's points are
better in all three simulations, as their noise gain says."""


if __name__ == "__main__":
    main()
