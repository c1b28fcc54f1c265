# SPDX-License-Identifier: Apache-2.0
"""Exact numbers, polynomials and matrices. No floating point."""

from typing import TYPE_CHECKING

from wincraft.face import show

if TYPE_CHECKING:
    from wincraft.exact.expression import parse_expression as parse_expression
    from wincraft.exact.fraction import Interval as Interval, Rows as Rows, simplest_fraction as simplest_fraction
    from wincraft.exact.matrix import (
        diagonal as diagonal,
        exact_matrix as exact_matrix,
        factor_between as factor_between,
        from_numbers as from_numbers,
        read_rows as read_rows,
        to_numbers as to_numbers,
        to_texts as to_texts,
        transposed as transposed,
    )
    from wincraft.exact.number import (
        as_fractions as as_fractions,
        exact_number as exact_number,
        field_of as field_of,
        number_text as number_text,
        read_fraction as read_fraction,
        to_fraction as to_fraction,
    )
    from wincraft.exact.polynomial import (
        divide as divide,
        inverse_modulo as inverse_modulo,
        multiply as multiply,
        parse_polynomial as parse_polynomial,
        polynomial_text as polynomial_text,
    )
    from wincraft.exact.splitting import split_list as split_list
    from wincraft.exact.types import Element as Element, Matrix as Matrix, Number as Number

show(__name__)
