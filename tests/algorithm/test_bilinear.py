# SPDX-License-Identifier: Apache-2.0
"""The core object: proved when made, rescaled, used in both forms, hashed by content, pickled."""

from __future__ import annotations

import copy
import hashlib
import pickle
from dataclasses import FrozenInstanceError, replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle_convolution import correlate_tile, is_right, is_zero, plain
from oracle_messages import refused
from oracle_strategies import as_sympy, pointed_sizes, rationals
from sympy import QQ, Integer, Matrix, Rational, eye, sqrt

from wincraft import Algorithm, LinearMap, WincraftError, winograd
from wincraft.algorithm import Refuted
from wincraft.algorithm.recipe import Recipe
from wincraft.errors import BadNumber, BadScaling, BadShape, FloatGiven, WrongType
from wincraft.exact import exact_number, from_numbers

nonzero = rationals.filter(bool).map(as_sympy)
F23 = winograd(2, 3, points="0,1,-1")
QUADRATIC = winograd(4, 3, moduli="0,1,-1,x^2+1,inf")
ALGEBRAIC = winograd(2, 3, points="0,sqrt(2),-sqrt(2)")


def parts(algorithm):
    return algorithm.AT, algorithm.G, algorithm.BT, algorithm.scale


# --- made of bare matrices --------------------------------------------------------------------------------------


@given(pointed_sizes(max_m=4, max_r=4), nonzero, nonzero, nonzero)
def test_a_global_scale_is_found(case, a, g, b):
    made = winograd(case[0], case[1], points=case[2])
    scaled = Algorithm.from_matrices(a * made.AT, g * made.G, b * made.BT)
    assert scaled.scale == a * g * b
    assert (scaled.m, scaled.r, scaled.n, scaled.rank) == (made.m, made.r, made.n, made.rank)
    assert scaled.noise_gain() == made.noise_gain()
    assert (scaled.moduli, scaled.convention) == (None, None)


def test_matrices_in_any_dress():
    texts = [[[str(value) for value in row] for row in matrix.tolist()] for matrix in parts(F23)[:3]]
    arrays = [np.array(matrix.tolist(), dtype=object) for matrix in parts(F23)[:3]]
    tuples = [tuple(tuple(row) for row in matrix.tolist()) for matrix in parts(F23)[:3]]
    for dressed in (texts, arrays, tuples, F23.to_numpy(object), parts(F23)[:3]):
        assert Algorithm.from_matrices(*dressed) == F23
    integers = winograd(2, 3, points="0,1,-1", convention="integer")
    assert Algorithm.from_matrices(*integers.to_numpy("int8")) == integers


@pytest.mark.parametrize(
    ("kind", "matrices"),
    [
        (BadShape, ([[1, 1]], [[1]], [[1]])),
        (BadShape, ([[1]], [[1]], [[1, 0]])),
        (BadShape, ([[1]], [[1], [1]], [[1]])),
        (BadShape, ([], [[1]], [[1]])),
        (BadShape, ([[]], [[1]], [[1]])),
        (BadShape, ([[1], [1, 2]], [[1]], [[1]])),
        (WrongType, (None, [[1]], [[1]])),
        (WrongType, (5, [[1]], [[1]])),
        (WrongType, ([1], [[1]], [[1]])),
        (BadNumber, ([["x"]], [[1]], [[1]])),
        (BadNumber, ([[None]], [[1]], [[1]])),
        (BadNumber, ([[True]], [[1]], [[1]])),
        (BadNumber, ([[float("nan")]], [[1]], [[1]])),
        (BadNumber, ([[1j]], [[1]], [[1]])),
        (BadNumber, ("abc", [[1]], [[1]])),
        (FloatGiven, ([[1.0]], [[1]], [[1]])),
        (FloatGiven, (np.eye(1), np.eye(1), np.eye(1))),
        (FloatGiven, ([["0.5"]], [[1]], [[1]])),
        (Refuted, ([[0]], [[1]], [[1]])),
    ],
)
def test_what_are_no_matrices_of_an_algorithm(kind, matrices):
    with refused(kind):
        Algorithm.from_matrices(*matrices)


def test_the_form_is_one_of_two():
    with pytest.raises(WincraftError):
        Algorithm.from_matrices([[1]], [[1]], [[1]], form="diagonal")


def test_maps_that_do_not_fit():
    one = LinearMap.of(from_numbers([[Integer(1)]], QQ))
    two = LinearMap.of(from_numbers([[Integer(1)], [Integer(1)]], QQ))
    with refused(BadShape, "(1, 1), (2, 1), (1, 1)", "(R, m+r-1)"):
        Algorithm(one, two, one)


@pytest.mark.parametrize("algebraic", ["output", "filter", "input"])
def test_maps_over_different_domains(algebraic):
    maps = {name: getattr(ALGEBRAIC if name == algebraic else F23, name) for name in ("output", "filter", "input")}
    with pytest.raises(WincraftError):
        Algorithm(**maps)


@pytest.mark.parametrize("scale", [1, Fraction(1), "1", Integer(1)])
def test_a_scale_in_any_dress(scale):
    assert Algorithm(F23.output, F23.filter, F23.input, scale=scale) == F23


@pytest.mark.parametrize("scale", [0.5, None, "x", sqrt(2), float("nan")])
def test_a_scale_that_is_none(scale):
    with pytest.raises(WincraftError):
        Algorithm(F23.output, F23.filter, F23.input, scale=scale)


# --- rescaling --------------------------------------------------------------------------------------------------


@given(pointed_sizes(max_m=4, max_r=4), nonzero, st.data())
def test_rescaling_changes_the_matrices_as_told_and_nothing_else(case, c, data):
    made = winograd(case[0], case[1], points=case[2])
    vectors = st.lists(nonzero, min_size=made.rank, max_size=made.rank)
    a, g = data.draw(vectors), data.draw(vectors)
    b = [c / (x * y) for x, y in zip(a, g, strict=True)]
    scaled = made.rescale(a=a, g=g, b=b)
    assert made.AT * Matrix.diag(*a) == scaled.AT
    assert Matrix.diag(*g) * made.G == scaled.G
    assert Matrix.diag(*b) * made.BT == scaled.BT
    assert scaled.scale == c
    assert is_right(scaled)
    assert scaled.noise_gain() == made.noise_gain()
    assert scaled.moduli == made.moduli
    assert scaled.convention is None
    back = scaled.rescale(*([1 / value for value in values] for values in (a, g, b)))
    assert parts(back) == parts(made)


def test_vectors_left_out_are_ones():
    assert F23.rescale() == F23
    assert F23.rescale(g=[3] * 4).scale == 3
    assert F23.rescale(a=["1/2"] * 4, b=[2] * 4).scale == 1


def test_rescaling_by_roots():
    scaled = F23.rescale(a=["sqrt(2)", 1, sqrt(3), 1], b=["sqrt(2)/2", 1, 1 / sqrt(3), 1])
    assert is_right(scaled)
    assert scaled.scale == 1
    assert scaled.noise_gain() == Rational(5, 3)
    assert is_zero(scaled.BT[2, 1] + sqrt(3) / 3)
    assert F23.rescale(a=[sqrt(2)] * 4).scale == sqrt(2)


def test_an_algebraic_algorithm_is_rescaled_in_its_field_or_a_larger_one():
    within = ALGEBRAIC.rescale(a=["1+sqrt(2)"] * 4, g=["sqrt(2)-1"] * 4)
    assert (within.domain, within.scale) == (ALGEBRAIC.domain, 1)
    beyond = ALGEBRAIC.rescale(b=["sqrt(3)"] * 4)
    assert is_zero(beyond.scale - sqrt(3))
    assert is_right(beyond)
    assert is_zero(beyond.noise_gain() - ALGEBRAIC.noise_gain())


@pytest.mark.parametrize(
    ("kind", "arguments", "mentions"),
    [
        (BadScaling, {"a": [1, 2, 1, 1]}, ["tap 1 is 2", "of tap 0 it is 1"]),
        (BadScaling, {"a": [1, 1, 1, 3], "b": [2, 2, 2, 2]}, ["tap 3 is 6", "of tap 0 it is 2"]),
        (BadScaling, {"g": [0, 0, 0, 0]}, ["tap 0 is 0", "not zero"]),
        (BadScaling, {"g": [1, 1, 0, 1]}, ["tap 2 is 0"]),
        (BadScaling, {"b": [1, 1, 1, "sqrt(2)"]}, ["tap 3 is sqrt(2)"]),
        (BadShape, {"a": [1, 1, 1]}, ["scaling a", "(3,)", "(4,)"]),
        (BadShape, {"g": []}, ["scaling g", "(0,)"]),
        (BadShape, {"b": [1] * 5}, ["scaling b", "(5,)"]),
        (FloatGiven, {"a": [0.5] * 4}, ["0.5", "1/2"]),
        (FloatGiven, {"a": np.ones(4)}, ["1.0"]),
        (BadNumber, {"a": ["x"] * 4}, ["x"]),
    ],
)
def test_scalings_that_are_none(kind, arguments, mentions):
    with refused(kind, *mentions):
        F23.rescale(**arguments)


def test_a_scaling_that_is_no_sequence():
    with pytest.raises(WincraftError):
        F23.rescale(a=5)


# --- applied ----------------------------------------------------------------------------------------------------


@given(pointed_sizes(max_m=4, max_r=4), st.data())
def test_the_correlation_form_correlates(case, data):
    made = winograd(case[0], case[1], points=case[2], convention="integer")
    tile = data.draw(st.lists(rationals, min_size=made.n[0], max_size=made.n[0]))
    taps = data.draw(st.lists(rationals, min_size=made.r[0], max_size=made.r[0]))
    result = made.apply(tile, taps)
    assert [plain(value) for value in result] == list(correlate_tile(tile, taps))


@given(pointed_sizes(max_m=4, max_r=4), st.data())
def test_the_linear_form_multiplies_polynomials(case, data):
    made = winograd(case[0], case[1], points=case[2], convention="homogeneous").transpose()
    left = data.draw(st.lists(st.integers(-99, 99), min_size=made.m[0], max_size=made.m[0]))
    right = data.draw(st.lists(st.integers(-99, 99), min_size=made.r[0], max_size=made.r[0]))
    assert made.form == "linear"
    assert made.apply(left, right) == np.convolve(left, right).tolist()
    assert made.transpose() == winograd(case[0], case[1], points=case[2], convention="homogeneous")


def test_the_linear_form_of_higher_moduli():
    product = QUADRATIC.transpose().apply([1, 2, 3, 4], [5, 6, 7])
    assert product == np.polymul([1, 2, 3, 4], [5, 6, 7]).tolist()


def test_algebraic_numbers_in_and_out():
    tile, taps = [sqrt(2), Rational(1, 2), "sqrt(3)", -1], ["1+sqrt(2)", 0, Fraction(2, 3)]
    wanted = correlate_tile([exact_number(value) for value in tile], [exact_number(value) for value in taps])
    for made in (F23, ALGEBRAIC):
        assert all(is_zero(a - b) for a, b in zip(made.apply(tile, taps), wanted, strict=True))


def test_numpy_integers_are_exact_numbers():
    assert F23.apply(np.arange(4), np.array([1, 2, 3], dtype=np.uint8)) == [8, 14]


@pytest.mark.parametrize(
    ("kind", "data", "taps"),
    [
        (BadShape, [1, 2, 3], [1, 2, 3]),
        (BadShape, [1, 2, 3, 4, 5], [1, 2, 3]),
        (BadShape, [1, 2, 3, 4], [1, 2]),
        (BadShape, "1234", [1, 2, 3]),
        (BadShape, None, [1, 2, 3]),
        (BadShape, 5, [1, 2, 3]),
        (BadNumber, [[1], [2], [3], [4]], [1, 2, 3]),
        (BadNumber, [1, 2, 3, "x"], [1, 2, 3]),
        (BadNumber, [1, 2, 3, None], [1, 2, 3]),
        (BadNumber, [1, 2, 3, 1j], [1, 2, 3]),
        (FloatGiven, [1, 2, 3, 0.5], [1, 2, 3]),
        (FloatGiven, np.ones(4), [1, 2, 3]),
    ],
)
def test_what_cannot_be_applied(kind, data, taps):
    with refused(kind):
        F23.apply(data, taps)


# --- content, equality, hash ------------------------------------------------------------------------------------


def test_the_hash_is_of_the_content():
    same = [
        winograd(2, 3, points=[0, 1, -1]),
        winograd(2, 3, points="0,x-1,x+1,inf"),
        winograd(2, 3),
        Algorithm.from_matrices(F23.AT, F23.G, F23.BT),
        F23.rescale(a=[2] * 4, b=["1/2"] * 4).rescale(a=["1/2"] * 4, b=[2] * 4),
        replace(F23, recipe=(Recipe(convention="another name"),)),
        F23.transpose().transpose(),
    ]
    for algorithm in same:
        assert algorithm.sha256 == F23.sha256
        assert algorithm == F23
        assert hash(algorithm) == hash(F23)
    assert len({F23, *same}) == 1


def test_any_other_content_has_another_hash():
    identity = from_numbers(eye(4).tolist(), QQ)
    others = [
        F23,
        winograd(2, 3, points="0,-1,1"),
        winograd(2, 3, points="0,1,2"),
        winograd(3, 2, points="0,1,-1"),
        winograd(2, 3, points="0,1,-1", convention="lavin"),
        F23.transpose(),
        F23.rescale(a=[2] * 4),
        F23.rescale(a=[2] * 4, b=["1/2"] * 4),
        F23.rescale(g=[2] * 4, b=["1/2"] * 4),
        replace(F23, input=LinearMap.of(*F23.input.stages, identity)),
        replace(F23, input=LinearMap.of(identity, *F23.input.stages)),
        F23.convert(ALGEBRAIC.domain),
        ALGEBRAIC,
    ]
    assert len({algorithm.sha256 for algorithm in others}) == len(others)
    assert all(algorithm != F23 for algorithm in others[1:])
    assert F23 != "F(2,3)"


def test_the_hash_does_not_change_from_version_to_version():
    """It is written into every document and header."""
    tiny = winograd(1, 2, points="0")
    content = (
        '{"domain":"QQ","form":"correlation","m":1,"r":2,"scale":"1",'
        '"stages":{"AT":[[["1","1"]]],"BT":[[["1","0"],["0","1"]]],"G":[[["1","0"],["0","1"]]]}}'
    )
    assert tiny.sha256 == hashlib.sha256(content.encode()).hexdigest()


def test_a_chain_has_the_dense_matrix_of_its_product():
    half, twice = (from_numbers((factor * eye(4)).tolist(), QQ) for factor in (Rational(1, 2), 2))
    chain = replace(F23, input=LinearMap.of(twice, *F23.input.stages, half))
    assert (chain.BT, chain.noise_gain()) == (F23.BT, F23.noise_gain())
    assert chain != F23
    assert chain.apply([1, 2, 3, 4], [1, 0, 2]) == F23.apply([1, 2, 3, 4], [1, 0, 2])


def test_an_algorithm_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        F23.scale = Integer(2)
    F23.AT[0, 0] = 17
    assert F23.AT[0, 0] == 1, "the matrices are copies"


def test_replacing_a_map_proves_again():
    with refused(Refuted):
        replace(F23, input=F23.input.scale_outputs([QQ(1), QQ(2), QQ(1), QQ(1)]))


@pytest.mark.parametrize(
    "algorithm",
    [F23, F23.transpose(), QUADRATIC, F23.rescale(a=[3] * 4), ALGEBRAIC, winograd(2, 2, points="sqrt(2),sqrt(3)")],
    ids=repr,
)
def test_through_pickle_and_copy(algorithm):
    for same in (copy.copy(algorithm), copy.deepcopy(algorithm), pickle.loads(pickle.dumps(algorithm))):
        assert same == algorithm
        assert repr(same) == repr(algorithm)
        assert parts(same) == parts(algorithm)
        assert same.verify() == algorithm.verify()


@pytest.mark.parametrize(
    ("algorithm", "text"),
    [
        (F23, "F(2,3), rank 4, moduli 0,1,-1,inf, convention wincnn, scale 1, proved"),
        (
            F23.transpose(),
            "F(2,3), rank 4, moduli 0,1,-1,inf, convention wincnn, linear convolution form, scale 1, proved",
        ),
        (F23.rescale(a=["1/3"] * 4), "F(2,3), rank 4, moduli 0,1,-1,inf, own scaling, scale 1/3, proved"),
        (QUADRATIC, "F(4,3), rank 7, moduli 0,1,-1,x^2+1@1,inf, convention wincnn, scale 1, proved"),
        (Algorithm.from_matrices(F23.AT, F23.G, F23.BT), "F(2,3), rank 4, scale 1, proved"),
    ],
)
def test_what_it_says_of_itself(algorithm, text):
    assert repr(algorithm) == text
