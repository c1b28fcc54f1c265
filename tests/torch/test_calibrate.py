# SPDX-License-Identifier: Apache-2.0
"""Scales come from the images given, all of them and no others, and stay."""

from __future__ import annotations

import copy

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from oracle_layers import rand
from oracle_messages import refused
from torch import nn

from wincraft.errors import BadValue, NotApplicable, WrongType
from wincraft.torch import DirectConv2d, WinogradConv2d, calibrate, convert

ONE_LAYER = ["ncnn-int8", "fp8-e4m3"]
TEXTS = ["tapwise-8", "barabasz-2020-8", "fp8-e4m3"]


def network(scheme="tapwise-8", bias=True, stride=2, **options):
    first, second = nn.Conv2d(3, 4, 3, padding=1, bias=bias), nn.Conv2d(4, 4, 3, stride, bias=bias)
    layers = first, nn.BatchNorm2d(4), nn.ReLU(), second
    plain = nn.Sequential(*layers, nn.Dropout(0.5), nn.Conv2d(4, 2, 3, bias=bias))
    return convert(plain, "F(4x4,3x3)", scheme, **options)


def scales_of(model):
    """Name: scale of every stage of a network."""
    return {key: item.clone() for key, item in model.state_dict().items() if key.endswith(("scale", "zero_point"))}


def images():
    """Eight images."""
    return rand(8, 3, 12, 12) * torch.linspace(2, 0.2, 8).view(8, 1, 1, 1)


@pytest.mark.parametrize("text", [*TEXTS, "tapwise-8,input=uint8,output=uint8"])
def test_batches_do_not_matter(text):
    """Exactly where by far the widest image comes first: later ones are stored with scales that stay."""
    x, found = images()[:1] * torch.tensor([1.0, *[0.2] * 7]).view(8, 1, 1, 1), []
    for parts in ((x,), x.split(1), x.split(3), x.split([5, 3])):
        torch.manual_seed(0)
        model = network(text, bias=False, stride=1 if text == "fp8-e4m3" else 2)
        assert calibrate(model, parts) == 8
        found.append(scales_of(model))
    for other in found[1:]:
        assert other.keys() == found[0].keys()
        for key, scale in other.items():
            torch.testing.assert_close(scale, found[0][key], rtol=1e-12, atol=0)


def test_batches_in_any_order_matter_little():
    """An early batch is stored with the scales seen so far: finer codes, so that later ranges differ a little."""
    x, found = images(), []
    for parts in ((x,), x.flip(0).split(1)):
        torch.manual_seed(0)
        model = network()
        calibrate(model, parts)
        found.append(scales_of(model))
    assert torch.equal(found[0]["0.winograd.stages.input.scale"], found[1]["0.winograd.stages.input.scale"])
    for key, scale in found[1].items():
        torch.testing.assert_close(scale, found[0][key], rtol=0.15, atol=0)


@pytest.mark.parametrize("method", ["percentile:99", "mse"])
def test_other_calibrations_take_the_mean_of_the_ranges(method):
    x = rand(6, 3, 8, 8) * torch.tensor([1.0, 2.0, 3.0, 1.0, 2.0, 5.0]).view(6, 1, 1, 1)
    layer = WinogradConv2d(3, 2, 3, scheme=f"tapwise-8+{method}")
    calibrate(layer, x.split(2))
    tiled = [WinogradConv2d(3, 2, 3, scheme=layer.scheme) for _ in range(3)]
    for one, part in zip(tiled, x.split(2), strict=True):
        calibrate(one, [part])
    mean = np.mean([one.scales["input"].scale for one in tiled])
    assert layer.scales["input"].scale.item() == pytest.approx(mean, rel=1e-12)


@pytest.mark.parametrize("text", [*TEXTS, "ncnn-int8"])
def test_static_afterwards(text):
    """The output of an image does not depend on the others, and nothing changes by running."""
    model = WinogradConv2d(3, 4, 3, algorithm="F(2x2,3x3)", scheme=text) if text in ONE_LAYER else network(text)
    x = rand(5, 3, 12, 12, seed=1)
    calibrate(model, [x])
    model.eval()
    before = scales_of(model)
    whole = model(10 * x)
    for number in range(5):
        assert torch.equal(model(10 * x[number : number + 1])[0], whole[number])
    assert all(torch.equal(item, before[key]) for key, item in scales_of(model).items())


@pytest.mark.parametrize("count", [1, 3, 4, 7])
def test_so_many_images_and_no_more(count):
    x, taken = images().flip(0), []

    def loader():
        for part in x.split(3):
            taken.append(len(part))
            yield part, torch.zeros(len(part))

    torch.manual_seed(0)
    model = network()
    assert calibrate(model, loader(), images=count) == count
    assert sum(taken) - 3 < count <= sum(taken)
    torch.manual_seed(0)
    wanted = network()
    calibrate(wanted, x[:count].split(3))
    for key, scale in scales_of(model).items():
        assert torch.equal(scale, scales_of(wanted)[key])


def test_fewer_images_than_asked_for():
    assert calibrate(network(), [images()], images=100) == 8


def test_modes_and_statistics_stay():
    """Evaluation while calibrating; then every module in its own mode, batch norm's averages as they were."""
    model = network().train()
    model[1].eval()
    before = copy.deepcopy(model[1].state_dict())
    calibrate(model, [images()])
    assert model.training
    assert model[4].training
    assert not model[1].training
    assert all(torch.equal(item, before[key]) for key, item in model[1].state_dict().items())
    assert all(parameter.grad is None and parameter.requires_grad for parameter in model.parameters())
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        calibrate(model.append(nn.Linear(5, 3)), [images()])
    assert model.training
    assert not any(stage.observing for layer in (model[0], model[3]) for stage in _stages(layer))


def _stages(layer):
    return (layer.winograd if hasattr(layer, "winograd") else layer).labelled.values()


def test_calibrated_twice_forgets_the_first():
    x, found = images(), []
    for first in (100 * x, 0.01 * x):
        torch.manual_seed(0)
        model = network()
        calibrate(model, [first])
        calibrate(model, [x])
        found.append(scales_of(model))
    assert all(torch.equal(item, found[1][key]) for key, item in found[0].items())


def test_a_layer_that_runs_twice_sees_both_inputs():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 3, 3, padding=1)

        def forward(self, x):
            return self.conv(x) + self.conv(7 * x)

    model, x = convert(Twice(), scheme="tapwise-8"), images()
    calibrate(model, [x])
    assert model.conv.scales["input"].scale.item() == pytest.approx(float(7 * x.abs().max()) / 127, rel=1e-6)


def test_learned_scales_begin_with_the_calibrated_ones():
    for text in ("tapwise-8", "tapwise-pow2"):
        found = []
        for learn in (False, True):
            torch.manual_seed(0)
            model = WinogradConv2d(3, 4, 3, scheme=text, learn_scales=learn)
            calibrate(model, images().split(4))
            found.append({label: scale.scale for label, scale in model.scales.items()})
        for label, scale in found[0].items():
            np.testing.assert_allclose(found[1][label], scale, rtol=0 if "pow2" in text else 1e-6)


def test_images_of_zeros_and_infinities():
    layer = WinogradConv2d(3, 4, 3, bias=False, scheme="tapwise-8")
    calibrate(layer, [torch.zeros(2, 3, 8, 8)])
    assert not layer(torch.zeros(2, 3, 8, 8)).any()
    direct = DirectConv2d(3, 4, 3, scheme="tapwise-8")
    x = images().abs()
    x[0, :, 0, 0] = torch.inf
    calibrate(direct, [x])
    largest = float(x[x.isfinite()].abs().max())
    assert direct.labelled["input"].scale.item() == pytest.approx(largest / 127, rel=1e-6)


def test_what_cannot_be_calibrated():
    with refused(BadValue, "the loader is empty"):
        calibrate(network(), [])
    with refused(BadValue, "images is 0"):
        calibrate(network(), [images()], images=0)
    with refused(BadValue, "images is -2"):
        calibrate(network(), [images()], images=-2)
    with refused(NotApplicable, "no stage"):
        calibrate(nn.Conv2d(3, 4, 3), [images()])
    with refused(NotApplicable, "no stage"):
        calibrate(network(None), [images()])
    with refused(WrongType, "a tensor", "[images]"):
        calibrate(network(), images())
    with refused(WrongType, "batch of dict", "tuples"):
        calibrate(network(), [{"pixels": images()}])
    x = images()
    x[0, 0, 0, 0] = torch.nan
    for scheme in ("tapwise-8", "tapwise-8+mse"):
        with refused(NotApplicable, "stage input", "NaN", "images"):
            calibrate(WinogradConv2d(3, 4, 3, scheme=scheme), [x])


def test_an_uncalibrated_stage_is_named():
    for layer in (WinogradConv2d(3, 4, 3, scheme="tapwise-8"), DirectConv2d(3, 4, 3, scheme="tapwise-8")):
        with refused(NotApplicable, "stage weights" if hasattr(layer, "winograd") else "stage input", "calibrate("):
            layer(images())
    with refused(NotApplicable, "not calibrated"):
        WinogradConv2d(3, 4, 3, scheme="fp8-e4m3")(images())
    layer = WinogradConv2d(3, 4, 3, scheme="tapwise-8", learn_scales=True)
    with refused(NotApplicable, "not calibrated"):
        layer(images())


def test_stages_that_are_never_rounded_need_no_scales():
    assert WinogradConv2d(3, 4, 3, scheme="fp16")(images()).isfinite().all()
