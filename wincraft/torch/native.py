# SPDX-License-Identifier: Apache-2.0
"""`FusedTiles` of two axes with its transforms, its rounding and their gradients in C, where there is a compiler.

A transform of 36 values by a matrix of 36 x 36 is 1296 products; by one matrix of 6 x 6 per axis it is 432, and what is
rounded, kept and clipped is so while it is in registers. What is kept for the gradient are integers of 16 bits.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.resources import files
from math import prod
from pathlib import Path

import torch
from torch.autograd.function import once_differentiable

from wincraft.torch.fused import ClipEnds, FoldedStep, TileContext, TileWork

_LARGEST_SIDE, _LARGEST = 12, 2**15 - 2
"""Of a tile, and of what is kept of a value, that the C knows."""
_LANES = 16
"""Of float32 in a vector; half of them where channels or outputs are no multiple."""
_FACTORS = 4
"""P, Q, ratio and gain of each step."""
_FLAGS = ("-std=gnu11", "-O3", "-march=native", "-fPIC", "-shared")


class _Kept(ctypes.Structure):
    _fields_ = (("data", ctypes.c_void_p), ("low", ctypes.c_float), ("high", ctypes.c_float))


class _Step(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_int32) for name in "abcd"),
        *((name, ctypes.c_void_p) for name in ("P", "Q", "ratio", "gain")),
        ("kept", _Kept),
        *((name, ctypes.c_void_p) for name in ("of_P", "of_Q", "of_ratio", "of_gain")),
    )


class _Images(ctypes.Structure):
    _fields_ = (
        ("data", ctypes.c_void_p),
        *((name, ctypes.c_int64) for name in ("H", "W", "channels", "rows", "columns")),
        ("m", ctypes.c_int64 * 2),
    )


class _Work(ctypes.Structure):
    _fields_ = (
        ("x", _Images),
        ("y", _Images),
        ("steps", ctypes.POINTER(_Step)),
        ("of_input", ctypes.c_int32),
        ("of_output", ctypes.c_int32),
        ("V", ctypes.c_void_p),
        ("products", _Kept),
        ("of_V", ctypes.c_void_p),
        ("tiles", ctypes.c_int64),
        ("n", ctypes.c_int32 * 2),
    )


@cache
def library(lanes: int) -> ctypes.CDLL | None:
    """The functions compiled for so many channels at a time, or None where no C compiler makes them; once in a process.

    >>> library(3) is None
    True
    """
    compiler = shutil.which(os.environ.get("CC") or "cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        return None
    source = files("wincraft.torch").joinpath("tile_steps.c").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "tile_steps.so"
        command = [compiler, *_FLAGS, f"-DLANES={lanes}", "-x", "c", "-", "-o", str(made)]
        try:
            done = subprocess.run(command, input=source, text=True, capture_output=True, timeout=120, check=False)
            found = ctypes.CDLL(str(made)) if done.returncode == 0 else None
        except (OSError, subprocess.TimeoutExpired):
            return None
    if found is not None:
        span = ctypes.c_int64, ctypes.c_int64
        found.wincraft_forward.argtypes = ctypes.POINTER(_Work), *span
        found.wincraft_backward.argtypes = ctypes.POINTER(_Work), ctypes.c_void_p, *span
    return found


def runs_natively(images: torch.Tensor, work: TileWork, steps: Sequence[FoldedStep]) -> bool:
    """Whether `NativeTiles` does this work with these steps, and there is a compiler."""
    ends = (*work.of_input, work.of_products, *work.of_output[:-1], work.of_output[-1] or (0.0, 0.0))
    rounds = all(pair is not None and max(-pair[0], pair[1]) <= _LARGEST for pair in ends)
    sides = [side for step in steps for matrix in step.axes for side in matrix.shape]
    fits = all(len(step.axes) == len(work.n) == 2 for step in steps) and max(sides) <= _LARGEST_SIDE
    return rounds and fits and images.device.type == "cpu" and library(_LANES) is not None


class NativeTiles(torch.autograd.Function):
    """As `FusedTiles`, in float32 of two axes; per step the factors P (a, b), Q (c, d), ratio (a c) and gain (b d).

    A step is Y = ratio * (P (gain * X) Q^T); every one but the last rounds, and the products do. Tiles are shared out
    among as many threads as PyTorch has.
    """

    @staticmethod
    def forward(
        ctx: TileContext, work: TileWork, x: torch.Tensor, V: torch.Tensor, *factors: torch.Tensor
    ) -> torch.Tensor:
        """Images (N, H, W, C) and filters (taps, C, K) to outputs (N, tiles * m ..., K)."""
        x, V, factors = x.contiguous(), V.contiguous(), tuple(item.contiguous() for item in factors)
        y = work.empty_outputs(x, V)
        tiles, split = len(x) * prod(work.tiles), len(work.of_input)
        sizes = [(len(ratio), V.shape[1 if number < split else 2]) for number, ratio in enumerate(factors[2::_FACTORS])]
        sizes.insert(split, (len(V), V.shape[2]))
        ends = (*work.of_input, work.of_products, *work.of_output)
        kept = [
            torch.empty(places, tiles, channels, dtype=torch.int16)
            for (places, channels), pair in zip(sizes, ends, strict=True)
            if pair is not None
        ]
        found = _described(work, x, y, V, factors, kept)
        run = _library(x, V).wincraft_forward
        _run_shares([lambda begin, end: run(ctypes.byref(found), begin, end)] * torch.get_num_threads(), work, len(x))
        ctx.work = work
        ctx.save_for_backward(x, V, *factors, *kept)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: TileContext, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """From what was kept."""
        work = ctx.work
        count = _FACTORS * (len(work.of_input) + len(work.of_output))
        x, V, *rest = ctx.saved_tensors
        factors, kept = tuple(rest[:count]), rest[count:]
        _, of_images, of_filters, *learned = ctx.needs_input_grad
        of_x = torch.zeros_like(x) if of_images else None
        shares = torch.get_num_threads()
        of_V = V.new_zeros(shares, *V.shape) if of_filters else None
        of_factors = [
            item.new_zeros(shares, *item.shape) if on else None for item, on in zip(factors, learned, strict=True)
        ]
        gradient, transposed = gradient.contiguous(), V.transpose(1, 2).contiguous()

        run = _library(x, V).wincraft_backward

        def share(number: int) -> _Share:
            mine = [None if item is None else item[number] for item in (of_V, *of_factors)]
            found = _described(work, x, gradient, transposed, factors, kept, mine)
            to = None if of_x is None else of_x.data_ptr()
            return lambda begin, end: run(ctypes.byref(found), to, begin, end)

        _run_shares([share(number) for number in range(shares)], work, len(x))
        return None, of_x, *(None if item is None else item.sum(0) for item in (of_V, *of_factors))


_Share = Callable[[int, int], int]


def _described(
    work: TileWork,
    x: torch.Tensor,
    y: torch.Tensor,
    V: torch.Tensor,
    factors: Sequence[torch.Tensor],
    kept: Sequence[torch.Tensor],
    gradients: Sequence[torch.Tensor | None] | None = None,
) -> _Work:
    """What the C takes; tensors have to outlive it. To `gradients` is added: that of V, then those of the factors."""
    of_V, *of_factors = (None if item is None else item.data_ptr() for item in gradients or [None] * (1 + len(factors)))
    stored = iter(kept)

    def keeps(ends: ClipEnds) -> _Kept:
        return _Kept() if ends is None else _Kept(next(stored).data_ptr(), *ends)

    def steps(first: int, all_ends: Sequence[ClipEnds]) -> list[_Step]:
        found = []
        for number, ends in enumerate(all_ends, start=first):
            span = slice(_FACTORS * number, _FACTORS * (number + 1))
            P, Q, *_ = given = factors[span]
            found.append(
                _Step(*P.shape, *Q.shape, *(item.data_ptr() for item in given), keeps(ends), *of_factors[span])
            )
        return found

    def images(data: torch.Tensor) -> _Images:
        _, H, W, channels = data.shape
        return _Images(data.data_ptr(), H, W, channels, *work.tiles, (ctypes.c_int64 * 2)(*work.m))

    split = len(work.of_input)
    before, products = steps(0, work.of_input), keeps(work.of_products)
    listed = [*before, *steps(split, work.of_output)]
    array = (_Step * len(listed))(*listed)
    sizes = split, len(work.of_output)
    tiles = len(x) * prod(work.tiles)
    return _Work(
        images(x), images(y), array, *sizes, V.data_ptr(), products, of_V, tiles, (ctypes.c_int32 * 2)(*work.n)
    )


def _library(x: torch.Tensor, V: torch.Tensor) -> ctypes.CDLL:
    whole = x.shape[-1] % _LANES == V.shape[-1] % _LANES == 0
    found = library(_LANES if whole else _LANES // 2)
    assert found is not None
    return found


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, "wincraft")


def _run_shares(shares: Sequence[_Share], work: TileWork, images: int) -> None:
    """Each share of the tiles, whole images, in a thread of its own.

    Raises:
        MemoryError: where there is none.
    """
    each = prod(work.tiles) * -(-images // len(shares))
    tiles = prod(work.tiles) * images
    spans = [(min(tiles, each * number), min(tiles, each * (number + 1))) for number in range(len(shares))]
    if len(shares) == 1:
        done = [shares[0](*spans[0])]
    else:
        done = list(_pool(len(shares)).map(lambda run, span: run(*span), shares, spans))
    if any(done):
        raise MemoryError("a step of training")
