# SPDX-License-Identifier: Apache-2.0
"""Residue number systems: a convolution of integers as convolutions modulo several coprime q in short words.

For each modulus an algorithm over Z/q makes y modulo q, from residues of a word each. The Chinese remainder theorem
makes y of them, wherever the product Q of the moduli is no less than the number of values that y can have: exact for
tiles of any size, whose rationals would not fit any word.

Source: Z. Liu, M. Mattina, Efficient residue number system based Winograd convolution, arXiv 2007.12216 (2020).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.nesting import nest
from wincraft.algorithm.recipe import size_words
from wincraft.construct.size import parse_size
from wincraft.construct.winograd import winograd
from wincraft.errors import BadValue, NotApplicable, UnknownName
from wincraft.measure.integers import Integers
from wincraft.numbers.box import Box
from wincraft.rings.choice import (
    bits_text,
    check_moduli,
    check_word,
    integer_points,
    output_box,
    residue_moduli,
    values_in,
)
from wincraft.rings.loss import over_ring
from wincraft.rings.shifts import by_shifts
from wincraft.show.layout import Layout, Section, Table
from wincraft.show.numbers import count
from wincraft.show.shown import Shown
from wincraft.version import __version__

POINT_KINDS = ("integers", "shifts")
"""Points 0, 1, -1, 2, -2, ..., or 0, 1, -1, 2, -2, 4, -4, ... of Fermat and Mersenne primes."""


@dataclass(frozen=True, repr=False)
class ResidueSystem(Shown):
    """An algorithm over Z/q for each modulus, and the constants that put y together from its residues.

    Made by `residue_system`, which proves that residues, sums and y fit.
    """

    algorithms: tuple[Algorithm, ...]
    moduli: tuple[int, ...]
    channels: int
    integers: Integers
    word: int

    @property
    def size(self) -> str:
        """F(m,r)."""
        return self.algorithms[0].size

    @property
    def product(self) -> int:
        """Q, the product of the moduli."""
        return prod(self.moduli)

    @property
    def y(self) -> Box:
        """Where y lies, whatever the data and the weights."""
        return output_box(prod(self.algorithms[0].r), self.channels, self.integers)

    @property
    def largest_channels(self) -> int:
        """The most channels that Q and the accumulator hold."""
        one = values_in(output_box(prod(self.algorithms[0].r), 1, self.integers)) - 1
        return min((self.product - 1) // one, *(most_channels(q, self.integers.accumulator) for q in self.moduli))

    @property
    def garner(self) -> tuple[tuple[int, ...], ...]:
        """The mixed-radix constants: row j has 1/q_i modulo q_j for i < j."""
        return tuple(tuple(pow(other, -1, q) for other in self.moduli[:j]) for j, q in enumerate(self.moduli))

    @property
    def weights(self) -> tuple[int, ...]:
        """The constants of the Chinese remainder theorem, 1 modulo q_k and 0 modulo the others: y = sum_k w_k y_k."""
        Q = self.product
        return tuple(Q // q * pow(Q // q, -1, q) for q in self.moduli)

    @property
    def products(self) -> int:
        """Products of words of a tile and channel, over all moduli."""
        return sum(algorithm.rank for algorithm in self.algorithms)

    @property
    def reduction(self) -> float:
        """How many times fewer products than the direct convolution takes, its products counted as one each."""
        first = self.algorithms[0]
        return prod(first.m) * prod(first.r) / self.products

    def layout(self) -> Layout:
        """The moduli with their constants, the ranges that were proved, and the cost."""
        constants = self.garner
        rows = tuple(
            (str(q), str(algorithm.scale), str(weight), " ".join(map(str, row)) or "-")
            for q, algorithm, weight, row in zip(self.moduli, self.algorithms, self.weights, constants, strict=True)
        )
        header = ("modulus q", "scale", "weight", "1/q_i of those before")
        low, high = residue_box(max(self.moduli))
        head = (
            f"{self.integers.describe()}, {count(self.channels)} channels: y in {self.y}, "
            f"{bits_text(values_in(self.y))} values",
            f"product of the moduli {self.product} = {bits_text(self.product)}, which holds "
            f"{count(self.largest_channels)} channels",
            f"residues in [{low}, {high}], {self.word} bits; sums in {self.integers.accumulator} bits",
        )
        first = self.algorithms[0]
        direct = prod(first.m) * prod(first.r)
        notes = (
            f"{self.products} products of a tile and channel, {direct} of direct convolution: "
            f"{self.reduction:.2f}x fewer.",
        )
        title = f"{self.size} in residues of {self.word} bits: {len(self.moduli)} moduli"
        return Layout(title, head, (Section("", (Table(header, rows, "rrrl"),), notes),))

    def document(self) -> dict[str, object]:
        """As plain data, of kind ``wincraft.residues``; the schema is ``residues-1.json`` of `wincraft.report`."""
        return {
            "kind": "wincraft.residues",
            "version": 1,
            "wincraft": __version__,
            "size": self.size,
            "moduli": [str(q) for q in self.moduli],
            "word": self.word,
            "accumulator": self.integers.accumulator,
            "data": [str(self.integers.data.low), str(self.integers.data.high)],
            "filter": [str(self.integers.filter.low), str(self.integers.filter.high)],
            "channels": self.channels,
            "largest_channels": self.largest_channels,
            "y": [str(self.y.low), str(self.y.high)],
            "product": str(self.product),
            "weights": [str(weight) for weight in self.weights],
            "mixed_radix": [[str(value) for value in row] for row in self.garner],
            "products": self.products,
            "reduction": self.reduction,
        }


def residue_system(
    size: str,
    channels: int,
    *,
    moduli: tuple[int, ...] | None = None,
    word: int = 8,
    integers: Integers | None = None,
    points: str = "integers",
) -> ResidueSystem:
    """The residue number system of F(m,r) for so many channels, proved: algorithms, residues, sums and y all fit.

    Args:
        size: ``"F(14x14,3x3)"``.
        channels: that are summed.
        moduli: coprime; by default the largest that words hold, as few as suffice.
        word: bits of a residue, two's complement.
        integers: data, filters and the accumulator, by default int8 and four words.
        points: one of `POINT_KINDS`.

    Raises:
        BadSize: for what is no size.
        BadValue: for channels below 1, moduli that words do not hold.
        NotCoprime: moduli that share a factor.
        NotApplicable: where the moduli are too small, with the size needed, sums leave the accumulator, or points
            collide modulo one.
        UnknownName: for other points.

    >>> system = residue_system("F(14x14,3x3)", 32, moduli=(251, 241, 239))
    >>> f"{system.reduction:.2f}", system.largest_channels
    ('2.30', 49)
    """
    sizes = parse_size(size)
    if channels < 1:
        raise BadValue("the number of channels", str(channels), "give 1 or more")
    if points not in POINT_KINDS:
        raise UnknownName("kind of points", points, POINT_KINDS)
    check_word(word)
    integers = Integers(accumulator=4 * word) if integers is None else integers
    y = output_box(prod(r for _, r in sizes), channels, integers)
    needed = values_in(y)
    chosen = residue_moduli(needed, word, sizes) if moduli is None else tuple(moduli)
    check_moduli(chosen, word)
    name = size_words([m for m, _ in sizes], [r for _, r in sizes])
    if prod(chosen) < needed:
        one = values_in(output_box(prod(r for _, r in sizes), 1, integers)) - 1
        held = f"their product {prod(chosen)} = {bits_text(prod(chosen))} holds {(prod(chosen) - 1) // one} channels"
        more = -(-needed // prod(chosen))
        repair = f"{channels} channels need {needed} = {bits_text(needed)} or more: add moduli of {more} or more"
        raise NotApplicable(f"{name} modulo {','.join(map(str, chosen))}", held, repair)
    for q in chosen:
        if channels > most_channels(q, integers.accumulator):
            held = f"{integers.accumulator} bits hold {most_channels(q, integers.accumulator)} products of residues"
            bits = (channels * (q // 2) ** 2).bit_length() + 1
            raise NotApplicable(f"sums modulo {q}", held, f"give an accumulator of {bits} bits, or fewer channels")
    algorithms = tuple(_modulo(sizes, q, points) for q in chosen)
    return ResidueSystem(algorithms, chosen, channels, integers, word)


def residue_box(q: int) -> tuple[int, int]:
    """The residues as they are stored: from -floor(q/2) to ceil(q/2) - 1.

    >>> residue_box(251), residue_box(256)
    ((-125, 125), (-128, 127))
    """
    return -(q // 2), (q + 1) // 2 - 1


def most_channels(q: int, accumulator: int) -> int:
    """The most products of two residues that an accumulator holds, two's complement.

    >>> most_channels(251, 32)
    137438
    """
    return int((2 ** (accumulator - 1) - 1) // (q // 2) ** 2)


def _modulo(sizes: tuple[tuple[int, int], ...], q: int, points: str) -> Algorithm:
    if points == "shifts":
        return nest(*(by_shifts(m, r, q) for m, r in sizes))
    axes = {size: winograd(*size, points=integer_points(sum(size) - 1)) for size in set(sizes)}
    made = {size: over_ring(axis, q) for size, axis in axes.items()}
    return nest(*(made[size] for size in sizes))
