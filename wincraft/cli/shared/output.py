# SPDX-License-Identifier: Apache-2.0
"""What commands share: where results are written and in which format, the tolerance of what is read."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from wincraft.cli.shared.command import offer_files
from wincraft.errors import look_up

tolerance_option = click.option(
    "--tolerance",
    help="How far decimals may lie from exact entries, relative to their row; by default what their digits allow.",
)
"""The option of the commands that read decimals; `wincraft.construct.identify.read_tolerance` reads its value."""


def page_width() -> int:
    """The columns of a text on stdout: those of the terminal, or of ``COLUMNS``, from 60 to 160; 80 in a pipe."""
    return min(max(shutil.get_terminal_size((80, 24)).columns, 60), 160)


class _Target(click.types.StringParamType):
    """A path that can be written, or ``-``: refused while the command line is read, not after an hour's work."""

    name = "file"

    def __init__(self, folders: bool = False) -> None:
        self.folders = folders

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value != "-" and not (self.folders and os.path.isdir(value)):
            from wincraft.files.writing import check_target

            check_target(value)
        return value

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return offer_files(ctx, param, incomplete)


output_option = click.option("-o", "--output", type=_Target(), metavar="FILE", help="Write to FILE instead of stdout.")
"""The option of all commands that write a result; `choose_format` and `write_output` take its value."""

output_or_folder_option = click.option(
    "-o", "--output", type=_Target(folders=True), metavar="FILE|DIR", help="Write to FILE, a kernel to folder DIR."
)
"""The same where some results are several files; `check_target` is still to be asked of a file."""

TEXT_OR_JSON = {".txt": "text", ".json": "json"}
"""The suffixes of commands that write text or JSON."""


def choose_format(given: str | None, output: str | None, formats: Iterable[str], suffixes: Mapping[str, str]) -> str:
    """The format given, else the one that the output's suffix implies, else text.

    Raises:
        UnknownName: for a format that there is not, and for a suffix that implies none.

    >>> choose_format(None, "f.json", ("text", "json"), {".txt": "text", ".json": "json"})
    'json'
    """
    if given is not None:
        look_up("format", given, dict.fromkeys(formats))
        return given
    if output is None:
        return "text"
    from wincraft.files.writing import format_of

    return format_of(output, suffixes, "any other with --format" * (len(set(suffixes.values())) > 1)) or "text"


def to_stdout(output: str | None) -> bool:
    """Whether the value of ``-o`` means stdout."""
    return output in (None, "-")


def write_output(
    content: str | bytes, path: str | None, format: str | None = None, suffixes: Mapping[str, str] | None = None
) -> None:
    """Print the content, or write it to a file that is whole or absent.

    The format is named on stderr where the path's suffix does not imply it. What is no Unicode, as in the names of
    files, is written with backslashes.

    Raises:
        CannotWrite: where the path cannot be written; nothing is left behind.
    """
    if path is None or to_stdout(path):
        whole = content.encode("utf-8", "backslashreplace").decode("utf-8") if isinstance(content, str) else content
        click.echo(whole, nl=False)
        return
    from wincraft.files.writing import write_whole

    write_whole(path, content)
    implied = (suffixes or {}).get(Path(path).suffix.lower())
    click.echo(
        f"wrote {click.format_filename(path)}" + (f" as {format}" if format and format != implied else ""), err=True
    )
