# SPDX-License-Identifier: Apache-2.0
"""The arithmetics a C header offers: float, double and overflow-free integers, with their matrices and exact bounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from itertools import chain
from math import prod
from typing import Any, get_args

import numpy as np
from sympy import Integer

from wincraft.algorithm.bilinear import BilinearAlgorithm
from wincraft.algorithm.numeric import matrix_to_numpy, round_to_dtype
from wincraft.construct.conventions import content
from wincraft.emit._c_transforms import Letter, Transform, stages
from wincraft.emit._matrices import named_maps, named_matrices
from wincraft.exact.number import is_negative, to_fraction

Rows = Sequence[Sequence[float]]

INPUT_BOUND = 128
"""Largest magnitude of the integer functions' data and weights: all of int8_t."""
INT32_MAX = 2**31 - 1
INT64_MAX = 2**63 - 1

_DTYPES: dict[str, np.dtype[np.floating[Any]]] = {"float": np.dtype(np.float32), "double": np.dtype(np.float64)}


@dataclass(frozen=True)
class IntegerBounds:
    """Exact worst magnitudes of the integer functions for |d|, |g| <= 128; those of `M` and `sums` are per channel.

    With b_k, g_k the 1-norms of the rows of B^T and G:  |U_k| <= 128 b_k,  |V_k| <= 128 g_k,  |M_k| <= 128^2 b_k g_k,
    |sum_k A_ik M_k| <= 128^2 sum_k |A_ik| b_k g_k; products over the axes. `U` and `V` hold for every intermediate of
    their transforms, `sums` for M itself and every partial sum of the output transform.
    """

    U: int
    V: int
    M: int
    sums: int

    @property
    def max_channels(self) -> int:
        """How many channels may be summed into M before the output transform could leave int64_t."""
        return INT64_MAX // self.sums

    @property
    def max_channels_int32(self) -> int:
        """How many channels an int32_t accumulator of M holds."""
        return INT32_MAX // self.M


@dataclass(frozen=True)
class Arithmetic:
    """One set of tables and functions: the axes' algorithms and the matrices as its numbers, and the C types.

    `types` gives the C type of g and d (filter and data), v and u (their transforms), m (products), y (output), and in
    floating point that of what lies between stages. Integers have no stages, `matrices` only the whole maps.
    """

    suffix: str
    axes: tuple[BilinearAlgorithm, ...]
    matrices: tuple[Mapping[str, Rows], ...]
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


def integer_arithmetic(axes: Sequence[BilinearAlgorithm]) -> Arithmetic | Omitted:
    """Integer matrices with the narrowest types that cannot overflow; omitted where int64_t could, or over a field."""
    irrational = next((axis for axis in axes if not axis.domain.is_QQ), None)
    if irrational is not None:
        return Omitted(f"entries of {irrational.size} lie in {irrational.domain}, no scaling makes them integer")
    integers = {axis: integer_form(axis) for axis in axes}
    forms = tuple(integers[axis] for axis in axes)
    bounds = integer_bounds(forms)
    if bounds.max_channels < 1:
        return Omitted(f"one channel of int8_t can reach {Decimal(bounds.sums):.2e}, beyond int64_t")
    matrices: list[dict[str, list[list[int]]]] = [
        {
            name: [[int(x) for x in row] for row in matrix_to_numpy(item.dense, object)]
            for name, item in named_maps(axis).items()
        }
        for axis in forms
    ]
    largest = max(abs(x) for item in matrices for rows in item.values() for row in rows for x in row)
    types: dict[Letter, str] = {"g": "int8_t", "d": "int8_t", "m": "int64_t", "y": "int64_t"}
    types |= {"v": _integer_type(bounds.V), "u": _integer_type(bounds.U)}
    return Arithmetic("int", forms, tuple(matrices), types, _integer_type(largest), bounds)


def integer_form(axis: BilinearAlgorithm) -> BilinearAlgorithm:
    """The algorithm with A^T columns and B^T rows primitive integer and the smallest scale that makes G integer."""
    K = axis.domain
    a = [1 / (content(column, K) or K.one) for column in axis.output.dense.transpose().to_list()]
    b = [1 / (content(row, K) or K.one) for row in axis.input.dense.to_list()]
    rows = [[x / (u * v) for x in row] for row, u, v in zip(axis.filter.dense.to_list(), a, b, strict=True)]
    c = 1 / content(list(chain.from_iterable(rows)), K)
    g = [c / (u * v) for u, v in zip(a, b, strict=True)]
    return axis.rescale(*([K.to_sympy(x) for x in factors] for factors in (a, g, b)))


def integer_bounds(axes: Sequence[BilinearAlgorithm]) -> IntegerBounds:
    """The bounds of integer matrices, one algorithm per axis.

    A zero row of B^T or G counts as one of norm 1, so that every entry of A^T is bounded too.
    """
    per_axis = []
    for axis in axes:
        AT, G, BT = axis.to_numpy(object)
        b, g = ([max(1, int(norm)) for norm in abs(rows).sum(axis=1)] for rows in (BT, G))
        products = [x * y for x, y in zip(b, g, strict=True)]
        per_axis.append((max(b), max(g), max(products), max(int(norm) for norm in abs(AT) @ products)))
    b_max, g_max, products_max, sums_max = zip(*per_axis, strict=True)
    passes = (prod(sums_max[:k]) * prod(products_max[k:]) for k in range(len(axes) + 1))
    return IntegerBounds(
        U=INPUT_BOUND * prod(b_max),
        V=INPUT_BOUND * prod(g_max),
        M=INPUT_BOUND**2 * prod(products_max),
        sums=INPUT_BOUND**2 * max(passes),
    )


def largest_row_norm(matrix: Any) -> Any:
    """The largest 1-norm of a row of an exact matrix, as a sympy number: |Mx| <= norm max|x|."""
    K = matrix.domain
    norms = [sum((-x if is_negative(x, K) else x for x in row), K.zero) for row in matrix.to_list()]
    return K.to_sympy(reduce(lambda x, y: y if is_negative(x - y, K) else x, norms))


def _rounded(number: Any, c_type: str) -> Any:
    return round_to_dtype(to_fraction(number), _DTYPES[c_type])


def _is_normal(value: Any, c_type: str) -> bool:
    return bool(np.isfinite(value) and abs(value) >= np.finfo(_DTYPES[c_type]).smallest_normal)


def _integer_type(bound: int) -> str:
    return "int32_t" if bound <= INT32_MAX else "int64_t"
