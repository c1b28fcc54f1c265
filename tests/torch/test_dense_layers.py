# SPDX-License-Identifier: Apache-2.0
"""Layers that run an algorithm of whole tiles, beside those of the separable one that it is the product of."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from oracle_layers import rand, simulated_codes, stored_codes
from oracle_messages import refused
from oracle_tiles import forty_six, kronecker_square
from torch import nn

from wincraft import parse, winograd
from wincraft.algorithm import nest
from wincraft.errors import NotApplicable
from wincraft.torch import WinogradConv2d, calibrate, convert, network_report

SEPARABLE, DENSE = nest(winograd(2, 3), winograd(2, 3)), kronecker_square()


def layers(scheme=None, algorithms=(DENSE, SEPARABLE), **options):
    torch.manual_seed(5)
    plain = nn.Conv2d(6, 4, 3, padding=1)
    x = torch.randn(2, 6, 9, 11)
    made = [WinogradConv2d.from_direct(plain, algorithm=item, scheme=scheme, **options) for item in algorithms]
    if scheme is not None:
        for layer in made:
            calibrate(layer, [x])
    return plain, made, x


@pytest.mark.parametrize("algorithm", [DENSE, forty_six()], ids=["16 products", "46 products"])
def test_an_unquantised_layer_is_the_convolution(algorithm):
    plain, (layer,), x = layers(algorithms=[algorithm])
    torch.testing.assert_close(layer(x), plain(x), atol=1e-4, rtol=1e-4)
    with torch.no_grad():
        assert network_report(layer, [x]).layers[0].algorithm == algorithm.size


@pytest.mark.parametrize("scheme", ["barabasz-2020-8", "tapwise-8", "ncnn-int8", "winograd-aware-nets", "fp32"])
def test_a_scheme_gives_what_the_separable_layer_gives(scheme):
    _, (dense, separable), x = layers(scheme)
    assert dense.scales.keys() == separable.scales.keys()
    if scheme == "winograd-aware-nets":  # entries of the whole matrix are rounded, not those of an axis
        torch.testing.assert_close(dense(x), separable(x), atol=0.2, rtol=0)
    else:
        torch.testing.assert_close(dense(x), separable(x), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("scheme", ["tapwise-8", "barabasz-2020-8", "tapwise-8,M=none"])
def test_passes_along_axes_before_those_of_the_whole_tile_are_one_step(scheme):
    """Nothing is stored between them: the integers of every stage are those of the simulation."""
    made = parse("F(4x4,3x3)", moduli="0,1,-1,x^2+1,inf", convention="pow2")
    layer, x = WinogradConv2d(3, 4, 3, padding=1, algorithm=made, scheme=scheme), rand(2, 3, 9, 10)
    calibrate(layer, [x])
    _, codes = stored_codes(layer, x)
    _, wanted = simulated_codes(layer, x, layer.scheme, layer.scales)
    for label in {"U", "V", "M"} & wanted.keys():
        assert (codes[label].reshape(wanted[label].shape) == wanted[label]).all(), label


@pytest.mark.parametrize(
    "options", [{"transforms": "flex"}, {"transforms": "diagonals"}, {"learn_scales": True}, {"balance_channels": True}]
)
def test_what_is_learned_has_gradients(options):
    _, (layer,), x = layers("tapwise-8", [DENSE], **options)
    layer(x).square().sum().backward()
    assert all(item.grad is not None and item.grad.isfinite().all() for item in layer.parameters())


def test_the_report_predicts_what_is_measured():
    torch.manual_seed(1)
    network = convert(nn.Sequential(nn.Conv2d(32, 16, 3)), DENSE, "tapwise-8")
    x = torch.randn(8, 32, 18, 18)
    calibrate(network, [x])
    (found,) = network_report(network, [x]).layers
    assert found.predicted == pytest.approx(found.measured, abs=1)
    assert found.noise_gain == pytest.approx(float(SEPARABLE.noise_gain()))


def test_other_kernels_and_residues_are_refused_by_name():
    with refused(NotApplicable, "F(2x2,3x3)", "5x5 taps"):
        WinogradConv2d(3, 4, 5, algorithm=DENSE)
    with refused(NotApplicable, "GF(31)", "F(2x2,3x3)"):
        WinogradConv2d(3, 4, 3, algorithm=winograd(2, 3).convert("GF(31)"))
