# SPDX-License-Identifier: Apache-2.0
"""``wincraft ring``, ``residues``, ``quotient``, ``search losses``, and forms and domains of ``generate``."""

from __future__ import annotations

import json
import shlex

import pytest

from wincraft.cli.residues import POINT_NAMES
from wincraft.cli.shared.algorithm import FORM_NAMES
from wincraft.rings.residues import POINT_KINDS

TOOM4 = ("--points", "0,1,-1,2,-2,3,inf")


def test_one_command_prints_the_inverses(wincraft_here):
    done = wincraft_here("ring", "4,4", *TOOM4, "--modulus", "2^16", "--inverse", "3,9,15")
    assert done.returncode == 0
    assert "3 bits lost" in done.stdout
    rows = [line.split() for line in done.stdout.splitlines()]
    assert all(row in rows for row in (["1/3", "43691"], ["1/9", "36409"], ["1/15", "61167"]))


def test_documents_and_files(wincraft_here, tmp_path):
    done = wincraft_here("ring", "3,3", "--points", "0,1,-1,-2,inf", "--form", "linear", "--format", "json")
    assert json.loads(done.stdout)["bits"] == 1
    target = tmp_path / "toom4.h"
    assert wincraft_here("ring", "4,4", *TOOM4, "--form", "linear", "-o", str(target)).returncode == 0
    text = target.read_text()
    assert "wincraft ring 4,4" in text.splitlines()[0]
    assert str(tmp_path) not in text
    assert json.loads(wincraft_here("residues", "4,3", "--channels", "8", "--format", "json").stdout)["channels"] == 8
    assert json.loads(wincraft_here("quotient", "cyclic 4", "--format", "json").stdout)["rank"] == 5
    assert json.loads(wincraft_here("search", "losses", "3,3", "--format", "json").stdout)["least"] == 1


def test_generate_has_forms_and_domains(wincraft_here, tmp_path):
    target = tmp_path / "product.json"
    words = ("generate", "3,3", "--moduli", "0,1,x^2+x+1,inf", "--form", "linear", "--domain", "GF(2)")
    assert wincraft_here(*words, "-o", str(target)).returncode == 0
    document = json.loads(target.read_text())
    assert (document["form"], document["field"]) == ("linear", "GF(2)")
    assert wincraft_here("verify", str(target)).returncode == 0
    made = json.loads(wincraft_here("generate", "2,2", "--form", "linear", "--format", "json").stdout)
    assert "--form linear" in made["command"]


@pytest.mark.parametrize(
    ("size", "moduli", "domain", "form"),
    [
        ("3,3", "0,1,x^2+x+1,inf", "GF(2)", "linear"),
        ("2,2", "0,1,inf", "GF(2)", "correlation"),
        ("4,3", "0,1,-1,2,-2,inf", "GF(31)", "correlation"),
        ("2x2,3x3", "0,1,-1,inf", "GF(31)", "correlation"),
        ("3,3", "0,1,x^2+x+1,inf", "Z/2^16", "linear"),
    ],
)
def test_files_over_rings_say_how_they_are_made_and_round_trip(wincraft_here, tmp_path, size, moduli, domain, form):
    """What the command makes is read, proved and written as the same bytes, and the command in it makes it again."""
    target = tmp_path / "made.json"
    words = ("generate", size, "--moduli", moduli, "--domain", domain, "--form", form)
    assert wincraft_here(*words, "-o", str(target)).returncode == 0
    document = json.loads(target.read_text())
    assert (document["field"], document["form"]) == (domain, form)
    assert wincraft_here("generate", str(target), "--format", "json").stdout == target.read_text()
    assert "proved" in wincraft_here("verify", str(target)).stdout
    _, *again = shlex.split(document["command"])
    assert again[0] == "generate"
    assert wincraft_here(*again).stdout == target.read_text()
    refused = wincraft_here("report", str(target))
    assert refused.returncode == 3
    assert domain in refused.stderr
    assert refused.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("ring", "4,4", "--modulus", "GF(6)"), "2 * 3, no prime"),
        (("ring", "4,4", "--inverse", "2"), "1/2 in Z/2^16: it shares the factor 2"),
        (("ring", "4,4", "--inverse", "x"), "give positive integers between commas"),
        (("ring", "4,4", "--form", "foo"), "unknown form 'foo'"),
        (("residues", "14x14,3x3", "--channels", "512", "--moduli", "251,241,239"), "need 150405121 = 2^27.2"),
        (("residues", "4,3", "--channels", "1", "--moduli", "15,25"), "share a factor"),
        (("residues", "4,3", "--channels", "1", "--word", "99"), "the word of a residue is 99 bits"),
        (("quotient", "x^2-x", "--ring", "GF(6)"), "no field; write Z/6"),
        (("search", "losses", "4x4,3x3"), "has 2 axes"),
        (("generate", "4,4", "--points", "0,1,-1,2,-2,7,inf", "--domain", "GF(7)"), "0 and 7 are equal"),
    ],
)
def test_bad_input_is_one_line(wincraft_here, words, said):
    done = wincraft_here(*words)
    assert done.returncode == 3
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_help_pages_offer_what_there_is():
    assert POINT_NAMES == POINT_KINDS
    assert FORM_NAMES == ("correlation", "linear")
