# SPDX-License-Identifier: Apache-2.0
"""Several algorithms side by side, the best of each row marked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, isnan
from typing import Any

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.description import describe
from wincraft.errors import BadValue
from wincraft.measure.costs import LayerShape
from wincraft.measure.integers import Integers
from wincraft.measures import MEASURES, Measure, measure_named
from wincraft.progress import Progress
from wincraft.quantise.schemes import SCHEMES, Scheme
from wincraft.quantise.workload import Layer, Workload
from wincraft.report.advising import Candidate, advice
from wincraft.report.build import build_report
from wincraft.report.charts import measured_chart, scheme_charts
from wincraft.report.json import REPORT_VERSION, report_document, value_document
from wincraft.report.labelling import LONGEST, labels, words_of
from wincraft.report.measures import text_of, value_of
from wincraft.report.model import Unavailable
from wincraft.report.shown import Report
from wincraft.report.verdict import noise_decibels
from wincraft.show.chart import Axis, Bars, Chart
from wincraft.show.layout import Layout, Section, Table, best_places
from wincraft.show.matplotlib import draw
from wincraft.show.numbers import plural
from wincraft.show.shown import Shown
from wincraft.version import __version__

DEFAULT_SCHEMES = ("fp16", "tapwise-8", "barabasz-2020-8")
"""One floating point, one with scales per tap, one with a scale per tensor."""
ROWS = (
    *("products-per-output", "operations", "additions", "break-even", "noise-gain", "worst-case"),
    *("cond-V-finite", "cond-AT", "cond-G", "cond-BT", "word", "word-tap", "bits", "channels"),
)
"""The measures of every comparison."""
ROWS_PER_LAYER = ("layer-operations:C,K,H,W", "layer-saving:C,K,H,W")
ROWS_PER_SCHEME = ("measured:SCHEME", "predicted:SCHEME", "loss:SCHEME")


@dataclass(frozen=True)
class Column:
    """One algorithm: its number, what it is, its report, and a label that tells it from the others."""

    name: str
    description: str
    report: Report
    label: str

    @property
    def title(self) -> str:
        """For sentences: ``#2 (pow2)``."""
        return self.name if self.label == self.name else f"{self.name} ({self.label})"


@dataclass(frozen=True, eq=False, repr=False)
class Comparison(Shown):
    """Algorithms in columns, measures in rows."""

    columns: tuple[Column, ...]
    measures: tuple[Measure, ...]

    def best(self, measure: Measure) -> list[int]:
        """The columns with the best value of a measure, all of them where it is shown alike.

        What is not available or no number is never best.
        """
        found = [value_of(column.report, measure) for column in self.columns]
        known = {index: float(value) for index, value in enumerate(found) if not isinstance(value, Unavailable)}
        values = [-measure.sign * known[index] if index in known else None for index in range(len(found))]
        alike = [index for index, value in known.items() if not isnan(value)]
        return best_places([text_of(column.report, measure) for column in self.columns], values) or alike

    def measured(self, column: Column) -> dict[str, float]:
        """The measured SQNR of a column in dB, by scheme that applies."""
        schemes = column.report.schemes
        return {
            item.scheme.name: item.evaluation.measured
            for item in schemes
            if not isinstance(item.evaluation, Unavailable)
        }

    def advice(self) -> str:
        """Which algorithm to take, in a sentence; see `wincraft.report.advising.advice` for the rules.

        Without schemes the noise gain decides.
        """
        choices = []
        for column in self.columns:
            costs = column.report.costs
            operations = costs.input.total + costs.output.total
            measured = self.measured(column)
            if not column.report.schemes:
                measured = {"white noise": -noise_decibels(column.report)}
            choices.append(Candidate(column.name, column.title, measured, costs.products, operations, costs.outputs))
        return advice(choices)

    def layout(self) -> Layout:
        """The comparison as titled tables of texts."""
        rows = tuple(
            (measure.title, *(text_of(column.report, measure) for column in self.columns)) for measure in self.measures
        )
        best = [self.best(measure) for measure in self.measures]
        marked = frozenset(
            (number, index + 1)
            for number, indices in enumerate(best)
            for index in indices
            if len(indices) < len(self.columns)
        )
        header = ("", *(column.label for column in self.columns))
        table = Table(header, rows, "l" + "r" * len(self.columns), marked)
        sizes = dict.fromkeys(column.report.algorithm.size for column in self.columns)
        reasons = dict.fromkeys(
            f"{column.name} {measure.title}: n/a, {value.reason}."
            for measure in self.measures
            for column in self.columns
            if isinstance(value := value_of(column.report, measure), Unavailable)
        )
        notes = (*_NOTES, self._data(), self._integers(), *reasons)
        return Layout(
            title=f"{', '.join(sizes)}: {plural(len(self.columns), 'algorithm')} compared",
            head=(),
            sections=(
                Section("Advice", (), (self.advice(),), ("fact",), name="advice"),
                Section("Algorithms", (), self._algorithms(), name="algorithms", unfolded=True),
                Section("Measures", (table,), notes, name="measures", unfolded=True),
            ),
            charts=self._charts(),
        )

    def _algorithms(self) -> tuple[str, ...]:
        shown = {
            column: f"{column.report.algorithm.size}, {describe(column.report.algorithm)}"
            if column.description == column.label
            else column.description
            for column in self.columns
        }
        return tuple(f"{column.title}: {what}" for column, what in shown.items())

    def _data(self) -> str:
        return f"SQNR in dB on {self.columns[0].report.workload.describe()}; loss to direct, negative is better."

    def document(self) -> dict[str, Any]:
        """The comparison as plain data: one report per column, and the rows with the columns that are best."""
        return {
            "kind": "wincraft.comparison",
            "version": REPORT_VERSION,
            "wincraft": __version__,
            "columns": [{"name": item.name, "description": item.description} for item in self.columns],
            "rows": [
                {
                    "measure": measure.name,
                    "meaning": measure.meaning,
                    "better": measure.better,
                    "values": [value_document(value_of(column.report, measure)) for column in self.columns],
                    "best": [self.columns[index].name for index in self.best(measure)],
                }
                for measure in self.measures
            ],
            "reports": [report_document(column.report) for column in self.columns],
        }

    def _integers(self) -> str:
        integers = self.columns[0].report.integers
        on = f"exact arithmetic on {integers.describe()}, int{integers.accumulator} accumulator"
        return f"Integer bits and channels: {on}."

    def _schemes(self) -> list[str]:
        return [item.scheme.name for item in self.columns[0].report.schemes]

    def _charts(self) -> tuple[Chart, ...]:
        """Per scheme the SQNR of every algorithm."""
        found = {column.title: [item.evaluation for item in column.report.schemes] for column in self.columns}
        return scheme_charts(
            {name: {who: results[place] for who, results in found.items()}
             for place, name in enumerate(self._schemes())}
        )  # fmt: skip

    def chart(self, measure: str | None = None) -> Chart:
        """The measured SQNR under every scheme, algorithms as marks; with the name of a measure that one, as bars.

        Without schemes the measure is the noise gain.
        """
        schemes = self._schemes()
        if measure is None and schemes:
            results = {column.label: [item.evaluation for item in column.report.schemes] for column in self.columns}
            return measured_chart({who: dict(zip(schemes, found, strict=True)) for who, found in results.items()})
        chosen = measure_named(measure or "noise-gain", [item.scheme for item in self.columns[0].report.schemes])
        found = [value_of(column.report, chosen) for column in self.columns]
        numbers = [0.0 if isinstance(value, Unavailable) else float(value) for value in found]
        texts = tuple(text_of(column.report, chosen) for column in self.columns)
        values = tuple(value if isfinite(value) else 0.0 for value in numbers)
        return Bars("", Axis(chosen.title), tuple(column.label for column in self.columns), (("", values),), texts)

    def plot(self, ax: Any = None, measure: str | None = None) -> Any:
        """Draw `chart` with matplotlib, as `wincraft.show.shown.Shown.plot` does."""
        return draw(self.chart(measure), ax)


_NOTES = (
    "The best of a row is marked, several where they are shown alike, none where all are.",
    "Noise gain is the same in any scaling and predicts error. The condition numbers of A^T, G and B^T change with "
    "scaling, that of V misorders point sets: compare the marks.",
)


def build_comparison(
    algorithms: Mapping[str, Algorithm],
    schemes: Sequence[Scheme] | None = None,
    workload: Workload | Layer | None = None,
    progress: Progress | None = None,
    integers: Integers | None = None,
    layer: LayerShape | None = None,
    heads: Sequence[str] | None = None,
) -> Comparison:
    """Analyse algorithms, given by their descriptions, on the same data; `DEFAULT_SCHEMES` without schemes.

    `integers` and `layer` as in `build_report`; with a layer there are rows of its operations. The columns are headed
    by `heads`, else by the descriptions where they are short, else by what differs.

    Raises:
        BadValue: without algorithms; and as `build_report`.

    >>> from wincraft import winograd
    >>> sets = {points: winograd(4, 3, points=points) for points in ("0,1,-1,2,-2", "0,1,-1,1/2,-2")}
    >>> found = build_comparison(sets, schemes=[])
    >>> [found.columns[index].name for index in found.best(MEASURES["noise-gain"])]
    ['#2']
    """
    if not algorithms:
        raise BadValue("the list of algorithms", "empty", "give at least one")
    chosen = [SCHEMES[name] for name in DEFAULT_SCHEMES] if schemes is None else list(schemes)
    named = heads or _heads(algorithms)
    columns = []
    for number, (description, algorithm) in enumerate(algorithms.items()):
        tell = None if progress is None else _part_of(progress, number, len(algorithms))
        report = build_report(
            algorithm, chosen, workload=workload, progress=tell, sweep=(), integers=integers, layer=layer
        )
        columns.append(Column(f"#{number + 1}", description, report, named[number]))
    of_layer = [] if layer is None else [MEASURES[name].of(layer, str(layer)) for name in ROWS_PER_LAYER]
    of_schemes = (MEASURES[name].of(scheme, scheme.name) for scheme in chosen for name in ROWS_PER_SCHEME)
    return Comparison(tuple(columns), (*of_layer, *(MEASURES[name] for name in ROWS), *of_schemes))


def _heads(algorithms: Mapping[str, Algorithm]) -> list[str]:
    """The descriptions if they are short, else what differs."""
    if all(0 < len(description) <= LONGEST for description in algorithms):
        return list(algorithms)
    return labels([words_of(algorithm) for algorithm in algorithms.values()])


def _part_of(progress: Progress, number: int, count: int) -> Callable[[int, int, str], None]:
    """The progress of one of several reports as that of all."""
    return lambda done, total, name: progress(number * total + done, count * total, f"#{number + 1} {name}")
