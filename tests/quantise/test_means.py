# SPDX-License-Identifier: Apache-2.0
"""Data and weights that have a mean: sums over channels are coherent, and steps may exceed what varies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from oracle_messages import refused

from wincraft import parse
from wincraft.errors import BadShape, BadValue
from wincraft.numbers import FORMATS
from wincraft.plan import Problem, make_plan
from wincraft.quantise import (
    SCHEMES,
    Batch,
    Layer,
    Scheme,
    Workload,
    evaluate,
    evaluate_plan,
    measured_means,
    measured_moments,
    moments_between,
    parse_scheme,
    predict,
    simulate,
)
from wincraft.quantise.rounding_noise import channel_rounding, rounding, sum_rounding

F22 = parse("F(2x2,3x3)")
F33 = parse("F(3x3,3x3)", points="0,1,-1,2")
F44 = parse("F(4x4,3x3)", points="0,1,-1,2,-2")
F66 = parse("F(6x6,3x3)")
BEYOND = {("ncnn-int8", F66): "its operands leave 16 bits"}


def uniform(algorithm, channels, seed=0, outputs=128, tiles=96):
    """Data and weights uniform in [0, 1)."""
    rng = np.random.default_rng(seed)
    data = rng.uniform(0, 1, (*algorithm.n, channels, tiles))
    return Batch(data, rng.uniform(0, 1, (*algorithm.r, outputs, channels)), np.ones((*algorithm.m, tiles), bool))


def told(batch):
    """What a prediction is told of a batch of independent values."""
    return {
        "data_moments": float(batch.data.var()),
        "data_means": float(batch.data.mean()),
        "weight_moments": float(batch.weights.var()),
        "weight_means": float(batch.weights.mean()),
    }


def both(algorithm, scheme, channels, seeds, outputs=128, tiles=96):
    """Predicted and measured, means over seeds: the error is that of a few filters, and scatters with them."""
    found = []
    for seed in range(seeds):
        batch = uniform(algorithm, channels, seed, outputs, tiles)
        one = evaluate(algorithm, scheme, Workload(channels, outputs, tiles, "uniform"), batch)
        found.append((one.predicted.decibels, one.measured))
    return np.mean(found, axis=0)


@pytest.mark.slow_cases("barabasz-2020-8-9", "tapwise-pow2")
@pytest.mark.parametrize("channels", [16, pytest.param(128, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", SCHEMES)
def test_predictions_know_means(name, channels):
    predicted, measured = both(F44, name, channels, 2)
    assert predicted == pytest.approx(measured, abs=0.5)


@pytest.mark.slow
@pytest.mark.parametrize("channels", [16, 128])
@pytest.mark.parametrize("algorithm", [F22, F33, F66], ids=str)
@pytest.mark.parametrize("name", SCHEMES)
def test_predictions_know_means_of_other_tiles(name, algorithm, channels):
    if reason := BEYOND.get((name, algorithm)):
        pytest.skip(reason)
    predicted, measured = both(algorithm, name, channels, 3, outputs=192)
    assert predicted == pytest.approx(measured, abs=0.5)


@pytest.mark.parametrize("name", ["tapwise-8", "fp16", "fp16-fp32acc"])
def test_without_means_the_same_data_are_far_off(name):
    """So that the test above cannot pass without them."""
    batch = uniform(F44, 128)
    found = simulate(F44, name, batch)
    known = told(batch)
    blind = known | {"data_means": 0.0, "weight_means": 0.0}
    for side in ("data", "weight"):
        blind[f"{side}_moments"] += known[f"{side}_means"] ** 2
    assert predict(F44, SCHEMES[name], found.scales, 128, **known).decibels == pytest.approx(found.decibels, abs=0.75)
    assert predict(F44, SCHEMES[name], found.scales, 128, **blind).decibels < found.decibels - 7


STORED = "fp32,input=fp16,weights=fp16,output=fp16"
BETWEEN = "fp32,input=fp16,weights=fp16,U=fp16,V=fp16,M=fp16,output=fp16"


@pytest.mark.parametrize("channels", [16, pytest.param(64, marks=pytest.mark.slow)])
def test_what_a_library_measures_on_uniform_data(channels):
    """Half precision in memory, and half precision between the kernels too: 72.0 and 68.8 dB of 64 channels."""
    rng = np.random.default_rng(0)
    layer = Layer(rng.uniform(0, 1, (1, channels, 32, 32)), rng.uniform(0, 1, (16, channels, 3, 3)))
    stored, between = (evaluate(F33, parse_scheme(text), layer) for text in (STORED, BETWEEN))
    for found in (stored, between):
        assert found.predicted.decibels == pytest.approx(found.measured, abs=0.3)
    if channels == 64:
        assert stored.predicted.decibels == pytest.approx(72.0, abs=0.5)
        assert between.predicted.decibels == pytest.approx(68.8, abs=0.5)
        ratio = 10 ** ((stored.predicted.decibels - between.predicted.decibels) / 20)
        assert ratio == pytest.approx(1.445, rel=0.03)


def test_a_small_layer_with_means():
    rng = np.random.default_rng(0)
    layer = Layer(rng.uniform(0, 1, (1, 16, 11, 11)), rng.uniform(0, 1, (4, 16, 3, 3)))
    for scheme in ("fp16", "tapwise-8", STORED, BETWEEN):
        found = evaluate(F33, parse_scheme(scheme), layer)
        assert found.predicted.decibels == pytest.approx(found.measured, abs=0.6), scheme


# ---- what channels have in common ----


def alike(rng):
    """One image in all channels, and a little of their own; filters with a mean."""
    image = rng.standard_normal((2, 1, 30, 30))
    own = 0.3 * rng.standard_normal((2, 64, 30, 30))
    return Layer(image + own, 0.05 + 0.1 * rng.standard_normal((64, 64, 3, 3)))


def filters_apart(rng):
    """Filters whose means differ: none in all, and coherent sums."""
    own = 0.1 * rng.standard_normal((96, 1, 1, 1))
    return Layer(rng.uniform(0, 1, (2, 64, 30, 30)), own + 0.1 * rng.standard_normal((96, 64, 3, 3)))


@pytest.mark.slow_cases("tapwise-8-filters_apart", "fp16-fp32acc", "fp8-e4m3")
@pytest.mark.parametrize("made", [alike, filters_apart])
@pytest.mark.parametrize("name", ["tapwise-8", "fp16", "fp16-fp32acc", "fp8-e4m3"])
def test_channels_of_a_layer_may_be_alike(made, name):
    found = evaluate(F44, SCHEMES[name], made(np.random.default_rng(1)))
    assert found.predicted.decibels == pytest.approx(found.measured, abs=0.6)
    batch = found.simulation.batch
    moments = measured_moments(batch.data), measured_moments(batch.weights)
    means = {"data_means": measured_means(batch.data), "weight_means": measured_means(batch.weights)}
    alone = predict(F44, SCHEMES[name], found.simulation.scales, 64, *moments, **means)
    if made is filters_apart or name in ("tapwise-8", "fp8-e4m3"):  # half precision errs in proportion to its sums
        assert alone.decibels < found.measured - 3


def test_moments_between_by_all_pairs():
    values = np.random.default_rng(0).standard_normal((2, 3, 6, 5))
    flat = values.reshape(6, 2, 3, 5)
    pairs = [flat[:, g, a] @ flat[:, g, b].T / 5 for g in range(2) for a in range(3) for b in range(3) if a != b]
    np.testing.assert_allclose(moments_between(values, 3), np.mean(pairs, axis=0), atol=1e-12)
    assert moments_between(values, 1) is None


# ---- steps that exceed what varies ----


def narrow(rng, shape):
    """Values near 1 whose deviation is a small part of any step of 8 bits."""
    return 1 + 1e-3 * rng.standard_normal(shape)


@pytest.mark.parametrize("stage", ["U", "V", "M", "output"])
def test_a_step_beyond_the_deviation_is_a_mean_error(stage):
    rng = np.random.default_rng(4)
    n, m = F22.n, F22.m
    batch = Batch(narrow(rng, (*n, 64, 48)), narrow(rng, (3, 3, 32, 64)), np.ones((*m, 48), bool))
    scheme = replace(Scheme("one"), **{stage: SCHEMES["winograd-aware-nets"].U})
    first = simulate(F22, scheme, batch)
    for factor in (1.0, 1.37, 2.2):  # a scale of the largest value has no error where all are about that
        scales = {stage: first.scales[stage].scale * factor}
        found = simulate(F22, scheme, batch, scales)
        predicted = predict(F22, scheme, scales, 64, **told(batch))
        assert predicted.decibels == pytest.approx(found.decibels, abs=1.0), factor


@pytest.mark.parametrize("channels", [16, 128])
def test_mean_errors_add_up_over_channels(channels):
    """A constant that the format does not hold: the relative error is that of one channel."""
    data, weights = np.full((1, channels, 18, 18), 0.7313), np.random.default_rng(0).uniform(0, 1, (8, channels, 3, 3))
    found = evaluate(F44, parse_scheme("fp32,input=fp8-e4m3"), Layer(data, weights))
    stored = float(FORMATS["fp8-e4m3"].quantize([0.7313])[0])
    wanted = -20 * np.log10(abs(stored - 0.7313) / 0.7313)
    assert found.measured == pytest.approx(wanted, abs=1e-3)
    assert found.predicted.decibels == pytest.approx(wanted, abs=1e-3)
    assert found.predicted.widen[0] == "input"


# ---- rounded operations ----


@pytest.mark.parametrize("name", ["fp16", "bf16", "fp8-e4m3"])
@pytest.mark.parametrize(("mean", "sigma"), [(0.0, 1.3), (0.3, 1.0), (5.0, 1.0), (3.9, 0.5), (-1.7, 0.2), (1.9, 0.01)])
def test_rounding_about_a_mean(name, mean, sigma):
    x = mean + sigma * np.random.default_rng(0).standard_normal(400_000)
    error = FORMATS[name].quantize(x) - x
    found = rounding(FORMATS[name], np.array([sigma**2]), np.array([mean]))
    assert found.noise.item() + found.bias.item() ** 2 == pytest.approx((error**2).mean(), rel=0.04)
    assert found.bias.item() == pytest.approx(error.mean(), abs=0.02 * error.std() + 0.02 * abs(error.mean()))


@pytest.mark.parametrize(("mean", "sigma"), [(1.0, 0.2), (1.0, 0.5), (0.25, 0.22), (-1.0, 0.2)])
@pytest.mark.parametrize("channels", [16, 128, 1024])
def test_long_sums_of_values_with_a_mean_stand_still(channels, mean, sigma):
    """In bf16 a sum of 256 ones grows no more: its step has outgrown what is added."""
    bf16, rng = FORMATS["bf16"], np.random.default_rng(0)
    products = mean + sigma * rng.standard_normal((channels, 3000))
    kept = bf16.quantize(products)
    total = kept[0]
    for one in kept[1:]:
        total = bf16.quantize(total + one)
    error = total - products.sum(axis=0)
    found = channel_rounding(bf16, "sequential", channels, np.array([sigma**2]), np.zeros(1), np.array([mean]))
    assert found.bias.item() ** 2 + found.noise.item() == pytest.approx((error**2).mean(), rel=0.12)
    if channels == 1024:
        assert found.bias.item() / mean < -100
        assert found.bias.item() == pytest.approx(error.mean(), rel=0.02)


def test_rows_of_sums_about_means():
    bf16, rng = FORMATS["bf16"], np.random.default_rng(0)
    matrix, means = np.array([[1.0, 3.0, -0.5], [0.0, 0.75, 1.0]]), np.array([2.0, 1.0, 4.0])
    x = means[:, None] + 0.3 * rng.standard_normal((3, 200_000))
    found = sum_rounding(matrix, "sequential", bf16, 0.09 * np.eye(3)[None, None], means[None, :, None])
    wanted = []
    for row in matrix:
        total = None
        for c, value in zip(row, x, strict=True):
            if c:
                term = value * c if np.log2(abs(c)) % 1 == 0 else bf16.quantize(value * c)
                total = term if total is None else bf16.quantize(total + term)
        wanted.append(((total - row @ x) ** 2).mean())
    np.testing.assert_allclose((found.noise + found.bias**2).ravel(), wanted, rtol=0.05)


# ---- scales that clip ----


@pytest.mark.slow_cases("barabasz-2020-8")
@pytest.mark.parametrize("calibration", ["percentile", "percentile:99", "mse"])
@pytest.mark.parametrize("name", ["barabasz-2020-8", "tapwise-8", "ncnn-int8", "fp8-e4m3"])
@pytest.mark.parametrize("distribution", ["gaussian", pytest.param("uniform", marks=pytest.mark.slow), "relu-gaussian"])
def test_clipping_is_that_of_the_values_seen(name, distribution, calibration):
    found = evaluate(F44, parse_scheme(f"{name}+{calibration}"), Workload(64, 32, 48, distribution))
    assert found.predicted.decibels == pytest.approx(found.measured, abs=1.0)


@pytest.mark.parametrize("name", ["barabasz-2020-8", "tapwise-8"])
def test_clipping_of_long_tails(name):
    rng = np.random.default_rng(0)
    layer = Layer(np.exp(rng.standard_normal((2, 64, 22, 22))), rng.standard_normal((32, 64, 3, 3)))
    found = evaluate(F44, parse_scheme(f"{name}+percentile:99"), layer)
    assert found.predicted.decibels == pytest.approx(found.measured, abs=1.0)


# ---- plans ----


@pytest.mark.parametrize("name", ["tapwise-8", "barabasz-2020-8", "fp16-fp32acc"])
@pytest.mark.parametrize(("problem", "m"), [(Problem(3, stride=2, axes=2), 2), (Problem(5, axes=2), 2)], ids=str)
def test_pieces_of_plans_have_means_too(problem, m, name):
    rng = np.random.default_rng(0)
    layer = Layer(rng.uniform(0, 1, (1, 64, 29, 29)), rng.uniform(0, 1, (64, 64, *problem.r)))
    found = evaluate_plan(make_plan(problem, m), name, layer)
    assert found.predicted.decibels == pytest.approx(found.measured, abs=0.75)


# ---- what cannot be told ----


@pytest.mark.parametrize(
    ("given", "kind", "mentions"),
    [
        ({"data_means": np.ones(5)}, BadShape, ["data means", "(5,)", "(6,)"]),
        ({"weight_means": float("nan")}, BadValue, ["weight means", "nan"]),
        ({"data_moments": np.eye(6), "data_means": 2.0}, BadValue, ["below its mean squared", "E[x]"]),
        ({"weight_between": np.ones((2, 2))}, BadShape, ["weight between channels", "(2, 2)", "(3, 3)"]),
        ({"data_values": np.ones((5, 7))}, BadShape, ["data values", "(6, ...)"]),
        ({"stage_values": {"U": np.ones((1, 1, 1, 1))}}, BadShape, ["values of U"]),
    ],
)
def test_moments_that_do_not_do(given, kind, mentions):
    with refused(kind, *mentions):
        predict(parse("F(4,3)"), SCHEMES["tapwise-8"], None, 4, **given)
