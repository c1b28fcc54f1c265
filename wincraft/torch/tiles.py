# SPDX-License-Identifier: Apache-2.0
"""Images cut into overlapping tiles and put together again; channels come last."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import torch
import torch.nn.functional as F


def tile_counts(outputs: Sequence[int], m: Sequence[int]) -> list[int]:
    """How many tiles of m outputs cover the outputs, axis by axis."""
    return [-(-size // step) for size, step in zip(outputs, m, strict=True)]


def padded(x: torch.Tensor, low: Sequence[int], sizes: Sequence[int]) -> torch.Tensor:
    """(N, H, W, C) with `low` zeros before each axis, and zeros behind or a cut up to `sizes`."""
    pads: list[int] = []
    for size, before, wanted in zip(x.shape[1:-1], low, sizes, strict=True):
        pads = [before, wanted - size - before, *pads]
    return F.pad(x, [0, 0, *pads]) if any(pads) else x


def cut(x: torch.Tensor, n: Sequence[int], m: Sequence[int]) -> torch.Tensor:
    """Windows of n at steps of m: (N, H, W, C) to (prod(n), N * tiles, C)."""
    d = len(n)
    for axis, (size, step) in enumerate(zip(n, m, strict=True), start=1):
        x = x.unfold(axis, size, step)
    order = (*range(d + 2, 2 * d + 2), *range(d + 2))
    return x.permute(order).reshape(prod(n), -1, x.shape[d + 1])


def join(y: torch.Tensor, m: Sequence[int], images: int, tiles: Sequence[int]) -> torch.Tensor:
    """Tiles of m outputs side by side: (prod(m), N * tiles, K) to (N, H, W, K)."""
    d = len(m)
    y = y.reshape(*m, images, *tiles, y.shape[-1])
    order = [d]
    for axis in range(d):
        order += [d + 1 + axis, axis]
    return y.permute(*order, 2 * d + 1).reshape(images, *(t * s for t, s in zip(tiles, m, strict=True)), -1)


def phases(x: torch.Tensor, stride: Sequence[int]) -> torch.Tensor:
    """Every residue class of positions as channels of its own: (N, H, W, C) to (N, H/s, W/s, s * s * C)."""
    for axis, step in enumerate(stride, start=1):
        x = x.unflatten(axis, (-1, step)).movedim(axis + 1, -2).flatten(-2) if step > 1 else x
    return x
