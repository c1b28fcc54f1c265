# SPDX-License-Identifier: Apache-2.0
"""Base change: chains of three maps, proved; U and V the same in every basis; figures; refusals."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle_chains import stages_of
from oracle_convolution import correlate_tile, is_right, table
from oracle_messages import refused
from oracle_strategies import pointed_sizes
from sympy import Matrix, Rational, eye, sqrt

from wincraft import CONVENTIONS, Algorithm, LinearMap, nest, parse, winograd
from wincraft.algorithm import Refuted
from wincraft.construct import FACTORISATIONS, balance_stages, change_basis, factorise, given_basis, parse_basis
from wincraft.errors import BadShape, FloatGiven, NotApplicable, UnknownName
from wincraft.measure import conditioning, costs, matrix_conditioning, vandermonde

BASES = (
    *("canonical", "legendre", "chebyshev", "chebyshev-u", "hermite", "hermite-prob", "laguerre", "laguerre(1/2)"),
    *("jacobi(1/2,-1/2)", "legendre:classical", "chebyshev(2x-1):classical", "hermite(x/3)", "newton", "newton-leja"),
    *("newton(3,-3,1/2,5,7,-1/3,4)", "lagrange(0,1,-1,2,-2,1/2,3,-3)", "bernstein", "bernstein((x+1)/2)"),
)
HIGHER = [
    (4, 3, "0,1,-1,x^2+1,inf"),
    (6, 3, "0,1,-1,x^2+x+1,x^2-x+1,inf"),
    (3, 3, "x^3+x+1@(0,1,x^2+1,inf),0,inf"),
    (3, 3, "inf,2/3,x^2-1/4*x+3/7@5/3,-1/2"),
]
FRACTIONS = sorted({Fraction(p, q) for p in range(-5, 6) for q in range(1, 5)})


def through(linear_map, vector):
    """A vector through the stages, one after the other."""
    for stage in stages_of(linear_map):
        vector = stage @ vector
    return vector


def multiplied(linear_map):
    """The product of the stages."""
    return through(linear_map, np.eye(linear_map.shape[1], dtype=int).astype(object))


def same_maps(chained, plain):
    """Whether the stages of all three maps multiply out to those of another algorithm."""
    pairs = zip((chained.output, chained.filter, chained.input), (plain.output, plain.filter, plain.input), strict=True)
    return all((multiplied(chain) == table(other.dense.to_Matrix())).all() for chain, other in pairs)


def lengths(algorithm):
    return [len(item.stages) for item in (algorithm.output, algorithm.filter, algorithm.input)]


def draw(rng, size):
    return np.array([rng.choice(FRACTIONS) for _ in range(size)], dtype=object)


# --- every basis, factorisation and convention ------------------------------------------------------------------


@pytest.mark.parametrize("seed", [*range(30), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(30, 100))])
def test_the_products_have_the_same_operands(seed):
    """100 random point sets in all bases and factorisations, the conventions in turn.

    Random exact vectors go through the stages: U and V are those of the plain matrices, and y is the convolution. One
    chain in six is balanced too.
    """
    rng = random.Random(seed)
    m, r = rng.randint(1, 5), rng.randint(2, 4)
    half = rng.sample([value for value in FRACTIONS if value > 0], 4)
    symmetric = [sign * value for value in half for sign in (1, -1)]
    points = (rng.sample(FRACTIONS, m + r - 2) if seed % 2 else symmetric)[: m + r - 2]
    convention = list(CONVENTIONS)[seed % len(CONVENTIONS)]
    plain = winograd(m, r, points=",".join(map(str, points)), convention=convention)
    d, g = draw(rng, plain.n[0]), draw(rng, r)
    AT, G, BT = (table(matrix) for matrix in (plain.AT, plain.G, plain.BT))
    U, V = BT @ d, G @ g
    expected = table([[plain.scale]])[0, 0] * correlate_tile(d, g)
    made = [change_basis(plain, basis) for basis in BASES] + factorised(plain)
    z = draw(rng, plain.rank)
    for chained in made + [balance_stages(item) for item in rng.sample(made, len(made) // 6)]:
        assert (through(chained.input, d) == U).all()
        assert (through(chained.filter, g) == V).all()
        assert (through(chained.output, U * V) == expected).all()
        assert (through(chained.output, z) == AT @ z).all()


def factorised(plain):
    """Every factorisation of every map that has it."""
    found = []
    for name, which in product(FACTORISATIONS, ("input", "filter", "output")):
        try:
            found.append(factorise(plain, **{which: name}))
        except NotApplicable:
            assert name in ("butterfly", "reciprocal", "lu") or which != "input"
    return found


@pytest.mark.parametrize("basis", BASES)
@pytest.mark.parametrize(("m", "r", "moduli"), HIGHER)
def test_higher_moduli(m, r, moduli, basis):
    plain = winograd(m, r, moduli=moduli, convention="pow2")
    chained = change_basis(plain, basis)
    assert is_right(chained)
    assert same_maps(chained, plain)
    assert lengths(chained) == ([1, 1, 1] if basis == "canonical" else lengths(chained))


@pytest.mark.parametrize("basis", ["legendre", "newton", "newton-leja", "bernstein", "newton(sqrt(2),0,1,-1)"])
def test_algebraic_points(basis):
    plain = winograd(3, 3, points="sqrt(2),-sqrt(2),1/2,0", convention="pow2")
    chained = change_basis(plain, basis)
    assert (chained.AT, chained.G, chained.BT) == (plain.AT, plain.G, plain.BT)
    assert is_right(balance_stages(chained))


def test_nodes_from_a_larger_field():
    plain = winograd(2, 3, points="0,1,-1")
    chained = change_basis(plain, "newton(0,sqrt(2),-sqrt(2))")
    assert chained.BT == plain.BT
    assert chained.input.stages[0].to_Matrix()[2, 1] == -sqrt(2)
    assert is_right(chained)


# --- the formulas -----------------------------------------------------------------------------------------------


@given(case=pointed_sizes(max_m=4, max_r=3), basis=st.sampled_from(BASES))
def test_the_stages_are_those_of_the_design(case, basis):
    """P and B^T P^-1; P^-T and G P^T; P A^T and P^-1, each with its own size's P."""
    m, r, points = case
    plain = winograd(m, r, points=points)
    chained = plain.change_basis(basis)
    P = {size: parse_basis(basis).matrix(size, plain.moduli).to_Matrix() for size in (m, r, plain.n[0])}
    expected = {
        "input": [P[plain.n[0]], plain.BT * P[plain.n[0]].inv()],
        "filter": [P[r].inv().T, plain.G * P[r].T],
        "output": [P[m] * plain.AT, P[m].inv()],
    }
    sizes = {"input": plain.n[0], "filter": r, "output": m}
    for name, stages in expected.items():
        found = [stage.to_Matrix() for stage in getattr(chained, name).stages]
        if P[sizes[name]] == eye(sizes[name]):
            assert len(found) == 1
        else:
            assert found == stages


def test_one_basis_for_each_map():
    plain = winograd(4, 3, points="0,1,-1,2,-2")
    chained = plain.change_basis("legendre", filter="chebyshev:classical", output="canonical")
    assert lengths(chained) == [1, 2, 2]
    assert chained.filter.stages[1].to_Matrix() == plain.G * Matrix([[1, 0, 0], [0, 1, 0], [-1, 0, 2]]).T
    assert chained.input == plain.change_basis(input="legendre").input
    assert lengths(plain.change_basis(output="newton")) == [2, 1, 1]
    assert lengths(plain.change_basis(filter="newton")) == [1, 2, 1]


def test_no_basis_and_the_canonical_one_change_nothing():
    plain = winograd(4, 3, points="0,1,-1,2,-2")
    assert plain.change_basis() == plain
    assert plain.change_basis("canonical") == plain
    assert plain.change_basis("legendre") != plain


def test_what_comes_with_the_algorithm_stays():
    plain = winograd(4, 3, points="0,1,-1,2,-2", convention="integer")
    chained = plain.change_basis("legendre")
    kept = ("m", "r", "rank", "scale", "moduli", "convention", "form")
    assert [getattr(chained, name) for name in kept] == [getattr(plain, name) for name in kept]
    assert chained.noise_gain() == plain.noise_gain()


def test_a_change_after_a_change_keeps_the_stages_between():
    plain = winograd(4, 3, points="0,1,-1,2,-2")
    first = factorise(plain, "butterfly")
    chained = change_basis(first, "legendre")
    assert lengths(chained) == [3, 3, 3]
    P = parse_basis("legendre").matrix(6).to_Matrix()
    assert chained.input.stages[0].to_Matrix() == P
    assert chained.input.stages[1].to_Matrix() == first.input.stages[0].to_Matrix() * P.inv()
    assert chained.input.stages[2] == first.input.stages[1]
    assert chained.output.stages[0] == first.output.stages[0]
    assert same_maps(chained, plain)


def test_the_chain_is_proved_on_construction():
    """Legendre's P before a B^T that was not multiplied by its inverse is refused."""
    plain = winograd(4, 3, points="0,1,-1,2,-2")
    P = parse_basis("legendre").matrix(6)
    with pytest.raises(Refuted):
        replace(plain, input=LinearMap.of(P, plain.input.dense))
    with pytest.raises(Refuted):
        Algorithm(LinearMap.of(plain.output.dense, P.extract([0, 1, 2, 3], [0, 1, 2, 3])), plain.filter, plain.input)


@given(case=pointed_sizes(max_m=4, max_r=3), basis=st.sampled_from(BASES))
def test_the_linear_form_multiplies_polynomials(case, basis):
    m, r, points = case
    chained = winograd(m, r, points=points).transpose().change_basis(basis)
    g, h = [Rational(k + 1, 2) for k in range(r)], [Rational(3 - k, 3) for k in range(m)]
    expected = [sum(g[j] * h[k - j] for j in range(r) if 0 <= k - j < m) for k in range(m + r - 1)]
    assert chained.apply(h, g) == expected
    assert chained.form == "linear"


# --- several axes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("basis", ["legendre", "newton-leja", "bernstein", "lagrange(0,1,-1,2,-2,1/2,3,-3)"])
@pytest.mark.parametrize("size", ["F(2x4,3x2)", "F(3x3,2x2)", "F(2x1x3,2x2x1)"])
def test_several_axes(size, basis):
    plain = parse(size)
    chained = plain.change_basis(basis)
    rng = random.Random(0)
    d, g = draw(rng, np.prod(plain.n)).reshape(plain.n), draw(rng, np.prod(plain.r)).reshape(plain.r)
    assert (table([np.array(chained.apply(d, g), dtype=object).ravel()])[0] == correlate_tile(d, g).ravel()).all()
    assert all(same_maps(*axes) for axes in zip(chained.factors, plain.factors, strict=True))
    assert chained.m == plain.m


def test_axes_alike_stay_one_object():
    chained = parse("F(4x4,3x3)").change_basis("legendre")
    assert chained.factors[0] is chained.factors[1]
    assert change_basis(parse("F(4x4,3x3)"), "legendre").sha256 == chained.sha256


# --- figures ----------------------------------------------------------------------------------------------------


def test_72_multiply_adds_of_the_legendre_pre_step():
    """d -> P d P^T on a 6x6 tile: six off-diagonal entries, twelve vectors."""
    found = costs(parse("F(4x4,3x3)", points="0,1,-1,2,-2").change_basis("legendre"), "rows")
    pre_step = [stage.operations for stage in found.stages if stage.label.startswith("BT[0]")]
    assert len(pre_step) == 2
    assert sum(item.multiplications for item in pre_step) == 72
    assert sum(item.additions for item in pre_step) == 72
    assert sum(item.shifts for item in pre_step) == 0


@pytest.mark.parametrize(
    ("basis", "of_v", "of_bt"),
    [("canonical", 305.37, 20.07), ("legendre", 149.56, 11.28), ("legendre:classical", 582.81, 71.56)],
)
def test_condition_numbers(basis, of_v, of_bt):
    """0, +-1, +-2, inf: V P^T and B^T P^-1; monic Legendre halves both, the classical one makes them worse."""
    plain = winograd(4, 3, points="0,1,-1,2,-2")
    P = parse_basis(basis).matrix(6)
    assert round(matrix_conditioning(vandermonde(plain) * P.transpose()).cond_2, 2) == of_v
    V = np.array([[float(p) ** k for k in range(6)] for p in (0, 1, -1, 2, -2)] + [[0] * 5 + [1]])
    assert np.linalg.cond(V @ np.array(P.to_Matrix().tolist(), dtype=float).T) == pytest.approx(of_v, abs=0.005)
    found = conditioning(plain.change_basis(basis)).matrices
    assert round(found["BT" if basis == "canonical" else "BT[1]"].cond_2, 2) == of_bt
    assert round(found["BT"].cond_2, 2) == 20.07


# --- refusals ---------------------------------------------------------------------------------------------------

F43 = winograd(4, 3, points="0,1,-1,2,-2")
UNGRADED = (eye(6) + Matrix(6, 6, lambda i, j: int((i, j) == (0, 5)))).tolist()


@pytest.mark.parametrize(
    ("arguments", "kind", "mentions"),
    [
        ({"basis": "legndre"}, UnknownName, ["did you mean legendre?"]),
        ({"output": "bernstien"}, UnknownName, ["did you mean bernstein?"]),
        ({"input": [[1, 2], [2, 4]]}, BadShape, ["(2, 2)", "(6, 6)"]),
        ({"output": [[1, 2, 0, 0], [2, 4, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]}, NotApplicable, ["singular"]),
        ({"filter": eye(4)}, None, []),
        ({"input": eye(4)}, BadShape, ["(4, 4)", "(6, 6)"]),
        ({"filter": [[1, 0.5, 0], [0, 1, 0], [0, 0, 1]]}, FloatGiven, ["1/2"]),
        ({"input": [[1, 0, 0], [0, 1, 0]]}, BadShape, ["(2, 3)", "square"]),
        ({"basis": UNGRADED}, NotApplicable, ["not lower triangular", "graded"]),
        ({"input": UNGRADED}, None, []),
        ({"basis": "lagrange(0,1,-1)"}, NotApplicable, ["3 distinct nodes for 6"]),
        ({"basis": "newton(0,1,-1)"}, NotApplicable, ["3 nodes for 6", "at least 5"]),
    ],
)
def test_what_is_refused(arguments, kind, mentions):
    for algorithm in (F43, nest(F43, F43)):
        if kind is None:
            assert algorithm.change_basis(**arguments).factors[0].BT == F43.BT
        else:
            with refused(kind, *mentions):
                algorithm.change_basis(**arguments)


def test_newton_needs_points_that_are_known():
    bare = Algorithm.from_matrices(F43.AT, F43.G, F43.BT)
    with refused(NotApplicable, "points are not known", "list nodes"):
        bare.change_basis("newton")
    assert bare.change_basis("newton(0,1,-1,2,-2)").input == F43.change_basis("newton").input


def test_a_basis_object_is_taken_as_it_is():
    given_ = given_basis(parse_basis("legendre").matrix(6).to_Matrix(), "mine")
    assert F43.change_basis(given_) == F43.change_basis("legendre") == F43.change_basis(parse_basis("legendre"))
