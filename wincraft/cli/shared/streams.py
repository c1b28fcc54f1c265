# SPDX-License-Identifier: Apache-2.0
"""stdout and stderr as a shell may hand them over: closed, a pipe that nobody reads, a device that is full."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any


class Notes:
    """A stream whose text is lost where it cannot be written: what a command did does not depend on what it says."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """As the stream's; all counts as written."""
        with contextlib.suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """As the stream's."""
        with contextlib.suppress(OSError):
            self._stream.flush()


@contextlib.contextmanager
def usable_streams() -> Iterator[None]:
    """Within it stdout and stderr are there: a closed stdout refuses what is written, stderr takes all.

    At its end nothing is left in them for the interpreter to fail on.
    """
    if sys.stdout is None:  # its descriptor is the lowest free one: devnull takes it before any other file does
        sys.stdout = open(os.devnull, encoding="utf-8")  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    with contextlib.redirect_stderr(Notes(sys.stderr)):
        yield
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            with contextlib.suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
