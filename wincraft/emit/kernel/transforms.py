# SPDX-License-Identifier: Apache-2.0
"""The three transforms of a tile as C functions on vectors: a line function for each pass, and one that calls them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod

from wincraft.circuit.operations import operations_of
from wincraft.circuit.program import Program
from wincraft.emit.c.kernels import INDICES
from wincraft.emit.c.printing import program_statements
from wincraft.emit.c.text import comment, fill
from wincraft.exact.types import Element


@dataclass(frozen=True)
class PassText:
    """A pass of a transform: its program along an axis, the tile it reads and the one it writes."""

    program: Program
    axis: int
    tile: tuple[int, ...]
    image: tuple[int, ...]
    formula: str


@dataclass(frozen=True)
class VectorType:
    """How a transform computes: its vectors, the text of a constant, and what lies between two passes."""

    name: str
    literal: Callable[[Element], str]
    between: str
    load: str
    store: str
    lanes: str = "LANES"


@dataclass(frozen=True)
class Ends:
    """What a transform reads and writes: C types, the functions that load and store, and strides of its axes.

    `before` are further parameters, `wrap` what is done to a value before it is stored.
    """

    reads: str
    writes: str
    load: str
    store: str
    source: Sequence[str]
    target: Sequence[str]
    parameters: tuple[str, ...]
    more: tuple[str, ...] = ()
    wrap: str = "{}"


def transform_functions(name: str, passes: Sequence[PassText], ends: Ends, vector: VectorType) -> list[str]:
    """A line function for each pass, then ``{name}_tile``, which runs them."""
    functions, calls, lanes, between = list[str](), list[str](), vector.lanes, vector.between
    last = len(passes) - 1
    places = [f"t{number}" for number in range(last)]
    for number, item in enumerate(passes):
        first, final = number == 0, number == last
        reads, load = (ends.reads, ends.load) if first else (between, vector.load)
        writes, store = (ends.writes, ends.store) if final else (between, vector.store)
        extra = ends.more if final else ()
        line = f"{name}_line{number}" if last else f"{name}_line"
        functions.append(_line(line, item, reads, writes, load, store, vector, extra, ends.wrap if final else "{}"))
        source = list(ends.source) if first else steps_of(item.tile, lanes)
        target = list(ends.target) if final else steps_of(item.image, lanes)
        start = ends.parameters[0] if first else places[number - 1]
        end = ends.parameters[1] if final else places[number]
        calls += _loops(item, line, start, source, end, target, [word.split()[-1] for word in extra])
    body = [
        f"    {between} {place}[{prod(item.image)} * {lanes}];" for place, item in zip(places, passes, strict=False)
    ]
    depth = max(len(item.tile) - 1 for item in passes)
    if depth:
        body.append(f"    ptrdiff_t {', '.join(INDICES[:depth])};")
    reads, writes = f"const {ends.reads} *{ends.parameters[0]}", f"{ends.writes} *{ends.parameters[1]}"
    steps = {"filter": ([], ["tap"]), "input": (["row", "column"], ["tap"]), "output": (["tap"], ["row", "column"])}[
        name
    ]
    parameters = [reads, *(f"ptrdiff_t {step}" for step in steps[0])]
    parameters += [*ends.more, writes, *(f"ptrdiff_t {step}" for step in steps[1])]
    if len(passes[0].tile) == 1 and name != "filter":
        calls.append("    (void)row;")
    head = fill(f"static inline void {name}_tile(", [*(f"{word}," for word in parameters[:-1]), parameters[-1] + ")"])
    return [*functions, "\n".join([head, "{", *body, *calls, "}"])]


def _line(
    name: str,
    item: PassText,
    reads: str,
    writes: str,
    load: str,
    store: str,
    vector: VectorType,
    extra: Sequence[str],
    wrap: str,
) -> str:
    program, (opening, closing) = item.program, wrap.split("{}")
    loaded = [f"{load}(x + {k} * xs)" for k in range(program.inputs)]
    stored = [(f"{store}(y + {k} * ys, {opening}", f"{closing});") for k in range(len(program.outputs))]
    body = program_statements(program, "x", vector.name, vector.literal, loaded, stored)
    parameters = [f"const {reads} *x,", "ptrdiff_t xs,", *(f"{word}," for word in extra), f"{writes} *y,"]
    head = fill(f"static inline void {name}(", [*parameters, "ptrdiff_t ys)"])
    note = comment(f"{item.formula}: {operations_of(program).additions} additions.")
    return "\n".join([note, head, "{", *body, "}"])


def steps_of(tile: Sequence[int], unit: str) -> list[str]:
    """The strides of a contiguous tile as C text, in units.

    >>> steps_of((2, 3), "LANES")
    ['3 * LANES', 'LANES']
    """
    steps = [prod(tile[axis + 1 :]) for axis in range(len(tile))]
    return [unit if step == 1 else f"{step} * {unit}" for step in steps]


def _loops(
    item: PassText,
    line: str,
    start: str,
    source: Sequence[str],
    end: str,
    target: Sequence[str],
    more: Sequence[str],
) -> list[str]:
    """A call of a line function inside one loop for every other axis."""
    arguments = "".join(f"{word}, " for word in more)
    if len(item.tile) == 1:
        return [f"    {line}({start}, {source[-1]}, {arguments}{end}, {target[-1]});"]
    lines, indent = list[str](), "    "
    others = [axis for axis in range(len(item.tile)) if axis != item.axis]
    from_, to = start, end
    for index, axis in zip(INDICES, others, strict=False):
        lines.append(f"{indent}for ({index} = 0; {index} < {item.tile[axis]}; ++{index})")
        from_, to = f"{from_} + {index} * {source[axis]}", f"{to} + {index} * {target[axis]}"
        indent += "    "
    call = [f"{from_},", f"{source[item.axis]},", *(f"{word}," for word in more), f"{to},", f"{target[item.axis]});"]
    return [*lines, fill(f"{indent}{line}(", call)]
