# SPDX-License-Identifier: Apache-2.0
"""Kernels in floating point: sums in float, images in float or in a format of 16 bits."""

from __future__ import annotations

from wincraft.circuit.program import Program
from wincraft.emit.c.passes import Transform
from wincraft.emit.c.printing import constant, literal
from wincraft.emit.kernel.elements import ElementType
from wincraft.emit.kernel.templates import filled
from wincraft.emit.kernel.transforms import Ends, VectorType
from wincraft.emit.program_text import floating, over_scale
from wincraft.exact.number import to_element


_C_TYPES = {"float32": "float", "float16": "_Float16", "bfloat16": "uint16_t"}
"""The C type of a number in an image; bfloat16 is the upper half of a float."""


class FloatElements(ElementType):
    """Numbers of a floating-point format in images and filters; U, V, M and all sums are float."""

    broadcast = "float {x} = {u}[i];"
    step = "{a} += {x} * {v};"
    family = "float"

    def program(self, transform: Transform, number: int) -> Program:
        """That of the circuits; the last of the output transform divides by the scale."""
        program = floating(self.circuits.of(transform.passes[number].matrix).program)
        if transform.name == "output" and number == len(transform.passes) - 1:
            return over_scale(program, to_element(self.algorithm.scale, program.domain))
        return program

    def vector(self, transform: Transform, program: Program) -> VectorType:
        """Vectors of float, everywhere."""
        return VectorType("vf", lambda c: literal(constant(c, "float", program), "float"), "float", "load", "store")

    def ends(self, transform: Transform, source: tuple[str, ...], target: tuple[str, ...]) -> Ends:
        """Data from the image or a copy; outputs with bias and clamp."""
        if transform.name == "filter":
            return Ends("filter_t", "float", "load_data", "store", source, target, ("g", "v"))
        if transform.name == "input":
            return Ends("data_t", "float", "load_data", "store", source, target, ("d", "u"))
        more, wrap = ("vf bias", "float lo", "float hi"), "clamp({} + bias, lo, hi)"
        return Ends("float", "data_t", "load", "store_data", source, target, ("m", "y"), more, wrap)

    def words(self) -> dict[str, object]:
        """The C type of images, and how its values are loaded and stored."""
        return {"data_type": _C_TYPES[self.name], "storage": filled(f"storage_{self.name}.c")}
