# SPDX-License-Identifier: Apache-2.0
"""Exact integers in words: bounds against known tables, and against the arithmetic itself, word by word."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import gcd, prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle_messages import refused

from wincraft import Algorithm, nest, parse, winograd
from wincraft.construct import integer_form, primitive_form
from wincraft.errors import BadValue, NotApplicable
from wincraft.measure import channel_counts, ranges, word_bounds
from wincraft.measures import measure_named
from wincraft.numbers import Box
from wincraft.numbers.box import signed_bits

KNOWN = {
    # size, moduli: products, norms of the widest rows of B^T and G, power of two, odd part, channels of int8
    ("F(2x2,3x3)", "0,1,-1,inf"): (16, 4, 9, 2, 1, 3640),
    ("F(3x3,3x3)", "0,1,-1,2,inf"): (25, 36, 49, 2, 9, 3640),
    ("F(4x4,3x3)", "0,1,-1,x^2+1,inf"): (49, 16, 9, 4, 1, 910),
    ("F(4x4,3x3)", "0,1,-1,2,-2,inf"): (36, 100, 49, 6, 9, 227),
    ("F(4x4,3x3)", "0,1,-1,2,-1/2,inf"): (36, 196, 49, 2, 225, 3640),
    ("F(4x4,3x3)", "0,1,-1,2,1/2,inf"): (36, 324, 49, 2, 81, 0),
}
SIZES = ["F(2x2,3x3)", "F(3x3,3x3)", "F(4x4,3x3)", "F(2,4)", "F(2x4,3x3)", "F(2x2,2x3)", "F(3x3,4x4)"]


@pytest.mark.parametrize(("size", "moduli"), KNOWN)
def test_the_usual_sets(size, moduli):
    products, input_norm, filter_norm, shift, odd, channels = KNOWN[size, moduli]
    found = word_bounds(parse(size, moduli=moduli, nested=True))
    norms = [
        max(sum(abs(x) for x in row) for row in item.dense.to_list())
        for item in (found.algorithm.input, found.algorithm.filter)
    ]
    assert (found.algorithm.rank, *norms) == (products, input_norm, filter_norm)
    assert (found.shift, found.odd, found.scale) == (shift, odd, 2**shift * odd)
    assert found.channels == channels
    assert found.fits == (channels > 0) == (not found.reason)
    assert found.inverse * found.odd % 2**32 == 1
    assert found.outputs == Box.signed(32 - shift)
    assert ranges(found.algorithm)["G axis 1"].box == found.V
    assert found.y == Box(-9 * 128 * 127, 9 * 128 * 128)


def test_unsigned_data_are_not_shifted():
    found = word_bounds(parse("F(4x4,3x3)", points="0,1,-1,2,-1/2"), data=Box.unsigned(8))
    assert (found.U, found.y) == (Box(-24990, 24990), Box(-9 * 255 * 128, 9 * 255 * 127))
    assert found.channels == 2**29 // (9 * 255 * 128)
    with_zero_point = word_bounds(parse("F(4x4,3x3)", points="0,1,-1,2,-1/2"), data=Box(-255, 255))
    assert with_zero_point.channels == 0
    assert with_zero_point.reason == "U lies in [-49980, 49980] and needs 17 bits, a word has 16"


def wrapped(values, bits):
    """Two's complement integers of a width."""
    return np.array((values + 2 ** (bits - 1)) % 2**bits - 2 ** (bits - 1), dtype=object)


def in_words(found, data, taps, channels):
    """y of so many channels alike, computed in words: passes of U and V in the word, all else in the accumulator."""
    word, accumulator = found.word, found.accumulator

    def through(item, values, bits):
        for step in item.passes:
            matrix = np.array([[int(x) for x in row] for row in step.matrix.to_list()], dtype=object)
            if step.axis is None:
                values = (matrix @ values.reshape(-1)).reshape(item.image)
            else:
                values = np.moveaxis(np.tensordot(matrix, values, axes=(1, step.axis)), 0, step.axis)
            values = wrapped(values, bits)
        return values

    algorithm = found.algorithm
    U, V = through(algorithm.input, data, word), through(algorithm.filter, taps, word)
    N = through(algorithm.output, wrapped(channels * U * V, accumulator), accumulator)
    return wrapped(N * found.inverse, accumulator) // 2**found.shift


def direct(data, taps, m):
    """The correlation by its definition."""
    values = np.zeros(m, dtype=object)
    for i in np.ndindex(*m):
        values[i] = sum(data[tuple(a + b for a, b in zip(i, j, strict=True))] * taps[j] for j in np.ndindex(taps.shape))
    return values


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("data_box", [Box.signed(8), Box.unsigned(8), Box(-7, 9)], ids=str)
def test_that_many_channels_are_exact_and_one_more_is_not(size, data_box):
    algorithm = parse(size, points="int8-exact")
    found = word_bounds(algorithm, data_box)
    n, r = algorithm.n, algorithm.r
    low, high = int(data_box.low), int(data_box.high)
    generator = np.random.default_rng(0)
    cases = [(generator.integers(low, high + 1, n).astype(object), generator.integers(-128, 128, r).astype(object))]
    cases += [(np.full(n, d, dtype=object), np.full(r, g, dtype=object)) for d, g in product((low, high), (-128, 127))]
    alternating = np.array([(low, high)[sum(i) % 2] for i in np.ndindex(*n)], dtype=object).reshape(n)
    cases.append((alternating, np.array([(-128, 127)[sum(i) % 2] for i in np.ndindex(*r)], dtype=object).reshape(r)))
    beyond = 0
    for data, taps in cases:
        y = direct(data, taps, algorithm.m)
        assert (in_words(found, data, taps, found.channels) == found.channels * y).all()
        beyond += int((in_words(found, data, taps, found.channels + 1) != (found.channels + 1) * y).any())
    assert beyond, "the bound is attained"


def test_accumulators_and_words_of_other_widths():
    algorithm = parse("F(4x4,3x3)", points="0,1,-1,2,-2")
    found = word_bounds(algorithm, accumulator=24)
    assert found.channels == 0
    assert found.reason == "the scale is divisible by 2^6, which leaves too little of 24 bits"
    assert word_bounds(algorithm, accumulator=6).outputs is None
    assert word_bounds(algorithm, word=15).channels == 227
    assert word_bounds(algorithm, word=14).reason == "U lies in [-12768, 12750] and needs 15 bits, a word has 14"
    assert word_bounds(algorithm, word=12).reason.startswith(
        "U lies in [-12768, 12750] and needs 15 bits and V lies in"
    )


def test_a_power_of_two_alone_costs_range():
    """The same matrices without the inverse of the odd part hold 9 times fewer."""
    algorithm = parse("F(4x4,3x3)", points="0,1,-1,2,-2", convention="integer")
    assert channel_counts(ranges(algorithm)).wrapping == 25
    assert word_bounds(algorithm).channels == 227 == 25 * 9 + 2


@pytest.mark.parametrize(
    ("size", "moduli", "repair"),
    [
        ("F(4x4,3x3)", "0,1,-1,2,1/2", "the catalogue's int8-exact points hold 3,640 channels"),
        ("F(9x9,3x3)", "accuracy", "F(8x8,3x3) on the catalogue's int8-exact points holds 910 channels"),
        ("F(4x9,3x3)", "accuracy", "F(4x8,3x3) on the catalogue's int8-exact points holds 1,820 channels"),
        ("F(8,3)", "accuracy", "the catalogue's int8-exact points hold 10,922 channels"),
        ("F(2x2,10x10)", "accuracy", "these points need words of 76 bits"),
    ],
)
def test_what_would_be_exact_is_said(size, moduli, repair):
    found = word_bounds(parse(size, moduli=moduli))
    assert found.channels == 0
    assert found.repair == repair
    widest = max(signed_bits(box.low, box.high) for box in (found.U, found.V))
    assert found.reason.count(f"needs {widest} bits") == 1
    assert not word_bounds(parse("F(2x2,3x3)")).repair


def test_any_scaling_chain_and_whole_tile_has_the_same_bounds():
    plain = parse("F(2x2,3x3)", points="0,1,-1")
    expected = word_bounds(plain)
    whole = Algorithm.from_matrices(
        *([[str(x) for x in row] for row in item.dense.to_list()] for item in plain.maps), m=(2, 2), r=(3, 3)
    )
    assert not whole.separable
    others = [parse("F(2x2,3x3)", points="0,1,-1", convention=name) for name in ("lavin", "integer", "pow2")]
    for other in (*others, plain.change_basis("legendre"), whole, plain.rescale(a=[-3] * 4)):
        found = word_bounds(other)
        assert (found.scale, found.channels, found.y) == (expected.scale, expected.channels, expected.y)
        assert (-found.U.low, found.U.high) in ((512, 510), (510, 512)), "signs of rows are free"


POINTS = st.sampled_from(["0", "inf", *(f"{s}{p}/{q}" for s in ("", "-") for p in range(1, 6) for q in range(1, 6))])


@given(st.lists(POINTS, min_size=3, max_size=7, unique_by=lambda text: text if text == "inf" else Fraction(text)))
@settings(max_examples=25)
def test_the_primitive_form_is_the_smallest(points):
    m = len(points) - 1
    made = primitive_form(winograd(m, 2, moduli=points))
    for rows in (made.output.dense.transpose(), made.filter.dense, made.input.dense):
        assert all(x.denominator == 1 for row in rows.to_list() for x in row)
    for rows in (made.filter.dense, made.input.dense):
        assert all(gcd(*(int(x) for x in row)) == 1 for row in rows.to_list())
    assert made.scale == integer_form(made).scale > 0
    pairs = [(1, 0) if text == "inf" else Fraction(text).as_integer_ratio() for text in points]
    values = [abs(prod(a * d - b * c for c, d in pairs if (c, d) != (a, b))) for a, b in pairs]
    assert made.scale == np.lcm.reduce(np.array(values, dtype=object))


def test_measures_have_the_same_numbers():
    algorithm = parse("F(4x4,3x3)", points="0,1,-1,2,-1/2")
    assert measure_named("exact-channels").value(algorithm) == 3640
    assert measure_named("scale-power").value(algorithm) == 2


@pytest.mark.parametrize(
    ("options", "kind", "mentions"),
    [
        ({"word": 0}, BadValue, ["a word", "1 to 128"]),
        ({"accumulator": 200}, BadValue, ["an accumulator", "200"]),
        ({"data": Box("1/2", 3)}, BadValue, ["no integers"]),
        ({"filter": Box(0, 0)}, BadValue, ["always 0"]),
    ],
)
def test_integers_that_are_none(options, kind, mentions):
    with refused(kind, *mentions):
        word_bounds(parse("F(2x2,3x3)"), **options)


def test_fields_without_integers():
    with refused(NotApplicable, "rational points"):
        word_bounds(winograd(4, 3, points="0,sqrt(2),-sqrt(2),sqrt(2)/2,-sqrt(2)/2"))
    with refused(NotApplicable, "integer"):
        word_bounds(winograd(2, 3).convert("GF(31)"))


def test_axes_may_differ():
    one, two = winograd(2, 3, points="0,1,-1"), winograd(4, 3, points="0,1,-1,2,-1/2")
    found = word_bounds(nest(one, two))
    assert (found.shift, found.odd) == (2, 15)
    assert found.channels == 3640
