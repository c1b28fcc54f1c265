# SPDX-License-Identifier: Apache-2.0
"""Any rational algorithm on integer matrices, and the factors that make tap vectors integer."""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd, lcm
from typing import Any, NamedTuple

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.linear_map import LinearMap, Pass
from wincraft.algorithm.nesting import map_axes
from wincraft.errors import NotApplicable

ElementTable = Sequence[Sequence[Any]]


class IntegerFactors(NamedTuple):
    """What A^T columns, G rows and B^T rows are multiplied by, and the scale that comes in; domain elements."""

    a: list[Any]
    g: list[Any]
    b: list[Any]
    scale: Any


def integer_form(algorithm: Algorithm) -> Algorithm:
    """The algorithm with A^T columns and B^T rows primitive integer, and the smallest scale that makes G integer.

    That is the convention ``integer``, but for signs, of any rational algorithm; the scale is positive. Integers have
    no stages: between those of a chain values are rational in general, so every map is one matrix. Exact.

    Raises:
        NotApplicable: over an algebraic field.

    >>> from wincraft import winograd
    >>> integer_form(winograd(4, 3, points="0,1,-1,2,-2").change_basis("legendre")).scale
    24
    """
    return map_axes(algorithm, _integers) if algorithm.separable else _integers(algorithm)


def integer_factors(columns: ElementTable, filter_rows: ElementTable, rows: ElementTable, K: Any) -> IntegerFactors:
    """The factors of the integer form from the columns of A^T and the rows of G and B^T, over the rational numbers.

    >>> from sympy import QQ
    >>> integer_factors([[QQ(1, 2)], [QQ(3)]], [[QQ(1, 3)], [QQ(1)]], [[QQ(1)], [QQ(2)]], QQ)
    IntegerFactors(a=[2, 1/3], g=[3, 36], b=[1, 1/2], scale=6)
    """
    a, b = ([1 / content(vector, K) for vector in table] for table in (columns, rows))
    scaled = [value / (x * y) for row, x, y in zip(filter_rows, a, b, strict=True) for value in row]
    scale = 1 / content(scaled, K)
    return IntegerFactors(a, [scale / (x * y) for x, y in zip(a, b, strict=True)], b, scale)


def content(values: Sequence[Any], K: Any) -> Any:
    """The positive rational c such that the values over c are integers without a common factor.

    >>> from sympy import QQ
    >>> content([QQ(2, 3), QQ(4, 5)], QQ)
    2/15
    """
    fractions = [(int(K.numer(value)), int(K.denom(value))) for value in values if value] or [(1, 1)]
    return K(gcd(*(p for p, _ in fractions)), lcm(*(q for _, q in fractions)))


def _integers(algorithm: Algorithm) -> Algorithm:
    """Of one axis, or of whole tiles."""
    K = algorithm.domain
    if not algorithm.field.rational:
        raise NotApplicable("integer matrices", f"entries lie in {K}", "choose rational points for integer arithmetic")
    output, filter, input = (_one_pass(item) for item in (algorithm.output, algorithm.filter, algorithm.input))
    columns, rows = output.dense.transpose().to_list(), input.dense.to_list()
    a, g, b, _ = integer_factors(columns, filter.dense.to_list(), rows, K)
    g = [-x for x in g] if algorithm.scale < 0 else g
    plain = algorithm.with_maps(output=output, filter=filter, input=input)
    return plain.rescale(*([K.to_sympy(value) for value in factors] for factors in (a, g, b)))


def _one_pass(item: LinearMap) -> LinearMap:
    return LinearMap(item.tile, (Pass(item.dense, None, item.image),))
