# SPDX-License-Identifier: Apache-2.0
"""How a program of one matrix rounds within an algorithm: what its values weigh, its noise predicted and measured."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import reduce
from math import nan, prod
from typing import NamedTuple

import numpy as np

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.content import map_names
from wincraft.algorithm.entries import matrix_to_numpy
from wincraft.circuit.noise import rounding_variance
from wincraft.circuit.program import Program
from wincraft.circuit.rounded import run_rounded
from wincraft.errors import TooLarge
from wincraft.exact.matrix import diagonal, exact_matrix
from wincraft.exact.number import as_fractions
from wincraft.exact.types import Domain, Element, Matrix, Vectors
from wincraft.numbers.arithmetic import Arithmetic
from wincraft.numbers.float_format import FloatFormat

LARGEST_SEARCHED = 12
"""Rows and columns of the largest matrix for which programs are looked for; larger ones are taken row by row."""

MEASURED_LINES = 2**14
"""Lines of random numbers by which noise is measured: ratios of two programs are right to one or two per cent."""

ARITHMETICS = tuple(Arithmetic(FloatFormat(f"{bits} bits", bits, -100, Fraction(2) ** 100)) for bits in (11, 24))
"""In which noise is measured: the significand bits of fp16 and fp32, and exponents that no transform leaves."""


class Context(NamedTuple):
    """What a matrix's inputs and outputs weigh: E[x x^T], and W with E[error^T W error]; None: white, equal.

    >>> Context()
    Context(moments=None, weights=None)
    """

    moments: Matrix | None = None
    weights: Matrix | None = None


def is_large(matrix: Matrix) -> bool:
    """Whether no programs are looked for: more than `LARGEST_SEARCHED` rows or columns.

    >>> from wincraft import winograd
    >>> is_large(winograd(4, 3).input.dense), is_large(winograd(20, 3).input.dense)
    (False, True)
    """
    return max(matrix.shape) > LARGEST_SEARCHED


def noise_of(program: Program, context: Context) -> Fraction:
    """The variance that the roundings of a program cause at the algorithm's outputs, every product rounded.

    >>> noise_of(Program.build(2, [("fma", 0, 1, "3")], [2]), Context())
    Fraction(19, 1)
    """
    return as_fractions([rounding_variance(program, *context, fused=False)], program.domain)[0]


def measured_noise(program: Program, context: Context) -> tuple[float, ...]:
    """E[e^T W e] of a program's errors e on seeded lines of inputs with the second moments S, in each of `ARITHMETICS`.

    Every product and sum is rounded, and constants, which the prediction takes as they are. In units of the squared
    unit roundoff; NaN where no such number holds a value.

    >>> butterfly = Program.build(2, [("add", 0, 1), ("subtract", 0, 1)], [2, 3])
    >>> [round(noise, 1) for noise in measured_noise(butterfly, Context())]
    [0.8, 0.9]
    """
    lines, found = np.random.default_rng(0).standard_normal((program.inputs, MEASURED_LINES)), list[float]()
    try:
        exact = matrix_to_numpy(program.matrix(), float)
        weights = None if context.weights is None else matrix_to_numpy(context.weights, float)
        if context.moments is not None:
            lines = _with_moments(lines, matrix_to_numpy(context.moments, float))
        for arithmetic in ARITHMETICS:
            given = arithmetic.round(lines)
            with np.errstate(over="ignore", invalid="ignore"):
                errors = run_rounded(program, list(given), arithmetic).astype(float) - exact @ given.astype(float)
                weighed = errors if weights is None else weights @ errors
                found.append(float((errors * weighed).sum() / MEASURED_LINES) * 4.0**arithmetic.format.precision)
    except TooLarge:
        return (nan,) * len(ARITHMETICS)
    return tuple(found)


def _with_moments(white: np.ndarray, moments: np.ndarray) -> np.ndarray:
    """Lines of inputs, a column each, with E[x x^T] = moments, from independent ones of variance 1."""
    size = np.sqrt(moments.diagonal())
    size[size == 0] = 1
    correlation = moments / np.outer(size, size) + 1e-9 * np.eye(len(size))  # which may have no full rank
    found: np.ndarray = size[:, None] * (np.linalg.cholesky(correlation) @ white)
    return found


def contexts(factor: Algorithm) -> Iterator[tuple[str, Matrix, Context]]:
    """Every matrix that is applied along an axis, with the name of its map: each map multiplied out, and each stage.

    For white data and filters: errors of U are weighed as  (A A^T) * (G G^T), of V likewise, and the products have
    the second moments  (G G^T) * (B B^T), entry by entry; all over m r and the square of the scale.

    >>> from wincraft import winograd
    >>> [name for name, matrix, context in contexts(winograd(2, 3))]
    ['BT', 'BT', 'AT', 'AT', 'G', 'G']
    """
    if not factor.field.ordered or all(is_large(item.dense) for item in factor.maps):
        return
    K, names = factor.domain, map_names(factor)
    output, filters, data = (item.dense for item in factor.maps)
    A, G, B = (_gram(rows) for rows in (output.transpose(), filters, data))
    share = K.one / (K.from_sympy(factor.scale) ** 2 * prod(factor.m) * prod(factor.r))
    of_data = factor.maps.input, names[2], Context(None, _entrywise(A, G, share))
    of_output = factor.maps.output, names[0], Context(_entrywise(G, B, share), None)
    of_filter = factor.maps.filter, names[1], Context(None, _entrywise(A, B, share))
    for item, name, context in (of_data, of_output, of_filter):
        yield name, item.dense, context
        stages = [step.whole(tile) for step, tile in zip(item.passes, item.shapes, strict=False)]
        for number, step in enumerate(item.passes):
            if step.axis is None or len(item.shapes[number]) == 1:
                before = _product(stages[:number], item.shape[1], K)
                after = _product(stages[number + 1 :], stages[number].shape[0], K)
                moments, weights = context
                yield name, step.matrix, Context(_through(before, moments), _through(after.transpose(), weights))


def _product(stages: list[Matrix], size: int, K: Domain) -> Matrix:
    return reduce(lambda product, stage: stage * product, stages, diagonal([K.one] * size, K))


def _gram(rows: Matrix) -> Matrix:
    return rows * rows.transpose()


def _through(matrix: Matrix, moments: Matrix | None) -> Matrix:
    return _gram(matrix) if moments is None else matrix * moments * matrix.transpose()


def _entrywise(first: Matrix, second: Matrix, factor: Element) -> Matrix:
    pairs = zip(first.to_list(), second.to_list(), strict=True)
    rows: Vectors = [[factor * x * y for x, y in zip(*pair, strict=True)] for pair in pairs]
    return exact_matrix(rows, first.shape, first.domain)
