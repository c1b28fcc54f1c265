# SPDX-License-Identifier: Apache-2.0
"""A piece of a plan: a proved algorithm of stride 1 with the positions that it reads and adds to."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import prod

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.nesting import check_algorithm
from wincraft.errors import BadShape, WrongForm
from wincraft.plan.reductions import Strand


@dataclass(frozen=True, eq=False)
class Piece:
    """An algorithm and, for each axis, a plain strand of as many taps: what it reads, and the outputs it adds to.

    Raises:
        BadShape: where they do not fit together.
        WrongForm: for an algorithm of linear convolution.
        WrongType: for what is no algorithm.

    >>> from wincraft.plan import Problem, make_plan
    >>> [piece.algorithm.size for piece in make_plan(Problem(3, stride=2, axes=2), 2).pieces]
    ['F(2x2,2x2)', 'F(2x2,2x1)', 'F(2x2,1x2)', 'F(2x2,1x1)']
    """

    algorithm: Algorithm
    strands: tuple[Strand, ...]

    def __post_init__(self) -> None:
        check_algorithm(self.algorithm)
        if self.algorithm.form != "correlation":
            raise WrongForm(f"a piece by {self.algorithm.size}")
        taps = tuple(strand.taps for strand in self.strands)
        if self.algorithm.r != taps:
            raise BadShape(f"the piece of {self.algorithm.size}", f"{taps} taps", "as many as the algorithm has")
        if not all(strand.plain for strand in self.strands):
            raise BadShape("a piece", "a stride or a dilation", "a reduction to plain strands")

    @property
    def spacing(self) -> int:
        """One of so many outputs is its own."""
        return prod(strand.outputs.step for strand in self.strands)

    @property
    def weight(self) -> Fraction:
        """The multiply-adds per output of the whole that it stands for."""
        return Fraction(prod(self.algorithm.r), self.spacing)
