# SPDX-License-Identifier: Apache-2.0
"""The group ``wincraft search``: ``points`` without its name, and the other searches."""

from __future__ import annotations

import json
from importlib import resources

import jsonschema
import pytest

from wincraft.cli.search import SEARCHES
from wincraft.construct import winograd
from wincraft.quantise import parse_scheme
from wincraft.search import known_limits, search_scaling

SPACE = ("4,3", "--max-height", "3", "--space", "symmetric")


def test_points_are_meant_where_no_command_is_named(wincraft_here):
    named = wincraft_here("search", "points", *SPACE, check=0).stdout
    assert wincraft_here("search", *SPACE, check=0).stdout == named
    assert wincraft_here("search", *SPACE[1:], SPACE[0], check=0).stdout == named


def test_the_help_has_the_commands_and_the_options_of_points(wincraft_here):
    whole = wincraft_here("search", "--help", check=0).stdout
    points = wincraft_here("search", "points", "--help", check=0).stdout
    assert all(f"\n  {name} " in whole for name in SEARCHES)
    assert points[points.index("\nAlgorithm:") :] in whole


@pytest.mark.parametrize("name", SEARCHES)
def test_the_help_of_every_command_begins_with_examples(wincraft_here, name):
    text = wincraft_here("search", name, "--help", check=0).stdout
    assert text.startswith(f"Usage: wincraft search {name} ")
    assert f"\n    wincraft search {name} " in text


@pytest.mark.parametrize(
    ("words", "mention"),
    [
        (("pointz", "4,3"), "did you mean points?"),
        (("frontier", "4,3"), "did you mean front?"),
        ((), "Missing argument 'SIZE|FILE'"),
        (("front", "4,3", "--max-height", "2", "--objective", "height"), "No such option '--objective'"),
        (("front", "4,3", "--max-height", "2", "--jobs", "2"), "No such option '--jobs'"),
        (("scaling", "4,3"), "Missing option '--scheme'"),
        (("scaling", "4,3", "--scheme", "fp16", "--space", "symmetric"), "No such option '--space'"),
        (("limit", "4,3", "--sets", "even"), "is not one of"),
        (("chains", "4", "3"), "write the size in one word: 4,3"),
    ],
)
def test_usage_errors(wincraft_here, words, mention):
    done = wincraft_here("search", *words)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert mention in done.stderr


@pytest.mark.parametrize(
    ("words", "mention"),
    [
        (("front", "4,3", "--max-height", "12"), "at most 5,000"),
        (("front", "2x4,3x3", "--max-height", "2"), "one axis after the other"),
        (("scaling", "4,3", "--scheme", "barabasz"), "did you mean"),
        (("chains", "4,3", "--objective", "operation"), "did you mean operations"),
        (("chains", "4,3", "--objective", "sqnr:tapwise"), "tapwise-8"),
        (("chains", "4,3", "--bases", "buterfly"), "did you mean butterfly"),
        (("limit", "30,3"), "24"),
        (("limit", "4,3", "--tolerance", "2"), "between 0 and 1"),
        (("limit", "x"), "x"),
        (("tiles", "3x5"), "one axis after the other"),
        (("tiles", "many"), "write the kernel as 3x3"),
        (("tiles", "3", "--max-outputs", "9"), "1 to 8"),
    ],
)
def test_bad_input(wincraft_here, words, mention):
    done = wincraft_here("search", *words)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (3, "", 1)
    assert mention in done.stderr


@pytest.mark.slow
def test_front(wincraft_here, tmp_path):
    space = ("search", "front", *SPACE, "--moduli", "x^2+1")
    assert "0,2/3,-2/3,3/2,-3/2" in wincraft_here(*space, check=0).stdout
    wincraft_here(*space, "-o", "front.html", check=0)
    assert "<svg" in (tmp_path / "front.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_tiles(wincraft_here):
    line = ("search", "tiles", "3x3", "--max-outputs", "3")
    text = wincraft_here(*line, check=0).stdout
    assert "2x2,3x3 --points" in text
    assert "whole" in wincraft_here(*line, "--all", check=0).stdout
    found = json.loads(wincraft_here(*line, "--format", "json", check=0).stdout)
    schema = json.loads(resources.files("wincraft.report").joinpath("schema/tiles-1.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(found)
    assert (found["kind"], found["kernel"]) == ("wincraft.tiles", "3x3")
    assert {item["products"] for item in found["members"]} >= {16, 25}


def test_scaling(wincraft_here):
    line = ("search", "scaling", "F(4,3)", "--points", "0,1,-1,2,-2", "--scheme", "barabasz-2020-8")
    assert wincraft_here(*line, check=0).stdout.startswith("F(4,3) under barabasz-2020-8: predicted SQNR")
    found = json.loads(wincraft_here(*line, "--format", "json", check=0).stdout)
    wanted = search_scaling(winograd(4, 3, points="0,1,-1,2,-2"), parse_scheme("barabasz-2020-8"))
    assert (found["kind"], found["predicted"], found["as_given"]) == ("wincraft.scaling", wanted.decibels, wanted.plain)
    assert found["axes"] == list(wanted.exponents)


def test_limits_that_are_known(wincraft_here):
    found = json.loads(wincraft_here("search", "limit", "F(4,3)", "--format", "json", check=0).stdout)
    known = known_limits()[4, 3, "all"]
    assert (found["kind"], found["sets"], found["lower"]) == ("wincraft.limit", "all", known.lower)
    assert found["points"][-1] == "inf"
    text = " ".join(wincraft_here("search", "limit", "4,3", check=0).stdout.split())
    assert known.statement[1:] in text
    several = json.loads(wincraft_here("search", "limit", "2x4,3x3", "--format", "json", check=0).stdout)
    assert [item["size"] for item in several["limits"]] == ["F(2,3)", "F(4,3)"]


def test_limits_that_are_proved_here(wincraft_here):
    line = ("search", "limit", "2,3", "--sets", "symmetric", "--format", "json")
    known = json.loads(wincraft_here(*line, check=0).stdout)
    again = json.loads(wincraft_here(*line, "--again", "--tolerance", "0.01", check=0).stdout)
    assert (again["tolerance"], again["finished"]) == (0.01, True)
    assert again["lower"] <= known["upper"] == again["upper"]


@pytest.mark.slow_cases("words1-json", "words5-txt")
@pytest.mark.parametrize("suffix", ["txt", "md", "html", "json"])
@pytest.mark.parametrize(
    "words",
    [
        ("points", "2x4,3x3", "--max-height", "2"),
        ("front", "2,3", "--max-height", "2"),
        ("scaling", "2,3", "--scheme", "fp16"),
        ("chains", "2,3", "--bases", "canonical,lu"),
        ("limit", "2x4,3x3"),
        ("exact", "4x4,3x3"),
        ("tiles", "3", "--max-outputs", "2"),
    ],
)
def test_every_search_has_every_format(wincraft_here, tmp_path, words, suffix):
    wincraft_here("search", *words, "-o", f"out.{suffix}", check=0)
    text = (tmp_path / f"out.{suffix}").read_text(encoding="utf-8")
    assert (f"wincraft search {words[0]} {words[1]}" in text) == (suffix != "json")


def test_chains(wincraft_here, tmp_path):
    size = (
        "search",
        "chains",
        "F(6,3)",
        "--points",
        "0,1,-1,2,-2,1/2,-1/2",
        "--bases",
        "canonical,butterfly",
        "--objective",
    )
    done = wincraft_here(*size, "all-additions")
    assert done.returncode == 0
    assert "additions: 48 with input=canonical filter=butterfly output=canonical" in " ".join(done.stdout.split())
    document = json.loads(wincraft_here(*size, "all-additions", "--format", "json").stdout)
    jsonschema.Draft202012Validator(chains_schema()).validate(document)
    assert (document["kind"], document["value"], document["unit"]) == ("wincraft.chains", 48, "operations")
    for suffix, mark in (("md", "| map | chain |"), ("html", "<!DOCTYPE")):
        assert wincraft_here(*size, "all-additions", "-o", f"s.{suffix}").returncode == 0
        assert mark in (tmp_path / f"s.{suffix}").read_text(encoding="utf-8")


def test_exact_integers(wincraft_here):
    done = wincraft_here("search", "exact", "4x4,3x3", check=0)
    (row,) = (line for line in done.stdout.splitlines() if line.startswith("  0,1,-1,2,-1/2,inf "))
    assert row.split()[1:] == ["2", "300", "15625/324", "3,640"]
    assert "No rational points at all have a smaller power of two than 2^2" in " ".join(done.stdout.split())
    other = ("--data-range", "uint8", "--weight-range=-7..7", "--accumulator", "24", "--word", "15", "--format", "json")
    document = json.loads(wincraft_here("search", "exact", "2x2,5x5", *other, "--moduli", "x^2+1", check=0).stdout)
    assert (document["word"], document["accumulator"], document["data"]) == (15, 24, ["0", "255"])
    assert document["filter"] == ["-7", "7"]
    assert document["sets"][0]["channels"] == 2 ** (23 - document["sets"][0]["shift"]) // (25 * 255 * 7)
    done = wincraft_here("search", "exact", "6x6,3x3", check=3)
    assert "no rational points of any height; take a smaller tile, moduli such as x^2+1" in done.stderr
    assert "has different axes" in wincraft_here("search", "exact", "2x4,3x3", check=3).stderr


def test_a_predicted_sqnr_is_in_decibels(wincraft_here):
    done = wincraft_here(
        "search", "chains", "2x4,3x5", "--objective", "sqnr:barabasz-2020-8", "--bases", "canonical,lu,plu"
    )
    assert done.returncode == 0, done.stderr
    assert "sqnr:barabasz-2020-8: 8.6 dB with" in " ".join(done.stdout.split())


def chains_schema():
    text = resources.files("wincraft.report").joinpath("schema", "chains-1.json").read_text(encoding="utf-8")
    return json.loads(text)
