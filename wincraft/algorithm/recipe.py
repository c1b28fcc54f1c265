# SPDX-License-Identifier: Apache-2.0
"""How an axis was made, and the sizes of algorithms in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sympy import oo

from wincraft.algorithm.modulus import Modulus
from wincraft.exact.types import Number


@dataclass(frozen=True)
class Recipe:
    """How one axis was made: its moduli, the convention of its scaling, the text that its chains were made from.

    None where that is not known. ``wincraft generate`` makes the same axis of these three. A `construction` is what it
    takes in place of a size and moduli: ``F(4+3,3)``, ``SFC-6(6x6,3x3)``, which of whole tiles is that of all axes.

    >>> from wincraft import winograd
    >>> winograd(2, 3).recipe
    (Recipe(moduli=(0, 1, -1, inf), convention='wincnn', basis=None, construction=None),)
    """

    moduli: tuple[Modulus, ...] | None = None
    convention: str | None = None
    basis: str | None = None
    construction: str | None = None

    @property
    def points(self) -> tuple[Number, ...] | None:
        """The interpolation points as sympy numbers, infinity as ``oo``; None if unknown or where one is no point."""
        if self.moduli is None or any(modulus.degree > 1 for modulus in self.moduli):
            return None
        return tuple(oo if modulus.is_infinite else modulus.point for modulus in self.moduli)  # type: ignore[misc]


def size_words(m: Sequence[int], r: Sequence[int]) -> str:
    """The size of an algorithm as people write it.

    >>> size_words((4,), (3,)), size_words((2, 4), (3, 3))
    ('F(4,3)', 'F(2x4,3x3)')
    """
    return f"F({'x'.join(map(str, m))},{'x'.join(map(str, r))})"
