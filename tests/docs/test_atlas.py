# SPDX-License-Identifier: Apache-2.0
"""The atlas is what its script makes of the package as it is: a sample at once, every figure in the slow tests."""

from __future__ import annotations

import json
import re
import sys
from fractions import Fraction
from pathlib import Path

import pytest
from oracle_convolution import computes_the_convolution
from oracle_scripts import script

from wincraft.construct import USES, catalogue

ROOT = Path(__file__).parents[2]
PAGE, DATA, TABLES = (ROOT / "docs" / name for name in ("atlas.md", "data/atlas.json", "data/shipped-tables.json"))
if not PAGE.exists():
    pytest.skip("the pages are not beside the tests", allow_module_level=True)

SHIPPED = json.loads(TABLES.read_text(encoding="utf-8"))["tables"]
KNOWN = json.loads(DATA.read_text(encoding="utf-8"))
SIZES = {(one["m"], one["r"]): one for one in KNOWN["sizes"]}
NAMES = [one["name"] for one in SHIPPED]
SAMPLE = (
    "Paddle-Lite int8 F(2,3)",
    "ncnn int8 F(4,3)",
    "MLIR linalg WinogradConv2D F(4,3)",
    "neon winograd5.py 2x2_5x5 LINEAR convolution form",
    "Brevitas WinogradConv2d F(6,3)",
    "CINN winograd_transform_matrices F(2,7)",
    "BasiaBarabasz/Winograd matrix_input_10 F(10,3)",
)
"""A table of every kind of verdict and change."""


@pytest.fixture(scope="module")
def atlas():
    sys.path.insert(0, str(ROOT / "scripts"))  # the page's half is a file beside it
    yield script("scripts/atlas.py")
    sys.path.remove(str(ROOT / "scripts"))


def alike(found, known, of=""):
    """Equal, but for the last digits of what is bounded or simulated in floating point."""
    if isinstance(known, dict):
        assert list(found) == list(known), of
        for name in known:
            alike(found[name], known[name], f"{of} {name}")
    elif isinstance(known, float):
        assert found == pytest.approx(known, rel=1e-6, abs=0.11 if "fp16" in of else 0), of
    elif of.endswith("change"):
        pattern = r"-?\d+\.\d dB"
        assert re.sub(pattern, "", found) == re.sub(pattern, "", known), of
    else:
        assert found == known, of


def recomputed(atlas, name):
    alike(atlas.table(SHIPPED[NAMES.index(name)]), next(one for one in KNOWN["tables"] if one["name"] == name), name)


def test_the_page_is_that_of_the_data(atlas):
    assert atlas.page(KNOWN) == PAGE.read_text(encoding="utf-8")


def test_the_data_hold_every_size_and_every_table(atlas):
    assert list(SIZES) == atlas.sizes()
    assert len(SIZES) == 136
    assert [one["name"] for one in KNOWN["tables"]] == NAMES
    assert len(set(NAMES)) == len(NAMES) >= 55
    for one in SHIPPED:
        assert one["repository"].count("/") == 1
        assert one["file"]
        assert re.fullmatch(r"[0-9a-f]{8,40}(/[0-9a-f]{8,40})*", one["commit"]), one["name"]


def test_sizes_say_what_the_catalogue_says():
    for (m, r), one in SIZES.items():
        uses = catalogue(m, r).uses
        assert {name: (item["moduli"], item["noise_gain"]) for name, item in one["uses"].items()} == {
            name: (item.moduli, item.noise_gain) for name, item in uses.items()
        }
        assert set(uses) <= set(USES)


@pytest.mark.parametrize("size", [(2, 3), (3, 2), (4, 3), (6, 3), (5, 8)], ids=str)
def test_a_size(atlas, size):
    alike(atlas.size(*size), SIZES[size], str(size))


def test_limits_are_in_order():
    """Least of all real sets <= least of symmetric ones <= what rational points reach; F(m,r) and F(r,m) alike."""
    for (m, r), one in SIZES.items():
        real, symmetric = one["all_real"], one["symmetric"]
        assert real["at_least"] <= real["at_most"] <= symmetric["at_most"] * (1 + 1e-6)
        assert symmetric["by"] == "proved"
        assert symmetric["at_least"] <= float(Fraction(one["uses"]["accuracy"]["noise_gain"])) * (1 + 1e-12)
        if "unrestricted" in one["uses"]:
            assert real["at_least"] <= float(Fraction(one["uses"]["unrestricted"]["noise_gain"]))
        assert symmetric == SIZES[r, m]["symmetric"]


@pytest.mark.parametrize("name", SAMPLE)
def test_a_table(atlas, name):
    recomputed(atlas, name)


def test_verdicts_are_those_of_the_definition():
    """By a convolution of numbers, apart from identify; tables over other fields and of decimals are left to it."""
    tried = 0
    for one, known in zip(SHIPPED, KNOWN["tables"], strict=True):
        entries = [text for name in ("AT", "G", "BT") for row in one[name] for text in row]
        if "form" in one or any("sqrt" in text or len(text.partition(".")[2]) > 6 for text in entries):
            continue
        tried += 1
        right = computes_the_convolution(one["AT"], one["G"], one["BT"], known.get("scale", "1"))
        assert right == (known["verdict"] == "right"), one["name"]
    assert tried >= 60


@pytest.mark.slow
@pytest.mark.parametrize("r", range(2, 18))
def test_every_size(atlas, r):
    for size, known in SIZES.items():
        if size[1] == r:
            alike(atlas.size(*size), known, str(size))


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in NAMES if name not in SAMPLE])
def test_every_table(atlas, name):
    recomputed(atlas, name)
