# SPDX-License-Identifier: Apache-2.0
"""What happens to the convolution when A^T, G and B^T are rounded to a number format: the exact residual.

With rounded matrices the algorithm computes T~[i,j,l] = sum_k A^T~[i,k] G~[k,j] B^T~[k,l] / scale instead of
T = [l = i + j]; the residual E = T~ - T is what reaches output i from the product of input l and filter tap j.
Rounded entries are rational, so E is exact, also for irrational matrices. Of several axes T~ is the Kronecker product;
every measure is computed from the axes' tensors, which is not formed.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, reduce
from itertools import product
from math import inf, log10, prod
from operator import attrgetter, mul
from typing import Literal

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.linear_map import LinearMap
from wincraft.algorithm.proof import convolution_tensor
from wincraft.algorithm.recipe import size_words
from wincraft.errors import BadValue, NotApplicable, look_up
from wincraft.exact.fraction import Rows
from wincraft.exact.matrix import fraction_rows, rational_matrix
from wincraft.exact.number import as_fractions, to_fraction
from wincraft.numbers.fixed_point import MAX_FRACTION, MAX_WORD, FixedPoint
from wincraft.numbers.float_format import FloatFormat
from wincraft.show.layout import Layout, Section
from wincraft.show.shown import Shown

Granularity = Literal["matrix", "tap"]


@dataclass(frozen=True)
class RoundedAxis:
    """One axis: its algorithm, its rounded matrices (A^T by columns, G and B^T by rows: by tap), and their formats.

    Of a chain every stage is rounded and the product is exact; `formats` and `vanished` name the stages ``BT[0]``, in
    the order of application, stages of A^T by columns too.
    """

    algorithm: Algorithm
    formats: dict[str, tuple[FixedPoint | FloatFormat, ...]]
    rounded: dict[str, Rows]
    vanished: tuple[tuple[str, int, int], ...]

    @cached_property
    def tensor(self) -> list[list[list[Fraction]]]:
        """T~[i][j][l], exact."""
        columns, filters, data = (self.rounded[name] for name in ("AT", "G", "BT"))
        AT, G, BT = (
            rational_matrix(rows) for rows in ([list(row) for row in zip(*columns, strict=True)], filters, data)
        )
        tensor, where = convolution_tensor(AT, G, BT)
        scale = to_fraction(self.algorithm.scale)
        rows = [[value / scale for value in as_fractions(row, BT.domain)] for row in tensor]
        return [[rows[number] for number in numbers] for numbers in where]

    @cached_property
    def kept(self) -> list[list[Fraction]]:
        """T~[i][j][i+j], the entries that should be 1."""
        return [[row[i + j] for j, row in enumerate(rows)] for i, rows in enumerate(self.tensor)]

    @cached_property
    def leaked(self) -> Fraction:
        """The largest |T~[i][j][l]|, l != i + j, of those that should be 0."""
        entries = (
            abs(value)
            for i, rows in enumerate(self.tensor)
            for j, row in enumerate(rows)
            for l, value in enumerate(row)
            if l != i + j
        )
        return max(entries, default=Fraction(0))


@dataclass(frozen=True, repr=False)
class MatrixRounding(Shown):
    """An algorithm with rounded matrices, and its exact residual."""

    axes: tuple[RoundedAxis, ...]

    @cached_property
    def largest(self) -> Fraction:
        """The largest |E| over all outputs, filter taps and inputs."""
        kept = [[value for row in axis.kept for value in row] for axis in self.axes]
        extremes = [(min(values), max(values)) for values in kept]
        inside = max(abs(_product(chosen) - 1) for chosen in product(*extremes))
        sizes = [(max(map(abs, pair)), axis.leaked) for pair, axis in zip(extremes, self.axes, strict=True)]
        outside = (
            _product(size[leaks] for size, leaks in zip(sizes, choice, strict=True))
            for choice in product((False, True), repeat=len(sizes))
            if any(choice)
        )
        return max(inside, *outside)

    @cached_property
    def worst_case(self) -> Fraction:
        """The sum of |E| of the worst output: the largest output error for data and weights within +-1."""
        absolute = [
            [sum((abs(v) for row in rows for v in row), Fraction(0)) for rows in axis.tensor] for axis in self.axes
        ]
        worst = Fraction(0)
        for output in product(*(range(axis.algorithm.m[0]) for axis in self.axes)):
            everything = _product(sums[i] for sums, i in zip(absolute, output, strict=True))
            kept = [
                _product(values)
                for values in product(*(axis.kept[i] for axis, i in zip(self.axes, output, strict=True)))
            ]
            worst = max(worst, everything + sum(abs(value - 1) - abs(value) for value in kept))
        return worst

    @property
    def power(self) -> Fraction:
        """The sum of E^2 over that of T^2: output error power over output power, for white data and weights."""
        squares = _product(
            sum((v * v for rows in axis.tensor for row in rows for v in row), Fraction(0)) for axis in self.axes
        )
        kept = _product(sum((v for row in axis.kept for v in row), Fraction(0)) for axis in self.axes)
        entries = _product(Fraction(axis.algorithm.m[0] * axis.algorithm.r[0]) for axis in self.axes)
        return (squares - 2 * kept + entries) / entries

    @property
    def decibels(self) -> float:
        """10 log10 of `power`; -inf where the rounding changes nothing."""
        return 10 * (log10(self.power.numerator) - log10(self.power.denominator)) if self.power else -inf

    @property
    def vanished(self) -> tuple[tuple[int, str, int, int], ...]:
        """(axis, matrix, tap, position) of every non-zero entry that was rounded to 0."""
        return tuple((number, *entry) for number, axis in enumerate(self.axes) for entry in axis.vanished)

    def layout(self) -> Layout:
        """The formats of every axis, and what rounding to them does."""
        notes = []
        for number, axis in enumerate(self.axes):
            names = {name: sorted({item.name for item in formats}) for name, formats in axis.formats.items()}
            notes.append(f"axis {number}: " + ", ".join(f"{name} {'/'.join(items)}" for name, items in names.items()))
        if self.power:
            notes.append(f"largest residual {float(self.largest):.4g}, "
                         f"worst case per output {float(self.worst_case):.4g}")  # fmt: skip
            notes.append(f"error power over output power, white data: {self.decibels:.2f} dB")
        else:
            notes.append("exact: every entry is representable")
        if self.vanished:
            shown = ", ".join(f"{matrix} tap {tap} entry {at}" for _, matrix, tap, at in self.vanished[:6])
            notes.append(f"{len(self.vanished)} non-zero entries became 0: {shown}")
        size = size_words(*zip(*(axis.algorithm.sizes[0] for axis in self.axes), strict=True))
        return Layout(f"{size} with rounded matrices", (), (Section("", (), tuple(notes)),))


def round_matrices(
    algorithm: Algorithm, format: int | FixedPoint | FloatFormat, per: Granularity = "matrix"
) -> MatrixRounding:
    """Round A^T, G and B^T to a format. Exact.

    An int w means fixed point of w bits, for each matrix (or, per tap, each of its tap vectors) with as many fraction
    bits as its largest entry leaves; a given format is used as it is for all entries. Of a chain every stage is rounded
    by itself.

    Raises:
        BadValue: for a word outside 2..64 bits.
        UnknownName: for another granularity.
        NotApplicable: over GF(p), and where passes take whole tiles.

    >>> from wincraft import winograd
    >>> round_matrices(winograd(4, 3, points="0,1,-1,2,-2"), 8)
    F(4,3) with rounded matrices
      axis 0: AT q4.3, G q1.6, BT q3.4
      largest residual 0.1562, worst case per output 0.7812
      error power over output power, white data: -19.19 dB
    """
    look_up("granularity", per, {"matrix": None, "tap": None})
    if isinstance(format, int) and not 2 <= format <= MAX_WORD:
        raise BadValue("the word of rounded matrices", f"{format} bits", f"give 2 to {MAX_WORD}")
    _check_separable(algorithm)
    rounded = {axis: _round_axis(axis, format, per) for axis in dict.fromkeys(algorithm.factors)}
    return MatrixRounding(tuple(rounded[axis] for axis in algorithm.factors))


def _check_separable(algorithm: Algorithm) -> None:
    algorithm.field.need_order(f"rounded matrices of {algorithm.size}")
    if not algorithm.separable:
        what, repair = f"rounded matrices of {algorithm.size}", "take an algorithm that is made axis by axis"
        raise NotApplicable(what, "a pass takes whole tiles", repair)


def sweep_words(algorithm: Algorithm, words: Iterable[int], per: Granularity = "matrix") -> dict[int, MatrixRounding]:
    """`round_matrices` for several fixed-point words.

    >>> from wincraft import winograd
    >>> {word: round(r.decibels, 1) for word, r in sweep_words(winograd(4, 3), (8, 12, 16)).items()}
    {8: -30.7, 12: -54.9, 16: -78.6}
    """
    return {word: round_matrices(algorithm, word, per) for word in words}


def smallest_word(
    algorithm: Algorithm,
    tolerance: Fraction,
    of: Callable[[MatrixRounding], Fraction] = attrgetter("largest"),
    per: Granularity = "matrix",
) -> int:
    """The smallest fixed-point word from which on, to 64 bits, the residual stays within a tolerance.

    `of` it are taken the largest entry by default, or another number, such as ``attrgetter("worst_case")``.

    Raises:
        NotApplicable: where 64 bits do not suffice, over GF(p), and where passes take whole tiles.

    >>> from wincraft import winograd
    >>> smallest_word(winograd(2, 3), Fraction(0)), smallest_word(winograd(4, 3), Fraction(1, 1000))
    (3, 14)
    """
    _check_separable(algorithm)
    word = _certain_word(algorithm, tolerance)
    while word >= 2 and of(round_matrices(algorithm, word, per)) <= tolerance:
        word -= 1
    if word == MAX_WORD:
        raise NotApplicable("smallest word", f"{MAX_WORD} bits do not meet {float(tolerance):g}", "raise the tolerance")
    return word + 1


def _certain_word(algorithm: Algorithm, tolerance: Fraction) -> int:
    """A word from which on sum |E| of every output is certainly within the tolerance, 64 at most.

    Entries move by half a step e at most, so that an axis has sum |E_i| <= D = max_i sum_k ((|A_ik| + e)
    (|G_k|_1 + r e)(|B_k|_1 + n e) - |A_ik| |G_k|_1 |B_k|_1) / |scale|, and several axes prod (r + D) - prod r.
    """
    tables = []
    for axis in dict.fromkeys(algorithm.factors):
        maps = axis.output, axis.filter, axis.input
        if any(len(item.stages) > 1 for item in maps):
            return MAX_WORD
        tables.append((axis, [fraction_rows(item.dense) for item in maps]))
    exact = Fraction(prod(algorithm.r))

    def suffices(word: int) -> bool:
        spread = {axis: _spread(rows, to_fraction(axis.scale), word) for axis, rows in tables}
        return _product(axis.r[0] + spread[axis] for axis in algorithm.factors) - exact <= tolerance

    return bisect_left(range(MAX_WORD), True, lo=2, key=suffices)


def _spread(rows: Sequence[Rows], scale: Fraction, word: int) -> Fraction:
    a, g, b = (fitting_format((v for row in table for v in row), word).step / 2 for table in rows)
    A, G, B = rows
    norms = [[sum(map(abs, row), Fraction(0)) for row in table] for table in (G, B)]
    taps = [(x, (x + len(G[0]) * g)) for x in norms[0]], [(y, (y + len(B[0]) * b)) for y in norms[1]]
    pairs = [(x * y, moved_x * moved_y) for (x, moved_x), (y, moved_y) in zip(*taps, strict=True)]
    sums = (sum(((abs(v) + a) * moved - abs(v) * p for v, (p, moved) in zip(row, pairs, strict=True))) for row in A)
    return Fraction(max(sums)) / abs(scale)


def _round_axis(algorithm: Algorithm, format: int | FixedPoint | FloatFormat, per: Granularity) -> RoundedAxis:
    formats: dict[str, tuple[FixedPoint | FloatFormat, ...]] = {}
    rounded: dict[str, Rows] = {}
    vanished: list[tuple[str, int, int]] = []
    for name, item in (("AT", algorithm.output.transpose()), ("G", algorithm.filter), ("BT", algorithm.input)):
        count = len(item.stages)
        stored = []
        for number, stage in enumerate(item.stages):
            place = count - 1 - number if name == "AT" else number
            label = name if count == 1 else f"{name}[{place}]"
            rows = fraction_rows(stage)
            chosen = _formats(rows, format, per)
            formats[label] = chosen
            after = [[f.quantize_exact(value) for value in row] for f, row in zip(chosen, rows, strict=True)]
            for tap, pair in enumerate(zip(rows, after, strict=True)):
                vanished += [(label, tap, at) for at, (x, y) in enumerate(zip(*pair, strict=True)) if x and not y]
            stored.append(rational_matrix(after))
        rounded[name] = fraction_rows(LinearMap.of(*(stored)).dense)
    return RoundedAxis(algorithm, formats, rounded, tuple(vanished))


def _formats(
    rows: Rows, format: int | FixedPoint | FloatFormat, per: Granularity
) -> tuple[FixedPoint | FloatFormat, ...]:
    """The format of each row."""
    if not isinstance(format, int):
        return (format,) * len(rows)
    whole = [value for row in rows for value in row]
    return tuple(fitting_format(whole if per == "matrix" else row, format) for row in rows)


def fitting_format(values: Iterable[Fraction], word: int) -> FixedPoint:
    """The signed fixed-point format of a word with the most fraction bits that clips none of the values.

    >>> fitting_format([Fraction(1, 3), Fraction(-5)], 8).name
    'q3.4'
    """
    numbers = list(values)
    largest = max(map(abs, numbers), default=Fraction(0))
    if not largest:
        return FixedPoint(word, word - 1)
    extremes = min(numbers), max(numbers)
    fraction = min(word + 1 - (largest.numerator.bit_length() - largest.denominator.bit_length()), MAX_FRACTION)
    while not all(_fits(value, FixedPoint(word, fraction)) for value in extremes):
        fraction -= 1
    return FixedPoint(word, fraction)


def _fits(value: Fraction, format: FixedPoint) -> bool:
    """Whether clipping moves a value by no more than half a step."""
    return 2 * format.low - 1 <= 2 * value / format.step <= 2 * format.high + 1


def _product(values: Iterable[Fraction]) -> Fraction:
    return reduce(mul, values, Fraction(1))
