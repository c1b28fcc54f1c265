# SPDX-License-Identifier: Apache-2.0
"""Programs as text: read back what was written, by hand what people write, and what is none."""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle_messages import refused
from oracle_programs import programs, rows

from wincraft.circuit import Program
from wincraft.circuit.text import parse_program, program_text, value_names
from wincraft.errors import BadDocument
from wincraft.exact.field import Field

HAND = """
# the even part, and twice the odd one
inputs d0 d1 d2

even = d0 + d2        # shared
odd=2 * d1
s = even - odd; u = even   +  odd
v = s << 3
w = v >> 1
f = w + 5/2 * d0
g = f - 3 * d1
h = -1/2 * d2 - g
q = h / -7
outputs s u q s
"""


def test_what_people_write():
    """By hand: q = -(-1/2 d2 - (4 (d0 - 2 d1 + d2) + 5/2 d0 - 3 d1)) / 7 = (13/2 d0 - 11 d1 + 9/2 d2) / 7."""
    found = parse_program(HAND)
    assert [operation.name for operation in found.operations] == [
        *("add", "multiply", "subtract", "add", "shift", "shift", "fma", "fma", "fms", "divide")
    ]
    assert rows(found.matrix()) == [
        [1, -2, 1],
        [1, 2, 1],
        [Fraction(13, 14), Fraction(-11, 7), Fraction(9, 14)],
        [1, -2, 1],
    ]
    assert [str(operation.constant) for operation in found.operations[4:]] == ["8", "1/2", "5/2", "-3", "-1/2", "-7"]


def test_every_operation_is_written_as_people_do():
    steps = [
        *(("add", 0, 1), ("subtract", 2, 0), ("multiply", 3, "-3"), ("shift", 4, "4"), ("shift", 5, "1/8")),
        *(("fma", 6, 0, "5/3"), ("fma", 7, 0, "-5/3"), ("fms", 8, 1, "-2"), ("divide", 9, "-7"), ("shift", 10, "1")),
    ]
    assert program_text(Program.build(2, steps, [11, 0]), "d").splitlines() == [
        *("inputs d0 d1", "t0 = d0 + d1", "t1 = t0 - d0", "t2 = -3 * t1", "t3 = t2 << 2", "t4 = t3 >> 3"),
        *("t5 = t4 + 5/3 * d0", "t6 = t5 - 5/3 * d0", "t7 = -2 * d1 - t6", "t8 = t7 / -7", "t9 = t8 << 0"),
        "outputs t9 d0",
    ]


@given(programs(), st.sampled_from(["\n", ";", " ; ", "  # words\n"]))
def test_what_is_written_is_read_back(program, between):
    text = between.join(program_text(program, "d").splitlines())
    assert parse_program(text) == program


@pytest.mark.parametrize("name", ["QQ<sqrt(2)>", "QQ<sqrt(2) + sqrt(3)>", "GF(31)"])
def test_other_fields_are_named_first(name):
    field = Field.named(name)
    constants = ["-sqrt(2)", "1 + sqrt(2)/3", "sqrt(2)"] if field.ordered else ["-1", "20", "1/2"]
    steps = [
        ("fma", 0, 1, constants[0]),
        ("fms", 2, 1, constants[1]),
        ("divide", 3, constants[2]),
        ("multiply", 4, "3/2"),
    ]
    program = Program.build(2, steps, [5, 2, 0], field.domain)
    text = program_text(program)
    assert text.splitlines()[0] == f"field {field.name}"
    assert parse_program(text) == program


def test_names_by_kind():
    assert value_names(Program.build(2, [("add", 0, 1), ("add", 2, 2)], [3]), "d", "s") == ["d0", "d1", "s0", "s1"]


LEADS = "inputs a b; "


@pytest.mark.parametrize(
    ("text", "mentions"),
    [
        ("", ["no inputs"]),
        ("# nothing", ["no inputs"]),
        ("inputs", ["line 1 'inputs'"]),
        ("inputs a a; outputs a", ["line 1", "different names"]),
        ("inputs a 2; outputs a", ["line 1", "different names"]),
        ("outputs a", ["line 1", "before the inputs"]),
        ("s = a + b; outputs s", ["line 1", "before the inputs"]),
        ("inputs a b", ["no outputs"]),
        (LEADS + "outputs", ["is no operation"]),
        (LEADS + "outputs c", ["line 2", "no value c stands above"]),
        (LEADS + "s = a + c; outputs s", ["line 2 's = a + c'", "no value c stands above"]),
        (LEADS + "s = s + a; outputs s", ["line 2", "no value s stands above"]),
        (LEADS + "s = t + a; t = s + b; outputs t", ["line 2", "no value t stands above"]),
        (LEADS + "s = a + b; s = a - b; outputs s", ["line 3", "s stands twice"]),
        (LEADS + "a = a + b; outputs a", ["line 2", "a stands twice"]),
        (LEADS + "inputs c; outputs a", ["line 2"]),
        (LEADS + "outputs a; s = a + b", ["line 3", "behind the outputs"]),
        (LEADS + "outputs a; outputs b", ["line 3", "behind the outputs"]),
        (LEADS + "s = a / 0; outputs s", ["value 2", "0"]),
        (LEADS + "s = a + 1/0 * b; outputs s", ["line 2"]),
        (LEADS + "s = 1/0 * b; outputs s", ["line 2"]),
        (LEADS + "s = a * b; outputs s", ["'a * b' is no operation"]),
        (LEADS + "s = a + b + a; outputs s", ["'a + b + a' is no operation"]),
        (LEADS + "s = 0.5 * a; outputs s", ["'0.5 * a' is no operation"]),
        (LEADS + "s = a << -1; outputs s", ["'a << -1' is no operation"]),
        (LEADS + "s = a << 99999; outputs s", ["is no operation"]),
        (LEADS + "s =; outputs s", ["is no operation"]),
        (LEADS + "a + b; outputs a", ["is no operation"]),
        (LEADS + "2s = a + b; outputs a", ["is no operation"]),
        (LEADS + "s = (sqrt(2)) * a; outputs s", ["line 2", "sqrt(2)"]),
        (LEADS + "s = (2 + x) * a; outputs s", ["line 2"]),
        (LEADS + "s = (__import__('os')) * a; outputs s", ["line 2"]),
        ("field RR; " + LEADS + "outputs a", ["line 1 'field RR'", "a field is"]),
        ("field GF(32); " + LEADS + "outputs a", ["line 1", "GF(32)"]),
        ("field; " + LEADS + "outputs a", ["line 1"]),
        (LEADS + "field GF(31); outputs a", ["line 2"]),
        ("field GF(31); " + LEADS + "s = (sqrt(2)) * a; outputs s", ["line 3", "sqrt(2)"]),
        ("field GF(31); " + LEADS + "s = 1/31 * a; outputs s", ["line 3"]),
        ("field GF(31); " + LEADS + "s = a / 31; outputs s", ["0"]),
        (LEADS + "s = " + "a" * 5000 + " + b; outputs s", ["line 2"]),
        (LEADS + "s = " + "9" * 20000 + " * b; outputs s", ["line 2"]),
    ],
)  # fmt: skip
def test_what_is_no_text_of_a_program(text, mentions):
    with refused(BadDocument, "cannot read ", *mentions):
        parse_program(text)


@pytest.mark.parametrize("line", ["s = a + c", "s = a * b", "s = 0.5 * a", "s =", "outputs", "s = (2 + x) * a"])
def test_refusals_name_the_file_and_the_line(line):
    with refused(BadDocument, "cannot read the file f: ", f"line 3 '{line}'"):
        parse_program(f"inputs a b\n\n{line}\noutputs a", "the file f")


@given(st.text("ab01+-*/<>=;# \nst()inputsou", max_size=40))
def test_any_text_is_read_or_refused_in_one_line(tail):
    text = LEADS + tail
    with suppress(BadDocument):  # and no other error
        found = parse_program(text)
        assert parse_program(program_text(found)) == found


@pytest.mark.parametrize(
    "line",
    [
        *("a + b", "a - b", "a + 3 * b", "a - 5/2 * b", "a + -3 * b", "-1/2 * a - b", "3 * a", "-3 * a"),
        *("a << 3", "a >> 12", "a / 3", "a / -7"),
    ],
)
def test_blanks_may_be_left_out(line):
    written = parse_program(f"{LEADS}s = {line}; outputs s")
    assert parse_program(f"{LEADS}s={line.replace(' ', '')};outputs s") == written
    for sign in "+-*/":
        assert parse_program(f"{LEADS}s ={line.replace(f' {sign} ', f'{sign} ')}; outputs s") == written


def test_blanks_in_other_fields():
    lead = f"field QQ<sqrt(2)>; {LEADS}"
    written = parse_program(f"{lead}s = (1 + sqrt(2)) * a - b; t = s / (sqrt(2)); u = s + (sqrt(2)) * t; outputs u")
    assert parse_program(f"{lead}s=(1+sqrt(2))*a-b;t=s/(sqrt(2));u=s+(sqrt(2))*t;outputs u") == written


@pytest.mark.parametrize("line", ["a/1/2", "a /1/2", "a/-1/2", "a b", "2 3*a", "a<<<3", "a+*b"])
def test_what_blanks_would_decide_is_refused(line):
    with refused(BadDocument, f"line 2 's={line}': {line!r} is no operation"):
        parse_program(f"{LEADS}s={line};outputs s")
    assert [str(o.constant) for o in parse_program(LEADS + "s = a / 1/2; outputs s").operations] == ["1/2"]


def test_numbers_have_as_many_digits_as_elsewhere():
    """A constant of 4000 digits is read; one more, and what operations make of more, is not."""
    longest = "9" * 4000
    (operation,) = parse_program(f"{LEADS}s = {longest} * a; outputs s").operations
    assert operation.constant == int("9" * 2000) * 10**2000 + int("9" * 2000)
    with refused(BadDocument, "line 2 ", "use at most 4000 digits"):
        parse_program(f"{LEADS}s = 9{longest} * a; outputs s")
    for line in ("t = 10 * s", "t = s / 1/10", "t = s << 4", "t = s + 1 * s"):
        with refused(BadDocument, "t holds an input times a number of over 4000 digits"):
            parse_program(f"{LEADS}s = {longest} * a; {line}; outputs t")
    assert parse_program(f"{LEADS}s = {longest} * a; t = s / {longest}; outputs t").matrix().to_list() == [[1, 0]]
    with refused(BadDocument, "t holds an input times a number of over 4000 digits"):
        parse_program(f"{LEADS}s = a / {longest}; t = s / 10; outputs t")


def test_shifts_upon_shifts_end_soon():
    lines = "; ".join(f"s{k + 1} = s{k} << 9999" for k in range(3000))
    with refused(BadDocument, "s2 holds an input times a number of over 4000 digits"):
        parse_program(f"inputs s0; {lines}; outputs s1")
