# SPDX-License-Identifier: Apache-2.0
"""``-o`` of every command: one writer, asked before the work; the suffix gives the format or is refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import import_module

import click
import pytest

from wincraft import Algorithm
from wincraft.cli.main import COMMANDS, main

FAST = ("--scheme", "fp16", "--channels", "2")
WRITING = {
    "generate": ("2,3",),
    "verify": ("f.json",),
    "check": (),
    "report": ("2,3", *FAST),
    "compare": ("2,3", *FAST),
    "basis": ("2,3", "--bases", "canonical", *FAST),
    "search": ("2,3", "--max-height", "2"),
    "catalogue": ("2,3",),
    "identify": ("f.json",),
    "circuit": ("2,3",),
    "plan": ("--layer", "8,8,2,2"),
    "words": ("2,3",),
    "tolerance": ("2,3", *FAST, "--outputs", "2048"),
    "ring": ("2,3",),
    "residues": ("2,3", "--channels", "1"),
    "quotient": ("cyclic 3",),
}
"""A quick use of every command that has ``-o``."""


@pytest.fixture(params=WRITING)
def line(request, wincraft_here, tmp_path):
    """A command line without ``-o``."""
    assert wincraft_here("generate", "2,3", "-o", "f.json").returncode == 0
    (tmp_path / "pyproject.toml").write_text('[[tool.wincraft.check]]\nfiles = ["f.json"]')
    return request.param, *WRITING[request.param]


def test_these_are_all_that_write():
    context = click.Context(main)
    having = {name for name in COMMANDS if any("-o" in item.opts for item in main.get_command(context, name).params)}
    assert having | {"search"} == {*WRITING, "certify", "explore"}  # whose outputs are of one format


def test_an_unknown_suffix_is_refused_with_those_known(line, wincraft_here, tmp_path):
    done = wincraft_here(*line, "-o", "out.pdf")
    assert (done.returncode, done.stdout) == (3, "")
    assert "unknown suffix '.pdf'" in done.stderr
    assert ".txt, .json" in done.stderr
    assert not (tmp_path / "out.pdf").exists()


@pytest.mark.slow_cases("tolerance")
def test_the_suffix_gives_the_format(line, wincraft_here, tmp_path):
    assert wincraft_here(*line, "-o", "out.JSON").stderr.startswith("wrote out.JSON\n")
    json.loads((tmp_path / "out.JSON").read_text())
    assert wincraft_here(*line, "-o", "out.txt").stderr.startswith("wrote out.txt\n")
    assert not (tmp_path / "out.txt").read_text().startswith("{")
    assert wincraft_here(*line, "-o", "out").stderr.startswith("wrote out as text\n")
    assert wincraft_here(*line, "--format", "json", "-o", "out.pdf").stderr.startswith("wrote out.pdf as json\n")
    assert wincraft_here(*line, "--format", "json", "-o", "o.txt").stderr.startswith("wrote o.txt as json\n")


@pytest.mark.parametrize(("target", "reason"), [("no/out.json", "no directory"), (".", "directory"), ("l", "links")])
def test_the_target_is_tried_before_the_work(line, wincraft_here, tmp_path, monkeypatch, target, reason):
    (tmp_path / "l").symlink_to("l")

    def work(*arguments, **options):
        raise AssertionError("the work was begun")

    monkeypatch.setattr(Algorithm, "__post_init__", work)
    monkeypatch.setattr(import_module("wincraft.construct.catalogue"), "catalogue", work)
    done = wincraft_here(*line, "-o", target)
    assert done.returncode == 3
    assert reason in done.stderr


@pytest.mark.parametrize("points", ["0,1/3,-1/3,3,-3", "0,sqrt(2),-sqrt(2),1,-1"])
def test_verify_proves_the_archive_that_generate_writes(wincraft_here, points):
    assert wincraft_here("generate", "4,3", "--points", points, "-o", "f.npz").stderr.startswith("wrote f.npz\n")
    done = wincraft_here("verify", "f.npz")
    assert (done.returncode, done.stdout[:13]) == (0, "F(4,3) proved")


def test_names_that_are_no_unicode(wincraft_here, tmp_path):
    name, page = os.fsdecode(b"x\xff.json"), os.fsdecode(b"c\xff.md")
    wincraft_here("generate", "2,3", "-o", name, check=0)
    line = ("compare", name, "2,3", *FAST)
    assert "x\\udcff.json" in wincraft_here(*line, check=0).stdout
    wincraft_here(*line, "-o", page, check=0)
    assert "x\\udcff.json" in (tmp_path / page).read_text(encoding="utf-8")


def test_static_texts_need_no_algebra(tmp_path):
    for line in (["catalogue"], ["catalogue", "4,3"], ["formats"], ["formats", "fp16", "int6"]):
        probe = f"import sys; sys.argv[1:] = {line!r}\nfrom wincraft.cli.main import run\ntry: run()\n"
        probe += "except SystemExit: pass\nassert 'sympy' not in sys.modules"
        subprocess.run([sys.executable, "-c", probe], check=True, capture_output=True)
