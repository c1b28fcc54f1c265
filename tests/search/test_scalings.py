# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
from sympy import Rational

from wincraft import parse, winograd
from wincraft.construct import balance
from wincraft.errors import NotApplicable
from wincraft.quantise import SCHEMES, Workload, evaluate, parse_scheme
from wincraft.search import search_scaling

CLASSIC = "0,1,-1,2,-2"


@pytest.mark.slow_cases("F(2x4,3x3)")
@pytest.mark.parametrize("size", ["F(4,3)", "F(2x4,3x3)"])
def test_the_result_is_a_power_of_two_scaling(size):
    F = parse(size)
    found = search_scaling(F, SCHEMES["barabasz-2020-8"])
    assert found.decibels >= found.balanced >= found.plain
    for given, scaled in zip(F.factors, found.algorithm.factors, strict=True):
        assert scaled.scale == given.scale
        for name in ("G", "BT"):
            exponents = found.exponents[list(dict.fromkeys(F.factors)).index(given)][name]
            for k, exponent in enumerate(exponents):
                assert getattr(scaled, name).row(k) == Rational(2) ** exponent * getattr(given, name).row(k)


@pytest.mark.slow
def test_it_gains_in_the_simulation_what_it_predicts_to_gain():
    F, scheme, workload = parse("F(4x4,3x3)", points=CLASSIC), SCHEMES["barabasz-2020-8"], Workload(64, 32, 64)
    found = search_scaling(F, scheme)
    measured = evaluate(found.algorithm, scheme, workload).measured
    assert measured - evaluate(F, scheme, workload).measured > 20
    assert measured == pytest.approx(found.decibels, abs=1.5)


def test_no_neighbour_is_better():
    F, scheme = winograd(4, 3, points=CLASSIC), SCHEMES["barabasz-2020-8"]
    found = search_scaling(F, scheme)
    again = search_scaling(found.algorithm, scheme)
    assert again.decibels == pytest.approx(max(found.decibels, again.balanced), abs=1e-6)


def test_scales_per_tap_leave_nothing_to_gain():
    F = balance(winograd(4, 3, points=CLASSIC), bits=0)
    found = search_scaling(F, SCHEMES["tapwise-8"])
    assert found.decibels == pytest.approx(found.plain, abs=0.01)


def test_refused_schemes():
    with pytest.raises(NotApplicable, match="int16"):
        search_scaling(parse("F(6x6,3x3)"), SCHEMES["ncnn-int8"])
    with pytest.raises(NotApplicable, match="mse"):
        search_scaling(winograd(4, 3), parse_scheme("tapwise-8+mse"))
