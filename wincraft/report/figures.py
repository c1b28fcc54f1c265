# SPDX-License-Identifier: Apache-2.0
"""Plots of results with matplotlib (the extra ``notebooks``): one function per kind, each returns the axes.

Marks carry the meaning as well as colours do, so that the plots are readable in black and white.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite, nan
from typing import Any

import numpy as np

from wincraft.algorithm.nested import Algorithm
from wincraft.errors import NotApplicable, import_tool
from wincraft.measure.noise import noise_gain
from wincraft.numbers.decibels import sqnr
from wincraft.quantise.evaluation import Evaluation
from wincraft.quantise.prediction import Prediction
from wincraft.quantise.simulation import Simulation
from wincraft.report.bases import BasisComparison
from wincraft.report.comparison import Comparison
from wincraft.report.description import tap_labels
from wincraft.report.measures import parse_measure
from wincraft.report.model import Unavailable
from wincraft.report.pareto import FoundFront
from wincraft.show.numbers import decibels
from wincraft.show.svg import COLOURS

MARKERS = "osD^vP*X<>"
_BAR = {"color": COLOURS[4], "edgecolor": "black", "linewidth": 0.8}


def new_axes(ax: Any, width: float, height: float) -> Any:
    """The axes given, else those of a new figure; raises `MissingTool` without matplotlib."""
    pyplot = import_tool("matplotlib.pyplot", "a plot", "notebooks")
    return pyplot.subplots(figsize=(width, height), layout="constrained")[1] if ax is None else ax


def plot_taps(algorithm: Algorithm, ax: Any = None) -> Any:
    """What each tap adds to the noise gain: bars for one axis, a map in grey for two.

    Raises:
        NotApplicable: for more than two axes.
    """
    axes = algorithm.axes
    if len(axes) > 2:
        raise NotApplicable("plot", f"{len(axes)} axes do not fit into one plot", "plot the axes one by one")
    found = noise_gain(algorithm)
    values = np.array(found.contributions, dtype=float)
    if len(axes) == 1:
        ax = new_axes(ax, 5.5, 2.8)
        ax.bar(range(len(values)), values, **_BAR)
        ax.set_ylabel("part of the noise gain")
    else:
        ax = new_axes(ax, 4.6, 4.2)
        ax.imshow(values, cmap="Greys", vmin=0, vmax=1.6 * values.max())
        for (row, column), value in np.ndenumerate(values):
            colour = "white" if value > 0.9 * values.max() else "black"
            ax.text(column, row, f"{value:.2g}", ha="center", va="center", fontsize=9, color=colour)
        ax.set_yticks(range(axes[0].rank), tap_labels(axes[0]))
        ax.set_ylabel("modulus")
    labels = tap_labels(axes[-1])
    ax.set_xticks(range(len(labels)), labels, rotation=45 if max(map(len, labels)) > 4 else 0)
    ax.set_xlabel("modulus of the tap")
    ax.set_title(f"{algorithm.size}: noise gain {float(found.value):.4g}")
    return ax


def plot_stages(prediction: Prediction, ax: Any = None, title: str | None = None) -> Any:
    """The share of every stage in the predicted noise, with the SQNR in dB that it alone would leave."""
    stages = {name: power for name, power in prediction.stages.items() if isfinite(power) and power > 0}
    total = sum(stages.values())
    ax = new_axes(ax, 5.5, 0.9 + 0.3 * len(stages))
    ax.barh(list(stages), [100 * power / total for power in stages.values()], **_BAR)
    for place, power in enumerate(stages.values()):
        ax.annotate(f"{decibels(sqnr(power))} dB", (100 * power / total, place), (4, 0),
                    textcoords="offset points", va="center", fontsize=9)  # fmt: skip
    ax.invert_yaxis()
    ax.set_xlim(0, 118 * max(stages.values(), default=1.0) / (total or 1.0))
    ax.set_xlabel("% of the predicted noise power")
    ax.set_title(title or f"predicted SQNR {decibels(prediction.decibels)} dB")
    return ax


def plot_evaluation(evaluation: Evaluation, ax: Any = None) -> Any:
    """The stages of the prediction under a title with what was measured."""
    shown = {"predicted": evaluation.predicted.decibels, "measured": evaluation.measured, "direct": evaluation.direct}
    title = ", ".join(f"{name} {decibels(value)}" for name, value in shown.items())
    return plot_stages(evaluation.predicted, ax, f"{evaluation.algorithm.size}, {evaluation.scheme.name}\n{title} dB")


def plot_scales(simulation: Simulation, ax: Any = None) -> Any:
    """The largest value that every tap can hold at the stages that have taps and a scale.

    Raises:
        NotApplicable: where no stage has a scale.
    """
    shown = {label: simulation.records[label] for label in ("U", "V", "M") if label in simulation.records}
    shown = {label: record for label, record in shown.items() if record.quantizer.per is not None}
    if not shown:
        raise NotApplicable("plot", f"no stage of {simulation.scheme.name} has a scale", "choose a scheme of integers")
    ax = new_axes(ax, 5.5, 3.0)
    for place, (label, record) in enumerate(shown.items()):
        scales = record.scale.scale.max(axis=(-2, -1)).ravel() if record.scale.scale.ndim > 1 else record.scale.scale
        limit = float(max(np.abs(end).max() for end in record.quantizer.limits(np.zeros(1))))
        values = limit * np.broadcast_to(scales, (record.taps,))
        ax.semilogy(values, MARKERS[place] + "-", color=COLOURS[place], lw=0.8, ms=5, label=label)
    ax.set_xlabel("tap")
    ax.set_ylabel("largest value that is stored")
    ax.set_title(f"{simulation.scheme.name}: SQNR {decibels(simulation.decibels)} dB")
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return ax


def plot_comparison(comparison: Comparison, measure: str | None = None, ax: Any = None) -> Any:
    """The measured SQNR of every scheme, algorithms as marks; with the name of a measure that one, as bars.

    Without schemes the measure is the noise gain.
    """
    names = [column.label.replace(", ", ",\n") for column in comparison.columns]
    schemes = [item.scheme.name for item in comparison.columns[0].report.schemes]
    if measure is None and schemes:
        found = {
            column.label: [_measured(item.evaluation) for item in column.report.schemes]
            for column in comparison.columns
        }
        direct = [_direct(item.evaluation) for item in comparison.columns[0].report.schemes]
        return _marks(schemes, found, direct, ax)
    chosen = parse_measure(measure or "noise-gain", schemes)
    values = [chosen.value(column.report) for column in comparison.columns]
    numbers = [nan if isinstance(value, Unavailable) else float(value) for value in values]
    ax = new_axes(ax, 1.6 + 0.8 * len(names), 2.8)
    ax.bar(names, numbers, **_BAR)
    for place, column in enumerate(comparison.columns):
        ax.annotate(chosen.text(column.report), (place, numbers[place] if isfinite(numbers[place]) else 0), (0, 3),
                    textcoords="offset points", ha="center", fontsize=9)  # fmt: skip
    ax.margins(y=0.15)
    ax.set_title(chosen.title)
    return ax


def plot_bases(comparison: BasisComparison, ax: Any = None) -> Any:
    """The measured SQNR of every scheme, bases as marks; without schemes the operations of data and output."""
    schemes = list(comparison.columns[0].schemes)
    if schemes:
        found = {column.name: [_measured(column.schemes[name]) for name in schemes] for column in comparison.columns}
        return _marks(schemes, found, [_direct(comparison.columns[0].schemes[name]) for name in schemes], ax)
    names = [column.name for column in comparison.columns]
    ax = new_axes(ax, 5.5, 0.9 + 0.35 * len(names))
    ax.barh(names, [column.costs.input.total + column.costs.output.total for column in comparison.columns], **_BAR)
    ax.invert_yaxis()
    ax.set_xlabel("operations of a tile, data and output")
    return ax


def plot_front(front: FoundFront, ax: Any = None) -> Any:
    """Noise gain against operations per output, marks by products per output, and the bits of exact arithmetic."""
    ax = new_axes(ax, 5.8, 3.6)
    kinds = sorted({float(member.values[0]) for member in front.members})
    for place, kind in enumerate(kinds):
        members = [member.values for member in front.members if float(member.values[0]) == kind]
        gains, work = ([float(values[item]) for values in members] for item in (1, 2))
        style = {"color": COLOURS[place % len(COLOURS)], "mec": "black", "mew": 0.6, "ms": 7, "ls": "none"}
        ax.semilogx(gains, work, MARKERS[place % len(MARKERS)], label=f"{kind:.3g} products per output", **style)
        for values in members:
            ax.annotate(str(values[3]), (float(values[1]), float(values[2])), (5, 4), textcoords="offset points",
                        fontsize=9)  # fmt: skip
    ax.set_ylim(0, 1.15 * max(float(member.values[2]) for member in front.members))
    ax.margins(x=0.1)
    for formatter in (ax.xaxis.set_major_formatter, ax.xaxis.set_minor_formatter):
        formatter("{x:g}")
    ax.set_xlabel("noise gain (less is more accurate)")
    ax.set_ylabel("operations per output")
    ax.set_title(f"F({front.m},{front.r}): {len(front.members)} of {front.considered} algorithms; numbers: bits")
    ax.legend()
    return ax


def _marks(rows: Sequence[str], found: Mapping[str, Sequence[float]], direct: Sequence[float], ax: Any) -> Any:
    """SQNR in dB by row, one mark per column; direct convolution as a line."""
    ax = new_axes(ax, 6.2, 1.3 + 0.42 * len(rows))
    for place, (name, values) in enumerate(found.items()):
        shift = 0.5 * (place - (len(found) - 1) / 2) / len(found)
        style = {"color": COLOURS[place % len(COLOURS)], "mec": "black", "mew": 0.6, "ms": 7, "ls": "none"}
        ax.plot(values, np.arange(len(rows)) + shift, MARKERS[place % len(MARKERS)], label=name, **style)
    ax.plot(direct, range(len(rows)), "|", color="black", ms=18, mew=1.5, label="direct")
    ax.set_yticks(range(len(rows)), rows)
    ax.invert_yaxis()
    ax.grid(axis="x", lw=0.3)
    ax.set_xlabel("measured SQNR in dB, more is better")
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return ax


def _measured(found: Evaluation | Unavailable) -> float:
    """What can be drawn of the measured SQNR; NaN is left out."""
    return nan if isinstance(found, Unavailable) or not isfinite(found.measured) else found.measured


def _direct(found: Evaluation | Unavailable) -> float:
    return nan if isinstance(found, Unavailable) or not isfinite(found.direct) else found.direct
