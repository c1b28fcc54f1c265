# SPDX-License-Identifier: Apache-2.0
"""Gradients: exact ones by finite differences, straight-through ones by a fake-quantised network of its own."""

from __future__ import annotations

from math import log, sqrt

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from oracle_layers import ALGORITHMS, F43, fake_layer, rand
from torch.func import functional_call

from wincraft import parse
from wincraft.measure.places import M, U
from wincraft.numbers import Scale, parse_quantizer
from wincraft.torch import DirectConv2d, WinogradConv1d, WinogradConv2d, calibrate
from wincraft.torch.learning import LearnedStage

D = torch.float64
LABELS = ("input", "weights", "U", "V", "M", "output")


@pytest.mark.parametrize("transforms", ["static", "flex"])
@pytest.mark.parametrize(
    ("algorithm", "kernel", "options"),
    [
        ("F(2x2,3x3)", 3, {"padding": 1}),
        ("F(2x3,3x2)", (3, 2), {"groups": 2}),
        ("F(2x2,2x2)", 3, {"stride": 2, "padding": 1, "groups": 2}),
        ("F(2x2,3x3)", 3, {"padding": 1, "padding_mode": "circular", "bias": False}),
    ],
)
def test_exact_layers_by_finite_differences(algorithm, kernel, options, transforms):
    layer = WinogradConv2d(2, 2, kernel, algorithm=algorithm, transforms=transforms, dtype=D, **options)
    x = rand(2, 2, 5, 4, dtype=D).requires_grad_()
    names = [name for name, _ in layer.named_parameters()]
    flexible = [name for name in names if "matrices" in name]
    learned = {"F(2x3,3x2)": 5, "F(2x2,2x2)": 18}.get(algorithm, 3)  # a stride has four pieces
    assert len(flexible) == (0 if transforms == "static" else learned)

    def run(x, *values):
        return functional_call(layer, dict(zip(names, values, strict=True)), (x,))

    assert torch.autograd.gradcheck(run, (x, *layer.parameters()))


def test_one_axis_by_finite_differences():
    layer = WinogradConv1d(2, 3, 3, algorithm=ALGORITHMS["1-D"](), transforms="flex", dtype=D)
    names, parameters = zip(*layer.named_parameters(), strict=True)

    def run(x, *values):
        return functional_call(layer, dict(zip(names, values, strict=True)), (x,))

    assert torch.autograd.gradcheck(run, (rand(1, 2, 7, dtype=D).requires_grad_(), *parameters))


def reference(layer, x, m, learned=False, matrices=None):
    """(y, leaves) of the fake-quantised network in float64 with the layer's own scales."""
    made = layer.algorithm.factors[0]
    matrices = matrices or [torch.from_numpy(matrix) for matrix in made.to_numpy()]
    leaves = {"x": x.detach().double(), "weight": layer.weight.detach().double(), "bias": layer.bias.detach().double()}
    logs = {label: stage.scale.detach().log2() for label, stage in layer.winograd.labelled.items()}
    leaves = {name: leaf.clone().requires_grad_() for name, leaf in (leaves | logs).items()}
    side = int(sqrt(layer.winograd.stages["U"].scale.numel()))
    scales = {label: torch.exp2(leaves[label]) for label in logs}
    for label, shape in (("U", (side, side, 1, 1, 1, 1)), ("V", (side, side, 1, 1)), ("M", (side, side, 1, 1, 1, 1))):
        scales[label] = scales[label].reshape(shape if scales[label].numel() > 1 else (1,) * len(shape))
    scales |= {label: scales[label].reshape(()) for label in ("input", "weights", "output")}
    bits = {label: stage.grid.bits for label, stage in layer.winograd.labelled.items()}
    y = fake_layer(leaves["x"], leaves["weight"], matrices, scales, layer.padding[0], m, bits, learned)
    return y + leaves["bias"][:, None, None], leaves


def shrunk(layer, factor):
    """Set the scales of every stage to parts of what they are, each to another."""
    for number, stage in enumerate(layer.winograd.labelled.values()):
        stage.set_scale(Scale(stage.as_scale.scale * factor ** (1 + 0.07 * number), stage.as_scale.zero_point))


def close(found, wanted, tolerance=2e-5):
    """Relative to the largest: the layer's straight-through products are of float32."""
    assert wanted.abs().max() > 0
    assert (found.double() - wanted).abs().max() <= tolerance * wanted.abs().max()


@pytest.mark.parametrize("text", ["tapwise-8", "barabasz-2020-8-9"])
@pytest.mark.parametrize("shrink", [0.97, 0.57])
def test_straight_through(text, shrink):
    """With scales shrunk many values clip: their gradients are 0, in both networks; and no value lies half way."""
    layer = WinogradConv2d(3, 4, 3, padding=1, algorithm=parse("F(4x4,3x3)", points=F43), scheme=text)
    x = rand(2, 3, 8, 8)
    calibrate(layer, [x])
    shrunk(layer, shrink)
    x.requires_grad_()
    y = layer(x)
    wanted, leaves = reference(layer, x, 4)
    (y * rand(*y.shape, seed=5)).sum().backward()
    (wanted * rand(*y.shape, seed=5).double()).sum().backward()
    close(y.detach(), wanted.detach(), 1e-6)
    close(x.grad, leaves["x"].grad)
    close(layer.weight.grad, leaves["weight"].grad)
    close(layer.bias.grad, leaves["bias"].grad)


def test_where_nothing_clips_the_gradient_is_that_of_the_convolution_with_what_is_stored():
    """With wide formats the operands are the values to 1e-6, and so are the gradients those of `conv2d`."""
    wide = "tapwise-8,input=int22,weights=int22,U=int22/tap,V=int22/tap,M=int22/tap,output=int22"
    layer = WinogradConv2d(3, 4, 3, padding=1, algorithm="F(4x4,3x3)", scheme=wide)
    x = rand(2, 3, 8, 8)
    calibrate(layer, [x])
    x.requires_grad_()
    weight = layer.weight.detach().clone().requires_grad_()
    exact = torch.nn.functional.conv2d(x.double(), weight.double(), padding=1)
    wanted = torch.autograd.grad((exact * rand(*exact.shape, seed=2)).sum(), (x, weight))
    found = torch.autograd.grad((layer(x) * rand(*exact.shape, seed=2)).sum(), (x, layer.weight))
    for one, other in zip(found, wanted, strict=True):
        close(one, other.double())


def test_learned_scales_have_the_gradient_of_lsq():
    layer = WinogradConv2d(3, 4, 3, padding=1, algorithm=parse("F(4x4,3x3)"), scheme="tapwise-8", learn_scales=True)
    x = rand(2, 3, 8, 8)
    calibrate(layer, [x])
    with torch.no_grad():
        for stage in layer.winograd.labelled.values():
            stage.log_scale -= 0.6
            stage.scale.copy_(torch.exp2(stage.log_scale.double()))  # what `reference` reads
    y = layer(x)
    wanted, leaves = reference(layer, x, 4, learned=True)
    (y * rand(*y.shape, seed=5)).sum().backward()
    (wanted * rand(*y.shape, seed=5).double()).sum().backward()
    close(y.detach(), wanted.detach(), 1e-6)
    for label in LABELS:
        found = layer.winograd.labelled[label].log_scale.grad
        close(found.flatten(), leaves[label].grad.flatten(), 1e-4)


def test_flex_matrices_and_diagonals_have_gradients_of_the_fake_network():
    made = parse("F(4x4,3x3)", points=F43)
    scheme = "tapwise-8,output=int20"  # sums in float32 may take the other of two near codes; here that is little
    layer = WinogradConv2d(3, 4, 3, padding=1, algorithm=made, scheme=scheme, transforms="flex")
    x = rand(2, 3, 8, 8)
    calibrate(layer, [x])
    shrunk(layer, 0.97)
    matrices = [torch.from_numpy(matrix).requires_grad_() for matrix in made.factors[0].to_numpy()]
    y = layer(x)
    wanted, _ = reference(layer, x, 4, matrices=matrices)
    (y * rand(*y.shape, seed=5)).sum().backward()
    (wanted * rand(*y.shape, seed=5).double()).sum().backward()
    close(y.detach(), wanted.detach(), 1e-5)
    for matrix, side in zip(matrices, ("output", "filter", "input"), strict=True):
        close(getattr(layer.winograd, side).matrices[0].grad, matrix.grad, 1e-4)


@pytest.mark.parametrize("text", ["int8", "uint8", "int8-full"])
def test_one_stage_by_the_formula(text):
    """d value / d scale is code - value / scale inside and the end of the range outside, times ln 2, scale, damping."""
    quantizer = parse_quantizer(f"{text}/tap")
    stage = LearnedStage(M, quantizer, (5,), 1, "max-abs")
    scale = 2.0 ** torch.linspace(-6, -5, 5, dtype=D).view(5, 1, 1)
    zero = torch.full((5, 1, 1), 100.0 if text == "uint8" else 0.0)
    stage.set_scale(Scale(scale.transpose(1, 2).numpy(), zero.double().transpose(1, 2).numpy()))
    x, direction = (2 * rand(5, 40, 3)).requires_grad_(), rand(5, 40, 3, seed=1)
    codes, used = stage(x, torch.ones(1, 1, 1, dtype=D))
    (codes * used * direction).sum().backward()
    low, high = {"int8": (-127, 127), "uint8": (-100, 155), "int8-full": (-128, 127)}[text]
    steps = x.detach().double() / used.detach()
    inside = (steps.round() >= low) & (steps.round() <= high)
    assert 0 < inside.sum() < inside.numel()
    assert torch.equal(codes.double(), steps.round().clamp(low, high))
    close(x.grad, direction * inside.double(), 1e-6)
    assert not x.grad[~inside].any()
    slope = torch.where(inside, steps.round() - steps, codes.double())
    largest = 255 if text == "uint8" else 127
    wanted = (slope * direction).sum((1, 2), keepdim=True) * log(2) * used.detach() / sqrt(120 * largest)
    close(stage.log_scale.grad, wanted)


def test_learned_powers_of_two_round_up_with_the_gradient_of_the_identity():
    plain, rounded = (
        LearnedStage(U, parse_quantizer(text), (3,), 1, "max-abs") for text in ("int8/tap", "int8/tap/pow2")
    )
    exponents = torch.tensor([-5.0, -4.3, -6.9]).view(3, 1, 1)
    for stage, logs in ((plain, exponents.ceil()), (rounded, exponents)):
        stage.set_scale(Scale(2.0 ** logs.double().numpy(), torch.zeros(3, 1, 1).double().numpy()))
        codes, scale = stage(rand(3, 50, 2), torch.ones(1, 1, 1, dtype=D))
        (codes * scale).pow(2).sum().backward()
    assert rounded.as_scale.scale.ravel().tolist() == [2.0**-5, 2.0**-4, 2.0**-6]
    assert torch.equal(plain.log_scale.grad, rounded.log_scale.grad)


@pytest.mark.parametrize("exponent", [-30, -20, -7, 0, 11, 40])
def test_damping_does_not_move_powers_of_two(exponent):
    """The damped gradient must leave the value as it is, or rounding up doubles a scale."""
    stage = LearnedStage(U, parse_quantizer("int8/tensor/pow2"), (3,), 1, "max-abs")
    stage.set_scale(Scale(*(torch.full((1, 1, 1), v, dtype=D).numpy() for v in (2.0**exponent, 0.0))))
    assert {float(stage.current_scale(values).detach()) for values in range(1, 400, 3)} == {2.0**exponent}


def test_direct_layers_are_straight_through():
    layer = DirectConv2d(3, 4, 3, stride=2, padding=1, scheme="tapwise-8,input=int22,weights=int22,output=int22")
    x = rand(2, 3, 9, 9)
    calibrate(layer, [x])
    x.requires_grad_()
    weight = layer.weight.detach().clone().requires_grad_()
    exact = torch.nn.functional.conv2d(x.double(), weight.double(), layer.bias.double(), stride=2, padding=1)
    found = torch.autograd.grad((layer(x) * rand(*exact.shape, seed=2)).sum(), (x, layer.weight, layer.bias))
    wanted = torch.autograd.grad((exact * rand(*exact.shape, seed=2)).sum(), (x, weight, layer.bias))
    for one, other in zip(found, wanted, strict=True):
        close(one, other.double())


def test_float_schemes_have_the_gradient_of_the_exact_convolution():
    layer = WinogradConv2d(2, 3, 3, padding=1, groups=1, algorithm="F(2x2,3x3)", scheme="bf16")
    x = rand(1, 2, 6, 6).requires_grad_()
    exact = torch.nn.functional.conv2d(x, layer.weight, layer.bias, padding=1)
    found = torch.autograd.grad(layer(x).sum(), (x, layer.weight, layer.bias))
    wanted = torch.autograd.grad(exact.sum(), (x, layer.weight, layer.bias))
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-6)


def test_learned_powers_of_two_start_in_the_middle_of_their_interval():
    """A step of up to half an octave either way keeps the calibrated scale."""
    quantizer = parse_quantizer("int8/tap/pow2")
    stage = LearnedStage(U, quantizer, (4,), 3, "max-abs")
    stage.set_scale(quantizer.scale_of(np.full((4, 1, 1), -3.0), np.full((4, 1, 1), 5.0)))
    assert torch.equal(stage.current_scale().detach(), stage.scale)
    for step in (-0.49, -1e-3, 1e-3, 0.49):
        with torch.no_grad():
            stage.log_scale += step
        assert torch.equal(stage.current_scale().detach(), stage.scale)
        with torch.no_grad():
            stage.log_scale -= step
