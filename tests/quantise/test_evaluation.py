# SPDX-License-Identifier: Apache-2.0
"""A scheme on an algorithm in one call: the three figures, what is flagged, layers of a user."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest
from oracle_messages import refused

from wincraft import parse, winograd
from wincraft.errors import BadShape, BadValue, TooLarge, WrongForm
from wincraft.quantise import (
    SCHEMES,
    Layer,
    Scheme,
    Workload,
    evaluate,
    parse_scheme,
    predict,
    simulate,
    simulate_direct,
)

F43 = winograd(4, 3, points="0,1,-1,2,-2", convention="pow2")
F44 = parse("F(4x4,3x3)", points="0,1,-1,2,-2", convention="pow2")


@pytest.mark.parametrize("name", SCHEMES)
def test_the_figures_are_those_of_the_parts(name):
    scheme, workload = SCHEMES[name], Workload(40, 8, 32, seed=2)
    found = evaluate(F43, scheme, workload)
    batch = workload.batch(F43)
    assert found.measured == simulate(F43, scheme, batch).decibels
    assert found.direct == simulate_direct(F43, scheme, batch).decibels
    moments = [x.var() * np.eye(len(x)) + x.mean() ** 2 for x in (batch.data, batch.weights)]
    given = predict(F43, scheme, found.simulation.scales, 40, *moments)
    blind = predict(F43, scheme, None, 40, *moments, outputs=8, tiles=32)
    assert found.predicted.decibels == pytest.approx(given.decibels, abs=1e-9)
    assert found.blind.decibels == pytest.approx(blind.decibels, abs=1e-9)
    assert found.direct > found.measured - 0.01


def test_what_it_says():
    found = evaluate(F43, SCHEMES["tapwise-8"], Workload(8, 4, 16))
    title, numbers, data, *flags = (line.strip() for line in repr(found).splitlines())
    assert (title, data) == ("F(4,3) under tapwise-8", "on gaussian data, 8 channels, 4 filters, 16 tiles, seed 0")
    assert numbers == (
        f"SQNR predicted {found.predicted.decibels:.2f} dB, measured {found.measured:.2f} dB, "
        f"direct {found.direct:.2f} dB"
    )
    assert [flag.strip() for flag in flags] == list(found.flags) == ["8 channels: predictions assume 32 or more"]
    assert evaluate(F43, SCHEMES["tapwise-8"], Workload(32, 4, 16)).flags == ()


def test_few_channels_saturation_and_other_calibrations_are_flagged():
    scheme = parse_scheme("tapwise-8+percentile:95")
    flags = evaluate(F43, scheme, Workload(31, 8, 64)).flags
    assert any(flag.startswith("31 channels") for flag in flags)
    assert sum("of the values saturate" in flag for flag in flags) == 6
    assert len(flags) == 7


def test_overflow_is_flagged_and_predicted():
    data = np.random.default_rng(0).standard_normal((1, 40, 30)) * 3e4
    found = evaluate(F43, SCHEMES["fp16"], Layer(data, np.ones((2, 40, 3)) / 40))
    assert (found.measured, found.predicted.decibels) == (-inf, -inf)
    assert any("infinite or NaN" in flag for flag in found.flags)


def smooth_layer(padding=1):
    """An image whose neighbours are alike, and filters strongest in the middle."""
    rng = np.random.default_rng(3)
    data = rng.standard_normal((2, 40, 38, 30))
    for axis in (2, 3):
        data = data + np.roll(data, 1, axis) + np.roll(data, 2, axis)
    shape = np.outer([0.5, 1, 0.5], [0.5, 1, 0.5])
    return Layer(data, rng.standard_normal((16, 40, 3, 3)) * shape / 20, padding)


@pytest.mark.slow_cases("fp8-e5m2", "tapwise-pow2")
@pytest.mark.parametrize("name", SCHEMES)
def test_a_layer_is_predicted_from_its_own_moments(name):
    found = evaluate(F44, SCHEMES[name], smooth_layer())
    assert found.predicted.decibels == pytest.approx(found.measured, abs=1.0)
    assert found.flags == ()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["uniform", "relu-gaussian"])
def test_other_distributions(name):
    for scheme in ("tapwise-8", "barabasz-2020-8", "fp8-e4m3"):
        found = evaluate(F44, SCHEMES[scheme], Workload(64, 32, 64, name))
        assert found.predicted.decibels == pytest.approx(found.measured, abs=1.0)


@pytest.mark.slow_cases("weights-per-channel")
@pytest.mark.parametrize("option", ["weights-per-channel", "unsigned"])
@pytest.mark.parametrize("name", ["barabasz-2020-8", "winograd-aware-nets", "tapwise-8", "ncnn-int8"])
def test_options_are_predicted(name, option):
    found = evaluate(F44, parse_scheme(f"{name}+{option}"), Workload(64, 32, 64))
    assert found.predicted.decibels == pytest.approx(found.measured, abs=0.5)
    assert (found.blind is None) == (option == "unsigned")


@pytest.mark.slow
def test_finer_scales_help_and_rectified_data_want_unsigned_codes():
    workload = Workload(64, 16, 64, "relu-gaussian")
    signed = evaluate(F44, parse_scheme("ncnn-int8"), workload).measured
    unsigned = evaluate(F44, parse_scheme("ncnn-int8+unsigned"), workload).measured
    assert unsigned > signed
    per_tap, per_tensor = (
        evaluate(F44, SCHEMES[name], Workload()).measured for name in ("tapwise-8", "barabasz-2020-8")
    )
    assert per_tap > per_tensor + 1


@pytest.mark.slow
def test_clipping_calibrations_are_about_right_where_one_scale_serves_many_values():
    for calibration in ("percentile", "mse"):
        scheme = parse_scheme(f"barabasz-2020-8+{calibration}")
        found = evaluate(F44, scheme, Workload(64, 32, 64))
        assert found.predicted.decibels == pytest.approx(found.measured, abs=2.0)
        assert found.measured > evaluate(F44, SCHEMES["barabasz-2020-8"], Workload(64, 32, 64)).measured


@pytest.mark.slow_cases("tapwise-pow2")
@pytest.mark.parametrize("name", SCHEMES)
def test_data_of_any_size(name):
    """No warning, no other exception: results, or infinities that are flagged."""
    rng = np.random.default_rng(0)
    data, weights = rng.standard_normal((1, 4, 14)), rng.standard_normal((2, 4, 3))
    for factor in (1e-70, 1e-30, 1e30, 1e70):
        for layer in (Layer(data * factor, weights), Layer(data, weights * factor)):
            found = evaluate(F43, SCHEMES[name], layer)
            assert repr(found)
            assert repr(found.predicted)
            if found.simulation.non_finite:
                assert any("infinite or NaN" in flag for flag in found.flags)

    for factor in (0.0, 5e-324, 1e-300, 1e150):
        for arrays in ((data * factor, weights), (data, weights * factor)):
            with refused(BadValue, "the largest magnitude of"):
                Layer(*arrays)


@pytest.mark.slow_cases("tapwise-pow2")
@pytest.mark.parametrize("sizes", [(1, 1, 1), (1, 3, 2), (2, 1, 1)])
@pytest.mark.parametrize("name", SCHEMES)
def test_the_smallest_workloads(name, sizes):
    for algorithm in (winograd(1, 1), F43, parse("F(2x3,3x2)")):
        found = evaluate(algorithm, SCHEMES[name], Workload(*sizes))
        assert np.isfinite(found.predicted.decibels)
        assert found.measured > 0


def test_nothing_rounded():
    found = evaluate(F44, Scheme("exact"), Workload(4, 2, 3))
    assert (found.predicted.decibels, found.measured > 250, found.direct > 250) == (inf, True, True)


def test_what_cannot_be_evaluated():
    with refused(TooLarge, "GiB"):
        evaluate(F43, SCHEMES["tapwise-8"], Workload(channels=10**9))
    with refused(WrongForm, "transpose()"):
        evaluate(F43.transpose(), SCHEMES["tapwise-8"], Workload())
    with refused(BadShape, "(16, 40, 3, 3)", "F(4,3)"):
        evaluate(F43, SCHEMES["tapwise-8"], smooth_layer())
    with refused(BadShape, "(6, 40, 8)"):
        simulate(winograd(2, 3), SCHEMES["tapwise-8"], Workload(40, 2, 8).batch(F43))
    with refused(BadShape, "(6, 40, 8)"):
        simulate_direct(winograd(2, 3), SCHEMES["tapwise-8"], Workload(40, 2, 8).batch(F43))
