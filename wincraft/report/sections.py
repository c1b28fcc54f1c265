# SPDX-License-Identifier: Apache-2.0
"""A report laid out in sections."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite

from wincraft import __version__
from wincraft.algorithm.nested import Algorithm
from wincraft.analysis.costs import LayerCosts, Operations
from wincraft.exact.number import number_text
from wincraft.report.layout import Layout, Section, Table
from wincraft.report.measures import MEASURES
from wincraft.report.model import Report, SchemeResult, Unavailable
from wincraft.report.numbers import count, decibels, exact_text, loss, number

REPORT_MEASURES = ("noise-gain", "worst-case", "cond-V")
"""The first rows of the table of measures."""
CONDITIONS = ("cond-AT", "cond-G", "cond-BT")
"""Shown together in one row."""


def report_layout(report: Report) -> Layout:
    """The report in the order of a screen: what, cost, measures, formats, floating point, widths, verdict."""
    sections = [_cost(report), _measures(report), _formats(report), _floats(report), _widths(report), _verdict(report)]
    return Layout(
        title=f"{report.algorithm.size}: {report.costs.products} products for {report.costs.outputs} outputs",
        head=tuple(_head(report)),
        sections=tuple(sections),
    )


def describe(algorithm: Algorithm) -> str:
    """Points, convention and scale, once where the axes agree.

    >>> from wincraft import parse
    >>> describe(parse("F(2x2,3x3)", points="0,1,-1"))
    'points 0,1,-1,inf on every axis; convention wincnn'
    """
    parts = []
    for axis in dict.fromkeys(algorithm.axes):
        moduli = "points not known" if axis.moduli is None else f"points {','.join(map(str, axis.moduli))}"
        if axis.moduli is not None and any(modulus.degree > 1 for modulus in axis.moduli):
            moduli = moduli.replace("points", "moduli", 1)
        parts.append(moduli)
    where = " on every axis" if len(parts) == 1 and len(algorithm.axes) > 1 else ""
    conventions = list(dict.fromkeys(axis.convention or "none" for axis in algorithm.axes))
    scale = "" if algorithm.scale == 1 else f"; scale {number_text(algorithm.scale)}"
    form = "" if algorithm.form == "correlation" else "; linear convolution form"
    return f"{'; '.join(parts)}{where}; convention {', '.join(conventions)}{scale}{form}"


def _head(report: Report) -> Iterable[str]:
    yield describe(report.algorithm)
    yield f"source of the points: {report.source}"
    yield report.proof
    yield f"wincraft {__version__}, sha256 {report.algorithm.sha256[:16]}"


def _cost(report: Report) -> Section:
    costs = report.costs
    rows = [
        _operations("data transform, per input channel", costs.input, costs.outputs),
        _operations("output transform, per output channel", costs.output, costs.outputs),
        _operations("filter transform, once, offline", costs.filter, None),
        (
            "products, per pair of channels",
            count(costs.products),
            "",
            "",
            count(costs.products),
            number(float(costs.products_per_output)),
        ),
        (
            "direct convolution, per pair",
            count(costs.direct),
            "",
            "",
            count(costs.direct),
            number(float(costs.direct_per_output)),
        ),
    ]
    tile = "x".join(map(str, costs.tile))
    tables = [Table((f"tile of {tile} outputs", "mul", "shift", "add", "total", "/output"), tuple(rows), "lrrrrr")]
    notes = [_pays("whole tiles", costs.break_even)]
    if report.layer is not None:
        tables.append(_layer_table(report.layer))
        notes.append(_pays(f"layer {report.layer.layer}, borders included", report.layer.break_even))
    notes.append("An addition, multiplication, shift or multiply-add is 1 operation; nothing is shared or fused.")
    return Section("Cost", tuple(tables), tuple(notes))


def _pays(what: str, break_even: int | None) -> str:
    pays = "never" if break_even is None else f"from C = K = {count(break_even)}"
    return f"Fewer operations than direct ({what}): {pays}."


def _operations(name: str, operations: Operations, outputs: int | None) -> tuple[str, ...]:
    per_output = "" if outputs is None else number(operations.total / outputs)
    counts = (operations.multiplications, operations.shifts, operations.additions, operations.total)
    return (name, *map(count, counts), per_output)


def _layer_table(layer: LayerCosts) -> Table:
    def row(name: str, operations: int) -> tuple[str, ...]:
        return name, count(operations), f"{operations / layer.direct:.1%}"

    rows = (
        row("data transform", layer.input),
        row("products", layer.products),
        row("output transform", layer.output),
        row(f"total: {number(float(layer.saving))} times fewer", layer.total),
        row("direct convolution", layer.direct),
        row("filter transform, offline, not in the total", layer.offline),
    )
    return Table((f"layer C,K,H,W = {layer.layer}", "operations", "of direct"), rows, "lrr")


def _measures(report: Report) -> Section:
    rows = []
    for name in REPORT_MEASURES:
        measure = MEASURES[name]
        value = measure.text(report)
        if name == "noise-gain":
            value += f" ({MEASURES['noise-gain-db'].text(report)})"
        if name == "cond-V" and report.axis_condition is not None:
            value += f" ({number(report.axis_condition)}/axis)"
        rows.append((measure.title, value, measure.meaning))
    values = ", ".join(MEASURES[name].text(report) for name in CONDITIONS)
    rows.append(("cond_2 A^T, G, B^T", values, MEASURES["cond-AT"].meaning))
    for matrix, found in report.magnitudes.items():
        span = f"{exact_text(found.smallest)} to {exact_text(found.largest)}"
        name = {"AT": "A^T", "BT": "B^T"}.get(matrix, matrix)
        rows.append((f"{name} entries", span, f"magnitudes; ratio {exact_text(found.dynamic_range)}"))
    for name in ("word", "word-tap"):
        rows.append((MEASURES[name].title, MEASURES[name].text(report), MEASURES[name].meaning))
    missing = ((MEASURES[name].title, MEASURES[name].value(report)) for name in (*REPORT_MEASURES, "word", "word-tap"))
    notes = tuple(f"{name}: n/a, {value.reason}." for name, value in missing if isinstance(value, Unavailable))
    return Section("Measures", (Table(("measure", "value", "what it says"), tuple(rows), "lrl"),), notes)


def _formats(report: Report) -> Section:
    rows: list[tuple[str, ...]] = []
    notes: list[str] = []
    flagged: dict[str, list[str]] = {}
    for item in report.schemes:
        found = item.evaluation
        if isinstance(found, Unavailable):
            rows.append((item.label, "-", "-", "-", "-", "n/a"))
            notes.append(f"{item.label}: not applicable: {found.reason}.")
            continue
        below = loss(found.direct, found.measured)
        numbers = (found.predicted.decibels, found.measured, found.direct)
        rows.append((item.label, *map(decibels, numbers), decibels(below), main_source(item)))
        for flag in found.flags:
            flagged.setdefault(flag, []).append(item.label)
    notes += _blind(report.schemes)
    notes += [f"{', '.join(labels)}: {flag}." for flag, labels in flagged.items()]
    header = ("format", "predicted", "measured", "direct", "loss", "main source of error")
    table = Table(header, tuple(rows), "lrrrrl")
    options = dict.fromkeys(name for item in report.schemes for name in item.scheme.name.split("+")[1:])
    head = [f"SQNR in dB, more is better, 6 dB a bit; loss is direct - measured. On {report.workload.describe()}."]
    if options:
        head.append(f"+ means with {', '.join(options)}, as far as the scheme has what they change.")
    return Section("Formats", (table,), (*head, *notes))


def _floats(report: Report) -> Section:
    title = "Floating point: mean error per output, one channel of uniform data in [-1, 1)"
    found = report.float_errors
    if isinstance(found, Unavailable):
        return Section(title, (), (f"Not available: {found.reason}.",))
    rows = tuple(
        (
            f"{item.format.name}, {item.order} sums",
            *(f"{value:.3g}" for value in (item.error, item.direct_error)),
            f"{item.ratio:.3g}",
            f"{item.bound:.2g}",
        )
        for item in found
    )
    header = ("every operation rounded", "measured", "direct", "times", "bound")
    runs = f"Mean over {found[0].runs} tiles, seed {found[0].seed}; the bound holds for each of them, term by term."
    return Section(title, (Table(header, rows, "lrrrr"),), (runs,))


def main_source(item: SchemeResult) -> str:
    """The stage with the largest predicted share of the error power, and its share."""
    if isinstance(item.evaluation, Unavailable):
        return ""
    stages = item.evaluation.predicted.stages
    total = sum(stages.values())
    if not total > 0:
        return "none"
    worst = max(stages, key=lambda name: stages[name])
    return f"{worst} ({stages[worst] / total:.0%})"


def _widths(report: Report) -> Section:
    title = "Bit widths: exact arithmetic on int8 data and filters"
    if isinstance(report.ranges, Unavailable):
        return Section(title, (), (f"Not available: {report.ranges.reason}.",))
    rows = []
    for step in report.ranges.steps:
        low, high = (exact_text(end) for end in (step.box.low, step.box.high))
        fraction = "none" if step.fraction_bits is None else str(step.fraction_bits)
        rows.append((step.label, low, high, str(step.integer_bits), fraction, str(step.partial_bits)))
    table = Table(("step", "low", "high", "bits", "fraction", "partial"), tuple(rows), "lrrrrr")
    integer = report.integer
    scale = "" if isinstance(integer, Unavailable) else number_text(integer.scale)
    notes = [
        f"Of the matrices in the convention 'integer' (scale {scale}), whatever the convention above; one channel."
    ]
    if isinstance(report.channels, Unavailable):
        notes.append(f"No channel count: {report.channels.reason}.")
    else:
        counts = report.channels
        whole, partial, wrap = (_channels(n) for n in (counts.outputs, counts.partial_sums, counts.wrapping))
        held = f"{whole}; every partial sum in range: {partial}; wrapping arithmetic: {wrap}"
        notes.append(f"Largest safe channel count, int{counts.accumulator_bits} accumulator: {held}.")
    return Section(title, (table,), tuple(notes))


def _blind(results: Iterable[SchemeResult]) -> list[str]:
    """How well the SQNR is predicted where the ranges are predicted too."""
    gaps = [
        abs(found.blind.decibels - found.measured)
        for item in results
        if not isinstance(found := item.evaluation, Unavailable) and found.blind is not None and found.simulation.scales
        if isfinite(found.measured) and isfinite(found.blind.decibels)
    ]
    return [f"With the ranges predicted too, not calibrated: within {max(gaps):.1f} dB of measured."] if gaps else []


def _channels(value: int | None) -> str:
    return "no limit" if value is None else count(value)


def _verdict(report: Report) -> Section:
    notes = tuple(finding.text for finding in report.verdict)
    return Section("Verdict", (), notes, tuple(finding.level for finding in report.verdict))
