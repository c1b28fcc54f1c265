# SPDX-License-Identifier: Apache-2.0
"""Depthwise kernels: a filter for each channel along time, within the bound of the header, for any strides."""

from __future__ import annotations

import atexit
import ctypes
import re
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from c_headers import CC, COMPILERS, STANDARDS, WARNINGS, needs_cc
from kernel_calls import FAST, HIGHEST, Buffer, has_float16, pointer
from oracle_messages import refused

from wincraft import parse, winograd
from wincraft.emit.kernel.depthwise import depthwise_files
from wincraft.errors import BadValue, NotApplicable, UnknownName, WrongForm

pytestmark = needs_cc
DIRECT = 1
TAPS = {"F(2,4)": 4, "F(4,3)": 3}


class Depthwise(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_int32) for name in ["n", "length", "c", "pad_left", "pad_right", "flags"]),
        *((name, ctypes.c_ssize_t) for name in ["x_n", "x_t", "x_c", "y_n", "y_t", "y_c"]),
    ]


@cache
def files_of(size, type="float32", lanes=None):
    return depthwise_files(parse(size), type, lanes)


def compiled(compiler, folder, size, *options, type="float32"):
    files = files_of(size, type)
    for name, text in files.items():
        (folder / name).write_text(text)
    prefix = next(name for name in files if name.endswith(".c")).removesuffix(".c")
    options = [option.replace("PREFIX", prefix.upper()) for option in options]
    language = ["-x", "c++" if STANDARDS[compiler].startswith("c++") else "c"]
    command = [
        compiler,
        f"-std={STANDARDS[compiler]}",
        *WARNINGS,
        *language,
        f"{prefix}.c",
        "-x",
        "none",
        *options,
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return prefix


@cache
def library(size):
    """The functions of a kernel, and its bound for data and filters in [-1, 1]."""
    folder = Path(tempfile.mkdtemp(prefix="wincraft_depthwise_"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    prefix = compiled(CC, folder, size, "-O2", *FAST, "-shared", "-fPIC", "-o", "lib.so")
    found, address = ctypes.CDLL(str(folder / "lib.so")), ctypes.c_void_p
    functions = {}
    more = [address] * 3 + [ctypes.c_float] * 2 + [address, ctypes.c_int, ctypes.c_int]
    for name, arguments in {"check": [], "filter_size": [], "prepare": [address] * 2, "run": more}.items():
        functions[name] = getattr(found, f"{prefix}_{name}")
        functions[name].argtypes = [ctypes.POINTER(Depthwise), *arguments]
        functions[name].restype = ctypes.c_size_t if name == "filter_size" else ctypes.c_int
    bound = re.search(r"Proved: \|y - exact\| <= (\S+) max", files_of(size)[f"{prefix}.h"])
    return functions, float(bound[1])


def layer(x, y, left, right, flags=0):
    steps = [step // a.itemsize for a in (x, y) for step in a.strides]
    return Depthwise(*x.shape, left, right, flags, *steps)


def run(size, x, g, y, left, right, flags=0, threads=1, bias=None, lo=-np.inf, hi=np.inf):
    functions, _ = library(size)
    conv = layer(x, y, left, right, flags)
    panels = Buffer(functions["filter_size"](conv))
    assert panels.size > 0
    assert functions["prepare"](conv, g.ctypes.data, panels.address) == 0
    for thread in reversed(range(threads)):
        status = functions["run"](
            conv, x.ctypes.data, panels.address, pointer(bias), lo, hi, y.ctypes.data, thread, threads
        )
        assert status == 0
    panels.check()
    return y


def exact(x, g, left, right):
    padded = np.pad(x.astype(np.float64), ((0, 0), (left, right), (0, 0)))
    outputs = padded.shape[1] - g.shape[1] + 1
    return sum(padded[:, q : q + outputs] * g[:, q].astype(np.float64) for q in range(g.shape[1]))


def placed(shape, layout):
    """An array of 77, and zeros in it: channels last or first, or every second one of a larger array."""
    n, t, c = shape
    if layout == "channels last":
        return np.zeros(shape, np.float32), None
    if layout == "channels first":
        return np.zeros((n, c, t), np.float32).transpose(0, 2, 1), None
    larger = np.full((n, t + 3, 2 * c + 3), 77, np.float32)
    return larger[:, 1 : t + 1, 1 : 2 * c + 1 : 2], larger


LAYOUTS = ("channels last", "channels first", "scattered")


@pytest.mark.parametrize("size", TAPS)
@pytest.mark.parametrize("x_layout", LAYOUTS)
@pytest.mark.parametrize("y_layout", LAYOUTS)
def test_outputs_are_those_of_the_definition(size, x_layout, y_layout):
    rng, taps = np.random.default_rng(1), TAPS[size]
    _, bound = library(size)
    for n, t, c, left, right in ((2, 37, 21, taps - 1, 0), (1, 16, 32, 0, 0), (3, 5, 8, 9, 2), (1, 1, 1, taps - 1, 0)):
        x, _ = placed((n, t, c), x_layout)
        x[...] = rng.uniform(-1, 1, x.shape)
        g = rng.uniform(-1, 1, (c, taps)).astype(np.float32)
        wanted = exact(x, g, left, right)
        for flags in (0, DIRECT):
            y, larger = placed(wanted.shape, y_layout)
            run(size, x, g, y, left, right, flags, threads=3)
            assert abs(y - wanted).max() <= bound
            y[...] = 77
            assert larger is None or (larger == 77).all()


def test_causal_outputs_see_nothing_that_comes_after():
    rng = np.random.default_rng(2)
    x = rng.uniform(-1, 1, (1, 24, 16)).astype(np.float32)
    g = rng.uniform(-1, 1, (16, 4)).astype(np.float32)
    other = x.copy()
    other[:, 12:] = 9
    before, after = (run("F(2,4)", data, g, np.zeros_like(x), 3, 0, DIRECT) for data in (x, other))
    np.testing.assert_array_equal(before[:, :12], after[:, :12])
    assert (before[:, 12:] != after[:, 12:]).any()


@pytest.mark.parametrize("flags", [0, DIRECT])
def test_bias_and_clamp(flags):
    rng = np.random.default_rng(3)
    x = rng.uniform(-1, 1, (2, 19, 13)).astype(np.float32)
    g, bias = rng.uniform(-1, 1, (13, 4)).astype(np.float32), rng.uniform(-1, 1, 13).astype(np.float32)
    y = run("F(2,4)", x, g, np.zeros((2, 19, 13), np.float32), 3, 0, flags, bias=bias, lo=0, hi=1)
    assert abs(y - np.clip(exact(x, g, 3, 0) + bias, 0, 1)).max() <= library("F(2,4)")[1] + 2e-7
    assert (y.min(), y.max()) == (0, 1)


def test_bad_arguments():
    functions, _ = library("F(2,4)")
    x, y, g = (np.zeros(shape, np.float32) for shape in ((2, 8, 16), (2, 8, 16), (16, 4)))
    conv = layer(x, y, 3, 0)
    assert functions["check"](conv) == 0
    assert functions["check"](None) == -1
    sizes = [(name, value) for name in ("n", "length", "c") for value in (0, -1, -(2**31))]
    sizes += [("length", HIGHEST), ("c", HIGHEST)]
    sizes += [(name, value) for name in ("pad_left", "pad_right") for value in (-1, HIGHEST)]
    strides = [("y_c", 0), ("y_t", 15), ("y_n", 127), ("x_t", -1), ("x_n", 2**62), ("y_t", 2**63 - 1), ("flags", 2)]
    for name, value in sizes + strides:
        wrong = layer(x, y, 3, 0)
        setattr(wrong, name, value)
        assert functions["check"](wrong) == -1, (name, value)
        assert functions["filter_size"](wrong) == 0
    assert functions["check"](layer(x[:, :2], y, 1, 0)) == -1  # shorter than the filter
    panels = Buffer(functions["filter_size"](conv))
    assert functions["prepare"](conv, None, panels.address) == -1
    assert functions["prepare"](conv, g.ctypes.data, None) == -1
    assert functions["prepare"](conv, g.ctypes.data, panels.address + 4) == -1
    assert functions["prepare"](conv, g.ctypes.data, panels.address) == 0
    right = [conv, x.ctypes.data, panels.address, None, 0.0, 1.0, y.ctypes.data, 0, 1]
    assert functions["run"](*right) == 0
    wrong = [(0, None), (1, None), (2, None), (2, panels.address + 32), (4, 2.0), (4, np.nan), (5, np.nan), (6, None)]
    for place, value in [*wrong, (7, -1), (7, 1), (8, 0), (8, -1)]:
        arguments = list(right)
        arguments[place] = value
        assert functions["run"](*arguments) == -1, (place, value)


@pytest.mark.slow_cases("float32-g++", "float32-clang++")
@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize(
    "type", ["float32", *(pytest.param(name, marks=pytest.mark.slow) for name in ("float16", "bfloat16"))]
)
def test_it_is_c99_and_cxx17_without_a_warning(tmp_path, type, compiler):
    if type == "float16" and not has_float16(compiler):
        pytest.skip(f"{compiler} has no _Float16 here")
    for options in ([], ["-DPREFIX_MAIN"], ["-DPREFIX_PLAIN"], FAST):
        compiled(compiler, tmp_path, "F(2,4)", *options, "-fsyntax-only", type=type)


@pytest.mark.parametrize("type", ["float32", pytest.param("bfloat16", marks=pytest.mark.slow)])
def test_the_self_test_passes_under_sanitizers(tmp_path, type):
    sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    (tmp_path / "empty.c").write_text("int main(void) { return 0; }\n")
    if subprocess.run([CC, *sanitizers, "empty.c"], capture_output=True, cwd=tmp_path, check=False).returncode:
        pytest.skip(f"{CC} has no sanitizers here")
    compiled(CC, tmp_path, "F(2,4)", "-O1", *sanitizers, *FAST, "-DPREFIX_MAIN", "-o", "main", "-lm", type=type)
    done = subprocess.run([tmp_path / "main"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "all layers are right\n", "")


def test_what_it_cannot_be_made_of():
    with refused(NotApplicable, "depthwise", "2 axes", "F(2,4)"):
        depthwise_files(parse("F(2x2,3x3)"))
    with refused(UnknownName, "'int8'", "float32"):
        depthwise_files(winograd(2, 4), "int8")
    with refused(BadValue, "lanes is 5"):
        depthwise_files(winograd(2, 4), lanes=5)
    with refused(WrongForm, "depthwise"):
        depthwise_files(winograd(2, 4).transpose())
