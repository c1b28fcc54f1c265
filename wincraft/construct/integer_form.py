# SPDX-License-Identifier: Apache-2.0
"""Every rational algorithm on integer matrices, and the factors that make tap vectors integer."""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd, lcm

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.linear_map import LinearMap, Pass
from wincraft.algorithm.nesting import map_axes
from wincraft.construct.toom_cook import tap_vectors
from wincraft.errors import NotApplicable
from wincraft.exact.types import Domain, Element, Vectors


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


def integer_factors(
    columns: Vectors, filter_rows: Vectors, rows: Vectors, K: Domain
) -> tuple[list[Element], list[Element], list[Element], Element]:
    """The factors of the columns of A^T and the rows of G and B^T in the integer form, and its scale, over QQ.

    >>> from sympy import QQ
    >>> integer_factors([[QQ(1, 2)], [QQ(3)]], [[QQ(1, 3)], [QQ(1)]], [[QQ(1)], [QQ(2)]], QQ)
    ([2, 1/3], [3, 36], [1, 1/2], 6)
    """
    a, b = ([1 / content(vector, K) for vector in table] for table in (columns, rows))
    scaled = [value / (x * y) for row, x, y in zip(filter_rows, a, b, strict=True) for value in row]
    scale = 1 / content(scaled, K)
    return a, [scale / (x * y) for x, y in zip(a, b, strict=True)], b, scale


def content(values: Sequence[Element], K: Domain) -> Element:
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
    a, g, b, _ = integer_factors(*tap_vectors(algorithm), K)
    g = [-x for x in g] if algorithm.scale < 0 else g
    maps = {"output": algorithm.output, "filter": algorithm.filter, "input": algorithm.input}
    plain = {name: LinearMap(item.tile, (Pass(item.dense, None, item.image),)) for name, item in maps.items()}
    return algorithm.with_maps(**plain).rescale(*([K.to_sympy(value) for value in by] for by in (a, g, b)))
