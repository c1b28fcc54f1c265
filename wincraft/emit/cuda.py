# SPDX-License-Identifier: Apache-2.0
"""CUDA C++, of which HIP's is the same but for a header: a device function for each transform, in any type."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TextIO

import numpy as np

from wincraft.algorithm.bilinear import Algorithm
from wincraft.construct.circuits import Circuits
from wincraft.emit.program_text import (
    Body,
    bodies,
    check_output,
    division_words,
    float_lines,
    guarded,
    opening,
    whole_programs,
)
from wincraft.files.provenance import identifier

_USE = (
    "Straight-line functions on tiles in registers, row by row, for any type T with T(float), +, - and *: float,",
    "double, half and bfloat16. What a function reads and what it writes may be the same array. Filters that are known",
    "in advance are transformed once, g -> V; then, for every tile, M[k] += U[k] * V[k] for every channel, and M -> Y.",
)
_LARGEST_FLOAT = float(np.finfo(np.float32).max)
_ROUNDED = """\
// A constant that no float holds: rounded to float, then to T; in double rounded once.
template <typename T>
__device__ __forceinline__ T {name}(double exact)
{{
    return T(static_cast<float>(exact));
}}

template <>
__device__ __forceinline__ double {name}<double>(double exact)
{{
    return exact;
}}
"""


def emit(algorithm: Algorithm, stream: TextIO, circuits: Circuits) -> None:
    """Write a device function template for each transform, printed from its program.

    Raises:
        WrongForm: in linear convolution form.
        NotApplicable: over GF(p).
        TooLarge: where a constant exceeds float64.
    """
    write_device_text(algorithm, stream, circuits, "cuda", ())


def write_device_text(
    algorithm: Algorithm, stream: TextIO, circuits: Circuits, format: str, headers: Sequence[str]
) -> None:
    """The text that CUDA and HIP share, under the name of a format, with the headers that it includes.

    Raises:
        WrongForm, NotApplicable, TooLarge: as `emit`.
    """
    check_output(algorithm, format)
    prefix = identifier(algorithm)
    helper = f"{prefix}_rounded"
    lines = [*opening(algorithm, format, circuits), *_USE, *division_words(algorithm)]
    found = bodies(algorithm, whole_programs(circuits))
    functions = ["\n".join(_function(prefix, helper, body, format)) for body in found]
    parts = [f"#include <{header}>\n" for header in headers]
    if any(f"{helper}<T>(" in text for text in functions):
        parts.append(_ROUNDED.format(name=helper))
    stream.write(guarded(lines, format, prefix, [*parts, *functions]))


def _function(prefix: str, helper: str, body: Body, format: str) -> Iterator[str]:
    program, reads, writes = body.program, body.transform.reads, body.transform.writes

    def constant(value: float, exact: bool) -> str:
        size = abs(value)
        short = exact and size <= _LARGEST_FLOAT and float(np.float32(size)) == size
        return "-" * (value < 0) + (f"T({size!r}f)" if short else f"{helper}<T>({size!r})")

    yield f"// {body.title}"
    yield "template <typename T>"
    parameters = f"const T {reads}[{program.inputs}], T {writes}[{len(program.outputs)}]"
    yield f"__device__ __forceinline__ void {prefix}_{body.name}_transform({parameters})\n{{"
    for place, name in enumerate(body.inputs):
        if place in body.used:
            yield f"    const T {name} = {reads}[{place}];"
    for line, note in float_lines(program, body.names, constant, format):
        yield f"    const T {line};" + f"  // {note}" * bool(note)
    for place, name in enumerate(body.results):
        yield f"    {writes}[{place}] = {name};"
    yield "}\n"
