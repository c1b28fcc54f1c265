# SPDX-License-Identifier: Apache-2.0
"""Programs run in a floating-point arithmetic of any precision."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wincraft.circuit.program import Program
from wincraft.exact.number import as_fractions
from wincraft.numbers.arithmetic import Arithmetic


def run_rounded(program: Program, values: Sequence[np.ndarray], arithmetic: Arithmetic) -> np.ndarray:
    """A program's outputs on arrays of the arithmetic's numbers; every product, sum and constant is rounded once.

    A fused operation is a rounded product and a rounded sum.

    >>> from wincraft.numbers.formats import FORMATS
    >>> half = Arithmetic(FORMATS["fp16"])
    >>> program = Program.build(2, [("fma", 0, 1, "1/3")], [2])
    >>> run_rounded(program, [half.round([1.0]), half.round([0.001])], half)
    array([[1.]], dtype=float32)
    """
    add, multiply, nearest = arithmetic.add, arithmetic.multiply, arithmetic.format.quantize_exact
    made = [np.ascontiguousarray(value) for value in values]
    for name, operands, constant in program.operations:
        a, b = made[operands[0]], made[operands[-1]]
        if constant is not None:
            (exact,) = as_fractions([constant], program.domain)
            b = multiply(b, np.array(float(nearest(1 / exact if name == "divide" else exact)), b.dtype))
        match name:
            case "add" | "fma":
                made.append(add(a, b))
            case "subtract":
                made.append(add(a, -b))
            case "fms":
                made.append(add(b, -a))
            case _:
                made.append(b)
    return np.stack([made[k] for k in program.outputs])
