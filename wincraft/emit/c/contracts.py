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
    box on which no step leaves int64_t. A function whose results could leave its type gets no contract. What several
    passes call has the contract of all that they read, and one of each; so the contracts of a tile's lines compose.
    """
    lines = {kernel.name: kernel for kernel in kernels if isinstance(kernel, Line)}
    chains = {tile.name: list(_boxes_read(tile, lines, read)) for tile in kernels if isinstance(tile, Tile)}
    found: dict[str, list[Box]] = {}
    for name, box in (pair for chain in chains.values() for pair in chain):
        found.setdefault(name, []).append(box)
    made = {name: _contracted(line, found.get(name, ())) for name, line in lines.items()}

    def of(kernel: CFunction) -> CFunction:
        if isinstance(kernel, Line):
            return made[kernel.name]
        chain = chains[kernel.name]
        if not chain or not all(made[name].contract for name, _ in chain):
            return kernel
        last = written_box(lines[chain[-1][0]], chain[-1][1])
        scale = int(kernel.division.removeprefix("/= ") or 1)
        return replace(kernel, contract=(chain[0][1], Box(int(last.low / scale), int(last.high / scale))))

    return tuple(map(of, kernels))


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


def _contracted(line: Line, boxes: Sequence[Box]) -> Line:
    box = _hull(*boxes) if boxes else Box(0, 0)
    if box.high == box.low == 0:
        return line
    found, word = bounds(line.program, box), parse_range(line.types[1])
    steps = [*found.values, *(product for product in found.products if product is not None)]
    if not all(word.low <= step.low and step.high <= word.high for step in steps):
        return line
    return replace(line, contract=tuple((given, written_box(line, given)) for given in dict.fromkeys([box, *boxes])))


def _hull(*boxes: Box) -> Box:
    return Box(min(box.low for box in boxes), max(box.high for box in boxes))
