# SPDX-License-Identifier: Apache-2.0
"""``python docs/images/noise_gain.py`` draws ``noise-gain.svg``: the noise gain of F(m,3) against m.

Figures are the catalogue's. Colours are Okabe and Ito's; marks, dashes and labels say the same without colour.
"""

from __future__ import annotations

from math import log10
from pathlib import Path

from sympy import Rational

from wincraft import catalogue
from wincraft.construct import Entry

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 500, 410, 66, 16, 40, 46
SIZES = range(2, 11)
TICKS = [10**k for k in range(6)]
Line = dict[int, float]


def lines() -> dict[str, Line]:
    """Noise gains by m of every line of the picture."""
    entries = {m: catalogue()[m, 3] for m in SIZES}
    return {
        "integer points": _use(entries, "integer"),
        "Barabasz et al., TVM": {
            m: float(Rational(item.noise_gain))
            for m, entry in entries.items()
            for item in entry.published
            if "TVM" in item.source
        },
        "catalogue": _use(entries, "accuracy"),
        "limit of real points, proved": {
            m: entry.limit.certified for m, entry in entries.items() if entry.limit.certified is not None
        },
        "one modulus x² + c": _use(entries, "quadratic"),
    }


def _use(entries: dict[int, Entry], name: str) -> Line:
    return {m: float(Rational(entry.uses[name].noise_gain)) for m, entry in entries.items() if name in entry.uses}


STYLES = {
    "integer points": ("#D55E00", "square", ""),
    "Barabasz et al., TVM": ("#CC79A7", "triangle", ""),
    "catalogue": ("#0072B2", "circle", ""),
    "limit of real points, proved": ("#000000", "none", "5 4"),
    "one modulus x² + c": ("#009E73", "diamond", ""),
}


def x(m: float) -> float:
    """Across."""
    return LEFT + (m - SIZES[0]) / (SIZES[-1] - SIZES[0]) * (WIDTH - LEFT - RIGHT)


def y(gain: float) -> float:
    """Up, logarithmic."""
    return HEIGHT - BOTTOM - log10(gain) / log10(TICKS[-1]) * (HEIGHT - TOP - BOTTOM)


def mark(kind: str, at_x: float, at_y: float, colour: str) -> str:
    """One mark."""
    if kind == "circle":
        return f'<circle cx="{at_x:.1f}" cy="{at_y:.1f}" r="4.5" fill="{colour}"/>'
    shapes = {
        "square": [(-4, -4), (4, -4), (4, 4), (-4, 4)],
        "triangle": [(0, -5.5), (5, 4), (-5, 4)],
        "diamond": [(0, -6), (5, 0), (0, 6), (-5, 0)],
    }
    if kind not in shapes:
        return ""
    corners = " ".join(f"{at_x + dx:.1f},{at_y + dy:.1f}" for dx, dy in shapes[kind])
    return f'<polygon points="{corners}" fill="{colour}"/>'


def draw() -> str:
    """The picture as SVG."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="600" role="img" '
        'font-family="Helvetica, Arial, sans-serif" font-size="15">',
        "<title>Noise gain of F(m,3)</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="8" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="22" font-size="16" font-weight="bold">Noise gain of F(m,3), one axis</text>',
    ]
    for tick in TICKS:
        parts.append(f'<path d="M{LEFT} {y(tick):.1f}H{WIDTH - RIGHT}" stroke="#d9d9d9"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y(tick) + 5:.1f}" text-anchor="end">{tick:,}</text>')
    for m in SIZES:
        parts.append(f'<text x="{x(m):.1f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{m}</text>')
    parts.append(f'<text x="{(x(2) + x(10)) / 2:.1f}" y="{HEIGHT - 6}" text-anchor="middle">outputs per tile, m</text>')
    for number, (name, line) in enumerate(lines().items()):
        colour, kind, dash = STYLES[name]
        shown = {m: gain for m, gain in line.items() if gain <= TICKS[-1]}
        path = "M" + "L".join(f"{x(m):.1f} {y(gain):.1f}" for m, gain in shown.items())
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        parts.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2"{dashed}/>')
        parts += [mark(kind, x(m), y(gain), colour) for m, gain in shown.items()]
        place = TOP + 16 + 21 * number
        key = f'<path d="M{LEFT + 10} {place}h22" stroke="{colour}" stroke-width="2"{dashed}/>'
        parts.append(key + mark(kind, LEFT + 21, place, colour))
        parts.append(f'<text x="{LEFT + 40}" y="{place + 5}">{name}</text>')
    return "\n".join([*(part for part in parts if part), "</svg>", ""])


if __name__ == "__main__":
    Path(__file__).with_name("noise-gain.svg").write_text(draw(), encoding="utf-8")
