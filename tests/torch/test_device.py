# SPDX-License-Identifier: Apache-2.0
"""On an accelerator a network holds the integers that it holds on the CPU."""

from __future__ import annotations

import copy

import pytest

torch = pytest.importorskip("torch")

from oracle_layers import INTEGER, rand
from torch import nn

from wincraft.quantise import SCHEMES
from wincraft.torch import calibrate, convert, network_report

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="PyTorch sees no CUDA device")

PRESETS = [*INTEGER, "ncnn-int8"]


def network():
    return nn.Sequential(
        nn.Conv2d(3, 64, 3, padding=1), nn.ReLU(), nn.Conv2d(64, 32, 3, stride=2), nn.ReLU(), nn.Conv2d(32, 8, 3)
    )


@pytest.mark.parametrize("tf32", [False, True])
@pytest.mark.parametrize("scheme", PRESETS)
def test_the_same_numbers(scheme, tf32):
    """Images stay on the CPU: `calibrate` and `network_report` move them. 32 of them, where kernels may be others."""
    x = rand(32, 3, 20, 20)
    here = convert(network(), "F(4x4,3x3)" if scheme != "ncnn-int8" else "F(2x2,3x3)", SCHEMES[scheme])
    there = copy.deepcopy(here).cuda()
    torch.set_float32_matmul_precision("high" if tf32 else "highest")
    try:
        assert calibrate(here, [x]) == calibrate(there, [x]) == 32
        torch.testing.assert_close(there(x.cuda()).cpu(), here(x), rtol=1e-6, atol=1e-6)
        for one, other in zip(network_report(here, [x]).layers, network_report(there, [x]).layers, strict=True):
            assert other.measured == pytest.approx(one.measured, abs=0.01)
    finally:
        torch.set_float32_matmul_precision("highest")


def test_gradients_and_autocast():
    x = rand(4, 3, 20, 20)
    here = convert(network(), "F(4x4,3x3)", "tapwise-8", learn_scales=True)
    calibrate(here, [x])
    there = copy.deepcopy(here).cuda()
    for model, images in ((here, x), (there, x.cuda())):
        model(images).square().sum().backward()
    for one, other in zip(here.parameters(), there.parameters(), strict=True):
        torch.testing.assert_close(other.grad.cpu(), one.grad, rtol=1e-3, atol=1e-3)
    with torch.autocast("cuda", torch.bfloat16):
        assert there(x.cuda()).dtype == torch.bfloat16
