# SPDX-License-Identifier: Apache-2.0
"""Algorithms of several axes from such of one."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from sympy import S

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.linear_map import side_by_side
from wincraft.errors import BadShape, check_type
from wincraft.exact.field import common_field


def nest(*axes: Algorithm) -> Algorithm:
    """The Kronecker product of proved algorithms, one or more axes from each: F(2x4,3x3) of F(2,3) and F(4,3).

    In 2-D:  Y = A1^T [(G1 g G2^T) * (B1^T d B2)] A2 / scale.  Rank and scale are products over the axes. Maps run stage
    by stage, every stage along all the axes in turn (see `side_by_side`). Exact.

    Raises:
        BadShape: without axes, where their forms differ, or for what is no algorithm.
        NotApplicable: an algorithm whose maps are no products of maps of one axis.

    >>> from wincraft import winograd
    >>> nest(winograd(2, 3, points="0,1,-1"), winograd(4, 3, points="0,1,-1,2,-2"))
    F(2x4,3x3), rank 24 = 4*6, scale 1, proved
    """
    if not axes or not all(isinstance(axis, Algorithm) for axis in axes):
        raise BadShape("a nested algorithm", str(axes), "at least one axis, each an Algorithm")
    if len({axis.form for axis in axes}) > 1:
        raise BadShape("a nested algorithm", f"axes of forms {[axis.form for axis in axes]}", "one form for all")
    factors = [factor for axis in axes for factor in axis.factors]
    if len(factors) == 1:
        return factors[0]
    K = factors[0].domain
    if any(factor.domain != K for factor in factors):
        K = common_field(*(factor.domain for factor in factors))
        converted = {factor: factor.convert(K) for factor in dict.fromkeys(factors)}
        factors = [converted[factor] for factor in factors]
    nested = object.__new__(Algorithm)
    vars(nested)["factors"] = tuple(factors)  # they are proved: their proofs are its proof
    Algorithm.__init__(
        nested,
        output=side_by_side([factor.output for factor in factors]),
        filter=side_by_side([factor.filter for factor in factors]),
        input=side_by_side([factor.input for factor in factors]),
        scale=prod((factor.scale for factor in factors), start=S.One),
        form=factors[0].form,
        recipe=tuple(factor.recipe[0] for factor in factors),
    )
    return nested


def map_axes(algorithm: Algorithm, change: Callable[[Algorithm], Algorithm]) -> Algorithm:
    """The algorithm with every axis changed, axes that are alike once.

    Raises:
        NotApplicable: for what is no algorithm, or one without `factors`.

    >>> from wincraft import winograd
    >>> map_axes(winograd("F(2x2,3x3)"), lambda axis: axis.change_basis("legendre")).variant
    ('G in 2 stages', 'B^T in 2 stages')
    """
    check_algorithm(algorithm)
    changed = {axis: change(axis) for axis in dict.fromkeys(algorithm.factors)}
    return nest(*(changed[axis] for axis in algorithm.factors))


def parts(algorithm: Algorithm) -> tuple[Algorithm, ...]:
    """What an algorithm is the Kronecker product of: its factors, of whole tiles itself.

    >>> from wincraft import winograd
    >>> [part.size for part in parts(winograd("F(2x4,3x3)"))]
    ['F(2,3)', 'F(4,3)']
    """
    return algorithm.factors if algorithm.separable else (algorithm,)


def check_algorithm(given: object) -> None:
    """Refuse what is no algorithm where one is needed.

    Raises:
        WrongType: a size, say, or the path of a file.

    >>> check_algorithm("4,3")
    Traceback (most recent call last):
    ...
    wincraft.errors.WrongType: '4,3' is not an algorithm; make one of its size, winograd("F(4,3)"), or read(path)
    """
    check_type("an algorithm", given, Algorithm, 'make one of its size, winograd("F(4,3)"), or read(path)')
