# SPDX-License-Identifier: Apache-2.0
"""One algorithm through several bases: what every stage costs, how it is conditioned, what rounding does to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from wincraft import __version__
from wincraft.algorithm.nested import Algorithm
from wincraft.analysis.conditioning import conditioning
from wincraft.analysis.costs import Costs, Operations, StageCost, costs
from wincraft.analysis.evaluation import Evaluation, evaluate
from wincraft.analysis.matrix_rounding import sweep_words
from wincraft.analysis.schemes import SCHEMES, Scheme
from wincraft.analysis.workload import Layer, Workload
from wincraft.basis.bases import parse_basis
from wincraft.basis.chains import chained
from wincraft.errors import NotApplicable
from wincraft.report.build import Progress, available
from wincraft.report.layout import Layout, Section, Table
from wincraft.report.model import Unavailable
from wincraft.report.numbers import count, decibels, number
from wincraft.report.sections import describe

DEFAULT_BASES = ("canonical", "legendre", "legendre:classical", "chebyshev", "newton")
DEFAULT_SCHEMES = ("barabasz-2020-8", "barabasz-2020-8-9", "tapwise-8", "fp16")
WORDS = (8, 10, 12, 16)
"""Fixed-point words that the matrices of every stage are rounded to."""

_PARTS: tuple[tuple[str, str, Callable[[int, int], bool]], ...] = (
    ("input pre-steps", "BT", lambda stage, last: stage < last),
    ("input transform", "BT", lambda stage, last: stage == last),
    ("output transform", "AT", lambda stage, last: stage == 0),
    ("output post-steps", "AT", lambda stage, last: stage > 0),
    ("filter pre-steps, offline", "G", lambda stage, last: stage < last),
    ("filter transform, offline", "G", lambda stage, last: stage == last),
)


@dataclass(frozen=True)
class BasisColumn:
    """The algorithm through one basis: its costs, cond_2 of its stages, matrix rounding in dB by word, the schemes."""

    name: str
    algorithm: Algorithm
    costs: Costs
    conditions: Mapping[str, float]
    words: Mapping[int, float]
    schemes: Mapping[str, Evaluation | Unavailable]

    def part(self, name: str) -> Operations:
        """The operations per tile of a part of the algorithm, such as ``input pre-steps``."""
        matrix, belongs = next((m, b) for label, m, b in _PARTS if label == name)
        of_matrix = [stage for stage in self.costs.stages if _matrix_of(stage) == matrix]
        last = max(map(_stage_of, of_matrix))
        chosen = (stage for stage in of_matrix if belongs(_stage_of(stage), last))
        return sum((stage.operations for stage in chosen), Operations(0, 0, 0))


@dataclass(frozen=True, eq=False, repr=False)
class BasisComparison:
    """Bases in columns; the repr is the text."""

    algorithm: Algorithm
    columns: tuple[BasisColumn, ...]
    workload: Workload | Layer

    def layout(self) -> Layout:
        """The comparison as titled tables of texts."""
        tile = "x".join(str(axis.m) for axis in self.algorithm.axes)
        return Layout(
            title=f"{self.algorithm.size} in {len(self.columns)} bases",
            head=(describe(self.algorithm), self.algorithm.verify()),
            sections=(
                Section(f"Cost of a tile of {tile} outputs, in operations", (self._cost(),), _COST_NOTES),
                Section("Condition numbers, cond_2", (self._conditions(),), _CONDITION_NOTES),
                Section("Error of rounding every stage's matrix, in dB of the output", (self._words(),), _WORD_NOTES),
                Section("SQNR in dB, measured (predicted)", (self._schemes(),), self._scheme_notes()),
            ),
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
        marked = set()
        for index, (_, values, show, better) in enumerate(rows):
            known = [value for value in values if value is not None]
            if better and len({show(value) for value in known}) > 1:
                best = show(max(known, key=lambda value: better * value))
                marked |= {(index, j + 1) for j, v in enumerate(values) if v is not None and show(v) == best}
        return Table(header, texts, "l" + "r" * len(self.columns), frozenset(marked))

    def _cost(self) -> Table:
        rows: list[Any] = [
            (name, [column.part(name).total for column in self.columns], count, 0) for name, _, _ in _PARTS
        ]
        online = [column.costs.input.total + column.costs.output.total for column in self.columns]
        pays = [column.costs.break_even for column in self.columns]
        return self._table([*rows, ("online, per channel", online, count, -1), ("pays from C = K =", pays, count, -1)])

    def _conditions(self) -> Table:
        labels = dict.fromkeys(label for column in self.columns for label in column.conditions)
        return self._table(
            [(label, [column.conditions.get(label) for column in self.columns], number, 0) for label in labels]
        )

    def _words(self) -> Table:
        return self._table(
            [(f"{word} bits", [column.words[word] for column in self.columns], decibels, -1) for word in WORDS]
        )

    def _schemes(self) -> Table:
        rows = []
        for name in self.columns[0].schemes:
            found = [_found(column, name) for column in self.columns]
            texts = ["-" if e is None else f"{decibels(e.measured)} ({decibels(e.predicted.decibels)})" for e in found]
            best = max((round(e.measured, 1) for e in found if e is not None), default=0.0)
            rows.append(((name, *texts), {j + 1 for j, e in enumerate(found) if e and round(e.measured, 1) == best}))
        marked = frozenset((i, j) for i, (_, best) in enumerate(rows) for j in best if len(best) < len(self.columns))
        header = ("", *(column.name for column in self.columns))
        return Table(header, tuple(row for row, _ in rows), "l" + "r" * len(self.columns), marked)

    def _scheme_notes(self) -> tuple[str, ...]:
        first = next(iter(self.columns))
        refused = dict.fromkeys(
            f"{name}: not applicable: {found.reason}."
            for column in self.columns
            for name, found in column.schemes.items()
            if isinstance(found, Unavailable)
        )
        direct = ", ".join(f"{name} {decibels(e.direct)}" for name in first.schemes if (e := _found(first, name)))
        exact = "In exact arithmetic U and V are the same in every basis: only rounding inside the chains, and of the "
        return (
            f"On {self.workload.describe()}. Direct convolution: {direct}.",
            f"{exact}matrices, can differ. A scale per tap or convention pow2 acts on U, V and M instead.",
            *refused,
        )

    def __repr__(self) -> str:
        from wincraft.report import render

        return render(self, "text").rstrip("\n")


_COST_NOTES = (
    "Pre-steps are the stages of a chain before its last one, post-steps those of A^T after its first. Input is per "
    "channel C, output per channel K, after the sum over channels; the filter's is offline, once per pair.",
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
    """The algorithm through several bases or factorisations, named as in `wincraft.basis.chains.chained`.

    Raises:
        UnknownName, NotApplicable, BadNumber, BadShape: where a name is none, or the algorithm has no such chain.

    >>> from wincraft import winograd
    >>> found = compare_bases(winograd(4, 3), ["canonical", "legendre"], schemes=[])
    >>> [column.part("input pre-steps").total for column in found.columns]
    [0, 12]
    """
    if not bases:
        raise NotApplicable("a comparison of bases", "no basis is given", "give at least one")
    chosen = [SCHEMES[name] for name in DEFAULT_SCHEMES] if schemes is None else list(schemes)
    data = Workload() if workload is None else workload
    built = {name: chained(algorithm, name) for name in bases}
    columns = []
    for number_, (name, item) in enumerate(built.items()):
        if progress is not None:
            progress(number_, len(built), name)
        columns.append(_column(name, item, chosen, data))
    return BasisComparison(algorithm, tuple(columns), data)


def _column(name: str, item: Algorithm, schemes: Sequence[Scheme], data: Workload | Layer) -> BasisColumn:
    return BasisColumn(
        name,
        item,
        costs(item),
        _conditions_of(name, item),
        {word: rounded.decibels for word, rounded in sweep_words(item, WORDS).items()},
        {scheme.name: available(partial(evaluate, item, scheme, data)) for scheme in schemes},
    )


def _conditions_of(name: str, item: Algorithm) -> dict[str, float]:
    found = {label: one.cond_2 for label, one in conditioning(item).matrices.items()}
    values = _values_condition(name, item)
    return ({} if values is None else {"V P^T": values}) | found


def _values_condition(name: str, item: Algorithm) -> float | None:
    """cond_2 of the basis polynomials' values at the points, where one basis serves the input of every axis."""
    from wincraft.analysis.conditioning import has_points, matrix_conditioning, vandermonde
    from wincraft.basis.chains import parse_chains
    from wincraft.basis.factors import FACTORISATIONS

    basis = parse_chains(name.partition("/")[0]).get("input", "canonical")
    if basis in FACTORISATIONS or not all(has_points(axis) for axis in item.axes):
        return None
    factors = []
    for axis in item.axes:
        V = vandermonde(axis)
        P = parse_basis(basis).matrix(axis.n, axis.moduli, V.domain)
        factors.append(V * P.transpose())
    return matrix_conditioning(*factors).cond_2


def _matrix_of(stage: StageCost) -> str:
    return stage.label.split()[0].partition("[")[0]


def _stage_of(stage: StageCost) -> int:
    return int(stage.label.split()[0].partition("[")[2].rstrip("]") or 0)


def _found(column: BasisColumn, name: str) -> Evaluation | None:
    found = column.schemes[name]
    return None if isinstance(found, Unavailable) else found


def _document(column: BasisColumn) -> dict[str, Any]:
    parts = {name: column.part(name) for name, _, _ in _PARTS}
    schemes = {
        name: {"unavailable": found.reason}
        if isinstance(found, Unavailable)
        else {"measured": found.measured, "predicted": found.predicted.decibels, "direct": found.direct}
        for name, found in column.schemes.items()
    }
    return {
        "basis": column.name,
        "sha256": column.algorithm.sha256,
        "operations": {
            name: {"multiplications": p.multiplications, "shifts": p.shifts, "additions": p.additions}
            for name, p in parts.items()
        },
        "break_even": column.costs.break_even,
        "cond_2": dict(column.conditions),
        "matrix_rounding": {str(word): value for word, value in column.words.items()},
        "schemes": schemes,
    }
