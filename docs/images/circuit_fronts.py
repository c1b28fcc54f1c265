# SPDX-License-Identifier: Apache-2.0
"""``python docs/images/circuit_fronts.py`` draws ``circuit-fronts.svg``: additions against rounding noise.

One panel for each size, the circuits of B^T and A^T that no other beats in both. Colours are Okabe and Ito's; marks say
the same without colour.
"""

from __future__ import annotations

from math import log10
from pathlib import Path
from typing import NamedTuple

from wincraft import winograd
from wincraft.construct import Circuits

PANELS = (
    (4, 3, "0,1,-1,2,-2,inf", (8, 18), range(8, 19, 2)),
    (6, 3, "0,1,-1,2,-2,1/2,-1/2,inf", (14, 40), range(15, 41, 5)),
    (8, 3, "0,5/4,-5/4,4/5,-4/5,7/3,-7/3,3/7,-3/7,inf", (30, 68), range(30, 69, 10)),
)
"""m, r, moduli, the ends of the axis of additions and its ticks."""
MAPS = {"BT": ("Bᵀ", "#0072B2", "circle"), "AT": ("Aᵀ", "#D55E00", "square")}
TICKS = (0.5, 1, 2, 5)
LEAST, MOST = 0.35, 7.5
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 290, 330, 42, 14, 62, 50
KEY = 34


class Dot(NamedTuple):
    """A circuit: noise in roundings per product, additions."""

    noise: float
    additions: int


def dots(circuits: Circuits, name: str) -> tuple[list[Dot], Dot, Dot]:
    """The front of a map in noise and additions, the plain rows, and the default circuit."""
    matrix, gain = circuits.algorithm.named[name].dense, float(circuits.algorithm.noise_gain())
    known = circuits.candidates(matrix)
    chosen = Circuits(circuits.algorithm).of(matrix)
    every = [Dot(float(item.noise) / gain, item.additions) for item in [*known, chosen]]
    front = sorted(
        {one for one in every if not any(x <= one.noise and y <= one.additions and (x, y) != one for x, y in every)}
    )
    return front, every[0], every[-1]


def x(noise: float) -> float:
    """Across, logarithmic."""
    return LEFT + log10(noise / LEAST) / log10(MOST / LEAST) * (WIDTH - LEFT - RIGHT)


def y(additions: float, ends: tuple[int, int]) -> float:
    """Up."""
    return HEIGHT - BOTTOM - (additions - ends[0]) / (ends[1] - ends[0]) * (HEIGHT - TOP - BOTTOM)


def mark(kind: str, at_x: float, at_y: float, colour: str, filled: bool = True) -> str:
    """A dot, hollow where it is of plain rows."""
    style = f'fill="{colour if filled else "#ffffff"}" stroke="{colour}" stroke-width="1.8"'
    if kind == "circle":
        return f'<circle cx="{at_x:.1f}" cy="{at_y:.1f}" r="4.2" {style}/>'
    return f'<rect x="{at_x - 3.8:.1f}" y="{at_y - 3.8:.1f}" width="7.6" height="7.6" {style}/>'


def ring(at_x: float, at_y: float) -> str:
    """Around the default circuit."""
    return f'<circle cx="{at_x:.1f}" cy="{at_y:.1f}" r="8.5" fill="none" stroke="#000000" stroke-width="1.4"/>'


def panel(m: int, r: int, moduli: str, ends: tuple[int, int], ticks: range) -> list[str]:
    """One size."""
    right = WIDTH - RIGHT
    parts = [f'<text x="{LEFT}" y="{TOP - 12}" font-weight="bold">F({m},{r})</text>']
    for tick in ticks:
        at = y(tick, ends)
        parts.append(f'<path d="M{LEFT} {at:.1f}H{right}" stroke="#d9d9d9"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{at + 5:.1f}" text-anchor="end">{tick}</text>')
    for value in TICKS:
        parts.append(f'<path d="M{x(value):.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#ececec"/>')
        parts.append(f'<text x="{x(value):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{value}</text>')
    centre = (LEFT + right) / 2
    parts.append(f'<text x="{centre:.1f}" y="{HEIGHT - 10}" text-anchor="middle">roundings per product</text>')
    circuits = Circuits(winograd(m, r, moduli=moduli), "fewest")
    for name, (_, colour, kind) in MAPS.items():
        front, plain, chosen = dots(circuits, name)
        path = "L".join(f"{x(one.noise):.1f} {y(one.additions, ends):.1f}" for one in front)
        if len(front) > 1:
            parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        parts += [mark(kind, x(one.noise), y(one.additions, ends), colour) for one in front]
        parts.append(mark(kind, x(plain.noise), y(plain.additions, ends), colour, plain in front))
        parts.append(mark(kind, x(chosen.noise), y(chosen.additions, ends), colour))
        parts.append(ring(x(chosen.noise), y(chosen.additions, ends)))
    return parts


def draw() -> str:
    """The picture as SVG."""
    whole = WIDTH * len(PANELS)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole} {HEIGHT + KEY}" width="{whole}" role="img" '
        'font-family="Helvetica, Arial, sans-serif" font-size="14">',
        "<title>Additions and rounding noise of circuits</title>",
        f'<rect width="{whole}" height="{HEIGHT + KEY}" rx="8" fill="#ffffff"/>',
        f'<text x="{LEFT - 28}" y="24" font-size="15" font-weight="bold">Additions against rounding noise</text>',
    ]
    for number, item in enumerate(PANELS):
        parts += [f'<g transform="translate({WIDTH * number} 0)">', *panel(*item), "</g>"]
    at, height = LEFT, HEIGHT + 12
    for title, colour, kind in MAPS.values():
        parts.append(mark(kind, at, height, colour) + f'<text x="{at + 12}" y="{height + 5}">{title}</text>')
        at += 60
    for kind, colour, off in (("circle", "#0072B2", 0), ("square", "#D55E00", 14)):
        parts.append(mark(kind, at + off, height, colour, filled=False))
    parts.append(f'<text x="{at + 28}" y="{height + 5}">the matrix row by row</text>')
    at += 200
    parts.append(ring(at, height) + f'<text x="{at + 16}" y="{height + 5}">the default circuit</text>')
    return "\n".join([*parts, "</svg>", ""])


if __name__ == "__main__":
    Path(__file__).with_name("circuit-fronts.svg").write_text(draw(), encoding="utf-8")
