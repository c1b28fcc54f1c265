# SPDX-License-Identifier: Apache-2.0
"""Factorisations: each chain multiplies out exactly and has the form that its name promises."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle_chains import stages_of
from oracle_convolution import is_right, table
from oracle_messages import refused
from oracle_strategies import as_sympy, pointed_sizes, rationals

from wincraft import CONVENTIONS, Algorithm, nest, winograd
from wincraft.construct import FACTORISATIONS, factorise, with_factor
from wincraft.errors import BadNumber, BadShape, BadValue, FloatGiven, NotApplicable, UnknownName
from wincraft.measure import costs

MAPS = ("input", "filter", "output")
F63 = "0,1,-1,2,-2,1/2,-1/2"


def product(stages):
    """The stages multiplied out."""
    done = stages[0]
    for stage in stages[1:]:
        done = stage @ done
    return done


def of_vectors(algorithm, name):
    """The stages of a map from vectors to taps: those of A^T transposed, so that they are of A."""
    stages = stages_of(getattr(algorithm, name))
    return [stage.T for stage in reversed(stages)] if name == "output" else stages


def factors(algorithm, name, which):
    """The stages of one map under one factorisation; they multiply out to the map."""
    made = factorise(algorithm, **{which: name})
    assert is_right(made)
    assert (product(of_vectors(made, which)) == product(of_vectors(algorithm, which))).all()
    assert [getattr(made, other) for other in MAPS if other != which] == [
        getattr(algorithm, other) for other in MAPS if other != which
    ]
    return of_vectors(made, which)


def additions(stages):
    return sum(max(0, np.count_nonzero(row) - 1) for stage in stages for row in stage)


@st.composite
def symmetric_sizes(draw):
    """(m, r, points) with p and -p side by side, 0 and inf somewhere among them; both m and r are 2 or more."""
    pairs = draw(st.lists(rationals.filter(lambda p: p > 0), min_size=1, max_size=3, unique=True))
    points = [sign * as_sympy(p) for p in pairs for sign in (1, -1)]
    for more in draw(st.sampled_from([("inf",), (0,), (0, "inf"), ("inf", 0)])):
        points.insert(draw(st.integers(0, len(points))), more)
    r = draw(st.integers(2, len(points) - 1))
    return len(points) + 1 - r, r, points


def test_the_registry():
    assert list(FACTORISATIONS) == ["butterfly", "reciprocal", "lu", "plu", "diagonal", "bjorck-pereyra"]


# --- even and odd -----------------------------------------------------------------------------------------------


def test_additions_of_the_butterfly_of_f63():
    """No more than 24, 20 and 9; the whole matrices take 36, 32 and 12."""
    plain = winograd(6, 3, points=F63)
    found = {which: additions(factors(plain, "butterfly", which)) for which in ("input", "filter")}
    made = factorise(plain, "butterfly")
    found["output"] = additions(stages_of(made.output))
    assert found["input"] <= 24
    assert found["output"] <= 20
    assert found["filter"] <= 9
    counted = costs(made)
    assert [counted.input.additions, counted.filter.additions, counted.output.additions] == [
        found[which] for which in MAPS
    ]


@given(symmetric_sizes(), st.sampled_from(list(CONVENTIONS)))
def test_the_butterfly_of_symmetric_points(case, convention):
    """First rows that see only even or only odd places, then sums of two; never more additions than the matrix has."""
    m, r, points = case
    plain = winograd(m, r, points=points, convention=convention)
    for which in MAPS:
        core, sums = factors(plain, "butterfly", which)
        assert sums.shape == (plain.rank, plain.rank)
        paired = [k for k, row in enumerate(sums) if np.count_nonzero(row) == 2]
        assert len(paired) == 2 * sum(1 for p in points if p != "inf" and p > 0)
        for k in range(plain.rank):
            assert np.count_nonzero(sums[:, k]) == (2 if k in paired else 1)
            if k in paired:
                assert not core[k][::2].any() or not core[k][1::2].any()
            else:
                assert sums[k, k] == 1
                assert (core[k] == product(of_vectors(plain, which))[k]).all()
        made = factorise(plain, **{which: "butterfly"})
        assert additions(stages_of(getattr(made, which))) <= additions(stages_of(getattr(plain, which)))


@pytest.mark.parametrize("points", ["0,1,2", "1,-2,3", "0,1/2,-1/3", "inf,2,3,1"])
@pytest.mark.parametrize("which", MAPS)
def test_the_butterfly_needs_symmetric_points(points, which):
    with refused(NotApplicable, "butterfly", "p and -p", "choose symmetric points"):
        factorise(winograd(2, 3, points=points), **{which: "butterfly"})


@pytest.mark.parametrize(("m", "r", "which"), [(3, 1, "filter"), (1, 3, "output")])
def test_a_butterfly_of_one_column_is_none(m, r, which):
    """All rows are multiples of each other: there is no odd half, and nothing to gain."""
    with refused(NotApplicable, "butterfly", "symmetric"):
        factorise(winograd(m, r, points="1,2"), **{which: "butterfly"})


@pytest.mark.parametrize(("m", "r"), [(4, 3), (6, 3), (3, 4)])
def test_the_butterfly_of_quadratic_moduli(m, r):
    """Taps of the modulus at +-c pair like points."""
    moduli = {6: "0,1,-1,x^2+1", 8: "0,1,-1,x^2+x+1,x^2-x+1"}[m + r - 1]
    plain = winograd(m, r, moduli=f"{moduli},inf")
    for which in MAPS:
        _, sums = factors(plain, "butterfly", which)
        assert np.count_nonzero(sums) > plain.rank


# --- p and 1/p --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("m", "r", "points"),
    [
        (2, 3, "0,2,1/2"),
        (4, 3, "0,3/2,2/3,-2/3,-3/2"),
        (5, 3, "0,2,1/2,-2,-1/2,1"),
        (4, 4, "2,-1/3,inf,1/2,-3,0,-1"),
    ],
)
@pytest.mark.parametrize("convention", ["wincnn", "pow2"])
def test_reciprocal_pairs_are_palindromic(m, r, points, convention):
    """Mirror sums and differences of the data; of every pair one half that sees the sums, one that sees the others."""
    plain = winograd(m, r, points=points, convention=convention)
    for which in MAPS:
        mirrored, core, sums = factors(plain, "reciprocal", which)
        n = mirrored.shape[0]
        for j, row in enumerate(mirrored):
            sign = 1 if j < n / 2 else -1
            assert (row == (row[::-1] if 2 * j < n else -row[::-1])).all() or n == 2 * j + 1
            assert row[j] == 1
            assert row[n - 1 - j] == (sign if 2 * j + 1 != n else 1)
        halves = core @ mirrored
        paired = {k for k, row in enumerate(sums) if np.count_nonzero(row) == 2}
        kinds = [("+" if (row == row[::-1]).all() else "-" if (row == -row[::-1]).all() else "") for row in halves]
        assert sorted(kinds[k] for k in paired) == ["+"] * (len(paired) // 2) + ["-"] * (len(paired) // 2)
        finite = [Fraction(str(p)) for p in points.split(",") if p != "inf"]
        assert len(paired) >= sum(1 for p in finite if p and abs(p) != 1)
        for k in paired:
            assert not core[k][: n // 2].any() or not core[k][(n + 1) // 2 :].any()


@pytest.mark.parametrize("which", MAPS)
def test_reciprocal_needs_reciprocal_points(which):
    with refused(NotApplicable, "reciprocal", "p and 1/p", "choose such as 0,2,1/2,inf"):
        factorise(winograd(2, 3, points="1,2,3"), **{which: "reciprocal"})


# --- triangles and diagonals ------------------------------------------------------------------------------------


def is_lower(matrix):
    return not np.triu(matrix, 1).any()


@given(pointed_sizes(max_m=4, max_r=4), st.sampled_from(list(CONVENTIONS)))
def test_plu(case, convention):
    m, r, points = case
    plain = winograd(m, r, points=points, convention=convention)
    for which in MAPS:
        upper, lower, *permutation = factors(plain, "plu", which)
        assert is_lower(upper.T)
        assert is_lower(lower)
        assert list(np.diag(lower)) == [1] * lower.shape[1]
        assert upper.shape[0] == upper.shape[1] == lower.shape[1]
        assert len(permutation) <= 1
        for matrix in permutation:
            assert set(matrix.ravel()) == {0, 1}
            assert not (matrix == np.eye(len(matrix))).all()
            assert (matrix.sum(axis=0) == 1).all()
            assert (matrix.sum(axis=1) == 1).all()


@given(pointed_sizes(max_m=4, max_r=4), st.sampled_from(MAPS))
def test_lu_is_plu_without_exchanges_and_else_refused(case, which):
    m, r, points = case
    plain = winograd(m, r, points=points)
    V = product(of_vectors(plain, which))
    minors = [np.linalg.det(V[:k, :k].astype(float)) for k in range(1, min(V.shape) + 1)]
    if len(factors(plain, "plu", which)) == 3:
        assert min(map(abs, minors)) < 1e-9
        with refused(NotApplicable, "a pivot is 0", "use plu"):
            factorise(plain, **{which: "lu"})
    else:
        upper, lower = factors(plain, "lu", which)
        assert is_lower(upper.T)
        assert is_lower(lower)


def test_a_point_set_that_needs_exchanges():
    plain = winograd(2, 3, points="1,0,2")
    with refused(NotApplicable, "lu", "a pivot is 0", "use plu"):
        factorise(plain, "lu")
    assert len(factors(plain, "plu", "input")) == 3


@given(pointed_sizes(max_m=4, max_r=4), st.sampled_from(list(CONVENTIONS)))
def test_diagonal(case, convention):
    m, r, points = case
    plain = winograd(m, r, points=points, convention=convention)
    for which in MAPS:
        W, D = factors(plain, "diagonal", which)
        assert np.count_nonzero(D - np.diag(np.diag(D))) == 0
        assert all(max(map(abs, row)) == 1 for row in W)


# --- bidiagonal chains ------------------------------------------------------------------------------------------


def is_bidiagonal(matrix):
    """Nothing beside the diagonal and one of its neighbours."""
    below, above = np.tril(matrix, -1), np.triu(matrix, 1)
    near = np.diag(np.diag(matrix)) + np.diag(np.diag(matrix, -1), -1) + np.diag(np.diag(matrix, 1), 1)
    return (matrix == near).all() and not (below.any() and above.any())


def check_bidiagonal(plain):
    *chain, last = factors(plain, "bjorck-pereyra", "input")
    assert all(is_bidiagonal(stage) for stage in chain)
    assert (np.count_nonzero(last, axis=0) == 1).all()
    assert (np.count_nonzero(last, axis=1) == 1).all()
    finite = [modulus.point for modulus in plain.moduli if not modulus.is_infinite]
    multiplied = sum(1 for p in finite[: plain.n[0] - 1] if p)
    assert len(chain) == multiplied + max(0, len(finite) - 1)


@given(pointed_sizes(max_m=5, max_r=4), st.data())
def test_bjorck_pereyra_is_bidiagonal(case, data):
    """With inf anywhere among the points, and without it."""
    m, r, points = case
    if data.draw(st.booleans()):
        points.insert(data.draw(st.integers(0, len(points))), "inf")
    else:
        points.append(as_sympy(Fraction(97, 7)))
    check_bidiagonal(winograd(m, r, points=points, convention=data.draw(st.sampled_from(list(CONVENTIONS)))))


@pytest.mark.parametrize(
    ("m", "r", "points"),
    [
        (4, 3, "0,1,-1,2,-2"),
        (6, 3, F63),
        (3, 3, "0,1,-1,2,-2"),
        (4, 3, "1,-1,inf,3,-3,0"),
        (1, 2, "0"),
        (2, 1, "inf,0"),
        (1, 2, "3,-3"),
        (1, 1, "7"),
        (1, 1, "inf"),
    ],
)
def test_bjorck_pereyra_of_points_of_the_same_magnitude_and_of_few(m, r, points):
    check_bidiagonal(winograd(m, r, points=points))


@pytest.mark.parametrize(
    ("algorithm", "arguments"),
    [
        (winograd(2, 3, points="0,1,-1"), {"every": "bjorck-pereyra"}),
        (winograd(2, 3, points="0,1,-1"), {"filter": "bjorck-pereyra"}),
        (winograd(2, 3, points="0,1,-1"), {"output": "bjorck-pereyra"}),
        (winograd(4, 3, moduli="0,1,-1,x^2+1,inf"), {"input": "bjorck-pereyra"}),
    ],
)
def test_bjorck_pereyra_is_for_bt_of_points(algorithm, arguments):
    reason = "input=bjorck-pereyra" if algorithm.rank == 4 else "moduli are not all points"
    with refused(NotApplicable, "bjorck-pereyra", reason):
        factorise(algorithm, **arguments)


def test_bjorck_pereyra_needs_points_that_are_known():
    plain = winograd(2, 3, points="0,1,-1")
    with refused(NotApplicable, "bjorck-pereyra"):
        factorise(Algorithm.from_matrices(plain.AT, plain.G, plain.BT), input="bjorck-pereyra")


# --- a factor that is given -------------------------------------------------------------------------------------

EVEN_ODD = [[1, 0, 0], [1, 0, 1], [0, 1, 0], [0, 0, 1]]


def test_a_first_factor_is_given_and_the_last_one_solved_for():
    plain = winograd(4, 3, points="0,1,-1,2,-2")
    made = with_factor(plain, "filter", first=EVEN_ODD)
    first, last = stages_of(made.filter)
    assert (first == EVEN_ODD).all()
    assert (last @ first == table(plain.G)).all()
    assert made.output == plain.output
    assert made.input == plain.input


@pytest.mark.parametrize("name", MAPS)
@given(case=pointed_sizes(max_m=4, max_r=3), data=st.data())
def test_a_square_first_or_last_factor_has_one_solution(name, case, data):
    """The other one is V F^-1 or L^-1 V."""
    m, r, points = case
    plain = winograd(m, r, points=points)
    V = table(getattr(plain, name).dense.to_Matrix())
    side, size = data.draw(st.sampled_from([("first", V.shape[1]), ("last", V.shape[0])]))
    below = data.draw(st.lists(st.integers(-3, 3), min_size=size * size, max_size=size * size))
    F = np.tril(np.array(below, dtype=object).reshape(size, size), -1) + np.eye(size, dtype=int)
    stages = stages_of(getattr(with_factor(plain, name, **{side: F.tolist()}), name))
    assert (stages[0 if side == "first" else 1] == F).all()
    assert (stages[1] @ stages[0] == V).all()


@pytest.mark.parametrize(
    ("arguments", "kind", "mentions"),
    [
        ({"name": "inptu", "first": [[1]]}, UnknownName, ["did you mean input?"]),
        ({"name": "input"}, BadValue, ["one of the two"]),
        ({"name": "filter", "first": EVEN_ODD, "last": EVEN_ODD}, BadValue, ["one of the two"]),
        ({"name": "filter", "first": [[1, 0]]}, BadShape, ["(1, 2)", "(any, 3)"]),
        ({"name": "output", "last": [[1, 0]]}, BadShape, ["(1, 2)", "(4, any)"]),
        ({"name": "filter", "first": [[1, 0, 0], [2, 0, 0], [0, 0, 1]]}, NotApplicable, ["no second factor"]),
        ({"name": "filter", "last": [[1]] * 6}, NotApplicable, ["no second factor", "full rank"]),
        ({"name": "filter", "first": [[0.5, 0, 0], [0, 1, 0], [0, 0, 1]]}, FloatGiven, ["1/2"]),
        ({"name": "filter", "first": [["one", 0, 0], [0, 1, 0], [0, 0, 1]]}, BadNumber, ["one"]),
    ],
)
def test_factors_that_are_refused(arguments, kind, mentions):
    with refused(kind, *mentions):
        with_factor(winograd(4, 3, points="0,1,-1,2,-2"), **arguments)


# --- several maps, several axes ---------------------------------------------------------------------------------


def test_one_factorisation_for_each_map():
    plain = winograd(4, 3, points="0,1,-1,2,-2")
    made = factorise(plain, "butterfly", input="bjorck-pereyra", output="plu")
    assert len(made.input.stages) == 9
    assert made.filter == factorise(plain, filter="butterfly").filter
    assert made.output == factorise(plain, output="plu").output
    assert factorise(plain) == plain


@pytest.mark.parametrize("name", [name for name in FACTORISATIONS if name not in ("lu", "bjorck-pereyra")])
def test_several_axes(name):
    axes = winograd(4, 3, points="0,2,1/2,-2,-1/2"), winograd(3, 4, points="0,2,1/2,-2,-1/2")
    plain = nest(*axes)
    made = factorise(plain, name)
    assert made.factors == tuple(factorise(axis, name) for axis in axes)
    assert all(is_right(axis) for axis in made.factors)


def test_an_algorithm_factorised_again_starts_from_the_whole_map():
    plain = winograd(4, 3, points="0,1,-1,2,-2")
    assert factorise(plain.change_basis("legendre"), "butterfly") == factorise(plain, "butterfly")


def test_algebraic_points():
    plain = winograd(4, 3, points="0,sqrt(2),-sqrt(2),sqrt(2)/2,-sqrt(2)/2", convention="pow2")
    for name in ("butterfly", "reciprocal", "plu", "diagonal"):
        made = factorise(plain, name)
        assert (made.AT, made.G, made.BT) == (plain.AT, plain.G, plain.BT)
    assert factorise(plain, input="bjorck-pereyra").BT == plain.BT


@pytest.mark.parametrize("name", ["buterfly", "LU", "bjoerck-pereyra", ""])
def test_unknown_names(name):
    with refused(UnknownName, "factorisation", "butterfly"):
        factorise(winograd(2, 3, points="0,1,-1"), input=name or "-")
