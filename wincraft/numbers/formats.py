# SPDX-License-Identifier: Apache-2.0
"""The number formats by name: floating point, scaled integers, fixed point."""

from __future__ import annotations

import re
from dataclasses import replace
from enum import Enum
from fractions import Fraction
from typing import TypeVar

from wincraft.errors import UnknownName
from wincraft.numbers.fixed_point import FixedPoint
from wincraft.numbers.float_format import FloatFormat
from wincraft.numbers.integer_grid import IntegerGrid, IntegerRange
from wincraft.numbers.rounding import Overflow, Rounding

Format = FixedPoint | FloatFormat | IntegerGrid
"""All have `name`, `describe()`, `represents(Fraction)` and `quantize(array)`; an `IntegerGrid` needs scales for it."""

_E4M3 = FloatFormat("fp8-e4m3", precision=4, min_exponent=-6, max=Fraction(448), infinity=False)
_E5M2 = FloatFormat.ieee("fp8-e5m2", exponent_bits=5, precision=3)

FORMATS: dict[str, Format] = {
    item.name: item
    for item in (
        FloatFormat.ieee("fp64", exponent_bits=11, precision=53),
        FloatFormat.ieee("fp32", exponent_bits=8, precision=24),
        FloatFormat.ieee("fp16", exponent_bits=5, precision=11),
        FloatFormat.ieee("bf16", exponent_bits=8, precision=8),
        _E4M3,
        replace(_E4M3, name="fp8-e4m3-sat", saturate=True),
        _E5M2,
        replace(_E5M2, name="fp8-e5m2-sat", saturate=True),
        IntegerGrid(8),
        IntegerGrid(8, IntegerRange.FULL),
        IntegerGrid(8, IntegerRange.UNSIGNED),
    )
}
"""The registry: name to format. `parse_format` also builds integers and fixed point of any size."""

_PATTERNS = (
    "intN",
    "intN-full",
    "uintN",
    "qI.F",
    "uqI.F",
    "fixed<W,I>",
    "ufixed<W,I>",
    "ap_fixed<W,I>",
    "ap_ufixed<W,I>",
)
_RANGES = {"int": IntegerRange.SYMMETRIC, "int-full": IntegerRange.FULL, "uint": IntegerRange.UNSIGNED}
_INTEGER = re.compile(r"(u?int)(\d{1,4})(-full|)")
_Q = re.compile(r"(u?)q(\d{1,4})\.(\d{1,4})")
_FIXED = re.compile(r"(ap_|)(u?)fixed<(\d{1,4}),([+-]?\d{1,4})(?:,(\w+))?(?:,(\w+))?>")
_DEFAULTS = {"": ("RND_CONV", "SAT"), "ap_": ("TRN", "WRAP")}
"""Rounding and overflow where they are left out: those of numerical analysis, those of HLS tools."""

_Mode = TypeVar("_Mode", bound=Enum)


def parse_format(text: str) -> Format:
    """A format from its name; capitals and spaces do not matter, and ``parse_format(f.name) == f``.

    - a name in `FORMATS`: ``fp32``, ``fp16``, ``bf16``, ``fp8-e4m3``, ...
    - ``int6``: codes -31..31; ``int6-full``: -32..31; ``uint6``: 0..63 with a zero point.
    - ``q3.12``: sign, 3 integer and 12 fraction bits, 16 in all (the sign bit is not counted, as Texas Instruments
      write it; Arm's Q4.12 is the same format); ``uq4.4``: unsigned, 8 bits in all.
    - ``fixed<16,4>``: 16 bits, 4 of them before the point, the sign among these, and ``ufixed<16,4>``; rounding and
      overflow may follow: ``fixed<16,4,TRN,WRAP>``. Left out: RND_CONV, SAT.
    - ``ap_fixed<16,4>`` and ``ap_ufixed<16,4>`` as HLS tools declare them: the same, but TRN, WRAP where left out.
      Modes may be written as there: ``ap_fixed<16,4,AP_RND,AP_SAT>``.

    Raises:
        UnknownName: for any other text; the nearest name is offered.
        NotApplicable: for a word length that there is not.

    >>> parse_format("q3.12") == parse_format("fixed<16,4>") == FixedPoint(word=16, fraction=12)
    True
    >>> parse_format("ap_fixed<16,4>").name, parse_format("fixed<16,4,AP_RND_ZERO>").name
    ('fixed<16,4,TRN,WRAP>', 'fixed<16,4,RND_ZERO,SAT>')
    >>> parse_format("fp8_e4m3")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    wincraft.errors.UnknownName: unknown format 'fp8_e4m3': did you mean fp8-e4m3? known are fp64, ...
    """
    name = "".join(text.lower().split())
    if name in FORMATS:
        return FORMATS[name]
    if (match := _INTEGER.fullmatch(name)) and (kind := match[1] + match[3]) in _RANGES:
        return IntegerGrid(int(match[2]), _RANGES[kind])
    if match := _Q.fullmatch(name):
        unsigned, integer, fraction = match.groups()
        return FixedPoint(int(integer) + int(fraction) + (not unsigned), int(fraction), signed=not unsigned)
    if match := _FIXED.fullmatch(name):
        tool, unsigned, word, integer, *given = match.groups()
        rounding, overflow = (mode or default for mode, default in zip(given, _DEFAULTS[tool], strict=True))
        modes = _mode(Rounding, rounding), _mode(Overflow, overflow)
        return FixedPoint(int(word), int(word) - int(integer), not unsigned, *modes)
    raise UnknownName("format", text, (*FORMATS, *_PATTERNS))


def _mode(kind: type[_Mode], name: str) -> _Mode:
    plain = name.upper().removeprefix("AP_")
    if plain not in kind.__members__:
        raise UnknownName(f"{kind.__name__.lower()} mode", name, tuple(kind.__members__))
    return kind[plain]
