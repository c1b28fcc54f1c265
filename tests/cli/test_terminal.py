# SPDX-License-Identifier: Apache-2.0
"""What only a terminal shows: colours of reports, with the same letters; matrices before what made them."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys

import pytest

LINE = ["report", "2,3", "--channels", "2", "--scheme", "fp16", "--scheme", "fp8-e5m2"]
CODES = re.compile(r"\x1b\[[\d;]*m")


def on_terminal(*arguments, **environment):
    """What a command writes to a terminal."""
    main, other = pty.openpty()
    command = [sys.executable, "-m", "wincraft.cli.main", *arguments]
    names = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLORTERM", "FORCE_COLOR")}
    process = subprocess.Popen(
        command, stdout=other, stderr=subprocess.DEVNULL, env=names | {"TERM": "xterm-256color"} | environment
    )
    os.close(other)
    parts = []
    try:
        while part := os.read(main, 65536):
            parts.append(part)
    except OSError:  # Linux says so of a terminal that nobody writes to any more
        pass
    os.close(main)
    assert process.wait() == 0
    return b"".join(parts).decode().replace("\r\n", "\n")


@pytest.fixture(scope="module")
def piped():
    command = [sys.executable, "-m", "wincraft.cli.main", *LINE]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_a_terminal_shows_grades_in_colour_and_the_same_letters(piped):
    text = on_terminal(*LINE)
    assert CODES.sub("", text) == piped
    grades = dict(re.findall(r"(?:^|\n)(\x1b\[[\d;]*m) *(Accurate|Usable|Poor|Unusable)", text))
    assert len(grades) == len(set(grades.values())) >= 2


def test_a_pipe_has_no_colour_even_where_asked(piped):
    assert "\x1b" not in piped


@pytest.mark.slow_cases("environment1")
@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_who_wants_none_gets_none(piped, environment):
    assert on_terminal(*LINE, **environment) == piped


@pytest.mark.slow
def test_the_best_of_a_row_is_bold():
    text = on_terminal("compare", "2,3", "4,3", "--channels", "2", "--scheme", "fp16")
    assert re.search(r"\x1b\[1m[\d.]+ ?\*\x1b\[0m", text)


@pytest.mark.slow
def test_files_stay_plain(tmp_path):
    on_terminal(*LINE, "-o", str(tmp_path / "r.txt"))
    assert "\x1b" not in (tmp_path / "r.txt").read_text()


@pytest.mark.slow
def test_matrices_come_before_what_made_them():
    command = [sys.executable, "-m", "wincraft.cli.main", "generate", "2x4,3x3"]
    piped = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    shown = on_terminal("generate", "2x4,3x3").splitlines()
    assert piped[0].startswith("# wincraft ")
    assert piped[1].startswith("# sha256 ")
    assert shown == [*piped[2:], "", *piped[:2]]


def test_archives_are_not_for_a_terminal():
    main, other = pty.openpty()
    command = [sys.executable, "-m", "wincraft.cli.main", "generate", "2,3", "--format", "npz"]
    done = subprocess.run(command, stdout=other, stderr=subprocess.PIPE, check=False)
    os.close(other)
    os.close(main)
    assert done.returncode == 2
    assert b"give -o FILE.npz" in done.stderr
