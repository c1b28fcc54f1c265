# SPDX-License-Identifier: Apache-2.0
"""Polynomials over a number field Q[t]/(p): their factors, by Trager's algorithm as sympy has it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from sympy import AlgebraicNumber, CRootOf, Poly
from sympy.polys.domains import QQ
from sympy.polys.factortools import dup_factor_list

from wincraft.exact.expression import x
from wincraft.exact.types import Domain, Element

Polynomial = tuple[Element, ...]
"""A polynomial over QQ, or an element of Q[t]/(p), low to high."""


def factors_over(polynomial: Sequence[Element], modulus: Sequence[Element]) -> list[tuple[tuple[Polynomial, ...], int]]:
    """The monic irreducible factors of a rational polynomial over Q[t]/(modulus), each with its multiplicity.

    The modulus is monic and irreducible over QQ, of degree D >= 1; a coefficient of a factor is an element of the
    field, D rationals, low to high. Exact.

    >>> i = [QQ(1), QQ(0), QQ(1)]
    >>> factors_over(i, i)
    [(((0, -1), (1, 0)), 1), (((0, 1), (1, 0)), 1)]
    >>> factors_over(i, [QQ(0), QQ(1)])
    [(((1,), (0,), (1,)), 1)]
    """
    K = _field(tuple(modulus))
    size = len(modulus) - 1
    if len(polynomial) == 2:
        return [(tuple((QQ(value),) + (QQ.zero,) * (size - 1) for value in polynomial), 1)]
    _, found = dup_factor_list([K.from_sympy(QQ.to_sympy(value)) for value in reversed(polynomial)], K)
    return [
        (tuple(_low_to_high(value / factor[0], size) for value in reversed(factor)), multiplicity)
        for factor, multiplicity in found
    ]


def _low_to_high(value: Element, size: int) -> Polynomial:
    plain = [value] if size == 1 else list(reversed(value.to_list()))  # type: ignore[attr-defined]
    return tuple(QQ(item) for item in plain) + (QQ.zero,) * (size - len(plain))


@cache
def _field(modulus: Polynomial) -> Domain:
    """The field as a domain of sympy; which of its embeddings into the complex numbers is taken does not matter."""
    if len(modulus) == 2:
        return QQ
    minimal = Poly([QQ.to_sympy(value) for value in reversed(modulus)], x)
    return QQ.algebraic_field(AlgebraicNumber((minimal, CRootOf(minimal, 0))))
