# SPDX-License-Identifier: Apache-2.0
"""One screen on the screen, everything in a file, sections; help in groups; what a page says it was made by."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys

import pytest

from wincraft.cli import basis, compare, report
from wincraft.cli.search import points
from wincraft.cli.shared.command import GROUPS
from wincraft.cli.shared.showing import SECTION_NAMES
from wincraft.report.sections import SECTIONS

FAST = ("--scheme", "fp16", "--channels", "8")


def titles(text):
    return [line.split(":")[0] for line in text.splitlines() if re.fullmatch(r"[A-Z0-9]{2}[^a-z]+", line)]


def test_names_are_those_of_the_registries():
    assert list(SECTIONS) == list(SECTION_NAMES)


@pytest.mark.slow
def test_the_screen_has_one_screen_and_says_how_to_get_the_rest(wincraft_here):
    done = wincraft_here("report", "4x4,3x3", "--channels", "8")
    lines = done.stdout.splitlines()
    assert len(lines) <= 32
    assert max(map(len, lines)) <= 80
    assert titles(done.stdout) == ["VERDICT", "FORMATS"]
    assert all(name in lines[-1] for name in ("--full", "--section"))
    named = lines[-1].split("--section ")[1].rstrip(".").split(", ")
    assert set(named) == set(SECTION_NAMES) - {"verdict", "formats"}


def test_full_and_files_have_everything(wincraft_here, tmp_path):
    full = wincraft_here("report", "4,3", *FAST, "--full").stdout
    assert titles(full)[:3] == ["VERDICT", "FORMATS", "COST"]
    assert len(titles(full)) == len(SECTIONS)
    wincraft_here("report", "4,3", *FAST, "-o", "r.txt")
    assert titles((tmp_path / "r.txt").read_text()) == titles(full)
    assert titles(wincraft_here("report", "4,3", *FAST, "-o", "-").stdout) == ["VERDICT", "FORMATS"]
    assert wincraft_here("report", "4,3", *FAST, "--format", "markdown").stdout.count("\n## ") == len(SECTIONS)


@pytest.mark.parametrize("format", ["text", "markdown", "html"])
def test_sections_by_name(wincraft_here, format):
    chosen = ("--section", "measures", "--section", "cost")
    text = wincraft_here("report", "4,3", *FAST, *chosen, "--format", format).stdout
    assert [word for word in ("Cost", "Measures") if re.search(word, text, re.IGNORECASE)] == ["Cost", "Measures"]
    assert text.lower().index("pairs of channels" if format == "never" else "cost") < text.lower().index("what it says")
    assert "verdict" not in re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL).lower()


def test_sections_that_there_are_not(wincraft_here):
    done = wincraft_here("report", "4,3", *FAST, "--section", "costs")
    assert (done.returncode, done.stdout) == (3, "")
    assert "did you mean cost" in done.stderr
    done = wincraft_here("report", "4,3", *FAST, "--section", "cost", "--format", "json")
    assert (done.returncode, done.stdout) == (2, "")
    assert "leave out --section" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("report", "F(2x2,3x3)", "--points", "0,1,-1", *FAST, "--format", "html"),
        ("report", "2,3", *FAST, "--scheme", "tapwise-8+unsigned", "--format", "markdown"),
        ("compare", "2,3", "4,3", "--convention", "pow2", "--convention", "wincnn", *FAST, "--format", "html"),
        ("basis", "4,3", "--bases", "canonical,input=legendre output=lu", *FAST, "--format", "markdown"),
        pytest.param(("search", "chains", "4,3", "--format", "html"), marks=pytest.mark.slow),
        ("search", "front", "2,3", "--max-height", "2", "--space", "symmetric", "--format", "html"),
    ],
)
def test_pages_name_the_command_that_makes_them(wincraft_here, arguments):
    page = wincraft_here(*arguments).stdout
    (line,) = re.findall(r"made by: (wincraft [^<\n]*(?:\n  [^\n]+)*)", page)
    command = shlex.split(re.sub(r"\\(.)", r"\1", line.replace("&#x27;", "'").replace("&quot;", '"')))
    assert command[0] == "wincraft"
    assert wincraft_here(*command[1:]).stdout == page


def test_a_page_names_no_folder(wincraft_here, tmp_path):
    assert wincraft_here("generate", "2,3", "-o", "a.json").returncode == 0
    wincraft_here("report", tmp_path / "a.json", *FAST, "-o", tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert "made by: wincraft report a.json --scheme fp16 --channels 8" in page
    assert str(tmp_path) not in page


@pytest.mark.slow
def test_bases_on_one_screen(wincraft_here):
    done = wincraft_here("basis", "4x4,3x3", "--channels", "8")
    lines = done.stdout.splitlines()
    assert len(lines) <= 40
    assert "--full" in lines[-1]
    full = wincraft_here("basis", "4x4,3x3", "--channels", "8", "--full").stdout
    assert titles(full)[0] == titles(done.stdout)[0] == "ADVICE"
    assert len(full.splitlines()) > 80


@pytest.mark.slow
def test_texts_are_as_wide_as_the_terminal(wincraft_here, monkeypatch):
    arguments = ("compare", "4,3", *(f"--convention={name}" for name in ("wincnn", "lavin", "pow2", "balanced")), *FAST)
    for columns, least in ((80, 70), (160, 100)):
        monkeypatch.setenv("COLUMNS", str(columns))
        longest = max(map(len, wincraft_here(*arguments).stdout.splitlines()))
        assert least < longest <= columns


def test_advice_and_short_names(wincraft_here):
    points = ("--points", "0,1,-1,2,-2", "--points", "0,1,-1,1/2,-2")
    done = wincraft_here("compare", "4x4,3x3", *points, "--convention", "wincnn", "--convention", "pow2", *FAST)
    lines = done.stdout.splitlines()
    assert lines[3] == "ADVICE"
    assert re.match(r"  #\d \(\w+, ±1 1/2 -2\): \d+\.\d dB better than #1 under fp16", lines[4])
    head = " ".join(done.stdout.split("MEASURES\n")[1].split("products/output")[0].split())
    assert head.count("wincnn,") == head.count("pow2,") == 2


@pytest.mark.parametrize("module", [report, compare, basis, points], ids=lambda module: module.__name__)
def test_help_has_groups_and_every_option_once(module, wincraft_here):
    name = module.__name__.removeprefix("wincraft.cli.")
    text = wincraft_here(*name.split("."), "--help").stdout
    found = re.findall(r"^(\w[\w ]*):$", text, re.MULTILINE)
    assert [title for title in found if title in GROUPS] == [title for title in GROUPS if title in found]
    assert {"Algorithm", "Output"} <= set(found)
    grouped = {parameter for names in GROUPS.values() for parameter in names}
    for option in module.command.params:
        if option.param_type_name == "option":
            longest = max(option.opts, key=len)
            assert len(re.findall(rf"^  (?:-\w, )?{longest}(?![\w-])", text, re.MULTILINE)) == 1
            assert option.name in grouped


@pytest.mark.parametrize("name", ["report", "compare", "basis", "search", "generate", "search limit"])
def test_help_imports_nothing_heavy(name):
    code = (
        "import sys; sys.argv = ['wincraft', *sys.argv[1].split(), '--help']\n"
        "from wincraft.cli.main import run\n"
        "try: run()\n"
        "except SystemExit: print([m for m in ('numpy', 'sympy', 'scipy', 'rich') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, name], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
