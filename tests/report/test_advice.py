# SPDX-License-Identifier: Apache-2.0
"""The rules of the advice, on values made up for the purpose."""

from __future__ import annotations

from math import inf, nan

import pytest

from wincraft.report import advice
from wincraft.report.advising import Candidate, gain_of


def choice(number, measured, products=36, operations=500, outputs=16):
    return Candidate(f"#{number}", f"#{number} (c{number})", measured, products, operations, outputs)


def test_the_largest_gain_under_any_scheme_is_named_with_its_price():
    found = advice(
        [
            choice(1, {"fp16": 40.0, "int8": 5.0}),
            choice(2, {"fp16": 43.0, "int8": 5.0}, operations=400),
            choice(3, {"fp16": 41.0, "int8": 38.0}, operations=620),
        ]
    )
    assert found.startswith("#3 (c3): 33.0 dB better than #1 under int8 at the same products, with 620 ")
    assert "for 500" in found
    assert "fewest operations: #2 (c2), 400, loses 33.0 dB under int8" in found
    assert found.endswith(".")
    assert ". " not in found  # one sentence


def test_what_is_lost_under_another_scheme_is_said():
    found = advice([choice(1, {"fp16": 40.0, "int8": 5.0}), choice(2, {"fp16": 36.5, "int8": 15.0})])
    assert found == "#2 (c2): 10.0 dB better than #1 under int8 at the same cost; 3.5 dB worse under fp16."


def test_of_equal_gains_the_cheapest():
    found = advice([choice(1, {"fp16": 40.0})] + [choice(k, {"fp16": 44.0}, operations=900 - k) for k in (2, 3, 4)])
    assert found.startswith("#4 (c4): 4.0 dB better")


def test_products_count_before_operations_and_per_output():
    found = advice([choice(1, {"fp16": 40.0}, 16, 56, 4), choice(2, {"fp16": 41.5}, 36, 620, 16)])
    assert found == "#2 (c2): 1.5 dB better than #1 under fp16 for 2.25 products per output in place of 4."


def test_no_gain_names_the_cheapest_that_keeps_up():
    first, small = choice(1, {"fp16": 40.0}, operations=620), choice(2, {"fp16": 40.14}, operations=936)
    assert advice([first, small], "basis") == (
        "No basis here is more than 0.2 dB better than #1 under any scheme; #1 costs least: 620 operations a tile."
    )
    keeps = choice(3, {"fp16": 39.5}, operations=408)
    assert "#3 (c3) keeps within 0.5 dB of it at the same products, with 408" in advice([first, small, keeps])
    loses = choice(4, {"fp16": 29.0}, operations=300)
    found = advice([first, small, loses])
    assert "#1 costs least of those within 1 dB: 620" in found
    assert "fewest operations: #4 (c4), 300, loses 11.0 dB under fp16." in found


def test_a_first_choice_that_nothing_comes_near():
    found = advice([choice(1, {"fp16": 50.0}, 16, 56, 4), choice(2, {"fp16": 40.0})])
    assert found == (
        "#1 (c1) is the most accurate: every other loses 1 dB or more under some scheme; "
        "fewest products: #2 (c2), 2.25 per output, loses 10.0 dB under fp16."
    )


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        (40.0, inf, "#2 (c2): exact under s, #1 is not, at the same cost."),
        (nan, 40.0, "#2 (c2): 40.0 dB under s, where #1 is not finite, at the same cost."),
        (40.0, nan, "#1 (c1) is the most accurate"),
        (nan, -inf, "No algorithm here is more than 0.1 dB better than #1"),
    ],
)
def test_what_is_exact_or_not_finite(first, second, words):
    assert advice([choice(1, {"s": first}), choice(2, {"s": second})]).startswith(words)


def test_schemes_that_one_of_them_lacks_decide_nothing():
    assert advice([choice(1, {}), choice(2, {"int8": 30.0})]).startswith("No scheme tells them apart; #1 costs least")
    assert advice([choice(1, {"int8": 30.0}), choice(2, {})]).startswith("#1 (c1) is the most accurate")


def test_one_has_nothing_beside_it():
    assert advice([choice(1, {"fp16": 40.0})]) == ("There is one algorithm, #1 (c1), and nothing to compare it with.")


def test_gains():
    assert [gain_of(a, b) for a, b in ((3, 1), (inf, inf), (nan, nan), (1, nan), (nan, 1))] == [2, 0, 0, inf, -inf]


def test_of_several_with_the_fewest_products_the_most_accurate_is_named():
    first, worse = choice(1, {"s": 20.0}, 10, 240, 8), choice(2, {"s": 15.0}, 10, 238, 8)
    assert advice([first, worse, choice(3, {"s": 30.0}, 11, 197, 8)]) == (
        "#3 (c3): 10.0 dB better than #1 under s for 1.375 products per output in place of 1.25."
    )
    third = choice(4, {"s": 25.0}, 10, 260, 8)
    assert "fewest products: #4 (c4), 1.25 per output, loses 5.0 dB under s." in advice(
        [first, worse, choice(3, {"s": 30.0}, 11, 197, 8), third]
    )
