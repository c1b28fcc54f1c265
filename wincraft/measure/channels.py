# SPDX-License-Identifier: Apache-2.0
"""How many input channels fit before an integer accumulator overflows. Exact."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from wincraft.errors import NotApplicable
from wincraft.measure.ranges import Ranges
from wincraft.numbers.box import Box, check_bits, largest_multiple
from wincraft.numbers.summation import C_ORDER
from wincraft.show.layout import Layout, Section, Table
from wincraft.show.numbers import count
from wincraft.show.shown import Shown


@dataclass(frozen=True, repr=False, eq=False)
class ChannelCounts(Shown):
    """The largest number of channels C for which no value summed over C channels leaves a signed accumulator.

    0: one channel overflows; None: all values are 0. Every smaller number of channels is safe too. Where not `exact`,
    the ranges are bounds and all counts but safe.
    """

    ranges: Ranges
    accumulator_bits: int
    order: str = C_ORDER

    @property
    def products(self) -> int | None:
        """Of the accumulated products M, whatever the order of the channels."""
        return self._largest(step.box for step in self.ranges.of("product"))

    @property
    def outputs(self) -> int | None:
        """Of M and of all that the output transform makes of it along one axis after the other."""
        return self._largest(step.box for step in self.ranges.of("product", "output"))

    @property
    def partial_sums(self) -> int | None:
        """Of these and every product and sum on the way, in the order; `C_ORDER` is what C headers write."""
        return self.outputs and self._largest([self.ranges.on_the_way("product", "output", order=self.order).box])

    @property
    def wrapping(self) -> int | None:
        """Of the outputs alone, before the division by the scale: enough where all arithmetic wraps around."""
        return self._largest([self.ranges.of("output")[-1].box])

    @property
    def exact(self) -> bool:
        """Whether the counts are the largest."""
        outputs = all(step.exact for step in self.ranges.of("output"))
        return outputs and (not self.outputs or self.ranges.on_the_way("product", "output", order=self.order).exact)

    def _largest(self, boxes: Iterable[Box]) -> int | None:
        """The largest C with  C box  within the accumulator for all boxes; None where there is none."""
        return largest_multiple(Box.signed(self.accumulator_bits), boxes)

    def layout(self) -> Layout:
        """The counts in a table."""
        kind, of = "largest" if self.exact else "safe", f"data {self.ranges.data}, filter {self.ranges.filter}"
        title = f"{kind} channel counts, {self.accumulator_bits}-bit accumulator, {of}"
        found = {"products": self.products, "outputs": self.outputs}
        found |= {"partial sums": self.partial_sums, "wrapping around": self.wrapping}
        rows = tuple((name, "no limit" if value is None else count(value)) for name, value in found.items())
        return Layout(title, (), (Section("", (Table(("of", "channels"), rows, "lr"),)),))


def channel_counts(ranges: Ranges, accumulator_bits: int = 32, order: str = C_ORDER) -> ChannelCounts:
    """Channel counts for the boxes of given ranges and a two's complement accumulator of a width. Exact.

    Channels have data and filters of their own, so that sums over C channels range over C times the range of one:
    C = min(floor((2^(w-1) - 1) / high), floor(2^(w-1) / -low)) over all values. Several axes included.

    Raises:
        NotApplicable: for a width not from 1 to 128, matrices that are not integer, or ranges of given weights.

    >>> from wincraft import parse
    >>> from wincraft.measure.ranges import ranges
    >>> channel_counts(ranges(parse("F(4x4,3x3)", moduli="0,1,-1,x^2+1,inf", convention="integer", nested=True)))
    largest channel counts, 32-bit accumulator, data [-128, 127], filter [-128, 127]
      of               channels
      products              516
      outputs               516
      partial sums          344
      wrapping around       910
    """
    check_bits("an accumulator", accumulator_bits)
    if not isinstance(ranges.filter, Box):
        raise NotApplicable("channel counts", "these ranges are of given weights", "give a box of filters")
    for step in ranges.of("product", "output"):
        if step.grid.denominator > 1:
            raise NotApplicable("channel counts", f"{step.label} is not integer", "use the convention 'integer'")
    return ChannelCounts(ranges, accumulator_bits, order)
