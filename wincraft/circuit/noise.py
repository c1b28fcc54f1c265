# SPDX-License-Identifier: Apache-2.0
"""The rounding noise of a program: what errors of its operations do to its outputs. Exact."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from wincraft.circuit.program import Operation, Program, is_power_of_two
from wincraft.exact.matrix import diagonal
from wincraft.exact.number import is_negative
from wincraft.exact.types import Element, Matrix


def rounding_variance(
    program: Program, moments: Matrix | None = None, weights: Matrix | None = None, fused: bool = True
) -> Element:
    """The variance of the outputs' errors when every operation rounds once, in units of that of one relative error.

    An operation whose value is z makes the error  e z  with independent e of mean 0 and variance 1; the outputs' errors
    v are weighed as  E[v^T W v].  With the value's row f of the inputs and its gains t to the outputs:

        sum over operations of  (f S f^T) (t^T W t).

    `moments` S = E[x x^T] are those of the inputs, `weights` W; white and equal if left out. Powers of two and signs
    do not round. A fused operation rounds once; without `fused` its product is rounded too. Factors of values on the
    way change nothing but for these. Exact, in the program's domain.

    Source: the linear noise model; N. J. Higham, Accuracy and Stability of Numerical Algorithms, chapter 2.

    >>> from sympy import QQ
    >>> rounding_variance(Program.build(2, [("add", 0, 1), ("fma", 2, 1, "3")], [3]))
    19
    >>> rounding_variance(Program.build(2, [("add", 0, 1), ("fma", 2, 1, "3")], [3]), fused=False)
    28
    """
    K = program.domain
    S = diagonal([K.one] * program.inputs, K) if moments is None else moments
    W = diagonal([K.one] * len(program.outputs), K) if weights is None else weights
    S_rows, W_rows, total = S.to_list(), W.to_list(), K.zero
    for form, gains in zip(*rounding_rows(program, fused), strict=True):
        weight = _square(gains, W_rows, K.zero)
        if weight:
            total = total + _square(form, S_rows, K.zero) * weight
    return total


def worst_rounding(program: Program, fused: bool = True) -> Element:
    """Max over outputs of  sum over operations |f|_1 |t|:  no output is wrong by more than u D times this.

    To first order in u, where every operation is wrong by at most a relative u and no input exceeds D. Exact.

    >>> from sympy import QQ
    >>> worst_rounding(Program.build(2, [("add", 0, 1), ("fma", 2, 1, "3")], [3]))
    7
    """
    K = program.domain

    def magnitude(x: Element) -> Element:
        return -x if is_negative(x, K) else x

    sums = [K.zero] * len(program.outputs)
    for form, gains in zip(*rounding_rows(program, fused), strict=True):
        norm = sum((magnitude(x) for x in form), K.zero)
        sums = [total + norm * magnitude(t) for total, t in zip(sums, gains, strict=True)]
    return reduce(lambda x, y: y if is_negative(x - y, K) else x, sums)


def rounding_rows(program: Program, fused: bool = False) -> tuple[list[list[Element]], list[list[Element]]]:
    """Of every rounding, in the order of the operations: the value's row of the inputs, and its output gains.

    >>> rounding_rows(Program.build(2, [("fma", 0, 1, "3")], [2]))
    ([[0, 3], [1, 3]], [[1], [1]])
    """
    K, gains = program.domain, output_gains(program)
    forms: list[list[Element]] = []
    arriving: list[list[Element]] = []
    for number, operation in enumerate(program.operations, program.inputs):
        if not fused and operation.name in ("fma", "fms"):
            value, c = operation.terms[1]
            if not is_power_of_two(-c if is_negative(c, K) else c):
                forms.append([c * x for x in program.rows[value]])
                arriving.append(gains[number])
        if _rounds(operation, K.one):
            forms.append(program.rows[number])
            arriving.append(gains[number])
    return forms, arriving


def output_gains(program: Program) -> list[list[Element]]:
    """Of every value what an error of it becomes in each output: row v has t with  output = ... + t error.

    >>> output_gains(Program.build(1, [("multiply", 0, "3")], [1, 0]))
    [[3, 1], [1, 0]]
    """
    K = program.domain
    gains = [[K.zero] * len(program.outputs) for _ in range(program.inputs + len(program.operations))]
    for place, value in enumerate(program.outputs):
        gains[value][place] = gains[value][place] + K.one
    for number in reversed(range(program.inputs, len(gains))):
        if any(gains[number]):
            for operand, factor in program.operations[number - program.inputs].terms:
                gains[operand] = [x + factor * t for x, t in zip(gains[operand], gains[number], strict=True)]
    return gains


def _rounds(operation: Operation, one: Element) -> bool:
    c = operation.constant
    if operation.adds:
        return True
    assert c is not None
    return not (c in (one, -one) or is_power_of_two(c) or is_power_of_two(-c))


def _square(row: Sequence[Element], matrix: Sequence[Sequence[Element]], zero: Element) -> Element:
    """Row M row^T."""
    used = [(k, x) for k, x in enumerate(row) if x]
    return sum((x * y * matrix[i][j] for i, x in used for j, y in used), zero)
