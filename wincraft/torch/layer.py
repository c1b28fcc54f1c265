# SPDX-License-Identifier: Apache-2.0
"""Convolution layers that run Winograd's algorithm, in place of torch's own."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.recipe import size_words
from wincraft.construct.winograd import parse
from wincraft.errors import BadValue, look_up
from wincraft.numbers.quantizer import Scale
from wincraft.quantise.schemes import Scheme, as_scheme
from wincraft.torch.fitting import fitted
from wincraft.torch.learning import TRANSFORMS, Learning, pipeline_for
from wincraft.torch.pipeline import UNQUANTISED, Convolution
from wincraft.torch.replacement import Replacement, check_input, like_direct, pads
from wincraft.torch.stage import StoredStage, fill_in
from wincraft.torch.state import StateDict
from wincraft.torch.tiles import phases


class _Winograd(Replacement):
    """What the layers share: the algorithm fitted to the kernel and stride, and the way from images to tiles."""

    def __init__(
        self,
        *args: Any,
        algorithm: str | Algorithm | None = None,
        scheme: str | Scheme | None = None,
        transforms: str = "static",
        learn_scales: bool = False,
        balance_channels: bool = False,
        rank_one_scales: bool = False,
        note: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.note = note
        look_up("transforms", transforms, TRANSFORMS)
        if algorithm is None:
            algorithm = size_words([4] * len(self.kernel_size), [3] * len(self.kernel_size))
        given = parse(algorithm) if isinstance(algorithm, str) else algorithm
        chosen = UNQUANTISED if scheme is None else as_scheme(scheme)
        if any(step > 1 for step in self.dilation):
            raise BadValue("the dilation", f"{self.dilation}, and taps must be neighbours", "keep the direct layer")
        kernel = tuple(-(-size // step) for size, step in zip(self.kernel_size, self.stride, strict=True))
        self.learning = Learning(transforms, learn_scales, balance_channels, rank_one_scales)
        channels = self.in_channels * prod(self.stride)
        run = Convolution(fitted(given, kernel), chosen, channels, self.out_channels, self.groups)
        wide = torch.promote_types(self.weight.dtype, torch.float32)
        self.winograd = pipeline_for(run, self.learning).to(self.weight.device, wide)

    @property
    def algorithm(self) -> Algorithm:
        """The algorithm that runs, fitted to the kernel and the stride."""
        return self.winograd.algorithm

    @property
    def scheme(self) -> Scheme:
        """What is stored and how."""
        return self.winograd.scheme

    @property
    def scales(self) -> dict[str, Scale]:
        """The scales in use by stage, as `wincraft.quantise.simulation.simulate` takes them."""
        return {label: stage.as_scale for label, stage in self.labelled.items()}

    @property
    def labelled(self) -> dict[str, StoredStage]:
        """The stored stages by label."""
        return self.winograd.labelled

    def extra_repr(self) -> str:
        """The layer, the algorithm, the scheme."""
        scheme = self.scheme.name if self.scheme.stages else ""
        return ", ".join(filter(None, (super().extra_repr(), self.algorithm.size, scheme, self.note)))

    def _conv_forward(self, input: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
        check_input(self, input)
        self.check_weights(weight)
        with torch.autocast(input.device.type, enabled=False):
            batch = input if input.ndim == len(self.kernel_size) + 2 else input[None]
            x, filters = (item.to(torch.promote_types(item.dtype, torch.float32)) for item in (batch, weight))
            y = self.winograd(*self.operands(x, filters))
            if bias is not None:
                y = y + bias.to(y.dtype)
        return like_direct(self, y, input)

    def operands(
        self, x: torch.Tensor, weight: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, list[int], list[int]]:
        """Images (N, H, W, C), filters (K, C/g, r, r), zeros before each axis, output sizes; all for stride 1."""
        low, high = pads(self)
        if self.padding_mode != "zeros":
            sides = [side for pair in zip(reversed(low), reversed(high), strict=True) for side in pair]
            x = F.pad(x, sides, mode=self.padding_mode)
            low = high = [0] * len(low)
        sizes = []
        for size, before, after, r, step in zip(x.shape[2:], low, high, self.kernel_size, self.stride, strict=True):
            sizes.append((size + before + after - r) // step + 1)
        x = x.movedim(1, -1)
        if any(step > 1 for step in self.stride):
            x, weight = self._without_stride(x, weight, low, sizes)
            low = [0] * len(low)
        return x, weight, low, sizes

    def _without_stride(
        self, x: torch.Tensor, weight: torch.Tensor, low: Sequence[int], sizes: Sequence[int]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The same convolution with stride 1: residue classes of positions become channels."""
        pads: list[int] = []
        taps: list[int] = []
        for axis, (before, size, step) in enumerate(zip(low, sizes, self.stride, strict=True)):
            reach = (size - 1 + self.winograd.r[axis]) * step
            pads = [before, reach - x.shape[axis + 1] - before, *pads]
            taps = [0, self.winograd.r[axis] * step - weight.shape[axis + 2], *taps]
        classes = phases(F.pad(x, [0, 0, *pads]), self.stride)
        filters = phases(F.pad(weight, taps).movedim(1, -1), self.stride).movedim(-1, 1)
        if self.groups == 1:
            return classes, filters
        # channels of one group stay together: (phases, groups, C/g) to (groups, phases, C/g)
        split = classes.unflatten(-1, (-1, self.groups, self.in_channels // self.groups))
        return split.transpose(-3, -2).flatten(-3), filters

    def _load_from_state_dict(self, state_dict: StateDict, prefix: str, *args: object) -> None:
        super()._load_from_state_dict(state_dict, prefix, *args)
        fill_in(state_dict, f"{prefix}winograd.", self.winograd)


class WinogradConv2d(_Winograd, nn.Conv2d):
    """`nn.Conv2d` by Winograd's algorithm, with every stage quantised by a scheme if one is given.

    y = A^T [(G g G^T) * (B^T d B)] A, tile by tile, summed over the channels of a group; input (N, C, H, W) of a
    floating-point dtype, output as of `nn.Conv2d`. Arguments, weights and state are those of `nn.Conv2d`; beside them:

    - `algorithm`: a proved algorithm or a text such as ``"F(4x4,3x3)"`` (its default), one axis serving both. For a
      stride s the residue classes mod s become channels, with kernels of ceil(r / s) taps; for these, and for kernels
      of another size, an algorithm of the same tile is made from the same moduli (see `fitted`).
    - `scheme`: a `Scheme`, or a text for `parse_scheme`; then `calibrate` sets the scales before the layer can run.
      Input, weights, U, V, M, output and the steps between the stages of a chain are stored as integers. Without one
      the layer computes in the dtype of its input (in float32 for half precision and under autocast).
    - `transforms`: ``static``; ``flex``: the matrices next to the taps are parameters; ``diagonals``: one factor per
      tap for U and one for V is, and A^T undoes them.
    - `learn_scales`: the scales of every stage are parameters, powers of two where the scheme has them so.
    - `balance_channels`: U is divided, and V multiplied, by sqrt(range of U / range of V) per tap and channel.
    - `note`: what the repr says beside.
    - `rank_one_scales`: scales per tap become the nearest products of one factor per axis, which fold into A, B and G.

    Raises:
        NotApplicable: for a dilation, an algorithm that does not fit, an input that is no floating point, a stage
            without scales, and options that the scheme does not have.
        BadShape: for an input of another shape, an algorithm of other axes.
        UnknownName, BadSize: for names and sizes that there are not.

    Source: Lavin & Gray, arXiv 1509.09308; flex: Fernandez-Marques et al., arXiv 2002.10711; learned powers of two:
    Andri et al., arXiv 2209.12982; channels: Chikin & Kryzhanovskiy 2022; rank one: Chen et al. 2023.

    >>> layer = WinogradConv2d(8, 4, 3, padding=1, algorithm="F(4x4,3x3)", dtype=torch.float64)
    >>> x = torch.linspace(-1, 1, 8 * 9 * 10, dtype=torch.float64).view(1, 8, 9, 10)
    >>> exact = nn.functional.conv2d(x, layer.weight, layer.bias, padding=1)
    >>> bool((layer(x) - exact).abs().max() < 1e-12)
    True
    """


class WinogradConv1d(_Winograd, nn.Conv1d):
    """`nn.Conv1d` by Winograd's algorithm: (N, C, L) to (N, K, L'); everything else as in `WinogradConv2d`.

    >>> layer = WinogradConv1d(2, 3, 5, padding="same", algorithm="F(2,5)")
    >>> layer(torch.zeros(1, 2, 30)).shape
    torch.Size([1, 3, 30])
    """
