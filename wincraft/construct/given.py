# SPDX-License-Identifier: Apache-2.0
"""A matrix as it was given: its entries as written, and how far rounding may have moved each from the exact one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from math import log10
from numbers import Real
from typing import Any

from sympy import Float, Rational

from wincraft.errors import BadNumber, BadShape, FloatGiven, WrongType, shorten
from wincraft.exact.fraction import Rows
from wincraft.exact.number import exact_number, number_text, to_fraction
from wincraft.exact.types import Number

Slack = Rows
"""How far the exact entry may lie from each given one."""

MAX_DECIMAL_EXPONENT = 700
"""Decimals beyond 10^+-MAX_EXPONENT are no entries of an algorithm."""

SIGNIFICANDS = (53, 24, 11, 8)
"""Bits of the significand of float64, float32, float16 and bfloat16."""

LONG_DECIMAL = 7
"""Significant digits from which on a decimal is taken to be rounded at its own last place."""

_ULPS = 2
"""Tables computed in floating point, not only rounded to it, are a few half units off."""

_SMALLEST = {11: Fraction(1, 2**25)}
"""Half the smallest number of a format whose small numbers matter: float16."""


@dataclass(frozen=True)
class AsGiven:
    """One matrix as given: exact values of what is written, and the place of the last digit where that is a decimal.

    `places[i][j]` is the exponent of ten of the last digit written, None where the entry is exact. `bits` is the
    significand of the array's dtype, None where the entries are no array of floats.
    """

    values: list[list[Number]]
    places: list[list[int | None]]
    bits: int | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self.values), len(self.values[0])

    def text(self, i: int, j: int) -> str:
        """An entry as it is written, a decimal with the places that it has."""
        place = self.places[i][j]
        if place is None:
            return number_text(self.values[i][j])
        return str(Decimal(int(to_fraction(self.values[i][j]) / Fraction(10) ** place)).scaleb(place))

    def decimals(self) -> Iterator[tuple[Fraction, int]]:
        """The value and the last place of every decimal."""
        for row, places in zip(self.values, self.places, strict=True):
            yield from ((to_fraction(v), place) for v, place in zip(row, places, strict=True) if place is not None)

    @property
    def digits(self) -> int:
        """The most significant digits of a decimal."""
        return max((_magnitude(value) - place for value, place in self.decimals() if value), default=0)

    def slack(self, of_decimal: Callable[[Fraction, int], Fraction]) -> Slack:
        """How far each entry may be off: what is said of the value and the last place of a decimal, else 0."""
        return [
            [Fraction(0) if p is None else of_decimal(to_fraction(v), p) for v, p in zip(row, places, strict=True)]
            for row, places in zip(self.values, self.places, strict=True)
        ]


def read_given(name: str, rows: object) -> AsGiven:
    """Read rows of exact numbers, decimals and floats: nested sequences, matrices, NumPy arrays, PyTorch tensors.

    A float is taken as the shortest decimal that reads back as it.

    Raises:
        WrongType: what is no matrix.
        BadNumber, FloatGiven: an entry that is no finite real number.
        BadShape: rows of different lengths, or none.

    >>> given = read_given("G", [["1/2", 0.25], [Decimal("0.1250"), 3]])
    >>> given.values, given.places
    ([[1/2, 1/4], [1/8, 3]], [[None, -2], [-4, None]])
    """
    plain, bits = _plain(rows)
    lines = []
    for row in [plain] if isinstance(plain, str) or not isinstance(plain, Iterable) else plain:
        line, of_row = _plain(row)
        if isinstance(line, str) or not isinstance(line, Iterable):
            raise WrongType("a matrix", f"{name} of type {type(rows).__name__}", "give rows of numbers")
        line = list(line)
        if any(isinstance(value, list | tuple) for value in line):
            raise BadShape(name, "rows of rows", "one matrix, as rows of numbers")
        lines.append([_entry(name, value) for value in line])
        bits = of_row or max(map(_width, line), default=0) or bits
    if not lines or not lines[0] or len({len(row) for row in lines}) != 1:
        raise BadShape(name, f"rows of {sorted({len(row) for row in lines})} entries", "rows of one length, at least 1")
    values, places = ([[entry[part] for entry in row] for row in lines] for part in (0, 1))
    return AsGiven(values, places, bits)  # type: ignore[arg-type]


def _plain(rows: Any) -> tuple[object, int | None]:
    """An array or tensor as nested lists, floats as their shortest decimals, and the bits of its dtype."""
    bits = 8 if "bfloat16" in str(getattr(rows, "dtype", "")) else None
    if hasattr(rows, "detach"):  # a PyTorch tensor; NumPy has no bfloat16
        rows = rows.detach().cpu()
        rows = (rows.float() if bits else rows).numpy()
    if not hasattr(rows, "tolist"):
        return rows, None
    if bits is None and getattr(getattr(rows, "dtype", None), "kind", "") != "f":
        return rows.tolist(), None
    import numpy as np

    array = rows.astype(np.float32) if bits else rows
    return _shortest(array), bits or int(np.finfo(array.dtype).nmant) + 1


def _width(value: Any) -> int:
    """The bits of a Python or NumPy float, 0 for any other number."""
    if getattr(getattr(value, "dtype", None), "kind", "") == "f":
        return _plain(value.reshape(1))[1] or 0
    return 53 if isinstance(value, float) else 0


def _shortest(array: Any) -> object:
    import numpy as np

    return [_shortest(row) for row in array] if array.ndim else _decimal(np.format_float_scientific(array[()]))


def _entry(name: str, value: object) -> tuple[Number, int | None]:
    """The number, and the last place of a decimal."""
    if isinstance(value, Float):
        value = float(value)
    if isinstance(value, Decimal):
        return _of_decimal(name, value)
    if isinstance(value, Real) and not hasattr(value, "denominator"):
        return _of_decimal(name, _decimal(str(value)))
    try:
        return exact_number(value), None
    except FloatGiven:
        if not isinstance(value, str):
            raise
        return _of_decimal(name, _decimal(value.strip()))


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise BadNumber(shorten(text), "write a decimal such as -0.25") from None


def _of_decimal(name: str, value: Decimal) -> tuple[Number, int | None]:
    _, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int) or max(abs(value.adjusted()), len(digits)) > MAX_DECIMAL_EXPONENT:
        raise BadNumber(f"{shorten(str(value))} in {name}", "give finite entries of ordinary size")
    return Rational(Fraction(value)), exponent


def roundings(tables: Sequence[AsGiven]) -> list[list[Slack]]:
    """The ways in which the decimals may have been rounded, finest first, each as the slack of every matrix.

    Decimals may have been printed with a fixed number of places or of digits, which floats with all digits of their
    dtype were not; floats are rounded to the dtype, or to a narrower format that all of them fit. Integers are never
    taken for rounded.

    >>> [[slack]] = roundings([read_given("G", [[1, 0], ["0.16667", "0.5"]])])
    >>> print(*slack[1])
    1/200000 1/200000
    """
    full = any(table.bits is not None and table.digits > table.bits * log10(2) for table in tables)
    levels = [] if full else _printed(tables)
    for bits in SIGNIFICANDS:
        used = [_bits(table, bits) for table in tables]
        if bits in used:
            pairs = list(zip(tables, used, strict=True))
            levels += [[_binary(table, own, of_row) for table, own in pairs] for of_row in (False, True)]
    distinct: list[list[Slack]] = []
    for level in levels:
        if level not in distinct and any(value for slack in level for row in slack for value in row):
            distinct.append(level)
    return distinct


def _printed(tables: Sequence[AsGiven]) -> list[list[Slack]]:
    """Half a unit of the last place: of the most places, of the most digits, or of each long decimal by itself.

    The first two are those that any entry has; what then is beyond 2^53 went through float64 as well. Constants of
    several lengths are long decimals.
    """
    last = min((place for table in tables for value, place in table.decimals() if value), default=0)
    digits = max(table.digits for table in tables)

    def of_places(number: Fraction, place: int) -> Fraction:
        return Fraction(10) ** last / 2

    def of_digits(number: Fraction, place: int) -> Fraction:
        unit = max(last, _magnitude(number) - digits) if number else last
        return Fraction(10) ** unit / 2 + (abs(number) / 2**53 if abs(number) > 2**53 else 0)

    def of_itself(number: Fraction, place: int) -> Fraction:
        long = number and _magnitude(number) - place >= LONG_DECIMAL
        return Fraction(10) ** (place if long else last) / 2

    return [[table.slack(rule) for table in tables] for rule in (of_places, of_digits, of_itself)]


def _magnitude(value: Fraction) -> int:
    """The exponent of ten just above a number: 1 for 9.5, 0 for 0.5."""
    size = abs(value)
    exponent = len(str(size.numerator)) - len(str(size.denominator))
    return exponent + 1 if size >= Fraction(10) ** exponent else exponent


def _bits(table: AsGiven, bits: int) -> int | None:
    """The narrowest format, of at least `bits` bits, that the table may have been rounded to; None: there is none."""
    for candidate in sorted(SIGNIFICANDS):
        narrow = table.bits is not None and table.bits <= candidate
        if candidate >= bits and (narrow or _looks_rounded(table, candidate)):
            return min(candidate, table.bits or candidate)
    return None


def _looks_rounded(table: AsGiven, bits: int) -> bool:
    """Whether all decimals are, as far as written, numbers of so many bits, and one is finer and needs nearly all."""
    evidence = False
    for value, place in table.decimals():
        near = _to_bits(value, bits)
        written = Fraction(10) ** place / 2
        if abs(near - value) > written:
            return False
        needed = abs(near.numerator).bit_length() >= bits - 3 and near.denominator > 1
        evidence = evidence or (needed and written * 2**bits < abs(value))
    return evidence


def _to_bits(value: Fraction, bits: int) -> Fraction:
    """The nearest number of so many bits, to even."""
    if not value:
        return value
    exponent = abs(value.numerator).bit_length() - value.denominator.bit_length()
    exponent -= abs(value) < Fraction(2) ** exponent
    unit = Fraction(2) ** (exponent + 1 - bits)
    return round(value / unit) * unit


def _binary(table: AsGiven, bits: int | None, of_row: bool) -> Slack:
    """Half a unit of the format, relative to each number or to the largest of its row and of its column."""
    _, printed, _ = _printed([table])
    if bits is None:
        return printed[0]
    numbers = [[abs(to_fraction(value)) for value in row] for row in table.values]
    rows, columns = [max(row) for row in numbers], [max(column) for column in zip(*numbers, strict=True)]
    exact_below = Fraction(2) ** (bits // 2)

    def slack(i: int, j: int) -> Fraction:
        number = numbers[i][j]
        if table.places[i][j] is None or (number and number.denominator == 1 and number <= exact_below):
            return Fraction(0)
        size = min(rows[i], columns[j]) if of_row else number
        least = _SMALLEST.get(bits, Fraction(0)) if number else Fraction(0)
        of_print = printed[0][i][j] if table.bits is None else Fraction(0)
        return max(_ULPS * size / Fraction(2) ** bits, least) + of_print

    return [[slack(i, j) for j in range(len(columns))] for i in range(len(rows))]
