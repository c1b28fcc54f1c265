# SPDX-License-Identifier: Apache-2.0
"""The NumPy archive: every entry the float64 nearest to the exact one, read back and proved."""

from __future__ import annotations

import io
from fractions import Fraction

import numpy as np
import pytest

import wincraft as wc
from wincraft.emit import encode
from wincraft.errors import NotApplicable

SETS = {"catalogue": {}, "thirds": {"points": "0,1/3,-1/3,3,-3"}, "integer": {"convention": "integer"},
        "irrational": {"points": "0,sqrt(2),-sqrt(2),1,-1"}}  # fmt: skip


@pytest.mark.parametrize("options", SETS.values(), ids=SETS)
def test_entries_are_rounded_once(options):
    algorithm = wc.winograd(4, 3, **options)
    content = encode(algorithm, "npz")
    assert content == encode(algorithm, "npz")
    found = np.load(io.BytesIO(content))
    assert set(found.files) == {"AT", "G", "BT"}
    for name in found.files:
        exact = getattr(algorithm, name)
        assert found[name].shape == exact.shape
        assert found[name].dtype == np.float64
        for value, wanted in zip(found[name].ravel(), exact, strict=True):
            # 40 digits decide which float64 is the nearest
            near = Fraction(str(wanted.evalf(40)))
            error = abs(Fraction(float(value)) - near)
            assert all(error <= abs(Fraction(float(np.nextafter(value, way))) - near) for way in (-np.inf, np.inf))


def test_axes_that_differ_are_numbered():
    found = np.load(io.BytesIO(encode(wc.parse("F(2x4,3x5)"), "npz")))
    assert {name: found[name].shape for name in ("AT_0", "G_0", "BT_0", "AT_1", "G_1", "BT_1")} == {
        "AT_0": (2, 4), "G_0": (4, 3), "BT_0": (4, 4), "AT_1": (4, 8), "G_1": (8, 5), "BT_1": (8, 8),
    }  # fmt: skip
    alike = np.load(io.BytesIO(encode(wc.parse("F(4x4,3x3)"), "npz")))
    assert set(alike.files) == {"AT", "G", "BT", "sizes"}
    assert alike["sizes"].tolist() == [[4, 3], [4, 3]]


def test_write_and_read(tmp_path):
    wc.write(wc.winograd(2, 3), tmp_path / "f.npz")
    assert wc.read(tmp_path / "f.npz").rank == 4


def test_what_no_float_holds_is_refused():
    with pytest.raises(NotApplicable, match="too large for float64"):
        encode(wc.winograd(6, 3, points=f"0,1,-1,2,-2,{10**90},{-(10**90)}"), "npz")
    with pytest.raises(NotApplicable, match="linear convolution form"):
        encode(wc.winograd(2, 3).transpose(), "npz")
