# SPDX-License-Identifier: Apache-2.0
"""Short convolutions without divisions, and sizes as sums and products."""

from __future__ import annotations

import numpy as np
import pytest

from wincraft import winograd
from wincraft.construct.karatsuba import iterated, karatsuba_like
from wincraft.errors import BadSize, NotApplicable


@pytest.mark.parametrize(("terms", "rank"), [(2, 3), (3, 6), (4, 9), (5, 13), (6, 17), (7, 22)])
def test_karatsuba_like(terms: int, rank: int) -> None:
    made = winograd(f"Karatsuba({terms},{terms})")
    assert (made.rank, made.scale) == (rank, 1)
    assert {*made.G, *made.AT} <= {0, 1, -1}
    assert all(value.is_Integer for value in made.BT)
    assert made.size == f"F({terms},{terms})"


def test_three_terms_have_entries_0_1_and_minus_1() -> None:
    made = winograd("Karatsuba(3,3)")
    assert made.rank == 6
    assert {*made.AT, *made.G, *made.BT} <= {0, 1, -1}
    assert winograd("Karatsuba(4,3)").rank == 8, "one product of F(4,4) is of a tap that is not there"


@pytest.mark.parametrize("text", ["2*2,2*2", "2*2,2*3", "3*2,3*2", "2*2*2,2*2*2", "2@(0,-1)*4@(0,1,-1,2,-2),2*3"])
def test_iterated(text: str) -> None:
    made = winograd(text)
    (m,), (r,) = made.m, made.r
    data, filters = np.arange(-30, 31) ** 3 % 17, np.arange(r) ** 2 - 5
    assert made.convolve(data, filters).tolist() == np.correlate(data, filters).tolist()
    outputs, taps = text.rsplit(",", 1)
    assert r == np.prod([int(part) for part in taps.split("*")])
    assert m == np.prod([int(part.split("@")[0]) for part in outputs.split("*")])


def test_ranks_multiply() -> None:
    assert winograd("Karatsuba(4,4)").rank == iterated(karatsuba_like(2, 2), karatsuba_like(2, 2)).rank == 9


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("4+3*2,3", BadSize),
        ("4+3,3,3", BadSize),
        ("4+3x2,3", BadSize),
        ("2*2,3", BadSize),
        ("4+,3", BadSize),
        ("4*2,3*3", NotApplicable),
        ("Karatsuba(8,8)", NotApplicable),
    ],
)
def test_what_is_refused(text: str, error: type) -> None:
    with pytest.raises(error):
        winograd(text)


def test_options_that_do_not_go_with_a_construction() -> None:
    with pytest.raises(NotApplicable, match="its own"):
        winograd("Karatsuba(3,3)", points="0,1")
    with pytest.raises(NotApplicable, match="convention"):
        winograd("Karatsuba(3,3)", convention="integer")
