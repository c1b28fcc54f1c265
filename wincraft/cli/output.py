# SPDX-License-Identifier: Apache-2.0
"""What commands share: writing results to stdout or to a file that is either whole or absent, the tolerance."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Collection
from fractions import Fraction
from pathlib import Path

import click

from wincraft.errors import BadNumber, CannotWrite
from wincraft.exact.expression import shorten
from wincraft.exact.number import read_fraction

tolerance_option = click.option(
    "--tolerance",
    default="1e-5",
    show_default=True,
    help="How far decimals may lie from exact entries, relative to their row.",
)
"""The option of the commands that read decimals; `parse_tolerance` reads its value."""


def write_output(text: str, path: str | None, format: str | None = None, suffixes: Collection[str] = ()) -> None:
    """Print the text, or write it to a temporary file beside the path and rename it.

    The format is named on stderr where the path's suffix is not one of those that imply a format.

    Raises:
        CannotWrite: where the path cannot be written; nothing is left behind.
    """
    if path is None or path == "-":
        click.echo(text, nl=False)
        return
    if not path.strip():
        raise CannotWrite(repr(path), "the name is empty")
    try:
        target = Path(path).resolve()
        if target.is_dir():
            raise CannotWrite(path, "it is a directory")
    except OSError as error:
        raise CannotWrite(shorten(path), error.strerror or str(error)) from None
    if target.exists() and not target.is_file():
        try:
            target.write_text(text, encoding="utf-8")
        except OSError as error:
            raise CannotWrite(path, error.strerror or str(error)) from None
        return
    if target.exists() and not os.access(target, os.W_OK):
        raise CannotWrite(path, "the file is write-protected")
    temporary = None
    try:
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask()
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", newline="\n", dir=target.parent, prefix=".wincraft-", delete=False
        ) as stream:
            temporary = stream.name
            stream.write(text)
        os.chmod(temporary, mode)
        os.replace(temporary, target)
    except OSError as error:
        raise CannotWrite(path, error.strerror or str(error)) from None
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
    written_as = f" as {format}" if format and Path(path).suffix.lower() not in suffixes else ""
    click.echo(f"wrote {path}{written_as}", err=True)


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def parse_tolerance(text: str) -> Fraction:
    """A tolerance in [0, 1) as a Fraction; raises `BadNumber` for anything else."""
    limit = read_fraction(text)
    if not 0 <= limit < 1:
        raise BadNumber(shorten(text), "a tolerance lies in [0, 1)")
    return limit
