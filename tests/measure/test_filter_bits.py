# SPDX-License-Identifier: Apache-2.0
"""Exact integers by the width of the filters: against the arithmetic itself, and against what ncnn's words hold."""

from __future__ import annotations

import numpy as np
import pytest
from oracle_messages import refused

from wincraft import nest, parse, winograd
from wincraft.errors import BadValue, NotApplicable
from wincraft.exact import to_numbers
from wincraft.measure import filter_bits, word_bounds
from wincraft.measure.exact_words import has_integers
from wincraft.numbers import Box

CLASSIC = "0,1,-1,2,-2"


def of_2019():
    """F(4x4,3x3) as ncnn's int8 kernels had it: G times 24 on every axis, its last row 0, 0, 24."""
    return parse("F(4x4,3x3)", points=CLASSIC, convention="integer")


def of_today():
    """As they have it now: the last row of G is 0, 0, 6, and what it lacks stands in the last column of A^T."""
    axis = winograd(4, 3, points=CLASSIC, convention="integer")
    return nest(*[axis.rescale(a=[1, 1, 1, 1, 1, 4], g=["1", "1", "1", "1", "1", "1/4"])] * 2)


MADE = {
    "ncnn 2019": of_2019,
    "ncnn today": of_today,
    "smallest": lambda: parse("F(4x4,3x3)", points=CLASSIC),
    "int8-exact": lambda: parse("F(4x4,3x3)", points="int8-exact"),
    "quadratic": lambda: parse("F(4x4,3x3)", moduli="0,1,-1,x^2+1,inf", nested=True),
    "whole tiles": lambda: parse("F(4x4,3x3)", moduli="0,1,-1,x^2+1,inf"),
    "beside": lambda: winograd("4+3x4+3,3x3", points="int8-exact"),
    "F(2x2,3x3)": lambda: parse("F(2x2,3x3)"),
}


def whole(bounds):
    """A^T, G and B^T of the whole tile as integers."""
    made = bounds.algorithm
    dense = [item.dense for item in (made.output, made.filter, made.input)]
    return [np.array([[int(x) for x in row] for row in to_numbers(item)], dtype=object) for item in dense]


def bits_of(low, high):
    return next(b for b in range(1, 200) if -(2 ** (b - 1)) <= low and high < 2 ** (b - 1))


def span(rows, low, high):
    """The least and the largest value of linear forms in a box, by their signs."""
    up, down = np.where(rows > 0, rows, 0).sum(1), np.where(rows < 0, rows, 0).sum(1)
    return (up * low + down * high).min(), (up * high + down * low).max()


@pytest.mark.parametrize("name", MADE)
def test_the_bits_are_those_of_the_widest_rows(name):
    (found,) = filter_bits([MADE[name]()]).algorithms
    for width, bounds in zip(found.widths, found.bounds, strict=True):
        _, G, BT = whole(bounds)
        assert bounds.bits("U") == bits_of(*span(BT, -128, 127))
        assert bounds.bits("V") == bits_of(*span(G, -(2 ** (width - 1)), 2 ** (width - 1) - 1))
        assert bounds.fits == (max(bounds.bits("U"), bounds.bits("V")) <= 16)


def test_why_ncnn_took_six_bits():
    old, new = filter_bits([of_2019(), of_today()]).algorithms
    assert (old.widest, new.widest) == (6, 8)
    assert old.as_given
    assert new.as_given
    _, G, _ = whole(old.bounds[0])
    corner = np.zeros(9, dtype=object)
    corner[-1] = -(2**6)  # the least int7, at g[2][2]
    assert min(G @ corner) == -(24**2) * 2**6 < -(2**15)
    assert min(G @ (corner // 2)) == -(24**2) * 2**5 >= -(2**15)
    for others in ("int8-exact", "quadratic", "whole tiles", "beside", "F(2x2,3x3)", "smallest"):
        (found,) = filter_bits([MADE[others]()]).algorithms
        assert found.widest == 8
        assert not found.as_given


def wrapped(values):
    return (values + 2**31) % 2**32 - 2**31


@pytest.mark.parametrize("name", ["ncnn today", "smallest", "int8-exact", "quadratic", "F(2x2,3x3)"])
@pytest.mark.parametrize("width", [6, 8])
def test_channels_are_attained_and_one_more_overflows(name, width):
    (found,) = filter_bits([MADE[name]()], [width]).algorithms
    (bounds,) = found.bounds
    AT, G, BT = whole(bounds)
    m, n = int(len(AT) ** 0.5), int(BT.shape[1] ** 0.5)
    d, g = np.full(n * n, -128, dtype=object), np.full(9, -(2 ** (width - 1)), dtype=object)
    y = 9 * 128 * 2 ** (width - 1)
    sums = wrapped(AT @ ((G @ g) * (BT @ d)))
    assert list(sums) == [wrapped(bounds.scale * y)] * m * m
    for channels, exact in ((bounds.divided_channels, True), (bounds.divided_channels + 1, False)):
        total = wrapped(channels * sums)
        assert all(total == bounds.scale * channels * y) == exact
    for channels, exact in ((bounds.channels, True), (bounds.channels + 1, False)):
        total = wrapped(wrapped(channels * sums) * bounds.inverse)
        assert all(total >> bounds.shift == channels * y) == exact
    assert bounds.plain_channels <= bounds.divided_channels <= bounds.channels
    assert bounds.plain_channels * max(abs(bounds.M.low), bounds.M.high) <= 2**31


def test_random_channels_by_division_are_exact():
    (found,) = filter_bits([of_today()], [6]).algorithms
    (bounds,) = found.bounds
    assert bounds.divided_channels == 101
    rng = np.random.default_rng(0)
    AT, G, BT = (item.astype(np.int64) for item in whole(bounds))
    d = rng.choice([-128, 127], (bounds.divided_channels, 36))
    g = rng.choice([-32, 31], (bounds.divided_channels, 9))
    products = ((d @ BT.T) * (g @ G.T)).sum(0)
    tiles, taps = d.reshape(-1, 6, 6), g.reshape(-1, 3, 3)
    direct = sum(tiles[:, i : i + 4, j : j + 4] * taps[:, i, j, None, None] for i in range(3) for j in range(3)).sum(0)
    total = wrapped(AT @ wrapped(products))
    assert np.array_equal(total.reshape(4, 4), 576 * direct)


def test_given_matrices_have_to_be_integer():
    made = winograd(4, 3, points=CLASSIC)
    assert not has_integers(made)
    with refused(NotApplicable, "words of the matrices as given: they are not integer"):
        word_bounds(made, as_given=True)
    negative = winograd(2, 3, convention="integer").rescale(a=[-1] * 4)
    assert not has_integers(negative)
    assert filter_bits([negative]).algorithms[0].bounds[0].scale == 2


def test_widths_are_sorted_and_bad_ones_refused():
    made = winograd(2, 3)
    assert filter_bits([made], [8, 4, 8]).algorithms[0].widths == (4, 8)
    assert filter_bits([made], [40]).algorithms[0].widest is None
    for widths in ([], [0], [129]):
        with pytest.raises(BadValue):
            filter_bits([made], widths)
    with refused(BadValue, "the algorithms is none"):
        filter_bits([])
    with pytest.raises(NotApplicable):
        filter_bits([winograd(4, 3, points="0,1,-1,sqrt(2),-sqrt(2)")])


def test_data_word_and_accumulator_count():
    (found,) = filter_bits([parse("F(2x2,3x3)")], [8], Box.unsigned(8), word=11, accumulator=24).algorithms
    (bounds,) = found.bounds
    assert (bounds.bits("U"), bounds.bits("V"), bounds.fits) == (11, 12, False)
    assert bounds.plain_channels == bounds.divided_channels == bounds.channels == 0
    shown = repr(filter_bits([parse("F(2x2,3x3)")], [8], Box.unsigned(8), 11, 24))
    assert shown.startswith("uint8 data in int11 U and V, int24 sums")
