# SPDX-License-Identifier: Apache-2.0
"""Points as people write them: the catalogue's sets by name, blanks, brackets, signs and roots."""

from __future__ import annotations

import pytest
from oracle_messages import refused

from wincraft import catalogue, parse, winograd
from wincraft.construct import USES, parse_moduli, source_of_use, use_named, use_of
from wincraft.errors import BadNumber, BadValue, NotApplicable, UnknownName, WincraftError


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("option", ["points", "moduli"])
def test_a_set_by_its_name(use, option):
    expected = parse_moduli(catalogue(4, 3).uses[use].moduli)
    assert winograd(4, 3, **{option: use}).moduli == expected
    assert winograd(4, 3, **{option: f" {use.upper()} "}).moduli == expected
    assert parse_moduli(catalogue(4, 3).uses[use_of(4, 3, expected)].moduli) == expected
    assert catalogue(4, 3).uses[use].found in source_of_use(4, 3, use)


def test_a_set_per_axis():
    made = parse("2x4,3x3", points="integer;dyadic")
    uses = [
        catalogue(*axis.sizes[0]).uses[use].moduli
        for axis, use in zip(made.factors, ("integer", "dyadic"), strict=True)
    ]
    assert [",".join(map(str, axis.moduli)) for axis in made.factors] == uses
    both = parse("4x4,3x3", points="quadratic")
    assert both.rank == 49
    mixed = parse("4x4,3x3", points="0,1,-1,2,-2;quadratic")
    assert mixed.rank == 42
    assert parse("1x4,1x3", points="integer").n[0] == 1


@pytest.mark.parametrize("name", ["dydaic", "best", "Integers", "accuracy-ish", "int8-exat"])
def test_unknown_names_list_the_sets(name):
    with refused(UnknownName, "set of points of F(4,3)", *USES):
        winograd(4, 3, points=name)


def test_a_size_without_such_a_set():
    with refused(UnknownName, "F(12,3)", "known are accuracy"):
        winograd(12, 3, points="dyadic")
    with refused(NotApplicable, "F(20,3)", "18", "leave them out"):
        winograd(20, 3, points="integer")


@pytest.mark.parametrize(
    "text", ["inf", "infinity", "Infinity", "oo", "x", "sqrt(2)", "0,1", "x^2+1", "x-12", "dyadic,0", ""]
)
def test_what_is_no_name(text):
    assert use_named(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "0 1 -1 2 -2",
        "[0,1,-1,2,-2]",
        "[0, 1, -1, 2, -2]",
        "(0,1,-1,2,-2)",
        "{0,1,-1,2,-2}",
        "[0 1 -1 2 -2]",
        "0  1\t-1 2 -2 ",
        "0,±1,±2",
        "0 ±1 ±2",
        "0, +-1, +- 2",
        "0,1,−1,2,−2",
        "0,1,-1,4/2,-4/2",
    ],
)
def test_spellings_of_five_points(text):
    assert winograd(4, 3, points=text).moduli == winograd(4, 3, points="0,1,-1,2,-2").moduli


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("1/√2", "1/sqrt(2)"),
        ("√2/2", "sqrt(2)/2"),
        ("-√(3)", "-sqrt(3)"),
        ("−1/√ 2", "-1/sqrt(2)"),
        ("±√2", "sqrt(2),-sqrt(2)"),
        ("x²+1", "x^2+1"),
        ("x^2 + 1", "x^2+1"),
        ("x^2 - x + 1", "x^2-x+1"),
        ("0 x^2+1 inf", "0,x^2+1,inf"),
        ("1 / 2", "1/2"),
        ("1 -1", "1,-1"),
        ("x^2+1@-1 0", "x^2+1@-1,0"),
        ("x^3+2@(0,1,-1,2)", "x^3+2@(0,1,-1,2)"),
        ("(1+sqrt(2))", "1+sqrt(2)"),
        ("(1+1),(2+1)", "2,3"),
        ("2·3", "6"),
    ],
)
def test_spellings_of_items(text, plain):
    assert parse_moduli(text) == parse_moduli(plain)


def test_blanks_inside_items_and_between_them_are_not_guessed():
    with pytest.raises(WincraftError):
        parse_moduli("x^2+1@-1 1 / 2")


@pytest.mark.parametrize("text", ["", " ", "[]", "( )", "0,,1", ",", "[0,1", "±", "√", "0 1 +", "±±1", "[[0,1]]"])
def test_texts_that_are_no_list(text):
    with pytest.raises((BadNumber, BadValue)) as caught:
        parse_moduli(text)
    assert "\n" not in str(caught.value)
