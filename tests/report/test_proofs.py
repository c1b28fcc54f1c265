# SPDX-License-Identifier: Apache-2.0
"""Proofs of files: every algorithm of them, and the line on which a wrong entry stands."""

from __future__ import annotations

import numpy as np
import pytest

import wincraft as wc
from wincraft.report.outcomes import STDIN
from wincraft.report.proofs import hold_alone, prove_files

HAND = """// of a library
static const float AT[2][4] = {
    {1, 1, 1, 0},
    {0, 1, -1, 1},
};
static const float G[4][3] = {
    {1, 0, 0}, {0.5, 0.5, 0.5},
    {0.5, -0.5, 0.5}, {0, 0, 1}
};
static const float BT[16] = {1, 0, -1, 0,
    0, 1, 1, 0,
    0, -1, 1, 0,
    0, -1, 0, 1};
"""
PYTHON = """import numpy as np

AT = np.array([
    [1, 1, 1, 0],
    [0, 1, -1, 1]])
G = [[1, 0, 0],
     [1/2, 1/2, 1/2],
     [1/2, -1/2, 1/2],
     [0, 0, 1]]
BT = np.array([[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0],
               [0, -1, 0, 1]])
"""
JSON = """{
  "A^T": [["1", "1", "1", "0"], ["0", "1", "-1", "1"]],
  "G": [
    [1, 0, 0],
    [0.5, 0.5, 0.5],
    ["1/2", "-1/2", "1/2"],
    [0, 0, 1]
  ],
  "B^T": [[1, 0, -1, 0],
          [0, 1, 1, 0],
          [0, -1, 1, 0],
          [0, -1, 0, 1]]
}
"""
ROWS = """A^T =
1 1 1 0
0 1 -1 1

G =
1 0 0
1/2 1/2 1/2
1/2 -1/2 1/2
0 0 1

B^T =
1 0 -1 0
0 1 1 0

0 -1 1 0
0 -1 0 1
""".replace("1 1 0\n\n0 -1", "1 1 0\n0 -1")


def commented(text):
    return "/*\n" + "".join(f" * {line}\n" for line in text.splitlines()) + " */\nint x;\n"


@pytest.mark.parametrize(
    ("name", "text", "right", "wrong"),
    [
        ("f.h", HAND, "{0, 1, -1, 1}", "{0, 2, -1, 1}"),
        ("f.h", HAND, "{0.5, -0.5, 0.5}", "{0.5, -0.25, 0.5}"),
        ("f.h", HAND, "    0, -1, 0, 1};", "    0, -1, 0, 2};"),
        ("f.py", PYTHON, "[0, 1, -1, 1]", "[0, 2, -1, 1]"),
        ("f.py", PYTHON, "[1/2, -1/2, 1/2]", "[1/2, -1/3, 1/2]"),
        ("f.py", PYTHON, "[0, -1, 0, 1]])", "[0, -1, 0, 7]])"),
        ("f.json", JSON, '["1/2", "-1/2", "1/2"]', '["1/2", "-1/3", "1/2"]'),
        ("f.json", JSON, "[0, -1, 1, 0]", "[0, -1, 5, 0]"),
        ("f.txt", ROWS, "1/2 -1/2 1/2", "1/2 -1/3 1/2"),
        ("f.txt", ROWS, "0 -1 0 1", "0 -1 0 2"),
        ("f.c", commented(ROWS), "1/2 -1/2 1/2", "1/2 -1/3 1/2"),
        ("f.c", commented(HAND), "{0, 1, -1, 1}", "{0, 2, -1, 1}"),
    ],
)
def test_a_wrong_entry_is_on_its_line(tmp_path, name, text, right, wrong):
    path = tmp_path / name
    path.write_text(text)
    assert [outcome.status for outcome in prove_files(str(path))] == ["passed"]
    assert text.count(right) == 1
    path.write_text(text.replace(right, wrong))
    [outcome] = prove_files(str(path))
    assert (outcome.status, outcome.rule, outcome.exit_code) == ("failed", "proof", 1)
    lines = path.read_text().splitlines()
    assert wrong.strip() in lines[outcome.line - 1]
    assert outcome.repair
    assert prove_files(STDIN, given=path.read_bytes())[0].line == outcome.line


@pytest.mark.parametrize("format", ["c", "numpy", "text"])
def test_every_row_that_wincraft_writes_is_found(tmp_path, format):
    path = tmp_path / {"c": "f.h", "numpy": "f.py", "text": "f.txt"}[format]
    path.write_text(wc.render(wc.winograd(4, 3, points="0,1,-1,2,-2"), format))
    found = wc.files.found_in(path).matrices[0]
    written = path.read_text().splitlines()
    for rows, lines in zip(found.tables, found.lines, strict=True):
        assert len(rows) == len(lines)
        for row, line in zip(rows, lines, strict=True):
            assert all(str(entry) in written[line - 1] for entry in row)


def test_a_document_is_wrong_on_its_line(tmp_path):
    path = tmp_path / "f.json"
    text = (
        '{"m": 2, "r": 3,\n "recipe": null,\n "AT": [["1","1","1","0"],\n ["0","1","-1","1"]],\n "G": [["1","0","0"],\n'
    )
    text += ' ["1/2","1/2","1/2"],\n ["1/2","-1/2","1/2"],\n ["0","0","1"]],\n "BT": [["1","0","-1","0"],\n'
    text += ' ["0","1","1","0"],\n ["0","-1","1","0"],\n ["0","-1","0","4"]]}\n'
    path.write_text(text)
    [outcome] = prove_files(str(path))
    assert (outcome.rule, outcome.line) == ("proof", 12)


def test_several_algorithms_and_the_line_of_each(tmp_path):
    path = tmp_path / "f.h"
    wrong = HAND.replace("{0, 1, -1, 1}", "{0, 2, -1, 1}")
    for name in ("AT", "G", "BT"):
        wrong = wrong.replace(f"float {name}[", f"float {name}_wrong[")
    path.write_text(HAND + wrong)
    first, second = prove_files(str(path))
    assert (first.status, first.line, first.name) == ("passed", 7, "G")
    assert (second.status, second.line, second.name) == ("failed", 4 + HAND.count("\n"), "G_wrong")


def test_what_cannot_be_read_is_no_refutation(tmp_path):
    (tmp_path / "f.json").write_text('{"m": 2,\n"r" 3}')
    (tmp_path / "f.txt").write_text("nothing of the kind")
    (tmp_path / "f.bin").write_bytes(bytes(range(256)))
    found = [prove_files(str(tmp_path / name))[0] for name in ("f.json", "f.txt", "f.bin", "absent")]
    assert {(outcome.rule, outcome.status, outcome.exit_code) for outcome in found} == {("readable", "error", 3)}
    assert [outcome.line for outcome in found] == [2, 0, 0, 0]
    assert all(outcome.repair for outcome in found)
    assert "empty" in prove_files(STDIN, given=b" \n")[0].message


def test_three_files_of_one_matrix_each(tmp_path):
    paths = [str(tmp_path / f"{name}.npy") for name in ("AT", "G", "BT")]
    for path, array in zip(paths, wc.winograd(2, 3).to_numpy(), strict=True):
        np.save(path, array)
    assert not hold_alone(paths)
    assert prove_files(*paths)[0].algorithm.size == "F(2,3)"
    whole = tmp_path / "f.h"
    whole.write_text(HAND)
    assert hold_alone([paths[0], str(whole)])


def test_claims_of_documents(tmp_path):
    path = tmp_path / "f.json"
    path.write_text('{"kind": "wincraft.search", "version": 1}')
    assert [outcome.text for outcome in prove_files(str(path), recheck=lambda document, name: ["a", "b"])] == ["a", "b"]
