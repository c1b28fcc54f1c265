# SPDX-License-Identifier: Apache-2.0
"""The table of the page on whole tiles has the rows that the script of its picture makes, additions and SQNR too."""

from __future__ import annotations

from pathlib import Path

import pytest
from oracle_scripts import script

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "explanation" / "whole-tiles.md"
if not PAGE.exists():
    pytest.skip("the pages are not beside the tests", allow_module_level=True)

SOME = ["F(2x2,3x3)", "F(4x4,3x3)", "SFC-4(4x4)", "78, F(6x6)"]


@pytest.fixture
def picture():
    return script("docs/images/whole_tiles.py")


def stands(lines):
    text = PAGE.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line not in text]


@pytest.mark.slow
def test_some_rows(picture):
    assert stands(picture.table(SOME)) == []


@pytest.mark.slow
def test_all_rows(picture):
    rows = picture.table()
    assert len(rows) == len(picture.ALGORITHMS)
    assert stands(rows) == []


@pytest.mark.slow
def test_the_picture(picture):
    drawn = PAGE.parent.parent / "images" / "whole-tiles.svg"
    assert drawn.read_text(encoding="utf-8") == picture.draw()
