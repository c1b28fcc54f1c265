# SPDX-License-Identifier: Apache-2.0
"""``wincraft plan``."""

from __future__ import annotations

import json

import pytest

from wincraft.cli.plan import CORE_NAMES, OBJECTIVE_NAMES, TYPE_NAMES
from wincraft.measure.processor import CORES, SPEEDS
from wincraft.plan import Problem, make_plan
from wincraft.report.pieces import report_pieces
from wincraft.report.planning import plan_layer
from wincraft.search.plans import PLAN_OBJECTIVES

LAYER = ("--layer", "64,64,56,56")


def test_the_types_and_cores_are_those_of_the_model():
    assert list(TYPE_NAMES) == list(SPEEDS)
    assert list(CORE_NAMES) == list(CORES)
    assert list(OBJECTIVE_NAMES) == list(PLAN_OBJECTIVES)


def test_the_plan_is_that_of_the_function(wincraft_here):
    done = wincraft_here("plan", *LAYER, check=0)
    assert done.stdout.strip() == repr(plan_layer("64,64,56,56"))
    assert done.stderr == ""


@pytest.mark.slow
def test_options_make_the_layer_and_the_core(wincraft_here):
    options = ("--batch", "8", "--filter", "5", "--pad", "0", "--lanes", "16", "--ghz", "2.5", "--error-limit", "90dB")
    line = ("plan", "--layer", "64,64,7,6", *options, "--format", "json")
    found = json.loads(wincraft_here(*line, check=0).stdout)
    assert found["kind"] == "wincraft.plan"
    assert found["layer"]["outputs"] == [3, 2]
    assert (found["layer"]["batch"], found["layer"]["filter"], found["layer"]["pad"]) == (8, [5, 5], 0)
    assert (found["core"]["lanes"], found["core"]["ghz"], found["core"]["bandwidth"]) == (16, 2.5, 14e9)
    assert found["error_limit"] == pytest.approx(10**-4.5)
    found = json.loads(wincraft_here("plan", *LAYER, "--core", "zen5", "--format", "json", check=0).stdout)
    assert (found["core"]["ghz"], found["core"]["addition"]) == (4.0, 0.76)
    found = json.loads(
        wincraft_here("plan", *LAYER, "--stride", "2", "--groups", "2", "--format", "json", check=0).stdout
    )
    assert found["best"] == "direct"
    assert (found["layer"]["stride"], found["layer"]["groups"]) == (2, 2)
    found = json.loads(
        wincraft_here("plan", *LAYER, "--type", "int8", "--points", "integer", "--format", "json", check=0).stdout
    )
    assert {item["points"] for item in found["candidates"]} == {"integer", None}


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ((), 2, "--layer"),
        (("4x4,3x3", *LAYER), 2, "4x4,3x3"),
        ((*LAYER, "--batch", "x"), 2, "batch"),
        ((*LAYER, "--ghz", "fast"), 2, "ghz"),
        (("--layer", "64,64,56"), 3, "C,K,H,W"),
        (("--layer", "64,-64,56,56"), 3, "C,K,H,W"),
        (("--layer", "x"), 3, "'x'"),
        ((*LAYER, "--batch", "0"), 3, "batch is 0"),
        ((*LAYER, "--filter", "3y3"), 3, "3x3"),
        ((*LAYER, "--filter", "99", "--pad", "0"), 3, "99x99"),
        ((*LAYER, "--pad", "-1"), 3, "pad is -1"),
        ((*LAYER, "--stride", "0"), 3, "stride is 0"),
        ((*LAYER, "--groups", "7"), 3, "divisor"),
        ((*LAYER, "--groups", "64"), 3, "depthwise"),
        ((*LAYER, "--type", "int4"), 3, "known are float32, int8, uint8"),
        ((*LAYER, "--error-limit", "0"), 3, "1e-5"),
        ((*LAYER, "--error-limit", "small"), 3, "1e-5"),
        ((*LAYER, "--error-limit", "1e-12"), 3, "raise the limit"),
        ((*LAYER, "--points", "nice"), 3, "known are"),
        ((*LAYER, "--core", "zen"), 3, "zen3, zen5"),
        ((*LAYER, "--lanes", "0"), 3, "lanes"),
        ((*LAYER, "--ghz", "-1"), 3, "ghz"),
        ((*LAYER, "--format", "yaml"), 3, "yaml"),
        ((*LAYER, "--measure", "--stride", "2"), 3, "stride 2"),
        ((*LAYER, "--stride", "x"), 3, "stride"),
        ((*LAYER, "--stride", "2x2"), 3, "stride"),
        ((*LAYER, "--dilation", "2"), 2, "--kernel"),
        ((*LAYER, "--tile", "2"), 2, "--kernel"),
        ((*LAYER, "--axes", "1"), 2, "--kernel"),
        (("--kernel", "7", "--axes", "0"), 3, "number of axes is 0"),
        (("--kernel", "7", "--axes", "99"), 3, "number of axes is 99"),
        (("--kernel", "3x3", "--axes", "1"), 3, "1 of them"),
        (("--kernel", "3x3", "--layer", "8,8,20"), 3, "2 sizes"),
        (("--kernel", "100", "--stride", "100"), 3, "at most 4096"),
        (("--kernel", "0"), 3, "the kernel is (0, 0)"),
        (("--kernel", "-3x3"), 3, "the kernel is (-3, 3)"),
        (("--kernel", "3y3"), 3, "3x5"),
        (("--kernel", "3", "--stride", "0"), 3, "the stride is (0, 0)"),
        (("--kernel", "3x3", "--stride", "2x2x2"), 3, "2 of them"),
        (("--kernel", "3", "--dilation", "-1"), 3, "the dilation"),
        (("--kernel", "3", "--groups", "0"), 3, "groups is 0"),
        (("--kernel", "3", "--tile", "0"), 3, "the tile"),
        (("--kernel", "3", "--tile", "2", "--longest", "0"), 3, "longest kernel is 0"),
        (("--kernel", "3", "--longest", "2"), 2, "--tile"),
        (("--kernel", "3", "--measure"), 2, "--measure"),
        (("--kernel", "3", "--objective", "fame"), 3, "products, operations, noise-gain"),
        (("--kernel", "3", "--tile", "4", "--error-limit", "1e-9"), 3, "raise the limit"),
        (("--kernel", "3x3", "--tile", "4", "--layer", "64,64,56"), 3, "2 sizes"),
        (("--kernel", "3", "--tile", "4", "--layer", "64,64,56,56", "--groups", "7"), 3, "divisor"),
    ],
)
def test_bad_input_is_one_line(arguments, code, words, wincraft_here):
    done = wincraft_here("plan", *arguments, check=code)
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert words in done.stderr


def kernel(algorithm, *, type):
    return {"k.c": f'#include <stdio.h>\nint main(void) {{ puts("{algorithm.rank} 90"); return 0; }}\n'}


def test_measured_times_stand_beside(wincraft_here, monkeypatch):
    monkeypatch.setattr("wincraft.cli.plan._kernels", lambda: kernel)
    done = wincraft_here("plan", *LAYER, "--measure", "--error-limit", "128dB", check=0)
    assert "F(2x2,3x3), 16.000 ms measured, 5.62 times" in done.stdout.splitlines()[0]
    assert all(f"{value}.000" in done.stdout for value in (16, 36, 49, 64))


def test_without_a_compiler(wincraft_here, monkeypatch):
    monkeypatch.setattr("wincraft.cli.plan._kernels", lambda: kernel)
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CC", raising=False)
    done = wincraft_here("plan", *LAYER, "--measure", check=4)
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "measuring needs a C compiler" in done.stderr


def test_pages_carry_their_command(wincraft_here, tmp_path):
    wincraft_here("plan", *LAYER, "-o", "plan.md", check=0)
    assert "wincraft plan --layer 64,64,56,56" in (tmp_path / "plan.md").read_text()


@pytest.mark.slow
def test_pieces_of_a_kernel_are_those_of_the_function(wincraft_here):
    done = wincraft_here("plan", "--kernel", "3x3", "--stride", "2", "--tile", "2", check=0)
    assert done.stdout.strip() == repr(report_pieces(make_plan(Problem(3, stride=2, axes=2), 2)))
    assert "25 for one tile of every piece" in done.stdout
    layer = ("--layer", "64,64,28,28", "--error-limit", "120dB")
    done = wincraft_here("plan", "--kernel", "5", "--stride", "2", *layer, "--objective", "products", check=0)
    assert "times its speed" in " ".join(done.stdout.split())
    assert "5x5 kernel, stride 2: 4 pieces" in done.stdout


def test_one_number_is_of_all_axes(wincraft_here):
    def first(*options):
        return wincraft_here("plan", *options, check=0).stdout.splitlines()[0]

    assert first("--kernel", "7", "--axes", "1", "--tile", "4").startswith("7 kernel: 1 piece")
    assert first("--kernel", "7", "--layer", "8,8,40", "--tile", "4").startswith("7 kernel: 1 piece")
    assert first("--kernel", "3", "--axes", "3", "--tile", "2").startswith("3x3x3 kernel: 1 piece")
    assert first("--kernel", "3", "--stride", "2x1", "--tile", "2").startswith("3x3 kernel, stride 2x1: 2 pieces")
    assert first("--kernel", "3", "--tile", "2").startswith("3x3 kernel: 1 piece")


@pytest.mark.slow_cases("options7")
@pytest.mark.parametrize(
    "options",
    [
        ("3x3", "--stride", "2", "--tile", "2"),
        ("3x3", "--dilation", "2", "--tile", "4"),
        ("4x4", "--stride", "2", "--transposed", "--tile", "3"),
        ("7x7", "--tile", "3", "--longest", "4"),
        ("1x7", "--tile", "4"),
        ("7", "--axes", "1", "--tile", "4", "--longest", "4"),
        ("3x3x3", "--tile", "2"),
        ("3x3", "--groups", "8", "--tile", "3+4x4"),
    ],
)
def test_a_plan_that_is_written_is_proved_again(options, wincraft_here, tmp_path):
    wincraft_here("plan", "--kernel", *options, "--format", "json", "-o", "plan.json", check=0)
    assert "proved" in wincraft_here("verify", "plan.json", check=0).stdout
    content = json.loads((tmp_path / "plan.json").read_text())
    assert content["kind"] == "wincraft.decomposition"
    content["pieces"][-1]["axes"][-1]["data"][0] += 1
    (tmp_path / "wrong.json").write_text(json.dumps(content))
    done = wincraft_here("verify", "wrong.json", check=1)
    assert "refuted: a plan of a" in done.stderr
    assert done.stderr.count("\n") == 1
