# SPDX-License-Identifier: Apache-2.0
"""``wincraft report`` as a user meets it."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from wincraft.measure.costs import LayerShape
from wincraft.measures import MEASURES
from wincraft.plan import Problem, make_plan
from wincraft.quantise import SCHEMES, Workload, simulate_plan
from wincraft.report.pieces import report_pieces

FAST = ("--scheme", "fp16", "--channels", "8")


@pytest.fixture
def arrays(tmp_path):
    """Files of data and weights, and many that are not."""
    rng = np.random.default_rng(0)
    data, weights = rng.standard_normal((1, 4, 8, 8)), rng.standard_normal((2, 4, 3, 3))
    np.save(tmp_path / "x.npy", data)
    np.save(tmp_path / "w.npy", weights)
    np.save(tmp_path / "w5.npy", rng.standard_normal((2, 4, 5, 5)))
    np.save(tmp_path / "other.npy", rng.standard_normal((2, 3, 3, 3)))
    data[0, 1, 2, 3] = np.nan
    np.save(tmp_path / "nan.npy", data)
    np.save(tmp_path / "empty.npy", data[:0])
    np.save(tmp_path / "pickle.npy", np.array([{}], dtype=object), allow_pickle=True)
    (tmp_path / "text.npy").write_text("hello")
    return tmp_path


def one_line(done, code, *mentions):
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("wincraft: ")
    for mention in mentions:
        assert mention in done.stderr


@pytest.mark.slow
def test_the_default_report():
    command = [sys.executable, "-m", "wincraft.cli.main", "report", "F(4x4,3x3)"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""  # no bar where stderr is no terminal
    assert all(name in done.stdout for name in SCHEMES)
    assert "seed 0" in done.stdout
    assert all(len(line) <= 80 for line in done.stdout.splitlines())


@pytest.mark.parametrize(
    ("suffix", "start"), [("json", "{"), ("md", "# F(2x2"), ("html", "<!DOCTYPE"), ("txt", "F(2x2")]
)
def test_formats_by_suffix(wincraft_here, tmp_path, suffix, start):
    done = wincraft_here("report", "2x2,3x3", *FAST, "-o", f"r.{suffix}")
    assert done.returncode == 0
    assert done.stdout == ""
    assert (tmp_path / f"r.{suffix}").read_text(encoding="utf-8").startswith(start)


def test_seed_is_honoured(wincraft_here):
    runs = [wincraft_here("report", "4,3", *FAST, "--format", "json", "--seed", seed).stdout for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]
    assert json.loads(runs[0])["workload"]["seed"] == 1


def test_points_convention_layer_and_options(wincraft_here):
    done = wincraft_here(
        "report", "4x4,3x3", "--points", "0,1,-1,2,-2", "--convention", "balanced", "--layer", "64,64,56,56",
        "--scheme", "tapwise-8+weights-per-channel+mse+unsigned,M=int10/tap", "--scheme", "fp16",
        "--distribution", "relu-gaussian", "--channels", "8",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for mention in (
        "points 0,1,-1,2,-2,inf",
        "convention balanced",
        "64,64,56,56",
        "M=int10/tap",
        "relu-gaussian",
    ):
        assert mention in done.stdout


def test_documents_can_be_reported(wincraft_here):
    assert wincraft_here("generate", "4,3", "--moduli", "0,1,-1,x^2+1,inf", "-o", "a.json").returncode == 0
    assert "x^2+1" in wincraft_here("report", "a.json", *FAST).stdout
    one_line(wincraft_here("report", "a.json", "--points", "0,1"), 2, "a.json", "--help")


@pytest.mark.slow
def test_checks(wincraft_here):
    passed = wincraft_here("report", "4,3", *FAST, "--fail-above", "noise-gain=5", "--fail-above", "loss:fp16=60")
    assert (passed.returncode, passed.stderr) == (0, "")
    failed = wincraft_here(
        "report",
        "4,3",
        *FAST,
        "--fail-above",
        "noise-gain=4",
        "--fail-above",
        "error:tapwise-8=-99",
        "--fail-above",
        "bits=8",
    )
    assert failed.returncode == 1
    assert "VERDICT" in failed.stdout
    lines = failed.stderr.splitlines()
    assert len(lines) == 3
    assert all(line.startswith("wincraft: check failed: ") for line in lines)
    for name, line in zip(("noise-gain of F(4,3) is 4.76195", "error:tapwise-8", "bits"), lines, strict=True):
        assert name in line


def test_your_own_arrays(wincraft_here, arrays):
    done = wincraft_here(
        "report", "4x4,3x3", "--scheme", "fp16", "--data", "x.npy", "--weights", "w.npy", "--padding", "1"
    )
    assert done.returncode == 0, done.stderr
    assert "data (1, 4, 8, 8)" in " ".join(done.stdout.split())


@pytest.mark.parametrize(
    ("data", "weights", "mentions"),
    [
        ("nan.npy", "w.npy", ["nan", "[0, 1, 2, 3]"]),
        ("empty.npy", "w.npy", ["(0, 4, 8, 8)"]),
        ("pickle.npy", "w.npy", ["pickle.npy"]),
        ("text.npy", "w.npy", ["text.npy"]),
        ("none.npy", "w.npy", ["none.npy", "No such file"]),
        ("x.npy", "w5.npy", ["(2, 4, 5, 5)", "3, 3"]),
        ("x.npy", "other.npy", ["(1, 4, 8, 8)", "(2, 3, 3, 3)"]),
    ],
)
def test_bad_arrays(wincraft_here, arrays, data, weights, mentions):
    one_line(wincraft_here("report", "4x4,3x3", "--data", data, "--weights", weights), 3, *mentions)


@pytest.mark.parametrize(
    ("arguments", "code", "mentions"),
    [
        (("--scheme", "fp61"), 3, ["did you mean fp16"]),
        (("--fail-above", "noise_gain=5"), 3, ["did you mean noise-gain"]),
        (("--fail-above", "los:fp16=5"), 3, ["did you mean loss:fp16"]),
        (("--fail-above", "loss:tapwise8=5"), 3, ["did you mean tapwise-8"]),
        (("--fail-above", "noise-gain"), 3, ["noise-gain=VALUE"]),
        (("--fail-above", "noise-gain=nan"), 3, ["nan"]),
        (("--fail-above", "measured:fp16=30"), 3, ["error:fp16"]),
        (("--fail-above", "channels=30"), 3, ["more of it is better"]),
        (("--layer", "0,64,56"), 3, ["0,64,56", "C,K,H,W"]),
        (("--layer", "64,64,56,56"), 3, ["64,64,56,56", "F(4,3)"]),
        (("--layer", "x"), 3, ["'x'"]),
        (("--channels", "0"), 3, ["channels is 0"]),
        (("--channels", "999999999999"), 3, ["GiB"]),
        (("--seed", "-1"), 3, ["seed is -1"]),
        (("--seed", "x"), 2, ["integer"]),
        (("--distribution", "gauss"), 3, ["did you mean gaussian"]),
        (("--scheme", "tapwise-8+max"), 3, ["option of a scheme", "max-abs"]),
        (("--scheme", "fp16+weights-per-channel"), 3, ["weights-per-channel in fp16"]),
        (("--scheme", "fp16+mse"), 3, ["mse in fp16", "no scales"]),
        (("--format", "pdf"), 3, ["'pdf'", "html"]),
        (("--points", "0,1"), 3, ["add 4"]),
        (("--points", "0", "--moduli", "1"), 2, ["not both"]),
        (("--data", "x.npy"), 2, ["--weights"]),
        (("--data", "x.npy", "--weights", "w.npy", "--seed", "1"), 2, ["--seed"]),
        (("--padding", "1"), 2, ["--data"]),
    ],
)
def test_bad_options(wincraft_here, arguments, code, mentions):
    one_line(wincraft_here("report", "4,3", *arguments), code, *mentions)


def test_help_names_every_measure(wincraft_here):
    text = "".join(wincraft_here("report", "--help").stdout.split())
    for name, measure in MEASURES.items():
        assert (f"{name}," in text or f"{name}." in text) == (measure.better == "lower")


def test_the_help_names_every_scheme(wincraft_here):
    text = "".join(wincraft_here("report", "--help").stdout.split())
    assert all(name in text for name in SCHEMES)


def test_data_that_overflow_fail_every_limit(wincraft_here, arrays):
    np.save(arrays / "t30.npy", np.load(arrays / "x.npy") * 1e30)
    options = ("--data", "t30.npy", "--weights", "w.npy", "--scheme", "fp16", "--fail-above", "loss:fp16=5")
    done = wincraft_here("report", "4x4,3x3", *options, "--format", "json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["schemes"][0]["loss"] == "inf"


def test_a_limit_may_be_a_fraction(wincraft_here):
    size = ("report", "4,3", "--points", "0,1,-1,2,-2", *FAST)
    assert wincraft_here(*size, "--fail-above", "noise-gain=6205/576").returncode == 0
    assert wincraft_here(*size, "--fail-above", "noise-gain=6204/576").returncode == 1


def test_names_of_outputs(wincraft_here):
    for name in ("", " "):
        done = wincraft_here("generate", "2,3", "-o", name)
        assert done.returncode == 3
        assert "the name is empty" in done.stderr
        assert done.stderr.count("\n") == 1


def test_a_depthwise_layer_of_ones_own(wincraft_here, tmp_path):
    rng = np.random.default_rng(0)
    np.save(tmp_path / "x.npy", rng.standard_normal((2, 32, 16, 16)))
    np.save(tmp_path / "w.npy", rng.standard_normal((32, 1, 3, 3)))
    given = ("--data", "x.npy", "--weights", "w.npy", "--padding", 1, "--scheme", "fp16")
    wincraft_here("report", "4x4,3x3", *given, "-o", "r.json", check=0)
    found = json.loads((tmp_path / "r.json").read_text())
    assert found["workload"]["groups"] == 32
    assert 40 < found["schemes"][0]["measured"] < 80
    np.save(tmp_path / "w.npy", rng.standard_normal((30, 1, 3, 3)))
    one_line(wincraft_here("report", "4x4,3x3", *given), 3, "a multiple of 32")


PLAN = ("plan", "--kernel", "3x3", "--stride", "2", "--tile", "2", "-o", "plan.json")


def test_a_plan_of_a_file(wincraft_here, tmp_path):
    wincraft_here(*PLAN, check=0)
    plan = make_plan(Problem(3, stride=2, axes=2), 2)
    done = wincraft_here("report", "plan.json", *FAST, "--layer", "64,64,56,56", check=0)
    made = report_pieces(plan, LayerShape(64, 64, (56, 56)), schemes=[SCHEMES["fp16"]], workload=Workload(8))
    assert done.stdout.strip() == repr(made)
    for suffix, mark in (("md", "| F(2x2,2x1) |"), ("html", "noise gain"), ("txt", "F(2x2,2x1)")):
        wincraft_here("report", "plan.json", *FAST, "-o", f"r.{suffix}", check=0)
        assert mark in (tmp_path / f"r.{suffix}").read_text(encoding="utf-8")
    wincraft_here("report", "plan.json", *FAST, "-o", "r.json", check=0)
    assert "25 products" in wincraft_here("verify", "r.json", check=0).stdout
    assert "PIECES" not in wincraft_here("report", "plan.json", *FAST, "--section", "formats", check=0).stdout


def test_a_plan_on_own_data(wincraft_here, arrays):
    wincraft_here(*PLAN, check=0)
    data, weights = (np.load(arrays / f"{name}.npy") for name in "xw")
    own = ("--data", "x.npy", "--weights", "w.npy", "--padding", "1", "--scheme", "tapwise-8")
    found = json.loads(wincraft_here("report", "plan.json", *own, "--format", "json", check=0).stdout)
    plan = make_plan(Problem(3, stride=2, axes=2), 2)
    measured = simulate_plan(plan, "tapwise-8", data, weights, 1).decibels
    assert found["schemes"][0]["measured"] == pytest.approx(measured, abs=1e-9)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--points", "0,1"), 2, "--points is of algorithms"),
        (("--axes", "2"), 2, "--axes is of algorithms"),
        (("--basis", "legendre"), 2, "--basis is of algorithms"),
        (("--data-range", "uint8"), 2, "--data-range is of algorithms"),
        (("--fail-above", "noise-gain=1"), 2, "--fail-above is of algorithms"),
        (("--section", "matrices"), 3, "pieces, formats"),
        (("--layer", "64,64,56"), 3, "2 sizes"),
        (("--data", "x.npy", "--weights", "w5.npy"), 3, "filters"),
        (("--data", "nan.npy", "--weights", "w.npy"), 3, "nan"),
    ],
)
def test_what_a_plan_has_not(arguments, code, words, wincraft_here, arrays):
    wincraft_here(*PLAN, check=0)
    done = wincraft_here("report", "plan.json", "--scheme", "fp16", *arguments, check=code)
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert words in done.stderr


@pytest.mark.parametrize("command", ["identify", "basis", "circuit", "ring"])
def test_commands_of_algorithms_refuse_plans_in_one_line(command, wincraft_here):
    wincraft_here(*PLAN, check=0)
    done = wincraft_here(command, "plan.json", check=3)
    assert done.stderr.count("\n") == 1
    assert "wincraft.decomposition" in done.stderr


@pytest.mark.slow_cases("fewest-21")
@pytest.mark.parametrize(("circuit", "additions"), [("rows", 36), ("fewest", 21)])
def test_the_cost_section_counts_the_circuit_that_is_chosen(wincraft_here, circuit, additions):
    points = "0,1,-1,2,-2,1/2,-1/2"
    done = wincraft_here("report", "6,3", "--points", points, *FAST, "--section", "cost", "--circuit", circuit)
    (line,) = (line for line in done.stdout.splitlines() if "data transform, per input channel" in line)
    assert line.split()[-3] == str(additions)
