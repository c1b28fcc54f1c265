# SPDX-License-Identifier: Apache-2.0
"""One algorithm through several bases: what every stage costs, how it is conditioned, what rounding does to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import inf
from typing import Any

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.description import chain_words, describe
from wincraft.algorithm.nesting import parts
from wincraft.circuit.operations import Operations
from wincraft.construct.chains import basis_named, chained, parse_chains, split_balancing
from wincraft.errors import BadValue
from wincraft.measure.conditioning import conditioning, has_points, matrix_conditioning, vandermonde
from wincraft.measure.costs import Costs, costs
from wincraft.measure.matrix_rounding import sweep_words
from wincraft.progress import Progress
from wincraft.quantise.evaluation import Evaluation, evaluate
from wincraft.quantise.schemes import SCHEMES, Scheme
from wincraft.quantise.workload import Layer, Workload, as_workload
from wincraft.report.advising import Candidate, advice
from wincraft.report.charts import measured_chart, scheme_charts
from wincraft.report.model import Unavailable, available
from wincraft.report.stages import (
    AMORTISED,
    PARTS,
    amortised_document,
    moved,
    operations_document,
    part,
    stage_sums,
    stage_table,
)
from wincraft.show.chart import Axis, Bars, Chart
from wincraft.show.layout import Layout, Section, Table, best_places
from wincraft.show.numbers import count, decibels, error_decibels, finite, number, plural
from wincraft.show.shown import Shown, rendered
from wincraft.version import __version__

DEFAULT_BASES = ("canonical", "legendre", "legendre:classical", "chebyshev", "newton")
SCHEMES_FOR_BASES = ("barabasz-2020-8", "barabasz-2020-8-9", "tapwise-8", "fp16")
ROUNDED_WORDS = (8, 10, 12, 16)
"""Fixed-point words that the matrices of every stage are rounded to."""


@dataclass(frozen=True)
class BasisColumn:
    """The algorithm through one basis: its costs, cond_2 of its stages, matrix rounding in dB by word, the schemes."""

    name: str
    algorithm: Algorithm
    costs: Costs
    conditions: Mapping[str, float]
    words: Mapping[int, float]
    schemes: Mapping[str, Evaluation | Unavailable]

    @property
    def online(self) -> int:
        """The operations per tile of the data and the output transform."""
        return self.costs.input.total + self.costs.output.total

    def part(self, name: str) -> Operations:
        """The operations per tile of a part of the algorithm, such as ``input pre-steps``."""
        return part(self.costs, name)


@dataclass(frozen=True, eq=False, repr=False)
class BasisComparison(Shown):
    """Bases in columns; the repr is what fits on a screen."""

    algorithm: Algorithm
    columns: tuple[BasisColumn, ...]
    workload: Workload | Layer

    def measured(self, column: BasisColumn) -> dict[str, float]:
        """The measured SQNR of a column in dB, by scheme that applies."""
        return {name: found.measured for name, found in column.schemes.items() if not isinstance(found, Unavailable)}

    def advice(self) -> str:
        """Which basis to take in place of the first, in a sentence; `wincraft.report.advising.advice` has the rules."""
        return advice(
            [
                Candidate(item.name, item.name, self.measured(item), costs.products, item.online, costs.outputs)
                for item in self.columns
                for costs in [item.costs]
            ],
            "basis",
        )

    def screen(self) -> Layout:
        """The advice, and a row for every basis: operations, where they pay, measured SQNR.

        >>> from wincraft import winograd
        >>> compare_bases(winograd(4, 3), ["canonical", "legendre"], schemes=[]).screen().sections[1].tables[0].rows
        (('canonical', '39', '7'), ('legendre', '74', '13'))
        """
        full = self.layout()
        schemes = list(self.columns[0].schemes)
        titles = [column.name for column in self.columns]
        pays = [column.costs.break_even for column in self.columns]
        cells = [
            [count(column.online) for column in self.columns],
            ["never" if channels is None else count(channels) for channels in pays],
        ]
        marks = [best_places(cells[0], [-column.online for column in self.columns])]
        marks.append(best_places(cells[1], [None if channels is None else -channels for channels in pays]))
        for name in schemes:
            found = [self.measured(column).get(name) for column in self.columns]
            cells.append(["-" if value is None else decibels(value) for value in found])
            marks.append(best_places(cells[-1], found))
        marked = frozenset((row, column + 1) for column, rows in enumerate(marks) for row in rows)
        header = ("basis", "operations", "pays from", *schemes)
        table = Table(header, tuple(zip(titles, *cells, strict=True)), "l" + "r" * len(cells), marked)
        notes = [
            "Operations of the transforms of a tile; the channels C = K from which it takes fewer operations than "
            "direct."
        ]
        if schemes:
            notes.append(f"Measured SQNR in dB on {self.workload.describe()}. {self.direct()}")
        return Layout(full.title, full.head[:1], (full.sections[0], Section("Bases", (table,), tuple(notes))))

    def layout(self) -> Layout:
        """The comparison as titled tables of texts."""
        tile = "x".join(map(str, self.algorithm.m))
        chained = bool(chain_words(self.algorithm))
        return Layout(
            title=f"{self.algorithm.size} in {plural(len(self.columns), 'basis', 'bases')}",
            head=(describe(self.algorithm), *[_ON_TOP] * chained, self.algorithm.verify()),
            sections=(
                Section("Advice", (), (self.advice(),), ("fact",)),
                Section(f"Cost of a tile of {tile} outputs, in operations", (self._cost(),), _COST_NOTES),
                Section("Cost of every stage", tuple(stage_table(c.name, c.costs) for c in self.columns), _STAGE_NOTES),
                Section("Operations per output and pair of channels", (self._amortised(),), _AMORTISED_NOTES),
                Section("Condition numbers, cond_2", (self._conditions(),), _CONDITION_NOTES),
                Section("Error of rounding every stage's matrix, in dB of the output", (self._words(),), _WORD_NOTES),
                *(self._measured() if self.columns[0].schemes else ()),
            ),
            charts=scheme_charts(self._by_scheme()),
        )

    def document(self) -> dict[str, Any]:
        """The comparison as plain data."""
        return {
            "kind": "wincraft.bases",
            "version": 1,
            "wincraft": __version__,
            "size": self.algorithm.size,
            "sha256": self.algorithm.sha256,
            "workload": self.workload.describe(),
            "columns": [_document(column) for column in self.columns],
        }

    def _table(self, rows: Sequence[tuple[str, Sequence[Any], Callable[[Any], str], int]]) -> Table:
        """Rows of (title, value per column or None, how to show one, whether less, -1, or more, 1, is better)."""
        header = ("", *(column.name for column in self.columns))
        texts = tuple((title, *("-" if v is None else show(v) for v in values)) for title, values, show, _ in rows)
        marked = frozenset(
            (line, place + 1)
            for line, (_, values, _, better) in enumerate(rows)
            if better
            for place in best_places(texts[line][1:], [None if v is None else better * v for v in values])
        )
        return Table(header, texts, "l" + "r" * len(self.columns), marked)

    def _cost(self) -> Table:
        header = ("", *(column.name for column in self.columns))
        parts = tuple((name, *moved([column.part(name).total for column in self.columns])) for name in PARTS)
        online = [column.online for column in self.columns]
        pays = [column.costs.break_even for column in self.columns]
        last = self._table([("online, per channel", online, count, -1), ("pays from C = K =", pays, count, -1)])
        marked = frozenset((row + len(parts), column) for row, column in last.marked)
        return Table(header, (*parts, *last.rows), last.align, marked)

    def _amortised(self) -> Table:
        def texts(channels: int) -> list[str]:
            found = [column.costs.amortised(channels) for column in self.columns]
            return [f"{number(float(one.total))} ({float(one.transforms / one.total):.0%})" for one in found]

        direct = number(float(self.columns[0].costs.direct_per_output))
        rows = [(f"C = K = {channels}", *texts(channels)) for channels in AMORTISED]
        rows.append(("direct", *(direct for _ in self.columns)))
        return Table(("", *(column.name for column in self.columns)), tuple(rows), "l" + "r" * len(self.columns))

    def _conditions(self) -> Table:
        labels = dict.fromkeys(label for column in self.columns for label in column.conditions)
        titles = {"V finite": "V, finite"}
        return self._table(
            [
                (titles.get(label, label), [column.conditions.get(label) for column in self.columns], number, 0)
                for label in labels
            ]
        )

    def _words(self) -> Table:
        return self._table(
            [
                (f"{word} bits", [column.words[word] for column in self.columns], error_decibels, -1)
                for word in ROUNDED_WORDS
            ]
        )

    def _measured(self) -> Iterator[Section]:
        yield Section("SQNR in dB, measured (predicted)", (self._schemes(),), self._scheme_notes(), unfolded=True)

    def _schemes(self) -> Table:
        rows, marked = [], set()
        for line, name in enumerate(self.columns[0].schemes):
            found = [_found(column, name) for column in self.columns]
            measured = ["-" if e is None else decibels(e.measured) for e in found]
            rows.append(
                (
                    name,
                    *(
                        text if e is None else f"{text} ({decibels(e.predicted.decibels)})"
                        for text, e in zip(measured, found, strict=True)
                    ),
                )
            )
            values = [e.measured if e is not None and e.measured > -inf else None for e in found]
            marked |= {(line, place + 1) for place in best_places(measured, values)}
        header = ("", *(column.name for column in self.columns))
        return Table(header, tuple(rows), "l" + "r" * len(self.columns), frozenset(marked))

    def direct(self) -> str:
        """The measured SQNR of direct convolution under the schemes, as a sentence."""
        first = self.columns[0]
        shown = (f"{name} {decibels(e.direct)}" for name in first.schemes if (e := _found(first, name)))
        return f"Direct convolution: {', '.join(shown) or 'not measured'}."

    def _scheme_notes(self) -> tuple[str, ...]:
        refused = dict.fromkeys(
            f"{name}: not applicable: {found.reason}."
            for column in self.columns
            for name, found in column.schemes.items()
            if isinstance(found, Unavailable)
        )
        exact = "In exact arithmetic U and V are the same in every basis: only rounding inside the chains, and of the "
        return (
            f"On {self.workload.describe()}. {self.direct()}",
            f"{exact}matrices, can differ. A scale per tap or convention pow2 acts on U, V and M instead.",
            *refused,
        )

    def _by_scheme(self) -> dict[str, dict[str, Evaluation | Unavailable]]:
        return {name: {item.name: item.schemes[name] for item in self.columns} for name in self.columns[0].schemes}

    def chart(self) -> Chart:
        """The measured SQNR under every scheme, bases as marks; without schemes the operations of data and output."""
        if self.columns[0].schemes:
            return measured_chart({column.name: column.schemes for column in self.columns})
        names = tuple(column.name for column in self.columns)
        values = tuple(float(column.online) for column in self.columns)
        return Bars("", Axis("operations of a tile, data and output"), names, (("", values),))

    def __repr__(self) -> str:
        return rendered(self.screen().ending("wincraft.show.rendered(comparison) gives all of it.")).rstrip("\n")


_ON_TOP = "every basis comes on top of these chains of the algorithm itself"
_COST_NOTES = (
    "Pre-steps are the stages of a chain before its last one, post-steps those of A^T after its first. Input is per "
    "channel C, output per channel K, after the sum over channels; the filter's is offline, once per pair. In "
    "brackets: what moved, against the first basis.",
)
_STAGE_NOTES = (
    "Of a tile, all axes; non-zeros of the matrix on each axis. BT is done for every input channel, AT for every "
    "output channel, after the sum over the input channels. Mul: by a general constant, small: by an integer of 3 to "
    "15 that is no power of two, shift: by a power of two.",
)
_AMORTISED_NOTES = (
    "Products and transforms of whole tiles, in brackets the share of the transforms: the data's serve K filters, the "
    "output's C channels. The filter's are offline, and not counted.",
)
_CONDITION_NOTES = ("V P^T is the matrix of the basis polynomials' values at the points; stages are in their order.",)
_WORD_NOTES = ("Fixed point of so many bits, as many fraction bits as the matrix's largest entry leaves.",)


def compare_bases(
    algorithm: Algorithm,
    bases: Sequence[str] = DEFAULT_BASES,
    schemes: Sequence[Scheme] | None = None,
    workload: Workload | Layer | None = None,
    progress: Progress | None = None,
) -> BasisComparison:
    """The algorithm through several bases or factorisations, named as in `wincraft.construct.chains.chained`.

    Raises:
        UnknownName, BadValue, BadNumber, BadShape: where a name is none, or the algorithm has no such chain.

    >>> from wincraft import winograd
    >>> found = compare_bases(winograd(4, 3), ["canonical", "legendre"], schemes=[])
    >>> [column.part("input pre-steps").total for column in found.columns]
    [0, 12]
    """
    algorithm.field.need_order(f"a comparison of bases of {algorithm.size}")
    if not bases:
        raise BadValue("the list of bases", "empty", "give at least one")
    chosen = [SCHEMES[name] for name in SCHEMES_FOR_BASES] if schemes is None else list(schemes)
    data = as_workload(workload)
    built = {name: chained(algorithm, name) for name in bases}
    columns = []
    for number_, (name, item) in enumerate(built.items()):
        if progress is not None:
            progress(number_, len(built), name)
        columns.append(_column(name, algorithm, item, chosen, data))
    return BasisComparison(algorithm, tuple(columns), data)


def _column(
    name: str, algorithm: Algorithm, item: Algorithm, schemes: Sequence[Scheme], data: Workload | Layer
) -> BasisColumn:
    return BasisColumn(
        name,
        item,
        costs(item),
        _conditions_of(name, algorithm, item),
        {word: rounded.decibels for word, rounded in sweep_words(item, ROUNDED_WORDS).items()},
        {scheme.name: available(partial(evaluate, item, scheme, data)) for scheme in schemes},
    )


def _conditions_of(name: str, algorithm: Algorithm, item: Algorithm) -> dict[str, float]:
    found = {label: one.cond_2 for label, one in conditioning(item).matrices.items()}
    values = _values_condition(name, algorithm)
    return ({} if values is None else {"V P^T": values}) | found


def _values_condition(name: str, algorithm: Algorithm) -> float | None:
    """cond_2 of the basis polynomials' values at the points; None where the input has no basis, or another chain too.

    The basis is that of the input on every axis.
    """
    words, _, _ = split_balancing(name)
    basis = basis_named(parse_chains(words).get("input", "canonical"))
    plain = all(has_points(axis) and len(axis.input.stages) == 1 for axis in parts(algorithm))
    if basis is None or not plain:
        return None
    factors = []
    for axis in algorithm.factors:
        V, P = vandermonde(axis), basis.matrix(axis.n[0], axis.moduli)
        K = V.domain.unify(P.domain)
        factors.append(V.convert_to(K) * P.convert_to(K).transpose())
    return matrix_conditioning(*factors).cond_2


def _found(column: BasisColumn, name: str) -> Evaluation | None:
    found = column.schemes[name]
    return None if isinstance(found, Unavailable) else found


def _document(column: BasisColumn) -> dict[str, Any]:
    schemes = {
        name: {"unavailable": found.reason}
        if isinstance(found, Unavailable)
        else {
            "measured": finite(found.measured),
            "predicted": finite(found.predicted.decibels),
            "direct": finite(found.direct),
        }
        for name, found in column.schemes.items()
    }
    return {
        "basis": column.name,
        "sha256": column.algorithm.sha256,
        "operations": {name: operations_document(column.part(name)) for name in PARTS},
        "stages": [
            {"label": item.label, "role": item.role, "map": item.map, "non_zeros": list(item.non_zeros)}
            | {"operations": operations_document(item.operations)}
            for item in stage_sums(column.costs)
        ],
        "amortised": [amortised_document(column.costs, channels) for channels in AMORTISED],
        "break_even": column.costs.break_even,
        "cond_2": {name: finite(value) for name, value in column.conditions.items()},
        "matrix_rounding": {str(word): finite(value) for word, value in column.words.items()},
        "schemes": schemes,
    }
