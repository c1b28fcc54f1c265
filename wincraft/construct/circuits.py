# SPDX-License-Identifier: Apache-2.0
"""The circuits of an algorithm: for every matrix that is applied, the program that is chosen for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import lru_cache, reduce
from math import prod
from typing import Any, NamedTuple

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.content import map_names
from wincraft.circuit.fitting import fitted, gates_of, scaled
from wincraft.circuit.library import known_programs
from wincraft.circuit.noise import rounding_variance
from wincraft.circuit.integers import integer_form
from wincraft.circuit.optimise.effort import Effort
from wincraft.circuit.optimise.kronecker import kronecker
from wincraft.circuit.optimise.registry import STRUCTURAL, optimised
from wincraft.circuit.ordering import live, reordered
from wincraft.circuit.program import Program
from wincraft.circuit.recording import of_matrix, record
from wincraft.circuit.regrouping import regrouped
from wincraft.errors import look_up
from wincraft.exact.matrix import diagonal, exact_matrix
from wincraft.exact.number import as_fractions, is_negative
from wincraft.exact.types import Domain, Element, Matrix, Vectors

CIRCUIT_ORDERS = {"circuit": "default"} | {f"circuit-{name}": name for name in ("fewest", "quiet", "cheap-registers")}
"""What orders of sums are called that are a program's own, to the choice of the program."""

C_ORDER = "circuit"
"""The order of the sums in C headers."""

NOISE_ALLOWED = Fraction(11, 10)
"""How much more rounding noise than plain rows the default circuit may have."""

LARGEST_SEARCHED = 16
"""Rows and columns of the largest matrix for which programs are looked for; larger ones are taken row by row."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """A program of a matrix, what it was found by, and its rounding noise under the algorithm's weights."""

    program: Program
    found: str
    noise: Fraction
    bound: int = 0
    method: str = ""

    @property
    def additions(self) -> int:
        """Additions and subtractions, fused ones too."""
        return additions(self.program)


Choice = Callable[[Sequence[Candidate]], Candidate]


def _default(candidates: Sequence[Candidate]) -> Candidate:
    """The fewest additions among circuits of at most 1.1 times the rounding noise of plain rows."""
    allowed = candidates[0].noise * NOISE_ALLOWED
    return _fewest([item for item in candidates if item.noise <= allowed])


def _fewest(candidates: Sequence[Candidate]) -> Candidate:
    """The fewest additions, then the least rounding noise."""
    return min(candidates, key=lambda item: (item.additions, item.noise))


def _quiet(candidates: Sequence[Candidate]) -> Candidate:
    """The least rounding noise, then the fewest additions."""
    return min(candidates, key=lambda item: (item.noise, item.additions))


def _cheap_registers(candidates: Sequence[Candidate]) -> Candidate:
    """The fewest values held at one time, then the fewest additions."""
    return min(candidates, key=lambda item: (live(item.program), item.additions, item.noise))


def _rows(candidates: Sequence[Candidate]) -> Candidate:
    """The matrix as it stands, row by row."""
    return candidates[0]


DEFAULT_CIRCUIT = "default"
"""The choice where none is made."""

CHOICES: dict[str, Choice] = {
    "default": _default,
    "fewest": _fewest,
    "quiet": _quiet,
    "cheap-registers": _cheap_registers,
    "rows": _rows,
}
"""The registry: name to the choice among candidates, of which the first is the plain rows."""


def order_of(choice: str) -> str:
    """What the order of the sums is called under a choice of circuits: rows as they stand are an order of their own.

    >>> order_of("default"), order_of("fewest"), order_of("rows")
    ('circuit', 'circuit-fewest', 'positive-first')
    """
    return next((order for order, name in CIRCUIT_ORDERS.items() if name == choice), "positive-first")


class Context(NamedTuple):
    """What a matrix's inputs and outputs weigh: E[x x^T], and W with E[error^T W error]; None: white, equal."""

    moments: Matrix | None = None
    weights: Matrix | None = None


@dataclass(frozen=True, eq=False)
class Circuits:
    """The programs of an algorithm's passes under one of `CHOICES`.

    The filter is transformed once, before anything runs: by default its programs are plain rows. `found` are programs
    beside those that are known, each with what it was found by, of some matrices.

    Raises:
        UnknownName: for a choice that is not in the registry.

    >>> from wincraft import winograd
    >>> circuits = Circuits(winograd(4, 3, points="0,1,-1,2,-2"), "fewest")
    >>> {name: circuits.line(name).additions for name in ("BT", "G", "AT")}
    {'BT': 12, 'G': 5, 'AT': 10}
    """

    algorithm: Algorithm
    choice: str = DEFAULT_CIRCUIT
    found: tuple[tuple[Matrix, tuple[tuple[Program, str], ...]], ...] = ()
    _contexts: dict[Any, tuple[str, Context]] = field(default_factory=dict, init=False, repr=False)
    _integers: dict[Any, Program] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        look_up("circuit", self.choice, CHOICES)
        factors = self.algorithm.factors if self.algorithm.separable else (self.algorithm,)
        for factor in dict.fromkeys(factors):
            for name, matrix, context in _contexts(factor):
                self._contexts.setdefault(_key(matrix), (name, context))

    def of(self, matrix: Matrix) -> Candidate:
        """The one that is chosen for the matrix of a pass, or of a map along one axis."""
        name, context = self._contexts.get(_key(matrix), ("", Context()))
        choice = "rows" if self.choice == "default" and name == "G" else self.choice
        return CHOICES[choice](self.candidates(matrix, context))

    def integers(self, matrix: Matrix) -> Program:
        """The program that is chosen for an integer matrix, on integers: integer constants, and no division where one
        of the candidates has none.

        By default the fewest additions, then the smallest intermediate values.

        Raises:
            NotApplicable: where the matrix is not integer.
        """
        if (key := _key(matrix)) not in self._integers:
            self._integers[key] = self._integer_program(matrix)
        return self._integers[key]

    def _integer_program(self, matrix: Matrix) -> Program:
        name, context = self._contexts.get(_key(matrix), ("", Context()))
        rows, *others = self.candidates(matrix, context)
        if self.choice == "rows" or (self.choice == "default" and name == "G"):
            return integer_form(rows.program)
        others.sort(key=lambda item: item.additions)
        wanted = [self.of(matrix), *others, rows] if self.choice != "default" else [*others, rows]
        level: list[Program] = []
        for item in wanted:
            if level and (self.choice != "default" or item.additions > additions(level[0])):
                break
            form = integer_form(item.program)
            if all(operation.name != "divide" for operation in form.operations):
                level.append(form)
        return min(level, key=largest_value)

    def computed(self, matrix: Matrix) -> Program:
        """The program as C computes it: on integers where the matrix is integer."""
        integer = self.algorithm.field.rational and all(x.denominator == 1 for x in _rationals(matrix))
        return self.integers(matrix) if integer else self.of(matrix).program

    def context(self, matrix: Matrix) -> Context:
        """What the matrix's inputs and outputs weigh in the algorithm; white and equal of a matrix that is not in it."""
        return self._contexts.get(_key(matrix), ("", Context()))[1]

    def candidates(self, matrix: Matrix, context: Context | None = None) -> list[Candidate]:
        """All programs of a matrix that are known or quickly found, with their noise; plain rows first."""
        if context is None:
            context = self.context(matrix)
        if not self.algorithm.field.ordered:
            found = programs_of(matrix, self.choice not in ("default", "rows"))
            return [Candidate(program, text, Fraction(0), *bound) for program, text, *bound in found]
        sides = (None if item is None else _Hashed(item) for item in context)
        known = _candidates(_Hashed(matrix), *sides, self.choice not in ("default", "rows"))
        more = [pair for of, pairs in self.found if of == matrix for pair in pairs]
        return known + [Candidate(program, text, noise_of(program, context)) for program, text in more]

    def adding(self, matrix: Matrix, programs: Iterable[tuple[Program, str]]) -> Circuits:
        """With more candidates for a matrix.

        Raises:
            NotApplicable: for a program of another matrix.
        """
        pairs = tuple((fitted(program, matrix), text) for program, text in programs)
        return replace(self, found=(*self.found, (matrix, pairs)))

    def matrices(self) -> list[Matrix]:
        """The matrices of the maps of every axis that differs from those before it, multiplied out."""
        factors = self.algorithm.factors if self.algorithm.separable else (self.algorithm,)
        return [item.dense for factor in dict.fromkeys(factors) for item in factor.maps]

    def line(self, name: str, axis: int = 0) -> Candidate:
        """That of a map along an axis, multiplied out; of whole tiles that of the whole map."""
        factors = self.algorithm.named[name].factors
        return self.of(self.algorithm.named[name].dense if factors is None else factors[axis].dense)

    def whole(self, name: str) -> Program:
        """The program of a whole map on the flattened tile, row by row: line by line along each axis, in the order of
        the passes, each line by its program; of two axes, where the fewest additions are asked for, also such as are no
        product of axes.

        >>> from wincraft import winograd
        >>> tiles = winograd("F(2x2,3x3)", points="0,1,-1")
        >>> Circuits(tiles).whole("BT"), Circuits(tiles, "fewest").whole("BT")
        (program of 32 additions, 16 -> 16 values over QQ, program of 31 additions, 16 -> 16 values over QQ)
        """
        item = self.algorithm.named[name]
        lines = [factor.dense for factor in item.factors or ()]
        if self.choice == "fewest" and len(lines) == 2:
            known = [found.program for line in lines for found in self.candidates(line)]
            fewest = min(map(additions, known))
            best = tuple(program for program in dict.fromkeys(known) if additions(program) <= fewest + 1)
            return scaled(gates_of(kronecker(lines[0], lines[1], Effort(best=best))[0]))
        steps = item.collapsed if item.factors is not None else item

        def apply(values: list[Any]) -> list[Any]:
            for step, tile in zip(steps.passes, steps.shapes, strict=False):
                values = along_axis(self.of(step.matrix).program, values, tile, step.axis)
            return values

        return record(prod(item.tile), apply, item.domain)


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


def noise_of(program: Program, context: Context) -> Fraction:
    """The variance that the roundings of a program cause at the algorithm's outputs, every product rounded."""
    return as_fractions([rounding_variance(program, *context, fused=False)], program.domain)[0]


def additions(program: Program) -> int:
    """Additions and subtractions, fused ones too."""
    return sum(operation.adds for operation in program.operations)


def largest_value(program: Program) -> Element:
    """The largest 1-norm of what a value is of the inputs: how large it can get where these are at most 1.

    >>> largest_value(Program.build(2, [("add", 0, 1), ("fma", 2, 1, "-4")], [3]))
    4
    """
    K = program.domain
    return max(sum((-x if is_negative(x, K) else x for x in row), K.zero) for row in program.rows)


QUICK = ("even-odd", "pairs")
"""The optimisers that are asked for the default circuit, which costs and simulations ask for often; others ask all."""


def programs_of(matrix: Matrix, thorough: bool = True) -> list[tuple[Program, str, int, str]]:
    """Programs that compute a matrix exactly: plain rows, those of the library, those of optimisers without chance.

    Each with what it was found by, the additions that none can go below as far as the library knows, and how it does.
    """
    return list(_programs_of(_Hashed(matrix), thorough))


@lru_cache(maxsize=512)
def _programs_of(hashed: _Hashed, thorough: bool) -> list[tuple[Program, str, int, str]]:
    matrix = hashed.matrix
    found = [(of_matrix(matrix), "plain rows", 0, "")]
    if max(matrix.shape) > LARGEST_SEARCHED:
        return found
    found += [(program, text, entry.bound, entry.method) for program, text, entry in known_programs(matrix)]
    for name in STRUCTURAL if thorough else QUICK:
        found += [(program, name, 0, "") for program in optimised(name, matrix)[: None if thorough else 1]]
    return [(reordered(program) if number else program, *rest) for number, (program, *rest) in enumerate(found)]


@lru_cache(maxsize=512)
def _candidates(
    matrix: _Hashed, moments: _Hashed | None, weights: _Hashed | None, thorough: bool
) -> list[Candidate]:
    """All programs of a matrix with their noise, as they are and with their sums regrouped; plain rows first."""
    context = Context(moments and moments.matrix, weights and weights.matrix)
    rows, *programs = programs_of(matrix.matrix, thorough)
    found = {program: (program, *rest) for program, *rest in reversed(programs)}
    for program, *rest in [*found.values(), *[rows] * thorough]:
        found.setdefault(other := regrouped(program, context.moments), (other, *rest))
    return [
        Candidate(program, text, noise_of(program, context), *bound) for program, text, *bound in (rows, *found.values())
    ]


class _Hashed:
    """A matrix that dictionaries find by its entries."""

    def __init__(self, matrix: Matrix) -> None:
        self.matrix, self._key = matrix, _key(matrix)

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Hashed) and self._key == other._key


def _key(matrix: Matrix) -> tuple[object, ...]:
    return (matrix.domain, tuple(map(tuple, matrix.to_list())))


def _contexts(factor: Algorithm) -> Iterator[tuple[str, Matrix, Context]]:
    """Every matrix that is applied along an axis: of each map multiplied out, and of each of its stages."""
    if not factor.field.ordered:
        return
    K, names = factor.domain, map_names(factor)
    output, filters, data = (item.dense for item in factor.maps)
    A, G, B = (_gram(rows) for rows in (output.transpose(), filters, data))
    total = K.from_sympy(factor.scale) ** 2 * prod(factor.m) * prod(factor.r)
    of_data = factor.maps.input, Context(None, _entrywise(A, G, K.one / total))
    of_output = factor.maps.output, Context(_entrywise(G, B, K.one / total), None)
    of_filter = factor.maps.filter, Context(None, _entrywise(A, B, K.one / total))
    for (item, context), name in zip((of_data, of_output, of_filter), (names[2], names[0], names[1]), strict=True):
        moments, weights = context
        yield name, item.dense, context
        stages = [step.whole(tile) for step, tile in zip(item.passes, item.shapes, strict=False)]
        for number, step in enumerate(item.passes):
            before = reduce(lambda product, stage: stage * product, stages[:number], _unit(item.shape[1], K))
            after = reduce(lambda product, stage: stage * product, stages[number + 1 :], _unit(stages[number].shape[0], K))
            if step.axis is None or len(item.tile) == 1:
                yield name, step.matrix, Context(_through(before, moments), _through(after.transpose(), weights))


def _rationals(matrix: Matrix) -> list[Fraction]:
    return as_fractions([x for row in matrix.to_list() for x in row], matrix.domain)


def _gram(rows: Matrix) -> Matrix:
    return rows * rows.transpose()


def _through(matrix: Matrix, moments: Matrix | None) -> Matrix:
    return _gram(matrix) if moments is None else matrix * moments * matrix.transpose()


def _entrywise(first: Matrix, second: Matrix, factor: Element) -> Matrix:
    pairs = zip(first.to_list(), second.to_list(), strict=True)
    rows: Vectors = [[factor * x * y for x, y in zip(*pair, strict=True)] for pair in pairs]
    return exact_matrix(rows, first.shape, first.domain)


def _unit(size: int, K: Domain) -> Matrix:
    return diagonal([K.one] * size, K)
