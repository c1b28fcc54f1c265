# SPDX-License-Identifier: Apache-2.0
"""Chains by name: what people write for bases, factorisations and balancing, map by map."""

from __future__ import annotations

import json

import pytest
from oracle_messages import refused

from wincraft import nest, winograd
from wincraft.construct import apply_chains, balance_stages, chained, change_basis, factorise, parse_chains
from wincraft.errors import BadDocument, BadNumber, BadShape, BadValue, FloatGiven, NotApplicable, UnknownName

F43 = winograd(4, 3, points="0,1,-1,2,-2")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("legendre", change_basis(F43, "legendre")),
        ("canonical", F43),
        ("butterfly", factorise(F43, "butterfly")),
        ("plu", factorise(F43, "plu")),
        ("input=legendre", change_basis(F43, input="legendre")),
        ("input=bjorck-pereyra", factorise(F43, input="bjorck-pereyra")),
        ("legendre output=newton", change_basis(F43, "legendre", output="newton")),
        ("legendre filter=canonical", change_basis(F43, input="legendre", output="legendre")),
        ("legendre:classical/pow2", balance_stages(change_basis(F43, "legendre:classical"))),
        ("newton(0,1,-1,2,-2)", change_basis(F43, "newton")),
        (
            "lagrange(0,1,-1,2,-2,3) output=plu",
            change_basis(
                factorise(F43, output="plu"), input="lagrange(0,1,-1,2,-2,3)", filter="lagrange(0,1,-1,2,-2,3)"
            ),
        ),
    ],
)
def test_chains_by_name(text, expected):
    assert chained(F43, text) == expected
    assert chained(nest(F43, F43), text) == nest(expected, expected)


@pytest.mark.parametrize(
    ("text", "basis"),
    [
        ("laguerre(1/2)", "laguerre(1/2)"),
        ("jacobi(1/2,-1/2)", "jacobi(1/2,-1/2)"),
        ("legendre(x/2):classical", "legendre(x/2):classical"),
        ("legendre(2x - 1)", "legendre(2x-1)"),
        ("jacobi(1/2, 1/3)", "jacobi(1/2,1/3)"),
        ("input=laguerre(1/2) filter=laguerre(1/2) output=laguerre(1/2)", "laguerre(1/2)"),
    ],
)
def test_parameters_with_fractions_and_blanks(text, basis):
    expected = change_basis(F43, basis)
    assert chained(F43, text) == expected
    assert chained(F43, f"{text}/pow2") == balance_stages(expected)


def test_a_basis_and_a_factorisation_side_by_side():
    made = chained(F43, "input=legendre output=butterfly")
    assert made.input == change_basis(F43, "legendre").input
    assert made.output == factorise(F43, "butterfly").output
    assert made.filter == F43.filter


def test_a_map_of_its_own_takes_precedence():
    for text in ("legendre input=lu", "input=lu legendre"):
        assert parse_chains(text) == {"input": "lu", "filter": "legendre", "output": "legendre"}
    assert parse_chains("  filter=lu ") == {"filter": "lu"}
    assert apply_chains(F43, {"filter": "plu"}) == factorise(F43, filter="plu")


@pytest.mark.parametrize(
    ("text", "kind", "mentions"),
    [
        ("lengendre", UnknownName, ["did you mean legendre?"]),
        ("buterfly", UnknownName, ["did you mean butterfly?"]),
        ("input=bjorck-pereira", UnknownName, ["did you mean bjorck-pereyra?"]),
        ("inptu=legendre", UnknownName, ["map", "did you mean input?"]),
        ("legendre/pow", UnknownName, ["balancing", "did you mean pow2?"]),
        ("", UnknownName, ["legendre"]),
        ("/pow2", UnknownName, ["legendre"]),
        ("input=", UnknownName, ["legendre"]),
        ("bjorck-pereyra", NotApplicable, ["input=bjorck-pereyra"]),
        ("legendre newton", BadValue, ["for all maps", "input=..."]),
        ("input=lu input=plu", BadValue, ["named twice"]),
        ("reciprocal", NotApplicable, ["p and 1/p"]),
        ("newton(0,1)", NotApplicable, ["2 nodes for 6"]),
    ],
)
def test_what_is_refused(text, kind, mentions):
    with refused(kind, *mentions):
        chained(F43, text)


# --- a user's own P from a file ---------------------------------------------------------------------------------

OWN = [["1", "0", "0", "0"], ["-1/2", "1", "0", "0"], ["0", "1/3", "1", "0"], ["2", "0", "0", "-1"]]
F23 = winograd(2, 3, points="0,1,-1")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.json").write_text(json.dumps(OWN))
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "P.json").write_text(json.dumps({"P": OWN}))
    return tmp_path


@pytest.mark.parametrize("text", ["own.json", "sub/P.json", "./own.json", " sub/P.json "])
def test_a_basis_from_a_file(folder, text):
    expected = change_basis(F23, OWN)
    assert chained(F23, text) == expected
    assert chained(F23, f"{text}/pow2") == balance_stages(expected)
    assert chained(F23, str(folder / "own.json")) == expected


@pytest.mark.parametrize("text", ["input=sub/P.json filter=legendre", "filter=legendre input=sub/P.json"])
def test_a_file_for_one_map(folder, text):
    expected = change_basis(F23, input=OWN, filter="legendre")
    assert chained(F23, text) == expected
    assert chained(F23, f"{text}/pow2") == balance_stages(expected)


@pytest.mark.parametrize(
    ("content", "kind", "mentions"),
    [
        ("{", BadDocument, ["P.json", "no JSON"]),
        ('"P"', BadDocument, ["no rows"]),
        ('{"Q": [["1"]]}', BadDocument, ["no rows"]),
        ("[" * 100_000, BadDocument, ["P.json"]),
        ("[[1, 0], [0.5, 1]]", FloatGiven, ["0.5", "1/2"]),
        ("[[NaN]]", BadNumber, ["nan"]),
        ("[[true]]", BadNumber, ["True"]),
        ("[[1, 0]]", BadShape, ["P.json", "square"]),
        ("[[1, 2], [2, 4]]", BadShape, ["P.json", "(4, 4)"]),
        (json.dumps([[1] * 4] * 4), NotApplicable, ["P.json", "singular"]),
    ],
)
def test_a_file_that_is_refused(folder, content, kind, mentions):
    (folder / "P.json").write_text(content)
    with refused(kind, *mentions):
        chained(F23, "input=P.json")


def test_a_file_that_is_not_there(folder):
    with refused(BadDocument, "none.json", "No such file"):
        chained(F23, "none.json")
