# SPDX-License-Identifier: Apache-2.0
"""One or two wrong entries, anywhere in the three matrices, from the slices of the tensor that they spoil.

A change d of A^T[i,k] adds d G[k,:] (x) B^T[k,:] to slice i of the tensor and nothing elsewhere; one of G[k,j] and of
B^T[k,l] likewise to slices j and l. So two slices hold all residuals, and each names its entry where the other leaves
it alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from wincraft.algorithm.faults import Fault, TapVectors
from wincraft.algorithm.refutation import MATRICES
from wincraft.exact.types import Element

Position = tuple[int, int, int]
"""(i, j, l): output, filter tap, input; matrix number `axis` of (AT, G, BT) spoils a slice of axis `axis`."""


@dataclass(frozen=True)
class _Slice:
    """All positions of one axis at one place."""

    axis: int
    place: int

    def holds(self, position: Position) -> bool:
        return position[self.axis] == self.place


def wrong_entries(given: TapVectors, residuals: Mapping[Position, Element], scale: Element) -> Iterator[Fault]:
    """Every way to make the matrices right at this scale by changing one or two entries, as far as slices tell.

    `residuals` are the non-zero entries of the tensor less the one it should be.
    """
    for slices in _covers(list(residuals)):
        choices = [list(_changes(given, residuals, own, slices)) for own in slices]
        for changes in product(*choices):
            repaired = given
            for own, (tap, change) in zip(slices, changes, strict=True):
                rows = [list(row) for row in repaired.vectors[MATRICES[own.axis]]]
                rows[tap][own.place] -= change
                repaired = repaired.replaced(MATRICES[own.axis], rows)
            yield Fault(len(slices), scale, repaired)


def _covers(wrong: list[Position]) -> Iterator[tuple[_Slice, ...]]:
    """Single slices, then pairs, that hold all the wrong positions."""
    pairs = []
    for axis in range(3):
        first = _Slice(axis, wrong[0][axis])
        rest = [position for position in wrong if not first.holds(position)]
        if not rest:
            yield (first,)
        for other in range(3) if rest else ():
            second = _Slice(other, rest[0][other])
            if all(second.holds(position) for position in rest):
                pairs.append((first, second))
    yield from pairs


def _changes(
    given: TapVectors, residuals: Mapping[Position, Element], own: _Slice, slices: tuple[_Slice, ...]
) -> Iterator[tuple[int, Element]]:
    """(tap, change) of an entry that explains the residuals of its slice, where no other slice crosses it."""
    others = [item for item in slices if item != own]
    first, second = (axis for axis in range(3) if axis != own.axis)
    left, right = given.vectors[MATRICES[first]], given.vectors[MATRICES[second]]
    plane = []
    for x, y in product(range(len(left[0])), range(len(right[0]))):
        position = [0, 0, 0]
        position[own.axis], position[first], position[second] = own.place, x, y
        at = (position[0], position[1], position[2])
        if not any(item.holds(at) for item in others):
            plane.append((x, y, residuals.get(at, given.K.zero)))
    pivot = next(((x, y, value) for x, y, value in plane if value), None)
    if pivot is None:
        return
    x, y, value = pivot
    for tap, (a, b) in enumerate(zip(left, right, strict=True)):
        if a[x] and b[y]:
            change = value / (a[x] * b[y])
            if all(change * a[i] * b[j] == wanted for i, j, wanted in plane):
                yield tap, change
