# SPDX-License-Identifier: Apache-2.0
"""Spaces of point sets: which numbers, in which shape, with or without 0 and inf; their exact counts.

A space is a union of *parts*. A part has some of 0 and inf fixed, and the rest of the tile's total degree is chosen
from *members*: a point, a pair +-p, a quadruple +-c, +-1/c, or a modulus of higher degree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from fractions import Fraction
from functools import cached_property
from itertools import product
from math import gcd, pi

import numpy as np
from sympy import Rational, expand

from wincraft.algorithm.modulus import Modulus
from wincraft.construct.moduli import INFINITY, check_coprime, modulus, parse_moduli, point, quadratic_inner
from wincraft.construct.size import check_size
from wincraft.errors import BadValue, TooLarge, check_type, look_up
from wincraft.exact.number import to_fraction
from wincraft.search.points.counting import class_count, subset_tables

MAX_SEARCHED_TILE = 40
"""Largest tile m + r - 1: the noise gain of the best points of longer ones is beyond what float64 tells apart."""
MAX_MEMBERS = 20_000
"""Most members of a space: beyond, not even pairs can be searched."""
MAX_WORK = 3 * 10**6
"""Largest product of the number of members, their largest degree and n^2; a first good set then takes seconds."""
MAX_POLYNOMIALS = 100
"""Most polynomials among them; each pair is tested for a common factor."""


def rationals(height: int) -> Iterable[Fraction]:
    """The positive p/q with p, q <= height."""
    return (Fraction(p, q) for p in range(1, height + 1) for q in range(1, height + 1) if gcd(p, q) == 1)


def dyadics(height: int) -> Iterable[Fraction]:
    """The positive p/q of `rationals` whose q is a power of two."""
    return (value for value in rationals(height) if not value.denominator & (value.denominator - 1))


def integers(height: int) -> Iterable[Fraction]:
    """1 to height."""
    return map(Fraction, range(1, height + 1))


NUMBERS: dict[str, Callable[[int], Iterable[Fraction]]] = {
    "rational": rationals,
    "dyadic": dyadics,
    "integer": integers,
}
"""Positive numbers up to a height; 0 is a matter of its own, and a space holds the negatives too."""

_SIZES: dict[str, Callable[[int], float]] = {
    "rational": lambda height: 12 / pi**2 * height**2,
    "dyadic": lambda height: 2.0 * height * (height.bit_length() + 1),
    "integer": lambda height: 2.0 * height,
}
"""About how many numbers of both signs there are."""

SHAPES: dict[str, Callable[[Fraction], tuple[Fraction, ...]]] = {
    "free": lambda p: (p,),
    "symmetric": lambda p: (abs(p), -abs(p)),
    "reciprocal": lambda p: tuple(
        dict.fromkeys(s * v for v in (max(abs(p), 1 / abs(p)), min(abs(p), 1 / abs(p))) for s in (1, -1))
    ),
}
"""What is chosen at once: a point, the pair +-p, or the quadruple +-c, +-1/c."""

SPACES = {
    **{numbers: (numbers, "free") for numbers in NUMBERS},
    **{shape: ("rational", shape) for shape in SHAPES if shape != "free"},
    **{f"{shape}-{n}": (n, shape) for shape in SHAPES for n in NUMBERS if shape != "free" and n != "rational"},
}
"""Numbers and shapes by the name of the two; a shape alone is of rational numbers."""

CHOICES = {"with": (True,), "without": (False,), "any": (True, False)}
"""Whether 0, or inf, is a point of every set, of none, or of some."""


@dataclass(frozen=True)
class Member:
    """What is chosen at once: one or more points, or one modulus of higher degree."""

    points: tuple[Fraction, ...] = ()
    modulus: Modulus | None = None

    @property
    def degree(self) -> int:
        """Its share of the total degree n."""
        return len(self.points) if self.modulus is None else self.modulus.degree

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """Its moduli as `parse_moduli` reads them."""
        return tuple(map(str, self.points)) if self.modulus is None else (str(self.modulus),)


@dataclass(frozen=True, eq=False)
class Part:
    """The sets of a space with the same `fixed` moduli, of 0 and inf: members of total degree `degree` are chosen.

    `symmetries` are permutations of the members that take a set to another of the same value, G x N: the identity is
    not among them. Of the sets that they identify the one whose indices come first is searched.
    """

    fixed: tuple[str, ...]
    members: tuple[Member, ...]
    degree: int
    symmetries: np.ndarray

    @cached_property
    def degrees(self) -> list[int]:
        """Of the members."""
        return [member.degree for member in self.members]

    @cached_property
    def below(self) -> Callable[[int, int], int]:
        """How many choices of a total degree the members from an index on allow."""
        return subset_tables(self.degrees, self.degree)

    @property
    def count(self) -> int:
        """The sets in this part."""
        return self.below(0, self.degree)

    @cached_property
    def classes(self) -> int:
        """The sets that remain when equivalent ones are counted once (Burnside)."""
        return class_count(self.degrees, self.degree, self.symmetries)

    def covered(self, prefix: tuple[int, ...]) -> int:
        """The sets whose members begin with the prefix."""
        start = prefix[-1] + 1 if prefix else 0
        return self.below(start, self.degree - sum(self.degrees[i] for i in prefix))

    def texts(self, chosen: Iterable[int]) -> tuple[str, ...]:
        """The moduli of a set: 0 first, then the members by size, inf last."""
        members = sorted((self.members[i] for i in chosen), key=_reading_order)
        finite = tuple(text for text in self.fixed if text != "inf")
        return (*finite, *(text for member in members for text in member.texts), *self.fixed[len(finite) :])


@dataclass(frozen=True)
class Space:
    """Sets of moduli of total degree n = m + r - 1: numbers up to a height (or given ones) in a shape.

    `zero` and `infinity` are one of `CHOICES`; `moduli` are further members, such as ``x^2+1``. Members are ordered by
    max(|p|, 1/|p|), the largest first: sets with such points are the first to be excluded.

    Raises:
        BadSize: for a size that is none.
        UnknownName: for other numbers, shapes or choices.
        BadValue: for a height below 1, and for an empty space.
        TooLarge: for tiles beyond `MAX_SEARCHED_TILE`, and more than `MAX_MEMBERS`, `MAX_POLYNOMIALS` or `MAX_WORK`.

    >>> space = Space(4, 3, height=8)
    >>> space.count, space.classes(("negate", "invert"))
    (36949857, 17944717)
    >>> Space(4, 3, shape="symmetric", height=3)
    7 symmetric rationals of height <= 3, 0 optional, inf in every set: 21 sets for F(4,3)
    """

    m: int
    r: int
    numbers: str = "rational"
    shape: str = "free"
    height: int | None = None
    values: tuple[str, ...] | None = None
    zero: str = "any"
    infinity: str = "with"
    moduli: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        n = sum(check_size(self.m, self.r)) - 1
        if n > MAX_SEARCHED_TILE:
            raise TooLarge("a search", f"a tile of {n}", f"search tiles of up to {MAX_SEARCHED_TILE}")
        for what, name, known in (("numbers", self.numbers, NUMBERS), ("shape", self.shape, SHAPES)):
            look_up(what, name, known)
        for what, name in (("choice of 0", self.zero), ("choice of inf", self.infinity)):
            look_up(what, name, CHOICES)
        if (self.height is None) == (self.values is None):
            raise BadValue("a search space", "of a height or of a list of points", "give one of the two")
        check_type("the height of a search space", self.height, int | None, "give an integer, 1 or more")
        if self.height is not None and self.height < 1:
            raise BadValue("the height of a search space", str(self.height), "give 1 or more")
        polynomials = sum("x" in str(text) for text in (*(self.values or ()), *self.moduli))
        if polynomials > MAX_POLYNOMIALS:
            what = f"{polynomials:,} polynomials, more than {MAX_POLYNOMIALS}"
            raise TooLarge("a search space", what, "give fewer moduli")
        about = float(len(self.values or ()) + len(self.moduli))
        if self.height is not None:
            about += _SIZES[self.numbers](self.height)
        if about > MAX_MEMBERS:
            what = f"about {about:.3g} points, more than {MAX_MEMBERS:,}"
            raise TooLarge("a search space", what, "lower the height" if self.height else "give fewer points")
        if len(self.members) * max((member.degree for member in self.members), default=0) * n * n > MAX_WORK:
            what = f"{len(self.members):,} {self.shape} choices are too many for a tile of {n}"
            raise TooLarge("a search space", what, "lower the height, or give fewer points")
        if not self.count:
            wanted = f"no set of {len(self.members)} {self.shape} choices has total degree {self.m + self.r - 1}"
            raise BadValue("the search space", f"empty: {wanted}", "raise the height, or let 0 or inf be in any set")

    def __getstate__(self) -> dict[str, object]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @cached_property
    def members(self) -> tuple[Member, ...]:
        """What sets are chosen from, 0 and inf apart, in the order of the search.

        Raises:
            NotCoprime: moduli that share a factor.
            BadValue: a modulus with a root among the points, or with irrational coefficients.
        """
        given, extra = _parse_list(self.values or ()), _parse_list(self.moduli)
        numbers = {p for item in given if (p := _rational(item)) is not None and p}
        if self.height is not None:
            positive = set(NUMBERS[self.numbers](self.height))
            numbers = positive | {-p for p in positive}
        shaped = {frozenset(points): points for points in map(SHAPES[self.shape], numbers)}
        points = sorted(shaped.values(), key=lambda v: (-max(abs(v[0]), 1 / abs(v[0])), v[0]))
        higher = [Member(modulus=_with_rational_parts(item)) for item in (*given, *extra) if item.degree > 1]
        check_coprime(tuple(item.modulus for item in higher if item.modulus))
        finite = [p for shape in points for p in shape] + [Fraction(0)] * (True in CHOICES[self.zero])
        for member in higher:
            _check_roots(member, finite)
        return tuple(higher) + tuple(Member(p) for p in points)

    def parts(self, equivalences: Iterable[str] = ()) -> tuple[Part, ...]:
        """The non-empty parts, with those symmetries that hold in each and lead from members to members."""
        kept, n = frozenset(equivalences), self.m + self.r - 1
        parts = []
        for zero, infinity in product(CHOICES[self.zero], CHOICES[self.infinity]):
            fixed = ("0",) * zero + ("inf",) * infinity
            holds = kept if zero == infinity else kept - {"invert"}
            found = _symmetries(self.members, holds)
            symmetries = np.array(found, dtype=np.int32).reshape(len(found), len(self.members))
            part = Part(fixed, self.members, n - len(fixed), symmetries)
            if part.degree >= 0 and part.count:
                parts.append(part)
        return tuple(parts)

    @cached_property
    def count(self) -> int:
        """All sets."""
        return sum(part.count for part in self.parts())

    def classes(self, equivalences: Iterable[str]) -> int:
        """The sets that remain when equivalent ones are counted once."""
        return sum(part.classes for part in self.parts(equivalences))

    @property
    def description(self) -> dict[str, object]:
        """What makes it again: the fields, without those left at None."""
        values = ((field.name, getattr(self, field.name)) for field in fields(self)[2:])
        return {n: list(v) if isinstance(v, tuple) else v for n, v in values if v is not None}

    def __repr__(self) -> str:
        shape = "" if self.shape == "free" else f"{self.shape} "
        if self.height is None:
            points = f"{len(self.members)} given {shape}choices"
        else:
            points = f"{len(self.members)} {shape}{self.numbers}s of height <= {self.height}"
        more = f" and {', '.join(self.moduli)}" if self.moduli else ""
        words = {"with": "in every set", "without": "in none", "any": "optional"}
        return (
            f"{points}{more}, 0 {words[self.zero]}, inf {words[self.infinity]}: "
            f"{self.count:,} sets for F({self.m},{self.r})"
        )


def _reading_order(member: Member) -> tuple[int, Fraction, bool]:
    first = member.points[0] if member.points else Fraction(10**9)
    return (max(first.numerator if first > 0 else -first.numerator, first.denominator), abs(first), first < 0)


def _parse_list(texts: tuple[str, ...]) -> tuple[Modulus, ...]:
    return tuple(item for item in dict.fromkeys(parse_moduli(list(texts))) if item is not INFINITY)


def _rational(item: Modulus) -> Fraction | None:
    if item.point is None:
        return None
    if not item.point.is_Rational:
        raise BadValue(f"the point {item.point}", "irrational", "give rational points")
    return to_fraction(item.point)


def _with_rational_parts(item: Modulus) -> Modulus:
    if not _is_rational(item):
        raise BadValue(f"the modulus {item}", "irrational", "give moduli of rational numbers")
    return item


def _is_rational(item: Modulus) -> bool:
    return all(part.is_Rational for part in item.coefficients) and all(map(_is_rational, item.inner))


def _check_roots(member: Member, points: list[Fraction]) -> None:
    """Refuse a modulus that is zero at a point: floats tell where it may be, exact numbers whether it is."""
    assert member.modulus is not None
    exact = member.modulus.coefficients
    powers = np.array([float(p) for p in points])[:, None] ** np.arange(len(exact))
    terms = powers * np.array([float(c) for c in exact])
    for at in np.flatnonzero(abs(terms.sum(axis=1)) <= 1e-9 * abs(terms).sum(axis=1)):
        p = Rational(points[at])
        if expand(sum(c * p**k for k, c in enumerate(exact))) == 0:
            raise BadValue(
                f"the root {p} of the modulus {member.modulus}", "a point of the space", "leave out one of the two"
            )


def _symmetries(members: tuple[Member, ...], kept: frozenset[str]) -> list[list[int]]:
    """The permutations of the members by x -> -x, x -> 1/x and both, where each is one and not the identity."""
    where = {frozenset(member.texts): i for i, member in enumerate(members)}
    maps: list[Callable[[Fraction], Fraction]] = []
    plain = all(member.modulus is None for member in members)
    if "negate" in kept:
        maps.append(lambda p: -p)
    if "invert" in kept and plain:
        maps.append(lambda p: 1 / p)
    if len(maps) == 2:
        maps.append(lambda p: -1 / p)
    found = []
    for image in maps:
        images = [where.get(frozenset(_image(member, image))) for member in members]
        if None not in images and images != list(range(len(members))) and images not in found:
            found.append(images)
    return found  # type: ignore[return-value]


def _image(member: Member, image: Callable[[Fraction], Fraction]) -> tuple[str, ...]:
    if member.modulus is None:
        return tuple(str(image(p)) for p in member.points)
    return (str(negated(member.modulus)),)


def negated(item: Modulus) -> Modulus:
    """The modulus that x -> -x makes of it, its inner moduli too.

    >>> str(negated(parse_moduli("x^2+x+1")[0]))
    'x^2-x+1@1'
    """
    if item.is_infinite:
        return item
    if item.point is not None:
        return point(-item.point)
    signs = [(-1) ** (item.degree - k) for k in range(item.degree + 1)]
    coefficients = tuple(s * c for s, c in zip(signs, item.coefficients, strict=True))
    if item.degree == 2 and item.inner[1].point is not None and item.inner == quadratic_inner(item.inner[1].point):
        return modulus(coefficients, quadratic_inner(-item.inner[1].point))
    return modulus(coefficients, tuple(map(negated, item.inner)))
