# SPDX-License-Identifier: Apache-2.0
"""The charts of reports and comparisons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from math import ceil, floor, inf, isfinite, isnan, log2, nan
from typing import NamedTuple

from wincraft.algorithm.nesting import parts
from wincraft.errors import shorten
from wincraft.exact.number import to_fraction
from wincraft.measure.coefficients import coefficients
from wincraft.quantise.evaluation import Evaluation
from wincraft.report.model import Results, SchemeResult, Unavailable
from wincraft.show.chart import MARKS, Axis, Bars, Chart, Dots, Note, Point, Rule, Series
from wincraft.show.numbers import decibels, exact_text, plural

_LETTERS = {"AT": "A\u1d40", "G": "G", "BT": "B\u1d40"}
_RAISED = str.maketrans("-0123456789", "\u207b\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079")
NEGLIGIBLE = 80.0
"""SQNR in dB, an error of 1e-4 of the amplitude: rows above it do not stretch the axis of the others."""
_PERCENT = Axis("share of error power", ticks=tuple((value, f"{value} %") for value in range(0, 101, 25)))


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


def report_charts(report: Results) -> tuple[Chart, ...]:
    """Those that a report has data for."""
    charts = (*formats_charts(report.schemes), _coefficients(report), _sweep(report))
    return tuple(chart for chart in charts if chart is not None)


def formats_charts(schemes: Iterable[SchemeResult]) -> tuple[Chart, ...]:
    """The SQNR of schemes, and their error by stage, from the best measured on."""
    found = [(item.label, item.evaluation) for item in schemes]
    known = [(name, item) for name, item in found if not isinstance(item, Unavailable)]
    known.sort(key=lambda item: _rank(item[1].measured))
    shares = [(name, item.predicted.stages, item.predicted.decibels) for name, item in known]
    charts = (sqnr_chart("Error against direct convolution", _rows(known)), shares_chart("Error by stage", shares))
    return tuple(chart for chart in charts if chart is not None)


def scheme_charts(found: Mapping[str, Mapping[str, Evaluation | Unavailable]]) -> tuple[Chart, ...]:
    """One per scheme: what every one of several algorithms, by name, does under it."""
    charts = (sqnr_chart(f"SQNR under {scheme}", _rows(results.items())) for scheme, results in found.items())
    return tuple(chart for chart in charts if chart is not None)


def measured_chart(found: Mapping[str, Mapping[str, Evaluation | Unavailable]]) -> Dots:
    """The measured SQNR of several algorithms, marks, under every scheme, a row; direct convolution as a bar."""
    rows = list(next(iter(found.values())))
    series = []
    for place, (name, results) in enumerate(found.items()):
        shift = 0.5 * (place - (len(found) - 1) / 2) / len(found)
        points = [Point(_finite(item, "measured"), row + shift) for row, item in enumerate(results.values())]
        series.append(Series(name, tuple(point for point in points if isfinite(point.x)), MARKS[place % len(MARKS)]))
    direct = (Point(_finite(item, "direct"), row) for row, item in enumerate(next(iter(found.values())).values()))
    series.append(Series("direct", tuple(point for point in direct if isfinite(point.x)), "bar"))
    return Dots("", Axis("measured SQNR in dB, more is better"), Axis(names=tuple(rows)), tuple(series))


def sqnr_chart(title: str, rows: Sequence[Row]) -> Dots | None:
    """Rows of SQNR: a ring for direct convolution, a dot for what was measured, a bar for what was predicted.

    The axis spans the rows within `NEGLIGIBLE`, unless all are above it; of the others the value is told.
    """
    drawn = [row for row in rows if row.values and max(row.values) <= NEGLIGIBLE]
    drawn = drawn or [row for row in rows if row.values]
    if not drawn:
        return None

    def series(name: str, mark: str) -> Series:
        found = (Point(getattr(row, name), y, title=row.title) for y, row in enumerate(rows) if row in drawn)
        return Series(name, tuple(point for point in found if isfinite(point.x)), mark)

    notes = (
        Note(y, decibels(row.measured) + " dB \u2192" * isfinite(row.measured), row.title)
        for y, row in enumerate(rows)
        if row not in drawn
    )
    return Dots(
        title,
        Axis("SQNR in dB, right is better"),
        Axis(names=tuple(row.name for row in rows)),
        (series("direct", "ring"), series("measured", "dot"), series("predicted", "bar")),
        "In each row the SQNR of direct convolution, and the measured and predicted SQNR.",
        spans=True,
        notes=tuple(notes),
    )


def shares_chart(title: str, found: Sequence[tuple[str, Mapping[str, float], float]]) -> Bars | None:
    """Rows of a name, error power by stage, and the SQNR in dB: bars of shares."""
    rows = [(name, powers, value) for name, powers, value in found if 0 < sum(powers.values()) < inf]
    if not rows:
        return None
    names = list(dict.fromkeys(stage for _, powers, _ in rows for stage, power in powers.items() if power > 0))
    parts = tuple(
        (stage, tuple(100 * (powers.get(stage, 0.0) / sum(powers.values())) for _, powers, _ in rows))
        for stage in names
    )
    return Bars(
        title,
        _PERCENT,
        tuple(name for name, _, _ in rows),
        parts,
        tuple(f"{decibels(value)} dB" if isfinite(value) else decibels(value) for _, _, value in rows),
        "In each row the share of every stage in the predicted error power; at the right the SQNR.",
        " %",
    )


def _coefficients(report: Results) -> Dots:
    """The magnitudes of the entries of A^T, G and B^T as powers of two; area by how often they occur."""
    counts: dict[str, Counter[Fraction]] = {"AT": Counter(), "G": Counter(), "BT": Counter()}
    first = {axis.sha256: number for number, axis in reversed(list(enumerate(parts(report.algorithm))))}
    for entry in coefficients(report.algorithm):
        if entry.value and entry.axis in first.values():
            counts[entry.matrix][abs(to_fraction(entry.value))] += 1
    everything = [_log2(value) for counter in counts.values() for value in counter]
    low, high = floor(min(everything)), ceil(max(everything))
    low, high = (low - 1, high + 1) if low == high else (low, high)
    power = _quotient if max(-low, high) <= 10 else _power
    ticks = tuple((value, power(value)) for value in range(low, high + 1, max(1, ceil((high - low) / 8))))
    series = []
    for number, (matrix, counter) in enumerate(counts.items()):
        points = (
            Point(
                _log2(value),
                number,
                title=f"{_LETTERS[matrix]}: {plural(amount, 'entry', 'entries')} of {shorten(str(value))}",
                size=3.5 + 1.3 * amount**0.5,
            )
            for value, amount in sorted(counter.items())
        )
        series.append(Series("", tuple(points), MARKS[number]))
    found = report.magnitudes
    spans = "; ".join(
        f"{_LETTERS[name]} {exact_text(m.smallest)} to {exact_text(m.largest)}" for name, m in found.items()
    )
    return Dots(
        "Coefficient magnitudes",
        Axis("magnitude, powers of two; larger marks: more entries", ticks=ticks),
        Axis(names=tuple(_LETTERS.values())),
        tuple(series),
        f"Magnitudes of the entries of one axis. Of the whole algorithm: {spans}.",
        spans=True,
    )


def _sweep(report: Results) -> Dots | None:
    """Error power over output power when the matrices are rounded to fixed-point words."""
    points = {word: value for word, value in report.words.sweep.items() if isfinite(value)}
    if len(points) < 2:
        return None
    marks = tuple(Point(word, value, title=f"{word} bits: {value:.1f} dB") for word, value in points.items())
    smallest = report.words.smallest["matrix"]
    shown = isinstance(smallest, int) and min(points) <= smallest <= max(points)
    ticks = tuple((word, str(word)) for word in range(min(points), max(points) + 1, 4))
    return Dots(
        "Rounding the matrices to fixed point",
        Axis("word in bits, one format per matrix", ticks=ticks),
        Axis("error in dB, lower is better"),
        (Series("", marks, joined=True),),
        "Error power over output power in dB, for white data, against the word of the matrix entries.",
        rule=Rule(float(smallest), f"residual \u2264 1e-3 from {smallest} bits") if shown else None,  # type: ignore[arg-type]
    )


def _rows(found: Iterable[tuple[str, Evaluation | Unavailable]]) -> list[Row]:
    return [
        Row(name, item.direct, item.measured, item.predicted.decibels)
        for name, item in found
        if not isinstance(item, Unavailable)
    ]


def _rank(measured: float) -> float:
    """The best measured first, what is no number last."""
    return inf if isnan(measured) else -measured


def _finite(found: Evaluation | Unavailable, name: str) -> float:
    """An SQNR in dB, NaN where there is none to draw."""
    value: float = nan if isinstance(found, Unavailable) else getattr(found, name)
    return value if isfinite(value) else nan


def _log2(value: Fraction) -> float:
    """Of a number of any size."""
    return log2(value.numerator) - log2(value.denominator)


def _power(exponent: int) -> str:
    return "2" + str(exponent).translate(_RAISED)


def _quotient(exponent: int) -> str:
    return str(2**exponent) if exponent >= 0 else f"1/{2**-exponent}"
