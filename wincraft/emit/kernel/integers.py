# SPDX-License-Identifier: Apache-2.0
"""Exact kernels of 8-bit integers: U and V in 16 bits, sums modulo 2^32, the scale undone by a product and a shift."""

from __future__ import annotations

from functools import cached_property
from textwrap import wrap

from wincraft.algorithm.bilinear import Algorithm
from wincraft.circuit.program import Program
from wincraft.emit.c.passes import Transform
from wincraft.emit.kernel.elements import ElementType
from wincraft.emit.kernel.templates import filled
from wincraft.emit.kernel.transforms import Ends, VectorType
from wincraft.errors import NotApplicable
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

    def check(self) -> None:
        """Refuse points whose U or V do not fit 16 bits, or of which not one channel is exact.

        Raises:
            NotApplicable: with which points or which tile would do.
        """
        if self.bounds.reason:
            raise NotApplicable(f"an {self.name} kernel of {self.given.size}", self.bounds.reason, self.bounds.repair)

    def program(self, transform: Transform, number: int) -> Program:
        """That of the circuits on integers."""
        return self.circuits.integers(transform.passes[number].matrix)

    def vector(self, transform: Transform, program: Program) -> VectorType:
        """Integers of 16 bits before the products, of 32 bits after them, both modulo their powers of two."""
        if transform.name == "output":
            return VectorType("vm", _literal, "uint32_t", "load_m", "store_m")
        return VectorType("vu", _literal, "int16_t", "load_u", "store_u", "WIDTH")

    def ends(self, transform: Transform, source: list[str], target: list[str]) -> Ends:
        """Data and filters as they are stored; outputs after the division by the scale."""
        if transform.name == "filter":
            return Ends("int8_t", "int16_t", "load_filter", "store_u", source, target, ("g", "v"))
        if transform.name == "input":
            return Ends("data_t", "int16_t", "load_data", "store_u", source, target, ("d", "u"))
        return Ends("uint32_t", "uint32_t", "load_m", "store_m", source, target, ("m", "y"), (), "divided({})")

    def words(self) -> dict[str, object]:
        """The types of data, and the constants that undo the scale."""
        bounds, vectors = self.bounds, {"int8": "bytes", "uint8": "unsigned_bytes"}
        packs = {"int8": "packs", "uint8": "packus"}
        return {
            "data_type": f"{self.name}_t",
            "data_vector": vectors[self.name],
            "packs": packs[self.name],
            "pair": filled("pair.c", inline="static inline"),
            "multiply_add": filled("multiply_add.c", inline="static inline"),
            "shift": bounds.shift,
            "odd": bounds.odd,
            "inverse": bounds.inverse,
            "bits": 31 - bounds.shift,
            "reference_type": "int64_t",
        }

    def notes(self) -> list[str]:
        """The ranges, and the channels that are exact whatever the data and weights."""
        found = self.bounds
        text = (
            f"Exact: data in {found.data}, weights in {found.filter}; U in {found.U} and V in {found.V} are int16, "
            f"sums are modulo 2^32. Scale {found.scale} = 2^{found.shift} * {found.odd}: the inverse of {found.odd} "
            "modulo 2^32 undoes the odd part, an arithmetic shift the rest. Any data and weights of up to "
            f"{found.channels} channels a group are exact; prepare proves it for the weights at hand, often of more "
            "channels, and refuses others. Products of 16 bits are as fast as those of 8 with AVX2; where 8-bit dot "
            "products are two or four times as fast, VNNI and Arm, the direct convolution with them is the rival."
        )
        return wrap(text, 116)

    def sizes(self) -> dict[str, int]:
        """The ends of the data, and the power of two in the scale."""
        data = self.bounds.data
        return {"DATA_LOW": int(data.low), "DATA_HIGH": int(data.high), "SHIFT": self.bounds.shift}


def _literal(c: Element) -> str:
    return str(c)
