# SPDX-License-Identifier: Apache-2.0
"""What hypothesis draws: rational points, sizes with points, moduli as text."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import strategies as st
from sympy import Rational

rationals = st.builds(Fraction, st.integers(-9, 9), st.integers(1, 6))


def as_sympy(value):
    """A Fraction as a sympy Rational."""
    return Rational(value.numerator, value.denominator)


@st.composite
def sizes(draw, max_m=5, max_r=4, least_tile=2):
    """(m, r) with a tile of at least `least_tile`."""
    m = draw(st.integers(1, max_m))
    return m, draw(st.integers(max(1, least_tile + 1 - m), max(max_r, least_tile + 1 - m)))


@st.composite
def pointed_sizes(draw, max_m=5, max_r=4, least_tile=2):
    """(m, r, m + r - 2 distinct rational points in random order)."""
    m, r = draw(sizes(max_m, max_r, least_tile))
    count = m + r - 2
    return m, r, [as_sympy(p) for p in draw(st.lists(rationals, min_size=count, max_size=count, unique=True))]
