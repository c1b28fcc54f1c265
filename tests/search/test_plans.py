# SPDX-License-Identifier: Apache-2.0
"""The search for plans."""

from __future__ import annotations

import pytest
from oracle_messages import refused

from wincraft.errors import BadValue, NotApplicable, TooLarge, UnknownName
from wincraft.measure.plans import plan_costs
from wincraft.plan import Problem, make_plan
from wincraft.search.plans import OBJECTIVE_CHANNELS, PLAN_OBJECTIVES, best_of_tiles, search_plans

PROBLEM = Problem(5, stride=2, axes=2)


@pytest.mark.parametrize("objective", PLAN_OBJECTIVES)
def test_the_best_comes_first(objective):
    found = search_plans(PROBLEM, objective, tiles=(2, 3, 4), points=[None])
    assert [item.value for item in found] == sorted(item.value for item in found)
    assert {item.tile for item in found} == {"2", "3", "4"}
    of = {"products": lambda plan: plan.products_per_output, "noise-gain": lambda plan: plan.noise_gain(),
          "operations": lambda plan: plan_costs(plan).total(OBJECTIVE_CHANNELS)}[objective]  # fmt: skip
    assert found[0].value == pytest.approx(float(min(of(make_plan(PROBLEM, m)) for m in (2, 3, 4))))


def test_limits_are_kept():
    found = search_plans(PROBLEM, "products", most_noise=20, points=[None])
    assert found[0].tile == "4"
    assert all(item.plan.noise_gain() <= 20 for item in found)
    found = search_plans(PROBLEM, "noise-gain", most_products=10, points=[None])
    assert found[0].plan.products_per_output <= 10
    quieter = search_plans(PROBLEM, "noise-gain", points=[None])
    assert quieter[0].value <= found[0].value


def test_long_kernels_are_split_too():
    found = search_plans(Problem(7, axes=2), "noise-gain", tiles=[3], points=[None])
    assert {item.longest for item in found} == {None, 3, 4}
    assert found[0].longest is not None


def test_axes_have_tiles_of_their_own_where_they_differ():
    problem, sizes = Problem((3, 7)), (2, 3, 4, 5, 6)

    def score(plan):
        return float(plan.products_per_output) + float(plan.noise_gain()) / 200

    found = search_plans(problem, score, tiles=sizes, points=[None])
    assert {str(m) for m in sizes} < {item.tile for item in found}
    assert len(set(found[0].plan.pieces[0].algorithm.m)) == 2
    among = [make_plan(problem, (a, b), longest=longest) for a in sizes for b in sizes for longest in (None, 3, 4)]
    assert found[0].value == min(map(score, among))
    alike = search_plans(Problem(3, stride=2, axes=2), "products", tiles=(2, 3), points=[None])
    assert {item.tile for item in alike} == {"2", "3"}
    assert {item.tile for item in search_plans(Problem((1, 5)), "products", tiles=(2, 3), points=[None])} == {"2", "3"}


def test_whole_tiles_are_candidates():
    found = search_plans(Problem(3, axes=2), "products", tiles=[4], points=["quadratic"])
    assert [(item.describe(), item.plan.products) for item in found] == [
        ("whole 4, quadratic", 46),
        ("tile 4, quadratic", 49),
    ]
    named = best_of_tiles(found)
    assert {name: plan.products for name, plan in named.items()} == {"whole 4, quadratic": 46}


def test_the_best_of_tiles():
    found = search_plans(Problem(7), "noise-gain", tiles=[2, 4], points=[None])
    named = best_of_tiles(found)
    assert [name.split(",")[0] for name in named] == ["tile 2", "tile 4"]
    for name, plan in named.items():
        best = min((item for item in found if item.tile == name.split()[1].strip(",")), key=lambda item: item.value)
        assert plan is best.plan


def test_too_many_pieces_are_said():
    with refused(TooLarge, "at most 4096"):
        search_plans(Problem(100, stride=100, axes=2), tiles=[2], points=[None])


def test_progress_and_functions():
    told = []
    found = search_plans(
        PROBLEM, lambda plan: -plan.products, tiles=[2, 3], points=[None], progress=lambda *a: told.append(a)
    )
    assert found[0].tile == "3"
    assert [(done, of) for done, of, _ in told] == [(0, 2), (1, 2)]


def test_bad_input():
    with refused(UnknownName, "products, operations, noise-gain"):
        search_plans(PROBLEM, "fame")
    with refused(BadValue, "largest noise gain is 0"):
        search_plans(PROBLEM, most_noise=0)
    with refused(NotApplicable, "raise a limit"):
        search_plans(PROBLEM, most_noise=0.5, tiles=[2], points=[None])
    with refused(BadValue, "the tile"):
        search_plans(PROBLEM, tiles=[0])
