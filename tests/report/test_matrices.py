# SPDX-License-Identifier: Apache-2.0
"""The matrices in reports, multiplied out again from their texts."""

from __future__ import annotations

from fractions import Fraction
from functools import reduce

import numpy as np
import pytest

from wincraft import parse, winograd
from wincraft.report import matrices_section


def numbers(table):
    return np.array([[Fraction(cell) for cell in row[1:]] for row in table.rows], dtype=object)


@pytest.mark.parametrize(
    "algorithm",
    [
        winograd(4, 3),
        winograd(4, 3, convention="integer"),
        winograd(4, 3, moduli="0,1,-1,x^2+1,inf"),
        winograd(4, 3).change_basis("legendre"),
        winograd(1, 1, points="0"),
    ],
    ids=["plain", "scaled", "quadratic", "chain", "smallest"],
)
def test_they_compute_the_correlation(algorithm):
    tables = matrices_section(algorithm).tables
    dense = {
        name: reduce(lambda done, table: numbers(table) @ done, stages[1:], numbers(stages[0]))
        for name in ("A^T", "G", "B^T")
        if (stages := [table for table in tables if table.header[0].partition("[")[0] == name])
    }
    (m,), (r,), (n,) = algorithm.m, algorithm.r, algorithm.n
    rng = np.random.default_rng(0)
    d, g = rng.integers(-9, 9, n), rng.integers(-9, 9, r)
    y = dense["A^T"] @ ((dense["G"] @ g) * (dense["B^T"] @ d))
    assert list(y) == [Fraction(str(algorithm.scale)) * sum(d[i + j] * g[j] for j in range(r)) for i in range(m)]


def test_axes_that_differ_have_their_own():
    titles = [table.header[0] for table in matrices_section(parse("F(2x4,3x3)")).tables]
    assert titles == ["A^T of F(2,3)", "G of F(2,3)", "B^T of F(2,3)", "A^T of F(4,3)", "G of F(4,3)", "B^T of F(4,3)"]
    assert len(matrices_section(parse("F(4x4,3x3)")).tables) == 3


def test_the_linear_form_is_the_product_of_polynomials():
    B, G, A = map(numbers, matrices_section(winograd(2, 3).transpose()).tables)
    h, g = np.array([3, -2]), np.array([1, 5, 7])
    assert list(B @ ((G @ g) * (A @ h))) == list(np.convolve(h, g))


def test_taps_are_named_by_their_points():
    at, g, bt = matrices_section(winograd(2, 3, points="0,1,-1")).tables
    assert at.header[1:] == ("0", "1", "-1", "inf")
    assert [row[0] for row in g.rows] == [row[0] for row in bt.rows] == ["0", "1", "-1", "inf"]
    assert (g.header[1:], bt.header[1:]) == (("g0", "g1", "g2"), ("d0", "d1", "d2", "d3"))
