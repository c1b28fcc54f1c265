# SPDX-License-Identifier: Apache-2.0
"""The least bits lost over Z/2^k: the bound holds for all sets and is attained; moduli lose fewer."""

from __future__ import annotations

from itertools import combinations

import pytest
from oracle_messages import refused

from wincraft import winograd
from wincraft.errors import BadValue
from wincraft.rings import ring_loss
from wincraft.search.losses import search_losses
from wincraft.search.word_sets import least_power_of_two, power_of_two, word_members


def test_no_points_lose_fewer_bits_and_some_attain_it():
    points = word_members(1, 2, 1)
    for n in (4, 5, 6, 7):
        found = min(power_of_two(chosen) for chosen in combinations(points, n))
        assert found == least_power_of_two(n) == {4: 1, 5: 1, 6: 1, 7: 3}[n]


@pytest.mark.parametrize(("m", "r", "bits"), [(3, 3, 1), (4, 3, 1), (4, 4, 3)])
def test_the_search_finds_sets_that_attain_the_bound(m, r, bits):
    found = search_losses(m, r)
    assert found.least == found.best.bits == bits
    again = ring_loss(winograd(m, r, moduli=list(found.best.moduli)), "Z/2^16")
    assert (again.bits, again.algorithm.rank) == (bits, m + r - 1)
    assert "No" in repr(found)


@pytest.mark.slow
def test_moduli_irreducible_modulo_2_lose_fewer():
    found = search_losses(4, 4, moduli=["x^2+x+1"])
    assert [(item.rank, item.bits) for item in found.sets] == [(7, 3), (8, 1)]
    assert found.document()["least"] == 3
    assert [(item.rank, item.bits) for item in search_losses(3, 3, moduli=["x^2+x+1"]).sets] == [(5, 1), (6, 0)]


def test_bad_input_is_refused():
    with refused(BadValue, "the height is 0"):
        search_losses(4, 4, height=0)
    with refused(BadValue, "the height is 1, of which there are 4 points"):
        search_losses(4, 4, height=1)
