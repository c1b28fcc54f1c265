# SPDX-License-Identifier: Apache-2.0
"""Winograd convolution in PyTorch (the extra ``torch``): layers, conversion of networks, calibration, reports."""

from __future__ import annotations

from wincraft.torch.conversion import calibrate, convert, fast_training
from wincraft.torch.direct import DirectConv1d, DirectConv2d, DirectConv3d
from wincraft.torch.export.building import export_c
from wincraft.torch.layer import (
    WinogradConv1d,
    WinogradConv2d,
    WinogradConv3d,
    WinogradConvTranspose1d,
    WinogradConvTranspose2d,
    WinogradConvTranspose3d,
)
from wincraft.torch.replacement import StaleScales
from wincraft.torch.report import network_report
from wincraft.torch.watching import watching

__all__ = [
    "DirectConv1d",
    "DirectConv2d",
    "DirectConv3d",
    "StaleScales",
    "WinogradConv1d",
    "WinogradConv2d",
    "WinogradConv3d",
    "WinogradConvTranspose1d",
    "WinogradConvTranspose2d",
    "WinogradConvTranspose3d",
    "calibrate",
    "convert",
    "export_c",
    "fast_training",
    "network_report",
    "watching",
]
