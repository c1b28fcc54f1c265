# SPDX-License-Identifier: Apache-2.0
"""Tiles side by side."""

from __future__ import annotations

import numpy as np
import pytest

from wincraft import parse, winograd
from wincraft.algorithm.nesting import nest
from wincraft.construct.beside import beside
from wincraft.errors import BadValue, NotApplicable
from wincraft.measure.exact_words import word_bounds


def test_parts_of_any_kind_compute_the_convolution() -> None:
    whole = beside(winograd(2, 3), winograd(4, 3, moduli="0,1,-1,x^2+1,inf"), winograd(1, 3))
    assert (whole.m, whole.r, whole.rank) == ((7,), (3,), 4 + 7 + 3)
    data, filters = np.arange(-20, 20), np.array([3, -5, 2])
    assert whole.convolve(data, filters).tolist() == np.correlate(data, filters).tolist()


def test_ranges_are_those_of_the_parts() -> None:
    large, small = winograd(4, 3, points="0,1,-1,2,-1/2"), winograd(3, 3, points="0,1,-1,2")
    axis = beside(large, small)
    found, alone = word_bounds(nest(axis, axis)), word_bounds(nest(large, large))
    assert (found.U, found.shift, found.channels) == (alone.U, alone.shift, alone.channels)
    assert nest(axis, axis).rank == 121


@pytest.mark.parametrize(
    ("parts", "error"),
    [
        ((), BadValue),
        ((winograd(2, 3),), BadValue),
        ((winograd(2, 3), winograd(2, 5)), NotApplicable),
        ((parse("F(2x2,3x3)"), winograd(2, 3)), NotApplicable),
    ],
)
def test_what_cannot_be_placed(parts: tuple, error: type) -> None:
    with pytest.raises(error):
        beside(*parts)
