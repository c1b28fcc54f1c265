# SPDX-License-Identifier: Apache-2.0
"""Steps of training in float32, in PyTorch and in C, beside the steps that store what evaluation stores."""

import copy

import pytest

torch = pytest.importorskip("torch")

from torch import nn

import wincraft as wc
from wincraft.construct import chained
from wincraft.torch import DirectConv2d, WinogradConv1d, WinogradConv2d, calibrate, fast_training, native, pipeline
from wincraft.torch.fused import FusedTiles, TileWork

CANONICAL = wc.parse("F(4x4,3x3)", moduli="0,1,-1,2,-2")
LEGENDRE = chained(CANONICAL, "legendre")
QUADRATIC = wc.parse("F(4,3)", moduli="0,1,-1,x^2+1,inf")
POW2 = "tapwise-8," + ",".join(
    f"{stage}=int{9 if stage == 'M' else 8}/{'tap' if stage in 'UVM' else 'tensor'}/pow2"
    for stage in ("input", "weights", "U", "V", "M", "output")
)
PLACES = {"native": True, "torch": False}

needs_compiler = pytest.mark.skipif(native.library(16) is None, reason="there is no C compiler")


def layer_of(algorithm, scheme, channels=(16, 32), **options):
    torch.manual_seed(0)
    direct = nn.Conv2d(*channels, 3, padding=1)
    layer = WinogradConv2d.from_direct(direct, algorithm=algorithm, scheme=scheme, **options)
    x = torch.randn(5, channels[0], 11, 13)
    calibrate(layer, [x])
    return layer.train(), 1.3 * x  # some of it is clipped


def step(layer, x):
    """Outputs, and gradients by name."""
    layer.zero_grad()
    x = x.clone().requires_grad_()
    y = layer(x)
    (y * torch.linspace(-1, 1, y.numel()).view_as(y)).sum().backward()
    return y.detach(), {"x": x.grad} | {name: item.grad.clone() for name, item in layer.named_parameters()}


def fast(layer, x, monkeypatch, place):
    layer = copy.deepcopy(layer)
    fast_training(layer)
    taken = []
    for name in ("FusedTiles", "NativeTiles"):
        function = getattr(pipeline, name)

        class Seen(function):
            @staticmethod
            def forward(ctx, *args, of=function, name=name):
                taken.append(name)
                return of.forward(ctx, *args)

        monkeypatch.setattr(pipeline, name, Seen)
    if not PLACES[place]:
        monkeypatch.setattr(pipeline, "runs_natively", lambda *_: False)
    found = step(layer, x)
    return found, taken


def distance(a, b):
    return float((a - b).norm() / b.norm().clamp_min(1e-12))


@pytest.fixture(params=[pytest.param("native", marks=needs_compiler), "torch"])
def place(request):
    """Where the step is computed."""
    return request.param


@pytest.mark.parametrize("channels", [(16, 32), (8, 8), (5, 19)])
@pytest.mark.parametrize("algorithm", ["F(2x2,3x3)", CANONICAL, QUADRATIC], ids=["F2", "F4", "quadratic"])
def test_with_scales_that_are_powers_of_two_nothing_differs(algorithm, channels, place, monkeypatch):
    layer, x = layer_of(algorithm, POW2, channels)
    exact, gradients = step(layer, x)
    (given, found), taken = fast(layer, x, monkeypatch, place)
    assert taken == [{"native": "NativeTiles", "torch": "FusedTiles"}[place]]
    assert torch.equal(given, exact)
    assert found.keys() == gradients.keys()
    assert max(distance(found[name], gradients[name]) for name in found) < 1e-5


@pytest.mark.parametrize(
    ("algorithm", "scheme", "options"),
    [
        (CANONICAL, "barabasz-2020-8", {"transforms": "flex"}),
        (LEGENDRE, "barabasz-2020-8-9", {"transforms": "flex", "learn_scales": True}),
        (CANONICAL, "tapwise-8", {"transforms": "flex", "learn_scales": True}),
        (CANONICAL, "tapwise-pow2", {"learn_scales": True}),
        ("F(6x6,3x3)", "tapwise-8", {"transforms": "flex"}),
        (CANONICAL, "barabasz-2020-8,output=none", {"transforms": "flex"}),
        (QUADRATIC, "barabasz-2020-8", {"learn_scales": True}),
    ],
    ids=["flex", "Legendre", "per tap", "powers of two", "F6", "no output", "quadratic"],
)
def test_outputs_differ_at_ties_alone_and_gradients_agree(algorithm, scheme, options, place, monkeypatch):
    layer, x = layer_of(algorithm, scheme, **options)
    exact, gradients = step(layer, x)
    (given, found), _ = fast(layer, x, monkeypatch, place)
    assert float(((given - exact).abs() > 1e-4 * exact.abs().max() / 127).double().mean()) < 0.02
    assert found.keys() == gradients.keys()
    large = max(float(item.norm()) for name, item in gradients.items() if "log_scale" in name or name == "x")
    for name, item in found.items():
        off = float((item - gradients[name]).norm())
        assert off < 0.03 * float(gradients[name].norm()) + 1e-3 * large, name


def test_where_stages_are_not_stored_pytorch_takes_the_step(monkeypatch):
    layer, x = layer_of(CANONICAL, "tapwise-8,M=none", transforms="flex")
    exact, gradients = step(layer, x)
    (given, found), taken = fast(layer, x, monkeypatch, "native")
    assert taken == ["FusedTiles"]
    assert distance(given, exact) < 1e-2
    assert max(distance(found[name], gradients[name]) for name in found) < 0.03


@pytest.mark.parametrize("scheme", ["tapwise-8", "tapwise-8,output=int8/channel", "tapwise-8,output=uint8/tensor"])
def test_what_other_layers_store_stays(scheme, monkeypatch):
    torch.manual_seed(0)
    layer = WinogradConv2d(8, 8, 3, padding=1, groups=2 if scheme == "tapwise-8" else 1, scheme=scheme)
    x = torch.randn(2, 8, 9, 9)
    calibrate(layer, [x])
    (given, _), taken = fast(layer.train(), x, monkeypatch, "native")
    assert not taken
    assert torch.equal(given, layer(x))


def test_evaluation_is_exact_all_the_same():
    layer, x = layer_of(CANONICAL, "tapwise-8")
    exact = layer.eval()(x)
    fast_training(layer)
    assert torch.equal(layer(x), exact)
    assert not torch.equal(layer.train()(x), exact)  # the two do differ at ties
    with torch.no_grad():
        assert torch.equal(layer(x), exact)
    fast_training(layer, False)
    assert torch.equal(layer(x), exact)


def test_all_layers_of_a_network_are_told():
    network = nn.Sequential(DirectConv2d(3, 8, 3, scheme="tapwise-8"), WinogradConv1d(2, 3, 3, scheme="tapwise-8"))
    fast_training(network)
    assert network[0].fast_training
    assert network[1].winograd.fast_training
    fast_training(network, False)
    assert not network[0].fast_training
    assert not network[1].winograd.fast_training


def test_layers_of_one_axis_take_the_step_in_pytorch(monkeypatch):
    torch.manual_seed(0)
    layer = WinogradConv1d(4, 6, 3, algorithm=wc.parse("F(4,3)", moduli="0,1,-1,2,-2"), scheme=POW2)
    x = torch.randn(3, 4, 30)
    calibrate(layer, [x])
    exact, gradients = step(layer.train(), x)
    (given, found), taken = fast(layer, x, monkeypatch, "native")
    assert taken == ["FusedTiles"]
    assert torch.equal(given, exact)
    assert max(distance(found[name], gradients[name]) for name in found) < 1e-5


@pytest.mark.parametrize("ends", [None, (-1e18, 1e18)])
def test_gradients_are_those_of_the_formulas(ends):
    """Where nothing is rounded these are the derivatives; where everything is, they pass as if nothing were."""
    torch.manual_seed(0)
    work = TileWork((4, 3), (2, 2), (2, 3), (ends, ends), (None, ends), ends, 2)
    shapes = ((3, 6, 7, 2), (6, 2, 3), (5, 12), (6, 5), (7, 6), (4, 7))
    given = [torch.randn(shape, dtype=torch.float64).mul_(100 if ends else 1).requires_grad_() for shape in shapes]
    if ends is None:
        assert torch.autograd.gradcheck(lambda *args: FusedTiles.apply(work, *args), given)
        return
    weights = torch.randn(3, 4, 6, 3, dtype=torch.float64)
    (FusedTiles.apply(work, *given) * weights).sum().backward()
    rounded = [item.grad.clone() for item in given]
    for item in given:
        item.grad = None
    plain = TileWork((4, 3), (2, 2), (2, 3), (None, None), (None, None), None, 2)
    (FusedTiles.apply(plain, *given) * weights).sum().backward()
    assert max(distance(a, b.grad) for a, b in zip(rounded, given, strict=True)) < 1e-2


@needs_compiler
def test_more_threads_compute_the_same(monkeypatch):
    layer, x = layer_of(CANONICAL, POW2)
    fast_training(layer)
    before, one = torch.get_num_threads(), step(layer, x)
    try:
        torch.set_num_threads(3)
        several = step(layer, x)
    finally:
        torch.set_num_threads(before)
    assert torch.equal(several[0], one[0])
    assert max(distance(several[1][name], item) for name, item in one[1].items()) < 1e-5


@needs_compiler
def test_what_is_not_a_number_stays_so():
    layer, x = layer_of(CANONICAL, "tapwise-8")
    fast_training(layer)
    x[1, 2, 3, 4] = torch.nan
    y = layer(x)
    assert y[1].isnan().any()
    assert y[[0, 2, 3, 4]].isfinite().all()


def test_without_a_compiler_pytorch_takes_the_step(monkeypatch):
    native.library.cache_clear()
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CC", raising=False)
    try:
        assert native.library(16) is None
        layer, x = layer_of(CANONICAL, POW2)
        exact, _ = step(layer, x)
        (given, _), taken = fast(layer, x, monkeypatch, "native")
    finally:
        native.library.cache_clear()
    assert taken == ["FusedTiles"]
    assert torch.equal(given, exact)


def test_a_compiler_that_fails_is_none(monkeypatch):
    native.library.cache_clear()
    monkeypatch.setenv("CC", "false")
    try:
        assert native.library(16) is None
    finally:
        native.library.cache_clear()
