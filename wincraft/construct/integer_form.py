# SPDX-License-Identifier: Apache-2.0
"""Any rational algorithm on integer matrices."""

from __future__ import annotations

from dataclasses import replace

from wincraft.algorithm.bilinear import BilinearAlgorithm
from wincraft.algorithm.linear_map import LinearMap
from wincraft.algorithm.nested import Algorithm, map_axes
from wincraft.construct.conventions import content
from wincraft.errors import NotApplicable


def integer_form(algorithm: Algorithm, *, chains: bool = True) -> Algorithm:
    """The algorithm with A^T columns and B^T rows primitive integer, and the smallest scale that makes G integer.

    That is the convention ``integer``, but for signs, of any rational algorithm; a chain keeps its inner stages, or,
    without `chains`, becomes one stage. Exact.

    Raises:
        NotApplicable: over an algebraic field.

    >>> from wincraft import winograd
    >>> integer_form(winograd(4, 3, points="0,1,-1,2,-2")).scale
    24
    """
    return map_axes(algorithm, lambda axis: _integer_axis(axis if chains else _one_stage(axis)))


def _one_stage(axis: BilinearAlgorithm) -> BilinearAlgorithm:
    output, filter, input = (LinearMap((item.dense,)) for item in (axis.output, axis.filter, axis.input))
    return replace(axis, output=output, filter=filter, input=input)


def _integer_axis(axis: BilinearAlgorithm) -> BilinearAlgorithm:
    K = axis.domain
    if not K.is_QQ:
        raise NotApplicable("integer matrices", f"entries lie in {K}", "choose rational points for integer arithmetic")
    a = [1 / content(column, K) for column in axis.output.dense.transpose().to_list()]
    b = [1 / content(row, K) for row in axis.input.dense.to_list()]
    rows = axis.filter.dense.to_list()
    scaled = [value / (x * y) for row, x, y in zip(rows, a, b, strict=True) for value in row]
    scale = 1 / content(scaled, K)
    g = [scale / (x * y) for x, y in zip(a, b, strict=True)]
    return axis.rescale(*([K.to_sympy(value) for value in factors] for factors in (a, g, b)))
