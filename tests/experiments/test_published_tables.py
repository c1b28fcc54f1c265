# SPDX-License-Identifier: Apache-2.0
"""The tables of the page are those of the results that were kept."""

import re
from pathlib import Path

import pytest

pytest.importorskip("matplotlib")

from experiments.results import read_csv, summaries
from experiments.tables import markdown

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "cifar10.md"
if not PAGE.exists():
    pytest.skip("the pages are not beside the tests", allow_module_level=True)

KEPT = sorted(path for path in (ROOT / "experiments" / "results").glob("*.csv") if not path.stem.endswith("-curves"))


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_the_page_has_the_tables_of_the_results(path):
    page, found = PAGE.read_text(encoding="utf-8"), read_csv(path)
    for stage in {result.stage for result in found} - {"float"}:
        stated = re.search(rf"<!-- {path.stem} {stage} -->\n(.*?)\n?<!-- end -->", page, flags=re.DOTALL)
        assert stated is not None, stage
        assert stated[1] == markdown(summaries(found, stage))
