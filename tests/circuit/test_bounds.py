# SPDX-License-Identifier: Apache-2.0
"""Exact bounds of programs, against all corners of small boxes and against the ranges of an algorithm."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle_messages import refused
from sympy import GF

from wincraft import parse
from wincraft.circuit import Program, of_matrix
from wincraft.circuit.bounds import bounds, largest_count
from wincraft.errors import BadShape, BadValue, NotApplicable, UnknownName
from wincraft.measure import channel_counts, ranges
from wincraft.numbers import Box

CONSTANTS = ("3", "-4", "1/2", "-5/4", "7")


@st.composite
def programs(draw, constants=CONSTANTS, inputs=3):
    steps = []
    for number in range(inputs, inputs + draw(st.integers(1, 6))):
        value = st.integers(0, number - 1)
        name = draw(st.sampled_from(["add", "subtract", "multiply", "fma", "fms"]))
        operands = [draw(value)] if name == "multiply" else [draw(value), draw(value)]
        constant = [draw(st.sampled_from(constants))] if name in ("multiply", "fma", "fms") else []
        steps.append((name, *operands, *constant))
    return Program.build(inputs, steps, [inputs + len(steps) - 1])


@st.composite
def boxes(draw):
    low = draw(st.fractions(-9, 9, max_denominator=3))
    return Box(low, low + draw(st.fractions(0, 9, max_denominator=3)))


@given(programs(), st.tuples(boxes(), boxes(), boxes()))
def test_ranges_are_those_over_all_corners_and_are_attained(program, given_boxes):
    found = bounds(program, given_boxes)
    corners = [program.trace(list(corner)) for corner in product(*((box.low, box.high) for box in given_boxes))]
    for value, box in enumerate(found.values):
        assert (box.low, box.high) == (min(c[value] for c in corners), max(c[value] for c in corners))
        assert program.trace(found.attaining(value, "low"))[value] == box.low
        assert program.trace(found.attaining(value, "high"))[value] == box.high
        assert all(x in (b.low, b.high) for x, b in zip(found.attaining(value), given_boxes, strict=True))


@given(programs(constants=("3", "-4", "7")), st.integers(2, 9))
def test_words_are_the_narrowest_that_hold_values_and_products(program, bits):
    found = bounds(program, Box.signed(bits))
    corners = [program.trace(list(corner)) for corner in product(*[(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)] * 3)]
    for value, width in enumerate(found.bits):
        seen = [c[value] for c in corners]
        operation = program.operations[value - program.inputs] if value >= program.inputs else None
        if operation is not None and operation.name in ("fma", "fms"):
            seen += [int(operation.constant) * c[operation.operands[1]] for c in corners]
        assert -(2 ** (width - 1)) <= min(seen)
        assert max(seen) < 2 ** (width - 1)
        assert width == 1 or min(seen) < -(2 ** (width - 2)) or max(seen) >= 2 ** (width - 2)
    assert found.overflows(8) == tuple(k for k, width in enumerate(found.bits) if width > 8)
    assert found.whole


@given(programs(constants=("3", "1/2", "-5/4")), st.integers(0, 3))
def test_fixed_point_words_hold_every_value_on_the_grid(program, behind):
    step = Fraction(1, 2**behind)
    found = bounds(program, Box(-1, 1), fraction_bits=behind)
    for corner in product((-1, step - 1, 0, 1 - step, 1), repeat=3):
        for value, word in zip(program.trace([Fraction(x) for x in corner]), found.fixed_point, strict=True):
            scaled = value * 2**word.fraction
            assert scaled.denominator == 1
            assert -(2 ** (word.bits - 1)) <= scaled < 2 ** (word.bits - 1)


def test_fixed_point_by_hand():
    program = Program.build(
        2,
        [("fma", 0, 1, "-5/4"), ("shift", 0, 8), ("multiply", 0, "1/3"), ("fma", 0, 0, "-1"), ("fma", 1, 2, 4)],
        [2, 3, 4],
    )
    found = bounds(program, Box.signed(8), fraction_bits=1)
    # -128 - 5/4 * 127, steps of 1/8; 8 x0 in steps of 4; thirds; x0 by way of
    # -x0 = 128; 4 x0 - 4 x1 in steps of 2, x1 in halves
    assert list(map(str, found.fixed_point)) == ["Q8.1", "Q8.1", "Q10.3", "Q11.0", "None", "Q9.1", "Q12.1"]
    assert found.values[5] == Box(0, 0)


def test_the_product_on_the_way_counts():
    program = Program.build(2, [("add", 0, 1), ("fma", 2, 0, "-3"), ("fma", 3, 1, "-1"), ("add", 3, 0)], [5])
    found = bounds(program, Box(-10, 10))
    assert found.values[3] == Box(-30, 30)  # x0 + x1 - 3 x0
    assert found.products[3] == Box(-30, 30)
    reduced = Program.build(1, [("fms", 0, 0, "3")], [1])  # 3 x - x = 2 x, by way of 3 x
    found = bounds(reduced, Box(-40, 40))
    assert (found.values[1], found.words[1], found.bits[1]) == (Box(-80, 80), Box(-120, 120), 8)
    assert bounds(reduced, Box(-50, 50)).overflows(8) == (1,)


def test_types_of_c():
    program = Program.build(1, [("shift", 0, 2**k) for k in (1, 8, 24, 25, 56, 57)], [1])
    found = bounds(program, Box.signed(8))
    assert found.c_types() == ["int8_t", "int16_t", "int16_t", "int32_t", "int64_t", "int64_t", None]
    assert found.c_types(computed=True) == ["int32_t"] * 4 + ["int64_t"] * 2 + [None]


def test_what_could_overflow_is_refused_by_its_name_and_range():
    program = of_matrix(parse("F(4,3)", points="0,1,-1,2,-2,inf", convention="integer").input.dense)
    found = bounds(program, Box.signed(8))
    found.need(16)
    with refused(
        NotApplicable, "10 bits", "t1 = t0 - 5 * x2", "[-1147, 1148]", "12 bits", "wider words", "may overflow"
    ):
        found.need(10)
    half = bounds(Program.build(1, [("shift", 0, "1/2")], [1]), Box.signed(8))
    assert not half.whole
    with refused(NotApplicable, "integer form"):
        half.need(32)


@pytest.mark.parametrize("bits", [8, 16, 31, 32, 64])
def test_channels_agree_with_those_of_an_algorithm(bits):
    algorithm = parse("F(4,3)", points="0,1,-1,2,-2,inf", convention="integer")
    known = ranges(algorithm)
    counts = channel_counts(known, bits)
    products = [Box(low, high) for low, high in zip(known["M"].low.flat, known["M"].high.flat, strict=True)]
    assert largest_count(products, bits) == counts.products
    program = of_matrix(algorithm.output.dense)
    assert bounds(program, products).channels(bits) <= counts.outputs


@given(programs(constants=("3", "-4")), st.integers(4, 20), st.integers(1, 50))
def test_channel_counts_are_the_largest_that_fit(program, bits, reach):
    given_box = Box(-reach, reach + 3)
    largest = bounds(program, given_box).channels(bits)

    def fits(count):
        return not bounds(program, Box(count * given_box.low, count * given_box.high)).overflows(bits)

    assert fits(largest) or largest == 0
    assert not fits(largest + 1)


def test_programs_run_their_extremes_in_the_words_found():
    algorithm = parse("F(4x4,3x3)", points="0,1,-1,2,-2,inf", convention="integer")
    program = of_matrix(algorithm.input.dense)
    found = bounds(program, Box.signed(8))
    assert max(found.bits) <= 16
    for output in program.outputs:
        for side in ("low", "high"):
            extreme = [np.array([int(x)], dtype=np.int16) for x in found.attaining(output, side)]
            reached = program.trace(extreme)[output][0]
            assert reached == getattr(found.values[output], side)


@pytest.mark.parametrize("bits", [0, 65, -1, 8.0, True, None])
def test_widths_that_no_word_has(bits):
    found = bounds(Program.build(1, [("add", 0, 0)], [1]), Box.signed(8))
    for ask in (found.overflows, found.need, found.channels, lambda bits: largest_count([], bits)):
        with refused(BadValue, str(bits), "1 to 64"):
            ask(bits)


def test_bad_input():
    program = Program.build(2, [("add", 0, 1)], [2])
    with refused(BadValue, "empty"):
        bounds(program, Box(1, 0))
    with refused(BadShape, "3", "2, one for each"):
        bounds(program, [Box(0, 1)] * 3)
    with refused(BadShape, "0", "2, one for each"):
        bounds(program, [])
    with refused(BadValue, "behind the point", "65"):
        bounds(program, Box(0, 1), fraction_bits=65)
    with refused(UnknownName, "hihg", "high"):
        bounds(program, Box(0, 1)).attaining(2, "hihg")
    with refused(BadShape, "3", "0 to 2"):
        bounds(program, Box(0, 1)).attaining(3)
    with refused(NotApplicable, "GF(7)"):
        bounds(Program.build(1, [("add", 0, 0)], [1], GF(7)), Box(0, 1))
