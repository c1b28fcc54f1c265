# SPDX-License-Identifier: Apache-2.0
"""A step of Winograd-aware training as one function of autograd, a few images at a time, so that tiles stay in cache.

The ratios of scales are multiplied into the matrices and the filters before, and rounding is in float32: codes can
differ from those of evaluation, which rounds one float64 product, where a value lies within a few units in the last
place of a tie.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from typing import NamedTuple, Protocol

import torch
from torch.autograd.function import once_differentiable

from wincraft.torch.tiles import cut, put_back, windows

ClipEnds = tuple[float, float] | None
"""What rounded values are clipped to; None where a step does not round."""


class FoldedStep(NamedTuple):
    """A transform from what is stored before it to what is stored behind it: ratio * (matrix (gain * values)).

    The matrix is the Kronecker product of those of the `axes`, or of a whole tile. The gain is what one of a value
    before it stands for, the ratio what one behind it is in stored ones; each is one number per place.
    """

    axes: list[torch.Tensor]
    ratio: torch.Tensor
    gain: torch.Tensor
    ends: ClipEnds

    @property
    def matrix(self) -> torch.Tensor:
        """With its ratios and its gains."""
        return self.ratio[:, None] * reduce(torch.kron, self.axes) * self.gain


class TileWork(NamedTuple):
    """What `FusedTiles` does besides its matrices: n, m and the numbers of tiles by axis, and what each step rounds to.

    There is one pair of ends for each matrix of the input and of the output; a part is as many `images`.
    """

    n: tuple[int, ...]
    m: tuple[int, ...]
    tiles: tuple[int, ...]
    of_input: tuple[ClipEnds, ...]
    of_output: tuple[ClipEnds, ...]
    of_products: ClipEnds
    images: int

    def empty_outputs(self, x: torch.Tensor, V: torch.Tensor) -> torch.Tensor:
        """For images (N, ..., C) and filters (taps, C, K): (N, tiles * m ..., K)."""
        sizes = (count * step for count, step in zip(self.tiles, self.m, strict=True))
        return x.new_empty(len(x), *sizes, V.shape[-1])

    def parts(self, images: int) -> Iterator[slice]:
        """The images of every part."""
        return (slice(at, min(at + self.images, images)) for at in range(0, images, self.images))


class TileContext(Protocol):
    """What PyTorch hands to a function of this work and to its gradient."""

    work: TileWork
    needs_input_grad: tuple[bool, ...]
    saved_tensors: tuple[torch.Tensor, ...]

    def save_for_backward(self, *tensors: torch.Tensor) -> None:
        """Keep tensors for the gradient."""


class FusedTiles(torch.autograd.Function):
    """Outputs (N, tiles * m ..., K) of padded images (N, H, W, C), filters V (taps, C, K), and matrices.

    U = W_k ... W_1 tiles, M = sum_c V_c U_c, y = A_k ... A_1 M, rounded and clipped after each as `TileWork` says. The
    gradients are those of the products where nothing is clipped, and 0 where something is.
    """

    @staticmethod
    def forward(
        ctx: TileContext, work: TileWork, x: torch.Tensor, V: torch.Tensor, *matrices: torch.Tensor
    ) -> torch.Tensor:
        """Everything in the dtype of the images."""
        y = work.empty_outputs(x, V)
        kept: list[torch.Tensor] = []
        split = len(work.of_input)
        for part in work.parts(len(x)):
            value = cut(x[part], work.n, work.m)
            for matrix, ends in zip(matrices[:split], work.of_input, strict=True):
                value = _stored(_applied(matrix, value), ends, kept)
            value = _stored(torch.bmm(value, V), work.of_products, kept)
            for matrix, ends in zip(matrices[split:], work.of_output, strict=True):
                value = _stored(_applied(matrix, value), ends, kept)
            windows(y[part], work.m, work.m).copy_(value.view(*work.m, -1, *work.tiles, y.shape[-1]))
        ctx.work = work
        ctx.save_for_backward(x, V, *matrices, *kept)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: TileContext, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Part by part, from the rounded values."""
        work, split, steps = ctx.work, len(ctx.work.of_input), len(ctx.work.of_input) + len(ctx.work.of_output)
        x, V, *rest = ctx.saved_tensors
        matrices, kept = rest[:steps], iter(rest[steps:])
        of_x, of_V = (torch.zeros_like(item) if ctx.needs_input_grad[1 + k] else None for k, item in enumerate((x, V)))
        of_matrices = [torch.zeros_like(item) for item in matrices]
        learned = ctx.needs_input_grad[3:]

        def back(number: int, passed: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
            if learned[number]:
                of_matrices[number].addmm_(passed.reshape(len(passed), -1), before.reshape(len(before), -1).T)
            return _applied(matrices[number].T, passed)

        for part in work.parts(len(x)):
            rounded = [next(kept) for _ in range(steps + 1)]
            ends = (*work.of_input, work.of_products, *work.of_output)
            passed = cut(gradient[part], work.m, work.m)
            for number in reversed(range(split, steps)):
                passed = _unclipped(passed, rounded[number + 1], ends[number + 1])
                passed = back(number, passed, _clipped(rounded[number], ends[number]))
            passed = _unclipped(passed, rounded[split], work.of_products)
            if of_V is not None:
                before = _clipped(rounded[split - 1], ends[split - 1])
                of_V.baddbmm_(before.transpose(1, 2), passed)
            if of_x is None and not any(learned[:split]):
                continue
            passed = torch.bmm(passed, V.transpose(1, 2))
            for number in reversed(range(split)):
                passed = _unclipped(passed, rounded[number], ends[number])
                first = number == 0
                tiles = cut(x[part], work.n, work.m) if first and learned[0] else passed
                passed = back(number, passed, tiles if first else _clipped(rounded[number - 1], ends[number - 1]))
            if of_x is not None:
                of_x[part] = put_back(passed, x[part].shape, work.n, work.m)
        return None, of_x, of_V, *(item if on else None for item, on in zip(of_matrices, learned, strict=True))


def _applied(matrix: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    return torch.mm(matrix, value.reshape(len(value), -1)).view(len(matrix), *value.shape[1:])


def _stored(value: torch.Tensor, ends: ClipEnds, kept: list[torch.Tensor]) -> torch.Tensor:
    """What goes on; what the gradient needs is kept: the rounded values before they are clipped."""
    kept.append(value if ends is None else value.round_())
    return _clipped(value, ends)


def _clipped(rounded: torch.Tensor, ends: ClipEnds) -> torch.Tensor:
    return rounded if ends is None else rounded.clamp(*ends)


def _unclipped(gradient: torch.Tensor, rounded: torch.Tensor, ends: ClipEnds) -> torch.Tensor:
    """The gradient where nothing was clipped."""
    if ends is None:
        return gradient
    low, high = ends
    inside: torch.Tensor = torch.ops.aten.hardtanh_backward(gradient, rounded, low - 0.5, high + 0.5)
    return inside
