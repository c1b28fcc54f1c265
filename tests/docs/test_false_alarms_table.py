# SPDX-License-Identifier: Apache-2.0
"""The table of measured false alarms has the rows of its file; all are within a factor of 3, no bound is exceeded."""

from __future__ import annotations

from pathlib import Path

import pytest
from oracle_scripts import script

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-to" / "test-tolerance.md"
DATA = ROOT / "docs" / "data" / "false-alarms.csv"
if not PAGE.exists():
    pytest.skip("the pages are not beside the tests", allow_module_level=True)


@pytest.fixture
def counting():
    return script("scripts/false_alarms.py")


def test_the_table_is_that_of_the_file(counting):
    text = PAGE.read_text(encoding="utf-8").splitlines()
    assert [line for line in counting.table(counting.read_rows(DATA)) if line not in text] == []


def test_every_cell_is_within_a_factor_of_three_and_its_bound(counting):
    rows = counting.read_rows(DATA)
    assert len(rows) == 66
    for row in rows:
        expected = float(row["rate"]) * int(row["outputs"])
        assert expected >= 15
        assert 1 / 3 < int(row["alarms"]) / expected < 3, row
        assert float(row["largest over bound"]) < 1


def test_a_cell_is_counted_and_kept(counting, tmp_path, monkeypatch, capsys):
    file = tmp_path / "new" / "found.csv"
    words = ("--outputs", "20000", "--rate", "1e-3", "--channels", "2", "--sizes", "F(2x2,3x3)", "--data", "gaussian")
    monkeypatch.setattr("sys.argv", ["false_alarms.py", str(file), *words, "--schemes", "tapwise-8"])
    counting.main()
    (row,) = counting.read_rows(file)
    assert int(row["outputs"]) >= 20000
    capsys.readouterr()
    counting.main()
    assert counting.read_rows(file) == [row]
    assert "1 | " in capsys.readouterr().out
