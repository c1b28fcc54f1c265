# SPDX-License-Identifier: Apache-2.0
"""Enumeration in NumPy by Lagrange's formula: every canonical set below a prefix, many at once."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, combinations, islice

import numpy as np

from wincraft.search.points.counting import is_canonical
from wincraft.search.points.gain import Instance, Nodes
from wincraft.search.points.leaves import Leaves

SETS_AT_ONCE = 1 << 16
"""Sets evaluated at once."""


def enumerate_nodes(made: Instance, prefix: tuple[int, ...], leaves: Leaves) -> int:
    """Evaluate every canonical set below a prefix by Lagrange's formula in the nodes; how many there are.

    A *stem* is a set less its last node t. With Q = prod (x - s) over the stem and Q_s = Q / (x - s):
    value = sum_s w_s |(x - t) Q_s|^2 / (Q_s(s) (s - t))^2 + w_t |Q|^2 / Q(t)^2 + [inf] |(x - t) Q|^2.
    """
    nodes = made.nodes
    assert nodes is not None
    evaluated = 0
    for stems in _stems(made, prefix):
        start = int(stems[0, -1]) + 1 if stems.shape[1] else 0
        table = _lagrange(nodes, stems, start)
        allowed = _allowed(made.symmetries, stems, start, len(nodes.nodes))
        evaluated += int(allowed.sum())
        for p, k in np.argwhere(allowed & (table <= leaves.threshold)):
            if table[p, k] <= leaves.threshold:
                leaves.add(float(table[p, k]), (*(int(i) for i in stems[p]), start + int(k)))
    return evaluated


def _stems(made: Instance, prefix: tuple[int, ...]) -> Iterator[np.ndarray]:
    """Canonical stems of equal last index, in chunks; for an empty stem one row of no columns."""
    length, count = made.choose - 1, len(made.degrees)
    if length == len(prefix):
        if is_canonical(prefix, made.symmetries):
            yield np.array([prefix], dtype=np.int64).reshape(1, length)
        return
    first, width = prefix[-1] + 1 if prefix else 0, length - len(prefix) - 1
    for last in range(first + width, count - 1):
        rest = combinations(range(first, last), width)
        each = max(1, SETS_AT_ONCE // (count - last))
        while True:
            flat = np.fromiter(chain.from_iterable(islice(rest, each)), dtype=np.int64)
            size = len(flat) // width if width else 1
            if not size:
                break
            head = np.broadcast_to(np.array(prefix, dtype=np.int64), (size, len(prefix)))
            stems = np.hstack([head, flat.reshape(size, width), np.full((size, 1), last)])
            stems = stems[_canonical(stems, made.symmetries)]
            if len(stems):
                yield stems
            if not width or size < each:
                break


def _lagrange(nodes: Nodes, stems: np.ndarray, start: int) -> np.ndarray:
    fixed = np.broadcast_to(nodes.fixed, (len(stems), len(nodes.fixed)))
    s = np.hstack([fixed, nodes.nodes[stems]])
    w = np.hstack([np.broadcast_to(nodes.fixed_weights, fixed.shape), nodes.weights[stems]])
    t, own = nodes.nodes[None, start:], nodes.weights[None, start:]
    norm, shift = _norms(s, None)
    product = own * norm[:, None]
    total = np.zeros(product.shape)
    if nodes.infinite:
        total += norm[:, None] * (1 + t * t) - 2 * t * shift[:, None]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for i in range(s.shape[1]):
            norm, shift = _norms(s, i)
            f = np.prod(np.delete(s[:, i : i + 1] - s, i, axis=1), axis=1)
            apart = 1 / (t - s[:, i : i + 1]) ** 2
            scale = (w[:, i] / f**2)[:, None]
            total += scale * (norm[:, None] * (1 + t * t) - 2 * t * shift[:, None]) * apart
            product = product * apart
    return np.asarray(total + product)


def _norms(s: np.ndarray, without: int | None) -> tuple[np.ndarray, np.ndarray]:
    """|Q|^2 and the sum of products of neighbouring coefficients, Q = prod (x - s) less one factor."""
    q = np.zeros((s.shape[1] + 1, len(s)))
    q[0] = 1
    for i in range(s.shape[1]):
        if i != without:
            q[1:], q[0] = q[:-1] - s[:, i] * q[1:], -s[:, i] * q[0]
    return (q**2).sum(axis=0), (q[1:] * q[:-1]).sum(axis=0)


def _canonical(sets: np.ndarray, symmetries: np.ndarray) -> np.ndarray:
    """`is_canonical` of many sorted sets at once."""
    good = np.ones(len(sets), dtype=bool)
    for permutation in symmetries:
        difference = np.sort(permutation[sets], axis=1) - sets
        first = (difference != 0).argmax(axis=1)
        good &= np.take_along_axis(difference, first[:, None], axis=1)[:, 0] >= 0
    return good


def _allowed(symmetries: np.ndarray, stems: np.ndarray, start: int, count: int) -> np.ndarray:
    """Whether the canonical stem with the last member start + k is canonical, without forming the sets.

    Where the image of a stem first differs from it, at s_k, the image of the last member must not come before s_k; if
    it is s_k, the set is compared. Where the image is the stem, it must not come before the last member.
    """
    allowed = np.ones((len(stems), count - start), dtype=bool)
    for permutation in symmetries:
        image = permutation[start:]
        if not stems.shape[1]:
            allowed &= image >= np.arange(start, count)
            continue
        differs = np.sort(permutation[stems], axis=1) != stems
        first = differs.argmax(axis=1)
        same = ~differs.any(axis=1)
        limit = np.take_along_axis(stems, first[:, None], axis=1)
        limit = np.where(same[:, None], np.arange(start, count)[None], limit)
        allowed &= image[None] >= limit
        rows, columns = np.nonzero((image[None] == limit) & ~same[:, None])
        if len(rows):
            sets = np.hstack([stems[rows], start + columns[:, None]])
            allowed[rows, columns] &= _canonical(sets, permutation[None])
    return allowed
