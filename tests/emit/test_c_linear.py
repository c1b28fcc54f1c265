# SPDX-License-Identifier: Apache-2.0
"""Headers in linear convolution form: products of polynomials, exact in integers, and the ranges that they state."""

from __future__ import annotations

import ctypes
import re
import subprocess
from functools import cache

import numpy as np
import pytest
from c_headers import CC, COMPILERS, compile_with, functions, needs_cc, wrapped
from kernel_calls import new_folder

from wincraft import nest, parse, read, render, winograd
from wincraft.construct import change_basis
from wincraft.errors import NotApplicable
from wincraft.measure.integers import Integers, parse_range
from wincraft.rings import over_ring

MADE = {
    "F(4,3)": lambda: winograd(4, 3, points="0,1,-1,2,-2").transpose(),
    "Toom-4": lambda: winograd(4, 4, points="0,1,-1,2,-2,3,inf").transpose(),
    "x^2+x+1": lambda: winograd(3, 3, moduli="0,1,x^2+x+1,inf").transpose(),
    "F(2x3,3x2)": lambda: parse("F(2x3,3x2)").transpose(),
    "cube": lambda: nest(*[winograd(2, 2)] * 3).transpose(),
    "whole tiles": lambda: parse("F(2x2,2x2)", moduli="x^2+1,inf").transpose(),
    "a chain": lambda: change_basis(winograd(4, 3), "legendre").transpose(),
}
TYPES = {"f32": np.float32, "f64": np.float64}
BOXES = {"int8": (-128, 127), "uint8": (0, 255)}


@cache
def header(name, data="int8"):
    return render(MADE[name](), "c", Integers(parse_range(data), parse_range("int8")))


@cache
def library(name, data="int8"):
    folder, text = new_folder(), header(name, data)
    (folder / "linear.h").write_text(text)
    (folder / "linear.c").write_text('#include "linear.h"\n' + wrapped(text, "t_"))
    compile_with(CC, ["linear.c"], "-O1", "-shared", "-fPIC", "-o", "lib.so", cwd=folder)
    return ctypes.CDLL(str(folder / "lib.so")), dict(functions(text))


def c_types(parameters):
    """The dtypes of the two arrays."""
    names = re.findall(r"(\w+) \*", parameters)
    return [np.dtype({"float": "float32", "double": "float64"}.get(name, name.removesuffix("_t"))) for name in names]


def call(name, function, values, shape, data="int8"):
    """A function of a header, on windows of larger arrays where it takes strides."""
    found, signatures = library(name, data)
    (symbol,) = (item for item in signatures if item.endswith(f"_linear_{function}"))
    source_type, target_type = c_types(signatures[symbol])
    source, larger = np.array(values, source_type), np.full([2 * size + 1 for size in shape], 77, target_type)
    target = np.zeros(shape, target_type)
    if re.search(r"\bs_stride", signatures[symbol]):
        target = larger[tuple(slice(1, 1 + size) for size in shape)]
    given = {"h": source, "s": target}
    arguments = []
    for parameter in signatures[symbol].split(","):
        letter, _, axis = parameter.split()[-1].lstrip("*").partition("_stride")
        if "stride" in parameter:
            arguments.append(ctypes.c_ssize_t(given[letter].strides[int(axis or 0)] // given[letter].itemsize))
        else:
            arguments.append(ctypes.c_void_p((target if arguments else source).ctypes.data))
    found[f"t_{symbol}"](*arguments)
    result = target.copy()
    if target.base is larger:
        target[...] = 77
        assert (larger == 77).all()
    return result


def multiplied(name, suffix, g, h, data="int8"):
    """The product of two tiles by a header."""
    algorithm = MADE[name]()
    tile = algorithm.maps.output.tile
    V, U = (call(name, f"{of}_{suffix}", x, tile, data) for of, x in (("filter", g), ("input", h)))
    M = V.astype(np.int64 if suffix == "int" else V.dtype) * U
    return call(name, f"output_{suffix}", M, algorithm.n, data)


def defined(g, h):
    """The product of polynomials in some variables."""
    s = np.zeros([a + b - 1 for a, b in zip(g.shape, h.shape, strict=True)], np.result_type(g, h))
    for p in np.ndindex(*g.shape):
        s[tuple(slice(i, i + size) for i, size in zip(p, h.shape, strict=True))] += g[p] * h
    return s


@pytest.mark.slow_cases("uint8-whole tiles", "int8-whole tiles")
@needs_cc
@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize("data", BOXES)
def test_integers_are_exact(name, data):
    """Random and extreme operands; of one axis they are numpy.convolve."""
    algorithm, rng = MADE[name](), np.random.default_rng(0)
    low, high = BOXES[data]
    ends = [np.array([low, high]), np.array([-128, 127])]
    for trial in range(60):
        h = rng.integers(low, high + 1, algorithm.m) if trial % 2 else rng.choice(ends[0], algorithm.m)
        g = rng.integers(-128, 128, algorithm.r) if trial % 2 else rng.choice(ends[1], algorithm.r)
        s = multiplied(name, "int", g, h, data)
        np.testing.assert_array_equal(s, defined(g, h))
        if g.ndim == 1:
            np.testing.assert_array_equal(s, np.convolve(g, h))


@needs_cc
@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize("suffix", TYPES)
def test_floats_are_right(name, suffix):
    algorithm, rng = MADE[name](), np.random.default_rng(1)
    g, h = (rng.uniform(-1, 1, size).astype(TYPES[suffix]) for size in (algorithm.r, algorithm.m))
    wanted = defined(g.astype(np.float64), h.astype(np.float64))
    np.testing.assert_allclose(multiplied(name, suffix, g, h), wanted, atol=400 * np.finfo(TYPES[suffix]).eps)


@needs_cc
@pytest.mark.parametrize("name", ["F(4,3)", "Toom-4", "F(2x3,3x2)"])
def test_ranges_are_attained_and_hold(name):
    """Of U and V: the signs of a row of the map give its ends."""
    algorithm, text = MADE[name](), header(name)
    stated = {
        letter: tuple(map(int, re.search(rf"\* +{letter} +int32_t +in \[(-?\d+), (-?\d+)\]", text).groups()))
        for letter in "UV"
    }
    tile = algorithm.maps.output.tile
    for letter, function, shape in (("U", "input", algorithm.m), ("V", "filter", algorithm.r)):
        units = np.eye(int(np.prod(shape)), dtype=int).reshape(-1, *shape)
        rows = np.array([call(name, f"{function}_int", unit, tile).ravel() for unit in units]).T
        corners = [np.where(sign * row > 0, 127, -128).reshape(shape) for row in rows for sign in (1, -1)]
        found = [call(name, f"{function}_int", corner, tile) for corner in corners]
        least, most = min(item.min() for item in found), max(item.max() for item in found)
        assert stated[letter][0] <= least
        assert most <= stated[letter][1]
        assert max(-least, most) > 0.9 * max(-stated[letter][0], stated[letter][1])


@pytest.mark.parametrize("compiler", COMPILERS)
def test_it_compiles_without_a_warning_beside_the_other_form(compiler, tmp_path):
    (tmp_path / "linear.h").write_text(header("F(4,3)"))
    (tmp_path / "other.h").write_text(render(MADE["F(4,3)"]().transpose(), "c"))
    (tmp_path / "both.c").write_text('#include "linear.h"\n#include "other.h"\nint main(void) { return 0; }\n')
    language = ["-x", "c++"] if "++" in compiler else []
    compile_with(compiler, [*language, "both.c"], "-Wno-unused-function", "-o", "both", cwd=tmp_path)
    assert subprocess.run([tmp_path / "both"], check=False).returncode == 0


@pytest.mark.parametrize("name", ["F(4,3)", "F(2x3,3x2)", "a chain"])
def test_the_header_is_read_back(name, tmp_path):
    (tmp_path / "linear.h").write_text(header(name))
    found = read(tmp_path / "linear.h")
    assert (found.size, found.form) == (MADE[name]().size, "linear")


def test_the_command_makes_it_again():
    first = header("F(4,3)").splitlines()[0]
    assert '"F(4,3)" --moduli "0,1,-1,2,-2,inf" --convention wincnn --form linear --format c' in first


def test_a_field_without_order_is_refused():
    with pytest.raises(NotApplicable, match="have no size"):
        render(over_ring(winograd(2, 2), "GF(31)").transpose(), "c")
