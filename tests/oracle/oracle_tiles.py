# SPDX-License-Identifier: Apache-2.0
"""Algorithms of whole tiles: a Kronecker product as one matrix, and F(4x4,3x3) in 46 products."""

from __future__ import annotations

from sympy import QQ, Matrix, Rational, kronecker_product, zeros

from wincraft import Algorithm, LinearMap, winograd
from wincraft.algorithm.linear_map import Pass
from wincraft.exact.matrix import from_numbers


def kronecker_square(m=2, r=3, **options):
    """F(mxm,rxr) as the Kronecker product of F(m,r) with itself, every map one dense matrix."""
    axis = winograd(m, r, **options)
    matrices = (kronecker_product(matrix, matrix).tolist() for matrix in (axis.AT, axis.G, axis.BT))
    return Algorithm.from_matrices(*matrices, m=(m, m), r=(r, r))


def remainders(length):
    """Coefficients to the remainders modulo x, x - 1, x + 1, at infinity, and (constant, linear) modulo x^2 + 1."""
    powers = range(length)
    rows = [[0**k for k in powers], [1] * length, [(-1) ** k for k in powers], [int(k == length - 1) for k in powers]]
    rows += [[(1, 0, -1, 0)[k % 4] for k in powers], [(0, 1, 0, -1)[k % 4] for k in powers]]
    return Matrix(rows)


KARATSUBA = Matrix([[1, 0], [1, 1], [0, 1]])
MODULO = Matrix([[1, 0, -1], [-1, 1, -1]])
"""Products constant c, sum s, leading l of u + v x modulo x^2 + 1: (c - l) + (s - c - l) x."""


def quadratic_pair():
    """Products in Q[x,y]/(x^2+1, y^2+1), two copies of Q(i) by y = x and y = -x: 6 x 4 to evaluate, 4 x 6 back.

    p00 + p01 y + p10 x + p11 xy is (p00 - p11) + (p01 + p10) x at y = x and (p00 + p11) + (p10 - p01) x at y = -x;
    back by the idempotents (1 - xy)/2 and (1 + xy)/2.
    """
    at_x, at_minus_x = Matrix([[1, 0, 0, -1], [0, 1, 1, 0]]), Matrix([[1, 0, 0, 1], [0, -1, 1, 0]])
    back = Matrix([[1, 0, 1, 0], [0, 1, 0, -1], [0, 1, 0, 1], [-1, 0, 1, 0]]) * Rational(1, 2)
    evaluate = (KARATSUBA * at_x).col_join(KARATSUBA * at_minus_x)
    return evaluate, back * kronecker_product(Matrix.eye(2), MODULO)


def products_of_remainders():
    """46 x 36 to evaluate the 6 x 6 remainders of two axes, and 36 x 46 from the products to the product's."""
    of = {(a, b): 6 * a + b for a in range(6) for b in range(6)}
    one = Matrix([[1]])
    blocks = [([of[a, b]], one, one) for a in range(4) for b in range(4)]
    blocks += [([of[a, 4], of[a, 5]], KARATSUBA, MODULO) for a in range(4)]
    blocks += [([of[4, b], of[5, b]], KARATSUBA, MODULO) for b in range(4)]
    blocks.append(([of[4, 4], of[4, 5], of[5, 4], of[5, 5]], *quadratic_pair()))
    evaluate, back, row = zeros(46, 36), zeros(36, 46), 0
    for places, there, again in blocks:
        for k in range(there.rows):
            for j, place in enumerate(places):
                evaluate[row + k, place], back[place, row + k] = there[k, j], again[j, k]
        row += there.rows
    return evaluate, back


def forty_six():
    """F(4x4,3x3) in 46 products: 16 linear by linear, 24 linear by quadratic, 6 of the quadratic pair.

    The linear convolution s = g h by remainders, g h in 46 products, s from its remainders; transposed. Every map is a
    pass along each axis and one over all remainders.
    """
    evaluate, back = products_of_remainders()
    tables = remainders(4).T, remainders(3), remainders(6).inv().T, evaluate, evaluate.T, back.T
    E4, E3, C, T, T_back, P = (from_numbers(table.tolist(), QQ) for table in tables)
    output = LinearMap((46,), (Pass(T_back, None, (6, 6)), Pass(E4, 0), Pass(E4, 1)))
    filter = LinearMap((3, 3), (Pass(E3, 0), Pass(E3, 1), Pass(T, None, (46,))))
    input = LinearMap((6, 6), (Pass(C, 0), Pass(C, 1), Pass(P, None, (46,))))
    return Algorithm(output, filter, input)
