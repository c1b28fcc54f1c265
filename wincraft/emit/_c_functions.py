# SPDX-License-Identifier: Apache-2.0
"""The transform functions of a C header: straight-line code along one axis, and loops that nest it over the axes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from sympy import Integer

from wincraft.algorithm.bilinear import BilinearAlgorithm
from wincraft.algorithm.nested import Algorithm
from wincraft.emit._c_arithmetic import INPUT_BOUND, Arithmetic, Letter, MatrixName, largest_row_norm, literal
from wincraft.emit._c_text import bound_text, comment, fill
from wincraft.emit.provenance import identifier
from wincraft.exact.number import number_text

INDICES = "ijkl"
"""The loop index of every axis."""

_TYPE_SUFFIX = {"float": "f32", "double": "f64", "int8_t": "i8", "int32_t": "i32", "int64_t": "i64"}


@dataclass(frozen=True)
class Transform:
    """One of the three transforms: its matrix, the letter of what it reads and the letter of what it writes."""

    name: str
    matrix: MatrixName
    reads: Letter
    writes: Letter

    def exact(self, axis: BilinearAlgorithm) -> Any:
        """Its exact matrix along an axis, (values written, values read)."""
        return {"G": axis.filter, "BT": axis.input, "AT": axis.output}[self.matrix].dense


FILTER = Transform("filter", "G", "g", "v")
INPUT = Transform("input", "BT", "d", "u")
OUTPUT = Transform("output", "AT", "m", "y")


@dataclass(frozen=True)
class Array:
    """A C array inside the loops: its name, its type and, per axis, its length and its stride as C text."""

    name: str
    type: str
    shape: tuple[int, ...]
    strides: tuple[str, ...]

    @classmethod
    def row_major(cls, name: str, type: str, shape: Sequence[int]) -> Array:
        """A contiguous array."""
        return cls(name, type, tuple(shape), tuple(str(prod(shape[axis + 1 :])) for axis in range(len(shape))))

    @classmethod
    def in_image(cls, name: str, type: str, shape: Sequence[int]) -> Array:
        """A window of a larger image, whose last axis is contiguous and whose other strides are parameters."""
        leading = len(shape) - 1
        strides = [f"{name}_stride"] if leading == 1 else [f"{name}_stride{axis}" for axis in range(leading)]
        return cls(name, type, tuple(shape), (*strides, "1"))

    @property
    def parameters(self) -> list[str]:
        """Its C parameters: the pointer, without const, and the strides that are not fixed."""
        return [f"{self.type} *{self.name}", *(f"ptrdiff_t {step}" for step in self.strides if not step.isdigit())]

    def offset(self, skipped: int | None = None) -> list[str]:
        """The terms of the offset that the indices of all axes, or all but one, select."""
        axes = [axis for axis in range(len(self.shape)) if axis != skipped]
        steps = [(self.strides[axis], INDICES[axis]) for axis in axes]
        return [index if stride == "1" else f"{stride} * {index}" for stride, index in steps]

    def line(self, axis: int) -> list[str]:
        """Its two arguments of a line function along the axis: the first element's address and the step."""
        return [" + ".join([self.name, *self.offset(axis)]), self.strides[axis]]

    def __str__(self) -> str:
        shown = self.name if self.name in "gd" else self.name.upper()
        return f"{shown} {'x'.join(map(str, self.shape))} at {self.name}[{' + '.join(self.offset())}]"


@dataclass(frozen=True)
class Cost:
    """Additions and multiplications; a subtraction and a negation count as additions."""

    additions: int = 0
    multiplications: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.additions + other.additions, self.multiplications + other.multiplications)

    def __mul__(self, times: int) -> Cost:
        return Cost(self.additions * times, self.multiplications * times)

    def __str__(self) -> str:
        counts = (self.additions, "addition"), (self.multiplications, "multiplication")
        return " and ".join(f"{count} {what}{'s' * (count != 1)}" for count, what in counts)


def axis_suffixes(algorithm: Algorithm) -> tuple[str, ...]:
    """What ends the symbols of every axis: nothing where all axes are alike, else ``_axis0``, by first occurrence."""
    axes = algorithm.axes
    return tuple("" if len(set(axes)) == 1 else f"_axis{axes.index(axis)}" for axis in axes)


def formulas(algorithm: Algorithm, scale: Any) -> dict[str, str]:
    """The formula of each transform by name, and of the whole algorithm, with a scale."""
    tags = [suffix.removeprefix("_axis") for suffix in axis_suffixes(algorithm)]
    if len(tags) == 1:
        V, U, left, right = "G g", "B^T d", "A^T", ""
    elif len(tags) == 2:
        p, q = tags
        V, U, left, right = f"G{p} g G{q}^T", f"B{p}^T d B{q}", f"A{p}^T", f" A{q}"
    else:
        G, BT, left = (f"({' (x) '.join(name.format(tag) for tag in tags)})" for name in ("G{}", "B{}^T", "A{}^T"))
        V, U, right = f"{G} g", f"{BT} d", ""
    over = "" if scale == 1 else f" / {number_text(scale)}"
    return {
        "filter": f"V = {V}",
        "input": f"U = {U}",
        "output": f"Y = {left} M{right}{over}",
        "whole": f"Y = {left} [({V}) * ({U})]{right}{over}",
    }


def transform_functions(algorithm: Algorithm, arithmetic: Arithmetic) -> Iterator[str]:
    """For each transform: its line functions, one per distinct axis and element type, then the one over all axes."""
    for transform in (FILTER, INPUT, OUTPUT):
        source, target = arithmetic.types[transform.reads], arithmetic.types[transform.writes]
        lines: dict[str, str] = {}
        calls = []
        for axis, suffix in enumerate(axis_suffixes(algorithm)):
            read = source if axis == 0 else target
            name = f"{identifier(algorithm)}_{transform.name}_line_{_TYPE_SUFFIX[read]}{suffix}"
            lines[name], cost = _line_function(name, transform, arithmetic, axis, (read, target))
            calls.append((name, cost))
        yield from lines.values()
        yield _tile_function(algorithm, arithmetic, transform, calls)


def _line_function(
    name: str, transform: Transform, arithmetic: Arithmetic, axis: int, types: tuple[str, str]
) -> tuple[str, Cost]:
    rows = arithmetic.matrices[axis][transform.matrix]
    x, y, (read, written) = transform.reads, transform.writes, types
    body, cost = [], Cost()
    width = len(str(len(rows[0]) - 1))
    for k in range(len(rows[0])):
        if any(row[k] for row in rows):
            body.append(f"    const {written} {x}{k} = {x}[{k:{width}} * {x}_step];")
    width = len(str(len(rows) - 1))
    for k, row in enumerate(rows):
        terms, row_cost = _linear_sum(row, x, written)
        body.append(fill(f"    {y}[{k:{width}} * {y}_step] = ", terms, ";"))
        cost += row_cost
    matrix = {"G": "G", "BT": "B^T", "AT": "A^T"}[transform.matrix]
    bound = bound_text(y, largest_row_norm(transform.exact(arithmetic.axes[axis])), x)
    head = comment(
        f"One line of the {transform.name} transform, {y} = {matrix} {x}, {len(rows[0])} -> {len(rows)} values.",
        f"{bound}. {cost}.{f' {x} and {y} may overlap.' if read == written else ''}",
    )
    parameters = [f"const {read} *{x}", f"ptrdiff_t {x}_step", f"{written} *{y}", f"ptrdiff_t {y}_step"]
    return _function(name, head, parameters, body), cost


def _linear_sum(row: Sequence[float], letter: str, c_type: str) -> tuple[list[str], Cost]:
    """The signed terms of a row times letter0, letter1, ...: a positive one first, no zeros, no factors 1."""
    used = [(value, f"{letter}{k}") for k, value in enumerate(row) if value]
    if not used:
        return [literal(row[0], c_type)], Cost()
    used.insert(0, used.pop(next((k for k, (value, _) in enumerate(used) if value > 0), 0)))
    terms = []
    for value, name in used:
        product = name if abs(value) == 1 else f"{literal(abs(value), c_type)} * {name}"
        terms.append(f"{'-' if value < 0 else '+'} {product}")
    terms[0] = terms[0].removeprefix("+ ").replace("- ", "-")
    return terms, Cost(len(used) - 1 + (used[0][0] == -1), sum(abs(value) != 1 for value, _ in used))


def _tile_function(
    algorithm: Algorithm, arithmetic: Arithmetic, transform: Transform, calls: Sequence[tuple[str, Cost]]
) -> str:
    x, y = transform.reads, transform.writes
    after, before = zip(*(transform.exact(axis).shape for axis in algorithm.axes), strict=True)
    source = (Array.in_image if transform is INPUT else Array.row_major)(x, arithmetic.types[x], before)
    target = (Array.in_image if transform is OUTPUT else Array.row_major)(y, arithmetic.types[y], after)
    between, body, total = target, [], Cost()
    if transform is OUTPUT and len(calls) > 1:
        between = Array.row_major("t", target.type, (after[0], *before[1:]))
        body.append(f"    {between.type} t[{' * '.join(map(str, between.shape))}];")
    for axis, (line, cost) in enumerate(calls):
        start = source if axis == 0 else between
        end = target if axis == len(calls) - 1 else between
        counts = {other: (after if other < axis else before)[other] for other in range(len(calls)) if other != axis}
        body += _loops(counts, f"{line}(", _listed(start.line(axis) + end.line(axis), ");"))
        total += cost * prod(counts.values())
    operations = str(total)
    rescaling = arithmetic.rescaling if transform is OUTPUT else ""
    if rescaling:
        body += _loops(dict(enumerate(after)), f"y[{' + '.join(target.offset())}] ", [f"{rescaling};"])
        operations += f", {prod(after)} {'exact divisions' if arithmetic.bounds else 'multiplications by 1/scale'}"
    head = comment(
        f"{transform.name.capitalize()} transform {formulas(algorithm, arithmetic.scale)[transform.name]}:",
        f"{source} -> {target}.",
        *_tile_bounds(algorithm, arithmetic, transform),
        f"{operations}.",
    )
    name = f"{identifier(algorithm)}_{transform.name}_{arithmetic.suffix}"
    return _function(name, head, [f"const {source.parameters[0]}", *source.parameters[1:], *target.parameters], body)


def _tile_bounds(algorithm: Algorithm, arithmetic: Arithmetic, transform: Transform) -> list[str]:
    bounds = arithmetic.bounds
    if bounds is not None and transform is not OUTPUT:
        X, Y, worst = ("g", "V", bounds.V) if transform is FILTER else ("d", "U", bounds.U)
        return [f"|{X}| <= {INPUT_BOUND} gives |{Y}| <= {worst}; no step can overflow."]
    norm = prod((largest_row_norm(transform.exact(axis)) for axis in arithmetic.axes), start=Integer(1))
    if transform is OUTPUT:
        norm = norm / abs(arithmetic.scale)
    X, Y = {"filter": ("g", "V"), "input": ("d", "U"), "output": ("M", "Y")}[transform.name]
    lines = [f"{bound_text(Y, norm.expand(), X)}."]
    if bounds is not None:
        limit = f"{identifier(algorithm).upper()}_MAX_CHANNELS"
        lines.append(f"No step can overflow while M sums at most {limit} channels.")
    return lines


def _loops(counts: dict[int, int], head: str, items: Sequence[str]) -> list[str]:
    """A statement, to be filled from head and items, inside one loop per axis of `counts`."""
    openings = [
        f"{'    ' * depth}for (ptrdiff_t {INDICES[axis]} = 0; {INDICES[axis]} < {count}; ++{INDICES[axis]}) {{"
        for depth, (axis, count) in enumerate(counts.items(), start=1)
    ]
    closings = ["    " * depth + "}" for depth in range(len(counts), 0, -1)]
    return [*openings, fill("    " * (len(counts) + 1) + head, items), *closings]


def _function(name: str, head: str, parameters: Sequence[str], body: Sequence[str]) -> str:
    return "\n".join([head, fill(f"static inline void {name}(", _listed(parameters, ")")), "{", *body, "}"])


def _listed(items: Sequence[str], closing: str) -> list[str]:
    return [*(f"{item}," for item in items[:-1]), items[-1] + closing]
