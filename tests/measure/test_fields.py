# SPDX-License-Identifier: Apache-2.0
"""What has no order has no size: every measure refuses GF(p) by name."""

from __future__ import annotations

from fractions import Fraction

import pytest
from oracle_messages import refused

from wincraft import measure, winograd
from wincraft.errors import NotApplicable

MEASURES = {
    "noise gain": measure.noise_gain,
    "worst-case amplification": measure.worst_case_amplification,
    "conditioning": measure.conditioning,
    "magnitudes": measure.magnitudes,
    "numbers that a format holds": lambda of: measure.unrepresentable(of, bool),
    "operation counts": measure.costs,
    "ranges": measure.ranges,
    "float error": measure.float_error,
    "error bounds": measure.error_bound,
    "rounded matrices": lambda of: measure.round_matrices(of, 8),
    "smallest word": lambda of: measure.smallest_word(of, Fraction(1)),
}


@pytest.mark.parametrize("size", ["F(2,3)", "F(2x2,3x3)"])
@pytest.mark.parametrize("name", MEASURES)
def test_prime_fields_are_refused_by_name(name, size):
    finite = winograd(size).convert("GF(31)")
    told = "rounded matrices" if name == "smallest word" else name
    with refused(NotApplicable, told, "elements of GF(31) have no size"):
        MEASURES[name](finite)
