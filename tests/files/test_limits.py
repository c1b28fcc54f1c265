# SPDX-License-Identifier: Apache-2.0
"""Hostile files: nothing is executed, nothing large is unpacked, every refusal is one line."""

import json
import tracemalloc

import numpy as np
import pytest
from oracle_documents import document_1
from oracle_rows import ROWS

import wincraft as wc
from wincraft.algorithm import Refuted
from wincraft.errors import BadDocument, WincraftError
from wincraft.files.npz import MAX_ARRAY_BYTES
from wincraft.files.text import MAX_TEXT_BYTES

AT, G, BT = wc.winograd(2, 3, points="0,1,-1").to_numpy()


class Pickled:
    """Writes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def refused(path, reason):
    with pytest.raises(BadDocument) as caught:
        wc.read(path)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".txt"])
def test_pickles_are_never_loaded(suffix, tmp_path):
    trap, path = tmp_path / "executed", tmp_path / f"f{suffix}"
    array = np.array([[Pickled(trap)]], dtype=object)
    with path.open("wb") as stream:
        if suffix == ".npy":
            np.save(stream, array, allow_pickle=True)
        else:
            np.savez(stream, AT=AT, G=array, BT=BT)
    refused(path, "pickled objects")
    assert not trap.exists()


def test_an_npy_file_named_npz_and_the_other_way(tmp_path):
    np.save(tmp_path / "m.npy", G)
    (tmp_path / "m.npz").write_bytes((tmp_path / "m.npy").read_bytes())
    refused(tmp_path / "m.npz", "one .npy file holds one matrix")
    np.savez(tmp_path / "right.npz", AT=AT, G=G, BT=BT)
    (tmp_path / "right.npy").write_bytes((tmp_path / "right.npz").read_bytes())
    assert wc.read(tmp_path / "right.npy").size == "F(2,3)"


def test_a_large_array_beside_the_matrices_is_not_unpacked(tmp_path):
    np.savez_compressed(tmp_path / "m.npz", AT=AT, G=G, BT=BT, extra=np.zeros(16 * MAX_ARRAY_BYTES, np.uint8))
    wc.read(tmp_path / "m.npz")  # imports what it needs
    tracemalloc.start()
    try:
        assert wc.read(tmp_path / "m.npz").size == "F(2,3)"
        assert tracemalloc.get_traced_memory()[1] < 2 * MAX_ARRAY_BYTES
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "content", [b"\x93NUMPY\x01\x00", b"\x93NUMPY\x01\x00v\x00{'descr': '<f4'}", b"PK\x03\x04", b""]
)
@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_damaged_arrays(content, suffix, tmp_path):
    (tmp_path / f"f{suffix}").write_bytes(content)
    refused(tmp_path / f"f{suffix}", "no readable NumPy file")


def test_arrays_that_are_no_matrices(tmp_path):
    for array, reason in ((np.zeros((2, 2, 2)), "3 dimensions"), (np.zeros((4, 3), complex), "complex128")):
        np.savez(tmp_path / "m.npz", AT=AT, G=array, BT=BT)
        refused(tmp_path / "m.npz", reason)


def test_an_archive_may_hold_more_than_the_matrices(tmp_path):
    others = {"weights": np.zeros((8, 4, 3, 3)), "name": "F(2,3)", "twiddle": np.ones(4) * 1j}
    np.savez(tmp_path / "m.npz", AT=AT, G=G, BT=BT, **others)
    assert wc.read(tmp_path / "m.npz").size == "F(2,3)"


@pytest.mark.parametrize("path", ["a\0b", "a\0b.json", b"bytes", None, 3])
def test_what_is_no_path(path):
    with pytest.raises(BadDocument):
        wc.read(path)


def test_a_text_beyond_the_limit(tmp_path):
    (tmp_path / "f.txt").write_bytes(b" " * (MAX_TEXT_BYTES + 1))
    refused(tmp_path / "f.txt", f"more than {MAX_TEXT_BYTES} bytes")
    (tmp_path / "f.npz").write_bytes(b"PK\x03\x04" + bytes(65 * 2**20))
    refused(tmp_path / "f.npz", "more than")


@pytest.mark.slow_cases("text21", "text12")
@pytest.mark.parametrize(
    "text",
    [
        *(sign * 100_000 for sign in (" ", "a", "_", "[", "(", '"', "-")),
        *(pair * 20_000 for pair in ("A_T = ", "1/", "/*", "a:", "⎡ 1 ⎤\n", "#define A B\n", "\\begin{bmatrix}")),
        "AT\n" + "1 " * 100_000,
        *("AT = [" + sign * 5000 + "[1, 0], [0, 1]]" for sign in ("x", "x ", ".", "x,", "a:")),
        "float G[1] = {" + "1," * 100_000,
        "float G[2][2] = {{1,1},{0,1}}, AT[1][2]={1,2};\n" * 3000,
        "".join(f"#define A{k} (A{k + 1}+A{k + 1}+A{k + 1})\n" for k in range(60)) + "float AT[] = {A0, 1};",
    ],
)
def test_long_texts_end(text, tmp_path):
    """Whatever is quadratic in the length, or exponential in the depth, takes minutes here."""
    (tmp_path / "f.txt").write_text(text, encoding="utf-8")
    with pytest.raises(WincraftError):
        wc.read(tmp_path / "f.txt")


WITH_ENTRY = ROWS.replace("1/2", "ENTRY", 1)


@pytest.mark.parametrize(
    "entry",
    ["1/2", "1./2", "1.0/2.0", "1/2.0", "+0.5", "-+-0.5", "2^-1", "sqrt(0.25)", "sqrt(2)/sqrt(8.0)", "½", "0x1p-1"],
)
def test_an_entry_in_any_spelling(entry, tmp_path):
    (tmp_path / "f.txt").write_text(WITH_ENTRY.replace("ENTRY", entry), encoding="utf-8")
    assert wc.read(tmp_path / "f.txt") == wc.winograd(2, 3, points="0,1,-1")
    content = {"AT": AT.tolist(), "G": [[str(x) for x in row] for row in G.tolist()], "BT": BT.tolist()}
    content["G"][1][0] = entry.replace("½", "1/2")
    (tmp_path / "f.json").write_text(json.dumps(content))
    assert wc.read(tmp_path / "f.json") == wc.winograd(2, 3, points="0,1,-1")


@pytest.mark.parametrize(
    "entry",
    [
        "1/0",
        "1.0sqrt(2)",
        "-0.2222^222",
        "9" * 4400,
        "9" * 4400 + ".5",
        "1e999",
        "nan",
        "-inf",
        "2^2^2^2^2",
        "sqrt(-1)",
    ],
)
def test_an_entry_that_is_no_number(entry, tmp_path):
    (tmp_path / "f.txt").write_text(WITH_ENTRY.replace("ENTRY", entry))
    with pytest.raises(WincraftError) as caught:
        wc.read(tmp_path / "f.txt")
    assert "\n" not in str(caught.value)


def test_a_large_wrong_document_is_refused_by_its_size(tmp_path):
    m = r = 200
    rank = 255
    tables = {"AT": [["1"] * rank] * m, "G": [["2"] * r] * rank, "BT": [["3"] * (m + r - 1)] * rank}
    (tmp_path / "f.json").write_text(json.dumps({"kind": "wincraft.algorithm", "m": m, "r": r, **tables}))
    refused(tmp_path / "f.json", "its tile m + r - 1 is 399")
    (tmp_path / "g.json").write_text(json.dumps(tables))
    refused(tmp_path / "g.json", "its tile m + r - 1 is 399")


def document(**changes):
    return document_1(wc.winograd(2, 3, points="0,1,-1")) | changes


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"axes": [{"m": 1, "r": 1}] * 100_000}, "100000 axes"),
        ({"moduli": ["x^2+1"] * 100_000}, "100000 moduli"),
        ({"moduli": {"0": 1}}, "no list of texts"),
        ({"moduli": ["0"], "convention": ["wincnn"]}, "convention is a list"),
        ({"moduli": ["0"], "convention": {}}, "convention is a dict"),
        ({"moduli": None}, "without moduli"),
        ({"moduli": None, "convention": "no such"}, "'no such' without moduli"),
        ({"m": True}, "m is [True]"),
        ({"rank": "4"}, "rank is 4"),
        ({"stages": {"XT": [[["1"]]]}}, "other names"),
        ({"stages": {"BT": [[["1"]]] * 1000}}, "no list of 1 to 64 passes"),
        ({"stages": {"BT": [[["1", "0", "-1", "0"], ["0", "1", "1", "0"], ["0", "-1", "1", "0"], ["1"] * 4]]}}, None),
    ],
)
def test_statements_of_documents(changes, reason, tmp_path):
    path = tmp_path / "f.json"
    path.write_text(json.dumps(document(**changes)))
    if reason is None:
        with pytest.raises(Refuted):
            wc.read(path)
    else:
        refused(path, reason)


def test_stages_that_are_right_but_not_those_of_the_matrix(tmp_path):
    """The chain proves; the matrix beside it is another one of the same algorithm."""
    content = document()
    content["stages"] = {
        "BT": [[["-1", "0", "1", "0"], *content["BT"][1:]], np.diag([-1, 1, 1, 1]).astype(str).tolist()]
    }
    path = tmp_path / "f.json"
    del content["sha256"]
    path.write_text(json.dumps(content))
    assert wc.read(path).size == "F(2,3)"
    content["BT"][0] = ["2", "0", "-2", "0"]
    path.write_text(json.dumps(content))
    refused(path, "passes of BT do not multiply out")


@pytest.mark.parametrize(
    "changes",
    [
        {"sha256": "00"},
        {"moduli": ["x^2+1"]},
        {"stages": {"AT": [[["3"]]]}},
        {"domain": "GF(4)"},
        {"convention": "lavin"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_document_without_kind_is_checked_as_one_with(changes, tmp_path, monkeypatch, capsys):
    from wincraft.cli.main import run

    bare = {"m": 1, "r": 1, "AT": [["1"]], "G": [["1"]], "BT": [["1"]]}
    (tmp_path / "f.json").write_text(json.dumps(bare | changes))
    for command in ("verify", "identify"):
        monkeypatch.setattr("sys.argv", ["wincraft", command, str(tmp_path / "f.json")])
        with pytest.raises(SystemExit) as caught:
            run()
        assert caught.value.code in (1, 3)
        assert "proved" not in capsys.readouterr().out


def test_a_key_given_twice(tmp_path):
    (tmp_path / "f.json").write_text('{"AT": [["1"]], "G": [["1"]], "G": [["2"]], "BT": [["1"]]}')
    refused(tmp_path / "f.json", "'G' twice")


@pytest.mark.parametrize(
    ("stated", "right"), [("1", True), (1, True), ("2/2", True), ("2", False), (0, False), ("x", False)]
)
def test_the_scale_that_a_bare_json_states(stated, right, tmp_path):
    (tmp_path / "f.json").write_text(json.dumps({"scale": stated, "AT": [[1]], "G": [[1]], "BT": [[1]]}))
    if right:
        assert wc.read(tmp_path / "f.json").scale == 1
    else:
        refused(tmp_path / "f.json", "scale")
