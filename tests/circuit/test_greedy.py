# SPDX-License-Identifier: Apache-2.0
"""Greedy runs: exact, the same everywhere, and as good as what is published."""

import subprocess
import sys
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import QQ

from wincraft import winograd
from wincraft.circuit import of_matrix, record
from wincraft.circuit.optimise.attempts import Attempts
from wincraft.circuit.optimise.effort import Effort
from wincraft.circuit.optimise.greedy import GreedySearch, greedy
from wincraft.circuit.optimise.stripping import stripped
from wincraft.circuit.text import program_text
from wincraft.errors import NotApplicable
from wincraft.exact import exact_matrix
from wincraft.exact.matrix import rational_matrix

CLASSIC_4, CLASSIC_6 = "0,1,-1,2,-2", "0,1,-1,2,-2,1/2,-1/2"
PLAIN = """
import sys
if sys.argv[1:]: sys.modules["numba"] = None
from sympy import QQ
from wincraft import winograd
from wincraft.circuit.optimise.attempts import Attempts
from wincraft.circuit.optimise.modular import COMPILED
from wincraft.circuit.optimise.stripping import stripped
attempts = Attempts(stripped(winograd(6, 3, points="0,1,-1,2,-2,1/2,-1/2").input.dense).core, 5)
free = [(QQ(0), QQ(1), QQ(0), QQ(-4), QQ(0), QQ(1)), (QQ(1), QQ(0), QQ(-4), QQ(0), QQ(0), QQ(0))]
found = [attempts.run(k, free[: k % 3], 300 * (k % 2)) for k in range(6)]
print([(item.additions, item.mark, attempts.exact(item)) for item in found], attempts.effort)
print(COMPILED, file=sys.stderr)
"""


def additions(program):
    return sum(operation.adds for operation in program.operations)


def small(rows):
    return rational_matrix([[Fraction(value) for value in row] for row in rows])


@pytest.mark.parametrize(
    ("m", "r", "points", "part", "most"),
    [
        (4, 3, CLASSIC_4, "input", 12),  # proved minimal
        (4, 3, CLASSIC_4, "filter", 6),  # even and odd parts
        (4, 3, CLASSIC_4, "output", 10),  # proved minimal
        (6, 3, CLASSIC_6, "input", 22),  # PLinOpt's Toom-4.5, transposed
        (6, 3, CLASSIC_6, "filter", 8),
        (6, 3, CLASSIC_6, "output", 19),  # even and odd parts take 20
    ],
)
def test_no_worse_than_what_is_published(m, r, points, part, most):
    pytest.importorskip("numba", reason="minutes in plain Python")
    matrix = getattr(winograd(m, r, points=points), part).dense
    found = greedy(matrix, Effort(rounds=10))
    assert all(program.matrix() == matrix for program in found)
    assert {additions(program) for program in found} <= set(range(most + 1))


def test_points_of_one_gate_each_are_found_in_any_basis():
    hadamard = small([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]])
    assert additions(greedy(hadamard, Effort(rounds=4))[0]) == 7  # the nested form takes 8


def test_the_same_seed_gives_the_same_bytes_and_another_one_others():
    matrix = winograd(4, 3, points=CLASSIC_4).input.dense
    first, again, other = ([*map(program_text, greedy(matrix, Effort(seed, 2)))] for seed in (1, 1, 2))
    assert first == again != other


@pytest.mark.slow
def test_plain_python_finds_what_compiled_code_finds():
    pytest.importorskip("numba")
    command = [sys.executable, "-c", PLAIN]
    runs = [subprocess.run(command + more, check=True, capture_output=True, text=True) for more in ([], ["x"])]
    assert [run.stderr.split()[-1] for run in runs] == ["True", "False"]
    assert runs[0].stdout == runs[1].stdout
    assert "Gates" in runs[0].stdout


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_rational_matrix_is_computed_exactly_and_never_with_more_additions_than_its_rows(data):
    values = st.sampled_from([0, 0, 1, -1, 2, Fraction(1, 2), -3, Fraction(-5, 7)])
    columns = data.draw(st.integers(1, 5))
    rows = data.draw(st.lists(st.lists(values, min_size=columns, max_size=columns), min_size=1, max_size=5))
    matrix = small(rows)
    search = GreedySearch(matrix, data.draw(st.integers(0, 9)))
    for side, attempts in enumerate(search.sides):
        for seed in range(5):
            gates = attempts.exact(attempts.run(seed))
            search._offer(gates, side)
    found = search.programs()
    assert found
    assert all(program.matrix() == matrix for program in found)
    assert {additions(program) for program in found} == {search.additions}
    assert search.additions <= additions(of_matrix(matrix))


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_what_is_stripped_comes_back_at_the_cost_that_is_stated(data):
    values = st.sampled_from([0, 0, 0, 1, -1, 2])
    columns = data.draw(st.integers(1, 6))
    rows = data.draw(st.lists(st.lists(values, min_size=columns, max_size=columns), min_size=1, max_size=6))
    around = stripped(small(rows))
    core = None
    if around.core:
        plain = of_matrix(exact_matrix([*map(list, around.core)], (len(around.core), len(around.core[0])), QQ))
        core = record(plain.inputs, plain.run)
        assert all(sum(map(bool, row)) > 1 for row in around.core)
        assert all(sum(map(bool, column)) > 1 for column in zip(*around.core, strict=True))
    program = around.around(core)
    assert program.matrix() == small(rows)
    assert additions(program) == around.additions + (additions(core) if core else 0)
    if core:
        assert around.inside(program).matrix() == core.matrix()


def test_a_start_is_kept_where_nothing_better_is_found():
    matrix = winograd(4, 3, points=CLASSIC_4).filter.dense
    best = greedy(matrix, Effort(rounds=1))[0]
    assert additions(greedy(matrix, Effort(rounds=1, best=(best,)))[0]) == additions(best)
    for other in (winograd(2, 5, points=CLASSIC_4), winograd(4, 3, points="0,1,-1,3,-3")):
        with pytest.raises(NotApplicable):
            greedy(matrix, Effort(best=(of_matrix(other.filter.dense),)))


def test_what_is_not_rational_is_refused():
    with pytest.raises(NotApplicable, match="rational"):
        greedy(winograd(2, 3, points="0,sqrt(2),-sqrt(2)").input.dense, Effort())


def test_a_run_counts_its_effort():
    attempts = Attempts(stripped(winograd(4, 3, points=CLASSIC_4).input.dense).core, 0)
    attempts.run(0)
    once = attempts.effort
    attempts.run(0)
    assert attempts.effort == 2 * once > 0
