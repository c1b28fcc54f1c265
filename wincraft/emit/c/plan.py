# SPDX-License-Identifier: Apache-2.0
"""From the passes of an algorithm, and their numbers in an arithmetic, to the sections of a C header."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import Any, get_args

import numpy as np
from sympy import S

from wincraft.algorithm.numeric import matrix_to_numpy, round_to_dtype
from wincraft.emit.c.kernels import (
    Array,
    CFunction,
    ConstantTable,
    Cost,
    Dense,
    FloatRows,
    HeaderSection,
    Line,
    Tile,
    loop_lengths,
)
from wincraft.emit.c.passes import Factor, Letter, Reading, Transform, array_name, largest_row_norm
from wincraft.emit.c.printing import listed, literal, row_cost
from wincraft.emit.c.text import LINE_LENGTH, bound_text, fill
from wincraft.exact.matrix import to_texts
from wincraft.exact.number import to_fraction

_DTYPES: dict[str, np.dtype[np.floating[Any]]] = {"float": np.dtype(np.float32), "double": np.dtype(np.float64)}
_SUFFIX = {"float": "f32", "double": "f64"}
_TYPE_SUFFIX = _SUFFIX | {
    f"{sign}int{bits}_t": f"{sign or 'i'}{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)
}
_MATRIX_TEXT = {"G": "G", "BT": "B^T", "AT": "A^T"}


@dataclass(frozen=True)
class Numbers:
    """The matrices of a reading in one arithmetic: their rows by label, and the C types.

    `types` gives the C type of g and d (filter and data), v and u (their transforms), m (products), y (output), and in
    floating point that of what lies between stages. `division` is the C operation that divides a sum by the scale, and
    `divided` its name; `bounds` the lines on the range of what a transform writes.
    """

    suffix: str
    types: Mapping[Letter, str]
    table_type: str
    rows: Mapping[str, FloatRows]
    division: str
    divided: str
    bounds: Callable[[Transform], list[str]]


def header_section(title: str, *lines: str, **parts: Any) -> HeaderSection:
    """A section behind its title."""
    return HeaderSection((f"{title} {'-' * (LINE_LENGTH - len(title) - 7)}", *lines), **parts)


def float_section(reading: Reading, c_type: str) -> HeaderSection:
    """The matrices rounded once to float or double, and the functions; of a type that cannot hold them, why not."""
    rows: dict[str, FloatRows] = {}
    for factor in reading.factors:
        exact = matrix_to_numpy(factor.exact, object)
        rounded = [[float(round_to_dtype(entry, _DTYPES[c_type])) for entry in row] for row in exact]
        for (i, j), entry in np.ndenumerate(exact):
            if entry and not _is_normal(rounded[i][j], c_type):
                place = f"{factor.name}[{i}][{j}] of {factor.size}"
                return header_section(c_type, f"Omitted: {place} is outside the normal range of {c_type}.")
        rows[factor.label] = rounded
    inverse = float(round_to_dtype(to_fraction(1 / reading.scale), _DTYPES[c_type]))
    if not _is_normal(inverse, c_type):
        return header_section(c_type, f"Omitted: 1/scale is outside the normal range of {c_type}.")
    numbers = Numbers(
        suffix=_SUFFIX[c_type],
        types=dict.fromkeys(get_args(Letter), c_type),
        table_type=c_type,
        rows=rows,
        division="" if reading.scale == S.One else f"*= {literal(inverse, c_type)}",
        divided="multiplications by 1/scale",
        bounds=lambda transform: [norm_line(reading, transform)],
    )
    return header_section(
        c_type,
        "Tables: the exact entries, which stand in the comments, rounded once to nearest even.",
        tables=tables(reading, numbers, exact=True),
        kernels=functions(reading, numbers),
    )


def tables(reading: Reading, numbers: Numbers, exact: bool) -> tuple[ConstantTable, ...]:
    """A table for every matrix, with its exact entries where its own are rounded."""
    return tuple(
        ConstantTable(
            f"{reading.prefix}_{factor.name}_{numbers.suffix}{factor.suffix}",
            numbers.table_type,
            numbers.rows[factor.label],
            to_texts(factor.exact) if exact else (),
        )
        for factor in reading.factors
    )


def functions(reading: Reading, numbers: Numbers) -> tuple[CFunction, ...]:
    """For each transform: its line functions, one per distinct axis and element type, then the one over all axes.

    Behind it the same for every stage of its chain.
    """
    found: dict[str, CFunction] = {}
    for whole in reading.transforms:
        for transform in (whole, *whole.stages):
            for kernel in _functions(reading, numbers, whole, transform):
                found.setdefault(kernel.name, kernel)
    return tuple(found.values())


def stage_calls(reading: Reading, transform: Transform, c_type: str) -> list[str]:
    """C text: the arrays between the stages of a transform, then the calls, one after the other."""
    between, calls = [], []
    for number, stage in enumerate(transform.stages):
        source, target = _arrays(stage, dict.fromkeys(get_args(Letter), c_type))
        if number > 0:
            source = replace(source, name=f"{transform.reads}{number}")
        if number < len(transform.stages) - 1:
            target = replace(target, name=f"{transform.reads}{number + 1}")
            between.append(f"{target.name}[{' * '.join(map(str, target.shape))}]")
        arguments = [parameter.split()[-1].strip("*") for parameter in (*source.parameters, *target.parameters)]
        calls.append(f"{reading.prefix}_{stage.symbol}_{_SUFFIX[c_type]}({', '.join(arguments)});")
    declared = fill(f"{c_type} ", listed(between, ";"))
    return [line.strip() for line in declared.splitlines()] + calls


def norm_line(reading: Reading, transform: Transform) -> str:
    """The bound on what a transform writes by norms, after the division by the scale."""
    norm = transform.norm / (abs(reading.scale) if transform.writes == "y" else 1)
    return f"{bound_text(array_name(transform.writes), norm.expand(), array_name(transform.reads))}."


def _functions(reading: Reading, numbers: Numbers, whole: Transform, transform: Transform) -> Iterator[CFunction]:
    """The functions of a transform whose passes all run along axes, or of one dense pass."""
    source, target = _arrays(transform, numbers.types)
    name = f"{reading.prefix}_{transform.symbol}_{numbers.suffix}"
    calls, cost = list[tuple[int, str]](), Cost()
    for item in transform.passes:
        once = row_cost(numbers.rows[item.factor.label])
        if item.axis is None:
            cost += once
            continue
        along = replace(transform, stage=None) if item.factor in [part.factor for part in whole.passes] else transform
        line = _line(reading, numbers, along, item.factor, first=not calls)
        calls.append((item.axis, line.name))
        cost += once * prod(loop_lengths(source.shape, target.shape, item.axis).values())
        yield line
    division = numbers.division if transform.writes == "y" else ""
    divisions = f", {prod(target.shape)} {numbers.divided}" if division else ""
    at_once = ", in one step by the product of its stages" if transform.stages else ""
    comment = (
        f"{transform.title.removeprefix('the ').capitalize()} {transform.formula}{at_once}:",
        f"{source} -> {target}.",
        *numbers.bounds(transform),
        f"{cost}{divisions}.",
    )
    if calls:
        yield Tile(name, comment, source, target, tuple(calls), division)
    else:
        yield Dense(name, comment, source, target, numbers.rows[transform.passes[0].factor.label], division)


def _line(reading: Reading, numbers: Numbers, transform: Transform, factor: Factor, first: bool) -> Line:
    """The function of one line; behind the first pass it reads what it writes."""
    x, y, rows = transform.reads, transform.writes, numbers.rows[factor.label]
    written = numbers.types[y]
    read = numbers.types[x] if first else written
    product = f"{y} = {_MATRIX_TEXT.get(factor.name, factor.name)} {x}"
    overlap = f" {x} and {y} may overlap." if read == written else ""
    comment = (
        f"One line of {transform.title}, {product}, {len(rows[0])} -> {len(rows)} values.",
        f"{bound_text(y, largest_row_norm(factor.exact), x)}. {row_cost(rows)}.{overlap}",
    )
    name = f"{reading.prefix}_{transform.symbol}_line_{_TYPE_SUFFIX[read]}{factor.suffix}"
    return Line(name, comment, x, y, (read, written), rows)


def _arrays(transform: Transform, types: Mapping[Letter, str]) -> tuple[Array, Array]:
    """What a transform reads and what it writes: windows of images are the data and the output."""
    source, target = (
        (Array.in_image if letter in "dy" else Array.row_major)(letter, types[letter], shape)
        for letter, shape in ((transform.reads, transform.tile), (transform.writes, transform.image))
    )
    return source, target


def _is_normal(value: float, c_type: str) -> bool:
    return bool(np.isfinite(value) and abs(value) >= np.finfo(_DTYPES[c_type]).smallest_normal)
