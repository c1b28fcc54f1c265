# SPDX-License-Identifier: Apache-2.0
"""Writing a file whole or not at all: beside the target first, then renamed; and the format that its name implies."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from wincraft.errors import CannotWrite, UnknownName, shorten

STALE = 600.0
"""Seconds after which an unfinished file is one that a killed process left: writing takes less than one."""
_PREFIX, _SUFFIX = ".wincraft-", ".part"


def format_of(path: str | Path, suffixes: Mapping[str, str], other: str = "") -> str | None:
    """The format that the suffix of a path implies, None for a path without a suffix.

    `other` says in words how another suffix gets a format.

    Raises:
        UnknownName: for a suffix that implies none.

    >>> format_of("F43.JSON", {".json": "json"})
    'json'
    """
    suffix = Path(path).suffix.lower()
    if suffix and suffix not in suffixes:
        raise UnknownName("suffix", suffix, (*suffixes, *filter(None, [other])))
    return suffixes.get(suffix)


def check_target(path: str | Path) -> Path:
    """Where a path leads to, if a file can be written there: to be asked before the work whose result it will hold.

    Raises:
        CannotWrite: for a directory, a missing or protected one, a protected file, a link that leads nowhere.

    >>> check_target("no/such/folder/f.json")
    Traceback (most recent call last):
    ...
    wincraft.errors.CannotWrite: cannot write no/such/folder/f.json: there is no directory no/such/folder; choose
    another path (nothing was written)
    """
    text = str(path)
    if not text.strip():
        raise CannotWrite(repr(text), "the name is empty")
    mode = _mode(text)
    target = Path(os.path.realpath(text))
    if mode is not None and stat.S_ISDIR(mode):
        raise CannotWrite(text, "it is a directory")
    if mode is not None and not os.access(target, os.W_OK):
        raise CannotWrite(text, "the file is write-protected")
    if mode is None or stat.S_ISREG(mode):
        if not target.parent.is_dir():
            raise CannotWrite(text, f"there is no directory {Path(text).parent}")
        if not os.access(target.parent, os.W_OK | os.X_OK):
            raise CannotWrite(text, f"the directory {Path(text).parent} is write-protected")
    return target


def write_folder(folder: str | Path, texts: Mapping[str, str]) -> list[Path]:
    """Write files by name to a folder, which is made where there is none, and return their paths.

    Raises:
        CannotWrite: where the folder cannot be made, or one of the files not be written.

    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in write_folder(Path(folder, "new"), {"a.txt": "a", "b.txt": "b"})]
    ['a.txt', 'b.txt']
    """
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotWrite(str(folder), error.strerror or str(error)) from None
    paths = [Path(folder, name) for name in texts]
    for path in paths:
        check_target(path)
    for path, text in zip(paths, texts.values(), strict=True):
        write_whole(path, text)
    return paths


def write_whole(path: str | Path, content: str | bytes) -> None:
    """Write a file, or leave the old one as it is; what is no file, such as a pipe, is written directly.

    A text is written in UTF-8, what is no Unicode in it, as in the names of files, with backslashes. Permissions are
    kept. Unfinished files beside it that are `STALE` are removed.

    Raises:
        CannotWrite: nothing is left behind.

    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_whole(Path(folder, "f.txt"), "whole")
    ...     [(item.name, item.read_text()) for item in Path(folder).iterdir()]
    [('f.txt', 'whole')]
    """
    target = check_target(path)
    mode = _mode(str(target))
    data = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
    try:
        if mode is not None and not stat.S_ISREG(mode):
            target.write_bytes(data)
        else:
            _remove_stale(target.parent)
            _replace(target, data, 0o666 & ~_umask() if mode is None else mode & 0o777)
    except OSError as error:
        raise CannotWrite(str(path), error.strerror or str(error)) from None


def _mode(path: str) -> int | None:
    """The mode of the file that a path leads to, None where there is none yet."""
    try:
        return os.stat(path).st_mode
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CannotWrite(shorten(path), error.strerror or str(error)) from None
    except ValueError as error:
        raise CannotWrite(repr(path), str(error)) from None


def _replace(target: Path, data: bytes, mode: int) -> None:
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=_PREFIX, suffix=_SUFFIX, delete=False) as stream:
            temporary = stream.name
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, target)
        temporary = None
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def _remove_stale(directory: Path) -> None:
    for left in directory.glob(f"{_PREFIX}*{_SUFFIX}"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > STALE:
                left.unlink()


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
