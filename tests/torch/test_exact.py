# SPDX-License-Identifier: Apache-2.0
"""Without a scheme the layers are the direct convolution, whatever the shapes, the algorithm and the layout."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from oracle_layers import ALGORITHMS, F43, rand
from torch import nn

from wincraft import CONVENTIONS, parse, winograd
from wincraft.algorithm import nest
from wincraft.construct import chained
from wincraft.torch import WinogradConv1d, WinogradConv2d

D = torch.float64
LAYOUTS = ("contiguous", "channels last", "transposed", "strided", "expanded")


def laid_out(x, layout):
    """The same values otherwise in memory."""
    if layout == "channels last":
        return x.movedim(1, -1).contiguous().movedim(-1, 1)
    if layout == "transposed":
        return x.transpose(0, -1).contiguous().transpose(0, -1)
    if layout == "strided":
        wide = torch.zeros(*x.shape[:-1], 2 * x.shape[-1] + 1, dtype=x.dtype)
        wide[..., 1::2] = x
        return wide[..., 1::2]
    return x[:1].expand(x.shape) if layout == "expanded" and len(x) else x


def same_as_direct(layer, direct, x, tolerance=1e-10):
    """Values, shape, dtype, and an order in memory that .view accepts where torch's own does."""
    wanted, found = direct(x), layer(x)
    assert found.shape == wanted.shape
    assert found.dtype == wanted.dtype
    assert found.is_contiguous() or not wanted.is_contiguous()
    if wanted.numel():
        assert (found - wanted).abs().max() <= tolerance * max(1, float(wanted.detach().abs().max()))


@st.composite
def layers(draw, axes):
    """A direct layer, an input, and how it lies in memory."""
    groups, depth, width = draw(st.integers(1, 3)), draw(st.integers(1, 2)), draw(st.integers(1, 2))
    kernel = tuple(draw(st.integers(1, 5)) for _ in range(axes))
    stride = tuple(draw(st.sampled_from([1, 1, 2, 3])) for _ in range(axes))
    pairs = st.tuples(*[st.integers(0, 3)] * axes)
    padding = draw(st.one_of(st.integers(0, 2), st.sampled_from(["valid", "same"]), pairs))
    if padding == "same":
        stride = (1,) * axes
    mode = draw(st.sampled_from(["zeros", "zeros", "reflect", "circular", "replicate"]))
    sizes = tuple(draw(st.integers(max(size, 4), 12)) for size in kernel)
    conv = (nn.Conv1d, nn.Conv2d)[axes - 1]
    channels = groups * depth, groups * width
    made = conv(*channels, kernel, stride, padding, 1, groups, draw(st.booleans()), mode, dtype=D)
    batch = draw(st.one_of(st.none(), st.integers(0 if mode == "zeros" else 1, 3)))
    x = rand(batch or 0 if batch is not None else 1, groups * depth, *sizes, seed=draw(st.integers(0, 9)), dtype=D)
    x = laid_out(x, draw(st.sampled_from(LAYOUTS)))
    return made, x[0] if batch is None else x


@pytest.mark.filterwarnings("ignore:Using padding='same' with even")
@given(layers(2))
@settings(max_examples=150)
def test_any_conv2d(drawn):
    direct, x = drawn
    same_as_direct(WinogradConv2d.from_direct(direct), direct, x)


@pytest.mark.filterwarnings("ignore:Using padding='same' with even")
@given(layers(1), st.sampled_from(["F(4,3)", "F(6,5)", "F(5,1)"]))
def test_any_conv1d(drawn, algorithm):
    direct, x = drawn
    same_as_direct(WinogradConv1d.from_direct(direct, algorithm=algorithm), direct, x)


def pooled():
    """(kernel, algorithm) by name."""
    two = {name: made for name, made in ALGORITHMS.items() if not name.startswith("1-D")}
    yield from ((name, made) for name, made in two.items())
    for convention in CONVENTIONS:
        yield convention, lambda convention=convention: parse("F(3x3,2x2)", points="0,-1,1/2", convention=convention)
    for basis in ("legendre", "chebyshev", "laguerre", "legendre/pow2", "input=lu output=legendre"):
        yield basis, lambda basis=basis: chained(parse("F(4x4,3x3)"), basis)
    yield "own scale", lambda: parse("F(4x4,3x3)", points=F43, convention="integer").factors[0].rescale(b=[7] * 6)
    yield "F(8x8,3x3)", lambda: parse("F(8x8,3x3)")
    yield "F(10x10,3x3)", lambda: parse("F(10x10,3x3)")
    yield "F(1x9,2x2)", lambda: parse("F(1x9,2x2)")
    yield "sqrt(2)", lambda: parse("F(4x4,3x3)", points="0,1,-1,sqrt(2),-sqrt(2)")
    yield "mixed", lambda: nest(winograd(2, 3, points="0,1,-1"), winograd(3, 2, moduli="0,x^2+1,inf"))


POOL = dict(pooled())


@pytest.mark.parametrize("name", POOL)
@pytest.mark.parametrize("transforms", ["static", "flex"])
def test_any_algorithm(name, transforms):
    made = POOL[name]()
    axes = made.factors * 2 if len(made.factors) == 1 else made.factors
    direct = nn.Conv2d(3, 4, tuple(axis.r[0] for axis in axes), padding=1, dtype=D)
    layer = WinogradConv2d.from_direct(direct, algorithm=made, transforms=transforms)
    tolerance = 1e-9 if "10x10" in name else 1e-10
    same_as_direct(layer, direct, rand(2, 3, 13, 11, dtype=D), tolerance)
    if name == "own scale":
        assert made.scale != 1


@pytest.mark.parametrize("name", ["1-D", "1-D legendre"])
@pytest.mark.parametrize("transforms", ["static", "flex"])
def test_any_algorithm_of_one_axis(name, transforms):
    made = ALGORITHMS[name]()
    direct = nn.Conv1d(3, 4, made.r[0], padding=2, dtype=D)
    layer = WinogradConv1d.from_direct(direct, algorithm=made, transforms=transforms)
    same_as_direct(layer, direct, rand(2, 3, 29, dtype=D))


def test_flex_matrices_that_are_moved_move_the_output():
    layer = WinogradConv2d(2, 3, 3, transforms="flex", dtype=D)
    x = rand(1, 2, 8, 8, dtype=D)
    sides = (layer.winograd.input, layer.winograd.filter, layer.winograd.output)
    assert [len(side.matrices) for side in sides] == [1] * 3
    with torch.no_grad():
        layer.winograd.output.matrices[0] *= 2
    wanted = nn.functional.conv2d(x, 4 * layer.weight, layer.bias)
    assert (layer(x) - wanted).abs().max() < 1e-10


def test_large_batches_are_computed_in_parts(monkeypatch):
    """Whatever the size of a part, in values and in gradients."""
    from wincraft.torch import pipeline

    direct = nn.Conv2d(3, 4, 3, padding=1, dtype=D)
    layer, x = WinogradConv2d.from_direct(direct), rand(7, 3, 9, 9, dtype=D)
    for chunk in (1, 36 * 9 * 4 * 2, 1 << 30):
        monkeypatch.setattr(pipeline, "_CHUNK", chunk)
        same_as_direct(layer, direct, x)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_narrow_dtypes_are_computed_in_float32_and_rounded_once(dtype):
    direct = nn.Conv2d(8, 4, 3, padding=1, dtype=dtype)
    layer, x = WinogradConv2d.from_direct(direct, algorithm="F(2x2,3x3)"), rand(2, 8, 12, 12).to(dtype)
    found = layer(x)
    exact = nn.functional.conv2d(x.double(), direct.weight.double(), direct.bias.double(), padding=1)
    # F(2x2, 3x3) amplifies by 4 at most per axis: 72 products, 16 * 72 half units of float32, then one of the dtype
    half = torch.finfo(dtype).eps / 2
    bound = half * exact.abs() + 16 * 72 * 2.0**-24 * x.double().abs().max() * direct.weight.double().abs().max()
    assert found.dtype == dtype
    assert ((found.double() - exact).abs() <= bound + 1e-7).all()


@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate"])
@pytest.mark.parametrize("bias", [True, False])
def test_channels_last_in_and_out(bias, mode):
    direct = nn.Conv2d(3, 4, 3, bias=bias, padding=int(mode != "zeros"), padding_mode=mode)
    x = rand(2, 3, 9, 9).to(memory_format=torch.channels_last)
    y = WinogradConv2d.from_direct(direct)(x)
    assert y.stride() == direct(x).stride()
    assert y.is_contiguous(memory_format=torch.channels_last)
    plain = WinogradConv2d.from_direct(direct)(x.contiguous())
    assert torch.equal(y, plain)
    assert plain.view(-1).shape == (plain.numel(),)


def test_circular_padding_gives_contiguous_outputs_as_torch_does():
    direct = nn.Conv2d(3, 4, 3, padding=1, padding_mode="circular")
    x = rand(2, 3, 9, 9).to(memory_format=torch.channels_last)
    assert WinogradConv2d.from_direct(direct)(x).stride() == direct(x).stride() == (324, 81, 9, 1)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_autocast_gives_what_the_direct_layer_gives(dtype):
    direct = nn.Conv2d(3, 4, 3, dtype=dtype)
    layer, x = WinogradConv2d.from_direct(direct), rand(2, 3, 9, 9, dtype=dtype)
    before = layer(x)
    with torch.autocast("cpu", torch.bfloat16):
        wanted, found = direct(x), layer(x)
    assert found.dtype == wanted.dtype == (torch.bfloat16 if dtype == torch.float32 else dtype)
    assert torch.equal(found, before.to(found.dtype))
