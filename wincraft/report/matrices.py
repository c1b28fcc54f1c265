# SPDX-License-Identifier: Apache-2.0
"""The matrices of an algorithm as tables, so that a report can be checked and used without what made it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.content import map_names
from wincraft.algorithm.description import tap_labels
from wincraft.algorithm.nesting import parts
from wincraft.exact.matrix import to_numbers
from wincraft.exact.number import number_text
from wincraft.show.layout import Section, Table


def matrices_section(algorithm: Algorithm) -> Section:
    """A^T, G and B^T of every axis that differs from those before it; a chain stage by stage, in order of application.

    Those of whole tiles pass by pass: a matrix along one axis, or one for the flattened tile.

    >>> from wincraft import winograd
    >>> matrices_section(winograd(2, 3, points="0,1,-1")).tables[0].rows[1]
    ('y1', '0', '1', '-1', '1')
    """
    axes = list(dict.fromkeys(parts(algorithm)))
    tables = []
    for axis in axes:
        of = f" of {axis.size}" if len(axes) > 1 else ""
        tables += [*_tables(axis, of)]
    formula = "y = A^T [(G g) * (B^T d)]" if algorithm.form == "correlation" else "s = B [(G g) * (A h)]"
    scale = "" if algorithm.scale == 1 else f", which is {number_text(algorithm.scale)} times the convolution"
    nested = "On every axis " if len(algorithm.m) > 1 else ""
    nested = nested if algorithm.separable else "Tiles flattened row by row: "
    return Section("Matrices", tuple(tables), (f"{nested}{formula}{scale}; * is elementwise, tap by tap.",))


def _tables(axis: Algorithm, of: str) -> Iterator[Table]:
    y, d = "yd" if axis.form == "correlation" else "sh"
    output, filter, input = axis.maps
    taps = tap_labels(axis)
    names = [name.replace("T", "^T") for name in map_names(axis)]
    ends = ((_entries(y, output.image), taps), (taps, _entries("g", filter.tile)), (taps, _entries(d, input.tile)))
    for name, chain, (rows, columns) in zip(names, axis.maps, ends, strict=True):
        last = len(chain.passes) - 1
        for place, step in enumerate(chain.passes):
            numbers = [[number_text(value) for value in row] for row in to_numbers(step.matrix)]
            left = rows if place == last and len(rows) == len(numbers) else list(map(str, range(len(numbers))))
            head = columns if place == 0 and len(columns) == len(numbers[0]) else list(map(str, range(len(numbers[0]))))
            along = f" along axis {step.axis}" if len(axis.m) > 1 and step.axis is not None else ""
            title = f"{name}[{place}]{along}{of}" if last else f"{name}{of}"
            body = tuple((label, *row) for label, row in zip(left, numbers, strict=True))
            yield Table((title, *head), body, "l" + "r" * len(head))


def _entries(letter: str, tile: tuple[int, ...]) -> list[str]:
    """The names of a tile's values, ``d0`` or ``d0,1``, row by row."""
    return [f"{letter}{','.join(map(str, place))}" for place in np.ndindex(tile)]
