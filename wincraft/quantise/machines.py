# SPDX-License-Identifier: Apache-2.0
"""The two ways to compute a layer: with exact integers and scales, or with every operation rounded.

Arrays have the shape (taps..., channels, vectors). Both machines load values, run one stage of a chain along all axes,
multiply and sum over channels, store values through a quantiser, and give values back as real numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import reduce
from math import gcd, lcm
from typing import Any, NamedTuple, Protocol

import numpy as np

from wincraft.algorithm.linear_map import LinearMap
from wincraft.errors import NotApplicable
from wincraft.exact.fraction import Rows
from wincraft.exact.matrix import to_numbers
from wincraft.exact.number import to_fraction
from wincraft.numbers.arithmetic import Arithmetic
from wincraft.numbers.float_format import FloatFormat
from wincraft.numbers.integer_grid import IntegerGrid
from wincraft.numbers.quantizer import Quantizer, Scale
from wincraft.numbers.summation import channel_sum, linear_pass
from wincraft.quantise.schemes import Scheme


class Machine(Protocol):
    """What both machines can do; a value belongs to the machine that made it."""

    overflowed: bool
    """Whether a sum has left its word."""

    def load(self, array: np.ndarray) -> Any:
        """A value from real numbers."""

    def apply(self, stages: Sequence[Rows], value: Any) -> Any:
        """One stage, a matrix per axis, one axis after the other."""

    def multiply(self, V: Any, U: Any) -> Any:
        """M = sum_c V_c U_c, tap by tap: (taps..., K, C / groups) and (taps..., C, T) to (taps..., K, T)."""

    def store(self, quantizer: Quantizer, scale: Scale, value: Any) -> Any:
        """The value through a quantiser."""

    def divide(self, value: Any, divisor: Fraction) -> Any:
        """The value over a number."""

    def real(self, value: Any) -> np.ndarray:
        """The numbers that a value stands for, float64."""


def machine_for(scheme: Scheme) -> Machine:
    """The machine of a scheme's arithmetic."""
    return ExactMachine(scheme.word is not None) if scheme.arithmetic is None else RoundedMachine(scheme)


def scheme_matrix(matrix: Any, scheme: Scheme) -> Rows:
    """One stage as a scheme stores it, exact fractions; irrational entries that are not rounded to 60 digits."""
    rows = [[to_fraction(number) for number in row] for row in to_numbers(matrix)]
    format = scheme.matrices or scheme.arithmetic
    if format is None:
        return rows
    if isinstance(format, FloatFormat):
        return [[format.quantize_exact(value) for value in row] for row in rows]
    return _on_grid(rows, format)


def scheme_stages(chains: Sequence[LinearMap], scheme: Scheme, between: Quantizer | None) -> list[list[Rows]]:
    """The stages of several axes' chains side by side, as the scheme stores them.

    In exact arithmetic stages that nothing is stored between are multiplied out.

    Raises:
        NotApplicable: where chains that stay apart differ in length.

    >>> from wincraft import winograd
    >>> from wincraft.quantise.schemes import SCHEMES
    >>> [[rows]] = scheme_stages([winograd(1, 2, points="0").input], SCHEMES["tapwise-8"], None)
    >>> [[str(entry) for entry in row] for row in rows]
    [['1', '0'], ['0', '1']]
    """
    stored = [[scheme_matrix(stage, scheme) for stage in chain.stages] for chain in chains]
    if scheme.arithmetic is None and between is None:
        return [[reduce(lambda product, stage: _product(stage, product), stages) for stages in stored]]
    if len({len(stages) for stages in stored}) > 1:
        lengths = " and ".join(str(len(stages)) for stages in stored)
        raise NotApplicable("simulation", f"the axes have chains of {lengths} stages", "give all axes the same chain")
    return [list(stages) for stages in zip(*stored, strict=True)]


def _product(left: Rows, right: Rows) -> Rows:
    columns = list(zip(*right, strict=True))
    return [
        [sum((a * b for a, b in zip(row, column, strict=True) if a), Fraction(0)) for column in columns] for row in left
    ]


def _on_grid(rows: Rows, grid: IntegerGrid) -> Rows:
    values = np.array([[float(value) for value in row] for row in rows])
    scale = grid.scale(grid.amplitude(values))
    step = Fraction(float(scale.item()))
    return [[int(code) * step for code in row] for row in grid.codes(values, scale)]


class Scaled(NamedTuple):
    """Multiples times a scale, times one exact factor per position along each axis of taps."""

    multiples: np.ndarray
    scale: np.ndarray
    factors: tuple[tuple[Fraction, ...], ...]

    @property
    def unit(self) -> np.ndarray:
        """What one multiple is worth."""
        return np.asarray(self.scale * float_outer(self.factors))


def float_outer(factors: Sequence[Sequence[Fraction]]) -> np.ndarray:
    """The products of one factor per axis, with two more axes of length 1.

    >>> float_outer([[Fraction(1, 2), Fraction(3)], [Fraction(2)]])[..., 0, 0].tolist()
    [[1.0], [6.0]]
    """
    result = np.ones((1, 1))
    for axis in reversed(factors):
        result = np.multiply.outer([float(factor) for factor in axis], result)
    return result


class ExactMachine:
    """Integers in float64 with scales beside them; exact while they stay below 2^53.

    Every row of a matrix is an integer row without a common factor times a rational that joins the scale, so that
    between two quantisers there is only integer arithmetic, and at a quantiser one multiplication by a ratio of scales.
    With `wrap`, products and outputs keep their low 32 bits.
    """

    def __init__(self, wrap: bool = False) -> None:
        self._wrap, self.overflowed = wrap, False

    def load(self, array: np.ndarray) -> Scaled:
        """Real numbers, at scale 1."""
        return Scaled(array, np.ones([1] * array.ndim), tuple((Fraction(1),) * size for size in array.shape[:-2]))

    def apply(self, stages: Sequence[Rows], value: Scaled) -> Scaled:
        """One integer matrix per axis; factors and scales that vary over taps are folded into its columns first."""
        taps = tuple(range(len(stages)))
        scale = value.scale.min(axis=taps, keepdims=True)
        multiples = value.multiples if value.scale.shape == scale.shape else value.multiples * (value.scale / scale)
        factors = []
        for axis, rows in enumerate(stages):
            matrix, contents = integer_rows(rows, value.factors[axis])
            multiples = _along(matrix, multiples, axis)
            factors.append(contents)
        return Scaled(self._wrapped(multiples), scale, tuple(factors))

    def multiply(self, V: Scaled, U: Scaled) -> Scaled:
        """One matrix product per tap and group."""
        pairs = zip(V.factors, U.factors, strict=True)
        factors = tuple(tuple(v * u for v, u in zip(*pair, strict=True)) for pair in pairs)
        v, u = grouped(V.multiples, U.multiples)
        products = np.matmul(v, u).reshape(*V.multiples.shape[:-1], -1)
        return Scaled(self._wrapped(products), V.scale * U.scale, factors)

    def store(self, quantizer: Quantizer, scale: Scale, value: Scaled) -> Scaled:
        """round(multiple * ratio of units), clipped."""
        codes = quantizer.store(value.multiples * (value.unit / scale.scale), scale.zero_point)
        return self.load(codes)._replace(scale=scale.scale)

    def divide(self, value: Scaled, divisor: Fraction) -> Scaled:
        """Exact: the divisor joins the factors."""
        first, *rest = value.factors
        return value._replace(factors=(tuple(factor / divisor for factor in first), *rest))

    def real(self, value: Scaled) -> np.ndarray:
        """Multiples times units."""
        return np.asarray(value.multiples * value.unit)

    def _wrapped(self, multiples: np.ndarray) -> np.ndarray:
        if not self._wrap:
            return multiples
        wrapped = (multiples + 2.0**31) % 2.0**32 - 2.0**31
        self.overflowed = self.overflowed or not np.array_equal(wrapped, multiples)
        return wrapped


class RoundedMachine:
    """Every operation rounded to one format; values are arrays of its numbers."""

    def __init__(self, scheme: Scheme) -> None:
        assert scheme.arithmetic is not None
        self._arithmetic, self._order = Arithmetic(scheme.arithmetic), scheme.order
        self._accumulator = Arithmetic(scheme.accumulator or scheme.arithmetic)
        self._channel_order = scheme.channel_order
        self.overflowed = False

    def load(self, array: np.ndarray) -> np.ndarray:
        """Rounded."""
        return self._arithmetic.round(array)

    def apply(self, stages: Sequence[Rows], value: np.ndarray) -> np.ndarray:
        """Row sums in the scheme's order."""
        for axis, rows in enumerate(stages):
            matrix = np.array([[float(entry) for entry in row] for row in rows])
            value = linear_pass(matrix, value, axis, self._arithmetic, self._order)
        return value

    def multiply(self, V: np.ndarray, U: np.ndarray) -> np.ndarray:
        """Summed in the accumulator's format, then rounded to the arithmetic's."""
        v, u = (self._accumulator.round(item.reshape(-1, *item.shape[-2:])) for item in grouped(V, U))
        M = channel_sum(v, u, self._accumulator, self._channel_order)
        if self._accumulator != self._arithmetic:
            M = self._arithmetic.round(M)
        return M.reshape(*V.shape[:-1], -1)

    def store(self, quantizer: Quantizer, scale: Scale, value: np.ndarray) -> np.ndarray:
        """The stored values, times their scale."""
        if quantizer.per is None and quantizer.format == self._arithmetic.format:
            return value
        if quantizer.per is None:
            return self._arithmetic.round(quantizer.format.quantize(value))  # type: ignore[call-arg]
        multiples = quantizer.store(value / scale.scale, scale.zero_point)
        return self._arithmetic.round(multiples * scale.scale)

    def divide(self, value: np.ndarray, divisor: Fraction) -> np.ndarray:
        """One more rounded product, with the rounded reciprocal; none for 1."""
        if divisor == 1:
            return value
        reciprocal = self._arithmetic.round(np.array(float(1 / divisor)))
        return self._arithmetic.multiply(value, reciprocal)

    def real(self, value: np.ndarray) -> np.ndarray:
        """The same numbers in float64."""
        return value.astype(np.float64)


def grouped(V: np.ndarray, U: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Filters (..., K, C / groups) and data (..., C, T) with an axis of groups before their last two.

    >>> [item.shape for item in grouped(np.ones((4, 6, 2)), np.ones((4, 4, 5)))]
    [(4, 2, 3, 2), (4, 2, 2, 5)]
    """
    (K, C), T = V.shape[-2:], U.shape[-1]
    groups = U.shape[-2] // C
    return V.reshape(*V.shape[:-2], groups, K // groups, C), U.reshape(*U.shape[:-2], groups, C, T)


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


def _along(matrix: np.ndarray, array: np.ndarray, axis: int) -> np.ndarray:
    """The matrix times the array along an axis."""
    first = np.moveaxis(array, axis, 0)
    product = matrix @ first.reshape(len(first), -1)
    return np.moveaxis(product.reshape(len(matrix), *first.shape[1:]), 0, axis)
