# SPDX-License-Identifier: Apache-2.0
"""Faults of plans: an entry that is really changed shows from the change on that the tolerance says."""

from __future__ import annotations

import copy
from dataclasses import fields, replace
from fractions import Fraction
from functools import cache

import numpy as np
import pytest

from wincraft.exact.matrix import fraction_rows, rational_matrix
from wincraft.plan import Problem, make_plan
from wincraft.quantise import Scheme, Workload, simulate_plan
from wincraft.quantise.faults import fault_sites, worst_changes
from wincraft.quantise.plan_evaluation import arrays_of
from wincraft.quantise.plan_faults import PlanFaultResponses, plan_algorithms, plan_fault_sites
from wincraft.quantise.plan_loud import plan_loud_tensors
from wincraft.quantise.plan_tolerance import plan_tolerance
from wincraft.quantise.schemes import parse_scheme

CASES = {
    "stride 2": (make_plan(Problem(3, stride=2, axes=2), 4), "fp16-fp32acc"),
    "transposed": (make_plan(Problem(4, stride=2, transposed=True, axes=2), 3), "tapwise-8"),
    "long": (make_plan(Problem(7), 4, longest=4), "bf16"),
}


def changed_plan(plan, site, change):
    """The plan with an entry times 1 + change in all pieces of the site's algorithm; nothing proves it."""
    algorithm = plan_algorithms(plan)[site.algorithm]
    item = getattr(algorithm, site.map)
    passes = list(item.passes)
    for number in site.passes:
        rows = [list(row) for row in fraction_rows(passes[number].matrix)]
        rows[site.row][site.column] *= 1 + Fraction(change)
        passes[number] = passes[number]._replace(matrix=rational_matrix(rows))
    wrong = copy.copy(algorithm)
    for cached in set(vars(wrong)) - {field.name for field in fields(algorithm)}:
        del vars(wrong)[cached]
    object.__setattr__(wrong, site.map, replace(item, passes=tuple(passes)))
    pieces = (replace(piece, algorithm=wrong) if piece.algorithm == algorithm else piece for piece in plan.pieces)
    return replace(plan, pieces=tuple(pieces))


@cache
def found(name):
    plan, scheme = CASES[name]
    return plan_tolerance(plan, scheme, Workload(16), rate=1e-6, outputs=2048, pilot_outputs=2**16)


@pytest.mark.parametrize("name", CASES)
def test_responses_are_those_of_changed_plans(name):
    plan, _ = CASES[name]
    x, w, padding = arrays_of(plan, Workload(3, 2, 4))
    responses, sites = PlanFaultResponses(plan, x, w, padding), plan_fault_sites(plan)
    exact = simulate_plan(plan, Scheme("exact"), x, w, padding).images
    np.testing.assert_allclose(responses.outputs, exact, atol=1e-9)
    assert len(sites) == sum(len(fault_sites(item)) for item in plan_algorithms(plan).values())
    for number in np.random.default_rng(0).choice(len(sites), 4):
        coefficients = responses.of(sites[number])
        for change in (0.25, -0.5):
            wrong = simulate_plan(changed_plan(plan, sites[number], change), Scheme("exact"), x, w, padding).images
            made = sum(change ** (power + 1) * item for power, item in enumerate(coefficients))
            np.testing.assert_allclose(wrong - exact, made, atol=1e-9, err_msg=sites[number].name)


@pytest.mark.slow_cases("stride 2")
@pytest.mark.parametrize("name", CASES)
def test_a_change_that_is_called_seen_is_seen(name):
    """The worst entry of every matrix: really changed by more, and by less."""
    plan, scheme = CASES[name]
    result = found(name)
    x, w, padding = arrays_of(plan, result.workload)
    for algorithm in plan_algorithms(plan):
        worst = worst_changes([change for change in result.limits.seen if change.site.algorithm == algorithm])
        for change in worst.values():
            for factor, seen in ((1.2, True), (0.4, False)):
                run = simulate_plan(changed_plan(plan, change.site, factor * change.least), scheme, x, w, padding)
                room = result.limits.atol + result.limits.rtol * np.abs(run.reference)
                beyond = np.abs(run.outputs - run.reference) > room
                assert bool(beyond.any()) == seen, (change.site.name, factor)


def test_every_algorithm_has_its_rows_and_its_worst_entries():
    text = repr(found("stride 2"))
    rows = [line.split()[0] for line in text.split("WHAT THE TEST SEES")[1].splitlines() if "F(" in line]
    assert rows == ["F(4x4,2x2)", "F(4x4,2x1)", "F(4x4,1x2)", "F(4x4,1x1)"]
    seen = found("stride 2").limits.seen
    worst = max((change for change in seen if change.site.map == "input"), key=lambda change: change.least)
    assert worst.site.entry in text
    assert worst.site.name in repr(found("stride 2").layout())


def test_algorithms_of_one_size_are_told_apart():
    plan = make_plan(Problem(6, stride=2), 2)
    first, second = (piece for piece in plan.pieces)
    other = replace(second, algorithm=second.algorithm.rescale(a=[1, 2, 1, 1], g=[2, 1, 2, 2]))
    plan = replace(plan, pieces=(first, other))
    assert list(plan_algorithms(plan)) == ["F(2,3) of piece 1", "F(2,3) of piece 2"]
    assert {site.algorithm for site in plan_fault_sites(plan)} == set(plan_algorithms(plan))


@pytest.mark.parametrize(
    "problem",
    [
        Problem(3, stride=2, axes=2),
        Problem(3, dilation=2, axes=2),
        Problem(4, stride=2, transposed=True, axes=2),
        Problem(3, stride=2, groups=2, axes=2),
    ],
    ids=str,
)
def test_loud_tensors_see_a_change_of_one_per_cent_anywhere(problem):
    plan, scheme = make_plan(problem, 2), parse_scheme("fp16")
    loud = plan_loud_tensors(plan, scheme, 64)
    assert max(change.least for change in loud.seen) < 0.01
    assert len(loud.seen) == len(plan_fault_sites(plan))
    run = simulate_plan(plan, scheme, loud.data, loud.weights)
    errors = np.abs(run.images - loud.reference)
    assert (errors <= loud.atol).all()
    assert (loud.atol <= loud.bound).all()
    for change in max(loud.seen, key=lambda item: item.least), min(loud.seen, key=lambda item: item.least):
        wrong = simulate_plan(changed_plan(plan, change.site, 1.2 * change.least), scheme, loud.data, loud.weights)
        assert (np.abs(wrong.images - loud.reference) > loud.atol).any(), change.site.name
    np.testing.assert_array_equal(loud.data, loud.data.astype(np.float16))


@pytest.mark.slow
def test_loud_tensors_see_more_than_seeded_ones():
    plan, scheme = CASES["stride 2"]
    result = plan_tolerance(plan, scheme, Workload(16), outputs=2048, pilot_outputs=2**14, loud=True)
    assert max(change.least for change in result.loud.seen) < max(change.least for change in result.limits.seen) / 5
    tables = next(section for section in result.screen().sections if section.name == "seen").tables
    assert [table.header[0] for table in tables] == ["this tolerance", "loud tensors"]
    assert all(len(table.rows) == 4 for table in tables)
