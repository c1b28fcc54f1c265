# SPDX-License-Identifier: Apache-2.0
"""The catalogue: the best points known for every small size, by use; a stated rule beyond it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import ROUND_FLOOR, Context
from fractions import Fraction
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import TYPE_CHECKING, overload

from wincraft.construct.size import check_size, parse_size
from wincraft.construct.tile_choices import TILE_USES, TileChoice, tile_section
from wincraft.errors import BadSize, NotApplicable, look_up
from wincraft.show.layout import Layout, Section, Table
from wincraft.show.numbers import count
from wincraft.show.shown import Shown

if TYPE_CHECKING:
    from wincraft.algorithm.modulus import Modulus

USES = {
    "accuracy": "the default: symmetric; up to tiles of 12 of the least height within 0.5 % of the limit",
    "unrestricted": "of any kind, with or without symmetry, 0 and inf",
    "dyadic": "symmetric, every p/q with q a power of two, height <= 8",
    "integer": "symmetric integers, height <= 8",
    "operations": "symmetric, height <= 3, the fewest operations of the data and output transforms",
    "cheap": "pairs and at most one point more, height <= 8, the fewest additions of all three transforms in circuits, "
    "then the noise gain",
    "quadratic": "symmetric, with one modulus x^2 + c and so one product more",
    "int8-exact": "U and V of int8 in 16 bits in two dimensions, the most channels with int32 sums that wrap around",
}
"""What the entries' points are for; each has the lowest noise gain found, but for operations and int8-exact.

`Choice.found` says whether all sets of the kind were searched.
"""

EXACT_USE = "int8-exact"
"""The use whose sets are made for exact integers: `wincraft.measure.exact_words`."""

_NAME = re.compile(r"[A-Za-z][A-Za-z_-]{3,30}|[A-Za-z]{3,8}\d{1,2}-[A-Za-z_-]{1,30}")
"""What is a name and no point: longer than inf, without operators and brackets; digits as in int8-exact alone."""


@dataclass(frozen=True)
class Choice:
    """Moduli for one use as text, their exact noise gain as text, and how they were found.

    `channels`, of int8-exact, is the most channels for which F(m x m, r x r) is exact, whatever the data and weights.
    """

    moduli: str
    noise_gain: str
    found: str
    channels: int | None = None

    @property
    def document(self) -> dict[str, object]:
        """As plain data, channels where they are known."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    def __str__(self) -> str:
        return f"{self.found}; {count(self.channels)} channels" if self.channels else self.found


@dataclass(frozen=True)
class Published:
    """Points that others ship or publish, their exact noise gain as text, and who."""

    points: str
    noise_gain: str
    source: str


@dataclass(frozen=True)
class ProvedLimit:
    """The noise gain of the best real sets of a kind, in float64; `certified` is a proved lower bound, None if none."""

    noise_gain: float
    sets: str
    certified: float | None

    def __str__(self) -> str:
        if self.certified is None:
            return f"{self.noise_gain:.7g}"
        proved = Context(prec=7, rounding=ROUND_FLOOR).create_decimal_from_float(self.certified)  # stays a bound
        return f"{self.noise_gain:.7g}, proved to be at least {proved}"


@dataclass(frozen=True)
class Entry(Shown):
    """What is known of one F(m,r): moduli by use (see `USES`), the real limit, and what others publish.

    `choices` are the pairs of a use and its moduli; `uses` looks them up.
    """

    m: int
    r: int
    choices: tuple[tuple[str, Choice], ...]
    limit: ProvedLimit
    published: tuple[Published, ...]
    tile_choices: tuple[tuple[str, TileChoice], ...] = ()

    @property
    def tiles(self) -> Mapping[str, TileChoice]:
        """The algorithms of F(m x m, r x r) by name (see `TILE_USES`), read-only."""
        return MappingProxyType(dict(self.tile_choices))

    @property
    def uses(self) -> Mapping[str, Choice]:
        """The moduli by use, read-only."""
        return MappingProxyType(dict(self.choices))

    def __repr__(self) -> str:
        return f"F({self.m},{self.r}): {self.points}, {self.source}; for {', '.join(self.uses)}"

    @property
    def points(self) -> str:
        """The default points."""
        return self.uses["accuracy"].moduli

    @property
    def noise_gain(self) -> str:
        """Their exact noise gain."""
        return self.uses["accuracy"].noise_gain

    @property
    def above_limit(self) -> float:
        """How far their noise gain is above the limit, relative to it."""
        return float(Fraction(self.noise_gain)) / self.limit.noise_gain - 1

    @property
    def source(self) -> str:
        """Where they come from, in words."""
        from wincraft.construct.moduli import INFINITY, parse_moduli

        words = f"{self.uses['accuracy'].found}, {max(self.above_limit, 0):.2%} above the best real symmetric set"
        own = set(parse_moduli(self.points))
        others = [item.source for item in self.published if {*parse_moduli(item.points), INFINITY} == own | {INFINITY}]
        return f"{words}; also in {'; '.join(others)}" if others else words

    def document(self) -> dict[str, object]:
        """As plain data."""
        found = asdict(self)
        del found["choices"], found["tile_choices"]
        whole = {use: item.document for use, item in self.tile_choices}
        uses = {use: choice.document for use, choice in self.choices}
        return {"m": self.m, "r": self.r, "uses": uses} | found | ({"tiles": whole} if whole else {})

    def layout(self) -> Layout:
        """Moduli by use, then those that others publish, by rising noise gain."""
        uses = tuple(
            (name, f"{_value(choice):.6g}", f"{_value(choice) / self.limit.noise_gain:.4f}", choice.moduli)
            for name, choice in self.uses.items()
        )
        table = Table(("use", "noise gain", "of the limit", "moduli"), uses, "lrrl")
        named = f"by name: wincraft generate {self.m},{self.r} --points {list(self.uses)[-1]}"
        notes = [f"{name}: {USES[name]}; {choice}" for name, choice in self.uses.items()]
        ranked = sorted((_value(item), item.points, item.source) for item in self.published)
        published = Table(("noise gain", "points", "who"), tuple((f"{g:.6g}", p, who) for g, p, who in ranked), "rll")
        return Layout(
            f"F({self.m},{self.r})",
            (f"limit of {self.limit.sets}: noise gain {self.limit}",),
            (
                Section("Known", (table,), (*notes, *[named] * (len(uses) > 1))),
                *([tile_section(self.m, self.r, self.tile_choices)] if self.tile_choices else []),
                *([Section("Published", (published,), unfolded=True)] if ranked else []),
            ),
        )


class Catalogue(Mapping[tuple[int, int], Entry]):
    """Every entry by (m, r), read-only; its repr says which sizes there are."""

    def __init__(self, entries: dict[tuple[int, int], Entry]) -> None:
        self._entries = MappingProxyType(dict(entries))

    def __reduce__(self) -> tuple[object, ...]:
        return Catalogue, (dict(self._entries),)

    def __getitem__(self, size: tuple[int, int]) -> Entry:
        return self._entries[size]

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return f"catalogue of {len(self)} sizes F(m,r), {self.extent}; catalogue(4, 3) is an entry"

    @property
    def extent(self) -> str:
        """Which sizes there are, in words."""
        return f"r from {min(r for _, r in self)} to {max(r for _, r in self)}, m + r - 1 <= {max(map(sum, self)) - 1}"


@overload
def catalogue() -> Catalogue: ...
@overload
def catalogue(m: int | str, r: int | None = None) -> Entry: ...
def catalogue(m: int | str | None = None, r: int | None = None) -> Catalogue | Entry:
    """The entry of F(m,r), ``catalogue(4, 3)`` or ``catalogue("F(4,3)")``; without a size all of them, by (m, r).

    There are entries for m + r - 1 <= 18; other uses than the default's for m <= 10 and r from 2 to 7, int8-exact where
    a set is.

    Raises:
        BadSize: no size of one axis.
        NotApplicable: a size beyond the catalogue.

    >>> entry = catalogue(4, 3)
    >>> entry.points, entry.uses["integer"].moduli, f"{entry.above_limit:.2%}"
    ('0,3/2,-3/2,2/3,-2/3,inf', '0,1,-1,2,-2,inf', '0.41%')
    """
    if m is None:
        return _catalogue()
    size, *others = [check_size(m, r)] if r is not None else parse_size(m)  # type: ignore[arg-type]
    if others:
        raise BadSize(str(m), "the catalogue is of one axis; ask for each, such as F(4,3)")
    entry = _catalogue().get(size)
    if entry is None:
        repair = "winograd(m, r) makes it from the smallest fractions; search finds better points for it"
        raise NotApplicable("catalogue", f"it has no F({size[0]},{size[1]}), only {_catalogue().extent}", repair)
    return entry


@cache
def _catalogue() -> Catalogue:
    text = resources.files("wincraft.construct").joinpath("catalogue.json").read_text(encoding="utf-8")
    return Catalogue({(item["m"], item["r"]): _entry(**item) for item in json.loads(text)["entries"]})


def _entry(
    m: int,
    r: int,
    uses: dict[str, dict[str, object]],
    limit: dict[str, object],
    published: list[dict[str, str]],
    tiles: Mapping[str, dict[str, object]] = MappingProxyType({}),
) -> Entry:
    choices = tuple((name, Choice(**found)) for name, found in uses.items())  # type: ignore[arg-type]
    whole = tuple((name, TileChoice(**found)) for name, found in tiles.items())  # type: ignore[arg-type]
    return Entry(m, r, choices, ProvedLimit(**limit), tuple(Published(**item) for item in published), whole)  # type: ignore[arg-type]


def use_named(given: object) -> str | None:
    """The name of a set of the catalogue, known or not, that a text is; None where it may be points or moduli.

    >>> use_named(" dyadic"), use_named("0,1,-1"), use_named("infinity")
    ('dyadic', None, None)
    """
    if not isinstance(given, str) or not _NAME.fullmatch(given.strip()) or given.strip().lower() == "infinity":
        return None
    return given.strip().lower()


def moduli_of_use(m: int, r: int, use: str | None = None) -> tuple[Modulus, ...]:
    """The catalogue's set for F(m,r) of a name in `USES`, or its default; a tile of 1 has but one.

    The default beyond the catalogue is 0, 1, -1, 2, -2, 1/2, -1/2, ... by growing height, and inf.

    Raises:
        UnknownName: where the size has no such set; those that it has are listed.
        NotApplicable: a size beyond the catalogue, which has no set by name, or of which none is exact in int8.

    >>> print(*moduli_of_use(4, 3))
    0 3/2 -3/2 2/3 -2/3 inf
    >>> print(*moduli_of_use(4, 3, "integer"))
    0 1 -1 2 -2 inf
    """
    from wincraft.construct.moduli import INFINITY, list_of_points, parse_moduli

    if use is not None and m + r > 2:
        return parse_moduli(_choice(m, r, use).moduli)
    entry = _catalogue().get((m, r))
    return parse_moduli(entry.points) if entry else (*list_of_points(m + r - 2), INFINITY)


def tile_of_use(sizes: Sequence[tuple[int, int]], use: str) -> TileChoice:
    """The catalogue's algorithm of whole tiles of a name in `TILE_USES`, for two alike axes.

    Raises:
        NotApplicable: for one axis, more than two, such as differ, and sizes of which there is none.
        UnknownName: where the size has none of the name; those that it has are listed.

    >>> tile_of_use([(4, 3), (4, 3)], "whole").products
    46
    """
    words = " and ".join(f"F({m},{r})" for m, r in dict.fromkeys(sizes))
    if len(sizes) != 2 or len(set(sizes)) > 1:
        repair = "it is for images and alike axes, such as 4x4,3x3; give moduli"
        raise NotApplicable(f"the catalogue's {use}", f"{len(sizes)} axes of {words}", repair)
    entry = _catalogue().get(sizes[0])
    if entry is None or not entry.tiles:
        raise NotApplicable(f"the catalogue's {use}", f"it has none for two axes of {words}", "give moduli")
    return look_up(f"whole tile of two axes of {words}", use, entry.tiles)


def source_of_use(m: int, r: int, use: str | None = None) -> str:
    """Where the set of `moduli_of_use` comes from, in words.

    Raises:
        UnknownName, NotApplicable: as `moduli_of_use`.

    >>> source_of_use(4, 3, "integer")
    "the catalogue's integer set: best of 28 sets of symmetric integers of height <= 8"
    >>> source_of_use(17, 3)
    'beyond the catalogue: the smallest fractions by height, not optimised'
    """
    if use in TILE_USES:
        return f"the catalogue's {use}: {tile_of_use([(m, r)] * 2, use).found}"
    if use is not None and m + r > 2:
        return f"the catalogue's {use} set: {_choice(m, r, use)}"
    entry = _catalogue().get((m, r))
    return entry.source if entry else "beyond the catalogue: the smallest fractions by height, not optimised"


def use_of(m: int, r: int, moduli: tuple[Modulus, ...]) -> str | None:
    """The first of the catalogue's sets for F(m,r) that some moduli are; None if none.

    >>> use_of(4, 3, moduli_of_use(4, 3, "dyadic"))
    'dyadic'
    """
    from wincraft.construct.moduli import parse_moduli

    entry = _catalogue().get((m, r))
    choices = entry.choices if entry is not None else ()
    return next((use for use, choice in choices if parse_moduli(choice.moduli) == moduli), None)


def _choice(m: int, r: int, use: str) -> Choice:
    entry = _catalogue().get((m, r))
    if entry is None:
        look_up("set of points", use, USES)
        repair = "give points, or leave them out for the smallest fractions"
        raise NotApplicable(f"the {use} points of F({m},{r})", "the catalogue ends at m + r - 1 = 18", repair)
    if use == EXACT_USE and use not in entry.uses:
        raise _inexact(m, r)
    return look_up(f"set of points of F({m},{r})", use, entry.uses)


def _inexact(m: int, r: int) -> NotApplicable:
    """Why a size has no set for int8-exact, and which of that many taps has."""
    what, others = f"the {EXACT_USE} points of F({m},{r})", [size for size in _catalogue() if size[1] == r]
    if min(m, r) == 1:
        return NotApplicable(what, "direct convolution takes as few products", "give other points, or leave them out")
    fit = [size[0] for size in others if EXACT_USE in _catalogue()[size].uses]
    smaller = f"take F({max(fit)},{r})" if fit else "take direct convolution"
    value = f"U and V of F({m}x{m},{r}x{r}) need over 16 bits on all rational points, and with moduli x^2+1, x^2+-x+1"
    return NotApplicable(what, value, f"{smaller}, or other points and longer words")


def _value(item: Choice | Published) -> float:
    return float(Fraction(item.noise_gain))
