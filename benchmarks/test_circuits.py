# SPDX-License-Identifier: Apache-2.0
"""Data transforms as C on 16 lanes: the programs of fewest additions beside textbook even/odd, turn by turn."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from wincraft import winograd
from wincraft.circuit import Program, gates_of, optimised, scaled
from wincraft.construct import Circuits
from wincraft.emit.expressions import assignments
from wincraft.exact import as_fractions

LANES, TILES, TURNS = 16, 2000, 41
FLAGS = ["-O3", "-march=native", "-ffp-contract=fast", "-shared", "-fPIC"]
HEAD = f"""
#include <stddef.h>
#include <time.h>
typedef float lanes __attribute__((vector_size({4 * LANES})));
"""


def line(name: str, program: Program) -> str:
    """A program as a function of lines of lanes at a step."""
    names = [f"d{k}" for k in range(program.inputs)]
    values, outputs = assignments(program, names, lambda c: f"{float(as_fractions([c], program.domain)[0])!r}f")
    body = [f"    const lanes {d} = d[{k} * step];" for k, d in enumerate(names)]
    body += [f"    const lanes {value} = {' '.join(terms)};" for value, terms in values]
    body += [f"    u[{k} * to] = {' '.join(terms)};" for k, terms in enumerate(outputs)]
    head = f"static inline void {name}(const lanes *d, ptrdiff_t step, lanes *u, ptrdiff_t to)"
    return "\n".join([head, "{", *body, "}"])


def tile(name: str, n: int) -> str:
    """Both passes over n x n tiles, a number of them, and the seconds of CPU time that they take."""
    return f"""
double run_{name}(const lanes *restrict d, lanes *restrict u, int tiles)
{{
    struct timespec start, end;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
    for (int k = 0; k < tiles; ++k) {{
        lanes t[{n * n}];
        for (int i = 0; i < {n}; ++i) {name}(d + i, {n}, t + i, {n});
        for (int i = 0; i < {n}; ++i) {name}(t + {n} * i, 1, u + {n} * i, 1);
        __asm__ volatile("" : : "r"(u) : "memory");
    }}
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    return (double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec);
}}
"""


@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
@pytest.mark.parametrize(("size", "points", "target"), [("4", "0,1,-1,2,-2", 1.0), ("6", "0,1,-1,2,-2,1/2,-1/2", 1.1)])
def test_data_transform_beside_textbook_even_odd(benchmark, figure, tmp_path: Path, size, points, target):
    algorithm = winograd(int(size), 3, points=points)
    BT = algorithm.input.dense
    textbook = optimised("even-odd", BT)[0]
    fewest = Circuits(algorithm, "fewest").of(BT).program
    free = scaled(gates_of(fewest), free=range(len(fewest.outputs)))  # factors of B^T's rows move into G's
    programs, n = {"textbook": textbook, "fewest": fewest, "free": free}, algorithm.n[0]
    source = HEAD + "".join(line(name, program) + tile(name, n) for name, program in programs.items())
    (tmp_path / "t.c").write_text(source)
    subprocess.run(["gcc", *FLAGS, "-o", "t.so", "t.c"], cwd=tmp_path, check=True)
    library = ctypes.CDLL(str(tmp_path / "t.so"))
    raw = np.zeros(2 * n * n * LANES + 16, np.float32)
    aligned = raw[(-raw.ctypes.data % 64) // 4 :][: 2 * n * n * LANES]
    d, u = aligned[: n * n * LANES], aligned[n * n * LANES :]
    d[:] = np.random.default_rng(0).standard_normal(d.shape)
    results, times = {}, {name: [] for name in programs}
    pointers = [ctypes.c_void_p(array.ctypes.data) for array in (d, u)]
    for _ in range(TURNS):
        for name in programs:
            run = getattr(library, f"run_{name}")
            run.restype = ctypes.c_double
            times[name].append(run(*pointers, TILES))
            results[name] = u.reshape(n, n, LANES).copy()
    exact = np.einsum("ij,jkl,mk->iml", *(algorithm.to_numpy()[2],), d.reshape(n, n, LANES), algorithm.to_numpy()[2])
    for name in ("textbook", "fewest"):
        np.testing.assert_allclose(results[name], exact, rtol=1e-4, atol=1e-3)
    benchmark.pedantic(lambda: None, rounds=1)
    nanoseconds = {name: 1e9 * min(found) / TILES for name, found in times.items()}
    ratios = {
        name: float(np.median(np.array(times["textbook"]) / np.array(times[name]))) for name in ("fewest", "free")
    }
    counts = {name: len(gates_of(program).gates) for name, program in programs.items()}
    benchmark.extra_info.update(ratios)
    message = figure(
        f"F({size}x{size},3x3) data transform of {n}x{n}x{LANES}: even/odd {nanoseconds['textbook']:.0f} ns "
        f"({counts['textbook']} additions a line), fewest {nanoseconds['fewest']:.0f} ns ({counts['fewest']}), "
        f"{ratios['fewest']:.2f} times faster; with free row factors {nanoseconds['free']:.0f} ns, {ratios['free']:.2f}"
    )
    assert max(ratios.values()) >= target - 0.05 * (target == 1.0), message
