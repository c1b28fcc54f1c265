# SPDX-License-Identifier: Apache-2.0
"""State dicts, copies, casts and compilation leave a layer what it was."""

from __future__ import annotations

import copy
import io
import pickle

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from oracle_layers import rand
from oracle_messages import refused
from torch import nn

from wincraft import parse
from wincraft.errors import BadDocument
from wincraft.torch import DirectConv2d, WinogradConv1d, WinogradConv2d, calibrate, convert

OPTIONS = {
    "exact": {},
    "flex": {"transforms": "flex"},
    "tapwise": {"scheme": "tapwise-8"},
    "learned": {"scheme": "tapwise-pow2", "learn_scales": True, "transforms": "diagonals"},
    "balanced": {"scheme": "tapwise-8", "balance_channels": True, "rank_one_scales": True},
    "floats": {"scheme": "fp8-e4m3"},
    "learned matrices": {"scheme": "barabasz-2020-8", "transforms": "flex"},
}


def made(name, x=None, **more):
    layer = WinogradConv2d(3, 4, 3, padding=1, **(OPTIONS[name] | more))
    if x is not None and layer.scheme.stages:
        calibrate(layer, [x])
    return layer


@pytest.mark.parametrize("name", OPTIONS)
def test_the_state_of_a_plain_convolution(name):
    """Strictly; what the layer has beside weights and bias stays."""
    x, plain = rand(2, 3, 9, 9), nn.Conv2d(3, 4, 3, padding=1)
    layer = made(name, x)
    kept = {key: value.clone() for key, value in layer.state_dict().items() if key.startswith("winograd")}
    given = plain.state_dict()
    layer.load_state_dict(given, strict=True)
    assert given.keys() == {"weight", "bias"}
    assert torch.equal(layer.weight, plain.weight)
    assert torch.equal(layer.bias, plain.bias)
    for key, value in kept.items():
        assert torch.equal(layer.state_dict()[key], value)
    with pytest.raises(RuntimeError, match="weight"):
        layer.load_state_dict({"bias": plain.bias.detach()})


def test_the_state_of_a_plain_network():
    plain = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Sequential(nn.Conv2d(4, 4, 3, stride=2)))
    network = convert(plain, scheme="tapwise-8")
    other = copy.deepcopy(plain)
    for parameter in other.parameters():
        nn.init.normal_(parameter)
    network.load_state_dict(other.state_dict(), strict=True)
    assert torch.equal(network[2][0].weight, other[2][0].weight)
    with pytest.raises(RuntimeError, match="Unexpected"):
        network.load_state_dict(other.state_dict() | {"0.winograd.nothing": torch.zeros(1)})


@pytest.mark.parametrize("name", OPTIONS)
def test_saved_and_loaded(name):
    x = rand(2, 3, 9, 9)
    layer, fresh = made(name, x), made(name)
    file = io.BytesIO()
    torch.save(layer.state_dict(), file)
    file.seek(0)
    fresh.load_state_dict(torch.load(file, weights_only=True), strict=True)
    assert torch.equal(fresh(x), layer(x))
    for label, scale in layer.scales.items():
        assert np.array_equal(fresh.scales[label].scale, scale.scale)
        assert np.array_equal(fresh.scales[label].zero_point, scale.zero_point)


def test_a_state_with_some_of_the_scales_is_not_taken_for_a_plain_one():
    state = made("tapwise", rand(2, 3, 9, 9)).state_dict()
    del state["winograd.stages.U.scale"]
    with pytest.raises(RuntimeError, match=r"stages\.U\.scale"):
        made("tapwise").load_state_dict(state)


def test_direct_layers_are_saved_and_loaded():
    x = rand(2, 3, 9, 9)
    layer, fresh = (DirectConv2d(3, 4, 3, stride=2, scheme="tapwise-8") for _ in range(2))
    fresh.load_state_dict(nn.Conv2d(3, 4, 3).state_dict())
    calibrate(layer, [x])
    fresh.load_state_dict(layer.state_dict())
    assert torch.equal(fresh(x), layer(x))


@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda layer: pickle.loads(pickle.dumps(layer))])
def test_copies(name, duplicate):
    x = rand(2, 3, 9, 9)
    layer = made(name, x)
    other = duplicate(layer)
    y = layer(x)
    assert torch.equal(other(x), y)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.add_(1)
    assert torch.equal(layer(x), y)


@pytest.mark.parametrize("name", ["tapwise", "balanced"])
def test_casts_leave_scales_and_matrices(name):
    layer = made(name, rand(2, 3, 9, 9))
    before = {key: item.clone() for key, item in layer.named_buffers()}
    assert all(item.dtype == torch.float64 for item in before.values())
    for cast in (layer.half, layer.bfloat16, layer.float, layer.double, lambda: layer.to("cpu", torch.float16)):
        cast()
        assert layer.weight.dtype in (torch.float16, torch.bfloat16, torch.float32, torch.float64)
        after = dict(layer.named_buffers())
        assert after.keys() == before.keys()
        assert all(torch.equal(after[key], item) and after[key].dtype == item.dtype for key, item in before.items())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_learned_scales_and_matrices_stay_float32_in_half_precision(dtype):
    layer = made("learned matrices", learn_scales=True)
    calibrate(layer, [rand(2, 3, 9, 9)])
    before = {key: item.clone() for key, item in layer.winograd.named_parameters()}
    assert any(key.endswith("log_scale") for key in before)
    assert any("matrices" in key for key in before)
    layer.to(dtype)
    assert layer.weight.dtype == dtype
    for key, item in layer.winograd.named_parameters():
        assert item.dtype == torch.float32
        assert torch.equal(item, before[key])
    layer.double()
    assert {parameter.dtype for parameter in layer.parameters()} == {torch.float64}


def test_the_state_of_another_configuration_is_refused():
    """Sizes agree in all of these: without a look at what it is of, the state would be taken."""
    x = rand(2, 3, 9, 9)
    state = made("tapwise", x, algorithm=parse("F(4x4,3x3)", points="0,1,-1,2,-2")).state_dict()
    with refused(BadDocument, "state of winograd", "F(4x4,3x3)", "convert"):
        made("tapwise").load_state_dict(state)
    with refused(BadDocument, "M int9/tap", "M int8/tap"):
        made("tapwise", scheme="tapwise-8,M=int9/tap").load_state_dict(made("tapwise", x).state_dict())
    with refused(BadDocument, "rank-one scales"):
        made("tapwise").load_state_dict(made("tapwise", x, rank_one_scales=True).state_dict())
    with refused(BadDocument, "output int8/tensor"):
        direct = DirectConv2d(3, 4, 3, scheme="tapwise-8")
        DirectConv2d(3, 4, 3, scheme="tapwise-8,output=int9").load_state_dict(direct.state_dict())
    unnamed = {key: item for key, item in made("tapwise", x).state_dict().items() if "configuration" not in key}
    made("tapwise").load_state_dict(unnamed)


def test_what_is_learned_has_the_dtype_of_the_weights():
    layer = made("learned", dtype=torch.float64)
    assert {parameter.dtype for parameter in layer.parameters()} == {torch.float64}
    flex = made("flex", dtype=torch.float16)
    assert {parameter.dtype for parameter in flex.winograd.parameters()} == {torch.float32}


@pytest.mark.parametrize("name", ["exact", "tapwise", "learned"])
def test_on_another_device_everything_is_there(name):
    layer = made(name, device="meta")
    assert {item.device.type for item in (*layer.parameters(), *layer.buffers())} == {"meta"}


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_modules(dtype):
    """What a layer in half precision computes is what a float32 one with its weights does, rounded once."""
    for name in ("tapwise", "balanced", "learned matrices"):
        x = rand(2, 3, 9, 9).to(dtype)
        layer = made(name, dtype=dtype)
        calibrate(layer, [x])
        wide = copy.deepcopy(layer).float()
        assert layer(x).dtype == dtype
        assert torch.equal(layer(x), wide(x.float()).to(dtype))


def run_compiled(layer, x, backend):
    compiled = torch.compile(layer, backend=backend, fullgraph=True)
    outputs = []
    for run in (layer, compiled):
        layer.zero_grad()
        leaf = x.clone().requires_grad_()
        y = run(leaf)
        y.square().sum().backward()
        outputs.append([y.detach(), leaf.grad, *(p.grad.clone() for p in layer.parameters())])
    return outputs


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.parametrize(
    ("name", "backend"),
    [("tapwise", "eager"), ("exact", "aot_eager"), ("tapwise", "aot_eager"), ("learned", "aot_eager")],
)
def test_compiled(name, backend):
    torch.compiler.reset()
    x = rand(2, 3, 9, 9)
    layer = made(name, x)
    layer(x)
    plain, compiled = run_compiled(layer, x, backend)
    for one, other in zip(plain, compiled, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)


def test_one_axis_is_saved_and_copied():
    x = rand(2, 3, 21)
    layer = WinogradConv1d(3, 4, 3, algorithm="F(4,3)", scheme="tapwise-8")
    calibrate(layer, [x])
    fresh = WinogradConv1d(3, 4, 3, algorithm="F(4,3)", scheme="tapwise-8")
    fresh.load_state_dict(layer.state_dict())
    assert torch.equal(fresh(x), layer(x))


WRONG_SCALES = [0.0, -1.0, float("inf"), -float("inf"), 5e-324, 1e-310]


@pytest.mark.parametrize("wrong", WRONG_SCALES)
@pytest.mark.parametrize("label", ["input", "weights", "U", "V", "M", "output"])
def test_scales_that_are_none_are_refused(label, wrong):
    """One among many is enough; the layer stays what it was."""
    x = rand(2, 3, 9, 9)
    layer = made("tapwise", x)
    before, state = layer(x), layer.state_dict()
    key = f"winograd.stages.{label}.scale"
    state[key] = state[key].clone()
    state[key].view(-1)[-1] = wrong
    with refused(BadDocument, key, f"{wrong:g}", "positive"):
        layer.load_state_dict(state)
    assert torch.equal(layer(x), before)


def test_scales_that_are_unknown_or_very_small_are_taken():
    fresh = made("tapwise")
    made("tapwise").load_state_dict(fresh.state_dict())
    layer = made("tapwise", 1e-30 * rand(2, 3, 9, 9))
    fresh.load_state_dict(layer.state_dict())
    assert all(np.array_equal(fresh.scales[label].scale, scale.scale) for label, scale in layer.scales.items())


@pytest.mark.parametrize(
    ("name", "key", "wrong"),
    [
        ("learned", "winograd.stages.U.log_scale", float("nan")),
        ("learned", "winograd.stages.V.log_scale", 2000.0),
        ("learned", "winograd.log_diagonals", float("inf")),
        ("balanced", "winograd.omega", 0.0),
        ("balanced", "winograd.omega", float("nan")),
        ("tapwise", "winograd.stages.input.zero_point", 3.0),
        ("unsigned", "winograd.stages.input.zero_point", -1.0),
        ("unsigned", "winograd.stages.input.zero_point", 256.0),
        ("unsigned", "winograd.stages.input.zero_point", 2.5),
        ("unsigned", "winograd.stages.input.zero_point", float("nan")),
        ("floats", "winograd.stages.input.zero_point", 1.0),
    ],
)
def test_whatever_else_a_layer_divides_by_or_adds_is_looked_at(name, key, wrong):
    layer = made("tapwise", scheme="tapwise-8,input=uint8") if name == "unsigned" else made(name)
    calibrate(layer, [rand(2, 3, 9, 9)])
    state = layer.state_dict()
    assert key in state
    layer.load_state_dict(state)
    state[key] = torch.full_like(state[key], wrong)
    with refused(BadDocument, key):
        layer.load_state_dict(state)


def test_direct_layers_look_at_their_scales():
    layer = DirectConv2d(3, 4, 3, scheme="tapwise-8")
    calibrate(layer, [rand(2, 3, 9, 9)])
    state = nn.Sequential(layer).state_dict()
    for wrong in (torch.zeros(1, 1, 1), torch.ones(1, 1, 1, dtype=torch.complex64)):
        with refused(BadDocument, "0.stages.weights.scale"):
            nn.Sequential(layer).load_state_dict(state | {"0.stages.weights.scale": wrong})
    with pytest.raises(RuntimeError, match=r"stages\.weights\.scale"):
        layer.load_state_dict(layer.state_dict() | {"stages.weights.scale": "none"})


@pytest.mark.parametrize(
    "wrong",
    [
        300,
        None,
        -1,
        1.5,
        "abc",
        b"F(4x4,3x3)",
        ["F"],
        torch.tensor([70.5, 40.0]),
        torch.tensor([300, 40]),
        torch.tensor([-1, 40]),
        torch.tensor(70, dtype=torch.uint8),
        torch.zeros(2, 3, dtype=torch.uint8),
        torch.tensor([True, False]),
        torch.tensor([], dtype=torch.uint8),
        torch.tensor([255, 254], dtype=torch.uint8),
    ],
)
@pytest.mark.parametrize("name", ["tapwise", "flex"])
def test_a_configuration_that_is_no_text_is_refused(name, wrong):
    layer = made(name, rand(2, 3, 9, 9))
    state = layer.state_dict() | {"winograd.configuration": wrong}
    with refused(BadDocument, "winograd"):
        layer.load_state_dict(state)
