# SPDX-License-Identifier: Apache-2.0
"""Lower bounds for the additions of any program of a matrix, constants free, rows up to factors.

The matrix is stripped first; then methods look at what is left and at its transpose, which takes as many additions plus
columns minus rows. The constants of a program may be any rational numbers.
"""

from __future__ import annotations

from dataclasses import replace

from wincraft.circuit.minimum.methods import METHODS, LowerBound, best_bound, is_rational
from wincraft.circuit.minimum.proofs import stored_bound
from wincraft.circuit.minimum.stripping import core_of
from wincraft.exact.matrix import check_matrix
from wincraft.exact.types import Matrix

CASES = 200_000
"""How many cases a method may look at unless told otherwise: about a second."""


def additions_bound(matrix: Matrix, cases: int = CASES) -> LowerBound:
    """The additions that any program of the matrix takes at least, as the best of `METHODS` and the stored proofs say.

    A method that would look at more than about that many cases is left out, with `UNLIMITED` none is.

    Raises:
        WrongType: for what is no exact matrix.

    >>> from wincraft import winograd
    >>> algorithm = winograd(4, 3, points="0,1,-1,2,-2")
    >>> [additions_bound(each.dense).additions for each in (algorithm.input, algorithm.filter, algorithm.output)]
    [12, 5, 10]
    """
    check_matrix(matrix)
    core = core_of(matrix.to_list())
    if not core.rows:
        return LowerBound(core.additions, "support", 0)
    stored = stored_bound(core) if is_rational(core.rows) else None
    best = best_bound(core.rows, METHODS if stored is None else {"support": METHODS["support"]}, cases)
    if stored is not None and stored.additions > best.additions:
        best = stored
    return replace(best, additions=best.additions + core.additions)
