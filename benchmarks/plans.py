# SPDX-License-Identifier: Apache-2.0
"""The C files of plans beside the direct convolution of the same kernels and PyTorch, on one core.

    python -m benchmarks.plans                         # stride 2, 5x5, 7x7 and others, float32 and int8, on AVX2
    python -m benchmarks.plans --isa native            # with all that the processor has
    python -m benchmarks.plans --problems "5x5 stride 2" --layers 128,128,28,28

All run in one process, pinned to one core, in turns; the time is the least processor time of a call of the whole
process. Outputs of float32 are compared with the definition in float64, those of int8 have to be equal.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.kernel_engines.compilers import aligned, aligned_copy, version_of
from benchmarks.kernel_engines.holding import MARK, environment, processor, release_children
from benchmarks.kernel_engines.timing import interleaved

MARCH = {"avx2": "x86-64-v3", "native": "native"}
PROBLEMS: dict[str, tuple[dict[str, Any], str, dict[str, Any]]] = {
    "3x3 stride 2": ({"kernel": 3, "stride": 2, "axes": 2}, "4", {}),
    "5x5 stride 2": ({"kernel": 5, "stride": 2, "axes": 2}, "4", {}),
    "7x7": ({"kernel": 7, "axes": 2}, "4", {"longest": 4}),
    "3x3 dilation 2": ({"kernel": 3, "dilation": 2, "axes": 2}, "4", {}),
    "4x4 stride 2 transposed": ({"kernel": 4, "stride": 2, "axes": 2, "transposed": True}, "4", {}),
}
INTEGER_TILES = {"7x7": "2"}
"""Where U and V of the tile would need more than 16 bits, the one that is taken for int8."""


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


def options_of(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.plans", description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--problems", nargs="+", choices=list(PROBLEMS), default=list(PROBLEMS))
    add("--layers", nargs="+", metavar="C,K,H,W[,N]", default=["64,64,56,56"])
    add("--types", nargs="+", choices=["float32", "int8"], default=["float32", "int8"])
    add("--tile", help="of the pieces; default: 4, of int8 what fits 16 bits")
    add("--isa", choices=list(MARCH), default="avx2", help="what all may use")
    add("--compiler", default="gcc")
    add("--rounds", type=int, default=200)
    add("--seconds", type=float, default=20.0, help="at most, for each layer")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    options = options_of(arguments)
    if MARK in os.environ:
        release_children()
        return run(options)
    with tempfile.TemporaryDirectory(prefix="wincraft-held-") as place:
        values = environment(options.isa, Path(place))
        command = [sys.executable, "-m", "benchmarks.plans", *arguments]
        return subprocess.run(command, env={**os.environ, **values}, check=False).returncode


def run(options: argparse.Namespace) -> int:
    """Every problem, layer and type, in the environment that `main` made."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    print(f"{processor()['model name']}, {version_of(options.compiler)}, -march={MARCH[options.isa]}, one core; ms")
    print("problem | type | layer | pieces | direct | torch NCHW | torch NHWC | of direct | of torch | error")
    with tempfile.TemporaryDirectory(prefix="wincraft-plans-") as place:
        for name in options.problems:
            for type in options.types:
                compiled = compile_plan(name, type, options, Path(place))
                for layer in options.layers:
                    print(line_of(name, type, layer, compiled, options), flush=True)
    return 0


def compile_plan(name: str, type: str, options: argparse.Namespace, place: Path) -> tuple[Any, ctypes.CDLL, str]:
    """The plan, its library, and what its symbols begin with."""
    from wincraft.emit.kernel.plans import plan_files
    from wincraft.plan import Problem, make_plan

    given, tile, more = PROBLEMS[name]
    tile = options.tile or (INTEGER_TILES.get(name, tile) if type == "int8" else tile)
    plan = make_plan(Problem(**given), tile, points="int8-exact" if type == "int8" else None, **more)
    folder = place / f"{name}-{type}".replace(" ", "-")
    folder.mkdir()
    files = plan_files(plan, type)
    for file, text in files.items():
        (folder / file).write_text(text, encoding="utf-8")
    sources = [file for file in files if file.endswith(".c")]
    flags = ["-O3", "-ffp-contract=fast", f"-march={MARCH[options.isa]}", "-shared", "-fPIC"]
    subprocess.run([options.compiler, *flags, *sources, "-o", "lib.so", "-lm"], cwd=folder, check=True)
    return plan, ctypes.CDLL(str(folder / "lib.so")), sources[0].removesuffix(".c")


def line_of(name: str, type: str, shape: str, compiled: tuple[Any, ctypes.CDLL, str], options: Any) -> str:
    """A row of the table."""
    from wincraft.plan import convolve_directly

    plan, library, prefix = compiled
    C, K, H, W, *rest = map(int, shape.split(","))
    N, problem, rng = (rest or [1])[0], plan.problem, np.random.default_rng(0)
    pad = [t * (r - 1) // 2 for r, t in zip(problem.r, problem.t, strict=True)]
    taps = ((C, K) if problem.transposed else (K, C)) + problem.r
    if type == "int8":
        x, w = rng.integers(-128, 128, (N, C, H, W)), rng.integers(-128, 128, taps)
        wanted = convolve_directly(problem, x, w, pad)
        x, w = x.astype(np.int8), w.astype(np.int8)
    else:
        x, w = rng.standard_normal((N, C, H, W)).astype(np.float32), rng.standard_normal(taps).astype(np.float32)
        wanted = convolve_directly(problem, x.astype(np.float64), w.astype(np.float64), pad)
    calls: dict[str, Callable[[], Any]] = {}
    results = []
    for label, flags in (("pieces", 0), ("direct", 2)):
        calls[label], y = emitted(library, prefix, problem, x, w, wanted.shape, pad, flags, type)
        calls[label]()
        results.append(y)
    if type == "float32":
        calls |= torch_calls(problem, x, w, pad)
    times = {label: found.least * 1e3 for label, found in interleaved(calls, options.rounds, options.seconds).items()}
    told = [f"{times[label]:.3f}" if label in times else "-" for label in ("pieces", "direct", "NCHW", "NHWC")]
    best = min((times[label] for label in ("NCHW", "NHWC") if label in times), default=None)
    ratios = [times["direct"] / times["pieces"], None if best is None else best / times["pieces"]]
    told += ["-" if ratio is None else f"{ratio:.2f}" for ratio in ratios]
    off = [float(abs(y - wanted).max() / np.sqrt((wanted.astype(float) ** 2).mean())) for y in results]
    told.append("exact" if type == "int8" and off == [0, 0] else " ".join(f"{value:.1e}" for value in off))
    return " | ".join([name, type, shape, *told])


def emitted(
    library: ctypes.CDLL, prefix: str, problem: Any, x: Any, w: Any, shape: Any, pad: Any, flags: int, type: str
) -> tuple[Callable[[], Any], Any]:
    """A call of the plan, channels last, and its outputs."""
    N, C, H, W = x.shape
    _, K, OH, OW = shape
    data = aligned_copy(np.ascontiguousarray(x.transpose(0, 2, 3, 1)))
    y = aligned(int(np.prod(shape)) * 4).view(np.int32 if type == "int8" else np.float32).reshape(N, OH, OW, K)
    layer = Layer(N, C, K, 1, (1, H, W), (0, *pad), (0, *pad), flags, H * W * C, 1, (0, W * C, C), OH * OW * K, 1)
    layer.y[:] = (0, OW * K, K)
    sizes = {}
    for what, more in (("filter_size", ()), ("work_size", (ctypes.c_int(1),))):
        function = getattr(library, f"{prefix}_{what}")
        function.restype = ctypes.c_size_t
        sizes[what] = function(ctypes.byref(layer), *more)
        assert sizes[what], f"{what}: no such layer"
    prepared, work = aligned(sizes["filter_size"]), aligned(sizes["work_size"])
    filters = np.ascontiguousarray(w)
    zero = (ctypes.c_int32(0),) if type == "int8" else ()
    address = [ctypes.c_void_p(array.ctypes.data) for array in (filters, prepared, data, y, work)]
    assert getattr(library, f"{prefix}_prepare")(ctypes.byref(layer), address[0], *zero, address[1]) == 0
    limits = () if type == "int8" else (ctypes.c_float(-np.inf), ctypes.c_float(np.inf))
    run_layer = getattr(library, f"{prefix}_run")
    one = (ctypes.c_int(0), ctypes.c_int(1))
    given = (ctypes.byref(layer), address[2], address[1], *zero, None, *limits, address[3], address[4])
    given = (*given, ctypes.c_size_t(sizes["work_size"]), *one)

    def call(kept: object = (data, prepared, work)) -> None:
        assert kept
        status = run_layer(*given)
        assert status == 0, status

    return call, y.transpose(0, 3, 1, 2)


def torch_calls(problem: Any, x: Any, w: Any, pad: Any) -> dict[str, Callable[[], Any]]:
    """PyTorch's, in both layouts; none where it is not installed."""
    try:
        import torch
    except ImportError:
        return {}
    torch.set_num_threads(1)
    convolve = torch.nn.functional.conv_transpose2d if problem.transposed else torch.nn.functional.conv2d
    found = {}
    for label, memory in (("NCHW", torch.contiguous_format), ("NHWC", torch.channels_last)):
        data, filters = (torch.from_numpy(array).contiguous(memory_format=memory) for array in (x, w))

        def call(data: Any = data, filters: Any = filters) -> None:
            with torch.inference_mode():
                convolve(data, filters, None, problem.s, pad, dilation=problem.t)

        found[label] = call
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
