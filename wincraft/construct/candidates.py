# SPDX-License-Identifier: Apache-2.0
"""The programs of a matrix that are known or quickly found, and how they round within an algorithm."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache, reduce
from math import prod
from typing import NamedTuple

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.content import map_names
from wincraft.circuit.fitting import fitted_program
from wincraft.circuit.library import known_programs
from wincraft.circuit.noise import rounding_variance
from wincraft.circuit.optimise.effort import Effort
from wincraft.circuit.optimise.registry import OPTIMISERS, STRUCTURAL, optimised
from wincraft.circuit.ordering import reordered
from wincraft.circuit.program import Program
from wincraft.circuit.recording import of_matrix
from wincraft.circuit.regrouping import regrouped
from wincraft.exact.matrix import diagonal, exact_matrix
from wincraft.exact.number import as_fractions, is_negative
from wincraft.exact.types import Domain, Element, Matrix, Vectors

PLAIN = "plain rows"
"""How the matrix as it stands is called."""

LARGEST_SEARCHED = 12
"""Rows and columns of the largest matrix for which programs are looked for; larger ones are taken row by row."""

QUICK = ("even-odd", "pairs")
"""The optimisers that are asked for the default circuit, which costs and simulations ask for often; others ask all."""


class Context(NamedTuple):
    """What a matrix's inputs and outputs weigh: E[x x^T], and W with E[error^T W error]; None: white, equal.

    >>> Context()
    Context(moments=None, weights=None)
    """

    moments: Matrix | None = None
    weights: Matrix | None = None


class FoundProgram(NamedTuple):
    """A program, what it was found by, and where the library knows one, a bound on all such and how it is proved."""

    program: Program
    text: str
    bound: int = 0
    method: str = ""


@dataclass(frozen=True, eq=False)
class Contender:
    """A program of a matrix, what it was found by, and its rounding noise under the algorithm's weights.

    >>> Contender(Program.build(2, [("add", 0, 1)], [2]), "by hand", Fraction(2)).additions
    1
    """

    program: Program
    found: str
    noise: Fraction
    bound: int = 0
    method: str = ""

    @property
    def additions(self) -> int:
        """Additions and subtractions, fused ones too."""
        return self.program.additions


class Hashed:
    """A matrix that dictionaries find by its entries."""

    def __init__(self, matrix: Matrix) -> None:
        self.matrix, self._key = matrix, (matrix.domain, tuple(map(tuple, matrix.to_list())))

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Hashed) and self._key == other._key


def is_large(matrix: Matrix) -> bool:
    """Whether no programs are looked for: more than `LARGEST_SEARCHED` rows or columns.

    >>> from wincraft import winograd
    >>> is_large(winograd(4, 3).input.dense), is_large(winograd(20, 3).input.dense)
    (False, True)
    """
    return max(matrix.shape) > LARGEST_SEARCHED


@lru_cache(maxsize=512)
def programs_of(of: Hashed, thorough: bool) -> tuple[FoundProgram, ...]:
    """Programs that compute a matrix exactly: plain rows, those of the library, those of optimisers without chance.

    Where not `thorough`, of the optimisers only the best program that those of `QUICK` find.
    """
    matrix = of.matrix
    plain = FoundProgram(of_matrix(matrix), PLAIN)
    if is_large(matrix):
        return (plain,)
    found = [FoundProgram(program, text, entry.bound, entry.method) for program, text, entry in known_programs(matrix)]
    if not thorough:
        rough = [(program, name) for name in QUICK for program in OPTIMISERS[name](matrix, Effort())]
        program, name = min(rough, key=lambda pair: pair[0].additions)
        return (plain, *found, FoundProgram(fitted_program(program, matrix), name))
    for name in STRUCTURAL:
        found += [FoundProgram(program, name) for program in optimised(name, matrix)]
    return (plain, *(item._replace(program=reordered(item.program)) for item in found))


@lru_cache(maxsize=512)
def candidates_of(of: Hashed, moments: Hashed | None, weights: Hashed | None, thorough: bool) -> tuple[Contender, ...]:
    """All programs of a matrix with their noise, as they are and with their sums regrouped; plain rows first.

    Of a large one the rows alone, whose noise nothing is compared with.
    """
    first = plain_rows(of, moments, weights)
    if is_large(of.matrix):
        return (first,)
    context = _context_of(moments, weights)
    plain, *others = programs_of(of, thorough)
    found = {item.program: item for item in reversed(others)}
    for item in [*found.values(), *[plain] * thorough]:
        quieter = regrouped(item.program, context.moments)
        found.setdefault(quieter, item._replace(program=quieter))
    return first, *(
        Contender(item.program, item.text, noise_of(item.program, context), item.bound, item.method)
        for item in found.values()
    )


@lru_cache(maxsize=512)
def plain_rows(of: Hashed, moments: Hashed | None, weights: Hashed | None) -> Contender:
    """The matrix as it stands, with its noise: what needs no search. Of a large one 0, it is compared with nothing."""
    program = of_matrix(of.matrix)
    return Contender(
        program, PLAIN, Fraction(0) if is_large(of.matrix) else noise_of(program, _context_of(moments, weights))
    )


def _context_of(moments: Hashed | None, weights: Hashed | None) -> Context:
    return Context(*(None if item is None else item.matrix for item in (moments, weights)))


def noise_of(program: Program, context: Context) -> Fraction:
    """The variance that the roundings of a program cause at the algorithm's outputs, every product rounded.

    >>> noise_of(Program.build(2, [("fma", 0, 1, "3")], [2]), Context())
    Fraction(19, 1)
    """
    return as_fractions([rounding_variance(program, *context, fused=False)], program.domain)[0]


def largest_value(program: Program) -> Element:
    """The largest 1-norm of what a value is of the inputs: how large it can get where these are at most 1.

    >>> largest_value(Program.build(2, [("add", 0, 1), ("fma", 2, 1, "-4")], [3]))
    4
    """
    K = program.domain
    return max(sum((-x if is_negative(x, K) else x for x in row), K.zero) for row in program.rows)


def contexts(factor: Algorithm) -> Iterator[tuple[str, Matrix, Context]]:
    """Every matrix that is applied along an axis, with the name of its map: each map multiplied out, and each stage.

    For white data and filters: errors of U are weighed as  (A A^T) * (G G^T), of V likewise, and the products have
    the second moments  (G G^T) * (B B^T), entry by entry; all over m r and the square of the scale.
    """
    if not factor.field.ordered or all(is_large(item.dense) for item in factor.maps):
        return
    K, names = factor.domain, map_names(factor)
    output, filters, data = (item.dense for item in factor.maps)
    A, G, B = (_gram(rows) for rows in (output.transpose(), filters, data))
    share = K.one / (K.from_sympy(factor.scale) ** 2 * prod(factor.m) * prod(factor.r))
    of_data = factor.maps.input, names[2], Context(None, _entrywise(A, G, share))
    of_output = factor.maps.output, names[0], Context(_entrywise(G, B, share), None)
    of_filter = factor.maps.filter, names[1], Context(None, _entrywise(A, B, share))
    for item, name, context in (of_data, of_output, of_filter):
        yield name, item.dense, context
        stages = [step.whole(tile) for step, tile in zip(item.passes, item.shapes, strict=False)]
        for number, step in enumerate(item.passes):
            if step.axis is None or len(item.shapes[number]) == 1:
                before = _product(stages[:number], item.shape[1], K)
                after = _product(stages[number + 1 :], stages[number].shape[0], K)
                moments, weights = context
                yield name, step.matrix, Context(_through(before, moments), _through(after.transpose(), weights))


def _product(stages: list[Matrix], size: int, K: Domain) -> Matrix:
    return reduce(lambda product, stage: stage * product, stages, diagonal([K.one] * size, K))


def _gram(rows: Matrix) -> Matrix:
    return rows * rows.transpose()


def _through(matrix: Matrix, moments: Matrix | None) -> Matrix:
    return _gram(matrix) if moments is None else matrix * moments * matrix.transpose()


def _entrywise(first: Matrix, second: Matrix, factor: Element) -> Matrix:
    pairs = zip(first.to_list(), second.to_list(), strict=True)
    rows: Vectors = [[factor * x * y for x, y in zip(*pair, strict=True)] for pair in pairs]
    return exact_matrix(rows, first.shape, first.domain)
