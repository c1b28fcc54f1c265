# SPDX-License-Identifier: Apache-2.0
"""Sizes as text and as numbers, and the front door's arguments."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle_messages import refused

from wincraft import parse, winograd
from wincraft.construct import MAX_AXES, MAX_TILE, check_size, parse_size
from wincraft.errors import BadSize, BadValue


@pytest.mark.parametrize(
    ("text", "axes"),
    [
        ("F(4,3)", [(4, 3)]),
        ("f(4,3)", [(4, 3)]),
        ("4,3", [(4, 3)]),
        ("  F( 4 , 3 )  ", [(4, 3)]),
        ("F(4x4,3x3)", [(4, 3), (4, 3)]),
        ("4X4,3X3", [(4, 3), (4, 3)]),
        ("F(4×4,3×3)", [(4, 3), (4, 3)]),
        ("F(2x4,3x5)", [(2, 3), (4, 5)]),
        ("2 x 4, 3 x 5", [(2, 3), (4, 5)]),
        ("1x2x3x4,4x3x2x1", [(1, 4), (2, 3), (3, 2), (4, 1)]),
        ("F(1,1)", [(1, 1)]),
        (f"F({MAX_TILE},1)", [(MAX_TILE, 1)]),
    ],
)
def test_sizes_as_people_write_them(text, axes):
    assert parse_size(text) == tuple(axes)


@given(st.lists(st.tuples(st.integers(1, 99), st.integers(1, 99)), min_size=1, max_size=MAX_AXES))
def test_text_of_a_size_is_read_back(axes):
    m, r = ("x".join(map(str, side)) for side in zip(*axes, strict=True))
    assert parse_size(f"F({m},{r})") == parse_size(f"{m},{r}") == tuple(axes)


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_the_size_of_an_algorithm_is_read_back(axes):
    text = f"F({'x'.join('234'[:axes])},{'x'.join('321'[:axes])})"
    assert parse(text).size == text


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "F", "F()", "F(,)", "F(4)", "F(4,)", "F(,3)", "F(4,3", "F 4,3)", "(4,3)", "F(4,3,2)", "F(4;3)",
        "F(4.5,3)", "F(4,three)", "F(4x,3x)", "F(x4,x3)", "F(4xx4,3x3)", "F(4,3)x", "F(F(4,3),3)", "F(1e1,3)",
        "G(4,3)", "F(9999999999,3)", "F(4,3" + ")" * 500, "F(4\n,3\nx)", "F(½,3)", "4 3", "F(--4,3)", "nonsense\n",
    ],
)  # fmt: skip
def test_what_is_no_size(text):
    with refused(BadSize, 'write it as "F(4,3)"'):
        parse_size(text)


@pytest.mark.parametrize(
    ("text", "mentions"),
    [
        ("F(0,3)", ["F(0,3)", "at least 1"]),
        ("F(4,0)", ["F(4,0)", "at least 1"]),
        ("F(-4,3)", ["F(-4,3)", "at least 1"]),
        ("F(4x0,3x3)", ["F(0,3)", "at least 1"]),
        ("F(4x4,3)", ["F(4x4,3)", "2 and 1 axes differ"]),
        ("F(4,3x3)", ["F(4,3x3)", "1 and 2 axes differ"]),
        (f"F({MAX_TILE},2)", [f"F({MAX_TILE},2)", str(MAX_TILE + 1), f"limit {MAX_TILE}", "split"]),
        ("F(999999999,3)", ["F(999999999,3)", f"limit {MAX_TILE}"]),
        (f"F({'x'.join('2' * 5)},{'x'.join('3' * 5)})", [f"at most {MAX_AXES} axes"]),
    ],
)
def test_sizes_out_of_range(text, mentions):
    with refused(BadSize, *mentions):
        parse_size(text)


def test_a_very_long_size_makes_a_short_message():
    with refused(BadSize):
        parse_size("x".join("2" * 5000) + ",3")


@pytest.mark.parametrize("value", [None, 4, (4, 3), b"F(4,3)", ["F(4,3)"]])
def test_a_size_that_is_no_text(value):
    with refused(BadSize):
        parse(value)


@pytest.mark.parametrize(
    "value",
    [0, -1, -(10**30), 2.0, 2.5, "2", None, True, False, Fraction(2), 2j, float("nan"), float("inf"), [2], "a\nb"],
)
def test_m_and_r_are_integers_of_at_least_1(value):
    with refused(BadSize, "F("):
        winograd(value, 3)
    with refused(BadSize, "F("):
        winograd(3, value)


@pytest.mark.parametrize(("m", "r"), [(MAX_TILE + 1, 1), (1, MAX_TILE + 1), (MAX_TILE, 2), (10**9, 10**9)])
def test_beyond_the_limit(m, r):
    with refused(BadSize, f"limit {MAX_TILE}"):
        winograd(m, r)
    check_size(MAX_TILE, 1)


@pytest.mark.parametrize("m", [10**5000, -(10**5000)], ids=["positive", "negative"])
def test_a_size_of_thousands_of_digits(m):
    with refused(BadSize):
        winograd(m, 3)
    with refused(BadSize):
        winograd(3, m)


def test_points_and_moduli_exclude_each_other():
    with refused(BadValue, "both points and moduli", "give one"):
        winograd(2, 3, points="0,1,-1", moduli="0,1,-1")


def test_parse_makes_one_axis_or_several():
    assert parse("F(2,3)", points="0,1,-1") == winograd(2, 3, points="0,1,-1")
    square = parse("F(2x2,3x3)", points="0,1,-1", convention="lavin")
    assert len(square.factors) == 2
    assert square.factors == (winograd(2, 3, points="0,1,-1", convention="lavin"),) * 2


def test_parse_takes_points_per_axis():
    made = parse("F(2x4,3x3)", points="0,1,-1; 0,1,-1,2,-2")
    assert made.factors == (winograd(2, 3, points="0,1,-1"), winograd(4, 3, points="0,1,-1,2,-2"))
    made = parse("F(2x2,3x3)", moduli="0,1,-1;0,x^2+1,inf")
    assert made.factors == (winograd(2, 3, points="0,1,-1"), winograd(2, 3, moduli="0,x^2+1,inf"))


def test_as_many_lists_of_points_as_axes():
    with refused(BadSize, "F(2x2,3x3)", "3 lists", "2 axes"):
        parse("F(2x2,3x3)", points="0,1,-1;0,1,-1;0,1,-1")
