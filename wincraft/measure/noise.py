# SPDX-License-Identifier: Apache-2.0
"""How much an algorithm amplifies rounding errors made in its products: on average and in the worst case. Exact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from math import prod
from typing import Any

import numpy as np

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.description import tap_chart
from wincraft.algorithm.linear_map import LinearMap, Maps
from wincraft.errors import BadShape, BadValue, NotApplicable
from wincraft.exact.field import common_field
from wincraft.exact.matrix import from_numbers, read_rows
from wincraft.exact.number import is_negative, number_text
from wincraft.exact.types import Element, Matrix, Number
from wincraft.measure.tables import axis_maps
from wincraft.show.chart import Chart
from wincraft.show.layout import Layout
from wincraft.show.shown import Shown

MomentMatrices = Any
"""A square matrix of exact numbers E[x x^T] for one axis; for several axes a sequence of them, None meaning white."""


@dataclass(frozen=True, eq=False, repr=False)
class NoiseGain(Shown):
    """The noise gain of an algorithm and what each tap adds to it; exact sympy numbers.

    `contributions` has one axis per axis of the algorithm, of length R, and sums to `value`.
    """

    value: Number
    contributions: np.ndarray
    algorithm: Algorithm

    def layout(self) -> Layout:
        """The noise gain in a line, and what each tap adds to it."""
        worst = max(np.ndindex(self.contributions.shape), key=lambda tap: self.contributions[tap])
        share = float(self.contributions[worst] / self.value)
        exact = number_text(self.value)
        shown = exact if len(exact) <= 20 else f"{float(self.value):.6g}"
        gain = f"noise gain {shown} ({10 * np.log10(float(self.value)):+.2f} dB)"
        text = f"{gain}; largest share {share:.1%}, of tap {', '.join(map(str, worst))} (from 0)"
        return Layout(text, charts=() if self.contributions.ndim > 2 else (self.chart(),))

    def chart(self) -> Chart:
        """What each tap adds to the noise gain: bars for one axis, a map in grey for two.

        Raises:
            NotApplicable: for more than two axes.
        """
        return tap_chart(self.algorithm, self.contributions)


def noise_gain(
    algorithm: Algorithm, input_moments: MomentMatrices | None = None, filter_moments: MomentMatrices | None = None
) -> NoiseGain:
    """Output variance from independent relative rounding of every tap, per unit of output variance. Exact.

    With H = (A A^T) * (G S_g G^T) * (B S_d B^T), three R x R Gram matrices multiplied entry by entry (A with the
    columns of A^T as rows, B the rows of B^T):  NG = trace(H) / sum(H),  tap k adds H_kk / sum(H).
    trace(H) / scale^2 is sum_k |A_k|^2 E[(G_k g)^2] E[(B_k d)^2]; sum(H) / scale^2 is the sum of the outputs' second
    moments. S_d = E[d d^T] (n x n) and S_g = E[g g^T] (r x r) are identities, white data, if left out; then it is
    `algorithm.noise_gain()`. In the linear form d is m long. No scaling of the algorithm or of the moments matters.

    Several axes: moments are sequences of one matrix (or None) per axis, their Kronecker product the joint moments,
    and NG is the product over axes. Moments that are no such product are not supported. Where passes take whole tiles,
    they are those of the flattened tile, as of one axis.

    Raises:
        BadShape: where a matrix of moments has another size, or there is not one per axis.
        NotApplicable: where moments are not symmetric positive semidefinite, or every output is always 0.
        BadNumber, FloatGiven: where an entry is no exact number.
        BadValue: for moments that are not positive semidefinite.

    Source: the product-noise term of the linear noise model; Barabasz et al., arXiv 1803.10986, bound the same errors.

    >>> from wincraft import winograd
    >>> noise_gain(winograd(2, 3, points="0,1,-1"))
    noise gain 5/3 (+2.22 dB); largest share 30.0%, of tap 1 (from 0)
    >>> smooth = [[f"1/{2 ** abs(i - j)}" for j in range(4)] for i in range(4)]  # correlation 1/2 between neighbours
    >>> noise_gain(winograd(2, 3, points="0,1,-1"), input_moments=smooth).value
    3/2
    """
    algorithm.field.need_order(f"noise gain of {algorithm.size}")
    axes = axis_maps(algorithm)
    data, filters = _per_axis("input_moments", input_moments, axes), _per_axis("filter_moments", filter_moments, axes)
    factors = [_axis_contributions(*factor) for factor in zip(axes, data, filters, strict=True)]
    contributions = reduce(np.multiply.outer, factors)
    return NoiseGain(prod(factor.sum() for factor in factors).expand(), contributions, algorithm)


def worst_case_amplification(algorithm: Algorithm) -> Number:
    """max_i sum_k |A_ik| |G_k|_1 |B_k|_1 / |scale|, 1-norms of rows; an exact sympy number, a product over axes.

    If |d| <= D, |g| <= W and every product is wrong by at most a relative u, no output is wrong by more than u D W
    times this. Direct convolution has r. No scaling changes it.

    Source: componentwise error analysis, N. J. Higham, Accuracy and Stability of Numerical Algorithms, chapter 3.

    >>> from wincraft import parse, winograd
    >>> worst_case_amplification(winograd(2, 3, points="0,1,-1")), worst_case_amplification(parse("F(2x2,3x3)"))
    (8, 64)
    """
    algorithm.field.need_order(f"worst-case amplification of {algorithm.size}")
    found: Number = (prod(map(_amplification, axis_maps(algorithm))) / abs(algorithm.scale)).expand()
    return found


def _axis_contributions(maps: Maps, data: list[list[Number]] | None, filters: list[list[Number]] | None) -> np.ndarray:
    given = [value for rows in (data, filters) if rows is not None for row in rows for value in row]
    K = common_field(maps.input.domain, numbers=given)
    grams = (
        _gram(maps.output.transpose().convert(K), None, "output"),
        _gram(maps.filter.convert(K), filters, "filter_moments"),
        _gram(maps.input.convert(K), data, "input_moments"),
    )
    H = [[a * g * b for a, g, b in zip(*rows, strict=True)] for rows in zip(*grams, strict=True)]
    total = sum((value for row in H for value in row), K.zero)
    if not total:
        raise NotApplicable("noise gain", "under these moments every output is always 0", "give moments of other data")
    return np.array([K.to_sympy(H[k][k] / total) for k in range(len(H))], dtype=object)


def _gram(rows: LinearMap, moments: list[list[Number]] | None, what: str) -> list[list[Element]]:
    """M S M^T as nested lists."""
    matrix: Matrix = rows.dense
    if moments is None:
        return (matrix * matrix.transpose()).to_list()
    size = matrix.shape[1]
    got = len(moments), len(moments[0])
    if got != (size, size):
        raise BadShape(what, str(got), str((size, size)))
    S = from_numbers(moments, matrix.domain)
    signs = enumerate(S.charpoly())  # of a symmetric matrix: no negative root iff its coefficients alternate
    if S.transpose() != S or any(is_negative(-c if k % 2 else c, S.domain) for k, c in signs):
        raise BadValue(what, "not symmetric positive semidefinite", "give E[x x^T]")
    return (matrix * S * matrix.transpose()).to_list()


def _per_axis(what: str, given: MomentMatrices, axes: Sequence[Maps]) -> list[list[list[Number]] | None]:
    if given is None:
        return [None] * len(axes)
    matrices = [given] if len(axes) == 1 else list(given)
    if len(matrices) != len(axes):
        raise BadShape(what, f"({len(matrices)},)", f"one matrix per axis, {len(axes)} of them")
    return [None if matrix is None else read_rows(what, matrix) for matrix in matrices]


def _amplification(maps: Maps) -> Number:
    """That of one axis, times the scale."""
    K = maps.output.domain
    A, G, B = (_magnitudes(item) for item in maps)
    products = [sum(g, K.zero) * sum(b, K.zero) for g, b in zip(G, B, strict=True)]
    return max(K.to_sympy(sum((a * p for a, p in zip(row, products, strict=True)), K.zero)) for row in A)


def _magnitudes(rows: LinearMap) -> list[list[Element]]:
    return [[-x if is_negative(x, rows.domain) else x for x in row] for row in rows.dense.to_list()]
