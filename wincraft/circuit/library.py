# SPDX-License-Identifier: Apache-2.0
"""The best programs that were found, shipped as data: one entry for each class of equivalent matrices.

The data say which operations; that a program computes what is asked is proved again whenever one is taken.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files

from wincraft.circuit.equivalence import equivalence, transported
from wincraft.circuit.program import Program
from wincraft.circuit.text import parse_program
from wincraft.exact.matrix import factor_between
from wincraft.exact.types import Matrix

_DATA = "library.json"


@dataclass(frozen=True)
class CircuitClass:
    """The programs of one class, the fewest additions first, and what each was found by.

    `bound` additions are the least that any program of the class can have, as far as that is proved, by `method`.
    """

    name: str
    shape: tuple[int, int]
    texts: tuple[str, ...]
    found: tuple[str, ...]
    bound: int
    method: str

    @cached_property
    def programs(self) -> tuple[Program, ...]:
        """The programs, proved to compute the same matrix up to factors of rows."""
        programs = tuple(parse_program(text, f"the library's {self.name}") for text in self.texts)
        rows = programs[0].matrix().to_list()
        for program in programs[1:]:
            pairs = zip(program.matrix().to_list(), rows, strict=True)
            assert all(factor_between(row, wanted) for row, wanted in pairs), self.name
        return programs

    @property
    def matrix(self) -> Matrix:
        """The matrix that stands for the class, that of its first program."""
        return self.programs[0].matrix()


@cache
def entries() -> tuple[CircuitClass, ...]:
    """All entries, in the order of the file."""
    data = json.loads(files("wincraft.circuit").joinpath(_DATA).read_text("utf-8"))
    return tuple(
        CircuitClass(
            item["name"],
            tuple(item["shape"]),
            tuple(program["text"] for program in item["programs"]),
            tuple(program["found"] for program in item["programs"]),
            item["lower_bound"],
            item["method"],
        )
        for item in data["entries"]
    )


def entry_of(matrix: Matrix) -> CircuitClass | None:
    """The entry of the matrix's class.

    >>> from wincraft import winograd
    >>> entry_of(winograd(4, 3, points="0,3/4,-3/4,3/2,-3/2").input.dense).bound
    12
    """
    for entry in entries():
        if entry.shape == matrix.shape and equivalence(entry.matrix, matrix) is not None:
            return entry
    return None


def known_programs(matrix: Matrix) -> Iterator[tuple[Program, str, CircuitClass]]:
    """The shipped programs of a matrix, moved to it and proved to compute it, each with what it was found by."""
    entry = entry_of(matrix)
    if entry is None:
        return
    for program, found in zip(entry.programs, entry.found, strict=True):
        moved = transported(program, entry.matrix, matrix)
        if moved is not None and moved.matrix() == matrix:
            yield moved, found, entry
