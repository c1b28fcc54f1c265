# SPDX-License-Identifier: Apache-2.0
"""Spaces: their members, their counts, what is equivalent."""

from __future__ import annotations

import pickle
from itertools import combinations

import pytest

from wincraft.errors import UnknownName, WincraftError
from wincraft.search import Space
from wincraft.search.points.certificate import count_again
from wincraft.search.points.counting import is_canonical
from wincraft.search.points.kernels_numpy import full_sets
from wincraft.search.points.settings import instances

SYMMETRIES = ("invert", "negate")


@pytest.mark.parametrize(("height", "count"), [(8, 36_949_857), (12, 1_618_621_641)])
def test_counts_of_the_issue(height, count):
    """All 5-subsets of 0 and the fractions of that height, C(87,5) and C(183,5)."""
    assert Space(4, 3, height=height).count == count


@pytest.mark.parametrize(
    ("numbers", "height", "members"),
    [("rational", 3, 14), ("integer", 3, 6), ("dyadic", 4, 16), ("rational", 1, 2)],
)
def test_members(numbers, height, members):
    assert len(Space(2, 2, numbers=numbers, height=height, infinity="any").members) == members


@pytest.mark.parametrize("shape", ["free", "symmetric", "reciprocal"])
@pytest.mark.parametrize("choice", ["with", "without", "any"])
@pytest.mark.parametrize("moduli", [(), ("x^2+1", "x^3+2")])
def test_count_is_that_of_the_listed_sets(shape, choice, moduli):
    arguments = {"shape": shape, "height": 3, "zero": choice, "infinity": "any", "moduli": moduli}
    space = Space(4, 3, **arguments)
    for symmetries in ((), SYMMETRIES):
        listed = [part.part.texts(chosen) for part in instances(space, symmetries) for chosen in full_sets(part, ())]
        assert len(listed) == len(set(listed)) == space.classes(symmetries)
    assert space.classes(()) == space.count == count_again(space)


def test_canonical_sets_are_one_of_each_orbit():
    part = Space(4, 3, height=3, zero="with").parts(SYMMETRIES)[0]
    orbits = set()
    for chosen in combinations(range(len(part.members)), part.degree):
        images = {chosen} | {tuple(sorted(int(g[i]) for i in chosen)) for g in part.symmetries}
        assert is_canonical(chosen, part.symmetries) == (chosen == min(images))
        orbits.add(min(images))
    assert len(orbits) == part.classes


def test_inversion_holds_where_0_and_inf_are_both_in_or_both_out():
    parts = Space(4, 3, height=2, zero="any", infinity="any").parts(SYMMETRIES)
    assert {part.fixed: len(part.symmetries) for part in parts} == {
        ("0", "inf"): 3,
        ("0",): 1,
        ("inf",): 1,
        (): 3,
    }


def test_lists_and_quadratics():
    space = Space(4, 3, values=("1", "-1", "2", "x^2+1", "1/2", "-1/2", "0"), zero="any")
    assert space.count == count_again(space)
    assert not space.parts(SYMMETRIES)[0].symmetries.size  # 2 without -2, and no inversion beside x^2+1
    closed = Space(4, 3, height=2, moduli=("x^2+x+1", "x^2-x+1"))
    assert len(closed.parts(SYMMETRIES)[0].symmetries) == 1


def test_a_modulus_may_have_roots_that_are_no_points_of_the_space():
    assert Space(4, 3, height=2, zero="without", moduli=("x^3+x",)).count
    assert Space(4, 3, height=2, moduli=("x^2-9", "x^2-2")).count


def test_spaces_survive_pickling():
    space = Space(4, 3, height=4)
    assert pickle.loads(pickle.dumps(space)) == space


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"height": 0}, "height of a search space is 0"),
        ({"height": 10**9}, r"about 1.22e\+18 points, more than 20,000"),
        ({"height": 30_000, "numbers": "integer"}, "about 6e"),
        ({"height": 3, "moduli": tuple(f"x^2+{k}" for k in range(1, 20_000))}, "19,999 polynomials, more than 100"),
        ({"values": tuple(f"x^2+{k}" for k in range(1, 20_000))}, "19,999 polynomials, more than 100"),
        ({"height": 3, "moduli": tuple(map(str, range(30_000)))}, r"about 3e\+04 points, more than 20,000"),
        ({"height": 3, "m": 10_000}, "F.10000,3.: the tile m . r - 1 = 10002 is beyond"),
        ({"height": 3, "m": 10**100}, "bad size with a number beyond 256 bits|bad size F"),
        ({"height": 3, "r": 0}, "at least 1"),
        ({"height": 3, "m": True}, "integers"),
        ({"height": 120, "m": 39}, "a tile of 41; search tiles of up to 40"),
        ({"height": 120, "m": 18}, "17,.* free choices are too many for a tile of 20; lower the height"),
        ({"height": 60, "m": 38}, "are too many for a tile of 40"),
        ({"height": 30, "m": 20, "r": 5, "moduli": ("x^16+1",)}, "are too many for a tile of 24"),
        ({}, "of a height or of a list"),
        ({"height": 2, "values": ("1",)}, "one of the two"),
        ({"height": 1}, "empty"),
        ({"values": ("1", "2")}, "empty"),
        ({"height": 4, "shape": "symmetric", "zero": "without"}, "empty"),
        ({"values": ("sqrt(2)", "1", "2", "3", "4", "5")}, "irrational"),
        (
            {"height": 3, "moduli": ("x^2+sqrt(2)*x+1",)},
            "the modulus .* is irrational; give moduli of rational numbers",
        ),
        ({"height": 3, "moduli": ("x^3+x+sqrt(3)",)}, "irrational"),
        ({"height": 3, "moduli": ("x^2+1@sqrt(2)",)}, "irrational"),
        ({"height": 3, "moduli": ("x^3+2@(0,1,inf,x^2+1@sqrt(2))",)}, "irrational"),
        ({"values": ("0", "1", "-1", "x^2+sqrt(2)", "2")}, "irrational"),
        ({"height": 3, "numbers": "real"}, "unknown numbers"),
        ({"height": 3, "shape": "round"}, "unknown shape"),
        ({"height": 3, "zero": "maybe"}, "unknown choice of 0"),
        ({"height": 3, "moduli": ("2*x^2+1",)}, "make it monic"),
        ({"height": 2, "moduli": ("x^2-1",)}, "the root -?1 of the modulus .* is a point of the space"),
        ({"height": 2, "moduli": ("x^2-x*3/2+1/2@-3",)}, "the root (1|1/2) of the modulus .* is a point of the space"),
        ({"height": 2, "moduli": ("x^3+x",)}, "the root 0 of the modulus .* is a point of the space"),
        ({"height": 3, "moduli": ("x^2-1@-1", "x^2-2*x+1")}, "share a factor"),
    ],
)
def test_bad_spaces(arguments, message):
    with pytest.raises(WincraftError, match=message) as caught:
        Space(**{"m": 4, "r": 3, **arguments})
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, UnknownName) or caught.value.exit_code == 3


def test_large_spaces_of_short_tiles_stay():
    assert Space(4, 3, height=120).count > 10**18
    assert Space(8, 3, height=40).count
    assert Space(18, 3, height=12, shape="symmetric").count
