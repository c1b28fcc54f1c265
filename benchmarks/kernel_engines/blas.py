# SPDX-License-Identifier: Apache-2.0
"""im2col in C and the matrix product of the OpenBLAS that numpy or scipy brings."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from pathlib import Path

import numpy as np

from .compilers import aligned_copy, library
from .timing import interleaved
from .work import Engine, Ready, Skipped, Work

# as the wheels of numpy and scipy name it, and as everyone else does; True where its integers have 64 bits
NAMES = (
    ("scipy_cblas_sgemm64_", True),
    ("cblas_sgemm64_", True),
    ("scipy_cblas_sgemm", False),
    ("cblas_sgemm", False),
)


def openblas() -> list[ctypes.CDLL]:
    """Those that numpy and scipy loaded: each wheel brings its own."""
    import scipy.linalg  # noqa: F401

    maps = Path("/proc/self/maps")
    lines = maps.read_text(encoding="utf-8").splitlines() if maps.exists() else []
    paths = dict.fromkeys(line.split(maxsplit=5)[-1] for line in lines if "openblas" in line)
    if not paths:
        raise Skipped("neither numpy nor scipy brings an OpenBLAS")
    return [ctypes.CDLL(path) for path in paths]


def versions() -> dict[str, str]:
    """As each says it was built, and for which processor it chose its kernels."""
    return {"OpenBLAS": ", ".join(_said(code) for code in openblas())}


def _said(code: ctypes.CDLL) -> str:
    words = []
    for name in ("openblas_get_config", "openblas_get_corename"):
        known = [full for full in (f"scipy_{name}64_", f"{name}64_", f"scipy_{name}", name) if hasattr(code, full)]
        for full in known[:1]:
            getattr(code, full).restype = ctypes.c_char_p
            words.append(getattr(code, full)().decode())
    return f"{words[0].split(' ')[1]} ({words[-1]})" if words else "of unknown version"


def products() -> list[tuple[ctypes.c_void_p, bool]]:
    """The addresses of cblas_sgemm, and whether its integers have 64 bits."""
    found = []
    for code in openblas():
        for name, wide in [(name, wide) for name, wide in NAMES if hasattr(code, name)][:1]:
            found.append((ctypes.cast(getattr(code, name), ctypes.c_void_p), wide))
    if not found:
        raise Skipped("OpenBLAS without cblas_sgemm")
    return found


def prepare(work: Work, march: str) -> Ready:
    """With the faster OpenBLAS, where there are two."""
    layer = work.layer
    convolve = library("gcc", Path(__file__).with_name("im2col.c"), march).convolve
    convolve.restype = None
    shape = (layer.n, layer.k, layer.h, layer.w)
    planes = [aligned_copy(work.x), *(aligned_copy(np.zeros(shape, np.float32)) for _ in work.filters)]
    filters = [aligned_copy(one) for one in work.filters]
    columns = aligned_copy(np.zeros((9 * layer.c, layer.h * layer.w), np.float32))
    sizes = [ctypes.c_int(size) for size in (layer.n, layer.c, layer.k, layer.h, layer.w)]

    def pointer(array: np.ndarray) -> ctypes.c_void_p:
        return ctypes.c_void_p(array.ctypes.data)

    def call_of(address: ctypes.c_void_p, wide: bool) -> Callable[[], None]:
        calls = [
            (address, ctypes.c_int(wide), *sizes, pointer(x), pointer(one), pointer(columns), pointer(y))
            for x, one, y in zip(planes[:-1], filters, planes[1:], strict=True)
        ]

        def call() -> None:
            for arguments in calls:
                convolve(*arguments)

        return call

    calls = {str(index): call_of(*item) for index, item in enumerate(products())}
    times = interleaved(calls, rounds=5, seconds=5)
    fastest = min(times, key=lambda name: times[name].least)
    keep = (planes, filters, columns)
    return Ready(calls[fastest], lambda: keep[0][-1])


def engines(march: str) -> list[Engine]:
    openblas()
    return [Engine("im2col", "OpenBLAS", "float32", lambda work: prepare(work, march))]
