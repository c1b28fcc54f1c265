# SPDX-License-Identifier: Apache-2.0
"""C++ for high-level synthesis: a function for each transform, in words of exact widths."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TextIO

from wincraft.algorithm.bilinear import Algorithm
from wincraft.circuit.bounds import Bounds, FixedPointWord
from wincraft.construct.circuits import Circuits
from wincraft.emit.hardware import hardware, head, statements, words
from wincraft.emit.program_text import Body, guarded
from wincraft.errors import TooLarge
from wincraft.files.provenance import identifier
from wincraft.measure.integers import Integers


def emit(algorithm: Algorithm, stream: TextIO, circuits: Circuits, integers: Integers | None = None) -> None:
    """Write a C++ function for each transform in ``ap_int``, or in ``ap_fixed`` where constants are binary fractions.

    Every value has the width of its exact range for data and filters in the boxes of `integers`, int8 by default, and M
    in accumulators of its bits, 32 by default. Where a map has other fractions, the integer form is written. Functions
    are straight-line code on flattened tiles, to be pipelined or shared by what calls them.

    Raises:
        WrongForm: in linear convolution form.
        NotApplicable: over another field than QQ; where one channel overflows the accumulator.
        BadValue: for an accumulator of more than 64 bits.
        TooLarge: where a constant exceeds 63 bits.
    """
    found = hardware(algorithm, circuits, Integers() if integers is None else integers, "hls", fractions=True)
    prefix = identifier(algorithm)
    functions = ["\n".join(_function(prefix, *pair)) for pair in zip(found.bodies, found.bounds, strict=True)]
    fixed = any("ap_fixed<" in text for text in functions)
    headers = "#include <ap_fixed.h>\n" * fixed + "#include <ap_int.h>\n"
    stream.write(guarded(head(algorithm, "hls", circuits, found), "hls", prefix, [headers, *functions]))


def _function(prefix: str, body: Body, found: Bounds) -> Iterator[str]:
    program, reads, writes = body.program, body.transform.reads, body.transform.writes
    exact = words(found)
    types = _type(exact[: program.inputs]), _type([exact[value] for value in program.outputs])
    yield f"// {body.title}"
    yield f"inline void {prefix}_{body.name}_transform("
    yield f"    const {types[0]} {reads}[{program.inputs}], {types[1]} {writes}[{len(program.outputs)}])\n{{"
    yield "#pragma HLS INLINE"
    yield from (f"#pragma HLS ARRAY_PARTITION variable={letter} complete" for letter in (reads, writes))
    for place, name in enumerate(body.inputs):
        if place in body.used:
            yield f"    const {types[0]} {name} = {reads}[{place}];"
    sums = statements(program, body.names, _product, _quotient)
    for value, text in enumerate(sums, program.inputs):
        yield f"    const {_type([exact[value]])} {body.names[value]} = {text};  // {found.values[value]}"
    for place, name in enumerate(body.results):
        yield f"    {writes}[{place}] = {name};"
    yield "}\n"


def _type(formats: list[FixedPointWord]) -> str:
    """The narrowest type that holds all of some words.

    >>> _type([FixedPointWord(9, 0)]), _type([FixedPointWord(9, 0), FixedPointWord(8, 2)])
    ('ap_int<9>', 'ap_fixed<11, 9>')
    """
    integer, fraction = max(word.integer for word in formats), max(word.fraction for word in formats)
    return f"ap_fixed<{integer + fraction}, {integer}>" if fraction else f"ap_int<{integer}>"


def _product(c: Fraction, name: str) -> str:
    """A product by a positive constant; a fraction is a word of its own width."""
    if c.numerator.bit_length() > 63:
        raise TooLarge("an integer in hls output", f"a constant of {c.numerator.bit_length()} bits", "use other points")
    if c.denominator == 1:
        return f"{c}{'LL' if c >= 2**31 else ''} * {name}"
    width, behind = c.numerator.bit_length() + 1, c.denominator.bit_length() - 1
    return f"ap_fixed<{width}, {width - behind}>({float(c)!r}) * {name}"


def _quotient(name: str, c: Fraction) -> str:
    """An exact quotient; by a power of two a product by a word."""
    return _product(1 / c, name) if c.numerator.bit_count() == 1 else f"{name} / {c}"
