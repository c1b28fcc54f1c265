# SPDX-License-Identifier: Apache-2.0
"""Matrices recovered from functions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from oracle_messages import refused

import wincraft as wc
from wincraft.errors import BadShape, BadValue, NotApplicable, WrongType


def test_the_three_maps_of_an_algorithm_are_found_and_identified():
    alg = wc.winograd(4, 3, points="0,1,-1,2,-2", convention="lavin")
    arrays = alg.to_numpy("float32")
    probed = [wc.probe(lambda v, M=M: M @ v, size, dtype="float32") for M, size in zip(arrays, (6, 3, 6), strict=True)]
    for found, given in zip(probed, arrays, strict=True):
        np.testing.assert_array_equal(found, given)
        assert found.dtype == np.float32


def test_a_function_of_tiles_gives_the_kronecker_product():
    _, _, BT = wc.winograd(2, 3).to_numpy()
    np.testing.assert_array_equal(wc.probe(lambda d: BT @ d @ BT.T, (4, 4)), np.kron(BT, BT))


def test_exact_numbers_stay_exact():
    third = Fraction(1, 3)
    assert wc.probe(lambda v: [v[0] * third, v[0] + v[1]], 2, dtype=object).tolist() == [[third, 0], [1, 1]]


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (lambda v: v + 1, "zeros"),
        (lambda v: v * v, "a sum"),
        (lambda v: np.maximum(v, 0), "a sum"),
        (lambda v: v / 0.0, "finite"),
        (lambda v: [], "entries"),
        (lambda v: ["a"], "numbers"),
    ],
)
def test_what_is_not_linear_is_refused(function, says):
    with refused((NotApplicable, BadValue, WrongType), says), np.errstate(all="ignore"):
        wc.probe(function, 4)


def test_shapes_that_make_no_matrix_are_refused():
    with refused(BadShape):
        wc.probe(lambda v: v[: int(v[0]) + 1], 3)
    for n in (0, (), (2, 0), 2**16 + 1):
        with refused(BadShape):
            wc.probe(lambda v: v, n)
