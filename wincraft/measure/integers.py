# SPDX-License-Identifier: Apache-2.0
"""Exact integer arithmetic as data: what data and filters lie in, and the accumulator that sums their products."""

from __future__ import annotations

import re
from dataclasses import dataclass

from wincraft.errors import BadNumber, BadValue, shorten
from wincraft.numbers.box import Box, check_bits

INT8 = Box.signed(8)
"""The default of data and filters, [-128, 127]."""

_TYPE = re.compile(r"(u?)int(\d{1,3})(?:_t)?", re.IGNORECASE)
_RANGE = re.compile(r"([+-]?\d{1,40})\.\.([+-]?\d{1,40})")


@dataclass(frozen=True)
class Integers:
    """Integers in exact arithmetic: the boxes of data and filters, and the bits of the accumulator, two's complement.

    Hardware texts are written where one channel overflows the accumulator only if it `may_overflow`.

    Raises:
        BadValue: for a box whose ends are no integers or that holds 0 alone, and a width not from 1 to 128.

    >>> Integers(data=Box.unsigned(8)).describe(), Integers().describe()
    ('uint8 data and int8 filters', 'int8 data and filters')
    """

    data: Box = INT8
    filter: Box = INT8
    accumulator: int = 32
    may_overflow: bool = False

    def __post_init__(self) -> None:
        check_bits("an accumulator", self.accumulator)
        for what, box in (("data", self.data), ("filters", self.filter)):
            if box.low.denominator > 1 or box.high.denominator > 1:
                raise BadValue(f"{what} in {box}", "of ends that are no integers", "give integers")
            if box.low == box.high == 0:
                raise BadValue(f"{what} in {box}", "always 0", "give a wider range")

    def describe(self) -> str:
        """The data and the filters in words."""
        data, filter = range_name(self.data), range_name(self.filter)
        return f"{data} data and filters" if data == filter else f"{data} data and {filter} filters"


def parse_range(text: str) -> Box:
    """A box of integers from the name of a type, ``int8``, ``uint8``, ``int6``, or its ends, ``-100..100``.

    A type has all its codes: int8 is -128..127.

    Raises:
        BadNumber: for any other text.
        NotApplicable: for a width not from 1 to 128, and where the first end is the larger.

    >>> parse_range("uint4"), parse_range("-100..100")
    ([0, 15], [-100, 100])
    """
    plain = "".join(text.split())
    if match := _TYPE.fullmatch(plain):
        return (Box.unsigned if match[1] else Box.signed)(int(match[2]))
    if match := _RANGE.fullmatch(plain):
        return Box(int(match[1]), int(match[2]))
    raise BadNumber(repr(shorten(text)), "a range of integers is a type such as uint8, int16, int6, or -100..100")


def range_name(box: Box) -> str:
    """The text that `parse_range` reads back: a type where it is all of one.

    >>> range_name(Box(0, 255)), range_name(Box(-127, 127))
    ('uint8', '-127..127')
    """
    bits = max(1, int(box.high - box.low).bit_length())
    for name, whole in (("int", Box.signed), ("uint", Box.unsigned)):
        if bits <= 128 and box == whole(bits):
            return f"{name}{bits}"
    return f"{box.low}..{box.high}"


def range_options(integers: Integers) -> str:
    """The options that give ranges of integers, those left out that are the default.

    >>> range_options(Integers(data=Box.unsigned(8), accumulator=24))
    ' --data-range=uint8 --accumulator=24'
    """
    usual = Integers()
    boxes = ("data-range", integers.data), ("weight-range", integers.filter)
    ranges = "".join(f" --{name}={range_name(box)}" for name, box in boxes if box != usual.data)
    width = f" --accumulator={integers.accumulator}" if integers.accumulator != usual.accumulator else ""
    return ranges + width + " --allow-overflow" * integers.may_overflow
