# SPDX-License-Identifier: Apache-2.0
"""Networks whose layers run plans: conversion where it pays, calibration, states, reports, compilation."""

from __future__ import annotations

from math import isnan

import pytest

torch = pytest.importorskip("torch")

from oracle_layers import rand
from oracle_messages import refused
from torch import nn

from wincraft import parse
from wincraft.errors import BadDocument, BadShape, ClaimRefuted, NotApplicable, WrongType
from wincraft.measure.plans import plan_costs
from wincraft.plan import Plan, Problem, make_plan
from wincraft.torch import (
    DirectConv2d,
    DirectConv3d,
    WinogradConv1d,
    WinogradConv2d,
    WinogradConv3d,
    WinogradConvTranspose2d,
    calibrate,
    convert,
    network_report,
    watching,
)
from wincraft.torch.fitting import planned, problem_of
from wincraft.torch.pieces import PlanPipeline


class Block(nn.Module):
    """A residual block of stride 2, its shortcut of one tap."""

    def __init__(self, before, after):
        super().__init__()
        self.down = nn.Conv2d(before, after, 3, stride=2, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(after)
        self.same = nn.Conv2d(after, after, 3, padding=1)
        self.shortcut = nn.Conv2d(before, after, 1, stride=2)

    def forward(self, x):
        return torch.relu(self.same(torch.relu(self.norm(self.down(x)))) + self.shortcut(x))


def residual():
    """Like ResNet: a stem of 7x7 taps and stride 2, and two blocks of stride 2."""
    return nn.Sequential(nn.Conv2d(8, 16, 7, stride=2, padding=3), nn.ReLU(), Block(16, 32), Block(32, 48))


class Hourglass(nn.Module):
    """Like U-Net: down by a stride, a dilated middle, up by transposed convolutions, and across."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 16, 3, padding=1)
        self.down = nn.Conv2d(16, 32, 3, stride=2, padding=1)
        self.middle = nn.Conv2d(32, 32, 3, padding=2, dilation=2)
        self.up = nn.ConvTranspose2d(32, 16, 4, stride=2, padding=1)
        self.last = nn.ConvTranspose2d(32, 4, 2, stride=2)

    def forward(self, x):
        x = torch.relu(self.first(x))
        y = torch.relu(self.middle(torch.relu(self.down(x))))
        return self.last(torch.cat([x, torch.relu(self.up(y))], 1))


def volume():
    """Of three axes: plain, of stride 2, and of one tap."""
    return nn.Sequential(
        nn.Conv3d(4, 24, 3, padding=1), nn.ReLU(), nn.Conv3d(24, 24, 3, stride=2), nn.ReLU(), nn.Conv3d(24, 4, 1)
    )


NETWORKS = {
    "residual": (residual, "F(4x4,3x3)", (2, 8, 32, 30), WinogradConv2d),
    "hourglass": (Hourglass, "F(4x4,3x3)", (2, 3, 16, 20), WinogradConvTranspose2d),
    "volume": (volume, "F(2,3)", (2, 4, 9, 10, 11), WinogradConv3d),
}


def prepared(name, scheme=None, **options):
    make, algorithm, shape, _ = NETWORKS[name]
    plain, x = make().eval(), rand(*shape)
    return plain, convert(plain, algorithm, scheme, **options), x


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_computes_what_it_did(name):
    plain, made, x = prepared(name)
    assert any(isinstance(layer, NETWORKS[name][3]) for layer in made.modules())
    assert any(isinstance(layer, PlanPipeline) for layer in made.modules())
    wanted, found = plain(x), made(x)
    assert (found - wanted).abs().max() <= 2e-5 * wanted.abs().max()
    double = made.double()(x.double()) - plain.double()(x.double())
    assert double.abs().max() <= 1e-12 * wanted.abs().max()


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("scheme", ["tapwise-8", "barabasz-2020-8"])
def test_eight_bits_are_near(name, scheme):
    plain, made, x = prepared(name, scheme)
    calibrate(made, [x])
    wanted, found = plain(x), made(x)
    error = (found - wanted).square().sum() / wanted.square().sum()
    assert 1e-6 < error < (0.02 if scheme == "tapwise-8" else 0.2)


def test_a_plan_is_taken_where_it_takes_fewer_operations():
    _, made, _ = prepared("residual", "tapwise-8")
    stem, first = made[0], made[2]
    assert (stem.size, stem.plan.products) == ("F(4x4,3x3) +8", 256)
    assert stem.note == "plan: 16 products an output, direct 49"
    assert first.down.plan.products_per_output == 81 / 16
    assert type(first.shortcut) is DirectConv2d
    assert first.shortcut.note == "direct: 1x1 kernel, stride 2; a plan takes 1 of 1 products"
    _, made, _ = prepared("hourglass", "tapwise-8")
    assert made.up.note == "plan: 1.562 products an output, direct 4"
    assert made.last.note == "direct: 2x2 kernel, stride 2, transposed; a plan takes 1 of 1 products"
    assert type(made.last) is nn.ConvTranspose2d  # there is no direct transposed layer in 8 bits
    _, made, _ = prepared("volume", "tapwise-8")
    assert type(made[4]) is DirectConv3d
    third = convert(nn.Sequential(nn.Conv2d(64, 64, 3, stride=3), nn.Conv2d(4, 4, 3)))[0]
    assert third.note == "direct: 3x3 kernel, stride 3; a plan takes 9 of 9 products"


@pytest.mark.parametrize(
    ("channels", "filters", "groups"), [(8, 8, 1), (64, 4, 1), (4, 64, 1), (32, 32, 32), (10, 11, 1)]
)
def test_operations_are_those_of_the_layer_s_channels(channels, filters, groups):
    """C K / g products, a data transform for each of C channels, an output transform for each of K, as counted."""
    layer = nn.Conv2d(channels, filters, 3, stride=2, groups=groups)
    made = convert(nn.Sequential(layer, nn.Conv2d(4, 4, 3)), "F(4x4,3x3)")[0]
    found = plan_costs(planned(parse("F(4x4,3x3)"), problem_of(layer)))
    pairs = channels * filters // groups
    total = pairs * found.products + channels * found.input + filters * (found.output + found.sums)
    assert (type(made) is WinogradConv2d) == (total < 9 * pairs)
    if total >= 9 * pairs:
        assert f"a plan takes {float(total / pairs):.4g} of 9 operations" in made.note


def test_without_plans_such_layers_are_direct():
    for name, kind in (("residual", DirectConv2d), ("volume", DirectConv3d)):
        _, made, _ = prepared(name, "tapwise-8", plans=False)
        assert not any(isinstance(layer, PlanPipeline) for layer in made.modules())
        assert any(type(layer) is kind and "stride 2" in layer.note for layer in made.modules())


def test_plans_may_be_chosen_layer_by_layer():
    coarse = make_plan(Problem(3, stride=2, axes=2), 2)
    made = convert(Hourglass().eval(), lambda name, layer: coarse if name == "down" else None)
    assert made.down.plan is coarse
    assert made.middle.note == "direct: as chosen"
    alone = nn.Conv2d(3, 4, 3, stride=2)
    assert convert(alone, coarse).plan is coarse
    with refused(BadShape, "layer 0: the plan", "stride 2", "3x3 kernel"):
        convert(nn.Sequential(nn.Conv2d(3, 4, 3)), coarse)


def test_a_piece_that_leaves_the_words_of_a_scheme_makes_no_plan():
    """Seven taps of stride 2 are pieces of F(4,4) on the catalogue's points, whose integers are none of 16 bits."""
    plain = nn.Sequential(nn.Conv2d(64, 64, 7, stride=2), nn.Conv2d(64, 64, 3, stride=2), nn.Conv2d(64, 64, 3))
    made = convert(plain, parse("F(4x4,3x3)", points="0,1,-1,2,-2"), "ncnn-int8")
    assert [type(layer) for layer in made] == [DirectConv2d, WinogradConv2d, WinogradConv2d]
    assert "U of F(4x4,4x4) reaches" in made[0].note
    assert "beyond int16" in made[0].note


@pytest.mark.parametrize(
    "options",
    [
        {"learn_scales": True},
        {"transforms": "diagonals"},
        {"balance_channels": True},
        {"rank_one_scales": True},
        {"transforms": "flex", "learn_scales": True},
    ],
)
def test_options_reach_the_pieces_and_train(options):
    plain, made, x = prepared("hourglass", "tapwise-8", **options)
    calibrate(made, [x])
    wanted = plain(x)
    before = (made(x) - wanted).square().sum() / wanted.square().sum()
    assert before < 0.03
    made.train()(x).square().mean().backward()
    missing = [name for name, item in made.named_parameters() if item.grad is None or not item.grad.isfinite().all()]
    assert not missing
    learned = [name for name, _ in made.named_parameters() if "down.winograd.pieces" in name]
    assert bool(learned) == (options.keys() != {"balance_channels"} and options.keys() != {"rank_one_scales"})


@pytest.mark.parametrize("name", NETWORKS)
def test_a_state_comes_back(name):
    _, made, x = prepared(name, "tapwise-8")
    calibrate(made, [x])
    state = made.state_dict()
    _, fresh, _ = prepared(name, "tapwise-8")
    fresh.load_state_dict(state)
    with torch.no_grad():
        assert torch.equal(fresh(x), made(x))
    other = convert(NETWORKS[name][0]().eval(), "F(3,3)", "tapwise-8")
    with refused(BadDocument, "the state of", "convert the network as it was"):
        other.load_state_dict(state)


def test_states_of_strided_layers_that_had_one_algorithm():
    """A stride was the residue classes as channels, F(5x5,2x2): its scales are for no piece."""
    layer = WinogradConv2d(3, 4, 3, stride=2, scheme="tapwise-8")
    text = "F(5x5,2x2) 0123456789ab, " + layer.scheme.describe() + ", static transforms"
    old = {"weight": layer.weight, "bias": layer.bias, "winograd.stages.U.scale": torch.ones(36, 1, 1)}
    old["winograd.configuration"] = torch.tensor(list(text.encode()), dtype=torch.uint8)
    with refused(BadDocument, "F(5x5,2x2) 0123456789ab", "3x3 kernel", "F(4x4,2x2)"):
        layer.load_state_dict(old)
    exact = WinogradConv2d(3, 4, 3, stride=2)
    assert list(exact.state_dict()) == ["weight", "bias"]
    exact.load_state_dict(nn.Conv2d(3, 4, 3, stride=2).state_dict())


def test_reports_show_products_and_notes():
    _, made, x = prepared("hourglass", "tapwise-8")
    calibrate(made, [x])
    found = network_report(made, [x])
    rows = {layer.name: layer for layer in found.layers}
    assert [rows[name].cells()[3] for name in rows] == ["2.25 of 9", "5.062 of 9", "2.25 of 9", "1.562 of 4", "-"]
    down = rows["down"]
    assert (down.algorithm, down.note) == ("F(4x4,2x2) +3", "no prediction: 4 pieces of a plan")
    assert down.noise_gain == pytest.approx(float(made.down.plan.noise_gain()))
    assert isnan(down.predicted)
    with torch.no_grad():
        given = torch.relu(made.first(x))
        exact = nn.functional.conv2d(given.double(), made.down.weight.double(), stride=2, padding=1)
        noise = made.down(given) - made.down.bias.view(-1, 1, 1) - exact
    assert down.measured == pytest.approx(-10 * float((noise.square().sum() / exact.square().sum()).log10()), abs=1e-3)
    assert rows["last"].cause == "direct: 2x2 kernel, stride 2, transposed; a plan takes 1 of 1 products"
    assert rows["up"].multiplications == 2 * 16 * 20 * 16 * 32 * 4
    assert rows["up"].measured > 20
    assert "5.062 of 9" in repr(found)
    loud = network_report(made, [3 * x])
    assert sum(loud.layers[1].clipping.values()) > 0.5
    assert any("clips" in layer.cause for layer in loud.layers)


def test_watching_shows_what_is_stored_once():
    layer, seen = WinogradConv2d(3, 4, 3, stride=2, scheme="tapwise-8"), {}
    x = rand(2, 3, 11, 12)
    calibrate(layer, [x])
    with watching(layer, lambda place, values: seen.update({str(place): values})):
        y = layer(x)
    assert list(seen) == ["input", "weights", "output"]
    assert torch.allclose(seen["input"].view(3, 2, 11, 12).transpose(0, 1).float(), x, atol=float(x.abs().max()) / 200)
    assert seen["weights"].shape == (3, 3, 4, 3)
    stored = seen["output"].view(4, 2, *y.shape[2:]).transpose(0, 1)
    assert torch.allclose(stored.float() + layer.bias.view(-1, 1, 1), y, atol=1e-6)
    single, seen = WinogradConv2d(3, 4, 1, stride=2, scheme="tapwise-8"), {}
    calibrate(single, [x])
    with watching(single, lambda place, values: seen.update({str(place): values})):
        single(x)
    assert set(seen) == {"input", "weights", "U", "V", "M", "output"} == set(single.labelled)
    count = len(seen["input"].unique())
    single(x)
    assert len(seen["input"].unique()) == count <= 255


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("scheme", [None, "tapwise-8"])
def test_compiled_and_exported_networks_give_the_same_numbers(scheme):
    torch.compiler.reset()
    plain = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2), nn.ReLU(), nn.ConvTranspose2d(8, 4, 4, stride=2, dilation=2))
    x = rand(2, 3, 12, 11)
    made = convert(plain.eval(), lambda name, layer: "F(2x2,3x3)", scheme)
    if scheme:
        calibrate(made, [x])
    with torch.no_grad():
        wanted = made(x)
        assert torch.equal(torch.compile(made, backend="aot_eager", fullgraph=True)(x), wanted)
        assert torch.equal(torch.export.export(made, (x,)).module()(x), wanted)


def test_bad_input_is_one_line():
    with refused(BadShape, "the plan", "of a 3x3 kernel, stride 2", "one of a 5x5 kernel"):
        WinogradConv2d(3, 4, 5, algorithm=make_plan(Problem(3, stride=2, axes=2)))
    less = make_plan(Problem(3, stride=2), 2)
    with refused(ClaimRefuted, "a plan of a 3 kernel, stride 2"):
        WinogradConv1d(3, 4, 3, stride=2, algorithm=Plan(less.problem, less.pieces[:1]))
    with refused(BadShape, "F(4x4,3x3)", "3 axes"):
        WinogradConv3d(3, 4, 3, algorithm="F(4x4,3x3)")
    layer = WinogradConvTranspose2d(3, 4, 3, stride=2, padding=4)
    with refused(BadShape, "1x1", "cropped by a padding of [4, 4]", "less padding"):
        layer(torch.zeros(1, 3, 1, 1))
    with refused(BadShape, "(1, 2, 8, 8)", "(N, 3, H, W)"):
        layer(torch.zeros(1, 2, 8, 8))
    with refused(WrongType, "torch.int64"):
        layer(torch.zeros(1, 3, 8, 8, dtype=torch.int64))
    with refused(BadShape, "(N, 3, D, H, W)"):
        WinogradConv3d(3, 4, 3)(torch.zeros(1, 3, 8, 8))
    with refused(NotApplicable, "balancing of channels under tapwise-8", "2 groups"):
        WinogradConv2d(4, 4, 3, stride=2, groups=2, scheme="tapwise-8", balance_channels=True)
    with refused(NotApplicable, "stage input", "calibrate"):
        WinogradConv2d(3, 4, 3, stride=2, scheme="tapwise-8")(torch.zeros(1, 3, 8, 8))
    with pytest.raises(ValueError, match="requested an output size"):
        layer(torch.zeros(1, 3, 8, 8), output_size=[40, 40])


def test_an_output_size_chooses_the_output_padding():
    direct = nn.ConvTranspose2d(3, 4, 3, stride=2, dtype=torch.float64)
    layer, x = WinogradConvTranspose2d.from_direct(direct), rand(1, 3, 5, 6, dtype=torch.float64)
    for size in ([11, 13], [12, 14], [12, 13]):
        wanted = direct(x, output_size=size)
        assert list(layer(x, output_size=size).shape[2:]) == size
        assert (layer(x, output_size=size) - wanted).abs().max() < 1e-12
