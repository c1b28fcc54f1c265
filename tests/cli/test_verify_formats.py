# SPDX-License-Identifier: Apache-2.0
"""``wincraft verify`` of several files and of standard input, in the formats of systems that run checks."""

from __future__ import annotations

import io
import json
from xml.etree import ElementTree

import jsonschema
import pytest
from oracle_schemas import schema

import wincraft as wc

FORMATS = ("text", "json", "github", "junit", "sarif")


@pytest.fixture
def files(tmp_path):
    """right.h, right.py, wrong.txt, whose fault is on line 7, none.txt without matrices."""
    algorithm = wc.winograd(4, 3, points="0,1,-1,2,-2")
    (tmp_path / "right.h").write_text(wc.render(algorithm, "c"))
    (tmp_path / "right.py").write_text(wc.render(algorithm, "numpy"))
    text = wc.render(algorithm, "text")
    lines = text.splitlines()
    at = next(k for k, line in enumerate(lines) if line.split() == ["0", "1", "-1", "2", "-2", "0"])
    lines[at] = lines[at].replace("-1", "-3")
    (tmp_path / "wrong.txt").write_text("\n".join(lines))
    (tmp_path / "none.txt").write_text("no matrices\n")
    (tmp_path / "AT.txt").write_text("1 1 1 0\n0 1 -1 1\n")
    return at + 1


@pytest.fixture
def stdin(monkeypatch):
    def give(content):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))

    return give


def test_several_files_are_judged_one_by_one(wincraft_here, files):
    done = wincraft_here("verify", "right.h", "right.py", check=0)
    assert [line.partition(" proved")[0] for line in done.stdout.splitlines()] == [
        *(f"right.h: wincraft_f4_3_G_{kind}: F(4,3)" for kind in ("f32", "int")),
        "right.py: F(4,3)",
    ]
    assert (
        wincraft_here("verify", "right.py", "wrong.txt", check=1).stdout.splitlines()[1].startswith("wrong.txt: not F(")
    )


@pytest.mark.parametrize("names", [("right.py", "right.h", "wrong.txt"), ("AT.txt", "right.h", "right.py")])
def test_three_files_that_hold_all_are_three_files(wincraft_here, files, names):
    content = json.loads(wincraft_here("verify", "--format", "json", *names).stdout)
    assert list(dict.fromkeys(result["file"] for result in content["results"])) == list(names)


def test_what_cannot_be_read_hides_nothing_and_is_told_apart(wincraft_here, files):
    done = wincraft_here("verify", "absent.h", "wrong.txt", "none.txt", "right.py", check=3)
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == ["wrong.txt", "right.py"]
    assert [line.split()[3] for line in done.stderr.splitlines()] == ["absent.h:", "none.txt:"]


def test_an_annotation_points_at_the_line(wincraft_here, files):
    done = wincraft_here("verify", "--format", "github", "right.py", "wrong.txt", check=1)
    _, wrong = done.stdout.splitlines()
    assert wrong.startswith(f"::error file=wrong.txt,line={files},title=wincraft proof::not F(4,3): ")
    assert done.stderr == ""


@pytest.mark.parametrize("format", FORMATS[1:])
def test_a_missing_file_is_in_the_result(wincraft_here, files, format):
    done = wincraft_here("verify", "--format", format, "absent.h", check=3)
    assert "No such file" in done.stdout
    assert done.stderr == ""


def test_files_are_written_in_the_format_of_their_suffix(wincraft_here, files, tmp_path):
    for name, begins in (("o.sarif", "{"), ("o.xml", "<?xml"), ("o.json", "{"), ("o.txt", "not F(4,3)")):
        done = wincraft_here("verify", "wrong.txt", "-o", name, check=1)
        assert (done.stdout, done.stderr) == ("", f"wrote {name}\n")
        assert (tmp_path / name).read_text().startswith(begins)
    assert ElementTree.parse(tmp_path / "o.xml").getroot().get("failures") == "1"
    result = json.loads((tmp_path / "o.sarif").read_text())["runs"][0]["results"][0]
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": files}


@pytest.mark.parametrize("made", ["json", "c", "numpy", "text"])
def test_standard_input_gives_one_verdict(wincraft_here, stdin, made):
    stdin(wc.render(wc.winograd(2, 3), made).encode())
    content = json.loads(wincraft_here("verify", "--format", "json", "-", check=0).stdout)
    schema("verdict").validate(content)
    assert (content["kind"], content["status"], content["exit_code"]) == ("wincraft.verdict", "passed", 0)
    assert {result["algorithm"]["size"] for result in content["results"]} == {"F(2,3)"}


def test_an_archive_on_standard_input(wincraft_here, stdin, tmp_path):
    wincraft_here("generate", "2,3", "-o", "f.npz", check=0)
    stdin((tmp_path / "f.npz").read_bytes())
    assert wincraft_here("verify", "-", check=0).stdout.startswith("F(2,3) proved")


@pytest.mark.parametrize(
    ("content", "code", "told"),
    [
        (b"", 3, "standard input: it is empty"),
        (bytes(range(256)) * 9, 3, "standard input: it is no text"),
        (b"hello", 3, "standard input: it has no rows of numbers"),
        (b'{"m": 2', 3, "standard input: "),
        (
            b"AT = [[1, 1, 0], [0, 1, 1]]; G = [[1, 0], [3, 5], [0, 1]]; BT = [[1, -1, 0], [0, 1, 0], [0, -1, 1]]",
            1,
            "not F(",
        ),
    ],
)
def test_bad_standard_input(wincraft_here, stdin, content, code, told):
    stdin(content)
    done = wincraft_here("verify", "-", check=code)
    assert told in done.stdout + done.stderr
    assert done.stderr.count("\n") == (code == 3)
    stdin(content)
    verdict = json.loads(wincraft_here("verify", "-", "--format", "json", check=code).stdout)
    schema("verdict").validate(verdict)
    assert verdict["status"] == {1: "failed", 3: "error"}[code]
    assert told in verdict["results"][0]["message"]


def test_standard_input_is_read_once(wincraft_here, monkeypatch):
    assert "twice" in wincraft_here("verify", "-", "-", check=2).stderr
    monkeypatch.setattr("sys.stdin", None)
    assert "closed" in wincraft_here("verify", "-", check=3).stderr


def test_functions_of_a_source_in_other_formats(wincraft_here, tmp_path):
    (tmp_path / "k.c").write_text("void f(const float *d, const float *g, float *y) { y[0] = d[0] * g[0]; }\n")
    line = ("verify", "1,1", "--source", "k.c", "--format", "json", "--function")
    assert json.loads(wincraft_here(*line, "f", check=0).stdout)["results"][0]["file"] == "k.c"
    assert json.loads(wincraft_here(*line, "h", check=3).stdout)["results"][0]["rule"] == "readable"


def test_the_schema_is_one():
    with pytest.raises(jsonschema.ValidationError):
        schema("verdict").validate({"kind": "wincraft.verdict"})
