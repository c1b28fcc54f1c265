# SPDX-License-Identifier: Apache-2.0
"""What the tests of plans in C share: plans by name, compiled once, and layers run on NumPy arrays."""

from __future__ import annotations

import ctypes
import subprocess
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import pytest
from c_headers import CC, STANDARDS, WARNINGS
from kernel_calls import FAST, OK, Buffer, new_folder, pointer

from wincraft.emit.kernel.plans import plan_files
from wincraft.plan import Problem, make_plan

EXACT = {"points": "int8-exact"}

PLANS = {
    "stride 2": ({"kernel": 3, "stride": 2, "axes": 2}, 4, EXACT),
    "stride 3": ({"kernel": 3, "stride": 3, "axes": 2}, 2, EXACT),
    "dilation 2": ({"kernel": 3, "dilation": 2, "axes": 2}, 2, EXACT),
    "transposed": ({"kernel": 3, "stride": 2, "axes": 2, "transposed": True}, 4, EXACT),
    "7x7": ({"kernel": 7, "axes": 2}, 2, {"longest": 4, **EXACT}),
    "1x7": ({"kernel": (1, 7)}, 2, {"longest": 4, **EXACT}),
    "5x5 stride 2": ({"kernel": 5, "stride": 2, "axes": 2}, 4, EXACT),
    "one axis": ({"kernel": 5, "stride": 2}, 4, EXACT),
    "three axes": ({"kernel": 3, "stride": (1, 2, 1), "axes": 3}, "1x2x2", EXACT),
    "stride 2, dilation 3": ({"kernel": 3, "stride": 2, "dilation": 3, "axes": 2}, 2, EXACT),
    "gaps": ({"kernel": (2, 3), "stride": 3, "dilation": 2, "transposed": True}, 2, EXACT),
    "1x1 stride 2": ({"kernel": 1, "stride": 2, "axes": 2}, 2, EXACT),
}
"""The problem, the tile and what else makes the plan, by name."""


class Layer(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_int32) for name in ("n", "c", "k", "groups")),
        *((name, ctypes.c_int32 * 3) for name in ("size", "before", "after")),
        ("flags", ctypes.c_int32),
        *((name, ctypes.c_ssize_t) for name in ("x_n", "x_c")),
        ("x", ctypes.c_ssize_t * 3),
        *((name, ctypes.c_ssize_t) for name in ("y_n", "y_c")),
        ("y", ctypes.c_ssize_t * 3),
    ]


@cache
def plan_of(name):
    problem, tile, options = PLANS[name]
    return make_plan(Problem(**problem), tile, **options)


def write_files(name, type):
    """The files of a plan in a folder of their own, and the plan's prefix."""
    folder = new_folder()
    files = plan_files(plan_of(name), type)
    for file, text in files.items():
        (folder / file).write_text(text)
    (prefix,) = (file.removesuffix(".c") for file in files if file.startswith("wincraft_plan") and file.endswith(".c"))
    return folder, prefix


@cache
def compiled_plan(name, type):
    if not CC:
        pytest.skip("neither gcc nor clang is installed")
    return CompiledPlan(name, type)


class CompiledPlan:
    """A plan in C, compiled without a warning."""

    def __init__(self, name, type):
        self.plan, self.problem = plan_of(name), plan_of(name).problem
        self.exact, self.dtype = type != "float32", np.dtype(type)
        folder, self.prefix = write_files(name, type)
        sources = sorted(path.name for path in folder.glob("*.c"))
        command = [CC, f"-std={STANDARDS[CC]}", *WARNINGS, "-O0", *FAST, "-shared", "-fPIC", *sources]
        built = subprocess.run([*command, "-o", "lib.so"], capture_output=True, text=True, cwd=folder, check=False)
        assert (built.returncode, built.stderr) == (0, ""), built.stderr
        library = ctypes.CDLL(str(folder / "lib.so"))
        address, size, number = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int
        middle = [ctypes.c_int32, address] if self.exact else [address, ctypes.c_float, ctypes.c_float]
        arguments = {
            "check": [address],
            "filter_size": [],
            "work_size": [number],
            "prepare": [address, ctypes.c_int32, address] if self.exact else [address, address],
            "run": [address, address, *middle, address, address, size, number, number],
        }
        for function, types in arguments.items():
            found = getattr(library, f"{self.prefix}_{function}")
            found.argtypes = [ctypes.POINTER(Layer), *types]
            found.restype = size if function.endswith("_size") else number
            setattr(self, function, found)
        self.header = (folder / f"{self.prefix}.h").read_text()

    def layer(self, x, K, y=None, *, before=0, after=None, groups=1, flags=0):
        """The layer of data (N, C, ...), a view of any strides; before and after are of every axis."""
        d = x.ndim - 2
        layer = Layer(x.shape[0], x.shape[1], K, groups, flags=flags, x_n=x.strides[0] // x.itemsize)
        layer.x_c = x.strides[1] // x.itemsize
        layer.size[:] = [1] * (3 - d) + list(x.shape[2:])
        layer.before[:] = [0] * (3 - d) + [before] * d
        layer.after[:] = [0] * (3 - d) + [before if after is None else after] * d
        layer.x[:] = [0] * (3 - d) + [step // x.itemsize for step in x.strides[2:]]
        if y is not None:
            layer.y_n, layer.y_c = (step // y.itemsize for step in y.strides[:2])
            layer.y[:] = [0] * (3 - d) + [step // y.itemsize for step in y.strides[2:]]
        return layer

    def run_layer(self, x, w, y, *, threads=1, zero=0, bias=None, lo=-np.inf, hi=np.inf, **options):
        """Compute y, whatever its strides."""
        K = w.shape[1] * options.get("groups", 1) if self.problem.transposed else w.shape[0]
        layer, more = self.layer(x, K, y, **options), ((zero,) if self.exact else ())
        outputs = (ctypes.c_int32 * 3)()
        assert self.check(layer, outputs) == OK
        assert tuple(outputs)[3 - (x.ndim - 2) :] == y.shape[2:]
        prepared, work = Buffer(self.filter_size(layer)), Buffer(self.work_size(layer, threads))
        assert self.prepare(layer, pointer(np.ascontiguousarray(w)), *more, prepared.address) == OK
        prepared.check()
        limits = () if self.exact else (lo, hi)
        arguments = (pointer(x), prepared.address, *more, pointer(bias), *limits, pointer(y), work.address, work.size)
        with ThreadPoolExecutor(min(threads, 4)) as pool:
            done = pool.map(lambda thread: self.run(layer, *arguments, thread, threads), reversed(range(threads)))
            assert set(done) == {OK}
        work.check()
        prepared.check()
        return y


def channels_last(shape, dtype):
    """What stands as [n][...][c], indexed as (N, C, ...), full of another number."""
    n, c, *sizes = shape
    return np.moveaxis(np.full((n, *sizes, c), 77, dtype), -1, 1)
