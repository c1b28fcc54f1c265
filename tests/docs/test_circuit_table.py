# SPDX-License-Identifier: Apache-2.0
"""The tables of the page on circuits are those that their script makes of the package as it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from oracle_scripts import script

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "explanation" / "circuits.md"
if not PAGE.exists():
    pytest.skip("the pages are not beside the tests", allow_module_level=True)


@pytest.fixture
def circuit_table():
    return script("scripts/circuit_table.py")


def stands(lines):
    text = PAGE.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line not in text]


def test_the_stored_proofs_are_all_of_them(circuit_table):
    assert stands(circuit_table.stored()) == []


def test_small_sizes(circuit_table, monkeypatch):
    monkeypatch.setattr(circuit_table, "CASES", circuit_table.CASES[:3])
    monkeypatch.setattr(circuit_table, "FRONTS", circuit_table.FRONTS[:1])
    assert stands([*circuit_table.counts(), *circuit_table.noise(), *circuit_table.fronts()]) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["counts", "noise", "fronts", "live", "tiles"])
def test_all_of_it(circuit_table, name):
    assert stands(circuit_table.TABLES[name]()) == []


def test_sets_of_points_are_short(circuit_table):
    assert circuit_table.size((8, 3, "0,2/5,-2/5,12/5,-12/5,inf")) == "F(8,3) | 0, ±2/5, ±12/5, inf"
    assert circuit_table.size((4, 3, "0,1,-1,x^2+1,inf")) == "F(4,3) | 0, ±1, x²+1, inf"
