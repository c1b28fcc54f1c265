# SPDX-License-Identifier: Apache-2.0
"""When programs of one matrix serve another: rows and columns scaled and permuted.

Factors of rows and columns cost no addition. For the matrices of Toom-Cook this is the freedom of the points: x -> t x
scales columns, x -> 1/x reverses them, and the order of the points permutes the taps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from wincraft.circuit.fitting import fitted_program
from wincraft.circuit.program import Program
from wincraft.circuit.recording import record
from wincraft.exact.matrix import transposed
from wincraft.exact.types import Element, Matrix, Vectors


class Equivalence(NamedTuple):
    """Row i of the target is a multiple of row `rows[i]` of the source after its column scaling and permutation.

    Column j of the target stands at `columns[j]` in the source, where the input is multiplied by `factors[j]`.
    """

    rows: tuple[int, ...]
    columns: tuple[int, ...]
    factors: tuple[Element, ...]


def equivalence(source: Matrix, target: Matrix) -> Equivalence | None:
    """How a matrix follows from another by factors and orders of rows and columns; None where it is not found.

    One side may be in any order, the other is as it stands or reversed: taps and powers.

    >>> from wincraft import winograd
    >>> textbook, small = (winograd(4, 3, points=points).input.dense for points in ("0,1,-1,2,-2", "0,2,1,-1,-2"))
    >>> equivalence(textbook, small).rows
    (0, 3, 1, 2, 4, 5)
    """
    if source.shape != target.shape or source.domain != target.domain or _profile(source) != _profile(target):
        return None
    rows, wanted = source.to_list(), target.to_list()
    for columns in _directions(source.shape[1]):
        found = _match(rows, [_permuted(row, columns) for row in wanted], source.domain.one)
        if found is not None:
            order, factors = found
            return Equivalence(order, columns, tuple(factors[place] for place in columns))
    across, wanted_across = transposed(rows), transposed(wanted)
    for direction in _directions(source.shape[0]):
        found = _match(across, [_permuted(row, direction) for row in wanted_across], source.domain.one)
        if found is not None:
            columns, _ = found
            scales = _column_scales(rows, wanted, direction, columns, found[1])
            return None if scales is None else Equivalence(direction, columns, scales)
    return None


def transported(program: Program, source: Matrix, target: Matrix) -> Program | None:
    """The program of the target matrix, of as many additions as one of an equivalent matrix; None where it is none.

    >>> from wincraft import winograd
    >>> from wincraft.circuit.recording import of_matrix
    >>> points = "0,1,-1,2,-2,inf", "0,2,4,-4,-2,inf"
    >>> textbook, small = (winograd(4, 3, points=item).input.dense for item in points)
    >>> transported(of_matrix(textbook), textbook, small).matrix() == small
    True
    """
    found = equivalence(source, target)
    if found is None:
        return None

    def apply(symbols: list[Any]) -> list[Any]:
        inputs: list[Any] = [None] * len(symbols)
        for symbol, place, factor in zip(symbols, found.columns, found.factors, strict=True):
            inputs[place] = symbol * factor
        outputs = program.run(inputs)
        return [outputs[row] for row in found.rows]

    return fitted_program(record(program.inputs, apply, program.domain), target)


def _profile(matrix: Matrix) -> tuple[list[int], list[int]]:
    rows = [[bool(x) for x in row] for row in matrix.to_list()]
    return sorted(map(sum, rows)), sorted(map(sum, transposed(rows)))


def _directions(size: int) -> list[tuple[int, ...]]:
    return [tuple(range(size)), tuple(reversed(range(size)))]


def _permuted(row: Sequence[Element], places: Sequence[int]) -> list[Element]:
    """The row with entry j at places[j]."""
    moved = list(row)
    for x, place in zip(row, places, strict=True):
        moved[place] = x
    return moved


def _match(source: Vectors, target: Vectors, one: Element) -> tuple[tuple[int, ...], list[Element]] | None:
    """For each target row the source row of which it is a multiple, once its column x is multiplied by factors[x]."""
    order = sorted(range(len(target)), key=lambda j: -sum(map(bool, target[j])))

    def extend(at: int, taken: dict[int, int], factors: list[Element | None]) -> Any:
        if at == len(order):
            return taken, factors
        j = order[at]
        for k in range(len(source)):
            if k not in taken.values():
                longer = _extended(source[k], target[j], factors, one)
                found = None if longer is None else extend(at + 1, {**taken, j: k}, longer)
                if found is not None:
                    return found
        return None

    found = extend(0, {}, [None] * len(source[0]))
    if found is None:
        return None
    taken, factors = found
    return tuple(taken[j] for j in range(len(target))), [one if factor is None else factor for factor in factors]


def _extended(
    source: Sequence[Element], target: Sequence[Element], factors: Sequence[Element | None], one: Element
) -> list[Element | None] | None:
    """The factors with those that this pair of rows tells; None where they contradict."""
    if [bool(x) for x in source] != [bool(x) for x in target]:
        return None
    ratios = {x: b / a for x, (a, b) in enumerate(zip(source, target, strict=True)) if a}
    known = [(x, factor) for x, factor in enumerate(factors) if factor is not None and x in ratios]
    multiple = known[0][1] / ratios[known[0][0]] if known else one
    if any(factor != multiple * ratios[x] for x, factor in known):
        return None
    return [multiple * ratios[x] if x in ratios else factor for x, factor in enumerate(factors)]


def _column_scales(
    rows: Vectors, wanted: Vectors, direction: Sequence[int], columns: Sequence[int], row_factors: Sequence[Element]
) -> tuple[Element, ...] | None:
    """With the rows' factors known, those of the columns: of the first row in which a column has an entry."""

    def scale(j: int) -> Element:
        i = next(i for i in range(len(wanted)) if wanted[i][j])
        k = direction[i]
        return wanted[i][j] / (row_factors[k] * rows[k][columns[j]])

    if not all(any(row[j] for row in wanted) for j in range(len(columns))):
        return None
    return tuple(scale(j) for j in range(len(columns)))


def classes(matrices: Sequence[Matrix]) -> Iterator[tuple[Matrix, list[int]]]:
    """Matrices put together with the first one that each is equivalent to, by their places."""
    firsts: list[tuple[Matrix, list[int]]] = []
    for place, matrix in enumerate(matrices):
        home = next((places for first, places in firsts if equivalence(first, matrix) is not None), None)
        if home is None:
            firsts.append((matrix, [place]))
        else:
            home.append(place)
    yield from firsts
