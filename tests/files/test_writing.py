# SPDX-License-Identifier: Apache-2.0
"""Files are whole or as they were, whatever stops the writing, and nothing else is left beside them."""

from __future__ import annotations

import os
import resource
import threading
import time

import pytest

from wincraft.errors import CannotWrite
from wincraft.files import check_target, write_whole
from wincraft.files.writing import STALE


def names(folder):
    return sorted(item.name for item in folder.iterdir())


@pytest.fixture
def full_disk():
    """A limit of 4 KiB per file, which the system enforces as it does a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_leaves_what_was_there(tmp_path):
    path = tmp_path / "f.txt"
    path.write_text("old")
    with pytest.raises(CannotWrite, match="too large"):
        write_whole(path, "x" * 10_000)
    assert (names(tmp_path), path.read_text()) == (["f.txt"], "old")


def test_what_a_killed_process_left_is_removed_and_what_is_being_written_is_not(tmp_path):
    dead, alive, other = (tmp_path / name for name in (".wincraft-abc.part", ".wincraft-xyz.part", ".wincraft-notes"))
    for item in (dead, alive, other):
        item.write_text("...")
    for item in (dead, other):
        os.utime(item, (time.time() - 2 * STALE,) * 2)
    write_whole(tmp_path / "f.txt", "new")
    assert names(tmp_path) == [other.name, alive.name, "f.txt"]


def test_links_lead_to_what_is_written_and_permissions_stay(tmp_path):
    folder = tmp_path / "there"
    folder.mkdir()
    link = tmp_path / "link.txt"
    link.symlink_to(folder / "f.txt")
    write_whole(link, "one")
    assert link.is_symlink()
    (folder / "f.txt").chmod(0o640)
    write_whole(link, b"two")
    assert (folder / "f.txt").read_text() == "two"
    assert (folder / "f.txt").stat().st_mode & 0o777 == 0o640


def test_a_pipe_is_written_directly(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    write_whole(pipe, "whole")
    reader.join()
    assert (read, names(tmp_path)) == ([b"whole"], ["pipe"])


def test_what_is_no_unicode_is_written_with_backslashes(tmp_path):
    write_whole(tmp_path / "f.txt", os.fsdecode(b"x\xff.json"))
    assert (tmp_path / "f.txt").read_bytes() == rb"x\udcff.json"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "the name is empty"),
        (" ", "the name is empty"),
        (".", "it is a directory"),
        ("loop", "symbolic links"),
        ("no/f.txt", "there is no directory"),
        ("file/f.txt", "Not a directory"),
        ("x" * 300, "too long"),
        ("a\0b", "null"),
    ],
)
def test_what_cannot_be_written_is_said_before_and_when_writing(tmp_path, monkeypatch, name, reason):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "file").touch()
    for refuse in (check_target, lambda path: write_whole(path, "x")):
        with pytest.raises(CannotWrite, match=reason) as caught:
            refuse(name)
        assert len(str(caught.value)) < 300
    assert names(tmp_path) == ["file", "loop"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_protected_files_and_directories(tmp_path):
    path = tmp_path / "f.txt"
    path.write_text("old")
    path.chmod(0o444)
    with pytest.raises(CannotWrite, match="the file is write-protected"):
        check_target(path)
    tmp_path.chmod(0o555)
    with pytest.raises(CannotWrite, match=r"the directory .* is write-protected"):
        check_target(tmp_path / "g.txt")
    tmp_path.chmod(0o755)
