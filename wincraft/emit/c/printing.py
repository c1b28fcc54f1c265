# SPDX-License-Identifier: Apache-2.0
"""Kernels and tables as C text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import numpy as np

from wincraft.circuit.program import Program
from wincraft.emit.c.kernels import (
    INDICES,
    Array,
    CFunction,
    ConstantTable,
    HeaderSection,
    Line,
    Tile,
)
from wincraft.emit.c.passes import RESULTS
from wincraft.emit.c.text import LINE_LENGTH, comment, fill, table_rows
from wincraft.emit.expressions import Literal, assignments
from wincraft.exact.number import as_fractions
from wincraft.exact.types import Element
from wincraft.numbers.arrays import round_to_dtype

FLOAT_DTYPES: dict[str, np.dtype[np.floating[Any]]] = {"float": np.dtype(np.float32), "double": np.dtype(np.float64)}
"""The dtype of a floating-point C type."""

CONTRACT_MACROS = """\
/* Contracts, empty unless a model checker reads them: n values x, a step apart, in a range give n_y values y in one. */
#ifndef WINCRAFT_CONTRACT
#define WINCRAFT_CONTRACT(n, x, x_step, x_low, x_high, n_y, y, y_step, y_low, y_high)
#define WINCRAFT_CONTRACT_BODY(n, x, x_step, x_low, x_high, n_y, y, y_step, y_low, y_high)
#endif"""

CASE_MACROS = """\
/* The same, of narrower ranges than those that the function requires. */
#ifndef WINCRAFT_CONTRACT_CASE
#define WINCRAFT_CONTRACT_CASE(n, x, x_step, x_low, x_high, n_y, y, y_step, y_low, y_high)
#define WINCRAFT_CONTRACT_CASE_BODY(n, x, x_step, x_low, x_high, n_y, y, y_step, y_low, y_high)
#endif"""


def section_texts(section: HeaderSection) -> Iterator[str]:
    """The parts of a section, to stand apart by empty lines."""
    yield comment(f"{section.title} {'-' * (LINE_LENGTH - len(section.title) - 7)}", *section.comment)
    if section.macros:
        yield defines(section.macros)
    contracts = max((len(kernel.contract) for kernel in section.kernels if isinstance(kernel, Line)), default=0)
    yield from [CONTRACT_MACROS, CASE_MACROS][:contracts]
    yield from map(table_text, section.tables)
    yield from map(kernel_text, section.kernels)


def defines(macros: Sequence[tuple[str, object]]) -> str:
    """One ``#define`` a line, the values in a column."""
    width = max(len(name) for name, _ in macros)
    return "\n".join(f"#define {name:{width}} {value}" for name, value in macros)


def table_text(table: ConstantTable) -> str:
    """The definition of a constant matrix, with its exact entries in comments."""
    values = [[literal(number, table.type) for number in row] for row in table.values]
    head = f"static const {table.type} {table.symbol}[{len(values)}][{len(values[0])}] = {{"
    return "\n".join([head, *table_rows(values, table.exact), "};"])


def kernel_text(kernel: CFunction) -> str:
    """The definition of a function, behind its comment.

    >>> d, u = Array.in_image("d", "float", (2, 1)), Array.row_major("u", "float", (2,))
    >>> program = Program.build(2, [("fma", 0, 1, "-4"), ("multiply", 1, "1/2")], [2, 3])
    >>> print(kernel_text(Tile("f", ("u = d.",), d, u, program=program)))
    /* u = d. */
    static inline void f(const float *d, ptrdiff_t d_stride, float *u)
    {
        const float d0 = d[d_stride * 0 + 0];
        const float d1 = d[d_stride * 1 + 0];
        u[0] = d0 - 4.0F * d1;
        u[1] = 0.5F * d1;
    }
    """
    opening = list[str]()
    if isinstance(kernel, Line):
        (x, read), (y, written) = zip((kernel.reads, kernel.writes), kernel.types, strict=True)
        parameters = [f"const {read} *{x}", f"ptrdiff_t {x}_step", f"{written} *{y}", f"ptrdiff_t {y}_step"]
        body = _line_body(kernel)
        opening = contract_lines(kernel)
        body = [*contract_lines(kernel, "_BODY"), *body]
    else:
        source, target = kernel.source, kernel.target
        parameters = [f"const {source.parameters[0]}", *source.parameters[1:], *target.parameters]
        body = [f"    {step}" for step in kernel.steps]
        body += _dense_body(kernel.program, kernel) if kernel.program else _calls_body(kernel) if kernel.calls else []
        if kernel.division:
            offset = f"{target.name}[{' + '.join(target.offset())}] "
            body += _loops(dict(enumerate(target.shape)), offset, [f"{kernel.division};"])
    head = fill(f"static inline void {kernel.name}(", listed(parameters, ")"))
    return "\n".join([comment(*kernel.comment), head, *opening, "{", *body, "}"])


def contract_lines(kernel: Line, place: str = "") -> list[str]:
    """What a line function reads, with its box, and what it then writes, with its own, as macros: one per contract.

    >>> from wincraft.numbers.box import Box
    >>> boxes = (Box(0, 9), Box(0, 18)), (Box(0, 1), Box(0, 2))
    >>> program = Program.build(2, [("add", 0, 1)], [2])
    >>> print(*contract_lines(Line("f", (), "d", "u", ("int8_t", "int32_t"), program, contract=boxes)), sep="\\n")
        WINCRAFT_CONTRACT(2, d, d_step, 0, 9, 1, u, u_step, 0, 18)
        WINCRAFT_CONTRACT_CASE(2, d, d_step, 0, 1, 1, u, u_step, 0, 2)
    """
    sides = list(zip((kernel.reads, kernel.writes), (kernel.program.inputs, len(kernel.program.outputs)), strict=True))
    lines = []
    for number, boxes in enumerate(kernel.contract):
        stated = [f"{n}, {x}, {x}_step, {box.low}, {box.high}" for (x, n), box in zip(sides, boxes, strict=True)]
        lines.append(fill(f"    WINCRAFT_CONTRACT{'_CASE' * (number > 0)}{place}(", listed(stated, ")")))
    return lines


def literal(value: float, c_type: str) -> str:
    """A C literal: 9 (float) or 17 (double) digits, always with a point or an exponent; an integer as it is.

    >>> literal(0.5, "float"), literal(1.0, "double"), literal(1e300, "double"), literal(-3, "int32_t")
    ('0.5F', '1.0', '1.0000000000000001e+300', '-3')
    """
    if c_type not in ("float", "double"):
        return str(value)
    text = f"{value:.{9 if c_type == 'float' else 17}g}"
    if not set(text) & set(".e"):
        text += ".0"
    return text + ("F" if c_type == "float" else "")


def listed(items: Sequence[str], closing: str) -> list[str]:
    """Items with commas behind them, and what closes the list behind the last."""
    return [*(f"{item}," for item in items[:-1]), items[-1] + closing]


def _line_body(kernel: Line) -> list[str]:
    places = []
    for letter, count in ((kernel.reads, kernel.program.inputs), (kernel.writes, len(kernel.program.outputs))):
        width = len(str(count - 1))
        places.append([f"{letter}[{k:{width}} * {letter}_step]" for k in range(count)])
    return _statements(kernel.program, kernel.reads, kernel.types[1], *places)


def _dense_body(program: Program, kernel: Tile) -> list[str]:
    source, target = (
        [array.element(index) for index in product(*map(range, array.shape))]
        for array in (kernel.source, kernel.target)
    )
    return _statements(program, kernel.source.name, kernel.target.type, source, target)


def program_statements(
    program: Program,
    letter: str,
    c_type: str,
    spelled: Literal,
    loaded: Sequence[str],
    stored: Sequence[tuple[str, str]],
) -> list[str]:
    """C statements of a program: loads of the values that are needed, all before the first store, operations, stores.

    `loaded` are the expressions of the inputs, named by the letter; `stored` is what stands before and behind the sum
    of each output.

    >>> program = Program.build(2, [("fma", 0, 1, "-4")], [2])
    >>> print(*program_statements(program, "x", "float", str, ["d[0]", "d[1]"], [("y[0] = ", ";")]), sep="\\n")
        const float x0 = d[0];
        const float x1 = d[1];
        y[0] = x0 - 4 * x1;
    """
    needed = set(program.outputs).union(*(operation.operands for operation in program.operations))
    names = [f"{letter}{k}" for k in range(program.inputs)]
    values, outputs = assignments(program, names, spelled)
    body = [f"    const {c_type} {names[k]} = {loaded[k]};" for k in range(program.inputs) if k in needed]
    body += [fill(f"    const {c_type} {name} = ", terms, ";") for name, terms in values]
    return body + [fill(f"    {head}", terms, tail) for (head, tail), terms in zip(stored, outputs, strict=True)]


def _statements(program: Program, letter: str, c_type: str, source: Sequence[str], target: Sequence[str]) -> list[str]:
    stored = [(f"{place} = ", ";") for place in target]
    return program_statements(
        program, letter, c_type, lambda c: literal(constant(c, c_type, program), c_type), source, stored
    )


def constant(c: Element, c_type: str, program: Program) -> float:
    """A constant as it is in a C type: rounded once, or an integer itself."""
    (exact,) = as_fractions([c], program.domain)
    return float(round_to_dtype(exact, FLOAT_DTYPES[c_type])) if c_type in FLOAT_DTYPES else int(exact)


def _calls_body(kernel: Tile) -> list[str]:
    source, target, passes = kernel.source, kernel.target, [axis for axis, _ in kernel.calls]
    between, body = target, []
    if len(passes) > 1 and (target.name in RESULTS or any(source.shape[k] > target.shape[k] for k in passes[1:])):
        between = Array.row_major("t", target.type, _shape_between(source, target, passes))
        body.append(f"    {between.type} t[{' * '.join(map(str, between.shape))}];")
    for axis, line in kernel.calls:
        start = source if axis == passes[0] else between
        end = target if axis == passes[-1] else between
        body += _loops(kernel.others(axis), f"{line}(", listed(start.line(axis) + end.line(axis), ");"))
    return body


def _shape_between(source: Array, target: Array, passes: Sequence[int]) -> list[int]:
    """The array that holds every intermediate of passes along some axes: the first axis done, the last one not."""
    shape = [max(lengths) for lengths in zip(source.shape, target.shape, strict=True)]
    shape[passes[0]], shape[passes[-1]] = target.shape[passes[0]], source.shape[passes[-1]]
    return shape


def _loops(counts: dict[int, int], head: str, items: Sequence[str]) -> list[str]:
    """A statement, to be filled from head and items, inside one loop per axis of `counts`."""
    openings = [
        f"{'    ' * depth}for (ptrdiff_t {INDICES[axis]} = 0; {INDICES[axis]} < {count}; ++{INDICES[axis]}) {{"
        for depth, (axis, count) in enumerate(counts.items(), start=1)
    ]
    closings = ["    " * depth + "}" for depth in range(len(counts), 0, -1)]
    return [*openings, fill("    " * (len(counts) + 1) + head, items), *closings]
