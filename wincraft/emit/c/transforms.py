# SPDX-License-Identifier: Apache-2.0
"""What the functions of a C header compute: the three transforms and their stages, with matrices and formulas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from wincraft.algorithm.bilinear import BilinearAlgorithm
from wincraft.algorithm.nested import Algorithm
from wincraft.algorithm.refutation import MatrixName
from wincraft.emit.matrices import named_maps, named_matrices
from wincraft.exact.number import number_text

Letter = Literal["g", "d", "v", "u", "m", "y", "x", "z"]
"""Filter, data, their transforms, products and output; x and z are what lies between two stages, read and written."""


@dataclass(frozen=True)
class Transform:
    """One of the three transforms, or one stage of it: its map, the letter of what it reads and that of what it writes.

    A stage runs along the axes whose chains have a stage of its number; a map of one stage counts as stage 0.
    """

    name: str
    map: MatrixName
    reads: Letter
    writes: Letter
    stage: int | None = None

    @property
    def symbol(self) -> str:
        """What names its functions, ``input`` or ``input_stage0``."""
        return self.name if self.stage is None else f"{self.name}_stage{self.stage}"

    @property
    def title(self) -> str:
        """What names it in comments."""
        return (
            f"the {self.name} transform" if self.stage is None else f"stage {self.stage} of the {self.name} transform"
        )

    def runs_along(self, axis: BilinearAlgorithm) -> bool:
        """Whether the axis has such a stage; the whole transform runs along all."""
        return self.stage is None or self.stage < len(named_maps(axis)[self.map].stages)

    def is_whole(self, axis: BilinearAlgorithm) -> bool:
        """Whether its matrix along an axis that it runs along is the whole map."""
        return self.stage is None or len(named_maps(axis)[self.map].stages) == 1

    def matrix(self, axis: BilinearAlgorithm) -> str:
        """The name of its matrix along an axis that it runs along."""
        return self.map if self.is_whole(axis) else f"{self.map}{self.stage}"

    def exact(self, axis: BilinearAlgorithm) -> Any:
        """Its exact matrix along an axis that it runs along, (values written, values read)."""
        return named_matrices(axis)[self.matrix(axis)]

    def lengths(self, axis: BilinearAlgorithm) -> tuple[int, int]:
        """(values written, values read) along any axis."""
        if self.runs_along(axis):
            after, before = self.exact(axis).shape
            return after, before
        return (named_maps(axis)[self.map].shape[0],) * 2


FILTER = Transform("filter", "G", "g", "v")
INPUT = Transform("input", "BT", "d", "u")
OUTPUT = Transform("output", "AT", "m", "y")


def stages(axes: Sequence[BilinearAlgorithm], transform: Transform) -> list[Transform]:
    """The stages of a transform in the order of application; none where no axis has more than one."""
    last = max(len(named_maps(axis)[transform.map].stages) for axis in axes) - 1
    if last == 0:
        return []
    return [
        replace(
            transform,
            stage=number,
            reads=transform.reads if number == 0 else "x",
            writes=transform.writes if number == last else "x" if number == 0 else "z",
        )
        for number in range(last + 1)
    ]


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
    return {
        "filter": f"V = {V}",
        "input": f"U = {U}",
        "output": f"Y = {left} M{right}{_over(scale)}",
        "whole": f"Y = {left} [({V}) * ({U})]{right}{_over(scale)}",
    }


def formula(algorithm: Algorithm, transform: Transform, scale: Any) -> str:
    """The formula of a transform or of a stage, whose matrices have the names of their tables: ``X = BT0 d BT0^T``."""
    if transform.stage is None:
        return formulas(algorithm, scale)[transform.name]
    names = [
        f"{transform.matrix(axis)}{suffix}" if transform.runs_along(axis) else ""
        for axis, suffix in zip(algorithm.axes, axis_suffixes(algorithm), strict=True)
    ]
    value = array_name(transform.reads)
    if len(names) > 2:
        product = f"({' (x) '.join(name or 'I' for name in names)}) {value}"
    else:
        left, right = (*names, "")[:2]
        product = " ".join(part for part in (left, value, right and f"{right}^T") if part)
    return f"{array_name(transform.writes)} = {product}{_over(scale) if transform.writes == 'y' else ''}"


def array_name(letter: str) -> str:
    """An array's letter in formulas: capital but for data and filter."""
    return letter if letter in "gd" else letter.upper()


def _over(scale: Any) -> str:
    return "" if scale == 1 else f" / {number_text(scale)}"
