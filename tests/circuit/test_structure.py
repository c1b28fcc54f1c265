# SPDX-License-Identifier: Apache-2.0
"""The structural optimisers: exact on whatever has structure, and the counts that transforms are known to allow."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sympy import GF, QQ, sqrt

from wincraft import winograd
from wincraft.circuit.optimise.effort import Effort
from wincraft.circuit.optimise.even_odd import even_odd
from wincraft.circuit.optimise.factoring import factors
from wincraft.circuit.optimise.moves import additions, matrix_of
from wincraft.circuit.optimise.plane_blocks import blocks, by_plane
from wincraft.circuit.optimise.registry import OPTIMISERS, STRUCTURAL, optimised, structural
from wincraft.errors import UnknownName

SMALL = st.fractions(min_value=-4, max_value=4, max_denominator=3).map(lambda x: QQ(x.numerator, x.denominator))
NONZERO = SMALL.filter(bool)


@st.composite
def structured(draw):
    """Powers of points, some with their negatives and inverses; sparse products; anything: rows and columns scaled."""
    kind = draw(st.sampled_from(["powers", "product", "any"]))
    columns = draw(st.integers(1, 4))
    if kind == "powers":
        points = draw(st.lists(NONZERO, min_size=1, max_size=3))
        points += [-p for p in points if draw(st.booleans())] + [1 / p for p in points if draw(st.booleans())]
        rows = [[p**j for j in range(columns)] for p in points]
    elif kind == "product":
        inner = draw(st.integers(1, 3))
        entry = st.sampled_from([QQ(0), QQ(0), QQ(1), QQ(-1), QQ(2)])
        left = draw(st.lists(st.lists(entry, min_size=inner, max_size=inner), min_size=1, max_size=5))
        right = draw(st.lists(st.lists(entry, min_size=columns, max_size=columns), min_size=inner, max_size=inner))
        rows = [
            [sum((a * row[j] for a, row in zip(line, right, strict=True)), QQ(0)) for j in range(columns)]
            for line in left
        ]
    else:
        rows = draw(st.lists(st.lists(SMALL, min_size=columns, max_size=columns), min_size=1, max_size=5))
    row_factors = draw(st.lists(NONZERO, min_size=len(rows), max_size=len(rows)))
    column_factors = draw(st.lists(NONZERO, min_size=columns, max_size=columns))
    return matrix_of(
        [
            [f * g * x for g, x in zip(column_factors, row, strict=True)]
            for f, row in zip(row_factors, rows, strict=True)
        ],
        QQ,
    )


@pytest.mark.slow_cases("blocks")
@pytest.mark.parametrize("name", STRUCTURAL)
@settings(max_examples=15)
@given(matrix=structured())
def test_programs_are_of_the_matrix_and_no_dearer_than_its_rows(name, matrix):
    plain = additions(STRUCTURAL["rows"](matrix, Effort())[0])
    for program in STRUCTURAL[name](matrix, Effort()):
        assert program.matrix() == matrix
        assert name == "factoring" or additions(program) <= plain


@settings(max_examples=15)
@given(matrix=structured())
def test_transposition_changes_the_count_of_blocks_by_columns_less_rows(matrix):
    rows = matrix.to_list()
    if all(map(any, rows)) and all(map(any, zip(*rows, strict=True))):
        turned = blocks(matrix.transpose(), Effort())[0]
        assert additions(blocks(matrix, Effort())[0]) - additions(turned) == matrix.shape[1] - matrix.shape[0]


def test_even_and_odd_parts_give_the_textbook_counts():
    # Lavin and Gray 2016, NNPACK: 12, 6, 10 and 24, 9, 20
    for size, points, wanted in ((4, "0,1,-1,2,-2", (12, 6, 10)), (6, "0,1,-1,2,-2,1/2,-1/2", (24, 9, 20))):
        algorithm = winograd(size, 3, points=points)
        maps = algorithm.input, algorithm.filter, algorithm.output
        assert tuple(additions(even_odd(item.dense, Effort())[0]) for item in maps) == wanted


@pytest.mark.parametrize(
    ("name", "points", "most"),
    [  # additions of B^T, G, A^T
        ("F(2,3)", "0,1,-1", (4, 3, 4)),
        ("F(3,3)", "0,1,-1,2", (8, 4, 6)),
        ("F(4,3)", "0,1,-1,2,-2", (12, 5, 10)),
        ("F(4,3)", "0,3/4,-3/4,3/2,-3/2", (12, 5, 10)),
        ("F(4,3)", "0,2/3,-2/3,3/2,-3/2", (12, 6, 10)),
        ("F(3,4)", "0,1,-1,2,-2", (12, 8, 8)),
        ("F(2,5)", "0,1,-1,2,-2", (12, 10, 8)),
        ("F(6,3)", "0,1,-1,2,-2,1/2,-1/2", (22, 8, 18)),
        ("F(6,3)", "0,1,-1,2,-2,3,-3", (22, 7, 20)),
        pytest.param("F(4,5)", "0,1,-1,2,-2,1/2,-1/2", (22, 14, 16), marks=pytest.mark.slow),
        pytest.param("F(2,7)", "0,1,-1,2,-2,1/2,-1/2", (22, 19, 12), marks=pytest.mark.slow),
        pytest.param("F(8,3)", "0,1,-1,2,-2,1/2,-1/2,3,-3", (38, 10, 34), marks=pytest.mark.slow),
    ],
)
def test_blocks_reach_the_counts_of_transforms(name, points, most):
    algorithm = winograd(name, points=points)
    for item, bound in zip((algorithm.input, algorithm.filter, algorithm.output), most, strict=True):
        (program,) = blocks(item.dense, Effort())
        assert program.matrix() == item.dense
        assert additions(program) <= bound


@settings(max_examples=15)
@given(p=NONZERO, q=NONZERO)
def test_quadratics_at_two_points_and_their_negatives(p, q):
    """By hand: x0 + p^2 x2 and x0 + q^2 x2, then x1 added and subtracted; five where q = 2 p."""
    assume(p * p != q * q)
    for second, most in ((q, 6), (2 * p, 5)):
        matrix = matrix_of([[QQ(1), t, t * t] for t in (p, -p, second, -second)], QQ)
        program = by_plane(matrix)
        assert program.matrix() == matrix
        assert additions(program) <= most


def test_the_plane_search_finds_a_point_that_serves_all():
    # b + c, then a + (b + c), 2 a + (b + c), 3 a + (b + c): four additions for rows that take six
    matrix = matrix_of([[QQ(k), QQ(1), QQ(1)] for k in (1, 2, 3)], QQ)
    assert additions(by_plane(matrix)) == 4
    tripled = matrix_of([[QQ(1), QQ(k), QQ(1)] for k in (1, 2, 3)], QQ)
    assert additions(by_plane(tripled)) == 4


@pytest.mark.parametrize("K", [GF(31), QQ.algebraic_field(sqrt(2))], ids=str)
def test_other_fields(K):
    root = K.convert(5) if K.is_FiniteField else K.from_sympy(sqrt(2))
    points = [K.one, -K.one, root, -root]
    matrix = matrix_of([[p**j for j in range(3)] for p in points], K)
    for name in STRUCTURAL:
        for program in STRUCTURAL[name](matrix, Effort()):
            assert program.matrix() == matrix
    assert additions(blocks(matrix, Effort())[0]) <= 6


@settings(max_examples=15)
@given(matrix=structured())
def test_factors_multiply_to_the_matrix(matrix):
    lower, upper = factors(matrix)
    assert lower * upper == matrix
    assert any(map(any, matrix.to_list())) is False or lower.shape[1] == matrix.rank()


def test_structural_gives_the_best_first_and_each_once():
    matrix = winograd(4, 3, points="0,1,-1,2,-2").input.dense
    programs = structural(matrix)
    counts = [additions(program) for program in programs]
    assert counts == sorted(counts)
    assert counts[0] == 12
    assert all(program.matrix() == matrix for program in programs)
    assert all(a != b for a, b in combinations(programs, 2))


def test_optimisers_by_name():
    matrix = winograd(4, 3, points="0,1,-1,2,-2").filter.dense
    assert set(STRUCTURAL) <= set(OPTIMISERS)
    assert additions(optimised("blocks", matrix)[0]) == 5
    assert optimised("rows", matrix)[0].matrix() == matrix
    with pytest.raises(UnknownName, match="optimiser"):
        optimised("magic", matrix)
