# SPDX-License-Identifier: Apache-2.0
"""Searching near the best programs: what greedy runs alone do not find."""

import pytest
from sympy import QQ

from wincraft import winograd
from wincraft.circuit import Program, of_matrix
from wincraft.circuit.optimise.effort import Effort
from wincraft.circuit.optimise.greedy import GreedySearch
from wincraft.circuit.optimise.neighbourhood import Neighbourhood, neighbourhood
from wincraft.circuit.text import parse_program, program_text
from wincraft.circuit.transposing import transposed_program
from wincraft.errors import NotApplicable
from wincraft.exact import exact_matrix

CLASSIC_4, CLASSIC_5, CLASSIC_6 = "0,1,-1,2,-2", "0,1,-1,2,-2,1/2", "0,1,-1,2,-2,1/2,-1/2"
pytest.importorskip("numba", reason="minutes in plain Python")


def additions(program):
    return sum(operation.adds for operation in program.operations)


def small(rows):
    return exact_matrix([[QQ(value) for value in row] for row in rows], (len(rows), len(rows[0])), QQ)


@pytest.mark.parametrize(
    ("m", "r", "points", "part", "most"),
    [
        (4, 3, CLASSIC_4, "input", 12),  # these three are proved minimal
        (4, 3, CLASSIC_4, "filter", 5),
        (4, 3, CLASSIC_4, "output", 10),
        pytest.param(6, 3, CLASSIC_6, "input", 21, marks=pytest.mark.slow),
        (6, 3, CLASSIC_6, "filter", 8),
        pytest.param(6, 3, CLASSIC_6, "output", 18, marks=pytest.mark.slow),
        pytest.param(4, 4, CLASSIC_5, "input", 17, marks=pytest.mark.slow),  # PLinOpt's Toom-4, transposed
        (4, 4, CLASSIC_5, "output", 12),
        (2, 5, CLASSIC_4, "output", 8),
    ],
)
def test_the_default_rounds_reach_what_is_known(m, r, points, part, most):
    matrix = getattr(winograd(m, r, points=points), part).dense
    found = neighbourhood(matrix, Effort())
    assert all(program.matrix() == matrix for program in found)
    assert {additions(program) for program in found} <= set(range(most + 1))


def test_quadratic_moduli():
    algorithm = winograd(4, 3, moduli="0,1,-1,x^2+1,inf")
    parts = (algorithm.input, algorithm.filter, algorithm.output)
    found = [neighbourhood(part.dense, Effort(rounds=5))[0] for part in parts]
    assert [additions(program) for program in found] == [9, 4, 9]  # each proved minimal
    assert [program.matrix() for program in found] == [part.dense for part in parts]


def test_the_same_seed_gives_the_same_bytes():
    matrix = winograd(4, 4, points=CLASSIC_5).output.dense
    first, again = ([*map(program_text, neighbourhood(matrix, Effort(3, 5)))] for _ in range(2))
    assert first == again


def test_programs_of_the_transpose_are_programs_of_the_matrix():
    matrix = winograd(6, 3, points=CLASSIC_6).output.dense
    search = Neighbourhood(matrix.transpose(), seed=0)
    search.rounds(2)
    turned = transposed_program(search.programs()[0])
    assert turned.matrix() == matrix
    assert additions(turned) == search.additions + matrix.shape[1] - matrix.shape[0]


def test_a_search_starts_from_programs_and_never_gets_worse():
    data = winograd(6, 3, points=CLASSIC_6).input.dense
    search = Neighbourhood(data, seed=0)
    search.rounds(1)
    before = search.additions
    known = search.programs()[0]
    again = Neighbourhood(data, seed=1)
    again.start([parse_program(program_text(known))])
    assert again.additions == before
    again.near = True
    again.rounds(2)
    assert again.additions <= before


def test_every_program_kept_differs_and_is_exact():
    matrix = winograd(4, 3, points=CLASSIC_4).input.dense
    search = Neighbourhood(matrix, seed=0)
    search.rounds(2)
    search.near = True
    search.rounds(2)
    found = search.programs(most=20, slack=1)
    assert {additions(program) for program in found} == {12, 13}
    assert all(program.matrix() == matrix for program in found)
    assert len({program_text(program) for program in found}) == len(found)


def test_a_wrong_program_is_never_kept():
    search = GreedySearch(winograd(2, 3).input.dense, seed=0)
    wrong = Program.build(4, [("add", 0, 1)], [4, 4, 4, 4])
    with pytest.raises(NotApplicable):
        search.start([wrong])


@pytest.mark.parametrize("rows", [[[1, 0], [0, 3]], [[0, 0]], [[1, 2], [2, 4], [1, 0]], [[1, 1, 1]]])
def test_nothing_to_search(rows):
    matrix = small(rows)
    (program,) = neighbourhood(matrix, Effort(rounds=1))
    assert program.matrix() == matrix
    assert additions(program) == additions(of_matrix(matrix)) - (1 if len(rows) == 3 else 0)
