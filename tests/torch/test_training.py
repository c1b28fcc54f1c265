# SPDX-License-Identifier: Apache-2.0
"""Converted networks train: the loss falls, and everything that is learned has a finite gradient."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from oracle_layers import rand
from torch import nn

from wincraft.torch import calibrate, convert

ROWS = {
    "exact": (None, {}),
    "exact flex": (None, {"transforms": "flex"}),
    "static": ("tapwise-8", {}),
    "learned scales": ("tapwise-8", {"learn_scales": True}),
    "flex": ("tapwise-8", {"transforms": "flex", "learn_scales": True}),
    "flex with rounded matrices": ("winograd-aware-nets", {"transforms": "flex"}),
    "diagonals": ("barabasz-2020-8", {"transforms": "diagonals", "learn_scales": True}),
    "learned powers of two": ("tapwise-pow2", {"learn_scales": True}),
    "powers of two and diagonals": ("tapwise-pow2", {"learn_scales": True, "transforms": "diagonals"}),
    "unsigned": ("tapwise-8,input=uint8,output=uint8", {"learn_scales": True}),
    "balanced": ("tapwise-8", {"balance_channels": True}),
    "rank one": ("tapwise-8", {"rank_one_scales": True}),
    "32-bit sums": ("ncnn-int8", {}),
}


def network(row):
    """A small classifier of 8x8 images, its images and its labels: which of four filters they answer to."""
    scheme, options = ROWS[row]
    layers = [nn.Conv2d(2, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU(), nn.Conv2d(6, 6, 3, padding=1), nn.ReLU()]
    plain = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 4))
    tile = "F(2x2,3x3)" if scheme == "ncnn-int8" else "F(4x4,3x3)"
    x = rand(32, 2, 8, 8)
    labels = nn.functional.conv2d(x, rand(4, 2, 3, 3, seed=7)).relu().mean((2, 3)).argmax(1)
    model = convert(plain, tile, scheme, **options)
    if scheme:
        calibrate(model, [x])
    return model, x, labels


@pytest.mark.parametrize("row", ROWS)
def test_the_loss_falls(row):
    model, x, labels = network(row)
    pulled = set()
    fast = [p for name, p in model.named_parameters() if "winograd" not in name]
    slow = [p for name, p in model.named_parameters() if "winograd" in name]
    groups = [{"params": fast}] + ([{"params": slow, "lr": 0.01}] if slow else [])
    optimiser = torch.optim.SGD(groups, lr=0.1, momentum=0.9)
    losses = []
    for _ in range(25):
        optimiser.zero_grad()
        loss = nn.functional.cross_entropy(model(x), labels)
        loss.backward()
        losses.append(float(loss.detach()))
        for name, parameter in model.named_parameters():
            assert parameter.grad is not None, name
            assert parameter.grad.isfinite().all(), name
            pulled |= {name} if parameter.grad.any() else set()
        optimiser.step()
    assert min(losses[-5:]) < 0.85 * losses[0]
    assert pulled == {name for name, _ in model.named_parameters()}


def test_learned_powers_of_two_stay_powers_of_two():
    model, x, labels = network("learned powers of two")
    optimiser = torch.optim.Adam([p for name, p in model.named_parameters() if "log_scale" in name], lr=0.2)
    before = {label: scale.scale for label, scale in model[0].scales.items()}
    for _ in range(10):
        optimiser.zero_grad()
        nn.functional.cross_entropy(model(x), labels).backward()
        optimiser.step()
    for scale, _ in model[0].scales.values():
        exponents = torch.from_numpy(scale).log2()
        assert torch.equal(exponents, exponents.round())
    assert any((scale.scale != before[label]).any() for label, scale in model[0].scales.items())


def test_learned_powers_of_two_start_in_the_middle_of_their_step():
    """Up to half an octave either way, and the scale in use is the calibrated one; beyond, its neighbour."""
    stages = network("learned powers of two")[0][0].winograd.labelled
    wanted = {label: stage.scale.clone() for label, stage in stages.items()}
    starts = {label: stage.log_scale.detach().clone() for label, stage in stages.items()}
    assert len(wanted) > 4
    for move, factor in ((0.0, 1), (0.45, 1), (-0.45, 1), (0.55, 2), (-0.55, 0.5)):
        with torch.no_grad():
            for label, stage in stages.items():
                stage.log_scale.copy_(starts[label] + move)
                assert torch.equal(stage.current_scale(), factor * wanted[label]), (label, move)


def test_scales_that_are_not_learned_stay():
    model, x, labels = network("static")
    before = {label: scale.scale.copy() for label, scale in model[0].scales.items()}
    model.train()
    nn.functional.cross_entropy(model(x), labels).backward()
    torch.optim.SGD(model.parameters(), lr=1.0).step()
    model(x)
    assert all((scale.scale == before[label]).all() for label, scale in model[0].scales.items())


def test_learning_the_scales_lowers_the_error_of_bad_ones():
    """From scales four times too small, by the gradient of the error alone."""
    model, x, _ = network("learned scales")
    layer, y = model[0], nn.functional.conv2d(x, model[0].weight, model[0].bias, padding=1).detach()
    scales = [stage.log_scale for stage in layer.winograd.labelled.values()]
    with torch.no_grad():
        for log_scale in scales:
            log_scale.sub_(2)
    optimiser, errors = torch.optim.Adam(scales, lr=0.1), []
    for _ in range(30):
        optimiser.zero_grad()
        error = (layer(x) - y).square().mean()
        error.backward()
        errors.append(float(error.detach()))
        optimiser.step()
    assert errors[-1] < 0.1 * errors[0]
