# SPDX-License-Identifier: Apache-2.0
"""Programs of provably the fewest additions, where few intermediate points are enough to prove it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, combinations, islice, product, zip_longest
from random import Random

from sympy.polys.domains import QQ

from wincraft.circuit.fitting import fitted_program
from wincraft.circuit.minimum.few import pairs_of_points, two_intermediates, two_more
from wincraft.circuit.minimum.methods import METHODS
from wincraft.circuit.minimum.points import IntegerPoint, Known, closure, coordinate_points, line, point_of, relation
from wincraft.circuit.minimum.proofs import stored_bound
from wincraft.circuit.minimum.space import three_intermediates
from wincraft.circuit.minimum.stripping import Core, CoreRows, across
from wincraft.circuit.optimise.effort import Effort
from wincraft.circuit.optimise.stripping import stripped
from wincraft.circuit.program import Program
from wincraft.circuit.recording import Recorder
from wincraft.circuit.transposing import transposed_program
from wincraft.exact.types import Matrix

_CASES = 1_000_000
"""The most cases that are looked at to prove that three intermediates are not enough: about ten seconds."""

_WAYS = 3
"""The most ways to make the same points that are given."""

_SETS = 10
"""How many sets of points are found for each that is taken."""

_Points = tuple[IntegerPoint, ...]


def exact(matrix: Matrix, effort: Effort) -> list[Program]:
    """Programs that take the fewest additions that any program of the matrix takes; none where that is not decided.

    After stripping, the fewest intermediate points are looked for in the rows and in the columns (see
    ``wincraft.circuit.minimum``): up to two in any dimension, three in four dimensions, and four there where three are
    proved to be not enough. At most `effort.rounds` programs are given, of many by chance: of equal count, they differ
    in their constants and in rounding noise.

    >>> from wincraft import winograd
    >>> exact(winograd(2, 3, points="0,1,-1").filter.dense, Effort())[0]
    program of 3 additions, 3 -> 4 values over QQ
    """
    if matrix.domain != QQ:
        return []
    surround = stripped(matrix)
    if not surround.core:
        return [fitted_program(surround.around(None), matrix, effort.seed)]
    core = Core(surround.core, 0)
    for side, turned in ((core, False), (across(core), True)):
        sets = list(islice(fewest(side.rows), _SETS * effort.rounds))
        Random(effort.seed).shuffle(sets)
        programs = islice(_programs(side.rows, sets), effort.rounds)
        inner = (transposed_program(program) if turned else program for program in programs)
        if found := [fitted_program(surround.around(program), matrix, effort.seed) for program in inner]:
            return found
    return []


def fewest(rows: CoreRows) -> Iterable[_Points]:
    """Sets of the fewest intermediates with which all rows are reached; none where it is not proved that they are.

    >>> next(iter(fewest(((1, 1, 1), (1, 1, -1)))))
    ((1, 1, 0),)
    """
    targets = [point_of(row) for row in rows]
    if METHODS["two intermediates"].price(rows) > _CASES:
        return ()
    few = two_intermediates(targets)
    if few.found or len(targets[0]) != 4:
        return few.found
    stored = stored_bound(Core(rows, 0))
    if stored is None or stored.additions < len(rows) + 4:
        if METHODS["three intermediates"].price(rows) > _CASES:
            return ()
        three = three_intermediates(targets)
        if three.found or three.intermediates < 4:
            return three.found
    return four_intermediates(targets)


def four_intermediates(targets: Sequence[IntegerPoint]) -> Iterator[_Points]:
    """Sets of four intermediates, the first two of which reach a target: not all sets of four, and all finite."""
    known = Known(coordinate_points(len(targets[0])), targets)
    for target in known.left:
        for pair in pairs_of_points(known.points, target):
            found, _ = two_more(known.further(pair), families=False)
            yield from ((*pair, *more) for more in found)


def _programs(rows: CoreRows, sets: Sequence[_Points]) -> Iterator[Program]:
    """The programs of exactly these rows, for every set of intermediates in turn, then other ways to make the same."""
    ways = [islice(_ways(rows, points), _WAYS) for points in sets]
    return (program for program in chain.from_iterable(zip_longest(*ways)) if program is not None)


def _ways(rows: CoreRows, intermediates: _Points) -> Iterator[Program]:
    """Each point of the sequence as a sum of two earlier ones, in every way."""
    targets = [point_of(row) for row in rows]
    inputs = coordinate_points(len(rows[0]))
    order = closure(inputs, [*intermediates, *targets])
    choices = []
    for number, point in enumerate(order[len(inputs) :], len(inputs)):
        pairs = [pair for pair in combinations(order[:number], 2) if line(*pair) == line(pair[0], point)]
        choices.append([(point, pair, relation([*pair, point])) for pair in pairs])
    for steps in product(*choices):
        recorder = Recorder(len(inputs), QQ)
        symbols = dict(zip(inputs, recorder.symbols, strict=True))
        for point, (a, b), relating in steps:
            p, q, r = (QQ(x) for x in relating or ())
            symbols[point] = symbols[a] * (-p / r) + symbols[b] * (-q / r)
        factors = [next(x / QQ(y) for x, y in zip(*pair, strict=True) if y) for pair in zip(rows, targets, strict=True)]
        yield recorder.program([symbols[point] * factor for point, factor in zip(targets, factors, strict=True)])
