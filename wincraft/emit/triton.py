# SPDX-License-Identifier: Apache-2.0
"""Triton: a function for each transform, on blocks of lanes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TextIO

from wincraft.algorithm.bilinear import Algorithm
from wincraft.construct.circuits import Circuits
from wincraft.emit.program_text import (
    Body,
    bodies,
    check_output,
    division_words,
    float_lines,
    in_brackets,
    opening,
    whole_programs,
)
from wincraft.files.provenance import identifier

_USE = (
    "A function for each transform, to be called from kernels: it takes the values of a tile, row by row, each a",
    "scalar or a block with a tile in every lane, and returns those of the result as a tuple, or the value where it is",
    "one. Values are floating-point, all of one type and shape; constants are rounded to it. Filters that are known in",
    "advance are transformed once, g -> V; then, for every tile, M is the sum over the channels of U * V, and M -> Y.",
)


def emit(algorithm: Algorithm, stream: TextIO, circuits: Circuits) -> None:
    """Write a Python module with a function ``@triton.jit`` for each transform, printed from its program.

    The functions are straight-line code on tiles flattened row by row, as are programs of whole maps; they need no
    import but Triton's.

    Raises:
        WrongForm: in linear convolution form.
        NotApplicable: over GF(p).
        TooLarge: where a constant exceeds float64.
    """
    check_output(algorithm, "triton")
    lines = [*opening(algorithm, "triton", circuits), *_USE, *division_words(algorithm)]
    functions = [
        "\n".join(_function(identifier(algorithm), body)) for body in bodies(algorithm, whole_programs(circuits))
    ]
    stream.write('"""' + "\n".join(lines) + '\n"""\n\nimport triton\n\n\n' + "\n\n\n".join(functions) + "\n")


def _function(prefix: str, body: Body) -> Iterator[str]:
    yield "@triton.jit"
    yield in_brackets(f"def {prefix}_{body.name}_transform(", body.inputs, "):")
    yield f'    """{body.title}"""'
    for line, note in float_lines(body.program, body.names, _constant, "triton"):
        yield f"    {line}" + f"  # {note}" * bool(note)
    results = body.results
    yield in_brackets("    return (", results, ")") if len(results) > 1 else f"    return {results[0]}"


def _constant(value: float, exact: bool) -> str:
    """Small integers as they are."""
    return str(int(value)) if exact and value == int(value) and abs(value) < 2**31 else repr(value)
