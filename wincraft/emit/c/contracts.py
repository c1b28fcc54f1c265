# SPDX-License-Identifier: Apache-2.0
"""Contracts of integer line functions: the box that each reads, and the exact one of what it writes then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from wincraft.circuit.bounds import bounds
from wincraft.emit.c.kernels import CFunction, Line, Tile
from wincraft.measure.integers import parse_range
from wincraft.numbers.box import Box


def with_contracts(kernels: Sequence[CFunction], read: Mapping[str, Box]) -> tuple[CFunction, ...]:
    """The functions, their lines with contracts for inputs in the boxes of the letters.

    A pass reads all that the one before it may write. Products, of which no box is given, have the largest symmetric
    box on which no step leaves int64_t. A function whose results could leave its type gets no contract.
    """
    lines = {kernel.name: kernel for kernel in kernels if isinstance(kernel, Line)}
    found = dict[str, Box]()
    for tile in kernels:
        for name, box in _boxes_read(tile, lines, read) if isinstance(tile, Tile) else ():
            found[name] = box if name not in found else _hull(found[name], box)
    return tuple(_contracted(kernel, found) if isinstance(kernel, Line) else kernel for kernel in kernels)


def written_box(line: Line, box: Box) -> Box:
    """Where all results of a line function lie for inputs in a box. Exact."""
    found = bounds(line.program, box)
    return _hull(*(found.values[output] for output in line.program.outputs))


def _boxes_read(tile: Tile, lines: Mapping[str, Line], read: Mapping[str, Box]) -> Iterator[tuple[str, Box]]:
    passes = [lines[name] for _, name in tile.calls]
    box = read.get(tile.source.name) or (_largest(passes) if passes else None)
    for line in passes:
        if box is not None:
            yield line.name, box
            box = written_box(line, box)


def _largest(passes: Sequence[Line]) -> Box:
    """The largest box -b..b of inputs of passes in turn for which no step of any leaves int64_t."""
    box, counts = Box(-1, 1), list[int]()
    for line in passes:
        counts.append(bounds(line.program, box).channels(64) or 0)
        box = written_box(line, box)
    return Box(-min(counts), min(counts))


def _contracted(line: Line, boxes: Mapping[str, Box]) -> Line:
    box = boxes.get(line.name)
    if box is None or box.high == box.low == 0:
        return line
    found, word = bounds(line.program, box), parse_range(line.types[1])
    steps = [*found.values, *(product for product in found.products if product is not None)]
    if not all(word.low <= step.low and step.high <= word.high for step in steps):
        return line
    return replace(line, contract=(box, written_box(line, box)))


def _hull(*boxes: Box) -> Box:
    return Box(min(box.low for box in boxes), max(box.high for box in boxes))
