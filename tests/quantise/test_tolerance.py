# SPDX-License-Identifier: Apache-2.0
"""Tolerances of tests: the law of errors, bounds that hold, faults that are seen, tensors that make them loud."""

from __future__ import annotations

import math

import numpy as np
import pytest

from wincraft import parse, winograd
from wincraft.errors import BadValue, CannotWrite, NotApplicable
from wincraft.measure.float_bound import FP32, error_bound
from wincraft.quantise import SCHEMES, Layer, Workload, hard_bound, likely_bound, parse_scheme, simulate, tolerance
from wincraft.quantise.error_law import ErrorLaw, upper_tail, varying_share
from wincraft.quantise.faults import FaultResponses, fault_sites, seen_changes
from wincraft.quantise.hard_bound import box_bound
from wincraft.quantise.loud import loud_tensors
from wincraft.quantise.pilot import pilot_batches, run_pilot

LAVIN = parse("F(4x4,3x3)", points="0,1,-1,2,-2", convention="lavin")
F22 = parse("F(2x2,3x3)")


@pytest.mark.parametrize(
    ("kurtosis", "share"), [(1.9, 1.0), (2.6, 1.0), (3.0, 1.0), (3.6, 1.0), (3.6, 0.5), (4.5, 0.4)]
)
def test_tails_are_those_of_the_law(kurtosis, share):
    rng, count = np.random.default_rng(1), 2_000_000
    if kurtosis < 3:
        part = math.sqrt((3 - kurtosis) / 1.2)
        e = math.sqrt(3 * part) * rng.uniform(-1, 1, count) + math.sqrt(1 - part) * rng.standard_normal(count)
    else:
        shape = share**2 * 3 / max(kurtosis - 3, 1e-9)
        variance = 1 - share + share * rng.gamma(shape, 1 / shape, count)
        e = np.sqrt(variance) * rng.standard_normal(count)
    assert e.var() == pytest.approx(1, abs=0.01)
    assert (e**4).mean() == pytest.approx(kurtosis, abs=0.1)
    for t in (0.0, 0.7, 1.5, 3.0):
        tail = float(upper_tail(np.array(t), kurtosis, share))
        assert (e > t).mean() == pytest.approx(tail, abs=5 * math.sqrt(tail / count) + 1e-6)


def test_far_tails_fall_and_are_symmetric():
    for kurtosis, share in ((2.2, 1.0), (3.0, 1.0), (3.8, 0.5), (6.0, 1.0)):
        t = np.linspace(0, 30, 301)
        tail = upper_tail(t, kurtosis, share)
        assert (np.diff(tail) <= 0).all()
        np.testing.assert_allclose(upper_tail(-t, kurtosis, share), 1 - tail)
    assert upper_tail(np.array(6.0), 3.5) > 10 * upper_tail(np.array(6.0), 3.0)


def test_the_share_of_the_variance_that_varies():
    rng = np.random.default_rng(0)
    variance = 0.5 + 0.5 * rng.gamma(2.0, 0.5, 4_000_000)
    second, third = (variance**2).mean(), (variance**3).mean()
    assert varying_share(np.array(3 * second), np.array(15 * third)) == pytest.approx(0.5, abs=0.05)


def test_a_uniform_rounding_belongs_to_rtol():
    fp16 = SCHEMES["fp16"].arithmetic
    law = ErrorLaw(np.zeros(1), np.zeros(1), np.full(1, 3.0), np.full((1, 1), 1.5), output=fp16)
    assert law.rate(0.0, 2.0**-11) == 0
    assert law.rate(0.0, 2.0**-12) > 0
    assert law.tolerance(1e-9, 2.0**-11) == 0
    steps = ErrorLaw(np.zeros(1), np.zeros(1), np.full(1, 3.0), np.ones((1, 1)), half_step=0.25)
    assert 0.2 < steps.tolerance(1e-9, 0.0) <= 0.25
    moved = ErrorLaw(np.full(1, 2.0), np.ones(1), np.full(1, 3.0), np.ones((1, 1)))
    assert moved.rate(2.0, 0.0) == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize("name", ["fp16", "fp16-fp32acc", "tapwise-8"])
@pytest.mark.parametrize("distribution", ["gaussian", "uniform01"])
def test_false_alarms_at_a_rate_of_a_thousandth(name, distribution):
    found = tolerance(F22, name, Workload(16, distribution=distribution), rate=1e-3, pilot_outputs=2**16)
    alarms = count = 0
    for make in pilot_batches(F22, Workload(16, 8, 256, distribution, seed=1000), 2**17):
        batch = make()
        errors = np.abs(simulate(F22, SCHEMES[name], batch).outputs - batch.reference)
        alarms += (errors > found.limits.atol + found.limits.rtol * np.abs(batch.reference)).sum()
        count += errors.size
    assert 1 / 3 < alarms / count / 1e-3 < 3


SCHEME_TEXTS = (
    *("fp16", "bf16", "fp32", "fp16-fp32acc", "tapwise-8", "tapwise-pow2", "barabasz-2020-8", "fp8-e4m3", "ncnn-int8"),
    *(
        "winograd-aware-nets",
        "fp16,order=pairwise,channel-order=pairwise",
        "fp16,order=circuit",
        "bf16,accumulator=fp32",
    ),
)


@pytest.mark.parametrize("text", SCHEME_TEXTS)
def test_no_output_exceeds_its_hard_bound(text):
    scheme = parse_scheme(text)
    made = parse("F(4x4,3x3)", points="0,1,-1,2,-2", convention="integer") if scheme.word else LAVIN
    for distribution in ("gaussian", "uniform01"):
        batch = Workload(12, 3, 20, distribution).batch(made)
        errors = np.abs(simulate(made, scheme, batch).outputs - batch.reference)
        bound = hard_bound(made, scheme, batch)
        assert (errors <= bound).all()
        assert (bound <= hard_bound(made, scheme, batch, box=True) * (1 + 1e-9)).all()
        assert errors.max() > bound[np.isfinite(bound)].min() / 1e5


def test_bounds_of_a_box_are_as_those_of_one_format():
    F = winograd(4, 3)
    ours = box_bound(F, SCHEMES["fp32"], 8, 1.0, 1.0)
    assert error_bound(F, FP32, channels=8).max() <= ours <= 3 * error_bound(F, FP32, channels=8).max()


def test_a_bound_that_is_too_small_would_be_found():
    scheme, batch = SCHEMES["tapwise-8"], Workload(1, 4, 400).batch(winograd(1, 1))
    errors = np.abs(simulate(winograd(1, 1), scheme, batch).outputs - batch.reference)
    bound = hard_bound(winograd(1, 1), scheme, batch)
    assert (errors <= bound).all()
    assert (errors > bound / 4).any()


def test_likely_bounds_are_within_hard_ones_and_are_not_exceeded():
    batch = Workload(16, 8, 64).batch(LAVIN)
    for name in ("fp16", "bf16", "tapwise-8"):
        likely, hard = likely_bound(LAVIN, SCHEMES[name], batch, 1e-6), hard_bound(LAVIN, SCHEMES[name], batch)
        assert (likely <= hard).all()
        assert (np.abs(simulate(LAVIN, SCHEMES[name], batch).outputs - batch.reference) <= likely).all()


@pytest.mark.parametrize("option", ["tapwise-8+mse", "tapwise-8+unsigned"])
def test_where_scales_clip_there_is_no_bound_and_it_says_so(option):
    found = tolerance(F22, option, channels=8, pilot_outputs=2**14, outputs=1024)
    assert found.bound is None
    assert found.reason in repr(found)
    assert found.reason


def test_responses_are_those_of_changed_matrices():
    rng = np.random.default_rng(0)
    batch, sites = Workload(3, 2, 4).batch(LAVIN), fault_sites(LAVIN)
    responses = FaultResponses(LAVIN, batch)
    np.testing.assert_allclose(responses.outputs, batch.reference, atol=1e-12)
    assert {site.matrix for site in sites} == {"AT", "G", "BT"}
    matrices = dict(zip(("AT", "G", "BT"), (item.passes[0].matrix for item in LAVIN.maps), strict=True))
    assert len(sites) == sum(sum(bool(x) for row in matrix.to_list() for x in row) for matrix in matrices.values())
    for site in rng.choice(np.array(sites, dtype=object), 4):
        fault = next(item for item in sites if item.name == f"{site[0]}[{site[3]}][{site[4]}]")
        coefficients = responses.of(fault)
        for change in (0.01, -0.7):
            expected = responses.changed(fault, change) - responses.outputs
            made = change * coefficients[0] + change**2 * coefficients[1]
            np.testing.assert_allclose(made, expected, atol=1e-11)


def test_a_change_that_is_called_seen_is_seen():
    scheme = SCHEMES["fp16-fp32acc"]
    found = tolerance(LAVIN, scheme, channels=16, rate=1e-6, outputs=2048, pilot_outputs=2**15)
    batch = Workload(16, 8, 16).batch(LAVIN)
    responses, errors = FaultResponses(LAVIN, batch), simulate(LAVIN, scheme, batch).outputs - batch.reference
    room = found.limits.atol + found.limits.rtol * np.abs(batch.reference)
    for change in found.limits.worst.values():
        for factor, seen in ((1.5, True), (0.4, False)):
            moved = responses.changed(change.site, factor * change.least) - responses.outputs
            assert bool((np.abs(errors + moved) > room).any()) == seen, (change.site.name, factor)


def test_larger_tests_see_smaller_changes_and_loose_ones_less():
    small, large = (tolerance(F22, "fp16", channels=16, outputs=n, pilot_outputs=2**14) for n in (256, 8192))
    assert large.limits.atol == pytest.approx(small.limits.atol, rel=0.2)
    assert large.limits.worst["BT"].least < small.limits.worst["BT"].least
    given = tolerance(F22, "fp16", channels=16, given=(0.5, 0.01), pilot_outputs=2**14).given
    assert given.rate < 1e-12
    assert given.worst["G"].least > 5 * large.limits.worst["G"].least


def test_an_entry_that_never_shows_is_said_never_to():
    batch = Workload(1, 1, 4).batch(winograd(2, 3))
    still = type(batch)(0 * batch.data, batch.weights, batch.counts)
    responses, sites = FaultResponses(winograd(2, 3), still), fault_sites(winograd(2, 3))[:1]
    (found,) = seen_changes(responses, sites, np.array(1.0), np.array(0.1), 3.0)
    assert found.least == math.inf


@pytest.mark.slow_cases("512-")
@pytest.mark.parametrize(
    ("channels", "name", "most"), [(512, "fp16", 0.01), (512, "fp16-fp32acc", 0.0025), (1, "fp16-fp32acc", 0.0025)]
)
def test_loud_tensors_see_a_change_of_one_per_cent_anywhere(channels, name, most):
    found = loud_tensors(LAVIN, SCHEMES[name], channels)
    assert max(change.least for change in found.seen) < most
    layer = Layer(found.data, found.weights)
    batch = layer.batch(LAVIN)
    np.testing.assert_array_equal(np.moveaxis(batch.reference, (-1, -2), (0, 1)), found.reference)
    errors = np.abs(simulate(LAVIN, SCHEMES[name], batch).outputs - batch.reference)
    atol = np.moveaxis(found.atol, (0, 1), (-1, -2))
    assert (errors <= atol).all()
    assert (found.atol <= found.bound).all()
    responses = FaultResponses(LAVIN, batch)
    for site in fault_sites(LAVIN):
        for change in (0.01, -0.01):
            moved = responses.changed(site, change) - responses.outputs
            assert (np.abs(moved) > errors + atol).any(), (site.name, change)
    for format in (np.float16, np.float32):
        np.testing.assert_array_equal(found.data, found.data.astype(format))


def test_loud_tensors_are_those_of_their_seed_and_are_written(tmp_path):
    first, again, other = (loud_tensors(F22, SCHEMES["bf16"], 4, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.data, again.data)
    assert first.data.shape != other.data.shape or (first.data != other.data).any()
    paths = first.write(str(tmp_path / "new"))
    assert [path.rsplit("/", 1)[-1] for path in paths] == [
        f"{name}.npy" for name in ("data", "weights", "reference", "atol", "bound")
    ]
    np.testing.assert_array_equal(np.load(paths[3]), first.atol)
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotWrite):
        first.write(str(tmp_path / "file" / "new"))


def test_a_layer_is_its_own_test():
    rng = np.random.default_rng(0)
    layer = Layer(rng.standard_normal((2, 4, 17, 17)), rng.standard_normal((3, 4, 3, 3)), padding=1)
    found = tolerance(LAVIN, "fp16", layer)
    assert found.outputs == 2 * 17 * 17 * 3
    assert found.pilot.outputs == found.outputs
    assert found.limits.atol > found.pilot.largest - found.limits.rtol * 50
    assert 0 < found.norm < 0.1


def test_the_norm_is_exceeded_at_its_rate():
    pilot = run_pilot(F22, SCHEMES["bf16"], pilot_batches(F22, Workload(16, 8, 32), 2**15))
    bound, exceeded = pilot.norm(0.1), 0
    for seed in range(100, 160):
        batch = Workload(16, 8, 32, seed=seed).batch(F22)
        errors = simulate(F22, SCHEMES["bf16"], batch).outputs - batch.reference
        exceeded += np.linalg.norm(errors) > bound * np.linalg.norm(batch.reference)
    assert 1 <= exceeded <= 18


def test_outputs_of_a_deviation_scale_the_tolerance():
    plain, large = (
        tolerance(F22, "fp32", channels=4, pilot_outputs=2**14, outputs=512, weight_deviation=s) for s in (None, 64 / 6)
    )
    assert large.limits.atol == pytest.approx(64 * plain.limits.atol, rel=1e-3)
    assert large.norm == pytest.approx(plain.norm, rel=1e-3)


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"rate": 0}, BadValue, "the false-alarm rate is 0"),
        ({"rate": 1}, BadValue, "the false-alarm rate is 1"),
        ({"channels": 0}, BadValue, "channels is 0"),
        ({"outputs": 0}, BadValue, "the outputs of a test is 0"),
        ({"weight_deviation": -1.0}, BadValue, "the deviation of weights is -1.0"),
        ({"scheme": "ncnn-int8"}, NotApplicable, "ncnn-int8"),
        ({"weight_deviation": 1e6}, NotApplicable, "outputs overflow"),
    ],
)
def test_refusals(changes, error, said):
    F = parse("F(8x8,3x3)") if "scheme" in changes else F22
    with pytest.raises(error, match=said):
        tolerance(F, **{"scheme": "fp16", "pilot_outputs": 2**12} | changes)


def test_constants_are_valid_in_their_language():
    found = tolerance(F22, "fp16", channels=4, pilot_outputs=2**13, outputs=512)
    names: dict[str, float] = {}
    exec(found.constants("python"), names)
    assert names["WINCRAFT_F_2X2_3X3_ATOL"] == pytest.approx(found.limits.atol, rel=1e-5)
    assert names["WINCRAFT_F_2X2_3X3_BOUND"] >= found.bound
    assert "#define WINCRAFT_F_2X2_3X3_RTOL 0.000488281" in found.constants("c")
    with pytest.raises(NotApplicable):
        found.constants("rust")
