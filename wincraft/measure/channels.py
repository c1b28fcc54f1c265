# SPDX-License-Identifier: Apache-2.0
"""How many input channels fit before an integer accumulator overflows. Exact."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from wincraft.errors import NotApplicable
from wincraft.measure.ranges import Ranges
from wincraft.numbers.box import Box, check_bits


@dataclass(frozen=True, repr=False)
class ChannelCounts:
    """The largest number of channels C for which no value summed over C channels leaves a signed accumulator.

    `products`: of the accumulated products M, whatever the order of the channels. `outputs`: of M and of all that the
    output transform computes from it. `partial_sums`: of these and every partial sum inside the output transform, in
    any order; safe, but perhaps not the largest. `wrapping`: of the outputs alone, before the division by the scale,
    which is enough where all arithmetic wraps around. 0: one channel overflows; None: all values are 0.
    Every smaller number of channels is safe too. Where not `exact`, the ranges are bounds and all counts but safe.
    """

    accumulator_bits: int
    data: Box
    filter: Box
    products: int | None
    outputs: int | None
    partial_sums: int | None
    wrapping: int | None
    exact: bool

    def __repr__(self) -> str:
        kind = "largest" if self.exact else "safe"
        lines = [
            f"{kind} channel counts, {self.accumulator_bits}-bit accumulator, data {self.data}, filter {self.filter}"
        ]
        for name, count in (
            ("products", self.products),
            ("outputs", self.outputs),
            ("partial sums", self.partial_sums),
            ("wrapping around", self.wrapping),
        ):
            lines.append(f"  {name:<16}{'no limit' if count is None else count}")
        return "\n".join(lines)


def channel_counts(ranges: Ranges, accumulator_bits: int = 32) -> ChannelCounts:
    """Channel counts for the boxes of given ranges and a two's complement accumulator of a width. Exact.

    Channels have data and filters of their own, so that sums over C channels range over C times the range of one:
    C = min(floor((2^(w-1) - 1) / high), floor(2^(w-1) / -low)) over all values. Several axes included.

    Raises:
        NotApplicable: for a width not from 1 to 128, matrices that are not integer, or ranges of given weights.

    >>> from wincraft import parse
    >>> from wincraft.measure.ranges import ranges
    >>> channel_counts(ranges(parse("F(2x2,3x3)", points="0,1,-1", convention="integer")))
    largest channel counts, 32-bit accumulator, data [-128, 127], filter [-128, 127]
      products        3640
      outputs         3640
      partial sums    1370
      wrapping around 3640
    """
    check_bits("an accumulator", accumulator_bits)
    if not isinstance(ranges.filter, Box):
        raise NotApplicable("channel counts", "these ranges are of given weights", "give a box of filters")
    products, outputs = ranges.of("product"), ranges.of("output")
    for step in products + outputs:
        if step.grid.denominator > 1:
            raise NotApplicable("channel counts", f"{step.label} is not integer", "use the convention 'integer'")
    limits = 2 ** (accumulator_bits - 1), 2 ** (accumulator_bits - 1) - 1
    return ChannelCounts(
        accumulator_bits=accumulator_bits,
        data=ranges.data,
        filter=ranges.filter,
        products=_largest(((step.low, step.high) for step in products), *limits),
        outputs=_largest(((step.low, step.high) for step in products + outputs), *limits),
        partial_sums=_largest(((step.partial_low, step.partial_high) for step in products + outputs), *limits),
        wrapping=_largest(((step.low, step.high) for step in outputs[-1:]), *limits),
        exact=all(step.exact for step in outputs),
    )


def _largest(spans: Iterable[tuple[np.ndarray, np.ndarray]], below: int, above: int) -> int | None:
    """The largest C with  -below <= C low  and  C high <= above  for all spans; None where there is none."""
    ends = [(-low.min(), high.max()) for low, high in spans]
    counts = [below // depth for depth, _ in ends if depth > 0] + [above // height for _, height in ends if height > 0]
    return min(counts, default=None)
