# SPDX-License-Identifier: Apache-2.0
"""What exact integer arithmetic in words can hold: U and V in one word, sums that wrap around, a scale undone exactly.

With scale = 2^s t, t odd, the sums N = A^T M = scale y are computed modulo 2^w. The inverse of t modulo 2^w undoes t,
N t^-1 = 2^s y modulo 2^w, and an arithmetic shift right by s gives y wherever -2^(w-1-s) <= y < 2^(w-1-s). So only
the power of two in the scale costs range; neither sums nor the output transform must be free of overflow.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.nesting import nest
from wincraft.algorithm.recipe import size_words
from wincraft.construct.catalogue import EXACT_USE, catalogue
from wincraft.construct.scaling import primitive_form
from wincraft.construct.winograd import winograd
from wincraft.errors import NotApplicable
from wincraft.exact.matrix import to_numbers
from wincraft.exact.number import to_fraction
from wincraft.measure.channels import ChannelCounts, channel_counts
from wincraft.measure.integers import INT8, Integers
from wincraft.measure.ranges import ranges
from wincraft.numbers.box import Box, check_bits, largest_multiple, signed_bits
from wincraft.show.layout import Layout, Section, Table
from wincraft.show.numbers import count
from wincraft.show.shown import Shown

_FORMS = "use the convention 'integer', or the smallest integers"
_WORDS: tuple[Literal["U"], Literal["V"]] = ("U", "V")


@dataclass(frozen=True, repr=False, eq=False)
class WordBounds(Shown):
    """Where U, V and y lie, and what the power of two in the scale leaves of the accumulator. Exact.

    `algorithm` is the form that is computed (`primitive_form`): U = B^T d and V = G g are its smallest integers. `U`,
    `V` and `y` are the ranges of one channel, y being the true output, after the division by the scale. Only final
    values of U and V have to fit the word: their transforms may wrap around on the way, as unsigned arithmetic does.
    `counts` are the channels of sums that must not overflow.
    """

    algorithm: Algorithm
    data: Box
    filter: Box
    word: int
    accumulator: int
    U: Box
    V: Box
    y: Box
    counts: ChannelCounts

    @property
    def scale(self) -> int:
        """2^shift * odd."""
        return int(self.algorithm.scale)

    @property
    def shift(self) -> int:
        """The power of two in the scale: how far the result is shifted right, arithmetically."""
        return (self.scale & -self.scale).bit_length() - 1

    @property
    def odd(self) -> int:
        """The odd part of the scale."""
        return self.scale >> self.shift

    @property
    def inverse(self) -> int:
        """The inverse of the odd part modulo 2^accumulator."""
        inverse: int = pow(self.odd, -1, 2**self.accumulator)
        return inverse

    @property
    def outputs(self) -> Box | None:
        """The integers y that are computed exactly, [-2^(w-1-s), 2^(w-1-s) - 1]; None where the shift leaves none."""
        return Box.signed(self.accumulator - self.shift) if self.shift < self.accumulator else None

    @property
    def fits(self) -> bool:
        """Whether U and V fit the word."""
        return max(self.bits("U"), self.bits("V")) <= self.word

    @property
    def channels(self) -> int:
        """The most channels for which y is exact, whatever the data and weights in their boxes; 0 if not for one."""
        if self.outputs is None or not self.fits:
            return 0
        return largest_multiple(self.outputs, [self.y]) or 0

    @property
    def M(self) -> Box:
        """The range of a product of one channel."""
        return self.counts.ranges.of("product")[-1].box

    @property
    def plain_channels(self) -> int:
        """The most channels for which no product and no output overflows the accumulator; 0 where U or V do not fit."""
        return (self.counts.outputs or 0) if self.fits else 0

    @property
    def divided_channels(self) -> int:
        """The most channels for which sums may wrap around but scale y fits, to be divided; 0 where U or V do not."""
        return (self.counts.wrapping or 0) if self.fits else 0

    def bits(self, name: Literal["U", "V", "M"]) -> int:
        """The bits of U, V or M of one channel, two's complement."""
        box: Box = getattr(self, name)
        return signed_bits(box.low, box.high)

    @property
    def reason(self) -> str:
        """Why not one channel is exact, in words; empty where one is."""
        over = [
            f"{name} lies in {getattr(self, name)} and needs {self.bits(name)} bits"
            for name in _WORDS
            if self.bits(name) > self.word
        ]
        if over:
            return f"{' and '.join(over)}, a word has {self.word}"
        if not self.channels:
            return f"the scale is divisible by 2^{self.shift}, which leaves too little of {self.accumulator} bits"
        return ""

    @cached_property
    def repair(self) -> str:
        """Which points or which tile of the catalogue would be exact, or how wide U and V are; empty where fine."""
        if not self.reason:
            return ""
        sizes = self.algorithm.sizes
        if found := self._with_catalogue(sizes):
            return f"the catalogue's {EXACT_USE} points hold {count(found)} channels"
        for most in range(max(m for m, _ in sizes) - 1, 0, -1):
            tile = tuple((min(m, most), r) for m, r in sizes)
            if found := self._with_catalogue(tile):
                size = size_words([m for m, _ in tile], [r for _, r in tile])
                return f"{size} on the catalogue's {EXACT_USE} points holds {count(found)} channels"
        return f"these points need words of {max(self.bits('U'), self.bits('V'))} bits"

    def _with_catalogue(self, sizes: tuple[tuple[int, int], ...]) -> int:
        """The channels that the catalogue's sets hold; 0 where it has none."""
        entries = [catalogue().get(size) for size in sizes]
        sets = [entry.uses[EXACT_USE].moduli for entry in entries if entry and EXACT_USE in entry.uses]
        if len(sets) < len(sizes):
            return 0
        made = nest(*(winograd(m, r, moduli=moduli) for (m, r), moduli in zip(sizes, sets, strict=True)))
        return word_bounds(made, self.data, self.filter, self.word, self.accumulator).channels

    def layout(self) -> Layout:
        """The ranges, the scale and the channels in a table."""
        rows = [
            *((name, str(getattr(self, name))) for name in ("U", "V", "y")),
            ("scale", f"{self.scale} = 2^{self.shift} * {self.odd}"),
            ("channels", count(self.channels) + (f": {self.reason}" if self.reason else "")),
        ]
        title = (
            f"{self.algorithm.size} in int{self.word}, sums modulo 2^{self.accumulator}: "
            f"data {self.data}, filter {self.filter}"
        )
        return Layout(title, (), (Section("", (Table(("of", "value"), tuple(rows), "ll"),)),))


def word_bounds(
    algorithm: Algorithm,
    data: Box = INT8,
    filter: Box = INT8,
    word: int = 16,
    accumulator: int = 32,
    *,
    as_given: bool = False,
) -> WordBounds:
    """The ranges of U, V and y in exact integer arithmetic, and how many channels it holds. Exact.

    U and V are two's complement words of `word` bits, their products are summed modulo 2^accumulator over the channels
    and by A^T. Zero points are not subtracted: uint8 data are in [0, 255], and a correction of y comes after.

    Of the `primitive_form`, or with `as_given` of the matrices as they are, where they and the scale are integers.

    Raises:
        BadValue: for a width not from 1 to 128, boxes whose ends are no integers or that hold 0 alone.
        NotApplicable: for irrational algorithms and those over GF(p); as given, where an entry is no integer.

    Source: 2-adic units are invertible modulo every power of two.

    >>> from wincraft import parse
    >>> word_bounds(parse("F(4x4,3x3)", points="0,1,-1,2,-1/2"))
    F(4x4,3x3) in int16, sums modulo 2^32: data [-128, 127], filter [-128, 127]
      of        value
      U         [-24990, 24990]
      V         [-6272, 6258]
      y         [-146304, 147456]
      scale     900 = 2^2 * 225
      channels  3,640
    >>> found = word_bounds(parse("F(4x4,3x3)", points="0,1,-1,2,1/2"))
    >>> found.channels, found.reason
    (0, 'U lies in [-41310, 41310] and needs 17 bits, a word has 16')
    """
    check_bits("a word", word)
    given = Integers(data, filter, accumulator)
    if as_given and not has_integers(algorithm):
        raise NotApplicable(
            "words of the matrices as given", "they are not integer, with a positive integer scale", _FORMS
        )
    made = algorithm if as_given else primitive_form(algorithm)
    found = ranges(made, given.data, given.filter)
    boxes = [found.of(kind)[-1].box for kind in ("input", "filter", "output")]
    y = Box(boxes[2].low / int(made.scale), boxes[2].high / int(made.scale))
    counts = channel_counts(found, given.accumulator)
    return WordBounds(made, given.data, given.filter, word, given.accumulator, boxes[0], boxes[1], y, counts)


def has_integers(algorithm: Algorithm) -> bool:
    """Whether the maps of an algorithm are integers as they are, of several axes those of each, and its scale positive.

    >>> [has_integers(winograd(4, 3, points="0,1,-1,2,-2", convention=name)) for name in ("wincnn", "integer")]
    [False, True]
    """
    if not algorithm.field.rational:
        return False
    parts = algorithm.factors if algorithm.separable else (algorithm,)
    matrices = (item.dense for part in dict.fromkeys(parts) for item in (part.output, part.filter, part.input))
    numbers = (number for matrix in matrices for row in to_numbers(matrix) for number in row)
    scale = to_fraction(algorithm.scale)
    return scale > 0 and all(to_fraction(number).denominator == 1 for number in (algorithm.scale, *numbers))
