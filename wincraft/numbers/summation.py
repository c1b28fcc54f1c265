# SPDX-License-Identifier: Apache-2.0
"""Matrix products and channel sums in a floating-point format, in a stated order of the additions."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from math import inf, log2
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from wincraft.errors import BadShape, look_up
from wincraft.numbers.arithmetic import BLOCK, Arithmetic, Rounder

Order = Literal["sequential", "positive-first", "pairwise", "huffman"]
"""A name in `ORDERS`."""


class Tree(NamedTuple):
    """A summation tree over the terms of a row, told by their column indices.

    An addition (i, j) adds the sum that holds term j to the one that holds term i and leaves the result at i; the last
    one leaves the whole sum at its i. Terms whose coefficient is zero do not occur.
    """

    terms: tuple[int, ...]
    additions: tuple[tuple[int, int], ...] = ()

    @property
    def root(self) -> int | None:
        """Where the whole sum is; None of a row of zeros."""
        return self.additions[-1][0] if self.additions else next(iter(self.terms), None)

    @property
    def depths(self) -> dict[int, int]:
        """The number of additions that each term passes through.

        >>> pairwise([1.0, 2.0, 0.0, 1.0]).depths
        {0: 2, 1: 2, 3: 1}
        """
        depths = dict.fromkeys(self.terms, 0)
        for i, j in reversed(self.additions):
            depths[i] += 1
            depths[j] = depths[i]
        return depths


def sequential(row: Sequence[float]) -> Tree:
    """((t0 + t1) + t2) + ... in the order of the columns, zero coefficients skipped."""
    terms = _terms(row)
    return Tree(terms, tuple((terms[0], j) for j in terms[1:]))


def positive_first(row: Sequence[float]) -> Tree:
    """The first term of a positive coefficient, then the others one by one in the order of the columns.

    How a row is written, ``x2 - 4 * x0 + x3``: it begins with no negation but where every term is negative.

    >>> positive_first([-4.0, 0.0, 1.0, 1.0]).additions
    ((2, 0), (2, 3))
    """
    terms = _terms(row)
    first = next((j for j in terms if row[j] > 0), next(iter(terms), None))
    return Tree(terms, tuple((first, j) for j in terms if first is not None and j != first))


def pairwise(row: Sequence[float]) -> Tree:
    """The sum of the first ceil(N/2) of the N non-zero terms plus the sum of the others, each split again."""
    terms = _terms(row)
    return Tree(terms, tuple(_halves(terms)))


def huffman(row: Sequence[float]) -> Tree:
    """The two terms of smallest key are added first, and again, the key of a sum being the sum of their keys.

    A term's key is log2|coefficient|; of equal keys a sum comes before a term, a later sum before an earlier one, and
    terms stand in the order of the columns. A coefficient 0 has the key -inf and adds nothing, but the key of what it
    is added to becomes -inf too: a row with zeros is summed one by one, the smallest coefficient first.

    Source: Barabasz, Anderson, Soodhalter, Gregg, arXiv 1803.10986, section on Huffman summation.

    >>> huffman([1.0, -5.0, 4.0, 0.25]).additions, huffman([4.0, 0.0, -5.0, 1.0]).additions
    (((3, 0), (3, 2), (3, 1)), ((3, 0), (3, 2)))
    """
    queue: list[tuple[float, int | None]] = sorted(
        ((log2(abs(c)) if c else -inf, column if c else None) for column, c in enumerate(row)),
        key=lambda node: node[0],
    )
    additions = []
    while len(queue) > 1:
        (key, i), (other, j), *queue = queue
        if i is not None and j is not None:
            additions.append((i, j))
        place = next((k for k, node in enumerate(queue) if node[0] >= key + other), len(queue))
        queue.insert(place, (key + other, j if i is None else i))
    return Tree(_terms(row), tuple(additions))


ORDERS: dict[str, Callable[[Sequence[float]], Tree]] = {
    "sequential": sequential,
    "positive-first": positive_first,
    "pairwise": pairwise,
    "huffman": huffman,
}
"""The registry: name to the function that makes a row's summation tree."""


class _CircuitOrders(dict[str, str]):
    """Options may stand behind a name: ``circuit-fewest:registers=8`` is the choice ``fewest:registers=8``."""

    def __contains__(self, order: object) -> bool:
        return isinstance(order, str) and super().__contains__(order.partition(":")[0])

    def __missing__(self, order: str) -> str:
        name, colon, options = order.partition(":")
        if not colon:
            raise KeyError(order)
        return self[name] + colon + options


CIRCUIT_ORDERS = _CircuitOrders(
    {"circuit": "default"} | {f"circuit-{name}": name for name in ("fewest", "quiet", "cheapest", "cheap-registers")}
)
"""What orders are called that are a program's own, not a row's, to the choice of the program."""

ALL_ORDERS: Mapping[str, object] = ChainMap[str, Any](dict(ORDERS), CIRCUIT_ORDERS)
"""All names of orders."""

C_ORDER = "circuit"
"""The order of the sums in C headers."""


def linear_pass(
    matrix: ArrayLike, array: ArrayLike, axis: int, arithmetic: Arithmetic, order: str = "sequential"
) -> np.ndarray:
    """Multiply along one axis, y = matrix @ array, every product and every addition rounded.

    matrix (rows, columns), rounded to the format first if it is not; array with `columns` along `axis`, read by
    `Arithmetic.hold`. The result has `rows` along that axis, in the carrier dtype. A row of zeros gives 0.

    Raises:
        UnknownName: for an order that is not in `ORDERS`.
        BadShape: where the shapes do not fit.

    >>> from wincraft.numbers.formats import FORMATS
    >>> linear_pass([[1, 1, 1]], [2048.0, 1.0, 1.0], 0, Arithmetic(FORMATS["fp16"]), "sequential")
    array([2048.], dtype=float32)
    >>> linear_pass([[1, 1, 1]], [2048.0, 1.0, 1.0], 0, Arithmetic(FORMATS["fp32"]), "huffman")
    array([2050.], dtype=float32)
    """
    tree_of = look_up("order", order, ORDERS)
    rows = np.asarray(arithmetic.round(matrix))
    x = np.asarray(arithmetic.hold(array))
    if rows.ndim != 2:
        raise BadShape("matrix", str(rows.shape), "(rows, columns)")
    if not -x.ndim <= axis < x.ndim or x.shape[axis] != rows.shape[1]:
        raise BadShape("array", f"{x.shape} (axis {axis})", f"{rows.shape[1]} along that axis")
    trees = [(row, tree_of(row.tolist())) for row in rows]
    x = np.moveaxis(x, axis, 0)
    flat = x.reshape(len(x), -1)
    y = np.zeros((len(rows), flat.shape[1]), arithmetic.dtype)
    size = min(BLOCK, max(1, flat.shape[1]))
    rounds, slots = arithmetic.rounder(size), np.empty((len(flat), size), arithmetic.dtype)
    with np.errstate(all="ignore"):
        for start in range(0, flat.shape[1], size):
            block = flat[:, start : start + size]
            for k, (row, tree) in enumerate(trees):
                if tree.root is not None:
                    y[k, start : start + size] = _row_sum(row, tree, block, slots[:, : block.shape[1]], rounds)
    return np.moveaxis(y.reshape(len(rows), *x.shape[1:]), 0, axis)


def channel_sum(V: ArrayLike, U: ArrayLike, arithmetic: Arithmetic, order: str = "sequential") -> np.ndarray:
    """M[r,k,t] = sum_c V[r,k,c] U[r,c,t], every product rounded, the accumulator in the same format.

    V (R, K, C), U (R, C, T), both read by `Arithmetic.hold`, give M (R, K, T) in the carrier dtype. Orders: sequential
    ((p0 + p1) + p2) + ..., and pairwise: the sum of the first ceil(C/2) plus that of the others, each split again.

    Raises:
        UnknownName: for another order.
        BadShape: where the shapes do not fit or an axis is empty.

    >>> from wincraft.numbers.formats import FORMATS
    >>> V, U = np.ones((1, 1, 4)), np.reshape([256.0, 1.0, 1.0, 1.0], (1, 4, 1))
    >>> bf16 = Arithmetic(FORMATS["bf16"])
    >>> channel_sum(V, U, bf16).item(), channel_sum(V, U, bf16, "pairwise").item()
    (256.0, 258.0)
    """
    add_up = look_up("order of a channel sum", order, CHANNEL_ORDERS)
    v, u = np.asarray(arithmetic.hold(V)), np.asarray(arithmetic.hold(U))
    if v.ndim != 3 or u.ndim != 3 or v.shape[0] != u.shape[0] or v.shape[2] != u.shape[1] or not (v.size and u.size):
        raise BadShape("(V, U)", f"{v.shape}, {u.shape}", "(R, K, C), (R, C, T), none of them 0")
    M = np.empty((v.shape[0], v.shape[1], u.shape[2]), arithmetic.dtype)
    longest_last = np.argsort(M.shape, kind="stable")
    left = np.ascontiguousarray(v.transpose(2, 0, 1)[..., None].transpose(0, *(longest_last + 1)))
    right = np.ascontiguousarray(u.transpose(1, 0, 2)[:, :, None].transpose(0, *(longest_last + 1)))
    target = M.transpose(longest_last)
    rounds = arithmetic.rounder(min(BLOCK, M.size))
    with np.errstate(all="ignore"):
        for block in _blocks(target.shape):
            part = target[block]
            sums = np.empty((_levels(len(left)) + 1, *part.shape), arithmetic.dtype)

            def write_product(c: int, out: np.ndarray, block: Block = block) -> None:
                np.multiply(left[c][_within(block, left)], right[c][_within(block, right)], out=out)
                rounds(out)

            add_up(len(left), write_product, sums, rounds)
            part[...] = sums[0]
    return M


Block = tuple[slice, ...]
_WriteProduct = Callable[[int, np.ndarray], None]


def _terms(row: Sequence[float]) -> tuple[int, ...]:
    return tuple(column for column, coefficient in enumerate(row) if coefficient)


def _halves(terms: Sequence[int]) -> Iterator[tuple[int, int]]:
    if len(terms) > 1:
        middle = (len(terms) + 1) // 2
        yield from _halves(terms[:middle])
        yield from _halves(terms[middle:])
        yield terms[0], terms[middle]


def _row_sum(row: np.ndarray, tree: Tree, x: np.ndarray, slots: np.ndarray, rounds: Rounder) -> np.ndarray:
    for j in tree.terms:
        np.multiply(x[j], row[j], out=slots[j])
        if abs(row[j]) != 1:
            rounds(slots[j])
    for i, j in tree.additions:
        np.add(slots[i], slots[j], out=slots[i])
        rounds(slots[i])
    return np.asarray(slots[tree.root])


def _blocks(shape: tuple[int, ...]) -> Iterator[Block]:
    """Slices that cut an array into blocks of at most `BLOCK` elements, long in the last axes."""
    room, steps = BLOCK, list[int]()
    for length in reversed(shape):
        steps.insert(0, max(1, min(length, room)))
        room //= steps[0]
    starts = (range(0, length, step) for length, step in zip(shape, steps, strict=True))
    for corner in product(*starts):
        yield tuple(slice(start, start + step) for start, step in zip(corner, steps, strict=True))


def _within(block: Block, operand: np.ndarray) -> Block:
    """The block of one channel of an operand, which has one element along the axis it is broadcast over."""
    return tuple(s if length > 1 else slice(None) for s, length in zip(block, operand.shape[1:], strict=True))


def _levels(count: int) -> int:
    return (count - 1).bit_length()


def _sequential_channels(count: int, write_product: _WriteProduct, sums: np.ndarray, rounds: Rounder) -> None:
    """Add channel after channel, each sum rounded."""
    write_product(0, sums[0])
    for c in range(1, count):
        write_product(c, sums[1])
        np.add(sums[0], sums[1], out=sums[0])
        rounds(sums[0])


def _pairwise_channels(count: int, write_product: _WriteProduct, sums: np.ndarray, rounds: Rounder) -> None:
    """Add the sums of the two halves, each sum rounded."""

    def add_range(start: int, stop: int, level: int) -> None:
        if stop - start == 1:
            write_product(start, sums[level])
            return
        middle = start + (stop - start + 1) // 2
        add_range(start, middle, level)
        add_range(middle, stop, level + 1)
        np.add(sums[level], sums[level + 1], out=sums[level])
        rounds(sums[level])

    add_range(0, count, 0)


CHANNEL_ORDERS = {"sequential": _sequential_channels, "pairwise": _pairwise_channels}
