# SPDX-License-Identifier: Apache-2.0
"""Bad input: a status says what is wrong, and nothing is touched."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from c_headers import CC, needs_cc
from kernel_calls import (
    ARGUMENT,
    DIRECT,
    FAST,
    HIGHEST,
    OK,
    ON_THE_FLY,
    OVERFLOW,
    SIZE,
    Buffer,
    Conv,
    dense,
    files_of,
    kernel,
    requantise,
)

NAMES = ("float32", "int8")
SIZES = [name for name, _ in Conv._fields_[:13]]
NEEDED = [name for name in SIZES if not name.startswith("pad")]


@pytest.fixture(params=NAMES)
def of(request):
    return kernel(request.param)


class Call:
    """A run that is right, its arguments by name, to be changed one by one."""

    def __init__(self, of, **fields):
        self.of, self.conv = of, dense(**fields)
        g = np.ones((self.conv.k, self.conv.c, 3, 3), np.int8 if of.exact else np.float32)
        self.panels, status, _ = of.prepared(self.conv, g)
        assert status == OK
        self.work = Buffer(of.work_size(self.conv, 1))
        self.x = np.ones((self.conv.n, self.conv.h, self.conv.w, self.conv.c), of.dtype)
        self.y = np.full((self.conv.n, 8, 8, self.conv.k), 77, np.int32 if of.exact else of.dtype)
        how = {"how": ctypes.addressof(self.keep())} if of.exact else {"bias": None, "lo": -np.inf, "hi": np.inf}
        self.arguments = {"conv": self.conv, "x": self.x.ctypes.data, "prepared": self.panels.address, **how}
        self.arguments |= {"y": self.y.ctypes.data, "work": self.work.address, "work_bytes": self.work.size}
        self.arguments |= {"thread": 0, "threads": 1}

    def keep(self, **fields):
        self.kept = requantise(**fields)
        return self.kept[0]

    def __call__(self, **changed):
        """The status; unless that is OK no output was written."""
        status = self.of.run(*(self.arguments | changed).values())
        assert status == OK or (self.y == 77).all()
        return status


# --- layers -----------------------------------------------------------------------------------------------------------


def test_no_layer(of):
    assert of.check(None) == ARGUMENT
    assert (of.uses_winograd(None), of.filter_size(None), of.work_size(None, 1)) == (0, 0, 0)
    assert of.check(Conv()) == ARGUMENT


@pytest.mark.parametrize("name", SIZES)
@pytest.mark.parametrize("value", [0, -1, -(2**31), HIGHEST])
def test_sizes_that_cannot_be(of, name, value):
    conv = dense()
    assert of.check(conv) == OK
    setattr(conv, name, value)
    if (name.startswith("pad") and value == 0) or (name.startswith("stride_") and value == HIGHEST):
        assert of.check(conv) == OK
    else:
        assert of.check(conv) == ARGUMENT
        assert (of.uses_winograd(conv), of.filter_size(conv), of.work_size(conv, 1)) == (0, 0, 0)
        assert of.prepare(conv, None, *((0, None, None) if of.exact else (None,))) == ARGUMENT


def test_all_sizes_as_large_as_can_be(of):
    conv = dense(**dict.fromkeys(SIZES, HIGHEST))
    assert of.check(conv) == ARGUMENT
    for field in SIZES:
        conv = dense(**{name: HIGHEST for name in SIZES if name != field})
        assert of.check(conv) == ARGUMENT


@pytest.mark.parametrize("flags", [8, 9, -1, 2**30])
def test_unknown_flags(of, flags):
    assert of.check(dense(flags=flags)) == ARGUMENT


@pytest.mark.parametrize(("field", "value"), [("groups", 3), ("groups", 17), ("groups", 32)])
def test_groups_that_do_not_divide_the_channels(of, field, value):
    assert of.check(dense(**{field: value})) == ARGUMENT
    assert of.check(dense(c=3, groups=3)) == ARGUMENT  # 16 filters


def test_a_filter_larger_than_the_padded_image(of):
    assert of.check(dense(h=2, pad_top=0, pad_bottom=0)) == ARGUMENT
    assert of.check(dense(w=1, pad_left=0)) == ARGUMENT
    assert of.check(dense(h=2, pad_top=0)) == OK


@pytest.mark.parametrize(
    "strides",
    [
        {"y_c": 0},
        {"y_w": 0},
        {"y_w": 15},
        {"y_h": 8 * 16 - 1},
        {"y_n": 64 * 16 - 1},
        {"y_n": 0, "y_h": 0, "y_w": 0, "y_c": 0},
        {"y_c": 16, "y_w": 16},
        {"y_w": -16},
        {"x_w": -16},
        {"x_c": -1},
        {"y_n": 2**63 - 1},
        {"x_n": 2**62},
        {"x_h": -(2**63)},
    ],
)
def test_outputs_that_overlap_and_strides_beyond_memory(of, strides):
    assert of.check(dense(n=2, **strides)) == ARGUMENT


def test_strides_of_a_size_of_1_do_not_matter(of):
    call = Call(of)
    assert call(conv=dense(x_n=-(2**63), y_n=2**63 - 1)) == OK
    assert of.check(dense(n=2, x_n=0)) == OK  # one image read twice


def test_depthwise_layers_are_layers(of):
    assert of.check(dense(groups=16, pad=0)) == OK
    assert of.check(dense(groups=16, k=32, y_n=1 << 20, y_h=1 << 10, y_w=32)) == OK
    assert of.check(dense(c=1, k=1)) == OK  # an image with one filter


def test_where_the_algorithm_runs(of):
    assert of.uses_winograd(dense()) == 1
    assert of.uses_winograd(dense(flags=ON_THE_FLY)) == 1
    for other in (
        dense(flags=DIRECT),
        dense(flags=DIRECT + ON_THE_FLY),
        dense(c=7),
        dense(r=2),
        dense(s=5),
        dense(groups=4),
    ):
        assert of.check(other) == OK
        assert of.uses_winograd(other) == 0
    assert of.uses_winograd(dense(stride_w=2)) == of.uses_winograd(dense(stride_h=2)) == 0


# --- preparing and running --------------------------------------------------------------------------------------------


def test_a_filter_that_is_not_there_or_not_aligned(of):
    conv, g = dense(), np.ones((16, 16, 3, 3), np.int8 if of.exact else np.float32)
    panels = Buffer(of.filter_size(conv) + 64)
    panels.size -= 64
    more = (lambda at: (0, at, None)) if of.exact else (lambda at: (at,))
    assert of.prepare(conv, None, *more(panels.address)) == ARGUMENT
    assert of.prepare(conv, g.ctypes.data, *more(None)) == ARGUMENT
    for off in (1, 4, 16, 32):
        assert of.prepare(conv, g.ctypes.data, *more(panels.address + off)) == ARGUMENT
    assert (panels.bytes == 0xA5).all()
    assert of.prepare(conv, g.ctypes.data, *more(panels.address)) == OK
    panels.check()


def test_pointers_that_are_not_there(of):
    call = Call(of)
    for name in ("conv", "x", "prepared", "y", "work", *(["how"] if of.exact else [])):
        assert call(**{name: None}) == ARGUMENT
    assert call() == OK


def test_buffers_that_are_not_aligned(of):
    call = Call(of)
    for off in (1, 8, 32, 63):
        assert call(work=call.work.address + off) == ARGUMENT
        assert call(prepared=call.panels.address + off) == ARGUMENT


def test_a_workspace_that_is_too_small(of):
    call = Call(of)
    for size in (0, 1, call.work.size - 1):
        assert call(work_bytes=size) == SIZE
    of_two = of.work_size(call.conv, 2)
    assert of_two > 0
    assert call(threads=2, work_bytes=of_two - 1) == SIZE
    assert call(work_bytes=2**62) == OK


def test_threads_that_cannot_be(of):
    call = Call(of)
    for thread, threads in ((-1, 1), (1, 1), (0, 0), (0, -1), (2, 2), (-(2**31), HIGHEST), (0, -(2**31))):
        assert call(thread=thread, threads=threads) == ARGUMENT
    for threads in (0, -1, -(2**31)):
        assert of.work_size(call.conv, threads) == 0
    assert of.work_size(call.conv, HIGHEST) > of.work_size(call.conv, 1)


def test_a_filter_of_another_layer(of):
    call = Call(of, k=32)
    others = ({"k": 48}, {"c": 24}, {"flags": ON_THE_FLY}, {"flags": DIRECT}, {"groups": 2}, {"r": 2}, {"s": 4})
    for fields in others:
        conv = dense(**{"k": 32, **fields})
        work = Buffer(of.work_size(conv, 1))
        assert call(conv=conv, work=work.address, work_bytes=work.size) == ARGUMENT
        work.check()
    assert call(prepared=Buffer(call.panels.size).address) == ARGUMENT  # never prepared
    assert call() == OK


def test_the_batch_the_image_and_padding_may_change(of):
    call = Call(of)
    conv = dense(n=1, h=3, w=5, pad=2)
    assert call(conv=conv) == OK


def test_a_filter_that_another_build_prepared():
    """Other lanes, other data or other points order and mean the numbers in another way."""
    call = Call(kernel("int8"))
    for name, plain in (("int8", True), ("uint8", False), ("int8, classic", False)):
        other = kernel(name, "-O1", "-DWINCRAFT_F4X4_3X3_INT8_PLAIN") if plain else kernel(name)
        panels, status, _ = other.prepared(call.conv, np.ones((16, 16, 3, 3), np.int8))
        assert status == OK
        assert call(prepared=panels.address) == ARGUMENT


def test_a_filter_that_was_refused_does_not_run():
    of = kernel("int8, classic")
    call = Call(of, c=240)
    panels, status, channels = of.prepared(call.conv, np.full((16, 240, 3, 3), -128, np.int8))
    assert (status, channels) == (OVERFLOW, 227)
    assert call(prepared=panels.address) == ARGUMENT


@pytest.mark.parametrize("limits", [(1, 0), (np.nan, 1), (0, np.nan), (np.inf, -np.inf), (np.nan, np.nan)])
def test_limits_of_floats(limits):
    call = Call(kernel("float32"))
    assert call(lo=limits[0], hi=limits[1]) == ARGUMENT


ONES, FULL = np.ones(16, np.int32), {"lo": -128, "hi": 127}


@pytest.mark.parametrize(
    "how",
    [
        {"scale": ONES, "lo": 1, "hi": 0},
        {"scale": ONES, "lo": -129, "hi": 127},
        {"scale": ONES, "lo": -128, "hi": 128},
        {"scale": ONES, **FULL, "y_zero": 128},
        {"scale": ONES, **FULL, "y_zero": -129},
        {"scale": ONES, "multiplier": ONES, "shift": ONES, **FULL},
        {"multiplier": ONES, **FULL},
        {"shift": ONES, **FULL},
        {"scale": ONES, "shift": ONES, **FULL},
        {"multiplier": ONES, "shift": ONES * 31, **FULL},
        {"multiplier": ONES, "shift": ONES * -32, **FULL},
        {"multiplier": ONES, "shift": ONES * HIGHEST, **FULL},
        {"multiplier": ONES, "shift": ONES * -(2**31), **FULL},
        {"x_zero": 1, "scale": ONES, **FULL},
        {"x_zero": 1},
    ],
)
def test_requantisation_that_cannot_be(how):
    call = Call(kernel("int8"))
    assert call(how=ctypes.addressof(call.keep(**how))) == ARGUMENT


def test_a_zero_point_outside_the_data():
    for name, low, high in (("int8", -128, 127), ("uint8", 0, 255)):
        of = kernel(name)
        for zero, status in ((low, OK), (high, OK), (low - 1, ARGUMENT), (high + 1, ARGUMENT), (-(2**31), ARGUMENT)):
            assert of.prepared(dense(), np.ones((16, 16, 3, 3), np.int8), zero)[1] == status


# --- anything at all --------------------------------------------------------------------------------------------------


def extremes(folder, name, compiler, *options):
    """The program of kernel_extremes.c for a kernel."""
    for file, text in files_of(name).items():
        (folder / file).write_text(text)
    header, source = sorted(files_of(name), reverse=True, key=lambda file: file.endswith(".h"))
    prefix = source.removesuffix(".c")
    data = ["-DDATA=int8_t", "-DEXACT"] if name == "int8" else ["-DDATA=float"]
    harness = str(Path(__file__).parent / "kernel_extremes.c")
    named = [f'-DKERNEL="{header}"', f"-DP(name)={prefix}_##name", *data, "-I."]
    command = [compiler, "-std=c11", "-O1", *options, *named, harness, source, "-o", "extremes", "-lm"]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)


def assert_passes(folder, times, before=()):
    done = subprocess.run([*before, folder / "extremes", str(times)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    right, wrong, unsupported, run = map(int, done.stdout.split())
    assert min(right, wrong) > times / 1000
    assert right + wrong + unsupported == times
    assert run == times // 1000


@pytest.mark.slow
@needs_cc
@pytest.mark.parametrize("name", [NAMES[0], *(pytest.param(name, marks=pytest.mark.slow) for name in NAMES[1:])])
def test_any_layer_is_answered_and_no_byte_beside_is_touched(tmp_path, name):
    """Under sanitizers: sizes and strides of any value, and small layers in memory of exactly the size they need."""
    sanitizers = ["-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    done = extremes(tmp_path, name, CC, *sanitizers, *FAST)
    if "sanitize" in done.stderr or "asan" in done.stderr:
        pytest.skip(f"{CC} has no sanitizers here")
    assert (done.returncode, done.stderr) == (0, "")
    assert_passes(tmp_path, 400_000)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_any_layer_is_answered_where_pointers_have_32_bits(tmp_path, name):
    compiler, emulator = "arm-linux-gnueabihf-gcc", "qemu-arm"
    missing = [tool for tool in (compiler, emulator) if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"{' and '.join(missing)} not installed")
    traps = ["-fsanitize=undefined", "-fsanitize-undefined-trap-on-error", "-static", "-mfpu=neon"]
    done = extremes(tmp_path, name, compiler, *traps)
    assert (done.returncode, done.stderr) == (0, "")
    assert_passes(tmp_path, 1_000_000, before=[emulator])
