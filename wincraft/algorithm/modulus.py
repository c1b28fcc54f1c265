# SPDX-License-Identifier: Apache-2.0
"""The moduli an algorithm is built from: interpolation points, infinity, polynomials of higher degree."""

from __future__ import annotations

from dataclasses import dataclass

from wincraft.exact.number import number_text
from wincraft.exact.polynomial import polynomial_text
from wincraft.exact.types import Number


@dataclass(frozen=True, repr=False)
class Modulus:
    """A monic polynomial, or the point at infinity.

    `coefficients` are sympy numbers, low to high, the last one 1; empty for infinity. The point p is x - p.
    `inner` holds, for degree d > 1, the moduli of the algorithm that multiplies the two remainders: total degree
    2d - 1, so that a degree-2 modulus has inner moduli (0, c, inf) and three taps. Exact.

    >>> from wincraft.construct.moduli import parse_moduli
    >>> parse_moduli("1/2, inf, x^2+x+1, x^2+1@-1")
    (1/2, inf, x^2+x+1@-1, x^2+1@-1)
    """

    coefficients: tuple[Number, ...]
    inner: tuple[Modulus, ...] = ()

    @property
    def is_infinite(self) -> bool:
        """Whether this is the point at infinity."""
        return not self.coefficients

    @property
    def degree(self) -> int:
        """The degree; infinity counts as 1."""
        return max(1, len(self.coefficients) - 1)

    @property
    def point(self) -> Number | None:
        """The interpolation point of a linear modulus, else None."""
        return -self.coefficients[0] if len(self.coefficients) == 2 else None

    @property
    def taps(self) -> int:
        """How many products this modulus takes: 1 for degree 1, 2d - 1 at least for degree d."""
        return sum(modulus.taps for modulus in self.inner) or 1

    @property
    def numbers(self) -> tuple[Number, ...]:
        """All coefficients in it, the inner ones included: what the field must hold."""
        return self.coefficients + tuple(value for modulus in self.inner for value in modulus.numbers)

    def __str__(self) -> str:
        if self.is_infinite:
            return "inf"
        if self.point is not None:
            return number_text(self.point)
        text = polynomial_text(self.coefficients)
        if self.degree == 2 and str(self.inner[0]) == "0" and str(self.inner[-1]) == "inf" and len(self.inner) == 3:
            return f"{text}@{self.inner[1]}"
        return f"{text}@({','.join(map(str, self.inner))})"

    def __repr__(self) -> str:
        return str(self)
