# SPDX-License-Identifier: Apache-2.0
"""Plans from problems: the reductions of every axis, and an algorithm for every piece."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import product
from math import prod

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.nesting import nest
from wincraft.construct.beside import beside
from wincraft.construct.winograd import winograd
from wincraft.errors import BadShape, BadSize, BadValue, TooLarge, shorten
from wincraft.numbers.arrays import is_integer
from wincraft.plan.piece import Piece
from wincraft.plan.plan import Plan
from wincraft.plan.problem import Problem
from wincraft.plan.reductions import MAX_PIECES, reduce_strand, strand_of

_Tile = tuple[tuple[int, ...], ...]
"""For each axis the outputs of its tile, or of several side by side."""
Chooser = Callable[[tuple[int, ...], tuple[int, ...]], Algorithm]
"""What gives the algorithm of so many outputs and taps."""


def make_plan(
    problem: Problem,
    tile: object = 4,
    *,
    points: str | None = None,
    longest: int | None = None,
    choose: Chooser | None = None,
    nested: bool = True,
) -> Plan:
    """The pieces of a problem and their algorithms, F(m, r') for the r' taps of every piece.

    Args:
        problem: the convolution.
        tile: the outputs m of a piece's tile: a number, one for each axis, or text ``4x4``; of several side by side
            ``3+4`` for an axis. Axes of a kernel of one tap have 1.
        points: a set of the catalogue by its use; the best known by default.
        longest: kernels of more taps are split.
        choose: gives the algorithm of a piece instead, from its outputs and taps; it may be one of whole tiles.
        nested: whether to nest one algorithm per axis where the moduli of `points` would make one of whole tiles.

    Raises:
        BadValue: for a tile or a longest kernel that is none.
        BadShape: for a tile of other axes, and an algorithm of another size.
        TooLarge: for more than `MAX_PIECES` pieces.
        BadSize, UnknownName, NotApplicable: as `winograd`.

    >>> make_plan(Problem(3, dilation=2, axes=2), "4x4").products_per_output
    Fraction(9, 4)
    >>> make_plan(Problem((1, 7)), 4, longest=4).products
    13
    >>> [make_plan(Problem((3, 3)), 4, points="quadratic", nested=nested).products for nested in (True, False)]
    [49, 46]
    """
    tiles = parse_tile(tile, problem)
    strands = [
        reduce_strand(strand_of(problem.axis(k)), None if longest is None else longest) for k in range(len(problem.r))
    ]
    if (count := prod(map(len, strands))) > MAX_PIECES:
        raise TooLarge("a plan", f"{count} pieces", f"take a problem of at most {MAX_PIECES}")
    pieces, made = [], {}
    for chosen in product(*strands):
        taps = tuple(strand.taps for strand in chosen)
        if taps not in made:
            outputs = tuple(map(sum, tiles))
            made[taps] = _of_tiles(tiles, taps, points, nested) if choose is None else choose(outputs, taps)
            if (made[taps].m, made[taps].r) != (outputs, taps):
                raise BadShape("a piece", made[taps].size, f"outputs {outputs} and taps {taps}")
        pieces.append(Piece(made[taps], chosen))
    return Plan(problem, tuple(pieces))


def parse_tile(tile: object, problem: Problem) -> _Tile:
    """The tiles of every axis: those of one tap have 1.

    Raises:
        BadValue: for sizes that are none.
        BadShape: for another number of axes.

    >>> parse_tile("3+4x4", Problem((3, 3))), parse_tile(4, Problem((1, 7)))
    (((3, 4), (4,)), ((1,), (4,)))
    """
    axes, wrong = len(problem.r), BadValue("the tile", shorten(repr(tile)), "give outputs such as 4, 4x4 or 3+4x4")
    if isinstance(tile, str):
        parts = [part.split("+") for part in tile.strip().lower().split("x")]
        if not all(item.strip().isdecimal() and len(item) < 6 for part in parts for item in part):
            raise wrong
        given: list[tuple[object, ...]] = [tuple(int(item) for item in part) for part in parts]
    elif isinstance(tile, Sequence):
        given = [tuple(item) if isinstance(item, Sequence) else (item,) for item in tile]
    else:
        given = [(tile,)]
    given = given * axes if len(given) == 1 else given
    if len(given) != axes:
        raise BadShape("the tile", shorten(str(tile)), f"one size or {axes} of them")
    if not all(part and all(is_integer(m, 1) and not isinstance(m, bool) for m in part) for part in given):
        raise wrong
    sizes = [tuple(int(str(m)) for m in part) for part in given]
    return tuple((1,) if r == 1 else part for part, r in zip(sizes, problem.r, strict=True))


def _of_tiles(tiles: _Tile, taps: tuple[int, ...], points: str | None, nested: bool) -> Algorithm:
    outputs = tuple(map(sum, tiles))
    if not nested and points is not None and max(map(len, tiles)) == 1 and min(*outputs, *taps) > 1:
        return winograd(outputs, taps, moduli=points)
    return nest(*(_axis_algorithm(part, r, points) for part, r in zip(tiles, taps, strict=True)))


@lru_cache(maxsize=256)
def _axis_algorithm(parts: tuple[int, ...], r: int, points: str | None) -> Algorithm:
    """F(m,r): of one tap or one output the definition itself, without transforms; tiles side by side where several."""
    if len(parts) > 1:
        return beside(*(_axis_algorithm((part,), r, points) for part in parts))
    (m,) = parts
    return untransformed(m, r) if m == 1 or r == 1 else winograd(m, r, points=points)


def untransformed(m: int, r: int) -> Algorithm:
    """F(m,1) or F(1,r) by the definition: m or r products, no transforms.

    Raises:
        BadSize: for several outputs of several taps.

    >>> untransformed(4, 1).rank
    4
    """
    if min(m, r) != 1:
        raise BadSize(f"F({m},{r}) without transforms", "give one output or one tap")
    units = [[int(i == j) for j in range(max(m, r))] for i in range(max(m, r))]
    ones, column = [[1] * r], [[1]] * m
    return Algorithm.from_matrices(units if r == 1 else ones, column if r == 1 else units, units)
