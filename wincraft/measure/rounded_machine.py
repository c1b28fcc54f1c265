# SPDX-License-Identifier: Apache-2.0
"""Arithmetic in a floating-point format: the result of every operation is rounded."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np

from wincraft.algorithm.linear_map import Pass
from wincraft.circuit.program import Program
from wincraft.circuit.rounded import run_rounded
from wincraft.exact.matrix import fraction_rows
from wincraft.exact.types import Matrix
from wincraft.measure.execution import PerMatrix, grouped
from wincraft.measure.places import Place
from wincraft.numbers.arithmetic import Arithmetic
from wincraft.numbers.quantizer import Quantizer, Scale
from wincraft.numbers.summation import channel_sum, linear_pass


class RoundedMachine:
    """Values are arrays of the arithmetic's numbers; row sums are taken in `order`, entries of matrices rounded once.

    With `programs`, which gives the program of a matrix, passes are run by their programs instead, operation by
    operation, constants rounded once; a fused operation is a rounded product and a rounded sum. The sum over channels
    is taken in the `accumulator` (None: the arithmetic) in its own order, then rounded.

    >>> from wincraft import winograd
    >>> from wincraft.measure.execution import execute
    >>> from wincraft.numbers.formats import FORMATS
    >>> F, machine = winograd(2, 3), RoundedMachine(Arithmetic(FORMATS["fp16"]))
    >>> data = machine.arithmetic.round(np.full((4, 1, 1), 0.1))
    >>> execute(F.maps, F.scale, machine, data, np.ones((3, 1, 1))).ravel()
    array([0.2998047, 0.2998047], dtype=float32)
    """

    overflowed = False

    def __init__(
        self,
        arithmetic: Arithmetic,
        order: str = "sequential",
        accumulator: Arithmetic | None = None,
        channel_order: str = "sequential",
        programs: Callable[[Matrix], Program] | None = None,
    ) -> None:
        self.arithmetic, self.order, self.channel_order = arithmetic, order, channel_order
        self.accumulator = accumulator or arithmetic
        self._entries = PerMatrix(self._rounded)
        self._programs = programs and PerMatrix(programs)

    def load(self, place: Place, given: np.ndarray) -> np.ndarray:
        """Rounded."""
        return self.arithmetic.round(given)

    def apply(self, step: Pass, value: np.ndarray) -> np.ndarray:
        """Row sums in the order, or the program; over a flattened tile too."""
        if self._programs is not None:
            return self._run(self._programs(step.matrix), step, value)
        matrix = self._entries(step.matrix)
        if step.axis is not None:
            return linear_pass(matrix, value, step.axis, self.arithmetic, self.order)
        flat = linear_pass(matrix, value.reshape(matrix.shape[1], -1), 0, self.arithmetic, self.order)
        return flat.reshape(*step.image, *value.shape[-2:])

    def _run(self, program: Program, step: Pass, value: np.ndarray) -> np.ndarray:
        """The operations of a program, on all lines at once."""
        lines = value.reshape(program.inputs, -1) if step.axis is None else np.moveaxis(value, step.axis, 0)
        outputs = run_rounded(program, list(lines), self.arithmetic)
        if step.axis is None:
            return outputs.reshape(*step.image, *value.shape[-2:])
        return np.ascontiguousarray(np.moveaxis(outputs, 0, step.axis))

    def multiply(self, U: np.ndarray, V: np.ndarray) -> np.ndarray:
        """Summed in the accumulator's format, then rounded to the arithmetic's."""
        v, u = (self.accumulator.round(item.reshape(-1, *item.shape[-2:])) for item in grouped(V, U))
        M = channel_sum(v, u, self.accumulator, self.channel_order)
        if self.accumulator != self.arithmetic:
            M = self.arithmetic.round(M)
        return M.reshape(*V.shape[:-1], -1)

    def store(self, place: Place, value: np.ndarray) -> np.ndarray:
        """Values are numbers of the format already."""
        return value

    def put(self, quantizer: Quantizer, scale: Scale, value: np.ndarray) -> np.ndarray:
        """Through a quantiser: the stored multiples, times their scale."""
        if quantizer.per is None and quantizer.format == self.arithmetic.format:
            return value
        if quantizer.per is None:
            return self.arithmetic.round(quantizer.format.quantize(value))  # type: ignore[call-arg]
        multiples = quantizer.store(value / scale.scale, scale.zero_point)
        return self.arithmetic.round(multiples * scale.scale)

    def divide(self, value: np.ndarray, divisor: Fraction) -> np.ndarray:
        """One more rounded product, with the rounded reciprocal."""
        reciprocal = np.array(float(self.arithmetic.format.quantize_exact(1 / divisor)))
        return self.arithmetic.multiply(value, reciprocal)

    def real(self, value: np.ndarray) -> np.ndarray:
        """The same numbers in float64."""
        return value.astype(np.float64)

    def _rounded(self, matrix: Matrix) -> np.ndarray:
        nearest = self.arithmetic.format.quantize_exact
        return np.array(
            [[float(nearest(entry)) for entry in row] for row in fraction_rows(matrix)], self.arithmetic.dtype
        )
