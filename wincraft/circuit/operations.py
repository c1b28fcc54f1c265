# SPDX-License-Identifier: Apache-2.0
"""The operations that a program takes, by kind."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass

from wincraft.circuit.program import Program
from wincraft.exact.types import Number

LARGEST_SMALL = 15
"""The largest small integer: four bits, so that a multiplication by it is at most two additions of shifted values."""


@dataclass(frozen=True)
class Operations:
    """Exact operation counts of linear maps, by kind; `total` is their sum.

    `multiplications` are by general constants, `shifts` by powers of two, of negative exponent too, and `small` by the
    other integers of magnitude up to `LARGEST_SMALL`: 3, 5, 6, 7, 9, ..., 15.
    """

    multiplications: int = 0
    shifts: int = 0
    additions: int = 0
    small: int = 0

    @property
    def total(self) -> int:
        """All operations, each counting one."""
        return sum(astuple(self))

    def __add__(self, other: Operations) -> Operations:
        pairs = zip(astuple(self), astuple(other), strict=True)
        return Operations(*(first + second for first, second in pairs))

    def times(self, count: int) -> Operations:
        """The operations of doing this a number of times."""
        return Operations(*(number * count for number in astuple(self)))


def operations_of(program: Program) -> Operations:
    """The operations of a program: a fused one is an addition and a multiplication by its constant.

    >>> from wincraft import winograd
    >>> from wincraft.circuit.recording import of_matrix
    >>> operations_of(of_matrix(winograd(4, 3, points="0,1,-1,2,-2").input.dense))
    Operations(multiplications=0, shifts=10, additions=16, small=2)
    """
    constants = [program.domain.to_sympy(item.constant) for item in program.operations if item.constant is not None]
    additions = sum(item.adds for item in program.operations)
    return sum_of(map(of_constant, constants)) + Operations(additions=additions)


def of_constant(value: Number) -> Operations:
    """One multiplication by an exact sympy number, which is free for 0 and +-1."""
    magnitude = abs(value)
    if magnitude in (0, 1):
        return Operations()
    if magnitude.is_Rational and int(magnitude.p).bit_count() == 1 and int(magnitude.q).bit_count() == 1:
        return Operations(shifts=1)
    if magnitude.is_Rational and magnitude.q == 1 and magnitude <= LARGEST_SMALL:
        return Operations(small=1)
    return Operations(multiplications=1)


def is_binary(program: Program) -> bool:
    """Whether binary floating point holds every constant: each is an integer over a power of two.

    >>> [is_binary(Program.build(1, [("multiply", 0, text)], [1])) for text in ("5/4", "4/5")]
    [True, False]
    """
    constants = (program.domain.to_sympy(item.constant) for item in program.operations if item.constant is not None)
    return all(bool(c.is_Rational) and int(c.q).bit_count() == 1 for c in constants)


def sum_of(items: Iterable[Operations]) -> Operations:
    """The sum, of nothing no operations.

    >>> sum_of([Operations(additions=2), Operations(additions=1, shifts=1)])
    Operations(multiplications=0, shifts=1, additions=3, small=0)
    """
    kinds = ((item.multiplications, item.shifts, item.additions, item.small) for item in items)
    return Operations(*map(sum, zip(*kinds, strict=True)))
