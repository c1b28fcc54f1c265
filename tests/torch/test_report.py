# SPDX-License-Identifier: Apache-2.0
"""The report of a network: what it measures, what it predicts, and how it reads."""

import math

import pytest

torch = pytest.importorskip("torch")

from oracle_layers import rand
from torch import nn

from wincraft import parse
from wincraft.errors import NotApplicable
from wincraft.quantise.prediction import SLACK
from wincraft.torch import DirectConv2d, StaleScales, WinogradConv2d, calibrate, convert, network_report


def network(**options):
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(32, 24, 3, padding=1), nn.ReLU(), nn.Conv2d(24, 16, 3, stride=2), nn.Conv2d(16, 32, 3, padding=1)
    )
    made = convert(model, "F(4x4,3x3)", "tapwise-8", plans=False, **options)
    x = torch.randn(6, 32, 18, 18, generator=torch.Generator().manual_seed(1))
    calibrate(made, [x])
    return model, made, x


def test_measured_is_the_noise_of_each_layer_on_its_own_input():
    model, made, x = network()
    found = network_report(made, [x[:2], x[2:]])
    assert [layer.name for layer in found.layers] == ["0", "2", "3"]
    assert found.images == 6
    with torch.no_grad():
        wanted, given = model[0](x).double(), made[0](x).double()
        ratio = ((wanted - model[0].bias.double()[:, None, None]) ** 2).sum() / ((given - wanted) ** 2).sum()
    assert found.layers[0].measured == pytest.approx(10 * math.log10(ratio), abs=1e-3)


def test_predictions_agree_with_what_is_measured():
    _, made, x = network()
    for layer in network_report(made, [x]).layers:
        if layer.algorithm != "direct":
            assert layer.predicted == pytest.approx(layer.measured, abs=0.6)
            assert sum(layer.shares.values()) == pytest.approx(1)


def test_the_noise_gain_of_white_data_is_that_of_the_algorithm():
    torch.manual_seed(0)
    layer = WinogradConv2d(8, 8, 3, algorithm="F(4x4,3x3)", scheme="tapwise-8", bias=False)
    nn.init.normal_(layer.weight)
    x = torch.randn(64, 8, 26, 26)
    calibrate(layer, [x[:4]])
    (found,) = network_report(layer, [x]).layers
    assert found.noise_gain == pytest.approx(float(parse("F(4x4,3x3)").noise_gain()))
    assert found.own_noise_gain == pytest.approx(found.noise_gain, rel=0.35)  # 64 filters do not look quite white


def test_smooth_images_have_a_smaller_noise_gain():
    layer = WinogradConv2d(4, 4, 3, algorithm="F(4x4,3x3)", scheme="tapwise-8", bias=False)
    nn.init.constant_(layer.weight, 0.1)
    x = torch.ones(2, 4, 10, 10) + 0.01 * torch.randn(2, 4, 10, 10)
    calibrate(layer, [x])
    (found,) = network_report(layer, [x]).layers
    assert found.own_noise_gain < found.noise_gain / 5


def test_what_cannot_be_predicted_says_why():
    _, made, x = network(balance_channels=True)
    first, strided, _ = network_report(made, [x]).layers
    assert math.isnan(first.predicted)
    assert "balanced" in first.note
    assert strided.note == "direct: 3x3 kernel, stride 2"
    exact = convert(nn.Sequential(nn.Conv2d(8, 8, 3)), "F(2x2,3x3)")
    (layer,) = network_report(exact, [torch.randn(1, 8, 8, 8)]).layers
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
@pytest.mark.parametrize("draw", [torch.randn, lambda *shape: torch.randn(*shape).exp()])
def test_scales_that_clip_are_predicted(draw, scheme, options):
    """The tiles of the layer themselves are clipped, whatever their distribution."""
    torch.manual_seed(0)
    made = convert(nn.Sequential(nn.Conv2d(64, 64, 3)), "F(4x4,3x3)", scheme, **options)
    x = draw(4, 64, 18, 18)
    calibrate(made, [x])
    (layer,) = network_report(made, [x]).layers
    assert layer.predicted == pytest.approx(layer.measured, abs=0.75)
    assert sum(layer.shares.values()) == pytest.approx(1)


def test_batches_count_by_their_tiles():
    _, made, x = network()
    whole, parts = network_report(made, [x]), network_report(made, [x[:5], x[5:]])
    for one, other in zip(whole.layers, parts.layers, strict=True):
        assert other.measured == pytest.approx(one.measured)
        assert other.own_noise_gain == pytest.approx(one.own_noise_gain, nan_ok=True)
        assert other.predicted == pytest.approx(one.predicted, abs=0.05, nan_ok=True)


def test_one_image_without_a_batch():
    made = convert(nn.Sequential(nn.Conv2d(8, 8, 3)), "F(2x2,3x3)", "tapwise-8")
    x = torch.randn(8, 12, 12)
    calibrate(made, [x])
    (one,), (batch,) = (network_report(made, [images]).layers for images in (x, x[None]))
    assert one == batch


def test_the_table_marks_the_worst_layer_and_fits_its_columns():
    _, made, x = network()
    found = network_report(made, [x], images=3)
    lines = repr(found).splitlines()
    assert lines[0].startswith("tapwise-8, 3 images")
    (marked,) = [line for line in lines if line.endswith("<- worst")]
    assert marked.split()[0] == found.worst.name
    assert found.worst.measured == min(layer.measured for layer in found.layers)
    assert len({line.find("F(4x4,3x3)") for line in lines[1:-1] if "F(4x4" in line}) == 1
    html = found._repr_html_()
    assert html.count("<tr>") == 4
    assert html.count("&lt;- worst") == 1


def test_padding_modes_and_training_mode_are_kept():
    layer = WinogradConv2d(4, 4, 3, padding=1, padding_mode="reflect", algorithm="F(2x2,3x3)", scheme="tapwise-8")
    x = torch.randn(2, 4, 9, 9)
    calibrate(layer, [x])
    layer.train()
    (found,) = network_report(layer, [x]).layers
    assert layer.training
    assert found.measured > 20


def test_nothing_to_report_is_an_error():
    with pytest.raises(NotApplicable, match="no converted layer"):
        network_report(nn.Sequential(nn.Conv2d(1, 1, 1)), [torch.zeros(1, 1, 4, 4)])
    _, made, _ = network()
    with pytest.raises(NotApplicable, match="no converted layer ran"):
        network_report(made, [])


def shares_by_hand(layer, x):
    """The part of input, weights, U, V, M and output that int8 clips, with the layer's own scales, in float64.

    F(2x2,3x3) on 0, 1, -1, inf; tiles that cover the outputs exactly.
    """
    BT = torch.tensor([[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, -1, 0, 1]], dtype=torch.float64)
    G = torch.tensor([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]], dtype=torch.float64)
    AT = torch.tensor([[1, 1, 1, 0], [0, 1, -1, 1]], dtype=torch.float64)
    shares = {}

    def store(label, value):
        scale = torch.from_numpy(layer.scales[label].scale)  # (taps..., 1, 1)
        steps = torch.round(value / scale)
        shares[label] = float((steps.abs() > 127).double().mean())
        return steps.clamp(-127, 127) * scale

    d, g = store("input", x.double()), store("weights", layer.weight.detach().double())
    tiles = d.unfold(2, 4, 2).unfold(3, 4, 2)
    U = store("U", torch.einsum("ai,bj,zcpqij->abzpqc", BT, BT, tiles).flatten(2, 4))
    V = store("V", torch.einsum("ai,bj,kcij->abkc", G, G, g))
    M = store("M", torch.einsum("abkc,abtc->abtk", V, U))
    store("output", torch.einsum("ia,jb,abtk->ijtk", AT, AT, M))
    return shares


@pytest.mark.parametrize("factor", [1.0, 1.7, 3.0])
def test_clipped_shares_are_those_counted_by_hand(factor):
    layer = WinogradConv2d(
        6, 5, 3, algorithm=parse("F(2x2,3x3)", points="0,1,-1"), scheme="tapwise-8", bias=False
    ).eval()
    calibrate(layer, [rand(2, 6, 12, 12)])
    x = factor * rand(3, 6, 12, 12, seed=1)
    (found,) = network_report(layer, [x[:1], x[1:]]).layers
    wanted = shares_by_hand(layer, x)
    assert found.clipped.keys() == wanted.keys()
    for label, share in wanted.items():
        assert found.clipped[label] == pytest.approx(share, abs=2e-4), label  # M: a few half steps in float32
    assert (max(wanted.values()) > 0.1) == (factor == 3)


def test_direct_layers_count_what_they_clip():
    layer = DirectConv2d(4, 6, 3, stride=2, scheme="tapwise-8", note="direct: stride (2, 2)").eval()
    x = rand(2, 4, 11, 11)
    calibrate(layer, [x])
    (quiet,) = network_report(layer, [x]).layers
    assert quiet.cause == "direct: stride (2, 2)"
    assert quiet.cells()[-2] == "-"
    (found,) = network_report(layer, [4 * x]).layers
    scales = {label: stage.as_scale.scale.item() for label, stage in layer.labelled.items()}
    steps = torch.round(4 * x.double() / scales["input"])
    assert found.clipped["input"] == pytest.approx(float((steps.abs() > 127).double().mean()))
    codes = [
        torch.round(v.double() / scales[k]).clamp(-127, 127) for k, v in (("input", 4 * x), ("weights", layer.weight))
    ]
    y = nn.functional.conv2d(*codes, stride=2) * scales["input"] * scales["weights"] / scales["output"]
    assert found.clipped["output"] == pytest.approx(float((torch.round(y).abs() > 127).double().mean()))
    assert found.cause.startswith("direct: stride (2, 2); input clips ")
    assert set(layer.labelled.values()) == {
        stage for stage in layer.labelled.values() if stage.clips and not stage.tally
    }


def test_clipping_is_named_with_the_stage_whose_clipping_adds_most():
    torch.manual_seed(0)
    layer = WinogradConv2d(8, 8, 3, algorithm="F(4x4,3x3)", scheme="tapwise-8").eval()
    x, others = rand(2, 8, 18, 18), rand(2, 8, 18, 18, seed=1)
    calibrate(layer, [x])
    (quiet,) = network_report(layer, [x]).layers
    assert not quiet.parted
    assert not quiet.clipping
    assert "clips" not in quiet.cause
    found = network_report(layer, [others])
    (loud,) = found.layers
    assert loud.measured < loud.predicted - SLACK
    assert loud.cause.split()[1] == "clips"
    assert "! measured and predicted differ by more than 3 dB" in repr(found)
    assert "dB: trust the measurement" in found._repr_html_()
    # the noise that clipping adds, by two runs of the layer: as it is, and with codes of any size
    with torch.no_grad():
        exact = nn.functional.conv2d(others.double(), layer.weight.double(), layer.bias.double())
        clipped = (layer(others).double() - exact).square().sum()
        for stage in layer.labelled.values():
            stage.clips = False
        free = (layer(others).double() - exact).square().sum()
    assert sum(loud.clipping.values()) == pytest.approx(float(1 - free / clipped), rel=1e-6)
    assert 10 * math.log10(exact.var() / free * exact.numel()) > 20


def test_one_stage_alone_that_clips_is_the_cause():
    for label in ("input", "weights", "U", "V", "M", "output"):
        layer = WinogradConv2d(8, 8, 3, algorithm="F(2x2,3x3)", scheme="tapwise-8").eval()
        x = rand(2, 8, 18, 18)
        calibrate(layer, [x])
        layer.labelled[label].scale.mul_(0.25)
        (found,) = network_report(layer, [x]).layers
        assert found.cause.startswith(f"{label} clips "), label
        assert found.clipping[label] > 0.9


def test_few_channels_are_marked():
    made = convert(nn.Sequential(nn.Conv2d(31, 32, 3), nn.Conv2d(32, 32, 3)).eval(), "F(2x2,3x3)", "tapwise-8")
    x = rand(2, 31, 12, 12)
    calibrate(made, [x])
    found = network_report(made, [x])
    assert [layer.few_channels for layer in found.layers] == [True, False]
    assert [cells[5].endswith(" ~") for cells in (layer.cells() for layer in found.layers)] == [True, False]
    assert "~ fewer than 32 channels add up: predictions assume 32 or more" in repr(found)


class My(nn.Conv2d):
    pass


class Mixed(nn.Module):
    """Every kind of convolution, one used three times, one never."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(4, 8, 3, padding=1)
        self.again = nn.Conv2d(8, 8, 3, padding=1)
        self.down = nn.Conv2d(8, 8, 3, stride=2, padding=1)
        self.own = My(8, 8, 3, padding=1)
        self.normed = nn.utils.parametrizations.weight_norm(nn.Conv2d(8, 8, 3, padding=1))
        self.up = nn.ConvTranspose2d(8, 6, 2, stride=2, groups=2)
        self.deep = nn.Conv3d(1, 2, 3, padding=1)
        self.lazy = nn.LazyConv2d(3, 1)
        self.skipped = nn.Conv2d(3, 3, 3, padding=1)
        self.unused = nn.Conv2d(3, 3, 3)
        self.never = nn.LazyConv2d(3, 1)

    def forward(self, x):
        x = self.first(x)
        for _ in range(3):
            x = self.again(input=x)
        x = self.up(self.normed(self.own(self.down(x))))
        return self.skipped(self.lazy(self.deep(x[:, None]).flatten(1, 2)))


MULTIPLICATIONS = {
    "first": 2 * 8 * 144 * 4 * 9,
    "again": 3 * 2 * 8 * 144 * 8 * 9,
    "down": 2 * 8 * 36 * 8 * 9,
    "own": 2 * 8 * 36 * 8 * 9,
    "normed": 2 * 8 * 36 * 8 * 9,
    "up": 2 * 8 * 36 * 3 * 4,
    "deep": 2 * 2 * 6 * 144 * 27,
    "lazy": 2 * 3 * 144 * 12,
    "skipped": 2 * 3 * 144 * 3 * 9,
    "unused": 0,
    "never": 0,
}


@pytest.mark.filterwarnings("ignore:Lazy modules are a new feature")
def test_every_convolution_is_listed_with_its_multiplications():
    made = convert(Mixed().eval(), "F(2x2,3x3)", "tapwise-8", skip="skipped")
    x = rand(2, 4, 12, 12)
    calibrate(made, [x])
    found = network_report(made, [x[:1], x[1:]])
    rows = {layer.name: layer for layer in found.layers}
    assert list(rows) == list(MULTIPLICATIONS)
    assert {name: layer.multiplications for name, layer in rows.items()} == MULTIPLICATIONS
    causes = {name: layer.cause for name, layer in rows.items() if layer.algorithm != "F(2x2,3x3)"}
    assert causes == {
        "down": "direct: 3x3 kernel, stride 2; a plan takes 9.625 of 9 operations, transforms included",
        "own": "float: subclass of Conv2d (My)",
        "normed": "float: parametrized (WeightNorm)",
        "up": "direct: 2x2 kernel, stride 2, transposed, groups 2; a plan takes 1 of 1 products",
        "deep": "direct: algorithm has shape F(2x2,3x3); needed is 3 axes, or one for all",
        "lazy": "float: LazyConv2d, which had no input before it was converted",
        "skipped": "float: skipped",
        "never": "did not run",
    }
    assert rows["unused"].cause == "did not run"
    share = 100 * (MULTIPLICATIONS["first"] + MULTIPLICATIONS["again"]) / sum(MULTIPLICATIONS.values())
    assert repr(found).splitlines()[-1] == (
        "2 of 11 convolutions run F(2x2,3x3), 2 are direct in 8 bits, 1 is direct in float, 4 stay in float, "
        "2 did not run; "
        f"{share:.0f} % of the multiplications are in the 2"
    )
    assert not any(module._forward_hooks for module in made.modules())


def test_without_a_scheme_direct_layers_are_in_float():
    plain = nn.Sequential(nn.Conv2d(4, 4, 3), nn.Conv2d(4, 4, 5), nn.Conv2d(4, 4, 1), nn.Conv2d(4, 4, 3, dilation=2))
    found = network_report(convert(plain.eval(), "F(4x4,3x3)"), [rand(1, 4, 16, 16)])
    assert [layer.algorithm for layer in found.layers] == ["F(4x4,3x3)", "F(2x2,5x5)", "direct", "direct"]
    assert found.worst.algorithm.startswith("F(")
    (line,) = [line for line in repr(found).splitlines() if line.startswith("2 of 4")]
    assert "2 of 4 convolutions run F(4x4,3x3) or F(2x2,5x5), 2 are direct in float; 91 % of" in line


def test_floats_that_saturate_are_counted_by_the_simulation():
    layer = WinogradConv2d(8, 8, 3, algorithm="F(2x2,3x3)", scheme="fp8-e4m3").eval()
    x = rand(2, 8, 10, 10)
    calibrate(layer, [x])
    assert network_report(layer, [x]).layers[0].cause.split()[1] != "clips"
    (found,) = network_report(layer, [8 * x]).layers
    assert found.clipped["input"] > 0.1
    assert not found.clipping
    assert found.cause.split()[1] == "clips"


def test_stale_layers_are_named_every_time():
    _, made, x = network()
    made.eval()
    assert not any(layer.stale for layer in network_report(made, [x]).layers)
    with torch.no_grad():
        made[2].weight.mul_(0.5)
    with pytest.warns(StaleScales, match="layer 2"):
        first = network_report(made, [x])
    for found in (first, network_report(made, [x])):
        assert [layer.name for layer in found.layers if layer.stale] == ["2"]
        assert "\n2: the weights changed since calibration; calibrate again\n" in repr(found)


def test_the_closing_line_counts_in_words():
    row = torch.ones(1, 4, 9, 9)
    made = convert(nn.Conv2d(4, 4, 3).eval(), "F(2x2,3x3)", "ncnn-int8")
    calibrate(made, [row])
    assert repr(network_report(made, [row])).endswith(
        "1 of 1 convolution runs F(2x2,3x3); 100 % of the multiplications are in it"
    )
    both = convert(nn.Sequential(nn.Conv2d(4, 4, 1), nn.Conv2d(4, 4, 1)).eval(), None, "ncnn-int8")
    calibrate(both, [row])
    assert repr(network_report(both, [row])).endswith(
        "\n0 of 2 convolutions run Winograd's algorithm, 2 are direct in 8 and 6 bits"
    )
