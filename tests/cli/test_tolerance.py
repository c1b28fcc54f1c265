# SPDX-License-Identifier: Apache-2.0
"""``wincraft tolerance``: its text, its document, constants, tensors, refusals."""

from __future__ import annotations

import json

import numpy as np
import pytest

SMALL = ("tolerance", "2x2,3x3", "--scheme", "fp16-fp32acc", "--channels", "4", "--outputs", "512")


def test_it_says_the_tolerance_and_what_hides(wincraft_here):
    done = wincraft_here(*SMALL, "--atol", "0.5", "--full")
    assert "F(2x2,3x3) under fp16-fp32acc: atol 0.0" in done.stdout
    assert "no correct kernel is off by more than" in done.stdout
    assert "given: atol 0.5, rtol 0 fails for" in done.stdout
    entries = done.stdout.split("EVERY ENTRY")[1].splitlines()[2:]
    assert len([line for line in entries if line.strip().startswith(("AT[", "G[", "BT["))]) == 22


@pytest.mark.slow
def test_json_and_constants(wincraft_here, tmp_path):
    document = json.loads(wincraft_here(*SMALL, "--format", "json", "--rate", "1e-6").stdout)
    assert (document["rate"], document["outputs"]) == (1e-6, 512)
    wincraft_here(*SMALL, "-o", str(tmp_path / "limits.h"))
    assert "#define WINCRAFT_F_2X2_3X3_ATOL" in (tmp_path / "limits.h").read_text()


@pytest.mark.slow
def test_tensors_are_written(wincraft_here, tmp_path):
    done = wincraft_here(*SMALL, "--tensors", str(tmp_path / "loud"))
    assert "loud tensors" in done.stdout
    assert np.load(tmp_path / "loud" / "data.npy").shape[1:] == (4, 4, 4)
    assert done.stderr.count("wrote ") == 5


@pytest.mark.slow
def test_a_file_of_a_plan_is_taken_without_options_of_algorithms(wincraft_here):
    wincraft_here("plan", "--kernel", "3x3", "--stride", "2", "--tile", "2", "-o", "plan.json")
    plan = ("tolerance", "plan.json", "--scheme", "fp16", "--channels", "4", "--outputs", "512")
    done = wincraft_here(*plan, "--full")
    assert done.stdout.startswith("3x3 kernel, stride 2 under fp16: atol 0.0")
    assert "no correct kernel is off by more than" in done.stdout
    assert "F(2x2,2x1)  AT" in done.stdout
    assert "F(2x2,2x1) BT1[0][0]" in done.stdout.split("EVERY ENTRY")[1]
    refused = wincraft_here(*plan, "--nested")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "--nested is of algorithms, not of plans" in refused.stderr


@pytest.mark.slow
def test_loud_tensors_of_a_plan_are_written(wincraft_here, tmp_path):
    wincraft_here("plan", "--kernel", "3", "--stride", "2", "--axes", "1", "--tile", "2", "-o", "plan.json")
    plan = ("tolerance", "plan.json", "--scheme", "fp16", "--channels", "4", "--outputs", "512")
    done = wincraft_here(*plan, "--tensors", str(tmp_path / "loud"))
    assert done.stderr.count("wrote ") == 5
    x, w, y, atol = (np.load(tmp_path / "loud" / f"{name}.npy") for name in ("data", "weights", "reference", "atol"))
    assert x.shape[1:] == (4, 5)
    assert w.shape[1:] == (4, 3)
    assert y.shape == atol.shape == (len(x), len(w), 2)


@pytest.mark.parametrize(
    ("words", "said", "code"),
    [
        (("--rate", "0"), "the false-alarm rate is 0.0", 3),
        (("--rate", "1"), "the false-alarm rate is 1.0", 3),
        (("--channels", "0"), "channels is 0", 3),
        (("--outputs", "0"), "the outputs of a test is 0", 3),
        (("--tensors", "/no/such/folder"), "cannot write", 3),
        (("--tensors", "/dev/null"), "it is no directory", 3),
        (("-o", "/no/such/limits.h"), "cannot write", 3),
        (("--rtol", "0.1"), "--rtol is of --atol", 2),
        (("--atol", "-1"), "--atol is -1.0", 3),
        (("--scheme", "bf16"), "give one --scheme", 2),
        (("--format", "rust"), "unknown format", 3),
    ],
)
def test_refusals_are_one_line(words, said, code, wincraft_here):
    done = wincraft_here(*SMALL, *words, check=code)
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
