# SPDX-License-Identifier: Apache-2.0
"""Exact matrices: sympy's DomainMatrix, dense, which python-flint turns into a C library over QQ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any, TypeVar

from sympy.polys.domains import QQ
from sympy.polys.matrices import DomainMatrix

from wincraft.errors import BadShape, WrongType, check_type
from wincraft.exact.number import as_fractions, exact_number, field_of, number_text, to_element
from wincraft.exact.types import Domain, Element, Matrix, Number, Vectors

_Entry = TypeVar("_Entry")


def exact_matrix(rows: Vectors, shape: tuple[int, int], K: Domain) -> Matrix:
    """A dense matrix from rows of domain elements."""
    return DomainMatrix([list(row) for row in rows], shape, K)


def check_matrix(matrix: object) -> None:
    """Refuse what is no exact matrix.

    Raises:
        WrongType

    >>> check_matrix([[1, 2]])
    Traceback (most recent call last):
    ...
    wincraft.errors.WrongType: [[1, 2]] is not a matrix; give a DomainMatrix, as wincraft.exact.matrix.from_numbers
    """
    check_type("a matrix", matrix, DomainMatrix, "give a DomainMatrix, as wincraft.exact.matrix.from_numbers")


def from_numbers(rows: Sequence[Sequence[Number]], K: Domain) -> Matrix:
    """A dense matrix from rows of sympy numbers."""
    elements = [[to_element(value, K) for value in row] for row in rows]
    return exact_matrix(elements, (len(elements), len(elements[0])), K)


def over_one_domain(tables: Iterable[Sequence[Sequence[Number]]]) -> list[Matrix]:
    """Dense matrices from tables of sympy numbers, over the smallest domain that holds all entries.

    >>> [matrix.domain for matrix in over_one_domain([[[exact_number(1)]], [[exact_number("sqrt(2)")]]])]
    [QQ<sqrt(2)>, QQ<sqrt(2)>]
    """
    given = list(tables)
    K = field_of(value for rows in given for row in rows for value in row)
    return [from_numbers(rows, K) for rows in given]


def factor_between(row: Sequence[Element], wanted: Sequence[Element]) -> Element | None:
    """The f with row = f wanted, in elements of one domain; None if there is none, or wanted is 0.

    >>> QQ = field_of([])
    >>> factor_between([QQ(2), QQ(0)], [QQ(4), QQ(0)]), factor_between([QQ(2), QQ(1)], [QQ(4), QQ(0)])
    (1/2, None)
    """
    pivot = next((k for k, value in enumerate(wanted) if value), None)
    if pivot is None:
        return None
    factor = row[pivot] / wanted[pivot]
    return factor if all(a == factor * b for a, b in zip(row, wanted, strict=True)) else None


def row_factors(rows: Vectors, wanted: Vectors) -> list[Element] | None:
    """By what each row exceeds the wanted one, 1 where both are 0; None where a row is no multiple.

    >>> QQ = field_of([])
    >>> row_factors([[QQ(2), QQ(0)], [QQ(0), QQ(0)]], [[QQ(4), QQ(0)], [QQ(0), QQ(0)]])
    [1/2, 1]
    """
    pairs = zip(rows, wanted, strict=True)
    factors = [factor_between(row, right) if any(row) or any(right) else QQ.one for row, right in pairs]
    return None if None in factors else factors  # type: ignore[return-value]


def to_numbers(matrix: Matrix) -> list[list[Number]]:
    """The entries as sympy numbers, row by row."""
    to_sympy = matrix.domain.to_sympy
    return [[to_sympy(value) for value in row] for row in matrix.to_list()]


def rational_matrix(rows: Sequence[Sequence[Fraction | int]]) -> Matrix:
    """A dense matrix over QQ from rows of Fractions or integers; `fraction_rows` gives them back.

    >>> fraction_rows(rational_matrix([[Fraction(1, 2), 3]]))
    [[Fraction(1, 2), Fraction(3, 1)]]
    """
    elements = [[QQ(value.numerator, value.denominator) for value in row] for row in rows]
    return exact_matrix(elements, (len(elements), len(elements[0])), QQ)


def fraction_rows(matrix: Matrix) -> list[list[Fraction]]:
    """The entries as Fractions, row by row: exact if rational, else correct to 60 decimal digits.

    >>> fraction_rows(over_one_domain([[[exact_number("sqrt(2)")]]])[0])[0][0] ** 2 - 2 < Fraction(1, 10**59)
    True
    """
    return [as_fractions(row, matrix.domain) for row in matrix.to_list()]


def to_texts(matrix: Matrix) -> list[list[str]]:
    """The entries as texts, row by row: what documents, headers and hashes hold."""
    return [[number_text(value) for value in row] for row in to_numbers(matrix)]


def transposed(rows: Sequence[Sequence[_Entry]]) -> list[list[_Entry]]:
    """The columns of rows of one length as rows.

    >>> transposed([[1, 2, 3], [4, 5, 6]])
    [[1, 4], [2, 5], [3, 6]]
    """
    return [list(column) for column in zip(*rows, strict=True)]


def diagonal(elements: Sequence[Element], K: Domain) -> Matrix:
    """The diagonal matrix of the given domain elements."""
    size = len(elements)
    rows = [[elements[i] if i == j else K.zero for j in range(size)] for i in range(size)]
    return exact_matrix(rows, (size, size), K)


def kronecker(first: Matrix, second: Matrix) -> Matrix:
    """The Kronecker product of two matrices over one domain.

    >>> QQ = field_of([])
    >>> to_texts(kronecker(diagonal([QQ(1), QQ(2)], QQ), diagonal([QQ(3)], QQ)))
    [['3', '0'], ['0', '6']]
    """
    rows = [[x * y for x in left for y in right] for left in first.to_list() for right in second.to_list()]
    shape = (first.shape[0] * second.shape[0], first.shape[1] * second.shape[1])
    return exact_matrix(rows, shape, first.domain)


def read_rows(name: str, rows: Any) -> list[list[Number]]:
    """Rows of exact numbers from a matrix or nested sequences.

    Raises:
        WrongType: what is no matrix.
        BadNumber, FloatGiven: what is no exact number.
        BadShape: rows of different lengths, or none.
    """
    try:
        table = [[exact_number(value) for value in row] for row in (rows.tolist() if hasattr(rows, "tolist") else rows)]
    except TypeError:
        raise WrongType("a matrix", f"{name} of type {type(rows).__name__}", "give rows of numbers") from None
    if not table or not table[0] or len({len(row) for row in table}) != 1:
        raise BadShape(name, f"rows of {sorted({len(row) for row in table})} entries", "rows of one length, at least 1")
    return table
