# SPDX-License-Identifier: Apache-2.0
"""Algorithms that are no products of such of one axis, and algorithms over GF(p), from proof to pickle."""

import pickle
from itertools import product

import numpy as np
import pytest
from oracle_convolution import correlate_tile
from oracle_messages import refused
from oracle_tiles import forty_six, kronecker_square

from wincraft import Algorithm, nest, parse, winograd
from wincraft.algorithm import Refuted
from wincraft.errors import BadNumber, BadShape, NotApplicable

SQUARE = parse("F(2x2,3x3)", points="0,1,-1")
DENSE = kronecker_square(points="0,1,-1")
LEAN = forty_six()


def test_the_kronecker_product_is_proved_as_one_algorithm():
    assert (DENSE.m, DENSE.r, DENSE.n, DENSE.rank, DENSE.separable) == ((2, 2), (3, 3), (4, 4), 16, False)
    assert DENSE.noise_gain() == SQUARE.noise_gain()
    assert sum(DENSE.tap_gains()) == DENSE.noise_gain()
    assert DENSE.verify() == "F(2x2,3x3) proved: 576 exact identities, 16 products, scale 1"
    assert [item.dense for item in DENSE.maps] == [item.dense for item in SQUARE.maps]
    assert DENSE != SQUARE


def test_forty_six_products_are_enough():
    assert (LEAN.size, LEAN.rank, LEAN.separable) == ("F(4x4,3x3)", 46, False)
    rng = np.random.default_rng(0)
    d, g = rng.integers(-9, 9, (6, 6)).tolist(), rng.integers(-9, 9, (3, 3)).tolist()
    assert LEAN.apply(d, g) == correlate_tile(d, g).tolist()


@pytest.mark.parametrize("algorithm", [DENSE, LEAN], ids=["dense", "46"])
def test_images(algorithm):
    rng = np.random.default_rng(1)
    images, filters = rng.integers(-99, 99, (2, 3, 11, 9)), rng.integers(-99, 99, (4, 3, 3, 3))
    expected = SQUARE.convolve(images, filters, padding=1)
    assert np.array_equal(algorithm.convolve(images, filters, padding=1), expected)
    assert np.allclose(algorithm.convolve(images / 8, filters / 8, padding=1), expected / 64, rtol=0, atol=1e-9)


@pytest.mark.parametrize("algorithm", [DENSE, LEAN], ids=["dense", "46"])
def test_what_algorithms_do(algorithm):
    factors = [2] * algorithm.rank
    scaled = algorithm.rescale(a=factors)
    assert (scaled.scale, scaled.noise_gain()) == (2, algorithm.noise_gain())
    assert len(scaled.output.passes) == len(algorithm.output.passes), "folded into the dense pass"
    assert pickle.loads(pickle.dumps(algorithm)) == algorithm
    assert algorithm.transpose().transpose() == algorithm
    assert algorithm.convert("GF(31)").convert("GF(31)") == algorithm.convert("GF(31)") != algorithm
    d, g = np.arange(16).reshape(4, 4).tolist(), [[1, 0, 2], [0, 1, 0], [3, 0, 1]]
    if algorithm is DENSE:
        d = np.arange(4).reshape(2, 2).tolist()
        full = np.array(algorithm.transpose().apply(d, g), dtype=object)
        expected = np.zeros((4, 4), dtype=object)
        for i, j, k, l in product(range(2), range(2), range(3), range(3)):
            expected[i + k, j + l] += d[i][j] * g[k][l]
        assert np.array_equal(full, expected)
    with refused(NotApplicable, "no products of maps of one axis"):
        _ = algorithm.factors
    with refused(NotApplicable):
        nest(algorithm, winograd(2, 3))
    assert "rank" in repr(algorithm)
    assert algorithm._repr_latex_() is None


def test_a_wrong_entry_is_refuted_where_it_is():
    AT, G, BT = (item.dense.to_Matrix() for item in DENSE.maps)
    for matrix in (AT, G, BT):
        changed = matrix.copy()
        changed[1, 2] += 1
        tables = [changed if item is matrix else item for item in (AT, G, BT)]
        with refused(Refuted, "not F(2x2,3x3): wrong in output"):
            Algorithm.from_matrices(*tables, m=(2, 2), r=(3, 3))
    with refused(BadShape):
        Algorithm.from_matrices(AT, G, BT, m=(2, 3), r=(3, 3))


@pytest.mark.parametrize("size", ["F(4,3)", "F(2x4,3x3)"])
def test_a_prime_field_computes_modulo_it(size):
    """Against plain convolution of integers, reduced."""
    made = winograd(size).convert("GF(31)")
    rng = np.random.default_rng(2)
    d, g = rng.integers(0, 31, made.n), rng.integers(0, 31, made.r)
    residues = np.array(made.apply(d.tolist(), g.tolist()), dtype=object)
    assert np.array_equal(residues % 31, correlate_tile(d.tolist(), g.tolist()) % 31)
    longer = rng.integers(-50, 50, [n + 5 for n in made.n])
    convolved = made.convolve(longer, g)
    assert np.array_equal(convolved % 31, winograd(size).convolve(longer, g) % 31)
    assert abs(convolved).max() <= 15
    assert pickle.loads(pickle.dumps(made)) == made
    assert repr(made).endswith("over GF(31), scale 1, proved")


def test_what_a_prime_field_has_not():
    made = winograd(4, 3).convert("GF(31)")
    for attempt in (made.noise_gain, made.to_numpy, made.plot, lambda: made.convolve(np.ones(9), np.ones(3))):
        with refused(NotApplicable, "elements of GF(31) have no size"):
            attempt()
    with refused(BadNumber, "GF(2)"):
        winograd(4, 3).convert("GF(2)")
    with refused(BadNumber, "GF(31) and QQ<sqrt(2)>"):
        nest(made, winograd(1, 2, points="sqrt(2)"))
    assert made.to_numpy("int8")[1].shape == (6, 3)
