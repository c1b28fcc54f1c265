# SPDX-License-Identifier: Apache-2.0
"""What constants become when a program runs on numbers of some kind."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from wincraft.errors import NotApplicable
from wincraft.exact.number import as_fractions
from wincraft.exact.types import Domain, Element
from wincraft.numbers.arrays import round_to_dtype

_REPAIR = "run it on exact or floating-point numbers, or take its integer form"


class PlainConstants:
    """Constants as they stand: for elements of the program's domain, and for whatever takes them, symbols for one."""

    def multiply(self, value: Any, c: Any) -> Any:
        """The value times c."""
        return value * c

    def divide(self, value: Any, c: Any) -> Any:
        """The value over c."""
        return value / c


class Exact(PlainConstants):
    """For Python integers and Fractions: results are exact, integers wherever they are whole."""

    def __init__(self, K: Domain) -> None:
        self._domain = K
        self._known: dict[Element, Fraction] = {}

    def fraction(self, c: Element) -> Fraction:
        """A constant as a Fraction."""
        if c not in self._known:
            (self._known[c],) = as_fractions([c], self._domain)
        return self._known[c]

    def multiply(self, value: Any, c: Element) -> Any:
        """The value times c."""
        return _plain(self.fraction(c) * Fraction(value), value)

    def divide(self, value: Any, c: Element) -> Any:
        """The value over c."""
        return _plain(Fraction(value) / self.fraction(c), value)


class Objects(Exact):
    """For arrays of exact numbers, which take Fractions."""

    def multiply(self, value: Any, c: Element) -> Any:
        """The value times c."""
        return value * self.fraction(c)

    def divide(self, value: Any, c: Element) -> Any:
        """The value over c."""
        return value * (1 / self.fraction(c))


class WholeNumbers(Exact):
    """For integer arrays and tensors: constants must be integers, and divisions leave no remainder."""

    def multiply(self, value: Any, c: Element) -> Any:
        """The value times c.

        Raises:
            NotApplicable: where c is no integer.
        """
        return value * self._whole(c)

    def divide(self, value: Any, c: Element) -> Any:
        """The value over c.

        Raises:
            NotApplicable: where c is no integer, or a remainder is left.
        """
        divisor = self._whole(c)
        quotient = value // divisor
        if not bool((quotient * divisor == value).all()):
            raise NotApplicable(f"an exact division by {divisor}", "it leaves a remainder", _REPAIR)
        return quotient

    def _whole(self, c: Element) -> int:
        """A constant as an integer."""
        fraction = self.fraction(c)
        if fraction.denominator != 1:
            raise NotApplicable("a program on integers", f"its constant {fraction} is none", _REPAIR)
        return int(fraction)


class Floats(Exact):
    """For floating-point arrays and tensors: constants are rounded once to their type, where that is NumPy's.

    Tensors take Python's floats, which they round to their own type.
    """

    def __init__(self, K: Domain, dtype: np.dtype | None, tensors: bool = False) -> None:
        super().__init__(K)
        self._dtype, self._tensors = dtype, tensors

    def rounded(self, c: Element) -> Any:
        """A constant in the type."""
        fraction = self.fraction(c)
        number = float(fraction) if self._dtype is None else round_to_dtype(fraction, self._dtype)
        return float(number) if self._tensors else number

    def multiply(self, value: Any, c: Element) -> Any:
        """The value times c."""
        return value * self.rounded(c)

    def divide(self, value: Any, c: Element) -> Any:
        """The value over c."""
        return value / self.rounded(c)


def constants_for(values: Sequence[Any], K: Domain) -> PlainConstants:
    """PlainConstants of a domain for values of this kind, which is that of the first one.

    >>> from sympy.polys.domains import QQ
    >>> constants_for([3], QQ).multiply(3, QQ(1, 2))
    Fraction(3, 2)
    """
    first = values[0]
    if isinstance(first, int | Fraction):
        return Exact(K)
    dtype = getattr(first, "dtype", None)
    if dtype is None:
        return PlainConstants()
    if isinstance(dtype, np.dtype) and dtype.hasobject:
        return Objects(K)
    if isinstance(dtype, np.dtype):
        return WholeNumbers(K) if dtype.kind in "iu" else Floats(K, dtype)
    name = str(dtype).partition(".")[2]
    if name.startswith(("int", "uint")):
        return WholeNumbers(K)
    return Floats(K, np.dtype(name) if name in ("float16", "float32", "float64") else None, tensors=True)


def _plain(result: Fraction, value: object) -> Fraction | int:
    """An integer where integers give a whole number."""
    return int(result) if result.denominator == 1 and isinstance(value, int) else result
