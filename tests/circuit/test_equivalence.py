# SPDX-License-Identifier: Apache-2.0
"""Equivalent matrices: factors and orders of rows and columns that are put in are found, and programs are moved."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from oracle_programs import additions, entries, fraction, rows, rows_of

from wincraft import winograd
from wincraft.circuit import of_matrix
from wincraft.circuit.equivalence import classes, equivalence, transported
from wincraft.circuit.text import parse_program
from wincraft.exact.matrix import rational_matrix

FACTORS = st.fractions(-9, 9, max_denominator=4).filter(bool)
POINTS = {"F(4,3)": (4, 3, "0,1,-1,2,-2,inf"), "F(6,3)": (6, 3, "0,1,-1,2,-2,1/2,-1/2,inf")}


def is_equivalence(found, source, target):
    """By what an equivalence says of itself."""
    assert sorted(found.rows) == list(range(len(target)))
    assert sorted(found.columns) == list(range(len(target[0])))
    assert all(found.factors)
    for wanted, place in zip(target, found.rows, strict=True):
        row = [source[place][j] * fraction(f) for j, f in zip(found.columns, found.factors, strict=True)]
        pairs = list(zip(row, wanted, strict=True))
        assert all(a * d == b * c for a, b in pairs for c, d in pairs)
        assert any(row)


@st.composite
def planted(draw, size=4):
    """A table with a row or a column without zeros, and one that follows from it; one side keeps its order."""
    table = draw(st.integers(2, 4).flatmap(lambda height: entries(height, size)))
    height, full = len(table), st.fractions(-4, 4, max_denominator=3).filter(bool)
    by_rows = draw(st.booleans())
    if by_rows:
        table[draw(st.integers(0, height - 1))] = [draw(full) for _ in range(size)]
    else:
        column = draw(st.integers(0, size - 1))
        for row in table:
            row[column] = draw(full)
    turned = st.booleans().map(lambda back: slice(None, None, -1 if back else 1))
    order, across = draw(st.permutations(range(height))), list(range(size))[draw(turned)]
    if not by_rows:
        order, across = list(range(height))[draw(turned)], draw(st.permutations(range(size)))
    down, along = (draw(st.lists(FACTORS, min_size=n, max_size=n)) for n in (height, size))
    target = [
        [f * table[i][j] * g for j, g in zip(across, along, strict=True)] for i, f in zip(order, down, strict=True)
    ]
    return table, target


@pytest.mark.slow
@given(planted())
def test_what_is_put_in_is_found_and_programs_are_moved(pair):
    table, target = pair
    source, wanted = map(rational_matrix, pair)
    is_equivalence(equivalence(source, wanted), table, target)
    program = of_matrix(source)
    moved = transported(program, source, wanted)
    assert rows_of(moved) == target
    assert additions(moved) <= additions(program)


@given(st.integers(2, 4).flatmap(lambda height: st.tuples(entries(height, 4), entries(height, 4))))
def test_what_is_found_of_any_two_matrices_is_right(pair):
    found = equivalence(*map(rational_matrix, pair))
    if found is not None:
        is_equivalence(found, *pair)


def cross_ratios(table):
    """What no factors and orders of rows and columns change, of entries that are not 0; and how many are."""
    ratios = [
        a[i] * b[j] / (a[j] * b[i])
        for a, b in combinations(table, 2)
        for i, j in combinations(range(len(a)), 2)
        if a[i] and a[j] and b[i] and b[j]
    ]
    return Counter(frozenset((x, 1 / x)) for x in ratios), sum(not x for row in table for x in row)


@given(st.tuples(entries(3, 3), entries(3, 3)))
def test_matrices_of_other_cross_ratios_are_not_equivalent(pair):
    assume(cross_ratios(pair[0]) != cross_ratios(pair[1]))
    first, second = map(rational_matrix, pair)
    assert equivalence(first, second) is None
    assert transported(of_matrix(first), first, second) is None


@given(planted())
def test_the_oracle_sees_what_is_put_in(pair):
    assert cross_ratios(pair[0]) == cross_ratios(pair[1])


def test_other_shapes_fields_and_points_are_not_equivalent():
    first, second = (winograd(4, 3, points=f"0,1,-1,{last}") for last in ("2,-2", "3,-3"))
    for name in ("BT", "AT", "G"):
        assert equivalence(first.named[name].dense, second.named[name].dense) is None
        assert equivalence(first.named[name].dense, first.convert("GF(31)").named[name].dense) is None
    assert equivalence(first.input.dense, first.output.dense) is None


@pytest.mark.parametrize("name", ["BT", "G", "AT"])
@pytest.mark.parametrize("size", POINTS)
@pytest.mark.parametrize(
    "map_points", [lambda x: 3 * x, lambda x: Fraction(-2, 5) * x, lambda x: 1 / x], ids=["3x", "-2/5x", "1/x"]
)
def test_points_may_be_multiplied_and_inverted(size, name, map_points):
    """1/x exchanges 0 and infinity, and reverses taps and powers."""
    m, r, points = POINTS[size]
    finite = [Fraction(x) for x in points.split(",")[1:-1]]
    others = ",".join(map(str, ["0", *map(map_points, finite), "inf"]))
    first, second = (winograd(m, r, points=text).named[name].dense for text in (points, others))
    is_equivalence(equivalence(first, second), rows(first), rows(second))
    program = of_matrix(first)
    moved = transported(program, first, second)
    assert rows_of(moved) == rows(second)
    assert additions(moved) <= additions(program)


def test_a_program_that_shares_sums_keeps_its_additions():
    """B^T of F(2,3) on 0, 1, -1 in four additions, moved to 0, 3, -3."""
    first, second = (winograd(2, 3, points=points).input.dense for points in ("0,1,-1", "0,3,-3"))
    program = parse_program("inputs a b c d; s = a - c; t = b + c; u = c - b; v = d - b; outputs s t u v")
    assert program.matrix() == first
    moved = transported(program, first, second)
    assert (additions(moved), rows_of(moved)) == (4, rows(second))


def test_components_that_a_later_row_ties_together():
    """Two rows of no common column, and a third that reads both: the second's factor is told by the third."""
    table = [[1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 0]]
    target = [[1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 5, 0]]
    first, second = rational_matrix(table), rational_matrix(target)
    is_equivalence(equivalence(first, second), table, target)


def test_classes_put_equivalent_matrices_together():
    sets = ["0,1,-1,2,-2", "0,1,-1,3,-3", "0,2,-2,4,-4", "0,1,-1,1/2,-1/2", "0,3,-3,9,-9"]
    found = list(classes([winograd(4, 3, points=points).input.dense for points in sets]))
    assert [places for _, places in found] == [[0, 2, 3], [1, 4]]
    assert found[1][0] == winograd(4, 3, points=sets[1]).input.dense
