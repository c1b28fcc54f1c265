# SPDX-License-Identifier: Apache-2.0
"""Charts as inline SVG, with labels that fit.

Shapes, labels and order say the same without colour. Names of any length and letters make well-formed figures.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from html import escape
from math import floor, log10

from rich.cells import cell_len, set_cell_size

from wincraft.show.chart import COLOURS, Axis, Bars, Chart, Dots, Heat, Series, axis_ticks

PLOT_WIDTH = 420
"""User units; narrow, so that 12-unit letters stay readable on a phone."""
LABELS = 0.4
"""The share of the width that labels may take."""
LETTER = 6.6
"""About the width of a letter; ideographs take two."""
_HALO = ' style="fill:#000;stroke:#fff;stroke-width:3;paint-order:stroke"'
"""Of letters on a coloured bar."""
_SQUEEZED = 1.15
"""How much too long a label may be to be set narrower and not shortened."""
_ILLEGIBLE = re.compile("[^ -~\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Control characters, and what XML does not allow."""
_ROW, _CELL, _LINE = 22.0, 30.0, 18.0
"""The heights of a row, of a cell of a map and of a line of the legend."""
_HATCH = "".join(
    f'<pattern id="hatch{number}" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    f'<rect width="6" height="6" fill="{colour}"/><path d="M1 0V6" stroke="#fff" stroke-width="2"/></pattern>'
    for number, colour in enumerate(COLOURS)
)
"""For the ninth part of bars and those after it."""


def svg(chart: Chart) -> str:
    """The chart as an element ``svg`` that can stand in a page.

    >>> svg(Bars("", Axis("operations"), ("canonical", "legendre"), (("", (56.0, 84.0)),)))[:24]
    '<svg viewBox="0 0 420 90'
    """
    if isinstance(chart, Heat):
        return _heat(chart)
    return _bars(chart) if isinstance(chart, Bars) else _dots(chart)


class _Plot:
    """Elements of one figure, and its horizontal scale: `low` lies at `left`, `high` at the `right` margin."""

    def __init__(self, left: float, right: float, top: float, bottom: float) -> None:
        self.left, self.right, self.top, self.bottom = left, right, top, bottom
        self._items: list[str] = []
        self._low, self._high, self._logarithmic = 0.0, 1.0, False

    def x(self, value: float) -> float:
        """Where a value lies."""
        part = _part(value, self._low, self._high, self._logarithmic)
        return self.left + part * (PLOT_WIDTH - self.left - self.right)

    def across(self, axis: Axis, values: Sequence[float]) -> None:
        """The horizontal axis: vertical lines with their numbers, and its title below."""
        found = axis_ticks(axis, values, PLOT_WIDTH - self.left - self.right)
        ends = [*values, *(value for value, _ in found)]
        self._low, self._high = min(ends), max(ends)
        self._logarithmic = axis.logarithmic
        for value, text in found:
            self.line(self.x(value), self.top, self.x(value), self.bottom, 0.2)
            self.text(self.x(value), self.bottom + 14, text, "middle")
        self.text((self.left + PLOT_WIDTH - self.right) / 2, self.bottom + 31, axis.title, "middle")

    def add(self, item: str) -> None:
        """One element, drawn over those before."""
        self._items.append(item)

    def line(self, x1: float, y1: float, x2: float, y2: float, opacity: float = 0.5) -> None:
        """A thin line."""
        self.add(f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="currentColor" stroke-opacity="{opacity}"/>')

    def text(self, x: float, y: float, text: str, anchor: str = "start", more: str = "", title: str = "") -> None:
        """A text that starts at a place, is centred on it (``middle``) or ends there (``end``)."""
        self.add(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>{_title(title)}{escaped(text)}</text>')

    def label(self, text: str, y: float) -> None:
        """A row's name, left of the axis: set narrower where it is too long, then shortened, with itself as title."""
        room, text = self.left - 12, legible(text)
        if LETTER * cell_len(text) <= room:
            self.text(self.left - 8, y + 4, text, "end")
            return
        fit = f' textLength="{room:.1f}" lengthAdjust="spacingAndGlyphs"'
        self.text(self.left - 8, y + 4, shortened(text, _SQUEEZED * room), "end", fit, text)

    def legend(self, lines: Sequence[Sequence[tuple[str, str]]], draw: Callable[[str, float, float], str]) -> None:
        """Names with their marks, line by line above the plot; `draw` takes what a mark is made of and its centre."""
        for number, line in enumerate(lines):
            x, y = 10.0, 14.0 + _LINE * number
            for name, mark in line:
                self.add(draw(mark, x, y))
                self.text(x + 11, y + 4, name)
                x += 32 + LETTER * cell_len(name)

    def svg(self, chart: Chart, height: float) -> str:
        """The figure, with title and description for those who do not see it."""
        body = "".join(self._items)
        return (
            f'<svg viewBox="0 0 {PLOT_WIDTH} {height:.0f}" role="img" xmlns="http://www.w3.org/2000/svg">'
            f"{_title(chart.title)}<desc>{escaped(chart.description)}</desc>{body}</svg>"
        )


def _dots(chart: Dots) -> str:
    named = [(series.name, series.mark) for series in chart.series if series.name]
    lines = _legend_lines(named)
    rows, right = chart.up.names, 14
    largest = max((point.size for series in chart.series for point in series.points), default=0.0)
    row = _ROW if largest <= 5 else 40.0
    top = 6 + _LINE * len(lines) + (0 if rows else 18)
    bottom = top + (row * len(rows) + 4 if rows else 180)
    levels = [] if rows else axis_ticks(chart.up, chart.values(1), 240)
    plot = _Plot(gutter(rows or [text for _, text in levels]), right, top, bottom)
    plot.legend(lines, lambda mark, x, y: _MARKS[mark](x, y, "", 4.5 if mark != "bar" else 6.0))
    plot.across(chart.across, chart.values(0))
    ends = [*chart.values(1), *(value for value, _ in levels)]

    def y(value: float) -> float:
        if rows:
            return top + 2 + (value + 0.5) * row
        return bottom - _part(value, min(ends), max(ends), chart.up.logarithmic) * (bottom - top)

    for value, text in levels:
        plot.line(plot.left, y(value), PLOT_WIDTH - right, y(value), 0.2)
        plot.label(text, y(value))
    if not rows:
        plot.text(4, top - 9, chart.up.title)
    for number, name in enumerate(rows):
        plot.label(name, y(number))
        found = [point.x for series in chart.series for point in series.points if round(point.y) == number]
        if chart.spans and found:
            plot.line(plot.x(min(found)), y(number), plot.x(max(found)), y(number))
    for note in chart.notes:
        plot.text(PLOT_WIDTH - 4, y(note.row) + 4, note.text, "end", title=note.title)
    if chart.rule is not None:
        x = plot.x(chart.rule.x)
        plot.add(f'<path d="M{x:.1f} {top:.1f}V{bottom:.1f}" stroke="{COLOURS[5]}" stroke-width="2" '
                 'stroke-dasharray="5 3"/>')  # fmt: skip
        late = x > PLOT_WIDTH * 0.6
        plot.text(x - 6 if late else x + 6, top + 16, chart.rule.text, "end" if late else "start")
    for series in reversed(chart.series):
        _draw(plot, series, y)
    return plot.svg(chart, bottom + 38)


def _draw(plot: _Plot, series: Series, y: Callable[[float], float]) -> None:
    if series.joined:
        path = " ".join(f"{plot.x(point.x):.1f},{y(point.y):.1f}" for point in series.points)
        colour = _JOINED.get(series.mark, COLOURS[0])
        plot.add(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
    for point in series.points:
        place = plot.x(point.x), y(point.y)
        plot.add(_MARKS[series.mark](*place, point.title, point.size))
        if point.text:
            late = place[0] + 7 + LETTER * cell_len(point.text) > PLOT_WIDTH
            plot.text(place[0] + (-7 if late else 7), place[1] - 6, point.text, "end" if late else "start")


def _bars(chart: Bars) -> str:
    names = [name for name, values in chart.parts if name and any(value > 0 for value in values)]
    colours = dict(zip(names, [*COLOURS, *(f"url(#hatch{number})" for number in range(len(COLOURS)))] * len(names),
                       strict=False))  # fmt: skip
    lines = _legend_lines([(name, colours[name]) for name in names])
    top = 8 + _LINE * len(lines)
    bottom = top + len(chart.rows) * _ROW
    plot = _Plot(gutter(chart.rows), 14 + LETTER * max(map(len, chart.notes), default=0), top, bottom)
    if len(names) > len(COLOURS):
        plot.add(f"<defs>{_HATCH}</defs>")
    plot.legend(lines, lambda colour, x, y: _box(x - 5.5, y - 5.5, 11, 11, colour))
    plot.across(chart.across, [0.0, *map(chart.total, range(len(chart.rows)))])
    for number, row in enumerate(chart.rows):
        y, start = top + number * _ROW + 3, 0.0
        plot.label(row, y + _ROW / 2 - 3)
        for name, values in chart.parts:
            x, wide = plot.x(start), plot.x(start + values[number]) - plot.x(start)
            if not values[number] > 0:
                continue
            title = f"{row}{', ' * bool(name)}{name}: {values[number]:.3g}{chart.unit}"
            plot.add(_box(x, y, wide, _ROW - 6, colours.get(name, COLOURS[4]), title))
            if name and wide > LETTER * cell_len(name) + 4:
                plot.text(x + wide / 2, y + 12, name, "middle", _HALO)
            start += values[number]
        if chart.notes:
            plot.text(plot.x(start) + 5, y + 12, chart.notes[number])
    return plot.svg(chart, bottom + 38)


def _heat(chart: Heat) -> str:
    left = gutter(chart.rows)
    wide = (PLOT_WIDTH - left - 12) / len(chart.columns)
    bottom = 6 + _CELL * len(chart.rows)
    plot = _Plot(left, 12, 6, bottom)
    for i, (name, row) in enumerate(zip(chart.rows, chart.values, strict=True)):
        plot.label(name, 6 + _CELL * (i + 0.5))
        for j, value in enumerate(row):
            place = left + j * wide, 6 + i * _CELL
            grey = round(255 * (1 - 0.6 * value / chart.largest))
            title = f"{name}, {chart.columns[j]}: {value:.4g}"
            plot.add(_box(*place, wide, _CELL, f"rgb({grey},{grey},{grey})", title))
            ink = "#fff" if grey < 128 else "#000"
            if wide > 5 * LETTER:
                middle = place[0] + wide / 2, place[1] + _CELL / 2 + 4
                plot.text(*middle, f"{value:.2g}", "middle", f' style="fill:{ink}"')
    for j, name in enumerate(chart.columns):
        plot.text(left + (j + 0.5) * wide, bottom + 14, shortened(legible(name), wide), "middle", title=name)
    plot.text((left + PLOT_WIDTH - 12) / 2, bottom + 31, chart.of, "middle")
    return plot.svg(chart, bottom + 38)


def _part(value: float, low: float, high: float, logarithmic: bool) -> float:
    """How far from one end of an axis to the other, 0 to 1."""
    if logarithmic:
        value, low, high = log10(value), log10(low), log10(high)
    return (value - low) / (high - low)


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


def _box(x: float, y: float, width: float, height: float, colour: str, title: str = "") -> str:
    shape = f'x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{height:.1f}" fill="{colour}" stroke="#fff"'
    return f"<rect {shape}>{_title(title)}</rect>"


def _circle(style: str, larger: float) -> Callable[[float, float, str, float], str]:
    def mark(x: float, y: float, title: str, size: float) -> str:
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size + larger:.1f}" {style}>{_title(title)}</circle>'

    return mark


def _shape(path: str, style: str) -> Callable[[float, float, str, float], str]:
    """A mark by its path, in which numbers are multiples of the size from the place."""

    def mark(x: float, y: float, title: str, size: float) -> str:
        steps = re.sub(r"-?[\d.]+", lambda found: f"{float(found[0]) * size:.1f} ", path)
        return f'<path d="M{x:.1f} {y:.1f}{steps}" {style}>{_title(title)}</path>'

    return mark


_MARKS = {
    "dot": _circle(f'fill="{COLOURS[0]}"', -0.5),
    "square": _shape("m-1,-1h2v2h-2z", f'fill="{COLOURS[5]}" stroke="#fff"'),
    "diamond": _shape("m0,-1.25l1.25,1.25l-1.25,1.25l-1.25,-1.25z", f'fill="{COLOURS[2]}" stroke="#fff"'),
    "triangle": _shape("m0,-1.2l1.2,2.1h-2.4z", f'fill="{COLOURS[1]}" stroke="#fff"'),
    "cross": _shape("m-1,-1l2,2m0,-2l-2,2", f'stroke="{COLOURS[3]}" stroke-width="2.5"'),
    "ring": _circle('fill="none" stroke="currentColor" stroke-width="1.4"', 2.0),
    "bar": _shape("m0,-1.8v3.6", f'stroke="{COLOURS[5]}" stroke-width="3"'),
}

_JOINED = {"square": COLOURS[5], "diamond": COLOURS[2], "triangle": COLOURS[1], "cross": COLOURS[3]}
"""The colours of their lines; others are of the first colour."""


def _legend_lines(entries: Sequence[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    """Legend entries in lines that fit the width."""
    lines: list[list[tuple[str, str]]] = []
    room = 0.0
    for name, mark in entries:
        wide = 32 + LETTER * cell_len(name)
        if wide > room:
            lines.append([])
            room = PLOT_WIDTH - 8.0
        lines[-1].append((name, mark))
        room -= wide
    return lines


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
