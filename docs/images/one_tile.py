# SPDX-License-Identifier: Apache-2.0
"""``python docs/images/one_tile.py`` draws ``one-tile.svg``: Winograd's algorithm in four steps, on one tile.

Sizes and counts are those of the algorithm. Names, numbers and the width of lines say all; no colour is needed.
"""

from __future__ import annotations

from math import prod
from pathlib import Path

from wincraft import parse
from wincraft.algorithm import Algorithm

WIDTH, CELL, TOP, STEP = 420, 12, 64, 118
LEFT, RIGHT = 24, 310
"""Where the grids of the left and of the right column begin."""


def draw(size: str = "4x4,3x3") -> str:
    """The picture of one algorithm of two axes as SVG."""
    algorithm = parse(size)
    n, r, m = (_square(lengths) for lengths in (algorithm.n, algorithm.r, algorithm.m))
    products = round(algorithm.rank**0.5)
    height = TOP + 4 * STEP - 12
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="560" role="img" '
        'font-family="Helvetica, Arial, sans-serif" font-size="14" fill="#111111">',
        f"<title>{algorithm.size} in four steps</title>",
        f'<rect width="{WIDTH}" height="{height}" rx="8" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="26" font-size="17" font-weight="bold">{algorithm.size}, one tile in four steps</text>',
        f'<text x="{LEFT}" y="45" font-size="13">{_saving(algorithm)}</text>',
    ]
    steps = [
        (("d", n, "data"), "Bᵀ d B", "once per tile", ("U", products, "")),
        (("g", r, "filter"), "G g Gᵀ", "once per filter", ("V", products, "")),
        (("U ⊙ V", products, ""), "sum over channels", f"{algorithm.rank} products each", ("M", products, "")),
        (("M", products, ""), "Aᵀ M A", "once per tile", ("y", m, "outputs")),
    ]
    for number, (before, formula, remark, after) in enumerate(steps):
        parts += _step(number, before, formula, remark, after)
    return "\n".join([*parts, "</svg>", ""])


def _square(lengths: tuple[int, ...]) -> int:
    first, second = lengths
    assert first == second, "the picture is of square tiles"
    return first


def _saving(algorithm: Algorithm) -> str:
    direct = prod(algorithm.m) * prod(algorithm.r)
    return f"{algorithm.rank} products a channel; directly {prod(algorithm.m)} × {prod(algorithm.r)} = {direct}"


def _step(
    number: int, before: tuple[str, int, str], formula: str, remark: str, after: tuple[str, int, str]
) -> list[str]:
    top = TOP + number * STEP
    middle, start, end = top + 46, LEFT + 104, RIGHT - 16
    centre = (start + end) / 2
    return [
        *_grid(LEFT, top, *before),
        *_grid(RIGHT, top, *after),
        f'<path d="M{start} {middle}H{end - 4}" stroke="#111111" stroke-width="1.5"/>',
        f'<path d="M{end} {middle}l-9 -5v10z"/>',
        f'<text x="{centre}" y="{middle - 12}" text-anchor="middle" font-size="16" font-weight="bold">'
        f"{number + 1}. {formula}</text>",
        f'<text x="{centre}" y="{middle + 21}" text-anchor="middle" font-size="13">{remark}</text>',
    ]


def _grid(left: float, top: float, name: str, size: int, kind: str) -> list[str]:
    """A square of values with its name and size below; those that come in or go out are grey."""
    side = size * CELL
    above = top + (6 * CELL - side) / 2 + 4
    fill = "#dddddd" if kind else "#ffffff"
    lines = "".join(
        f"M{left} {above + i * CELL}h{side}M{left + i * CELL} {above}v{side}" for i in range(1, size) if size > 1
    )
    below = f"{size}×{size}" + (f" {kind}" if kind else "")
    return [
        f'<rect x="{left}" y="{above}" width="{side}" height="{side}" fill="{fill}" stroke="#111111" '
        'stroke-width="1.5"/>',
        f'<path d="{lines}" stroke="#777777" stroke-width="0.7"/>',
        f'<text x="{left}" y="{above + side + 16}" font-size="13"><tspan font-weight="bold">{name}</tspan> {below}'
        "</text>",
    ]


if __name__ == "__main__":
    Path(__file__).with_name("one-tile.svg").write_text(draw(), encoding="utf-8")
