# SPDX-License-Identifier: Apache-2.0
"""Convolution layers that run Winograd's algorithm, in place of torch's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.modules.conv import _ConvTransposeNd

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.recipe import size_words
from wincraft.construct.winograd import parse
from wincraft.errors import BadShape, look_up
from wincraft.numbers.quantizer import Scale
from wincraft.plan.plan import Plan
from wincraft.plan.problem import Problem
from wincraft.quantise.schemes import Scheme, as_scheme
from wincraft.torch.fitting import planned, problem_of
from wincraft.torch.learning import TRANSFORMS, Learning
from wincraft.torch.pieces import grouped_filters, pipeline_of_plan
from wincraft.torch.pipeline import UNQUANTISED
from wincraft.torch.replacement import Replacement, check_input, like_direct, pads
from wincraft.torch.stage import StoredStage, fill_in
from wincraft.torch.state import StateDict


class WinogradLayer(Replacement):
    """What the layers share: the plan of their convolution, and the way from images to tiles.

    A convolution of stride 1 without dilation is one algorithm, fitted to the kernel; others are pieces of a plan.

    Raises:
        BadShape: for a plan of another convolution.
    """

    def __init__(
        self,
        *args: Any,
        algorithm: str | Algorithm | Plan | None = None,
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
            axes = len(self.kernel_size)
            algorithm = size_words([4 if axes < 3 else 2] * axes, [3] * axes)
        given = parse(algorithm) if isinstance(algorithm, str) else algorithm
        chosen = UNQUANTISED if scheme is None else as_scheme(scheme)
        self.learning = Learning(transforms, learn_scales, balance_channels, rank_one_scales)
        self.plan = _checked(given, problem_of(self)) if isinstance(given, Plan) else planned(given, problem_of(self))
        run = pipeline_of_plan(self.plan, chosen, self.in_channels, self.out_channels, self.learning)
        self.winograd = run.to(self.weight.device, torch.promote_types(self.weight.dtype, torch.float32))

    @property
    def algorithm(self) -> Algorithm:
        """The algorithm that runs, fitted to the kernel; of several pieces that of the most products."""
        return max((piece.algorithm for piece in self.plan.pieces), key=lambda item: item.rank)

    @property
    def size(self) -> str:
        """That of the algorithm, and how many other pieces there are."""
        more = len(self.plan.pieces) - 1
        return self.algorithm.size + (f" +{more}" if more else "")

    @property
    def scheme(self) -> Scheme:
        """What is stored and how."""
        return self.winograd.scheme

    @property
    def scales(self) -> dict[str, Scale]:
        """The scales in use by stage, as `wincraft.quantise.simulation.simulate` takes them, or `simulate_plan`."""
        return {label: stage.as_scale for label, stage in self.labelled.items()}

    @property
    def labelled(self) -> dict[str, StoredStage]:
        """The stored stages by label."""
        return self.winograd.labelled

    def extra_repr(self) -> str:
        """The layer, the algorithm, the scheme."""
        scheme = self.scheme.name if self.scheme.stages else ""
        return ", ".join(filter(None, (super().extra_repr(), self.size, scheme, self.note)))

    def _conv_forward(self, input: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
        return self.run(input, weight, bias, [0] * len(self.kernel_size))

    def run(
        self, input: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, more: Sequence[int]
    ) -> torch.Tensor:
        """The outputs, with `more` of them at the end of each axis."""
        check_input(self, input)
        self.check_weights(weight)
        with torch.autocast(input.device.type, enabled=False):
            batch = input if input.ndim == len(self.kernel_size) + 2 else input[None]
            x, filters = (item.to(torch.promote_types(item.dtype, torch.float32)) for item in (batch, weight))
            y = self.winograd(*self.operands(x, filters, more))
            if bias is not None:
                y = y + bias.to(y.dtype)
        return like_direct(self, y, input)

    def operands(
        self, x: torch.Tensor, weight: torch.Tensor, more: Sequence[int] = ()
    ) -> tuple[torch.Tensor, torch.Tensor, list[int], list[int]]:
        """Images (N, H, W, C), filters (K, C/g, r, r), zeros before each axis, output sizes."""
        low, high = pads(self)
        if self.padding_mode != "zeros":
            sides = [side for pair in zip(reversed(low), reversed(high), strict=True) for side in pair]
            x = F.pad(x, sides, mode=self.padding_mode)
            low = high = [0] * len(low)
        sizes = []
        for size, before, after, r, step, spread in zip(
            x.shape[2:], low, high, self.kernel_size, self.stride, self.dilation, strict=True
        ):
            sizes.append((size + before + after - spread * (r - 1) - 1) // step + 1)
        return x.movedim(1, -1), weight, low, sizes

    def _load_from_state_dict(self, state_dict: StateDict, prefix: str, *args: object) -> None:
        super()._load_from_state_dict(state_dict, prefix, *args)
        fill_in(state_dict, f"{prefix}winograd.", self.winograd)


class WinogradTransposed(WinogradLayer, _ConvTransposeNd):
    """What the transposed layers share: the outputs' sizes, and filters whose first axis is that of the inputs."""

    def forward(self, input: torch.Tensor, output_size: list[int] | None = None) -> torch.Tensor:
        """As of torch's own; `output_size` chooses among the sizes that have this input."""
        check_input(self, input)
        stride, kernel, dilation = list(self.stride), list(self.kernel_size), list(self.dilation)
        more = self._output_padding(input, output_size, stride, pads(self)[0], kernel, len(kernel), dilation)
        return self.run(input, self.weight, self.bias, more)

    def operands(
        self, x: torch.Tensor, weight: torch.Tensor, more: Sequence[int] = ()
    ) -> tuple[torch.Tensor, torch.Tensor, list[int], list[int]]:
        """Images (N, H, W, C), filters (K, C/g, r, r), how many outputs are left out before each axis, output sizes.

        Raises:
            BadShape: where no output is left.
        """
        low, _ = pads(self)
        sizes = self.plan.problem.outputs(x.shape[2:])
        kept = [size - 2 * left + extra for size, left, extra in zip(sizes, low, more, strict=True)]
        if min(kept) < 1:
            shape = "x".join(map(str, x.shape[2:]))
            raise BadShape("input", f"{shape}, all of its outputs cropped by a padding of {low}", "less padding")
        return x.movedim(1, -1), grouped_filters(weight, self.groups), low, kept


def _checked(plan: Plan, problem: Problem) -> Plan:
    """A plan from outside, proved."""
    if plan.problem != problem:
        raise BadShape("the plan", f"of a {plan.problem}", f"one of a {problem}")
    plan.prove()
    return plan


class WinogradConv2d(WinogradLayer, nn.Conv2d):
    """`nn.Conv2d` by Winograd's algorithm, with every stage quantised by a scheme if one is given.

    y = A^T [(G g G^T) * (B^T d B)] A, tile by tile, summed over the channels of a group; input (N, C, H, W) of a
    floating-point dtype, output as of `nn.Conv2d`. Arguments, weights and state are those of `nn.Conv2d`; beside them:

    - `algorithm`: a proved algorithm or a text such as ``"F(4x4,3x3)"`` (its default), one axis serving both. For
      kernels of another size one of the same tile is made from the same moduli (see `fitted`). A stride, a dilation, or
      a kernel too long for it is a plan of pieces with as many outputs as it has (see `planned`); a `Plan` of the
      layer's own `problem_of` may be given instead.
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
        NotApplicable: for an algorithm that does not fit, an input that is no floating point, a stage without scales,
            options that the scheme does not have.
        BadShape: for an input of another shape, an algorithm of other axes, a plan of another convolution.
        UnknownName, BadSize: for names and sizes that there are not.

    Source: Lavin & Gray, arXiv 1509.09308; flex: Fernandez-Marques et al., arXiv 2002.10711; learned powers of two:
    Andri et al., arXiv 2209.12982; channels: Chikin & Kryzhanovskiy 2022; rank one: Chen et al. 2023.

    >>> layer = WinogradConv2d(8, 4, 3, padding=1, algorithm="F(4x4,3x3)", dtype=torch.float64)
    >>> x = torch.linspace(-1, 1, 8 * 9 * 10, dtype=torch.float64).view(1, 8, 9, 10)
    >>> exact = nn.functional.conv2d(x, layer.weight, layer.bias, padding=1)
    >>> bool((layer(x) - exact).abs().max() < 1e-12)
    True
    """


class WinogradConv1d(WinogradLayer, nn.Conv1d):
    """`nn.Conv1d` by Winograd's algorithm: (N, C, L) to (N, K, L'); everything else as in `WinogradConv2d`.

    >>> layer = WinogradConv1d(2, 3, 5, padding="same", algorithm="F(2,5)")
    >>> layer(torch.zeros(1, 2, 30)).shape
    torch.Size([1, 3, 30])
    """


class WinogradConv3d(WinogradLayer, nn.Conv3d):
    """`nn.Conv3d` by Winograd's algorithm, F(2x2x2,3x3x3) by default; everything else as in `WinogradConv2d`.

    >>> WinogradConv3d(2, 4, 3, stride=2, padding=1)(torch.zeros(1, 2, 8, 8, 8)).shape
    torch.Size([1, 4, 4, 4, 4])
    """


class WinogradConvTranspose2d(WinogradTransposed, nn.ConvTranspose2d):
    """`nn.ConvTranspose2d` as pieces of Winograd's algorithm; everything else as in `WinogradConv2d`.

    >>> layer = WinogradConvTranspose2d(8, 4, 3, stride=2, padding=1, output_padding=1, dtype=torch.float64)
    >>> x = torch.linspace(-1, 1, 8 * 9 * 10, dtype=torch.float64).view(1, 8, 9, 10)
    >>> exact = nn.functional.conv_transpose2d(x, layer.weight, layer.bias, 2, 1, 1)
    >>> bool((layer(x) - exact).abs().max() < 1e-12), layer.plan
    (True, Plan(3x3 kernel, stride 2, transposed: 4 pieces, 81 products, 1.266 an output, direct 2.25))
    """


class WinogradConvTranspose1d(WinogradTransposed, nn.ConvTranspose1d):
    """`nn.ConvTranspose1d`, as `WinogradConvTranspose2d`.

    >>> WinogradConvTranspose1d(2, 3, 4, stride=2, padding=1)(torch.zeros(1, 2, 8)).shape
    torch.Size([1, 3, 16])
    """


class WinogradConvTranspose3d(WinogradTransposed, nn.ConvTranspose3d):
    """`nn.ConvTranspose3d`, as `WinogradConvTranspose2d`; F(2x2x2,3x3x3) by default.

    >>> WinogradConvTranspose3d(2, 3, 4, stride=2, padding=1)(torch.zeros(1, 2, 4, 4, 4)).shape
    torch.Size([1, 3, 8, 8, 8])
    """
