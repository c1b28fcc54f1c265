# SPDX-License-Identifier: Apache-2.0
"""Kernels in floating point: sums in float, images in float or in a format of 16 bits."""

from __future__ import annotations

from decimal import ROUND_CEILING, Context
from functools import cached_property

import numpy as np

from wincraft.circuit.program import Program
from wincraft.construct.circuits import order_of
from wincraft.emit.c.passes import Transform, read_passes
from wincraft.emit.c.printing import constant, literal
from wincraft.emit.kernel.elements import ElementType
from wincraft.emit.kernel.templates import filled
from wincraft.emit.kernel.transforms import Ends, VectorType
from wincraft.emit.program_text import floating, over_scale
from wincraft.errors import NotApplicable
from wincraft.exact.number import to_element
from wincraft.measure.float_bound import error_bound

_LEAST, _MOST = float(np.finfo(np.float32).smallest_normal), float(np.finfo(np.float32).max)

MOST_CHANNELS = 4096
"""The channels up to which the bound of the error holds."""

STORED_TYPES = {"float32": "float", "float16": "wincraft_float16", "bfloat16": "uint16_t"}
"""The C type of a number in an image; bfloat16 is the upper half of a float."""


class FloatElements(ElementType):
    """Numbers of a floating-point format in images and filters; U, V, M and all sums are float."""

    broadcast = "float {x} = {u}[i];"
    step = "{a} += {x} * {v};"
    family = "float"

    def check(self) -> None:
        """Refuse constants that float cannot hold to full precision.

        Raises:
            NotApplicable: with the constant's map.
        """
        for transform in read_passes(self.algorithm).transforms:
            for number in range(len(transform.passes)):
                program = self.program(transform, number)
                values = [
                    abs(constant(item.constant, "float", program)) for item in program.operations if item.constant
                ]
                if not all(_LEAST <= value <= _MOST for value in values):
                    reason = f"a constant of its {transform.name} transform is outside the normal range of float"
                    raise NotApplicable(f"a kernel of {self.given.size}", reason, "choose points of smaller height")

    def program(self, transform: Transform, number: int) -> Program:
        """That of the circuits; the last of the output transform divides by the scale."""
        program = floating(self.circuits.of(transform.passes[number].matrix).program)
        if transform.name == "output" and number == len(transform.passes) - 1:
            return over_scale(program, to_element(self.algorithm.scale, program.domain))
        return program

    def vector(self, transform: Transform, program: Program) -> VectorType:
        """Vectors of float, everywhere."""
        return VectorType("vf", lambda c: literal(constant(c, "float", program), "float"), "float", "load", "store")

    def ends(self, transform: Transform, source: list[str], target: list[str]) -> Ends:
        """Data from the image or a copy; outputs with bias and clamp."""
        if transform.name == "filter":
            return Ends("filter_t", "float", "load", "store", source, target, ("g", "v"))
        if transform.name == "input":
            return Ends("data_t", "float", "load_data", "store", source, target, ("d", "u"))
        more, wrap = ("vf bias", "vf lo", "vf hi"), "clamp({} + bias, lo, hi)"
        return Ends("float", "data_t", "load", "store_data", source, target, ("m", "y"), more, wrap)

    def words(self) -> dict[str, object]:
        """The C type of images, how its values are loaded and stored, and the proved bound of the error."""
        of_channel, of_sum = self.bound
        half = self.name == "float16"
        return {
            "data_type": STORED_TYPES[self.name],
            "reference_type": "double",
            "storage": filled(f"storage_{self.name}.c"),
            "storage_type": filled("type_float16.h") if half else "",
            "error_of_one": round_up_text(of_channel + of_sum),
            "most_channels": MOST_CHANNELS,
            "error_of_channel": round_up_text(of_channel),
            "error_of_sum": round_up_text(of_sum),
        }

    @cached_property
    def bound(self) -> tuple[float, float]:
        """A and b of  error <= c (a + b c)  for c channels, by a chord.

        With c roundings of the first term, one too many, the error of one channel is linear in the mean of (1 + u)^i
        over i = 1 ... c. That is convex in c, and at most what c + 1 channels have with the roundings that there are.
        """
        order = order_of(self.choice)
        ends = (float(error_bound(self.given, order=order, channels=c + 1).max()) / (c + 1) for c in (1, MOST_CHANNELS))
        one, many = ends
        slope = (many - one) / (MOST_CHANNELS - 1)
        return one - slope, slope

    def notes(self) -> list[str]:
        """What the file says of its arithmetic."""
        return [
            "Entries are rounded once to float; sums are float. Compile with -O3, the instruction set of the machine",
            "(-march=native, -march=x86-64-v3) and -ffp-contract=fast: -std=c99 alone keeps GCC from fused operations,",
            "which differ in the last bits and are twice as fast.",
        ]


def round_up_text(value: float) -> str:
    """With four digits, rounded up.

    >>> round_up_text(0.00012341)
    '1.235e-4'
    """
    return f"{Context(prec=4, rounding=ROUND_CEILING).create_decimal(value):.3e}"
