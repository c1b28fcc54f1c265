# SPDX-License-Identifier: Apache-2.0
"""Writing a file whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from wincraft.errors import CannotWrite
from wincraft.exact.expression import shorten

PREFIX = ".wincraft-"
"""Of the temporary files, which lie beside what they become."""


def check_target(path: str | Path) -> Path:
    """The file that a path leads to, where it could be written as far as can be told without writing.

    Raises:
        CannotWrite: an empty name, a directory, a folder that is not there, a write-protected file, a link to itself.
    """
    if not str(path).strip():
        raise CannotWrite(repr(str(path)), "the name is empty")
    try:
        target = Path(path).resolve()
        if target.is_dir():
            raise CannotWrite(str(path), "it is a directory")
        if not target.parent.is_dir():
            raise CannotWrite(str(path), f"there is no folder {shorten(str(target.parent))}")
        if target.exists() and not os.access(target, os.W_OK):
            raise CannotWrite(str(path), "the file is write-protected")
    except (OSError, RuntimeError, ValueError) as error:  # RuntimeError: a link to itself; ValueError: a zero byte
        reason = getattr(error, "strerror", None) or str(error)
        raise CannotWrite(shorten(str(path)), reason) from None
    return target


def write_whole(path: str | Path, content: str | bytes) -> None:
    """Write to a temporary file beside the path and rename it, so that the path holds all of it or what it held.

    A text is written in UTF-8. What is no plain file, a pipe or a device, is written to directly.

    Raises:
        CannotWrite: where the path cannot be written; nothing is left behind.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_whole(Path(folder, "f.txt"), "F(4,3)")
    ...     [item.name for item in Path(folder).iterdir()]
    ['f.txt']
    """
    target = check_target(path)
    data = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
    temporary = None
    try:
        if target.exists() and not target.is_file():
            target.write_bytes(data)
            return
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask()
        with tempfile.NamedTemporaryFile("wb", dir=target.parent, prefix=PREFIX, delete=False) as stream:
            temporary = stream.name
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, target)
    except OSError as error:
        raise CannotWrite(str(path), error.strerror or str(error)) from None
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
