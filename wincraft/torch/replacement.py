# SPDX-License-Identifier: Apache-2.0
"""What layers share that take the place of torch's own convolutions: weights, inputs, and the look of outputs."""

from __future__ import annotations

from typing import Any, Self

import torch
from torch.nn.modules.conv import _ConvNd

from wincraft.errors import BadShape, TooLarge, WrongType
from wincraft.torch.calibrated import Calibrated


class Replacement(Calibrated):
    """A layer that can be made from the one it replaces."""

    @classmethod
    def from_direct(cls, direct: _ConvNd, **options: Any) -> Self:
        """The layer with the weights of a direct one, which it shares; options as for the layer itself."""
        layer = cls(
            direct.in_channels,
            direct.out_channels,
            direct.kernel_size,
            stride=direct.stride,
            padding=direct.padding,
            dilation=direct.dilation,
            groups=direct.groups,
            bias=direct.bias is not None,
            padding_mode=direct.padding_mode,
            device=direct.weight.device,
            dtype=direct.weight.dtype,
            **options,
        )
        layer.weight, layer.bias = direct.weight, direct.bias
        return layer.train(direct.training).to(direct.weight.device)


def check_input(layer: _ConvNd, x: torch.Tensor) -> None:
    """Check that an input is one for a layer.

    Raises:
        WrongType: no floating point.
        TooLarge: a kernel beyond the input.
        BadShape: other channels or dimensions.
    """
    d = len(layer.kernel_size)
    if not x.is_floating_point():
        raise WrongType("of floating point", f"an input of {x.dtype}", "call .float() on it")
    if x.ndim not in (d + 1, d + 2) or x.shape[-d - 1] != layer.in_channels:
        raise BadShape("input", str(tuple(x.shape)), f"(N, {layer.in_channels}, {', '.join('HW'[:d])})")
    low, high = pads(layer)
    for axis, (r, spread) in enumerate(zip(layer.kernel_size, layer.dilation, strict=True)):
        size = x.shape[axis - d] + low[axis] + high[axis]
        if size < (r - 1) * spread + 1:
            repair = "use a smaller kernel or more padding"
            raise TooLarge("the padded input", f"a kernel {layer.kernel_size} on {size} values", repair)


def like_direct(layer: _ConvNd, y: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Outputs (N, H, W, K) with the axes, the dtype and the order in memory that torch's own layer gives them."""
    kind = x.device.type
    cast = torch.is_autocast_enabled(kind) and x.dtype != torch.float64
    y = y.movedim(-1, 1).to(torch.get_autocast_dtype(kind) if cast else x.dtype)
    if x.ndim < y.ndim:
        return y[0].contiguous()
    kept = y.ndim == 4 and layer.padding_mode != "circular"
    last = kept and not x.is_contiguous() and x.is_contiguous(memory_format=torch.channels_last)
    return y.contiguous(memory_format=torch.channels_last if last else torch.contiguous_format)


def pads(layer: _ConvNd) -> tuple[list[int], list[int]]:
    """Positions that a layer adds before and behind each axis."""
    if layer.padding == "valid":
        return [0] * len(layer.kernel_size), [0] * len(layer.kernel_size)
    if layer.padding == "same":
        totals = [(r - 1) * spread for r, spread in zip(layer.kernel_size, layer.dilation, strict=True)]
        return [total // 2 for total in totals], [total - total // 2 for total in totals]
    both = [int(pad) for pad in layer.padding]
    return both, list(both)
