# SPDX-License-Identifier: Apache-2.0
"""Plots of the comparison: differences to direct convolution, and learning curves.

Marks and dashes say what colours say, for print. Colours are Okabe and Ito's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import isnan
from textwrap import wrap

from matplotlib.figure import Figure

from experiments.results import Curves, Summary, bits_of, order
from experiments.rows import DIRECT

LINES = {8: "-", 9: "--", 10: ":"}
MARKS = {8: "o", 9: "s", 10: "^"}
COLOURS = {8: "#0072B2", 9: "#D55E00", 10: "#009E73"}
"""By the bits of M."""


def plot_differences(items: Sequence[Summary], title: str) -> Figure:
    """Differences to direct convolution with their intervals over seeds, one line per case; M by the mark.

    Circles are 8 bits of M, squares 9, triangles 10; a figure at the left is a difference beyond the axis.
    """
    shown = [item for item in items if item.case not in ("direct", "float")]
    figure = Figure(figsize=(9, 0.8 + 0.27 * len(shown)), layout="constrained")
    axes = figure.subplots()
    floor = -20.0
    for place, item in enumerate(reversed(shown)):
        if item.difference < floor:
            axes.annotate(f" {item.difference:.0f}", (floor, place), va="center", ha="left", fontsize=10)
            continue
        bits = bits_of(item.label)
        style = {"fmt": MARKS[bits], "color": COLOURS[bits], "ms": 5, "capsize": 2.5, "lw": 1.2}
        width = 0 if isnan(item.over_seeds) else item.over_seeds
        axes.errorbar(item.difference, place, xerr=width, **style)
    axes.set_yticks(range(len(shown)), [item.label for item in reversed(shown)], fontsize=10)
    axes.axvline(0, color="black", lw=0.8)
    axes.axvspan(-0.3, 0.3, color="0.9", zorder=0)
    axes.set_xlim(floor - 0.5, 2)
    axes.set_xscale("symlog", linthresh=1)
    axes.set_xticks([-20, -10, -5, -2, -1, 0, 1], ["-20", "-10", "-5", "-2", "-1", "0", "1"])
    axes.grid(axis="x", lw=0.3)
    axes.set_ylim(-0.7, len(shown) - 0.3)
    axes.set_xlabel("points against direct 8-bit convolution; bars: 95 % over seeds; grey: 0.3 points", fontsize=10)
    axes.set_title(title, fontsize=11)
    return figure


def plot_curves(curves: Curves) -> Figure:
    """Accuracy on the augmented training images in the trainings of one stage.

    One panel per row and tile, one line per seed; orange dashes are 9 bits of M, green dots 10; grey is direct
    convolution.
    """
    panels: dict[str, Curves] = {}
    for key, curve in curves.items():
        panels.setdefault(re.sub(r", M \d+ bits", "", key[1]), {})[key] = curve
    columns = min((4, 3), key=lambda count: -len(panels) % count) if len(panels) > 4 else max(1, len(panels))
    rows = max(1, -(-len(panels) // columns))
    figure = Figure(figsize=(max(4, 2.4 * columns), 0.8 + 1.9 * rows), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).ravel()
    for axes in grid[len(panels) :]:
        axes.set_axis_off()
    for axes in grid[max(0, len(panels) - columns) : len(panels)]:  # nothing below them
        axes.tick_params(labelbottom=True)
    for axes, name in zip(grid, sorted(panels, key=order), strict=False):
        for direct, drawn in ((True, panels.get(DIRECT, {})), (False, panels[name])):
            for (_, label, _), curve in drawn.items():
                bits = bits_of(label)
                x, y = ([record[key] for record in curve] for key in ("epoch", "accuracy"))
                axes.plot(x, y, ls=LINES[bits], color="0.7" if direct else COLOURS[bits], lw=1.2)
        tile, _, row = name.partition(": ")
        axes.set_title("\n".join(filter(None, (tile, *wrap(row, 24)))), fontsize=10)
        axes.tick_params(labelsize=9)
        axes.grid(lw=0.3)
    figure.supxlabel("epoch", fontsize=10)
    figure.supylabel("right on training images, %", fontsize=10)
    return figure
