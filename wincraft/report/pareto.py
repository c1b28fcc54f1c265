# SPDX-License-Identifier: Apache-2.0
"""A Pareto front for people and programs: a table, a plot, a document.

Search and report are siblings and know nothing of each other: `FoundFront` says what is shown of a front, and the
command that has both hands it over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10
from typing import Any, Protocol

from wincraft.exact.number import number_text
from wincraft.show.layout import Layout, Section, ShownInNotebooks, Table
from wincraft.show.numbers import number
from wincraft.show.svg import MARKS, PLOT_WIDTH, Plot, decade_ticks, text_at, ticks
from wincraft.version import __version__


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
class FrontReport(ShownInNotebooks):
    """A front with a layout, a figure and a document; the repr is the text.

    >>> from wincraft.search.front import pareto_of_space
    >>> from wincraft.search.points.space import Space
    >>> FrontReport(pareto_of_space(Space(2, 3, shape="symmetric", height=2))).layout().title
    'F(2,3): the Pareto front, 1 of 3 algorithms'
    """

    found: FoundFront

    def layout(self) -> Layout:
        """The members from the most accurate on, the best of each column marked."""
        rows = []
        for place, member in enumerate(self.found.members, 1):
            products, gain, operations, bits = member.values
            texts = (number(float(products)), number(float(gain)), number(float(operations)), str(bits))
            rows.append((str(place), *texts, member.moduli.replace(",", ", ")))
        columns = list(zip(*(member.values for member in self.found.members), strict=True))
        marked = {(i, j) for j, column in enumerate(columns, 1) for i, v in enumerate(column) if v == min(column)}
        header = ("", "products/output", "noise gain", "ops/output", "bits", "moduli")
        size = f"F({self.found.m},{self.found.r})"
        return Layout(
            title=f"{size}: the Pareto front, {len(rows)} of {self.found.considered} algorithms",
            head=("No algorithm looked at is better than one of these in one respect and as good in the others.",),
            sections=(Section("Members", (Table(header, tuple(rows), "rrrrrl", frozenset(marked)),), _NOTES),),
            figures=self.figures,
        )

    def figures(self) -> dict[str, str]:
        """Noise gain against operations, numbered as in the table; the marks tell products per output apart."""
        members = self.found.members
        gains = [float(member.values[1]) for member in members]
        work = [float(member.values[2]) for member in members]
        kinds = list(dict.fromkeys(float(member.values[0]) for member in members))
        across, up = decade_ticks(min(gains), max(gains)), ticks(0.0, max(work), 200)
        bottom, top, left = 220.0, 44.0, 46.0
        plot = Plot(bottom + 42, left, log10(across[0][0]), log10(across[-1][0]), "noise gain, left is better", 20, top)
        plot.grid([(log10(value), text) for value, text in across], bottom)
        plot.add(text_at(4, 30, "operations per output, lower is better"))

        def height(value: float) -> float:
            return bottom - value / up[-1][0] * (bottom - top)

        for value, text in up:
            plot.line(left, height(value), PLOT_WIDTH - 20, height(value), 0.2)
            plot.label(text, height(value))
        marks = {kind: MARKS[index % len(MARKS)] for index, kind in enumerate(kinds)}
        plot.legend([(f"{kind:.3g} products per output", mark) for kind, mark in marks.items()])
        for place, (member, gain, value) in enumerate(zip(members, gains, work, strict=True), 1):
            x, y = plot.x(log10(gain)), height(value)
            plot.add(marks[float(member.values[0])](x, y, member.moduli))
            plot.add(text_at(x + 7, y - 6, str(place)))
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

    def __repr__(self) -> str:
        from wincraft.report import rendered

        return rendered(self, "text").rstrip("\n")


_NOTES = (
    "Ops: additions, multiplications and shifts of the data and output transforms, nothing shared. Bits: of the "
    "widest value of exact integer arithmetic on int8.",
)
