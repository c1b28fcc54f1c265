# SPDX-License-Identifier: Apache-2.0
"""From the passes of an algorithm, and their numbers in an arithmetic, to the sections of a C header."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import get_args

import numpy as np
from sympy import S

from wincraft.algorithm.entries import matrix_to_numpy
from wincraft.circuit.operations import Operations, operations_of
from wincraft.circuit.program import Program
from wincraft.construct.circuits import Circuits
from wincraft.emit.c.kernels import Array, CFunction, ConstantTable, FloatRows, HeaderSection, Line, Tile
from wincraft.emit.c.passes import IMAGES, RESULTS, Letter, Reading, Transform, array_name, largest_row_norm
from wincraft.emit.c.printing import FLOAT_DTYPES, constant, listed, literal
from wincraft.emit.c.text import bound_text, fill
from wincraft.emit.matrices import NamedPass
from wincraft.exact.matrix import to_texts
from wincraft.exact.number import to_fraction
from wincraft.numbers.arrays import round_to_dtype

_SUFFIX = {"float": "f32", "double": "f64"}
_TYPE_SUFFIX = _SUFFIX | {
    f"{sign}int{bits}_t": f"{sign or 'i'}{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)
}
_MATRIX_TEXT = {"G": "G", "BT": "B^T", "AT": "A^T"}


@dataclass(frozen=True)
class Numbers:
    """The matrices of a reading in one arithmetic: their rows and programs by label, and the C types.

    `types` gives the C type of g and d (filter and data), v and u (their transforms), m (products), y (output), and in
    floating point that of what lies between stages. `division` is the C operation that divides a sum by the scale, and
    `divided` its name; `bounds` the lines on the range of what a transform writes.
    """

    suffix: str
    types: Mapping[Letter, str]
    table_type: str
    rows: Mapping[str, FloatRows]
    programs: Mapping[str, Program]
    division: str
    divided: str
    bounds: Callable[[Transform], list[str]]


def float_section(reading: Reading, c_type: str, circuits: Circuits) -> HeaderSection:
    """The matrices rounded once to float or double, and the functions; of a type that cannot hold them, why not."""
    rows: dict[str, FloatRows] = {}
    programs = {label: circuits.of(table.matrix).program for label, table in reading.tables.items()}
    for label, table in reading.tables.items():
        exact = matrix_to_numpy(table.matrix, object)
        rounded = [[float(round_to_dtype(entry, FLOAT_DTYPES[c_type])) for entry in row] for row in exact]
        for (i, j), entry in np.ndenumerate(exact):
            if entry and not _is_normal(rounded[i][j], c_type):
                place = f"{table.name}[{i}][{j}] of {reading.size}"
                return HeaderSection(c_type, (f"Omitted: {place} is outside the normal range of {c_type}.",))
        rows[label] = rounded
        for item in programs[label].operations:
            if item.constant and not _is_normal(constant(item.constant, c_type, programs[label]), c_type):
                what = f"a constant of the program of {table.name} of {reading.size}"
                return HeaderSection(c_type, (f"Omitted: {what} is outside the normal range of {c_type}.",))
    inverse = float(round_to_dtype(to_fraction(1 / reading.scale), FLOAT_DTYPES[c_type]))
    if not _is_normal(inverse, c_type):
        return HeaderSection(c_type, (f"Omitted: 1/scale is outside the normal range of {c_type}.",))
    numbers = Numbers(
        suffix=_SUFFIX[c_type],
        types=dict.fromkeys(get_args(Letter), c_type),
        table_type=c_type,
        rows=rows,
        programs=programs,
        division="" if reading.scale == S.One else f"*= {literal(inverse, c_type)}",
        divided="multiplications by 1/scale",
        bounds=lambda transform: [norm_line(reading, transform)],
    )
    return HeaderSection(
        c_type,
        ("Tables: the exact entries, which stand in the comments, rounded once to nearest even.",),
        tables=tables(reading, numbers, exact=True),
        kernels=functions(reading, numbers),
    )


def tables(reading: Reading, numbers: Numbers, exact: bool) -> tuple[ConstantTable, ...]:
    """A table for every matrix, with its exact entries where its own are rounded."""
    return tuple(
        ConstantTable(
            _table_symbol(reading, numbers, table),
            numbers.table_type,
            numbers.rows[label],
            to_texts(table.matrix) if exact else (),
        )
        for label, table in reading.tables.items()
    )


def _table_symbol(reading: Reading, numbers: Numbers, step: NamedPass) -> str:
    return f"{reading.prefix}_{step.name}_{numbers.suffix}{step.suffix}"


def functions(reading: Reading, numbers: Numbers) -> tuple[CFunction, ...]:
    """For each transform: its line functions, one per distinct axis and element type, then the one over all axes.

    Behind it the same for every stage; before it where it calls them.
    """
    found: dict[str, CFunction] = {}
    for whole in reading.transforms:
        order = (whole, *whole.stages) if whole.passes else (*whole.stages, whole)
        for transform in order:
            for kernel in _functions(reading, numbers, whole, transform):
                found.setdefault(kernel.name, kernel)
    return tuple(found.values())


def stage_calls(reading: Reading, transform: Transform, c_type: str) -> list[str]:
    """C text: the arrays between the stages of a transform, then the calls, one after the other."""
    between, calls = list[str](), list[str]()
    for number, stage in enumerate(transform.stages):
        source, target = _arrays(stage, dict.fromkeys(get_args(Letter), c_type))
        if number > 0:
            source = replace(source, name=f"{transform.reads}{number}")
        if number < len(transform.stages) - 1:
            target = replace(target, name=f"{transform.reads}{number + 1}")
            between.append(f"{target.name}[{' * '.join(map(str, target.shape))}]")
        arguments = [parameter.split()[-1].strip("*") for parameter in (*source.parameters, *target.parameters)]
        calls.append(f"{reading.prefix}_{stage.symbol}_{_SUFFIX[c_type]}({', '.join(arguments)});")
    declared = fill(f"{c_type} ", listed(between, ";")) if between else ""
    return [line.strip() for line in declared.splitlines()] + calls


def norm_line(reading: Reading, transform: Transform) -> str:
    """The bound on what a transform writes by norms, after the division by the scale."""
    norm = transform.norm / (abs(reading.scale) if transform.writes in RESULTS else 1)
    return f"{bound_text(array_name(transform.writes), norm.expand(), array_name(transform.reads))}."


def _functions(reading: Reading, numbers: Numbers, whole: Transform, transform: Transform) -> Iterator[CFunction]:
    """The functions of a transform: lines and a tile along axes, or a tile by one dense pass or by calls of stages."""
    source, target = _arrays(transform, numbers.types)
    calls, cost = list[tuple[int, str]](), Operations()
    for step in transform.passes or [step for stage in transform.stages for step in stage.passes]:
        count = 1 if step.axis is None else prod(step.image) // step.image[step.axis]
        cost = cost + operations_of(numbers.programs[step.label]).times(count)
        if step.axis is not None and transform.passes:
            shared = step.label in [other.label for other in whole.passes]
            along = replace(transform, stage=None) if shared else transform
            line = _line(reading, numbers, along, step, first=not calls)
            calls.append((step.axis, line.name))
            yield line
    division = numbers.division if transform.writes in RESULTS else ""
    divisions = f", {prod(target.shape)} {numbers.divided}" if division else ""
    how = ", in one step by the product of its stages" if transform.passes else ", stage by stage"
    yield Tile(
        f"{reading.prefix}_{transform.symbol}_{numbers.suffix}",
        (
            f"{transform.title.removeprefix('the ').capitalize()} {transform.formula}{how * bool(transform.stages)}:",
            f"{source} -> {target}.",
            *numbers.bounds(transform),
            f"{_cost_text(cost)}{divisions}.",
        ),
        source,
        target,
        calls=tuple(calls),
        program=numbers.programs[transform.passes[0].label] if transform.passes and not calls else None,
        steps=() if transform.passes else tuple(stage_calls(reading, transform, numbers.types["x"])),
        division=division if transform.passes else "",
    )


def _line(reading: Reading, numbers: Numbers, transform: Transform, step: NamedPass, first: bool) -> Line:
    """The function of one line; behind the first pass it reads what it writes."""
    x, y, program = transform.reads, transform.writes, numbers.programs[step.label]
    written = numbers.types[y]
    read = numbers.types[x] if first else written
    product = f"{y} = {_MATRIX_TEXT.get(step.name, step.name)} {x}"
    overlap = f" {x} and {y} may overlap." if read == written else ""
    comment = (
        f"One line of {transform.title}, {product}, {program.inputs} -> {len(program.outputs)} values.",
        f"{bound_text(y, largest_row_norm(step.matrix), x)}. {_cost_text(operations_of(program))}.{overlap}",
    )
    name = f"{reading.prefix}_{transform.symbol}_line_{_TYPE_SUFFIX[read]}{step.suffix}"
    table = _table_symbol(reading, numbers, step)
    return Line(name, comment, x, y, (read, written), program, table)


def _cost_text(cost: Operations) -> str:
    multiplications = cost.total - cost.additions
    counts = (cost.additions, "addition"), (multiplications, "multiplication")
    return " and ".join(f"{count} {what}{'s' * (count != 1)}" for count, what in counts)


def _arrays(transform: Transform, types: Mapping[Letter, str]) -> tuple[Array, Array]:
    """What a transform reads and what it writes: windows of images are the data and the output."""
    source, target = (
        (Array.in_image if letter in IMAGES else Array.row_major)(letter, types[letter], shape)
        for letter, shape in ((transform.reads, transform.tile), (transform.writes, transform.image))
    )
    return source, target


def _is_normal(value: float, c_type: str) -> bool:
    return bool(np.isfinite(value) and abs(value) >= np.finfo(FLOAT_DTYPES[c_type]).smallest_normal)
