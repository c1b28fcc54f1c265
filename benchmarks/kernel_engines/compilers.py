# SPDX-License-Identifier: Apache-2.0
"""Shared libraries from C, by the compilers of this machine."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from .work import Skipped

FLAGS = ("-O3", "-ffp-contract=fast", "-std=gnu99", "-shared", "-fPIC")
PLACE = tempfile.TemporaryDirectory(prefix="wincraft-kernels-")


def version_of(compiler: str) -> str:
    """The first line of `compiler --version`."""
    return subprocess.run([compiler, "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]


def library(compiler: str, source: Path, march: str, *more: str) -> ctypes.CDLL:
    """The source, compiled and loaded; Skipped where the compiler is missing or refuses."""
    if not shutil.which(compiler):
        raise Skipped(f"no {compiler} on this machine")
    target = Path(PLACE.name) / f"{source.parent.name}-{source.stem}-{compiler}-{march}.so"
    if not target.exists():
        command = [compiler, *FLAGS, f"-march={march}", *more, str(source), "-o", str(target), "-lm"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Skipped(f"{compiler} refused {source.name}: {done.stderr.strip().splitlines()[0]}")
    return ctypes.CDLL(str(target))


def aligned(bytes_needed: int) -> np.ndarray:
    """That many bytes of zeros whose address is a multiple of 64."""
    block = np.zeros(bytes_needed + 64, np.uint8)
    start = -block.ctypes.data % 64
    return block[start : start + bytes_needed]


def aligned_copy(array: np.ndarray) -> np.ndarray:
    """The array, row by row, at an address that is a multiple of 64."""
    place = aligned(array.nbytes).view(array.dtype).reshape(array.shape)
    place[...] = array
    return place
