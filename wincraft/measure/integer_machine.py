# SPDX-License-Identifier: Apache-2.0
"""Exact arithmetic as integers with scales beside them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from math import gcd, lcm, prod
from typing import NamedTuple

import numpy as np

from wincraft.algorithm.linear_map import Pass
from wincraft.exact.fraction import Rows
from wincraft.exact.matrix import fraction_rows
from wincraft.measure.execution import PerMatrix, along, grouped
from wincraft.measure.places import Place
from wincraft.numbers.quantizer import Quantizer, Scale


class Scaled(NamedTuple):
    """Multiples times a scale, times one exact factor per position along each axis of taps."""

    multiples: np.ndarray
    scale: np.ndarray
    factors: tuple[tuple[Fraction, ...], ...]

    @property
    def unit(self) -> np.ndarray:
        """What one multiple is worth."""
        return np.asarray(self.scale * float_outer(self.factors))


class IntegerMachine:
    """Integers in float64 with scales beside them; exact while they stay below 2^53.

    Every row of a matrix is an integer row without a common factor times a rational that joins the scale, so that
    between two quantisers there is only integer arithmetic, and at a quantiser one multiplication by a ratio of scales.
    With `wrap`, the sums at every place keep their low 32 bits.

    >>> from wincraft import winograd
    >>> from wincraft.measure.execution import execute
    >>> F, machine = winograd(2, 3), IntegerMachine()
    >>> y = execute(F.maps, F.scale, machine, np.ones((4, 1, 1)), np.ones((3, 1, 1)))
    >>> y.multiples.ravel().tolist(), machine.real(y).ravel().tolist()
    ([6.0, 6.0], [3.0, 3.0])
    """

    def __init__(self, wrap: bool = False) -> None:
        self._wrap, self.overflowed = wrap, False
        self._rows = PerMatrix(fraction_rows)

    def load(self, place: Place, given: np.ndarray) -> Scaled:
        """Real numbers, at scale 1."""
        return _at_scale_one(given)

    def apply(self, step: Pass, value: Scaled) -> Scaled:
        """An integer matrix; factors and scales that vary over taps are folded into its columns first."""
        taps = tuple(range(len(value.factors)))
        scale = value.scale.min(axis=taps, keepdims=True)
        multiples = value.multiples if value.scale.shape == scale.shape else value.multiples * (value.scale / scale)
        rows = self._rows(step.matrix)
        if step.axis is not None:
            matrix, contents = integer_rows(rows, value.factors[step.axis])
            factors = (*value.factors[: step.axis], contents, *value.factors[step.axis + 1 :])
        else:  # one content for the whole matrix: those of its rows need not be products over the axes
            columns = [prod(position, start=Fraction(1)) for position in product(*value.factors)]
            flat, contents = integer_rows([[entry for row in rows for entry in row]], columns * len(rows))
            matrix = flat.reshape(len(rows), -1)
            first, *rest = step.image
            factors = (contents * first, *((Fraction(1),) * size for size in rest))
            scale = scale.reshape(*[1] * len(step.image), *scale.shape[-2:])
        return Scaled(along(matrix, multiples, step), scale, factors)

    def multiply(self, U: Scaled, V: Scaled) -> Scaled:
        """One matrix product per tap and group."""
        pairs = zip(V.factors, U.factors, strict=True)
        factors = tuple(tuple(v * u for v, u in zip(*pair, strict=True)) for pair in pairs)
        products = np.matmul(*grouped(V.multiples, U.multiples)).reshape(*V.multiples.shape[:-1], -1)
        return Scaled(products, V.scale * U.scale, factors)

    def store(self, place: Place, value: Scaled) -> Scaled:
        """The low 32 bits, where sums wrap."""
        if not self._wrap:
            return value
        wrapped = (value.multiples + 2.0**31) % 2.0**32 - 2.0**31
        self.overflowed = self.overflowed or not np.array_equal(wrapped, value.multiples)
        return value._replace(multiples=wrapped)

    def put(self, quantizer: Quantizer, scale: Scale, value: Scaled) -> Scaled:
        """Through a quantiser: round(multiple * ratio of units), clipped."""
        codes = quantizer.store(value.multiples * (value.unit / scale.scale), scale.zero_point)
        return _at_scale_one(codes)._replace(scale=scale.scale)

    def divide(self, value: Scaled, divisor: Fraction) -> Scaled:
        """Exact: the divisor joins the factors."""
        first, *rest = value.factors
        return value._replace(factors=(tuple(factor / divisor for factor in first), *rest))

    def real(self, value: Scaled) -> np.ndarray:
        """Multiples times units, float64."""
        return np.asarray(value.multiples * value.unit)


def _at_scale_one(array: np.ndarray) -> Scaled:
    return Scaled(array, np.ones([1] * array.ndim), tuple((Fraction(1),) * size for size in array.shape[:-2]))


def float_outer(factors: Sequence[Sequence[Fraction]]) -> np.ndarray:
    """The products of one factor per axis, with two more axes of length 1.

    >>> float_outer([[Fraction(1, 2), Fraction(3)], [Fraction(2)]])[..., 0, 0].tolist()
    [[1.0], [6.0]]
    """
    result = np.ones((1, 1))
    for axis in reversed(factors):
        result = np.multiply.outer([float(factor) for factor in axis], result)
    return result


def integer_rows(rows: Rows, columns: Sequence[Fraction]) -> tuple[np.ndarray, tuple[Fraction, ...]]:
    """Rows * diag(columns) = diag(contents) * matrix: integers without a common factor, row by row, and their contents.

    Rows whose integers leave float64 have content 1 and rounded entries instead.

    >>> matrix, contents = integer_rows([[Fraction(1, 2), Fraction(-3, 2)], [Fraction(0), Fraction(4)]], [1, 1])
    >>> matrix.tolist(), contents
    ([[1.0, -3.0], [0.0, 1.0]], (Fraction(1, 2), Fraction(4, 1)))
    """
    matrix, contents = [], []
    for row in rows:
        values = [value * column for value, column in zip(row, columns, strict=True)]
        kept = [value for value in values if value] or [Fraction(1)]
        content = Fraction(gcd(*(v.numerator for v in kept)), lcm(*(v.denominator for v in kept)))
        if max(abs(value) for value in kept) / content >= 2**53:
            content = Fraction(1)
        matrix.append([float(value / content) for value in values])
        contents.append(content)
    return np.array(matrix), tuple(contents)
