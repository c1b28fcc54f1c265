# SPDX-License-Identifier: Apache-2.0
"""The two residual networks of the experiment, for images of 32 x 32, and what a case makes of them."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.modules.conv import _ConvNd

from experiments.rows import TENSOR, Case
from wincraft.algorithm import Algorithm
from wincraft.errors import look_up
from wincraft.torch import convert

SMALL_IMAGES: dict[int, tuple[str, ...]] = {8: ("blocks.6.", "blocks.7.")}
"""Where images are 4x4, by the number of blocks of a network."""


class Block(nn.Module):
    """Two 3x3 convolutions with batch normalisation, added to what came in."""

    def __init__(self, before: int, after: int, stride: int = 1, pool: bool = False) -> None:
        super().__init__()
        self.pool = nn.MaxPool2d(2) if pool else nn.Identity()
        self.conv1 = nn.Conv2d(before, after, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(after)
        self.conv2 = nn.Conv2d(after, after, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(after)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, C, H, W) in, with fewer pixels and more channels out where the block has them so."""
        x = self.pool(x)
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + self.shortcut(x))

    def shortcut(self, x: torch.Tensor) -> torch.Tensor:
        """What the block adds to."""
        return x


class PaddedBlock(Block):
    """The shortcut drops every second pixel and adds channels of zeros."""

    def shortcut(self, x: torch.Tensor) -> torch.Tensor:
        """Option A of He et al. 2016."""
        stride, more = self.conv1.stride[0], self.conv1.out_channels - self.conv1.in_channels
        return F.pad(x[:, :, ::stride, ::stride], (0, 0, 0, 0, more // 2, more - more // 2))


class ProjectedBlock(Block):
    """The shortcut is a 1x1 convolution where the number of channels changes."""

    def __init__(self, before: int, after: int, pool: bool = False) -> None:
        super().__init__(before, after, 1, pool)
        if before != after:
            self.projection = nn.Sequential(nn.Conv2d(before, after, 1, bias=False), nn.BatchNorm2d(after))

    def shortcut(self, x: torch.Tensor) -> torch.Tensor:
        """Projected, or as it is."""
        return self.projection(x) if hasattr(self, "projection") else x


class ResidualNetwork(nn.Module):
    """A convolution, four or three stages of blocks, the mean over each channel, and a linear layer."""

    def __init__(self, stem: int, blocks: list[Block], features: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, stem, 3, 1, 1, bias=False)
        self.bn = nn.BatchNorm2d(stem)
        self.blocks = nn.Sequential(*blocks)
        self.linear = nn.Linear(features, 10)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, 3, 32, 32) to the ten scores (N, 10)."""
        x = F.relu(self.bn(self.conv(x)))
        return self.linear(self.blocks(x).mean((2, 3)))


def resnet20(width: float = 1.0) -> ResidualNetwork:
    """ResNet-20 of He et al. 2016: three stages of three blocks with 16, 32 and 64 channels, two layers of stride 2."""
    channels = [round(width * c) for c in (16, 32, 64)]
    blocks: list[Block] = []
    before = channels[0]
    for stage, after in enumerate(channels):
        for number in range(3):
            blocks.append(PaddedBlock(before, after, 2 if stage and not number else 1))
            before = after
    return ResidualNetwork(channels[0], blocks, channels[-1])


def resnet18(width: float = 0.5) -> ResidualNetwork:
    """ResNet18 as WinogradAwareNets has it: stage by stage 64, 128, 256 and 512 channels times the width.

    A maximum over 2x2 pixels stands for every stride of 2, so that all 3x3 convolutions have stride 1; the first
    layer has 32 channels whatever the width.
    """
    channels = [round(width * c) for c in (64, 128, 256, 512)]
    blocks: list[Block] = []
    before = 32
    for stage, after in enumerate(channels):
        for number in range(2):
            blocks.append(ProjectedBlock(before, after, pool=stage > 0 and number == 0))
            before = after
    return ResidualNetwork(32, blocks, channels[-1])


NETWORKS = {"resnet20": resnet20, "resnet18": resnet18}


def network(name: str, width: float | None = None) -> ResidualNetwork:
    """A network by name, at its own width unless another is given.

    Raises:
        UnknownName: for another name.
    """
    make = look_up("network", name, NETWORKS)
    return make() if width is None else make(width)


def quantised(trained: ResidualNetwork, case: Case) -> ResidualNetwork:
    """A trained network with quantised convolutions, the first excepted; its scales are not calibrated yet.

    Convolutions with a stride or of one tap are direct, under the same scheme. In the last stage of ResNet18, with
    images of 4x4, F(6x6,3x3) gives way to F(4x4,3x3).
    """
    if case.row is None:
        return convert(trained, None, TENSOR[8], skip=("conv",))
    row, m = case.row, case.m
    small = SMALL_IMAGES.get(len(trained.blocks), ())

    def choose(name: str, layer: _ConvNd) -> Algorithm | None:
        if layer.stride != (1, 1) or layer.kernel_size == (1, 1):
            return None
        return row.algorithm(min(m, 4) if name.startswith(small) else m)

    return convert(trained, choose, row.schemes[case.bits], skip=("conv",), **row.options)
