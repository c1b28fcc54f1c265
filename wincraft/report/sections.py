# SPDX-License-Identifier: Apache-2.0
"""A report laid out in sections."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from math import inf, isfinite, isnan

from wincraft.algorithm.description import describe
from wincraft.exact.number import number_text
from wincraft.measure.costs import Costs, LayerCosts
from wincraft.measures import MEASURES
from wincraft.quantise.workload import Layer, Workload
from wincraft.report.charts import report_charts
from wincraft.report.matrices import matrices_section
from wincraft.report.measures import text_of, value_of
from wincraft.report.model import Results, SchemeResult, Unavailable
from wincraft.report.plan import times_note
from wincraft.report.stages import AMORTISED, COLUMNS, kinds, stage_sums
from wincraft.show.layout import Layout, Section, Table
from wincraft.show.numbers import count, decibels, exact_text, loss, loss_text, number, plural
from wincraft.version import __version__

REPORT_MEASURES = ("noise-gain", "worst-case", "cond-V-finite")
"""The first rows of the table of measures."""
CONDITIONS = ("cond-AT", "cond-G", "cond-BT")
"""Shown together in one row."""


SCHEME_COLUMNS = ("format", "predicted", "measured", "direct", "loss", "main source of error")
"""The columns of the table of schemes."""


def report_layout(report: Results) -> Layout:
    """Everything, the answer first."""
    sections = (replace(section_of(report), name=name) for name, section_of in SECTIONS.items())
    return Layout(report_title(report), tuple(_head(report)), tuple(sections), report_charts(report))


def report_title(report: Results) -> str:
    """The size, its products and outputs."""
    costs = report.costs
    return f"{report.algorithm.size}: {plural(costs.products, 'product')} for {plural(costs.outputs, 'output')}"


def _head(report: Results) -> Iterable[str]:
    yield describe(report.algorithm)
    yield f"source of the points: {report.source}"
    yield report.proof
    yield f"wincraft {__version__}, sha256 {report.algorithm.sha256[:16]}"


def _cost(report: Results) -> Section:
    """Operations by stage and kind, by channels, and of the layer."""
    costs = report.costs
    rows: list[tuple[str, ...]] = []
    for name, of, operations in (
        ("data transform, per input channel", "input", costs.input),
        ("output transform, per output channel", "output", costs.output),
        ("filter transform, once, offline", "filter", costs.filter),
    ):
        outputs = None if of == "filter" else costs.outputs
        rows.append((name, *kinds(operations, outputs)))
        stages = [item for item in stage_sums(costs) if item.map == of]
        if len(stages) > 1:
            rows += [(f"- {item.label} {item.role}", *kinds(item.operations, outputs)) for item in stages]
    rows += [
        (
            "products, per pair of channels",
            count(costs.products),
            "",
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
            "",
            count(costs.direct),
            number(float(costs.direct_per_output)),
        ),
    ]
    tile = "x".join(map(str, costs.tile))
    tables = [Table((f"tile of {tile} outputs", *COLUMNS), tuple(rows), "lrrrrrr"), _amortised(costs)]
    notes = [_pays("whole tiles", costs.break_even)]
    if report.layer is not None:
        tables.append(_layer_table(report.layer))
        notes.append(_pays(f"layer {report.layer.layer}, borders included", report.layer.break_even))
    if report.plan is not None:
        if isinstance(report.plan, Unavailable):
            notes.append(f"Time of the layer: n/a, {report.plan.reason}.")
        else:
            notes.append(times_note(report.plan))
    plain = costs.plain("input") + costs.plain("output")
    notes.append(
        "An addition, multiplication, shift or multiply-add is 1 operation, of the programs of C headers (wincraft "
        f"circuit); row by row, nothing shared, data and output take {count(plain.additions)} additions, "
        f"{count(plain.total)} operations. Small: by an integer of 3 to 15 that is no power of two."
    )
    return Section("Cost", tuple(tables), tuple(notes))


def _pays(what: str, break_even: int | None) -> str:
    pays = "never" if break_even is None else f"from C = K = {count(break_even)}"
    return f"Fewer operations than direct ({what}): {pays}."


def _amortised(costs: Costs) -> Table:
    """What an output of a pair of channels costs in a layer of more and more channels."""
    found = [costs.amortised(channels) for channels in AMORTISED]
    rows = (
        ("data and output transform", *(number(float(item.transforms)) for item in found)),
        ("with the products", *(number(float(item.total)) for item in found)),
        ("share of the transforms", *(f"{float(item.transforms / item.total):.0%}" for item in found)),
        ("direct convolution", *(number(float(costs.direct_per_output)) for _ in found)),
    )
    return Table(("per output and pair of channels, C = K =", *map(count, AMORTISED)), rows, "l" + "r" * len(AMORTISED))


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


def _measures(report: Results) -> Section:
    """Noise gain, worst case, condition numbers, entries and words of the matrices."""
    rows = []
    for name in REPORT_MEASURES:
        measure = MEASURES[name]
        value = text_of(report, measure)
        if name == "noise-gain":
            value += f" ({text_of(report, MEASURES['noise-gain-db'])})"
        if name == "cond-V-finite" and report.axis_condition is not None:
            value += f" ({number(report.axis_condition)}/axis)"
        rows.append((measure.title, value, measure.says))
    values = ", ".join(text_of(report, MEASURES[name]) for name in CONDITIONS)
    rows.append(("cond_2 A^T, G, B^T", values, MEASURES["cond-AT"].says))
    for matrix in ("AT", "G", "BT"):
        stages = [(key, item) for key, item in report.conditioning.matrices.items() if key.startswith(f"{matrix}[")]
        if stages:
            name = f"cond_2 {stages[0][0]}" + (f" to {stages[-1][0]}" if len(stages) > 1 else "")
            values = ", ".join(number(item.cond_2) for _, item in stages)
            rows.append((name, values, "of the stages, in their order"))
    for matrix, found in report.magnitudes.items():
        span = f"{exact_text(found.smallest)} to {exact_text(found.largest)}"
        name = {"AT": "A^T", "BT": "B^T"}.get(matrix, matrix)
        rows.append((f"{name} entries", span, f"magnitudes; ratio {exact_text(found.dynamic_range)}"))
    for name in ("word", "word-tap"):
        rows.append((MEASURES[name].title, text_of(report, MEASURES[name]), MEASURES[name].says))
    missing = (
        (MEASURES[name].title, value_of(report, MEASURES[name])) for name in (*REPORT_MEASURES, "word", "word-tap")
    )
    notes = tuple(f"{name}: n/a, {value.reason}." for name, value in missing if isinstance(value, Unavailable))
    return Section("Measures", (Table(("measure", "value", "what it says"), tuple(rows), "lrl"),), notes)


def _formats(report: Results) -> Section:
    """The schemes."""
    return formats_section(report.schemes, report.workload)


def formats_section(schemes: Sequence[SchemeResult], workload: Workload | Layer) -> Section:
    """The schemes on a workload, predicted and measured, beside direct convolution."""
    rows: list[tuple[str, ...]] = []
    notes: list[str] = []
    flagged: dict[str, list[str]] = {}
    for item in schemes:
        found = item.evaluation
        if isinstance(found, Unavailable):
            rows.append((item.label, "-", "-", "-", "-", "n/a"))
            notes.append(f"{item.label}: not applicable: {found.reason}.")
            continue
        rows.append(formats_row(item))
        for flag in found.flags:
            flagged.setdefault(flag, []).append(item.label)
    notes += _blind(schemes)
    notes += [f"{', '.join(labels)}: {flag}." for flag, labels in flagged.items()]
    table = Table(SCHEME_COLUMNS, tuple(rows), "lrrrrl")
    head = [f"SQNR in dB, more is better, 6 dB a bit; loss is direct - measured. On {workload.describe()}."]
    if any(row[4].startswith("-") and row[4] != "-" for row in rows):
        head.append("A negative loss: better than direct convolution.")
    head += [f"{item.scheme.describe()}." for item in schemes if not item.scheme.named_by_text]
    return Section("Formats", (table,), (*head, *notes))


def formats_row(item: SchemeResult) -> tuple[str, ...]:
    """The cells of `SCHEME_COLUMNS` of a scheme that applies."""
    found = item.evaluation
    assert not isinstance(found, Unavailable)
    numbers = (found.predicted.decibels, found.measured, found.direct)
    below = loss(found.direct, found.measured)
    return (item.label, *map(decibels, numbers), "inf" if below == inf else loss_text(below), main_source(item))


def _floats(report: Results) -> Section:
    """The mean error of floating point, and its bound."""
    title = "Floating point: mean error per output, one channel of uniform data in [-1, 1)"
    rows: list[tuple[str, ...]] = []
    notes: list[str] = []
    for item in report.float_errors:
        name, found = f"{item.format}, {item.order} sums", item.found
        if isinstance(found, Unavailable):
            rows.append((name, "n/a", "", "", ""))
            notes.append(f"{item.format}: n/a, {found.reason}.")
            continue
        numbers = (f"{value:.3g}" for value in (found.error, found.direct_error, found.ratio))
        rows.append((name, *numbers, f"{found.bound:.2g}"))
        runs = f"Mean over {found.runs} tiles, seed {found.seed}; the bound holds for each of them, term by term."
        notes.append(runs)
    header = ("every operation rounded", "measured", "direct", "times", "bound")
    return Section(title, (Table(header, tuple(rows), "lrrrr"),), tuple(dict.fromkeys(notes)))


def main_source(item: SchemeResult) -> str:
    """The stage with the largest predicted share of the error power, and its share."""
    if isinstance(item.evaluation, Unavailable):
        return ""
    stages = item.evaluation.predicted.stages
    total = sum(stages.values())
    if isnan(total):
        return "unknown"
    if not total > 0:
        return "none"
    worst = max(stages, key=lambda name: stages[name])
    if not isfinite(total):
        return f"{worst} overflows"
    return f"{worst} ({stages[worst] / total:.0%})"


def _widths(report: Results) -> Section:
    """The ranges of exact integer arithmetic step by step, and the safe channels."""
    title = f"Bit widths: exact arithmetic on {report.integers.describe()}"
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
        held = (
            f"{_channels(counts.products)} of M; outputs too: {_channels(counts.outputs)}; every partial sum in range: "
            f"{_channels(counts.partial_sums)}; wrapping arithmetic: {_channels(counts.wrapping)}"
        )
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


def _verdict(report: Results) -> Section:
    """The findings with their levels."""
    notes = tuple(finding.text for finding in report.verdict)
    return Section("Verdict", (), notes, tuple(finding.level for finding in report.verdict))


def _matrices(report: Results) -> Section:
    """A^T, G and B^T, exact."""
    return matrices_section(report.algorithm)


SECTIONS: dict[str, Callable[[Results], Section]] = {
    "verdict": _verdict,
    "formats": _formats,
    "cost": _cost,
    "measures": _measures,
    "floats": _floats,
    "widths": _widths,
    "matrices": _matrices,
}
"""The registry of sections, by the name that a reader asks for, in their order."""
