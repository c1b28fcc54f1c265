# SPDX-License-Identifier: Apache-2.0
"""The matrices of an algorithm as tables, so that a report can be checked and used without what made it."""

from __future__ import annotations

from collections.abc import Iterator

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.content import map_names
from wincraft.algorithm.description import tap_labels
from wincraft.exact.matrix import to_numbers
from wincraft.exact.number import number_text
from wincraft.show.layout import Section, Table


def matrices_section(algorithm: Algorithm) -> Section:
    """A^T, G and B^T of every axis that differs from those before it; a chain stage by stage, in order of application.

    >>> from wincraft import winograd
    >>> matrices_section(winograd(2, 3, points="0,1,-1")).tables[0].rows[1]
    ('y1', '0', '1', '-1', '1')
    """
    axes = list(dict.fromkeys(algorithm.factors))
    tables = []
    for axis in axes:
        of = f" of {axis.size}" if len(axes) > 1 else ""
        tables += [*_tables(axis, of)]
    formula = "y = A^T [(G g) * (B^T d)]" if algorithm.form == "correlation" else "s = B [(G g) * (A h)]"
    scale = "" if algorithm.scale == 1 else f", which is {number_text(algorithm.scale)} times the convolution"
    nested = "On every axis " if len(algorithm.m) > 1 else ""
    return Section("Matrices", tuple(tables), (f"{nested}{formula}{scale}; * is elementwise, tap by tap.",))


def _tables(axis: Algorithm, of: str) -> Iterator[Table]:
    correlation = axis.form == "correlation"
    output, filter, input = axis.maps
    taps = tap_labels(axis)
    outputs = [f"{'y' if correlation else 's'}{i}" for i in range(output.dense.shape[0])]
    filters = [f"g{i}" for i in range(filter.dense.shape[1])]
    inputs = [f"{'d' if correlation else 'h'}{i}" for i in range(input.dense.shape[1])]
    names = [name.replace("T", "^T") for name in map_names(axis)]
    ends = ((outputs, taps), (taps, filters), (taps, inputs))
    for name, chain, (rows, columns) in zip(names, axis.maps, ends, strict=True):
        last = len(chain.stages) - 1
        for place, stage in enumerate(chain.stages):
            numbers = [[number_text(value) for value in row] for row in to_numbers(stage)]
            left = rows if place == last else [str(i) for i in range(len(numbers))]
            head = columns if place == 0 else [str(j) for j in range(len(numbers[0]))]
            title = f"{name}[{place}]{of}" if last else f"{name}{of}"
            body = tuple((label, *row) for label, row in zip(left, numbers, strict=True))
            yield Table((title, *head), body, "l" + "r" * len(head))
