# SPDX-License-Identifier: Apache-2.0
"""Exact kernels of 8-bit integers: U and V in 16 bits, sums modulo 2^32, the scale undone by a product and a shift."""

from __future__ import annotations

from functools import cached_property

from wincraft.algorithm.bilinear import Algorithm
from wincraft.circuit.program import Program
from wincraft.emit.c.passes import Transform
from wincraft.emit.kernel.elements import ElementType
from wincraft.emit.kernel.transforms import Ends, VectorType
from wincraft.exact.types import Element
from wincraft.measure.exact_words import WordBounds, word_bounds
from wincraft.measure.integers import INT8, parse_range


class IntegerElements(ElementType):
    """8-bit data and int8 weights."""

    sum_bytes = 4
    least_isa = ("__AVX2__", "__AVX512BW__")
    broadcast = "vv {x} = pair({u} + i * PAIR);"
    step = "{a} = multiply_add({a}, {x}, {v});"
    family = "integer"

    @cached_property
    def bounds(self) -> WordBounds:
        """The ranges of U, V and y, the scale and the channels that fit, of the form that is computed."""
        return word_bounds(self.given, parse_range(self.name), INT8)

    @property
    def algorithm(self) -> Algorithm:
        """The form with the smallest integers U and V."""
        return self.bounds.algorithm

    def program(self, transform: Transform, number: int) -> Program:
        """That of the circuits on integers."""
        return self.circuits.integers(transform.passes[number].matrix)

    def vector(self, transform: Transform, program: Program) -> VectorType:
        """Integers of 16 bits before the products, of 32 bits after them, both modulo their powers of two."""
        if transform.name == "output":
            return VectorType("vm", _literal, "uint32_t", "load_m", "store_m")
        return VectorType("vu", _literal, "int16_t", "load_u", "store_u", "WIDTH")

    def ends(self, transform: Transform, source: tuple[str, ...], target: tuple[str, ...]) -> Ends:
        """Data and filters as they are stored; outputs after the division by the scale."""
        if transform.name == "filter":
            return Ends("int8_t", "int16_t", "load_filter", "store_u", source, target, ("g", "v"))
        if transform.name == "input":
            return Ends("data_t", "int16_t", "load_data", "store_u", source, target, ("d", "u"))
        return Ends("uint32_t", "uint32_t", "load_m", "store_m", source, target, ("m", "y"), (), "divided({})")

    def words(self) -> dict[str, object]:
        """The types of data, and the constants that undo the scale."""
        bounds, vectors = self.bounds, {"int8": "bytes", "uint8": "unsigned_bytes"}
        return {
            "data_type": f"{self.name}_t",
            "data_vector": vectors[self.name],
            "shift": bounds.shift,
            "odd": bounds.odd,
            "inverse": bounds.inverse,
            "bits": 31 - bounds.shift,
            "reference_type": "int64_t",
        }

    def notes(self) -> list[str]:
        """The ranges and the channels that are exact whatever the data and weights."""
        bounds = self.bounds
        return [
            f"Exact: data in {bounds.data}, weights in {bounds.filter}, U in {bounds.U} and V in {bounds.V} in int16,",
            f"sums modulo 2^32, scale {bounds.scale} = 2^{bounds.shift} * {bounds.odd}: the inverse of {bounds.odd} modulo 2^32 undoes"
            f" the odd part, an",
            f"arithmetic shift the rest. Any data and weights of up to {bounds.channels} channels a group are exact; prepare",
            "proves it for given weights, of more channels too, and refuses them otherwise.",
            "Eight-bit dot products (VNNI, Arm) make the direct convolution twice or four times as fast as 16 bits are:",
            "there this file gains little. With AVX2 products of 16 bits are as fast as those of 8.",
        ]

    def sizes(self) -> dict[str, int]:
        """The ends of the data, and the power of two in the scale."""
        data = self.bounds.data
        return {"DATA_LOW": int(data.low), "DATA_HIGH": int(data.high), "SHIFT": self.bounds.shift}


def _literal(c: Element) -> str:
    return str(int(c))
