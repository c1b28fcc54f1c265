# SPDX-License-Identifier: Apache-2.0
"""Convolution by its definition, in Fractions and sympy numbers: what every algorithm is held against."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import sympy


def plain(value):
    """A sympy number as a Fraction where it is rational, else as it is; ints and Fractions as Fractions."""
    value = sympy.sympify(value) if isinstance(value, int | str) else value
    if isinstance(value, Fraction):
        return value
    return Fraction(int(value.p), int(value.q)) if value.is_Rational else value


def table(matrix):
    """A sympy matrix, or rows of texts, as an object array of `plain` numbers."""
    rows = matrix.tolist() if hasattr(matrix, "tolist") else matrix
    return np.array([[plain(value) for value in row] for row in rows], dtype=object)


def is_zero(value):
    """Whether an exact number is 0."""
    return sympy.radsimp(sympy.expand(value)) == 0 if isinstance(value, sympy.Expr) else value == 0


def correlate(data, filters):
    """y[b,k,p] = sum over c, q of data[b,c,p+q] filters[k,c,q], in the arithmetic of the entries."""
    taps = filters.shape[2:]
    sizes = [n - r + 1 for n, r in zip(data.shape[2:], taps, strict=True)]
    result = np.zeros((data.shape[0], filters.shape[0], *sizes), dtype=object)
    for k, c in product(range(filters.shape[0]), range(data.shape[1])):
        for at in product(*map(range, taps)):
            window = tuple(slice(q, q + size) for q, size in zip(at, sizes, strict=True))
            result[:, k] += filters[(k, c, *at)] * data[(slice(None), c, *window)]
    return result


def correlate_tile(data, taps):
    """One plain tile, any number of axes."""
    data, taps = np.array(data, dtype=object), np.array(taps, dtype=object)
    return correlate(data[None, None], taps[None, None])[0, 0]


def computes_the_convolution(AT, G, BT, scale=1):
    """Whether A^T [(G g) * (B^T d)] is `scale` times the correlation for every pair of unit vectors, hence for all."""
    AT, G, BT, scale = table(AT), table(G), table(BT), plain(scale)
    m, r, n = AT.shape[0], G.shape[1], BT.shape[1]
    for j, l in product(range(r), range(n)):
        outputs = AT @ (G[:, j] * BT[:, l])
        if not all(is_zero(y - (scale if i + j == l else 0)) for i, y in enumerate(outputs)):
            return False
    return n == m + r - 1


def is_right(algorithm):
    """`computes_the_convolution` for an algorithm's dense matrices and its scale."""
    return computes_the_convolution(algorithm.AT, algorithm.G, algorithm.BT, algorithm.scale)


def fidelity(algorithm):
    """Noise gain by what it means: squared norms of the taps' rank-one tensors over that of the result they sum to."""
    AT, G, BT = table(algorithm.AT), table(algorithm.G), table(algorithm.BT)
    parts = [np.multiply.outer(np.multiply.outer(AT[:, k], G[k]), BT[k]) for k in range(AT.shape[1])]
    whole = sum(parts)
    return sum((part**2).sum() for part in parts) / (whole**2).sum()
