# SPDX-License-Identifier: Apache-2.0
"""The programs of a matrix that are known or quickly found, with their rounding noise within an algorithm."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property, lru_cache

from sympy.polys.domains import QQ

from wincraft.circuit.fitting import fitted_program
from wincraft.circuit.library import KnownProgram, known_programs
from wincraft.circuit.optimise.effort import Effort
from wincraft.circuit.optimise.moves import additions
from wincraft.circuit.optimise.registry import OPTIMISERS, STRUCTURAL, optimised
from wincraft.circuit.ordering import live, reordered
from wincraft.circuit.program import Program
from wincraft.circuit.recording import of_matrix
from wincraft.circuit.regrouping import regrouped
from wincraft.construct.rounding import Context, is_large, measured_noise, noise_of
from wincraft.exact.number import is_negative
from wincraft.exact.types import Element, Matrix

PLAIN = "plain rows"
"""How the matrix as it stands is called."""

QUICK = ("even-odd", "pairs")
"""The optimisers that are asked for the default circuit, which costs and simulations ask for often; others ask all."""

BY_CHANCE, LARGEST_BY_CHANCE = "neighbourhood", 6
"""The optimiser that all others ask beside, of matrices that the library does not hold, and how many rows and columns
these may have: a second of plain Python. Larger ones are for `wincraft circuit --search`."""


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
    context: Context = field(default_factory=Context)

    @property
    def additions(self) -> int:
        """Additions and subtractions, fused ones too."""
        return self.program.additions

    @cached_property
    def measured(self) -> tuple[float, ...]:
        """The noise that is measured, of `wincraft.construct.rounding.measured_noise`."""
        return measured_noise(self.program, self.context)

    @cached_property
    def ordered(self) -> Contender:
        """The same in an order of few live values."""
        return replace(self, program=reordered(self.program, rounds=1))

    @cached_property
    def live(self) -> int:
        """The values held at one time in that order."""
        return live(self.ordered.program)


class Hashed:
    """A matrix that dictionaries find by its entries."""

    def __init__(self, matrix: Matrix) -> None:
        self.matrix, self._key = matrix, (matrix.domain, tuple(map(tuple, matrix.to_list())))

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Hashed) and self._key == other._key


@lru_cache(maxsize=512)
def programs_of(of: Hashed, thorough: bool) -> tuple[KnownProgram, ...]:
    """Programs that compute a matrix exactly: plain rows, those of the library, those of optimisers without chance.

    Of small matrices that the library does not hold also those of a short search by chance, always the same.

    Where not `thorough`, of the optimisers only the best program that each of `QUICK` finds.
    """
    matrix = of.matrix
    plain = KnownProgram(of_matrix(matrix), PLAIN)
    if is_large(matrix):
        return (plain,)
    known = [*known_programs(matrix)]
    if not thorough:
        rough = [(min(OPTIMISERS[name](matrix, Effort()), key=additions), name) for name in QUICK]
        return (plain, *known, *(KnownProgram(fitted_program(program, matrix), name) for program, name in rough))
    by_chance = not known and matrix.domain == QQ and max(matrix.shape) <= LARGEST_BY_CHANCE
    names = [*STRUCTURAL, *[BY_CHANCE] * by_chance]
    found = [KnownProgram(program, name) for name in names for program in optimised(name, matrix, Effort(rounds=3))]
    return plain, *known, *found


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
        Contender(item.program, item.found, noise_of(item.program, context), item.bound, item.method, context)
        for item in found.values()
    )


@lru_cache(maxsize=512)
def plain_rows(of: Hashed, moments: Hashed | None, weights: Hashed | None) -> Contender:
    """The matrix as it stands, with its noise: what needs no search. Of a large one 0, it is compared with nothing."""
    program, context = of_matrix(of.matrix), _context_of(moments, weights)
    noise = Fraction(0) if is_large(of.matrix) else noise_of(program, context)
    return Contender(program, PLAIN, noise, context=context)


def _context_of(moments: Hashed | None, weights: Hashed | None) -> Context:
    return Context(*(None if item is None else item.matrix for item in (moments, weights)))


def largest_value(program: Program) -> Element:
    """The largest 1-norm of what a value is of the inputs: how large it can get where these are at most 1.

    >>> largest_value(Program.build(2, [("add", 0, 1), ("fma", 2, 1, "-4")], [3]))
    4
    """
    K = program.domain
    return max(sum((-x if is_negative(x, K) else x for x in row), K.zero) for row in program.rows)
