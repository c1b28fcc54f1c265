# SPDX-License-Identifier: Apache-2.0
"""Why three matrices are no algorithm: which outputs and taps are wrong, by how much, the cause and the repair.

Causes are looked for in this order, and the one that changes least is told, once the exact proof accepts the repair:
a matrix in reverse order (`faults`), one matrix beside what the other two need (`solving`), one or two wrong entries
(`typos`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from wincraft.algorithm.faults import Fault, TapVectors, reversals
from wincraft.algorithm.proof import ThreeMaps, convolution_tensor, tap_products, tensor_rows
from wincraft.algorithm.recipe import size_words
from wincraft.algorithm.refutation import Diagnosis, Placing
from wincraft.algorithm.solving import disagreements
from wincraft.algorithm.typos import wrong_entries
from wincraft.exact.field import Field
from wincraft.exact.matrix import exact_matrix
from wincraft.exact.number import number_text, to_fraction
from wincraft.exact.types import Domain, Element, Matrix, Number

LARGEST_REPAIRED = 40
"""Above this rank, and in rings where not every element has an inverse, only the residual is told."""

LARGEST_EXAMINED = 200_000
"""Above so many products m r R only the first wrong output is looked for."""

_SCALES = 4
"""So many of the scales that outputs agree on are tried where wrong entries are looked for."""

_AS_NAMED = Placing()
_Rows = dict[tuple[int, int], list[Element]]


def diagnose(
    AT: Matrix, G: Matrix, BT: Matrix, stated_scale: Number | None = None, layout: Placing = _AS_NAMED
) -> Diagnosis:
    """Find out why (AT, G, BT), of shapes (m, R), (R, r), (R, n), fail the exact identity at a stated scale. Exact.

    `layout` says how the matrices stand where they were read, for the words of the diagnosis.

    >>> from wincraft.exact.matrix import from_numbers
    >>> from wincraft import winograd
    >>> from sympy import QQ
    >>> good = winograd(2, 3, points="0,1,-1")
    >>> BT = [[-x for x in row] if k == 2 else row for k, row in enumerate(good.BT.tolist())]
    >>> print(diagnose(good.output.dense, good.filter.dense, from_numbers(BT, QQ)).summary.partition(";")[0])
    not F(2,3): tap 2 (from 0): wrong sign, product of row scales is -1, must be 1
    """
    m, r, rank = AT.shape[0], G.shape[1], BT.shape[0]
    stated = None if stated_scale is None else number_text(stated_scale)
    if m * r * rank > LARGEST_EXAMINED:
        return replace(_first_failure(AT, G, BT), stated_scale=stated, layout=layout)
    matrices = TapVectors.of(AT, G, BT)
    tensor, where = convolution_tensor(AT, G, BT)
    rows = {(i, j): tensor[where[i][j]] for i in range(m) for j in range(r)}
    votes = Counter(row[i + j] for (i, j), row in rows.items())
    repairable = rank <= LARGEST_REPAIRED and Field(AT.domain).is_field
    fault = _cause(matrices, rows, votes, layout) if repairable else None
    scale = votes.most_common(1)[0][0] if fault is None else fault.scale
    K, residuals = BT.domain, _residuals(rows, scale)
    worst = max(residuals, key=lambda at: abs(to_fraction(K.to_sympy(residuals[at]))), default=(0, 0, 0))
    return Diagnosis(
        size=size_words((m,), (r,)),
        count=m,
        scale=_text(scale, K),
        outputs=tuple(sorted({i for i, _, _ in residuals})),
        residual=_text(residuals.get(worst, K.zero), K),
        residual_at=worst,
        row_scales=tuple((tap, _text(ratio, K)) for tap, ratio in fault.row_scales) if fault else (),
        repairs=fault.repairs(matrices) if fault else (),
        stated_scale=stated,
        cause=fault.cause if fault else "",
        layout=layout,
    )


def diagnosis_of(maps: ThreeMaps, stated_scale: Number | None) -> Diagnosis:
    """Why three maps fail the identity at a stated scale, None for any. Exact.

    Of several axes no repair is looked for, and i, j, l are counted through the flattened tiles.

    >>> from wincraft import winograd
    >>> print(diagnosis_of(winograd(2, 3).maps, 2).summary)
    not F(2,3): the matrices have scale 1, not 2; correct the scale
    """
    AT, G, BT = maps.output.dense, maps.filter.dense, maps.input.dense
    m, r = maps.output.image, maps.filter.tile
    if len(m) == 1:
        return diagnose(AT, G, BT, stated_scale)
    K = BT.domain
    rows = [(i, j, at, row) for i, j, at, row in tensor_rows(AT, G, BT, m, r)]
    scale = Counter(row[at] for _, _, at, row in rows).most_common(1)[0][0]
    wrong = {
        (i, j, l): value - scale if l == at else value
        for i, j, at, row in rows
        for l, value in enumerate(row)
        if (value != scale if l == at else value)
    }
    worst = max(wrong, key=lambda place: abs(to_fraction(K.to_sympy(wrong[place]))), default=(0, 0, 0))
    return Diagnosis(
        size=size_words(m, r),
        count=AT.shape[0],
        scale=_text(scale, K),
        outputs=tuple(sorted({i for i, _, _ in wrong})),
        residual=_text(wrong.get(worst, K.zero), K),
        residual_at=worst,
        stated_scale=None if stated_scale is None else number_text(stated_scale),
    )


def _cause(matrices: TapVectors, rows: _Rows, votes: Counter[Element], layout: Placing) -> Fault | None:
    """The fault that changes least among those whose repair is proved."""
    best: Fault | None = None
    for fault in _faults(matrices, rows, votes, layout):
        if (best is None or fault.changes < best.changes) and fault.repaired.scale() == fault.scale:
            best = fault
            if best.changes <= 1:
                break
    return best


def _faults(matrices: TapVectors, rows: _Rows, votes: Counter[Element], layout: Placing) -> Iterator[Fault]:
    yield from reversals(matrices, layout)
    yield from disagreements(matrices, layout)
    for scale, _ in votes.most_common(_SCALES):
        residuals = _residuals(rows, scale)
        if scale and residuals:
            yield from wrong_entries(matrices, residuals, scale)


def _residuals(rows: _Rows, scale: Element) -> dict[tuple[int, int, int], Element]:
    """The non-zero entries of  sum_k AT[i,k] G[k,j] BT[k,l] - scale [l = i + j]  by (i, j, l)."""
    entries = (
        ((i, j, l), value - scale if l == i + j else value)
        for (i, j), row in rows.items()
        for l, value in enumerate(row)
    )
    return {position: residual for position, residual in entries if residual}


def _first_failure(AT: Matrix, G: Matrix, BT: Matrix) -> Diagnosis:
    """The first wrong row of the tensor, diagonal by diagonal, at the scale of its first entry."""
    m, K = AT.shape[0], BT.domain
    size = size_words((m,), G.shape[1:])
    scale: Element | None = None
    for diagonal, (owners, products) in enumerate(tap_products(AT, G)):
        tensor = (exact_matrix(products, (len(products), BT.shape[0]), K) * BT).to_list()
        for (position, *_), row in zip(owners, tensor, strict=True):
            scale = row[0] if scale is None else scale
            residuals = _residuals({position: row}, scale)
            for at, residual in residuals.items():
                return Diagnosis(size, m, _text(scale, K), (at[0],), _text(residual, K), at, partial=True)
            if not scale:
                return Diagnosis(size, m, "0", (), "0", (*position, diagonal), partial=True)
    return Diagnosis(size, m, _text(scale, K), (), "0", (0, 0, 0), partial=True)


def _text(element: Element | None, K: Domain) -> str:
    return "0" if element is None else number_text(K.to_sympy(element))
