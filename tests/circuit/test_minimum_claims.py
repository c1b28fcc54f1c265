# SPDX-License-Identifier: Apache-2.0
"""Claims of minimality and their check; minima with constants from a finite set."""

from __future__ import annotations

import sys
from dataclasses import replace
from fractions import Fraction

import pytest
from oracle_messages import refused
from sympy import QQ, Integer, sqrt

from wincraft import winograd
from wincraft.circuit import of_matrix
from wincraft.circuit.minimum.bound import additions_bound
from wincraft.circuit.minimum.claim import CONSTANTS_FREE, Claim, claim_of, verify_claim
from wincraft.circuit.minimum.finite import finite_minimum
from wincraft.circuit.minimum.methods import METHODS, LowerBound
from wincraft.circuit.minimum.proofs import proofs, recheck_proof
from wincraft.circuit.optimise.effort import Effort
from wincraft.circuit.optimise.exact import exact
from wincraft.errors import (
    BadNumber,
    BadValue,
    FloatGiven,
    MissingTool,
    NotApplicable,
    TooLarge,
    UnknownName,
    WrongType,
)
from wincraft.exact.matrix import exact_matrix, over_one_domain


@pytest.fixture(scope="module")
def textbook():
    return winograd(4, 3, points="0,1,-1,2,-2")


def test_a_minimal_program_is_claimed_and_checked(textbook):
    program = exact(textbook.filter.dense, Effort(rounds=1))[0]
    claim = claim_of(program)
    assert (claim.additions, claim.minimal, claim.status) == (5, True, "proved minimal")
    assert "5 additions, constants free: proved minimal" in claim.text
    assert verify_claim(program, claim).startswith("additions counted: 5; lower bound 5 proved again")


def test_plain_rows_are_best_found(textbook):
    """16 additions as the rows stand, 12 are enough."""
    claim = claim_of(of_matrix(textbook.input.dense))
    assert (claim.additions, claim.bound.additions, claim.minimal) == (16, 12, False)
    assert claim.status == "best found, lower bound 12"
    assert "stored proof" in claim.text
    assert "as stored" in verify_claim(of_matrix(textbook.input.dense), claim)


def test_a_stored_proof_can_be_run_again_with_the_check():
    A = winograd(4, 3, points="0,2/3,-2/3,3/2,-3/2").output.dense
    name = "F(4,3) A^T 0,2/3,-2/3,3/2,-3/2,inf"
    rows, bound = proofs()[name]
    claim = Claim(14, replace(bound, additions=10))
    assert "run again" in verify_claim(of_matrix(A), claim, again=True)
    assert len(rows) == 4


@pytest.mark.parametrize("name", METHODS)
def test_every_method_is_checked_by_running_it(name, textbook):
    program = of_matrix(textbook.filter.dense)
    claim = Claim(8, LowerBound(3, name, 1))
    assert verify_claim(program, claim).endswith(f"proved again by {name}")


def test_false_claims_are_refused(textbook):
    program = of_matrix(textbook.filter.dense)
    bound = additions_bound(textbook.filter.dense)
    with refused(BadValue, "claimed number of additions", "7", "takes 8"):
        verify_claim(program, Claim(7, bound))
    with refused(BadValue, "lower bound", "8", "proved is 5"):
        verify_claim(program, Claim(8, replace(bound, additions=8)))
    with refused(UnknownName, "method", "two intermediates"):
        verify_claim(program, Claim(8, replace(bound, method="two intermediate")))
    with refused(BadValue, "stored proof", "F(4,3) A^T"):
        verify_claim(program, Claim(8, replace(bound, proof="F(4,3) A^T 0,1,-1,2,-2,inf")))
    with refused(NotApplicable, "constants among 1", "solve"):
        verify_claim(program, Claim(8, bound, "additions, constants among 1"))
    with refused(UnknownName, "proof", "F(4,3) B^T"):
        recheck_proof("F(4,3) B^T")


@pytest.mark.slow
def test_a_stored_proof_that_was_changed_is_found_out(monkeypatch):
    name = "F(4,3) A^T 0,1,-1,2,-2,inf"
    rows, bound = proofs()[name]
    for change in ({"additions": 9}, {"cases": bound.cases - 1}, {"digest": "0" * 64}):
        monkeypatch.setattr(
            "wincraft.circuit.minimum.proofs.proofs", lambda c=change: {name: (rows, replace(bound, **c))}
        )
        assert not recheck_proof(name)


def test_other_fields_have_the_bound_of_their_support():
    (matrix,) = over_one_domain([[[Integer(1), sqrt(2), Integer(1)], [Integer(1), -sqrt(2), Integer(1)]]])
    bound = additions_bound(matrix)
    assert bound.method == "support"
    assert bound.additions == 3  # two rows, the first and last column merged for 1: x + sqrt(2) y and x - sqrt(2) y
    assert exact(matrix, Effort()) == []


def test_nothing_to_add():
    matrix = exact_matrix([[QQ(2), QQ(0)], [QQ(0), QQ(0)], [QQ(0), QQ(1, 3)]], (3, 2), QQ)
    assert additions_bound(matrix).additions == 0
    (program,) = exact(matrix, Effort())
    assert program.matrix() == matrix
    assert verify_claim(program, claim_of(program)) == "additions counted: 0; lower bound 0 proved again by stripping"


def test_the_solver_meets_the_proved_minimum():
    pytest.importorskip("ortools", reason="needs the extra optimal")
    algorithm = winograd(2, 3, points="0,1,-1")
    for each in (algorithm.input, algorithm.filter, algorithm.output):
        program, claim = finite_minimum(each.dense, (1, -1))
        assert program.matrix() == each.dense
        assert (
            claim.additions == additions_bound(each.dense).additions == len([o for o in program.operations if o.adds])
        )
        assert claim.model == "additions, constants among -1, 1"
        assert CONSTANTS_FREE not in claim.text
        with refused(NotApplicable, "constants among"):
            verify_claim(program, claim)


def test_fewer_constants_take_more_additions():
    """a + 4b takes one addition with 4, and a + b + b + b + b, or a + 2b + 2b, more without."""
    pytest.importorskip("ortools", reason="needs the extra optimal")
    matrix = exact_matrix([[QQ(1), QQ(4)]], (1, 2), QQ)
    counts = [finite_minimum(matrix, constants)[1].additions for constants in ((4,), (1, 2), (1,), (Fraction(1, 4),))]
    assert counts[0] == counts[3] == 1
    assert counts[1:3] == [2, 4]


def test_a_block_of_three_by_three():
    pytest.importorskip("ortools", reason="needs the extra optimal")
    matrix = exact_matrix([[QQ(x) for x in row] for row in [[1, 1, 1], [1, 1, -1], [1, 2, 1]]], (3, 3), QQ)
    program, claim = finite_minimum(matrix, (1, -1, 2))
    assert program.matrix() == matrix
    assert claim.additions >= additions_bound(matrix).additions == 4


def test_what_the_solver_is_refused(monkeypatch):
    pytest.importorskip("ortools", reason="needs the extra optimal")
    G = winograd(2, 3, points="0,1,-1").filter.dense
    with refused(BadValue, "constants"):
        finite_minimum(G, ())
    with refused(BadValue, "constants", "0"):
        finite_minimum(G, (0, 1))
    with refused(NotApplicable, "more than 2 additions"):
        finite_minimum(G, (1, -1), limit=2)
    with refused(NotApplicable, "over QQ<sqrt(2)>"):
        finite_minimum(over_one_domain([[[Integer(1), sqrt(2)]]])[0], (1,))
    with refused(TooLarge, "not decided"):
        finite_minimum(winograd(4, 3, points="0,1,-1,2,-2").output.dense, (1, -1, 2, 4), limit=12, seconds=0.01)
    monkeypatch.setitem(sys.modules, "ortools.sat.python.cp_model", None)
    with refused(MissingTool, "ortools", "pip install '.[optimal]' in a clone") as caught:
        finite_minimum(G, (1, -1))
    assert caught.value.exit_code == 4


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"constants": (0.1, 1)}, FloatGiven, "a float is not an exact number: 0.1; write 1/10"),
        ({"constants": ("sqrt(2)",)}, BadNumber, "not an exact number: sqrt(2); it does not lie in QQ"),
        ({"constants": 1}, WrongType, "1 is not a list of constants; give some"),
        ({"seconds": -1}, BadValue, "the number of seconds is -1; give more than 0"),
        ({"seconds": float("nan")}, BadValue, "the number of seconds is nan; give more than 0"),
        ({"seconds": "9"}, WrongType, "'9' is not a number of seconds; give a number"),
        ({"limit": -1}, BadValue, "the limit is -1; give 0 or more additions"),
        ({"limit": 2.5}, WrongType, "2.5 is not a limit; give an integer"),
        (
            {"matrix": [[1, 2]]},
            WrongType,
            "[[1, 2]] is not a matrix; give a DomainMatrix, as wincraft.exact.matrix.from_numbers",
        ),
    ],
)
def test_arguments_of_the_finite_minimum(options, error, message):
    given = {"matrix": exact_matrix([[QQ(1), QQ(4)]], (1, 2), QQ), "constants": (1,)}
    with refused(error) as caught:
        finite_minimum(**given | options)
    assert str(caught.value) == message


def test_a_bound_of_what_is_no_matrix():
    with refused(WrongType, "[[1, 2], [3, 4]] is not a matrix"):
        additions_bound([[1, 2], [3, 4]])
