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

_DOUBLE = np.dtype(np.float64)
_REPAIR = "run it on exact or floating-point numbers, or take its integer form"


class PlainConstants:
    """Constants as they stand: for elements of the program's domain, and for whatever takes them, symbols for one."""

    def taken(self, values: Sequence[Any]) -> list[Any]:
        """The inputs as the program takes them."""
        return list(values)

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
        whole = quotient * divisor == value
        if not (whole if isinstance(whole, bool) else whole.all()):
            raise NotApplicable(f"an exact division by {divisor}", "it leaves a remainder", _REPAIR)
        return quotient

    def _whole(self, c: Element) -> int:
        """A constant as an integer."""
        fraction = self.fraction(c)
        if fraction.denominator != 1:
            raise NotApplicable("a program on integers", f"its constant {fraction} is none", _REPAIR)
        return int(fraction)


class Floats(Exact):
    """For floating-point numbers, arrays and tensors: constants and exact inputs are rounded once to their type.

    Python's numbers and tensors take Python's floats; tensors round these to their own type.
    """

    def __init__(self, K: Domain, dtype: np.dtype, plain: bool = False) -> None:
        super().__init__(K)
        self._dtype, self._plain = dtype, plain

    def taken(self, values: Sequence[Any]) -> list[Any]:
        """The inputs as the program takes them."""
        return [self._number(Fraction(x)) if isinstance(x, int | Fraction) else x for x in values]

    def rounded(self, c: Element) -> Any:
        """A constant in the type."""
        return self._number(self.fraction(c))

    def multiply(self, value: Any, c: Element) -> Any:
        """The value times c."""
        return value * self.rounded(c)

    def divide(self, value: Any, c: Element) -> Any:
        """The value over c."""
        return value / self.rounded(c)

    def _number(self, fraction: Fraction) -> Any:
        number = round_to_dtype(fraction, self._dtype)
        return float(number) if self._plain else number


def constants_for(values: Sequence[Any], K: Domain) -> PlainConstants:
    """PlainConstants of a domain for values of this kind: floating-point numbers where one of them is.

    >>> from sympy.polys.domains import QQ
    >>> constants_for([3], QQ).multiply(3, QQ(1, 2))
    Fraction(3, 2)
    >>> constants_for([3, 0.5], QQ).multiply(0.5, QQ(1, 2))
    0.25
    """
    types = [value.dtype for value in values if hasattr(value, "dtype")]
    others = [value for value in values if not hasattr(value, "dtype")]
    if not all(isinstance(value, int | float | complex | Fraction) for value in others):
        return PlainConstants()
    floats = [0.0 for value in others if isinstance(value, float | complex)]
    if not types:
        return Floats(K, _DOUBLE, plain=True) if floats else Exact(K)
    if not all(isinstance(dtype, np.dtype) for dtype in types):
        return _of_tensors([str(dtype).rpartition(".")[2] for dtype in types], bool(floats), K)
    dtype = np.result_type(*types, *floats)
    if dtype.hasobject:
        return Objects(K)
    return WholeNumbers(K) if dtype.kind in "iu" else Floats(K, _real(dtype))


def _of_tensors(names: Sequence[str], floats: bool, K: Domain) -> PlainConstants:
    """Those for tensors of types of these names; a type that NumPy lacks rounds Python's floats itself."""
    rounding = [name for name in names if not name.startswith(("int", "uint"))]
    if not rounding and not floats:
        return WholeNumbers(K)
    known = rounding and all(name in ("float16", "float32", "float64") for name in rounding)
    return Floats(K, np.result_type(*rounding) if known else _DOUBLE, plain=True)


def _real(dtype: np.dtype) -> np.dtype:
    """The type of the real part."""
    return np.empty(0, dtype).real.dtype


def _plain(result: Fraction, value: object) -> Fraction | int:
    """An integer where integers give a whole number."""
    return int(result) if result.denominator == 1 and isinstance(value, int) else result
