# SPDX-License-Identifier: Apache-2.0
"""The same sums in an order of less rounding noise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from wincraft.circuit.fitting import Gate, Gates, gates_of, pruned, scaled
from wincraft.circuit.program import Program, Term
from wincraft.exact.matrix import diagonal
from wincraft.exact.types import Element, Matrix

MOST_TERMS = 8
"""Longer sums are left in their order."""


def regrouped(program: Program, moments: Matrix | None = None) -> Program:
    """A program of as many additions in which every sum of several terms is taken in the order of the least noise.

    Sums are those whose partial sums nothing else reads. The error of a partial sum goes to the outputs as that of the
    sum does, so that their second moments f S f^T are to be small, S = `moments` of the inputs: over all orders and
    groupings, by dynamic programming over subsets of the terms.

    >>> chain = Program.build(3, [("add", 0, 1), ("subtract", 3, 2)], [4])
    >>> from wincraft.exact.matrix import rational_matrix
    >>> close = rational_matrix([[1, 0, 0], [0, 10, 9], [0, 9, 10]])  # x1 - x2 is small
    >>> regrouped(chain, close).operations[0].operands
    (1, 2)
    """
    given = gates_of(program)
    K = given.domain
    S = (diagonal([K.one] * given.inputs, K) if moments is None else moments).to_list()
    used = Counter(value for gate in given.gates for value in (gate.a, gate.b))
    for value, _ in given.outputs:
        used[value] += 2  # what is an output is not a partial sum only
    rows, sums = given.rows(), list[Gate]()
    place = list(range(given.inputs))
    inner = {given.inputs + k for k in range(len(given.gates)) if used[given.inputs + k] == 1}

    def terms(value: int, factor: Element) -> list[Term]:
        if value not in inner:
            return [(value, factor)]
        a, p, b, q = given.gates[value - given.inputs]
        return [*terms(a, factor * p), *terms(b, factor * q)]

    for number, (a, p, b, q) in enumerate(given.gates, given.inputs):
        if number in inner:
            place.append(-1)
            continue
        found = [*terms(a, p), *terms(b, q)]
        tree = _best(found, rows, S, K.zero) if 2 < len(found) <= MOST_TERMS else _chain(found)
        place.append(_written(tree, found, place, sums, given.inputs, K.one)[0])
    outputs = tuple((place[value], factor) for value, factor in given.outputs)
    return scaled(pruned(Gates(given.inputs, tuple(sums), outputs, K)))


Grouping = int | tuple["Grouping", "Grouping"]
"""A grouping of terms, known by their places."""


def _chain(found: Sequence[Term]) -> Grouping:
    tree: Grouping = 0
    for k in range(1, len(found)):
        tree = (tree, k)
    return tree


def _best(found: Sequence[Term], rows: Sequence[Sequence[Element]], S: list[list[Element]], zero: Element) -> Grouping:
    """The grouping of the terms whose partial sums have the smallest second moments in all."""
    scaled_rows = [[factor * x for x in rows[value]] for value, factor in found]
    count = len(found)
    sums: list[list[Element]] = [[zero] * len(S)]
    best: dict[int, tuple[Element, Grouping]] = {1 << k: (zero, k) for k in range(count)}
    for subset in range(1, 1 << count):
        low = (subset & -subset).bit_length() - 1
        sums.append([x + y for x, y in zip(sums[subset & (subset - 1)], scaled_rows[low], strict=True)])
        if subset.bit_count() == 1:
            continue
        options = []
        part = (subset - 1) & subset
        while part:
            rest = subset ^ part
            if part > rest:
                options.append((best[part][0] + best[rest][0], part, rest))
            part = (part - 1) & subset
        cost, first, second = min(options)
        used = [(i, x) for i, x in enumerate(sums[subset]) if x]
        own = sum((x * y * S[i][j] for i, x in used for j, y in used), zero)
        best[subset] = (cost + own, (best[first][1], best[second][1]))
    return best[(1 << count) - 1][1]


def _written(
    tree: Grouping, found: Sequence[Term], place: Sequence[int], sums: list[Gate], inputs: int, one: Element
) -> Term:
    """The value and the factor of a grouping, its gates written down."""
    if isinstance(tree, int):
        value, factor = found[tree]
        return place[value], factor
    (a, p), (b, q) = (_written(part, found, place, sums, inputs, one) for part in tree)
    sums.append(Gate(a, p, b, q))
    return inputs + len(sums) - 1, one
