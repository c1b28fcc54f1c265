# SPDX-License-Identifier: Apache-2.0
"""Short convolutions without divisions: Karatsuba-like for few terms, and iterated for products of sizes."""

from __future__ import annotations

from sympy.polys.domains import QQ

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.linear_map import LinearMap
from wincraft.algorithm.recipe import Recipe
from wincraft.construct.toom_cook import tap_vectors
from wincraft.errors import NotApplicable
from wincraft.exact.field import common_field
from wincraft.exact.matrix import exact_matrix
from wincraft.exact.types import Element, Matrix, Vectors

FORMS = {
    2: "0 1 +0+1",
    3: "0 1 2 +0+1 +0+2 +1+2",
    4: "0 1 2 3 +0+1 +2+3 +0+2 +1+3 +0+1+2+3",
    5: "0 1 3 4 +0+1 +3+4 +0-4 +0-2-3 +1+2-4 +0-2-3-4 +0+1+2-4 +0+1-3-4 +0+1+2+3+4",
    6: "0 1 4 5 +0+1 +4+5 +1+2 +3+4 +2+3 +1-4 +0+1+2 +3+4+5 +0-2-5 +0+3-5 +0-2-3+5 +0+1+3+4 +0+1+2+3+4+5",
    7: (
        "0 1 2 3 4 5 6 +0+1 +5+6 +0-2 +4-6 +1-3 +3-5 +0+4 +2+6 +1+2-4-5 +0-2-3+5+6 +0+1-3-4+6 +0-2-3-4+6 "
        "+0+1-3-4-5 +1+2+3-5-6 +0+1+2+3+4+5+6"
    ),
}
"""The sums of coefficients that are multiplied, the same of both polynomials, by the number of terms.

For 2 to 4 terms Karatsuba 1962 and Weimerskirch & Paar 2003; for 5 and 6 P. L. Montgomery, Five, Six, and Seven-Term
Karatsuba-Like Formulae, IEEE Trans. Computers 54(3), 2005. The supports for 7 are of a formula modulo 2 of his count;
its signs were searched here.
"""


def karatsuba_like(m: int, r: int) -> Algorithm:
    """F(m,r) by the formula for max(m, r) terms: sums of coefficients with signs, integer B^T, no division. Exact.

    3, 6, 9, 13, 17 and 22 products for 2 to 7 terms; where m and r differ those that are left.

    Raises:
        NotApplicable: for fewer than 2 or more than 7 terms.

    >>> [karatsuba_like(terms, terms).rank for terms in range(2, 8)]
    [3, 6, 9, 13, 17, 22]
    >>> karatsuba_like(3, 3).G[3, :]
    Matrix([[1, 1, 0]])
    """
    terms = max(m, r)
    if terms not in FORMS:
        repair = f"give 2 to {max(FORMS)}, or a product of sizes such as 4*2,4*2"
        raise NotApplicable(f"Karatsuba({m},{r})", f"no formula for {terms} terms is known here", repair)
    forms = [_read(text, terms) for text in FORMS[terms].split()]
    kept = [
        (form[:m], form[:r], column[: m + r - 1])
        for form, column in zip(forms, _columns(forms, terms), strict=True)
        if any(form[:m]) and any(form[:r]) and any(column[: m + r - 1])
    ]
    A, G, B = (_table(rows) for rows in zip(*kept, strict=True))
    maps = LinearMap.of(A.transpose()), LinearMap.of(G), LinearMap.of(B)
    return Algorithm(*maps, recipe=(Recipe(construction=f"Karatsuba({m},{r})"),))


def _read(text: str, terms: int) -> list[Element]:
    form = [QQ.zero] * terms
    signed = text if text[0] in "+-" else f"+{text}"
    for sign, index in zip(signed[::2], signed[1::2], strict=True):
        form[int(index)] = QQ(1 if sign == "+" else -1)
    return form


def _columns(forms: Vectors, terms: int) -> Vectors:
    """By which coefficients of the product each form's product is multiplied: a linear system, equation by equation.

    Of forms that are the same on both sides the quadratic forms a_i a_j say all.
    """
    pairs = [(i, j) for i in range(terms) for j in range(i, terms)]
    rows = [
        [form[i] * form[j] * (1 if i == j else 2) for form in forms]
        + [QQ((1 if i == j else 2) if i + j == k else 0) for k in range(2 * terms - 1)]
        for i, j in pairs
    ]
    reduced, pivots = _table(rows).rref()
    assert pivots == tuple(range(len(forms)))
    return [row[len(forms) :] for row in reduced.to_list()[: len(forms)]]


def iterated(outer: Algorithm, inner: Algorithm) -> Algorithm:
    """F(m1 m2, r1 r2) of F(m1,r1) and F(m2,r2) where one of them has as many outputs as taps; ranks multiply. Exact.

    Of the m1 = r1 interleaved parts of data and filter the outer algorithm takes sums, the inner one multiplies them.

    Raises:
        NotApplicable: where neither has m = r, or one has several axes or another form.

    >>> from wincraft import winograd
    >>> iterated(karatsuba_like(2, 2), winograd(2, 3))
    F(4,6), rank 12, scale 1, proved
    """
    what = f"iterating {outer.size} and {inner.size}"
    if any(len(item.m) > 1 or item.form != "correlation" for item in (outer, inner)):
        raise NotApplicable(what, "one is not of one axis in correlation form", "iterate axes, then nest them")
    if outer.m != outer.r:
        if inner.m != inner.r:
            raise NotApplicable(what, "neither has as many outputs as taps", "give one such as F(2,2)")
        outer, inner = inner, outer
    K = common_field(outer.domain, inner.domain)
    outer, inner = outer.convert(K), inner.convert(K)
    step = outer.m[0]
    lengths = [step * inner.m[0], step * inner.r[0], step * (inner.m[0] + inner.r[0]) - 1]
    tables = []
    for length, outers, inners in zip(lengths, tap_vectors(outer), tap_vectors(inner), strict=True):
        rows = [[K.zero] * length for _ in range(outer.rank * inner.rank)]
        for row, (left, right) in zip(rows, ((x, y) for x in outers for y in inners), strict=True):
            for a, first in enumerate(left):
                for b, second in enumerate(right):
                    if first and second:
                        row[a + step * b] += first * second
        tables.append(exact_matrix(rows, (len(rows), length), K))
    A, G, B = tables
    maps = LinearMap.of(A.transpose()), LinearMap.of(G), LinearMap.of(B)
    return Algorithm(*maps, scale=outer.scale * inner.scale)


def _table(rows: Vectors) -> Matrix:
    return exact_matrix(rows, (len(rows), len(rows[0])), QQ)
