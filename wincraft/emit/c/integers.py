# SPDX-License-Identifier: Apache-2.0
"""The integer arithmetic of a C header: its matrices, its exact bounds, and the narrowest types that hold them."""

from __future__ import annotations

from dataclasses import dataclass

from wincraft.algorithm.bilinear import BilinearAlgorithm
from wincraft.algorithm.nested import Algorithm
from wincraft.algorithm.numeric import matrix_to_numpy
from wincraft.construct.integer_form import integer_form
from wincraft.emit.c.transforms import Letter
from wincraft.emit.matrices import named_maps
from wincraft.measure.channels import channel_counts
from wincraft.measure.integer_sets import integer_set
from wincraft.measure.integers import Integers, range_name
from wincraft.measure.ranges import ranges
from wincraft.numbers.box import Box, signed_bits

SHORT_OF_CHANNELS = 64
"""Where the accumulator holds fewer, the header names the catalogue's set that holds more."""

_STORED = {"int8_t": 8, "uint8_t": 8, "int16_t": 16, "uint16_t": 16, "int32_t": 32}
"""The types of data and filters, with their bits."""


@dataclass(frozen=True)
class IntegerBounds:
    """What the integer functions read and compute, exactly; `M` and `sums` are per channel, `Y` is after the division.

    `U` and `V` hold for every intermediate value of their transforms, `sums` for M and every partial sum of the output
    transform. `max_channels` is how many channels may be summed into M before the output transform could leave int64_t,
    `accumulator_channels` how many an accumulator of the bits of `integers` holds of M alone.
    """

    integers: Integers
    U: Box
    V: Box
    M: Box
    sums: Box
    Y: Box
    max_channels: int
    accumulator_channels: int


def integer_algorithm(algorithm: Algorithm) -> Algorithm:
    """The algorithm on integer matrices, every map in one stage; raises `NotApplicable` over a field."""
    return integer_form(algorithm)


def integer_bounds(algorithm: Algorithm, integers: Integers) -> IntegerBounds:
    """The bounds of an algorithm on integer matrices, from its exact ranges.

    >>> from wincraft import winograd
    >>> bounds = integer_bounds(integer_algorithm(winograd(2, 3)), Integers())
    >>> bounds.U, bounds.accumulator_channels
    ([-256, 255], 21845)
    """
    found = ranges(algorithm, integers.data, integers.filter)
    outputs = sorted(end / algorithm.scale for end in (found.steps[-1].box.low, found.steps[-1].box.high))
    sums = channel_counts(found, 64).partial_sums
    products = channel_counts(found, integers.accumulator).products
    assert sums is not None  # data and filters are not all 0
    assert products is not None
    return IntegerBounds(
        integers=integers,
        U=found.on_the_way("input").box,
        V=found.on_the_way("filter").box,
        M=found["M"].box,
        sums=found.on_the_way("product", "output").box,
        Y=Box(*outputs),
        max_channels=sums,
        accumulator_channels=products,
    )


def integer_matrices(axis: BilinearAlgorithm) -> dict[str, list[list[int]]]:
    """A^T, G and B^T of an axis as Python integers."""
    return {
        name: [[int(x) for x in row] for row in matrix_to_numpy(item.dense, object)]
        for name, item in named_maps(axis).items()
    }


def integer_types(bounds: IntegerBounds) -> dict[Letter, str] | None:
    """The C types of data, filter, their transforms, products and outputs; None where a type beyond int32_t is read."""
    stored = [stored_type(box) for box in (bounds.integers.data, bounds.integers.filter)]
    if None in stored:
        return None
    d, g = (str(name) for name in stored)
    return {"d": d, "g": g, "u": computed_type(bounds.U), "v": computed_type(bounds.V), "m": "int64_t", "y": "int64_t"}


def stored_type(box: Box) -> str | None:
    """The narrowest C type that holds a box, None beyond int32_t.

    >>> stored_type(Box(0, 15)), stored_type(Box(0, 255)), stored_type(Box(-200, 100))
    ('int8_t', 'uint8_t', 'int16_t')
    """
    for name, bits in _STORED.items():
        whole = Box.unsigned(bits) if name.startswith("u") else Box.signed(bits)
        if whole.low <= box.low and box.high <= whole.high:
            return name
    return None


def computed_type(box: Box) -> str:
    """The C type of what is computed: int32_t where that holds it, else int64_t.

    >>> computed_type(Box(-(2**31), 2**31 - 1)), computed_type(Box(0, 2**31))
    ('int32_t', 'int64_t')
    """
    return "int32_t" if signed_bits(box.low, box.high) <= 32 else "int64_t"


def better_set(algorithm: Algorithm, bounds: IntegerBounds) -> list[str]:
    """Where few channels fit: a line on which points of the catalogue hold more, if any do."""
    if bounds.accumulator_channels >= SHORT_OF_CHANNELS:
        return []
    better = integer_set(algorithm, bounds.integers)
    held = better.counts.products if better is not None else 0
    if better is None or held is None or held <= bounds.accumulator_channels:
        return ["No points of the catalogue hold more; a smaller tile, shorter data or filters or requantised taps do."]
    what = f"{range_name(bounds.integers.data)} by {range_name(bounds.integers.filter)}"
    return [f"Few: for integers take other points, --points {better.use} holds {held} channels of {what}."]
