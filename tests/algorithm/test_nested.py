# SPDX-License-Identifier: Apache-2.0
"""Nested algorithms against direct 2-D and 3-D convolution, exactly."""

from __future__ import annotations

import pickle
from fractions import Fraction
from math import prod

import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle_convolution import correlate_tile, fidelity, plain
from oracle_messages import refused
from sympy import Matrix, Rational, kronecker_product, sqrt

from wincraft import nest, parse, winograd
from wincraft.algorithm import Algorithm
from wincraft.errors import BadNumber, BadShape, FloatGiven

AXES = [
    winograd(1, 1),
    winograd(1, 2),
    winograd(2, 1),
    winograd(2, 2, points="0,1/2"),
    winograd(2, 3, points="0,1,-1", convention="integer"),
    winograd(3, 2, points="inf,0,1,-1"),
    winograd(2, 2, moduli="0,x^2+1"),
    winograd(2, 2, points="0,sqrt(2)"),
]
RATIONAL = AXES[:-1]


def drawn(data, shape):
    values = data.draw(st.lists(st.fractions(-9, 9, max_denominator=4), min_size=prod(shape), max_size=prod(shape)))
    return np.array(values, dtype=object).reshape(shape)


@pytest.mark.slow
@given(st.lists(st.sampled_from(RATIONAL), min_size=1, max_size=3), st.data())
def test_one_tile_in_one_two_and_three_dimensions(axes, data):
    nested = nest(*axes)
    tile, taps = drawn(data, nested.n), drawn(data, nested.r)
    result = np.array(nested.apply(tile.tolist(), taps.tolist()), dtype=object)
    assert result.shape == nested.m
    assert [plain(value) for value in result.flat] == list(correlate_tile(tile, taps).flat)


@settings(max_examples=15)
@given(st.lists(st.sampled_from(RATIONAL), min_size=2, max_size=3), st.integers(0, 2**32 - 1))
def test_the_linear_form_is_full_convolution(axes, seed):
    nested = nest(*axes).transpose()
    random = np.random.default_rng(seed)
    tile, taps = random.integers(-9, 9, nested.m), random.integers(-9, 9, nested.r)
    result = np.array(nested.apply(tile.tolist(), taps.tolist()), dtype=float)
    assert result.shape == nested.n
    np.testing.assert_array_equal(result, scipy.signal.convolve(tile, taps, mode="full", method="direct"))


def test_algebraic_axes_mixed_with_rational_ones():
    nested = nest(AXES[-1], winograd(1, 2, points="sqrt(3)"))
    tile, taps = [[1, 2], [3, 4], [Fraction(1, 2), -6]], [[1, -1], [2, 3]]
    assert nested.apply(tile, taps) == correlate_tile(tile, taps).tolist()
    result = nested.apply([[sqrt(2), 0], [0, 1], [0, 0]], [[1, 0], [0, 1]])
    assert [[value.expand() for value in row] for row in result] == [[1 + sqrt(2)], [0]]


@given(st.sampled_from(RATIONAL), st.sampled_from(RATIONAL))
def test_nesting_is_the_kronecker_product(first, second):
    nested = nest(first, second)
    dense = [kronecker_product(getattr(first, name), getattr(second, name)) for name in ("AT", "G", "BT")]
    tile, taps = Matrix(range(1, dense[2].cols + 1)), Matrix(range(5, dense[1].cols + 5))
    flat = dense[0] * Matrix([u * v for u, v in zip(dense[1] * taps, dense[2] * tile, strict=True)]) / nested.scale
    shaped = lambda values, shape: np.array(list(values), dtype=object).reshape(shape).tolist()  # noqa: E731
    assert nested.apply(shaped(tile, nested.n), shaped(taps, nested.r)) == shaped(flat, nested.m)


def test_sizes_rank_scale_and_noise_gain_are_products():
    nested = parse("F(2x4x1,3x3x2)", convention="integer")
    assert (nested.m, nested.r, nested.n) == ((2, 4, 1), (3, 3, 2), (4, 6, 2))
    assert nested.rank == 4 * 6 * 2
    assert nested.scale == prod(axis.scale for axis in nested.factors)
    assert nested.noise_gain() == prod(Rational(fidelity(axis)) for axis in nested.factors)
    assert nested.size == "F(2x4x1,3x3x2)"
    assert nested.form == "correlation"


def test_the_usual_2d_noise_gain():
    assert parse("F(2x2,3x3)", points="0,1,-1").noise_gain() == Rational(25, 9)


def test_verify_and_repr():
    nested = parse("F(2x2,3x3)", points="0,1,-1")
    assert nested.verify() == (
        "F(2x2,3x3) proved: 16 products, scale 1; F(2,3) proved: 24 exact identities, 4 products, scale 1"
    )
    assert repr(nested) == "F(2x2,3x3), rank 16 = 4*4, scale 1, proved"


def test_equality_hash_and_pickle():
    one, two = (nest(winograd(2, 3), winograd(4, 3)) for _ in range(2))
    assert (one, hash(one), one.sha256) == (two, hash(two), two.sha256)
    turned = nest(*one.factors[::-1])
    assert turned != one
    assert turned.sha256 != one.sha256
    assert one.transpose() != one
    assert one.transpose().transpose() == one
    assert pickle.loads(pickle.dumps(one)) == one


def test_a_single_axis_is_the_algorithm():
    nested = nest(winograd(2, 3))
    assert nested.apply([1, 2, 3, 4], [1, 1, 1]) == winograd(2, 3).apply([1, 2, 3, 4], [1, 1, 1]) == [6, 9]


def test_an_algorithm_is_its_own_axis():
    made = winograd(2, 3)
    assert made.factors == (made,)
    assert isinstance(made.factors[0], Algorithm)


@pytest.mark.parametrize(
    ("kind", "data", "taps"),
    [
        (BadShape, [[1, 2], [3, 4]], [[1]]),
        (BadShape, [[1, 2], [3]], [[1, 0], [0, 1]]),
        (BadShape, [1, 2], [[1, 0], [0, 1]]),
        (BadShape, ["12", "34"], [[1, 0], [0, 1]]),
        (BadShape, None, [[1, 0], [0, 1]]),
        (BadNumber, [[1, "y"], [3, 4]], [[1, 0], [0, 1]]),
        (BadNumber, [[1, [2]], [3, 4]], [[1, 0], [0, 1]]),
        (FloatGiven, [[1, 2.5], [3, 4]], [[1, 0], [0, 1]]),
    ],
)
def test_tiles_that_are_none(kind, data, taps):
    with refused(kind):
        parse("F(1x1,2x2)").apply(data, taps)


def test_axes_of_one_form_and_at_least_one():
    with refused(BadShape, "at least one axis"):
        nest()
    with refused(BadShape, "correlation", "linear", "one form for all"):
        nest(winograd(2, 3), winograd(2, 3).transpose())
