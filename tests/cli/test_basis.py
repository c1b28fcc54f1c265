# SPDX-License-Identifier: Apache-2.0
"""``wincraft basis``, and ``--basis`` of the other commands."""

from __future__ import annotations

import json
import re
import shlex

import pytest

import wincraft
from wincraft.cli.shared.command import split_names

FAST = ("--scheme", "tapwise-8", "--channels", "32")


def test_bases_side_by_side(wincraft_here):
    done = wincraft_here("basis", "F(4,3)", "--points", "0,1,-1,2,-2", "--full", *FAST)
    assert (done.returncode, done.stderr) == (0, "")
    for name in ("canonical", "legendre", "legendre:classical", "chebyshev", "newton"):
        assert name in done.stdout
    for figure in ("149.6", "582.8", "305.4", "11.28", "71.56", "20.07"):
        assert figure in done.stdout


def test_own_matrix_from_a_file(wincraft_here, tmp_path):
    (tmp_path / "P.json").write_text('[["1","0","0","0"],["0","1","0","0"],["-1/3","0","1","0"],["0","-3/5","0","1"]]')
    done = wincraft_here("generate", "2,3", "--basis", "P.json", "--format", "json", "-o", "out.json")
    assert done.returncode == 0
    assert wincraft.read(tmp_path / "out.json") == wincraft.winograd(2, 3).change_basis("legendre")
    (tmp_path / "P.json").write_text('{"P": [["1", "2"], ["2", "4"]]}')
    done = wincraft_here("generate", "1,2", "--basis", "input=P.json")
    assert (done.returncode, done.stdout) == (3, "")
    assert "singular" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "mention"),
    [
        (("--bases", "legendree"), 3, "did you mean legendre"),
        (("--bases", "buterfly"), 3, "did you mean butterfly"),
        (("--bases", "legendre/pow3"), 3, "pow2"),
        (("--bases", "inptu=legendre"), 3, "did you mean input"),
        (("--points", "0,1,2,3,4", "--bases", "butterfly"), 3, "symmetric points"),
        (("--bases", "input=none.json"), 3, "none.json"),
        (("--bases", "newton(0,1)"), 3, "at least 5"),
        (("--bases", ","), 3, "at least one"),
        (("--points", "0,1", "--moduli", "0,1"), 2, "not both"),
    ],
)
def test_bad_input_is_one_line(wincraft_here, arguments, code, mention):
    done = wincraft_here("basis", "F(4,3)", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.count("\n") == 1
    assert mention in done.stderr


def test_generated_files_name_the_command_that_makes_them(wincraft_here, tmp_path):
    for format in ("text", "json", "c", "numpy", "latex"):
        text = wincraft_here("generate", "2x4,3x3", "--basis", "legendre/pow2", "--format", format).stdout
        line = json.loads(text)["command"] if format == "json" else text
        (command,) = re.findall(r"wincraft (generate .*--format \w+)", line)
        assert wincraft_here(*shlex.split(command)).stdout == text


def test_report_and_compare_take_a_basis(wincraft_here):
    done = wincraft_here("report", "F(4,3)", "--basis", "legendre", *FAST, "--format", "json")
    assert "BT[0]" in json.loads(done.stdout)["conditioning"]
    done = wincraft_here("compare", "F(4,3)", "--basis", "canonical", "--basis", "legendre", *FAST)
    assert "basis canonical" in done.stdout
    assert "basis legendre" in done.stdout


def test_names_between_commas():
    assert split_names("a, jacobi(1,2),input=lu output=lu,") == ["a", "jacobi(1,2)", "input=lu output=lu"]
