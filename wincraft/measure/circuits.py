# SPDX-License-Identifier: Apache-2.0
"""What is known of the circuits of an algorithm: what each takes, how it rounds, and what is proved of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from wincraft.algorithm.bilinear import Algorithm
from wincraft.circuit.minimum.bound import additions_bound
from wincraft.circuit.minimum.methods import LowerBound
from wincraft.circuit.operations import Operations, operations_of
from wincraft.circuit.ordering import depth, live
from wincraft.circuit.program import Program
from wincraft.circuit.shift_add import shift_adds
from wincraft.construct.candidates import Contender
from wincraft.construct.circuits import Circuits
from wincraft.errors import NotApplicable, WrongForm
from wincraft.exact.number import to_fraction
from wincraft.exact.types import Matrix

QUICKLY = 2_000
"""Cases that are looked at for a lower bound where none is known."""

MODEL = "additions, constants free"
"""What is counted where a circuit is said to be minimal: sums and differences, whatever they are multiplied by."""


@dataclass(frozen=True, eq=False)
class MapCircuit:
    """The program of a map along an axis, or of a whole map, and what is known of it.

    `noise` and `plain_noise`, of the matrix row by row, are roundings per product: variances at the algorithm's outputs
    over the noise gain, every product and every sum rounded. `bound` is None of what no bound is looked for.
    """

    name: str
    chosen: Contender
    candidates: tuple[Contender, ...]
    noise_gain: Fraction
    bound: LowerBound | None

    @property
    def program(self) -> Program:
        """The program."""
        return self.chosen.program

    @property
    def matrix(self) -> Matrix:
        """The matrix that it computes."""
        return self.candidates[0].program.matrix()

    @cached_property
    def operations(self) -> Operations:
        """Its operations by kind."""
        return operations_of(self.program)

    @property
    def plain(self) -> Operations:
        """Those of the matrix as it stands."""
        return operations_of(self.candidates[0].program)

    @property
    def shift_adds(self) -> int | None:
        """Additions where constants are made of shifts and additions too; None where one is no binary fraction."""
        return adders(self.program)

    @property
    def depth(self) -> int:
        """The operations on the longest way."""
        return depth(self.program)

    @property
    def live(self) -> int:
        """The most values held at one time."""
        return live(self.program)

    @property
    def noise(self) -> Fraction:
        """Of the program."""
        return self.chosen.noise / self.noise_gain

    @property
    def plain_noise(self) -> Fraction:
        """Of the plain rows."""
        return self.candidates[0].noise / self.noise_gain

    @property
    def lower_bound(self) -> int:
        """Additions that no circuit can have fewer than; 0 where that was not looked for."""
        return max(self.chosen.bound, 0 if self.bound is None else self.bound.additions)

    @property
    def status(self) -> str:
        """``proved minimal``, or what it is the best of."""
        if self.lower_bound == self.operations.additions:
            return "proved minimal"
        if self.operations.additions > min(item.additions for item in self.candidates):
            return f"chosen: {self.chosen.found}"
        return f"best found: {self.chosen.found}"

    @cached_property
    def front(self) -> list[Contender]:
        """The candidates that no other beats in additions, noise and live values, the fewest additions first."""
        values = {id(item): (item.additions, item.noise, live(item.program)) for item in self.candidates}
        first = {value: item for item in reversed(self.candidates) for value in (values[id(item)],)}

        def beaten(value: tuple[int, Fraction, int]) -> bool:
            (x, y, z), others = value, (other for other in first if other != value)
            return any(a <= x and b <= y and c <= z for a, b, c in others)

        return [item for value, item in sorted(first.items(), key=lambda pair: pair[0]) if not beaten(value)]


def adders(program: Program) -> int | None:
    """Its additions where constants are made of shifts and additions too; None where one is no binary fraction.

    >>> adders(Program.build(2, [("fma", 0, 1, "3")], [2])), adders(Program.build(2, [("fma", 0, 1, "1/3")], [2]))
    (2, None)
    """
    try:
        return shift_adds(program)
    except NotApplicable:
        return None


def noise_gain_of(algorithm: Algorithm) -> Fraction:
    """The noise gain as a Fraction; 1 over a field without sizes.

    >>> from wincraft import winograd
    >>> noise_gain_of(winograd(2, 3, points="0,1,-1"))
    Fraction(5, 3)
    """
    return to_fraction(algorithm.noise_gain()) if algorithm.field.ordered else Fraction(1)


def _bound(candidates: Sequence[Contender], matrix: Matrix, axis: Algorithm) -> LowerBound | None:
    """What is proved: of a class that the library knows what stands there, of others what is proved in a second."""
    known = next((item for item in candidates if item.bound), None)
    if known is not None:
        return LowerBound(known.bound, known.method, 0)
    looked_for = axis.field.rational and axis.separable  # that of a whole tile is beyond every method
    return additions_bound(matrix, QUICKLY) if looked_for else None


def map_circuits(circuits: Circuits) -> Iterator[tuple[Algorithm, list[MapCircuit]]]:
    """For each axis that differs from those before it, or the whole tile where it is no product of axes, its maps.

    Raises:
        WrongForm: in linear convolution form.

    >>> from wincraft import winograd
    >>> ((axis, maps),) = map_circuits(Circuits(winograd(2, 3, points="0,1,-1"), "fewest"))
    >>> [(item.name, item.operations.additions, item.status) for item in maps]
    [('BT', 4, 'proved minimal'), ('G', 3, 'proved minimal'), ('AT', 4, 'proved minimal')]
    """
    algorithm = circuits.algorithm
    if algorithm.form != "correlation":
        raise WrongForm("circuits")
    for axis in dict.fromkeys(algorithm.factors) if algorithm.separable else (algorithm,):
        gain, found = noise_gain_of(axis), []
        for name in ("BT", "G", "AT"):
            matrix = axis.named[name].dense
            candidates = tuple(circuits.candidates(matrix))
            chosen = circuits.of(matrix)
            if not axis.separable and len(axis.named[name].passes) > 1:  # that is how a whole tile is transformed
                chosen = Contender(circuits.whole(name), "pass by pass", Fraction(0))
            found.append(MapCircuit(name, chosen, candidates, gain, _bound(candidates, matrix, axis)))
        yield axis, found
