# SPDX-License-Identifier: Apache-2.0
"""The Pareto front: the algorithms that no other one beats in every respect."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any

from wincraft.analysis import Analysis
from wincraft.construct.winograd import winograd
from wincraft.errors import BadModulus, BadValue, NotApplicable, NotCoprime, TooLarge, WrongTotalDegree
from wincraft.exact.number import number_text
from wincraft.measures import MEASURES
from wincraft.progress import Progress
from wincraft.search.points.gain import instance
from wincraft.search.points.kernels_numpy import full_sets
from wincraft.search.points.space import Space
from wincraft.show.chart import MARKS, Axis, Chart, Dots, Point, Series, ticks
from wincraft.show.layout import Layout, Section, Table
from wincraft.show.numbers import number
from wincraft.show.shown import Shown
from wincraft.version import __version__

MAX_SETS = 5_000
"""Each takes 20 ms (F(2,3)) to 200 ms (F(6,3)), nearly all of it the circuits."""
CRITERIA = ("products-per-output", "noise-gain", "operations-per-output", "bits")
"""The measures that a front is over, less being better."""
_NOTES = (
    "Ops: additions, multiplications and shifts of the data and output transforms, nothing shared. Bits: of the "
    "widest value of exact integer arithmetic on int8.",
)


@dataclass(frozen=True)
class FrontMember:
    """One algorithm with its values, exact, in the order of `CRITERIA`."""

    moduli: str
    rank: int
    values: tuple[Any, ...]

    def dominates(self, other: FrontMember) -> bool:
        """Whether it is nowhere worse and somewhere better."""
        pairs = list(zip(self.values, other.values, strict=True))
        return all(a <= b for a, b in pairs) and any(a < b for a, b in pairs)


@dataclass(frozen=True, repr=False)
class ParetoFront(Shown):
    """The members of a front by rising noise gain, and how many algorithms were looked at."""

    m: int
    r: int
    members: tuple[FrontMember, ...]
    considered: int

    def layout(self) -> Layout:
        """The members from the most accurate on, the best of each column marked."""
        rows = []
        for place, member in enumerate(self.members, 1):
            products, gain, operations, bits = member.values
            texts = (number(float(products)), number(float(gain)), number(float(operations)), str(bits))
            rows.append((str(place), *texts, member.moduli))
        columns = zip(*(member.values for member in self.members), strict=True)
        marked = {(i, j) for j, column in enumerate(columns, 1) for i, v in enumerate(column) if v == min(column)}
        header = ("", "products/output", "noise gain", "ops/output", "bits", "moduli")
        table = Table(header, tuple(rows), "rrrrrl", frozenset(marked))
        return Layout(
            title=f"F({self.m},{self.r}): the Pareto front, {len(rows)} of {self.considered} algorithms",
            head=("No algorithm looked at is better than one of these in one respect and as good in the others.",),
            sections=(Section("Members", (table,), _NOTES),),
            charts=(self.chart(),),
        )

    def chart(self) -> Chart:
        """Noise gain against operations, numbered as in the table; the marks tell products per output apart."""
        series: dict[str, list[Point]] = {}
        for place, member in enumerate(self.members, 1):
            products, gain, operations = (float(value) for value in member.values[:3])
            point = Point(gain, operations, str(place), f"{member.moduli}: {member.values[3]} bits")
            series.setdefault(f"{products:.3g} products per output", []).append(point)
        highest = max(float(member.values[2]) for member in self.members)
        return Dots(
            f"F({self.m},{self.r}): noise gain and operations",
            Axis("noise gain, left is better", logarithmic=True),
            Axis("operations per output, lower is better", ticks=tuple(ticks(0.0, highest, 200))),
            tuple(Series(name, tuple(points), mark) for (name, points), mark in zip(series.items(), cycle(MARKS))),
            "Every algorithm of the front by its noise gain and its operations per output.",
        )

    def document(self) -> dict[str, object]:
        """The front as plain data; the schema is ``pareto-1.json`` of `wincraft.report`."""
        return {
            "kind": "wincraft.pareto",
            "version": 1,
            "wincraft": __version__,
            "size": f"F({self.m},{self.r})",
            "considered": self.considered,
            "members": [
                {
                    "moduli": member.moduli,
                    "products_per_output": number_text(member.values[0]),
                    "noise_gain": number_text(member.values[1]),
                    "operations_per_output": float(member.values[2]),
                    "integer_bits": int(member.values[3]),
                }
                for member in self.members
            ],
        }


def pareto_front(m: int, r: int, moduli: Iterable[str]) -> ParetoFront:
    """The front of the algorithms F(m,r) on the given lists of moduli; lists that make no algorithm are left out.

    Raises:
        BadValue: where none of them makes one.

    >>> front = pareto_front(4, 3, ["0,1,-1,2,-2", "0,2/3,-2/3,3/2,-3/2", "0,1,2,3,4", "0,1,-1,x^2+1,inf"])
    >>> for row in front.layout().sections[0].tables[0].rows:
    ...     print(*row)
    1 1.75 1.833 5 19 0,1,-1,x^2+1@1,inf
    2 1.5 4.762 9.75 30 0,2/3,-2/3,3/2,-3/2,inf
    3 1.5 10.77 8.75 23 0,1,-1,2,-2,inf
    """
    members = [member for text in dict.fromkeys(moduli) if (member := _member(m, r, text)) is not None]
    if not members:
        raise BadValue("the Pareto front", "empty", "give at least one list of moduli that makes an algorithm")
    unique = list({member.moduli: member for member in members}.values())
    return ParetoFront(m, r, front_of(unique), len(unique))


def pareto_of_space(space: Space, progress: Progress = lambda done, total, name: None) -> ParetoFront:
    """The front of all sets of a space.

    Raises:
        TooLarge: for more than `MAX_SETS` sets; each is constructed and measured exactly.
        BadValue: a space without an algorithm.

    >>> front = pareto_of_space(Space(2, 3, shape="symmetric", height=2))
    >>> [member.moduli for member in front.members], front.considered
    (['0,1,-1,inf'], 3)
    """
    same = set.intersection(*(set(MEASURES[name].equivalences) for name in CRITERIA))
    parts = [instance(part, space.m, space.r) for part in space.parts(tuple(sorted(same)))]
    total = sum(made.part.classes for made in parts)
    if total > MAX_SETS:
        raise TooLarge("a Pareto front", f"{total:,} sets", f"choose a space of at most {MAX_SETS:,}")
    members: list[FrontMember] = []
    for made in parts:
        for chosen in full_sets(made, ()):
            progress(len(members), total, "sets")
            member = _member(space.m, space.r, ",".join(made.part.texts(chosen)))
            if member is not None:
                members.append(member)
    if not members:
        raise BadValue("the Pareto front", "empty", "give a space that holds an algorithm")
    return ParetoFront(space.m, space.r, front_of(members), len(members))


def front_of(members: Sequence[FrontMember]) -> tuple[FrontMember, ...]:
    """The members that none dominates, by noise gain; of members with equal values the first."""
    seen: dict[tuple[Any, ...], FrontMember] = {}
    for member in members:
        seen.setdefault(member.values, member)
    kept = [one for one in seen.values() if not any(other.dominates(one) for other in seen.values())]
    return tuple(sorted(kept, key=lambda member: (float(member.values[1]), member.moduli)))


def _member(m: int, r: int, text: str) -> FrontMember | None:
    try:
        algorithm = winograd(m, r, moduli=text)
        known = Analysis(algorithm)
        values = tuple(MEASURES[name].value(known) for name in CRITERIA)
    except (NotCoprime, WrongTotalDegree, BadModulus, NotApplicable):
        return None
    return FrontMember(",".join(map(str, algorithm.moduli or ())), algorithm.rank, values)
