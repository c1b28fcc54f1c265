# SPDX-License-Identifier: Apache-2.0
"""The simplest fraction of an interval is the one that counting through the denominators finds first."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wincraft.exact import simplest_fraction
from wincraft.exact.fraction import meet, most, quotient, simplest_fraction_near

numbers = st.fractions(min_value=-9, max_value=9, max_denominator=40)


def counted(low, high):
    """The least denominator with a numerator in range, then the numerator nearest 0."""
    denominator = next(q for q in range(1, 2000) if ceil(low * q) <= floor(high * q))
    return Fraction(min(range(ceil(low * denominator), floor(high * denominator) + 1), key=abs), denominator)


@given(numbers, numbers)
def test_it_is_found_by_counting(a, b):
    low, high = sorted((a, b))
    assert simplest_fraction(low, high) == counted(low, high)


@pytest.mark.parametrize(
    ("low", "high", "simplest"),
    [
        ("3/2", "2", "2"),
        ("2", "5/2", "2"),
        ("-2", "-3/2", "-2"),
        ("0", "1/9", "0"),
        ("-1/3", "1/7", "0"),
        ("7/5", "7/5", "7/5"),
    ],
)
def test_the_ends_belong_to_the_interval(low, high, simplest):
    assert simplest_fraction(Fraction(low), Fraction(high)) == Fraction(simplest)


def test_near_is_relative():
    assert simplest_fraction_near(Fraction("0.16667"), Fraction(1, 10**4)) == Fraction(1, 6)
    assert simplest_fraction_near(Fraction("-3.1416"), Fraction(1, 1000)) == Fraction(-22, 7)


@given(st.lists(st.tuples(numbers, numbers).map(lambda pair: tuple(sorted(pair))), min_size=1, max_size=5))
def test_most_is_the_largest_number_of_intervals_with_a_common_point(intervals):
    count, common = most(intervals)
    assert count == max(sum(low <= point <= high for low, high in intervals) for point, _ in intervals)
    assert sum(low <= common[0] and common[1] <= high for low, high in intervals) == count
    assert (meet(intervals) is not None) == (count == len(intervals))


@given(numbers, numbers, numbers.filter(lambda x: x > 0), numbers.filter(lambda x: x > 0))
def test_quotients_are_enclosed(a, b, c, d):
    low, high = quotient((min(a, b), max(a, b)), (min(c, d), max(c, d)))
    assert all(low <= x / y <= high for x in (a, b) for y in (c, d))
