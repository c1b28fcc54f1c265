# SPDX-License-Identifier: Apache-2.0
"""Factors that bring the rows of a map to unit standard deviation, snapped to a grid of short binary numbers."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import isqrt

from sympy import Integer, Rational

from wincraft.algorithm.linear_map import LinearMap
from wincraft.errors import BadShape, BadValue
from wincraft.exact.matrix import read_rows
from wincraft.exact.number import as_fractions, to_fraction
from wincraft.exact.types import Number

MAX_GRID_BITS = 64


def balancing_factors(rows: LinearMap, bits: int, moments: Sequence[Sequence[object]] | None = None) -> list[Number]:
    """The factor of each row of a map that brings its standard deviation nearest to 1, on the grid of `balance`.

    Raises:
        BadNumber: `bits` out of range.
        BadShape: second moments of another size than the rows.
        BadValue: a row whose second moment is not positive.

    >>> from wincraft import winograd
    >>> balancing_factors(winograd(2, 3, points="0,1,-1").filter, bits=2)
    [1, 5/4, 5/4, 1]
    """
    size = rows.shape[1]
    if not isinstance(bits, int) or not 0 <= bits <= MAX_GRID_BITS:
        raise BadValue("bits", repr(bits), f"the grid has 0 to {MAX_GRID_BITS} fraction bits")
    S = None
    if moments is not None:
        S = [[to_fraction(value) for value in row] for row in read_rows("second moments", moments)]
        if (len(S), len(S[0])) != (size, size):
            raise BadShape("second moments", str((len(S), len(S[0]))), str((size, size)))
    factors = []
    for k, row in enumerate(rows.dense.to_list()):
        vector = as_fractions(row, rows.domain)
        if not any(vector):
            factors.append(Integer(1))
            continue
        image = vector if S is None else [sum(s * y for s, y in zip(line, vector, strict=True) if y) for line in S]
        square = sum((x * y for x, y in zip(vector, image, strict=True)), Fraction(0))
        if square <= 0:
            raise BadValue(f"the second moment of row {k}", str(square), "give positive definite moments")
        factor = snap_inverse_root(square, bits)
        factors.append(Rational(factor))
    return factors


def snap_inverse_root(square: Fraction, bits: int) -> Fraction:
    """The grid value (1 + j/2^bits) 2^e nearest, in ratio, to 1/sqrt(square); a tie goes to the larger.

    >>> snap_inverse_root(Fraction(3), 0), snap_inverse_root(Fraction(3), 2)
    (Fraction(1, 2), Fraction(5, 8))
    """
    exponent = (square.denominator.bit_length() - square.numerator.bit_length()) // 2 - 1
    while Fraction(4) ** (exponent + 1) * square <= 1:
        exponent += 1
    power, steps = Fraction(2) ** exponent, 2**bits
    low = isqrt(int(steps**2 / (power**2 * square))) - steps
    below, above = power * (1 + Fraction(low, steps)), power * (1 + Fraction(low + 1, steps))
    return above if below * above * square <= 1 else below
