# SPDX-License-Identifier: Apache-2.0
"""Running a plan on arrays: exactly for integers, in the caller's precision for floats."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from wincraft.errors import BadShape, BadValue
from wincraft.plan.piece import Piece
from wincraft.plan.problem import Problem, sizes_of_padding
from wincraft.plan.reductions import Strand

_EXACT = 2**63 - 1


class PieceOperands(NamedTuple):
    """What a piece computes: data (N, C, ...) and filters (K, C / groups, *taps) of a correlation of stride 1.

    `places` are those of its results in the whole output of an `Arrangement`, one slice for each axis.

    >>> from wincraft.plan import make_plan
    >>> plan = make_plan(Problem(3, dilation=2), 2)
    >>> arrange(plan.problem, np.arange(9)[None, None], np.ones((1, 1, 3))).operands(plan.pieces[1]).places
    (slice(1, None, 2),)
    """

    data: np.ndarray
    filters: np.ndarray
    places: tuple[slice, ...]


class Arrangement(NamedTuple):
    """Arrays of a problem as its pieces read and write them.

    Data with their zeros, filters (K, C / groups, *r), also of a transposed convolution; `shape` (N, K, ...) is that of
    what pieces add up to, `kept` what stays of it.
    """

    data: np.ndarray
    filters: np.ndarray
    shape: tuple[int, ...]
    kept: tuple[slice, ...]

    def operands(self, piece: Piece) -> PieceOperands | None:
        """Those of a piece; None for one that has no outputs here.

        >>> from wincraft.plan import make_plan
        >>> plan = make_plan(Problem(3, stride=2), 2)
        >>> found = arrange(plan.problem, np.arange(8)[None, None], np.ones((1, 1, 3))).operands(plan.pieces[1])
        >>> found.data.tolist(), found.filters.tolist()
        ([[[1, 3, 5]]], [[[1.0]]])
        """
        counts = [len(range(strand.outputs.offset, size, strand.outputs.step))
                  for strand, size in zip(piece.strands, self.shape[2:], strict=True)]  # fmt: skip
        if not all(counts):
            return None
        part, taps = self.data, self.filters
        for axis, (strand, count) in enumerate(zip(piece.strands, counts, strict=True), start=2):
            part = _every(part, axis, strand, count)
            taps = np.take(taps, [strand.filter.offset + strand.filter.step * j for j in range(strand.taps)], axis)
        places = tuple(slice(strand.outputs.offset, None, strand.outputs.step) for strand in piece.strands)
        return PieceOperands(part, taps, places)


def arrange(
    problem: Problem,
    data: np.ndarray,
    filters: np.ndarray,
    padding: Sequence[int] | int = 0,
    output_padding: Sequence[int] | int = 0,
) -> Arrangement:
    """Arrays in the shapes of PyTorch, see `run_pieces`, as pieces read and write them.

    Raises:
        BadShape: where shapes do not fit, or there is no output.
        BadValue: for paddings that are none.

    >>> arrange(Problem(3, stride=2), np.ones((1, 2, 8)), np.ones((4, 2, 3)), 1).shape
    (1, 4, 4)
    """
    x, w, d = np.asarray(data), np.asarray(filters), len(problem.r)
    pads, more = sizes_of_padding(padding, d), sizes_of_padding(output_padding, d)
    w = _filters(problem, x, w)
    if any(extra and (not problem.transposed or extra >= max(s, t))
           for extra, s, t in zip(more, problem.s, problem.t, strict=True)):  # fmt: skip
        repair = "give one below stride or dilation, of a transposed convolution"
        raise BadValue("the output padding", str(output_padding), repair)
    shape = problem.outputs(x.shape[2:], pads, more)
    crop = pads if problem.transposed else (0,) * d
    if not problem.transposed:
        x = np.pad(x, [(0, 0), (0, 0), *((pad, pad) for pad in pads)])
    full = tuple(size + 2 * pad for size, pad in zip(shape, crop, strict=True))
    kept = tuple(slice(pad, pad + size) for pad, size in zip(crop, shape, strict=True))
    return Arrangement(x, w, (len(x), len(w), *full), kept)


def run_pieces(
    problem: Problem,
    pieces: Sequence[Piece],
    data: np.ndarray,
    filters: np.ndarray,
    padding: Sequence[int] | int = 0,
    output_padding: Sequence[int] | int = 0,
) -> np.ndarray:
    """The convolution of a problem by pieces that add up to it.

    Shapes are those of PyTorch: data (N, C, *spatial), filters (K, C / groups, *r), transposed (C, K / groups, *r);
    `padding` are zeros around the data, or what is cropped of the output of a transposed convolution, `output_padding`
    what is then left at its end. Integers and `object` exactly, floats in their own precision.

    Raises:
        BadShape: where shapes do not fit, or there is no output.
        BadValue: for paddings that are none, and as `Algorithm.convolve`.

    >>> from wincraft.plan import make_plan
    >>> plan = make_plan(Problem(3, stride=2, transposed=True), 2)
    >>> plan.run(np.array([[[1, 2]]]), np.array([[[1, 10, 100]]]))
    array([[[  1,  10, 102,  20, 200]]])
    """
    whole = arrange(problem, data, filters, padding, output_padding)
    x, w = whole.data, whole.filters
    large = x.dtype.kind in "iub" and w.dtype.kind in "iub" and _bound(x) * _bound(w) * x[0].size > _EXACT
    y: np.ndarray | None = None
    for piece in pieces:
        part = whole.operands(piece)
        if part is None:
            continue
        groups = (np.split(part.data, problem.groups, axis=1), np.split(part.filters, problem.groups))
        found = np.concatenate([piece.algorithm.convolve(a, b) for a, b in zip(*groups, strict=True)], axis=1)
        found = found.astype(object) if large else found
        if y is None:
            y = np.zeros(whole.shape, dtype=found.dtype)
        elif found.dtype.hasobject and not y.dtype.hasobject:
            y = y.astype(object)
        y[(slice(None), slice(None), *part.places)] += found
    assert y is not None
    return y[(slice(None), slice(None), *whole.kept)]


def _filters(problem: Problem, x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """As (K, C / groups, *r), in shapes that fit."""
    d, groups = len(problem.r), problem.groups
    if x.ndim != d + 2 or w.ndim != d + 2 or 0 in x.shape or 0 in w.shape:
        raise BadShape("(data, filters)", f"{x.shape}, {w.shape}", f"(N, C, {d} axes) and (K, C, {d} axes), not empty")
    C = x.shape[1]
    first = (C, w.shape[1]) if problem.transposed else (w.shape[0], C // groups)
    if C % groups or w.shape != (*first, *problem.r) or (not problem.transposed and w.shape[0] % groups):
        need = f"{(*first, *problem.r)}" + f", channels in {groups} groups" * (groups > 1)
        raise BadShape("filters", f"{w.shape} with data {x.shape}", need)
    if problem.transposed:
        w = np.concatenate([part.swapaxes(0, 1) for part in np.split(w, groups)])
    return w


def _every(x: np.ndarray, axis: int, strand: Strand, count: int) -> np.ndarray:
    """What a strand reads of one axis, zeros where there are no data."""
    places = strand.data.offset + strand.data.step * np.arange(count + strand.taps - 1)
    inside = (places >= 0) & (places < x.shape[axis])
    taken = np.take(x, np.where(inside, places, 0), axis)
    shape = [1] * x.ndim
    shape[axis] = len(places)
    return taken if inside.all() else np.where(inside.reshape(shape), taken, np.zeros((), dtype=x.dtype))


def _bound(array: np.ndarray) -> int:
    return max(abs(int(array.min())), abs(int(array.max())))
