# SPDX-License-Identifier: Apache-2.0
"""Whole signals, images and volumes against scipy and the definition: any shape, padding, channels and dtype."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle_convolution import correlate
from oracle_messages import refused
from sympy import Rational

from wincraft import nest, parse, winograd
from wincraft.errors import BadShape, BadValue, NotApplicable, WrongForm, WrongType

F23 = winograd(2, 3, points="0,1,-1")
SQUARE = parse("F(2x2,3x3)", points="0,1,-1")
AXES = [
    F23,
    winograd(1, 1),
    winograd(1, 2),
    winograd(2, 1),
    winograd(3, 2),
    winograd(4, 3, points="0,1,-1,2,-2", convention="integer"),
    winograd(4, 3, moduli="0,1,-1,x^2+1,inf", convention="fractions-in-b"),
    winograd(2, 2, points="0,1,-1", convention="pow2").rescale(a=["-3/2"] * 3),
]


def padded(x, pads):
    """Zeros around; np.pad would put numpy zeros among Python numbers."""
    result = np.zeros((*x.shape[:2], *(size + 2 * pad for size, pad in zip(x.shape[2:], pads, strict=True))), x.dtype)
    result[(..., *(slice(pad, pad + size) for size, pad in zip(x.shape[2:], pads, strict=True)))] = x
    return result


@st.composite
def problems(draw, axes_pool=AXES, most_axes=3):
    """(algorithm, data shape, filter shape, padding)."""
    axes = draw(st.lists(st.sampled_from(axes_pool), min_size=1, max_size=most_axes))
    longest = {1: 15, 2: 8, 3: 5}[len(axes)]
    pads = [draw(st.integers(0, 3)) for _ in axes]
    sizes = [draw(st.integers(max(1, axis.r[0] - 2 * pad), longest)) for axis, pad in zip(axes, pads, strict=True)]
    N, C, K = (draw(st.integers(1, 3)) for _ in range(3))
    algorithm = nest(*axes)
    return algorithm, (N, C, *sizes), (K, C, *(axis.r[0] for axis in axes)), pads


seeds = st.integers(0, 2**32 - 1)


@given(problems(), seeds)
def test_the_reference_is_scipys(problem, seed):
    _, shape, taps, pads = problem
    random = np.random.default_rng(seed)
    x, w = padded(random.integers(-9, 9, shape), pads), random.integers(-9, 9, taps)
    result = correlate(x.astype(object), w.astype(object))
    for b, k in product(range(shape[0]), range(taps[0])):
        by_scipy = sum(scipy.signal.correlate(x[b, c], w[k, c], mode="valid", method="direct") for c in range(shape[1]))
        assert (result[b, k] == by_scipy).all()


@given(problems(), seeds)
def test_integers_are_exact(problem, seed):
    algorithm, shape, taps, pads = problem
    random = np.random.default_rng(seed)
    x, w = random.integers(-99, 99, shape), random.integers(-99, 99, taps)
    y = algorithm.convolve(x, w, pads)
    assert y.dtype == np.int64
    np.testing.assert_array_equal(y, correlate(padded(x, pads).astype(object), w.astype(object)).astype(np.int64))


INTEGERS = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]


@given(problems(most_axes=2), st.sampled_from(INTEGERS), st.sampled_from(INTEGERS), seeds)
@settings(max_examples=60)
def test_extreme_integers_of_any_two_types_are_exact(problem, x_type, w_type, seed):
    algorithm, shape, taps, pads = problem
    random = np.random.default_rng(seed)
    extremes = lambda dtype: [np.iinfo(dtype).min, np.iinfo(dtype).max, np.iinfo(dtype).max - 1]  # noqa: E731
    x, w = (
        np.array(extremes(dtype), dtype=dtype)[random.integers(0, 3, s)]
        for dtype, s in ((x_type, shape), (w_type, taps))
    )
    y = algorithm.convolve(x, w, pads)
    wanted = correlate(padded(x.astype(object), pads), w.astype(object))
    assert y.dtype.kind in "iO"
    assert y.astype(object).tolist() == wanted.tolist()
    assert all(type(value) is int for value in y.astype(object).flat)


@pytest.mark.parametrize("bits", range(54, 70))
def test_integers_around_the_limit_of_int64(bits):
    x = np.array([(-1) ** k * (2**bits - k) for k in range(9)], dtype=object)
    w = np.array([3, -2, 1], dtype=object)
    if bits < 63:
        x, w = x.astype(np.int64), w.astype(np.int64)
    for algorithm in (F23, AXES[5], AXES[6]):
        y = algorithm.convolve(x, w)
        wanted = correlate(x.astype(object)[None, None], w.astype(object)[None, None])[0, 0]
        assert [int(value) for value in y] == wanted.tolist()


@pytest.mark.parametrize("channels", [1, 4, 64, 1024])
def test_channels_that_overflow_int64_only_together(channels):
    x, w = np.full((1, channels, 5), 2**57), np.ones((1, channels, 3), dtype=np.int64)
    y = F23.convolve(x, w)
    assert [int(value) for value in y.flat] == [3 * channels * 2**57] * 3


def test_object_arrays_of_numpy_integers_do_not_wrap():
    x, w = (
        np.array([np.int8(100)] * 5, dtype=object),
        np.array([np.int8(100), np.int16(2), np.int64(2**62)], dtype=object),
    )
    assert F23.convolve(x, w).tolist() == [100 * (100 + 2 + 2**62)] * 3


@given(problems(most_axes=2), seeds)
@settings(max_examples=20)
def test_fractions_are_exact(problem, seed):
    algorithm, shape, taps, pads = problem
    random = np.random.default_rng(seed)
    fractions = np.frompyfunc(Fraction, 2, 1)
    x, w = (fractions(random.integers(-9, 9, s), random.integers(1, 9, s)) for s in (shape, taps))
    y = algorithm.convolve(x, w, pads)
    assert y.dtype == object
    assert y.tolist() == correlate(padded(x, pads), w).tolist()


def amplification(algorithm):
    """max over outputs of sum |A| |G| |B|, rows and columns in the 1-norm: what one relative rounding can grow to."""
    total = 1.0
    for axis in algorithm.factors:
        AT, G, BT = (np.abs(matrix) for matrix in axis.to_numpy())
        total *= (AT @ (G.sum(axis=1) * BT.sum(axis=1))).max() / abs(float(axis.scale))
    return total


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@given(problems(most_axes=2), seeds)
@settings(max_examples=25)
def test_floats_are_computed_in_their_own_precision(dtype, problem, seed):
    algorithm, shape, taps, pads = problem
    random = np.random.default_rng(seed)
    x, w = random.uniform(-1, 1, shape).astype(dtype), random.uniform(-1, 1, taps).astype(dtype)
    y = algorithm.convolve(x, w, pads)
    wanted = correlate(padded(x.astype(np.float64), pads), w.astype(np.float64)).astype(np.float64)
    assert y.dtype == dtype
    tolerance = 20 * len(algorithm.factors) * np.finfo(dtype).eps * amplification(algorithm) * shape[1]
    assert tolerance < (1e-9 if dtype == "float64" else 0.1)
    np.testing.assert_allclose(y, wanted, rtol=0, atol=tolerance)


@given(problems([F23, AXES[1], AXES[2], AXES[3]]), st.sampled_from(["float16", "float32", "float64"]), seeds)
def test_small_integers_in_any_float_are_exact_where_the_matrices_are(problem, dtype, seed):
    algorithm, shape, taps, pads = problem
    random = np.random.default_rng(seed)
    x, w = random.integers(-2, 2, shape).astype(dtype), random.integers(-1, 2, taps).astype(dtype)
    y = algorithm.convolve(x, w, pads)
    assert y.dtype == dtype
    wanted = correlate(padded(x, pads).astype(object), w.astype(object))
    np.testing.assert_array_equal(y.astype(np.float64), wanted.astype(np.float64))


def test_float32_differs_from_float64():
    x, w = np.linspace(0, 1, 40), np.array([0.1, 0.7, -0.3])
    single = AXES[5].convolve(x.astype(np.float32), w.astype(np.float32))
    assert 0 < np.abs(single - AXES[5].convolve(x, w)).max() < 1e-5


@pytest.mark.parametrize(
    ("x_type", "w_type", "y_type"),
    [
        ("float32", "float64", "float64"),
        ("float16", "float32", "float32"),
        ("int8", "float32", "float32"),
        ("int64", "float64", "float64"),
        ("bool", "float16", "float16"),
        ("bool", "int8", "int64"),
        ("bool", "bool", "int64"),
        (">f4", "<f4", "float32"),
    ],
)
def test_two_dtypes_meet(x_type, w_type, y_type):
    y = F23.convolve(np.ones(6, dtype=x_type), np.ones(3, dtype=w_type))
    assert y.dtype == np.dtype(y_type)
    assert y.tolist() == [3, 3, 3, 3]


def test_algebraic_matrices_on_floats():
    made = winograd(2, 3, points="0,sqrt(2),-sqrt(2)")
    x, w = np.arange(8.0) ** 2, np.array([1.0, -2.0, 0.5])
    np.testing.assert_allclose(made.convolve(x, w), np.correlate(x, w, mode="valid"), rtol=1e-13, atol=1e-13)


def test_plain_arrays_and_batches_agree():
    random = np.random.default_rng(7)
    for algorithm, d in ((F23, 1), (SQUARE, 2), (parse("F(2x2x2,3x3x3)", points="0,1,-1"), 3)):
        x, w = random.integers(-9, 9, (7,) * d), random.integers(-9, 9, (3,) * d)
        plain = algorithm.convolve(x, w, padding=1)
        assert plain.shape == (7,) * d
        np.testing.assert_array_equal(plain, algorithm.convolve(x[None, None], w[None, None], padding=1)[0, 0])
        np.testing.assert_array_equal(plain, scipy.signal.correlate(x, w, mode="same", method="direct"))


def test_lists_are_arrays():
    assert F23.convolve([1, 2, 3, 4], [1, 0, -1]).tolist() == [-2, -2]
    assert F23.convolve([1.0, 2.0, 3.0, 4.0], [0.5, 0, 0]).tolist() == [0.5, 1.0]


@pytest.mark.parametrize("size", range(1, 12))
def test_images_smaller_and_larger_than_a_tile(size):
    algorithm = parse("F(4x4,3x3)", points="0,1,-1,2,-2")
    random = np.random.default_rng(size)
    x, w = random.integers(-9, 9, (2, 3, size, 11)), random.integers(-9, 9, (2, 3, 3, 3))
    y = algorithm.convolve(x, w, padding=(1, 2))
    assert y.shape == (2, 2, size, 13)
    wanted = correlate(padded(x, (1, 2)).astype(object), w.astype(object))
    assert y.tolist() == wanted.tolist()


def test_the_caller_keeps_its_arrays():
    for dtype in ("int64", "float64", object):
        x, w = np.arange(6).astype(dtype), np.arange(3).astype(dtype)
        x.flags.writeable = w.flags.writeable = False
        F23.convolve(x, w, padding=1)
        assert x.tolist() == list(range(6))


def test_views_and_orders():
    x = np.asfortranarray(np.arange(200.0).reshape(10, 20))[::-2, ::3]
    w = np.arange(9.0).reshape(3, 3).T
    np.testing.assert_array_equal(SQUARE.convolve(x, w), scipy.signal.correlate(x, w, mode="valid", method="direct"))


@pytest.mark.parametrize(
    ("data", "filters", "mentions"),
    [
        (np.ones((1, 2, 9)), np.ones((1, 3, 3)), ["(1, 3, 3)", "(1, 2, 3)"]),
        (np.ones((1, 1, 9)), np.ones((1, 1, 4)), ["(1, 1, 4)", "(1, 1, 3)"]),
        (np.ones(9), np.ones(2), ["(2,)", "(3,)"]),
        (np.ones((9, 9)), np.ones((3, 3)), ["(9, 9), (3, 3)"]),
        (np.ones((1, 1, 9)), np.ones(3), ["(1, 1, 9), (3,)"]),
        (np.ones(9), np.ones((1, 1, 3)), ["(9,), (1, 1, 3)"]),
        (np.ones((1, 9)), np.ones((1, 3)), ["(1, 9)"]),
        (np.ones(2), np.ones(3), ["(2,)", "(3,)"]),
        (np.ones((1, 1, 1)), np.ones((1, 1, 3)), ["(1, 1, 1)"]),
        (np.ones(0), np.ones(3), ["(0,)"]),
        (np.ones((0, 1, 9)), np.ones((1, 1, 3)), ["(0, 1, 9)", "no empty axis"]),
        (np.ones((1, 0, 9)), np.ones((1, 0, 3)), ["(1, 0, 9)", "no empty axis"]),
        (np.ones((1, 1, 9)), np.ones((0, 1, 3)), ["(0, 1, 3)", "no empty axis"]),
        (1, 1, ["()"]),
        (None, None, ["()"]),
        (b"abcdef", [1, 2, 3], ["()"]),
    ],
)
def test_shapes_that_do_not_fit(data, filters, mentions):
    with refused(BadShape, *mentions):
        F23.convolve(data, filters)


@pytest.mark.parametrize("padding", [-1, (-1,), 1.5, "1", None, (1, 2), (), [0, 0], np.array([1]), (1.0,)])
def test_paddings_that_are_none(padding):
    with refused(BadShape, "padding", "one number >= 0"):
        F23.convolve(np.ones(9), np.ones(3), padding)


def test_one_padding_per_axis():
    x, w = np.ones((5, 5)), np.ones((3, 3))
    assert SQUARE.convolve(x, w, padding=(0, 2)).shape == (3, 7)
    assert SQUARE.convolve(x, w, padding=2).shape == (7, 7)
    assert SQUARE.convolve(x, w, padding=[np.int64(0), np.uint8(2)]).shape == (3, 7)
    with refused(BadShape, "2 of them"):
        SQUARE.convolve(x, w, padding=(1,))


@pytest.mark.parametrize(
    ("data", "filters"),
    [
        (np.array([1, np.nan, 3, 4]), np.ones(3)),
        (np.array([1, np.inf, 3, 4], dtype=np.float16), np.ones(3)),
        (np.ones(5), np.array([1, -np.inf, 1])),
        (np.arange(5), np.array([1, np.nan, 1])),
        (np.array([1, float("nan"), 3, 4], dtype=object), [1, 2, 3]),
        (np.array([1, float("inf"), 3, 4], dtype=object), [1, 2, 3]),
        (np.array([1, None, 3, 4], dtype=object), [1, 2, 3]),
        (np.array([1, "2", 3, 4], dtype=object), [1, 2, 3]),
        (np.array([1, 2j, 3, 4], dtype=object), [1, 2, 3]),
        (np.array([1, [2], 3, 4], dtype=object), [1, 2, 3]),
        (np.array([1, None, 3, 4], dtype=object), np.ones(3)),
        (np.ones(5, dtype=np.complex64), np.ones(3)),
        (np.ones(5), np.ones(3) * 1j),
        (np.array(list("12345")), np.ones(3)),
        (["1", "2", "3", "4"], ["1", "2", "3"]),
        (np.array([b"1"] * 5), np.array([1, 2, 3])),
        (np.ones(5, dtype=np.longdouble), np.ones(3)),
        (np.array(["2020", "2021", "2022"], dtype="M8[Y]"), np.ones(3)),
        (np.array(["2020", "2021", "2022"], dtype="M8[Y]"), np.ones(3, dtype=int)),
        (np.array([1, 2, 3], dtype="m8[s]"), np.array([1, 2, 3])),
        (np.zeros(4, dtype=[("a", "i4")]), np.ones(3)),
    ],
)
def test_numbers_that_are_none(data, filters):
    with pytest.raises((BadValue, WrongType)):
        F23.convolve(data, filters)


def test_rows_of_different_lengths():
    with refused(BadShape):
        SQUARE.convolve([[1, 2, 3], [4, 5], [6, 7, 8]], np.ones((3, 3)))


def test_the_linear_form_does_not_convolve():
    with refused(WrongForm, "linear", "transpose()"):
        F23.transpose().convolve(np.ones(5), np.ones(3))
    with refused(WrongForm, "linear", "transpose()"):
        SQUARE.transpose().convolve(np.ones((5, 5)), np.ones((3, 3)))


@pytest.mark.parametrize("dtype", ["int8", "int64", object])
def test_algebraic_matrices_have_no_exact_result(dtype):
    made = winograd(2, 3, points="0,sqrt(2),-sqrt(2)")
    with refused(NotApplicable, "QQ<sqrt(2)>", "pass floats"):
        made.convolve(np.ones(5).astype(dtype), np.ones(3).astype(dtype))
    with refused(NotApplicable):
        nest(F23, made).convolve(np.ones((5, 5), dtype=int), np.ones((3, 3), dtype=int))


def test_a_scale_of_its_own_is_divided_out():
    made = F23.rescale(g=[Rational(-7, 3)] * 4)
    x, w = np.arange(6), np.array([1, 2, 3])
    assert made.convolve(x, w).tolist() == np.correlate(x, w, mode="valid").tolist()
    np.testing.assert_allclose(made.convolve(x * 1.0, w * 1.0), np.correlate(x, w, mode="valid"), rtol=1e-14)
