# SPDX-License-Identifier: Apache-2.0
"""The circuits of an algorithm: what each choice chooses, whole maps, integers, other fields, chains."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from oracle_messages import refused
from oracle_programs import additions, errors, rows, rows_of, run

from wincraft import parse, winograd
from wincraft.circuit import Program, is_binary, of_matrix
from wincraft.circuit.ordering import live
from wincraft.circuit.text import parse_program
from wincraft.construct.choices import CIRCUIT_CHOICES
from wincraft.construct.circuits import Circuits, along_axis, order_of, programs_for
from wincraft.errors import BadValue, NotApplicable, UnknownName
from wincraft.exact.matrix import rational_matrix
from wincraft.numbers.summation import CIRCUIT_ORDERS

MAPS = ("BT", "G", "AT")
F43 = winograd(4, 3, points="0,1,-1,2,-2")
ALGORITHMS = {
    "F(2,3)": winograd(2, 3, points="0,1,-1"),
    "F(4,3)": F43,
    "F(4,3) integer": winograd(4, 3, points="0,1,-1,2,-2", convention="integer"),
    "F(3,4) other points": winograd(3, 4, points="0,2/3,-2/3,3/2,-3/2"),
    "F(6,3)": winograd(6, 3, points="0,1,-1,2,-2,1/2,-1/2"),
}


def numbers(table):
    return np.array([[float(x) for x in row] for row in table])


def noise(made, name, program):
    """Of the outputs' variance what the roundings of one map's program make, of white data and filters.

    Every rounding error is a bilinear form in data and filter; its variance is the sum of squares of its entries.
    """
    A, G, B = (numbers(rows(made.named[key].dense)) for key in ("AT", "G", "BT"))
    total = 0.0
    for error in errors(program, False):
        units = [[Fraction(i == j) for i in range(program.inputs)] for j in range(program.inputs)]
        E = numbers([error(unit) for unit in units]).T
        parts = {"BT": (A, G, E), "G": (A, E, B), "AT": (E, G, B)}[name]
        total += float((np.einsum("ij,ja,jb->iab", *parts) ** 2).sum())
    return total / (made.m[0] * made.r[0] * float(made.scale) ** 2)


@pytest.mark.parametrize("name", ALGORITHMS)
def test_candidates_are_exact_and_their_noise_is_that_of_the_algorithm(name):
    made = ALGORITHMS[name]
    circuits = Circuits(made)
    for key in MAPS:
        matrix = made.named[key].dense
        candidates = circuits.candidates(matrix)
        assert candidates[0].program == of_matrix(matrix)
        assert len({item.program for item in candidates[1:]}) == len(candidates[1:])
        for item in candidates[:6]:
            assert rows_of(item.program) == rows(matrix)
            assert item.additions == additions(item.program)
            assert float(item.noise) == pytest.approx(noise(made, key, item.program), rel=1e-9)


@pytest.mark.slow_cases("F(6,3)")
@pytest.mark.parametrize("name", ALGORITHMS)
def test_every_choice_is_the_best_in_its_sense(name):
    made = ALGORITHMS[name]
    chosen = {choice: Circuits(made, choice) for choice in CIRCUIT_CHOICES}
    for key in MAPS:
        matrix = made.named[key].dense
        every = chosen["fewest"].candidates(matrix)
        assert every[0].found == "plain rows"
        rows_noise = every[0].noise
        of = {choice: circuits.line(key) for choice, circuits in chosen.items()}
        assert of["rows"].program == of_matrix(matrix)
        assert of["fewest"].additions == min(additions(item.program) for item in every)
        fewest = [item for item in every if item.additions == of["fewest"].additions]
        binary = [item for item in fewest if is_binary(item.program)]
        assert of["fewest"].noise == min(item.noise for item in binary or fewest)
        assert of["quiet"].noise == min(item.noise for item in every)
        assert live(of["cheap-registers"].program) == min(item.live for item in every)
        assert all(live(item.program) >= item.live == live(item.ordered.program) for item in every)
        assert priced(of["cheapest"].program) == min(priced(item.program) for item in every)
        assert of["default"].noise <= Fraction(11, 10) * rows_noise
        if key == "G":
            assert of["default"].program == of_matrix(matrix)
        else:
            limits = [rows_noise, *every[0].measured]
            allowed = [
                item
                for item in chosen["default"].candidates(matrix)
                if all(x <= 1.1 * y for x, y in zip((float(item.noise), *item.measured), limits, strict=True))
            ]
            assert of["default"].additions == min(item.additions for item in allowed)
            assert of["default"].additions <= of["rows"].additions
        assert all(rows_of(item.program) == rows(matrix) for item in of.values())


def test_counts_by_hand():
    """Proved minimal: F(2,3) 4, 3, 4; F(4,3) 12, 5, 10; rows of F(4,3) 16, 8, 14; by default G is of rows."""
    counts = {
        choice: [Circuits(F43, choice).line(key).additions for key in MAPS] for choice in ("fewest", "rows", "default")
    }
    assert counts == {"fewest": [12, 5, 10], "rows": [16, 8, 14], "default": [12, 8, 10]}
    assert [Circuits(ALGORITHMS["F(2,3)"], "fewest").line(key).additions for key in MAPS] == [4, 3, 4]


@pytest.mark.parametrize("size", [(1, 1), (1, 2), (2, 1), (1, 4)])
def test_trivial_sizes(size):
    made = winograd(*size)
    for choice in CIRCUIT_CHOICES:
        for key in MAPS:
            assert rows_of(Circuits(made, choice).line(key).program) == rows(made.named[key].dense)


@pytest.mark.slow_cases("F(4x4,3x3)-")
@pytest.mark.parametrize(
    ("size", "options", "choice", "count"),
    [
        ("F(4x4,3x3)", {"points": "0,1,-1,2,-2"}, "default", 144),  # 12 lines of 12
        ("F(2x2,3x3)", {"points": "0,1,-1"}, "fewest", 31),  # not separable
        ("F(2x2,3x3)", {"points": "0,1,-1"}, "default", 32),  # 8 lines of 4
        ("F(2x4,3x3)", {}, "rows", None),
        ("F(2x2x2,2x2x2)", {"points": "0,1"}, "rows", None),
    ],
)
def test_whole_maps(size, options, choice, count):
    made = parse(size, **options)
    circuits = Circuits(made, choice)
    for key in MAPS:
        program = circuits.whole(key)
        assert rows_of(program) == rows(made.named[key].dense)
    assert count is None or additions(circuits.whole("BT")) == count


def test_a_program_along_an_axis():
    program = parse_program("inputs a b c; s = a - c; t = s + 2 * b; outputs s t")
    tile = np.arange(2 * 3 * 4).reshape(2, 3, 4)
    found = along_axis(program, tile.ravel().tolist(), tile.shape, 1)
    expected = np.stack([tile[:, 0] - tile[:, 2], tile[:, 0] - tile[:, 2] + 2 * tile[:, 1]], axis=1)
    assert found == expected.ravel().tolist()
    assert along_axis(program, [5, 7, 1], (3,), None) == [4, 18]


@pytest.mark.slow_cases("size7-", "size6-fewest")
@pytest.mark.parametrize(
    ("size", "choice"), [((2, 3), choice) for choice in CIRCUIT_CHOICES] + [((4, 3), "fewest"), ((6, 3), "default")]
)
def test_integer_matrices_have_integer_programs(size, choice):
    made = winograd(*size, convention="integer")
    circuits = Circuits(made, choice)
    for key in MAPS:
        matrix = made.named[key].dense
        program = circuits.integers(matrix)
        assert rows_of(program) == rows(matrix)
        assert all(o.constant is None or o.constant.denominator == 1 for o in program.operations)
        values = np.random.default_rng(2).integers(-9, 10, (program.inputs, 7))
        expected = np.array([[int(x) for x in row] for row in rows(matrix)]) @ values
        assert np.array_equal(np.stack(program.run(list(values))), expected)
        assert circuits.choice != "default" or circuits.computed(matrix) == program
        if choice in ("default", "fewest") and key != "G":
            assert additions(program) <= additions(of_matrix(matrix))


def test_matrices_that_are_not_integer_have_no_integer_program():
    circuits = Circuits(F43, "fewest")
    with refused(NotApplicable):
        circuits.integers(F43.filter.dense)
    assert circuits.computed(F43.filter.dense) == circuits.of(F43.filter.dense).program


def test_more_candidates():
    """A worse program of B^T is a candidate, rows up to factors; it is chosen where it is the best."""
    matrix = rational_matrix([[1, 1, 0], [2, 2, 2]])
    circuits = Circuits(winograd(2, 2), "fewest").adding(
        matrix, [(parse_program("inputs a b c; s = a + b; t = s + c; outputs s t"), "by hand")]
    )
    found = circuits.of(matrix)
    assert rows_of(found.program) == [[1, 1, 0], [2, 2, 2]]
    assert found.additions == 2
    assert "by hand" in [item.found for item in circuits.candidates(matrix)]
    assert "by hand" not in [item.found for item in Circuits(winograd(2, 2), "fewest").candidates(matrix)]


def test_a_program_of_another_matrix_is_refused():
    other = of_matrix(winograd(4, 3, points="0,1,-1,3,-3").input.dense)
    with refused(NotApplicable, "row 0", "no multiple"):
        Circuits(F43).adding(F43.input.dense, [(other, "by hand")])


def test_registers_and_prices():
    """F(6,3) on 0, +-1, +-2, +-1/2: circuits of 21 additions hold 7 values, the quiet ones of 22 hold 8."""
    made = winograd(6, 3, points="0,1,-1,2,-2,1/2,-1/2")
    known = Circuits(made, "fewest").candidates(made.input.dense)
    for most in {item.live for item in known}:
        found = Circuits(made, f"quiet:registers={most}").line("BT")
        assert live(found.program) <= most
        assert found.noise == min(item.noise for item in known if item.live <= most)
    least = min(item.live for item in known)
    with refused(NotApplicable, f"those known hold {least} and more at one time; give {least} or more"):
        Circuits(made, f"default:registers={least - 1}").line("BT")
    for text, prices in (("cheapest:fma=1", {"fused": 1}), ("cheapest:multiply=9:small=9", {"dear": 9})):
        circuits = Circuits(made, text)
        every = [priced(item.program, **prices) for item in circuits.candidates(made.output.dense)]
        assert priced(circuits.line("AT").program, **prices) == min(every)


def priced(program, dear=1, fused=None):
    """Additions and products, of which those by other constants than powers of two cost `dear`; fused ones `fused`."""
    total = 0
    for operation in program.operations:
        constant = abs(Fraction(str(operation.constant or 1)))
        power = constant.numerator.bit_count() == constant.denominator.bit_count() == 1
        product = 0 if constant == 1 else 1 if power else dear
        adds = operation.name not in ("shift", "multiply", "divide")
        total += fused if fused and adds and operation.constant is not None else adds + product
    return total


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("fewest:register=8", UnknownName, "unknown option of the circuit fewest 'register': did you mean registers?"),
        ("fewest:add=2", UnknownName, "unknown option of the circuit fewest 'add'"),
        ("fewest:registers", BadValue, "option registers of a circuit is ''"),
        ("fewest:registers=0", BadValue, "option registers of a circuit is 0; give an integer from 1"),
        ("fewest:registers=1/2", BadValue, "option registers of a circuit is 1/2; give an integer from 1"),
        ("cheapest:add=x", BadValue, "option add of a circuit is 'x'"),
        ("cheapest:add=-1", BadValue, "the price add is -1; give 0 or more"),
        ("cheapest:add=1:add=2", BadValue, "option add of a circuit is given twice; give it once"),
    ],
)
def test_options_that_are_none(text, error, message):
    with refused(error, message):
        Circuits(F43, text)


@pytest.mark.parametrize("choice", ["least", "", "Fewest", None])
def test_choices_that_are_none(choice):
    with refused(UnknownName, "circuit"):
        Circuits(F43, choice)


def test_orders_are_named_for_choices():
    assert {order_of(choice): choice for choice in CIRCUIT_CHOICES} == CIRCUIT_ORDERS | {"positive-first": "rows"}
    for order, choice in CIRCUIT_ORDERS.items():
        matrix = F43.output.dense
        assert programs_for(F43, order)(matrix) == Circuits(F43, choice).of(matrix).program
    assert programs_for(F43, "positive-first") is None


@pytest.mark.parametrize("choice", ["default", "fewest", "quiet"])
@pytest.mark.parametrize("field", ["GF(31)", "QQ<sqrt(2)>"])
def test_other_fields(field, choice):
    made = winograd(2, 3, points="0,1,sqrt(2)") if "sqrt" in field else F43.convert(field)
    circuits = Circuits(made, choice)
    for key in MAPS:
        found = circuits.line(key)
        assert found.program.matrix() == made.named[key].dense
        assert found.additions <= additions(of_matrix(made.named[key].dense))


@pytest.mark.parametrize("size", ["F(2,3)", "F(2x2,3x3)"])
def test_chains_have_a_program_for_every_pass(size):
    made = parse(size).change_basis("legendre")
    for choice in ("default", "fewest"):
        of_pass = programs_for(made, order_of(choice))
        circuits = Circuits(made, choice)
        for key in MAPS:
            item = made.named[key]
            for step in item.passes:
                program = of_pass(step.matrix)
                assert isinstance(program, Program)
                assert rows_of(program) == rows(step.matrix)
            values = [Fraction(k * k - 3, k + 1) for k in range(item.shape[1])]
            expected = [sum((x * v for x, v in zip(row, values, strict=True)), Fraction(0)) for row in rows(item.dense)]
            assert run(circuits.whole(key), values) == expected
