# SPDX-License-Identifier: Apache-2.0
"""Plans in C: integers equal the definition, floats are within the bound of the header, for every kind of problem."""

from __future__ import annotations

import re
import subprocess

import numpy as np
import pytest
from c_headers import CC, COMPILERS, STANDARDS, WARNINGS, needs_cc
from kernel_calls import ARGUMENT, AVX2, DIRECT, FAST, OK, OVERFLOW, SIZE, Buffer
from plan_calls import PLANS, channels_last, compiled_plan, plan_of, write_files

from wincraft import nest, winograd
from wincraft.construct import beside
from wincraft.emit.kernel.plans import plan_files
from wincraft.errors import NotApplicable, UnknownName
from wincraft.plan import Piece, Plan, Problem, convolve_directly, make_plan

QUICK = {"stride 2": "int8", "transposed": "float32", "one axis": "uint8", "gaps": "int8"}
EVERY = [
    pytest.param(name, type, marks=() if QUICK.get(name) == type else pytest.mark.slow)
    for name in PLANS
    for type in ("int8", "uint8", "float32")
]


LAYERS = [
    (16, 20, 1, 1, 0, 1),
    (24, 34, 2, 0, 0, 3),
    (3, 5, 1, 1, 0, 2),
    (19, 19, 19, 1, 0, 2),
    (9, 8, 1, 1, DIRECT, 2),
]
"""Channels, filters, groups, padding, flags and threads."""


def numbers(of, C, K, groups, sizes, seed=0, kind="random"):
    """Data and filters of a layer; of floats they are small integers, whose sums are exact in float64."""
    rng, d = np.random.default_rng(seed), len(of.problem.r)
    low, high = (0, 255) if of.dtype == np.uint8 else (-128, 127)
    ranges = {"random": (low, high), "high": (high, high), "low": (low, low)}
    first, last = ranges[kind]
    x = channels_last((2, C, *sizes[-d:]), of.dtype)
    x[...] = rng.integers(first, last + 1, x.shape)
    taps = {"random": (-128, 127), "high": (127, 127), "low": (-128, -128)}[kind]
    shape = (C, K // groups) if of.problem.transposed else (K, C // groups)
    w = rng.integers(taps[0], taps[1] + 1, (*shape, *of.problem.r))
    return x, w.astype(np.int8 if of.exact else np.float32)


def bound_of(of, channels):
    found = re.search(r"_ERROR\(c\) \(\(double\)\(c\) \* \((\S+) \+ \(double\)\(c\) \* (\S+)\)\)", of.header)
    a, b = map(float, found.groups())
    return channels * (a + channels * b)


def wanted_of(of, x, w, groups, before=0, zero=0, more=0):
    """The definition; `more` are outputs behind the last one."""
    problem = Problem(of.problem.r, of.problem.s, of.problem.t, of.problem.transposed, groups)
    y = convolve_directly(problem, x.astype(np.int64) - zero, w.astype(np.int64), before)
    return np.pad(y, [(0, 0), (0, 0), *[(0, more)] * (y.ndim - 2)]) if more else y


def assert_right(of, y, wanted, channels):
    if of.exact:
        np.testing.assert_array_equal(y, wanted)
    else:
        assert abs(y - wanted).max() <= bound_of(of, channels) * 128 * 128


def outputs_like(of, wanted):
    return channels_last(wanted.shape, np.int32 if of.exact else np.float32)


def sizes_of(name):
    reach = [t * (r - 1) + 1 for r, t in zip(plan_of(name).problem.r, plan_of(name).problem.t, strict=True)]
    return [reach[0] + 2, *(size + more for size, more in zip(reach[1:], (6, 9), strict=False))]


@pytest.mark.slow_cases("stride 2-int8", "transposed-float32")
@needs_cc
@pytest.mark.parametrize(("name", "type"), EVERY)
def test_layers_are_the_definition(name, type):
    """Few and many channels, groups, depthwise, padding, threads, direct."""
    of = compiled_plan(name, type)
    for C, K, groups, before, flags, threads in LAYERS:
        x, w = numbers(of, C, K, groups, sizes_of(name), seed=C)
        wanted = wanted_of(of, x, w, groups, before)
        y = of.run_layer(x, w, outputs_like(of, wanted), groups=groups, before=before, flags=flags, threads=threads)
        assert_right(of, y, wanted, C // groups)


@pytest.mark.slow_cases("high-stride 2-int8")
@needs_cc
@pytest.mark.parametrize(("name", "type"), [item for item in EVERY if item.values[1] != "float32"])
@pytest.mark.parametrize("kind", ["high", "low"])
def test_extreme_integers_are_exact(name, type, kind):
    of = compiled_plan(name, type)
    x, w = numbers(of, 32, 4, 1, sizes_of(name), kind=kind)
    zero = 200 if type == "uint8" else -100
    wanted = wanted_of(of, x, w, 1, 1, zero)
    bias = np.array([1, -2, 300, 10**6], np.int32)
    y = of.run_layer(x, w, outputs_like(of, wanted), before=1, zero=zero, bias=bias)
    np.testing.assert_array_equal(y, wanted + bias.reshape(-1, *[1] * (y.ndim - 2)))


@needs_cc
@pytest.mark.parametrize(("name", "type"), [("transposed", "float32"), ("stride 2", "int8")])
def test_data_and_outputs_lie_as_strides_say(name, type):
    """Channels first, and every second place of a larger array, beside which nothing is written."""
    of = compiled_plan(name, type)
    x, w = numbers(of, 10, 12, 1, sizes_of(name))
    wanted = wanted_of(of, x, w, 1, 1)
    planes = np.ascontiguousarray(x)
    larger = np.full([2 * size for size in wanted.shape], 77, np.int32 if of.exact else np.float32)
    y = larger[tuple([slice(1, None, 2)] * larger.ndim)]
    assert_right(of, of.run_layer(planes, w, y, before=1), wanted, 10)
    y[...] = 77
    assert (larger == 77).all()


@needs_cc
@pytest.mark.parametrize("name", ["transposed", "stride 2"])
def test_threads_and_parts_change_nothing(name):
    """Parts of images of several rows, and of several images, by any number of threads."""
    of = compiled_plan(name, QUICK[name])
    for sizes in ((40, 41), (6, 5)):
        x, w = numbers(of, 70, 17, 1, sizes)
        wanted = wanted_of(of, x, w, 1, 1)
        alone = of.run_layer(x, w, outputs_like(of, wanted), before=1)
        assert_right(of, alone, wanted, 70)
        for threads in (2, 5, 64):
            found = of.run_layer(x, w, outputs_like(of, wanted), before=1, threads=threads)
            np.testing.assert_array_equal(found, alone)


@needs_cc
def test_bias_and_clamp():
    of = compiled_plan("transposed", "float32")
    x, w = numbers(of, 16, 4, 1, (7, 8))
    bias = np.array([5, -7, 1000, 0], np.float32)
    wanted = wanted_of(of, x, w, 1) + bias[:, None, None]
    y = of.run_layer(x, w, outputs_like(of, wanted), bias=bias, lo=-20000, hi=30000)
    assert_right(of, y, np.clip(wanted, -20000, 30000), 16)
    assert y.min() == -20000
    assert y.max() == 30000


@needs_cc
@pytest.mark.parametrize(("name", "type", "more"), [("transposed", "float32", 1), ("gaps", "int8", 2)])
def test_outputs_behind_the_last_of_a_transposed_convolution(name, type, more):
    """What PyTorch calls the output's padding, and outputs between, get the bias alone."""
    of = compiled_plan(name, type)
    x, w = numbers(of, 9, 3, 1, (5, 6))
    wanted = wanted_of(of, x, w, 1, more=more)
    bias = np.array([3, -4, 5], np.int32 if of.exact else np.float32)
    y = of.run_layer(x, w, outputs_like(of, wanted), after=-more, bias=bias, threads=2)
    assert_right(of, y, wanted + bias[:, None, None], 9)
    assert (y[..., -1, -1] == bias).all()


@needs_cc
def test_layers_that_cannot_be_are_refused():
    of = compiled_plan("stride 2", "int8")
    x, w = numbers(of, 16, 4, 1, (9, 9))
    y = outputs_like(of, wanted_of(of, x, w, 1))
    right = of.layer(x, 4, y)
    assert of.check(right, None) == OK
    wrong = {"n": 0, "c": 15, "groups": 3, "flags": 1, "x_c": -1, "y_c": 0, "y_n": 1}
    for field, value in wrong.items():
        layer = of.layer(x, 4, y)
        setattr(layer, field, value)
        if field == "c":
            layer.groups = 2
        assert of.check(layer, None) == ARGUMENT, field
        assert of.filter_size(layer) == of.work_size(layer, 1) == 0
    for field, value in (("size", 2), ("before", -1), ("after", -1), ("size", 2**31 - 1)):
        layer = of.layer(x, 4, y)
        getattr(layer, field)[1] = value
        assert of.check(layer, None) == ARGUMENT, (field, value)
    prepared, work = Buffer(of.filter_size(right)), Buffer(of.work_size(right, 1))
    assert of.prepare(right, w.ctypes.data, 0, prepared.address + 4) == ARGUMENT
    assert of.prepare(right, w.ctypes.data, 0, prepared.address) == OK
    given = (x.ctypes.data, prepared.address, 0, None, y.ctypes.data, work.address)
    assert of.run(right, *given, work.size - 64, 0, 1) == SIZE
    assert of.run(right, *given, work.size, 1, 1) == ARGUMENT
    of_zero_1 = (*given[:2], 1, *given[3:])
    assert of.run(right, *of_zero_1, work.size, 0, 1) == ARGUMENT
    other = of.layer(x, 4, y, flags=DIRECT)
    assert of.run(other, *given, work.size, 0, 1) == ARGUMENT
    assert (y == 77).all()


@needs_cc
def test_weights_whose_sums_may_not_fit_are_refused():
    """Of a piece, whose scale takes bits, or of the whole."""
    of = compiled_plan("stride 2", "int8")
    for C, flags, status in ((14000, 0, OVERFLOW), (14000, DIRECT, OK), (15000, DIRECT, OVERFLOW)):
        x, w = numbers(of, C, 1, 1, (3, 3), kind="low")
        layer = of.layer(x, 1, channels_last((2, 1, 1, 1), np.int32), flags=flags)
        prepared = Buffer(of.filter_size(layer))
        assert of.prepare(layer, w.ctypes.data, 0, prepared.address) == status, (C, flags)


def test_plans_that_no_kernel_has_are_refused():
    stride = make_plan(Problem(3, stride=2, axes=2), 2)
    for type in ("float16", "int32"):
        with pytest.raises(UnknownName, match=f"unknown type of a plan '{type}'"):
            plan_files(stride, type)
    with pytest.raises(NotApplicable, match=r"has a transform along the depth; plan with --tile 1x2x2"):
        plan_files(make_plan(Problem(3, axes=3), 2))
    with pytest.raises(NotApplicable, match="it has 4 axes"):
        plan_files(make_plan(Problem(1, axes=4), 2))
    whole = winograd("F(4x4,3x3)", moduli="0,1,-1,x^2+1,inf")
    with pytest.raises(NotApplicable, match=r"the maps of .* are of whole tiles"):
        plan_files(make_plan(Problem(3, axes=2), 4, choose=lambda m, r: whole))
    first, *rest = make_plan(Problem(3, dilation=2), 2).pieces
    other = Piece(winograd(2, 3, points="0,1,-1/2"), first.strands)
    with pytest.raises(NotApplicable, match=r"two algorithms F\(2,3\)"):
        plan_files(Plan(Problem(3, dilation=2), (other, *rest)))


@needs_cc
@pytest.mark.parametrize("points", ["accuracy", "integer"])
def test_another_algorithm_in_place_of_a_kernel_is_refused(points, tmp_path):
    """Two plans may have kernels of one name: the plan that was written first would have the error of the other's."""
    problem = Problem(3, stride=2, axes=2)
    first, second = (plan_files(make_plan(problem, 4, points=of)) for of in (points, "integer"))
    for file, text in (second | {name: text for name, text in first.items() if "_plan_" in name}).items():
        (tmp_path / file).write_text(text)
    (source,) = tmp_path.glob("*_plan_*.c")
    command = [CC, f"-std={STANDARDS[CC]}", "-fsyntax-only", source.name]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (done.returncode == 0) == (points == "integer"), done.stderr
    assert ("f4x4_2x2_float32.h is of another algorithm" in done.stderr) == (points == "accuracy")


def test_tiles_side_by_side_are_kernels_too():
    axis = beside(winograd(4, 3), winograd(3, 3))
    plan = make_plan(Problem(3, dilation=2, axes=2), 7, choose=lambda m, r: nest(axis, axis))
    assert "wincraft_f7x7_3x3_float32.c" in plan_files(plan)


@pytest.mark.slow
@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize(("name", "type"), [("1x7", "float32"), ("gaps", "int8"), ("three axes", "uint8")])
@pytest.mark.parametrize("options", [AVX2, ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]])
def test_the_program_is_right_under_every_compiler(compiler, name, type, options):
    folder, prefix = write_files(name, type)
    used = FAST if options is AVX2 else options
    sources = sorted(path.name for path in folder.glob("*.c"))
    language = "c++" if STANDARDS[compiler].startswith("c++") else "c"
    main = f"-D{prefix.upper()}_MAIN"
    command = [compiler, f"-std={STANDARDS[compiler]}", *WARNINGS, "-O1", *used, main, "-x", language, *sources]
    built = subprocess.run(
        [*command, "-x", "none", "-o", "test", "-lm"], capture_output=True, text=True, cwd=folder, check=False
    )
    assert (built.returncode, built.stderr) == (0, ""), built.stderr
    done = subprocess.run(["./test"], capture_output=True, text=True, cwd=folder, check=False)
    assert (done.returncode, done.stdout) == (0, "all layers are right\n")
    assert subprocess.run(["./test", "wrong"], capture_output=True, cwd=folder, check=False).returncode == 2


@needs_cc
@pytest.mark.slow
def test_the_benchmark_prints_two_times():
    folder, prefix = write_files("one axis", "float32")
    sources = sorted(path.name for path in folder.glob("*.c"))
    command = ["cc", "-O1", f"-D{prefix.upper()}_MAIN", *sources, "-o", "bench", "-lm"]
    subprocess.run(command, cwd=folder, check=True)
    done = subprocess.run(
        ["./bench", "bench", "1", "8", "64", "8", "8"], capture_output=True, text=True, cwd=folder, check=True
    )
    assert re.fullmatch(r"\d+\.\d{4} \d+\.\d{4}\n", done.stdout)
