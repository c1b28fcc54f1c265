# SPDX-License-Identifier: Apache-2.0
"""Short names of algorithms side by side."""

from __future__ import annotations

import pytest

from wincraft import parse, winograd
from wincraft.report import labels
from wincraft.report.labelling import LONGEST, short_points, words_of


def made(*options, size="F(4,3)"):
    return labels([words_of(parse(size, **item)) for item in options])


def test_only_what_differs():
    usual, half = {"points": "0,1,-1,2,-2"}, {"points": "0,1,-1,2,-1/2"}
    scaled = {"convention": "pow2"}
    assert made(usual, half) == ["±1 ±2", "±1 2 -1/2"]
    assert made(usual, usual | scaled) == ["wincnn", "pow2"]
    assert made(usual, half, usual | scaled, half | scaled) == [
        "wincnn, ±1 ±2", "wincnn, ±1 2 -1/2", "pow2, ±1 ±2", "pow2, ±1 2 -1/2",
    ]  # fmt: skip


def test_sizes_need_no_points_beside_them():
    assert labels([words_of(parse(size)) for size in ("F(2x2,3x3)", "F(4x4,3x3)")]) == ["F(2x2,3x3)", "F(4x4,3x3)"]


@pytest.mark.parametrize(
    ("points", "shown"),
    [
        ("0,1,-1,2,-2", "±1 ±2"),
        ("0,-1,1,2,1/2", "±1 2 1/2"),
        ("0,1,-1,sqrt(2),-sqrt(2)", "±1 ±sqrt(2)"),
        ("1,2,3,4,5", "1 2 3 4 5"),
    ],
)
def test_points(points, shown):
    assert short_points(winograd(4, 3, points=points).moduli) == shown


def test_axes_with_points_of_their_own():
    assert words_of(parse("F(2x4,3x3)", points="0,1,-1;0,1,-1,2,-2"))["points"] == "±1; ±1 ±2"


def test_numbers_where_names_are_long_or_the_same():
    assert labels([{"points": "x" * LONGEST}, {"points": "y" * (LONGEST + 1)}]) == ["x" * LONGEST, "#2"]
    assert labels([{"size": "a"}, {"size": "a"}]) == ["#1", "#2"]
    assert labels([{"size": "a", "basis": ""}, {"size": "a", "basis": "lu"}]) == ["#1", "lu"]


def test_words_that_all_have_come_before_those_that_some_lack():
    file, size = {"file": "a.json", "points": "±1 ±2"}, {"file": "", "points": "±1 2"}
    assert labels([file, size]) == ["±1 ±2", "±1 2"]
    assert labels([file, size | {"points": "±1 ±2"}]) == ["a.json", "#2"]
