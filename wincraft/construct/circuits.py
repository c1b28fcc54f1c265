# SPDX-License-Identifier: Apache-2.0
"""The circuits of an algorithm: for every matrix that is applied, the program that is chosen for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import prod
from typing import Any

from wincraft.algorithm.bilinear import Algorithm
from wincraft.circuit.fitting import fitted_program, gates_of, scaled
from wincraft.circuit.integers import integer_program
from wincraft.circuit.optimise.effort import Effort
from wincraft.circuit.optimise.kronecker import kronecker_programs
from wincraft.circuit.ordering import reordered
from wincraft.circuit.program import Program
from wincraft.circuit.recording import record
from wincraft.construct.candidates import (
    Contender,
    Hashed,
    candidates_of,
    largest_value,
    plain_rows,
    programs_of,
)
from wincraft.construct.choices import DEFAULT_CIRCUIT, circuit_choice
from wincraft.construct.rounding import Context, contexts, is_large, noise_of
from wincraft.exact.number import as_fractions
from wincraft.exact.types import Matrix
from wincraft.numbers.summation import C_ORDER, CIRCUIT_ORDERS

MOST_COMPARED = 3
"""Programs of equally many additions of which the one with the smallest values is taken for integers."""

TILE_ORDERS = 600
"""Orders that are tried for a whole tile, in some tenths of a second."""

LARGEST_ORDERED = 10
"""Rows and columns of the largest matrix whose default program is put in order: of more that takes seconds."""


def order_of(choice: str) -> str:
    """What the order of the sums is called under a choice of circuits: rows as they stand are an order of their own.

    >>> order_of("default"), order_of("fewest"), order_of("rows")
    ('circuit', 'circuit-fewest', 'positive-first')
    """
    if choice == "rows":
        return "positive-first"
    return C_ORDER if choice == DEFAULT_CIRCUIT else f"circuit-{choice}"


@dataclass(frozen=True, eq=False)
class Circuits:
    """The programs of an algorithm's passes under one of `CIRCUIT_CHOICES`, with options.

    The filter is transformed once, before anything runs: by default its programs are plain rows. `found` are programs
    beside those that are known, each with what it was found by, of some matrices.

    Raises:
        UnknownName, BadValue: for a choice that `wincraft.construct.choices.circuit_choice` does not read.

    >>> from wincraft import winograd
    >>> circuits = Circuits(winograd(4, 3, points="0,1,-1,2,-2"), "fewest")
    >>> {name: circuits.line(name).additions for name in ("BT", "G", "AT")}
    {'BT': 12, 'G': 5, 'AT': 10}
    """

    algorithm: Algorithm
    choice: str = DEFAULT_CIRCUIT
    found: tuple[tuple[Matrix, tuple[tuple[Program, str], ...]], ...] = ()
    _contexts: dict[Hashed, tuple[str, Context]] = field(default_factory=dict, init=False, repr=False)
    _integers: dict[Hashed, Program] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        circuit_choice(self.choice)
        for factor in dict.fromkeys(self._parts()):
            for name, matrix, context in contexts(factor):
                self._contexts.setdefault(Hashed(matrix), (name, context))

    def _parts(self) -> tuple[Algorithm, ...]:
        return self.algorithm.factors if self.algorithm.separable else (self.algorithm,)

    def of(self, matrix: Matrix) -> Contender:
        """The one that is chosen for the matrix of a pass, or of a map along one axis.

        Raises:
            NotApplicable: where none that is known keeps to the registers.
        """
        if self._by_rows(matrix) and self.algorithm.field.ordered:  # nothing need be searched
            return plain_rows(Hashed(matrix), *self._weighing(matrix))
        chosen = circuit_choice("rows" if self._by_rows(matrix) else self.choice)(self.candidates(matrix))
        in_time = max(matrix.shape) <= LARGEST_ORDERED or self.choice != DEFAULT_CIRCUIT
        return chosen.ordered if in_time else chosen

    def _by_rows(self, matrix: Matrix) -> bool:
        name, _ = self._contexts.get(Hashed(matrix), ("", None))
        return self.choice == "rows" or (self.choice == DEFAULT_CIRCUIT and name == "G")

    def integers(self, matrix: Matrix) -> Program:
        """The program that is chosen for an integer matrix, on integers: all its constants are.

        It divides only where every candidate does. By default the fewest additions, then the smallest values.

        Raises:
            NotApplicable: where the matrix is not integer.
        """
        if (key := Hashed(matrix)) not in self._integers:
            self._integers[key] = self._integer_program(matrix)
        return self._integers[key]

    def _integer_program(self, matrix: Matrix) -> Program:
        if self._by_rows(matrix) and not is_large(matrix):
            return integer_program(self.of(matrix).program)
        rows, *others = self.candidates(matrix)
        if is_large(matrix) and not self._fractions(matrix):
            return rows.program
        if self._by_rows(matrix):
            return integer_program(rows.program)
        others.sort(key=lambda item: item.additions)
        default, level = self.choice == DEFAULT_CIRCUIT, list[Program]()
        for item in [*others, rows] if default else [self.of(matrix), *others, rows]:
            if level and not (default and item.additions == level[0].additions and len(level) < MOST_COMPARED):
                break
            form = integer_program(item.program)
            if all(operation.name != "divide" for operation in form.operations):
                level.append(form)
        return min(level, key=largest_value)

    def computed(self, matrix: Matrix) -> Program:
        """The program as C computes it: on integers where the matrix is integer."""
        whole = self.algorithm.field.rational and not self._fractions(matrix)
        return self.integers(matrix) if whole else self.of(matrix).program

    def _fractions(self, matrix: Matrix) -> bool:
        entries = as_fractions([x for row in matrix.to_list() for x in row], matrix.domain)
        return any(x.denominator > 1 for x in entries)

    def context(self, matrix: Matrix) -> Context:
        """What the matrix's inputs and outputs weigh in the algorithm; white and equal where it is not in it."""
        return self._contexts.get(Hashed(matrix), ("", Context()))[1]

    def candidates(self, matrix: Matrix) -> list[Contender]:
        """All programs of a matrix that are known or quickly found, with their noise; plain rows first."""
        thorough = self.choice not in (DEFAULT_CIRCUIT, "rows")
        if not self.algorithm.field.ordered:
            programs = programs_of(Hashed(matrix), thorough)
            return [Contender(item.program, item.found, Fraction(0), item.bound, item.method) for item in programs]
        more = [pair for of, pairs in self.found if of == matrix for pair in pairs]
        context = self.context(matrix)
        added = [Contender(program, text, noise_of(program, context), context=context) for program, text in more]
        return [*candidates_of(Hashed(matrix), *self._weighing(matrix), thorough), *added]

    def _weighing(self, matrix: Matrix) -> tuple[Hashed | None, Hashed | None]:
        moments, weights = (None if item is None else Hashed(item) for item in self.context(matrix))
        return moments, weights

    def adding(self, matrix: Matrix, programs: Iterable[tuple[Program, str]]) -> Circuits:
        """With more candidates for a matrix.

        Raises:
            NotApplicable: for a program of another matrix.
        """
        pairs = tuple((fitted_program(program, matrix), text) for program, text in programs)
        return replace(self, found=(*self.found, (matrix, pairs)))

    def _fewest(self, matrix: Matrix) -> list[Program]:
        """All programs of the fewest additions."""
        known = self.candidates(matrix)
        least = min(item.additions for item in known)
        return [item.program for item in known if item.additions == least]

    def matrices(self) -> list[Matrix]:
        """The matrices of the maps of every axis that differs from those before it, multiplied out."""
        return [item.dense for factor in dict.fromkeys(self._parts()) for item in factor.maps]

    def line(self, name: str, axis: int = 0) -> Contender:
        """That of a map along an axis, multiplied out; of whole tiles that of the whole map."""
        factors = self.algorithm.named[name].factors
        return self.of(self.algorithm.named[name].dense if factors is None else factors[axis].dense)

    def whole(self, name: str) -> Program:
        """The program of a whole map on the flattened tile, row by row.

        Line by line along each axis, in the order of the passes, each line by its program; of two axes, where the
        fewest additions are asked for, also such as are no product of axes; in an order of few live values.

        >>> from wincraft import winograd
        >>> tiles = winograd("F(2x2,3x3)", points="0,1,-1")
        >>> Circuits(tiles).whole("BT"), Circuits(tiles, "fewest").whole("BT")
        (program of 32 additions, 16 -> 16 values over QQ, program of 31 additions, 16 -> 16 values over QQ)
        """
        item = self.algorithm.named[name]
        lines = [factor.dense for factor in item.factors or ()]
        if self.choice == "fewest" and len(lines) == 2:
            best = tuple(dict.fromkeys(program for line in lines for program in self._fewest(line)))
            return self._in_order(scaled(gates_of(kronecker_programs(lines[0], lines[1], Effort(best=best))[0])))
        steps = item.collapsed if item.factors is not None else item

        def apply(values: list[Any]) -> list[Any]:
            for step, tile in zip(steps.passes, steps.shapes, strict=False):
                values = along_axis(self.of(step.matrix).program, values, tile, step.axis)
            return values

        return self._in_order(record(prod(item.tile), apply, item.domain))

    def _in_order(self, program: Program) -> Program:
        """That of a whole tile in an order of few live values, looked for long only where these are what counts."""
        thorough = self.choice.startswith("cheap-registers")
        return reordered(program) if thorough else reordered(program, rounds=1, orders=TILE_ORDERS)


def programs_for(algorithm: Algorithm, order: str) -> Callable[[Matrix], Program] | None:
    """What gives the program of a pass's matrix in an order of `CIRCUIT_ORDERS`; None in any other.

    >>> from wincraft import winograd
    >>> F = winograd(4, 3, points="0,1,-1,2,-2")
    >>> programs_for(F, "circuit")(F.input.dense), programs_for(F, "sequential")
    (program of 12 additions, 6 -> 6 values over QQ, None)
    """
    if order not in CIRCUIT_ORDERS:
        return None
    circuits = Circuits(algorithm, CIRCUIT_ORDERS[order])
    return lambda matrix: circuits.of(matrix).program


def along_axis(program: Program, values: Sequence[Any], tile: Sequence[int], axis: int | None) -> list[Any]:
    """A program run on every line of a flattened tile along an axis; on the whole tile where that is None.

    >>> along_axis(Program.build(2, [("add", 0, 1)], [2]), [1, 2, 3, 4], (2, 2), 0)
    [4, 6]
    """
    length, trailing = (len(values), 1) if axis is None else (tile[axis], prod(tile[axis + 1 :]))
    result: list[Any] = []
    for start in range(0, len(values), length * trailing):
        block = values[start : start + length * trailing]
        columns = [program.run(list(block[k::trailing])) for k in range(trailing)]
        result += [value for row in zip(*columns, strict=True) for value in row]
    return result
