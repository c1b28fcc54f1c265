# SPDX-License-Identifier: Apache-2.0
"""One data transform for every F of a tile: the same rows up to scale, and the U of the forward pass in gradients."""

from __future__ import annotations

import numpy as np
import pytest
from oracle_messages import refused

from wincraft import Algorithm, nest, parse, winograd
from wincraft.construct import Circuits, beside, data_factors, sibling
from wincraft.errors import BadSize, NotApplicable
from wincraft.plan import Problem, make_plan, run_weight_gradient
from wincraft.rings import over_ring

SETS = {
    "0,1,-1,2,-2,inf": 6,
    "-1,0,1,2,-2,inf": 6,
    "inf,0,2/3,-2/3,3/2,-3/2": 6,
    "0,1,-1,sqrt(2),-sqrt(2),inf": 6,
    "0,1,-1,x^2+1@-1,inf": 7,
    "0,1,x^3+x+1,inf": 8,
    "0,1,-1,2,-2,3": 6,
}


@pytest.mark.parametrize("convention", ["wincnn", "monic", "balanced", "pow2"])
@pytest.mark.parametrize("moduli", SETS)
def test_sizes_of_a_tile_have_one_data_transform(moduli, convention):
    sizes = range(1, 7)
    made = [winograd(m, 7 - m, moduli=moduli, convention=convention) for m in sizes]
    for other in made:
        (factors,) = data_factors(made[2], other)
        assert len(factors) == SETS[moduli]
        assert all(factors)
        alike = [[factor * x for x in row] for factor, row in zip(factors, made[2].BT.tolist(), strict=True)]
        assert other.BT.tolist() == alike
    if convention == "wincnn":
        assert all(other.BT == made[0].BT for other in made)


def test_other_points_and_tiles_have_others():
    first = winograd(4, 3, points="0,1,-1,2,-2")
    assert data_factors(first, winograd(4, 3, points="0,1,-1,2,-1/2")) is None
    assert data_factors(first, winograd(4, 2, points="0,1,-1,2")) is None
    assert data_factors(first, nest(first, first)) is None
    assert data_factors(first, winograd(4, 3, moduli="0,1,-1,x^2+1,inf")) is None
    empty = Algorithm.from_matrices([[1, 0]], [[1], [0]], [[1], [0]])
    assert data_factors(empty, empty) is None


@pytest.mark.parametrize("convention", ["wincnn", "integer", "balanced", "lavin", "fractions-in-b"])
@pytest.mark.parametrize("m", range(1, 7))
def test_a_sibling_has_the_very_matrix(convention, m):
    given = winograd(4, 3, points="0,1,-1,2,-2", convention=convention)
    found = sibling(given, m)
    assert (found.sizes, found.BT, found.scale) == (((m, 7 - m),), given.BT, 1)
    assert sibling(found, 4).BT == given.BT


def test_axes_and_chains_and_moduli():
    assert sibling(parse("F(2x4,3x3)"), 3, 2).sizes == ((3, 2), (2, 5))
    assert sibling(parse("F(4x4,3x3)"), 3).sizes == ((3, 4), (3, 4))
    given = winograd(4, 3, moduli="0,1,-1,x^2+1,inf", convention="balanced").change_basis("legendre")
    assert sibling(given, 2).BT == given.BT


def test_one_circuit_serves_them_all():
    made = [winograd(m, 7 - m, points="0,1,-1,2,-2") for m in (2, 3, 4, 5)]
    programs = [Circuits(item).of(item.input.dense).program for item in made]
    assert all(program == programs[0] for program in programs)
    assert programs[0].additions == 12


def test_the_gradient_of_the_filters_takes_the_data_of_the_forward_pass():
    forward = parse("F(4x4,3x3)", points="0,1,-1,2,-2", convention="integer")
    backward = sibling(forward, 3)
    rng = np.random.default_rng(1)
    x, gy = rng.integers(-8, 9, (2, 3, 10, 14)), rng.integers(-8, 9, (2, 5, 8, 12))
    (_, _, BT), (AT, G, again) = forward.factors[0].to_numpy(), backward.factors[0].to_numpy()
    assert np.array_equal(BT, again)
    tiles = np.lib.stride_tricks.sliding_window_view(x, (6, 6), (2, 3))[:, :, ::4, ::4]
    U = np.einsum("ai,bj,nchwij->nchwab", BT, BT, tiles)
    V = np.einsum("ai,bj,nkhiwj->nkhwab", G, G, gy.reshape(2, 5, 2, 4, 3, 4))
    M = np.einsum("nchwab,nkhwab->kcab", U, V)
    found = np.einsum("ia,jb,kcab->kcij", AT, AT, M)
    plan = make_plan(Problem((3, 3)).weight_gradient((8, 12)), 3)
    np.testing.assert_allclose(found, run_weight_gradient(plan, x, gy, (3, 3)).astype(float), rtol=0, atol=1e-6)


def test_what_has_no_sibling_is_refused():
    with refused(BadSize, "m = 7: a tile of 6 has 1 to 6 outputs"):
        sibling(winograd(4, 3), 7)
    with refused(BadSize, "give one number, or one for each"):
        sibling(parse("F(4x4,3x3)"), 1, 2, 3)
    with refused(NotApplicable, "its maps take whole tiles"):
        sibling(parse("F(4x4,3x3)", moduli="0,1,-1,x^2+1,inf"), 3)
    with refused(NotApplicable, "its moduli are not known"):
        sibling(beside(winograd(2, 3), winograd(2, 3)), 3)
    with refused(NotApplicable, "GF"):
        sibling(over_ring(winograd(3, 3, points="0,1,2,3"), "GF(7)"), 2)
