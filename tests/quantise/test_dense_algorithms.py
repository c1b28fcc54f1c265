# SPDX-License-Identifier: Apache-2.0
"""Algorithms of whole tiles under schemes, beside the separable ones that they are the product of."""

from __future__ import annotations

import numpy as np
import pytest
from oracle_messages import refused
from oracle_tiles import forty_six, kronecker_square

from wincraft import nest, winograd
from wincraft.errors import NotApplicable
from wincraft.quantise import SCHEMES, Layer, Workload, evaluate, parse_scheme, predict, simulate

AXIS = winograd(2, 3)
SEPARABLE, DENSE = nest(AXIS, AXIS), kronecker_square()
SMALL = Workload(channels=5, outputs=3, tiles=7)


def flat(values):
    """Values (taps..., channels, vectors) with one axis of taps."""
    return values.reshape(-1, *values.shape[-2:])


@pytest.mark.parametrize(
    "scheme", ["barabasz-2020-8", "tapwise-8", "tapwise-pow2", "ncnn-int8", "tapwise-8+unsigned", "tapwise-8,M=q9.4"]
)
def test_exact_arithmetic_gives_what_the_separable_algorithm_gives(scheme):
    """Between quantisers everything is exact, so that one pass over the tile is two along its axes."""
    batch, seen = SMALL.batch(DENSE), ({}, {})
    for algorithm, places in zip((DENSE, SEPARABLE), seen, strict=True):
        simulate(algorithm, scheme, batch, watch=lambda place, values, into=places: into.update({str(place): values}))
    assert seen[0]["U"].shape == (16, 5, 7)
    assert list(seen[0]) == list(seen[1])
    for place, values in seen[0].items():
        np.testing.assert_allclose(flat(values), flat(seen[1][place]), rtol=1e-13, atol=0, err_msg=place)


def test_scales_are_taken_back():
    batch = SMALL.batch(DENSE)
    found = simulate(DENSE, "tapwise-8", batch)
    assert found.scales["M"].scale.shape == (16, 1, 1)
    assert (simulate(DENSE, "tapwise-8", batch, found.scales).outputs == found.outputs).all()


@pytest.mark.parametrize("algorithm", [DENSE, forty_six()], ids=["16 products", "46 products"])
@pytest.mark.parametrize(("scheme", "least"), [("fp32", 110), ("fp16", 40), ("tapwise-8", 15)])
def test_the_convolution_is_simulated_and_predicted(algorithm, scheme, least):
    found = evaluate(algorithm, scheme)
    assert found.measured > least
    assert found.predicted.decibels == pytest.approx(found.measured, abs=1.5)


def test_predictions_are_those_of_the_separable_algorithm_where_arithmetic_is_exact():
    found = [predict(item, SCHEMES["tapwise-8"], None, channels=32) for item in (DENSE, SEPARABLE)]
    assert found[0].decibels == pytest.approx(found[1].decibels, abs=1e-9)
    assert found[0].stages == pytest.approx(found[1].stages, rel=1e-9)


def test_a_layer_is_cut_into_its_tiles():
    rng = np.random.default_rng(3)
    algorithm = forty_six()
    layer = Layer(rng.standard_normal((2, 3, 9, 10)), rng.standard_normal((4, 3, 3, 3)), padding=1)
    batch = layer.batch(algorithm)
    assert (batch.data.shape, batch.counts.sum()) == ((6, 6, 3, 2 * 3 * 3), 2 * 9 * 10)
    found = simulate(algorithm, parse_scheme("fp32"), batch)
    np.testing.assert_allclose(found.outputs, batch.reference, atol=1e-4)


def test_residues_are_not_simulated():
    residues = AXIS.convert("GF(31)")
    with refused(NotApplicable, "simulation of F(2,3)", "GF(31)"):
        simulate(residues, "tapwise-8")
    with refused(NotApplicable, "simulation of F(2,3)", "GF(31)"):
        predict(residues, SCHEMES["fp16"], {}, channels=8)
    with refused(NotApplicable, "simulation of F(2,3)", "GF(31)"):
        evaluate(residues, "fp16")
