# SPDX-License-Identifier: Apache-2.0
"""Images cut into overlapping tiles and put together again; channels come last."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import prod
from typing import Protocol

import torch
import torch.nn.functional as F


def tile_counts(outputs: Sequence[int], m: Sequence[int]) -> list[int]:
    """How many tiles of m outputs cover the outputs, axis by axis."""
    return [-(-size // step) for size, step in zip(outputs, m, strict=True)]


def covered(outputs: Sequence[int], m: Sequence[int], r: Sequence[int]) -> list[int]:
    """How many positions the tiles that cover the outputs read, axis by axis.

    >>> covered([30], [4], [3])
    [34]
    """
    return [count * step + taps - 1 for count, step, taps in zip(tile_counts(outputs, m), m, r, strict=True)]


def padded(x: torch.Tensor, low: Sequence[int], sizes: Sequence[int]) -> torch.Tensor:
    """(N, H, W, C) with `low` zeros before each axis, and zeros behind or a cut up to `sizes`."""
    pads: list[int] = []
    for size, before, wanted in zip(x.shape[1:-1], low, sizes, strict=True):
        pads = [before, wanted - size - before, *pads]
    return F.pad(x, [0, 0, *pads]) if any(pads) else x


def interleaved(x: torch.Tensor) -> torch.Tensor:
    """Positions in a tile behind those of tiles, axis by axis: (h, w, N, H, W, C) to (N, H, h, W, w, C)."""
    d = (x.ndim - 2) // 2
    return x.permute(d, *(axis for k in range(d) for axis in (d + 1 + k, k)), 2 * d + 1)


class _Windows(Protocol):
    """What the gradient of `cut` needs."""

    shape: torch.Size
    n: Sequence[int]
    m: Sequence[int]


class _Cut(torch.autograd.Function):
    """What `cut` does; the gradient of torch's own windows takes five times as long."""

    @staticmethod
    def forward(ctx: _Windows, x: torch.Tensor, n: Sequence[int], m: Sequence[int]) -> torch.Tensor:
        ctx.shape, ctx.n, ctx.m = x.shape, n, m
        tiles = windows(x, n, m)
        return tiles.reshape(prod(n), -1, x.shape[-1])

    @staticmethod
    def backward(ctx: _Windows, gradient: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        """Put the tiles back."""
        return put_back(gradient, ctx.shape, ctx.n, ctx.m), None, None


def windows(x: torch.Tensor, n: Sequence[int], m: Sequence[int]) -> torch.Tensor:
    """A view of windows of n at steps of m: (N, H, W, C) as (n, n, N, tiles, tiles, C).

    >>> windows(torch.zeros(2, 10, 6, 3), (6, 6), (4, 4)).shape
    torch.Size([6, 6, 2, 2, 1, 3])
    """
    d = len(n)
    for axis, (size, step) in enumerate(zip(n, m, strict=True), start=1):
        x = x.unfold(axis, size, step)
    return x.permute(*range(d + 2, 2 * d + 2), *range(d + 2))


def put_back(tiles: torch.Tensor, shape: Sequence[int], n: Sequence[int], m: Sequence[int]) -> torch.Tensor:
    """The sum of tiles (prod(n), N * tiles, C) where `windows` of images of a shape has them.

    Blocks of m positions, which lie side by side, at a time.
    """
    images, *sizes, channels = shape
    counts = [(size - length) // step + 1 for size, length, step in zip(sizes, n, m, strict=True)]
    blocks = [-(-length // step) for length, step in zip(n, m, strict=True)]
    given = tiles.reshape(*n, images, *counts, channels)
    steps = [t + b - 1 for t, b in zip(counts, blocks, strict=True)]
    places = [size for pair in zip(steps, m, strict=True) for size in pair]
    split = tiles.new_zeros(images, *places, channels)
    for block in product(*map(range, blocks)):
        part = given[tuple(slice(b * step, (b + 1) * step) for b, step in zip(block, m, strict=True))]
        where = [slice(None)]
        for b, t, inside in zip(block, counts, part.shape, strict=False):
            where += [slice(b, b + t), slice(inside)]
        split[tuple(where)] += interleaved(part)
    result = split.view(images, *(count * step for count, step in zip(steps, m, strict=True)), channels)
    return result[(slice(None), *map(slice, sizes))]


def cut(x: torch.Tensor, n: Sequence[int], m: Sequence[int]) -> torch.Tensor:
    """Windows of n at steps of m: (N, H, W, C) to (prod(n), N * tiles, C)."""
    result: torch.Tensor = _Cut.apply(x, n, m)
    return result


def join(y: torch.Tensor, m: Sequence[int], images: int, tiles: Sequence[int]) -> torch.Tensor:
    """Tiles of m outputs side by side: (prod(m), N * tiles, K) to (N, H, W, K)."""
    y = y.reshape(*m, images, *tiles, y.shape[-1])
    sizes = (t * s for t, s in zip(tiles, m, strict=True))
    return interleaved(y).reshape(images, *sizes, y.shape[-1])
