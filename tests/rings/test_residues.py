# SPDX-License-Identifier: Apache-2.0
"""Residue number systems: exact as int64 for extreme and random int8, costs as published, refusals."""

from __future__ import annotations

from math import gcd, prod

import numpy as np
import pytest
from oracle_messages import refused

from wincraft import parse
from wincraft.errors import BadShape, BadValue, NotApplicable, NotCoprime, TooLarge, UnknownName
from wincraft.measure import Integers
from wincraft.numbers import Box
from wincraft.rings import residue_moduli, residue_system, shift_points
from wincraft.rings.choice import fermat_modulus
from wincraft.rings.residues import most_channels, residue_box
from wincraft.rings.shifts import by_shifts, shift_exponents
from wincraft.rings.simulation import run_residues

EIGHT = (251, 241, 239)
SIXTEEN = (4001, 4331)


def direct(data, filters, m):
    """Correlation of one tile in int64."""
    r = filters.shape[2:]
    y = np.zeros((filters.shape[0], *m), dtype=np.int64)
    for offset in np.ndindex(*r):
        window = data[(slice(None), *(slice(o, o + size) for o, size in zip(offset, m, strict=True)))]
        y += np.einsum("c...,kc->k...", window, filters[(slice(None), slice(None), *offset)])
    return y


def operands(system, kind, channels):
    first, data, filter = system.algorithms[0], system.integers.data, system.integers.filter
    shapes = (channels, *first.n), (2, channels, *first.r)
    if kind == "random":
        rng = np.random.default_rng(7)
        return [
            rng.integers(int(box.low), int(box.high) + 1, shape)
            for shape, box in zip(shapes, (data, filter), strict=True)
        ]
    low, high = kind
    ends = [getattr(data, low), getattr(filter, high)]
    return [np.full(shape, int(end)) for shape, end in zip(shapes, ends, strict=True)]


@pytest.mark.parametrize("kind", ["random", ("low", "low"), ("low", "high"), ("high", "high")])
@pytest.mark.parametrize(("size", "word"), [("F(14x14,3x3)", 8), ("F(12x12,5x5)", 16), ("F(4,3)", 8)])
def test_residues_give_what_int64_gives_at_512_channels(size, word, kind):
    system = residue_system(size, 512, word=word)
    data, filters = operands(system, kind, 512)
    run = run_residues(system, data, filters)
    np.testing.assert_array_equal(run.y, direct(data, filters, system.algorithms[0].m))
    assert run.largest_residue <= 2 ** (word - 1)
    assert run.largest_sum < 2 ** (system.integers.accumulator - 1)


def test_unsigned_data_are_exact_too():
    system = residue_system("F(6,3)", 100, integers=Integers(Box.unsigned(8), Box.unsigned(8)))
    for kind in ("random", ("low", "high"), ("high", "high")):
        data, filters = operands(system, kind, 100)
        np.testing.assert_array_equal(run_residues(system, data, filters).y, direct(data, filters, (6,)))


@pytest.mark.parametrize(
    ("size", "moduli", "word", "reduction"),
    [("F(14x14,3x3)", EIGHT, 8, "2.30"), ("F(12x12,5x5)", EIGHT, 8, "4.69"), ("F(12x12,5x5)", SIXTEEN, 16, "7.03")],
)
def test_costs_are_those_of_liu_and_mattina(size, moduli, word, reduction):
    system = residue_system(size, 10, moduli=moduli, word=word)
    assert f"{system.reduction:.2f}" == reduction
    assert system.algorithms[0].n == (16, 16)


def test_moduli_that_are_too_small_are_refused_with_the_size_needed():
    with refused(NotApplicable, "holds 49 channels; 512 channels need 150405121 = 2^27.2 or more"):
        residue_system("F(14x14,3x3)", 512, moduli=EIGHT)
    assert residue_system("F(14x14,3x3)", 49, moduli=EIGHT).largest_channels == 49
    with refused(NotApplicable, "holds 49 channels"):
        residue_system("F(14x14,3x3)", 50, moduli=EIGHT)


def test_the_bound_is_sharp():
    """One channel more than is proved comes out wrong for some operands."""
    system = residue_system("F(2,3)", 1, moduli=(251,), integers=Integers(Box(-6, 6), Box(-6, 6)))
    assert system.largest_channels == 1
    object.__setattr__(system, "channels", 2)
    data, filters = operands(system, ("low", "low"), 2)
    assert (run_residues(system, data, filters).y != direct(data, filters, (2,))).all()


def test_bad_input_is_refused_in_a_line():
    with refused(NotCoprime, "moduli 15 and 25 (positions 0 and 1, from 0) share a factor"):
        residue_system("F(2,3)", 1, moduli=(15, 25))
    with refused(NotCoprime, "251 is listed twice"):
        residue_system("F(2,3)", 1, moduli=(251, 251))
    with refused(BadValue, "a modulus is 257; residues of 8 bits have moduli from 2 to 256"):
        residue_system("F(2,3)", 1, moduli=(257,))
    with refused(BadValue, "the list of moduli is empty"):
        residue_system("F(2,3)", 1, moduli=())
    with refused(NotApplicable, "F(14,3) over GF(13)", "6 and -7 are equal"):
        residue_system("F(14x14,3x3)", 1, moduli=(13, *EIGHT))
    with refused(NotApplicable, "4 and -7 share the factor 11"):
        residue_system("F(14x14,3x3)", 1, moduli=(253, 251, 239))
    with refused(NotApplicable, "sums modulo 2", "give an accumulator of 27 bits"):
        residue_system("F(2,3)", 4096, integers=Integers(accumulator=24))
    with refused(BadValue, "the number of channels is 0"):
        residue_system("F(2,3)", 0)
    with refused(BadValue, "the word of a residue is 40 bits"):
        residue_system("F(2,3)", 1, word=40)
    with refused(NotApplicable, "take longer words"):
        residue_moduli(2**200, 4, ((4, 3),))
    with refused(UnknownName, "kind of points 'foo'"):
        residue_system("F(2,3)", 1, points="foo")


def test_runs_refuse_what_was_not_proved():
    system = residue_system("F(2,3)", 2)
    with refused(BadShape, "with C <= 2"):
        run_residues(system, np.zeros((3, 4)), np.zeros((1, 3, 3)))
    with refused(BadShape, "filters"):
        run_residues(system, np.zeros((2, 4)), np.zeros((1, 1, 3)))
    with refused(BadValue, "the range of data is [200, 200]"):
        run_residues(system, np.full((1, 4), 200), np.zeros((1, 1, 3)))
    with refused(TooLarge, "take shorter words"):
        run_residues(residue_system("F(2,3)", 16, word=31), np.zeros((16, 4)), np.zeros((1, 16, 3)))


@pytest.mark.parametrize("word", [8, 12, 16])
def test_the_chosen_moduli_are_coprime_and_prime_to_the_divisor(word):
    system = residue_system("F(12x12,5x5)", 256, word=word)
    assert all(gcd(a, b) == 1 for a in system.moduli for b in system.moduli if a != b)
    assert system.product >= system.y.high - system.y.low + 1
    assert prod(system.moduli[:-1]) < system.y.high - system.y.low + 1
    for k, weight in enumerate(system.weights):
        assert [weight % q for q in system.moduli] == [int(i == k) for i in range(len(system.moduli))]


def test_the_stored_residues_fit_their_words():
    assert residue_box(256) == (-128, 127)
    assert most_channels(251, 32) * 125**2 < 2**31 <= (most_channels(251, 32) + 1) * 125**2


@pytest.mark.parametrize(("q", "n"), [(127, 16), (257, 16), (8191, 16), (65537, 16)])
def test_points_of_fermat_and_mersenne_primes_are_shifts(q, n):
    algorithm = by_shifts(n - 2, 3, q)
    assert len(set(shift_points(q, n).split(","))) == n
    assert all(shift_exponents([int(x) for x in row], q) is not None for row in algorithm.G.tolist())
    for column in algorithm.AT.T.tolist():  # but for one factor a column
        first = next(int(x) for x in column if x)
        ratios = [int(x) * pow(first, -1, q) % q for x in column]
        assert shift_exponents(ratios, q) is not None


def test_other_primes_have_no_points_of_shifts():
    with refused(NotApplicable, "it is no Fermat or Mersenne prime"):
        shift_points(251, 8)
    with refused(NotApplicable, "it has 12, a tile of 16 needs 16"):
        shift_points(31, 16)
    assert fermat_modulus(2**11 - 1) is None


def test_a_system_of_shifts_is_exact():
    system = residue_system("F(14x14,3x3)", 64, moduli=(127, 257, 8191), word=14, points="shifts")
    data, filters = operands(system, "random", 64)
    np.testing.assert_array_equal(run_residues(system, data, filters).y, direct(data, filters, (14, 14)))
    assert parse("F(14x14,3x3)", points=shift_points(127, 16)).rank == system.algorithms[0].rank
