# SPDX-License-Identifier: Apache-2.0
"""A progress bar on stderr for what takes longer than a second."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.progress import Progress

PATIENCE = 1.0
"""Seconds before the bar appears."""
LONG_WAIT = 5.0
"""Seconds from which on what would be faster is said."""


@contextmanager
def progress_bar(advice: str | None = None) -> Iterator[Callable[[int, int, str], None]]:
    """A function to call with (steps done, all steps, name of the next); it draws on a terminal only, after a second.

    The bar is removed at the end. The advice is written to stderr once, if it takes long.
    """
    start, bar, said = time.monotonic(), None, advice is None

    def update(done: int, total: int, name: str) -> None:
        nonlocal bar, said
        passed = time.monotonic() - start
        if bar is None and sys.stderr.isatty() and passed > PATIENCE:
            bar = _bar()
            bar.add_task(name)
            bar.start()
        if not said and passed > LONG_WAIT:
            click.echo(advice, err=True)
            said = True
        if bar is not None:
            bar.update(bar.task_ids[0], completed=done, total=total, description=name)

    try:
        yield update
    finally:
        if bar is not None:
            bar.stop()


def _bar() -> Progress:
    from rich.console import Console
    from rich.progress import Progress

    return Progress(console=Console(stderr=True), transient=True)
