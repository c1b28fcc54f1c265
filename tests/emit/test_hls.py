# SPDX-License-Identifier: Apache-2.0
"""Functions for high-level synthesis are compiled and run at the extremes of every value, which must fit its word."""

from __future__ import annotations

import ctypes
import re
import shutil
from fractions import Fraction
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from random import Random

import pytest
from program_texts import CLASSIC, done, emitted, integer_matrix, made, matrix

from wincraft import parse, winograd
from wincraft.errors import NotApplicable, WrongForm
from wincraft.measure import Integers
from wincraft.numbers import Box

SIZES = {
    "F(2,3)": lambda: winograd(2, 3, points=CLASSIC[4]),
    "F(4,3)": lambda: winograd(4, 3, points=CLASSIC[6]),
    "F(6,3)": lambda: winograd(6, 3, points=CLASSIC[8]),
    "F(2x2,3x3)": lambda: parse("F(2x2,3x3)", points=CLASSIC[4]),
    "F(3,2), halves": lambda: winograd(3, 2, points="0,1,-1").rescale(b=["1/4", "1/4", "1/4", "1/4"]),
}
BINARY = {"F(2,3)", "F(2x2,3x3)", "F(3,2), halves"}
INTEGERS = {"default": Integers(), "uint8": Integers(data=Box.unsigned(8), filter=Box(-100, 7), accumulator=40)}
needs_compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")

STUB = r"""
#pragma once
#include <cstdio>
#include <cstdlib>
typedef __int128 wide;
template <int W, int I> struct ap_fixed {  // a multiple of 2^(I - W); what it is given must fit exactly
    wide v;
    ap_fixed() : v(0) {}
    static void check(bool fits) { if (!fits) { std::puts("a value does not fit its word"); std::abort(); } }
    ap_fixed(double x) : v((wide)(x * scale())) {
        check((double)v / scale() == x); range();
    }
    template <int V, int J> ap_fixed(const ap_fixed<V, J> &x) {
        const int up = (W - I) - (V - J);
        v = up >= 0 ? x.v * ((wide)1 << up) : x.v / ((wide)1 << -up);
        check(up >= 0 || v * ((wide)1 << -up) == x.v); range();
    }
    static double scale() { return (double)((wide)1 << (W - I)); }
    void range() const { check(-((wide)1 << (W - 1)) <= v && v < ((wide)1 << (W - 1))); }
    double to_double() const { return (double)v / scale(); }
};
template <int W> using ap_int = ap_fixed<W, W>;
template <int A, int B, int C, int D> struct sum {
    static const int F = (A - B) > (C - D) ? A - B : C - D, I = (B > D ? B : D) + 1;
    typedef ap_fixed<F + I, I> type;
};
template <int A, int B, int C, int D>
typename sum<A, B, C, D>::type operator+(const ap_fixed<A, B> &x, const ap_fixed<C, D> &y) {
    typename sum<A, B, C, D>::type a(x), b(y), z; z.v = a.v + b.v; z.range(); return z;
}
template <int A, int B> ap_fixed<A + 1, B + 1> operator-(const ap_fixed<A, B> &x) {
    ap_fixed<A + 1, B + 1> z; z.v = -x.v; return z;
}
template <int A, int B, int C, int D>
typename sum<A, B, C + 1, D + 1>::type operator-(const ap_fixed<A, B> &x, const ap_fixed<C, D> &y) { return x + -y; }
template <int A, int B, int C, int D>
ap_fixed<A + C, B + D> operator*(const ap_fixed<A, B> &x, const ap_fixed<C, D> &y) {
    ap_fixed<A + C, B + D> z; z.v = x.v * y.v; z.range(); return z;
}
template <int A, int B> ap_fixed<A + 32, B + 32> operator*(int c, const ap_fixed<A, B> &x) {
    ap_fixed<A + 32, B + 32> z; z.v = c * x.v; return z;
}
"""
HEADERS = ["stub"]
if found := find_spec("hls4ml"):  # which brings the vendor's own headers
    headers = Path(found.submodule_search_locations[0], "templates", "vivado", "ap_types")
    HEADERS += [str(headers)] * headers.is_dir()


@cache
def text_of(name, which="default"):
    return emitted("hls", SIZES[name](), INTEGERS[which])


@pytest.fixture(scope="module", params=HEADERS, ids=lambda name: "stub" if name == "stub" else "vendor")
def library(request, tmp_path_factory):
    """Every function, on doubles, which hold what is read and written exactly."""
    folder = tmp_path_factory.mktemp("hls")
    include = request.param
    if include == "stub":
        (folder / "ap_fixed.h").write_text(STUB)
        (folder / "ap_int.h").write_text('#include "ap_fixed.h"\n')
        include = "."
    lines = ["#include <ap_fixed.h>", "#include <ap_int.h>"]
    for number, (name, which) in enumerate(cases()):
        text = text_of(name, which)
        (folder / f"t{number}.h").write_text(text)
        guard = re.search(r"#ifndef (\w+)", text)[1]
        lines += [f"namespace n{number} {{", f'#include "t{number}.h"', "}", f"#undef {guard}"]
        for function, transform, reads, size, writes, count in re.findall(_FUNCTION, text):
            lines += [
                f'extern "C" void n{number}_{transform}(const double *x, double *y) {{',
                f"    {reads} a[{size}]; {writes} b[{count}];",
                f"    for (int k = 0; k < {size}; ++k) a[k] = {reads}(x[k]);",
                f"    n{number}::{function}(a, b);",
                f"    for (int k = 0; k < {count}; ++k) y[k] = b[k].to_double();\n}}",
            ]
    (folder / "all.cpp").write_text("\n".join(lines) + "\n")
    flags = ["-std=c++14", "-O0", "-w", f"-I{include}", "-shared", "-fPIC"]
    done("g++", *flags, "all.cpp", "-o", "all.so", cwd=folder)
    return ctypes.CDLL(str(folder / "all.so"))


_FUNCTION = r"inline void (\w+_(\w+)_transform)\(\s*const (ap_[^>]*>) \w\[(\d+)\], (ap_[^>]*>) \w\[(\d+)\]\)"


def cases():
    return [(name, which) for name in SIZES for which in INTEGERS]


def rows_of(name, transform):
    algorithm = SIZES[name]()
    return matrix(algorithm, transform, divided=False) if name in BINARY else integer_matrix(algorithm, transform)


def through(function, values, count):
    given, got = (ctypes.c_double * len(values))(*values), (ctypes.c_double * count)()
    function.restype = None
    function(given, got)
    return [Fraction(x) for x in got]


@needs_compiler
@pytest.mark.parametrize(("name", "which"), cases())
def test_functions_compute_the_matrices(library, name, which):
    integers, random = INTEGERS[which], Random(0)
    text = text_of(name, which)
    for function, transform, reads, *_ in re.findall(_FUNCTION, text):
        rows, step = rows_of(name, transform), Fraction(1)
        box = {"filter": integers.filter, "input": integers.data}.get(transform, Box.signed(integers.accumulator))
        if fixed := re.fullmatch(r"ap_fixed<(\d+), (\d+)>", reads):
            step = Fraction(1, 2 ** (int(fixed[1]) - int(fixed[2])))
        low, high = int(box.low), int(box.high)
        tests = [[high if x > 0 else low for x in row] for row in every_value(text, function, len(rows[0]))]
        tests += [[low + high - x for x in test] for test in tests]
        tests += [[random.randint(low, high) for _ in rows[0]] for _ in range(30)]
        called = library[f"n{cases().index((name, which))}_{transform}"]
        for test in tests:
            values = [x * step for x in test]
            wanted = [sum(a * x for a, x in zip(row, values, strict=True)) for row in rows]
            assert through(called, values, len(rows)) == wanted


def every_value(text, function, size):
    """What every value of a function is of its inputs: its statements, run on unit vectors."""
    body = re.search(rf"{function}\(.*?\n\}}", text, re.DOTALL)[0]
    columns = []
    for column in range(size):
        values, found = {}, []
        for name, right in re.findall(r"^    const ap_[^>]*> (\w+) = (.*?);", body, re.MULTILINE):
            if place := re.fullmatch(r"\w\[(\d+)\]", right):
                values[name] = Fraction(int(place[1]) == column)
            else:
                plain = re.sub(r"ap_fixed<[^>]*>\(([\d.]+)\)", lambda match: f"Fraction('{match[1]}')", right)
                values[name] = eval(plain, {"Fraction": Fraction} | values)
            found.append(values[name])
        columns.append(found)
    return list(zip(*columns, strict=True))


@pytest.mark.parametrize(("name", "which"), cases())
def test_every_word_has_the_bits_of_its_range(name, which):
    integers = INTEGERS[which]
    text = text_of(name, which)
    for function, transform, reads, size, *_ in re.findall(_FUNCTION, text):
        box = {"filter": integers.filter, "input": integers.data}.get(transform, Box.signed(integers.accumulator))
        fixed = re.fullmatch(r"ap_fixed<(\d+), (\d+)>", reads)
        step = Fraction(1, 2 ** (int(fixed[1]) - int(fixed[2]))) if fixed else Fraction(1)
        body = re.search(rf"{function}\(.*?\n\}}", text, re.DOTALL)[0]
        told = re.findall(r"const (ap_[^>]*>) \w+ = [^;]*;  // \[([-\d/]+), ([-\d/]+)\]", body)
        for (kind, *ends), row in zip(told, every_value(text, function, int(size))[-len(told) :], strict=True):
            low, high = (sum(pick(x * box.low, x * box.high) for x in row) * step for pick in (min, max))
            assert [low, high] == list(map(Fraction, ends))
            numbers = list(map(int, re.findall(r"\d+", kind)))
            behind = numbers[0] - numbers[1] if len(numbers) > 1 else 0
            low, high = low * 2**behind, high * 2**behind
            assert numbers[0] == next(w for w in range(1, 200) if -(2**w) <= 2 * low and 2 * high < 2**w)


def test_integer_words_where_the_maps_are_not_binary():
    text = text_of("F(4,3)", "uint8")
    assert "ap_fixed" not in text
    assert "24 Y = A^T M" in text
    assert "--format hls --data-range=uint8 --weight-range=-100..7 --accumulator=40\n" in text
    assert text == emitted("hls", SIZES["F(4,3)"](), INTEGERS["uint8"])
    assert "ap_fixed<2, 1>(0.5) * " in text_of("F(2,3)")


def test_what_they_cannot_write():
    with pytest.raises(WrongForm, match=r"^hls output: this is the linear convolution form"):
        emitted("hls", made("F(2,3)").transpose(), circuits=None)
    with pytest.raises(NotApplicable, match="have no size"):
        emitted("hls", winograd(2, 3).convert("GF(31)"), circuits=None)
    with pytest.raises(NotApplicable, match=r"entries lie in QQ<sqrt\(2\)>; choose rational points"):
        emitted("hls", made("F(4,3), sqrt(2)"), circuits=None)
    with pytest.raises(NotApplicable, match="one channel of int8 data and filters takes 18 bits of M, not 16"):
        emitted("hls", made("F(2,3)"), Integers(accumulator=16))
