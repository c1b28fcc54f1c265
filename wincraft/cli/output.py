# SPDX-License-Identifier: Apache-2.0
"""What commands share: writing results to stdout or to a file that is either whole or absent, the tolerance."""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction
from pathlib import Path

import click

from wincraft.errors import BadNumber
from wincraft.exact.expression import shorten
from wincraft.exact.number import read_fraction
from wincraft.files.writing import write_whole

tolerance_option = click.option(
    "--tolerance",
    default="1e-5",
    show_default=True,
    help="How far decimals may lie from exact entries, relative to their row.",
)
"""The option of the commands that read decimals; `parse_tolerance` reads its value."""


def write_output(text: str, path: str | None, format: str | None = None, suffixes: Collection[str] = ()) -> None:
    """Print the text, or write it to a file that is then whole or as it was.

    The format is named on stderr where the path's suffix is not one of those that imply a format.

    Raises:
        CannotWrite: where the path cannot be written; nothing is left behind.
    """
    if path is None or path == "-":
        click.echo(text, nl=False)
        return
    write_whole(path, text)
    written_as = f" as {format}" if format and Path(path).suffix.lower() not in suffixes else ""
    click.echo(f"wrote {path}{written_as}", err=True)


def parse_tolerance(text: str) -> Fraction:
    """A tolerance in [0, 1) as a Fraction; raises `BadNumber` for anything else."""
    limit = read_fraction(text)
    if not 0 <= limit < 1:
        raise BadNumber(shorten(text), "a tolerance lies in [0, 1)")
    return limit
