# SPDX-License-Identifier: Apache-2.0
"""The search for algorithms that lose the fewest bits over Z/2^k: points, and moduli of higher degree at more products.

Of n points the bits lost are max_i sum_j v(d_ij), `power_of_two`, whose least over all rational points of any height is
`least_power_of_two`: 1 bit for 4 to 6 points, 3 for 7 to 9. A modulus f of degree d adds v(f(a_i, b_i)) to the sum of
the point a_i/b_i and takes the place of d points, for 2d - 1 products or more. One that is irreducible modulo 2 adds
nothing: x^2+x+1 is odd at every point.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, combinations

from wincraft.algorithm.recipe import size_words
from wincraft.construct.moduli import parse_moduli
from wincraft.construct.scaling import primitive_form
from wincraft.construct.size import check_size
from wincraft.construct.winograd import winograd
from wincraft.errors import BadValue, TooLarge
from wincraft.exact.field import Field
from wincraft.rings.inner import with_inner_moduli
from wincraft.search.word_sets import WordMember, further_members, least_power_of_two, word_members
from wincraft.show.layout import Layout, Section, Table
from wincraft.show.shown import Shown
from wincraft.version import __version__

MAX_LOSS_HEIGHT = 16
"""Largest height of points."""
MAX_LOSS_SETS = 100_000
"""Most sets of points that are looked at for one choice of moduli."""
_BITS = Field.named("GF(2)")
"""Where inner moduli have to be coprime, so that they lose no bits."""
_EXAMINED = 200
"""Most sets whose divisors are worked out for one choice of moduli and one number of bits."""


@dataclass(frozen=True)
class LossSet:
    """A set with the fewest bits lost for its number of products; `odd` is the unit that its scale needs."""

    moduli: tuple[str, ...]
    rank: int
    bits: int
    odd: int

    @property
    def document(self) -> dict[str, object]:
        """As plain data."""
        return {"moduli": list(self.moduli), "rank": self.rank, "bits": self.bits, "odd": str(self.odd)}


@dataclass(frozen=True, repr=False)
class LossSearch(Shown):
    """For every number of products the fewest bits that a set searched loses; `least` is proved of all points."""

    m: int
    r: int
    height: int
    further: tuple[str, ...]
    sets: tuple[LossSet, ...]
    least: int

    @property
    def best(self) -> LossSet:
        """The one of the fewest bits, then products."""
        return min(self.sets, key=lambda item: (item.bits, item.rank))

    def layout(self) -> Layout:
        """The sets by rising products, and what is proved."""
        rows = tuple((",".join(item.moduli), str(item.rank), str(item.bits), str(item.odd)) for item in self.sets)
        head = (f"rational points of height <= {self.height}{' and ' * bool(self.further)}{', '.join(self.further)}",)
        n = self.m + self.r - 1
        notes = [f"No {n} rational points of any height lose fewer than {self.least} bits: pigeonhole over P^1(Z/2^k)."]
        if self.sets[0].rank == n and self.sets[0].bits == self.least:
            notes.append("The first set loses that few. Further ones lose fewer bits for more products.")
        table = Table(("moduli", "products", "bits lost", "unit"), rows, "lrrr")
        title = f"{size_words([self.m], [self.r])} over Z/2^k: the fewest bits lost"
        return Layout(title, head, (Section("", (table,), tuple(notes)),))

    def document(self) -> dict[str, object]:
        """As plain data, of kind ``wincraft.losses``; the schema is ``losses-1.json`` of `wincraft.report`."""
        return {
            "kind": "wincraft.losses",
            "version": 1,
            "wincraft": __version__,
            "size": size_words([self.m], [self.r]),
            "height": self.height,
            "moduli": list(self.further),
            "least": self.least,
            "sets": [item.document for item in self.sets],
        }


def search_losses(m: int, r: int, *, moduli: Sequence[str] = (), height: int = 3) -> LossSearch:
    """The fewest bits that F(m,r) loses over Z/2^k, for every number of products, and sets that attain it.

    All sets of rational points up to a height, each with every choice of `moduli`, further ones of higher degree. Sets
    that lose more bits for more products are left out; of those alike the first by the unit, then the heights.

    Raises:
        BadSize: for a size that is none.
        BadValue: for a height not from 1 to `MAX_LOSS_HEIGHT`, or where no set has so many points.
        BadModulus, NotCoprime: for moduli that are none.
        TooLarge: for too many sets.

    >>> found = search_losses(4, 4, moduli=["x^2+x+1"])
    >>> found.least, [(item.rank, item.bits) for item in found.sets]
    (3, [(7, 3), (8, 1)])
    """
    m, r = check_size(m, r)
    n = m + r - 1
    if not 1 <= height <= MAX_LOSS_HEIGHT:
        raise BadValue("the height", str(height), f"give 1 to {MAX_LOSS_HEIGHT}")
    points, further = word_members(1, height, 1), further_members([_with_inner(text) for text in moduli])
    groups = chain.from_iterable(combinations(further, count) for count in range(len(further) + 1))
    best: dict[int, LossSet] = {}
    for group in groups:
        left = n - sum(member.degree for member in group)
        if not 0 <= left <= len(points):
            continue
        rank = left + sum(member.taps for member in group)
        lower = [item.bits for taken, item in best.items() if taken <= rank]
        found = _fewest(m, r, points, group, left, min(lower, default=None))
        if found is not None and (rank not in best or (found.bits, found.odd) < (best[rank].bits, best[rank].odd)):
            best[rank] = found
    front: list[LossSet] = []
    for rank in sorted(best):
        if not front or best[rank].bits < front[-1].bits:
            front.append(best[rank])
    if not front:
        raise BadValue("the height", f"{height}, of which there are {len(points)} points", f"{n} are needed: raise it")
    names = tuple(item.text for item in further)
    return LossSearch(m, r, height, names, tuple(front), least_power_of_two(n))


def _with_inner(text: str) -> str:
    """A modulus whose remainders are multiplied on inner moduli that lose nothing, as far as there are such."""
    (item,) = parse_moduli([text])
    return str(with_inner_moduli(item, _BITS)) if item.degree > 2 else text


def _fewest(
    m: int, r: int, points: Sequence[WordMember], group: Sequence[WordMember], left: int, known: int | None
) -> LossSet | None:
    """A set of the fewest bits with these moduli; None where it is not fewer than is known."""
    bits = least_power_of_two(left)
    while known is None or bits <= known:
        sets = sorted(_within_bits(points, group, left, bits), key=_simplest)[:_EXAMINED]
        found = [item for chosen in sets if (item := _examined(m, r, chosen, group)).bits <= bits]
        if found:
            return min(found, key=lambda item: item.odd)
        bits += 1
        if bits > 64:
            return None
    return None


def _within_bits(
    points: Sequence[WordMember], group: Sequence[WordMember], left: int, bits: int
) -> Iterator[tuple[WordMember, ...]]:
    """The sets of so many points none of whose sums exceeds the bits."""
    own = [sum(_value_exponent(modulus, point) for modulus in group) for point in points]
    pairs = [[_difference_exponent(first, second) if first != second else 0 for second in points] for first in points]
    count = 0
    stack: list[tuple[int, tuple[int, ...], tuple[int, ...]]] = [(0, (), ())]
    while stack:
        start, chosen, sums = stack.pop()
        if len(chosen) == left:
            count += 1
            if count > MAX_LOSS_SETS:
                raise TooLarge("a search", f"over {MAX_LOSS_SETS:,} sets", "lower the height of the points")
            yield tuple(points[k] for k in chosen)
            continue
        for k in range(start, len(points) - (left - len(chosen)) + 1):
            more = [pairs[k][other] for other in chosen]
            extended = (*(a + b for a, b in zip(sums, more, strict=True)), own[k] + sum(more))
            if max(extended) <= bits:
                stack.append((k + 1, (*chosen, k), extended))


def _examined(m: int, r: int, chosen: Sequence[WordMember], group: Sequence[WordMember]) -> LossSet:
    """A set with its bits and its unit, from the primitive form of the algorithm."""
    members = sorted((*chosen, *group), key=lambda member: member.order)
    texts = tuple(member.text for member in members)
    made = primitive_form(winograd(m, r, moduli=list(texts)))
    scale = int(made.scale)
    bits = (scale & -scale).bit_length() - 1
    return LossSet(texts, made.rank, bits, scale >> bits)


def _simplest(chosen: Sequence[WordMember]) -> tuple[int, int, tuple[tuple[object, ...], ...]]:
    heights = [member.height for member in chosen]
    return max(heights, default=0), sum(heights), tuple(sorted(member.order for member in chosen))


def _difference_exponent(first: WordMember, second: WordMember) -> int:
    (a, b), (c, d) = first.coefficients, second.coefficients
    value = a * d - b * c
    return (value & -value).bit_length() - 1


def _value_exponent(modulus: WordMember, point: WordMember) -> int:
    """The exponent of 2 in the modulus, homogeneous, at a point."""
    a, b = -point.coefficients[0], point.coefficients[1]
    value = sum(c * a**k * b ** (modulus.degree - k) for k, c in enumerate(modulus.coefficients))
    return (value & -value).bit_length() - 1 if value else 0
