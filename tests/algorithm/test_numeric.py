# SPDX-License-Identifier: Apache-2.0
"""Matrices as arrays: every entry is the nearest representable number, ties to even, checked against its neighbours."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from oracle_messages import refused
from oracle_strategies import pointed_sizes
from sympy import Matrix

from wincraft import winograd
from wincraft.errors import BadValue, NotApplicable
from wincraft.numbers.arrays import round_to_dtype

DTYPES = ["float16", "float32", "float64"]
BITS = {"float16": np.uint16, "float32": np.uint32, "float64": np.uint64}
F23 = winograd(2, 3, points="0,1,-1")


def after(number, direction):
    """The next number of the same format, infinity after the largest."""
    with np.errstate(over="ignore", under="ignore"):
        return np.nextafter(number, number.dtype.type(direction))


def is_the_nearest(value, rounded):
    """No neighbour of `rounded` is nearer to the Fraction `value`, an equally near one only where `rounded` is even."""
    dtype = rounded.dtype
    largest = np.finfo(dtype).max
    step = Fraction(float(largest)) - Fraction(float(np.nextafter(largest, dtype.type(0))))
    if np.isinf(rounded):
        return abs(value) >= Fraction(float(largest)) + step / 2 and (rounded > 0) == (value > 0)
    error = abs(Fraction(float(rounded)) - value)
    even = int(rounded.view(BITS[dtype.name])) % 2 == 0
    for direction in (-np.inf, np.inf):
        neighbour = after(rounded, direction)
        beyond = Fraction(float(rounded)) + (step if direction > 0 else -step)
        position = beyond if np.isinf(neighbour) else Fraction(float(neighbour))
        distance = abs(position - value)
        if distance < error or (distance == error and not even):
            return False
    return True


@st.composite
def hard_fractions(draw, dtype):
    """Fractions at, just above and just below numbers of a format and the midpoints between them."""
    width = {"float16": 16, "float32": 32, "float64": 64}[dtype]
    low = draw(st.floats(width=width, allow_nan=False, allow_infinity=False))
    high = float(after(np.dtype(dtype).type(low), np.inf))
    if np.isinf(high):
        low, high = 0.0, float(np.finfo(dtype).smallest_subnormal)
    between = Fraction(low) + (Fraction(high) - Fraction(low)) * draw(
        st.sampled_from([Fraction(0), Fraction(1, 2), Fraction(1, 2), Fraction(1, 4), Fraction(2, 3)])
    )
    nudge = draw(st.sampled_from([0, 0, 1, -1])) * Fraction(1, 2 ** draw(st.integers(30, 1200)))
    return between + nudge * (Fraction(high) - Fraction(low))


@pytest.mark.parametrize("dtype", DTYPES)
@given(st.data())
@settings(max_examples=150)
def test_rounding_to_the_nearest(dtype, data):
    value = data.draw(hard_fractions(dtype))
    rounded = round_to_dtype(value, np.dtype(dtype))
    assert rounded.dtype == dtype
    assert is_the_nearest(value, rounded)


@pytest.mark.parametrize("dtype", DTYPES)
@given(st.fractions())
@example(Fraction(0))
@example(Fraction(1, 3))
@example(Fraction(10) ** 400)
@example(-(Fraction(10) ** 400))
@example(Fraction(1, 10**400))
@example(Fraction(65519))
@example(Fraction(65520))
@example(Fraction(-65520))
@example(Fraction(2) ** 128 - Fraction(2) ** 103)
@example(Fraction(2) ** 128 - Fraction(2) ** 103 - 1)
@example(Fraction(2) ** 1024 - Fraction(2) ** 970)
@example(Fraction(2) ** 1024 - Fraction(2) ** 970 - 1)
@example(Fraction(1, 2**25))
@example(Fraction(1, 2**25) + Fraction(1, 2**200))
@example(Fraction(3, 2**25))
@example(Fraction(1, 2**150))
@example(Fraction(1, 2**1075))
@example(1 + Fraction(1, 2**11) + Fraction(1, 2**60))
@example(1 + Fraction(1, 2**24) + Fraction(1, 2**60))
@example(1 + Fraction(1, 2**24) - Fraction(1, 2**60))
def test_rounding_any_fraction(dtype, value):
    assert is_the_nearest(value, round_to_dtype(value, np.dtype(dtype)))


@pytest.mark.parametrize("dtype", DTYPES)
@given(pointed_sizes(max_m=6, max_r=4))
@settings(max_examples=15)
def test_every_entry_is_rounded_once(dtype, case):
    made = winograd(case[0], case[1], points=case[2])
    for array, matrix in zip(made.to_numpy(dtype), (made.AT, made.G, made.BT), strict=True):
        assert (array.dtype, array.shape) == (dtype, matrix.shape)
        for rounded, exact in zip(array.flat, list(matrix), strict=True):
            assert is_the_nearest(Fraction(int(exact.p), int(exact.q)), rounded)


@pytest.mark.parametrize("dtype", DTYPES)
def test_algebraic_entries_are_rounded_once(dtype):
    made = winograd(4, 3, points="0,sqrt(2)/2,-sqrt(2)/2,sqrt(3),-sqrt(3)")
    for array, matrix in zip(made.to_numpy(dtype), (made.AT, made.G, made.BT), strict=True):
        for rounded, exact in zip(array.flat, list(matrix), strict=True):
            with mpmath.workdps(120):
                sign, mantissa, exponent, _ = mpmath.mpf(exact.evalf(120))._mpf_
            value = (-1) ** sign * Fraction(int(mantissa)) * Fraction(2) ** exponent
            assert is_the_nearest(value, rounded)


def test_the_default_is_float64():
    assert [array.dtype for array in F23.to_numpy()] == [np.float64] * 3
    assert F23.to_numpy()[1][1].tolist() == [0.5, 0.5, 0.5]


@given(pointed_sizes(max_m=4, max_r=4))
def test_object_keeps_fractions(case):
    made = winograd(case[0], case[1], points=case[2])
    for array, matrix in zip(made.to_numpy(object), (made.AT, made.G, made.BT), strict=True):
        assert array.dtype == object
        assert all(type(value) is Fraction for value in array.flat)
        assert Matrix(array.tolist()) == matrix


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "int64", int])
def test_integers(dtype):
    made = winograd(4, 3, points="0,1,-1,2,-2", convention="integer")
    AT, G, BT = made.to_numpy(dtype)
    assert {AT.dtype, G.dtype, BT.dtype} == {np.dtype(dtype)}
    assert (Matrix(AT.tolist()), Matrix(G.tolist()), Matrix(BT.tolist())) == (made.AT, made.G, made.BT)


@pytest.mark.parametrize(
    ("algorithm", "dtype", "mentions"),
    [
        (F23, "int8", ["int8", "entry 1/2", "convention 'integer'"]),
        (F23, "uint8", ["uint8", "entry -1"]),
        (winograd(2, 3, points="0,1,-1", convention="integer"), "uint32", ["uint32", "entry -1"]),
        (winograd(6, 3, points="0,1,-1,2,-2,3,-3", convention="integer"), "int8", ["int8", "does not fit"]),
        (winograd(2, 3, points="0,sqrt(2),-sqrt(2)"), "int64", ["int64", "does not fit"]),
        (F23, "complex64", ["complex64", "float64, float32, float16"]),
        (F23, "bool", ["bool"]),
        (F23, "longdouble", ["float"]),
        (F23, "datetime64[s]", ["datetime64[s]"]),
        (F23, "U5", ["U5"]),
        (F23, "bfloat16", ["bfloat16", "float64, float32, float16"]),
        (F23, "float8_e4m3fn", ["float8_e4m3fn"]),
        (F23, 5, ["5"]),
    ],
)
def test_dtypes_that_do_not_hold_the_entries(algorithm, dtype, mentions):
    with refused(BadValue if algorithm is F23 and dtype not in ("int8", "uint8") else NotApplicable, *mentions):
        algorithm.to_numpy(dtype)


def test_no_negative_zero():
    for array in winograd(6, 3, points="0,1,-1,2,-2,1/2,-1/2").to_numpy("float32"):
        assert not np.signbit(array[array == 0]).any()
