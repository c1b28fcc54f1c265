# SPDX-License-Identifier: Apache-2.0
"""The plots of the HTML report, as inline SVG.

Colours are Okabe and Ito's, distinct to colour-blind eyes; shapes, labels and order say the same without colour.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from html import escape
from math import ceil, floor, isfinite, log2

from wincraft.analysis.coefficients import coefficients
from wincraft.report.model import Report, Unavailable
from wincraft.report.numbers import decibels, exact_text

WIDTH = 420
"""User units; narrow, so that 12-unit letters stay readable on a phone."""
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#888888")
_HALO = ' style="fill:#000;stroke:#fff;stroke-width:3;paint-order:stroke"'
"""Of letters on a coloured bar."""
_HATCH = "".join(
    f'<pattern id="hatch{number}" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    f'<rect width="6" height="6" fill="{colour}"/><path d="M1 0V6" stroke="#fff" stroke-width="2"/></pattern>'
    for number, colour in enumerate(COLOURS)
)
"""For the ninth stage and those after it."""
_ROW = 22
_LETTERS = {"AT": "A\u1d40", "G": "G", "BT": "B\u1d40"}
_LETTER = 6.6
"""About the width of a letter."""


def plots(report: Report) -> dict[str, str]:
    """Title and SVG of every plot that the report has data for."""
    made = {
        "Error against direct convolution": formats_plot(report),
        "Error by stage": stages_plot(report),
        "Coefficient magnitudes": coefficients_plot(report),
        "Rounding the matrices to fixed point": sweep_plot(report),
    }
    titled = {title: figure.replace("<desc>", f"<title>{title}</title><desc>", 1) for title, figure in made.items()}
    return {title: figure for title, figure in titled.items() if figure}


def formats_plot(report: Report) -> str:
    """Per scheme: SQNR of direct convolution, measured and predicted."""
    found = [(item.label, item.evaluation) for item in report.schemes]
    rows = [(name, (e.direct, e.measured, e.predicted.decibels)) for name, e in found if not isinstance(e, Unavailable)]
    finite = [value for _, values in rows for value in values if isfinite(value)]
    if not finite:
        return ""
    low, high = min(0.0, *finite), max(finite)
    plot = Plot(
        len(rows) * _ROW + 62, _gutter([name for name, _ in rows]), low, high, "SQNR in dB, right is better", 12, 22
    )
    plot.grid(_ticks(low, high), len(rows) * _ROW + 24)
    plot.legend([("direct", _ring), ("measured", _dot), ("predicted", _cross)])
    for number, (name, values) in enumerate(rows):
        y = 24 + (number + 0.5) * _ROW
        plot.label(name, y)
        inside = [value for value in values if isfinite(value)]
        if inside:
            plot.line(plot.x(min(inside)), y, plot.x(max(inside)), y)
        for value, mark in zip(values, (_ring, _dot, _cross), strict=True):
            if isfinite(value):
                plot.add(mark(plot.x(value), y, f"{name}: {decibels(value)} dB"))
    return plot.svg("For each format the SQNR of direct convolution, and the measured and predicted SQNR.")


def stages_plot(report: Report) -> str:
    """Per scheme: the share of every stage in the predicted error power, and the predicted SQNR."""
    found = [(item.label, item.evaluation) for item in report.schemes]
    rows = [(name, e.predicted) for name, e in found if not isinstance(e, Unavailable)]
    rows = [(name, p) for name, p in rows if isfinite(sum(p.stages.values())) and sum(p.stages.values()) > 0]
    if not rows:
        return ""
    names = list(dict.fromkeys(stage for _, p in rows for stage, power in p.stages.items() if power > 0))
    second = [f"url(#hatch{number})" for number in range(len(COLOURS))]
    colours = dict(zip(names, (*COLOURS, *second), strict=False))
    lines = _legend_lines(names)
    top = 8 + 18 * len(lines)
    plot = Plot(
        top + len(rows) * _ROW + 38, _gutter([name for name, _ in rows]), 0, 100, "share of error power", 52, top
    )
    plot.add(f"<defs>{_HATCH}</defs>")
    for number, line in enumerate(lines):
        x = 4.0
        for stage in line:
            plot.add(_box(x, 8 + 18 * number, 11, 11, colours[stage]) + text_at(x + 15, 18 + 18 * number, stage))
            x += 30 + _LETTER * len(stage)
    plot.grid([(value, f"{value} %") for value in range(0, 101, 25)], top + len(rows) * _ROW)
    plot.add(text_at(WIDTH - 4, top + len(rows) * _ROW + 14, "dB", "end"))
    for number, (name, prediction) in enumerate(rows):
        y, start, total = top + number * _ROW + 3, 0.0, sum(prediction.stages.values())
        plot.label(name, y + _ROW / 2 - 3)
        for stage in names:
            share = 100 * prediction.stages.get(stage, 0.0) / total
            x, wide = plot.x(start), plot.x(start + share) - plot.x(start)
            if share > 0:
                plot.add(_box(x, y, wide, _ROW - 6, colours[stage], f"{name}, {stage}: {share:.0f} %"))
            if wide > _LETTER * len(stage) + 4:
                plot.add(text_at(x + wide / 2, y + 12, stage, "middle", _HALO))
            start += share
        plot.add(text_at(WIDTH - 4, y + 12, decibels(prediction.decibels), "end"))
    return plot.svg("For each format the share of every stage in the predicted error power; at the right the SQNR.")


def coefficients_plot(report: Report) -> str:
    """The magnitudes of the entries of A^T, G and B^T on a logarithmic axis; area by how often they occur."""
    counts: dict[str, Counter[float]] = {"AT": Counter(), "G": Counter(), "BT": Counter()}
    first = {axis.sha256: number for number, axis in reversed(list(enumerate(report.algorithm.axes)))}
    for entry in coefficients(report.algorithm):
        if entry.value and entry.axis in first.values():
            counts[entry.matrix][log2(abs(float(entry.value)))] += 1
    everything = [value for counter in counts.values() for value in counter]
    low, high = floor(min(everything)), ceil(max(everything))
    low, high = (low - 1, high + 1) if low == high else (low, high)
    plot = Plot(3 * 40 + 44, 40, low, high, "magnitude, powers of two; larger marks: more entries", 16)
    step = max(1, ceil((high - low) / 8))
    plot.grid([(value, _power(value)) for value in range(low, high + 1, step)], 3 * 40 + 6)
    for number, (matrix, counter) in enumerate(counts.items()):
        y = 6 + 40 * (number + 0.5)
        name = _LETTERS[matrix]
        plot.label(name, y)
        plot.line(plot.x(min(counter)), y, plot.x(max(counter)), y)
        for value, amount in sorted(counter.items()):
            size = 3 + 1.3 * amount**0.5
            plot.add(MARKS[number](plot.x(value), y, f"{name}: {amount} entries of {2**value:.5g}", size))
    found = report.magnitudes
    spans = "; ".join(
        f"{_LETTERS[name]} {exact_text(m.smallest)} to {exact_text(m.largest)}" for name, m in found.items()
    )
    return plot.svg(f"Magnitudes of the entries of one axis. Of the whole algorithm: {spans}.")


def sweep_plot(report: Report) -> str:
    """Error power over output power when the matrices are rounded to fixed-point words."""
    points = {word: value for word, value in report.words.sweep.items() if isfinite(value)}
    if len(points) < 2:
        return ""
    low, high = min(points.values()), max(points.values())
    plot = Plot(244, 44, min(points), max(points), "word in bits, one format per matrix", 16, 24)
    levels = _ticks(low, high)
    bottom, top = levels[0][0], max(levels[-1][0], high)

    def y(value: float) -> float:
        return 24 + 180 * (top - value) / (top - bottom)

    plot.grid([(word, str(word)) for word in range(min(points), max(points) + 1, 4)], 204)
    for value, text in levels:
        plot.line(44, y(value), WIDTH - 16, y(value), 0.25)
        plot.add(text_at(40, y(value) + 4, text, "end"))
    plot.add(text_at(4, 11, "error in dB, lower is better"))
    path = " ".join(f"{plot.x(word):.1f},{y(value):.1f}" for word, value in points.items())
    plot.add(f'<polyline points="{path}" fill="none" stroke="{COLOURS[0]}" stroke-width="2"/>')
    for word, value in points.items():
        plot.add(_dot(plot.x(word), y(value), f"{word} bits: {value:.1f} dB"))
    smallest = report.words.smallest["matrix"]
    if isinstance(smallest, int) and min(points) <= smallest <= max(points):
        x = plot.x(smallest)
        plot.add(f'<path d="M{x:.1f} 16V204" stroke="{COLOURS[5]}" stroke-width="2" stroke-dasharray="5 3"/>')
        side = "end" if x > WIDTH * 0.6 else "start"
        shift = -6 if side == "end" else 6
        plot.add(text_at(x + shift, 40, f"residual \u2264 1e-3 from {smallest} bits", side))
    return plot.svg("Error power over output power in dB, for white data, against the word of the matrix entries.")


class Plot:
    """Elements of one figure, and its horizontal scale."""

    def __init__(
        self, height: float, left: float, low: float, high: float, axis: str, right: float = 12, top: float = 6
    ) -> None:
        self._height, self._left, self._right = height, left, right
        self._low, self._high, self._axis, self._top = low, high, axis, top
        self._items: list[str] = []

    def x(self, value: float) -> float:
        """Where a value lies."""
        return self._left + (value - self._low) / (self._high - self._low) * (WIDTH - self._left - self._right)

    def add(self, item: str) -> None:
        """One element, drawn over those before."""
        self._items.append(item)

    def line(self, x1: float, y1: float, x2: float, y2: float, opacity: float = 0.5) -> None:
        """A thin line."""
        self.add(f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="currentColor" stroke-opacity="{opacity}"/>')

    def label(self, text: str, y: float) -> None:
        """A row's name, left of the axis."""
        self.add(text_at(self._left - 8, y + 4, text, "end"))

    def grid(self, ticks: Sequence[tuple[float, str]], bottom: float) -> None:
        """Vertical lines with their numbers, and the name of the axis below."""
        for value, text in ticks:
            self.line(self.x(value), self._top, self.x(value), bottom, 0.2)
            self.add(text_at(self.x(value), bottom + 14, text, "middle"))
        self.add(text_at((self._left + WIDTH - self._right) / 2, bottom + 31, self._axis, "middle"))

    def legend(self, entries: Sequence[tuple[str, Callable[..., str]]]) -> None:
        """Marks and what they mean, in a line above the plot."""
        x = self._left
        for name, mark in entries:
            self.add(mark(x, 10, name) + text_at(x + 10, 14, name))
            x += 34 + _LETTER * len(name)

    def svg(self, description: str) -> str:
        """The figure, with a description for those who do not see it."""
        body = "".join(self._items)
        return (
            f'<svg viewBox="0 0 {WIDTH} {self._height:.0f}" role="img" xmlns="http://www.w3.org/2000/svg">'
            f"<desc>{escape(description)}</desc>{body}</svg>"
        )


def text_at(x: float, y: float, text: str, anchor: str = "start", more: str = "") -> str:
    """A text that starts at a place, is centred on it (``middle``) or ends there (``end``)."""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>{escape(text)}</text>'


def _box(x: float, y: float, width: float, height: float, colour: str, title: str = "") -> str:
    shape = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}" stroke="#fff"'
    return f"<rect {shape}>{_title(title)}</rect>"


def _dot(x: float, y: float, title: str, size: float = 4.5) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size:.1f}" fill="{COLOURS[0]}">{_title(title)}</circle>'


def _ring(x: float, y: float, title: str, size: float = 5.5) -> str:
    style = 'fill="none" stroke="currentColor" stroke-width="1.6"'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size:.1f}" {style}>{_title(title)}</circle>'


def _cross(x: float, y: float, title: str, size: float = 5.0) -> str:
    path = f"M{x - size:.1f} {y - size:.1f}l{2 * size} {2 * size}m0 {-2 * size}l{-2 * size} {2 * size}"
    return f'<path d="{path}" stroke="{COLOURS[5]}" stroke-width="2.2">{_title(title)}</path>'


def _square(x: float, y: float, title: str, size: float = 4.5) -> str:
    return _box(x - size, y - size, 2 * size, 2 * size, COLOURS[5], title)


def _diamond(x: float, y: float, title: str, size: float = 4.5) -> str:
    size *= 1.25
    path = f"M{x:.1f} {y - size:.1f}l{size:.1f} {size:.1f}l{-size:.1f} {size:.1f}l{-size:.1f} {-size:.1f}z"
    return f'<path d="{path}" fill="{COLOURS[2]}" stroke="#fff">{_title(title)}</path>'


MARKS = (_dot, _square, _diamond)


def _title(text: str) -> str:
    return f"<title>{escape(text)}</title>" if text else ""


def _ticks(low: float, high: float) -> list[tuple[float, str]]:
    step = next((s for s in (2, 5, 10, 20, 50, 100, 200) if (high - low) / s <= 7), 500)
    return [(value, str(value)) for value in range(floor(low / step) * step, floor(high / step) * step + 1, step)]


def _power(exponent: int) -> str:
    return str(2**exponent) if exponent >= 0 else f"1/{2**-exponent}"


def _gutter(names: Sequence[str]) -> float:
    return 12 + _LETTER * max(map(len, names))


def _legend_lines(names: Sequence[str]) -> list[list[str]]:
    """Legend entries in lines that fit the width."""
    lines: list[list[str]] = [[]]
    room = WIDTH - 8.0
    for name in names:
        wide = 30 + _LETTER * len(name)
        if wide > room and lines[-1]:
            lines.append([])
            room = WIDTH - 8.0
        lines[-1].append(name)
        room -= wide
    return lines
