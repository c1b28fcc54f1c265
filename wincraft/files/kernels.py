# SPDX-License-Identifier: Apache-2.0
"""Proving what compiled kernels compute: three transforms, or one function of whole tiles."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt, prod
from pathlib import Path

import numpy as np

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.nesting import nest
from wincraft.algorithm.recipe import size_words
from wincraft.algorithm.refutation import MATRICES
from wincraft.construct.identify import identify
from wincraft.construct.size import parse_size
from wincraft.errors import BadShape, BadValue, NotApplicable, Unidentified
from wincraft.files.entry import ReadNumber
from wincraft.files.names import WORDS
from wincraft.files.probe import probe, small_integers
from wincraft.files.source import kernel

ROLES = {**WORDS, "at": "AT", "untransform": "AT", "g": "G", "kern": "G", "bt": "BT"}
"""The words in a function's name, or an array's, that tell which transform it is, or of which operand."""
_DIVISIBLE = {False: 2**8 * 3**4 * 5**2 * 7**2, True: 2**10 * 3**6 * 5**2 * 7**2 * 13**2}
"""What an integer output transform is probed with, which may divide by the scale; the second one for 64 bits."""
Arrays = tuple[np.ndarray, ...]
"""A^T, G and B^T of an axis."""
_ULPS = 8
"""How many units of the last place a compiled constant, or a product of one per axis, may lie from the exact one."""


@dataclass(frozen=True)
class Probed:
    """An algorithm read off three compiled transforms, and how far its entries lie from the exact ones."""

    algorithm: Algorithm
    deviation: float


def probe_transforms(
    path: str | Path, functions: Sequence[str], size: str, tolerance: Fraction | None = None
) -> Probed:
    """The algorithm that three functions of a C or C++ source compute: A^T m, G g and B^T d, each on one tile.

    Which is which is told by words in their names, else by the order A^T, G, B^T. A tile of several axes is in row
    order, and so are its taps (or in column order, in all three).

    Raises:
        BadDocument, MissingTool, NotApplicable, BadValue: where the source cannot be read, compiled, or called so.
        BadShape: where the outputs are no tiles of the size.
        Refuted, Unidentified: where the transforms do not compute the convolution.

    >>> import tempfile, wincraft
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "f.h")
    ...     wincraft.write(wincraft.winograd(2, 3), path)
    ...     names = [f"wincraft_f2_3_{word}_f32" for word in ("output", "filter", "input")]
    ...     probe_transforms(path, names, "F(2,3)").algorithm
    F(2,3), rank 4, moduli 0,1,-1,inf, convention wincnn, scale 1, proved
    """
    m, r, n = _tiles(size)
    named = _roles(functions)
    data, filter_ = (_transform(path, named[key], shape, n[-1]) for key, shape in (("BT", n), ("G", r)))
    ranks = _ranks(len(data), n)
    output = _transform(path, named["AT"], ranks, m[-1], divides=True)
    for name, matrix, rows in (("G", filter_, ranks), ("AT", output, m)):
        if len(matrix) != prod(rows):
            raise BadShape(f"the output of {named[name]}", f"({len(matrix)},)", f"({prod(rows)},) entries")
    exact = all(matrix.dtype.hasobject for matrix in (data, filter_, output))
    eps = max((float(np.finfo(x.dtype).eps) for x in (data, filter_, output) if x.dtype.kind == "f"), default=0.0)
    limit = Fraction(0) if exact else Fraction(_ULPS * eps) if tolerance is None else tolerance
    axes = _axes(output, filter_, data, (m, r, n, ranks), 0.0 if exact else 4 * _ULPS * eps)
    found = [identify(AT, G, BT, tolerance=limit, form="correlation") for AT, G, BT in axes]
    deviation = float(max(item.largest_error for item in found))
    return Probed(nest(*[item.algorithm for item in found]), deviation)


def probe_tiles(path: str | Path, function: str, size: str, tolerance: Fraction | None = None) -> str:
    """Prove a function y = f(d, g) of whole tiles on every pair of unit vectors; returns a line that says so.

    y_i = sum_j d_{i+j} g_j for all pairs of unit vectors is the convolution for all data, if the function is bilinear:
    that is tried on one pair of small integers. The filter is the array with such a name (see `ROLES`), else the
    second.

    Raises:
        BadDocument, MissingTool, NotApplicable: where the source cannot be read, compiled, or called so.
        BadShape: where the outputs are no tiles of the size.
        Unidentified: where it is not the convolution; the first pair that differs is named.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "f.c")
    ...     _ = path.write_text("void f(const int *d, const int *g, int *y) { y[0] = d[0] * g[0] + d[1] * g[1]; }")
    ...     probe_tiles(path, "f", "F(1,2)")
    'F(1,2) proved: f is the convolution on all 4 pairs of unit vectors'
    """
    m, r, n = _tiles(size)
    trial = kernel(path, function, (1, 1, 1))
    first_is_filter = _role(trial.inputs[0].name) == "G" or _role(trial.inputs[1].name) == "BT"
    shapes = (r, n) if first_is_filter else (n, r)
    made = kernel(path, function, (shapes[0][-1], shapes[1][-1], m[-1]))
    units = [np.eye(prod(shape)) for shape in shapes]
    pairs = [(a, b) for a in units[0] for b in units[1]]
    small = tuple(small_integers(prod(shape)).astype(float) for shape in shapes)
    values = made.many([*pairs, small])
    if values.shape[1] != prod(m):
        raise BadShape(f"the output of {function}", f"({values.shape[1]},)", f"({prod(m)},) entries of a tile {m}")
    swapped = [(b, a) for a, b in (*pairs, small)] if first_is_filter else [*pairs, small]
    expected = np.array([_correlation(d.reshape(n), g.reshape(r)).ravel() for d, g in swapped])
    allowed = 0.0
    if values.dtype.kind == "f":
        allowed = float(tolerance) if tolerance is not None else float(np.sqrt(np.finfo(values.dtype).eps)) / 4
    far = _far(values, expected, allowed)
    if far.any():
        flipped = np.array([_correlation(d.reshape(n), np.flip(g.reshape(r))).ravel() for d, g in swapped])
        if not _far(values, flipped, allowed).any():
            reason = f"not the convolution of {size}: {function} applies the filter reversed (true convolution)"
            raise Unidentified(reason, "reverse the filter in every axis, or what it is called with")
        case, output = (int(k) for k in np.argwhere(far)[0])
        what = "a pair of small integers" if case == len(pairs) else _pair(swapped[case], n, r)
        given, right = (f"{table[case, output]:g}" for table in (values, expected))
        reason = f"not the convolution of {size}: {function} gives {given} for output {output} at {what}, not {right}"
        raise Unidentified(reason, "correct the function, or the size")
    worst = float(np.abs(values - expected).max())
    rounding = "" if values.dtype.kind == "i" else f", within {worst:.2g}"
    told = f"{function} is the convolution on all {len(pairs)} pairs of unit vectors{rounding}"
    return f"{size_words(*zip(*parse_size(size), strict=True))} proved: {told}"


def _tiles(size: str) -> tuple[tuple[int, ...], ...]:
    """m, r and n = m + r - 1, each by axis."""
    m, r = zip(*parse_size(size), strict=True)
    return m, r, tuple(a + b - 1 for a, b in zip(m, r, strict=True))


def _far(values: np.ndarray, expected: np.ndarray, allowed: float) -> np.ndarray:
    return np.asarray(np.abs(values - expected) > allowed * np.maximum(1, np.abs(expected).max(axis=1, keepdims=True)))


def _pair(pair: Sequence[np.ndarray], n: Sequence[int], r: Sequence[int]) -> str:
    places = (np.argwhere(item.reshape(shape))[0].tolist() for item, shape in zip(pair, (n, r), strict=True))
    return " and ".join(f"{name}{place}" for name, place in zip("dg", places, strict=True))


def _correlation(d: np.ndarray, g: np.ndarray) -> np.ndarray:
    windows = np.lib.stride_tricks.sliding_window_view(d, g.shape)
    return np.asarray((windows * g).sum(axis=tuple(range(d.ndim, 2 * d.ndim))))


def _role(name: str) -> str | None:
    """The transform that the words of a name stand for, where they stand for one alone."""
    words = {word.lower() for word in re.split(r"[_\W\d]+|(?<=[a-z])(?=[A-Z])", name) if word}
    found = {ROLES[word] for word in words if word in ROLES}
    return found.pop() if len(found) == 1 else None


def _roles(functions: Sequence[str]) -> dict[str, str]:
    if len(functions) != 3:
        raise BadValue("the number of functions of a kernel", str(len(functions)), "name three, or one of tiles")
    named = {_role(name): name for name in functions}
    if set(named) != set(MATRICES):
        return dict(zip(MATRICES, functions, strict=True))
    return {role: named[role] for role in MATRICES}


def _transform(path: str | Path, function: str, shape: Sequence[int], width: int, divides: bool = False) -> np.ndarray:
    """The matrix of a function; of integers as Fractions, and of one that may divide at multiples of `_DIVISIBLE`."""
    made = kernel(path, function, (shape[-1], width))
    size = prod(shape)
    vectors = [*np.eye(size), np.zeros(size), small_integers(size).astype(float)]
    unit = _DIVISIBLE["64" in made.inputs[0].type or "long" in made.inputs[0].type] if divides else 1
    exact = made.integers
    found = made.many([(item * (unit if exact else 1),) for item in vectors])
    rows = [[Fraction(int(x), unit) for x in row] for row in found] if exact else list(found)
    values = {tuple(item): row for item, row in zip(vectors, rows, strict=True)}
    return probe(lambda vector: values[tuple(vector)], size, object if exact else found.dtype)


def _ranks(rank: int, n: Sequence[int]) -> tuple[int, ...]:
    """The products per axis, of all of them: n per axis, or one root for alike axes."""
    if len(n) == 1 or rank == prod(n):
        return (rank,) if len(n) == 1 else tuple(n)
    root = round(rank ** (1 / len(n)))
    if len(set(n)) == 1 and root ** len(n) == rank:
        return (root,) * len(n)
    needed = f"{prod(n)}, or a power for alike axes"
    raise NotApplicable(
        "the data transform", f"it writes {rank} values for a tile of {prod(n)}", f"needed are {needed}"
    )


def _axes(
    output: np.ndarray, taps: np.ndarray, data: np.ndarray, shapes: tuple[tuple[int, ...], ...], slack: float
) -> list[Arrays]:
    """The matrices of each axis, whose Kronecker products the given ones are."""
    m, r, n, ranks = shapes
    order = np.arange(prod(ranks)).reshape(ranks)
    for permutation in (order.ravel(), order.T.ravel()):
        tables = (
            _factors(output[:, permutation], m, ranks, slack),
            _factors(taps[permutation], ranks, r, slack),
            _factors(data[permutation], ranks, n, slack),
        )
        if all(table is not None for table in tables):
            return _positive(list(zip(*filter(None, tables), strict=True)))
    reason = "the transforms of a tile are no products of one transform per axis"
    raise NotApplicable("the functions of a kernel", reason, "give functions of one axis")


def _positive(axes: list[Arrays]) -> list[Arrays]:
    """The same product with positive scales, B^T negated on an even number of axes, where that is enough.

    sum_k A^T[0,k] G[k,0] B^T[k,0] is the scale of an axis.
    """
    negative = [(AT[0] * G[:, 0] * BT[:, 0]).sum() < 0 for AT, G, BT in axes]
    if sum(negative) % 2:
        return axes
    return [(AT, G, -BT if flip else BT) for (AT, G, BT), flip in zip(axes, negative, strict=True)]


def _factors(matrix: np.ndarray, rows: Sequence[int], columns: Sequence[int], slack: float) -> list[np.ndarray] | None:
    """One matrix per axis whose Kronecker product it is, to a slack relative to its largest entry; None if not."""
    if len(rows) == 1:
        return [matrix]
    blocks = matrix.reshape(rows[0], prod(rows[1:]), columns[0], prod(columns[1:])).transpose(0, 2, 1, 3)
    place = np.unravel_index(np.abs(blocks).argmax(), blocks.shape)
    pivot = blocks[place]
    if not pivot:
        return None
    share = _root(abs(pivot)) if len(set(zip(rows, columns, strict=True))) == 1 and len(rows) == 2 else 1
    first, rest = blocks[:, :, place[2], place[3]] / pivot * share, blocks[place[0], place[1]] / share
    if (np.abs(np.kron(first, rest) - matrix) > slack * abs(pivot)).any():
        return None
    others = _factors(rest, rows[1:], columns[1:], slack)
    return None if others is None else [first, *others]


def _root(value: ReadNumber) -> ReadNumber:
    """The square root, by which alike axes share a factor; 1 where it is no rational of a Fraction."""
    if not isinstance(value, Fraction):
        return value**0.5
    root = Fraction(isqrt(value.numerator), isqrt(value.denominator))
    return root if root * root == value else Fraction(1)
