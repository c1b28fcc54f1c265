# SPDX-License-Identifier: Apache-2.0
"""Layers of any stride, dilation and kernel, transposed ones and those of one to three axes, as pieces of a plan."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from oracle_layers import rand
from torch import nn

from wincraft import parse
from wincraft.errors import NotApplicable
from wincraft.quantise.plans import simulate_plan
from wincraft.torch import (
    WinogradConv1d,
    WinogradConv2d,
    WinogradConv3d,
    WinogradConvTranspose1d,
    WinogradConvTranspose2d,
    WinogradConvTranspose3d,
    calibrate,
)

D = torch.float64
OURS = {
    nn.Conv1d: WinogradConv1d,
    nn.Conv2d: WinogradConv2d,
    nn.Conv3d: WinogradConv3d,
    nn.ConvTranspose1d: WinogradConvTranspose1d,
    nn.ConvTranspose2d: WinogradConvTranspose2d,
    nn.ConvTranspose3d: WinogradConvTranspose3d,
}
LAYERS = {
    "stride 2": lambda **o: nn.Conv2d(3, 4, 3, stride=2, padding=1, **o),
    "stride 3": lambda **o: nn.Conv2d(3, 4, 5, stride=3, padding=2, **o),
    "stride 3 of 3 taps": lambda **o: nn.Conv2d(3, 4, 3, stride=3, **o),
    "stride over the kernel": lambda **o: nn.Conv2d(3, 4, 2, stride=3, **o),
    "one tap, stride 2": lambda **o: nn.Conv2d(3, 4, 1, stride=2, **o),
    "strides 1 and 2": lambda **o: nn.Conv2d(3, 4, (5, 3), stride=(1, 2), padding=(2, 0), **o),
    "dilation 2": lambda **o: nn.Conv2d(3, 4, 3, dilation=2, padding="same", **o),
    "dilation 2 and 3, stride 2": lambda **o: nn.Conv2d(3, 4, 3, dilation=(2, 3), stride=(2, 2), padding=2, **o),
    "7x7": lambda **o: nn.Conv2d(3, 4, 7, padding=3, **o),
    "1x7": lambda **o: nn.Conv2d(3, 4, (1, 7), padding=(0, 3), **o),
    "7x7, stride 2": lambda **o: nn.Conv2d(3, 4, 7, stride=2, padding=3, **o),
    "5x5, stride 2": lambda **o: nn.Conv2d(3, 4, 5, stride=2, padding=2, **o),
    "reflected": lambda **o: nn.Conv2d(3, 4, 3, stride=2, padding=1, padding_mode="reflect", **o),
    "circular": lambda **o: nn.Conv2d(3, 4, 3, stride=2, padding=(2, 1), padding_mode="circular", **o),
    "replicated, dilation 2": lambda **o: nn.Conv2d(3, 4, 3, dilation=2, padding=2, padding_mode="replicate", **o),
    "groups": lambda **o: nn.Conv2d(6, 4, 3, stride=2, groups=2, bias=False, **o),
    "depthwise": lambda **o: nn.Conv2d(4, 8, 5, stride=2, padding=2, groups=4, **o),
    "one axis": lambda **o: nn.Conv1d(3, 4, 5, stride=2, padding=2, dilation=3, **o),
    "three axes": lambda **o: nn.Conv3d(2, 3, 3, padding=1, **o),
    "three axes, stride 2": lambda **o: nn.Conv3d(2, 3, 3, stride=2, padding=1, **o),
    "three axes, 1x3x3": lambda **o: nn.Conv3d(2, 4, (1, 3, 3), stride=(1, 2, 2), groups=2, **o),
    "three axes, reflected": lambda **o: nn.Conv3d(2, 3, 3, dilation=2, padding=2, padding_mode="reflect", **o),
    "transposed": lambda **o: nn.ConvTranspose2d(3, 4, 3, stride=2, padding=1, output_padding=1, **o),
    "transposed, 4x4": lambda **o: nn.ConvTranspose2d(3, 4, 4, stride=2, padding=1, **o),
    "transposed, 2x2": lambda **o: nn.ConvTranspose2d(3, 4, 2, stride=2, **o),
    "transposed, stride 1": lambda **o: nn.ConvTranspose2d(3, 4, 3, padding=1, bias=False, **o),
    "transposed, stride 3 over 2 taps": lambda **o: nn.ConvTranspose2d(3, 4, 2, stride=3, output_padding=(2, 1), **o),
    "transposed, dilation 2": lambda **o: nn.ConvTranspose2d(3, 4, 3, dilation=2, stride=2, padding=(1, 0), **o),
    "transposed, dilation 3, stride 2": lambda **o: nn.ConvTranspose2d(3, 4, 3, 2, 3, 1, dilation=3, **o),
    "transposed, groups": lambda **o: nn.ConvTranspose2d(6, 4, 5, stride=2, padding=4, groups=2, **o),
    "transposed, depthwise": lambda **o: nn.ConvTranspose2d(4, 4, 4, stride=2, padding=1, groups=4, **o),
    "transposed, one axis": lambda **o: nn.ConvTranspose1d(3, 4, 5, stride=3, padding=2, output_padding=1, **o),
    "transposed, three axes": lambda **o: nn.ConvTranspose3d(2, 3, 3, 2, 1, 1, **o),
}


def pair(name, **options):
    """(torch's layer, ours with the same weights)."""
    direct = LAYERS[name](**options)
    return direct, OURS[type(direct)].from_direct(direct)


def images(direct, dtype=D, seed=0):
    axes = len(direct.kernel_size)
    return rand(2, direct.in_channels, *((11, 12, 9)[:axes] if axes < 3 else (7, 8, 9)), seed=seed, dtype=dtype)


@pytest.mark.parametrize("name", LAYERS)
def test_integers_come_out_exactly(name):
    """Data and filters of small integers: in float64 the rounding stays below a half of their sums."""
    direct, layer = pair(name, dtype=D)
    x = (10 * images(direct)).round()
    with torch.no_grad():
        direct.weight.copy_((10 * rand(*direct.weight.shape, seed=1, dtype=D)).round())
        if direct.bias is not None:
            direct.bias.copy_(direct.bias.mul(20).round())
    wanted, found = direct(x), layer(x)
    assert found.shape == wanted.shape
    assert (found - wanted).abs().max() < 1e-9
    assert torch.equal(found.round(), wanted)
    assert wanted.abs().max() > 100
    assert torch.equal(layer(x[0]).round(), direct(x[0]))
    layer.plan.prove()


@pytest.mark.parametrize("name", LAYERS)
def test_gradients_are_those_of_torch(name):
    direct, layer = pair(name, dtype=D)
    x = images(direct)
    leaves = [x.clone().requires_grad_() for _ in range(2)]
    grads = []
    for made, leaf in zip((direct, layer), leaves, strict=True):
        y = made(leaf)
        inputs = [leaf, *made.parameters()]
        grads.append(torch.autograd.grad((y * rand(*y.shape, seed=2, dtype=D)).sum(), inputs))
    assert len(grads[0]) == (3 if direct.bias is not None else 2)
    for wanted, found in zip(*grads, strict=True):
        assert wanted.abs().max() > 0
        assert (found - wanted).abs().max() <= 1e-11 * wanted.abs().max()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("name", ["stride 2", "7x7, stride 2", "transposed", "three axes, stride 2", "dilation 2"])
def test_narrow_dtypes(name, dtype):
    """A hundred units of float32, of the largest output, then one rounding to the dtype."""
    direct, layer = pair(name, dtype=dtype)
    x = images(direct, dtype)
    with torch.no_grad():
        found, wanted = layer(x), direct.double()(x.double())
    assert found.dtype == dtype
    assert ((found - wanted).abs() <= torch.finfo(dtype).eps / 2 * wanted.abs() + 6e-6 * wanted.abs().max()).all()


def simulated(layer, x, scales=None):
    """`simulate_plan` of a layer, on the images as it pads them, and its outputs with the bias."""
    pad, more = list(layer.padding), [0] * len(layer.kernel_size)
    if layer.padding_mode != "zeros":
        sides = [side for size in reversed(pad) for side in (size, size)]
        x, pad = nn.functional.pad(x, sides, mode=layer.padding_mode), [0] * len(pad)
    if layer.transposed:
        more = list(layer.output_padding)
    arrays = x.double().numpy(), layer.weight.detach().double().numpy()
    found = simulate_plan(layer.plan, layer.scheme, *arrays, pad, more, scales)
    y, unit = torch.from_numpy(found.images), found.scales.get("output")
    if unit is not None and layer.scheme.output.per:  # codes of float32 times a scale of float32, as layers give them
        scale = torch.from_numpy(np.moveaxis(unit.scale, -2, -1).reshape(-1, *[1] * len(pad)))
        y = (y / scale).round().float() * scale.float()
    bias = 0 if layer.bias is None else layer.bias.detach().view(-1, *[1] * len(pad))
    return found, y.float() + bias


QUANTISED = {
    "stride 2": ("tapwise-8", "F(4x4,3x3)"),
    "5x5, stride 2": ("tapwise-pow2", "F(2x2,3x3)"),
    "7x7": ("tapwise-8", "F(4x4,3x3)"),
    "7x7, stride 2": ("barabasz-2020-8", parse("F(4x4,3x3)", points="0,1,-1,2,-2", convention="pow2")),
    "dilation 2 and 3, stride 2": ("tapwise-8,M=none", "F(4x4,3x3)"),
    "reflected": ("tapwise-8,input=uint8,output=uint8", "F(4x4,3x3)"),
    "groups": ("tapwise-8,weights=int8/channel", "F(4x4,3x3)"),
    "depthwise": ("winograd-aware-nets", "F(4x4,3x3)"),
    "strides 1 and 2": ("ncnn-int8", parse("F(2x2,3x3)", points="0,1,-1")),
    "stride over the kernel": ("tapwise-8,output=none", "F(2x2,3x3)"),
    "one tap, stride 2": ("tapwise-8", "F(2x2,3x3)"),
    "transposed": ("tapwise-8", "F(4x4,3x3)"),
    "transposed, groups": ("tapwise-8,U=none,V=none", "F(4x4,3x3)"),
    "transposed, three axes": ("tapwise-8", "F(2,3)"),
    "three axes, stride 2": ("tapwise-8", "F(2,3)"),
    "one axis": ("ncnn-int8,output=int8/tensor", parse("F(2,3)", points="0,1,-1")),
}


@pytest.mark.parametrize("name", QUANTISED)
def test_under_a_scheme_it_is_the_simulation_bit_for_bit(name):
    """Outputs under the layer's scales are those that the simulation has for them; so are the clipped shares."""
    scheme, algorithm = QUANTISED[name]
    direct = LAYERS[name]()
    layer = OURS[type(direct)].from_direct(direct, algorithm=algorithm, scheme=scheme)
    x = images(direct, torch.float32)
    calibrate(layer, [x])
    layer.eval()
    more = 1.3 * images(direct, torch.float32, seed=3)
    found, wanted = simulated(layer, more, layer.scales)
    with torch.no_grad():
        y = layer(more)
    assert torch.equal(y, wanted)
    assert set(found.scales) == set(layer.labelled)
    assert (y - direct(more)).abs().max() > 0
    if "output" in layer.labelled and "ncnn" not in scheme:
        assert 5 < found.decibels < 60


@pytest.mark.parametrize("name", ["stride 2", "transposed", "7x7, stride 2"])
def test_scales_of_one_batch_are_those_of_the_simulation(name):
    direct = LAYERS[name]()
    layer = OURS[type(direct)].from_direct(direct, scheme="tapwise-8")
    x = images(direct, torch.float32)
    calibrate(layer, [x])
    found, _ = simulated(layer, x)
    assert list(found.scales)[:3] == ["input", "weights", "piece 1 U"] or set(found.scales) == set(layer.scales)
    for label, scale in layer.scales.items():
        np.testing.assert_allclose(scale.scale.ravel(), found.scales[label].scale.ravel(), rtol=1e-12)


@pytest.mark.parametrize("scheme", ["fp16", "bf16", "fp8-e4m3"])
@pytest.mark.parametrize("name", ["stride 2", "transposed", "reflected"])
def test_schemes_of_floats_run_the_simulation(name, scheme):
    direct = LAYERS[name]()
    layer = OURS[type(direct)].from_direct(direct, algorithm="F(2x2,3x3)", scheme=scheme)
    x = images(direct, torch.float32)
    if layer.scales and any(stage.quantizer.per for stage in layer.labelled.values()):
        calibrate(layer, [x])
    scales = {label: layer.scales[label] for label, stage in layer.labelled.items() if stage.quantizer.per}
    _, wanted = simulated(layer, x, scales)
    leaf = x.clone().requires_grad_()
    y = layer(leaf)
    assert torch.equal(y.detach(), wanted)
    assert not torch.equal(y, direct(x))
    found, exact = torch.autograd.grad(y.sum(), leaf)[0], torch.autograd.grad(direct(leaf).sum(), leaf)[0]
    torch.testing.assert_close(found, exact, rtol=1e-5, atol=1e-5)
    assert (layer(torch.zeros_like(x)) - direct(torch.zeros_like(x))).abs().max() < 1e-2


def test_a_piece_that_only_read_zeros_in_calibration_is_not_needed_for_such_images():
    """Of one row the first tap of two sees the padding alone."""
    direct = nn.Conv2d(4, 4, (2, 3), stride=(2, 1), padding=(1, 0))
    layer = WinogradConv2d.from_direct(direct, algorithm="F(2x2,3x3)", scheme="fp8-e4m3")
    x = rand(2, 4, 1, 9, seed=1)
    calibrate(layer, [x])
    assert (layer(x) - direct(x)).norm() < 0.1 * direct(x).norm()
    with pytest.raises(NotApplicable, match="not calibrated"):
        layer(rand(2, 4, 3, 9, seed=1))
