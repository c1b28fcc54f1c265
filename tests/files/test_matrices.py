# SPDX-License-Identifier: Apache-2.0
"""Bare matrices from the files that other programs write."""

import numpy as np
import pytest
from oracle_rows import ROWS

import wincraft as wc
from wincraft.emit import EMITTERS, OF_AXES, PROGRAMS, render
from wincraft.errors import BadDocument
from wincraft.files import judge, read_matrices

CLASSIC = wc.winograd(2, 3, points="0,1,-1")
PLAIN = ROWS
CODE = """
// transforms of a library
static const float AT[2][4] = {
  {1.0f, 1.0f, 1.0f, 0.0f},
  {0.0f, 1.0f, -1.0f, 1.0f},
};

static const float G[4][3] = {
  {1.f, 0.f, 0.f},      # first
  {.5f, .5f, 5e-1f},
  {0.5f, -0.5f, 0.5f},
  {0, 0, 1},
};

static const float BT[4][4] = {
  {1, 0, -1, 0},
  {0, 1, 1, 0},
  {0, -1, 1, 0},
  {0, -1, 0, 1}};
"""
LISTS = """
A^T = [[1, 1, 1, 0],
       [0, 1, -1, 1]]

G = [[1, 0, 0], [1/2, 1/2, 1/2], [1/2, -1/2, 1/2], [0, 0, 1]]

B^T = [[1, 0, -1, 0],
       [0, 1, 1, 0],
       [0, -1, 1, 0],
       [0, -1, 0, 1]]
"""


def one_of(path):
    [verdict] = judge(read_matrices(path))
    return verdict.found.algorithm


@pytest.mark.parametrize(
    "text",
    [PLAIN, PLAIN.replace("AT\n", "").replace("\nG\n", "\n").replace("\nBT\n", "\n"), CODE, LISTS],
    ids=["headed", "bare blocks", "C source", "Python lists"],
)
def test_text_files(text, tmp_path):
    path = tmp_path / "m.txt"
    path.write_text(text)
    assert one_of(path) == CLASSIC


def test_our_own_text_output_reads_back(tmp_path):
    path = tmp_path / "f.txt"
    for alg in (wc.winograd(4, 3), wc.winograd(4, 3, points="0,sqrt(2)/2,-sqrt(2)/2,sqrt(2),-sqrt(2)")):
        path.write_text(wc.render(alg, "text"))
        assert one_of(path) == alg


def test_json_of_any_spelling(tmp_path):
    path = tmp_path / "m.json"
    path.write_text(
        '{"at": [[1, 1, 1, 0], [0, 1, -1, 1]], "G": [[1,0,0],[0.5,0.5,0.5],["1/2",-0.5,0.5],[0,0,1]],'
        ' "B^T": [[1,0,-1,0],[0,1,1,0],[0,-1,1,0],[0,-1,0,1]]}'
    )
    assert one_of(path) == CLASSIC


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
def test_numpy_files(dtype, tmp_path):
    AT, G, BT = CLASSIC.to_numpy(dtype)
    np.savez(tmp_path / "m.npz", AT=AT, G=G, BT=BT)
    assert one_of(tmp_path / "m.npz") == CLASSIC
    for name, array in (("AT", AT), ("G", G), ("BT", BT)):
        np.save(tmp_path / f"{name}.npy", array)
    [verdict] = judge(read_matrices(*(tmp_path / f"{name}.npy" for name in ("AT", "G", "BT"))))
    assert verdict.found.algorithm == CLASSIC


def test_integer_numpy_files_are_exact(tmp_path):
    AT, G, BT = wc.winograd(4, 3, points="0,1,-1,2,-2", convention="integer").to_numpy(np.int32)
    np.savez(tmp_path / "m.npz", AT=AT, G=G, BT=BT)
    [verdict] = judge(read_matrices(tmp_path / "m.npz"), tolerance=0)
    assert verdict.found.algorithm.scale == 24


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("m.txt", "nothing here", "no rows"),
        ("m.txt", "", "no rows"),
        ("m.txt", "AT\n1 1\n\nG\n1\n", "it has no BT, only AT, G"),
        ("m.txt", PLAIN.replace("0 1 -1 1", "0 1 -1"), "rows of [3, 4]"),
        ("m.txt", PLAIN.replace("-1/2", "nan"), "G[2][1]"),
        ("m.txt", PLAIN.replace("-1/2", "1e999"), "G[2][1]"),
        ("m.json", '{"AT": [[1]], "G": [[1]]}', "no BT"),
        ("m.json", '{"AT": [[1]], "G": [[1]], "BT": [[NaN]]}', "BT[0][0]"),
        ("m.json", '{"AT": [[1]], "G": [[1]], "BT": [[Infinity]]}', "BT[0][0]"),
        ("m.json", '{"AT": [[1]], "G": [[1]], "BT": [[true]]}', "BT[0][0]"),
        ("m.json", '{"AT": [[1]], "G": [[1]], "BT": {}}', "no BT"),
        ("m.json", '{"AT": [[1]], "G": [[1]], "BT": [[]]}', "rows of [0]"),
        ("m.json", '{"AT": [[1]], "G": [[1', "truncated"),
        ("m.npz", "no archive", "NumPy"),
        ("m.npy", "no array", "NumPy"),
        ("m.txt", b"\xff\xfe\x00", "no text"),
    ],
)
def test_bad_files_are_one_line_errors(name, content, reason, tmp_path):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(BadDocument) as caught:
        read_matrices(path)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_nan_in_numpy_file_and_absent_files(tmp_path):
    AT, G, BT = CLASSIC.to_numpy()
    G[1, 1] = np.nan
    np.savez(tmp_path / "m.npz", AT=AT, G=G, BT=BT)
    with pytest.raises(BadDocument, match=r"G\[1\]\[1\]"):
        read_matrices(tmp_path / "m.npz")
    for absent in ("a.npz", "a.txt", "a.json"):
        with pytest.raises(BadDocument, match="check the path"):
            read_matrices(tmp_path / absent)
    with pytest.raises(BadDocument, match="2 files"):
        read_matrices("a", "b")


MADE = {size: lambda size=size: wc.parse(size) for size in ("4,3", "4x4,3x3", "10,3", "2x4,3x3", "1x4,1x3", "20,3")}
MADE |= {
    "integers of many digits": lambda: wc.winograd(7, 8, convention="integer"),
    "roots of two": lambda: wc.winograd(4, 3, points="0,sqrt(2)/2,-sqrt(2)/2,sqrt(2),-sqrt(2)", convention="monic"),
    "balanced": lambda: wc.parse("4x4,11x11", convention="balanced"),
    "chains": lambda: wc.parse("2x4,3x3").change_basis("legendre"),
    "axes of one size": lambda: wc.nest(wc.winograd(2, 3), wc.winograd(2, 3, convention="lavin")),
}


@pytest.mark.slow_cases("c-10,3", "roots of two", "numpy-10,3")
@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize("format", [name for name in EMITTERS if name not in PROGRAMS])
def test_every_format_is_read_back(name, format, tmp_path):
    made = MADE[name]()
    if format in OF_AXES:
        if name == "axes of one size":
            pytest.skip("refused: arrays are named by the size")
        made = wc.nest(*(axis.rescale(a=[1 / axis.scale] * axis.rank) for axis in made.factors))
    path = tmp_path / f"made.{format}"
    path.write_text(render(made, format))
    read = wc.read(path)
    assert [(axis.AT, axis.G, axis.BT) for axis in read.factors] == [
        (axis.AT, axis.G, axis.BT) for axis in made.factors
    ]


@pytest.mark.parametrize("format", ["text", "latex", "json"])
@pytest.mark.parametrize("size", ["F(4,3)", "F(2x2,3x3)", "F(2x3,3x2)"])
def test_the_linear_form_is_read_back_as_that(size, format, tmp_path):
    made = wc.parse(size).transpose()
    assert "linear convolution form" in repr(made)
    path = tmp_path / f"made.{format}"
    path.write_text(render(made, format))
    assert wc.read(path) == made


@pytest.mark.parametrize("size", ["F(2x4,3x3)", "F(4x4,3x3)", "F(2x2x2,3x1x3)"])
def test_an_archive_of_several_axes_is_read_as_such(size, tmp_path):
    algorithm = wc.parse(size)
    wc.write(algorithm, tmp_path / "f.npz")
    assert wc.read(tmp_path / "f.npz") == algorithm
