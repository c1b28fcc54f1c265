# SPDX-License-Identifier: Apache-2.0
"""A plan: a convolution as pieces, each a proved algorithm of stride 1 with the positions that it reads and adds to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import prod

import numpy as np

from wincraft.errors import BadShape, BadValue, NotApplicable, check_type
from wincraft.exact.number import to_fraction
from wincraft.plan.piece import Piece
from wincraft.plan.problem import Problem
from wincraft.plan.proving import compare_impulses
from wincraft.plan.running import run_pieces
from wincraft.show.numbers import number, plural


@dataclass(frozen=True, eq=False)
class Plan:
    """A convolution problem as pieces whose results add up to it; `prove` says so exactly.

    `products` are those of one tile of every piece; where tiles are alike they are for one tile of outputs.

    Raises:
        BadShape: for a piece of other axes, or one that reads taps that there are not.
        BadValue: without pieces, or for one with steps that are none.
        WrongType: for what is no problem.

    >>> from wincraft.plan import make_plan
    >>> make_plan(Problem(3, stride=2, axes=2), 2)
    Plan(3x3 kernel, stride 2: 4 pieces, 25 products, 6.25 an output, direct 9)
    """

    problem: Problem
    pieces: tuple[Piece, ...]

    def __post_init__(self) -> None:
        check_type("a problem", self.problem, Problem, "give a Problem")
        if not self.pieces:
            raise BadValue("a plan", "without pieces", "give at least one")
        for piece in self.pieces:
            if len(piece.strands) != len(self.problem.r):
                raise BadShape("a piece", f"{len(piece.strands)} axes", f"{len(self.problem.r)} axes")
            for strand, r in zip(piece.strands, self.problem.r, strict=True):
                ends = strand.filter.offset, strand.filter.offset + strand.filter.step * (strand.taps - 1)
                if min(ends) < 0 or max(ends) >= r:
                    raise BadShape("a piece", f"taps {ends[0]} to {ends[1]}", f"taps of a {self.problem}")
                if strand.outputs.offset < 0 or min(strand.outputs.step, strand.data.step, strand.taps) < 1:
                    raise BadValue("a piece", f"{strand}", "give steps and taps of at least 1")
                if strand.data.offset < 0 and not self.problem.transposed:
                    raise BadValue("a piece", f"data from {strand.data.offset}", "give what lies in the data")

    @property
    def size(self) -> str:
        """What it computes, where algorithms have their size."""
        return f"{self.problem}"

    @property
    def products(self) -> int:
        """Of one tile of every piece."""
        return sum(piece.algorithm.rank for piece in self.pieces)

    @property
    def products_per_output(self) -> Fraction:
        """Products of a pair of channels for an output, in whole tiles."""
        ranks = (Fraction(piece.algorithm.rank, prod(piece.algorithm.m) * piece.spacing) for piece in self.pieces)
        return sum(ranks, start=Fraction(0))

    @property
    def direct_per_output(self) -> Fraction:
        """Multiply-adds of the definition for an output."""
        spread = prod(self.problem.s) if self.problem.transposed else 1
        return Fraction(prod(self.problem.r), spread)

    @property
    def saving(self) -> Fraction:
        """How many times fewer products than the definition has."""
        return self.direct_per_output / self.products_per_output

    def noise_gain(self) -> Fraction:
        """The mean of the pieces' noise gains by the multiply-adds that they stand for; exact.

        Pieces are independent for white data and filters, and what a piece gives has a power of as many products.

        Raises:
            NotApplicable: for algorithms that are not rational.

        >>> from wincraft.plan import make_plan
        >>> make_plan(Problem(3, stride=2), 2).noise_gain()
        Fraction(1423, 1296)
        """
        total = Fraction(0)
        for piece in self.pieces:
            gain = piece.algorithm.noise_gain()
            if not getattr(gain, "is_Rational", False):
                repair = "take rational points"
                raise NotApplicable("the noise gain of a plan", f"{piece.algorithm.size} is not rational", repair)
            total += piece.weight * to_fraction(gain)
        return total / sum((piece.weight for piece in self.pieces), start=Fraction(0))

    @cached_property
    def separable(self) -> bool:
        """Whether it is the product of a plan for each axis: then these prove it."""
        if not all(piece.algorithm.separable for piece in self.pieces):
            return False
        axes = [dict.fromkeys((piece.strands[k], piece.algorithm.factors[k]) for piece in self.pieces)
                for k in range(len(self.problem.r))]  # fmt: skip
        return len({piece.strands for piece in self.pieces}) == len(self.pieces) == prod(map(len, axes)) and all(
            len({strand for strand, _ in axis}) == len(axis) for axis in axes
        )

    def axis(self, number: int) -> Plan:
        """The plan of one axis.

        Raises:
            NotApplicable: where it is not `separable`.

        >>> from wincraft.plan import make_plan
        >>> make_plan(Problem(3, stride=2, axes=2), 2).axis(0).products
        5
        """
        if not self.separable:
            raise NotApplicable("an axis of a plan", "a piece is of whole tiles", "take the plan as it is")
        found = dict.fromkeys((piece.strands[number], piece.algorithm.factors[number]) for piece in self.pieces)
        return Plan(self.problem.axis(number), tuple(Piece(item, (strand,)) for strand, item in found))

    def run(
        self,
        data: np.ndarray,
        filters: np.ndarray,
        padding: Sequence[int] | int = 0,
        output_padding: Sequence[int] | int = 0,
    ) -> np.ndarray:
        """Convolve whole arrays, piece by piece; see `wincraft.plan.running.run_pieces`.

        >>> from wincraft.plan import make_plan
        >>> make_plan(Problem(3, stride=2), 2).run(np.arange(8)[None, None], np.array([[[1, 10, 100]]]))
        array([[[210, 432, 654]]])
        """
        return run_pieces(self.problem, self.pieces, data, filters, padding, output_padding)

    def prove(self) -> str:
        """Prove exactly that the pieces are the problem; a line says how.

        What they give for every pair of a unit impulse of data and one of the filter is what the definition gives, see
        `compare_impulses`. A plan that is the product of plans of its axes is proved axis by axis. Groups are the same
        plan side by side.

        Raises:
            ClaimRefuted: where an output differs; it is named.
            TooLarge: for more values than are compared.

        >>> from wincraft.plan import make_plan
        >>> print(make_plan(Problem(3, stride=2, axes=2), 2).prove())
        3x3 kernel, stride 2 proved: 4 pieces, 25 products; 21 pairs of impulses along axis 0, 21 along axis 1
        """
        axes = len(self.problem.r)
        several = axes > 1 and self.separable
        plans = [self.axis(k) for k in range(axes)] if several else [self]
        pairs = [compare_impulses(item.problem, item.pieces) for item in plans]
        told = [f"{pair} along axis {k}" if several else f"{pair}" for k, pair in enumerate(pairs)]
        told[0] = told[0].replace(f"{pairs[0]}", f"{pairs[0]} pairs of impulses", 1)
        pieces = plural(len(self.pieces), "piece")
        return f"{self.problem} proved: {pieces}, {self.products} products; {', '.join(told)}"

    def __repr__(self) -> str:
        per, direct = (number(float(value)) for value in (self.products_per_output, self.direct_per_output))
        pieces = plural(len(self.pieces), "piece")
        return f"Plan({self.problem}: {pieces}, {self.products} products, {per} an output, direct {direct})"
