# SPDX-License-Identifier: Apache-2.0
"""Constructions of a kernel and their Pareto front; quiet sets of moduli."""

from __future__ import annotations

import pytest

from wincraft import winograd
from wincraft.construct.moduli import parse_moduli
from wincraft.errors import BadValue, NotApplicable
from wincraft.measures import MEASURES
from wincraft.quantise.schemes import parse_scheme
from wincraft.search import constructions, known_limits, quiet_sets, tile_front
from wincraft.search.constructions import FAMILIES, SIMPLE_POINTS, axis_gain
from wincraft.search.tiles import TILE_CRITERIA


@pytest.fixture(scope="module")
def large():
    return tile_front([3, 3], [2, 4], whole=True)


@pytest.fixture(scope="module", params=["small", pytest.param("large", marks=pytest.mark.slow)])
def front(request):
    return tile_front([3, 3], [2], whole=True) if request.param == "small" else request.getfixturevalue("large")


def test_the_front_by_definition(front):
    values = [tile.member.values for tile in front.considered]
    members = {tile.member.values for tile in front.tiles}
    assert 0 < len(members) < len(values)
    for one in values:
        beaten = any(all(a <= b for a, b in zip(other, one, strict=True)) and other != one for other in values)
        assert (one in members) == (not beaten)


def test_values_are_those_of_the_algorithms(front):
    for tile in front.tiles[::3]:
        made = tile.construction.make()
        assert tile.member.values == tuple(MEASURES[name].value(made) for name in TILE_CRITERIA)
        products, gain, *_ = tile.member.values
        assert (products, gain) == (MEASURES["products-per-output"].value(made), made.noise_gain())


@pytest.mark.slow
def test_whole_tiles_fourier_and_points_are_among_them(large):
    made = {(tile.algorithm.size, tile.algorithm.rank) for tile in large.considered}
    assert {("F(4x4,3x3)", rank) for rank in (36, 46, 49, 64)} <= made
    assert ("F(2x2,3x3)", 16) in {(tile.algorithm.size, tile.algorithm.rank) for tile in large.tiles}
    assert ("F(4x4,3x3)", 46) in {(tile.algorithm.size, tile.algorithm.rank) for tile in large.tiles}


@pytest.mark.parametrize(("m", "r", "axes"), [(4, 3, 2), (4, 4, 1), (2, 3, 2), (6, 3, 1)])
def test_every_construction_is_of_its_size(m, r, axes):
    found = list(constructions(m, r, axes))
    assert len({item.words for item in found}) == len(found)
    for item in found[:: 1 if axes == 1 else 4]:
        made = item.make()
        assert (made.m, made.r) == ((m,) * axes, (r,) * axes), item.words


def test_every_family_makes_something():
    for name, family in FAMILIES.items():
        assert list(family(4, 4 if name == "iterated" else 3, 2)), name


@pytest.mark.parametrize("moduli", ["0,1,-1,2,-1/2,inf", "0,1/2,x^2+2@-1,x^2+x+1@-1", "0,3,x^2-x+1,1,inf"])
def test_the_noise_gain_of_an_axis(moduli):
    made = winograd(4, 3, moduli=moduli)
    least = min(
        float(winograd(4, 3, moduli=text).noise_gain())
        for text in (moduli, moduli.replace("@-1", ""), moduli.replace("x+1", "x+1@1").replace("x+1@1@-1", "x+1@1"))
    )
    assert axis_gain(4, 3, made.moduli) <= least * (1 + 1e-9)
    assert axis_gain(4, 3, parse_moduli("0,1,-1,2,-1/2,inf")) == pytest.approx(
        float(winograd(4, 3, points="0,1,-1,2,-1/2").noise_gain())
    )


def test_quiet_sets_hold_every_set_once():
    found = quiet_sets(4, 3, ["x^2+1"], SIMPLE_POINTS)
    assert len({text for text, _ in found}) == len(found) == 15 + 20
    assert [gain for _, gain in found] == sorted(gain for _, gain in found)
    assert len(quiet_sets(4, 3, ["x^2+1"], ["1,-1", "2,-2", "3"])) == 2 + 2


@pytest.mark.slow
def test_what_is_simulated_is_what_is_shown():
    front = tile_front([3, 3], [2], [parse_scheme("tapwise-8")])
    assert all(len(tile.decibels) == 1 and 20 < tile.decibels[0] < 40 for tile in front.tiles)
    assert front.layout().sections[0].tables[0].header[-2:] == ("tapwise-8", "construction")
    assert [item["front"] for item in front.document()["members"]] == [True] * len(front.tiles)


@pytest.mark.parametrize(
    ("kernel", "outputs", "error"),
    [
        ([3, 5], [2], NotApplicable),
        ([3], [], BadValue),
        ([3, 3], [9], BadValue),
        ([0, 0], [2, 3], BadValue),
        ([], [2], BadValue),
        ([300], [2], NotApplicable),
    ],
)
def test_what_is_refused(kernel, outputs, error):
    with pytest.raises(error):
        tile_front(kernel, outputs)


def test_fewer_products_than_any_set_of_points_and_less_noise_than_any_can_have():
    """78 products of F(6x6,3x3) against 36 of F(4x4,3x3), whose noise gain on points is at least the limit's square."""
    whole = winograd("6x6,3x3", points="whole")
    assert whole.rank * 16 < 36 * 36
    limit = known_limits()[4, 3, "all"]
    assert float(whole.noise_gain()) < limit.lower**2 / 2.9
