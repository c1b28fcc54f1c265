# SPDX-License-Identifier: Apache-2.0
"""``wincraft search`` and ``wincraft verify`` of its results."""

from __future__ import annotations

import json
from functools import partial

import pytest

from wincraft.measures import MEASURES
from wincraft.search import SPACES, search_space
from wincraft.search.points.settings import Tuning


def test_text(wincraft_here):
    done = wincraft_here("search", "F(4,3)", "--max-height", 3, "--objective", "noise-gain")
    assert done.returncode == 0
    assert "  4.76195216  617149/129600  0,2/3,-2/3,3/2,-3/2,inf" in done.stdout
    assert "3,003 sets for F(4,3)" in " ".join(done.stdout.split())


@pytest.mark.slow
def test_json_is_verified(wincraft_here):
    assert wincraft_here("search", "4x4,3x3", "--max-height", 3, "-o", "f4.json").returncode == 0
    done = wincraft_here("verify", "f4.json")
    assert done.returncode == 0
    assert "is exact" in done.stdout
    assert "searched again by exhaustive" in done.stdout


def test_a_tampered_result_is_refuted(wincraft_here, tmp_path):
    wincraft_here("search", "4,3", "--max-height", 3, "-o", "f4.json")
    document = json.loads((tmp_path / "f4.json").read_text())
    document["best"]["value"] = "3"
    (tmp_path / "f4.json").write_text(json.dumps(document))
    done = wincraft_here("verify", "f4.json")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1


def test_a_wrong_float_is_refuted_and_a_malformed_file_is_not_read(wincraft_here, tmp_path):
    wincraft_here("search", "4,3", "--max-height", 3, "-o", "f4.json")
    document = json.loads((tmp_path / "f4.json").read_text())
    document["best"]["float"] = document["bound"] = 4.0
    (tmp_path / "f4.json").write_text(json.dumps(document))
    assert wincraft_here("verify", "f4.json").returncode == 1
    del document["others"]
    (tmp_path / "f4.json").write_text(json.dumps(document))
    done = wincraft_here("verify", "f4.json")
    assert done.returncode == 3
    assert done.stderr.count("\n") == 1


@pytest.mark.slow
def test_rectangular_sizes_are_searched_axis_by_axis(wincraft_here):
    done = wincraft_here("search", "2x4,3x3", "--max-height", 2, "-o", "f.json")
    assert done.returncode == 0
    assert wincraft_here("verify", "f.json").returncode == 0


def test_points_and_within(wincraft_here):
    done = wincraft_here("search", "2,3", "--points", "0,1,-1,2,-2", "--within", "200%", "--format", "json")
    document = json.loads(done.stdout)
    assert document["best"]["points"] == ["0", "1", "-1", "inf"]
    assert document["count"] == 10
    assert document["others"]


@pytest.mark.slow_cases("arguments17-")
@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["4,3"], 3, "--max-height H or --points LIST"),
        (["4,3", "--max-height", 2, "--points", "1"], 3, "one of them"),
        (["4,3", "--max-height", "x"], 2, "not a valid integer"),
        (["4;3", "--max-height", 2], 3, "bad size"),
        (["4,3", "--max-height", 2, "--space", "round"], 3, "unknown space"),
        (["4,3", "--max-height", 2, "--within", "much"], 3, "such as 1%"),
        (["4,3", "--max-height", 2, "--within", "1"], 3, "within 1; write 1%, or a number below 1"),
        (["4,3", "--max-height", 2, "--within", "5.0"], 3, "write 5.0%"),
        (["4,3", "--max-height", 2, "--within", "-1%"], 3, "such as 1%"),
        (["4,3", "--max-height", 2, "--within", "2000%"], 3, "0 to 10"),
        (["4,3", "--max-height", 2, "--within", "1e999999999%"], 3, "such as 1%"),
        (
            ["4,3", "--max-height", 2, "--space", "free"],
            3,
            "known are rational, dyadic, integer, symmetric, reciprocal",
        ),
        (["4,3", "--max-height", 2, "--space", "symmetric-dyadics"], 3, "did you mean symmetric-dyadic?"),
        (["4,3", "--max-height", 2, "--objective", "matrix-rounding:" + "9" * 5000], 3, "matrix-rounding:8"),
        (["4,3", "--max-height", 2, "--constraint", "exact-bits<=1e999999999"], 3, "at most 4000 digits"),
        (["4,3", "--max-height", 2, "--jobs", 10**20], 3, "give 1 to 1024"),
        (["4,3", "--max-height", 2, "--format", "xml"], 3, "unknown format"),
        (["8,3", "--max-height", 40, "--strategy", "exhaustive"], 3, "--allow-long"),
        (["4,3", "--max-height", 2, "--zero", "perhaps"], 2, "is not one of"),
        (["4,3", "--points", "1,2"], 3, "empty"),
        (["4,3", "--max-height", 2, "--moduli", "x^2-1", "--strategy", "exhaustive"], 3, "the root -1 of the modulus"),
        (["4,3", "--max-height", 2, "--time-limit", "nan"], 3, "the time limit is nan"),
    ],
)
def test_bad_input(wincraft_here, arguments, code, message):
    done = wincraft_here("search", *arguments)
    assert done.returncode == code
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert not done.stdout


@pytest.mark.parametrize(("within", "same"), [("1%", "0.01"), ("0.9", "90%"), ("0", "0%"), ("1e-2", "1/100")])
def test_a_percentage_and_a_number_below_1_say_the_same(wincraft_here, within, same):
    one, other = (
        json.loads(wincraft_here("search", "2,3", "--max-height", 2, "--within", text, "--format", "json").stdout)
        for text in (within, same)
    )
    assert one == other


@pytest.mark.parametrize("name", SPACES)
def test_spaces_by_name(wincraft_here, name):
    done = wincraft_here("search", "2,3", "--max-height", 4, "--space", name, "--format", "json")
    space = json.loads(done.stdout)["space"]
    assert (space["numbers"], space["shape"]) == SPACES[name]
    assert set(name.split("-")) <= {space["numbers"], space["shape"]}


def test_the_help_lists_what_there_is(wincraft_here):
    text = " ".join(wincraft_here("search", "--help").stdout.split()).replace("- ", "-")
    objectives = text[text.index("--objective TEXT ") : text.index("[default: noise-gain]")]
    assert [name for name in MEASURES if f" {name}" not in objectives] == []
    spaces = text[text.index("--space TEXT ") : text.index("[default: rational]")]
    assert [name for name in SPACES if name not in spaces] == []


@pytest.mark.parametrize(
    ("options", "told"),
    [((), True), (("--engine", "numpy"), False), (("--moduli", "x^2+1"), False), (("--objective", "rank"), False)],
)
def test_a_long_search_without_numba_says_so_once(wincraft_here, monkeypatch, options, told):
    monkeypatch.setattr("wincraft.cli.shared.progress.LONG_WAIT", -1.0)
    fine = partial(search_space, tuning=Tuning(budget=50))
    monkeypatch.setattr("wincraft.search.points.search.search_space", fine)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    done = wincraft_here("search", "3,2", "--max-height", 4, *options)
    assert done.returncode == 0
    assert done.stderr.count("pip install '.[search]' in a clone") == told


def test_a_short_search_gives_no_advice(wincraft_here, monkeypatch):
    monkeypatch.setattr("wincraft.cli.shared.progress.LONG_WAIT", 1e9)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert wincraft_here("search", "2,3", "--max-height", 2).stderr == ""
