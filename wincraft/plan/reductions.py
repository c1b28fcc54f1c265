# SPDX-License-Identifier: Apache-2.0
"""Reductions of a convolution along one axis to correlations of stride 1 without dilation; they compose.

A reduction accepts a strand or not, and applies: it gives strands that add up to it. Inverting is the same for all:
every strand says which outputs it adds to. All are changes of the index i of outputs and j of taps, so that they are
exact over any ring.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from math import gcd
from typing import Protocol

from wincraft.errors import BadValue, TooLarge, shorten
from wincraft.numbers.arrays import is_integer
from wincraft.plan.problem import Problem

MAX_PIECES = 4096
"""Of a plan."""


@dataclass(frozen=True)
class Steps:
    """The positions offset + step i, i = 0, 1, ..."""

    offset: int
    step: int

    def part(self, start: int, step: int) -> Steps:
        """Those of i = start, start + step, ...

        >>> Steps(1, 2).part(1, 3)
        Steps(offset=3, step=6)
        """
        return Steps(self.offset + self.step * start, self.step * step)


@dataclass(frozen=True)
class Strand:
    """A convolution along one axis, of some outputs, with some taps, on some data.

    y[outputs(i)] += sum_j x[data(i) + dilation j] w[filter(j)], j < taps; transposed: y[data(i) + dilation j] +=
    x[i] w[filter(j)]. Data outside of what is given are 0.

    >>> reduce_strand(strand_of(Problem(3, stride=2)))[1]
    Strand(outputs=Steps(offset=0, step=1), data=Steps(offset=1, step=2), dilation=2,
           filter=Steps(offset=1, step=2), taps=1, transposed=False)
    """

    outputs: Steps
    data: Steps
    dilation: int
    filter: Steps
    taps: int
    transposed: bool = False

    @property
    def stride(self) -> int:
        """Of the data over the spacing that stride and dilation have in common."""
        return self.data.step // gcd(self.data.step, self.dilation)

    @property
    def spread(self) -> int:
        """Of the taps over that spacing."""
        return self.dilation // gcd(self.data.step, self.dilation)

    @property
    def plain(self) -> bool:
        """Whether it is a correlation of stride 1 without dilation, of data that lie so far apart."""
        return not self.transposed and self.dilation == self.data.step


class Reduction(Protocol):
    """What turns a strand into simpler ones.

    >>> reduction: Reduction = StridePhases()
    """

    def accepts(self, strand: Strand) -> bool:
        """Whether there is something to do."""

    def apply(self, strand: Strand) -> tuple[Strand, ...]:
        """Strands that add up to this one."""


@dataclass(frozen=True)
class TransposedPhases:
    """A transposed convolution is a correlation with the reversed filter for every residue of outputs.

    With g = gcd(s, t), s = g s' and t = g t', the taps j = a + s' q reach the outputs t a + s u, u = i + t' q:
    y[t a + s u] = sum_q x[u - t' q] w[a + s' q]. Outputs that are no multiple of g stay 0.

    >>> [part.taps for part in TransposedPhases().apply(strand_of(Problem(3, stride=2, transposed=True)))]
    [2, 1]
    """

    def accepts(self, strand: Strand) -> bool:
        """Transposed ones."""
        return strand.transposed

    def apply(self, strand: Strand) -> tuple[Strand, ...]:
        """One for each of s' classes of taps that has some."""
        found = []
        for start in range(min(strand.stride, strand.taps)):
            taps = -(-(strand.taps - start) // strand.stride)
            outputs = Steps(strand.outputs.offset + strand.dilation * start, strand.data.step)
            data = Steps(strand.data.offset - strand.spread * (taps - 1), 1)
            filter = strand.filter.part(start + strand.stride * (taps - 1), -strand.stride)
            found.append(Strand(outputs, data, strand.spread, filter, taps))
        return tuple(found)


@dataclass(frozen=True)
class StridePhases:
    """A stride s is s correlations added, each of the taps of one residue: j = a + s' q needs x[t a + s (i + t' q)].

    >>> [part.taps for part in StridePhases().apply(strand_of(Problem(5, stride=2)))]
    [3, 2]
    """

    def accepts(self, strand: Strand) -> bool:
        """Those whose stride is no divisor of the dilation."""
        return not strand.transposed and strand.stride > 1

    def apply(self, strand: Strand) -> tuple[Strand, ...]:
        """One for each of s' classes of taps that has some."""
        step = strand.stride
        return tuple(
            replace(
                strand,
                data=replace(strand.data, offset=strand.data.offset + strand.dilation * start),
                dilation=strand.dilation * step,
                filter=strand.filter.part(start, step),
                taps=-(-(strand.taps - start) // step),
            )
            for start in range(min(step, strand.taps))
        )


@dataclass(frozen=True)
class DilationPhases:
    """A dilation t is t correlations beside each other, each of the outputs of one residue: i = a + t' p.

    >>> [part.outputs.offset for part in DilationPhases().apply(strand_of(Problem(3, dilation=2)))]
    [0, 1]
    """

    def accepts(self, strand: Strand) -> bool:
        """Those whose dilation is a multiple of the stride."""
        return not strand.transposed and strand.stride == 1 and strand.spread > 1

    def apply(self, strand: Strand) -> tuple[Strand, ...]:
        """One for each of t' classes of outputs; a single tap has no dilation."""
        if strand.taps == 1:
            return (replace(strand, dilation=strand.data.step),)
        step = strand.spread
        return tuple(
            replace(strand, outputs=strand.outputs.part(start, step), data=strand.data.part(start, step))
            for start in range(step)
        )


@dataclass(frozen=True)
class SplitKernel:
    """A long kernel is several of at most `longest` taps, as equal as can be, on data that lie further on.

    >>> [part.data.offset for part in SplitKernel(4).apply(strand_of(Problem(7)))]
    [0, 4]
    """

    longest: int

    def accepts(self, strand: Strand) -> bool:
        """Plain ones of more taps."""
        return strand.plain and strand.taps > self.longest

    def apply(self, strand: Strand) -> tuple[Strand, ...]:
        """The fewest parts."""
        count = -(-strand.taps // self.longest)
        sizes = [strand.taps // count + (k < strand.taps % count) for k in range(count)]
        return tuple(
            replace(
                strand,
                data=replace(strand.data, offset=strand.data.offset + strand.dilation * start),
                filter=strand.filter.part(start, 1),
                taps=size,
            )
            for start, size in zip(accumulate(sizes, initial=0), sizes, strict=False)
        )


PHASES: tuple[Reduction, ...] = (TransposedPhases(), StridePhases(), DilationPhases())
"""The reductions that every strand goes through, in any order."""


def strand_of(problem: Problem) -> Strand:
    """The strand of a problem of one axis.

    >>> strand_of(Problem(3, dilation=2)).plain
    False
    """
    (r,), (s,), (t,) = problem.r, problem.s, problem.t
    return Strand(Steps(0, 1), Steps(0, s), t, Steps(0, 1), r, problem.transposed)


def reduce_strand(strand: Strand, longest: int | None = None) -> tuple[Strand, ...]:
    """The plain strands, none of more taps than `longest`, that add up to one.

    Raises:
        BadValue: where `longest` is no number of taps.
        TooLarge: for more than `MAX_PIECES`.

    >>> [part.taps for part in reduce_strand(strand_of(Problem(5, stride=2)))]
    [3, 2]
    >>> [part.taps for part in reduce_strand(strand_of(Problem(7)), longest=3)]
    [3, 2, 2]
    """
    if longest is not None and not is_integer(longest, 1):
        raise BadValue("the longest kernel", shorten(repr(longest)), "give an integer of at least 1")
    reductions: Sequence[Reduction] = PHASES if longest is None else (*PHASES, SplitKernel(longest))
    waiting, found = [strand], []
    while waiting:
        item = waiting.pop(0)
        chosen = next((reduction for reduction in reductions if reduction.accepts(item)), None)
        if chosen is None:
            found.append(item)
        else:
            waiting[:0] = chosen.apply(item)
        if len(found) + len(waiting) > MAX_PIECES:
            raise TooLarge("a plan", f"more than {MAX_PIECES} pieces", "take a smaller stride, dilation or kernel")
    return tuple(found)
