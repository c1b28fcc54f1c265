# SPDX-License-Identifier: Apache-2.0
"""Summation trees, matrix passes and channel sums: against slow loops over exact fractions, numpy and ml_dtypes."""

from __future__ import annotations

from fractions import Fraction
from functools import reduce
from math import ceil, log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle_messages import refused

from wincraft.errors import BadShape, UnknownName, WrongType
from wincraft.numbers import FORMATS, ORDERS, Arithmetic, Tree, channel_sum, huffman, linear_pass
from wincraft.numbers.arithmetic import BLOCK
from wincraft.numbers.summation import pairwise, positive_first

NAMES = ["fp32", "fp16", "bf16", "fp8-e4m3-sat", "fp8-e5m2-sat"]
rows = st.lists(st.sampled_from([0.0, 0.0, 1.0, -1.0, 2.0, -0.5, 0.25, 5.25, -4.0, 1 / 3]), min_size=1, max_size=12)


def add_up(tree, terms, add):
    """Follow a tree with any addition."""
    sums = dict(terms)
    for i, j in tree.additions:
        sums[i] = add(sums[i], sums.pop(j))
    return sums


def oracle_huffman(row):
    """Nested pairs, from the words of the paper's algorithm: zeros are nodes of key -inf and stay in the tree."""
    nodes = [(log2(abs(c)) if c else float("-inf"), k if c else None) for k, c in enumerate(row)]
    while len(nodes) > 1:
        nodes.sort(key=lambda node: node[0])
        (a, left), (b, right) = nodes[:2]
        merged = (left, right) if left is not None and right is not None else right if left is None else left
        nodes = [(a + b, merged), *nodes[2:]]
    return nodes[0][1]


def nested(tree):
    return add_up(tree, {k: k for k in tree.terms}, lambda a, b: (a, b)).get(tree.root)


def rounded(format, value):
    return format.quantize_exact(Fraction(value))


def oracle_sum(format, coefficients, values, pairs):
    """A row's sum by exact fractions, the tree as nested pairs."""
    if pairs is None:
        return Fraction(0)
    if isinstance(pairs, tuple):
        parts = [oracle_sum(format, coefficients, values, part) for part in pairs]
        return rounded(format, sum(parts))
    return rounded(format, Fraction(coefficients[pairs]) * Fraction(values[pairs]))


def oracle_pairs(order, row):
    """Nested pairs, from the words of each definition."""
    if order == "huffman":
        return oracle_huffman(row)
    terms = [k for k, c in enumerate(row) if c]
    if order == "positive-first":
        first = next((k for k in terms if row[k] > 0), None)
        terms.sort(key=lambda k: k != first)
    return halves(terms) if order == "pairwise" else in_turn(terms)


def in_turn(terms):
    return reduce(lambda a, b: (a, b), terms) if terms else None


def halves(terms):
    half = ceil(len(terms) / 2)
    if len(terms) < 2:
        return terms[0] if terms else None
    return halves(terms[:half]), halves(terms[half:])


@pytest.mark.parametrize("order", ORDERS)
@given(row=rows)
def test_every_non_zero_term_is_added_once(order, row):
    tree = ORDERS[order](row)
    assert tree.terms == tuple(k for k, c in enumerate(row) if c)
    whole = add_up(tree, {k: {k} for k in tree.terms}, lambda a, b: a | b)
    assert whole == ({tree.root: set(tree.terms)} if tree.terms else {})
    assert len(tree.additions) == max(0, len(tree.terms) - 1)


@pytest.mark.parametrize("order", ORDERS)
@given(row=rows)
def test_depths_count_the_additions_of_a_term(order, row):
    tree = ORDERS[order](row)
    depths = add_up(
        tree,
        {k: {k: 0} for k in tree.terms},
        lambda a, b: {k: d + 1 for part in (a, b) for k, d in part.items()},
    )
    assert tree.depths == depths.get(tree.root, {})


@given(row=rows)
def test_trees_are_those_of_the_definitions(row):
    terms = [k for k, c in enumerate(row) if c]
    for order, tree_of in ORDERS.items():
        assert nested(tree_of(row)) == oracle_pairs(order, row)
    if terms:
        assert max(pairwise(row).depths.values()) == (len(terms) - 1).bit_length()


def test_positive_first_by_hand():
    assert nested(positive_first([-4.0, -4.0, 1.0, 2.0])) == (((2, 0), 1), 3)
    assert nested(positive_first([2.0, -1.0, 1.0])) == ((0, 1), 2)
    assert nested(positive_first([-2.0, 0.0, -1.0])) == (0, 2)  # nothing is positive
    assert positive_first([0.0, 0.0]) == Tree(())


def test_huffman_by_hand():
    assert nested(huffman([8.0, 0.5, 2.0, 0.25])) == (((3, 1), 2), 0)
    assert nested(huffman([1.0, 1.0, 1.0, 1.0])) == (((0, 1), 2), 3)  # a sum goes before equal keys
    assert nested(huffman([2.0, 2.0, 2.0, 2.0])) == ((2, 3), (0, 1))  # and before an earlier sum of equal key
    assert nested(huffman([4.0, 0.0, 2.0, 2.0, 4.0])) == (((2, 3), 0), 4)  # the zero makes every sum come first
    assert nested(huffman([4.0, 2.0, 2.0, 4.0])) == (3, ((1, 2), 0))
    assert huffman([0.0, 0.0]) == Tree(())
    assert huffman([0.0, 3.0]) == Tree((1,))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("order", ORDERS)
@given(data=st.data())
def test_a_pass_is_the_slow_one(name, order, data):
    format, width = FORMATS[name], data.draw(st.integers(1, 6))
    numbers = st.floats(-4, 4, width=16).map(lambda x: float(format.quantize(x)))
    entries = st.one_of(st.sampled_from([0.0, 1.0, -1.0]), numbers)
    matrix = data.draw(st.lists(st.lists(entries, min_size=width, max_size=width), min_size=1, max_size=3))
    columns = data.draw(st.lists(st.lists(numbers, min_size=width, max_size=width), min_size=1, max_size=4))
    array = np.array(columns)
    wanted = [
        [float(oracle_sum(format, row, column, oracle_pairs(order, row))) for row in matrix] for column in columns
    ]
    got = linear_pass(matrix, array, 1, Arithmetic(format), order)
    np.testing.assert_array_equal(got, np.array(wanted))
    np.testing.assert_array_equal(linear_pass(matrix, array.T, -2, Arithmetic(format), order), np.array(wanted).T)


@pytest.mark.parametrize("name", NAMES)
def test_a_pass_over_many_blocks_and_any_axis(name):
    rng = np.random.default_rng(3)
    arithmetic = Arithmetic(FORMATS[name])
    matrix = arithmetic.round([[1, -1, 0], [0.5, 3, -2.5]])
    array = arithmetic.round(rng.standard_normal((2, 3, BLOCK + 7)))
    got = linear_pass(matrix, array, 1, arithmetic, "sequential")
    wanted = [
        arithmetic.add(array[:, 0], -array[:, 1]),
        arithmetic.add(
            arithmetic.add(arithmetic.multiply(array[:, 0], matrix[1, 0]), arithmetic.multiply(array[:, 1], 3.0)),
            arithmetic.multiply(array[:, 2], matrix[1, 2]),
        ),
    ]
    assert got.dtype == arithmetic.dtype
    np.testing.assert_array_equal(got, np.stack(wanted, axis=1))
    for axis in range(3):
        moved = np.moveaxis(array, 1, axis)
        np.testing.assert_array_equal(linear_pass(matrix, moved, axis, arithmetic), np.moveaxis(got, 1, axis))


def test_matrices_are_rounded_and_zero_rows_give_zero():
    half = Arithmetic(FORMATS["fp16"])
    third = float(np.float16(1 / 3))
    assert linear_pass([[1 / 3], [0.0]], [3.0], 0, half).tolist() == [float(np.float16(3 * third)), 0.0]
    assert linear_pass(np.eye(2), np.zeros((2, 0), np.float32), 0, half).shape == (2, 0)
    assert linear_pass([[60000.0, 60000.0]], [1.0, 1.0], 0, half).tolist() == [np.inf]


def test_passes_in_fp32_are_numpys():
    rng = np.random.default_rng(2)
    matrix, array = rng.standard_normal((4, 5)).astype(np.float32), rng.standard_normal((5, 100)).astype(np.float32)
    wanted = reduce(np.add, (matrix[:, j, None] * array[j] for j in range(5)))
    np.testing.assert_array_equal(linear_pass(matrix, array, 0, Arithmetic(FORMATS["fp32"])), wanted)


def native_channels(V, U, dtype, order):
    terms = [V[:, :, c, None].astype(dtype) * U[:, c, None, :].astype(dtype) for c in range(V.shape[2])]
    pairs = oracle_pairs(order, [1] * len(terms))
    return follow(pairs, terms)


def follow(pairs, terms):
    return follow(pairs[0], terms) + follow(pairs[1], terms) if isinstance(pairs, tuple) else terms[pairs]


@pytest.mark.parametrize("name", ["fp32", "fp16", "bf16", "fp64", "fp8-e5m2"])
@pytest.mark.parametrize("order", ["sequential", "pairwise"])
@given(shape=st.tuples(*[st.integers(1, 9)] * 4), seed=st.integers(0, 99))
def test_channel_sums_are_those_of_narrow_dtypes(name, order, shape, seed):
    ml_dtypes = pytest.importorskip("ml_dtypes")
    dtypes = {"fp32": "f4", "fp16": "f2", "fp64": "f8", "bf16": ml_dtypes.bfloat16, "fp8-e5m2": ml_dtypes.float8_e5m2}
    arithmetic, rng, (R, K, C, T) = Arithmetic(FORMATS[name]), np.random.default_rng(seed), shape
    V, U = (arithmetic.round(rng.standard_normal(shape)) for shape in ((R, K, C), (R, C, T)))
    got = channel_sum(V, U, arithmetic, order)
    assert got.shape == (R, K, T)
    assert got.dtype == arithmetic.dtype
    np.testing.assert_array_equal(got, native_channels(V, U, dtypes[name], order).astype(np.float64))


@pytest.mark.parametrize("shape", [(3, 2, 5, BLOCK), (700, 9, 4, 7), (2, 300, 3, 200), (1, 40000, 2, 1), (1, 1, 37, 1)])
def test_channel_sums_over_many_blocks(shape):
    arithmetic, rng, (R, K, C, T) = Arithmetic(FORMATS["bf16"]), np.random.default_rng(4), shape
    V, U = (arithmetic.round(rng.standard_normal(shape)) for shape in ((R, K, C), (R, C, T)))
    wanted = None
    for c in range(C):
        term = arithmetic.multiply(V[:, :, c, None], U[:, c, None, :])
        wanted = term if wanted is None else arithmetic.add(wanted, term)
    np.testing.assert_array_equal(channel_sum(V, U, arithmetic), wanted)


def test_negative_zero_sums_stay_negative():
    got = channel_sum(-np.ones((1, 1, 2), np.float32), np.zeros((1, 2, 1), np.float32), Arithmetic(FORMATS["fp16"]))
    assert np.signbit(got).all()


def test_bad_input_is_refused():
    half, ones = Arithmetic(FORMATS["fp16"]), np.ones((2, 3, 4))
    with refused(UnknownName, "'hufman'", "did you mean huffman?"):
        linear_pass(np.eye(3), ones, 1, half, "hufman")
    with refused(UnknownName, "'huffman'", "sequential, pairwise"):
        channel_sum(ones, ones, half, "huffman")
    with refused(BadShape, "array", "(2, 3, 4) (axis 0)", "3 along"):
        linear_pass(np.eye(3), ones, 0, half)
    with refused(BadShape, "(axis 3)"):
        linear_pass(np.eye(3), ones, 3, half)
    with refused(BadShape, "matrix", "(3,)"):
        linear_pass(np.ones(3), ones, 1, half)
    with refused(WrongType, "dtype"):
        linear_pass([["1/2"]], ones, 1, half)
    for V, U in ((ones, ones), (ones, np.ones((3, 4, 1))), (ones[0], ones), (np.ones((2, 3, 0), "f4"), ones)):
        with refused(BadShape, "(V, U)", "(R, K, C), (R, C, T)"):
            channel_sum(V, U, half)
