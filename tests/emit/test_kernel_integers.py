# SPDX-License-Identifier: Apache-2.0
"""Exact kernels: every integer that comes out is that of the definition, and what could differ is refused."""

from __future__ import annotations

import numpy as np
import pytest
from kernel_calls import DIRECT, KERNELS, OK, ON_THE_FLY, OVERFLOW, conv_of, filter_shape, kernel
from oracle_kernels import high_product, layer_of, multiplied, over_power

PADS = (1, 1, 1, 1)
INTEGERS = [name for name, (_, type, _) in KERNELS.items() if type in ("int8", "uint8")]
COMMON = ("int8", "uint8")


def with_slow(*quick):
    """All kernels, those beside `quick` where slow tests run."""
    return [pytest.param(name, marks=() if name in quick else pytest.mark.slow) for name in INTEGERS]


MOST = {
    "int8": 3640,
    "uint8": 1827,
    "int8, classic": 227,
    "int8, x^2+1": 910,
    "int8, F(2x2,3x3)": 3640,
    "uint8, F(2x2,3x3)": 1827,
    "int8, F(3x3,3x3)": 3640,
    "int8, F(2x4,3x3)": 3640,
    "int8, F(6x6,3x3)": 3640,
    "int8, F(8x8,3x3)": 910,
    "uint8, F(4x4,5x5)": 657,
    "int8, F(4,3)": 21845,
}
"""The most channels that are exact whatever the numbers: sums of 9 products of up to 2^14, of uint8 255 * 128, must be
within 2^29, on 0, 1, -1, x^2+1 within 2^27, on 0, 1, -1, 2, -2 within 2^25; of one axis sums of 3 within 2^30."""


def limits(type):
    return (0, 255) if type == "uint8" else (-128, 127)


def drawn(kind, shape, low, high, rng):
    """Integers of a kind in [low, high]."""
    if kind == "random":
        return rng.integers(low, high + 1, shape)
    if kind == "bell":
        middle = (low + high + 1) // 2
        return np.clip(np.rint(rng.standard_normal(shape) * 40) + middle, low, high).astype(np.int64)
    if kind == "alternating":
        return np.where(np.indices(shape).sum(axis=0) % 2, low, high)
    return np.full(shape, {"highest": high, "lowest": low}[kind])


KINDS = ("random", "bell", "highest", "lowest", "alternating")


def numbers(of, x_kind, g_kind, x_shape, g_shape):
    rng = np.random.default_rng(7)
    x = drawn(x_kind, x_shape, *limits(of.dtype.name), rng).astype(of.dtype)
    return x, drawn(g_kind, g_shape, -128, 127, rng).astype(np.int8)


def exact(x, g, *layer, zero=0, **more):
    """The sums of x - zero, in 64 bits."""
    return layer_of(x.astype(np.int64) - zero, g.astype(np.int64), *layer, **more)


@pytest.mark.parametrize("name", with_slow(*COMMON))
@pytest.mark.parametrize("x_kind", KINDS)
@pytest.mark.parametrize("g_kind", KINDS)
def test_sums_equal_the_integers_of_the_definition(name, x_kind, g_kind):
    of = kernel(name)
    x, g = numbers(of, x_kind, g_kind, (2, 9, 11, 40), (21, 40, *filter_shape(name)))
    wanted = exact(x, g, PADS)
    for flags in (0, ON_THE_FLY, DIRECT):
        np.testing.assert_array_equal(of.layer(x, g, pads=PADS, flags=flags), wanted)


@pytest.mark.slow_cases("x^2+1")
@pytest.mark.parametrize("name", with_slow(*COMMON, "int8, classic", "int8, x^2+1"))
def test_exact_at_the_stated_channels_and_refused_beyond(name):
    """Weights of -128, whose sums are the largest: data of either end at the most channels."""
    of, most = kernel(name), MOST[name]
    assert f"up to {most} channels" in " ".join(of.text.replace("\n *", " ").split())
    r, s = filter_shape(name)
    shape = (1, r + 3 if r > 1 else 1, s + 3, most)
    for g_kind in ("lowest", "highest", "alternating"):
        for x_kind in ("lowest", "highest", "random"):
            x, g = numbers(of, x_kind, g_kind, shape, (3, most, r, s))
            np.testing.assert_array_equal(of.layer(x, g), exact(x, g))
    g = np.full((3, most + 1, r, s), -128, np.int8)
    conv = conv_of(np.zeros((*shape[:3], most + 1), of.dtype), g)
    assert of.prepared(conv, g)[1:] == (OVERFLOW, most)
    assert of.prepared(conv, -1 - g)[1] == OK


def test_other_weights_have_room_for_more_channels():
    """The proof is of the weights at hand: one that is too large is at fault with the channels before it."""
    of, channels = kernel("int8"), 4000
    g = np.random.default_rng(3).integers(-20, 21, (5, channels, 3, 3), dtype=np.int8)
    x = np.random.default_rng(4).integers(-128, 128, (1, 6, 6, channels), dtype=np.int8)
    np.testing.assert_array_equal(of.layer(x, g), exact(x, g))
    g[3, :3700] = -128
    conv = conv_of(x, g)
    assert of.prepared(conv, g)[1:] == (OVERFLOW, 3640)
    assert of.prepare(conv, g.ctypes.data, 0, of.prepared(conv, g)[0].address, None) == OVERFLOW
    conv.flags = DIRECT
    assert of.prepared(conv, g)[1:] == (OK, channels)


@pytest.mark.parametrize("flags", [0, DIRECT])
def test_a_zero_point_must_leave_the_outputs_in_32_bits(flags):
    """Direct, 2^31 / (255 * 128 * 9) channels of uint8 fit; a zero point of 255 turns the sign around."""
    of, most = kernel("uint8"), 1827 if not flags else 7310
    g = np.full((1, 7400, 3, 3), -128, np.int8)
    conv = conv_of(np.zeros((1, 3, 3, 7400), np.uint8), g, flags=flags)
    assert [of.prepared(conv, g, zero)[2] for zero in (0, 255)] == [most, most]


@pytest.mark.parametrize("name", COMMON)
@pytest.mark.parametrize("flags", [0, ON_THE_FLY, DIRECT])
@pytest.mark.parametrize("place", ["low", "middle", "high"])
def test_zero_points_are_subtracted_and_pad_the_image(name, flags, place):
    of = kernel(name)
    low, high = limits(of.dtype.name)
    zero = {"low": low, "middle": low + 121, "high": high}[place]
    x, g = numbers(of, "random", "random", (2, 7, 6, 19), (18, 19, 3, 3))
    bias = np.random.default_rng(1).integers(-(2**20), 2**20, 18)
    got = of.layer(x, g, pads=(2, 1, 0, 3), flags=flags, x_zero=zero, bias=bias)
    np.testing.assert_array_equal(got, exact(x, g, (2, 1, 0, 3), zero=zero) + bias)


# --- to 8 bits --------------------------------------------------------------------------------------------------------


def sums_of(of, channels=37):
    """Data, small filters of C = 24, and the exact sums with zero point 3 of `channels` outputs."""
    x, g = numbers(of, "random", "random", (1, 6, 9, 24), (channels, 24, 3, 3))
    g //= 32
    return x, g, exact(x, g, PADS, zero=3)


@pytest.mark.parametrize("name", COMMON)
@pytest.mark.parametrize("flags", [0, DIRECT])
def test_float_scales_round_halves_to_even(name, flags):
    of = kernel(name)
    x, g, sums = sums_of(of)
    low, high = limits(of.dtype.name)
    rng = np.random.default_rng(2)
    bias = rng.integers(-300, 300, sums.shape[-1])
    scale = (2.0 ** rng.integers(-9, -4, sums.shape[-1])).astype(np.float32)
    scale[::3] = rng.uniform(1e-3, 5e-2, len(scale[::3]))
    how = {"bias": bias, "scale": scale, "x_zero": 3, "y_zero": low + 90, "lo": low + 3, "hi": high - 2}
    scaled = (sums + bias).astype(np.float32) * scale
    assert (scaled % 1 == 0.5).sum() > 3
    wanted = np.clip(np.rint(scaled) + how["y_zero"], how["lo"], how["hi"])
    got = of.layer(x, g, pads=PADS, flags=flags, raw=False, **how)
    assert got.dtype == of.dtype
    np.testing.assert_array_equal(got, wanted)
    assert len(np.unique(got)) > 50


@pytest.mark.parametrize("name", COMMON)
@pytest.mark.parametrize("flags", [0, DIRECT])
def test_multipliers_and_shifts_round_as_tensorflow_lite(name, flags):
    of = kernel(name)
    x, g, sums = sums_of(of)
    low, high = limits(of.dtype.name)
    rng = np.random.default_rng(5)
    bias = rng.integers(-300, 300, sums.shape[-1])
    shift = rng.integers(-9, -3, sums.shape[-1])
    multiplier = rng.integers(2**30, 2**31, sums.shape[-1])
    multiplier[::4] = 2**30  # halves occur
    multiplier[1], shift[1] = 1, 3  # and everything is rounded away
    how = {
        "bias": bias,
        "multiplier": multiplier,
        "shift": shift,
        "x_zero": 3,
        "y_zero": low + 40,
        "lo": low,
        "hi": high,
    }
    rows = [
        [multiplied(int(y), int(multiplier[k]), int(shift[k])) for k, y in enumerate(row)]
        for row in (sums + bias).reshape(-1, sums.shape[-1])
    ]
    wanted = np.clip(np.array(rows).reshape(sums.shape) + how["y_zero"], low, high)
    got = of.layer(x, g, pads=PADS, flags=flags, raw=False, **how)
    np.testing.assert_array_equal(got, wanted)
    assert len(np.unique(got)) > 50


@pytest.mark.parametrize("shift", [*range(-31, -27), -20, -8, -2, -1, 0, 1, 2])
def test_multipliers_of_any_size(shift):
    """1x1 filters that let through biases near the ends of 32 bits, every one with another multiplier."""
    of, room = kernel("int8"), 31 - max(shift, 0)
    rng = np.random.default_rng(6)
    ends = [-(2**room), 2**room - 1, -(2**room) + 1, 0, 1, -1, 2**room // 2, -(2**room // 2), 5, -5]
    bias = np.array([*ends, *rng.integers(-(2**room), 2**room, 60)])
    multiplier = np.resize([2**31 - 1, 2**30, 1, 0, 2**31 - 3, 2**30 + 1, -(2**31)], len(bias))
    how = {"bias": bias, "multiplier": multiplier, "shift": np.full(len(bias), shift), "lo": -128, "hi": 127}
    how["y_zero"] = -7
    x, g = np.zeros((1, 1, 1, 8), np.int8), np.zeros((len(bias), 8, 1, 1), np.int8)
    got = of.layer(x, g, raw=False, **how)
    wanted = [multiplied(int(y), int(q), shift) for y, q in zip(bias, multiplier, strict=True)]
    np.testing.assert_array_equal(got.ravel(), np.clip(np.array(wanted) - 7, -128, 127))


def test_the_definitions_round_as_they_are_published():
    """Examples of gemmlowp's own tests."""
    assert high_product(-(2**31), -(2**31)) == 2**31 - 1
    assert [over_power(x, 1) for x in (-3, -1, 1, 3)] == [-2, -1, 1, 2]
    assert [over_power(x, 2) for x in (-6, -5, -2, 2, 5, 6)] == [-2, -1, -1, 1, 1, 2]
    assert [high_product(x, 2**30) for x in (-3, -1, 1, 3)] == [-1, 0, 1, 2]


def test_biases_wrap_around_as_the_sums_do():
    of = kernel("int8")
    x, g = np.full((1, 1, 1, 8), 127, np.int8), np.full((2, 8, 1, 1), 127, np.int8)
    got = of.layer(x, g, bias=np.array([2**31 - 1, -(2**31)]))
    total = 8 * 127**2
    np.testing.assert_array_equal(got.ravel(), [total - 1 - 2**31, total - 2**31])


def test_outputs_are_clamped_on_both_sides():
    of = kernel("uint8")
    x, g, sums = sums_of(of)
    how = {"scale": np.full(sums.shape[-1], 0.05, np.float32), "x_zero": 3, "y_zero": 128, "lo": 128, "hi": 200}
    got = of.layer(x, g, pads=PADS, raw=False, **how)
    assert (got.min(), got.max()) == (128, 200)
    how |= {"lo": 7, "hi": 7}
    assert (of.layer(x, g, pads=PADS, raw=False, **how) == 7).all()
