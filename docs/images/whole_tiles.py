# SPDX-License-Identifier: Apache-2.0
"""``python docs/images/whole_tiles.py`` draws ``whole-tiles.svg`` and prints the table of the page on whole tiles.

Products per output against int8 error per tap, simulated: scheme tapwise-8, 64 channels, seed 0. Shapes and labels say
the same as the colours.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from pathlib import Path
from typing import NamedTuple

from wincraft import simulate
from wincraft.analysis import Analysis
from wincraft.search import Construction

WIDTH, HEIGHT, LEFT, TOP, BOTTOM, RIGHT = 620, 540, 60, 40, 46, 120
HALO = 'stroke="#ffffff" stroke-width="3" paint-order="stroke"'
SIX, FOUR = "0,1,-1,x^2+x+1,x^2-x+1,inf", "0,1,-1,x^2+1,inf"


class Row(NamedTuple):
    """What is drawn and listed of an algorithm; additions of the data, filter and output transform of a tile."""

    products: int
    per_output: float
    noise_gain: float
    additions: tuple[int, int, int]
    live: int
    sqnr: float


ALGORITHMS = {
    **{f"F({m}x{m},3x3)": ("points", Construction("points", f"{m}x{m},3x3", points="accuracy")) for m in range(2, 7)},
    "Karatsuba(3x3)": ("other", Construction("other", "Karatsuba(3x3,3x3)")),
    "49 nested": ("other", Construction("other", "4x4,3x3", moduli=FOUR, nested=True)),
    "SFC-4(4x4)": ("whole", Construction("whole", "SFC-4(4x4,3x3)")),
    "61, F(5x5)": ("whole", Construction("whole", "5x5,3x3", points="whole")),
    "69, F(5x5)": ("whole", Construction("whole", "5x5,3x3", points="whole-quiet")),
    "78, F(6x6)": ("whole", Construction("whole", "6x6,3x3", points="whole")),
    "100 nested": ("other", Construction("other", "6x6,3x3", moduli=SIX, nested=True)),
    "88, SFC-6(6x6)": ("whole", Construction("whole", "6x6,3x3", points="whole-quiet")),
    "97, F(7x7)": ("whole", Construction("whole", "7x7,3x3", points="whole")),
    "109, F(7x7)": ("whole", Construction("whole", "7x7,3x3", points="whole-quiet")),
    "132, SFC-6(7x7)": ("whole", Construction("whole", "SFC-6(7x7,3x3)")),
    "F(3+3)^2": ("other", Construction("other", "3+3x3+3,3x3")),
    "F(4+3)^2": ("other", Construction("other", "4+3x4+3,3x3")),
}
"""Those of the picture and the table, by their labels: a kind, and how they are made."""


def row(label: str) -> Row:
    """The figures of one algorithm, by the measures of `wincraft.measures` and `simulate`."""
    made = ALGORITHMS[label][1].make()
    known = Analysis(made)
    additions = tuple(cost.additions for cost in (known.costs.input, known.costs.filter, known.costs.output))
    outputs, gain = prod(made.m), float(made.noise_gain())
    sqnr = float(simulate(made, "tapwise-8").decibels)
    return Row(made.rank, made.rank / outputs, gain, additions, known.live_values, sqnr)


def table(labels: Iterable[str] = ALGORITHMS) -> list[str]:
    """The rows of the page's table, by products per output."""
    found = {label: row(label) for label in labels}
    lines = []
    for label, one in sorted(found.items(), key=lambda pair: -pair[1].per_output):
        made = ALGORITHMS[label][1].words
        additions = "/".join(map(str, one.additions))
        figures = f"{one.products} | {one.per_output:.2f} | {one.noise_gain:.2f} | {additions} | {one.live}"
        lines.append(f"| `{made}` | {figures} | {one.sqnr:.1f} |")
    return lines


def draw() -> str:
    """The picture as SVG."""
    across = lambda value: LEFT + (value - 1.7) / 2.4 * (WIDTH - LEFT - RIGHT)  # noqa: E731
    up = lambda value: HEIGHT - BOTTOM - (value - 10) / 24 * (HEIGHT - TOP - BOTTOM)  # noqa: E731
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="700" role="img" '
        'font-family="Helvetica, Arial, sans-serif" font-size="12">',
        "<title>Products per output and int8 error</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="8" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="22" font-size="15" font-weight="bold">SQNR in dB, int8 per tap, 3x3 filters</text>',
    ]
    for tick in range(10, 34, 5):
        parts.append(f'<path d="M{LEFT} {up(tick):.1f}H{WIDTH - RIGHT}" stroke="#d9d9d9"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{up(tick) + 4:.1f}" text-anchor="end">{tick}</text>')
    for tick in (2, 2.5, 3, 3.5, 4):
        parts.append(f'<text x="{across(tick):.1f}" y="{HEIGHT - 26}" text-anchor="middle">{tick}</text>')
    parts.append(f'<text x="{across(2.9):.1f}" y="{HEIGHT - 8}" text-anchor="middle">products per output</text>')
    found = {label: (one.per_output, one.sqnr) for label, one in ((label, row(label)) for label in ALGORITHMS)}
    best = [
        label
        for label, (x, y) in found.items()
        if not any(p <= x and s >= y and (p, s) != (x, y) for p, s in found.values())
    ]
    line = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in sorted(found[label] for label in best))
    parts.append(f'<polyline points="{line}" fill="none" stroke="#999999" stroke-dasharray="4 3"/>')
    for label, (products, sqnr) in found.items():
        kind = ALGORITHMS[label][0]
        weight = ' font-weight="bold"' * (label in best)
        x, y = across(products), up(sqnr)
        parts.append(_mark(kind, x, y))
        side, down = PLACES.get(label, (1, 4))
        anchor = "end" if side < 0 else "start"
        place = f'x="{x + 8 * side:.1f}" y="{y + down:.1f}" text-anchor="{anchor}"'
        parts.append(f"<text {place} {HALO}{weight}>{label}</text>")
    return "\n".join([*parts, "</svg>", ""])


PLACES = {
    "61, F(5x5)": (-1, 16),
    "69, F(5x5)": (-1, -2),
    "78, F(6x6)": (-1, 4),
    "97, F(7x7)": (-1, 4),
    "109, F(7x7)": (-1, 4),
    "88, SFC-6(6x6)": (-1, -6),
    "100 nested": (-1, 8),
    "SFC-4(4x4)": (1, -6),
    "49 nested": (1, -1),
    "132, SFC-6(7x7)": (1, 20),
    "F(3x3,3x3)": (1, 12),
    "F(3+3)^2": (1, 0),
}
"""Where labels would lie on each other or leave the picture: to the left or right, and how far down."""


def _mark(kind: str, x: float, y: float) -> str:
    if kind == "points":
        return f'<rect x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8" fill="#0072B2"/>'
    if kind == "whole":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="#D55E00"/>'
    return f'<path d="M{x:.1f} {y - 5:.1f}l5 9h-10z" fill="#009E73"/>'


if __name__ == "__main__":
    Path(__file__).with_name("whole-tiles.svg").write_text(draw(), encoding="utf-8")
    print("\n".join(table()))
