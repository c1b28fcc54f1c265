# SPDX-License-Identifier: Apache-2.0
"""Small faults put into the package, each to be found by the tests named with it: ``python scripts/mutants.py``.

`mutants.toml` beside this script lists them: the file, the text in it and what takes its place, and the arguments of
pytest. Each is made in a copy of the repository. Prints a line for each, then how many were found; exit code 1 if a
mutant lives or its text is no longer in the file. With words, only the mutants whose file or title contains one.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
COPIED = ("wincraft", "tests", "scripts", "examples", "docs", "README.md", "pyproject.toml", "conftest.py")
TESTS_FAILED = 1  # the exit code of pytest


def verdict(mutant: dict[str, str], copy: Path) -> str:
    """``found``, ``LIVES``, or why it cannot be said."""
    path = copy / mutant["file"]
    source = path.read_text(encoding="utf-8")
    if source.count(mutant["old"]) != 1:
        return f"its text is {source.count(mutant['old'])} times in the file"
    path.write_text(source.replace(mutant["old"], mutant["new"]), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *shlex.split(mutant["tests"])]
    environment = os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    finally:
        path.write_text(source, encoding="utf-8")
    if done.returncode == TESTS_FAILED:
        return "found"
    return "LIVES" if done.returncode == 0 else f"pytest ended with {done.returncode}: {done.stdout[-200:]}"


def main(words: list[str]) -> int:
    """Make and judge the mutants; the exit code."""
    mutants = tomllib.loads((Path(__file__).with_suffix(".toml")).read_text(encoding="utf-8"))["mutant"]
    chosen = [item for item in mutants if not words or any(word in item["file"] + item["title"] for word in words)]
    found = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in COPIED:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / name, copy / name)
        for mutant in chosen:
            said = verdict(mutant, copy)
            found += said == "found"
            print(f"{said}: {mutant['file']}: {mutant['title']}", flush=True)
    print(f"{found} of {len(chosen)} mutants were found")
    return int(found < len(chosen))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
