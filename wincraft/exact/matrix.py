# SPDX-License-Identifier: Apache-2.0
"""Exact matrices: sympy's DomainMatrix, dense, which python-flint turns into a C library over QQ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sympy.polys.matrices import DomainMatrix

from wincraft.errors import BadNumber, BadShape
from wincraft.exact.number import exact_number, number_text, to_element


def exact_matrix(rows: Sequence[Sequence[Any]], shape: tuple[int, int], K: Any) -> Any:
    """A dense matrix from rows of domain elements."""
    return DomainMatrix([list(row) for row in rows], shape, K)


def from_numbers(rows: Sequence[Sequence[Any]], K: Any) -> Any:
    """A dense matrix from rows of sympy numbers."""
    elements = [[to_element(value, K) for value in row] for row in rows]
    return exact_matrix(elements, (len(elements), len(elements[0])), K)


def to_numbers(matrix: Any) -> list[list[Any]]:
    """The entries as sympy numbers, row by row."""
    to_sympy = matrix.domain.to_sympy
    return [[to_sympy(value) for value in row] for row in matrix.to_list()]


def to_texts(matrix: Any) -> list[list[str]]:
    """The entries as texts, row by row: what documents, headers and hashes hold."""
    return [[number_text(value) for value in row] for row in to_numbers(matrix)]


def diagonal(elements: Sequence[Any], K: Any) -> Any:
    """The diagonal matrix of the given domain elements."""
    size = len(elements)
    rows = [[elements[i] if i == j else K.zero for j in range(size)] for i in range(size)]
    return exact_matrix(rows, (size, size), K)


def read_rows(name: str, rows: Any) -> list[list[Any]]:
    """Rows of exact numbers from a matrix or nested sequences.

    Raises:
        BadNumber, FloatGiven: what is no exact number.
        BadShape: rows of different lengths, or none.
    """
    try:
        table = [[exact_number(value) for value in row] for row in (rows.tolist() if hasattr(rows, "tolist") else rows)]
    except TypeError:
        raise BadNumber(f"{name} of type {type(rows).__name__}", "give a matrix, as rows of numbers") from None
    if not table or not table[0] or len({len(row) for row in table}) != 1:
        raise BadShape(name, f"rows of {sorted({len(row) for row in table})} entries", "rows of one length, at least 1")
    return table
