# SPDX-License-Identifier: Apache-2.0
"""``wincraft words``: its table, its document, refusals."""

from __future__ import annotations

import json

import pytest


def test_it_says_which_filters_fit(wincraft_here):
    done = wincraft_here("words", "4x4,3x3", "--points", "integer", "--convention", "integer")
    rows = [line.split() for line in done.stdout.splitlines()]
    assert ["int6", "15", "16", "29", "yes", "9", "101", "910"] in rows
    assert ["int7", "15", "17", "30", "no", "0", "0", "0"] in rows
    assert "matrices as given" in done.stdout


def test_every_size_with_every_list_and_files_once(wincraft_here, tmp_path):
    path = tmp_path / "f.json"
    wincraft_here("generate", "2,3", "--convention", "integer", "-o", str(path))
    words = ("words", "2x2,3x3", str(path), "--points", "integer", "--moduli", "0,1,-1,inf", "--axes", "2")
    assert wincraft_here("words", "2,3", str(path), "--axes", "2").returncode == 0
    done = wincraft_here(*words[:-2], "--filter-bits", "6,8", "--format", "json")
    document = json.loads(done.stdout)
    assert len(document["algorithms"]) == 3
    assert [item["as_given"] for item in document["algorithms"]] == [False, False, True]
    assert [item["filter"] for item in document["algorithms"][0]["widths"]] == [6, 8]


@pytest.mark.parametrize(
    ("words", "said", "code"),
    [
        (("4,3", "--filter-bits", "8..4"), "the widths of filters is none", 3),
        (("4,3", "--filter-bits", "x"), "give 4..8, or 6,8", 3),
        (("4,3", "--filter-bits", "0..3"), "the width of filters is 0 bits", 3),
        (("4,3", "--data-range", "float"), "a range of integers is a type", 3),
        (("4,3", "--word", "0"), "the width of a word is 0 bits", 3),
        (("4,3", "--accumulator", "-1"), "the width of an accumulator is -1 bits", 3),
        (("4,3", "--points", "0,1,-1,sqrt(2),-sqrt(2)"), "choose rational points for integer arithmetic", 3),
        (("no.json",), "cannot read no.json", 3),
        (("no.json", "--points", "0,1"), "no.json has its own points", 2),
    ],
)
def test_bad_input_is_one_line(wincraft_here, words, said, code):
    done = wincraft_here("words", *words, check=code)
    assert done.returncode == code
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
