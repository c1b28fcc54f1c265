# SPDX-License-Identifier: Apache-2.0
"""The comparison with wincnn says what its script finds; the picture of the first page is what its script draws."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from oracle_scripts import script

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "comparison.md"
if not PAGE.exists():
    pytest.skip("the pages are not beside the tests", allow_module_level=True)


@pytest.mark.slow
def test_the_table_is_what_the_script_prints():
    pytest.importorskip("wincnn")
    table = script(ROOT / "scripts" / "generator_comparison.py").table()
    page = PAGE.read_text(encoding="utf-8")
    stated = re.search(r"<!-- generator comparison -->\n+(.*?)\n*<!-- end -->", page, flags=re.DOTALL)
    assert stated[1] == table.rstrip("\n")


def test_the_picture_is_what_the_script_draws():
    drawn = script(ROOT / "docs" / "images" / "noise_gain.py").draw()
    assert drawn == (ROOT / "docs" / "images" / "noise-gain.svg").read_text(encoding="utf-8")


def test_every_public_module_and_no_private_one_is_in_the_reference():
    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "reference").glob("*.md"))
    packages = {path.parent.name for path in (ROOT / "wincraft").glob("*/__init__.py")} - {"cli"}
    documented = set(re.findall(r"<!-- modules of wincraft\.(\w+)", text))
    assert documented == packages
    for package, first in re.findall(r"<!-- modules of wincraft\.(\w+): ([\w, .]+?) *-->", text):
        for name in first.split(", "):
            assert ROOT.joinpath("wincraft", package, *f"{name}.py".split(".", name.count("."))).exists(), (
                f"{package}: {name}"
            )
