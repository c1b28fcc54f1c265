# SPDX-License-Identifier: Apache-2.0
"""The proof of a plan: what it runs on unit impulses is what the definition says, exactly."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from wincraft.errors import ClaimRefuted, TooLarge
from wincraft.plan.piece import Piece
from wincraft.plan.problem import Problem, convolve_directly
from wincraft.plan.running import run_pieces

MAX_VALUES = 2**26
"""Of the outputs for all pairs of impulses."""


def sizes_to_prove(problem: Problem, pieces: Sequence[Piece]) -> tuple[int, ...]:
    """Of the data: with a whole tile of every piece and one output of the next, and all data that these read.

    So two outputs of every piece at least are compared, and what they read lies among the data: positions are affine in
    the output, and no piece is right only because it reads zeros.

    >>> from wincraft.plan import make_plan
    >>> sizes_to_prove(Problem(3, stride=2), make_plan(Problem(3, stride=2), 2).pieces)
    (7,)
    """
    found = []
    for k, (r, s, t) in enumerate(zip(problem.r, problem.s, problem.t, strict=True)):
        last = read = 0
        for piece in pieces:
            strand, m = piece.strands[k], piece.algorithm.m[k]
            count = m + max(0, -(strand.data.offset // strand.data.step))
            last = max(last, strand.outputs.offset + strand.outputs.step * count)
            read = max(read, strand.data.offset + strand.data.step * (count + strand.taps - 1))
        found.append(max(read, -(-last // s) if problem.transposed else s * last + t * (r - 1)) + 1)
    return tuple(found)


def compare_impulses(problem: Problem, pieces: Sequence[Piece]) -> int:
    """How many pairs of a unit impulse of data and one of the filter give what the definition gives: all, or an error.

    Both are bilinear, so that equal impulses are equal results. The data hold a whole tile of every piece and the begin
    of the next, see `sizes_to_prove`; larger data repeat these. Groups are left out. Exact.

    Raises:
        ClaimRefuted: where an output differs; it is named.
        TooLarge: for more than `MAX_VALUES` values.

    >>> from wincraft.plan import make_plan
    >>> compare_impulses(Problem(3, stride=2), make_plan(Problem(3, stride=2), 2).pieces)
    21
    """
    sizes, taps = sizes_to_prove(problem, pieces), problem.r
    alone = Problem(taps, problem.s, problem.t, problem.transposed)
    count = prod(sizes) * prod(taps)
    values = count * prod(alone.outputs(sizes))
    if values > MAX_VALUES:
        raise TooLarge("a proof on impulses", f"{values} values", "take a smaller kernel, or axes that are products")
    data = np.eye(prod(sizes), dtype=np.int64).reshape(-1, 1, *sizes)
    filters = np.eye(prod(taps), dtype=np.int64).reshape(-1, 1, *taps)
    filters = filters.swapaxes(0, 1) if alone.transposed else filters
    found, wanted = run_pieces(alone, pieces, data, filters), convolve_directly(alone, data, filters)
    wrong = np.argwhere(found != wanted)
    if len(wrong):
        n, k, *place = (int(item) for item in wrong[0])
        tap, datum = (tuple(int(i) for i in np.unravel_index(at, shape)) for at, shape in ((k, taps), (n, sizes)))
        claim = f"output {tuple(place)} of datum {datum} and tap {tap} to be {found[tuple(wrong[0])]}"
        raise ClaimRefuted(f"a plan of a {problem}", claim, f"it is {wanted[tuple(wrong[0])]}")
    return count
