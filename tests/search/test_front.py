# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wincraft import winograd
from wincraft.errors import BadValue
from wincraft.measures import measure_named
from wincraft.search import pareto_front
from wincraft.search.front import CRITERIA, FrontMember, front_of

LISTS = ["0,1,-1,2,-2", "0,2/3,-2/3,3/2,-3/2", "0,1,2,3,4", "0,1,-1,x^2+1,inf", "0,1,-1,1/2,-2", "0,x^2+1,x^2+x+1"]


@given(st.lists(st.tuples(*[st.integers(0, 4)] * 3), min_size=1, max_size=30))
def test_front_by_definition(values):
    members = [FrontMember(str(k), 1, value) for k, value in enumerate(values)]

    def beaten(value):
        return any(all(a <= b for a, b in zip(other, value, strict=True)) and other != value for other in values)

    front = front_of(members)
    assert sorted(member.values for member in front) == sorted({value for value in values if not beaten(value)})


def test_values_are_those_of_the_algorithms():
    front = pareto_front(4, 3, LISTS)
    assert front.considered == len(LISTS)
    for member in front.members:
        algorithm = winograd(4, 3, moduli=member.moduli)
        assert member.values == tuple(measure_named(name).value(algorithm) for name in CRITERIA)
        products, gain, *_ = member.values
        assert (float(products), gain) == (algorithm.rank / 4, algorithm.noise_gain())
        assert len(member.values) == len(CRITERIA)
    gains = [float(member.values[1]) for member in front.members]
    assert gains == sorted(gains)


def test_lists_that_make_no_algorithm_are_left_out():
    assert pareto_front(4, 3, [*LISTS, "0,0,1,2,3", "0,1"]).considered == len(LISTS)
    with pytest.raises(BadValue, match="at least one"):
        pareto_front(4, 3, ["0,1"])
