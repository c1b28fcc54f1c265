# SPDX-License-Identifier: Apache-2.0
"""The report of a network: what it measures, what it predicts, and how it reads."""

import math

import pytest

torch = pytest.importorskip("torch")

from torch import nn

from wincraft import parse
from wincraft.errors import NotApplicable
from wincraft.torch import WinogradConv2d, calibrate, convert, report


def network(**options):
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(32, 24, 3, padding=1), nn.ReLU(), nn.Conv2d(24, 16, 3, stride=2), nn.Conv2d(16, 32, 3, padding=1)
    )
    made = convert(model, "F(4x4,3x3)", "tapwise-8", **options)
    x = torch.randn(6, 32, 18, 18, generator=torch.Generator().manual_seed(1))
    calibrate(made, [x])
    return model, made, x


def test_measured_is_the_noise_of_each_layer_on_its_own_input():
    model, made, x = network()
    found = report(made, [x[:2], x[2:]])
    assert [layer.name for layer in found.layers] == ["0", "2", "3"]
    assert found.images == 6
    with torch.no_grad():
        wanted, given = model[0](x).double(), made[0](x).double()
        ratio = ((wanted - model[0].bias.double()[:, None, None]) ** 2).sum() / ((given - wanted) ** 2).sum()
    assert found.layers[0].measured == pytest.approx(10 * math.log10(ratio), abs=1e-3)


def test_predictions_agree_with_what_is_measured():
    _, made, x = network()
    for layer in report(made, [x]).layers:
        if layer.algorithm != "direct":
            assert layer.predicted == pytest.approx(layer.measured, abs=0.6)
            assert sum(layer.shares.values()) == pytest.approx(1)


def test_the_noise_gain_of_white_data_is_that_of_the_algorithm():
    torch.manual_seed(0)
    layer = WinogradConv2d(8, 8, 3, algorithm="F(4x4,3x3)", scheme="tapwise-8", bias=False)
    nn.init.normal_(layer.weight)
    x = torch.randn(64, 8, 26, 26)
    calibrate(layer, [x[:4]])
    (found,) = report(layer, [x]).layers
    assert found.noise_gain == pytest.approx(float(parse("F(4x4,3x3)").noise_gain()))
    assert found.own_noise_gain == pytest.approx(found.noise_gain, rel=0.35)  # 64 filters do not look quite white


def test_smooth_images_have_a_smaller_noise_gain():
    layer = WinogradConv2d(4, 4, 3, algorithm="F(4x4,3x3)", scheme="tapwise-8", bias=False)
    nn.init.constant_(layer.weight, 0.1)
    x = torch.ones(2, 4, 10, 10) + 0.01 * torch.randn(2, 4, 10, 10)
    calibrate(layer, [x])
    (found,) = report(layer, [x]).layers
    assert found.own_noise_gain < found.noise_gain / 5


def test_what_cannot_be_predicted_says_why():
    _, made, x = network(balance_channels=True)
    first, strided, _ = report(made, [x]).layers
    assert math.isnan(first.predicted)
    assert "balanced" in first.note
    assert strided.note == "direct: stride (2, 2)"
    exact = convert(nn.Sequential(nn.Conv2d(8, 8, 3)), "F(2x2,3x3)")
    (layer,) = report(exact, [torch.randn(1, 8, 8, 8)]).layers
    assert layer.note == "no prediction: nothing is stored"
    assert layer.measured > 100


@pytest.mark.parametrize(
    ("scheme", "options"),
    [
        ("tapwise-8,calibration=mse", {}),
        ("tapwise-8,calibration=percentile:99.9", {}),
        ("tapwise-8", {"rank_one_scales": True}),
        ("tapwise-8", {"learn_scales": True}),
    ],
)
def test_scales_that_clip_are_not_predicted(scheme, options):
    """The prediction knows the clipping of Gaussian values only, and would blame the wrong stage."""
    made = convert(nn.Sequential(nn.Conv2d(8, 8, 3)), "F(4x4,3x3)", scheme, **options)
    x = torch.randn(4, 8, 18, 18)
    calibrate(made, [x])
    (layer,) = report(made, [x]).layers
    assert layer.note == "no prediction: its scales clip"
    assert math.isnan(layer.predicted)
    assert not layer.shares


def test_batches_count_by_their_tiles():
    _, made, x = network()
    whole, parts = report(made, [x]), report(made, [x[:5], x[5:]])
    for one, other in zip(whole.layers, parts.layers, strict=True):
        assert other.measured == pytest.approx(one.measured)
        assert other.own_noise_gain == pytest.approx(one.own_noise_gain, nan_ok=True)
        assert other.predicted == pytest.approx(one.predicted, abs=0.05, nan_ok=True)


def test_one_image_without_a_batch():
    made = convert(nn.Sequential(nn.Conv2d(8, 8, 3)), "F(2x2,3x3)", "tapwise-8")
    x = torch.randn(8, 12, 12)
    calibrate(made, [x])
    (one,), (batch,) = (report(made, [images]).layers for images in (x, x[None]))
    assert one == batch


def test_the_table_marks_the_worst_layer_and_fits_its_columns():
    _, made, x = network()
    found = report(made, [x], images=3)
    lines = repr(found).splitlines()
    assert lines[0].startswith("tapwise-8, 3 images")
    (marked,) = [line for line in lines if line.endswith("<- worst")]
    assert marked.split()[0] == found.worst.name
    assert found.worst.measured == min(layer.measured for layer in found.layers)
    assert len({line.find("F(4x4,3x3)") for line in lines if "F(4x4" in line}) == 1
    assert found._repr_html_().count("<tr>") == 4


def test_padding_modes_and_training_mode_are_kept():
    layer = WinogradConv2d(4, 4, 3, padding=1, padding_mode="reflect", algorithm="F(2x2,3x3)", scheme="tapwise-8")
    x = torch.randn(2, 4, 9, 9)
    calibrate(layer, [x])
    layer.train()
    (found,) = report(layer, [x]).layers
    assert layer.training
    assert found.measured > 20


def test_nothing_to_report_is_an_error():
    with pytest.raises(NotApplicable, match="no converted layer"):
        report(nn.Sequential(nn.Conv2d(1, 1, 1)), [torch.zeros(1, 1, 4, 4)])
    _, made, _ = network()
    with pytest.raises(NotApplicable, match="no converted layer ran"):
        report(made, [])
