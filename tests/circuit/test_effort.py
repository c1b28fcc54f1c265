# SPDX-License-Identifier: Apache-2.0
"""What optimisers are given: an effort, and a matrix."""

from __future__ import annotations

import pytest
from oracle_messages import refused

from wincraft.circuit import Effort, optimised
from wincraft.circuit.optimise.registry import structural
from wincraft.errors import BadValue, WrongType
from wincraft.exact.matrix import rational_matrix


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"rounds": 0}, BadValue, "the number of rounds is 0; give 1 or more"),
        ({"rounds": -1}, BadValue, "the number of rounds is -1; give 1 or more"),
        ({"rounds": 1.5}, WrongType, "1.5 is not a number of rounds; give an integer"),
        ({"seed": "x"}, WrongType, "'x' is not a seed; give an integer"),
        ({"seed": 1.0}, WrongType, "1.0 is not a seed; give an integer"),
        ({"seed": -1}, BadValue, "the seed is -1; give 0 or more"),
        ({"best": (3,)}, WrongType, "3 is not a program to start from; give a tuple of programs"),
    ],
)
def test_what_is_no_effort(options, error, message):
    with refused(error) as caught:
        Effort(**options)
    assert str(caught.value) == message


@pytest.mark.parametrize("find", [lambda matrix: optimised("pairs", matrix), structural])
def test_what_is_no_matrix(find):
    with refused(WrongType) as caught:
        find([[1, 2], [3, 4]])
    assert (
        str(caught.value)
        == "[[1, 2], [3, 4]] is not a matrix; give a DomainMatrix, as wincraft.exact.matrix.from_numbers"
    )
    assert find(rational_matrix([[1, 2], [3, 4]]))[0].additions == 2
