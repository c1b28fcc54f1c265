# SPDX-License-Identifier: Apache-2.0
"""The linear noise model against simulations: whole schemes, stage by stage, predicted scales, what it flags."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import numpy as np
import pytest
from oracle_chains import chained
from oracle_messages import refused

from wincraft import nest, parse
from wincraft.errors import BadShape, BadValue, NotApplicable, TooLarge, UnknownName, WrongForm
from wincraft.numbers import Scale, parse_quantizer, sqnr
from wincraft.quantise import SCHEMES, STAGES, Batch, Scheme, Workload, parse_scheme, predict, simulate
from wincraft.quantise.prediction import MAX_PRODUCTS

POINTS = {
    "F(2,3)": "0,1,-1",
    "F(4,3)": "0,1,-1,2,-2",
    "F(4,3) fractions": "0,2/3,-2/3,3/2,-3/2",
    "F(6,3)": "0,1,-1,2,-2,1/2,-1/2",
}
REFUSED_BY_NCNN = {("F(4,3) fractions", 2), ("F(6,3)", 2)}
INTEGER = ["barabasz-2020-8", "barabasz-2020-8-9", "winograd-aware-nets", "tapwise-8", "tapwise-pow2"]
SEEDS = {1: 5, 2: 1}
"""In two dimensions one seed has as many values as five in one, and more."""


def made(name, axes=1, convention="wincnn"):
    m, r = name[2], name[4]
    size = f"F({'x'.join([m] * axes)},{'x'.join([r] * axes)})"
    return parse(size, points=POINTS[name], convention=convention)


def both(algorithm, scheme, workload, scales=None):
    """Simulated, and predicted from the variances of the data."""
    batch = workload.batch(algorithm)
    found = simulate(algorithm, scheme, batch, scales)
    variances = float(batch.data.var()), float(batch.weights.var())
    return found, predict(algorithm, scheme, found.scales, workload.channels, *variances, unseen=bool(scales))


@pytest.mark.slow
@pytest.mark.parametrize("convention", ["wincnn", "pow2"])
@pytest.mark.parametrize("axes", [1, 2])
@pytest.mark.parametrize("name", POINTS)
def test_predictions_are_within_half_a_decibel(name, axes, convention):
    """White Gaussian data, C = K = 64, 256 tiles, calibrated scales."""
    algorithm = made(name, axes, convention)
    if name == "F(2,3)" and convention == "pow2":
        plain = made(name, axes)
        assert all(
            a.output == b.output and a.input == b.input for a, b in zip(plain.factors, algorithm.factors, strict=True)
        )
        return
    seen = {}
    for seed in range(SEEDS[axes]):
        batch = Workload(64, 64, 256, seed=seed).batch(algorithm)
        variances = float(batch.data.var()), float(batch.weights.var())
        for scheme in SCHEMES.values():
            if scheme.word and (name, axes) in REFUSED_BY_NCNN:
                with refused(NotApplicable, "int16"):
                    simulate(algorithm, scheme, batch)
                continue
            found = simulate(algorithm, scheme, batch)
            predicted = predict(algorithm, scheme, found.scales, 64, *variances)
            seen.setdefault(scheme.name, []).append((predicted.decibels, found.decibels))
    assert len(seen) == len(SCHEMES) - ((name, axes) in REFUSED_BY_NCNN)
    for scheme, pairs in seen.items():
        predicted, measured = np.mean(pairs, axis=0)
        assert predicted == pytest.approx(measured, abs=0.5), scheme


PLAIN = Workload(64, 32, 128)
EXACT_FP16 = replace(SCHEMES["fp16-fp32acc"], name="fp16 storage", arithmetic=None, matrices=None)
STAGEWISE = {name: SCHEMES[name] for name in INTEGER} | {"fp16 storage": EXACT_FP16}


def of_stage(predicted, stage):
    """What the labels of one field of a scheme add up to."""
    told = stage.replace("_", "-")
    return sum(noise for label, noise in predicted.stages.items() if label == stage or ("-" in told and told in label))


@pytest.mark.parametrize("axes", [1, 2])
@pytest.mark.parametrize("name", STAGEWISE)
def test_every_stage_alone(name, axes):
    """Each quantiser without all others, and its share of the whole scheme's noise."""
    algorithm, scheme = made("F(4,3)", axes, "pow2"), STAGEWISE[name]
    _, whole = both(algorithm, scheme, PLAIN)
    for stage, quantizer in scheme.stages.items():
        others = {other: None for other in STAGES if other != stage}
        found, alone = both(algorithm, replace(scheme, **others, matrices=None), PLAIN)
        if stage in ("pre_step", "post_step"):
            assert alone.decibels == inf  # there is one in chains alone
            continue
        assert list(alone.stages) == [stage], quantizer
        assert alone.decibels == pytest.approx(found.decibels, abs=0.5), stage
        if name != "tapwise-pow2":  # there the grid that a stage leaves is in phase with the next one's
            assert sqnr(of_stage(whole, stage)) == pytest.approx(found.decibels, abs=0.75), stage


@pytest.mark.parametrize("stage", ["pre_step", "post_step"])
@pytest.mark.parametrize("axes", [1, 2])
def test_steps_of_chains_alone(stage, axes):
    algorithm = nest(*(chained(made("F(4,3)")),) * axes)
    found, alone = both(algorithm, Scheme("one", **{stage: parse_quantizer("int8")}), PLAIN)
    assert alone.stages
    assert all(stage.replace("_", "-") in label for label in alone.stages)
    assert alone.decibels == pytest.approx(found.decibels, abs=0.5)


@pytest.mark.parametrize("axes", [1, 2])
@pytest.mark.parametrize("name", SCHEMES)
def test_stages_add_up_and_the_largest_is_the_one_to_widen(name, axes):
    _, predicted = both(made("F(4,3)", axes, "pow2"), SCHEMES[name], PLAIN)
    assert predicted.noise_to_signal == pytest.approx(sum(predicted.stages.values()), rel=1e-12)
    assert predicted.decibels == pytest.approx(-10 * np.log10(sum(predicted.stages.values())), rel=1e-12)
    assert min(predicted.stages.values()) >= 0
    stage, gain = predicted.widen
    worst = max(predicted.stages.values())
    assert predicted.stages[stage] == worst
    share = worst / sum(predicted.stages.values())
    assert gain == pytest.approx(-10 * np.log10(1 - share), rel=1e-9)
    lines = repr(predicted).splitlines()
    assert lines[0] == f"predicted SQNR {predicted.decibels:.2f} dB"
    assert lines[-1] == f"  widening {stage} alone gains up to {gain:.2f} dB"
    assert any(line.split()[: len(stage.split())] == stage.split() for line in lines[1:-1])


@pytest.mark.parametrize("axes", [1, 2])
@pytest.mark.parametrize("name", [*STAGEWISE, "ncnn-int8"])
def test_widening_gains_what_it_says(name, axes):
    """The simulation without that quantiser."""
    algorithm, scheme = made("F(4,3)", axes, "pow2"), STAGEWISE.get(name) or SCHEMES[name]
    found, predicted = both(algorithm, scheme, PLAIN)
    stage, gain = predicted.widen
    wider = replace(scheme, word=None, **{stage: None})
    gained = simulate(algorithm, wider, PLAIN.batch(algorithm)).decibels - found.decibels
    assert gained == pytest.approx(gain, abs=0.7)
    assert gained > 0.5


@pytest.mark.parametrize("text", ["U=int4", "V=int5", "M=int4"])
def test_steps_that_some_taps_do_not_reach(text):
    """One scale for taps of very different size: what small taps lose is a coherent error."""
    nothing = ",".join(f"{stage.replace('_', '-')}=none" for stage in STAGES if stage != text[0])
    scheme = parse_scheme(f"barabasz-2020-8,{nothing},{text}")
    found, predicted = both(made("F(4,3)", 2), scheme, PLAIN)
    assert any("underflow" in flag for flag in found.flags)
    assert predicted.decibels == pytest.approx(found.decibels, abs=0.5)


@pytest.mark.parametrize("name", ["fp8-e4m3", "fp8-e5m2"])
def test_what_a_format_holds_already_is_not_rounded_again(name):
    """Rows 0 and 3 of G in F(2,3) copy a weight: a power of two times a number of the format."""
    stages = {"weights": parse_quantizer(f"{name}/tensor/pow2"), "V": parse_quantizer(f"{name}/tensor/pow2")}
    found, predicted = both(made("F(2,3)"), Scheme("weights alone", **stages), Workload(64, 64, 256))
    assert predicted.decibels == pytest.approx(found.decibels, abs=0.3)
    _, alone = both(made("F(2,3)"), Scheme("V alone", V=stages["V"]), Workload(64, 64, 256))
    assert predicted.stages["V"] < 0.8 * alone.stages["V"]


@pytest.mark.parametrize(("name", "scale"), [("F(2,3)", 2), ("F(4,3)", 24)])
def test_integers_over_the_scale_of_an_algorithm(name, scale):
    """Multiples of 1/q, q even, rounded half to even to integers: an error of (1 + 2 / q^2) / 12 in the mean square."""
    algorithm = made(name, convention="integer")
    scheme = Scheme("integers", M=parse_quantizer("int16/tensor"), output=parse_quantizer("int16/tensor"))
    predicted = predict(algorithm, scheme, {"M": 1.0, "output": 1.0}, 64, 4.0, 4.0)
    signal = algorithm.r[0] * 64 * 4.0 * 4.0  # of one output
    assert predicted.stages["output"] * signal == pytest.approx((1 + 2 / scale**2) / 12, rel=1e-6)


def test_nothing_to_widen():
    predicted = predict(made("F(4,3)"), Scheme("exact"), {}, 64)
    assert (predicted.stages, predicted.decibels, predicted.widen) == ({}, inf, None)


def test_rounded_matrices_alone():
    """A coherent error, which the data's moments decide; and both together add up in power, about."""
    for axes in (1, 2):
        algorithm = made("F(4,3)", axes, "pow2")
        for format in (SCHEMES["winograd-aware-nets"].matrices, SCHEMES["bf16"].matrices):
            found, predicted = both(algorithm, Scheme("matrices", matrices=format), PLAIN)
            assert list(predicted.stages) in (["matrices"], [])
            if not predicted.stages["matrices"]:
                assert found.decibels > 250
            else:
                assert predicted.decibels == pytest.approx(found.decibels, abs=0.5)


@pytest.mark.parametrize("channel_order", ["sequential", "pairwise"])
@pytest.mark.parametrize("order", ["sequential", "pairwise", "huffman"])
@pytest.mark.parametrize("accumulator", ["", ",accumulator=fp32"])
def test_orders_and_accumulators(order, channel_order, accumulator):
    scheme = parse_scheme(f"bf16,order={order},channel-order={channel_order}{accumulator}")
    found, predicted = both(made("F(4,3)", 2, "pow2"), scheme, PLAIN)
    assert predicted.decibels == pytest.approx(found.decibels, abs=0.5)


@pytest.mark.parametrize("text", ["bf16", "bf16,accumulator=bf16", "bf16,accumulator=fp32"])
def test_a_product_of_one_channel_is_rounded_once(text):
    """As often as one that is stored in the format; a sum over channels in a wider accumulator too."""
    stored = predict(made("F(2,3)"), Scheme("stored", M=parse_quantizer("bf16")), {}, 1).stages["M"]
    for channels in (1, 64) if text.endswith("fp32") else (1,):
        summed = predict(made("F(2,3)"), parse_scheme(text), {}, channels).stages["channel sum"]
        assert summed == pytest.approx(stored, rel=0.01)


def test_a_better_order_and_a_wider_accumulator_are_predicted_to_help():
    values = {
        change: both(made("F(2,3)"), parse_scheme(f"bf16{change}"), PLAIN)[1].stages["channel sum"]
        for change in ("", ",channel-order=pairwise", ",accumulator=fp32")
    }
    assert values[",accumulator=fp32"] < values[",channel-order=pairwise"] / 2 < values[""] / 8


# ---- the range itself predicted ----


@pytest.mark.parametrize("axes", [1, 2])
@pytest.mark.parametrize("name", SCHEMES)
def test_scales_predicted_from_sizes_alone(name, axes):
    """A largest value scatters: within a quarter where one scale serves many values, a third for a tap of V."""
    algorithm, scheme = made("F(4,3)", axes, "pow2"), SCHEMES[name]
    found, _ = both(algorithm, scheme, PLAIN)
    sizes = {"outputs": 32, "tiles": 128}
    blind = predict(algorithm, scheme, None, 64, 1.0, 1 / (64 * 3**axes), **sizes)
    assert blind.decibels == pytest.approx(found.decibels, abs=1.5)
    assert set(blind.scales) == {
        label for label, record in found.records.items() if record.quantizer.format != scheme.arithmetic
    }
    for label, scale in blind.scales.items():
        quantizer, calibrated = found.records[label].quantizer, found.scales[label].scale
        ratio = scale.scale / calibrated
        if quantizer.power_of_two:
            assert set(np.unique(ratio)) <= {0.5, 1.0, 2.0}
            assert np.frexp(scale.scale)[0].min() == np.frexp(scale.scale)[0].max() == 0.5
        else:
            assert np.mean(ratio) == pytest.approx(1, abs=0.25), label
            assert 0.65 < ratio.min() <= ratio.max() < 1.5, label


def test_scales_predicted_for_a_percentile():
    algorithm = made("F(4,3)", 1, "pow2")
    scheme = parse_scheme("barabasz-2020-8+percentile:99.9")
    found, _ = both(algorithm, scheme, PLAIN)
    blind = predict(algorithm, scheme, None, 64, 1.0, 1 / (64 * 3), outputs=32, tiles=128)
    for label in ("input", "weights", "U", "V"):
        assert blind.scales[label].scale.item() == pytest.approx(found.scales[label].scale.item(), rel=0.1)


@pytest.mark.parametrize("option", ["unsigned", "mse"])
def test_scales_that_cannot_be_predicted(option):
    with refused(NotApplicable, "calibrate on data"):
        predict(made("F(4,3)"), parse_scheme(f"tapwise-8+{option}"), None, 64)


# ---- other data ----


@pytest.mark.slow
def test_unseen_data_clip():
    """Scales of 1 tile on 200 others: the clipping that a calibration on the data themselves never shows."""
    algorithm = made("F(4,3)", 2, "pow2")
    scheme = SCHEMES["tapwise-8"]
    few = simulate(algorithm, scheme, Workload(64, 8, 1, seed=5).batch(algorithm)).scales
    narrow = {label: Scale(scale.scale * 0.7, scale.zero_point) for label, scale in few.items()}
    found, predicted = both(algorithm, scheme, Workload(64, 8, 200), narrow)
    assert any("saturate" in flag for flag in found.flags)
    batch = Workload(64, 8, 200).batch(algorithm)
    seen = predict(algorithm, scheme, found.scales, 64, float(batch.data.var()), float(batch.weights.var()))
    assert seen.decibels > found.decibels + 1
    assert abs(predicted.decibels - found.decibels) < abs(seen.decibels - found.decibels)


def test_moments_decide():
    """Data that vary slowly: white data of their variance would predict another error."""
    rng = np.random.default_rng(0)
    algorithm = made("F(4,3)", 1, "pow2")
    steps = np.cumsum(rng.standard_normal((6, 64, 200)), axis=0)
    data = steps + 3 * rng.standard_normal((1, 64, 200))
    weights = rng.standard_normal((3, 32, 64)) / 14
    batch = Batch(data, weights, np.ones((4, 200), bool))
    flat = data.reshape(6, -1)
    moments = flat @ flat.T / flat.shape[1]
    for name in ("tapwise-8", "fp16-fp32acc", "barabasz-2020-8"):
        found = simulate(algorithm, SCHEMES[name], batch)
        known = predict(algorithm, SCHEMES[name], found.scales, 64, moments, float(weights.var()))
        white = predict(algorithm, SCHEMES[name], found.scales, 64, float((data**2).mean()), float(weights.var()))
        assert known.decibels == pytest.approx(found.decibels, abs=0.6)
        assert abs(white.decibels - found.decibels) > 1


@pytest.mark.slow_cases("tapwise-8-")
@pytest.mark.parametrize("name", ["uniform", "relu-gaussian"])
@pytest.mark.parametrize("scheme", ["tapwise-8", "winograd-aware-nets", "fp16-fp32acc"])
def test_data_that_are_not_gaussian(name, scheme):
    algorithm = made("F(4,3)", 2, "pow2")
    pairs = []
    for seed in range(3):
        workload = Workload(64, 32, 64, name, seed)
        batch = workload.batch(algorithm)
        found = simulate(algorithm, SCHEMES[scheme], batch)
        mean, variance = float(batch.data.mean()), float(batch.data.var())
        moments = variance * np.eye(36) + mean**2
        values = (batch.data.ravel()[::50], batch.weights.ravel())
        told = {"data_values": values[0], "weight_values": values[1]}
        known = predict(algorithm, SCHEMES[scheme], found.scales, 64, moments, float(batch.weights.var()), **told)
        pairs.append((known.decibels, found.decibels))
    assert np.mean(pairs, axis=0)[0] == pytest.approx(np.mean(pairs, axis=0)[1], abs=0.75)


# ---- flagged, not averaged ----


@pytest.mark.parametrize(
    ("name", "amplitude", "stage"),
    [
        ("fp16-fp32acc", 3e4, "U"),
        ("fp16", 3e4, "input"),
        ("fp8-e4m3", 1e6, "output"),
        ("fp32", 1e38, "output transform"),
    ],
)
def test_overflow_is_infinite_and_named(name, amplitude, stage):
    algorithm = made("F(4,3)", 1, "pow2")
    batch = PLAIN.batch(algorithm)
    loud = Batch(batch.data * amplitude, batch.weights, batch.counts)
    found = simulate(algorithm, SCHEMES[name], loud)
    assert found.decibels == -inf
    predicted = predict(algorithm, SCHEMES[name], found.scales, 64, amplitude**2, float(batch.weights.var()))
    assert predicted.decibels == -inf
    assert predicted.stages == {stage: inf}


def test_underflow_leaves_nothing():
    algorithm = made("F(4,3)", 1, "pow2")
    batch = PLAIN.batch(algorithm)
    faint = Batch(batch.data * 1e-30, batch.weights, batch.counts)
    found = simulate(algorithm, SCHEMES["fp16-fp32acc"], faint)
    predicted = predict(algorithm, SCHEMES["fp16-fp32acc"], found.scales, 64, 1e-60, float(batch.weights.var()))
    assert (found.outputs == 0).all()
    assert predicted.decibels == pytest.approx(found.decibels, abs=0.1)


def test_no_data_no_ratio():
    for moments in ((0.0, 1.0), (1.0, 0.0)):
        for name in SCHEMES:
            assert np.isnan(predict(made("F(2,3)"), SCHEMES[name], None, 64, *moments).decibels)


# ---- what cannot be predicted ----


@pytest.mark.parametrize(
    ("given", "kind", "mentions"),
    [
        ({"channels": 0}, BadValue, ["channels is 0"]),
        ({"channels": 2.5}, BadValue, ["2.5"]),
        ({"tiles": 0}, BadValue, ["tiles is 0"]),
        ({"outputs": -1}, BadValue, ["outputs is -1"]),
        ({"data_moments": np.ones((2, 2))}, BadShape, ["(2, 2)", "(6, 6)"]),
        ({"weight_moments": np.ones(3)}, BadShape, ["(3,)", "(3, 3)"]),
        ({"data_moments": float("nan")}, BadValue, ["nan"]),
        ({"data_moments": -1.0}, BadValue, ["negative"]),
        ({"data_values": np.array([])}, BadShape, ["(0,)"]),
        ({"weight_values": np.array([np.inf])}, BadValue, ["inf"]),
    ],
)
def test_arguments_that_do_not_do(given, kind, mentions):
    for name in ("tapwise-8", "fp16"):
        with refused(kind, *mentions):
            predict(made("F(4,3)"), SCHEMES[name], None, **({"channels": 4} | given))


def test_a_stage_without_a_scale():
    found, _ = both(made("F(4,3)"), SCHEMES["tapwise-8"], Workload(4, 2, 3))
    rest = {label: scale for label, scale in found.scales.items() if label != "M"}
    with refused(UnknownName, "'M'"):
        predict(made("F(4,3)"), SCHEMES["tapwise-8"], rest, 4)


def test_algorithms_without_a_prediction():
    with refused(WrongForm, "transpose()"):
        predict(made("F(4,3)").transpose(), SCHEMES["fp16"], {}, 64)
    with refused(TooLarge, "1764", str(MAX_PRODUCTS)):
        predict(parse("F(40x40,3x3)"), SCHEMES["fp32"], {}, 64)
    with refused(NotApplicable, "int16"):
        predict(made("F(6,3)", 2), SCHEMES["ncnn-int8"], None, 64)


def test_the_noise_of_the_channel_sum_grows_with_its_length():
    """In relation to the signal: in proportion, or if pairwise by one rounding per doubling."""

    def noise(channels, order):
        scheme = parse_scheme(f"fp32,channel-order={order}")
        return predict(made("F(2,3)"), scheme, {}, channels, 1.0, 1 / channels).stages["channel sum"]

    assert noise(4096, "sequential") / noise(1024, "sequential") == pytest.approx(4, rel=0.03)
    assert noise(4**10, "sequential") / noise(4**9, "sequential") == pytest.approx(4, rel=0.03)
    assert noise(4096, "pairwise") / noise(1024, "pairwise") == pytest.approx(13 / 11, rel=0.03)
    assert noise(1, "sequential") == noise(1, "pairwise") == pytest.approx(noise(1024, "pairwise") / 11, rel=0.1)
