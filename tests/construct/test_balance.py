# SPDX-License-Identifier: Apache-2.0
"""Balancing inside a chain: unit standard deviation between stages, powers of two, the maps unchanged."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle_chains import stages_of
from oracle_convolution import is_right, table
from oracle_messages import refused
from oracle_scaling import mantissa
from oracle_strategies import pointed_sizes

from wincraft import CONVENTIONS, nest, winograd
from wincraft.construct import balance_stages, change_basis, factorise
from wincraft.errors import BadValue

BASES = ("legendre:classical", "chebyshev", "hermite", "laguerre(1/2)", "newton-leja", "bernstein")
MAPS = ("input", "filter", "output")


def so_far(linear_map):
    """What the chain has computed after every stage but the last: products of the first stages."""
    done, found = None, []
    for stage in stages_of(linear_map)[:-1]:
        done = stage if done is None else stage @ done
        found.append(done)
    return found


def variances(algorithm, name):
    """The variance of every value between the stages, for white data and weights of variance 1."""
    moments = np.eye(getattr(algorithm, name).shape[1], dtype=int)
    if name == "output":
        G, BT = table(algorithm.G), table(algorithm.BT)
        moments = (G @ G.T) * (BT @ BT.T)
    return [(partial @ moments * partial).sum(axis=1) for partial in so_far(getattr(algorithm, name))]


chains = st.one_of(
    st.builds(lambda basis: lambda plain: change_basis(plain, basis), st.sampled_from(BASES)),
    st.builds(lambda name: lambda plain: factorise(plain, name), st.sampled_from(["plu", "diagonal"])),
    st.just(lambda plain: factorise(plain, input="bjorck-pereyra")),
    st.just(lambda plain: change_basis(factorise(plain, "plu"), "legendre:classical")),
)


@given(pointed_sizes(max_m=4, max_r=3, least_tile=3), chains, st.sampled_from(list(CONVENTIONS)))
def test_powers_of_two_bring_every_value_to_unit_standard_deviation(case, chain, convention):
    """Within a factor sqrt(2); the map is the same, and so are what it started from and its factors' places."""
    m, r, points = case
    chained = chain(winograd(m, r, points=points, convention=convention))
    balanced = balance_stages(chained)
    assert is_right(balanced)
    for name in MAPS:
        before, after = getattr(chained, name), getattr(balanced, name)
        assert after.dense == before.dense
        assert len(after.stages) == len(before.stages)
        for values in variances(balanced, name):
            assert all(Fraction(1, 2) <= value <= 2 for value in values if value)
        for old, new in zip(so_far(before), so_far(after), strict=True):
            ratios = {i: new[i, j] / old[i, j] for i, j in zip(*np.nonzero(old), strict=True)}
            assert all(ratio > 0 and mantissa(ratio) == 1 for ratio in ratios.values())
            assert (new == [[ratios.get(i, 1) * value for value in row] for i, row in enumerate(old)]).all()


@given(pointed_sizes(max_m=4, max_r=3, least_tile=3), chains)
def test_what_is_balanced_stays_as_it_is(case, chain):
    m, r, points = case
    balanced = balance_stages(chain(winograd(m, r, points=points)))
    assert balance_stages(balanced) == balanced


@given(pointed_sizes(max_m=3, max_r=3, least_tile=3), st.integers(1, 4))
def test_a_finer_grid(case, bits):
    """Factors (1 + j/2^bits) 2^e: the standard deviations are within half a step of 1."""
    m, r, points = case
    chained = change_basis(winograd(m, r, points=points), "laguerre(1/2)")
    balanced = balance_stages(chained, bits)
    assert balanced.BT == chained.BT
    for name in MAPS:
        bound = (1 + Fraction(1, 2**bits)) ** 2
        assert all(1 / bound <= value <= bound for values in variances(balanced, name) for value in values)
        for old, new in zip(so_far(getattr(chained, name)), so_far(getattr(balanced, name)), strict=True):
            factors = {new[i, j] / old[i, j] for i, j in zip(*np.nonzero(old), strict=True)}
            assert all((mantissa(factor) * 2**bits).denominator == 1 for factor in factors)


@pytest.mark.parametrize("convention", ["wincnn", "integer", "pow2"])
def test_the_products_statistics_count_for_the_output(convention):
    """The products of F(6,3) have very different sizes: rows of unit norm are not what balances A^T."""
    plain = winograd(6, 3, points="0,1,-1,2,-2,1/2,-1/2", convention=convention)
    balanced = balance_stages(change_basis(plain, output="legendre"))
    assert all(Fraction(1, 2) <= value <= 2 for value in variances(balanced, "output")[0])
    norms = [row @ row for row in so_far(balanced.output)[0]]
    assert max(norms) > 30 or max(norms) < Fraction(1, 30)


def test_single_stages_and_other_axes_stay():
    plain, other = winograd(4, 3, points="0,1,-1,2,-2"), winograd(2, 3, points="0,1,-1").change_basis("hermite")
    assert balance_stages(plain) == plain
    balanced = balance_stages(nest(plain, other, other))
    assert balanced.factors == (plain, balance_stages(other), balance_stages(other))
    assert balanced.factors[1] != other


def test_higher_moduli_and_algebraic_points():
    for plain in (
        winograd(4, 3, moduli="0,1,-1,x^2+1,inf"),
        winograd(2, 3, points="sqrt(2),-sqrt(2),0"),
    ):
        chained = change_basis(plain, "legendre:classical")
        balanced = balance_stages(chained)
        assert (balanced.AT, balanced.G, balanced.BT) == (plain.AT, plain.G, plain.BT)
        assert balanced != chained


@pytest.mark.parametrize("bits", [-1, 65, 0.5, None, "2"])
def test_bits_that_are_none(bits):
    with refused(BadValue, "bits", "0 to 64"):
        balance_stages(change_basis(winograd(2, 3, points="0,1,-1"), "legendre"), bits)
