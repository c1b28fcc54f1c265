# SPDX-License-Identifier: Apache-2.0
"""``wincraft check``: the checks of a project's pyproject.toml; and the hooks that run it."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from oracle_schemas import schema

import wincraft as wc
from wincraft.report.project import CHECK_KEYS

HOOKS = Path(__file__).parents[2] / ".pre-commit-hooks.yaml"
CHECK = '[[tool.wincraft.check]]\nfiles = ["src/*.h"]\n'


@pytest.fixture
def project(tmp_path):
    """A project with src/f43.h, F(4,3) on 0,+-1,+-2; and what writes its pyproject.toml."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "f43.h").write_text(wc.render(wc.winograd(4, 3, points="0,1,-1,2,-2"), "c"))

    def write(text, name="pyproject.toml"):
        (tmp_path / name).write_text(text)

    return write


def results(done):
    content = json.loads(done.stdout)
    schema("verdict").validate(content)
    return content["results"]


def test_what_was_found_allowed_and_the_repair(wincraft_here, project):
    project(CHECK + 'algorithm = "4x4,3x3"\nlimits = {noise-gain = 25, additions = 1000, channels = 3}\n')
    found = [
        item for item in results(wincraft_here("check", "--format", "json", check=1)) if item["name"].endswith("f32")
    ]
    assert [(item["rule"], item["status"]) for item in found] == [
        ("proof", "passed"),
        ("noise-gain", "failed"),
        ("additions", "passed"),
        ("channels", "failed"),
    ]
    algorithm = wc.winograd(4, 3, points="0,1,-1,2,-2")
    gain = algorithm.noise_gain() ** 2
    assert (found[1]["found"], found[1]["allowed"]) == (f"{float(gain):.2f}", "at most 25")
    assert found[1]["repair"].startswith("generate it with --points accuracy, which has 22.6")
    assert found[3]["allowed"] == "at least 3"


def test_text_is_a_line_for_each_check(wincraft_here, project):
    project(CHECK + "limits = {rank = 6}\n")
    lines = wincraft_here("check", check=0).stdout.splitlines()
    assert all(re.match(r"ok     src/f43\.h:\d+: ", line) for line in lines)
    assert lines[-1].endswith("rank of F(4,3) (wincraft_f4_3_G_int) is 6, at most 6")
    project(CHECK + "limits = {rank = 5}\n")
    assert "the limit is 5; no set of the catalogue" in wincraft_here("check", check=1).stdout


def test_a_repair_that_costs_more_says_so_and_holds(wincraft_here, project, tmp_path):
    project(CHECK + "limits = {noise-gain = 2}\n")
    *_, told = wincraft_here("check", check=1).stdout.splitlines()
    use, gain = re.search(r"--points (\S+), which has (\S+) at 7 products for 6$", told).groups()
    better = wc.winograd(4, 3, points=use)
    assert str(better.noise_gain()) == gain
    (tmp_path / "src" / "f43.h").write_text(wc.render(better, "c"))
    wincraft_here("check", check=0)


def test_a_file_of_two_checks_is_told_once(wincraft_here, project):
    project(CHECK + CHECK + "limits = {rank = 6}\n")
    lines = wincraft_here("check", check=0).stdout.splitlines()
    assert len(lines) == len(set(lines)) == 4


def test_paths_are_relative_to_the_file(wincraft_here, project, tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "f.json").write_text(wc.render(wc.winograd(2, 3), "json"))
    project('[[tool.wincraft.check]]\nfiles = "**/*.json"\nalgorithm = "F(2,3)"', "sub/c.toml")
    found = results(wincraft_here("check", "--config", "sub/c.toml", "--format", "json", check=0))
    assert {item["file"] for item in found} == {str(Path("sub", "f.json"))}
    assert [item["rule"] for item in found] == ["proof", "algorithm"]


def test_another_algorithm_and_a_wrong_one(wincraft_here, project, tmp_path):
    project(CHECK + 'algorithm = "F(2,3)"')
    *_, other = results(wincraft_here("check", "--format", "json", check=1))
    assert (other["rule"], other["found"], other["allowed"]) == ("algorithm", "F(4,3)", "F(2,3)")
    header = tmp_path / "src" / "f43.h"
    wrong = next(line for line in header.read_text().splitlines() if re.match(r" *\{0.0F, 1.0F, -1.0F, 2.0F", line))
    header.write_text(header.read_text().replace(wrong, wrong.replace("2.0F", "7.0F", 1)))
    [told] = [
        line for line in wincraft_here("check", "--format", "github", check=1).stdout.splitlines() if "::" in line
    ]
    line = int(re.match(r"::error file=src/f43.h,line=(\d+),", told)[1])
    assert "7.0F" in header.read_text().splitlines()[line - 1]


def test_tolerance_and_integers(wincraft_here, project, tmp_path):
    text = "A^T =\n1 1 1 0\n0 1 -1 1\n\nG =\n1 0 0\n0.501 0.5 0.5\n0.5 -0.5 0.5\n0 0 1\n\nB^T =\n"
    (tmp_path / "f.txt").write_text(f"{text}1 0 -1 0\n0 1 1 0\n0 -1 1 0\n0 -1 0 1\n")
    check = '[[tool.wincraft.check]]\nfiles = "f.txt"\n'
    project(check)
    wincraft_here("check", check=1)
    project(check + "tolerance = 0.01\n")
    wincraft_here("check", check=0)
    counted = []
    for extra in ("", 'data-range = "int4"\n', "accumulator = 16\n", 'weight-range = "uint2"'):
        project(check + "tolerance = 0.01\nlimits = {channels = 1}\n" + extra)
        counted.append(results(wincraft_here("check", "--format", "json"))[-1]["found"])
    assert len(set(counted)) == len(counted)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[tool.wincraft", "not valid TOML"),
        ("", "nothing to check"),
        ("[tool.wincraft]\ncheck = []", "nothing to check"),
        ("[tool.wincraft]\nchecks = []", "unknown key 'checks': did you mean check?"),
        ("tool = 3", "tool is 3"),
        ("[tool.wincraft]\ncheck = [3]", "is 3; make it a table"),
        ("[[tool.wincraft.check]]\nalgorithm = '2,3'", "names no files"),
        ("[[tool.wincraft.check]]\nfiles = []", "names no files"),
        ("[[tool.wincraft.check]]\nfiles = ['no/*.h']", "'no/*.h' matches no file"),
        ("[[tool.wincraft.check]]\nfiles = '/*'", "write it relative"),
        (CHECK + "tolerence = 1", "unknown key 'tolerence': did you mean tolerance?"),
        (CHECK + "limits = 3", "make it a table"),
        (CHECK + "limits = {noise_gain = 3}", "did you mean noise-gain?"),
        (CHECK + "limits = {loss = 3}", "write loss:fp16"),
        (CHECK + "limits = {noise-gain = true}", "write a text or a number"),
        (CHECK + "limits = {noise-gain = 'x'}", "not an exact number"),
        (CHECK + "algorithm = 'F(2'", "bad size"),
        (CHECK + "tolerance = -1", "check 1 of [tool.wincraft]"),
        (CHECK + "accumulator = 'x'", "write its bits"),
        (CHECK + "accumulator = 0", "width of an accumulator"),
        (CHECK + "data-range = 'x'", "check 1 of [tool.wincraft]"),
    ],
)
def test_a_check_that_is_none(wincraft_here, project, text, told):
    project(text)
    done = wincraft_here("check", check=3)
    assert (done.stdout, done.stderr.count("\n")) == ("", 1)
    assert told in done.stderr
    [line] = wincraft_here("check", "--format", "github", check=3).stdout.splitlines()
    assert line.startswith("::error file=pyproject.toml,")


def test_a_broken_line_is_named(wincraft_here, project):
    project("[tool.wincraft]\n\ncheck = ]\n")
    assert "file=pyproject.toml,line=3,title" in wincraft_here("check", "--format", "github", check=3).stdout


def test_files_that_are_none(wincraft_here, project, tmp_path):
    assert "No such file" in wincraft_here("check", check=3).stderr
    assert "directory" in wincraft_here("check", "--config", "src", check=3).stderr
    (tmp_path / "b.toml").write_bytes(bytes(range(128, 256)))
    assert "not valid TOML" in wincraft_here("check", "--config", "b.toml", check=3).stderr
    (tmp_path / "none.txt").write_text("no matrices")
    project("[[tool.wincraft.check]]\nfiles = 'none.txt'")
    assert "no rows of numbers" in wincraft_here("check", check=3).stdout
    wincraft_here("circuit", "2,3", "-o", "c.json", check=0)
    project("[[tool.wincraft.check]]\nfiles = 'c.json'\nlimits = {rank = 4}")
    assert "holds no algorithm" in wincraft_here("check", check=1).stdout


def test_help_says_what_a_check_may_say(wincraft_here, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    text = wincraft_here("check", "--help", check=0).stdout
    assert [key for key in CHECK_KEYS if key not in text] == []


def hooks():
    """The hooks: pre-commit's file is a list of flat tables."""
    text = HOOKS.read_text(encoding="utf-8")
    return {
        entry["id"]: entry
        for part in re.split(r"^- ", text, flags=re.MULTILINE)[1:]
        for entry in [dict(re.findall(r"^\s*(\w+): (.+)$", part, flags=re.MULTILINE))]
    }


@pytest.mark.skipif(not HOOKS.exists(), reason="the hooks are not beside the tests")
def test_hooks_run_what_there_is(wincraft_here, project):
    found = hooks()
    assert list(found) == ["wincraft-verify", "wincraft-check"]
    for hook in found.values():
        assert {"name", "entry", "language", "description"} <= set(hook)
        assert hook["language"] == "python"
    project(CHECK)
    program, *words = shlex.split(found["wincraft-verify"]["entry"])
    assert program == "wincraft"
    wincraft_here(*words, "src/f43.h", check=0)
    assert re.search(found["wincraft-verify"]["files"], "src/Winograd_constants.h")
    program, *words = shlex.split(found["wincraft-check"]["entry"])
    assert (program, found["wincraft-check"]["pass_filenames"]) == ("wincraft", "false")
    wincraft_here(*words, check=0)
