# SPDX-License-Identifier: Apache-2.0
"""``wincraft compare`` as a user meets it."""

from __future__ import annotations

import json

import pytest

from wincraft.measure.costs import LayerShape
from wincraft.plan import Problem, make_plan
from wincraft.report.plan_comparison import compare_plans

FAST = ("--scheme", "fp16", "--channels", "8")
CLASSIC, BEST = "0,1,-1,2,-2", "0,2/3,-2/3,3/2,-3/2"


def test_the_cross_product_side_by_side(wincraft_here):
    lists = ("--points", CLASSIC, "--points", BEST, "--convention", "wincnn", "--convention", "balanced")
    done = wincraft_here("compare", "F(4,3)", *lists, *FAST)
    assert (done.returncode, done.stderr) == (0, "")
    listed = done.stdout.split("ALGORITHMS\n")[1].split("MEASURES")[0].replace("\n    ", " ")
    heads = [line for line in listed.splitlines() if line.startswith("  #")]
    expected = [(points, convention) for points in (CLASSIC, BEST) for convention in ("wincnn", "balanced")]
    for head, (points, convention) in zip(heads, expected, strict=True):
        assert f"points {points},inf; convention {convention}" in head
    (row,) = [line for line in done.stdout.splitlines() if line.startswith("  noise gain")]
    assert row.split()[2:] == ["6205/576", "6205/576", "4.762*", "4.762*"]
    assert heads[0].startswith("  #1 (wincnn, ±1 ±2): ")


def test_several_sizes_moduli_and_files(wincraft_here, tmp_path):
    assert wincraft_here("generate", "4,3", "--convention", "integer", "-o", "mine.json").returncode == 0
    done = wincraft_here("compare", "2,3", "3,3", "mine.json", *FAST, "--format", "json")
    document = json.loads(done.stdout)
    sizes = [report["algorithm"]["size"] for report in document["reports"]]
    assert sizes == ["F(2,3)", "F(3,3)", "F(4,3)"]
    assert document["columns"][2]["description"].startswith("mine.json: ")
    best = {row["measure"]: row["best"] for row in document["rows"]}
    assert best["noise-gain"] == ["#1"]
    assert best["products-per-output"] == ["#3"]
    done = wincraft_here("compare", "4,3", "--points", CLASSIC, "--moduli", "0,1,-1,x^2+1,inf", *FAST)
    assert "x^2+1" in done.stdout
    assert "n/a" in done.stdout


@pytest.mark.parametrize(("suffix", "mark"), [("md", "**1.5**"), ("html", 'class="r best"'), ("txt", "1.5*")])
def test_formats_by_suffix(wincraft_here, tmp_path, suffix, mark):
    done = wincraft_here("compare", "4,3", "2,3", *FAST, "-o", f"c.{suffix}")
    assert done.returncode == 0
    assert mark in (tmp_path / f"c.{suffix}").read_text(encoding="utf-8")


def test_checks_name_the_column(wincraft_here):
    done = wincraft_here("compare", "2,3", "4,3", *FAST, "--fail-above", "noise-gain=2")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("wincraft: check failed: noise-gain of #2 is 4.76195")


def test_seed_is_honoured_and_printed(wincraft_here):
    runs = [wincraft_here("compare", "4,3", *FAST, "--format", "json", "--seed", seed).stdout for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]
    assert "seed 7" in wincraft_here("compare", "4,3", *FAST, "--seed", 7).stdout


@pytest.mark.parametrize(
    ("arguments", "code", "mentions"),
    [
        ((), 2, ["SIZE"]),
        (("4,3", "--points", "0,1"), 3, ["add 4"]),
        (("4,3", "--convention", "wincn"), 3, ["did you mean wincnn"]),
        (("4,3", "--scheme", "fp61"), 3, ["did you mean fp16"]),
        (("4,3", "none.json"), 3, ["none.json"]),
        (tuple(f"{m},3" for m in range(2, 10)) * 8, 2, ["at most 60"]),
    ],
)
def test_bad_input(wincraft_here, arguments, code, mentions):
    done = wincraft_here("compare", *arguments)
    assert done.returncode == code
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    for mention in mentions:
        assert mention in done.stderr


def test_one_algorithm(wincraft_here):
    assert wincraft_here("compare", "2,3", *FAST).stdout.startswith("F(2,3): 1 algorithm compared\n")


PLANS = ("--kernel", "3x3", "--stride", "2", "--tile", "2", "--tile", "4", "--points", "accuracy")


def test_plans_side_by_side(wincraft_here):
    plans = {f"tile {m}, accuracy": make_plan(Problem(3, stride=2, axes=2), m, points="accuracy") for m in (2, 4)}
    done = wincraft_here("compare", *PLANS, "--layer", "64,64,56,56", check=0)
    layer = LayerShape(64, 64, (56, 56))
    assert done.stdout.strip() == repr(compare_plans(Problem(3, stride=2, axes=2), plans, layer))


def test_files_of_plans(wincraft_here):
    wincraft_here("plan", "--kernel", "3x3", "--stride", "2", "--tile", "3", "-o", "plan.json", check=0)
    alone = json.loads(wincraft_here("compare", "plan.json", *FAST, "--format", "json", check=0).stdout)
    assert [item["name"] for item in alone["plans"]] == ["direct", "plan.json"]
    assert alone["plans"][1]["schemes"][0]["name"] == "fp16"
    found = json.loads(wincraft_here("compare", *PLANS, "plan.json", "--format", "json", check=0).stdout)
    assert [item["products_per_output"] for item in found["plans"]] == ["9", "25/4", "81/16", "49/9"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ((), 2, "--kernel"),
        (("4,3", "--stride", "2"), 2, "of --kernel"),
        (("4,3", "plan.json"), 2, "4,3 is no plan"),
        ((*PLANS, "4,3"), 2, "4,3 is no plan"),
        (("plan.json", "--moduli", "0,1"), 2, "--moduli is of algorithms"),
        (("plan.json", "--fail-above", "noise-gain=1"), 2, "--fail-above is of algorithms"),
        (("plan.json", "--data", "x.npy", "--weights", "w.npy"), 2, "--data is of algorithms"),
        (("plan.json", "--kernel", "5", "--tile", "2"), 3, "give plans of a 5x5 kernel"),
        (("--kernel", "0"), 3, "the kernel"),
        (("--kernel", "3", "--tile", "0"), 3, "the tile"),
        (("--kernel", "3", "--tile", "x"), 3, "the tile"),
        (("--kernel", "3", "--tile", "2", "--groups", "7", "--layer", "8,8,9,9"), 3, "divisor"),
        (("--kernel", "3x3", "--tile", "2", "--layer", "8,8,9"), 3, "2 sizes"),
    ],
)
def test_plans_that_cannot_be_compared(arguments, code, words, wincraft_here):
    wincraft_here("plan", "--kernel", "3x3", "--stride", "2", "--tile", "2", "-o", "plan.json", check=0)
    done = wincraft_here("compare", *arguments, check=code)
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert words in done.stderr
