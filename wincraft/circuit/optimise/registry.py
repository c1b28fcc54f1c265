# SPDX-License-Identifier: Apache-2.0
"""The ways to look for programs of few additions, by name."""

from __future__ import annotations

from collections.abc import Mapping

from wincraft.circuit.fitting import fitted_program
from wincraft.circuit.optimise.effort import Effort, Optimiser
from wincraft.circuit.optimise.even_odd import even_odd
from wincraft.circuit.optimise.exact import exact
from wincraft.circuit.optimise.factoring import factoring
from wincraft.circuit.optimise.greedy import greedy
from wincraft.circuit.optimise.kernels import kernel_method
from wincraft.circuit.optimise.moves import additions
from wincraft.circuit.optimise.neighbourhood import neighbourhood
from wincraft.circuit.optimise.pairs import pairs
from wincraft.circuit.optimise.plane_blocks import blocks
from wincraft.circuit.optimise.reciprocal import reciprocal_pairs
from wincraft.circuit.optimise.rows import rows
from wincraft.circuit.program import Program
from wincraft.circuit.shift_add import multiplierless
from wincraft.errors import look_up
from wincraft.exact.matrix import check_matrix
from wincraft.exact.types import Matrix

_KEPT = 3

STRUCTURAL: Mapping[str, Optimiser] = {
    "rows": rows,
    "even-odd": even_odd,
    "reciprocal": reciprocal_pairs,
    "pairs": pairs,
    "kernels": kernel_method,
    "factoring": factoring,
    "blocks": blocks,
}
"""What follows from the matrix alone, without chance, in seconds for any transform of ten points or fewer."""

OPTIMISERS: Mapping[str, Optimiser] = {
    **STRUCTURAL,
    "exact": exact,
    "greedy": greedy,
    "neighbourhood": neighbourhood,
    "multiplierless": multiplierless,
}
"""All optimisers. Rows of what they give are multiples of the matrix's; `optimised` makes them equal."""


def optimised(name: str, matrix: Matrix, effort: Effort | None = None, kept: int = _KEPT) -> list[Program]:
    """The best programs that an optimiser finds for a matrix, exactly the matrix's, the fewest additions first.

    At most `kept` are given.

    Raises:
        UnknownName: for no optimiser's name.
        WrongType: for what is no exact matrix.

    >>> from wincraft import winograd
    >>> optimised("blocks", winograd("F(4,3)", points="0,1,-1,2,-2").output.dense)
    [program of 10 additions, 6 -> 4 values over QQ]
    """
    check_matrix(matrix)
    given = effort or Effort()
    return _best(look_up("optimiser", name, OPTIMISERS)(matrix, given), matrix, given, kept)


def structural(matrix: Matrix, effort: Effort | None = None) -> list[Program]:
    """The best programs of all structural optimisers, exactly the matrix's, the fewest additions first.

    Raises:
        WrongType: for what is no exact matrix.

    >>> from wincraft import winograd
    >>> [structural(linear_map.dense)[0] for linear_map in winograd("F(6,3)", points="0,1,-1,2,-2,1/2,-1/2").maps]
    ... # doctest: +NORMALIZE_WHITESPACE
    [program of 18 additions, 8 -> 6 values over QQ,
     program of 8 additions, 3 -> 8 values over QQ,
     program of 22 additions, 8 -> 8 values over QQ]
    """
    check_matrix(matrix)
    given = effort or Effort()
    return _best([program for optimiser in STRUCTURAL.values() for program in optimiser(matrix, given)], matrix, given)


def _best(programs: list[Program], matrix: Matrix, effort: Effort, kept: int = _KEPT) -> list[Program]:
    """The few of fewest additions, without duplicates, fitted to the matrix."""
    chosen = sorted(dict.fromkeys(programs), key=additions)[:kept]
    return list(dict.fromkeys(fitted_program(program, matrix, effort.seed) for program in chosen))
