# SPDX-License-Identifier: Apache-2.0
"""From a file to the whole job: every command that takes a size takes a file, nests it, rescales it."""

from __future__ import annotations

import json

import pytest
from oracle_rows import ROWS

from wincraft import change_basis, nest, parse, render, winograd
from wincraft.cli.shared.algorithm import names_file, read_algorithm
from wincraft.construct import along_axes, in_convention
from wincraft.errors import BadDocument, BadValue

FAST = ("--scheme", "fp16", "--channels", "8")


@pytest.fixture
def files(tmp_path):
    """One algorithm as JSON, header and rows, one of a basis, one of two axes, one without known points."""
    one = winograd(4, 3, points="0,1,-1,2,-2")
    (tmp_path / "f43.json").write_text(render(one, "json"))
    (tmp_path / "f43.h").write_text(render(one, "c"))
    (tmp_path / "f23.txt").write_text(ROWS)
    (tmp_path / "legendre.json").write_text(render(change_basis(one, "legendre"), "json"))
    (tmp_path / "f4x4.json").write_text(render(nest(one, one), "json"))
    unknown = {"m": 1, "r": 1, "AT": [["2", "2"]], "G": [["1"], ["0"]], "BT": [["1"], ["1"]]}
    (tmp_path / "unknown.json").write_text(json.dumps(unknown))
    return tmp_path


@pytest.mark.parametrize("name", ["f43.json", "f43.h", "f23.txt", "./f43.json"])
@pytest.mark.parametrize("format", ["json", "c", "numpy", "latex", "text"])
def test_generate_from_a_file(wincraft_here, files, name, format):
    done = wincraft_here("generate", name, "--format", format, check=0)
    expected = winograd(2, 3, points="0,1,-1") if name == "f23.txt" else winograd(4, 3, points="0,1,-1,2,-2")
    assert done.stdout == render(expected, format)


def test_a_file_nested_over_axes_makes_the_header_of_images(wincraft_here, files):
    wincraft_here("generate", "f43.json", "--axes", "2", "--format", "c", "-o", "f4x4.h", check=0)
    assert (files / "f4x4.h").read_text() == render(parse("4x4,3x3", points="0,1,-1,2,-2"), "c")
    assert wincraft_here("report", "f4x4.h", *FAST, check=0).stdout.startswith("F(4x4,3x3)")


@pytest.mark.parametrize("command", ["report", "compare", "basis", "generate"])
def test_axes_of_a_size_and_of_a_file(wincraft_here, files, command):
    options = () if command == "generate" else FAST
    for given in ("2,3", "f23.txt"):
        assert "F(2x2,3x3)" in wincraft_here(command, given, "--axes", "2", *options, check=0).stdout
    done = wincraft_here(command, "f4x4.json", "--axes", "2", *options)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (3, "", 1)
    assert "it has 2 already" in done.stderr


@pytest.mark.parametrize("axes", ["0", "5", "-1", "x"])
def test_axes_that_there_are_not(wincraft_here, files, axes):
    done = wincraft_here("generate", "f43.json", "--axes", axes)
    assert done.returncode in (2, 3)
    assert done.stdout == ""


@pytest.mark.slow
def test_a_layer_of_a_file(wincraft_here, files):
    done = wincraft_here("report", "f43.json", "--layer", "64,64,56,56", *FAST)
    assert (done.returncode, done.stderr.count("\n")) == (3, 1)
    assert "nested along 2 axes" in done.stderr
    wincraft_here("report", "f43.json", "--layer", "64,64,56,56", "--axes", "2", *FAST, "-o", "r.json", check=0)
    layer = json.loads((files / "r.json").read_text())["layer"]
    assert layer["products"] == 36 * 64 * 64 * 14 * 14


@pytest.mark.slow
def test_compare_with_a_layer(wincraft_here, files):
    one = "64,64,56,56"
    given = ("f43.json", "2,3", "--axes", "2", "--layer", one, *FAST)
    wincraft_here("compare", *given, "-o", "c.json", check=0)
    rows = {row["measure"]: row for row in json.loads((files / "c.json").read_text())["rows"]}
    for size, column in (("4x4,3x3", 1), ("2x2,3x3", 0)):  # sizes before files
        points = ("--points", "0,1,-1,2,-2") if column else ()
        wincraft_here("report", size, *points, "--layer", one, *FAST, "-o", "r.json", check=0)
        layer = json.loads((files / "r.json").read_text())["layer"]
        assert rows[f"layer-operations:{one}"]["values"][column] == layer["total"]
        assert rows[f"layer-saving:{one}"]["values"][column]["float"] == layer["saving"]
    assert rows[f"layer-operations:{one}"]["best"] == ["#2"]
    plain = json.loads(wincraft_here("compare", "2,3", *FAST, "--format", "json", check=0).stdout)
    assert not any("layer" in row["measure"] for row in plain["rows"])


def test_a_file_in_other_conventions(wincraft_here, files):
    done = wincraft_here("generate", "f43.h", "--convention", "balanced", "--format", "json", check=0)
    assert done.stdout == render(winograd(4, 3, points="0,1,-1,2,-2", convention="balanced"), "json")
    done = wincraft_here("compare", "f43.json", "--convention", "wincnn", "--convention", "pow2", *FAST, check=0)
    assert "2 algorithms" in done.stdout
    done = wincraft_here("generate", "unknown.json", "--convention", "lavin")
    assert (done.returncode, done.stdout) == (3, "")
    assert "its points are not known" in done.stderr


def test_a_chain_keeps_its_stages_in_other_conventions():
    chained = change_basis(winograd(4, 3), "legendre")
    for convention in ("lavin", "integer", "balanced", "homogeneous"):
        found, plain = in_convention(chained, convention), winograd(4, 3, convention=convention)
        assert [len(item.stages) for item in found.maps] == [2, 2, 2]
        assert (found.AT, found.G, found.BT, found.scale) == (plain.AT, plain.G, plain.BT, plain.scale)
        assert found.input.stages[0] == chained.input.stages[0]
    quadratic = winograd(4, 3, points="quadratic")
    assert in_convention(quadratic, "integer") == winograd(4, 3, points="quadratic", convention="integer")


def test_points_with_a_file_are_refused(wincraft_here, files):
    for command in ("generate", "report", "compare", "basis"):
        done = wincraft_here(command, "f43.json", "--points", "0,1,-1,2,-2")
        assert (done.returncode, done.stdout) == (2, "")
        assert "f43.json has its own points" in done.stderr


@pytest.mark.parametrize("command", ["generate", "report", "compare", "basis"])
@pytest.mark.parametrize("name", ["missing.json", "missing.h", "no/such", "./f43.jsn"])
def test_a_file_that_is_missing_is_said_to_be(wincraft_here, files, command, name):
    done = wincraft_here(command, name)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (3, "", 1)
    assert "No such file" in done.stderr
    assert name.rsplit("/", 1)[-1] in done.stderr


def test_what_names_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "matrices").touch()
    assert all(map(names_file, ("matrices", "a.json", "a/b", "f(4).h", "4x4.h", "C:\\f.h", "missing.npz")))
    assert not any(map(names_file, ("4,3", "F(4,3)", "f( 4x4 , 3x3 )", "4x4,3x3", "-1,3", "4.3", "nonsense", "a\0b")))


@pytest.mark.parametrize("name", ["two.h", "no_suffix"])
def test_one_algorithm_of_a_file_is_chosen_wherever_a_size_is_taken(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    rows = {
        part: [[str(x) for x in row] for row in getattr(winograd(3, 2), part).tolist()] for part in ("AT", "G", "BT")
    }
    first = "".join(f"{part}_one = {[[1]]}\n" for part in rows)
    second = "".join(f"{part}_two = {rows[part]}\n".replace("'", "") for part in rows)
    (tmp_path / name).write_text(first + second)
    for choice in ("2", "two", "3,2", "F(3,2)"):
        assert names_file(f"{name}#{choice}")
        assert read_algorithm(f"{name}#{choice}").size == "F(3,2)"
    with pytest.raises(BadDocument, match="nothing in it is called 'three'"):
        read_algorithm(f"{name}#three")


def test_nesting():
    one = winograd(2, 3)
    assert along_axes(one, 1) is one
    assert along_axes(one, 3) == nest(*(one,) * 3)
    for wrong in (0, 5):
        with pytest.raises(BadValue, match="1 to 4"):
            along_axes(one, wrong)


def test_ranges_for_a_header(wincraft_here, files):
    ranges = ("--data-range", "uint8", "--weight-range", "-31..31", "--accumulator", "24")
    text = wincraft_here("generate", "f43.json", "--axes", "2", "--format", "c", *ranges, check=0).stdout
    assert "--format c --data-range=uint8 --weight-range=-31..31 --accumulator=24\n" in text
    assert "uint8_t *d" in text
    done = wincraft_here("generate", "f43.json", *ranges)
    assert (done.returncode, done.stderr.count("\n")) == (3, 1)
    assert "choose c" in done.stderr


@pytest.mark.slow
def test_a_search_for_what_is_in_a_file(wincraft_here, files):
    """The points are searched for the file's size; a scaling is of its own matrices, whatever its points."""
    of_size = wincraft_here("search", "4,3", "--max-height", "2", check=0).stdout
    assert wincraft_here("search", "f43.h", "--max-height", "2", check=0).stdout == of_size
    of_images = wincraft_here("search", "4x4,3x3", "--max-height", "2", check=0).stdout
    assert wincraft_here("search", "f4x4.json", "--max-height", "2", check=0).stdout == of_images
    assert "F(4,3) under fp16" in wincraft_here("search", "scaling", "f43.json", "--scheme", "fp16", check=0).stdout
    assert "F(1,1) under fp16" in wincraft_here("search", "scaling", "unknown.json", "--scheme", "fp16", check=0).stdout
    done = wincraft_here("search", "missing.json", "--max-height", "2")
    assert (done.returncode, done.stdout) == (3, "")
    assert "No such file" in done.stderr
