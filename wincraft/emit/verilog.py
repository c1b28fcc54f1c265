# SPDX-License-Identifier: Apache-2.0
"""Verilog: a combinational module for each transform, in signed wires of exact widths."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TextIO

from wincraft.algorithm.bilinear import Algorithm
from wincraft.circuit.bounds import Bounds
from wincraft.construct.circuits import Circuits
from wincraft.emit.hardware import hardware, head, statements, words
from wincraft.emit.program_text import Body, indexed
from wincraft.files.provenance import identifier
from wincraft.measure.integers import Integers


def emit(algorithm: Algorithm, stream: TextIO, circuits: Circuits, integers: Integers | None = None) -> None:
    """Write a combinational Verilog module for each transform: left shifts, additions, products by small constants.

    Every wire has the width of its exact range for data and filters in the boxes of `integers`, int8 by default, and M
    in accumulators of its bits, 32 by default. Where a map has fractions, the integer form is written. Ports are the
    values of the flattened tiles; registers are for what instantiates the modules, or for retiming.

    Raises:
        WrongForm: in linear convolution form.
        NotApplicable: over another field than QQ; where one channel overflows the accumulator.
        BadValue: for an accumulator of more than 64 bits.
    """
    found = hardware(algorithm, circuits, Integers() if integers is None else integers, "verilog")
    lines = head(algorithm, "verilog", circuits, found)
    modules = [
        "\n".join(_module(identifier(algorithm), *pair)) for pair in zip(found.bodies, found.bounds, strict=True)
    ]
    stream.write("\n".join(f"// {line}".rstrip() for line in lines) + "\n\n" + "\n\n".join(modules) + "\n")


def _module(prefix: str, body: Body, found: Bounds) -> Iterator[str]:
    program, transform = body.program, body.transform
    widths = [word.integer for word in words(found)]
    results = dict(zip(indexed(transform.writes, transform.image), program.outputs, strict=True))
    ports = [f"    input  wire signed {_range(widths[k])} {name}" for k, name in enumerate(body.inputs)]
    ports += [f"    output wire signed {_range(widths[value])} {name}" for name, value in results.items()]
    yield f"// {body.title}"
    yield f"module {prefix}_{body.name}_transform (\n" + ",\n".join(ports) + "\n);"
    for value, text in enumerate(statements(program, body.names, _product, _quotient), program.inputs):
        name, low, high = body.names[value], found.values[value].low, found.values[value].high
        declared = f"assign {name}" if name in results else f"wire signed {_range(widths[value])} {name}"
        yield f"    {declared} = {text};  // {low}..{high}"
    for name, value in results.items():
        if body.names[value] != name:
            yield f"    assign {name} = {body.names[value]};"
    yield "endmodule"


def _range(width: int) -> str:
    return f"[{width - 1}:0]"


def _product(c: Fraction, name: str) -> str:
    """A product by a positive integer: by a power of two a shift."""
    number = c.numerator
    return f"({name} <<< {number.bit_length() - 1})" if number.bit_count() == 1 else f"{_literal(number)} * {name}"


def _quotient(name: str, c: Fraction) -> str:
    """An exact quotient by a positive integer: by a power of two a shift."""
    number = c.numerator
    return f"({name} >>> {number.bit_length() - 1})" if number.bit_count() == 1 else f"{name} / {_literal(number)}"


def _literal(number: int) -> str:
    """A signed literal of the width that it takes.

    >>> _literal(5)
    "4'sd5"
    """
    return f"{number.bit_length() + 1}'sd{number}"
