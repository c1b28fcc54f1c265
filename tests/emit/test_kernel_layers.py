# SPDX-License-Identifier: Apache-2.0
"""Any layer: layouts, slices of larger images, padding, groups, strides, other filters, batches and threads."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kernel_calls import ACCUMULATE, ARGUMENT, DIRECT, ON_THE_FLY, conv_of, filter_shape, kernel, output_shape
from oracle_kernels import layer_of

NAMES = ("int8", "float32")


def numbers(of, x_shape, g_shape, seed=0):
    """Data and filters; of floats they are small integers, and products of nothing but them are exact in float64."""
    rng = np.random.default_rng(seed)
    low, high = (0, 256) if of.dtype == np.uint8 else (-128, 128)
    return rng.integers(low, high, x_shape).astype(of.dtype), rng.integers(-128, 128, g_shape).astype(
        np.int8 if of.exact else np.float32
    )


def assert_right(of, got, x, g, pads=(0, 0, 0, 0), stride=(1, 1), groups=1):
    """Integers equal the definition's, floats are within the header's bound of it."""
    wanted = layer_of(x.astype(np.int64), g.astype(np.int64), pads, stride, groups)
    assert got.shape == wanted.shape
    if of.exact:
        np.testing.assert_array_equal(got, wanted)
    else:
        assert abs(got - wanted).max() <= of.error(g.shape[1]) * 128 * 128


def channels_first(shape, dtype):
    """Zeros that lie as NCHW, indexed as NHWC."""
    n, h, w, c = shape
    return np.zeros((n, c, h, w), dtype).transpose(0, 2, 3, 1)


def scattered(shape, dtype):
    """Every second channel, pixel and row of a larger array of other numbers, axes in another order."""
    n, h, w, c = shape
    larger = np.full((w * 2 + 1, n + 1, h + 3, c * 2 + 5), 77, dtype)
    return larger[1 : 2 * w + 1 : 2, 1:, 2 : h + 2, 3 : 2 * c + 3 : 2].transpose(1, 2, 0, 3)


def slice_of_channels(shape, dtype):
    """As what is concatenated with other outputs: a range of channels of a larger NHWC image."""
    n, h, w, c = shape
    return np.full((n, h, w, c + 13), 77, dtype)[..., 5 : c + 5]


def slice_of_planes(shape, dtype):
    """The same of NCHW, inside a border."""
    n, h, w, c = shape
    larger = np.full((n, c + 4, h + 2, w + 3), 77, dtype)
    return larger[:, 2 : c + 2, 1 : h + 1, 2 : w + 2].transpose(0, 2, 3, 1)


LAYOUTS = {
    "NHWC": np.zeros,
    "NCHW": channels_first,
    "channels of NHWC": slice_of_channels,
    "planes of NCHW": slice_of_planes,
    "scattered": scattered,
}


def placed(values, layout):
    view = LAYOUTS[layout](values.shape, values.dtype)
    view[...] = values
    return view


def root(view):
    return view if view.base is None else root(view.base)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("y_layout", LAYOUTS)
@pytest.mark.parametrize("x_layout", LAYOUTS)
def test_data_and_outputs_lie_as_strides_say(name, x_layout, y_layout):
    """And nothing beside the outputs is written."""
    of = kernel(name)
    x, g = numbers(of, (2, 10, 13, 21), (35, 21, 3, 3))
    given = placed(x, x_layout)
    shape = output_shape(conv_of(given, g, (1, 1, 1, 1)))
    for flags in (0, DIRECT):
        y = LAYOUTS[y_layout](shape, np.int32 if of.exact else np.float32)
        of.layer(given, g, y, pads=(1, 1, 1, 1), flags=flags)
        assert_right(of, y, x, g, (1, 1, 1, 1))
        y[...] = 77
        larger = root(y)
        assert y_layout in ("NHWC", "NCHW") or (larger == 77).all()


@pytest.mark.parametrize("name", ["int8", "uint8"])
@pytest.mark.parametrize("y_layout", LAYOUTS)
def test_outputs_of_8_bits_lie_as_strides_say(name, y_layout):
    of = kernel(name)
    x, g = numbers(of, (2, 7, 9, 16), (35, 16, 3, 3))
    scale = np.full(35, 2**-11, np.float32)
    low = 0 if name == "uint8" else -128
    wanted = np.rint(layer_of(x.astype(np.int64), g.astype(np.int64)) * scale.astype(np.float64))
    y = LAYOUTS[y_layout](wanted.shape, of.dtype)
    of.layer(x, g, y, raw=False, scale=scale, lo=low, hi=low + 255)
    np.testing.assert_array_equal(y, np.clip(wanted, low, low + 255))
    y[...] = 77
    assert y_layout in ("NHWC", "NCHW") or (root(y) == 77).all()


def test_a_stride_of_0_repeats_an_image():
    of = kernel("int8")
    x, g = numbers(of, (1, 8, 1, 16), (16, 16, 3, 3))
    repeated = np.broadcast_to(x, (3, 8, 8, 16))
    assert_right(of, of.layer(repeated, g), repeated, g)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("pads", [(0, 0, 0, 0), (1, 0, 0, 1), (0, 3, 2, 0), (7, 9, 8, 6), (0, 0, 30, 0)])
def test_padding_may_differ_on_every_side(name, pads):
    of = kernel(name)
    x, g = numbers(of, (1, 5, 4, 9), (17, 9, 3, 3))
    for flags in (0, ON_THE_FLY, DIRECT):
        assert_right(of, of.layer(x, g, pads=pads, flags=flags), x, g, pads)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("groups", "channels", "filters"), [(2, 8, 8), (3, 9, 17), (4, 16, 5), (5, 8, 1), (7, 3, 2)])
def test_groups(name, groups, channels, filters):
    of = kernel(name)
    x, g = numbers(of, (1, 9, 7, groups * channels), (groups * filters, channels, 3, 3))
    for flags in (0, ON_THE_FLY, DIRECT):
        assert_right(of, of.layer(x, g, groups=groups, flags=flags), x, g, groups=groups)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("size", "stride"),
    [
        ((1, 1), (1, 1)),
        ((3, 3), (2, 2)),
        ((3, 3), (1, 3)),
        ((5, 5), (1, 1)),
        ((7, 2), (2, 1)),
        ((1, 9), (3, 4)),
        ((8, 8), (5, 5)),
    ],
)
def test_what_the_algorithm_is_not_made_for_is_direct(name, size, stride):
    of = kernel(name)
    x, g = numbers(of, (2, 12, 13, 11), (18, 11, *size))
    conv = conv_of(x, g, (2, 1, 0, 3), stride)
    y = of.layer(x, g, pads=(2, 1, 0, 3), stride=stride)
    assert not of.uses_winograd(conv)
    wanted = layer_of(x.astype(np.int64), g.astype(np.int64), (2, 1, 0, 3), stride)
    if of.exact:
        np.testing.assert_array_equal(y, wanted)
    else:  # sums of n products meet at most n roundings each
        n = g[0].size
        assert abs(y - wanted).max() <= n * n * 128 * 128 * 2.0**-24 * 1.01


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("channels", [2, 16, 35])
def test_depthwise(name, channels):
    """By the algorithm, and direct: by flag, of a stride, of another filter; channels first too."""
    of = kernel(name)
    for size, stride, flags in (
        ((3, 3), (1, 1), 0),
        ((3, 3), (1, 1), DIRECT),
        ((3, 3), (2, 1), 0),
        ((2, 5), (1, 1), 0),
    ):
        x, g = numbers(of, (2, 9, 11, channels), (channels, 1, *size))
        for layout in ("NHWC", "NCHW"):
            conv = conv_of(x, g, (1, 0, 2, 1), stride, channels, flags)
            assert of.uses_winograd(conv) == (size == (3, 3) and stride == (1, 1) and not flags)
            y = of.layer(placed(x, layout), g, pads=(1, 0, 2, 1), stride=stride, groups=channels, flags=flags)
            assert_right(of, y, x, g, (1, 0, 2, 1), stride, channels)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("flags", [0, ON_THE_FLY, DIRECT])
@pytest.mark.parametrize("groups", [1, 2, 18])
def test_outputs_are_added_to_what_stands_there(name, flags, groups):
    of = kernel(name)
    x, g = numbers(of, (1, 9, 11, 18), (18, 18 // groups, 3, 3))
    for layout in ("NHWC", "NCHW"):
        y = LAYOUTS[layout]((1, 9, 11, 18), np.int32 if of.exact else np.float32)
        y[...] = 1000
        of.layer(x, g, y, pads=(1, 1, 1, 1), groups=groups, flags=flags + ACCUMULATE)
        assert_right(of, y - 1000, x, g, (1, 1, 1, 1), groups=groups)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("c", range(1, 11))
def test_few_channels_and_filters(name, c):
    of = kernel(name)
    for k in (1, 2, 15, 16, 17):
        x, g = numbers(of, (1, 6, 7, c), (k, c, 3, 3))
        assert_right(of, of.layer(x, g, pads=(1, 1, 1, 1)), x, g, (1, 1, 1, 1))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("channels", [255, 256, 511, 512, 513, 1030])
def test_many_channels_are_summed_in_chunks(name, channels):
    of = kernel(name)
    x, g = numbers(of, (1, 5, 9, channels), (19, channels, 3, 3))
    for flags in (0, ON_THE_FLY, DIRECT):
        assert_right(of, of.layer(x, g, flags=flags), x, g)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("flags", [0, ON_THE_FLY, DIRECT])
def test_threads_do_a_part_each_in_any_order(name, flags):
    """The result does not depend on how many they are, not in a bit."""
    of = kernel(name)
    x, g = numbers(of, (3, 14, 15, 24), (20, 24, 3, 3))
    alone = of.layer(x, g, pads=(1, 1, 1, 1), flags=flags)
    assert_right(of, alone, x, g, (1, 1, 1, 1))
    for threads in (2, 3, 7, 100):
        np.testing.assert_array_equal(of.layer(x, g, pads=(1, 1, 1, 1), flags=flags, threads=threads), alone)


def test_many_tiles_fill_several_blocks():
    of = kernel("int8")
    x, g = numbers(of, (2, 50, 51, 33), (34, 33, 3, 3))
    for flags in (0, ON_THE_FLY, DIRECT):
        assert_right(of, of.layer(x, g, pads=(1, 1, 1, 1), flags=flags), x, g, (1, 1, 1, 1))


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) for name in ("int8, F(4,3)", "F(4,3)", "F(2,4)")]
)
def test_an_algorithm_of_one_axis_runs_along_rows(name):
    of = kernel(name)
    x, g = numbers(of, (2, 5, 17, 13), (18, 13, *filter_shape(name)))
    assert of.uses_winograd(conv_of(x, g))
    for flags in (0, ON_THE_FLY, DIRECT):
        assert_right(of, of.layer(x, g, pads=(0, 1, 0, 2), flags=flags), x, g, (0, 1, 0, 2))


@st.composite
def layers(draw):
    """A layer of at most a few thousand products per output."""
    size = st.integers(1, 14)
    groups = draw(st.sampled_from([1, 1, 1, 2, 3]))
    channels, filters = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    taps = draw(st.sampled_from([(3, 3), (3, 3), (3, 3), (1, 1), (2, 4), (5, 3)]))
    pads = draw(st.tuples(*[st.integers(0, 4)] * 4))
    x_shape = (draw(st.integers(1, 3)), draw(size), draw(size), groups * channels)
    stride = draw(st.sampled_from([(1, 1), (1, 1), (2, 2), (1, 2)]))
    flags, threads = draw(st.sampled_from([0, 0, ON_THE_FLY, DIRECT, ON_THE_FLY + DIRECT])), draw(st.integers(1, 4))
    layouts = draw(st.tuples(*[st.sampled_from(list(LAYOUTS))] * 2))
    return (
        x_shape,
        (groups * filters, channels, *taps),
        pads,
        stride,
        groups,
        flags,
        threads,
        layouts,
        draw(st.integers(0, 9)),
    )


@given(layers())
def test_any_layer(layer):
    x_shape, g_shape, pads, stride, groups, flags, threads, layouts, seed = layer
    of = kernel("int8")
    x, g = numbers(of, x_shape, g_shape, seed)
    given_x = placed(x, layouts[0])
    fits = all(x_shape[i + 1] + pads[i] + pads[i + 2] >= g_shape[i + 2] for i in (0, 1))
    if not fits:
        assert of.check(conv_of(given_x, g, pads, stride, groups, flags)) == ARGUMENT
        return
    y = LAYOUTS[layouts[1]](output_shape(conv_of(given_x, g, pads, stride)), np.int32)
    of.layer(given_x, g, y, pads=pads, stride=stride, groups=groups, flags=flags, threads=threads)
    assert_right(of, y, x, g, pads, stride, groups)
