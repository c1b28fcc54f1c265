# SPDX-License-Identifier: Apache-2.0
"""The circuits of an algorithm as people see them, and as the document that `wincraft verify` checks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.description import describe
from wincraft.circuit.dot import program_dot
from wincraft.circuit.drawing import drawing
from wincraft.circuit.ordering import live
from wincraft.circuit.program import Program
from wincraft.circuit.text import program_lines
from wincraft.construct.circuits import Circuits
from wincraft.errors import look_up
from wincraft.exact.number import number_text
from wincraft.files.document import document
from wincraft.measure.circuits import MODEL, MapCircuit, map_circuits
from wincraft.show.chart import Axis, Dots, Point, Series
from wincraft.show.layout import Layout, Section, Table
from wincraft.show.numbers import count, number
from wincraft.show.shown import Shown
from wincraft.version import __version__

LETTERS = {"BT": "d", "G": "g", "AT": "m"}
"""What the programs of the maps read."""
_TITLES = {"BT": "B^T", "G": "G", "AT": "A^T"}
_COUNTS = ("map", "additions", "plain", "bound", "noise", "of plain", "status")
_OTHERS = ("map", "mul", "small", "shift", "shift-adds", "depth", "live")
_NOTES = (
    f"Additions: the model is {MODEL}; plain is the matrix row by row. Shift-adds: the additions where constants are "
    "made of shifts too. Live: the most values held at one time. Noise: roundings per product, each product and sum "
    "rounded; the filter is transformed once, before anything runs.",
)


@dataclass(frozen=True, eq=False, repr=False)
class CircuitReport(Shown):
    """The circuits of every distinct axis of an algorithm, and of several axes those of whole tiles.

    >>> from wincraft import winograd
    >>> report = CircuitReport(Circuits(winograd(4, 3, points="0,1,-1,2,-2"), "fewest"))
    >>> [row[:3] for row in report.layout().sections[0].tables[0].rows]
    [('B^T', '12', '16'), ('G', '5', '8'), ('A^T', '10', '14')]
    """

    circuits: Circuits

    @property
    def algorithm(self) -> Algorithm:
        """What the circuits are of."""
        return self.circuits.algorithm

    @cached_property
    def axes(self) -> list[tuple[Algorithm, list[MapCircuit]]]:
        """The circuits of every distinct axis."""
        return list(map_circuits(self.circuits))

    @cached_property
    def tile(self) -> dict[str, Program]:
        """The programs of whole tiles where there are several axes."""
        several = len(self.algorithm.m) > 1 and self.algorithm.separable
        return {name: self.circuits.whole(name) for name in LETTERS} if several else {}

    def layout(self) -> Layout:
        """Counts, what is proved, the fronts, and the listings."""
        sections = []
        for axis, maps in self.axes:
            where = "" if len(self.axes) == 1 else f", {axis.size}"
            tables = (
                Table(_COUNTS, tuple(map(_counts_row, maps)), "lrrrrrl"),
                Table(_OTHERS, tuple(map(_others_row, maps)), "lrrrrrr"),
            )
            sections.append(Section(f"Circuits{where}", tables, _NOTES))
        if self.tile:
            rows = tuple((_TITLES[name], *map(count, _counts(program))) for name, program in self.tile.items())
            total = sum(program.additions for program in self.tile.values())
            notes = (f"The tile takes {total} additions.",)
            sections.append(Section("Whole tile", (Table(("map", "additions", "live"), rows, "lrr"),), notes))
        for axis, maps in self.axes:
            where = "" if len(self.axes) == 1 else f" of {axis.size}"
            sections.append(Section(f"Fronts{where}", (_front_table(maps),), ("Found by other choices of --circuit.",)))
            for item in maps:
                lines = program_lines(item.program, LETTERS[item.name])
                table = Table(("operation by operation",), tuple((line,) for line in lines), "l")
                sections.append(Section(f"{_TITLES[item.name]}{where}", (table,)))
        charts = tuple(_front_chart(axis, maps) for axis, maps in self.axes if axis.field.ordered)
        title = f"circuits of {self.algorithm.size}: {self.circuits.choice}"
        return Layout(title, (describe(self.algorithm),), tuple(sections), charts)

    def screen(self) -> Layout:
        """The counts and the listings, without the fronts."""
        whole = self.layout()
        kept = [item for item in whole.sections if not item.title.startswith("Fronts")]
        return Layout(whole.title, whole.head, tuple(kept))

    def document(self) -> dict[str, Any]:
        """The kind ``wincraft.circuit``: what `wincraft verify` reads and checks."""
        return {
            "kind": "wincraft.circuit",
            "version": 1,
            "wincraft": __version__,
            "size": self.algorithm.size,
            "circuit": self.circuits.choice,
            "model": MODEL,
            "algorithm": document(self.algorithm),
            "axes": [
                {
                    "size": axis.size,
                    "scale": number_text(axis.scale),
                    "maps": {item.name: _facts(item) for item in maps},
                }
                for axis, maps in self.axes
            ],
            "maps": self._whole_maps(),
        }

    def _whole_maps(self) -> dict[str, Any]:
        """Those of the only axis, or of whole tiles."""
        if not self.tile:
            return {item.name: _facts(item) for item in self.axes[0][1]}
        return {name: _listing(name, program) for name, program in self.tile.items()}


def _counts_row(item: MapCircuit) -> tuple[str, ...]:
    return (
        _TITLES[item.name],
        *map(count, (item.operations.additions, item.plain.additions, item.lower_bound)),
        number(float(item.noise)),
        number(float(item.noise / item.plain_noise)) if item.plain_noise else "-",
        item.status,
    )


def _others_row(item: MapCircuit) -> tuple[str, ...]:
    operations, shift_adds = item.operations, item.shift_adds
    return (
        _TITLES[item.name],
        *map(count, (operations.multiplications, operations.small, operations.shifts)),
        "-" if shift_adds is None else count(shift_adds),
        *map(count, (item.depth, item.live)),
    )


def _counts(program: Program) -> tuple[int, int]:
    return program.additions, live(program)


def _front_table(maps: list[MapCircuit]) -> Table:
    rows = [
        (_TITLES[item.name], count(found.additions), number(float(found.noise / item.noise_gain)), found.found)
        for item in maps
        for found in item.front
    ]
    return Table(("map", "additions", "noise", "found"), tuple(rows), "lrrl")


def _front_chart(axis: Algorithm, maps: list[MapCircuit]) -> Dots:
    series = tuple(
        Series(
            _TITLES[item.name],
            tuple(Point(float(one.noise / item.noise_gain), one.additions) for one in item.front),
            mark,
        )
        for item, mark in zip(maps, ("dot", "square", "diamond"), strict=True)
    )
    return Dots(
        f"Circuits of {axis.size}",
        Axis("rounding noise, roundings per product", logarithmic=True),
        Axis("additions"),
        series,
        "additions and rounding noise of the circuits that no other beats",
    )


def _listing(name: str, program: Program) -> dict[str, Any]:
    lines = [line for line in program_lines(program, LETTERS[name]) if not line.startswith("field ")]
    inputs, *operations, outputs = lines
    return {
        "additions": program.additions,
        "inputs": inputs.split()[1:],
        "operations": operations,
        "outputs": outputs.split()[1:],
    }


def _facts(item: MapCircuit) -> dict[str, Any]:
    operations = item.operations
    return {
        **_listing(item.name, item.program),
        "status": item.status,
        "lower_bound": item.lower_bound,
        "proved_by": item.chosen.method if item.bound is None else item.bound.method,
        "found": item.chosen.found,
        "multiplications": operations.multiplications,
        "small": operations.small,
        "shifts": operations.shifts,
        "shift_adds": item.shift_adds,
        "depth": item.depth,
        "live": item.live,
        "noise": float(item.noise),
        "plain": {"additions": item.plain.additions, "noise": float(item.plain_noise)},
    }


def picture(circuits: Circuits, name: str, format: str) -> str:
    """The program of a map as a picture, ``svg``, or as a graph, ``dot``.

    Raises:
        UnknownName: for another map.

    >>> from wincraft import winograd
    >>> picture(Circuits(winograd(2, 3)), "BT", "dot").splitlines()[0]
    'digraph program {'
    """
    look_up("map", name, LETTERS)
    program, writes = circuits.line(name).program, {"BT": "u", "G": "v", "AT": "y"}[name]
    if format == "dot":
        return program_dot(program, LETTERS[name], writes)
    title = f"{_TITLES[name]} of {circuits.algorithm.size}, {program.additions} additions"
    return drawing(program, title, LETTERS[name], writes)
