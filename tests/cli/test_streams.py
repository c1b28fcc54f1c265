# SPDX-License-Identifier: Apache-2.0
"""Exit codes and output where stdout or stderr is closed, full, or a pipe that nobody reads."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

import wincraft as wc
from wincraft.cli.main import COMMANDS

FULL = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")


def wincraft(*arguments, cwd, **streams):
    """``python -m wincraft``; what is not given is captured."""
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
    return subprocess.run([sys.executable, "-m", "wincraft", *arguments], cwd=cwd, text=True, check=False, **streams)


def closing(*descriptors):
    """What the child does before it starts, as ``>&-`` in a shell."""
    return {"preexec_fn": lambda: [os.close(descriptor) for descriptor in descriptors]}


@pytest.fixture
def files(tmp_path):
    """A folder with a right file and a wrong one."""
    text = wc.render(wc.winograd(2, 3, points="0,1,-1"), "json")
    (tmp_path / "right.json").write_text(text)
    (tmp_path / "wrong.json").write_text(text.replace('"-1/2"', '"-1/3"'))
    return tmp_path


@pytest.fixture
def unread():
    """The end to write to of a pipe whose other end is closed."""
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


@pytest.mark.slow_cases("arguments0", "arguments1", "arguments2")
@pytest.mark.parametrize(
    "arguments",
    [
        ("verify", "right.json"),
        ("verify", "wrong.json"),
        ("generate", "20,3"),
        ("formats",),
        pytest.param(("search", "2,3", "--max-height", "2"), marks=pytest.mark.slow),
        ("--help",),
        ("--version",),
        (),
        ("generate", "--help"),
    ],
)
def test_a_closed_pipe_is_141_and_never_a_failed_check(arguments, files, unread):
    done = wincraft(*arguments, cwd=files, stdout=unread)
    assert (done.returncode, done.stderr) == (141, "")
    assert wincraft(*arguments, cwd=files, stdout=unread, stderr=unread).returncode == 141


@pytest.mark.slow
def test_an_unread_stderr_changes_no_exit_code(files, unread):
    assert wincraft("verify", "wrong.json", cwd=files, stderr=unread).returncode == 1
    assert wincraft("verify", "absent.json", cwd=files, stderr=unread).returncode == 3
    assert wincraft("generate", "2,3", "-o", "f.json", cwd=files, stderr=unread).returncode == 0


def test_closed_streams(files):
    done = wincraft("generate", "2,3", cwd=files, **closing(1))
    assert done.returncode == 3
    assert done.stderr == "wincraft: cannot write to stdout: it is closed; free the device or use -o\n"
    done = wincraft("generate", "2,3", "-o", "f.json", cwd=files, **closing(1))
    assert done.returncode == 0
    assert (files / "f.json").read_text().startswith("{")
    for arguments, code in ((("generate", "2,3"), 0), (("generate",), 2), (("verify", "wrong.json"), 1)):
        assert wincraft(*arguments, cwd=files, **closing(2)).returncode == code
    assert wincraft("generate", "2,3", cwd=files, **closing(1, 2)).returncode == 3


@pytest.mark.slow
@FULL
def test_a_full_stderr_changes_no_exit_code(files):
    with open("/dev/full", "w") as full:
        done = wincraft("generate", "2,3", "-o", "f.json", cwd=files, stderr=full)
        assert (done.returncode, (files / "f.json").exists()) == (0, True)
        assert wincraft("generate", cwd=files, stderr=full).returncode == 2
        assert wincraft("verify", "absent.json", cwd=files, stderr=full).returncode == 3
        assert wincraft("verify", "wrong.json", cwd=files, stderr=full).returncode == 1
        assert wincraft("generate", "2,3", cwd=files, stdout=full, stderr=full).returncode == 3


@FULL
def test_a_full_stdout_is_one_line(files):
    with open("/dev/full", "w") as full:
        done = wincraft("catalogue", cwd=files, stdout=full)
    assert done.returncode == 3
    assert done.stderr == "wincraft: cannot write to stdout: No space left on device; free the device or use -o\n"


def test_the_module_is_the_command_and_its_version_is_short(files):
    assert wincraft("-V", cwd=files).stdout == wincraft("--version", cwd=files).stdout == f"wincraft {wc.__version__}\n"
    listing = wincraft(cwd=files).stdout
    assert all(command in listing for command in COMMANDS)
    assert "141 nobody reads the output" in " ".join(listing.split())
