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
from typing import NamedTuple

from wincraft.circuit.equivalence import equivalence, transported
from wincraft.circuit.program import Program
from wincraft.circuit.text import parse_program
from wincraft.circuit.transposing import transposed_program
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


class KnownProgram(NamedTuple):
    """A program of a matrix, proved to compute it, what it was found by, and what its class says of all such programs.

    `bound` additions are the least that any program of the matrix can have, as far as that is proved, by `method`.
    """

    program: Program
    found: str
    bound: int = 0
    method: str = ""


def known_programs(matrix: Matrix) -> Iterator[KnownProgram]:
    """The shipped programs of a matrix; where its class is not shipped, those of the transposed matrix, run backwards.

    Of these the class says no bound.

    >>> from wincraft import winograd
    >>> interpolation = winograd(4, 4, points="0,1,-1,2,-2,1/2").transpose().maps.output.dense
    >>> min(known.program.additions for known in known_programs(interpolation))
    17
    """
    for transposed in (False, True):
        across = matrix.transpose() if transposed else matrix
        if (entry := entry_of(across)) is None:
            continue
        for program, found in zip(entry.programs, entry.found, strict=True):
            moved = transported(program, entry.matrix, across)
            if moved is None or moved.matrix() != across:
                continue
            if transposed:
                yield KnownProgram(transposed_program(moved), f"{found}, transposed")
            else:
                yield KnownProgram(moved, found, entry.bound, entry.method)
        return
