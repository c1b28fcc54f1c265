# SPDX-License-Identifier: Apache-2.0
"""What a program costs where every kind of operation has a price."""

from __future__ import annotations

from dataclasses import dataclass, fields
from fractions import Fraction

from wincraft.circuit.operations import of_constant
from wincraft.circuit.program import Program
from wincraft.errors import BadValue


@dataclass(frozen=True)
class Prices:
    """Prices of operations: of a sum or difference, of a product by a power of two, a small integer, another constant.

    A fused operation costs `fma`; where that is None it costs a sum and a product. All prices 1 is the number of
    operations, all 1 with `fma` 1 that of instructions of a machine that fuses.

    Raises:
        BadValue: for a negative price.

    >>> program = Program.build(2, [("fma", 0, 1, "3"), ("shift", 2, 4)], [3])
    >>> prices = Prices(), Prices(fma=Fraction(1)), Prices(shift=Fraction(0), small=Fraction(5))
    >>> [int(price.of(program)) for price in prices]
    [3, 2, 6]
    """

    add: Fraction = Fraction(1)
    shift: Fraction = Fraction(1)
    small: Fraction = Fraction(1)
    multiply: Fraction = Fraction(1)
    fma: Fraction | None = None

    def __post_init__(self) -> None:
        for item in fields(self):
            price = getattr(self, item.name)
            if price is not None and price < 0:
                raise BadValue(f"the price {item.name}", str(price), "give 0 or more")

    def of(self, program: Program) -> Fraction:
        """The sum over the operations."""
        total = Fraction(0)
        for operation in program.operations:
            if self.fma is not None and operation.name in ("fma", "fms"):
                total += self.fma
                continue
            total += self.add * operation.adds
            if operation.constant is not None:
                kinds = of_constant(program.domain.to_sympy(operation.constant))
                total += self.shift * kinds.shifts + self.small * kinds.small + self.multiply * kinds.multiplications
        return total
