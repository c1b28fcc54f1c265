# SPDX-License-Identifier: Apache-2.0
"""Plots of the comparison: differences to direct convolution, and learning curves. In black, for print."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

from matplotlib.figure import Figure

from experiments.results import Curves, Summary

LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 4)))


def plot_differences(items: Sequence[Summary], title: str) -> Figure:
    """Differences to direct convolution with their intervals over seeds, one line per case; M by the mark.

    Circles are 8 bits of M, squares 9, triangles 10; a figure at the left is a difference beyond the axis.
    """
    shown = [item for item in items if item.case not in ("direct", "float")]
    figure = Figure(figsize=(8, 0.6 + 0.24 * len(shown)), layout="constrained")
    axes = figure.subplots()
    floor = -20.0
    for place, item in enumerate(reversed(shown)):
        if item.difference < floor:
            axes.annotate(f"{item.difference:.0f}", (floor, place), va="center", ha="left", fontsize=8)
            continue
        marker = {8: "o", 9: "s", 10: "^"}[item.bits]
        width = 0 if isnan(item.over_seeds) else item.over_seeds
        axes.errorbar(item.difference, place, xerr=width, fmt=marker, color="black", ms=4, capsize=2, lw=0.8)
    axes.set_yticks(range(len(shown)), [item.label for item in reversed(shown)], fontsize=7)
    axes.axvline(0, color="black", lw=0.8)
    axes.axvspan(-0.3, 0.3, color="0.9", zorder=0)
    axes.set_xlim(floor - 0.5, 2)
    axes.set_xscale("symlog", linthresh=1)
    axes.set_xticks([-20, -10, -5, -2, -1, 0, 1], ["-20", "-10", "-5", "-2", "-1", "0", "1"])
    axes.grid(axis="x", lw=0.3)
    axes.set_ylim(-0.7, len(shown) - 0.3)
    axes.set_xlabel("points against direct 8-bit convolution; bars: 95 % over seeds; grey: 0.3 points", fontsize=8)
    axes.set_title(title, fontsize=9)
    return figure


def plot_curves(curves: Curves) -> Figure:
    """Loss and accuracy on the augmented training images, of every training of several records."""
    figure = Figure(figsize=(8, 3), layout="constrained")
    panels = figure.subplots(1, 2)
    long = [(key, curve) for key, curve in curves.items() if len(curve) > 1]
    for place, ((label, seed), curve) in enumerate(long):
        style, grey = LINES[place % len(LINES)], "black" if place < len(LINES) else "0.55"
        for axes, quantity in zip(panels, ("loss", "accuracy"), strict=True):
            values = [record[quantity] for record in curve]
            axes.plot([r["epoch"] for r in curve], values, ls=style, color=grey, lw=1, label=f"{label}, seed {seed}")
    for axes, title in zip(panels, ("loss", "accuracy on training images, %"), strict=True):
        axes.set_title(title, fontsize=9)
        axes.set_xlabel("epoch", fontsize=8)
        axes.tick_params(labelsize=8)
        axes.grid(lw=0.3)
    if long:
        panels[1].legend(fontsize=6)
    return figure
