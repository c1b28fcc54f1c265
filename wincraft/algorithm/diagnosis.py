# SPDX-License-Identifier: Apache-2.0
"""Why three matrices are no algorithm: which outputs and taps are wrong, by how much, and the repair.

With AT and G given, the identity is a linear system for BT (and likewise for AT and for G). Its solution, row by row
beside the given matrix, shows rows that are off by a factor (a diagonal repairs them) or altogether wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from wincraft.algorithm.proof import convolution_tensor
from wincraft.exact.matrix import exact_matrix
from wincraft.exact.number import number_text, to_fraction
from wincraft.refutation import Diagnosis, RowRepair

LARGEST_REPAIRED = 64
"""Above this rank no repair is looked for, only the residual is told."""


def diagnose(AT: Any, G: Any, BT: Any, stated_scale: Any = None) -> Diagnosis:
    """Find out why (AT, G, BT), of shapes (m, R), (R, r), (R, n), fail the exact identity at a stated scale. Exact.

    >>> from wincraft.exact.matrix import from_numbers
    >>> from wincraft import winograd
    >>> from sympy import QQ
    >>> good = winograd(2, 3, points="0,1,-1")
    >>> BT = [[-x for x in row] if k == 2 else row for k, row in enumerate(good.BT.tolist())]
    >>> print(diagnose(good.output.dense, good.filter.dense, from_numbers(BT, QQ)).summary)
    not F(2,3): tap 2 (from 0): product of row scales is -1, must be 1; multiply its row of BT by the inverse
    """
    K = BT.domain
    m, r, n = AT.shape[0], G.shape[1], BT.shape[1]
    target = [[[K.one if l == i + j else K.zero for l in range(n)] for j in range(r)] for i in range(m)]
    scale: Any = None
    row_scales: tuple[tuple[int, Any], ...] = ()
    repairs: tuple[RowRepair, ...] = ()
    if BT.shape[0] <= LARGEST_REPAIRED:
        candidates = []
        for name, first, second, given, flat in (
            ("BT", AT.transpose(), G, BT, [target[i][j] for i in range(m) for j in range(r)]),
            ("G", AT.transpose(), BT, G, [[target[i][j][l] for j in range(r)] for i in range(m) for l in range(n)]),
            ("AT", G, BT, AT.transpose(), [[target[i][j][l] for i in range(m)] for j in range(r) for l in range(n)]),
        ):
            needed = _solve(first, second, flat, K)
            if needed is not None:
                candidates.append(_compare(name, given.to_list(), needed, K))
        explained = [c for c in candidates if c is not None]
        if explained:
            scale, row_scales, repairs = min(explained, key=lambda c: (bool(c[2]), len(c[1]) + len(c[2])))
    tensor, where = convolution_tensor(AT, G, BT)
    if scale is None:
        scale = Counter(tensor[where[i][j]][i + j] for i in range(m) for j in range(r)).most_common(1)[0][0]
    residuals = {
        (i, j, l): difference
        for i in range(m)
        for j in range(r)
        for l in range(n)
        if (difference := tensor[where[i][j]][l] - scale * target[i][j][l])
    }
    worst = max(residuals, key=lambda at: abs(to_fraction(K.to_sympy(residuals[at]))), default=(0, 0, 0))
    return Diagnosis(
        m=m,
        r=r,
        scale=_text(scale, K),
        outputs=tuple(sorted({i for i, _, _ in residuals})),
        residual=_text(residuals.get(worst, K.zero), K),
        residual_at=worst,
        row_scales=tuple((tap, _text(product, K)) for tap, product in row_scales),
        repairs=repairs,
        stated_scale=None if stated_scale is None else number_text(stated_scale),
    )


def _text(element: Any, K: Any) -> str:
    return number_text(K.to_sympy(element))


def _texts(row: Sequence[Any], K: Any) -> tuple[str, ...]:
    return tuple(_text(value, K) for value in row)


def _solve(first: Any, second: Any, target: list[list[Any]], K: Any) -> list[list[Any]] | None:
    """The one X with  sum_k first[k,a] second[k,b] X[k,:] = target[(a,b),:], or None if there is none or many."""
    rank = first.shape[0]
    left, right = first.transpose().to_list(), second.transpose().to_list()
    products = [[a * b for a, b in zip(row_a, row_b, strict=True)] for row_a in left for row_b in right]
    rows = [product + row for product, row in zip(products, target, strict=True)]
    reduced, pivots = exact_matrix(rows, (len(rows), len(rows[0])), K).rref()
    if tuple(pivots) != tuple(range(rank)):
        return None
    return [row[rank:] for row in reduced.to_list()[:rank]]


def _compare(
    name: str, given: list[list[Any]], needed: list[list[Any]], K: Any
) -> tuple[Any, tuple[tuple[int, Any], ...], tuple[RowRepair, ...]] | None:
    """(scale, off-scale taps, wrong rows) of the given rows beside the rows that scale 1 needs."""
    ratios = [_ratio(row, wanted) for row, wanted in zip(given, needed, strict=True)]
    votes = Counter(ratio for ratio in ratios if ratio is not None)
    if not votes:
        return None
    scale = max(votes, key=lambda ratio: (votes[ratio], ratio == K.one))
    if None not in ratios:
        return scale, tuple((k, ratio / scale) for k, ratio in enumerate(ratios) if ratio != scale), ()
    repairs = tuple(
        RowRepair(name, k, _texts(given[k], K), _texts([scale * value for value in needed[k]], K))
        for k, ratio in enumerate(ratios)
        if ratio != scale
    )
    return scale, (), repairs


def _ratio(row: list[Any], wanted: list[Any]) -> Any | None:
    """The factor that makes `wanted` into `row`, or None if none does (or it is 0)."""
    pivot = next((k for k, value in enumerate(wanted) if value), None)
    if pivot is None or not row[pivot]:
        return None
    factor = row[pivot] / wanted[pivot]
    return factor if all(a == factor * b for a, b in zip(row, wanted, strict=True)) else None
