# SPDX-License-Identifier: Apache-2.0
"""Algorithms whose passes take whole tiles are measured as the same ones made axis by axis, or refused by name."""

from __future__ import annotations

import numpy as np
import pytest
from oracle_messages import refused

from wincraft import Algorithm, nest, winograd
from wincraft.errors import NotApplicable
from wincraft.exact import to_texts
from wincraft.measure import (
    channel_counts,
    coefficients,
    conditioning,
    costs,
    error_bound,
    float_error,
    magnitudes,
    noise_gain,
    ranges,
    round_matrices,
    smallest_word,
    worst_case_amplification,
)

AXES = nest(winograd(2, 3, convention="integer"), winograd(1, 2))
WHOLE = Algorithm.from_matrices(
    *(to_texts(item.dense) for item in (AXES.output, AXES.filter, AXES.input)), m=AXES.m, r=AXES.r
)


@pytest.mark.parametrize("measure", [lambda of: noise_gain(of).value, worst_case_amplification, magnitudes])
def test_what_is_of_the_whole_maps_is_equal(measure):
    assert not WHOLE.separable
    assert measure(WHOLE) == measure(AXES)


def test_each_tap_adds_as_much_to_the_noise_gain():
    assert noise_gain(WHOLE).contributions.tolist() == noise_gain(AXES).contributions.ravel().tolist()


def test_conditioning_has_no_points():
    found, wanted = conditioning(WHOLE).matrices, conditioning(AXES).matrices
    assert found.keys() == {"AT", "G", "BT"}
    assert all(found[name].cond_2 == pytest.approx(wanted[name].cond_2, rel=1e-12) for name in found)


def test_channels_that_products_and_outputs_leave_room_for():
    found, wanted = channel_counts(ranges(WHOLE)), channel_counts(ranges(AXES))
    assert found.exact
    assert (found.products, found.wrapping) == (wanted.products, wanted.wrapping)


def test_operations_are_those_of_the_rows():
    tables = {name: [len(row) - row.count("0") for row in to_texts(getattr(WHOLE, name).dense)] for name in
              ("input", "filter", "output")}  # fmt: skip
    found = costs(WHOLE, "rows")
    for name, rows in tables.items():
        assert getattr(found, name).additions == sum(count - 1 for count in rows)
    assert [(stage.label, stage.axis, stage.vectors) for stage in found.stages] == [
        ("BT", None, 1),
        ("G", None, 1),
        ("AT", None, 1),
    ]
    assert len(list(coefficients(WHOLE))) == sum(np.prod(item.shape) for item in WHOLE.maps)


def test_floats_stay_within_their_bounds():
    found = float_error(WHOLE, runs=200)
    assert 0 < found.error < found.bound < found.norm_bound
    assert error_bound(WHOLE).shape == WHOLE.m


@pytest.mark.parametrize("measure", [lambda of: round_matrices(of, 8), lambda of: smallest_word(of, 1)])
def test_rounded_matrices_are_refused(measure):
    with refused(NotApplicable, "rounded matrices of F(2x1,3x2)", "whole tiles"):
        measure(WHOLE)
