# SPDX-License-Identifier: Apache-2.0
"""Write the table of docs/reference/measures.md from the registry of measures: ``python scripts/measures_page.py``."""

from __future__ import annotations

import re
from pathlib import Path

from wincraft.measures import MEASURES

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "measures.md"
TABLE = re.compile(r"(?<=<!-- made by scripts/measures_page.py -->\n\n)(\|.*\n)+")


def table() -> str:
    """One row a measure."""
    rows = ["| name | what it is | better | unchanged by |", "| --- | --- | --- | --- |"]
    for name, measure in MEASURES.items():
        meaning = measure.meaning.replace("{}", measure.takes).replace("|", "\\|")
        same = {"negate": "x → -x", "invert": "x → 1/x"}
        unchanged = ", ".join(same[item] for item in measure.equivalences)
        rows.append(f"| `{name}` | {meaning} | {measure.better} | {unchanged} |")
    return "\n".join(rows) + "\n"


def page(text: str) -> str:
    """The page with the table of today."""
    return TABLE.sub(lambda _: table(), text)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
