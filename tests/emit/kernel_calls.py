# SPDX-License-Identifier: Apache-2.0
"""What the tests of conv2d kernels share: kernels by name, compiled once, and layers run on NumPy arrays."""

from __future__ import annotations

import atexit
import ctypes
import platform
import re
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from c_headers import CC, CLASSIC, STANDARDS, WARNINGS, made

from wincraft import nest, parse, winograd
from wincraft.emit.kernel.conv2d import conv2d_files

OK, ARGUMENT, OVERFLOW, SIZE = 0, -1, -3, -4
ON_THE_FLY, DIRECT, ACCUMULATE = 1, 2, 4
HIGHEST = 2**31 - 1

INTEGER_POINTS = "0,1,-1,2,-1/2"
"""Of F(4,3): exact for any int8 data and weights of 3640 channels."""

KERNELS = {
    "int8": ("F(4x4,3x3)", "int8", {"points": INTEGER_POINTS}),
    "uint8": ("F(4x4,3x3)", "uint8", {"points": INTEGER_POINTS}),
    "int8, classic": ("F(4x4,3x3)", "int8", {"points": CLASSIC[6]}),
    "int8, x^2+1": ("F(4x4,3x3)", "int8", {"moduli": "0,1,-1,x^2+1,inf"}),
    "uint8, F(2x2,3x3)": ("F(2x2,3x3)", "uint8", {"points": CLASSIC[4]}),
    "int8, F(2x2,3x3)": ("F(2x2,3x3)", "int8", {"points": CLASSIC[4]}),
    "int8, F(3x3,3x3)": ("F(3x3,3x3)", "int8", {"points": "0,1,-1,2"}),
    "int8, F(2x4,3x3)": ("F(2x4,3x3)", "int8", {"points": f"{CLASSIC[4]};{INTEGER_POINTS}"}),
    "int8, F(6x6,3x3)": ("F(6x6,3x3)", "int8", {"points": "int8-exact"}),
    "int8, F(8x8,3x3)": ("F(8x8,3x3)", "int8", {"points": "int8-exact"}),
    "uint8, F(4x4,5x5)": ("F(4x4,5x5)", "uint8", {"points": "int8-exact"}),
    "int8, F(4,3)": ("F(4,3)", "int8", {"points": INTEGER_POINTS}),
    "float32": ("F(4x4,3x3)", "float32", {}),
    "float16": ("F(4x4,3x3)", "float16", {}),
    "bfloat16": ("F(4x4,3x3)", "bfloat16", {}),
    **{f"F({m}x{m},3x3)": (f"F({m}x{m},3x3)", "float32", {}) for m in (2, 3, 5, 6, 7, 8)},
    "F(4,3)": ("F(4,3)", "float32", {}),
    "F(2,4)": ("F(2,4)", "float32", {}),
    "F(2x4,3x5)": ("F(2x4,3x5)", "float32", {}),
    "x^2+1": ("F(4x4,3x3)", "float32", {"moduli": "0,1,-1,x^2+1,inf"}),
    "legendre": ("legendre, images", "float32", None),
    "integer": ("F(4x4,3x3)", "float32", {"points": CLASSIC[6], "convention": "integer"}),
}
"""Size, type of the images and what else makes the algorithm, by name; or one that C headers are tested with."""


def _instructions():
    """What /proc/cpuinfo lists; nothing where there is none."""
    path = Path("/proc/cpuinfo")
    found = re.search(r"^flags\s*:(.*)$", path.read_text(), re.MULTILINE) if path.exists() else None
    return set(found[1].split()) if found else set()


INSTRUCTIONS = _instructions()
X86 = platform.machine().lower() in ("x86_64", "amd64")
AVX2, AVX512 = ["-mavx2", "-mfma"], ["-march=x86-64-v4"]
FAST = AVX2 if {"avx2", "fma"} <= INSTRUCTIONS else []
"""What most kernels are compiled with: the vectors of this machine, but no wider than eight lanes."""


class Conv(ctypes.Structure):
    _fields_ = [
        *(
            (name, ctypes.c_int32)
            for name in ["n", "h", "w", "c", "k", "r", "s", "pad_top", "pad_left", "pad_bottom", "pad_right"]
        ),
        *((name, ctypes.c_int32) for name in ("stride_h", "stride_w", "groups", "flags")),
        *((name, ctypes.c_ssize_t) for name in ["x_n", "x_h", "x_w", "x_c", "y_n", "y_h", "y_w", "y_c"]),
    ]


class Requantise(ctypes.Structure):
    _fields_ = [
        ("bias", ctypes.c_void_p),
        ("x_zero", ctypes.c_int32),
        ("y_zero", ctypes.c_int32),
        ("multiplier", ctypes.c_void_p),
        ("shift", ctypes.c_void_p),
        ("scale", ctypes.c_void_p),
        ("lo", ctypes.c_int32),
        ("hi", ctypes.c_int32),
    ]


class Buffer:
    """So many bytes at a multiple of 64, between others that nothing may write to."""

    def __init__(self, size):
        self.bytes = np.full(size + 256, 0xA5, np.uint8)
        self.start = 64 + -self.bytes.ctypes.data % 64
        self.size = size

    @property
    def address(self):
        return self.bytes.ctypes.data + self.start

    def check(self):
        assert (self.bytes[: self.start] == 0xA5).all()
        assert (self.bytes[self.start + self.size :] == 0xA5).all()


def pointer(array):
    return None if array is None else array.ctypes.data


class Kernel:
    """A compiled kernel; `text` is its header."""

    def __init__(self, files, folder, options, compiler=CC):
        (self.source,) = (name for name in files if name.endswith(".c"))
        self.prefix = self.source.removesuffix(".c")
        self.text = files[f"{self.prefix}.h"]
        self.dtype = np.dtype({"bfloat16": "uint16"}.get(self.prefix.split("_")[-1], self.prefix.split("_")[-1]))
        for name, text in files.items():
            (folder / name).write_text(text)
        command = [compiler, f"-std={STANDARDS[compiler]}", *WARNINGS, *options, "-shared", "-fPIC", self.source]
        built = subprocess.run([*command, "-o", "lib.so"], capture_output=True, text=True, cwd=folder, check=False)
        assert (built.returncode, built.stderr) == (0, ""), built.stderr
        self.library = ctypes.CDLL(str(folder / "lib.so"))
        address, size, number = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int
        conv = ctypes.POINTER(Conv)
        more = {
            "prepare": [address, ctypes.c_int32, address, address],
            "run": [address, address, address, address, address, size, number, number],
        }
        if not self.exact:
            more = {
                "prepare": [address, address],
                "run": [*[address] * 3, ctypes.c_float, ctypes.c_float, address, address, size, number, number],
            }
        more["run_openmp"] = more["run"][:-2]
        for name, arguments in {
            "check": [],
            "uses_winograd": [],
            "filter_size": [],
            "work_size": [number],
            **more,
        }.items():
            function = getattr(self.library, f"{self.prefix}_{name}", None)
            if function is not None:
                function.argtypes = [conv, *arguments]
                function.restype = size if name.endswith("_size") else number
                setattr(self, name, function)

    @property
    def exact(self):
        return self.dtype.itemsize == 1

    def error(self, channels):
        """The header's bound for data and filters in [-1, 1]."""
        return bound_of(self.text)(channels)

    def prepared(self, conv, g, x_zero=0):
        """A prepared filter, the status and how many channels fit (of floats None)."""
        found = Buffer(self.filter_size(conv))
        fitting = ctypes.c_int32(-1)
        more = (x_zero, found.address, ctypes.addressof(fitting)) if self.exact else (found.address,)
        status = self.prepare(conv, pointer(np.ascontiguousarray(g)), *more)
        found.check()
        return found, status, fitting.value if self.exact else None

    def layer(self, x, g, y=None, *, threads=1, raw=True, openmp=False, **options):
        """The outputs of a layer; `y` may be a view of any strides, made by `outputs` otherwise.

        Of integers `how` (a dictionary of fields) requantises unless `raw`; of floats options are bias, lo, hi.
        """
        names = ("pads", "stride", "groups", "flags")
        conv = conv_of(x, g, **{name: options.pop(name) for name in names if name in options})
        if y is None:
            y = np.zeros(output_shape(conv), np.int32 if self.exact and raw else self.dtype)
        set_outputs(conv, y)
        zero = options.get("x_zero", 0)
        panels, status, _ = self.prepared(conv, g, zero)
        assert status == OK
        work = Buffer(self.work_size(conv, threads))
        if self.exact:
            how, _kept = requantise(**options)
            arguments = (x.ctypes.data, panels.address, ctypes.addressof(how), y.ctypes.data)
        else:
            bias = options.get("bias")
            limits = (options.get("lo", -np.inf), options.get("hi", np.inf))
            arguments = (x.ctypes.data, panels.address, pointer(bias), *limits, y.ctypes.data)
        arguments = (conv, *arguments, work.address, work.size)
        if openmp:
            assert self.run_openmp(*arguments) == OK
        else:
            with ThreadPoolExecutor(min(threads, 4)) as pool:
                done = pool.map(lambda thread: self.run(*arguments, thread, threads), reversed(range(threads)))
                assert set(done) == {OK}
        work.check()
        panels.check()
        return y


def requantise(**fields):
    """The structure, and the arrays that it points to."""
    how, kept = Requantise(), []
    for name, value in fields.items():
        if name in ("bias", "multiplier", "shift", "scale") and value is not None:
            kept.append(np.ascontiguousarray(value, np.float32 if name == "scale" else np.int32))
            value = kept[-1].ctypes.data  # noqa: PLW2901
        setattr(how, name, value)
    return how, kept


def conv_of(x, g, pads=(0, 0, 0, 0), stride=(1, 1), groups=1, flags=0):
    """The layer of data (n, h, w, c), a view of any strides, and filters (k, c, r, s); outputs are NHWC."""
    strides = (step // x.itemsize for step in x.strides)
    return with_outputs(Conv(*x.shape, *(g.shape[i] for i in (0, 2, 3)), *pads, *stride, groups, flags, *strides))


def with_outputs(conv):
    _, oh, ow, k = output_shape(conv)
    conv.y_n, conv.y_h, conv.y_w, conv.y_c = oh * ow * k, ow * k, k, 1
    return conv


def output_shape(conv):
    height, width = conv.h + conv.pad_top + conv.pad_bottom, conv.w + conv.pad_left + conv.pad_right
    return conv.n, (height - conv.r) // conv.stride_h + 1, (width - conv.s) // conv.stride_w + 1, conv.k


def set_outputs(conv, y):
    assert y.shape == output_shape(conv)
    conv.y_n, conv.y_h, conv.y_w, conv.y_c = (step // y.itemsize for step in y.strides)


def dense(n=1, h=8, w=8, c=16, k=16, r=3, s=3, pad=1, **more):
    """A contiguous NHWC layer, its fields changed by `more`."""
    conv = with_outputs(Conv(n, h, w, c, k, r, s, pad, pad, pad, pad, 1, 1, 1, 0, h * w * c, w * c, c, 1))
    for name, value in more.items():
        setattr(conv, name, value)
    return conv


_FOLDER = Path(tempfile.mkdtemp(prefix="wincraft_kernels_"))
_NUMBERS = count()
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)


def new_folder():
    """One of its own, until the tests end."""
    folder = _FOLDER / str(next(_NUMBERS))
    folder.mkdir()
    return folder


def filter_shape(name):
    """Height and width of the filters that an algorithm of `KERNELS` is made for."""
    sizes = re.search(r",([\dx]+)\)", KERNELS[name][0])
    return (1, *map(int, sizes[1].split("x")))[-2:] if sizes else (3, 3)


def bound_of(header):
    """The macro of the error's bound, as a function of the channels."""
    found = re.search(r"_ERROR\(c\) \(\(double\)\(c\) \* \((\S+) \+ \(double\)\(c\) \* (\S+)\)\)", header)
    a, b = map(float, found.groups())
    return lambda channels: channels * (a + channels * b)


def algorithm_of(name):
    size, _, options = KERNELS[name]
    if options is None:
        return made(size)
    if "moduli" in options:
        return nest(*[winograd(4, 3, **options)] * 2)
    return parse(size, **options)


@cache
def files_of(name, lanes=None):
    """The two files of a kernel of `KERNELS`."""
    return conv2d_files(algorithm_of(name), KERNELS[name][1], lanes)


@cache
def kernel(name, *options, lanes=None, compiler=CC):
    """A kernel of `KERNELS`, compiled; by default for the vectors of this machine."""
    if not compiler:
        pytest.skip("neither gcc nor clang is installed")
    if KERNELS[name][1] == "float16" and not has_float16(compiler):
        pytest.skip(f"{compiler} has no _Float16 here")
    folder = new_folder()
    return Kernel(files_of(name, lanes), folder, options or ("-O2", "-ffp-contract=fast", *FAST), compiler)


@cache
def has_float16(compiler):
    command = [compiler, "-x", "c", "-E", "-dM", "-", *FAST]
    return "__FLT16_MAX__" in subprocess.run(command, input="", capture_output=True, text=True, check=True).stdout
