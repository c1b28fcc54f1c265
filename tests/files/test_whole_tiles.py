# SPDX-License-Identifier: Apache-2.0
"""Matrices for whole tiles of several axes are read from every format, and refuted under their own size."""

import pytest
from oracle_messages import refused
from oracle_tiles import forty_six, kronecker_square

import wincraft as wc
from wincraft.algorithm import Refuted

MADE = {"one matrix a map": kronecker_square(points="0,1,-1"), "46 products": forty_six()}


@pytest.mark.slow_cases("h-46 products")
@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize("suffix", ["txt", "tex", "py", "h", "json"])
def test_what_is_written_is_read(name, suffix, tmp_path):
    algorithm = MADE[name]
    path = tmp_path / f"f.{suffix}"
    wc.write(algorithm, path)
    back = wc.read(path)
    assert (back.size, back.rank, back.scale) == (algorithm.size, algorithm.rank, algorithm.scale)
    assert [item.dense for item in back.maps] == [item.dense for item in algorithm.maps]


@pytest.mark.parametrize(("m", "r"), [((2, 2), (3, 3)), ((2, 3), (3, 2)), ((1, 2, 2), (2, 1, 2))])
def test_bare_matrices_say_their_sizes(m, r, tmp_path):
    """Kronecker products of algorithms of one axis as somebody else would print them, without a word on sizes."""
    whole = wc.winograd(m, r)
    tables = {"AT": whole.output.dense, "G": whole.filter.dense, "BT": whole.input.dense}
    text = "\n\n".join(f"{name} = {table.to_Matrix().tolist()}" for name, table in tables.items())
    (tmp_path / "f.txt").write_text(text)
    back = wc.read(tmp_path / "f.txt")
    assert sorted(back.sizes) == sorted(zip(m, r, strict=True))
    assert back.noise_gain() == whole.noise_gain()


def test_a_wrong_entry_is_refuted_under_the_size_that_was_meant(tmp_path):
    rows = MADE["one matrix a map"].input.texts
    rows[3][3] = "2"
    tables = {"AT": MADE["one matrix a map"].output.texts, "G": MADE["one matrix a map"].filter.texts, "BT": rows}
    text = "\n\n".join(f"{name}\n" + "\n".join(" ".join(row) for row in table) for name, table in tables.items())
    (tmp_path / "f.txt").write_text(text)
    with refused(Refuted, "not F(2x2,3x3): wrong in output"):
        wc.read(tmp_path / "f.txt")


@pytest.mark.parametrize("size", ["F(1x1,1x1)", "F(5x1,1x1)", "F(1x4,1x3)"])
@pytest.mark.parametrize("suffix", ["txt", "py", "h"])
def test_axes_with_nothing_to_transform_stay_axes(size, suffix, tmp_path):
    """Their matrices have the shapes of such for whole tiles too."""
    made = wc.winograd(size, convention="lavin")
    wc.write(made, tmp_path / f"f.{suffix}")
    assert wc.read(tmp_path / f"f.{suffix}") == made
