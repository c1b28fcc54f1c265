# SPDX-License-Identifier: Apache-2.0
"""``python docs/images/whole_tiles.py`` draws ``whole-tiles.svg``: products per output against int8 error per tap.

The marks are simulated: scheme tapwise-8, 64 channels, seed 0. Shapes and labels say the same as the colours.
"""

from __future__ import annotations

from math import prod
from pathlib import Path

from wincraft import simulate, winograd
from wincraft.algorithm.bilinear import Algorithm

WIDTH, HEIGHT, LEFT, TOP, BOTTOM, RIGHT = 560, 400, 60, 40, 46, 120
SIX, SEVEN = "0,1,-1,x^2+x+1,x^2-x+1,inf", "0,1,-1,-1/2,x^2+x+1,x^2-x+1,inf"
WIDE, FOUR = "0,1,-1,-1/2,2,x^2+1,inf", "0,1,-1,x^2+1,inf"


def algorithms() -> dict[str, Algorithm]:
    """Those of the picture, by their labels."""
    return {
        **{f"F({m}x{m},3x3)": winograd((m, m), (3, 3)) for m in (2, 3, 4, 5, 6)},
        "49 nested": winograd("4x4,3x3", moduli=FOUR, nested=True),
        "46, SFC-4": winograd("4x4,3x3", moduli=FOUR),
        "78, F(6x6)": winograd("6x6,3x3", moduli=WIDE),
        "100 nested": winograd("6x6,3x3", moduli=SIX, nested=True),
        "88, SFC-6": winograd("6x6,3x3", moduli=SIX),
        "109, F(7x7)": winograd("7x7,3x3", moduli=SEVEN),
        "SFC-6(7x7)": winograd("SFC-6(7x7,3x3)"),
        "F(4+3)^2": winograd("4+3x4+3,3x3"),
    }


def figures() -> dict[str, tuple[float, float, float]]:
    """Products per output, noise gain and SQNR in dB of every algorithm.

    The measures are those of `Algorithm.noise_gain` and `simulate`.
    """
    return {
        label: (made.rank / prod(made.m), float(made.noise_gain()), float(simulate(made, "tapwise-8").decibels))
        for label, made in algorithms().items()
    }


def draw() -> str:
    """The picture as SVG."""
    across = lambda value: LEFT + (value - 1.6) / 2.6 * (WIDTH - LEFT - RIGHT)  # noqa: E731
    up = lambda value: HEIGHT - BOTTOM - (value - 10) / 25 * (HEIGHT - TOP - BOTTOM)  # noqa: E731
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="640" role="img" '
        'font-family="Helvetica, Arial, sans-serif" font-size="12">',
        "<title>Products per output and int8 error</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="8" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="22" font-size="15" font-weight="bold">SQNR in dB, int8 per tap, 3x3 filters</text>',
    ]
    for tick in range(10, 36, 5):
        parts.append(f'<path d="M{LEFT} {up(tick):.1f}H{WIDTH - RIGHT}" stroke="#d9d9d9"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{up(tick) + 4:.1f}" text-anchor="end">{tick}</text>')
    for tick in (2, 2.5, 3, 3.5, 4):
        parts.append(f'<text x="{across(tick):.1f}" y="{HEIGHT - 26}" text-anchor="middle">{tick}</text>')
    parts.append(f'<text x="{across(2.9):.1f}" y="{HEIGHT - 8}" text-anchor="middle">products per output</text>')
    found = figures()
    for label, (products, _, sqnr) in found.items():
        best = not any(p <= products and s >= sqnr and (p, s) != (products, sqnr) for p, _, s in found.values())
        minimal = label.startswith("F(") and "x3)" in label
        colour = "#0072B2" if minimal else "#D55E00"
        weight = ' font-weight="bold"' * best
        x, y = across(products), up(sqnr)
        parts.append(
            f'<rect x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8" fill="{colour}"/>'
            if minimal
            else f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{colour}"/>'
        )
        parts.append(f'<text x="{x + 8:.1f}" y="{y + 4:.1f}"{weight}>{label}</text>')
    return "\n".join([*parts, "</svg>", ""])


if __name__ == "__main__":
    Path(__file__).with_name("whole-tiles.svg").write_text(draw(), encoding="utf-8")
