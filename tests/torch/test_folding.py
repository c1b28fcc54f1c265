# SPDX-License-Identifier: Apache-2.0
"""Batch normalisation is folded where it follows a convolution alone; the numbers stay, and silence is never wrong."""

from __future__ import annotations

import copy
import warnings

import pytest

torch = pytest.importorskip("torch")

from oracle_layers import rand
from oracle_messages import refused
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from wincraft.errors import NotApplicable
from wincraft.torch import StaleScales, WinogradConv2d, calibrate, convert

LAYERS = {
    "stem": {"kernel_size": 3, "stride": 2, "padding": 1},
    "depthwise": {"kernel_size": 3, "padding": 1, "groups": 16},
    "pointwise": {"kernel_size": 1},
    "wide": {"kernel_size": 5, "padding": 2},
    "grouped": {"kernel_size": 3, "padding": 1, "groups": 4},
    "plain": {"kernel_size": 3, "padding": 1},
    "dilated": {"kernel_size": 3, "padding": 2, "dilation": 2},
    "row": {"kernel_size": (1, 7), "padding": (0, 3)},
}


class Network(nn.Module):
    """A classifier with eight kinds of convolution, each with batch normalisation and ReLU."""

    def __init__(self):
        super().__init__()
        channels = 3
        for name, options in LAYERS.items():
            self.add_module(name, nn.Conv2d(channels, 16, bias=name == "plain", **options))
            self.add_module(f"{name}_norm", nn.BatchNorm2d(16))
            channels = 16
        self.linear = nn.Linear(16, 10)

    def forward(self, x):
        for name in LAYERS:
            x = torch.relu(getattr(self, f"{name}_norm")(getattr(self, name)(x)))
        return self.linear(x.mean((2, 3)))


def as_trained(model, x):
    """Filters of unequal sizes, their running statistics, and unequal factors, as after training."""
    torch.manual_seed(5)
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.Conv2d):
                module.weight.mul_(torch.exp(torch.randn(len(module.weight), 1, 1, 1) / 2))
            if isinstance(module, nn.BatchNorm2d):
                module.weight.uniform_(0.5, 1.5)
                module.bias.uniform_(-0.5, 0.5)
                module.momentum = None
        model.train()(x)
    return model.eval()


def folded_by_hand(convolution, norm):
    """The weights and bias, channel by channel in float64."""
    gain = norm.weight.double() / torch.sqrt(norm.running_var.double() + norm.eps)
    weight = torch.stack([w * g for w, g in zip(convolution.weight.double(), gain, strict=True)])
    bias = 0 if convolution.bias is None else convolution.bias.double()
    return weight, (bias - norm.running_mean.double()) * gain + norm.bias.double()


def decibels(model, wanted, x):
    with torch.no_grad():
        error = model(x) - wanted
    return float(10 * torch.log10(wanted.square().sum() / error.square().sum()))


@pytest.fixture(scope="module")
def trained():
    torch.manual_seed(0)
    x = nn.functional.interpolate(rand(16, 3, 8, 8), size=32, mode="bilinear")  # smooth, as images are
    return as_trained(Network(), x), x


def test_folded_weights_are_those_computed_by_hand(trained):
    model, x = trained
    before = copy.deepcopy(model.state_dict())
    made = convert(model, "F(4x4,3x3)", fold_bn=True)
    for name in LAYERS:
        weight, bias = folded_by_hand(getattr(model, name), getattr(model, f"{name}_norm"))
        torch.testing.assert_close(getattr(made, name).weight.double(), weight, rtol=1e-6, atol=1e-7)
        torch.testing.assert_close(getattr(made, name).bias.double(), bias, rtol=1e-5, atol=1e-6)
        assert type(getattr(made, f"{name}_norm")) is nn.Identity
        assert getattr(made, name).bias.requires_grad
    with torch.no_grad():
        assert decibels(made, model(x), x) > 90
    assert all(torch.equal(item, before[key]) for key, item in model.state_dict().items())


def test_folding_before_after_and_by_convert(trained):
    """Before and by `convert` are the same and right; after calibration every layer that is wrong warns."""
    model, x = trained
    with torch.no_grad():
        wanted = model(x)

    before = copy.deepcopy(model)
    for name in LAYERS:
        setattr(before, name, fuse_conv_bn_eval(getattr(before, name), getattr(before, f"{name}_norm")))
        setattr(before, f"{name}_norm", nn.Identity())
    before = convert(before, "F(4x4,3x3)", "tapwise-8")
    calibrate(before, [x])

    made = convert(model, "F(4x4,3x3)", "tapwise-8", fold_bn=True)
    calibrate(made, [x])

    after = convert(model, "F(4x4,3x3)", "tapwise-8")
    calibrate(after, [x])
    unfolded = decibels(after, wanted, x)
    for name in LAYERS:
        setattr(after, name, fuse_conv_bn_eval(getattr(after, name), getattr(after, f"{name}_norm")))
        setattr(after, f"{name}_norm", nn.Identity())

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert decibels(made, wanted, x) == decibels(before, wanted, x)
        assert decibels(made, wanted, x) > 18
        assert decibels(made, wanted, x) > unfolded - 3
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        assert decibels(after, wanted, x) < 5
    assert [item.message.layer for item in found if item.category is StaleScales] == list(LAYERS)
    again = calibrate(after, [x])
    assert again == len(x)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert decibels(after, wanted, x) == pytest.approx(decibels(made, wanted, x), abs=0.5)


def test_a_skipped_layer_is_folded_too(trained):
    model, x = trained
    made = convert(model, skip=("plain",), fold_bn=True)
    assert type(made.plain) is nn.Conv2d
    assert type(made.plain_norm) is nn.Identity
    with torch.no_grad():
        assert decibels(made, model(x), x) > 90


class Branching(nn.Module):
    """Normalisation that must stay: before a convolution, of a value used elsewhere too, of shared ones, of a sum."""

    def __init__(self):
        super().__init__()
        self.first, self.second, self.third = (nn.Conv2d(4, 4, 3, padding=1) for _ in range(3))
        self.before, self.tapped, self.shared, self.added, self.own = (nn.BatchNorm2d(4) for _ in range(5))
        self.read = nn.Conv2d(4, 4, 1)
        self.read_norm = nn.BatchNorm2d(4)
        self.twice = nn.Sequential(nn.Conv2d(4, 4, 1), nn.BatchNorm2d(4))

    def forward(self, x):
        y = self.first(self.before(x))
        y = y + self.tapped(y)
        y = self.shared(self.second(y)) + self.shared(y)
        y = self.added(y + x)
        y = self.read_norm(self.read(y)) * self.read.weight.sum()
        return self.own(self.third(self.twice(self.twice(y))))


def test_what_does_not_follow_a_convolution_alone_stays():
    x = rand(4, 4, 9, 9)
    model = as_trained(Branching(), x)
    made = convert(model, "F(2x2,3x3)", fold_bn=True)
    kinds = {name: type(module) for name, module in made.named_modules()}
    stay = ("before", "tapped", "shared", "added", "read_norm")
    assert {kinds[name] for name in stay} == {nn.BatchNorm2d}
    assert kinds["own"] is kinds["twice.1"] is nn.Identity
    with torch.no_grad():
        assert decibels(made, model(x), x) > 90


@pytest.mark.parametrize("kind", ["no statistics", "hook", "subclass", "parametrized", "transposed"])
def test_layers_that_cannot_be_folded_stay_right(kind):
    class Own(nn.Conv2d):
        def forward(self, x):
            return 2 * super().forward(x)

    convolution = (Own if kind == "subclass" else nn.Conv2d)(4, 4, 3)
    if kind == "transposed":
        convolution = nn.ConvTranspose2d(4, 4, 3)
    if kind == "parametrized":
        nn.utils.parametrizations.weight_norm(convolution)
    model = nn.Sequential(convolution, nn.BatchNorm2d(4, track_running_stats=kind != "no statistics"))
    model.append(nn.Conv2d(4, 4, 3))
    if kind == "hook":
        model[1].register_forward_hook(lambda module, args, output: 2 * output)
    x = rand(4, 4, 9, 9)
    model = as_trained(model, x) if kind != "parametrized" else model.eval()
    made = convert(model, fold_bn=True)
    assert type(made[1]) is nn.BatchNorm2d
    with torch.no_grad():
        assert decibels(made, model(x), x) > 90


class Untraceable(nn.Module):
    """Takes a branch by a value; what its children do is known where they can be traced, or are an nn.Sequential."""

    def __init__(self, *, loose=False):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(4, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), Guard())
        self.block = Traceable()
        self.norm = nn.BatchNorm2d(4) if loose else nn.Identity()

    def forward(self, x):
        x = self.block(self.body(x))
        return self.norm(x) if x.sum() > 0 else x


class Guard(nn.Module):
    def forward(self, x):
        return x if bool(x.isfinite().all()) else x * 0


class Traceable(nn.Module):
    def __init__(self):
        super().__init__()
        self.convolution, self.norm = nn.Conv2d(4, 4, 3), nn.BatchNorm2d(4)

    def forward(self, x):
        return torch.relu(self.norm(self.convolution(x)))


def test_networks_that_cannot_be_traced():
    x = rand(4, 4, 12, 12)
    model = as_trained(Untraceable(), x)
    made = convert(model, fold_bn=True)
    assert type(made.body[1]) is type(made.block.norm) is nn.Identity
    with torch.no_grad():
        assert decibels(made, model(x), x) > 90
    with refused(NotApplicable, "folding of norm", "Untraceable cannot be traced", "fuse_conv_bn_eval"):
        convert(Untraceable(loose=True).eval(), fold_bn=True)


class Optional(nn.Module):
    """The normalisation follows the convolution alone only where something is given."""

    def __init__(self):
        super().__init__()
        self.convolution, self.norm = nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4)

    def forward(self, x, more=None):
        y = self.convolution(x)
        return self.norm(y) if more is not None else self.norm(y) + y


def test_arguments_have_their_defaults():
    x = rand(2, 4, 9, 9)
    model = as_trained(Optional(), x)
    made = convert(model, fold_bn=True)
    with torch.no_grad():
        assert decibels(made, model(x), x) > 90


def test_training_mode_is_refused():
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    with refused(NotApplicable, "folding of 1", "training mode", "eval()"):
        convert(model, fold_bn=True)
    assert type(convert(model.eval(), fold_bn=True)[1]) is nn.Identity
    assert type(convert(nn.Sequential(nn.Conv2d(3, 4, 3)), fold_bn=True)[0]) is WinogradConv2d
