# SPDX-License-Identifier: Apache-2.0
"""The plots of reports and comparisons, as inline SVG by title."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import cycle
from math import ceil, floor, inf, isfinite, isnan, log2
from typing import NamedTuple

from wincraft.errors import shorten
from wincraft.exact.number import to_fraction
from wincraft.measure.coefficients import coefficients
from wincraft.quantise.evaluation import Evaluation
from wincraft.report.model import Report, Unavailable
from wincraft.show.numbers import decibels, exact_text, plural
from wincraft.show.svg import (
    COLOURS,
    HALO,
    LETTER,
    MARKS,
    PLOT_WIDTH,
    Plot,
    bar,
    box,
    dot,
    escaped,
    gutter,
    ring,
    text_at,
    ticks,
)

_HATCH = "".join(
    f'<pattern id="hatch{number}" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    f'<rect width="6" height="6" fill="{colour}"/><path d="M1 0V6" stroke="#fff" stroke-width="2"/></pattern>'
    for number, colour in enumerate(COLOURS)
)
"""For the ninth stage and those after it."""
_ROW = 22
_LETTERS = {"AT": "A\u1d40", "G": "G", "BT": "B\u1d40"}
_RAISED = str.maketrans("-0123456789", "\u207b\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079")
NEGLIGIBLE = 80.0
"""SQNR in dB, an error of 1e-4 of the amplitude: rows above it do not stretch the axis of the others."""


class Row(NamedTuple):
    """SQNR in dB under one scheme: of direct convolution, measured, predicted."""

    name: str
    direct: float
    measured: float
    predicted: float

    @property
    def values(self) -> list[float]:
        """Those that can be drawn."""
        return [value for value in self[1:] if isfinite(value)]

    @property
    def title(self) -> str:
        """In words."""
        words = zip(("direct", "measured", "predicted"), self[1:], strict=True)
        return f"{self.name}: {', '.join(f'{word} {decibels(value)}' for word, value in words)}"


def plots(report: Report) -> dict[str, str]:
    """Title and SVG of every plot that the report has data for."""
    return _titled(
        {
            "Error against direct convolution": formats_plot(report),
            "Error by stage": stages_plot(report),
            "Coefficient magnitudes": coefficients_plot(report),
            "Rounding the matrices to fixed point": sweep_plot(report),
        }
    )


def scheme_plots(found: Mapping[str, Mapping[str, Evaluation | Unavailable]]) -> dict[str, str]:
    """Title and SVG per scheme: what every one of several algorithms, by name, does under it."""
    return _titled({f"SQNR under {scheme}": sqnr_plot(_rows(results.items())) for scheme, results in found.items()})


def _titled(made: Mapping[str, str]) -> dict[str, str]:
    """Those that there are, named inside as well."""
    titled = {
        title: figure.replace("<desc>", f"<title>{escaped(title)}</title><desc>", 1) for title, figure in made.items()
    }
    return {title: figure for title, figure in titled.items() if figure}


def formats_plot(report: Report) -> str:
    """Per scheme, the best first: SQNR of direct convolution, measured and predicted."""
    return sqnr_plot(sorted(_rows(_evaluations(report)), key=_rank))


def stages_plot(report: Report) -> str:
    """Per scheme, in the order of `formats_plot`: the share of every stage in the predicted error power."""
    found = sorted(_evaluations(report), key=lambda item: _rank(Row(item[0], *_decibels(item[1]))))
    return shares_plot([(name, e.predicted.stages, e.predicted.decibels) for name, e in found])


def sqnr_plot(rows: Sequence[Row]) -> str:
    """Rows of SQNR: a ring for direct convolution, a dot for what was measured, a bar for what was predicted.

    The axis spans the rows within `NEGLIGIBLE`, unless all are above it.
    """
    drawn = [row for row in rows if row.values and max(row.values) <= NEGLIGIBLE]
    drawn = drawn or [row for row in rows if row.values]
    if not drawn:
        return ""
    values = [value for row in drawn for value in row.values]
    left = gutter([row.name for row in rows])
    scale = ticks(min(values), max(values), PLOT_WIDTH - left)
    bottom = 24 + len(rows) * _ROW
    plot = Plot(bottom + 38, left, scale[0][0], scale[-1][0], "SQNR in dB, right is better", 14, 22)
    plot.grid(scale, bottom)
    plot.legend([("direct", ring), ("measured", dot), ("predicted", bar)])
    for number, row in enumerate(rows):
        y = 24 + (number + 0.5) * _ROW
        plot.label(row.name, y)
        if row not in drawn:
            text = decibels(row.measured)
            side = f"{text} dB \u2192" if isfinite(row.measured) else text
            plot.add(text_at(PLOT_WIDTH - 4, y + 4, side, "end", title=row.title))
            continue
        plot.line(plot.x(min(row.values)), y, plot.x(max(row.values)), y)
        for value, mark in ((row.predicted, bar), (row.direct, ring), (row.measured, dot)):
            if isfinite(value):
                plot.add(mark(plot.x(value), y, row.title))
    return plot.svg("In each row the SQNR of direct convolution, and the measured and predicted SQNR.")


def shares_plot(found: Sequence[tuple[str, Mapping[str, float], float]]) -> str:
    """Rows of a name, error power by stage, and the SQNR in dB: bars of shares."""
    rows = [(name, powers, value) for name, powers, value in found if 0 < sum(powers.values()) < inf]
    if not rows:
        return ""
    names = list(dict.fromkeys(stage for _, powers, _ in rows for stage, power in powers.items() if power > 0))
    second = [f"url(#hatch{number})" for number in range(len(COLOURS))]
    colours = dict(zip(names, cycle((*COLOURS, *second)), strict=False))
    lines = _legend_lines(names)
    top = 8 + 18 * len(lines)
    bottom = top + len(rows) * _ROW
    plot = Plot(bottom + 38, gutter([name for name, _, _ in rows]), 0, 100, "share of error power", 52, top)
    plot.add(f"<defs>{_HATCH}</defs>")
    for number, line in enumerate(lines):
        x = 4.0
        for stage in line:
            plot.add(box(x, 8 + 18 * number, 11, 11, colours[stage]) + text_at(x + 15, 18 + 18 * number, stage))
            x += 30 + LETTER * len(stage)
    plot.grid([(value, f"{value} %") for value in range(0, 101, 25)], bottom)
    plot.add(text_at(PLOT_WIDTH - 4, bottom + 14, "dB", "end"))
    for number, (name, powers, value) in enumerate(rows):
        y, start, total = top + number * _ROW + 3, 0.0, sum(powers.values())
        plot.label(name, y + _ROW / 2 - 3)
        for stage in names:
            share = 100 * (powers.get(stage, 0.0) / total)
            x, wide = plot.x(start), plot.x(start + share) - plot.x(start)
            if share > 0:
                plot.add(box(x, y, wide, _ROW - 6, colours[stage], f"{name}, {stage}: {share:.0f} %"))
            if wide > LETTER * len(stage) + 4:
                plot.add(text_at(x + wide / 2, y + 12, stage, "middle", HALO))
            start += share
        plot.add(text_at(PLOT_WIDTH - 4, y + 12, decibels(value), "end"))
    return plot.svg("In each row the share of every stage in the predicted error power; at the right the SQNR.")


def coefficients_plot(report: Report) -> str:
    """The magnitudes of the entries of A^T, G and B^T on a logarithmic axis; area by how often they occur."""
    counts: dict[str, Counter[Fraction]] = {"AT": Counter(), "G": Counter(), "BT": Counter()}
    first = {axis.sha256: number for number, axis in reversed(list(enumerate(report.algorithm.axes)))}
    for entry in coefficients(report.algorithm):
        if entry.value and entry.axis in first.values():
            counts[entry.matrix][abs(to_fraction(entry.value))] += 1
    everything = [_log2(value) for counter in counts.values() for value in counter]
    low, high = floor(min(everything)), ceil(max(everything))
    low, high = (low - 1, high + 1) if low == high else (low, high)
    plot = Plot(3 * 40 + 44, 40, low, high, "magnitude, powers of two; larger marks: more entries", 16)
    step = max(1, ceil((high - low) / 8))
    power = _quotient if max(-low, high) <= 10 else _power
    plot.grid([(value, power(value)) for value in range(low, high + 1, step)], 3 * 40 + 6)
    for number, (matrix, counter) in enumerate(counts.items()):
        y = 6 + 40 * (number + 0.5)
        name = _LETTERS[matrix]
        plot.label(name, y)
        plot.line(plot.x(_log2(min(counter))), y, plot.x(_log2(max(counter))), y)
        for value, amount in sorted(counter.items()):
            size = 3 + 1.3 * amount**0.5
            text = f"{name}: {plural(amount, 'entry', 'entries')} of {shorten(str(value))}"
            plot.add(MARKS[number](plot.x(_log2(value)), y, text, size))
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
    levels = ticks(low, high, 240)
    bottom, top = levels[0][0], max(levels[-1][0], high)

    def y(value: float) -> float:
        return 24 + 180 * (top - value) / (top - bottom)

    plot.grid([(word, str(word)) for word in range(min(points), max(points) + 1, 4)], 204)
    for value, text in levels:
        plot.line(44, y(value), PLOT_WIDTH - 16, y(value), 0.25)
        plot.add(text_at(40, y(value) + 4, text, "end"))
    plot.add(text_at(4, 11, "error in dB, lower is better"))
    path = " ".join(f"{plot.x(word):.1f},{y(value):.1f}" for word, value in points.items())
    plot.add(f'<polyline points="{path}" fill="none" stroke="{COLOURS[0]}" stroke-width="2"/>')
    for word, value in points.items():
        plot.add(dot(plot.x(word), y(value), f"{word} bits: {value:.1f} dB"))
    smallest = report.words.smallest["matrix"]
    if isinstance(smallest, int) and min(points) <= smallest <= max(points):
        x = plot.x(smallest)
        plot.add(f'<path d="M{x:.1f} 16V204" stroke="{COLOURS[5]}" stroke-width="2" stroke-dasharray="5 3"/>')
        side = "end" if x > PLOT_WIDTH * 0.6 else "start"
        shift = -6 if side == "end" else 6
        plot.add(text_at(x + shift, 40, f"residual \u2264 1e-3 from {smallest} bits", side))
    return plot.svg("Error power over output power in dB, for white data, against the word of the matrix entries.")


def _evaluations(report: Report) -> list[tuple[str, Evaluation]]:
    """What was found of every scheme that is applicable."""
    found = [(item.label, item.evaluation) for item in report.schemes]
    return [(name, item) for name, item in found if not isinstance(item, Unavailable)]


def _rows(found: Iterable[tuple[str, Evaluation | Unavailable]]) -> list[Row]:
    return [Row(name, *_decibels(item)) for name, item in found if not isinstance(item, Unavailable)]


def _decibels(found: Evaluation) -> tuple[float, float, float]:
    return found.direct, found.measured, found.predicted.decibels


def _rank(row: Row) -> float:
    """The best measured first, what is no number last."""
    return inf if isnan(row.measured) else -row.measured


def _log2(value: Fraction) -> float:
    """Of a number of any size."""
    return log2(value.numerator) - log2(value.denominator)


def _power(exponent: int) -> str:
    return "2" + str(exponent).translate(_RAISED)


def _quotient(exponent: int) -> str:
    return str(2**exponent) if exponent >= 0 else f"1/{2**-exponent}"


def _legend_lines(names: Sequence[str]) -> list[list[str]]:
    """Legend entries in lines that fit the width."""
    lines: list[list[str]] = [[]]
    room = PLOT_WIDTH - 8.0
    for name in names:
        wide = 30 + LETTER * len(name)
        if wide > room and lines[-1]:
            lines.append([])
            room = PLOT_WIDTH - 8.0
        lines[-1].append(name)
        room -= wide
    return lines
