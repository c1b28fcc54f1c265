# SPDX-License-Identifier: Apache-2.0
"""Which set of the catalogue serves exact integer arithmetic."""

from __future__ import annotations

from typing import NamedTuple

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.nesting import nest
from wincraft.construct.catalogue import USES, catalogue
from wincraft.construct.winograd import winograd
from wincraft.measure.channels import ChannelCounts, channel_counts
from wincraft.measure.integers import Integers
from wincraft.measure.ranges import ranges


class IntegerSet(NamedTuple):
    """A set of the catalogue by the name of its use, and the channels that it holds."""

    use: str
    counts: ChannelCounts


def integer_set(algorithm: Algorithm, integers: Integers) -> IntegerSet | None:
    """The catalogue's set for the size of an algorithm that holds the most channels; None where none holds one.

    Of sets that hold the same the first in the order of `USES`. Exact.

    >>> found = integer_set(winograd(4, 3), Integers())
    >>> found.use, found.counts.products
    ('quadratic', 8256)
    """
    entries = [catalogue().get(size) for size in algorithm.sizes]
    best, tried = None, set()
    for use in USES:
        sets = tuple((entry.m, entry.r, entry.uses[use].moduli) for entry in entries if entry and use in entry.uses)
        if len(sets) < len(entries) or sets in tried:
            continue
        tried.add(sets)
        axes = {of: winograd(*of[:2], moduli=of[2], convention="integer") for of in dict.fromkeys(sets)}
        found = ranges(nest(*(axes[of] for of in sets)), integers.data, integers.filter)
        counts = channel_counts(found, integers.accumulator)
        if counts.outputs and (best is None or counts.outputs > (best.counts.outputs or 0)):
            best = IntegerSet(use, counts)
    return best
