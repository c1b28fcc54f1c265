# SPDX-License-Identifier: Apache-2.0
"""Live values against a count of sets of names, orders against all orders."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle_messages import refused

from wincraft import parse
from wincraft.circuit import Program, of_matrix, ordering, record
from wincraft.circuit.ordering import depth, fewest_live, in_order, live, reordered
from wincraft.errors import BadShape, BadValue


@st.composite
def programs(draw, most=6):
    inputs = draw(st.integers(1, 4))
    steps = []
    for number in range(inputs, inputs + draw(st.integers(1, most))):
        value = st.integers(0, number - 1)
        name = draw(st.sampled_from(["add", "subtract", "fma", "shift"]))
        operands = [draw(value)] if name == "shift" else [draw(value), draw(value)]
        steps.append((name, *operands, *(["4"] if name in ("fma", "shift") else [])))
    size = inputs + len(steps)
    return Program.build(inputs, steps, draw(st.lists(st.integers(0, size - 1), min_size=1, max_size=3)))


def held(program, order):
    """The most values held, by the names in registers, of operations in an order."""
    uses = Counter(value for o in program.operations for value in set(o.operands))
    registers, most = set(), int(any(k < program.inputs for k in program.outputs))
    for number in order:
        operands = set(program.operations[number].operands)
        registers |= operands
        most = max(most, len(registers))
        uses -= Counter(operands)
        registers = {value for value in registers if uses[value]} | {program.inputs + number}
        most = max(most, len(registers))
        registers = {value for value in registers if uses[value]}
    return most


def orders(program):
    """All orders of the operations in which each stands behind what it reads."""

    def extend(order):
        if len(order) == len(program.operations):
            yield order
        for number, operation in enumerate(program.operations):
            needs = {k - program.inputs for k in operation.operands if k >= program.inputs}
            if number not in order and needs <= set(order):
                yield from extend([*order, number])

    return extend([])


@given(programs())
@settings(max_examples=120)
def test_the_order_found_holds_the_fewest_values_of_all_orders(program):
    found = reordered(program)
    assert live(program) == held(program, range(len(program.operations)))
    assert live(found) == held(found, range(len(found.operations)))
    assert live(found) == fewest_live(program) == min(held(program, order) for order in orders(program))
    assert found.matrix() == program.matrix()
    assert Counter(o.name for o in found.operations) == Counter(o.name for o in program.operations)


@given(programs(most=12))
def test_search_by_chance_gives_an_order_of_the_operations(program):
    uses = ordering._Uses(program)
    cost, peak, order = uses.by_outputs(uses.ends)
    assert sorted(order) == list(range(len(program.operations)))
    assert in_order(program, order).matrix() == program.matrix()
    assert max(peak, uses.start.peak) == held(program, order)
    assert cost >= peak**8


def test_live_by_hand():
    # a, b; s = a + b takes no place of its own where b is used up; the output is stored at once
    assert live(Program.build(2, [("add", 0, 1)], [2])) == 2
    assert live(Program.build(2, [("add", 0, 1), ("subtract", 2, 1)], [2, 3])) == 2
    assert live(Program.build(2, [("add", 0, 1), ("add", 0, 1)], [2, 3])) == 3
    assert live(Program.build(2, [("add", 0, 0)], [1, 2])) == 1
    # eight numbers added one by one, and in pairs
    assert live(Program.build(8, [("add", 7 + k if k else 0, k + 1) for k in range(7)], [14])) == 2
    pairs = [("add", 2 * k, 2 * k + 1) for k in range(7)]
    assert live(Program.build(8, pairs, [14])) == 5
    assert live(reordered(Program.build(8, pairs, [14]))) == 4  # log2(8) + 1


def test_depth_by_hand():
    pairs = [("add", 2 * k, 2 * k + 1) for k in range(7)]
    assert depth(Program.build(8, pairs, [14])) == 3
    assert depth(Program.build(8, [("add", 7 + k if k else 0, k + 1) for k in range(7)], [14])) == 7
    assert depth(Program.build(8, pairs, [0])) == 0


@pytest.mark.parametrize(("size", "values"), [("F(2,3)", (3, 3)), ("F(4,3)", (5, 5)), ("F(6,3)", (7, 7))])
def test_one_dimensional_transforms_are_in_the_best_order(size, values):
    algorithm = parse(size, points={"F(2,3)": "0,1,-1,inf"}.get(size))
    for linear, most in zip((algorithm.input, algorithm.output), values, strict=True):
        program = of_matrix(linear.dense)
        assert fewest_live(program) == live(reordered(program)) <= most


@pytest.mark.slow
def test_the_data_transform_of_a_tile_holds_far_less_than_it_reads():
    program = record(36, parse("F(4x4,3x3)", points="0,1,-1,2,-2,inf").input.apply)
    found = reordered(program, seed=1, rounds=1)
    assert live(program) == held(program, range(len(program.operations))) == 48
    assert live(found) == held(found, range(len(found.operations))) <= 24  # a plain unrolled one: 36 + 36
    assert found.matrix() == program.matrix()


def test_the_same_seed_gives_the_same_order(monkeypatch):
    monkeypatch.setattr(ordering, "_STATES", 10)  # so that the search by chance is used
    program = record(16, parse("F(2x2,3x3)", points="0,1,-1,inf").input.apply)
    assert fewest_live(program) is None
    found = reordered(program, seed=1, orders=200)
    assert found == reordered(program, seed=1, orders=200)
    assert live(found) <= 8 < live(program)


@pytest.mark.slow
def test_more_rounds_find_no_more_live_values():
    program = record(64, parse("F(6x6,3x3)").input.apply)
    one, two = (live(reordered(program, rounds=rounds)) for rounds in (1, 4))
    assert two <= one < 64 + 64


def test_bad_input():
    program = Program.build(2, [("add", 0, 1), ("shift", 2, 2)], [3])
    with refused(BadShape, "values before"):
        in_order(program, [1, 0])
    for rounds in (0, -1, True, 1.5):
        with refused(BadValue, "rounds", str(rounds), "at least 1"):
            reordered(program, rounds=rounds)


def test_no_orders_find_nothing():
    with refused(BadValue, "the number of orders is 0; give at least 1"):
        reordered(Program.build(2, [("add", 0, 1)], [2]), orders=0)
