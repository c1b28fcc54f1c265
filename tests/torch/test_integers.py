# SPDX-License-Identifier: Apache-2.0
"""A quantised layer and the simulation hold the same integers at every stage, given the same scales."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from oracle_layers import ALGORITHMS, F43, INTEGER, joined, rand, simulated_codes, stored_codes, tiled

from wincraft import parse
from wincraft.measure.places import INPUT
from wincraft.numbers import parse_quantizer
from wincraft.quantise import Layer, parse_scheme, simulate
from wincraft.torch import WinogradConv1d, WinogradConv2d, calibrate, watching
from wincraft.torch.stage import StoredStage

ULP = 2.0**-23
OPTIONS = {
    "per channel": "weights-per-channel",
    "unsigned": "unsigned",
    "percentile": "percentile:95",
    "mse": "mse",
    "all": "weights-per-channel+unsigned+percentile",
}


def layer_for(made, scheme, channels=5, outputs=4, **options):
    """The layer without bias and images for it, of the kernel of an algorithm."""
    torch.manual_seed(1)
    axes, kernel = len(made.factors), made.r
    conv = (WinogradConv1d, WinogradConv2d)[axes - 1]
    layer = conv(channels, outputs, kernel, padding=1, algorithm=made, scheme=scheme, bias=False, **options)
    return layer, rand(2, channels, *(13, 17)[-axes:], seed=3)


def same_integers(layer, x, clipped=False):
    """Codes of every stage, and outputs; the calibrated scales are those that the simulation calibrates."""
    calibrate(layer, [x])
    own, _ = simulated_codes(layer, x, layer.scheme, None)
    assert own.scales.keys() == layer.scales.keys()
    for label, scale in own.scales.items():
        np.testing.assert_allclose(layer.scales[label].scale, scale.scale, rtol=1e-12, atol=0)
        np.testing.assert_array_equal(layer.scales[label].zero_point, scale.zero_point)
    found, wanted = simulated_codes(layer, x, layer.scheme, layer.scales)
    y, codes = stored_codes(layer, x)
    if "input" in codes:
        codes["input"] = tiled(codes["input"], layer)
    assert codes.keys() == wanted.keys()
    for label, array in wanted.items():
        assert np.array_equal(codes[label].reshape(array.shape), array), label
        assert len(np.unique(array)) > 8, label
    assert any(record.clipped for record in found.records.values()) or not clipped
    # float32 rounds the scale and the product
    np.testing.assert_allclose(y.numpy(), joined(found.outputs, layer, len(x), y.shape[2:]), rtol=ULP)
    return found


@pytest.mark.parametrize("size", ALGORITHMS)
@pytest.mark.parametrize("name", INTEGER)
def test_presets(name, size):
    same_integers(*layer_for(ALGORITHMS[size](), name))


@pytest.mark.parametrize("size", ["F4 wincnn", "F4 legendre", "1-D"])
@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("name", INTEGER)
def test_options(name, option, size):
    scheme = parse_scheme(f"{name}+{OPTIONS[option]}")
    same_integers(*layer_for(ALGORITHMS[size](), scheme), clipped="percentile" in scheme.calibration)


@pytest.mark.parametrize(
    "text",
    [
        "tapwise-8,M=none",
        "tapwise-pow2,M=int8/tap/pow2",
        "tapwise-8,U=none",
        "tapwise-8,V=int4/channel-tap,output=none",
        "tapwise-8,input=none,weights=none",
        "barabasz-2020-8,pre-step=none,U=int12,V=int12,M=int20,output=int16",
        "barabasz-2020-8,input=int8/tensor/pow2,pre-step=int6/tap,post-step=int9/channel-tap",
        "tapwise-8,M=int30/tap,output=uint10",
        "tapwise-8,matrices=fp16",
    ],
)
@pytest.mark.parametrize("size", ["F4 wincnn", "F4 legendre"])
def test_changed_stages(text, size):
    same_integers(*layer_for(ALGORITHMS[size](), text))


@pytest.mark.parametrize("size", ["F4 wincnn", "F4 legendre"])
@pytest.mark.parametrize("scheme", ["ncnn-int8", "ncnn-int8+unsigned"])
def test_exact_words(size, scheme):
    made = ALGORITHMS[size]()
    same_integers(*layer_for(made, scheme))


def test_sums_of_32_bits_wrap_alike():
    """Constant images of 128 channels: 127 * 31 * 9 * 128 times the factors 24^2 of the matrices leave 32 bits."""
    layer, _ = layer_for(parse("F(4x4,3x3)", points=F43), "ncnn-int8", channels=128)
    x = torch.ones(1, 128, 8, 8)
    with torch.no_grad():
        layer.weight.fill_(0.5)
        calibrate(layer, [x])
    found, wanted = simulated_codes(layer, x, layer.scheme, layer.scales)
    assert found.overflowed
    y, codes = stored_codes(layer, x)
    assert np.array_equal(codes["output"].reshape(wanted["output"].shape), wanted["output"])
    assert (y - 576).abs().max() > 1  # far from the 0.5 * 9 * 128 of the inner outputs


def test_a_sum_just_beyond_32_bits_wraps():
    """One tap reaches 4 * 127 * 9 * 31 * C, between 2^31 and 2^32: stored, it has the other sign."""
    channels = 15_500
    assert 2**31 < 4 * 127 * 9 * 31 * channels < 2**32
    made = parse("F(2x2,3x3)", points="0,1,-1")
    layer = WinogradConv2d(channels, 1, 3, algorithm=made, scheme="ncnn-int8,M=int16/tensor", bias=False)
    x = torch.ones(1, channels, 4, 4)
    with torch.no_grad():
        layer.weight.fill_(0.5)
        calibrate(layer, [x])
    found, wanted = simulated_codes(layer, x, layer.scheme, layer.scales)
    assert found.overflowed
    _, codes = stored_codes(layer, x)
    assert np.array_equal(codes["M"].reshape(wanted["M"].shape), wanted["M"])
    assert codes["M"].min() < -32_000


@pytest.mark.parametrize(
    ("text", "bound"), [("int8", 127), ("int8-full", 128), ("uint8", 255), ("uint4", 15), ("int2", 1)]
)
def test_the_bound_of_a_stage_is_the_largest_code_less_its_zero_point(text, bound):
    stage = StoredStage(INPUT, parse_quantizer(text), (1,), 1, "max-abs")
    assert stage.bound == bound
    largest = 0.0
    for values in ([-1.0, 0.0], [0.0, 1.0], [-1.0, 1.0]):
        value = torch.tensor(values).view(1, 2, 1)
        stage.reset()
        stage.observe(value, stage.scale.new_ones(1, 1, 1))
        codes, _ = stage(1e6 * value, stage.scale.new_ones(1, 1, 1))
        largest = max(largest, float(codes.abs().max()))
    assert largest == bound


@pytest.mark.parametrize(("stored", "channels"), [("U=int8/tap", 1501), ("input=uint8,U=none", 400)])
def test_sums_beyond_the_24_bits_of_float32_stay_exact(stored, channels):
    """Values of one sign and nearly one size: M passes 2^24 and keeps its odd numbers, unstored, up to A^T.

    Codes without a sign are twice as large: 400 * 2 * 127 * 127 would stay below.
    """
    text = f"tapwise-8,{stored},M=none,output=int30"
    layer, _ = layer_for(parse("F(2,3)", points="0,1,-1"), text, channels=channels, outputs=2)
    x = 1 + 0.06 * rand(1, channels, 9).abs().clamp(max=2)
    with torch.no_grad():
        layer.weight.copy_(1 + 0.06 * rand(*layer.weight.shape).abs().clamp(max=2))
    same_integers(layer, x)
    _, codes = stored_codes(layer, x)
    BT = np.array([[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, -1, 0, 1]])
    U = codes["U"] if "U" in codes else np.tensordot(BT, tiled(codes["input"], layer), 1)
    M = np.einsum("akc,act->akt", codes["V"], U)
    assert ((M > 2**24) & (M % 2 == 1)).any()


def test_irrational_points_stay_in_float64():
    layer, x = layer_for(parse("F(4x4,3x3)", points="0,1,-1,sqrt(2),-sqrt(2)"), "tapwise-8")
    same_integers(layer, x)


@pytest.mark.parametrize("dtype", [torch.float16, torch.float64])
def test_other_dtypes_hold_the_same_integers(dtype):
    layer, x = layer_for(ALGORITHMS["F4 wincnn"](), "tapwise-8")
    layer, x = layer.to(dtype), x.to(dtype)
    calibrate(layer, [x])
    _, wanted = simulated_codes(layer, x, layer.scheme, layer.scales)
    y, codes = stored_codes(layer, x)
    assert y.dtype == dtype
    for label in ("U", "V", "M", "output"):
        assert np.array_equal(codes[label].reshape(wanted[label].shape), wanted[label])


@pytest.mark.parametrize("groups", [2, 4])
def test_groups_are_layers_of_their_own(groups):
    """Given the scales of the whole, every group holds what a layer of that group alone holds."""
    made = ALGORITHMS["F4 wincnn"]()
    whole = WinogradConv2d(4, 8, 3, padding=1, groups=groups, algorithm=made, scheme="tapwise-8", bias=False)
    x = rand(2, 4, 9, 9)
    calibrate(whole, [x])
    parts = []
    for weight, part in zip(whole.weight.chunk(groups), x.chunk(groups, 1), strict=True):
        one = WinogradConv2d(4 // groups, 8 // groups, 3, padding=1, algorithm=made, scheme="tapwise-8", bias=False)
        one.weight = torch.nn.Parameter(weight.detach())
        for label, stage in one.winograd.labelled.items():
            stage.set_scale(whole.scales[label])
        parts.append(one(part))
    assert torch.equal(whole(x), torch.cat(parts, 1))


FLOATS = ["fp32", "fp16-fp32acc", "fp16", "bf16", "fp8-e4m3", "fp8-e5m2", "fp16,accumulator=fp32"]


@pytest.mark.parametrize("size", ["F4 wincnn", "F4 legendre", "F6 quadratic", "F4 integer", "1-D"])
@pytest.mark.parametrize("name", FLOATS)
def test_float_schemes(name, size):
    """The same operations one by one: the layer runs the simulation on its tiles."""
    layer, x = layer_for(ALGORITHMS[size](), name, channels=3, outputs=2)
    scheme = parse_scheme(name)
    if any(quantizer.per for quantizer in scheme.stages.values()):
        calibrate(layer, [x])
    batch = Layer(x.double().numpy(), layer.weight.detach().double().numpy(), 1).batch(layer.algorithm)
    found = simulate(layer.algorithm, scheme, batch)
    y = layer(x)
    wanted = joined(found.outputs, layer, len(x), y.shape[2:]).astype(np.float32)
    assert np.array_equal(y.detach().numpy(), wanted)
    assert not np.array_equal(wanted, joined(found.reference, layer, len(x), y.shape[2:]).astype(np.float32))


def test_float_schemes_with_groups_padding_modes_and_strides():
    direct = torch.nn.Conv2d(4, 6, 3, stride=2, padding=1, groups=2, padding_mode="reflect")
    x = rand(2, 4, 11, 10)
    found = WinogradConv2d.from_direct(direct, algorithm="F(4x4,2x2)", scheme="fp32")(x)
    assert (found - direct(x)).abs().max() < 1e-5
    assert WinogradConv2d.from_direct(direct.half(), algorithm="F(4x4,2x2)", scheme="fp16")(x.half()).isfinite().all()


@pytest.mark.parametrize("size", ["F4 wincnn", "F4 legendre", "1-D"])
@pytest.mark.parametrize("scheme", ["tapwise-8", "barabasz-2020-8", "tapwise-8,U=none,M=none,output=none", "fp16"])
def test_watched_values_are_those_of_the_simulation(scheme, size):
    """At the same places with the same axes, stored or not, to the accuracy of sums that were not rounded."""
    layer, x = layer_for(ALGORITHMS[size](), scheme)
    if scheme != "fp16":
        calibrate(layer, [x])
    seen, wanted = {}, {}
    with watching(layer, seen.__setitem__):
        layer(x)
    batch = Layer(x.double().numpy(), layer.weight.detach().double().numpy(), layer.padding).batch(layer.algorithm)
    simulate(layer.algorithm, layer.scheme, batch, layer.scales if scheme != "fp16" else None, wanted.__setitem__)
    assert seen.keys() == wanted.keys()
    for place, values in wanted.items():
        assert seen[place].shape == values.shape
        np.testing.assert_allclose(seen[place].numpy(), values, rtol=1e-6, atol=1e-6 * np.abs(values).max())
    count = len(seen)
    layer(x)
    assert len(seen) == count
