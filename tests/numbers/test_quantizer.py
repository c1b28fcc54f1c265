# SPDX-License-Identifier: Apache-2.0
"""Quantisers: their texts, their scales against brute force, and the codes they store."""

from __future__ import annotations

from fractions import Fraction
from math import nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle_messages import refused

from wincraft.errors import BadShape, BadValue, NotApplicable, UnknownName
from wincraft.numbers import (
    FORMATS,
    GRANULARITIES,
    FixedPoint,
    FloatFormat,
    IntegerGrid,
    IntegerRange,
    Quantizer,
    checked_scale,
    parse_quantizer,
)

RNG = np.random.default_rng(3)
VALUES = RNG.standard_normal((3, 2, 4, 5))  # taps 3 x 2, 4 channels, 5 vectors
GROUPS = {
    "tensor": [(slice(None),) * 4],
    "tap": [(i, j) for i in range(3) for j in range(2)],
    "channel": [(slice(None), slice(None), c) for c in range(4)],
    "channel-tap": [(i, j, c) for i in range(3) for j in range(2) for c in range(4)],
}
SHAPES = {"tensor": (1, 1, 1, 1), "tap": (3, 2, 1, 1), "channel": (1, 1, 4, 1), "channel-tap": (3, 2, 4, 1)}


def by_group(per, rule):
    """The rule's number for every group of values that share a scale, one after the other."""
    return np.array([rule(VALUES[group]) for group in GROUPS[per]]).reshape(SHAPES[per])


@pytest.mark.parametrize(
    ("text", "name", "per"),
    [
        ("int8", "int8/tensor", "tensor"),
        (" INT9 / Tap", "int9/tap", "tap"),
        ("int6/channel", "int6/channel", "channel"),
        ("int8/channel-tap/pow2", "int8/channel-tap/pow2", "channel-tap"),
        ("int8/pow2", "int8/tensor/pow2", "tensor"),
        ("uint8", "uint8/tensor", "tensor"),
        ("fp16", "fp16", None),
        ("fp8-e4m3/tensor/pow2", "fp8-e4m3/tensor/pow2", "tensor"),
        ("q3.12", "q3.12", None),
        ("int8-full/tensor", "int8-full/tensor", "tensor"),
    ],
)
def test_texts_are_read_back(text, name, per):
    quantizer = parse_quantizer(text)
    assert (quantizer.name, quantizer.per) == (name, per)
    assert parse_quantizer(quantizer.name) == quantizer


@pytest.mark.parametrize(
    ("text", "kind", "mentions"),
    [
        ("int0", BadValue, ["0 bits"]),
        ("int1/tap", BadValue, ["1 bits"]),
        ("int200", BadValue, ["200 bits"]),
        ("itn8", UnknownName, ["itn8", "int8"]),
        ("int8/tpa", UnknownName, ["tpa", "did you mean tap"]),
        ("int8/tap/pow3", UnknownName, ["pow3", "did you mean pow2"]),
        ("int8/tap/pow2/tap", BadValue, ["not the last"]),
        ("q3.4/tap", BadValue, ["q3.4"]),
        ("q3.4/pow2", BadValue, ["q3.4"]),
        ("", UnknownName, ["format"]),
        ("int8//tap", UnknownName, ["'tap'", "pow2"]),
    ],
)
def test_texts_that_name_nothing(text, kind, mentions):
    with refused(kind, *mentions):
        parse_quantizer(text)


def test_combinations_that_there_are_not():
    with refused(BadValue, "int8/tensor"):
        Quantizer(IntegerGrid(8))
    with refused(BadValue, "q3.4"):
        Quantizer(FixedPoint(8, 4), "tensor")
    with refused(BadValue, "fp16", "pow2"):
        Quantizer(FORMATS["fp16"], None, True)
    with refused(UnknownName, "granularity", "row"):
        Quantizer(IntegerGrid(8), "row")


@pytest.mark.parametrize(
    ("text", "bits"),
    [
        ("int9/tap", 9),
        ("uint8", 8),
        ("q3.12", 16),
        ("fp32", 32),
        ("fp16", 16),
        ("bf16", 16),
        ("fp8-e4m3", 8),
        ("fp8-e5m2", 8),
    ],
)
def test_bits_of_a_stored_value(text, bits):
    assert parse_quantizer(text).bits == bits


@pytest.mark.parametrize(
    ("precision", "min_exponent", "largest", "infinity", "bits"),
    [(2, 0, 6, False, 4), (3, -2, 28, False, 6), (4, 0, 7, False, 6), (4, -7, 240, False, 8), (2, 0, 3, True, 4)],
    ids=["e2m1", "e3m2", "e2m3", "e4m3fnuz", "e2m1 with infinity"],
)
def test_bits_of_small_float_formats(precision, min_exponent, largest, infinity, bits):
    """The formats of OCP Microscaling, whose names tell their bits beside the sign; and two that keep an exponent."""
    small = FloatFormat("small", precision, min_exponent, Fraction(largest), infinity=infinity)
    assert Quantizer(small, None).bits == bits


@pytest.mark.parametrize("per", list(GRANULARITIES))
@pytest.mark.parametrize("bits", [2, 8, 10])
def test_max_abs_scales(per, bits):
    """s = max|x| / (2^(b-1) - 1), over every group that shares one."""
    scale, zero = Quantizer(IntegerGrid(bits), per).calibrate(VALUES)
    np.testing.assert_array_equal(scale, by_group(per, lambda x: np.abs(x).max()) / (2 ** (bits - 1) - 1))
    assert scale.shape == SHAPES[per]
    assert not zero.any()


@pytest.mark.parametrize("per", GRANULARITIES)
def test_the_full_range_has_half_a_step_more(per):
    scale, _ = Quantizer(IntegerGrid(8, IntegerRange.FULL), per).calibrate(VALUES)
    np.testing.assert_array_equal(scale, by_group(per, lambda x: np.abs(x).max()) / 127.5)


@pytest.mark.parametrize("per", GRANULARITIES)
def test_unsigned_scales_and_zero_points(per):
    scale, zero = Quantizer(IntegerGrid(8, IntegerRange.UNSIGNED), per).calibrate(VALUES)
    top, bottom = (by_group(per, rule) for rule in (lambda x: max(x.max(), 0), lambda x: min(x.min(), 0)))
    np.testing.assert_array_equal(scale, (top - bottom) / 255)
    np.testing.assert_array_equal(zero, np.rint(-bottom / scale))


@given(st.floats(2.0**-100, 2.0**100))
def test_powers_of_two_are_the_next_ones_up(amplitude):
    values = np.full((1, 1, 1), amplitude)
    plain = Quantizer(IntegerGrid(8), "tensor").calibrate(values).scale.item()
    rounded = Quantizer(IntegerGrid(8), "tensor", power_of_two=True).calibrate(values).scale.item()
    assert np.frexp(rounded)[0] == 0.5
    assert plain <= rounded < 2 * plain


@pytest.mark.parametrize("name", ["fp8-e4m3", "fp8-e5m2"])
@pytest.mark.parametrize("per", GRANULARITIES)
def test_scaled_floats_reach_their_largest_value(name, per):
    quantizer = Quantizer(FORMATS[name], per, power_of_two=True)
    scale, _ = quantizer.calibrate(VALUES)
    largest = {"fp8-e4m3": 448, "fp8-e5m2": 57344}[name]
    np.testing.assert_array_equal(scale, 2.0 ** np.ceil(np.log2(by_group(per, lambda x: np.abs(x).max()) / largest)))
    stored = quantizer.store(VALUES / scale, np.zeros_like(scale))
    assert np.abs(stored).max() <= largest
    np.testing.assert_array_equal(stored, FORMATS[name].quantize(VALUES / scale))


@pytest.mark.parametrize("per", GRANULARITIES)
@pytest.mark.parametrize("percent", [99.9, 90.0, 60.0])
def test_percentiles(per, percent):
    """The value below which that share of the sorted magnitudes lies, between the two neighbours in proportion."""

    def rule(x):
        ordered = sorted(np.abs(x).ravel())
        place = percent / 100 * (len(ordered) - 1)
        low = int(place)
        return ordered[low] + (place - low) * (ordered[min(low + 1, len(ordered) - 1)] - ordered[low])

    method = "percentile" if percent == 99.9 else f"percentile:{percent}"
    scale, _ = Quantizer(IntegerGrid(8), per).calibrate(VALUES, method)
    np.testing.assert_allclose(scale, by_group(per, rule) / 127, rtol=1e-12)
    unsigned = Quantizer(IntegerGrid(8, IntegerRange.UNSIGNED), per).calibrate(VALUES, method)
    ends = [by_group(per, lambda x, p=p: np.percentile(x, p)) for p in (100 - percent, percent)]
    width = np.maximum(ends[1], 0) - np.minimum(ends[0], 0)
    np.testing.assert_allclose(unsigned.scale, width / 255, rtol=1e-12)


@pytest.mark.parametrize("per", GRANULARITIES)
@pytest.mark.parametrize("kind", [IntegerRange.SYMMETRIC, IntegerRange.UNSIGNED])
def test_mse_is_the_best_of_64_amplitudes(per, kind):
    """By trying each, code by code, in Python."""
    quantizer = Quantizer(IntegerGrid(3, kind), per)

    def error_and_scale(x, share):
        top, bottom = max(x.max(), 0) * share, min(x.min(), 0) * share
        if kind is IntegerRange.UNSIGNED:
            s = (top - bottom) / 7
            z, low, high = min(max(round(-bottom / s), 0), 7), 0, 7
        else:
            s, z, low, high = max(top, -bottom) / 3, 0, -3, 3
        return sum(((min(max(round(v / s) + z, low), high) - z) * s - v) ** 2 for v in x.ravel().tolist()), s

    def rule(x):
        return min((error_and_scale(x, share / 64) for share in range(64, 0, -1)), key=lambda pair: pair[0])[1]

    scale, _ = quantizer.calibrate(VALUES, "mse")
    np.testing.assert_allclose(scale, by_group(per, rule), rtol=1e-12)


def test_mse_of_gaussian_data_is_near_the_known_optimum():
    """Max (1960): the best uniform 8-level quantiser of N(0, 1) has the step 0.586; with 7 levels 0.6508."""
    values = np.random.default_rng(0).standard_normal((1, 1, 200_000))
    scale, _ = Quantizer(IntegerGrid(3), "tensor").calibrate(values, "mse")
    assert scale.item() == pytest.approx(0.6508, abs=0.03)


@pytest.mark.parametrize("method", ["max-abs", "percentile", "mse"])
def test_values_that_are_not_finite_and_zeros(method):
    quantizer = Quantizer(IntegerGrid(8), "tap")
    spoiled = VALUES.copy()
    spoiled[0, 0, 0, :2] = np.inf, nan
    known = np.where(np.isfinite(spoiled), spoiled, 0)
    np.testing.assert_array_equal(quantizer.calibrate(spoiled, method).scale, quantizer.calibrate(known, method).scale)
    assert (quantizer.calibrate(np.zeros((2, 1, 3)), method).scale == 1).all()


@pytest.mark.parametrize(
    ("method", "kind", "mentions"),
    [
        ("max", UnknownName, ["max", "max-abs"]),
        ("percentil", UnknownName, ["did you mean percentile"]),
        ("mse:3", UnknownName, ["mse"]),
        ("percentile:50", BadValue, ["50"]),
        ("percentile:101", BadValue, ["101"]),
        ("percentile:nan", BadValue, ["nan"]),
        ("percentile:x", BadValue, ["x"]),
    ],
)
def test_calibrations_that_there_are_not(method, kind, mentions):
    with refused(kind, *mentions):
        Quantizer(IntegerGrid(8), "tensor").calibrate(VALUES, method)


@given(
    st.lists(st.fractions(-300, 300, max_denominator=8), min_size=1, max_size=20),
    st.sampled_from(list(IntegerRange)),
    st.integers(2, 9),
    st.integers(0, 3),
)
def test_codes_are_rounded_half_to_even_and_clipped(multiples, kind, bits, zero):
    grid = IntegerGrid(bits, kind)
    z = zero if kind is IntegerRange.UNSIGNED else 0
    stored = Quantizer(grid, "tensor").store(np.array([float(x) for x in multiples]), np.array(float(z)))
    ends = {
        IntegerRange.SYMMETRIC: (1 - 2 ** (bits - 1), 2 ** (bits - 1) - 1),
        IntegerRange.FULL: (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1),
        IntegerRange.UNSIGNED: (0, 2**bits - 1),
    }[kind]
    assert stored.tolist() == [min(max(round(x) + z, ends[0]), ends[1]) - z for x in multiples]
    low, high = Quantizer(grid, "tensor").limits(np.array(float(z)))
    assert (float(low), float(high)) == (ends[0] - z, ends[1] - z)


@pytest.mark.parametrize("name", ["fp8-e4m3", "fp8-e5m2"])
def test_scaled_floats_saturate_and_unscaled_ones_overflow(name):
    beyond = np.array([1e6, -1e6])
    largest = float(FORMATS[name].max)
    assert Quantizer(FORMATS[name], "tensor").store(beyond, np.zeros(1)).tolist() == [largest, -largest]
    assert not np.isfinite(Quantizer(FORMATS[name]).store(beyond, np.zeros(1))).any()
    low, high = Quantizer(FORMATS[name]).limits(np.zeros(1))
    assert (low.item(), high.item()) == (-largest, largest)


def test_fixed_point_is_stored_by_its_own_rule():
    quantizer = Quantizer(FixedPoint(8, 4))
    assert quantizer.store(np.array([0.03125, 0.09375, 99.0]), np.zeros(1)).tolist() == [0.0, 0.125, 7.9375]
    assert quantizer.calibrate(VALUES).scale.tolist() == [[[[1.0]]]]


@pytest.mark.parametrize(
    ("scale", "kind", "mentions"),
    [
        (0.0, BadValue, ["scale is 0"]),
        ([[[1.0]], [[-2.0]]], BadValue, ["-2"]),
        (nan, BadValue, ["nan"]),
        (np.ones((3, 1, 1)), BadShape, ["(3, 1, 1)", "(2, 4, 5)"]),
        (np.ones((1, 2, 1, 1)), BadShape, ["(1, 2, 1, 1)"]),
        (np.ones((1, 5)), NotApplicable, ["vectors"]),
        (np.ones((4, 1)), NotApplicable, ["channels"]),
    ],
)
def test_scales_of_a_user_that_do_not_do(scale, kind, mentions):
    with refused(kind, *mentions):
        checked_scale(scale, (2, 4, 5), channels=False)


def test_scales_of_a_user():
    scale, zero = checked_scale([[0.5], [0.25]], (3, 2, 5), channels=True)
    assert (scale.shape, zero.shape) == ((1, 2, 1), (1, 2, 1))
    assert (scale.ravel().tolist(), zero.any()) == ([0.5, 0.25], False)
