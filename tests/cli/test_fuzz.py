# SPDX-License-Identifier: Apache-2.0
"""A fixed sample of the fuzzed command lines of ``scripts/fuzz.py``: no traceback, no hang, no wrong exit code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "fuzz.py"


@pytest.mark.skipif(sys.platform == "win32", reason="it needs a POSIX system")
@pytest.mark.skipif(not SCRIPT.exists(), reason="the scripts are not beside the tests")
@pytest.mark.parametrize(
    ("door", "count"),
    [
        ("commands", 15),
        pytest.param("commands", 60, marks=pytest.mark.slow),
        pytest.param("searches", 60, marks=pytest.mark.slow),
    ],
)
def test_fuzzed_calls(door, count):
    command = [sys.executable, str(SCRIPT), door, "--count", str(count), "--seed", "2"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{count} cases of {door}, 0 wrong" in done.stdout
