# SPDX-License-Identifier: Apache-2.0
"""The integer section of C headers: its ranges are attained, its channel counts are a report's, nothing overflows."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from functools import cache
from itertools import product

import numpy as np
import pytest
from c_headers import CC, COMPILERS, Library, compile_with, functions, kronecker, needs_cc
from oracle_messages import refused
from oracle_rows_in_c import on_the_way

from wincraft import Algorithm, nest, parse, render, winograd
from wincraft.construct import change_basis
from wincraft.errors import NotApplicable
from wincraft.files import identifier
from wincraft.measure import Integers
from wincraft.numbers import Box
from wincraft.report import build_report
from wincraft.show import rendered

CLASSIC = "0,1,-1,2,-2"
INT8, UINT8 = Box.signed(8), Box.unsigned(8)
CASES = {
    "F(2,3)": (lambda: winograd(2, 3), Integers()),
    "F(2x2,3x3), uint8": (lambda: parse("2x2,3x3"), Integers(UINT8)),
    "F(4,3)": (lambda: winograd(4, 3, points=CLASSIC), Integers()),
    "F(4x4,3x3), uint8 and int6": (lambda: parse("4x4,3x3", points=CLASSIC), Integers(UINT8, Box.signed(6), 24)),
    "F(4x4,3x3), int16": (lambda: parse("4x4,3x3", points=CLASSIC), Integers(Box.signed(16), INT8, 48)),
    "F(4x4,3x3), rank 7": (lambda: parse("4x4,3x3", moduli="0,1,-1,x^2+1,inf", nested=True), Integers(Box(-100, 100))),
    "F(2x4,3x3), uint16": (lambda: parse("2x4,3x3"), Integers(Box.unsigned(16), Box(3, 9))),
    "three axes": (lambda: parse("2x1x2,2x2x1"), Integers(UINT8)),
    "four axes": (lambda: parse("1x2x1x2,2x1x1x2"), Integers(INT8, Box.signed(4))),
    "F(4,3), rank 7": (lambda: winograd(4, 3, moduli="0,1,-1,x^2+1,inf"), Integers()),
    "F(6x6,3x3), rank 10": (
        lambda: parse("6x6,3x3", moduli="0,1,-1,x^2+1,x^2+4,inf", nested=True),
        Integers(UINT8, Box.signed(6)),
    ),
    "far from 0": (lambda: winograd(2, 3), Integers(Box(100, 110), Box(-7, -5), 16)),
    "legendre": (lambda: change_basis(parse("2x4,3x3"), "legendre"), Integers(UINT8)),
    "an empty tap": (lambda: Algorithm.from_matrices([[2, 2]], [[1], [0]], [[1], [1]]), Integers()),
    "a negative scale": (lambda: winograd(2, 3).rescale(a=[-3, -3, -3, -3]), Integers(UINT8)),
}
TYPES = {"int8": (-128, 127), "uint8": (0, 255), "int16": (-(2**15), 2**15 - 1), "uint16": (0, 2**16 - 1)}


@cache
def made(name):
    return CASES[name][0]()


@cache
def header(name):
    return render(made(name), "c", integers=CASES[name][1])


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return Library(tmp_path_factory.mktemp("integers"), {name: header(name) for name in CASES})


def macro(name, what):
    found = re.search(rf"^#define {identifier(made(name)).upper()}_{what} +(-?\d+)$", header(name), re.MULTILINE)
    return int(found[1])


def matrices(name):
    """A^T, G and B^T of every axis as the header's tables have them."""
    different = len(set(made(name).factors)) > 1
    axes = []
    for axis in made(name).factors:
        suffix = f"_axis{made(name).factors.index(axis)}" if different else ""
        tables = []
        for matrix in ("AT", "G", "BT"):
            rows, columns, body = re.search(
                rf"_{matrix}_int{suffix}\[(\d+)\]\[(\d+)\] = \{{(.*?)\n\}};", header(name), re.DOTALL
            ).groups()
            numbers = [int(text) for text in re.findall(r"-?\d+", body)]
            tables.append(np.array(numbers, dtype=object).reshape(int(rows), int(columns)))
        axes.append(tables)
    return [[tables[k] for tables in axes] for k in range(3)]


def stated(name, letter):
    """Type and range of an array in the comment that walks from input to output."""
    found = re.search(rf"^ \*     {letter} +(\w+)_t +in \[(-?\d+), (-?\d+)\]", header(name), re.MULTILINE)
    return found[1], int(found[2]), int(found[3])


def ends(row, box):
    """The least and the largest value of a linear form over a box, and the corners where it has them."""
    low = [int(box.low if x > 0 else box.high) for x in row]
    high = [int(box.high if x > 0 else box.low) for x in row]
    return (sum(x * y for x, y in zip(row, low, strict=True)), low), (
        sum(x * y for x, y in zip(row, high, strict=True)),
        high,
    )


@needs_cc
@pytest.mark.parametrize("name", CASES)
def test_the_transforms_at_the_corners_of_their_inputs(library, name, capfd):
    """Every tap's two extremes lie at corners of the box; the function computes them, and the range stated holds."""
    _, G, BT = map(kronecker, matrices(name))
    integers = CASES[name][1]
    for transform, matrix, box, letters, attribute in (
        ("filter", G, integers.filter, "gV", "r"),
        ("input", BT, integers.data, "dU", "n"),
    ):
        (read, *given), (written, low, high) = (stated(name, letter) for letter in letters)
        assert given == [box.low, box.high]
        assert TYPES[read][0] <= box.low <= box.high <= TYPES[read][1]
        limit = np.iinfo(written)
        assert limit.min <= low <= high <= limit.max
        sizes, rank = getattr(made(name), attribute), made(name).output.tile
        for row in matrix:
            for value, corner in ends(row, box):
                assert low <= value <= high
                source = np.array(corner, dtype=read).reshape(sizes)
                got = library.through(name, "int", transform, source, rank, (np.dtype(read), np.dtype(written)))
                assert (got.ravel() == matrix @ np.array(corner, dtype=object)).all()
    assert capfd.readouterr().err == ""


def corners(box, count):
    return np.array(list(product((int(box.low), int(box.high)), repeat=count)), dtype=np.int64)


def bilinear_ends(forms, integers):
    """The least and the largest of bilinear forms (count, taps, data) over both boxes, and corners that give each.

    By every corner of the filter's box; what is linear in the data has its ends at corners of theirs.
    """
    filters, data = corners(integers.filter, forms.shape[1]), integers.data
    found = []
    for form in forms:
        values = filters @ form
        middle = values.sum(axis=1) * int(data.low + data.high)
        spread = abs(values).sum(axis=1) * int(data.high - data.low)
        assert abs(values).max() < 2**40
        for index, side in ((np.argmin(middle - spread), 0), (np.argmax(middle + spread), 1)):
            value, corner = ends(values[index].tolist(), data)[side]
            found.append((value, filters[index], np.array(corner)))
    return min(found, key=lambda end: end[0]), max(found, key=lambda end: end[0])


def line_of_output(name, axis):
    """The function of the output's lines along an axis, whose name it has where axes differ."""
    axes = made(name).factors
    suffix = f"_axis{axes.index(axes[axis])}" if len(set(axes)) > 1 else ""
    return f"{identifier(made(name))}_output_line_i64{suffix}"


@cache
def reached(name):
    """The ends of the products, of all that the output pass computes, of the sums on the way included, and of Y."""
    AT, G, BT = matrices(name)
    passed = np.einsum("kg,kd->kgd", kronecker(G).astype(np.int64), kronecker(BT).astype(np.int64))
    shape = [matrix.shape[1] for matrix in AT]
    found = [bilinear_ends(passed, CASES[name][1])]
    every = list(found)
    for axis, matrix in enumerate(AT):
        rows = matrix.astype(np.int64)
        steps, stored = on_the_way(header(name), line_of_output(name, axis), rows.shape[1])
        assert (stored == rows).all()
        steps = np.array(steps)
        tiles = np.moveaxis(passed.reshape(*shape, *passed.shape[1:]), axis, 0)
        every.append(bilinear_ends(np.tensordot(steps, tiles, 1).reshape(-1, *passed.shape[1:]), CASES[name][1]))
        shape[axis] = len(rows)
        passed = np.moveaxis(np.tensordot(rows, tiles, 1), 0, axis).reshape(-1, *passed.shape[1:])
    every.append(bilinear_ends(passed, CASES[name][1]))
    lowest, highest = (
        pick((pair[side] for pair in every), key=lambda end: end[0]) for side, pick in enumerate((min, max))
    )
    return found[0], (lowest, highest), every[-1]


def fitting(low, high, bits):
    return min([2 ** (bits - 1) // -low] * (low < 0) + [(2 ** (bits - 1) - 1) // high] * (high > 0))


def fits(value, bits):
    return -(2 ** (bits - 1)) <= value < 2 ** (bits - 1)


def products_in_c(library, name, g, d):
    """U V of a filter and data, by the compiled functions, as Python integers."""
    found = []
    for transform, given, letters, attribute in (("filter", g, "gV", "r"), ("input", d, "dU", "n")):
        (read, *_), (written, *_) = (stated(name, letter) for letter in letters)
        sizes, rank = getattr(made(name), attribute), made(name).output.tile
        source = np.array(given, dtype=read).reshape(sizes)
        through = library.through(name, "int", transform, source, rank, (np.dtype(read), np.dtype(written)))
        found.append(through.astype(object))
    return found[0] * found[1]


@needs_cc
@pytest.mark.parametrize("name", CASES)
def test_that_many_channels_fit_and_one_more_does_not(library, name, capfd):
    """By all corners of filter and data: at the counts C is right and no step overflows, at one more a step does."""
    products, every, outputs = reached(name)
    bits = CASES[name][1].accumulator
    for letter, found in (("M", products), ("t", every)):
        assert stated(name, letter)[1:] == (found[0][0], found[1][0])
    held = macro(name, f"MAX_CHANNELS_INT{bits}")
    assert held == fitting(products[0][0], products[1][0], bits)
    channels, scale = macro(name, "MAX_CHANNELS"), macro(name, "SCALE_INT")
    assert channels == fitting(every[0][0], every[1][0], 64)
    assert stated(name, "Y")[1:] == tuple(value // scale for value, _, _ in outputs)
    sums = [products_in_c(library, name, g, d) for _, g, d in products]
    assert all(fits(held * int(x), bits) for M in sums for x in M.flat)
    assert not all(fits((held + 1) * int(x), bits) for M in sums for x in M.flat)
    m = made(name).m
    for value, g, d in outputs:
        M = (channels * products_in_c(library, name, g, d)).astype(np.int64)
        Y = library.through(name, "int", "output", M, m, (np.int64, np.int64))
        assert value * channels // scale in Y.ravel().tolist()
    assert capfd.readouterr().err == ""
    overflows = []
    for _, g, d in every:
        M = products_in_c(library, name, g, d)
        assert (channels * M == int64_steps(name, channels * M)[0]).all()
        overflows.append(int64_steps(name, (channels + 1) * M) is None)
    assert any(overflows)


class Int64(int):
    """An integer whose sums and products are those of int64_t, or refused."""

    def __new__(cls, value):
        if not fits(value, 64):
            raise OverflowError
        return super().__new__(cls, value)

    def __add__(self, other):
        return Int64(int(self) + int(other))

    def __sub__(self, other):
        return Int64(int(self) - int(other))

    def __mul__(self, other):
        return Int64(int(self) * int(other))

    def __rmul__(self, other):
        return self * other

    def __neg__(self):
        return self * -1


def int64_steps(name, M):
    """M and what the output transform's lines make of it, their C text read as Python; None where a step overflows.

    Not compiled, as a compiler may take another way round: of 3 * m1 - 3 * m2 gcc makes 3 * (m1 - m2).
    """
    try:
        steps = [np.frompyfunc(Int64, 1, 1)(M)]
        for axis in range(len(made(name).factors)):
            line = rf"{line_of_output(name, axis)}\([^)]*\)\n(?:    WINCRAFT_CONTRACT\w*\([^)]*\)\n)*\{{(.*?)\n\}}"
            body = re.search(line, header(name), re.DOTALL)[1]
            values = re.findall(r"const int64_t (t\d+) = ([^;]*);", body)
            rows = re.findall(r"y\[ *\d+ \* y_step\] = ([^;]*);", body)

            def along(m, values=values, rows=rows):
                named = {f"m{k}": value for k, value in enumerate(m)}
                for letter, value in values:
                    named[letter] = eval(" ".join(value.split()), {}, named)
                return np.array([eval(" ".join(row.split()), {}, named) for row in rows], dtype=object)

            steps.append(np.apply_along_axis(along, axis, steps[-1]))
    except OverflowError:
        return None
    return steps


@pytest.mark.slow_cases("legendre", "F(6x6,3x3), rank 10", "F(4x4,3x3)")
@pytest.mark.parametrize("name", CASES)
def test_the_channel_counts_are_those_of_a_report(name):
    """By the JSON document, and as printed."""
    integers = CASES[name][1]
    report = build_report(made(name), schemes=[], sweep=(), integers=integers)
    counts = report.document()["channels"]
    assert counts["accumulator_bits"] == integers.accumulator
    assert macro(name, f"MAX_CHANNELS_INT{integers.accumulator}") == counts["products"]
    assert stated(name, "M")[1:] == (report.ranges["M"].box.low, report.ranges["M"].box.high)
    wide = build_report(made(name), schemes=[], sweep=(), integers=replace(integers, accumulator=64))
    assert macro(name, "MAX_CHANNELS") == wide.document()["channels"]["partial_sums"]
    printed = re.search(
        r"int64 accumulator: .*every partial sum in range: ([\d,]+);", " ".join(str(rendered(wide)).split())
    )
    assert int(printed[1].replace(",", "")) == macro(name, "MAX_CHANNELS")
    of_products = re.search(r"accumulator: ([\d,]+) of M;", " ".join(str(rendered(report)).split()))
    assert int(of_products[1].replace(",", "")) == macro(name, f"MAX_CHANNELS_INT{integers.accumulator}")


@pytest.mark.parametrize(
    ("half", "rest", "u", "v"),
    [
        (2**30, 2**30 - 1, "int32", "int32"),
        (2**30 + 1, 2**30 - 1, "int64", "int64"),
        (2**30 - 1, 2**30, "int32", "int64"),
        (2**31 - 1, 2**31 - 1, "int64", "int64"),
    ],
)
def test_u_and_v_are_of_32_bits_up_to_their_limit_and_no_further(half, rest, u, v):
    """F(2,2) on 0 and 1: a difference of two data, |U| <= half + rest, and a sum of two taps in [-2 half, 2 rest]."""
    wide, bit = Box(-half, rest), Box(0, 1)
    for integers, letter, low, high, c_type in (
        (Integers(data=wide, filter=bit), "U", -half - rest, half + rest, u),
        (Integers(data=bit, filter=wide), "V", -2 * half, 2 * rest, v),
    ):
        text = render(winograd(2, 2, points="0,1"), "c", integers=integers)
        found = re.search(rf"^ \*     {letter} +(\w+)_t +in \[(-?\d+), (-?\d+)\]", text, re.MULTILINE)
        assert found.groups() == (c_type, str(low), str(high))
        assert re.search(rf"put_int\(.*{c_type}_t \*u\)|filter_int\(.*{c_type}_t \*v\)", text)


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("name", ["F(4x4,3x3), uint8 and int6", "F(2x4,3x3), uint16"])
def test_compiles_without_a_warning(name, compiler, tmp_path):
    suffix = ".cpp" if "++" in compiler else ".c"
    (tmp_path / "h.h").write_text(header(name))
    pointers = ",\n".join(f"(void (*)(void)){function}" for function, _ in functions(header(name)))
    source = f'#include "h.h"\nextern void (*all[])(void);\nvoid (*all[])(void) = {{{pointers}}};\n'
    (tmp_path / f"used{suffix}").write_text(source)
    compile_with(compiler, [f"used{suffix}"], "-c", cwd=tmp_path)


def test_few_channels_name_the_set_that_holds_more():
    text = render(parse("4x4,3x3"), "c")
    named = re.search(r"take other points, --points (\w+) holds (\d+) channels of int8 by int8", text)
    assert re.search(r"_MAX_CHANNELS_INT32 +0$", text, re.MULTILINE)
    better = render(parse("4x4,3x3", moduli="0,1,-1,x^2+1,inf", nested=True), "c")
    assert named.groups() == ("quadratic", re.search(r"_MAX_CHANNELS_INT32 +(\d+)$", better, re.MULTILINE)[1])
    assert "--points" not in better.partition("#define")[2]
    wide = Integers(Box.signed(14), Box.signed(14))
    assert "No points of the catalogue hold more" in render(parse("6x6,3x3"), "c", integers=wide)


def test_the_first_line_makes_the_same_header(tmp_path):
    name = "F(4x4,3x3), uint8 and int6"
    first = header(name).splitlines()[0]
    assert first.endswith(" --format c --data-range=uint8 --weight-range=int6 --accumulator=24")


def test_headers_of_other_ranges_refuse_to_compile_together(tmp_path):
    if not CC:
        pytest.skip("no C compiler")
    for name, integers in (("a", None), ("b", Integers(UINT8))):
        (tmp_path / f"{name}.h").write_text(render(winograd(2, 3), "c", integers=integers))
    for includes, accepted in (("aa", True), ("ab", False)):
        source = "".join(f'#include "{name}.h"\n' for name in includes)
        command = [CC, "-std=c99", "-fsyntax-only", "-x", "c", "-"]
        done = subprocess.run(command, input=source, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (done.returncode == 0) is accepted


def test_what_integers_cannot_be_is_said():
    with refused(NotApplicable, "integers in json", "no integer functions"):
        render(winograd(2, 3), "json", integers=Integers())
    wide = render(winograd(2, 3), "c", integers=Integers(Box.signed(33)))
    assert "Omitted: int33 data and int8 filters are beyond int32_t." in wide
    text = render(nest(*(winograd(2, 3),) * 2), "c", integers=Integers(Box.signed(32), Box.signed(32)))
    assert re.search(r"Omitted: one channel of int32 data and filters can reach \S+, beyond int64_t\.", text)
