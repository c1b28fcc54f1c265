# SPDX-License-Identifier: Apache-2.0
"""The fewest intermediate points: what every method is asked, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, wraps

from wincraft.circuit.minimum.points import IntegerPoint, closure, coordinate_points


@dataclass(frozen=True)
class Least:
    """At least `intermediates` points beside the inputs and the targets are needed: `cases` were excluded or found.

    `found` are sets of intermediates that are enough: with any of them that many is the exact least. `digest` is a
    hash of the list of cases and of what came of each, where there is a list.
    """

    intermediates: int
    cases: int
    found: tuple[tuple[IntegerPoint, ...], ...] = ()
    digest: str = ""


Method = Callable[[Sequence[IntegerPoint]], Least]
"""From the different targets of a problem, none of them an input's point, to what it proves of their least."""


def remembered(method: Method) -> Method:
    """The method with its last answers kept: every method begins with what the one before it proves.

    >>> remembered(without)([(1, 1, 0), (1, 1, 1)]).intermediates
    0
    """
    known = lru_cache(maxsize=8)(method)

    @wraps(method)
    def of(targets: Sequence[IntegerPoint]) -> Least:
        return known(tuple(targets))

    return of


def without(targets: Sequence[IntegerPoint]) -> Least:
    """No intermediate at all: enough where additions of what is known reach every target.

    >>> [without(targets).intermediates for targets in ([(1, 1, 0), (1, 1, 1)], [(1, 1, 1)])]
    [0, 1]
    """
    have = closure(coordinate_points(len(targets[0])), targets)
    enough = len(have) == len(targets[0]) + len(targets)
    return Least(0, 1, ((),)) if enough else Least(1, 1)
