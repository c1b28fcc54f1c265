# SPDX-License-Identifier: Apache-2.0
"""The pieces of a plan as runs of kernels of two axes: what each reads, and the outputs that it adds to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations, product
from math import gcd, lcm, prod

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.nesting import nest
from wincraft.errors import NotApplicable
from wincraft.plan.piece import Piece
from wincraft.plan.plan import Plan
from wincraft.plan.reductions import Strand


@dataclass(frozen=True)
class AxisSteps:
    """An axis of a run: outputs y + y_step i of data x + x_step (stride i + j) and taps w + w_step j."""

    y: int = 0
    y_step: int = 1
    x: int = 0
    x_step: int = 1
    stride: int = 1
    w: int = 0
    w_step: int = 1
    taps: int = 1
    tile: int = 1

    @classmethod
    def of(cls, strand: Strand, tile: int) -> AxisSteps:
        """That of a strand, by tiles of so many outputs."""
        outputs, data, filter = strand.outputs, strand.data, strand.filter
        return cls(
            outputs.offset, outputs.step, data.offset, data.step, 1, filter.offset, filter.step, strand.taps, tile
        )

    @property
    def alone(self) -> Iterator[AxisSteps]:
        """One for each tap.

        >>> [(axis.x, axis.w) for axis in AxisSteps(x=1, x_step=2, taps=2).alone]
        [(1, 0), (3, 1)]
        """
        for j in range(self.taps):
            x, w = self.x + self.x_step * j, self.w + self.w_step * j
            yield replace(self, x=x, w=w, taps=1, tile=1)

    def parted(self, step: int) -> Iterator[AxisSteps]:
        """Those of outputs so far apart: a single tap is also one of every part of its outputs.

        >>> [(axis.y, axis.y_step, axis.x, axis.x_step) for axis in AxisSteps(x_step=2).parted(3)]
        [(0, 3, 0, 6), (1, 3, 2, 6), (2, 3, 4, 6)]
        """
        parts = step // self.y_step if self.taps == 1 else 1
        for a in range(parts):
            y, x = self.y + self.y_step * a, self.x + self.x_step * a
            yield replace(self, y=y, y_step=self.y_step * parts, x=x, x_step=self.x_step * parts)

    def __str__(self) -> str:
        words = (self.y, self.y_step, self.x, self.x_step, self.stride, self.w, self.w_step, self.taps, self.tile)
        return f"{{{', '.join(map(str, words))}}}"


@dataclass(frozen=True)
class KernelRun:
    """A run of a kernel, None where it is direct, along depth, height and width, that adds to a class of outputs."""

    algorithm: Algorithm | None
    depth: AxisSteps
    height: AxisSteps
    width: AxisSteps

    @property
    def axes(self) -> tuple[AxisSteps, ...]:
        """All three."""
        return self.depth, self.height, self.width

    @property
    def outputs(self) -> tuple[tuple[int, int], ...]:
        """Its class, where the outputs begin and how far they are apart along every axis."""
        return tuple((axis.y, axis.y_step) for axis in self.axes)

    @property
    def taps(self) -> int:
        """Of its kernel."""
        return prod(axis.taps for axis in self.axes)


def runs_of(plan: Plan) -> list[KernelRun]:
    """The runs that add up to a plan, those of a class of outputs together; a tap of the depth is a run.

    Raises:
        NotApplicable: for more than three axes, tiles of more outputs along a depth with a kernel, pieces of whole
            tiles, and pieces that share a part of their outputs.

    >>> from wincraft.plan import Problem, make_plan
    >>> [run.taps for run in runs_of(make_plan(Problem(3, stride=2, axes=2), 2))]
    [4, 2, 2, 1]
    """
    axes = range(len(plan.problem.r))
    steps = [lcm(*(piece.strands[k].outputs.step for piece in plan.pieces)) for k in axes]
    found = [
        run for piece in plan.pieces for run in _runs(piece, [1] * (3 - len(steps)) + steps, what_is_written(plan))
    ]
    classes = list(dict.fromkeys(run.outputs for run in found))
    for one, other in combinations(classes, 2):
        if all((a - b) % gcd(s, t) == 0 for (a, s), (b, t) in zip(one, other, strict=True)):
            repair = "let pieces add to the same outputs or to none in common"
            raise NotApplicable(what_is_written(plan), "pieces share a part of their outputs", repair)
    return sorted(found, key=lambda run: classes.index(run.outputs))


def what_is_written(plan: Plan) -> str:
    """For errors.

    >>> from wincraft.plan import Problem, make_plan
    >>> what_is_written(make_plan(Problem(3), 2))
    'C files of a plan for a 3 kernel'
    """
    return f"C files of a plan for a {plan.problem}"


def _runs(piece: Piece, steps: list[int], what: str) -> Iterator[KernelRun]:
    """Single taps of a dilation have all outputs, others every t-th: of `steps` the first are parted."""
    algorithm = piece.algorithm
    if not algorithm.separable:
        reason = f"the maps of {algorithm.size} are of whole tiles"
        raise NotApplicable(what, reason, "plan with tiles nested along axes")
    if len(algorithm.m) > 3:
        raise NotApplicable(what, f"it has {len(algorithm.m)} axes", "give a problem of one to three")
    if len(algorithm.m) == 3 and algorithm.m[0] > 1 and algorithm.r[0] > 1:
        repair = f"plan with --tile 1x{algorithm.m[1]}x{algorithm.m[2]}, whose kernels are of height and width"
        raise NotApplicable(what, f"{algorithm.size} has a transform along the depth", repair)
    axes = [AxisSteps.of(strand, m) for strand, m in zip(piece.strands, algorithm.m, strict=True)]
    depth, height, width = [AxisSteps()] * (3 - len(axes)) + axes
    planar = None if height.taps == width.taps == 1 else without_depth(algorithm)
    for tap in depth.alone:
        for along in product(*(axis.parted(step) for axis, step in zip((tap, height, width), steps, strict=True))):
            yield KernelRun(planar, *along)


def without_depth(algorithm: Algorithm) -> Algorithm:
    """The algorithm along height and width.

    >>> from wincraft import winograd
    >>> without_depth(winograd("F(1x2x2,3x3x3)")).size
    'F(2x2,3x3)'
    """
    return algorithm if len(algorithm.m) < 3 else nest(*algorithm.factors[1:])
