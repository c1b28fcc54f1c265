# SPDX-License-Identifier: Apache-2.0
"""``wincraft generate --kernel`` as a user meets it: two files in a folder, and what goes with what."""

from __future__ import annotations

import pytest

from wincraft import parse
from wincraft.emit.kernel.conv2d import conv2d_files
from wincraft.emit.kernel.plans import plan_files
from wincraft.plan import Problem, make_plan

KERNEL = ("generate", "4x4,3x3", "--format", "c", "--kernel", "conv2d")


def assert_one_line(done, code, *mentions):
    assert done.returncode == code, done.stderr
    assert (done.stdout, done.stderr.count("\n")) == ("", 1)
    assert done.stderr.startswith("wincraft: ")
    for mention in mentions:
        assert mention in done.stderr


@pytest.mark.parametrize("type", ["float32", "float16", "bfloat16", "int8", "uint8"])
def test_two_files_lie_in_the_folder(wincraft_here, tmp_path, type):
    done = wincraft_here(*KERNEL, "--type", type, "-o", "kernels", check=0)
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert lines[:2] == [f"wrote kernels/wincraft_f4x4_3x3_{type}.{suffix}" for suffix in "hc"]
    assert lines[2].startswith("F(4x4,3x3) proved: 36 products")
    points = "int8-exact" if type in ("int8", "uint8") else None
    for name, text in conv2d_files(parse("F(4x4,3x3)", points=points), type).items():
        assert (tmp_path / "kernels" / name).read_text() == text
    assert len(list((tmp_path / "kernels").iterdir())) == 2


def test_float32_and_format_c_are_the_defaults(wincraft_here, tmp_path):
    wincraft_here(*KERNEL, "--type", "float32", "-o", "a", check=0)
    wincraft_here("generate", "4x4,3x3", "--kernel", "conv2d", "-o", "b", check=0)
    first, second = ({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in "ab")
    assert first == second


def test_the_first_line_makes_the_same_files(wincraft_here, tmp_path):
    """It is the command: run again, it writes the same bytes."""
    wincraft_here(*KERNEL, "--type", "int8", "--lanes", "8", "--points", "0,1,-1,2,-1/2", "-o", "a", check=0)
    texts = {path.name: path.read_text() for path in (tmp_path / "a").iterdir()}
    command = texts["wincraft_f4x4_3x3_int8.h"].splitlines()[0].partition("wincraft generate ")[2]
    words = [word.strip('"') for word in command.split()]
    wincraft_here("generate", *words, "-o", "b", check=0)
    assert {path.name: path.read_text() for path in (tmp_path / "b").iterdir()} == texts


def test_integers_take_the_catalogues_exact_points_unless_others_are_given(wincraft_here, tmp_path):
    done = wincraft_here(*KERNEL, "--type", "int8", "-o", "k", check=0)
    assert "int8-exact set" in done.stderr
    header = (tmp_path / "k" / "wincraft_f4x4_3x3_int8.h").read_text()
    assert "up to 3640 channels" in " ".join(header.replace("\n *", " ").split())
    wincraft_here(*KERNEL, "--type", "int8", "--points", "0,1,-1,2,-2", "-o", "k", check=0)
    header = (tmp_path / "k" / "wincraft_f4x4_3x3_int8.h").read_text()
    assert "up to 227 channels" in " ".join(header.replace("\n *", " ").split())
    assert "int8-exact" not in wincraft_here(*KERNEL, "-o", "k", check=0).stderr


def test_a_file_is_an_algorithm_too(wincraft_here, tmp_path):
    wincraft_here("generate", "4,3", "--points", "0,1,-1,2,-1/2", "-o", "f43.json", check=0)
    wincraft_here("generate", "f43.json", "--axes", "2", "--kernel", "conv2d", "--type", "int8", "-o", "k", check=0)
    assert (tmp_path / "k" / "wincraft_f4x4_3x3_int8.c").exists()


@pytest.mark.parametrize(
    ("arguments", "mentions"),
    [
        (("--kernel", "conv2d"), ("--kernel writes two files", "-o DIR")),
        (("--kernel", "conv2d", "-o", "-"), ("--kernel writes two files", "-o DIR")),
        (("--type", "int8"), ("--type belongs to --kernel",)),
        (("--lanes", "8"), ("--lanes belongs to --kernel",)),
        (("--kernel", "conv2d", "--format", "json", "-o", "k"), ("--format does not go with --kernel",)),
        (("--kernel", "conv2d", "--data-range", "int8", "-o", "k"), ("--data-range does not go with --kernel",)),
        (("--kernel", "conv2d", "--weight-range", "int8", "-o", "k"), ("--weight-range does not go with --kernel",)),
        (("--kernel", "conv2d", "--accumulator", "32", "-o", "k"), ("--accumulator does not go with --kernel",)),
        (("--kernel", "conv2d", "--lanes", "x", "-o", "k"), ("--lanes",)),
    ],
)
def test_options_that_do_not_go_together(wincraft_here, tmp_path, arguments, mentions):
    assert_one_line(wincraft_here("generate", "4x4,3x3", *arguments), 2, *mentions)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("size", "arguments", "mentions"),
    [
        ("4x4,3x3", ("--lanes", "5"), ("lanes is 5", "4, 8, 16")),
        ("4x4,3x3", ("--type", "float64"), ("'float64'", "float32, float16, bfloat16, int8, uint8")),
        ("2x2x2,3x3x3", (), ("3 axes", "one or two")),
        (
            "6x6,3x3",
            ("--type", "int8", "--points", "0,1,-1,2,-2,1/2,-1/2"),
            ("needs 20 bits", "int8-exact points hold"),
        ),
        ("12x12,3x3", ("--type", "int8"), ("F(12,3)", "F(8,3)")),
        ("4x4,3x3", ("--type", "uint8", "--points", "0,1,-1,sqrt(2),-sqrt(2)"), ("rational points",)),
    ],
)
def test_what_cannot_be_says_what_could(wincraft_here, tmp_path, size, arguments, mentions):
    assert_one_line(wincraft_here("generate", size, "--kernel", "conv2d", *arguments, "-o", "k"), 3, *mentions)
    assert not list(tmp_path.iterdir())


def test_an_unknown_kernel_lists_those_there_are(wincraft_here):
    done = wincraft_here("generate", "4x4,3x3", "--kernel", "conv4d", "-o", "k")
    assert_one_line(done, 3, "'conv4d'", "conv2d", "depthwise")


def test_a_folder_below_no_folder(wincraft_here, tmp_path):
    assert_one_line(wincraft_here(*KERNEL, "-o", "a/b"), 3, "there is no directory a")
    assert not list(tmp_path.iterdir())


def test_a_file_in_the_way(wincraft_here, tmp_path):
    (tmp_path / "k").write_text("mine")
    assert_one_line(wincraft_here(*KERNEL, "-o", "k"), 3, "k")
    assert (tmp_path / "k").read_text() == "mine"


PLAN = ("plan", "--kernel", "3x3", "--stride", "2", "--tile", "2", "-o", "plan.json")


def test_the_files_of_a_plan_lie_in_the_folder(wincraft_here, tmp_path):
    wincraft_here(*PLAN, check=0)
    done = wincraft_here("generate", "plan.json", "--format", "c", "--type", "int8", "-o", "layers", check=0)
    lines = done.stderr.splitlines()
    assert lines[0] == "wrote layers/wincraft_plan_3x3_stride2_int8.h"
    assert lines[-1].startswith("3x3 kernel, stride 2 proved: 4 pieces, 25 products")
    plan = make_plan(Problem(3, stride=2, axes=2), 2)
    for name, text in plan_files(plan, "int8").items():
        assert (tmp_path / "layers" / name).read_text() == text
    assert len(list((tmp_path / "layers").iterdir())) == len(lines) - 1 == 8
    again = wincraft_here("generate", "plan.json", "--kernel", "conv2d", "-o", "float", check=0)
    assert again.stderr.splitlines()[0] == "wrote float/wincraft_plan_3x3_stride2_float32.h"


def test_json_of_a_plan_is_the_plan_again(wincraft_here, tmp_path):
    wincraft_here(*PLAN, check=0)
    text = (tmp_path / "plan.json").read_text()
    assert wincraft_here("generate", "plan.json", "--format", "json", check=0).stdout == text
    wincraft_here("generate", "plan.json", "-o", "again.json", check=0)
    assert (tmp_path / "again.json").read_text() == text


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--format", "latex"), 3, "a plan in latex: this format holds one algorithm; choose c or json"),
        (("--format", "yaml"), 3, "unknown format 'yaml'"),
        (("--points", "0,1,-1"), 2, "--points is not of plans; leave it out"),
        (("--kernel", "depthwise", "-o", "k"), 2, "--kernel depthwise is not of plans; leave it out"),
        ((), 2, "a plan in c is several files; give a folder, -o DIR"),
        (("--type", "float16", "-o", "k"), 3, "unknown type of a plan 'float16'"),
        (("--lanes", "5", "-o", "k"), 3, "lanes"),
        (("-o", "plan.json/k"), 3, "plan.json"),
    ],
)
def test_what_a_plan_is_not_written_as(wincraft_here, tmp_path, words, code, said):
    wincraft_here(*PLAN, check=0)
    assert_one_line(wincraft_here("generate", "plan.json", *words), code, said)
    assert not (tmp_path / "k").exists()
