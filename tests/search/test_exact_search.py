# SPDX-License-Identifier: Apache-2.0
"""The search for exact integers: its lower bound, that it leaves out nothing that fits, and what it finds."""

from __future__ import annotations

import json
from fractions import Fraction
from importlib import resources
from itertools import combinations

import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle_messages import refused

from wincraft import nest, parse, winograd
from wincraft.construct import primitive_form
from wincraft.errors import BadModulus, BadSize, BadValue, NotApplicable, NotCoprime, TooLarge
from wincraft.measure import Integers, word_bounds
from wincraft.numbers import Box
from wincraft.search import least_power_of_two, search_words
from wincraft.search.word_sets import WordMember, power_of_two, row_limit, short_rows, word_members, word_sets

QUADRATIC = ("x^2+1", "x^2+x+1", "x^2-x+1")


def exponent(value):
    return (value & -value).bit_length() - 1


def points_of(height):
    """0, inf and every p/q of at most a height, as pairs."""
    values = {Fraction(p, q) for p in range(-height, height + 1) for q in range(1, height + 1)}
    return [(1, 0), *(value.as_integer_ratio() for value in sorted(values))]


@pytest.mark.parametrize(("n", "height"), [(2, 4), (3, 4), (4, 4), (5, 3), (6, 3), (7, 3)])
def test_no_set_of_a_height_is_below_the_bound_and_some_attain_it(n, height):
    pairs = np.array(points_of(height))
    differences = pairs[:, :1] * pairs[:, 1] - pairs[:, 1:] * pairs[:, 0]
    powers = np.frompyfunc(lambda value: exponent(int(value)) if value else 0, 1, 1)(differences).astype(int)
    sets = np.array(list(combinations(range(len(pairs)), n)))
    sums = powers[sets[:, :, None], sets[:, None, :]].sum(axis=2).max(axis=1)
    assert sums.min() == least_power_of_two(n)


@pytest.mark.parametrize("n", range(2, 33))
def test_even_splits_attain_the_bound(n):
    """0, 2, 4, ... and their images in the two other classes: within one, differences are even."""
    thirds = [(2 * (i // 3), 1) for i in range(n)]
    images = [(lambda a, b: (a, b)), (lambda a, b: (a + b, b)), (lambda a, b: (b, a))]
    members = [WordMember("", (-p, q)) for i, pair in enumerate(thirds) for p, q in [images[i % 3](*pair)]]
    assert power_of_two(members) == least_power_of_two(n)


POINTS = st.sampled_from([WordMember("inf", (-1, 0)), *(
    WordMember(str(value), (-value.numerator, value.denominator))
    for value in sorted({Fraction(p, q) for p in range(-6, 7) for q in range(1, 7)})
)])  # fmt: skip


@given(st.lists(POINTS, min_size=3, max_size=7, unique=True))
@settings(max_examples=25)
def test_power_rows_and_heights_are_those_of_the_algorithm(members):
    made = primitive_form(winograd(len(members) - 1, 2, moduli=[member.text for member in members]))
    assert power_of_two(members) == exponent(int(made.scale))
    longest = max(sum(abs(int(x)) for x in row) for row in made.input.dense.to_list())
    assert short_rows(members, longest)
    assert not short_rows(members, longest - 1)
    heights = sorted(member.height for member in members)
    assert np.prod(heights[1:]) <= longest, "a polynomial's 1-norm is at least its Mahler measure"


@pytest.mark.parametrize(("m", "r", "height"), [(2, 3, 4), (2, 2, 6), (3, 3, 2)])
def test_nothing_that_fits_is_left_out(m, r, height):
    """Every set of a height whose rows are short enough by another formula, numpy's, is one of those looked at."""
    n, limit = m + r - 1, row_limit(Box.signed(8), 16, 2)
    members = word_members(r, 16, limit)
    found = {frozenset(item.text for item in sets) for sets in word_sets(n, members, (), limit)}
    fitting = 0
    for pairs in combinations(points_of(height), n):
        finite = [p / q for p, q in pairs if q]
        rows = []
        for p, q in pairs:
            others = [v for v in finite if not (q and v == p / q)]
            scale = np.prod([b for a, b in pairs if b and (a, b) != (p, q)])
            rows.append(abs(np.poly(others) * scale).sum())
        filters = [sum(abs(p) ** k * q ** (r - 1 - k) for k in range(r)) for p, q in pairs]
        if max(rows) < limit + 0.5 and max(filters) <= limit:
            fitting += 1
            assert frozenset("inf" if not q else str(Fraction(p, q)) for p, q in pairs) in found
    assert fitting


@pytest.mark.parametrize(
    ("m", "r", "moduli", "shift", "channels"),
    [
        pytest.param(2, 3, "0,1,-1,inf", 2, 3640, marks=pytest.mark.slow),
        pytest.param(3, 3, "0,1,-1,2,inf", 2, 3640, marks=pytest.mark.slow),
        (4, 3, "0,1,-1,2,-1/2,inf", 2, 3640),
        (3, 4, "0,1,-1,2,-1/2,inf", 2, 2047),
    ],
)
def test_the_best_points_in_two_dimensions(m, r, moduli, shift, channels):
    found = search_words(m, r)
    assert ",".join(found.best.moduli) == moduli
    assert (found.best.bounds.shift, found.best.bounds.channels) == (shift, channels)
    assert found.least == 2 * least_power_of_two(m + r - 1) == shift, "no rational points are better"
    merits = [(item.bounds.shift, item.additions, item.noise_gain) for item in found.sets]
    assert merits == sorted(merits)
    for item in found.sets[:3]:
        axis = winograd(m, r, moduli=",".join(item.moduli))
        assert word_bounds(nest(axis, axis)).channels == item.bounds.channels > 0


@pytest.mark.slow_cases("5-3", "4-4")
@pytest.mark.parametrize(("m", "r"), [(5, 3), (6, 3), (4, 4), (2, 5)])
def test_no_points_fit_and_moduli_do(m, r):
    with refused(NotApplicable, "U and V fit int16 on no rational points of any height", "x^2+1"):
        search_words(m, r)
    found = search_words(m, r, moduli=QUADRATIC)
    assert found.best.bounds.fits
    assert found.least is None
    ranks = {item.bounds.algorithm.rank for item in found.sets}
    assert len(ranks) == 1
    assert min(ranks) > (m + r - 1) ** 2


@pytest.mark.slow
def test_fewer_products_before_a_smaller_power_of_two():
    with_moduli, points = search_words(3, 3, moduli=("x^2+x+1",)), search_words(3, 3)
    assert with_moduli.best.moduli == points.best.moduli
    assert word_bounds(parse("F(3x3,3x3)", moduli="0,1,x^2+x+1,inf", nested=True)).shift == 0, (
        "which costs more products"
    )


def test_other_integers_and_words():
    unsigned = search_words(4, 3, integers=Integers(data=Box.unsigned(8), accumulator=24))
    assert unsigned.best.bounds.channels == 2**21 // (9 * 255 * 128)
    small = search_words(4, 3, integers=Integers(data=Box.signed(4), filter=Box.signed(4)), word=12)
    assert small.best.bounds.fits
    assert small.best.bounds.word == 12
    wider = search_words(6, 3, word=20, height=2)
    assert wider.least == wider.best.bounds.shift == 6
    assert (wider.height, wider.considered, wider.best.bounds.channels) == (2, 1, 227)


def test_the_document_fits_its_schema():
    text = resources.files("wincraft.report").joinpath("schema", "exact-1.json").read_text(encoding="utf-8")
    validator = jsonschema.Draft202012Validator(json.loads(text))
    for found in (search_words(4, 3), search_words(2, 5, moduli=QUADRATIC)):
        document = json.loads(json.dumps(found.document()))
        validator.validate(document)
        assert document["sets"][0]["channels"] == found.best.bounds.channels
        assert "channels" in repr(found)


@pytest.mark.slow_cases("arguments9-")
@pytest.mark.parametrize(
    ("arguments", "options", "kind", "mentions"),
    [
        ((0, 3), {}, BadSize, ["0"]),
        ((4, 3, 9), {}, BadValue, ["number of axes", "9"]),
        ((4, 3), {"word": 0}, BadValue, ["a word"]),
        ((4, 3), {"height": 0}, BadValue, ["height"]),
        ((4, 3), {"moduli": ("2",)}, BadValue, ["a point"]),
        ((4, 3), {"moduli": ("x^2+sqrt(2)",)}, BadValue, ["irrational"]),
        ((4, 3), {"moduli": ("x^2+1", "x^2+1")}, NotCoprime, ["x^2+1"]),
        ((4, 3), {"moduli": ("2*x^2+1",)}, BadModulus, ["monic"]),
        ((4, 3), {"integers": Integers(accumulator=19)}, NotApplicable, ["19 bits hold not one channel"]),
        ((4, 3, 1), {}, TooLarge, ["limit the height"]),
        ((4, 3), {"word": 40}, TooLarge, ["limit the height"]),
        ((3, 2, 1), {"height": 4}, TooLarge, ["sets of equal powers of two"]),
    ],
)
def test_what_is_refused(arguments, options, kind, mentions):
    with refused(kind, *mentions):
        search_words(*arguments, **options)
