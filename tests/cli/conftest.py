# SPDX-License-Identifier: Apache-2.0
"""A command run in this process, as its entry point runs it."""

from __future__ import annotations

from typing import NamedTuple

import pytest


class Done(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def wincraft_here(monkeypatch, capsys, tmp_path):
    """Call it with arguments, and the exit code it must have, if any; it runs in a fresh directory."""
    from wincraft.cli.main import run

    # it takes a second, and is no part of what is tested through this fixture
    monkeypatch.setattr("wincraft.analysis.smallest_word", lambda algorithm, tolerance, per="matrix": 14)

    def call(*arguments, check=None):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr("sys.argv", ["wincraft", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            run()
        done = Done(caught.value.code, *capsys.readouterr())
        assert check is None or done.returncode == check, done.stderr + done.stdout
        return done

    return call
