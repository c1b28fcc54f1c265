# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from itertools import product

import pytest

from wincraft import parse, winograd
from wincraft.construct import apply_chains, chained
from wincraft.errors import NotApplicable, UnknownName
from wincraft.measure import costs
from wincraft.measures import measure_named
from wincraft.search import search_chains

CLASSIC = "0,1,-1,2,-2"
FEW = ("canonical", "legendre", "butterfly", "newton", "lu")


@pytest.mark.slow_cases("all-operations", "additions")
@pytest.mark.parametrize("objective", ["operations", "all-operations", "additions", "all-additions"])
def test_sums_over_maps_are_minimised_over_all_combinations(objective):
    F = winograd(4, 3, points=CLASSIC)
    found = search_chains(F, objective, FEW)
    every = []
    for combination in product(FEW, repeat=3):
        chain = dict(zip(("input", "filter", "output"), combination, strict=True))
        every.append(measure_named(objective).value(apply_chains(F, chain)))
    assert found.value == min(every)
    assert measure_named(objective).value(chained(F, found.text)) == found.value


def test_every_single_change_is_listed():
    found = search_chains(winograd(4, 3, points=CLASSIC), "operations", FEW)
    assert {(name, chain) for name, chain, _ in found.tried} == set(product(("input", "filter", "output"), FEW))
    changed = {(name, chain): value for name, chain, value in found.tried}
    assert changed["input", "canonical"] == found.start
    plain = costs(winograd(4, 3, points=CLASSIC))
    assert found.start == plain.input.total + plain.output.total


def test_predictions_improve_or_stay():
    F = parse("F(4x4,3x3)", points=CLASSIC)
    found = search_chains(F, "sqnr:winograd-aware-nets", FEW)
    assert found.value >= found.start
    assert "sqnr:winograd-aware-nets" in repr(found)


def test_candidates_without_a_chain_are_left_out():
    found = search_chains(winograd(4, 3, points="0,1,2,3,4"), "operations", ("canonical", "butterfly"))
    assert set(found.chain.values()) == {"canonical"}
    assert not any(chain == "butterfly" for _, chain, _ in found.tried)


def test_bad_input():
    with pytest.raises(UnknownName, match="did you mean operations"):
        search_chains(winograd(2, 3), "operation")
    with pytest.raises(UnknownName, match="did you mean butterfly"):
        search_chains(winograd(2, 3), "operations", ("canonical", "buterfly"))
    with pytest.raises(NotApplicable, match="int16"):
        search_chains(parse("F(6x6,3x3)"), "sqnr:ncnn-int8", FEW)


def test_chains_of_other_lengths_on_other_axes_run():
    """Of as many stages as points, 5 and 13: the value found is that of the algorithm with this chain."""
    F, measure = parse("F(2x4,3x5)"), "sqnr:barabasz-2020-8"
    found = search_chains(F, measure, ("canonical", "plu", "bjorck-pereyra"))
    changed = {(name, chain): value for name, chain, value in found.tried}
    chains = {"input": "bjorck-pereyra", "filter": "canonical", "output": "canonical"}
    item = apply_chains(F, chains)
    assert len({len(axis.input.passes) for axis in item.factors}) == 2
    assert changed["input", "bjorck-pereyra"] == measure_named(measure).value(item)
    assert ("filter", "bjorck-pereyra") not in changed
    assert " dB with " in repr(found)
