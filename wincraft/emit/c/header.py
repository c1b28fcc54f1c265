# SPDX-License-Identifier: Apache-2.0
"""A C99 header, also valid C++17: tables and transform functions in float, double and overflow-free integers."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import TextIO

from wincraft.algorithm.bilinear import Algorithm
from wincraft.construct.choices import DEFAULT_CIRCUIT
from wincraft.construct.circuits import Circuits
from wincraft.emit.c.integers import integer_section
from wincraft.emit.c.passes import Reading, read_passes
from wincraft.emit.c.plan import float_section, stage_calls
from wincraft.emit.c.printing import defines, section_texts
from wincraft.emit.c.text import comment
from wincraft.files.provenance import banner, circuit_words
from wincraft.measure.integers import Integers, range_options

_USE = (
    "Use, for every tile of data, with M cleared first and every filter transformed once, g -> V:",
    "    for every channel: input transform d -> U, then M[k] += U[k] * V[k] for all k;",
    "    then the output transform M -> Y.",
    "g, V, U and M are contiguous, row-major. d and Y are windows of larger images: the last axis is contiguous,",
    "every other one has its stride, in elements, as a parameter. U, V and M must not overlap g, d and Y.",
    "Bounds are those of exact arithmetic; one that is no integer is rounded up, the exact one beside it.",
)

_LINEAR_USE = (
    "Use: g -> V and h -> U, each once, M[k] = U[k] * V[k] for all k, then the output transform M -> S. Of a sum of",
    "products of polynomials the products are summed first, M[k] += U[k] * V[k].",
    "g, V, U and M are contiguous, row-major. h and S are windows of larger arrays: the last axis is contiguous, every",
    "other one has its stride, in elements, as a parameter. U, V and M must not overlap g, h and S.",
    "Bounds are those of exact arithmetic; one that is no integer is rounded up, the exact one beside it.",
)


def emit(
    algorithm: Algorithm, stream: TextIO, circuits: Circuits | None = None, integers: Integers | None = None
) -> None:
    """Write the header: provenance, formula and proof, then macros, tables and functions of every arithmetic.

    V, U and M are contiguous, d and Y are windows of larger images. Floating-point entries are the exact ones rounded
    once; the integer functions take data and filters in the ranges of `integers`, int8 by default, are exact and cannot
    overflow. Lines are computed by the programs of `circuits`. An arithmetic that cannot hold the algorithm is left
    out, with a comment that says why.

    A map of several stages also has, in floating point, a table and a function for each. The function without a number
    computes the same by the stages' product, or calls them in turn where some take whole tiles.

    In linear convolution form, the product of polynomials, the data are h, and the output s; both are windows too.

    Raises:
        NotApplicable: over GF(p).
    """
    algorithm.field.need_order(f"C headers of {algorithm.size}")
    integers = Integers() if integers is None else integers
    reading, circuits = read_passes(algorithm), Circuits(algorithm) if circuits is None else circuits
    circuit = circuits.choice
    floats = {c_type: float_section(reading, c_type, circuits) for c_type in ("float", "double")}
    sections = [*floats.values(), integer_section(algorithm, integers, circuit)]
    guard, content = f"{reading.prefix.upper()}_H", f"0x{_content(algorithm, integers, circuit)}u"
    parts = [
        comment(
            *banner(algorithm, "c", _options(integers, circuit)),
            "",
            *reading.description,
            "",
            *(_USE if algorithm.form == "correlation" else _LINEAR_USE),
            *_stage_lines(reading, next((c_type for c_type, found in floats.items() if found.kernels), None)),
        ),
        f"#ifndef {guard}\n#define {guard} {content}\n\n#include <stddef.h>\n#include <stdint.h>",
        '#ifdef __cplusplus\nextern "C" {\n#endif',
        comment("Sizes per axis: outputs M, filter taps R, data tile N = M + R - 1, products RANK.")
        + "\n"
        + defines([(f"{reading.prefix.upper()}_{name}", value) for name, value in reading.sizes]),
        *(text for item in sections for text in section_texts(item)),
        "#ifdef __cplusplus\n}\n#endif",
        f"#elif {guard} != {content}",
        f'#error "another {reading.size}, of other points, scaling or ranges, is already included"',
        f"#endif /* {guard} */",
    ]
    stream.write("\n\n".join(parts) + "\n")


def _options(integers: Integers, circuit: str) -> str:
    """The options that give ranges of integers and the circuit, those left out that are the default."""
    return range_options(integers) + circuit_words(circuit)


def _content(algorithm: Algorithm, integers: Integers, circuit: str) -> str:
    """Eight hexadecimal digits: of the algorithm, and of the ranges and the circuit where they are not the default."""
    if (integers, circuit) == (Integers(), DEFAULT_CIRCUIT):
        return algorithm.sha256[:8]
    return sha256(f"{algorithm.sha256} {integers} {circuit}".encode()).hexdigest()[:8]


def _stage_lines(reading: Reading, c_type: str | None) -> Iterator[str]:
    """How to call the stages, in a type that the header has functions of."""
    if c_type is None or not reading.chained:
        return
    yield ""
    yield "Stages: a transform is one call, or one per stage with anything between them, requantisation say. Both ways"
    yield f"compute the same but for rounding. What a stage reads and what it writes must not overlap. In {c_type}:"
    for transform in reading.chained:
        yield f"    {transform.title}, stage by stage:"
        yield from (f"        {line}" for line in stage_calls(reading, transform, c_type))
    along_axes = [transform for transform in reading.chained if transform.passes]
    if not all(len(stage.passes) == len(stage.tile) for transform in along_axes for stage in transform.stages):
        yield "Where the axes' chains differ in length, stage t runs along the axes that have a stage t."
