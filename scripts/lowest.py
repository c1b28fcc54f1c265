# SPDX-License-Identifier: Apache-2.0
"""Print the oldest versions that pyproject.toml allows, as constraints for pip: of wincraft and of the extras named.

    python scripts/lowest.py test > lowest.txt && pip install -e ".[test]" -c lowest.txt

Hosted tests do so; what they find is that a bound in pyproject.toml is too low.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def lowest(requirement: str) -> str:
    """``name==version`` of a requirement ``name[extra]>=version,<other`` or ``name==version``."""
    found = re.fullmatch(r"([\w.-]+)(?:\[[\w,-]+\])?[>=]=([\w.]+)(?:,.*)?", requirement)
    if found is None:
        sys.exit(f"no lowest version in {requirement!r}; write NAME>=VERSION")
    return f"{found[1]}=={found[2]}"


def main(extras: list[str]) -> None:
    """Print the constraints of wincraft and of these extras."""
    groups = [PROJECT["dependencies"], *(PROJECT["optional-dependencies"][extra] for extra in extras)]
    print("\n".join(sorted({lowest(requirement) for group in groups for requirement in group})))


if __name__ == "__main__":
    main(sys.argv[1:])
