# SPDX-License-Identifier: Apache-2.0
"""The mutants of ``scripts/mutants.py`` still fit the package: its text changes, and they must change with it."""

import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MUTANTS = tomllib.loads((ROOT / "scripts/mutants.toml").read_text(encoding="utf-8"))["mutant"]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant["title"])
def test_the_text_of_a_mutant_is_once_in_its_file_and_its_tests_exist(mutant):
    assert (ROOT / mutant["file"]).read_text(encoding="utf-8").count(mutant["old"]) == 1
    named = [word.partition("::")[0] for word in mutant["tests"].split() if word.startswith(("tests/", "wincraft/"))]
    assert named
    assert all((ROOT / name).exists() for name in named)
