# SPDX-License-Identifier: Apache-2.0
"""A Pareto front for people and programs: a table, a plot, a document.

Search and report are siblings and know nothing of each other: `FoundFront` says what is shown of a front, and the
command that has both hands it over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Any, Protocol

from wincraft import __version__
from wincraft.exact.number import number_text
from wincraft.report.layout import Layout, Section, Table
from wincraft.report.numbers import number
from wincraft.report.svg import MARKS, WIDTH, Plot, text_at


class FoundMember(Protocol):
    """An algorithm of the front: its moduli, and products per output, noise gain, operations per output, bits."""

    @property
    def moduli(self) -> str:
        """As ``--moduli`` takes them."""

    @property
    def values(self) -> tuple[Any, ...]:
        """In that order; the first two exact."""


class FoundFront(Protocol):
    """The algorithms F(m,r) that none of those considered beats in every respect."""

    @property
    def m(self) -> int:
        """Outputs."""

    @property
    def r(self) -> int:
        """Filter taps."""

    @property
    def members(self) -> Sequence[FoundMember]:
        """By rising noise gain."""

    @property
    def considered(self) -> int:
        """How many algorithms were looked at."""


@dataclass(frozen=True, eq=False, repr=False)
class FrontReport:
    """A front with a layout, a figure and a document; the repr is the text.

    >>> from wincraft.search.pareto import pareto_of_space
    >>> from wincraft.search.space import Space
    >>> FrontReport(pareto_of_space(Space(2, 3, shape="symmetric", height=2))).layout().title
    'F(2,3): the Pareto front, 1 of 3 algorithms'
    """

    found: FoundFront

    def layout(self) -> Layout:
        """The members from the most accurate on, the best of each column marked."""
        rows = []
        for member in self.found.members:
            products, gain, operations, bits = member.values
            texts = (number(float(products)), number(float(gain)), number(float(operations)), str(bits))
            rows.append((*texts, member.moduli.replace(",", ", ")))
        columns = list(zip(*(member.values for member in self.found.members), strict=True))
        marked = {(i, j) for j, column in enumerate(columns) for i, v in enumerate(column) if v == min(column)}
        header = ("products/output", "noise gain", "operations/output", "bits", "moduli")
        size = f"F({self.found.m},{self.found.r})"
        return Layout(
            title=f"{size}: the Pareto front, {len(rows)} of {self.found.considered} algorithms",
            head=("No algorithm looked at is better than one of these in one respect and as good in the others.",),
            sections=(Section("Members", (Table(header, tuple(rows), "rrrrl", frozenset(marked)),), _NOTES),),
        )

    def figures(self) -> dict[str, str]:
        """Noise gain against operations; the marks tell products per output apart."""
        members = self.found.members
        gains = [log10(float(member.values[1])) for member in members]
        work = [float(member.values[2]) for member in members]
        kinds = list(dict.fromkeys(float(member.values[0]) for member in members))
        low, high = floor(4 * min(gains)) / 4, ceil(4 * max(gains) + 1e-9) / 4
        bottom, top, tallest = 220.0, 40.0, max(work)
        plot = Plot(bottom + 42, 46, low, high, "noise gain, left is better", 20, top)
        plot.grid(
            [(tick / 4, f"{10 ** (tick / 4):.3g}") for tick in range(round(4 * low), round(4 * high) + 1)], bottom
        )
        plot.add(text_at(4, 30, "operations per output, lower is better"))

        def height(value: float) -> float:
            return bottom - value / tallest * (bottom - top - 8)

        for share in (0.0, 0.5, 1.0):
            plot.line(46, height(share * tallest), WIDTH - 20, height(share * tallest), 0.2)
            plot.label(f"{share * tallest:.3g}", height(share * tallest))
        marks = {kind: MARKS[index % len(MARKS)] for index, kind in enumerate(kinds)}
        plot.legend([(f"{kind:.3g} products per output", mark) for kind, mark in marks.items()])
        for member, gain, value in zip(members, gains, work, strict=True):
            plot.add(marks[float(member.values[0])](plot.x(gain), height(value), member.moduli))
        return {"Accuracy against work": plot.svg("Noise gain against operations per output of every member.")}

    def document(self) -> dict[str, Any]:
        """The front as plain data."""
        return {
            "kind": "wincraft.pareto",
            "version": 1,
            "wincraft": __version__,
            "size": f"F({self.found.m},{self.found.r})",
            "considered": self.found.considered,
            "members": [
                {
                    "moduli": member.moduli,
                    "products_per_output": number_text(member.values[0]),
                    "noise_gain": number_text(member.values[1]),
                    "operations_per_output": float(member.values[2]),
                    "integer_bits": int(member.values[3]),
                }
                for member in self.found.members
            ],
        }

    def _repr_html_(self) -> str:
        from wincraft.report.html import fragment

        return fragment(self)

    def __repr__(self) -> str:
        from wincraft.report import render

        return render(self, "text").rstrip("\n")


_NOTES = (
    "Operations: additions, multiplications and shifts of the data and output transforms, nothing shared. Bits: of the "
    "widest value of exact integer arithmetic on int8.",
)
