# SPDX-License-Identifier: Apache-2.0
"""Chains of stages: built by hand, a base change to monic Legendre polynomials; and read as plain numbers."""

from __future__ import annotations

from oracle_convolution import table
from sympy import QQ, Matrix, Rational

from wincraft.algorithm import Algorithm, LinearMap
from wincraft.exact import from_numbers


def legendre(n):
    """Rows: the monic Legendre polynomials' coefficients in monomials."""
    rows = [[Rational(int(i == j)) for j in range(n)] for i in range(min(n, 2))]
    for k in range(1, n - 1):
        step = Rational(k * k, 4 * k * k - 1)
        rows.append([(rows[k][j - 1] if j else 0) - step * rows[k - 1][j] for j in range(n)])
    return Matrix(rows)


def chained(made):
    """A pre-step on data and weights, a post-step on the output."""
    P, R, Q = (legendre(size) for size in (*made.n, *made.r, *made.m))
    chains = (Q * made.AT, Q.inv()), (R.inv().T, made.G * R.T), (P, made.BT * P.inv())
    maps = (LinearMap.of(*(from_numbers(stage.tolist(), QQ) for stage in stages)) for stages in chains)
    return Algorithm(*maps, scale=made.scale)


def stages_of(linear_map):
    """Its stages as arrays of Fractions, in the order they are applied."""
    return [table(stage.to_Matrix()) for stage in linear_map.stages]
