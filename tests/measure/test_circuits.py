# SPDX-License-Identifier: Apache-2.0
"""What is measured of circuits: noise and worst case against errors put in one at a time, bounds by one method."""

from __future__ import annotations

from fractions import Fraction
from unittest import mock

import pytest
from oracle_programs import errors, rows

from wincraft import parse, winograd
from wincraft.circuit.minimum.bound import additions_bound
from wincraft.construct.circuits import Circuits
from wincraft.construct.rounding import contexts
from wincraft.measure import circuits as measured
from wincraft.measure.circuits import CIRCUIT_MAPS, bound_by, map_circuits, methods_for, weighing_of, whole_map

F43 = winograd(4, 3, points="0,1,-1,2,-2")
TILE = parse("F(2x2,3x3)", points="0,1,-1")
PROOF = "F(4,3) B^T 0,1,-1,2,-2,inf"


def columns_of_errors(program):
    """For every rounding, of every unit vector, what it does to the outputs, every product rounded."""
    units = [[Fraction(i == j) for i in range(program.inputs)] for j in range(program.inputs)]
    return [[error(unit) for unit in units] for error in errors(program, fused=False)]


def worst(program):
    found = columns_of_errors(program)
    return max(
        sum(abs(column[output]) for columns in found for column in columns) for output in range(len(program.outputs))
    )


def weights_of_data(algorithm):
    """E of the squared outputs per output and tap, for errors of the transformed data and white filters."""
    taps, filters = list(zip(*rows(algorithm.output.dense), strict=True)), rows(algorithm.filter.dense)
    share = Fraction(1, len(taps[0]) * len(filters[0]))

    def dot(x, y):
        return sum((a * b for a, b in zip(x, y, strict=True)), Fraction(0))

    rank = range(len(taps))
    return [[share * dot(taps[k], taps[l]) * dot(filters[k], filters[l]) for l in rank] for k in rank]


@pytest.mark.parametrize("name", CIRCUIT_MAPS)
def test_the_worst_case_is_the_sum_over_roundings_put_in_one_at_a_time(name):
    ((_, maps),) = map_circuits(Circuits(F43, "fewest"))
    item = next(item for item in maps if item.name == name)
    assert item.numbers.worst == worst(item.program)


def test_the_noise_of_a_whole_tile_is_that_of_roundings_put_in_one_at_a_time():
    """White data: each unit vector's error counts by itself."""
    item, weights, total = whole_map(Circuits(TILE, "fewest"), "BT"), weights_of_data(TILE), Fraction(0)
    for columns in columns_of_errors(item.program):
        for column in columns:
            used = [(k, x) for k, x in enumerate(column) if x]
            total += sum(x * y * weights[k][l] for k, x in used for l, y in used)
    assert item.numbers.noise == total / Fraction(25, 9)
    assert item.numbers.worst == worst(item.program)


@pytest.mark.parametrize("name", CIRCUIT_MAPS)
def test_a_tile_is_weighed_as_its_whole_matrices_are(name):
    tile = parse("F(2x2,2x2)", points="0,1,-1")
    whole = next(context for of, _, context in contexts(tile) if of == name)
    found = weighing_of(tile, name)
    assert found.context == whole
    assert found.noise_gain == tile.noise_gain()


def test_what_is_not_weighed():
    large, field = winograd(14, 3), winograd(2, 3, points="0,1,-1").convert("GF(31)")
    assert [weighing_of(large, name) for name in CIRCUIT_MAPS] == [None] * 3
    assert [weighing_of(field, name) for name in CIRCUIT_MAPS] == [None] * 3
    assert weighing_of(parse("F(4x4x4,3x3x3)", points="0,1,-1,2,-2"), "BT") is None
    ((_, maps),) = map_circuits(Circuits(field))
    assert [(item.noise, item.plain_noise, item.numbers.worst) for item in maps] == [(None, None, None)] * 3


def test_axes_with_the_same_matrix_are_weighed_each_by_its_own_maps():
    """F(4,3) and F(3,4) on the same points have the same B^T; the noise of its rows is that of either alone."""
    tile = parse("F(4x3,3x4)", points="0,1,-1,2,-2")
    for axis, maps in map_circuits(Circuits(tile, "rows")):
        ((_, alone),) = map_circuits(Circuits(axis, "rows"))
        assert [item.noise for item in maps] == [item.noise for item in alone]
        assert all(item.noise == item.plain_noise for item in maps)


def test_bounds_by_one_method():
    """12 of F(4,3)'s B^T, by support 8: its core, 6 x 4, without a zero."""
    matrix = F43.input.dense
    assert bound_by(matrix, "support").additions == 8
    assert bound_by(matrix, "three intermediates", PROOF) == additions_bound(matrix)
    for method, proof in (("support", PROOF), ("three intermediates", "F(4,3) B^T"), ("three intermediates", "x")):
        assert bound_by(matrix, method, proof).additions == 0
    assert bound_by(winograd(1, 1).input.dense, "support").additions == 0  # nothing is left of it


def test_large_matrices_are_bounded_by_their_support_alone():
    large = winograd(14, 3).input.dense
    assert list(methods_for(large)) == ["support"]
    assert len(methods_for(F43.input.dense)) == 6
    with mock.patch.object(measured, "additions_bound", side_effect=AssertionError):
        ((_, maps),) = map_circuits(Circuits(winograd(14, 3)))
    assert all(item.bound.method == "support" and item.lower_bound > 0 for item in maps)


@pytest.mark.parametrize(("choice", "statuses"), [("fewest", ["best found"] * 3), ("default", ["chosen"] * 3)])
def test_the_status_of_whole_tiles(choice, statuses):
    """24 additions of A^T are what its support says, whatever is chosen."""
    statuses[2] = "proved minimal"
    found = [whole_map(Circuits(TILE, choice), name) for name in CIRCUIT_MAPS]
    assert [item.status for item in found] == statuses
    assert {item.chosen.found for item in found} == {"axes together" if choice == "fewest" else "pass by pass"}
    assert [(item.plain, item.plain_noise) for item in found] == [(None, None)] * 3


def test_the_status_of_an_axis():
    """By default G stands row by row, though 5 additions do where rows take 8; nobody has 14 for B^T of F(4,4)."""
    ((_, maps),) = map_circuits(Circuits(F43))
    assert [item.status for item in maps] == ["proved minimal", "chosen", "proved minimal"]
    ((_, maps),) = map_circuits(Circuits(winograd(4, 4, points="0,1,-1,2,-2,1/2"), "fewest"))
    assert [item.status for item in maps] == ["best found", "proved minimal", "proved minimal"]


def test_the_chosen_program_is_on_its_front_or_beaten_there():
    for choice in ("default", "fewest"):
        ((_, maps),) = map_circuits(Circuits(F43, choice))
        for item in maps:
            mine = (item.numbers.additions, item.chosen.noise, item.live)
            assert any((one.additions, one.noise, item.held(one)) <= mine for one in item.front)
