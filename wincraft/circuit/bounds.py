# SPDX-License-Identifier: Apache-2.0
"""The exact range of every value of a program for inputs in boxes, inputs that attain it, and words that hold it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import gcd, lcm
from typing import Literal, NamedTuple

from wincraft.circuit.program import Program
from wincraft.circuit.text import constant_text, operation_lines, value_names
from wincraft.errors import BadShape, BadValue, NotApplicable, UnknownName
from wincraft.exact.field import Field
from wincraft.exact.number import as_fractions
from wincraft.numbers.box import Box, largest_multiple, signed_bits

LONGEST_WORD = 64
"""Bits of the widest word that is considered."""

C_TYPES = {8: "int8_t", 16: "int16_t", 32: "int32_t", 64: "int64_t"}
"""The signed integer types of C by their bits."""


class FixedPointWord(NamedTuple):
    """A two's complement word with `fraction` bits behind the point and `integer` before it, the sign included.

    >>> FixedPointWord(9, 2), FixedPointWord(9, 2).bits
    (Q9.2, 11)
    """

    integer: int
    fraction: int

    @property
    def bits(self) -> int:
        """How many bits it has."""
        return self.integer + self.fraction

    def __repr__(self) -> str:
        return f"Q{self.integer}.{self.fraction}"


@dataclass(frozen=True, repr=False, eq=False)
class Bounds:
    """Where every value of a program lies for inputs in `boxes`, one for each input. Exact.

    `values` are the ranges, inputs first. `products` are those of the product  c b  of an fma or fms, which is computed
    on the way where nothing fuses it; of other operations, and of inputs, None. Inputs are multiples of
    2^-`fraction_bits`.
    """

    program: Program
    boxes: tuple[Box, ...]
    values: tuple[Box, ...]
    products: tuple[Box | None, ...]
    fraction_bits: int

    @cached_property
    def words(self) -> tuple[Box, ...]:
        """What a word must hold for each value: the value, and the product on the way to it."""
        pairs = zip(self.values, self.products, strict=True)
        return tuple(
            value if product is None else Box(min(value.low, product.low), max(value.high, product.high))
            for value, product in pairs
        )

    @cached_property
    def bits(self) -> tuple[int, ...]:
        """The least two's complement integer bits that hold each of `words`, the sign included."""
        return tuple(signed_bits(box.low, box.high) for box in self.words)

    def c_types(self, *, computed: bool = False) -> list[str | None]:
        """The smallest signed type of C for each of `words`; None beyond int64_t.

        `computed`: at least int32_t, as C computes.
        """
        least = 32 if computed else 1
        return [next((C_TYPES[w] for w in C_TYPES if w >= max(bits, least)), None) for bits in self.bits]

    @cached_property
    def fixed_point(self) -> tuple[FixedPointWord | None, ...]:
        """The narrowest word for each value in hardware that rounds nothing; None where a constant is not dyadic.

        Inputs are multiples of 2^-p, p = `fraction_bits`; a value is one of 2^-f with the least f >= 0 for which that
        is so, and its word holds the product on the way to it.
        """
        steps = [_common_step(row) for row in self._rows]
        for number, operation in enumerate(self.program.operations, self.program.inputs):
            if self.products[number] is not None:  # that product has bits of its own
                (_, _), (b, c) = operation.terms
                (factor,) = as_fractions([c], self.program.domain)
                steps[number] = _common_step([steps[number], factor * _common_step(self._rows[b])])
        words: list[FixedPointWord | None] = []
        for (p, q), box in zip(map(Fraction.as_integer_ratio, steps), self.words, strict=True):
            behind = q.bit_length() - (p & -p).bit_length() if p else -self.fraction_bits
            fraction = max(behind + self.fraction_bits, 0)
            width = signed_bits(box.low * 2**fraction, box.high * 2**fraction)
            words.append(FixedPointWord(width - fraction, fraction) if q.bit_count() == 1 else None)
        return tuple(words)

    @cached_property
    def whole(self) -> bool:
        """Whether every value, and every product on the way, is an integer for all integer inputs."""
        factors = [o.constant for o in self.program.operations if o.constant is not None and o.name != "divide"]
        constants = as_fractions(factors, self.program.domain)
        return all(x.denominator == 1 for x in constants + [x for row in self._rows for x in row])

    def attaining(self, value: int, side: Literal["low", "high"] = "high") -> list[Fraction]:
        """Inputs for which a value is at the low or the high end of its range; what it does not read is low.

        Raises:
            UnknownName: for no such side.
            BadShape: for no such value.

        >>> attained = bounds(Program.build(2, [("subtract", 0, 1)], [2]), Box(-1, 2)).attaining(2)
        >>> [str(x) for x in attained]
        ['2', '-1']
        """
        if side not in ("low", "high"):
            raise UnknownName("side", str(side), ("low", "high"))
        if not 0 <= value < len(self.values):
            raise BadShape("a value", str(value), f"one from 0 to {len(self.values) - 1}")
        sign = 1 if side == "high" else -1
        return [box.high if sign * c > 0 else box.low for c, box in zip(self._rows[value], self.boxes, strict=True)]

    def overflows(self, bits: int) -> tuple[int, ...]:
        """The values that two's complement words of a width do not hold.

        Raises:
            BadValue: for a width not from 1 to 64.

        >>> bounds(Program.build(2, [("add", 0, 1)], [2]), Box.signed(8)).overflows(8)
        (2,)
        """
        check_width("a value", bits)
        return tuple(number for number, width in enumerate(self.bits) if width > bits)

    def need(self, bits: int) -> None:
        """Refuse a program that could overflow words of a width, or that leaves the integers.

        Raises:
            NotApplicable: naming the first such value and its range.
            BadValue: for a width not from 1 to 64.

        >>> bounds(Program.build(2, [("add", 0, 1)], [2]), Box.signed(8)).need(8)
        Traceback (most recent call last):
        ...
        wincraft.errors.NotApplicable: a program in words of 8 bits: t0 = x0 + x1 reaches [-256, 254],
        9 bits; take wider words or smaller inputs, or ask for a circuit that may overflow
        """
        if not self.whole:
            raise NotApplicable("a program on integers", "not all its values are", "take its integer form")
        over = self.overflows(bits)
        if not over:
            return
        first, field = over[0], Field(self.program.domain)
        names = value_names(self.program)
        lines = [*names[: self.program.inputs]]
        lines += operation_lines(self.program, names, lambda c: constant_text(c, field))
        raise NotApplicable(
            f"a program in words of {bits} bits",
            f"{lines[first]} reaches {self.words[first]}, {self.bits[first]} bits",
            "take wider words or smaller inputs, or ask for a circuit that may overflow",
        )

    def channels(self, bits: int) -> int | None:
        """How many channels may be summed in every input before a value leaves words of a width.

        Each channel's inputs lie in the boxes, so that a sum of C of them ranges over C times what one does: the
        largest C, 0 where one channel overflows, None where all values are 0.

        Raises:
            BadValue: for a width not from 1 to 64.

        >>> bounds(Program.build(2, [("add", 0, 1)], [2]), Box(-100, 100)).channels(16)
        163
        """
        return largest_count(self.words, bits)

    @cached_property
    def _rows(self) -> list[list[Fraction]]:
        return [as_fractions(row, self.program.domain) for row in self.program.rows]


def bounds(program: Program, box: Box | Sequence[Box], fraction_bits: int = 0) -> Bounds:
    """The exact range of every value of a program: inputs in one box, or each in its own.

    A value  w . x  ranges from  sum of min(w_k low_k, w_k high_k)  to the sum of the maxima, which a corner of the
    boxes attains. Inputs are multiples of 2^-`fraction_bits`, which only widths in fixed point depend on. Irrational
    constants are taken to 60 digits.

    Source: a linear function is extreme at corners of a box.

    Raises:
        NotApplicable: over GF(p), whose elements have no size.
        BadShape: for another number of boxes than inputs.
        BadValue: for bits behind the point that are not from 0 to 64.

    >>> found = bounds(Program.build(2, [("fma", 0, 1, "-5/4"), ("add", 0, 2)], [3]), Box.signed(8))
    >>> found.values[2], found.bits[2], found.fixed_point[2]
    ([-1147/4, 287], 10, Q10.2)
    """
    Field(program.domain).need_order("the range of a program")
    boxes = (box,) * program.inputs if isinstance(box, Box) else tuple(box)
    if len(boxes) != program.inputs:
        raise BadShape("the boxes", str(len(boxes)), f"{program.inputs}, one for each input")
    if isinstance(fraction_bits, bool) or not isinstance(fraction_bits, int) or not 0 <= fraction_bits <= LONGEST_WORD:
        raise BadValue("the bits behind the point", str(fraction_bits), f"give 0 to {LONGEST_WORD}")
    values: list[Box] = []
    for row in program.rows:
        ends = [
            sorted((c * box.low, c * box.high))
            for c, box in zip(as_fractions(row, program.domain), boxes, strict=True)
            if c
        ]
        values.append(Box(sum((low for low, _ in ends), Fraction(0)), sum((high for _, high in ends), Fraction(0))))
    products: list[Box | None] = [None] * program.inputs
    for operation in program.operations:
        product = None
        if operation.name in ("fma", "fms"):
            (_, _), (b, c) = operation.terms
            (factor,) = as_fractions([c], program.domain)
            product = Box(*sorted((factor * values[b].low, factor * values[b].high)))
        products.append(product)
    return Bounds(program, boxes, tuple(values), tuple(products), fraction_bits)


def largest_count(ranges: Iterable[Box], bits: int) -> int | None:
    """The largest C with  C range  within two's complement words of a width for all ranges; None where all are 0.

    Raises:
        BadValue: for a width not from 1 to 64.

    >>> largest_count([Box(-3, 2)], 8), largest_count([Box(0, 0)], 8), largest_count([Box(0, 200)], 8)
    (42, None, 0)
    """
    check_width("an accumulator", bits)
    return largest_multiple(Box.signed(bits), ranges)


def check_width(what: str, bits: int) -> None:
    """Check that a word has from 1 to 64 bits.

    Raises:
        BadValue: for any other width.

    >>> check_width("a value", 65)
    Traceback (most recent call last):
    ...
    wincraft.errors.BadValue: the width of a value is 65 bits; give 1 to 64 bits
    """
    if not isinstance(bits, int) or isinstance(bits, bool) or not 1 <= bits <= LONGEST_WORD:
        raise BadValue(f"the width of {what}", f"{bits} bits", f"give 1 to {LONGEST_WORD} bits")


def _common_step(numbers: Iterable[Fraction]) -> Fraction:
    """The largest number of which all are multiples."""
    given = [x for x in numbers if x]
    return Fraction(gcd(*(x.numerator for x in given)), lcm(*(x.denominator for x in given)))
