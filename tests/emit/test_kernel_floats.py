# SPDX-License-Identifier: Apache-2.0
"""Kernels in floating point: within the bound that their header states, and rounded once to formats of 16 bits."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from kernel_calls import DIRECT, FAST, KERNELS, ON_THE_FLY, conv_of, filter_shape, kernel
from oracle_kernels import layer_of

PADS = (1, 1, 1, 1)
FLOATS = [name for name, (_, type, _) in KERNELS.items() if type == "float32"]
QUICK = ("float32", "F(6x6,3x3)", "x^2+1")
EVERY = [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in FLOATS]
SEPARATE = ("-O2", "-ffp-contract=off", *FAST)
"""Two kernels compute the same floats where nothing is fused."""


def hard_values(shape, rng):
    """Of magnitude nearly 1, with all bits in use: every product and sum rounds."""
    return (np.float32(1) - rng.integers(1, 2**12, shape).astype(np.float32) * np.float32(2**-24)) * np.float32(
        rng.choice([-1, 1], shape)
    )


def data_of(kind, shape, rng):
    if kind == "random":
        return rng.uniform(-1, 1, shape).astype(np.float32)
    if kind == "one sign":
        return abs(hard_values(shape, rng))
    if kind == "signs of pixels":
        return hard_values(shape, rng) * np.float32((-1) ** np.indices(shape)[1:3].sum(axis=0))
    if kind == "thirds":
        return np.full(shape, 1 / 3, np.float32)
    return hard_values(shape, rng)


DATA = ("random", "hard", "one sign", "signs of pixels", "thirds")


def error_in_bounds(of, x, g, pads, **options):
    """The largest error, in parts of the header's bound."""
    y = of.layer(x, g, pads=pads, **options)
    wanted = layer_of(x.astype(np.float64), g.astype(np.float64), pads)
    limit = of.error(g.shape[1]) * abs(x).max() * abs(g).max()
    return abs(y - wanted).max() / limit


@pytest.mark.slow_cases("random-F(6x6,3x3)")
@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("x_kind", DATA)
@pytest.mark.parametrize("g_kind", ["random", "hard", "one sign"])
def test_errors_are_within_the_proved_bound(name, x_kind, g_kind):
    of, rng = kernel(name), np.random.default_rng(3)
    r, s = filter_shape(name)
    x = data_of(x_kind, (2, r - 1 + 11, 19, 24), rng)
    g = data_of(g_kind, (18, 24, r, s), rng)
    pads = (r // 2, s // 2, r // 2, s // 2)
    assert of.uses_winograd(conv_of(x, g, pads))
    for flags in (0, ON_THE_FLY):
        assert 0 < error_in_bounds(of, x, g, pads, flags=flags) <= 1


@pytest.mark.parametrize("name", QUICK)
def test_the_bound_grows_with_the_channels(name):
    of, rng = kernel(name), np.random.default_rng(4)
    for channels in (8, 300, 4096):
        x, g = hard_values((1, 10, 10, channels), rng), hard_values((4, channels, 3, 3), rng)
        assert error_in_bounds(of, abs(x), abs(g), PADS) <= 1
        assert error_in_bounds(of, x, g, PADS) <= 1
    assert of.error(300) > 300 * of.error(1)


@pytest.mark.parametrize("name", QUICK)
def test_the_bound_has_the_scale_of_data_and_filters(name):
    of, rng = kernel(name), np.random.default_rng(5)
    x, g = rng.uniform(-1, 1, (1, 9, 9, 16)), rng.uniform(-1, 1, (8, 16, 3, 3))
    for power in (-10, 0, 13):
        at = np.float32(2.0**power)
        assert error_in_bounds(of, x.astype(np.float32) * at, g.astype(np.float32) * at, PADS) <= 1


def typical(name, channels=64):
    """The largest error where outputs have unit variance."""
    of, rng = kernel(name), np.random.default_rng(6)
    r, s = filter_shape(name)
    x = rng.standard_normal((1, 30, 30, channels)).astype(np.float32)
    g = (rng.standard_normal((16, channels, r, s)) / np.sqrt(channels * r * s)).astype(np.float32)
    return abs(of.layer(x, g) - layer_of(x.astype(np.float64), g.astype(np.float64))).max()


def test_typical_errors_are_far_below_the_bound():
    """And in the order of the noise gains: rank 7, the tile of 4, the tile of 6."""
    errors = [typical(name) for name in ("x^2+1", "float32", "F(6x6,3x3)")]
    assert errors == sorted(errors)
    assert errors[1] < 2e-5
    assert errors[2] < 2e-4


@pytest.mark.slow
def test_larger_tiles_err_more():
    errors = [typical(f"F({m}x{m},3x3)" if m != 4 else "float32") for m in range(2, 9)]
    assert errors[0] < 5e-6
    assert errors[-1] < 1e-2
    assert all(small < 2 * large for small, large in pairwise(errors))
    assert typical("legendre") < 2 * typical("integer")


def test_direct_sums_are_as_good_as_float_is():
    of, rng = kernel("float32"), np.random.default_rng(7)
    x = rng.uniform(-1, 1, (1, 9, 9, 16)).astype(np.float32)
    g = rng.uniform(-1, 1, (8, 16, 5, 5)).astype(np.float32)
    exact = layer_of(x.astype(np.float64), g.astype(np.float64))
    assert abs(of.layer(x, g, flags=DIRECT) - exact).max() < 400 * 2.0**-24 * abs(exact).max()


@pytest.mark.slow_cases("0-float16", "2-float16")
@pytest.mark.parametrize("name", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize("flags", [0, DIRECT])
def test_bias_and_clamp(name, flags):
    of, rng = kernel(name), np.random.default_rng(8)
    x = stored(rng.uniform(-1, 1, (1, 9, 7, 16)), of)
    g = rng.uniform(-1, 1, (18, 16, 3, 3)).astype(np.float32)
    bias = rng.uniform(-1, 1, 18).astype(np.float32)
    exact = layer_of(values(x).astype(np.float64), g.astype(np.float64), PADS) + bias
    unit = {"float32": 0, "float16": 2.0**-11, "bfloat16": 2.0**-8}[name]
    for lo, hi in ((-np.inf, np.inf), (0, np.inf), (0, 6), (-1.5, 0.5), (0.25, 0.25)):
        y = values(of.layer(x, g, pads=PADS, flags=flags, bias=bias, lo=lo, hi=hi))
        wanted = np.clip(exact, lo, hi)
        assert (abs(y - wanted) <= of.error(16) + unit * abs(wanted) * 1.01).all()
        assert y.min() >= lo
        assert y.max() <= hi
    unclamped = values(of.layer(x, g, pads=PADS, flags=flags, bias=bias))
    np.testing.assert_array_equal(
        values(of.layer(x, g, pads=PADS, flags=flags, bias=bias, lo=0, hi=2)), unclamped.clip(0, 2)
    )


@pytest.mark.parametrize("flags", [0, DIRECT])
def test_what_is_no_number_reaches_the_outputs_through_the_clamp(flags):
    of = kernel("float32")
    x, g = np.ones((1, 12, 12, 17), np.float32), np.ones((17, 17, 3, 3), np.float32)
    x[0, 5, 6, 3] = np.nan
    y = of.layer(x, g, pads=PADS, flags=flags, lo=0, hi=6)
    assert np.isnan(y[0, 4:7, 5:8]).all()
    assert not np.isnan(y[0, 9:]).any()


# --- formats of 16 bits -----------------------------------------------------------------------------------------------


def stored(array, of):
    """Numbers as the images of a kernel hold them."""
    if of.dtype != np.uint16:
        return np.asarray(array, of.dtype)
    ml_dtypes = pytest.importorskip("ml_dtypes")
    with np.errstate(over="ignore"):
        return np.asarray(array, np.float32).astype(ml_dtypes.bfloat16).view(np.uint16)


def values(images):
    """As float32."""
    if images.dtype != np.uint16:
        return images.astype(np.float32)
    return (images.astype(np.uint32) << 16).view(np.float32)


@pytest.mark.slow_cases("1-0-float16", "1-0-bfloat16")
@pytest.mark.parametrize("name", ["float16", "bfloat16"])
@pytest.mark.parametrize("flags", [0, ON_THE_FLY, DIRECT])
@pytest.mark.parametrize("size", [1, 1e-6, 1e4, 1e36])
def test_sums_are_float_and_outputs_rounded_once_to_nearest_even(name, flags, size):
    """Bit for bit what the float32 kernel gives, rounded; also to subnormal numbers and to infinity."""
    of, full = kernel(name, *SEPARATE), kernel("float32", *SEPARATE)
    if size == 1e36 and name == "float16":
        pytest.skip("float16 ends at 65504")
    rng = np.random.default_rng(9)
    x = stored(rng.uniform(-1, 1, (2, 11, 10, 20)) * size, of)
    g = rng.uniform(-1, 1, (35, 20, 3, 3)).astype(np.float32)
    g[::2] = np.round(g[::2] * 8) / 8  # ties occur
    bias = (rng.uniform(-1, 1, 35) * size).astype(np.float32)
    got = of.layer(x, g, pads=PADS, flags=flags, bias=bias)
    wanted = full.layer(values(x), g, pads=PADS, flags=flags, bias=bias)
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(got, stored(wanted, of))
    if size == 1e4 and name == "float16":
        assert np.isinf(got).any()


@pytest.mark.parametrize(
    "value", [1 + 2**-8, 1 + 3 * 2**-8, 1 + 2**-8 + 2**-20, 3.3895314e38, 3.4e38, -3.4e38, 1e-40, np.inf]
)
def test_bfloat16_rounds_as_ml_dtypes(value):
    """Filters of 0: the bias alone is stored, by vectors and one by one."""
    of = kernel("bfloat16")
    for filters in (5, 16):
        bias = np.full(filters, value, np.float32)
        y = of.layer(np.zeros((1, 4, 4, 8), np.uint16), np.zeros((filters, 8, 3, 3), np.float32), bias=bias)
        assert (y == stored(bias, of)).all()


def test_bfloat16_keeps_what_is_no_number():
    of = kernel("bfloat16")
    bias = np.array([0x7F800001, 0xFFFFFFFF, 0x7FC00000], np.uint32).view(np.float32)
    for filters in (3, 18):
        y = of.layer(
            np.zeros((1, 4, 4, 8), np.uint16), np.zeros((filters, 8, 3, 3), np.float32), bias=np.resize(bias, filters)
        )
        assert np.isnan(values(y)).all()
