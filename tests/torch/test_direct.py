# SPDX-License-Identifier: Apache-2.0
"""Direct layers hold the integers of the direct simulation, with every option of torch's own layers."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from oracle_layers import INTEGER, codes_of, joined, rand
from oracle_messages import refused
from torch import nn

from wincraft import parse
from wincraft.errors import BadShape, NotApplicable, TooLarge, UnknownName, WrongType
from wincraft.quantise import Layer, parse_scheme, simulate_direct
from wincraft.torch import DirectConv1d, DirectConv2d, WinogradConv2d, calibrate, watching
from wincraft.torch.rounding import exact_word

PRESETS = [*INTEGER, "ncnn-int8"]
OPTIONS = ["", "+weights-per-channel", "+unsigned"]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("name", PRESETS)
def test_integers_of_the_simulation(name, options):
    """Sizes that tiles cover exactly: then the simulation sees no outputs that are not there."""
    scheme = parse_scheme(name + options)
    layer = DirectConv2d(5, 4, 3, padding=1, bias=False, scheme=scheme)
    x, made = rand(2, 5, 8, 12), parse("F(4x4,3x3)")
    calibrate(layer, [x])
    found = {}
    for label, stage in layer.labelled.items():
        stage.register_forward_hook(lambda _, args, out, label=label: found.__setitem__(label, out[0].detach()))
    shown = {}
    with watching(layer, lambda place, values: shown.update({str(place): values})):
        y = layer(x).detach()
    seen = {}
    batch = Layer(x.double().numpy(), layer.weight.detach().double().numpy(), 1).batch(made)
    wanted = simulate_direct(made, scheme, batch, lambda place, values: seen.update({str(place): values}))
    codes = codes_of(wanted, seen)
    np.testing.assert_allclose(shown["weights"].numpy(), seen["weights"], rtol=1e-12)
    assert shown["input"].shape == (1, 1, 5, 2 * 8 * 12)
    same = layer.labelled["output"].scale.item() / 1e6 if "output" in layer.labelled else 1e-5
    np.testing.assert_allclose(
        shown["output"][0, 0].T.reshape(2, 8, 12, 4).permute(0, 3, 1, 2).numpy(), y.numpy(), atol=same
    )
    for label, record in wanted.records.items():
        np.testing.assert_allclose(layer.labelled[label].scale.ravel(), record.scale.scale.ravel(), rtol=1e-12)
    weights = found["weights"].reshape(3, 3, 5, 4).permute(0, 1, 3, 2)
    assert np.array_equal(weights.double().numpy(), codes["weights"])
    layer_like = WinogradConv2d(5, 4, 3, padding=1, algorithm=made)
    outputs = joined(codes["output"], layer_like, 2, (8, 12))
    assert np.array_equal(found["output"].double().numpy().reshape(2, 8, 12, 4).transpose(0, 3, 1, 2), outputs)
    assert len(np.unique(outputs)) > 20
    np.testing.assert_allclose(y.numpy(), joined(wanted.outputs, layer_like, 2, (8, 12)), rtol=2.0**-23)


def test_sums_beyond_float32_are_exact():
    """1201 channels of 127^2 are odd and above 2^24; wide outputs show every unit."""
    scheme = "tapwise-8,output=int30"
    layer = DirectConv2d(1201, 1, 1, bias=False, scheme=scheme)
    with torch.no_grad():
        layer.weight.fill_(1)
    x = torch.ones(1, 1201, 2, 2)
    x[0, 0, 0, 0] = 126 / 127
    calibrate(layer, [x])
    y = layer(x).double()
    assert ((y[0, 0, 1, 1] - y[0, 0, 0, 0]) * 127).item() == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("setting", ["oneDNN off", "operands rounded"])
def test_sums_are_exact_whatever_the_kernel(setting):
    """Batches from 16 on go to NNPACK without oneDNN, which runs Winograd's algorithm in float32."""
    layer = DirectConv2d(64, 16, 3, padding=1, scheme="tapwise-8,output=int24")
    x = rand(32, 64, 16, 16)
    calibrate(layer, [x])
    wanted = layer(x)
    if setting == "oneDNN off":
        with torch.backends.mkldnn.flags(enabled=False, allow_tf32=None):
            found = layer(x)
    else:
        torch.set_float32_matmul_precision("medium")
        try:
            assert exact_word(torch.float32) == torch.float64
            found = layer(x)
        finally:
            torch.set_float32_matmul_precision("highest")
    assert exact_word(torch.float32) == torch.float32
    assert torch.equal(found, wanted)


@pytest.mark.parametrize(
    "options",
    [
        {"stride": 2, "padding": 1},
        {"dilation": 2, "padding": 2},
        {"groups": 4, "stride": (2, 1)},
        {"padding": "same", "padding_mode": "reflect"},
        {"padding": (2, 0), "padding_mode": "circular", "dilation": (1, 2)},
        {"padding": 1, "padding_mode": "replicate", "groups": 2},
    ],
)
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_wide_formats_are_the_direct_convolution(options, layout):
    plain = nn.Conv2d(4, 8, 3, **options)
    layer = DirectConv2d.from_direct(plain, scheme="tapwise-8,input=int24,weights=int24,output=none")
    x = rand(2, 4, 9, 11).to(memory_format=layout)
    calibrate(layer, [x])
    found, wanted = layer(x), plain(x)
    assert (found - wanted).abs().max() < 3e-6
    assert found.stride() == wanted.stride()
    assert layer(x[0]).shape == wanted[0].shape
    assert (layer(x[0]) - wanted[0]).abs().max() < 3e-6
    assert layer(x[:0]).shape == plain(x[:0]).shape


def test_weights_are_shared_with_the_layer_it_comes_from():
    plain = nn.Conv1d(2, 3, 5, dtype=torch.float64).eval()
    layer = DirectConv1d.from_direct(plain, scheme="tapwise-8")
    assert layer.weight is plain.weight
    assert not layer.training
    x = rand(2, 2, 20, dtype=torch.float64)
    calibrate(layer, [x])
    assert layer(x).dtype == torch.float64
    assert (layer(x) - plain(x)).abs().max() < 0.05


def test_autocast_and_half_precision():
    x = rand(2, 3, 9, 9)
    layer = DirectConv2d(3, 4, 3, scheme="tapwise-8")
    calibrate(layer, [x])
    y = layer(x)
    with torch.autocast("cpu", torch.bfloat16):
        found = layer(x)
    assert found.dtype == torch.bfloat16
    assert torch.equal(found, y.bfloat16())
    assert layer.half()(x.half()).dtype == torch.float16


def test_refusals():
    layer = DirectConv2d(3, 4, 3, scheme="tapwise-8")
    calibrate(layer, [rand(1, 3, 8, 8)])
    with refused(BadShape, "(1, 5, 8, 8)", "(N, 3, H, W)"):
        layer(torch.zeros(1, 5, 8, 8))
    with refused(WrongType, "torch.int64", ".float()"):
        layer(torch.zeros(1, 3, 8, 8, dtype=torch.long))
    with refused(TooLarge, "kernel (3, 3)", "on 2 values"):
        layer(torch.zeros(1, 3, 8, 2))
    with refused(NotApplicable, "fp16", "no scheme of integers"):
        DirectConv2d(3, 4, 3, scheme="fp16")
    with refused(UnknownName, "tapwise-8"):
        DirectConv2d(3, 4, 3, scheme="tapwise_8")
    assert parse_scheme("tapwise-8").name in repr(layer)
