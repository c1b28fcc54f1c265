# SPDX-License-Identifier: Apache-2.0
"""The circuits of an algorithm as people see them, and as the document that `wincraft verify` checks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.description import describe
from wincraft.circuit.dot import program_dot
from wincraft.circuit.drawing import drawing
from wincraft.circuit.text import program_lines
from wincraft.construct.circuits import Circuits
from wincraft.errors import look_up
from wincraft.exact.number import number_text
from wincraft.files.document import document
from wincraft.measure.circuits import CIRCUIT_MAPS, MODEL, MapCircuit, map_circuits, whole_map
from wincraft.show.chart import Axis, Dots, Point, Series
from wincraft.show.layout import Layout, Section, Table
from wincraft.show.numbers import count, number
from wincraft.show.shown import Shown
from wincraft.version import __version__

LETTERS = {"BT": "d", "G": "g", "AT": "m"}
"""What the programs of the maps read."""
_TITLES = {"BT": "B^T", "G": "G", "AT": "A^T"}
KIND, VERSION = "wincraft.circuit", 1
"""What the document says that it is."""
_COUNTS = ("map", "additions", "plain", "bound", "noise", "of plain", "status")
_OTHERS = ("map", "mul", "small", "shift", "shift-adds", "depth", "live", "worst")
_FRONT = ("map", "additions", "noise", "live", "status", "found")
_NOTES = (
    f"Additions: the model is {MODEL}; plain is the matrix row by row. Shift-adds: the additions where constants are "
    "made of shifts too. Live: the most values held at one time. Noise: roundings per product, each product and sum "
    "rounded; the filter is transformed once, before anything runs. Worst: no output of the map is wrong by more than "
    "this times the unit roundoff times the largest input, to first order.",
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
    def tile(self) -> list[MapCircuit]:
        """The circuits of whole tiles where there are several axes."""
        several = len(self.algorithm.m) > 1 and self.algorithm.separable
        return [whole_map(self.circuits, name) for name in CIRCUIT_MAPS] if several else []

    def layout(self) -> Layout:
        """Counts, what is proved, the fronts, and the listings."""
        charts = tuple(_front_chart(axis, maps) for axis, maps in self.axes if all(item.weighing for item in maps))
        screen = self.screen()
        counts = len(self.axes) + bool(self.tile)
        sections = [*screen.sections[:counts], *self._fronts(), *screen.sections[counts:]]
        return Layout(screen.title, screen.head, tuple(sections), charts)

    def screen(self) -> Layout:
        """The counts and the listings, without the fronts, for which every candidate is put in a good order."""
        sections = []
        for axis, maps in self.axes:
            where = "" if len(self.axes) == 1 else f", {axis.size}"
            sections.append(Section(f"Circuits{where}", _tables(maps), _NOTES))
        if self.tile:
            total = sum(item.numbers.additions for item in self.tile)
            sections.append(Section("Whole tile", _tables(self.tile), (f"The tile takes {total} additions.",)))
        for axis, maps in self.axes:
            for item in maps:
                lines = program_lines(item.program, LETTERS[item.name])
                table = Table(("operation by operation",), tuple((line,) for line in lines), "l")
                sections.append(Section(f"{_TITLES[item.name]}{self._of(axis)}", (table,)))
        title = f"circuits of {self.algorithm.size}: {self.circuits.choice}"
        return Layout(title, (describe(self.algorithm),), tuple(sections))

    def _fronts(self) -> Iterator[Section]:
        for axis, maps in self.axes:
            yield Section(f"Fronts{self._of(axis)}", (_front_table(maps),), ("Found by other choices of --circuit.",))

    def _of(self, axis: Algorithm) -> str:
        return "" if len(self.axes) == 1 else f" of {axis.size}"

    def document(self) -> dict[str, Any]:
        """The kind ``wincraft.circuit``: what `wincraft verify` reads and checks."""
        return {
            "kind": KIND,
            "version": VERSION,
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
            "maps": {item.name: _facts(item) for item in self.tile or self.axes[0][1]},
        }


def _tables(maps: Sequence[MapCircuit]) -> tuple[Table, Table]:
    counts, others = tuple(map(_counts_row, maps)), tuple(map(_others_row, maps))
    return Table(_COUNTS, counts, "lrrrrrl"), Table(_OTHERS, others, "lrrrrrrr")


def _counts_row(item: MapCircuit) -> tuple[str, ...]:
    numbers, plain, plain_noise = item.numbers, item.plain, item.plain_noise
    return (
        _TITLES[item.name],
        count(numbers.additions),
        "-" if plain is None else count(plain.additions),
        count(item.lower_bound),
        _shown(numbers.noise),
        _shown(numbers.noise / plain_noise if numbers.noise is not None and plain_noise else None),
        item.status if item.status == "proved minimal" else f"{item.status}: {item.chosen.found}",
    )


def _others_row(item: MapCircuit) -> tuple[str, ...]:
    numbers = item.numbers
    return (
        _TITLES[item.name],
        *map(count, (numbers.multiplications, numbers.small, numbers.shifts)),
        "-" if numbers.shift_adds is None else count(numbers.shift_adds),
        *map(count, (numbers.depth, numbers.live)),
        _shown(numbers.worst),
    )


def _shown(value: Fraction | None) -> str:
    return "-" if value is None else number(float(value))


def _front_table(maps: list[MapCircuit]) -> Table:
    rows = [
        (
            _TITLES[item.name],
            count(found.additions),
            _shown(item.noise_of(found)),
            count(item.held(found)),
            "proved minimal" if found.additions == item.lower_bound else f"at least {item.lower_bound}",
            found.found,
        )
        for item in maps
        for found in item.front
    ]
    return Table(_FRONT, tuple(rows), "lrrrll")


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


def _facts(item: MapCircuit) -> dict[str, Any]:
    """Of an axis also what plain rows take; nobody would transform a whole tile by them."""
    lines = [line for line in program_lines(item.program, LETTERS[item.name]) if not line.startswith("field ")]
    inputs, *operations, outputs = lines
    facts = {
        "additions": item.numbers.additions,
        "inputs": inputs.split()[1:],
        "operations": operations,
        "outputs": outputs.split()[1:],
        "status": item.status,
        "lower_bound": item.lower_bound,
        "proved_by": item.bound.method,
        "proof": item.bound.proof or None,
        "found": item.chosen.found,
        **{key: float(value) if isinstance(value, Fraction) else value for key, value in vars(item.numbers).items()},
    }
    if item.plain is not None:
        noise = None if item.plain_noise is None else float(item.plain_noise)
        facts["plain"] = {"additions": item.plain.additions, "noise": noise}
    return facts


def picture(circuits: Circuits, name: str, format: str) -> str:
    """The program of a map as a picture, ``svg``, or as a graph, ``dot``; of several axes that of the whole tile.

    Raises:
        UnknownName: for another map.

    >>> from wincraft import winograd
    >>> picture(Circuits(winograd(2, 3)), "BT", "dot").splitlines()[0]
    'digraph program {'
    """
    look_up("map", name, LETTERS)
    several, writes = len(circuits.algorithm.m) > 1, {"BT": "u", "G": "v", "AT": "y"}[name]
    program = circuits.whole(name) if several else circuits.line(name).program
    if format == "dot":
        return program_dot(program, LETTERS[name], writes)
    title = f"{_TITLES[name]} of {circuits.algorithm.size}, {program.additions} additions"
    return drawing(program, title, LETTERS[name], writes)
