# SPDX-License-Identifier: Apache-2.0
"""The transform functions of a C header: straight-line code along one axis, and loops that nest it over the axes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod

from sympy import Integer

from wincraft.algorithm.nested import Algorithm
from wincraft.emit.c.arithmetic import Arithmetic, largest_row_norm, literal
from wincraft.emit.c.text import bound_text, comment, fill
from wincraft.emit.c.transforms import FILTER, INPUT, OUTPUT, Transform, array_name, axis_suffixes, formula
from wincraft.emit.provenance import identifier

INDICES = "ijkl"
"""The loop index of every axis."""

_TYPE_SUFFIX = {"float": "f32", "double": "f64"} | {
    f"{sign}int{bits}_t": f"{sign or 'i'}{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)
}
_MATRIX_TEXT = {"G": "G", "BT": "B^T", "AT": "A^T"}


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
        return f"{array_name(self.name)} {'x'.join(map(str, self.shape))} at {self.name}[{' + '.join(self.offset())}]"


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


def transform_functions(algorithm: Algorithm, arithmetic: Arithmetic) -> Iterator[str]:
    """For each transform: its line functions, one per distinct axis and element type, then the one over all axes.

    Behind it the same for every stage of its chain.
    """
    for whole in (FILTER, INPUT, OUTPUT):
        written: set[str] = set()
        for transform in (whole, *arithmetic.stages(whole)):
            lines, calls = _line_functions(algorithm, arithmetic, transform)
            yield from (text for name, text in lines.items() if name not in written)
            written |= set(lines)
            yield _tile_function(algorithm, arithmetic, transform, calls)


def stage_calls(algorithm: Algorithm, arithmetic: Arithmetic, transform: Transform) -> list[str]:
    """C text: the arrays between the stages of a transform, then the calls, one after the other."""
    stages = arithmetic.stages(transform)
    between, calls = [], []
    for number, stage in enumerate(stages):
        source, target = _arrays(algorithm, arithmetic, stage)
        if number > 0:
            source = replace(source, name=f"{transform.reads}{number}")
        if number < len(stages) - 1:
            target = replace(target, name=f"{transform.reads}{number + 1}")
            between.append(f"{target.name}[{' * '.join(map(str, target.shape))}]")
        arguments = [parameter.split()[-1].strip("*") for parameter in (*source.parameters, *target.parameters)]
        calls.append(f"{_tile_name(algorithm, arithmetic, stage)}({', '.join(arguments)});")
    declared = fill(f"{arithmetic.types['x']} ", _listed(between, ";"))
    return [line.strip() for line in declared.splitlines()] + calls


def _line_functions(
    algorithm: Algorithm, arithmetic: Arithmetic, transform: Transform
) -> tuple[dict[str, str], dict[int, tuple[str, Cost]]]:
    """The texts by name, and for every axis that the transform runs along the name to call and its cost."""
    lines: dict[str, str] = {}
    calls: dict[int, tuple[str, Cost]] = {}
    for number, (axis, suffix) in enumerate(zip(algorithm.axes, axis_suffixes(algorithm), strict=True)):
        if not transform.runs_along(axis):
            continue
        along = replace(transform, stage=None) if transform.is_whole(axis) else transform
        written = arithmetic.types[transform.writes]
        read = written if calls else arithmetic.types[transform.reads]
        name = f"{identifier(algorithm)}_{along.symbol}_line_{_TYPE_SUFFIX[read]}{suffix}"
        lines[name], cost = _line_function(name, along, arithmetic, number, (read, written))
        calls[number] = name, cost
    return lines, calls


def _line_function(
    name: str, transform: Transform, arithmetic: Arithmetic, number: int, types: tuple[str, str]
) -> tuple[str, Cost]:
    axis = arithmetic.axes[number]
    matrix = transform.matrix(axis)
    rows = arithmetic.matrices[number][matrix]
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
    product = f"{y} = {_MATRIX_TEXT.get(matrix, matrix)} {x}"
    bound = bound_text(y, largest_row_norm(transform.exact(axis)), x)
    head = comment(
        f"One line of {transform.title}, {product}, {len(rows[0])} -> {len(rows)} values.",
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


def _tile_name(algorithm: Algorithm, arithmetic: Arithmetic, transform: Transform) -> str:
    return f"{identifier(algorithm)}_{transform.symbol}_{arithmetic.suffix}"


def _arrays(algorithm: Algorithm, arithmetic: Arithmetic, transform: Transform) -> tuple[Array, Array]:
    """What a transform reads and what it writes: windows of images are the data and the output."""
    after, before = zip(*(transform.lengths(axis) for axis in algorithm.axes), strict=True)
    source, target = (
        (Array.in_image if letter in "dy" else Array.row_major)(letter, arithmetic.types[letter], shape)
        for letter, shape in ((transform.reads, before), (transform.writes, after))
    )
    return source, target


def _tile_function(
    algorithm: Algorithm, arithmetic: Arithmetic, transform: Transform, calls: Mapping[int, tuple[str, Cost]]
) -> str:
    source, target = _arrays(algorithm, arithmetic, transform)
    before, after, passes = source.shape, target.shape, list(calls)
    between, body, total = target, [], Cost()
    if len(passes) > 1 and (target.name == "y" or any(before[axis] > after[axis] for axis in passes[1:])):
        between = Array.row_major("t", target.type, _shape_between(source, target, passes))
        body.append(f"    {between.type} t[{' * '.join(map(str, between.shape))}];")
    for axis, (line, cost) in calls.items():
        start = source if axis == passes[0] else between
        end = target if axis == passes[-1] else between
        counts = {other: (after if other < axis else before)[other] for other in range(len(after)) if other != axis}
        body += _loops(counts, f"{line}(", _listed(start.line(axis) + end.line(axis), ");"))
        total += cost * prod(counts.values())
    operations = str(total)
    rescaling = arithmetic.rescaling if transform.writes == "y" else ""
    if rescaling:
        body += _loops(dict(enumerate(after)), f"y[{' + '.join(target.offset())}] ", [f"{rescaling};"])
        operations += f", {prod(after)} {'exact divisions' if arithmetic.bounds else 'multiplications by 1/scale'}"
    title = transform.title.removeprefix("the ").capitalize()
    at_once = transform.stage is None and arithmetic.stages(transform)
    how = ", in one step by the product of its stages" if at_once else ""
    head = comment(
        f"{title} {formula(algorithm, transform, arithmetic.scale)}{how}:",
        f"{source} -> {target}.",
        *_tile_bounds(algorithm, arithmetic, transform),
        f"{operations}.",
    )
    parameters = [f"const {source.parameters[0]}", *source.parameters[1:], *target.parameters]
    return _function(_tile_name(algorithm, arithmetic, transform), head, parameters, body)


def _shape_between(source: Array, target: Array, passes: Sequence[int]) -> list[int]:
    """The array that holds every intermediate of passes along some axes: the first axis done, the last one not."""
    shape = [max(lengths) for lengths in zip(source.shape, target.shape, strict=True)]
    shape[passes[0]], shape[passes[-1]] = target.shape[passes[0]], source.shape[passes[-1]]
    return shape


def _tile_bounds(algorithm: Algorithm, arithmetic: Arithmetic, transform: Transform) -> list[str]:
    bounds, X, Y = arithmetic.bounds, array_name(transform.reads), array_name(transform.writes)
    if bounds is not None and transform is not OUTPUT:
        integers, of_filter = bounds.integers, transform is FILTER
        given, reached = (integers.filter, bounds.V) if of_filter else (integers.data, bounds.U)
        return [f"{X} in {given} gives {Y} in {reached}; no step can overflow."]
    norms = (largest_row_norm(transform.exact(axis)) for axis in arithmetic.axes if transform.runs_along(axis))
    norm = prod(norms, start=Integer(1))
    if transform.writes == "y":
        norm = norm / abs(arithmetic.scale)
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
