# SPDX-License-Identifier: Apache-2.0
"""What a kernel needs to know of the numbers it computes with, one class for floats and one for integers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from wincraft.algorithm.bilinear import Algorithm
from wincraft.circuit.program import Program
from wincraft.construct.circuits import Circuits
from wincraft.emit.c.passes import Transform, read_passes
from wincraft.emit.kernel.transforms import Ends, PassText, VectorType, steps_of, transform_functions

STRIDES = ("row", "column")
"""The steps of a tile in an image, in elements."""


@dataclass(frozen=True)
class ElementType(ABC):
    """The numbers of a kernel, `name` as on the command line, and what it computes: an algorithm by chosen circuits."""

    name: str
    given: Algorithm
    choice: str

    sum_bytes = 0
    """Bytes that a prepared filter holds for every output channel beside its panels."""

    least_isa = ("__AVX__", "__AVX512F__")
    """The macros of instruction sets with 8 and with 16 lanes."""

    broadcast = ""
    """What a step of a micro-kernel takes of a row of U, ``{u}``, as ``{x}``."""

    step = ""
    """How it is multiplied by ``{v}`` and added to ``{a}``."""

    family = ""
    """What ends the names of its templates."""

    @property
    def algorithm(self) -> Algorithm:
        """The form that is computed."""
        return self.given

    @cached_property
    def circuits(self) -> Circuits:
        """The circuits of what is computed."""
        return Circuits(self.algorithm, self.choice)

    @abstractmethod
    def vector(self, transform: Transform, program: Program) -> VectorType:
        """How a transform computes."""

    @abstractmethod
    def ends(self, transform: Transform, source: list[str], target: list[str]) -> Ends:
        """What a transform reads and writes at given strides."""

    @abstractmethod
    def program(self, transform: Transform, number: int) -> Program:
        """The program of a pass of a transform."""

    @abstractmethod
    def words(self) -> dict[str, object]:
        """What fills in the words of its templates."""

    @abstractmethod
    def check(self) -> None:
        """Refuse an algorithm that these numbers do not admit.

        Raises:
            NotApplicable: where they do not.
        """

    @abstractmethod
    def notes(self) -> list[str]:
        """What the files say of the arithmetic, and for how much it is right."""

    def sizes(self) -> dict[str, int]:
        """Constants of the file beside those of every kernel."""
        return {}

    def transforms(self) -> Iterator[str]:
        """The functions of the three transforms."""
        for transform in read_passes(self.algorithm).transforms:
            passes, tile = list[PassText](), transform.tile
            for number, item in enumerate(transform.passes):
                assert item.axis is not None  # maps of whole tiles are refused
                passes.append(PassText(self.program(transform, number), item.axis, tile, item.image, item.label))
                tile = item.image
            source, target = steps_of(transform.tile, "COLUMNS"), steps_of(transform.image, "tap")
            if transform.name == "input":
                source = list(STRIDES[-len(transform.tile) :])
            if transform.name == "output":
                source, target = steps_of(transform.tile, "tap"), list(STRIDES[-len(transform.image) :])
            vector = self.vector(transform, passes[0].program)
            yield from transform_functions(transform.name, passes, self.ends(transform, source, target), vector)
