# SPDX-License-Identifier: Apache-2.0
"""The Pareto front: the algorithms that no other one beats in every respect."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from wincraft.algorithm.bilinear import BilinearAlgorithm
from wincraft.construct.winograd import winograd
from wincraft.errors import BadModulus, BadShape, NotApplicable, NotCoprime, WrongTotalDegree
from wincraft.measure.costs import costs
from wincraft.measure.ranges import ranges
from wincraft.progress import Progress
from wincraft.search.points.gain import instance
from wincraft.search.points.kernels_numpy import full_sets
from wincraft.search.points.space import Space

MAX_SETS = 20_000
"""Each takes some milliseconds."""
CRITERIA = ("products per output", "noise gain", "additions", "integer bits")
"""What a front is over, less being better: R / m, the exact noise gain, additions and shifts and multiplications of the
data and output transforms per output, and the bits of the widest value of exact integer arithmetic on int8."""


@dataclass(frozen=True)
class Member:
    """One algorithm with its values, in the order of `CRITERIA`; exact but for the additions, which are per output."""

    moduli: str
    rank: int
    values: tuple[Any, ...]

    def dominates(self, other: Member) -> bool:
        """Whether it is nowhere worse and somewhere better."""
        pairs = list(zip(self.values, other.values, strict=True))
        return all(a <= b for a, b in pairs) and any(a < b for a, b in pairs)


@dataclass(frozen=True, repr=False)
class ParetoFront:
    """The members of a front by rising noise gain, and how many algorithms were looked at."""

    m: int
    r: int
    members: tuple[Member, ...]
    considered: int

    def _repr_html_(self) -> str:
        shown = import_module("wincraft.report.pareto").FrontReport(self)  # by name: search and report are siblings
        return str(shown._repr_html_())

    def plot(self, ax: Any = None) -> Any:
        """See `wincraft.report.figures.plot_front`."""
        return import_module("wincraft.report.figures").plot_front(self, ax)

    def __repr__(self) -> str:
        lines = [f"F({self.m},{self.r}): {len(self.members)} of {self.considered} algorithms are on the Pareto front"]
        lines.append(f"{'products/output':>16} {'noise gain':>11} {'ops/output':>11} {'int bits':>9}  moduli")
        for member in self.members:
            products, gain, additions, bits = member.values
            shown = f"{float(products):16.4g} {float(gain):11.5g} {float(additions):11.4g} {bits:9d}  {member.moduli}"
            lines.append(shown)
        return "\n".join(lines)


def pareto_front(m: int, r: int, moduli: Iterable[str]) -> ParetoFront:
    """The front of the algorithms F(m,r) on the given lists of moduli; lists that make no algorithm are left out.

    Raises:
        BadShape: where none of them makes one.

    >>> pareto_front(4, 3, ["0,1,-1,2,-2", "0,2/3,-2/3,3/2,-3/2", "0,1,2,3,4", "0,1,-1,x^2+1,inf"])
    F(4,3): 3 of 4 algorithms are on the Pareto front
     products/output  noise gain  ops/output  int bits  moduli
                1.75      1.8333        7.25        19  0,1,-1,x^2+1@1,inf
                 1.5       4.762          14        30  0,2/3,-2/3,3/2,-3/2,inf
                 1.5      10.773          12        23  0,1,-1,2,-2,inf
    """
    members = [member for text in dict.fromkeys(moduli) if (member := _member(m, r, text)) is not None]
    if not members:
        raise BadShape("a Pareto front", "no algorithm", "at least one list of moduli that makes one")
    unique = list({member.moduli: member for member in members}.values())
    return ParetoFront(m, r, front_of(unique), len(unique))


def pareto_of_space(space: Space, progress: Progress = lambda done, total, name: None) -> ParetoFront:
    """The front of all sets of a space, equivalent ones once (x -> -x changes no criterion).

    Raises:
        NotApplicable: for more than `MAX_SETS` sets; each is constructed and measured exactly.
        BadShape: a space without an algorithm.

    >>> pareto_of_space(Space(2, 3, shape="symmetric", height=2))
    F(2,3): 1 of 3 algorithms are on the Pareto front
     products/output  noise gain  ops/output  int bits  moduli
                   2      1.6667           4        18  0,1,-1,inf
    """
    parts = [instance(part, space.m, space.r) for part in space.parts(("negate",))]
    total = sum(made.part.classes for made in parts)
    if total > MAX_SETS:
        raise NotApplicable("Pareto front", f"{total:,} sets", f"choose a space of at most {MAX_SETS:,}")
    members: list[Member] = []
    for made in parts:
        for chosen in full_sets(made, ()):
            progress(len(members), total, "sets")
            member = _member(space.m, space.r, ",".join(made.part.texts(chosen)))
            if member is not None:
                members.append(member)
    if not members:
        raise BadShape("a Pareto front", "no algorithm", "a space with one")
    return ParetoFront(space.m, space.r, front_of(members), len(members))


def front_of(members: Sequence[Member]) -> tuple[Member, ...]:
    """The members that none dominates, by noise gain; of members with equal values the first."""
    seen: dict[tuple[Any, ...], Member] = {}
    for member in members:
        seen.setdefault(member.values, member)
    kept = [one for one in seen.values() if not any(other.dominates(one) for other in seen.values())]
    return tuple(sorted(kept, key=lambda member: (float(member.values[1]), member.moduli)))


def _member(m: int, r: int, text: str) -> Member | None:
    try:
        algorithm = winograd(m, r, moduli=text)
        integer = winograd(m, r, moduli=text, convention="integer")
    except (NotCoprime, WrongTotalDegree, BadModulus, NotApplicable):
        return None
    found = costs(algorithm)
    operations = found.input.total + found.output.total
    return Member(
        ",".join(map(str, algorithm.moduli or ())),
        algorithm.rank,
        (found.products_per_output, algorithm.noise_gain(), operations / found.outputs, _bits(integer)),
    )


def _bits(integer: BilinearAlgorithm) -> int:
    return max(step.integer_bits for step in ranges(integer).steps)
