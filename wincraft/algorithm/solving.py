# SPDX-License-Identifier: Apache-2.0
"""One matrix beside what the other two need it to be: rows off by a factor, exchanged, repeated or wrong.

With two of the matrices given the identity is a linear system for the third.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from wincraft.algorithm.faults import Fault, TapVectors, Vectors, texts
from wincraft.algorithm.refutation import MATRICES, Placing
from wincraft.exact.matrix import exact_matrix, factor_between
from wincraft.exact.types import Domain, Element


def disagreements(given: TapVectors, layout: Placing) -> Iterator[Fault]:
    """The faults of each matrix alone, as far as the other two determine it."""
    for matrix in ("BT", "G", "AT"):
        needed = solve(given, matrix)
        if needed is not None:
            yield from _compare(given, matrix, needed, layout)


def solve(given: TapVectors, matrix: str) -> Vectors | None:
    """The vectors of one matrix that the other two need at scale 1, or None where there are none or many.

    They solve  sum_k first[k,a] second[k,b] X[k,c] = [l = i + j], where (a, b, c) are i, j, l in the order of the
    matrices; its own number of vectors may be another than theirs.

    >>> from wincraft import winograd
    >>> f = winograd(1, 2, points="0")
    >>> solve(TapVectors.of(f.output.dense, f.filter.dense, f.input.dense), "BT") == f.input.dense.to_list()
    True
    """
    K = given.K
    first, second = (name for name in MATRICES if name != matrix)
    left, right = given.vectors[first], given.vectors[second]
    a, b = len(left[0]), len(right[0])
    width = {"AT": b - a + 1, "G": b - a + 1, "BT": a + b - 1}[matrix]
    if width < 1 or len(left) != len(right):
        return None
    rank = len(left)
    rows = []
    for x in range(a):
        for y in range(b):
            wanted = x + y if matrix == "BT" else y - x
            target = [K.one if z == wanted else K.zero for z in range(width)]
            rows.append([left[k][x] * right[k][y] for k in range(rank)] + target)
    reduced, pivots = exact_matrix(rows, (len(rows), rank + width), K).rref()
    if tuple(pivots) != tuple(range(rank)):
        return None
    return [row[rank:] for row in reduced.to_list()[:rank]]


def _compare(given: TapVectors, matrix: str, needed: Vectors, layout: Placing) -> Iterator[Fault]:
    rows, K = given.vectors[matrix], given.K
    found = [_ratio(row, wanted) for row, wanted in zip(rows, needed, strict=True)]
    ratios = [ratio for ratio in found if ratio is not None]
    votes = Counter(ratios)
    if votes and len(ratios) == len(found):
        scale = _elected(votes, K)
        wrong = tuple((k, ratio / scale) for k, ratio in enumerate(ratios) if ratio != scale)
        products = dict(wrong)
        BT = [[value / products.get(k, K.one) for value in row] for k, row in enumerate(given.vectors["BT"])]
        yield Fault(len(wrong), scale, given.replaced("BT", BT), row_scales=wrong)
        return
    anywhere = Counter(ratio for row in rows for wanted in needed if (ratio := _ratio(row, wanted)) is not None)
    if not anywhere:
        return
    scale = _elected(votes or anywhere, K)
    right = [[scale * value for value in row] for row in needed]
    repaired = given.replaced(matrix, right)
    wrong_taps = [k for k, row in enumerate(rows) if row != right[k]]
    cause = _order(matrix, rows, right, wrong_taps, layout) or _repeated(matrix, rows, right, wrong_taps, layout, K)
    changes = sum(a != b for k in wrong_taps for a, b in zip(rows[k], right[k], strict=True))
    if cause or votes:
        yield Fault(1 if cause else changes, scale, repaired, cause)


def _elected(votes: Counter[Element], K: Domain) -> Element:
    """The scale of most votes, 1 where it is among equals."""
    return max(votes, key=lambda ratio: (votes[ratio], ratio == K.one))


def _order(matrix: str, rows: Vectors, right: Vectors, wrong: Sequence[int], layout: Placing) -> str:
    """The words where the rows are the right ones in another order, else ''."""
    taken = [next((j for j in wrong if rows[j] == right[k]), None) for k in wrong]
    if None in taken or len(set(taken)) != len(taken):
        return ""
    if len(wrong) == 2:
        return f"{layout.vectors(matrix, *wrong)} are exchanged; exchange them back"
    places = dict(zip(wrong, taken, strict=True))
    order = ", ".join(str(places.get(k, k)) for k in range(len(rows)))
    return f"the {layout.line(matrix)}s of {layout.name(matrix)} are permuted: put them in the order {order} (from 0)"


def _repeated(matrix: str, rows: Vectors, right: Vectors, wrong: Sequence[int], layout: Placing, K: Domain) -> str:
    """The words where the one wrong row, wrong in more than an entry, stands a second time, else ''."""
    if len(wrong) != 1:
        return ""
    (tap,) = wrong
    if sum(a != b for a, b in zip(rows[tap], right[tap], strict=True)) == 1:
        return ""
    twin = next((k for k, row in enumerate(rows) if k != tap and row == rows[tap]), None)
    if twin is None:
        return ""
    needed = ", ".join(texts(right[tap], K))
    return f"tap {tap} (from 0): {layout.vectors(matrix, tap)} repeats {layout.line(matrix)} {twin}, must be ({needed})"


def _ratio(row: Sequence[Element], wanted: Sequence[Element]) -> Element | None:
    """The factor that makes `wanted` into `row`, or None if none does or it is 0."""
    return factor_between(row, wanted) or None
