# SPDX-License-Identifier: Apache-2.0
"""The constant arrays of other compilers: the matrices of each axis at scale 1, and their entries as literals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from wincraft.algorithm.bilinear import Algorithm
from wincraft.emit.c.printing import literal
from wincraft.emit.c.text import LINE_LENGTH, aligned
from wincraft.emit.matrices import distinct_parts
from wincraft.emit.program_text import check_output, guarded
from wincraft.errors import NotApplicable, TooLarge
from wincraft.exact.matrix import to_numbers
from wincraft.exact.number import number_text, to_fraction
from wincraft.exact.types import Number
from wincraft.files.provenance import banner, identifier
from wincraft.numbers.arrays import round_to_dtype

MatrixRows = list[list[Number]]
_FLOAT32 = np.dtype("float32")


class AxisConstants(NamedTuple):
    """The matrices of an axis of F(m,r), AT divided by the scale."""

    m: int
    r: int
    AT: MatrixRows
    G: MatrixRows
    BT: MatrixRows

    @property
    def size(self) -> str:
        """``4x4_3x3``: compilers name the matrices of an axis by the square tile that they serve."""
        return f"{self.m}x{self.m}_{self.r}x{self.r}"

    @property
    def tables(self) -> Iterator[tuple[str, MatrixRows]]:
        """The six by name: G, BT and AT, each behind it as it is stored transposed too."""
        for name, turned, rows in (("G", "GT", self.G), ("BT", "B", self.BT), ("AT", "A", self.AT)):
            yield f"{name}_{self.size}", rows
            yield f"{turned}_{self.size}", [list(column) for column in zip(*rows, strict=True)]


def axis_constants(algorithm: Algorithm, format: str) -> list[AxisConstants]:
    """The matrices of the axes, such as are alike once, at scale 1.

    Raises:
        WrongForm: in linear convolution form.
        NotApplicable: over GF(p); for algorithms of whole tiles, which have no matrices of an axis; for axes of one
            size with different points, since the arrays have their names from the size.

    >>> from wincraft import winograd
    >>> (axis,) = axis_constants(winograd("F(2x2,3x3)", convention="integer"), "mlir")
    >>> axis.size, axis.AT
    ('2x2_3x3', [[1/2, 1/2, 1/2, 0], [0, 1/2, -1/2, 1/2]])
    """
    check_output(algorithm, format)
    if not algorithm.separable:
        reason = "its maps take whole tiles, and these arrays are of one axis"
        repair = "take --nested where it is of moduli, or --format c"
        raise NotApplicable(f"{format} output of {algorithm.size}", reason, repair)
    found: list[AxisConstants] = []
    for part in distinct_parts(algorithm):
        (m,), (r,) = part.m, part.r
        if (m, r) in [(axis.m, axis.r) for axis in found]:
            reason = f"its axes of F({m},{r}) have different points, and arrays are named by the size"
            raise NotApplicable(f"{format} output of {algorithm.size}", reason, "give both the same points")
        AT = [[number / part.scale for number in row] for row in to_numbers(part.output.dense)]
        G, BT = to_numbers(part.filter.dense), to_numbers(part.input.dense)
        found.append(AxisConstants(m, r, AT, G, BT))
    return found


def constant_words(algorithm: Algorithm, format: str) -> list[str]:
    """The first lines of such a text: command, hash, what it holds, and where the scale went.

    >>> from wincraft import winograd
    >>> constant_words(winograd(2, 3, convention="integer"), "iree")[-1]
    'A^T is divided by the scale 2.'
    """
    scales = dict.fromkeys(number_text(part.scale) for part in distinct_parts(algorithm) if part.scale != 1)
    divided = [f"A^T is divided by the scale {' and '.join(scales)}."] if scales else []
    return [*banner(algorithm, format), "", f"{algorithm!r}", *divided]


def float32_text(number: Number, format: str) -> str:
    """A number rounded once to float32, 9 digits with a point.

    Raises:
        TooLarge: beyond float32.

    >>> from sympy import Rational, sqrt
    >>> [float32_text(value, "mlir") for value in (Rational(-1, 3), sqrt(2), Rational(1, 10**7), Rational(4))]
    ['-0.333333343', '1.41421354', '1.00000001e-07', '4.0']
    """
    exact = to_fraction(number)
    value = float(round_to_dtype(exact, _FLOAT32))
    if not np.isfinite(value) or bool(value) != bool(exact):
        raise TooLarge(f"float32 in {format} output", "an entry of the matrices", "use --format json")
    digits, e, exponent = literal(value, "float").removesuffix("F").partition("e")
    return digits + ".0" * ("." not in digits) + e + exponent


def quotient_text(number: Number) -> str | None:
    """A fraction as a quotient of two constants of C++, rounded once; None where one of the two is no float.

    >>> from sympy import Rational, sqrt
    >>> [quotient_text(value) for value in (Rational(-1, 3), Rational(5), Rational(1, 2**24 + 1), sqrt(2))]
    ['-1.0f/3.0f', '5.0f', None, None]
    """
    if not number.is_Rational:
        return None
    fraction = to_fraction(number)
    parts = (fraction.numerator, fraction.denominator)
    if any(abs(part) > 2**24 for part in parts):  # every integer up to there is a float
        return None
    return f"{parts[0]}.0f/{parts[1]}.0f" if parts[1] > 1 else f"{parts[0]}.0f"


def cpp_array(head: str, rows: MatrixRows, format: str) -> str:
    """A flat array of floats, row by row: quotients, or decimals with the exact entries in comments.

    Raises:
        TooLarge: beyond float32.

    >>> from sympy import Rational, sqrt
    >>> print(cpp_array("const float X[] = {", [[Rational(1, 3), Rational(0)]], "iree"))
    const float X[] = {
      1.0f/3.0f, 0.0f
    };
    >>> print(cpp_array("const float X[] = {", [[sqrt(2) / 2, Rational(0)]], "iree"))
    const float X[] = {
      0.707106769f, 0.0f /* sqrt(2)/2  0 */
    };
    """
    for row in rows:
        for number in row:
            float32_text(number, format)
    quotients = [[quotient_text(number) for number in row] for row in rows]
    exact = all(text is not None for row in quotients for text in row)
    texts = [
        [text if text is not None and exact else f"{float32_text(number, format)}f" for text, number in pairs]
        for pairs in (zip(*both, strict=True) for both in zip(quotients, rows, strict=True))
    ]
    notes = [] if exact else [f" /* {line} */" for line in exact_lines(rows)]
    return "\n".join([head, *lines_with_notes(aligned(texts, right=True, gap=", "), notes, "  ", ","), "};"])


def exact_lines(rows: MatrixRows) -> list[str]:
    """The exact entries of rows, in columns.

    >>> from sympy import Rational
    >>> exact_lines([[Rational(1, 3), Rational(0)]])
    ['1/3  0']
    """
    return aligned([[number_text(number) for number in row] for row in rows], right=True)


def lines_with_notes(codes: Sequence[str], notes: Sequence[str], indent: str, separator: str) -> list[str]:
    """Rows with a separator behind all but the last, and a note behind each, above it where the line is long.

    >>> lines_with_notes(["1", "2"], [" // a", " // b"], "", ",")
    ['1, // a', '2  // b']
    """
    ends = [separator] * (len(codes) - 1) + [""]
    lines = [f"{indent}{code}{end}" for code, end in zip(codes, ends, strict=True)]
    if not notes:
        return lines
    width = max(map(len, lines))
    beside = [f"{line:{width}}{note}" for line, note in zip(lines, notes, strict=True)]
    if max(map(len, beside)) <= LINE_LENGTH:
        return beside
    return [text for line, note in zip(lines, notes, strict=True) for text in (f"{indent}{note.strip()}", line)]


def cpp_constants(algorithm: Algorithm, format: str, storage: str, opening: Sequence[str], closing: str) -> str:
    """A C++ text behind an include guard: the six arrays of every axis, each under its shape.

    `storage` stands before the names; `opening` and `closing` before and behind the arrays.

    Raises:
        WrongForm, NotApplicable: as `axis_constants`.
        TooLarge: beyond float32.

    >>> from wincraft import winograd
    >>> text = cpp_constants(winograd(2, 3), "iree", "const float", [], "")
    >>> text[text.index("// 2 x 4") :].splitlines()[:4]
    ['// 2 x 4', 'const float AT_2x2_3x3[] = {', '  1.0f, 1.0f,  1.0f, 0.0f,', '  0.0f, 1.0f, -1.0f, 1.0f']
    """
    arrays = [
        f"// {len(rows)} x {len(rows[0])}\n{cpp_array(f'{storage} {name}[] = {{', rows, format)}\n"
        for axis in axis_constants(algorithm, format)
        for name, rows in axis.tables
    ]
    parts = [*(f"{line}\n" for line in opening), *arrays, *([f"{closing}\n"] if closing else [])]
    return guarded(constant_words(algorithm, format), format, identifier(algorithm), parts)


def float64_array_text(rows: MatrixRows, format: str) -> str:
    """``np.array([...])`` of exact quotients, which Python rounds once; irrational numbers are rounded literals.

    Raises:
        TooLarge: where an entry exceeds float64.

    >>> from sympy import Rational
    >>> print(float64_array_text([[Rational(1, 3), Rational(0)]], "numpy"))
    np.array([
        [1/3, 0],
    ], dtype=float)
    """
    lines = ["[" + ", ".join(float64_text(number, format) for number in row) + "]" for row in rows]
    return "np.array([\n    " + ",\n    ".join(lines) + ",\n], dtype=float)"


def float64_text(number: Number, format: str) -> str:
    """An exact quotient, which Python rounds once; a rounded literal for an irrational number.

    Raises:
        TooLarge: beyond float64.

    >>> from sympy import Rational, sqrt
    >>> float64_text(Rational(1, 3), "numpy"), float64_text(sqrt(2), "numpy")
    ('1/3', '1.4142135623730951')
    """
    fraction: Fraction = to_fraction(number)
    try:
        value = fraction.numerator / fraction.denominator
    except OverflowError:
        raise TooLarge(f"float64 in {format} output", "an entry of the matrices", "use --format json") from None
    return number_text(number) if number.is_Rational else repr(value)
