# SPDX-License-Identifier: Apache-2.0
"""``wincraft selftest``: a line per check, and the exit code."""

import json

import pytest

from wincraft import selftest
from wincraft.errors import MissingTool


def _broken():
    raise AssertionError("two\nlines")


def _absent():
    raise MissingTool("it", "a tool", "install it")


@pytest.mark.parametrize(("checks", "code"), [({"good": lambda: "fine", "absent": _absent}, 0), ({"bad": _broken}, 1)])
def test_a_line_per_check_and_exit_1_where_one_fails(checks, code, wincraft_here, monkeypatch):
    monkeypatch.setattr(selftest, "CHECKS", checks)
    done = wincraft_here("selftest")
    assert done.returncode == code
    assert len(done.stdout.splitlines()) == len(checks)
    words = {"good": "ok", "absent": "skipped", "bad": "failed"}
    for line, name in zip(done.stdout.splitlines(), checks, strict=True):
        assert line.split()[:2] == [words[name], name]
    found = json.loads(wincraft_here("selftest", "--format", "json").stdout)
    assert [check["outcome"] for check in found["checks"]] == [words[name] for name in checks]


def test_lines_fit_80_columns(wincraft_here, monkeypatch):
    done = wincraft_here("selftest")
    assert done.returncode == 0
    assert all(len(line) <= 80 for line in done.stdout.splitlines())
