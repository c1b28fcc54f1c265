# SPDX-License-Identifier: Apache-2.0
"""Places and their texts: one to one, and near misses are named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle_messages import refused

from wincraft.errors import UnknownName
from wincraft.measure import parse_place
from wincraft.measure.places import INPUT, OUTPUT, WEIGHTS, M, U, V, step


@pytest.mark.parametrize("place", [INPUT, WEIGHTS, U, V, M, OUTPUT])
def test_a_stage_is_its_own_name(place):
    assert str(place) == place.stage
    assert parse_place(str(place)) == place


@given(side=st.sampled_from(["data", "weights", "products"]), number=st.integers(1, 999))
def test_the_text_of_a_step_reads_back(side, number):
    place = step(side, number)
    text = {"data": "input pre-step", "weights": "weights pre-step", "products": "post-step"}[side]
    assert str(place) == f"{text} {number}"
    assert parse_place(str(place)) == place
    assert place.side == side


@pytest.mark.parametrize("text", ["u", "input pre-step 0", "post-step", "output pre-step 1", "U 1", "", " U"])
def test_other_texts_are_refused(text):
    with refused(UnknownName, f"'{text}'", "input, weights, U, V, M, output"):
        parse_place(text)
