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
    """The catalogue's set for the size of an algorithm, other than its own, that holds the most channels.

    None where none holds one. Of sets that hold the same the first in the order of `USES`. Exact.

    >>> found = integer_set(winograd(4, 3), Integers())
    >>> found.use, found.counts.products
    ('quadratic', 8256)
    """
    entries = [catalogue().get(size) for size in algorithm.sizes]
    best, tried = None, {tuple(recipe.moduli and ",".join(map(str, recipe.moduli)) for recipe in algorithm.recipe)}
    for use in USES:
        known = [entry.uses[use] for entry in entries if entry and use in entry.uses]
        moduli = tuple(choice.moduli for choice in known)
        if len(known) < len(entries) or moduli in tried:
            continue
        tried.add(moduli)
        sets = list(zip(algorithm.sizes, moduli, strict=True))
        axes = {of: winograd(*of[0], moduli=of[1], convention="integer") for of in dict.fromkeys(sets)}
        found = ranges(nest(*(axes[of] for of in sets)), integers.data, integers.filter)
        counts = channel_counts(found, integers.accumulator)
        if counts.outputs and (best is None or counts.outputs > (best.counts.outputs or 0)):
            best = IntegerSet(use, counts)
    return best
