# SPDX-License-Identifier: Apache-2.0
"""Grouped and depthwise layers of one's own: every group is the simulation of that group alone."""

from __future__ import annotations

import numpy as np
import pytest
from oracle_messages import refused

from wincraft import parse
from wincraft.errors import BadShape
from wincraft.quantise import SCHEMES, Layer, evaluate, parse_scheme, simulate, simulate_direct

SHAPES = {  # data (N, C, H, W) and weights (K, C / groups, 3, 3)
    "depthwise": ((2, 6, 9, 8), (6, 1, 3, 3), 6),
    "depthwise, two filters each": ((1, 3, 8, 8), (6, 1, 3, 3), 3),
    "two groups": ((1, 4, 10, 10), (6, 2, 3, 3), 2),
    "one group": ((1, 4, 8, 8), (2, 4, 3, 3), 1),
}
UNSCALED = ["fp16", "bf16", "fp32,accumulator=fp16,channel-order=pairwise", "fp32,U=fixed<10,5>"]
F = parse("F(4x4,3x3)", points="0,1,-1,2,-2")


def layer(name):
    rng = np.random.default_rng(3)
    data, weights, groups = SHAPES[name]
    return Layer(rng.standard_normal(data), rng.standard_normal(weights), padding=1), groups


def parts(whole, groups):
    """The layers of every group alone."""
    data, weights = np.split(whole.data, groups, axis=1), np.split(whole.weights, groups)
    return [Layer(*pair, padding=1) for pair in zip(data, weights, strict=True)]


@pytest.mark.parametrize("name", SHAPES)
def test_the_reference_by_the_definition(name):
    whole, groups = layer(name)
    assert whole.groups == groups
    batch = whole.batch(F)
    found = batch.reference
    x = np.pad(whole.data, ((0, 0), (0, 0), (1, 1), (1, 1)))
    N, K, per, (H, W) = len(x), len(whole.weights), whole.weights.shape[1], whole.data.shape[2:]
    y = np.zeros((N, K, H, W))
    for k in range(K):
        first = k // (K // groups) * per
        for c in range(per):
            for i in range(3):
                for j in range(3):
                    y[:, k] += whole.weights[k, c, i, j] * x[:, first + c, i : i + H, j : j + W]
    rows, columns = -(-H // 4), -(-W // 4)
    tiles = found.transpose(2, 3, 0, 1).reshape(K, N, rows, columns, 4, 4).transpose(1, 0, 2, 4, 3, 5)
    np.testing.assert_allclose(tiles.reshape(N, K, 4 * rows, 4 * columns)[:, :, :H, :W], y, atol=1e-12)


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("scheme", UNSCALED)
def test_every_group_is_simulated_as_it_would_be_alone(name, scheme):
    """Formats without scales: nothing but the channels of its own group reaches an output."""
    whole, groups = layer(name)
    for run in (simulate, simulate_direct):
        found = run(F, parse_scheme(scheme), whole.batch(F)).outputs
        alone = [run(F, parse_scheme(scheme), part.batch(F)).outputs for part in parts(whole, groups)]
        np.testing.assert_array_equal(found, np.concatenate(alone, axis=-2))


@pytest.mark.parametrize("name", SHAPES)
def test_integers_with_scales_of_the_whole_layer(name):
    """With the scales that the whole layer calibrates each group gives the same integers."""
    whole, groups = layer(name)
    for text in ("tapwise-8", "barabasz-2020-8", "ncnn-int8"):
        scheme = SCHEMES[text]
        found = simulate(F, scheme, whole.batch(F))
        alone = []
        for number, part in enumerate(parts(whole, groups)):
            size = len(part.weights)
            scales = {label: _of_filters(scale, number * size, size) for label, scale in found.scales.items()}
            alone.append(simulate(F, scheme, part.batch(F), scales).outputs)
        np.testing.assert_array_equal(found.outputs, np.concatenate(alone, axis=-2))


def _of_filters(scale, start, size):
    """The scales of some of the filters, where there is one for each."""
    return type(scale)(*(item[..., start : start + size, :] if item.shape[-2] > 1 else item for item in scale))


@pytest.mark.slow
def test_a_depthwise_layer_is_predicted_too():
    rng = np.random.default_rng(1)
    whole = Layer(rng.standard_normal((4, 32, 18, 18)), rng.standard_normal((32, 1, 3, 3)))
    for scheme in ("fp16", "tapwise-8"):
        found = evaluate(F, scheme, whole)
        assert found.predicted.decibels == pytest.approx(found.measured, abs=1.5)
        assert found.blind is not None
        assert found.blind.decibels == pytest.approx(found.measured, abs=3)
    assert "32 groups" in whole.describe()
    assert found.simulation.channels == 1


@pytest.mark.parametrize(
    ("data", "weights", "mention"),
    [
        ((1, 4, 8, 8), (2, 3, 3, 3), "C / groups"),
        ((1, 4, 8, 8), (3, 2, 3, 3), "a multiple of 2"),
        ((1, 4, 8, 8), (2, 1, 3, 3), "a multiple of 4"),
        ((1, 2, 8, 8), (2, 4, 3, 3), "C / groups"),
    ],
)
def test_shapes_that_are_no_groups(data, weights, mention):
    with refused(BadShape, mention):
        Layer(np.ones(data), np.ones(weights))
