# SPDX-License-Identifier: Apache-2.0
"""What names say, which tables belong together, and how one of several algorithms is chosen."""

import numpy as np
import pytest

import wincraft as wc
from wincraft.errors import BadDocument
from wincraft.files import found_in, judge, last_role, role_of

F23 = wc.winograd(2, 3, points="0,1,-1")


@pytest.mark.parametrize(
    ("names", "written"),
    [
        ("A_T AT a_t At aT A_transpose winograd_At", "AT"),
        ("A AT_T matA A_m", "A"),
        ("wino_BT BtMatrix winograd_Bt c_BT BTmat Bt_F23", "BT"),
        ("B matB B_m B_6x6_3x3", "B"),
        ("G G_4x4_5x5 kG g_data WINOGRAD_G f4_3_G_f32", "G"),
        ("G_T Gt", "GT"),
        ("ktm fmatrix2x2_3x3 weightTransform", "G"),
        ("itm imatrix4x4_3x3 winograd_input_transform kTransformInput", "BT"),
        ("otm omatrix output_transform_matrix", "AT"),
    ],
)
def test_a_name_says_its_matrix(names, written):
    assert {name: role_of(name).written for name in names.split()} == dict.fromkeys(names.split(), written)


def test_other_names_say_nothing():
    names = ["float", "const", "data", "x", "matrix", "tile", "BT_STAGES", "static", "np", "tensor", "_", ""]
    assert [name for name in names if role_of(name)] == []


@pytest.mark.parametrize(
    ("text", "written"),
    [("A' =", "AT"), ("transpose(A) =", "AT"), (r"\mathbf{B}^\top =", "BT"), ("### $G$", "G"), ("B^{T}:", "BT")],
)
def test_a_name_in_a_text(text, written):
    assert last_role(text).written == written


def test_a_and_b_are_the_correlation_algorithm_stored_transposed(tmp_path):
    AT, G, BT = F23.to_numpy()
    np.savez(tmp_path / "m.npz", A=AT.T, G=G, B=BT.T)
    [verdict] = judge(found_in(tmp_path / "m.npz"))
    assert verdict.found.algorithm == F23
    assert verdict.found.transposed == ("AT", "BT")
    assert wc.read(tmp_path / "m.npz").form == "correlation"


def test_a_matrix_beside_its_transpose_is_one_and_must_agree(tmp_path):
    AT, G, BT = F23.to_numpy()
    np.savez(tmp_path / "m.npz", A_T=AT, G=G, B_T=BT, B=BT.T)
    assert wc.read(tmp_path / "m.npz") == F23
    np.savez(tmp_path / "m.npz", A_T=AT, G=G, B_T=BT, B=-BT.T)
    with pytest.raises(BadDocument, match="two that differ: B, not BT"):
        judge(found_in(tmp_path / "m.npz"))


TWO = """
AT_2 = [[1, 1, 1, 0], [0, 1, -1, 1]]
G_2 = [[1, 0, 0], [1/2, 1/2, 1/2], [1/2, -1/2, 1/2], [0, 0, 1]]
BT_2 = [[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, -1, 0, 1]]
AT_1 = [[1, 1, 1]]
G_1 = [[-1, 0, 0], [1/2, 1/2, 1/2], [1/2, -1/2, 1/2]]
BT_1 = [[-1, 0, 1], [0, 1, 1], [0, -1, 1]]
"""


@pytest.mark.parametrize(
    ("choice", "size"), [("1", "F(2,3)"), ("2", "F(1,3)"), ("G_1", "F(1,3)"), ("2,3", "F(2,3)"), ("F(1,3)", "F(1,3)")]
)
def test_one_of_several_is_chosen(choice, size, tmp_path):
    path = tmp_path / "two.py"
    path.write_text(TWO)
    assert wc.read(f"{path}#{choice}").size == size
    with pytest.raises(BadDocument, match=r"2 algorithms: F\(2,3\) \(G_2\), F\(1,3\) \(G_1\)"):
        wc.read(path)
    with pytest.raises(BadDocument, match="there are G_2, G_1"):
        wc.read(f"{path}#no such")


def test_a_file_with_the_sign_in_its_name(tmp_path):
    path = tmp_path / "two#2.py"
    path.write_text(TWO.split("AT_1", maxsplit=1)[0])
    assert wc.read(path) == F23


def test_flat_arrays_in_the_order_of_columns(tmp_path):
    made = wc.winograd(2, 3, convention="integer", points="0,1,-1")
    tables = dict(zip(("AT", "G", "BT"), made.to_numpy(int), strict=True))
    lines = [f"int {name}[] = {{{', '.join(map(str, table.T.ravel()))}}};" for name, table in tables.items()]
    (tmp_path / "f.c").write_text("\n".join(lines))
    assert wc.read(tmp_path / "f.c").AT.tolist() == made.AT.tolist()
