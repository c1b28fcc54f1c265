# SPDX-License-Identifier: Apache-2.0
"""Charts as data, drawn alike by the renderers: marks on two axes, bars in rows, a map in grey."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10
from typing import NamedTuple

MARKS = ("dot", "square", "diamond", "triangle", "cross")
"""The marks of series that have equal rights, in this order; ``ring`` and ``bar`` lie around a dot and behind it."""
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#888888")
"""Okabe and Ito's, distinct to colour-blind eyes."""
_SAME = 1e-9
"""Relative to an axis, what is not told apart."""

Ticks = tuple[tuple[float, str], ...]


@dataclass(frozen=True)
class Axis:
    """The title of an axis, and where its numbers stand: at `ticks`, else at round numbers; `logarithmic` by decades.

    `names` make it one of rows, the first uppermost, at the values 0, 1, 2, ...
    """

    title: str = ""
    logarithmic: bool = False
    names: tuple[str, ...] = ()
    ticks: Ticks = ()


class Point(NamedTuple):
    """A point, a text beside it, and one shown where a pointer rests on it; `size` is the radius of its mark."""

    x: float
    y: float
    text: str = ""
    title: str = ""
    size: float = 4.5


@dataclass(frozen=True)
class Series:
    """Points of one kind, `joined` by a line or not; its name, where it has one, is in the legend."""

    name: str
    points: tuple[Point, ...]
    mark: str = "dot"
    joined: bool = False


class Note(NamedTuple):
    """What is said at the right end of a row in place of marks, and where a pointer rests on it."""

    row: int
    text: str
    title: str = ""


class Rule(NamedTuple):
    """A vertical line, and what it says."""

    x: float
    text: str


@dataclass(frozen=True)
class Dots:
    """Series of marks on two axes; with `spans` a line joins the marks of a row.

    `description` is for those who do not see it.

    >>> gain = Series("F(4,3)", (Point(4.76, 14), Point(10.8, 12)))
    >>> Dots("Front", Axis("noise gain", logarithmic=True), Axis("operations"), (gain,)).values(0)
    [4.76, 10.8]
    """

    title: str
    across: Axis
    up: Axis
    series: tuple[Series, ...]
    description: str = ""
    spans: bool = False
    notes: tuple[Note, ...] = ()
    rule: Rule | None = None

    def values(self, axis: int) -> list[float]:
        """All x, 0, or all y, 1."""
        return [(point.x, point.y)[axis] for series in self.series for point in series.points]


@dataclass(frozen=True)
class Bars:
    """A bar for every row, of the values of one part or several on end; `notes` stand at the bars' ends.

    `unit`, such as `` %``, follows a value that is shown.

    >>> Bars("", Axis("operations"), ("canonical", "legendre"), (("", (56.0, 84.0)),)).total(1)
    84.0
    """

    title: str
    across: Axis
    rows: tuple[str, ...]
    parts: tuple[tuple[str, tuple[float, ...]], ...]
    notes: tuple[str, ...] = ()
    description: str = ""
    unit: str = ""

    def total(self, row: int) -> float:
        """The length of a bar; what is not finite has none."""
        return sum(values[row] for _, values in self.parts if isfinite(values[row]))


@dataclass(frozen=True)
class Heat:
    """A matrix of values that are not negative, the larger the darker.

    >>> Heat("shares", ("0", "inf"), ("0", "inf"), ((0.1, 0.2), (0.2, 0.5)), "tap").largest
    0.5
    """

    title: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]
    of: str = ""
    description: str = ""

    @property
    def largest(self) -> float:
        """The value that is darkest."""
        return max(map(max, self.values))


Chart = Dots | Bars | Heat


def ticks(low: float, high: float, room: float = 420.0, least: float = 40.0) -> list[tuple[float, str]]:
    """Multiples of 1, 2 or 5 times a power of ten that enclose an interval, as many as fit, with their texts.

    `least` is the room that one takes.

    >>> [text for _, text in ticks(0.0, 61.3, 300)]
    ['0', '10', '20', '30', '40', '50', '60', '70']
    >>> [text for _, text in ticks(1.7, 2.3, 150)]
    ['1.6', '1.8', '2.0', '2.2', '2.4']
    >>> [text for _, text in ticks(3.0, 3.0, 80)]
    ['2', '3', '4']
    >>> [text for _, text in ticks(1e-07, 4e-07, 180)]
    ['1e-07', '2e-07', '3e-07', '4e-07']
    """
    if high - low <= _SAME * max(1.0, abs(low), abs(high)):
        low, high = low - max(1.0, abs(low) / 10), high + max(1.0, abs(high) / 10)
    step = (high - low) / max(2, room // least)
    power = floor(log10(step))
    factor, power = next((f, p) for p in (power, power + 1) for f in (1, 2, 5) if f * 10.0**p >= step * (1 - _SAME))
    step, digits = factor * 10.0**power, max(-power, 0)
    places = range(floor(low / step + _SAME), ceil(high / step - _SAME) + 1)
    form = ".3g" if max(abs(low), abs(high)) < 1e-4 else f".{digits}f"
    return [(place * step, f"{place * step + 0.0:{form}}") for place in places]


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
        return ticks(low, high, 240)
    return [(value, f"{value:.6g}") for value in kept]


def axis_ticks(axis: Axis, values: Sequence[float], room: float) -> list[tuple[float, str]]:
    """The ticks of an axis for values that it has to hold; those of a long logarithmic one as far apart as fit.

    >>> axis_ticks(Axis("bits", ticks=((8, "8"), (16, "16"))), [9, 12], 300)
    [(8, '8'), (16, '16')]
    """
    if axis.ticks:
        return list(axis.ticks)
    if not axis.logarithmic:
        return ticks(min(values), max(values), room)
    found = decade_ticks(min(values), max(values))
    step = ceil(len(found) / max(2, room // 36))
    return found[::step] if (len(found) - 1) % step == 0 else [*found[::step], found[-1]]
