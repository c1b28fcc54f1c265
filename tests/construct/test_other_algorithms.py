# SPDX-License-Identifier: Apache-2.0
"""Algorithms of whole tiles and over prime fields: what changes them works, or refuses them by name."""

from __future__ import annotations

import numpy as np
import pytest
from oracle_convolution import table
from oracle_messages import refused

from wincraft import CONVENTIONS, Algorithm, balance, change_basis, factorise, winograd
from wincraft.construct import FACTORISATIONS, balance_stages, chained, in_convention, integer_form
from wincraft.errors import BadNumber, NotApplicable

SMALL = winograd(2, 3, points="0,1,-1")
MODULAR = winograd(4, 3, points="0,1,-1,2,-2").convert("GF(31)")


def whole():
    """F(2x2,3x3) by matrices for the whole tile."""
    matrices = (np.kron(matrix, matrix) for matrix in SMALL.to_numpy(object))
    return Algorithm.from_matrices(*(matrix.tolist() for matrix in matrices), m=(2, 2), r=(3, 3))


def test_rows_of_whole_tiles_are_balanced():
    plain, made = whole(), balance(whole(), bits=0)
    assert made.noise_gain() == plain.noise_gain() == SMALL.noise_gain() ** 2
    for rows in (table(made.G), table(made.BT)):
        assert all(1 <= 2 * sum(x * x for x in row) <= 4 for row in rows)


@pytest.mark.parametrize(
    "change",
    [
        lambda algorithm: change_basis(algorithm, "legendre"),
        lambda algorithm: factorise(algorithm, "lu"),
        lambda algorithm: in_convention(algorithm, "lavin"),
        balance_stages,
    ],
)
def test_what_goes_along_axes_refuses_whole_tiles(change):
    with refused(NotApplicable, "F(2x2,3x3)"):
        change(whole())


@pytest.mark.parametrize("name", CONVENTIONS)
def test_conventions_over_a_prime_field_are_images_of_the_rational_ones(name):
    made = winograd(4, 3, points="0,1,-1,2,-2", convention=name).convert("GF(31)")
    assert in_convention(MODULAR, name) == made
    assert in_convention(made, "wincnn") == MODULAR
    assert in_convention(made, "wincnn").recipe == MODULAR.recipe


@pytest.mark.parametrize("basis", ["legendre", "chebyshev:classical", "newton"])
def test_bases_over_a_prime_field_are_images_of_the_rational_ones(basis):
    rational = winograd(4, 3, points="0,1,-1,2,-2")
    assert change_basis(MODULAR, basis) == change_basis(rational, basis).convert("GF(31)")


@pytest.mark.parametrize("name", FACTORISATIONS)
def test_factorisations_over_a_prime_field_multiply_out(name):
    points = "0,2,1/2,1,-1" if name == "reciprocal" else "0,1,-1,2,-2"
    plain = winograd(4, 3, points=points).convert("GF(31)")
    made = factorise(plain, input=name)
    assert len(made.input.stages) > 1
    assert made.input.dense == plain.input.dense


def test_what_a_prime_field_lacks_is_told():
    for change in (balance, integer_form, balance_stages):
        with refused(NotApplicable, "GF(31)"):
            change(MODULAR)
    with refused(NotApplicable, "GF(31)"):
        chained(MODULAR, "legendre/pow2")
    binary = winograd(2, 2, points="0,1").convert("GF(2)")
    with refused(NotApplicable, "reciprocal", "GF(2)"):
        factorise(binary, input="reciprocal")
    with refused(BadNumber, "GF(3)"):
        change_basis(winograd(1, 3, points="0,1").convert("GF(3)"), "legendre")
    with refused(NotApplicable, "chebyshev"):
        change_basis(binary, "chebyshev:classical")
