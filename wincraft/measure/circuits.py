# SPDX-License-Identifier: Apache-2.0
"""What is known of the circuits of an algorithm: what each takes, how it rounds, and what is proved of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, reduce
from typing import NamedTuple

from wincraft.algorithm.bilinear import Algorithm
from wincraft.circuit.minimum.bound import CASES, additions_bound
from wincraft.circuit.minimum.methods import METHODS, Bounding, LowerBound, best_bound, is_rational
from wincraft.circuit.minimum.proofs import stored_bound
from wincraft.circuit.minimum.stripping import core_of
from wincraft.circuit.noise import worst_rounding
from wincraft.circuit.operations import Operations, operations_of
from wincraft.circuit.ordering import depth, live
from wincraft.circuit.program import Program
from wincraft.circuit.shift_add import shift_adds
from wincraft.construct.candidates import Contender
from wincraft.construct.circuits import Circuits
from wincraft.construct.rounding import Context, contexts, is_large, noise_of
from wincraft.errors import NotApplicable, WrongForm
from wincraft.exact.field import Field
from wincraft.exact.matrix import kronecker
from wincraft.exact.number import as_fractions, to_fraction
from wincraft.exact.types import Matrix

QUICKLY = 2_000
"""Cases that are looked at for a lower bound where none is known."""

LARGEST_WEIGHED = 64
"""Rows and columns of the largest whole tile whose rounding noise is stated: exact, it takes a tenth of a second."""

MODEL = "additions, constants free"
"""What is counted where a circuit is said to be minimal: sums and differences, whatever they are multiplied by."""

CIRCUIT_MAPS = ("BT", "G", "AT")
"""The maps in the order in which they are applied."""


class Weighing(NamedTuple):
    """What the noise of a map's programs is measured by: what its inputs and outputs weigh, and the noise gain."""

    context: Context
    noise_gain: Fraction

    def noise(self, program: Program) -> Fraction:
        """Roundings per product: the variance at the algorithm's outputs over the noise gain, all products rounded."""
        return noise_of(program, self.context) / self.noise_gain


def weighing_of(algorithm: Algorithm, name: str) -> Weighing | None:
    """How a map of an axis, or of the whole tile of several axes, is weighed; None over fields without sizes.

    What a tile's values weigh are the Kronecker products of what those of its axes do. None too where an axis or the
    tile is too large.

    >>> from wincraft import winograd
    >>> tile = weighing_of(winograd("F(2x2,3x3)", points="0,1,-1"), "AT")
    >>> tile.context.moments.shape, tile.noise_gain
    ((16, 16), Fraction(25, 9))
    """
    factors = algorithm.factors if algorithm.separable else (algorithm,)
    found = [context for factor in factors for context in [_context(factor, name)] if context is not None]
    if len(found) < len(factors) or max(algorithm.named[name].dense.shape) > LARGEST_WEIGHED:
        return None
    moments, weights = (reduce(_kronecker, pair) for pair in zip(*found, strict=True))
    return Weighing(Context(moments, weights), noise_gain_of(algorithm))


def _context(factor: Algorithm, name: str) -> Context | None:
    """Of the map multiplied out, which comes before its stages."""
    return next((context for of, _, context in contexts(factor) if of == name), None)


def _kronecker(first: Matrix | None, second: Matrix | None) -> Matrix | None:
    return None if first is None or second is None else kronecker(first, second)


@dataclass(frozen=True)
class ProgramNumbers:
    """Every number that is stated of a program, by the names that the document has for them.

    `shift_adds` is None where a constant is no binary fraction, `noise` where there is no `Weighing`, and `worst` over
    a field without sizes: no output is wrong by more than this times the unit roundoff times the largest input, to
    first order, every product and every sum rounded.
    """

    additions: int
    multiplications: int
    small: int
    shifts: int
    shift_adds: int | None
    depth: int
    live: int
    noise: Fraction | None
    worst: Fraction | None


def numbers_of(program: Program, weighing: Weighing | None) -> ProgramNumbers:
    """What is counted and measured of a program.

    >>> numbers_of(Program.build(2, [("fma", 0, 1, "3")], [2]), None)  # doctest: +NORMALIZE_WHITESPACE
    ProgramNumbers(additions=1, multiplications=0, small=1, shifts=0, shift_adds=2, depth=1, live=2, noise=None,
        worst=Fraction(7, 1))
    """
    found, K = operations_of(program), program.domain
    ordered = Field(K).ordered
    return ProgramNumbers(
        additions=found.additions,
        multiplications=found.multiplications,
        small=found.small,
        shifts=found.shifts,
        shift_adds=adders(program),
        depth=depth(program),
        live=live(program),
        noise=None if weighing is None else weighing.noise(program),
        worst=as_fractions([worst_rounding(program, fused=False)], K)[0] if ordered else None,
    )


@dataclass(frozen=True, eq=False)
class MapCircuit:
    """The program of a map along an axis, or of a whole map, and what is known of it.

    `candidates` are what it was chosen among, plain rows first; none of a whole tile. `best` says whether no program
    of fewer additions is known.
    """

    name: str
    chosen: Contender
    candidates: tuple[Contender, ...]
    weighing: Weighing | None
    bound: LowerBound
    best: bool

    @property
    def program(self) -> Program:
        """The program."""
        return self.chosen.program

    @property
    def matrix(self) -> Matrix:
        """The matrix that it computes."""
        return self.program.matrix()

    @cached_property
    def numbers(self) -> ProgramNumbers:
        """What is counted and measured of it."""
        return numbers_of(self.program, self.weighing)

    @property
    def operations(self) -> Operations:
        """Its operations by kind."""
        return operations_of(self.program)

    @property
    def live(self) -> int:
        """The most values held at one time."""
        return self.numbers.live

    @property
    def noise(self) -> Fraction | None:
        """Of the program, roundings per product."""
        return self.numbers.noise

    @property
    def plain(self) -> Operations | None:
        """Those of the matrix as it stands."""
        return operations_of(self.candidates[0].program) if self.candidates else None

    @cached_property
    def plain_noise(self) -> Fraction | None:
        """Of the plain rows."""
        return self.noise_of(self.candidates[0]) if self.candidates else None

    @property
    def noise_gain(self) -> Fraction:
        """Of the algorithm; 1 where nothing is weighed."""
        return Fraction(1) if self.weighing is None else self.weighing.noise_gain

    def noise_of(self, item: Contender) -> Fraction | None:
        """That of one of the candidates."""
        return None if self.weighing is None else item.noise / self.noise_gain

    @property
    def lower_bound(self) -> int:
        """Additions that no circuit can have fewer than."""
        return self.bound.additions

    @property
    def status(self) -> str:
        """``proved minimal``, ``best found``, or ``chosen`` where a program of fewer additions is known."""
        if self.lower_bound == self.numbers.additions:
            return "proved minimal"
        return "best found" if self.best else "chosen"

    def held(self, item: Contender) -> int:
        """The values that one of the candidates holds at one time, in a good order where that is found quickly."""
        return live(item.program) if is_large(self.matrix) else item.live

    @cached_property
    def front(self) -> list[Contender]:
        """The candidates that no other beats in additions, noise and live values, the fewest additions first."""
        known = (*self.candidates, self.chosen)
        values = {id(item): (item.additions, item.noise, self.held(item)) for item in known}
        first = {value: item for item in reversed(known) for value in (values[id(item)],)}

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


def methods_for(matrix: Matrix) -> Mapping[str, Bounding]:
    """How bounds are proved of a matrix: of a large one by its support, every other method would take too long.

    >>> from wincraft import winograd
    >>> list(methods_for(winograd(20, 3).input.dense))
    ['support']
    """
    return {"support": METHODS["support"]} if is_large(matrix) else METHODS


def bound_by(matrix: Matrix, method: str, proof: str = "") -> LowerBound:
    """What one of `methods_for` a matrix proves of it in the time of `additions_bound`, or what a stored proof does.

    Where no proof is stored, or one of another name, the bound is 0.

    >>> from wincraft import winograd
    >>> matrix = winograd(4, 3, points="0,1,-1,2,-2").input.dense
    >>> [bound_by(matrix, *by).additions for by in (["support"], ["three intermediates", "F(4,3) B^T 0,1,-1,2,-2,inf"])]
    [8, 12]
    """
    core = core_of(matrix.to_list())
    if not core.rows:
        return LowerBound(core.additions, method, 0)
    if proof:
        found = stored_bound(core) if is_rational(core.rows) else None
        if found is None or (found.method, found.proof) != (method, proof):
            return LowerBound(0, method, 0)
    else:
        found = best_bound(core.rows, {method: methods_for(matrix)[method]}, CASES)
    return replace(found, additions=found.additions + core.additions)


def _bound(matrix: Matrix, known: int) -> LowerBound:
    """What is proved quickly; of a class of which the library knows more, what is proved in seconds."""
    if is_large(matrix):
        return bound_by(matrix, "support")
    quick = additions_bound(matrix, QUICKLY)
    return additions_bound(matrix) if known > quick.additions else quick


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
        yield axis, [_of_axis(circuits, axis, name) for name in CIRCUIT_MAPS]


def _of_axis(circuits: Circuits, axis: Algorithm, name: str) -> MapCircuit:
    matrix = axis.named[name].dense
    candidates = tuple(replace(circuits, algorithm=axis).candidates(matrix))
    if is_whole(axis, name):
        return replace(whole_map(circuits, name), candidates=candidates)
    chosen, weighing = circuits.of(matrix), weighing_of(axis, name)
    if weighing is not None:  # another axis may have the same matrix, and weigh it otherwise
        chosen = replace(chosen, noise=noise_of(chosen.program, weighing.context))
    best = chosen.additions <= min(item.additions for item in candidates)
    bound = _bound(matrix, max(item.bound for item in candidates))
    return MapCircuit(name, chosen, candidates, weighing, bound, best)


def is_whole(axis: Algorithm, name: str) -> bool:
    """Whether a map of what is no product of axes is applied pass by pass.

    >>> from wincraft import winograd
    >>> is_whole(winograd("4x4,3x3", points="whole"), "BT"), is_whole(winograd(2, 3), "BT")
    (True, False)
    """
    return not axis.separable and len(axis.named[name].passes) > 1


def whole_map(circuits: Circuits, name: str) -> MapCircuit:
    """What is known of `Circuits.whole`, the program of a map on the flattened tile.

    >>> from wincraft import winograd
    >>> item = whole_map(Circuits(winograd("F(2x2,3x3)", points="0,1,-1"), "fewest"), "BT")
    >>> item.numbers.additions, item.lower_bound, item.status, round(float(item.noise), 3)
    (31, 22, 'best found', 2.38)
    """
    algorithm, fewest = circuits.algorithm, circuits.choice == "fewest"
    together = algorithm.separable and fewest and len(algorithm.m) == 2
    weighing, program = weighing_of(algorithm, name), circuits.whole(name)
    found = Contender(program, "axes together" if together else "pass by pass", Fraction(0))
    bound = bound_by(algorithm.named[name].dense, "support")
    return MapCircuit(name, found, (), weighing, bound, fewest)
