# SPDX-License-Identifier: Apache-2.0
"""Balanced channels, rank-one scales and learned powers of two against a second implementation in NumPy."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from oracle_layers import F43, rand

from wincraft import parse
from wincraft.torch import WinogradConv2d, calibrate
from wincraft.torch.learning import rank_one_scales

LIMITS = {"input": 127, "weights": 127, "U": 127, "V": 127, "M": 127, "output": 127}


def by_numpy(x, w, algorithm, balanced=False, adjust=lambda label, scale: scale):
    """tapwise-8 in float64 with real values: (outputs, scales, Omega) of max-abs calibration; padding 1."""
    AT, G, BT = algorithm.factors[0].to_numpy()
    m, n, r = AT.shape[0], AT.shape[1], G.shape[1]
    N, C, H, W = x.shape
    th, tw = -(-H // m), -(-W // m)
    big = np.zeros((N, C, th * m + r - 1, tw * m + r - 1))
    big[:, :, 1 : H + 1, 1 : W + 1] = x
    tiles = np.stack([[big[:, :, i * m : i * m + n, j * m : j * m + n] for j in range(tw)] for i in range(th)])
    scales = {}

    def store(label, value, axes):
        scale = adjust(label, np.abs(value).max(axis=axes, keepdims=True) / 127)
        scales[label] = scale
        return scale * np.clip(np.rint(value / scale), -127, 127)

    d = store("input", tiles, tuple(range(6)))
    U = np.einsum("ai,bj,pqzcij->abzpqc", BT, BT, d)
    V = np.einsum("ai,bj,kcij->abkc", G, G, store("weights", w, tuple(range(4))))
    omega = np.ones((n, n, C))
    if balanced:
        omega = np.sqrt(np.abs(U).max(axis=(2, 3, 4)) / np.abs(V).max(axis=2))
        omega /= np.prod(omega, axis=-1, keepdims=True) ** (1 / C)
    U = store("U", U / omega[:, :, None, None, None, :], (2, 3, 4, 5))
    V = store("V", V * omega[:, :, None, :], (2, 3))
    M = store("M", np.einsum("abkc,abzpqc->abzpqk", V, U), (2, 3, 4, 5))
    y = store("output", np.einsum("ia,jb,abzpqk->zkpiqj", AT, AT, M), tuple(range(6)))
    return y.reshape(N, -1, th * m, tw * m)[:, :, :H, :W], scales, omega


def uneven_layer(**options):
    """Channels of very different sizes."""
    made = parse("F(4x4,3x3)", points=F43)
    layer = WinogradConv2d(4, 5, 3, padding=1, bias=False, algorithm=made, scheme="tapwise-8", **options)
    x = rand(3, 4, 11, 9) * torch.tensor([10.0, 1.0, 0.1, 2.0])[:, None, None]
    return layer, x


def agree(layer, x, wanted, scales):
    for label, scale in scales.items():
        np.testing.assert_allclose(layer.scales[label].scale.ravel(), scale.ravel(), rtol=1e-9)
    y = layer(x).detach().numpy()
    step = scales["output"].item()
    # values half way between two codes may go either way: there are few
    off = np.abs(y - wanted) > step * 1e-3
    assert off.mean() < 0.01
    assert np.abs(y - wanted).max() < 1.001 * step


def test_balanced_channels():
    layer, x = uneven_layer(balance_channels=True)
    calibrate(layer, [x])
    w = layer.weight.detach().double().numpy()
    wanted, scales, omega = by_numpy(x.double().numpy(), w, layer.algorithm, balanced=True)
    agree(layer, x, wanted, scales)
    np.testing.assert_allclose(layer.winograd.omega.numpy(), omega.reshape(36, 4), rtol=1e-9)
    np.testing.assert_allclose(np.prod(layer.winograd.omega.numpy(), axis=1), 1, rtol=1e-9)
    assert omega.max() / omega.min() > 2


def test_balanced_channels_lose_less():
    errors = []
    for balanced in (False, True):
        torch.manual_seed(0)
        layer, x = uneven_layer(balance_channels=balanced)
        with torch.no_grad():  # small activations meet large weights
            layer.weight.div_(torch.tensor([10.0, 1.0, 0.1, 2.0])[None, :, None, None])
        calibrate(layer, [x])
        exact = torch.nn.functional.conv2d(x, layer.weight, padding=1)
        errors.append(float(((layer(x) - exact) ** 2).sum().detach()))
    assert errors[1] < errors[0] / 2


def test_balancing_looks_at_all_batches_and_again_when_calibrated_again():
    whole, x = uneven_layer(balance_channels=True)
    parts, _ = uneven_layer(balance_channels=True)
    parts.load_state_dict(whole.state_dict())
    calibrate(parts, [torch.ones(1, 4, 11, 9)])
    strange = parts.winograd.omega.clone()
    x[0, :, 0, 0] = x.abs().amax((0, 2, 3))  # the first image has the widest range
    calibrate(whole, [x])
    calibrate(parts, x.split(1))
    assert not torch.allclose(strange, whole.winograd.omega, rtol=1e-3)
    torch.testing.assert_close(parts.winograd.omega, whole.winograd.omega, rtol=1e-12, atol=0)


def fitted_to_logs(scale):
    """Rows times columns, least squares of the logarithms by an explicit system, raised above the scales."""
    rows, columns = scale.shape
    system = np.zeros((rows * columns, rows + columns))
    for i in range(rows):
        for j in range(columns):
            system[i * columns + j, [i, rows + j]] = 1
    solution = np.linalg.lstsq(system, np.log(scale).ravel(), rcond=None)[0]
    return np.exp(system @ solution).reshape(scale.shape)


def test_rank_one_scales():
    def adjust(label, scale):
        if label in ("U", "V", "M"):
            return fitted_to_logs(scale.reshape(6, 6)).reshape(scale.shape)
        return scale

    layer, x = uneven_layer(rank_one_scales=True)
    calibrate(layer, [x])
    wanted, scales, _ = by_numpy(
        x.double().numpy(), layer.weight.detach().double().numpy(), layer.algorithm, adjust=adjust
    )
    agree(layer, x, wanted, scales)
    for label in ("U", "V", "M"):
        values = np.linalg.svd(layer.scales[label].scale.reshape(6, 6))[1]
        assert values[1] < 1e-12 * values[0]


def test_rank_one_scales_of_channels_are_separate():
    logs = np.random.default_rng(0).normal(size=(4, 5, 3, 1))
    found = rank_one_scales(np.exp(logs))
    for channel in range(3):
        wanted = fitted_to_logs(np.exp(logs[:, :, channel, 0]))
        np.testing.assert_allclose(found[:, :, channel, 0], wanted, rtol=1e-9)


@pytest.mark.parametrize("shape", [(6, 6), (4, 7), (5,)])
def test_rank_one_powers_of_two(shape):
    exponents = np.random.default_rng(1).integers(-9, 3, size=(*shape, 1, 1))
    found = np.log2(rank_one_scales(2.0**exponents, power_of_two=True))
    assert (found == np.rint(found)).all()
    assert abs((found - exponents).mean()) <= 0.5
    if len(shape) == 1:
        assert (found == exponents).all()
    else:
        table = found[..., 0, 0]
        assert (table - table[:1] - table[:, :1] + table[0, 0] == 0).all()


def test_rank_one_scales_of_a_scheme_of_powers_of_two_are_powers_of_two():
    layer = WinogradConv2d(3, 4, 3, algorithm="F(4x4,3x3)", scheme="tapwise-pow2", rank_one_scales=True)
    calibrate(layer, [rand(2, 3, 9, 9)])
    for scale, _ in layer.scales.values():
        assert (np.log2(scale) == np.rint(np.log2(scale))).all()


def test_diagonals_move_scales_and_not_the_convolution():
    """Any diagonals: U and V change by them, M is divided by both, so that with wide formats nothing changes."""
    wide = "tapwise-8,input=int22,weights=int22,U=int22/tap,V=int22/tap,M=none,output=none"
    layer = WinogradConv2d(3, 4, 3, padding=1, algorithm="F(4x4,3x3)", scheme=wide, transforms="diagonals")
    x = rand(2, 3, 9, 9)
    calibrate(layer, [x])
    before = {label: scale.scale.copy() for label, scale in layer.scales.items()}
    with torch.no_grad():
        layer.winograd.log_diagonals.copy_(rand(2, 36, seed=4))
    calibrate(layer, [x])
    factors = 2.0 ** layer.winograd.log_diagonals.detach().double().numpy().reshape(2, 6, 6, 1, 1)
    for label, factor in zip(("U", "V"), factors, strict=True):
        np.testing.assert_allclose(layer.scales[label].scale, before[label] * factor, rtol=1e-5)
    exact = torch.nn.functional.conv2d(x.double(), layer.weight.double(), layer.bias.double(), padding=1)
    assert (layer(x) - exact).abs().max() < 1e-5


@pytest.mark.parametrize("scheme", ["tapwise-8", "winograd-aware-nets", "tapwise-pow2"])
def test_flex_matrices_begin_as_the_static_ones(scheme):
    """Also where the scheme rounds them: the parameters are the exact matrices, rounded in use."""
    made = parse("F(4x4,3x3)", points="0,1,-1,2,-1/2")
    static, flex = (WinogradConv2d(3, 4, 3, algorithm=made, scheme=scheme, transforms=t) for t in ("static", "flex"))
    exact = dict(zip(("output", "filter", "input"), made.factors[0].to_numpy(), strict=True))
    for side, size in (("input", 36), ("filter", 9), ("output", 36)):
        transforms = [getattr(layer.winograd, side) for layer in (static, flex)]
        eye = torch.eye(size, dtype=torch.float64)[:, :, None]
        found = [made.apply_step(0, eye) * made.factors(0) for made in transforms]
        torch.testing.assert_close(*found, rtol=1e-6, atol=1e-8)
        torch.testing.assert_close(transforms[1].matrices[0].detach(), torch.from_numpy(exact[side]).float())


@pytest.mark.parametrize("scheme", ["tapwise-8", "winograd-aware-nets", "tapwise-pow2"])
@pytest.mark.parametrize("transforms", ["flex", "diagonals"])
def test_what_is_learned_begins_with_the_static_layer(scheme, transforms):
    """But for values half way between two codes, which float32 sums may move."""
    x = rand(2, 3, 12, 12)
    outputs = []
    for kind in ("static", transforms):
        torch.manual_seed(0)
        layer = WinogradConv2d(3, 4, 3, algorithm=parse("F(4x4,3x3)", points=F43), scheme=scheme, transforms=kind)
        calibrate(layer, [x])
        outputs.append(layer(x).detach())
    exact = torch.nn.functional.conv2d(x, layer.weight, layer.bias)
    noise = ((outputs[0] - exact) ** 2).mean()
    assert ((outputs[1] - outputs[0]) ** 2).mean() < 0.1 * noise
