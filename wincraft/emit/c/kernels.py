# SPDX-License-Identifier: Apache-2.0
"""What stands in a C header, as plain data: tables, and functions of one line and of a tile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from wincraft.circuit.program import Program
from wincraft.emit.c.passes import array_name
from wincraft.numbers.box import Box

INDICES = "ijkl"
"""The loop index of every axis."""

FloatRows = Sequence[Sequence[float]]


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

    def element(self, index: Sequence[int]) -> str:
        """The C text of one element."""
        steps = list(zip(self.strides, index, strict=True))
        fixed = sum(int(stride) * i for stride, i in steps if stride.isdigit())
        return f"{self.name}[{' + '.join([f'{s} * {i}' for s, i in steps if not s.isdigit()] + [str(fixed)])}]"

    def __str__(self) -> str:
        return f"{array_name(self.name)} {'x'.join(map(str, self.shape))} at {self.name}[{' + '.join(self.offset())}]"


@dataclass(frozen=True)
class ConstantTable:
    """A constant matrix; `exact` are the texts of its exact entries, none where the values are exact themselves."""

    symbol: str
    type: str
    values: FloatRows
    exact: Sequence[Sequence[str]] = ()


@dataclass(frozen=True)
class Line:
    """A function of one line of values at a step: straight-line code, its program, that of the matrix in `table`.

    Of integers, `contract` has the box of what it reads and that of what it then writes, where that fits its type;
    behind them the same of narrower boxes, where passes of a tile call it with values of several sizes.
    """

    name: str
    comment: tuple[str, ...]
    reads: str
    writes: str
    types: tuple[str, str]
    program: Program
    table: str = ""
    contract: tuple[tuple[Box, Box], ...] = ()


@dataclass(frozen=True)
class Tile:
    """A function that computes a tile from a tile, then divides by the scale, and how it does that, one of three.

    `calls` are the axis and the line function of each pass along an axis, `program` one over the flattened tiles, and
    `steps` C statements that call the functions of its stages. `division` is the C operation, empty where the scale is
    1 or the last step divides. `contract` are the boxes of what it reads and of what it then writes, where all its
    lines have contracts.
    """

    name: str
    comment: tuple[str, ...]
    source: Array
    target: Array
    calls: tuple[tuple[int, str], ...] = ()
    program: Program | None = None
    steps: tuple[str, ...] = ()
    division: str = ""
    contract: tuple[Box, Box] | None = None

    def others(self, axis: int) -> dict[int, int]:
        """The lengths of the other axes while a pass runs along one: those of the passes before it are done."""
        order = [along for along, _ in self.calls]
        done = order[: order.index(axis)]
        lengths = enumerate(zip(self.source.shape, self.target.shape, strict=True))
        return {other: after if other in done else before for other, (before, after) in lengths if other != axis}


CFunction = Line | Tile


@dataclass(frozen=True)
class HeaderSection:
    """The tables and functions of one arithmetic, behind a comment and, of integers, the macros of their bounds."""

    title: str
    comment: tuple[str, ...]
    macros: tuple[tuple[str, object], ...] = ()
    tables: tuple[ConstantTable, ...] = ()
    kernels: tuple[CFunction, ...] = ()
