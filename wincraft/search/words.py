# SPDX-License-Identifier: Apache-2.0
"""The search for exact integer arithmetic: U and V in words, the least power of two in the scale, then additions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.nesting import nest
from wincraft.algorithm.recipe import size_words
from wincraft.construct.circuits import Circuits
from wincraft.construct.size import MAX_AXES, check_size
from wincraft.construct.winograd import winograd
from wincraft.errors import BadValue, NotApplicable, TooLarge
from wincraft.exact.number import number_text
from wincraft.exact.types import Number
from wincraft.measure.exact_words import WordBounds, word_bounds
from wincraft.measure.integers import Integers
from wincraft.numbers.box import check_bits
from wincraft.progress import Progress
from wincraft.search.word_sets import (
    WordMember,
    further_members,
    least_power_of_two,
    power_of_two,
    row_limit,
    short_rows,
    word_members,
    word_sets,
)
from wincraft.show.layout import Layout, Section, Table
from wincraft.show.numbers import count, exact_text
from wincraft.show.shown import Shown
from wincraft.version import __version__

MAX_COMPARED = 500
"""Most sets of the least power of two whose additions are counted, a tenth of a second each."""
SETS_LISTED = 10


@dataclass(frozen=True)
class WordSet:
    """A set whose U and V fit: its bounds, the additions of `integer_additions`, its noise gain."""

    moduli: tuple[str, ...]
    bounds: WordBounds
    additions: int
    noise_gain: Number

    @property
    def document(self) -> dict[str, object]:
        """As plain data; ranges are of one channel."""
        bounds = self.bounds
        boxes = {name: [str(box.low), str(box.high)] for name, box in (("U", bounds.U), ("V", bounds.V))}
        return {
            "moduli": list(self.moduli),
            "rank": bounds.algorithm.rank,
            "scale": str(bounds.scale),
            "shift": bounds.shift,
            "channels": bounds.channels,
            **boxes,
            "additions": self.additions,
            "noise_gain": number_text(self.noise_gain),
        }


@dataclass(frozen=True, repr=False)
class WordSearch(Shown):
    """The sets of the fewest products and the least power of two that fit, of the fewest additions first.

    `considered` is how many sets could fit by their heights: all others are excluded. `least` is the proved lower bound
    of the power of two, over all axes, of any rational points; None with moduli of higher degree.
    """

    m: int
    r: int
    axes: int
    integers: Integers
    word: int
    height: int | None
    further: tuple[str, ...]
    considered: int
    sets: tuple[WordSet, ...]
    least: int | None

    @property
    def size(self) -> str:
        """F(m,r), or of several equal axes F(mxm,rxr)."""
        return size_words([self.m] * self.axes, [self.r] * self.axes)

    @property
    def best(self) -> WordSet:
        """The first."""
        return self.sets[0]

    @property
    def space(self) -> str:
        """What was searched, in words."""
        of = f"of height <= {self.height}" if self.height else "of any height"
        return f"rational points {of}{' and ' * bool(self.further)}{', '.join(self.further)}"

    def layout(self) -> Layout:
        """The sets from the best on, and what is proved."""
        rows = tuple(
            (
                ",".join(item.moduli), str(item.bounds.shift), str(item.additions), exact_text(item.noise_gain),
                count(item.bounds.channels),
            )
            for item in self.sets[:SETS_LISTED]
        )  # fmt: skip
        header = ("moduli", "power of two", "additions", "noise gain", "channels")
        more = [f"and {len(self.sets) - SETS_LISTED} more"] * (len(self.sets) > SETS_LISTED)
        head = (
            f"data {self.integers.data}, filter {self.integers.filter}; {self.best.bounds.algorithm.rank} products",
            f"sets: {self.space}; {self.considered:,} could fit, all others need longer words",
        )
        title = f"{self.size} exact in int{self.word}, sums modulo 2^{self.integers.accumulator}"
        return Layout(title, head, (Section("", (Table(header, rows, "lrrrr"),), (*more, *self._proved())),))

    def _proved(self) -> list[str]:
        bounds = self.best.bounds
        notes = [
            f"Of the first: U in {bounds.U}, V in {bounds.V}, scale {bounds.scale} = 2^{bounds.shift} * {bounds.odd}.",
            "No set searched that fits has fewer products, or as few and a smaller power of two in its scale. "
            "Additions are those of the circuits known on integers, data and output transforms of a tile.",
        ]
        if self.least == bounds.shift:
            notes.append(
                f"No rational points at all have a smaller power of two than 2^{self.least}, in words of any length."
            )
        elif self.least is not None:
            notes.append(f"Rational points that do not fit could have 2^{self.least}, none less.")
        return notes

    def document(self) -> dict[str, object]:
        """As plain data; the schema is ``exact-1.json`` of `wincraft.report`."""
        data, filter = ([str(box.low), str(box.high)] for box in (self.integers.data, self.integers.filter))
        return {
            "kind": "wincraft.exact",
            "version": 1,
            "wincraft": __version__,
            "size": self.size,
            "word": self.word,
            "accumulator": self.integers.accumulator,
            "data": data,
            "filter": filter,
            "height": self.height,
            "moduli": list(self.further),
            "considered": self.considered,
            "least_shift": self.least,
            "sets": [item.document for item in self.sets],
        }


def search_words(
    m: int,
    r: int,
    axes: int = 2,
    integers: Integers | None = None,
    word: int = 16,
    *,
    moduli: Sequence[str] = (),
    height: int | None = None,
    progress: Progress = lambda done, total, name: None,
) -> WordSearch:
    """The points with which F(m,r) along alike axes is exact in integers for the most channels, proved.

    U and V must fit a word for all data and weights in their boxes. Of the sets that do, those of the fewest products,
    then of the least power of two in the scale, so the most channels; then of the fewest additions, the least noise
    gain. All sets of rational points are searched, of any height: those beyond a bound do not fit. `moduli` are members
    of higher degree to choose from as well, at a product more each.

    Raises:
        BadSize: for a size that is none.
        BadValue: for widths, axes, heights or moduli that cannot be.
        NotApplicable: where no set fits, or none leaves the accumulator a channel, which is proved.
        TooLarge: where too many could fit.

    >>> found = search_words(4, 3)
    >>> found.best.moduli, found.best.bounds.channels, len(found.sets), found.considered
    (('0', '1', '-1', '2', '-1/2', 'inf'), 3640, 2, 146)
    """
    n = sum(check_size(m, r)) - 1
    check_bits("a word", word)
    for what, given, most in (("number of axes", axes, MAX_AXES), ("height", height, None)):
        if given is not None and (given < 1 or (most and given > most)):
            raise BadValue(f"the {what}", str(given), f"give 1 to {most}" if most else "give 1 or more")
    integers = Integers() if integers is None else integers
    limits = [row_limit(box, word, axes) for box in (integers.data, integers.filter)]
    further = further_members(moduli)
    points = word_members(r, limits[0] if height is None else min(height, limits[0]), limits[1])
    considered, short = 0, list[tuple[WordMember, ...]]()
    for chosen in word_sets(n, points, further, limits[0]):
        considered += 1
        if short_rows(chosen, limits[0]):
            short.append(tuple(sorted(chosen, key=lambda member: member.order)))
    search = _Search(m, r, axes, integers, word, progress)
    found = search.best(short)
    result = WordSearch(
        m, r, axes, integers, word, height, tuple(item.text for item in further), considered, found,
        None if further else axes * least_power_of_two(n),
    )  # fmt: skip
    if not found:
        more = "" if further else ", moduli such as x^2+1, x^2+x+1, x^2-x+1"
        if any(search.bounds(item).fits for item in short):
            reason = f"{integers.accumulator} bits hold not one channel on any {result.space}"
            repair = f"take a longer accumulator, a smaller tile{more}"
        else:
            reason = f"U and V fit int{word} on no {result.space}"
            repair = f"take a smaller tile{more}, or longer words for U and V"
        raise NotApplicable(f"{result.size} exact in words", reason, repair)
    return result


@dataclass(frozen=True)
class _Search:
    """What turns sets whose rows are short enough into the best of them."""

    m: int
    r: int
    axes: int
    integers: Integers
    word: int
    progress: Progress

    def best(self, sets: Sequence[tuple[WordMember, ...]]) -> tuple[WordSet, ...]:
        """Of the fewest products that fit, of the least power of two that fits, by additions and noise gain."""
        done = 0
        for rank in sorted({_rank(item) for item in sets}):
            alike = [item for item in sets if _rank(item) == rank]
            made = {item: self.bounds(item) for item in alike if any(member.modulus for member in item)}
            powers = {item: made[item].shift if item in made else self.axes * power_of_two(item) for item in alike}
            for power in sorted(set(powers.values())):
                group = [item for item in alike if powers[item] == power]
                if len(group) > MAX_COMPARED:
                    what = f"{len(group):,} sets of equal powers of two"
                    raise TooLarge("a search", what, "limit the height of the points (--max-height)")
                found = []
                for item in group:
                    self.progress(done, len(sets), "sets")
                    done += 1
                    bounds = made[item] if item in made else self.bounds(item)
                    if bounds.channels:
                        found.append((self._set(item, bounds), item))
                if found:
                    return tuple(one for one, _ in sorted(found, key=_merit))
        return ()

    def bounds(self, item: tuple[WordMember, ...]) -> WordBounds:
        """Those of a set along all axes."""
        axis = winograd(self.m, self.r, moduli=[member.text for member in item])
        return word_bounds(
            nest(*(axis,) * self.axes), self.integers.data, self.integers.filter, self.word, self.integers.accumulator
        )

    def _set(self, item: tuple[WordMember, ...], bounds: WordBounds) -> WordSet:
        algorithm = bounds.algorithm
        moduli = tuple(member.text for member in item)
        return WordSet(moduli, bounds, integer_additions(algorithm), algorithm.noise_gain())


def integer_additions(algorithm: Algorithm) -> int:
    """Additions of the data and output transforms of a tile, in the circuits on integers that C kernels have.

    >>> from wincraft import parse
    >>> integer_additions(word_bounds(parse("F(2x2,3x3)", points="0,1,-1")).algorithm)
    56
    """
    circuits, total = Circuits(algorithm), 0
    for item in (algorithm.input, algorithm.output):
        for step, tile in zip(item.passes, item.shapes, strict=False):
            lines = 1 if step.axis is None else prod(tile) // tile[step.axis]
            total += lines * circuits.integers(step.matrix).additions
    return total


def _rank(item: tuple[WordMember, ...]) -> int:
    return sum(member.taps for member in item)


def _merit(pair: tuple[WordSet, tuple[WordMember, ...]]) -> tuple[object, ...]:
    """Additions, noise gain, then the simplest text, few signs and larger points first."""
    found, members = pair
    texts = found.moduli
    simple = sum(map(len, texts)), sum(text.startswith("-") for text in texts)
    return found.additions, found.noise_gain, simple, tuple(member.order for member in members)
