# SPDX-License-Identifier: Apache-2.0
"""How many operations a second this core can do at most, measured like an engine, in turns with them."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import numpy as np

from .compilers import library
from .timing import interleaved
from .work import Engine, Ready, Work

ROUNDS = 200_000
# by name: what compilers call it, the bytes of a vector, and the flag that Linux shows for it
SETS = {"AVX2": ("x86-64-v3", 32, "avx2"), "AVX-512": ("x86-64-v4", 64, "avx512bw")}
KINDS = {"float32": "float_operations", "int8": "pair_operations"}


def prepare(instructions: str, type: str) -> Ready:
    """Multiply-adds of floats, or sums of pairs of int16 products; `output` gives their operations."""
    march, size, _ = SETS[instructions]
    code = library("gcc", Path(__file__).with_name("peak.c"), march, f"-DBYTES={size}")
    run: Any = getattr(code, KINDS[type])
    run.argtypes = [ctypes.c_int64, ctypes.POINTER(ctypes.c_float)]
    values = (ctypes.c_float * 3)(0.5, 1.0, 0.0)
    return Ready(lambda: run(ROUNDS, values), lambda: np.array(run(ROUNDS, values) * float(ROUNDS)))


def engines(flags: str) -> list[Engine]:
    """The peaks of the instruction sets that the processor has."""

    def prepare_of(instructions: str, type: str) -> Any:
        return lambda work: prepare(instructions, type)

    return [
        Engine(f"peak {name}", "peak", type, prepare_of(name, type), part=True)
        for name, (_, _, flag) in SETS.items()
        if flag in flags.split()
        for type in KINDS
    ]


def peaks(engines: list[Engine], nothing: Work | None = None) -> dict[str, float]:
    """Operations per second by `name type`, timed alone."""
    ready = {f"{item.name} {item.type}": item.prepare(nothing) for item in engines}  # type: ignore[arg-type]
    times = interleaved({name: item.call for name, item in ready.items()}, rounds=30, seconds=5)
    return {name: float(item.output()) / times[name].least for name, item in ready.items()}
