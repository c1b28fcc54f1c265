# SPDX-License-Identifier: Apache-2.0
"""The entries of an algorithm's matrices: how far their magnitudes spread, and which of them a number format holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from operator import mul

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.nesting import parts
from wincraft.algorithm.refutation import MATRICES
from wincraft.exact.matrix import to_numbers
from wincraft.exact.number import number_text, to_fraction
from wincraft.exact.types import Number
from wincraft.measure.tables import axis_maps


@dataclass(frozen=True)
class Magnitudes:
    """The largest and the smallest magnitude of a matrix's non-zero entries; exact sympy numbers."""

    largest: Number
    smallest: Number

    @property
    def dynamic_range(self) -> Number:
        """The ratio of the largest to the smallest."""
        return self.largest / self.smallest

    def __str__(self) -> str:
        return f"{number_text(self.smallest)} to {number_text(self.largest)}, ratio {number_text(self.dynamic_range)}"


@dataclass(frozen=True)
class Coefficient:
    """One entry of one stage of a matrix of one axis, of pass `stage` over whole tiles; `value` is a sympy number."""

    matrix: str
    axis: int
    stage: int
    row: int
    column: int
    value: Number

    def __str__(self) -> str:
        place = f"stage {self.stage}, " * (self.stage > 0) + f"axis {self.axis}, " * (self.axis > 0)
        return f"{self.matrix}[{self.row}][{self.column}] = {number_text(self.value)}" + (
            f" ({place[:-2]})" if place else ""
        )


def magnitudes(algorithm: Algorithm) -> dict[str, Magnitudes]:
    """Largest and smallest magnitudes of the non-zero entries of A^T, G and B^T. Exact.

    Of several axes those of the Kronecker products, which are products.

    Raises:
        NotApplicable: over GF(p), whose elements have no size.

    >>> from wincraft import winograd
    >>> print(magnitudes(winograd(4, 3, points="0,1,-1,2,-2"))["G"])
    1/24 to 1, ratio 24
    """
    algorithm.field.need_order(f"magnitudes of {algorithm.size}")
    result: dict[str, Magnitudes] = {}
    for name, maps in zip(MATRICES, zip(*axis_maps(algorithm), strict=True), strict=True):
        values = [[abs(value) for row in to_numbers(item.dense) for value in row if value] for item in maps]
        result[name] = Magnitudes(reduce(mul, map(max, values)), reduce(mul, map(min, values)))
    return result


def unrepresentable(algorithm: Algorithm, represents: Callable[[Fraction], bool]) -> tuple[Coefficient, ...]:
    """The entries that a number format does not hold exactly, over all stages of A^T, G and B^T of all axes. Exact.

    `represents` says of a rational whether the format holds it; irrational entries no format holds.

    Raises:
        NotApplicable: over GF(p), whose elements have no size.

    >>> from wincraft import winograd
    >>> dyadic = lambda value: value.denominator.bit_count() == 1
    >>> print(*unrepresentable(winograd(2, 3, points="0,1,-2"), dyadic), sep="; ")
    G[1][0] = 1/3; G[1][1] = 1/3; G[1][2] = 1/3; G[2][0] = 1/6; G[2][1] = -1/3; G[2][2] = 2/3
    """
    algorithm.field.need_order("numbers that a format holds")
    return tuple(
        entry
        for entry in coefficients(algorithm)
        if not entry.value.is_Rational or not represents(to_fraction(entry.value))
    )


def coefficients(algorithm: Algorithm) -> Iterator[Coefficient]:
    """Every entry of every stage of A^T, G and B^T, axis by axis; pass by pass where some take whole tiles.

    >>> from wincraft import winograd
    >>> print(*(c for c in coefficients(winograd(1, 2)) if c.value), sep="; ")
    AT[0][0] = 1; AT[0][1] = 1; G[0][0] = 1; G[1][1] = 1; BT[0][0] = 1; BT[1][1] = 1
    """
    for number, axis in enumerate(parts(algorithm)):
        for name, linear_map in zip(MATRICES, axis.maps, strict=True):
            for stage, matrix in enumerate(linear_map.stages):
                for i, row in enumerate(to_numbers(matrix)):
                    for j, value in enumerate(row):
                        yield Coefficient(name, number, stage, i, j, value)
