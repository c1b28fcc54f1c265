# SPDX-License-Identifier: Apache-2.0
"""Networks with their convolutions replaced compute what they did, and keep what they are."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from oracle_layers import F43, rand
from oracle_messages import refused
from torch import nn

from wincraft import parse
from wincraft.construct import chained
from wincraft.errors import BadShape, NotApplicable, UnknownName
from wincraft.plan import Problem, make_plan
from wincraft.torch import DirectConv1d, DirectConv2d, WinogradConv1d, WinogradConv2d, calibrate, convert


class Residual(nn.Module):
    """A small network with blocks, batch norm, strides, a 1x1 shortcut, depthwise and odd kernels."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(8)
        self.down = nn.Conv2d(8, 16, 3, stride=2, padding=1)
        self.shortcut = nn.Conv2d(8, 16, 1, stride=2)
        deep = nn.Conv2d(16, 16, 3, padding=1, groups=16), nn.ReLU(), nn.Conv2d(16, 16, 5, padding=2)
        self.deep = nn.Sequential(*deep)
        self.flat = nn.Conv2d(16, 4, (1, 3), padding="same", padding_mode="reflect")
        self.wide = nn.Conv2d(4, 4, 3, dilation=2)
        self.line = nn.Conv1d(4, 2, 3)

    def forward(self, x):
        x = torch.relu(self.norm(self.stem(x)))
        x = torch.relu(self.down(x) + self.shortcut(x))
        x = self.wide(self.flat(self.deep(x)))
        return self.line(x.flatten(2))


WINOGRAD = ("stem", "down", "deep.0", "deep.2", "flat", "line")


def algorithm_for(name, layer):
    return "F(4,3)" if name == "line" else "F(4x4,3x3)"


def everything(name, layer):
    """Winograd wherever it can be, also with strides."""
    return None if max(layer.kernel_size) == 1 else algorithm_for(name, layer)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("chosen", ["F(4x4,3x3)", "F(4,3)", everything])
def test_a_network_computes_what_it_did(dtype, chosen):
    plain = Residual().to(dtype).eval()
    if chosen == "F(4x4,3x3)":
        plain.line = nn.Identity()
    x = rand(2, 3, 16, 16, dtype=dtype)
    converted = convert(plain, chosen)
    assert type(converted.stem) is WinogradConv2d
    assert type(converted.down) is WinogradConv2d
    assert type(converted.wide) is (WinogradConv2d if chosen is everything else nn.Conv2d)
    assert type(convert(plain, chosen, plans=False).down) is (WinogradConv2d if chosen is everything else nn.Conv2d)
    assert not any(isinstance(layer, WinogradConv2d | WinogradConv1d) for layer in plain.modules())
    wanted, found = plain(x), converted(x)
    # some ten units of float32 per layer, of the largest activation
    assert (found - wanted).abs().max() <= {torch.float32: 2e-5, torch.float64: 1e-13}[dtype] * wanted.abs().max()
    assert converted.state_dict().keys() == plain.state_dict().keys()


def test_batch_norm_in_training_sees_the_same():
    plain = Residual().train()
    converted = convert(plain, everything)
    x = rand(4, 3, 16, 16)
    assert converted.training
    wanted, found = plain(x), converted(x)
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(converted.norm.running_var, plain.norm.running_var)
    found.square().sum().backward()
    wanted.square().sum().backward()
    for name, parameter in plain.named_parameters():
        torch.testing.assert_close(converted.get_parameter(name).grad, parameter.grad, rtol=1e-3, atol=1e-4)


def test_notes_say_why_a_layer_is_direct():
    converted = convert(Residual(), "F(4,3)", "tapwise-8", skip=["deep.2"])
    kinds = {name: type(layer) for name, layer in converted.named_modules()}
    assert [name for name, kind in kinds.items() if kind in (WinogradConv1d, WinogradConv2d)] == [
        name for name in WINOGRAD if name != "deep.2"
    ]
    assert kinds["deep.2"] is nn.Conv2d
    notes = {name: getattr(converted, name).note for name in ("down", "shortcut", "wide")}
    assert notes == {
        "down": "plan: 5.062 products an output, direct 9",
        "shortcut": "direct: 1x1 kernel, stride 2; a plan takes 1 of 1 products",
        "wide": "direct: 3x3 kernel, dilation 2; a plan takes 9.062 of 9 operations, transforms included",
    }
    assert all(note in repr(converted) for note in notes.values())
    without = convert(Residual(), "F(4,3)", "tapwise-8", plans=False)
    assert without.down.note == "direct: 3x3 kernel, stride 2"
    assert without.wide.note == "direct: 3x3 kernel, dilation 2"
    assert convert(nn.Sequential(nn.Conv2d(3, 4, 1)), scheme="tapwise-8")[0].note == "direct: kernel (1, 1)"
    assert convert(nn.Sequential(nn.Conv1d(3, 4, 3)), None, "tapwise-8")[0].note == "direct: as chosen"


def test_layers_that_the_algorithm_does_not_fit_stay_direct():
    """Seven taps are too many for its tile, and one axis too few; the others are converted."""
    plain = nn.Sequential(nn.Conv2d(3, 4, 7, padding=3), nn.Conv2d(4, 4, 3), nn.Conv2d(4, 4, 1))
    for scheme, kind in (("tapwise-8", DirectConv2d), (None, nn.Conv2d)):
        made = convert(plain, scheme=scheme, plans=False)
        assert [type(layer) for layer in made] == [kind, WinogradConv2d, kind]
        assert made[0].note.startswith("direct: F(4x4,3x3): its tile is too small for 7x7 taps, and F(2x2,7x7) has")
        assert made[2].note == "direct: kernel (1, 1)"
    mixed = convert(nn.ModuleList([nn.Conv1d(3, 4, 3), nn.Conv2d(3, 4, 3)]), "F(4x4,3x3)", "tapwise-8")
    assert [type(layer) for layer in mixed] == [DirectConv1d, WinogradConv2d]
    assert "1 axes" in mixed[0].note


def test_one_name_to_skip():
    made = convert(nn.ModuleDict({"stem": nn.Conv2d(3, 4, 3), "body": nn.Conv2d(4, 4, 3)}), skip="stem")
    assert [type(layer) for layer in made.values()] == [nn.Conv2d, WinogradConv2d]


def test_quantised_networks_are_near():
    plain = Residual().eval()
    x = rand(8, 3, 16, 16)
    converted = convert(plain, everything, "tapwise-8")
    assert type(converted.shortcut) is DirectConv2d
    assert type(converted.wide) is WinogradConv2d
    calibrate(converted, [x])
    wanted = plain(x)
    error = (converted(x) - wanted).square().sum() / wanted.square().sum()
    assert 1e-6 < error < 0.05


def test_the_function_is_asked_once_per_layer_with_its_name():
    asked = []

    def choose(name, layer):
        asked.append((name, layer.kernel_size))
        return None if name == "down" else everything(name, layer)

    converted = convert(Residual(), choose, "tapwise-8", skip=("wide",))
    assert [name for name, _ in asked] == ["stem", "down", "shortcut", "deep.0", "deep.2", "flat", "line"]
    assert converted.down.note == "direct: as chosen"
    assert type(converted.wide) is nn.Conv2d


def test_options_reach_the_layers():
    converted = convert(Residual(), everything, "tapwise-pow2", learn_scales=True, transforms="diagonals")
    assert converted.stem.winograd.log_diagonals is not None
    assert all(stage.log_scale is not None for stage in converted.stem.winograd.labelled.values())
    assert all(stage.log_scale is not None for stage in converted.wide.labelled.values())


def test_shared_layers_stay_one():
    shared = nn.Conv2d(3, 3, 3, padding=1)
    plain = nn.ModuleDict({"a": shared, "b": nn.Sequential(nn.ReLU(), shared), "c": nn.Conv2d(3, 3, 1)})
    converted = convert(plain, scheme="tapwise-8")
    assert converted["a"] is converted["b"][1]
    assert type(converted["a"]) is WinogradConv2d
    assert type(converted["c"]) is DirectConv2d
    assert plain["a"] is shared


def test_shared_weights_stay_one():
    plain = nn.Sequential(nn.Conv2d(3, 3, 3), nn.Conv2d(3, 3, 3))
    plain[1].weight = plain[0].weight
    converted = convert(plain)
    assert converted[0].weight is converted[1].weight
    assert converted[0].weight is not plain[0].weight


def test_frozen_layers_stay_frozen():
    plain = nn.Sequential(nn.Conv2d(3, 3, 3), nn.Conv2d(3, 3, 1)).eval()
    plain[0].weight.requires_grad_(False)
    converted = convert(plain, scheme="tapwise-8")
    assert not converted[0].weight.requires_grad
    assert converted[0].bias.requires_grad
    assert not any(module.training for module in converted.modules())


@pytest.mark.parametrize("scheme", [None, "tapwise-8"])
@pytest.mark.parametrize("size", [1, 3])
def test_the_model_itself_is_a_layer(size, scheme):
    plain = nn.Conv2d(3, 4, size)
    converted = convert(plain, scheme=scheme)
    kinds = {(3, None): WinogradConv2d, (3, "tapwise-8"): WinogradConv2d, (1, "tapwise-8"): DirectConv2d}
    assert type(converted) is kinds.get((size, scheme), nn.Conv2d)
    assert converted.weight is not plain.weight
    assert list(converted.state_dict())[:2] == ["weight", "bias"]
    if scheme:
        calibrate(converted, [rand(1, 3, 8, 8)])
    assert (converted(rand(1, 3, 8, 8)) - plain(rand(1, 3, 8, 8))).abs().max() < 0.2


def test_a_chosen_algorithm_with_chains_is_kept():
    made = chained(parse("F(4x4,3x3)", points=F43), "legendre")
    converted = convert(nn.Sequential(nn.Conv2d(3, 4, 3)), made, "barabasz-2020-8")
    assert "post-step 1" in converted[0].winograd.labelled
    both = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 5))
    assert "chains" in convert(both, made, "barabasz-2020-8")[1].note  # none for other taps is at hand
    with refused(NotApplicable, "layer 1", "chains"):
        convert(both, lambda name, layer: made, "barabasz-2020-8")


def test_subclasses_and_layers_without_stored_stages():
    class Own(nn.Conv2d):
        pass

    converted = convert(nn.Sequential(Own(3, 4, 3), nn.Conv2d(4, 4, 3)))
    assert type(converted[0]) is Own
    again = convert(nn.Sequential(converted, nn.Conv2d(4, 4, 3)), scheme="tapwise-8")
    assert [type(layer) for layer in (again[0][1], again[1])] == [WinogradConv2d, WinogradConv2d]
    assert not again[0][1].scheme.stages


def test_what_cannot_be_converted():
    with refused(NotApplicable, "no convolution"):
        convert(nn.Sequential(nn.Linear(3, 3)))
    with refused(NotApplicable, "no convolution"):
        convert(nn.Sequential(nn.Conv2d(3, 4, 3)), skip=["0"])
    with refused(UnknownName, "'steam'", "did you mean stem?"):
        convert(Residual(), skip=["steam"])
    with refused(UnknownName, "tapwise-8"):
        convert(Residual(), scheme="tapwise8")
    with refused(NotApplicable, "layer 0: F(4x4,3x3)", "F(m,7x7)", "no other layer"):
        convert(nn.Sequential(nn.Conv2d(16, 16, 7), nn.Conv2d(16, 16, 3, stride=2)), plans=False)
    with refused(BadShape, "layer 0: algorithm", "F(4x4,3x3)", "1 axes"):
        convert(nn.Sequential(nn.Conv1d(3, 4, 3)), lambda name, layer: "F(4x4,3x3)")
    hooked = nn.Conv2d(3, 4, 3)
    hooked.register_forward_hook(lambda *args: None)
    with refused(NotApplicable, "layer 0", "hooks", "remove_weight_norm"):
        convert(nn.Sequential(hooked))
    assert convert(nn.Sequential(hooked), None)[0]._forward_hooks  # it stays what it was
    with refused(BadShape, "layer wide: the plan", "3x3 kernel, dilation 2"):
        convert(Residual(), lambda name, layer: make_plan(Problem(3, axes=2), 4) if name == "wide" else None)


def test_one_axis_under_a_scheme():
    plain = nn.Sequential(nn.Conv1d(2, 3, 5, padding=2), nn.ReLU(), nn.Conv1d(3, 3, 1))
    converted = convert(plain, "F(4,5)", "tapwise-8")
    assert [type(layer) for layer in converted] == [WinogradConv1d, nn.ReLU, DirectConv1d]
    x = rand(3, 2, 30)
    calibrate(converted, [x])
    wanted = plain(x)
    assert (converted(x) - wanted).square().sum() < 0.02 * wanted.square().sum()
