# SPDX-License-Identifier: Apache-2.0
"""What plots are drawn with, as inline SVG: a figure with one horizontal scale, marks, ticks, labels that fit.

Colours are Okabe and Ito's, distinct to colour-blind eyes; shapes, labels and order say the same without colour. Names
of any length and letters make well-formed figures.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from html import escape
from math import ceil, floor, log10

from rich.cells import cell_len, set_cell_size

PLOT_WIDTH = 420
"""User units; narrow, so that 12-unit letters stay readable on a phone."""
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#888888")
HALO = ' style="fill:#000;stroke:#fff;stroke-width:3;paint-order:stroke"'
"""Of letters on a coloured bar."""
LETTER = 6.6
"""About the width of a letter; ideographs take two."""
LABELS = 0.4
"""The share of the width that labels may take."""
_SQUEEZED = 1.15
"""How much too long a label may be to be set narrower and not shortened."""
_TICK = 40.0
"""The least room of a tick with its number."""
_SAME = 1e-9
"""Relative to an axis, what is not told apart."""
_ILLEGIBLE = re.compile("[^ -~\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Control characters, and what XML does not allow."""


class Plot:
    """Elements of one figure, and its horizontal scale: `low` lies at `left`, `high` at the `right` margin.

    >>> plot = Plot(100, 40, 0, 10, "dB")
    >>> plot.x(0), plot.x(10)
    (40.0, 408.0)
    """

    def __init__(
        self, height: float, left: float, low: float, high: float, axis: str, right: float = 12, top: float = 6
    ) -> None:
        self._height, self._left, self._right = height, left, right
        self._low, self._high, self._axis, self._top = low, high, axis, top
        self._items: list[str] = []

    def x(self, value: float) -> float:
        """Where a value lies."""
        return self._left + (value - self._low) / (self._high - self._low) * (PLOT_WIDTH - self._left - self._right)

    def add(self, item: str) -> None:
        """One element, drawn over those before."""
        self._items.append(item)

    def line(self, x1: float, y1: float, x2: float, y2: float, opacity: float = 0.5) -> None:
        """A thin line."""
        self.add(f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="currentColor" stroke-opacity="{opacity}"/>')

    def label(self, text: str, y: float) -> None:
        """A row's name, left of the axis: set narrower where it is too long, then shortened, with itself as title."""
        room, text = self._left - 12, legible(text)
        if LETTER * cell_len(text) <= room:
            self.add(text_at(self._left - 8, y + 4, text, "end"))
            return
        shown = shortened(text, _SQUEEZED * room)
        fit = f' textLength="{room:.1f}" lengthAdjust="spacingAndGlyphs"'
        self.add(text_at(self._left - 8, y + 4, shown, "end", fit, text))

    def grid(self, ticks: Sequence[tuple[float, str]], bottom: float) -> None:
        """Vertical lines with their numbers, and the name of the axis below."""
        for value, text in ticks:
            self.line(self.x(value), self._top, self.x(value), bottom, 0.2)
            self.add(text_at(self.x(value), bottom + 14, text, "middle"))
        self.add(text_at((self._left + PLOT_WIDTH - self._right) / 2, bottom + 31, self._axis, "middle"))

    def legend(self, entries: Sequence[tuple[str, Callable[..., str]]]) -> None:
        """Marks and what they mean, in a line above the plot."""
        x = self._left
        for name, mark in entries:
            self.add(mark(x, 10, name) + text_at(x + 10, 14, name))
            x += 34 + LETTER * len(name)

    def svg(self, description: str) -> str:
        """The figure, with a description for those who do not see it."""
        body = "".join(self._items)
        return (
            f'<svg viewBox="0 0 {PLOT_WIDTH} {self._height:.0f}" role="img" xmlns="http://www.w3.org/2000/svg">'
            f"<desc>{escaped(description)}</desc>{body}</svg>"
        )


def gutter(names: Sequence[str]) -> float:
    """The room left of an axis for its labels, at most `LABELS` of the width.

    >>> gutter(["fp16"]), gutter(["x" * 500])
    (42.4, 168.0)
    """
    return min(16 + LETTER * max((cell_len(legible(name)) for name in names), default=0), LABELS * PLOT_WIDTH)


def shortened(text: str, room: float) -> str:
    """A text that fits: what is too long loses its middle, as names of schemes differ at both ends.

    >>> shortened("tapwise-8,U=int9/tap,M=int12/tap", 20 * LETTER)
    'tapwise-8,…int12/tap'
    """
    if LETTER * cell_len(text) <= room + 0.1:
        return text
    cells = max(2, floor(room / LETTER) - 1)
    head = set_cell_size(text, cells - cells // 2).rstrip()
    tail = set_cell_size(text[::-1], cells // 2).rstrip()[::-1]
    return f"{head}\u2026{tail}"


def ticks(low: float, high: float, room: float = PLOT_WIDTH) -> list[tuple[float, str]]:
    """Multiples of 1, 2 or 5 times a power of ten that enclose an interval, as many as fit, with their texts.

    >>> [text for _, text in ticks(0.0, 61.3, 300)]
    ['0', '10', '20', '30', '40', '50', '60', '70']
    >>> [text for _, text in ticks(1.7, 2.3, 150)]
    ['1.6', '1.8', '2.0', '2.2', '2.4']
    >>> [text for _, text in ticks(3.0, 3.0, 80)]
    ['2', '3', '4']
    """
    if high - low <= _SAME * max(1.0, abs(low), abs(high)):
        low, high = low - max(1.0, abs(low) / 10), high + max(1.0, abs(high) / 10)
    least = (high - low) / max(2, room // _TICK)
    power = floor(log10(least))
    factor, power = next((f, p) for p in (power, power + 1) for f in (1, 2, 5) if f * 10.0**p >= least * (1 - _SAME))
    step, digits = factor * 10.0**power, max(-power, 0)
    places = range(floor(low / step + _SAME), ceil(high / step - _SAME) + 1)
    return [(place * step, f"{place * step + 0.0:.{digits}f}") for place in places]


def decade_ticks(low: float, high: float) -> list[tuple[float, str]]:
    """Ticks of a logarithmic axis that enclose positive numbers: 1, 2, 5, 10, 20, or even steps on a short axis.

    >>> [text for _, text in decade_ticks(2.2, 40.0)]
    ['2', '5', '10', '20', '50']
    >>> [text for _, text in decade_ticks(1.8, 2.3)]
    ['1.8', '1.9', '2.0', '2.1', '2.2', '2.3']
    """
    if high <= low * (1 + _SAME):
        low, high = low / 1.1, high * 1.1
    powers = range(floor(log10(low)) - 1, ceil(log10(high)) + 2)
    values = [factor * 10.0**power for power in powers for factor in (1, 2, 5)]
    first = max(value for value in values if value <= low * (1 + _SAME))
    last = min(value for value in values if value >= high * (1 - _SAME))
    kept = [value for value in values if first <= value <= last]
    if len([value for value in kept if low <= value <= high]) < 2:
        return ticks(low, high, 6 * _TICK)
    return [(value, f"{value:.6g}") for value in kept]


def text_at(x: float, y: float, text: str, anchor: str = "start", more: str = "", title: str = "") -> str:
    """A text that starts at a place, is centred on it (``middle``) or ends there (``end``)."""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>{_title(title)}{escaped(text)}</text>'


def box(x: float, y: float, width: float, height: float, colour: str, title: str = "") -> str:
    """A filled rectangle with its upper left corner at a place."""
    shape = f'x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{height:.1f}" fill="{colour}" stroke="#fff"'
    return f"<rect {shape}>{_title(title)}</rect>"


def dot(x: float, y: float, title: str, size: float = 4.0) -> str:
    """A filled circle."""
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size:.1f}" fill="{COLOURS[0]}">{_title(title)}</circle>'


def ring(x: float, y: float, title: str, size: float = 6.5) -> str:
    """A circle that leaves what is inside it visible."""
    style = 'fill="none" stroke="currentColor" stroke-width="1.4"'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size:.1f}" {style}>{_title(title)}</circle>'


def bar(x: float, y: float, title: str, size: float = 8.0) -> str:
    """An upright bar, taller than a dot that lies on it."""
    path = f"M{x:.1f} {y - size:.1f}v{2 * size:.1f}"
    return f'<path d="{path}" stroke="{COLOURS[5]}" stroke-width="3">{_title(title)}</path>'


def _square(x: float, y: float, title: str, size: float = 4.5) -> str:
    return box(x - size, y - size, 2 * size, 2 * size, COLOURS[5], title)


def _diamond(x: float, y: float, title: str, size: float = 4.5) -> str:
    size *= 1.25
    path = f"M{x:.1f} {y - size:.1f}l{size:.1f} {size:.1f}l{-size:.1f} {size:.1f}l{-size:.1f} {-size:.1f}z"
    return f'<path d="{path}" fill="{COLOURS[2]}" stroke="#fff">{_title(title)}</path>'


MARKS = (dot, _square, _diamond)


def legible(text: str) -> str:
    r"""A text without control characters: each becomes U+FFFD.

    >>> legible("a<b\x00")
    'a<b\ufffd'
    """
    return _ILLEGIBLE.sub("\ufffd", text)


def escaped(text: str) -> str:
    """A text as the content of an element."""
    return escape(legible(text))


def _title(text: str) -> str:
    return f"<title>{escaped(text)}</title>" if text else ""
