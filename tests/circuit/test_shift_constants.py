# SPDX-License-Identifier: Apache-2.0
"""Multiples by odd constants as sums of shifted values: what they make, how few they are, and how long they may be."""

from __future__ import annotations

from functools import cache

from hypothesis import given
from hypothesis import strategies as st

from wincraft.circuit import parse_program
from wincraft.circuit.shift_add import lowered
from wincraft.circuit.shift_constants import chain


def made(steps):
    values = [1]
    for a, u, b, w in steps:
        assert all(abs(factor).bit_count() == 1 for factor in (u, w))
        values.append(u * values[a] + w * values[b])
    return values[-1]


@cache
def fewest(odd):
    """The length by the rule: eight digits at a time, or what is missing from 256, of which the shorter is taken."""
    if odd <= 255:
        return len(chain(odd))
    low = odd % 256
    rests = [odd - low, odd - low + 256]
    parts = [low, 256 - low]
    return 1 + min(fewest(rest // (rest & -rest)) + len(chain(part)) for rest, part in zip(rests, parts, strict=True))


@given(st.integers(0, 10**40).map(lambda k: 2 * k + 1))
def test_chains_make_their_constant_with_the_fewest_sums_of_the_rule(odd):
    assert made(chain(odd)) == odd
    assert len(chain(odd)) == fewest(odd)


def test_chains_by_hand():
    assert [len(chain(odd)) for odd in (1, 3, 5, 45, 171, 257, 511, 65537)] == [0, 1, 1, 2, 3, 1, 1, 1]


def test_the_longest_constant_that_is_read():
    longest = 10**3999 - 1
    assert made(chain(longest)) == longest
    program = parse_program("inputs g0 g1; zz = " + "9" * 3999 + " * g0; s = zz + g1; outputs s")
    found = lowered(program)
    assert found.matrix() == program.matrix()
    assert found.additions <= len(chain(longest)) + 1  # sums that are the same are taken once
