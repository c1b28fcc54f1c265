# SPDX-License-Identifier: Apache-2.0
"""Charts drawn with matplotlib (the extra ``notebooks``).

Marks carry the meaning as well as colours do, so that the plots are readable in black and white.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from typing import Any

from wincraft.errors import import_tool
from wincraft.show.chart import COLOURS, Axis, Bars, Chart, Dots, Heat, axis_ticks

MARKERS = {"dot": "o", "square": "s", "diamond": "D", "triangle": "^", "cross": "X", "ring": "o", "bar": "|"}
_BAR = {"edgecolor": "black", "linewidth": 0.8}
_SMALL: dict[str, Any] = {"textcoords": "offset points", "fontsize": 9}


def draw(chart: Chart, ax: Any = None) -> Any:
    """Draw a chart into the axes given, else into those of a new figure, and return them.

    Raises:
        MissingTool: without matplotlib.

    >>> draw(Bars("", Axis("operations"), ("canonical", "legendre"), (("", (56.0, 84.0)),)))  # doctest: +SKIP
    <Axes: xlabel='operations'>
    """
    pyplot = import_tool("matplotlib.pyplot", "a plot", "notebooks")
    if ax is None:
        ax = pyplot.subplots(figsize=_size(chart), layout="constrained")[1]
    if isinstance(chart, Heat):
        _heat(chart, ax)
    elif isinstance(chart, Bars):
        _bars(chart, ax)
    else:
        _dots(chart, ax)
    ax.set_title(chart.title)
    return ax


def _size(chart: Chart) -> tuple[float, float]:
    """Width and height in inches."""
    if isinstance(chart, Heat):
        return 4.6, 4.2
    if isinstance(chart, Bars):
        return 5.5, 0.9 + 0.3 * len(chart.rows)
    return (6.2, 1.3 + 0.42 * len(chart.up.names)) if chart.up.names else (5.8, 3.6)


def _dots(chart: Dots, ax: Any) -> None:
    colours = cycle(COLOURS)
    for series in chart.series:
        x, y = ([point[axis] for point in series.points] for axis in (0, 1))
        style: dict[str, Any] = {"color": next(colours), "mec": "black", "mew": 0.6, "ms": 7}
        if series.joined:
            style |= {"mew": 0, "ms": 5}
        if series.mark == "ring":
            style |= {"mfc": "none", "mew": 1.2, "ms": 10}
        elif series.mark == "bar":
            style |= {"color": "black", "mew": 1.5, "ms": 18}
        line = {"ls": "-", "lw": 0.8} if series.joined else {"ls": "none"}
        ax.plot(x, y, MARKERS[series.mark], label=series.name or None, **style | line)
        for point in series.points:
            if point.text:
                ax.annotate(point.text, point[:2], (5, 4), **_SMALL)
    _axis(ax, "x", chart.across, chart.values(0))
    _axis(ax, "y", chart.up, chart.values(1))
    if chart.up.names:
        ax.set_ylim(len(chart.up.names) - 0.5, -0.5)
        ax.grid(axis="x", lw=0.3)
    for note in chart.notes:
        edge: dict[str, Any] = {"xycoords": ax.get_yaxis_transform(), "ha": "right", "va": "center"}
        ax.annotate(note.text, (1, note.row), (-4, 0), **edge, **_SMALL)
    if chart.rule is not None:
        ax.axvline(chart.rule.x, color="black", ls="--", lw=0.8)
        ax.annotate(chart.rule.text, (chart.rule.x, 1), (4, -12), xycoords=ax.get_xaxis_transform(), **_SMALL)
    if any(series.name for series in chart.series):
        beside = {"loc": "center left", "bbox_to_anchor": (1, 0.5)}
        ax.legend(**beside if chart.up.names or any(series.joined for series in chart.series) else {})


def _axis(ax: Any, letter: str, of: Axis, values: Sequence[float] = ()) -> None:
    """Scale, ticks and title of ``x`` or ``y``."""
    axis = getattr(ax, f"{letter}axis")
    ticks = of.ticks or tuple(enumerate(of.names))
    if of.logarithmic:
        getattr(ax, f"set_{letter}scale")("log")
        axis.set_minor_formatter("")
        ticks = tuple(axis_ticks(of, values, 240))
    if ticks:
        axis.set_ticks([value for value, _ in ticks], [text for _, text in ticks])
    axis.set_label_text(of.title)


def _bars(chart: Bars, ax: Any) -> None:
    start = [0.0] * len(chart.rows)
    several = len(chart.parts) > 1
    for number, (name, values) in enumerate(chart.parts):
        style = {"color": COLOURS[number % len(COLOURS)], "hatch": "//" if number >= len(COLOURS) else None}
        style = style if several else {"color": COLOURS[4]}
        ax.barh(range(len(chart.rows)), values, left=start, label=name or None, **_BAR | style)
        start = [sum(pair) for pair in zip(start, values, strict=True)]
    for row, note in enumerate(chart.notes):
        ax.annotate(note, (chart.total(row), row), (4, 0), va="center", **_SMALL)
    _axis(ax, "y", Axis(names=chart.rows))
    _axis(ax, "x", chart.across)
    ax.invert_yaxis()
    ax.margins(x=0.18 if chart.notes else 0.05)
    if several:
        ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))


def _heat(chart: Heat, ax: Any) -> None:
    ax.imshow(chart.values, cmap="Greys", vmin=0, vmax=1.6 * chart.largest)
    for i, row in enumerate(chart.values):
        for j, value in enumerate(row):
            colour = "white" if value > 0.9 * chart.largest else "black"
            ax.text(j, i, f"{value:.2g}", ha="center", va="center", fontsize=9, color=colour)
    _axis(ax, "y", Axis(chart.of, names=chart.rows))
    ax.set_xticks(range(len(chart.columns)), chart.columns, rotation=45 if max(map(len, chart.columns)) > 4 else 0)
    ax.set_xlabel(chart.of)
