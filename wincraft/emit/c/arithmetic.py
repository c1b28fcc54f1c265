# SPDX-License-Identifier: Apache-2.0
"""The arithmetics a C header offers: float, double and overflow-free integers, with their matrices and exact bounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from math import prod
from typing import Any, get_args

import numpy as np
from sympy import Integer

from wincraft.algorithm.bilinear import BilinearAlgorithm
from wincraft.algorithm.nested import Algorithm
from wincraft.algorithm.numeric import matrix_to_numpy, round_to_dtype
from wincraft.emit.c.integers import (
    IntegerBounds,
    computed_type,
    integer_algorithm,
    integer_bounds,
    integer_matrices,
    integer_types,
)
from wincraft.emit.c.transforms import Letter, Transform, stages
from wincraft.emit.matrices import named_matrices
from wincraft.exact.number import is_negative, to_fraction
from wincraft.measure.integers import Integers
from wincraft.numbers.box import Box

FloatRows = Sequence[Sequence[float]]

INT64_MAX = 2**63 - 1

_DTYPES: dict[str, np.dtype[np.floating[Any]]] = {"float": np.dtype(np.float32), "double": np.dtype(np.float64)}


@dataclass(frozen=True)
class Arithmetic:
    """One set of tables and functions: the axes' algorithms and the matrices as its numbers, and the C types.

    `types` gives the C type of g and d (filter and data), v and u (their transforms), m (products), y (output), and in
    floating point that of what lies between stages. Integers have no stages, `matrices` only the whole maps.
    """

    suffix: str
    axes: tuple[BilinearAlgorithm, ...]
    matrices: tuple[Mapping[str, FloatRows], ...]
    types: Mapping[Letter, str]
    table_type: str
    bounds: IntegerBounds | None = None

    @property
    def scale(self) -> Any:
        """What the output is divided by."""
        return prod((axis.scale for axis in self.axes), start=Integer(1))

    @property
    def rescaling(self) -> str:
        """The C operation that divides a sum by the scale, ``/= 576`` or ``*= 0.125F``; empty where the scale is 1."""
        if self.scale == 1:
            return ""
        if self.bounds is not None:
            return f"/= {self.scale}"
        return f"*= {literal(float(_rounded(1 / self.scale, self.table_type)), self.table_type)}"

    def stages(self, transform: Transform) -> list[Transform]:
        """The stages of a transform that have functions of their own."""
        return stages(self.axes, transform) if self.bounds is None else []


@dataclass(frozen=True)
class Omitted:
    """An arithmetic that this algorithm does not have, and why."""

    reason: str


def literal(value: float, c_type: str) -> str:
    """A C literal: 9 (float) or 17 (double) digits, always with a point or an exponent; an integer as it is.

    >>> literal(0.5, "float"), literal(1.0, "double"), literal(1e300, "double"), literal(-3, "int32_t")
    ('0.5F', '1.0', '1.0000000000000001e+300', '-3')
    """
    if c_type not in ("float", "double"):
        return str(value)
    text = f"{value:.{9 if c_type == 'float' else 17}g}"
    if not set(text) & set(".e"):
        text += ".0"
    return text + ("F" if c_type == "float" else "")


def float_arithmetic(axes: Sequence[BilinearAlgorithm], c_type: str) -> Arithmetic | Omitted:
    """The matrices rounded once to float or double; omitted where an entry leaves the type's normal range."""
    matrices = []
    for axis in axes:
        rounded = {}
        for name, matrix in named_matrices(axis).items():
            exact = matrix_to_numpy(matrix, object)
            rounded[name] = [[float(round_to_dtype(entry, _DTYPES[c_type])) for entry in row] for row in exact]
            for (i, j), entry in np.ndenumerate(exact):
                if entry and not _is_normal(rounded[name][i][j], c_type):
                    return Omitted(f"{name}[{i}][{j}] of {axis.size} is outside the normal range of {c_type}")
        matrices.append(rounded)
    suffix = {"float": "f32", "double": "f64"}[c_type]
    result = Arithmetic(suffix, tuple(axes), tuple(matrices), dict.fromkeys(get_args(Letter), c_type), c_type)
    if not _is_normal(_rounded(1 / result.scale, c_type), c_type):
        return Omitted(f"1/scale is outside the normal range of {c_type}")
    return result


def integer_arithmetic(algorithm: Algorithm, integers: Integers) -> Arithmetic | Omitted:
    """Integer matrices with the narrowest types that cannot overflow; omitted where int64_t could, or over a field."""
    irrational = next((axis for axis in algorithm.axes if not axis.domain.is_QQ), None)
    if irrational is not None:
        return Omitted(f"entries of {irrational.size} lie in {irrational.domain}, no scaling makes them integer")
    form = integer_algorithm(algorithm)
    bounds = integer_bounds(form, integers)
    types = integer_types(bounds)
    if types is None:
        return Omitted(f"{integers.describe()} are beyond int32_t")
    matrices = [integer_matrices(axis) for axis in form.axes]
    entries = [x for item in matrices for rows in item.values() for row in rows for x in row]
    table = Box(min(entries), max(entries))
    if bounds.max_channels < 1 or max(-table.low, table.high) > INT64_MAX:
        reach = max(-bounds.sums.low, bounds.sums.high, -table.low, table.high)
        return Omitted(f"one channel of {integers.describe()} can reach {Decimal(int(reach)):.2e}, beyond int64_t")
    return Arithmetic("int", form.axes, tuple(matrices), types, computed_type(table), bounds)


def largest_row_norm(matrix: Any) -> Any:
    """The largest 1-norm of a row of an exact matrix, as a sympy number: |Mx| <= norm max|x|."""
    K = matrix.domain
    norms = [sum((-x if is_negative(x, K) else x for x in row), K.zero) for row in matrix.to_list()]
    return K.to_sympy(reduce(lambda x, y: y if is_negative(x - y, K) else x, norms))


def _rounded(number: Any, c_type: str) -> Any:
    return round_to_dtype(to_fraction(number), _DTYPES[c_type])


def _is_normal(value: Any, c_type: str) -> bool:
    return bool(np.isfinite(value) and abs(value) >= np.finfo(_DTYPES[c_type]).smallest_normal)
