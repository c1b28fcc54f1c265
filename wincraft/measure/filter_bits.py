# SPDX-License-Identifier: Apache-2.0
"""Exact integers by the width of the filters: the words of U, V and M, and how many channels the sums hold. Exact."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.description import describe
from wincraft.errors import BadValue
from wincraft.measure.exact_words import WordBounds, has_integers, word_bounds
from wincraft.measure.integers import INT8, range_name
from wincraft.numbers.box import Box, check_bits
from wincraft.show.layout import Layout, Section, Table
from wincraft.show.numbers import count, plural
from wincraft.show.shown import Shown
from wincraft.version import __version__

FILTER_BITS = (4, 5, 6, 7, 8)
"""The widths that are shown by default."""


@dataclass(frozen=True)
class FilterWidths:
    """One algorithm in exact integers: what its filters' widths need, the narrowest first.

    `as_given` says whether its matrices are taken as they are, or as the smallest integers.
    """

    algorithm: Algorithm
    as_given: bool
    widths: tuple[int, ...]
    bounds: tuple[WordBounds, ...]

    @property
    def title(self) -> str:
        """Its size, and what it is made from."""
        written = dict.fromkeys(recipe.construction for recipe in self.algorithm.recipe)
        made = ", ".join(text for text in written if text) or describe(self.algorithm)
        return f"{self.algorithm.size}, {made}"

    @property
    def widest(self) -> int | None:
        """The widest filters, of those asked for, with which U and V fit the word; None where none do."""
        fitting = [width for width, bounds in zip(self.widths, self.bounds, strict=True) if bounds.fits]
        return max(fitting, default=None)

    @property
    def document(self) -> dict[str, object]:
        """As plain data."""
        first = self.bounds[0]
        return {
            "algorithm": self.title,
            "as_given": self.as_given,
            "rank": self.algorithm.rank,
            "scale": str(first.scale),
            "shift": first.shift,
            "widest": self.widest,
            "widths": [
                {
                    "filter": width,
                    **{name: bounds.bits(name) for name in ("U", "V", "M")},
                    "fits": bounds.fits,
                    "no_overflow": bounds.plain_channels,
                    "division": bounds.divided_channels,
                    "inverse": bounds.channels,
                }
                for width, bounds in zip(self.widths, self.bounds, strict=True)
            ],
        }

    def section(self) -> Section:
        """The widths in a table, and the widest that fits."""
        first = self.bounds[0]
        header = ("filter", "U", "V", "M", f"in int{first.word}", "no overflow", "division", "inverse")
        rows = tuple(
            (
                f"int{width}", *(str(bounds.bits(name)) for name in ("U", "V", "M")), "yes" if bounds.fits else "no",
                *map(count, (bounds.plain_channels, bounds.divided_channels, bounds.channels)),
            )
            for width, bounds in zip(self.widths, self.bounds, strict=True)
        )  # fmt: skip
        form = "as given" if self.as_given else "as the smallest integers"
        scale = f"scale {first.scale} = 2^{first.shift} * {first.odd}"
        note = f"{plural(self.algorithm.rank, 'product')}; matrices {form}, {scale}"
        return Section(self.title, (Table(header, rows, "lrrrlrrr"),), (note,))


@dataclass(frozen=True, repr=False)
class FilterBits(Shown):
    """Algorithms beside each other in exact integers, each with filters of several widths."""

    data: Box
    word: int
    accumulator: int
    algorithms: tuple[FilterWidths, ...]

    def layout(self) -> Layout:
        """A table for each algorithm."""
        words = f"int{self.word} U and V, int{self.accumulator} sums"
        title = f"{range_name(self.data)} data in {words}, by the width of the filters"
        notes = (
            "Bits of U, V and a product M, two's complement, whatever the data and filters.",
            "Channels with no overflow: every M and every output times the scale fits. By division: sums wrap around, "
            "and outputs times the scale fit, to be divided. By the inverse of the odd part of the scale: outputs "
            "times its power of two fit.",
        )
        return Layout(title, notes, tuple(item.section() for item in self.algorithms))

    def document(self) -> dict[str, object]:
        """As plain data, of kind ``wincraft.words``; the schema is ``words-1.json`` of `wincraft.report`."""
        return {
            "kind": "wincraft.words",
            "version": 1,
            "wincraft": __version__,
            "data": [str(self.data.low), str(self.data.high)],
            "word": self.word,
            "accumulator": self.accumulator,
            "algorithms": [item.document for item in self.algorithms],
        }


def filter_bits(
    algorithms: Iterable[Algorithm],
    widths: Sequence[int] = FILTER_BITS,
    data: Box = INT8,
    word: int = 16,
    accumulator: int = 32,
) -> FilterBits:
    """The words that exact integers need for filters of several widths, two's complement. Exact, by `word_bounds`.

    Matrices that are integer with a positive integer scale are taken as they are, others as their smallest integers.

    Raises:
        BadValue: for no widths or algorithms, a width not from 1 to 128, and as `word_bounds`.
        NotApplicable: for irrational algorithms and those over GF(p).

    >>> from wincraft import parse
    >>> made = parse("F(4x4,3x3)", points="0,1,-1,2,-2", convention="integer")
    >>> found = filter_bits([made], widths=[6, 7])
    >>> [(bounds.bits("V"), bounds.fits) for bounds in found.algorithms[0].bounds], found.algorithms[0].widest
    ([(16, True), (17, False)], 6)
    """
    chosen, given = tuple(sorted(dict.fromkeys(widths))), tuple(algorithms)
    if not chosen or not given:
        what = "the widths of filters" if given else "the algorithms"
        raise BadValue(what, "none", "give some")
    for width in chosen:
        check_bits("filters", width)
    found = []
    for algorithm in given:
        as_given = has_integers(algorithm)
        bounds = [word_bounds(algorithm, data, Box.signed(b), word, accumulator, as_given=as_given) for b in chosen]
        found.append(FilterWidths(algorithm, as_given, chosen, tuple(bounds)))
    return FilterBits(data, word, accumulator, tuple(found))
