# SPDX-License-Identifier: Apache-2.0
"""A transform of one tile as a C function on vectors: its passes, each a program on every line along an axis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from wincraft.circuit.operations import operations_of
from wincraft.emit.c.printing import program_statements
from wincraft.emit.c.text import comment, fill
from wincraft.emit.kernel.transforms import steps_of
from wincraft.emit.network.parts import LinePass
from wincraft.exact.types import Element


@dataclass(frozen=True)
class VectorWords:
    """How a transform computes in C: the type of its vectors, that of a number, how they are loaded and stored.

    `lanes` is how many numbers a vector has, `literal` writes a constant.
    """

    vector: str
    number: str
    load: str
    store: str
    lanes: str
    literal: Callable[[Element], str]


def tile_functions(
    name: str, passes: Sequence[LinePass], words: VectorWords, source: tuple[str, str, Sequence[str]] | None = None
) -> list[str]:
    """A function for the lines of each pass, then ``{name}_tile(x, y)``, which runs them from tile to tile.

    A `source` of another kind has a type, how it is loaded, and the strides of its axes, which are parameters.
    """
    functions, calls, number = list[str](), list[str](), words.number
    parameters = [] if source is None else [f"ptrdiff_t {step}" for step in source[2]]
    places = ["x", *(f"t{k}" for k in range(1, len(passes))), "y"]
    for k, item in enumerate(passes):
        read, load, steps = (number, words.load, steps_of(item.tile, words.lanes)) if k or source is None else source
        functions.append(_line(f"{name}_line{k}", item, read, load, words, len(steps)))
        calls.append(
            _call(f"{name}_line{k}", item, (places[k], steps), (places[k + 1], steps_of(item.image, words.lanes)))
        )
    arrays = [f"{number} t{k}[{prod(item.image)} * {words.lanes}];" for k, item in enumerate(passes[:-1], 1)]
    index = ["ptrdiff_t i;"] if any(item.axis is not None for item in passes) else []
    first = source[0] if source is not None else number
    head = f"HELPER void {name}_tile({', '.join([f'const {first} *x', *parameters, f'{number} *y'])})"
    body = "\n".join(f"    {line}" for line in [*arrays, *index, *calls])
    return [*functions, f"{head}\n{{\n{body}\n}}"]


def _line(name: str, item: LinePass, read: str, load: str, words: VectorWords, axes: int) -> str:
    """The function of one line along an axis, or of a whole tile of so many axes."""
    program = item.program
    strides = ["xs"] if item.axis is not None else [f"xs{axis}" for axis in range(axes)]
    shape = (program.inputs,) if item.axis is not None else item.tile
    places = [
        " + ".join(f"{i} * {step}" for i, step in zip(place, strides, strict=True)) for place in np.ndindex(*shape)
    ]
    loaded = [f"{load}(x + {place})" for place in places]
    stored = [(f"{words.store}(y + {k} * ys, ", ");") for k in range(len(program.outputs))]
    body = program_statements(program, "x", words.vector, words.literal, loaded, stored)
    note = comment(f"{len(program.outputs)} rows of integers: {operations_of(program).additions} additions.")
    parameters = [f"const {read} *x,", *(f"ptrdiff_t {step}," for step in strides), f"{words.number} *y,"]
    head = fill(f"HELPER void {name}(", [*parameters, "ptrdiff_t ys)"])
    return "\n".join([note, head, "{", *body, "}"])


def _call(line: str, item: LinePass, source: tuple[str, Sequence[str]], target: tuple[str, Sequence[str]]) -> str:
    """Calls for all lines along one of two axes, or for a whole tile."""
    (x, xs), (y, ys) = source, target
    if item.axis is None:
        return f"{line}({x}, {', '.join(xs)}, {y}, {ys[-1]});"
    other = 1 - item.axis
    call = f"{line}({x} + i * {xs[other]}, {xs[item.axis]}, {y} + i * {ys[other]}, {ys[item.axis]});"
    return f"for (i = 0; i < {item.tile[other]}; ++i) {call}"
