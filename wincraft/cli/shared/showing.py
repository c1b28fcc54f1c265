# SPDX-License-Identifier: Apache-2.0
"""How much of a result is shown: one screen on the screen, everything in a file, chosen sections; and what made it."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

from wincraft.cli.shared.command import offer, on_command_line
from wincraft.cli.shared.output import to_stdout

if TYPE_CHECKING:
    from wincraft.show.shown import LaidOut, Shown

_Command = TypeVar("_Command", bound=Callable[..., Any])

SECTION_NAMES = ("verdict", "formats", "cost", "measures", "floats", "widths", "matrices")
"""Those of `wincraft.report.sections`, whose import takes longer than a help page may."""

full_option = click.option(
    "--full", is_flag=True, help="Everything, not one screen, as text; html, markdown, json and FILE always have it."
)
section_option = click.option(
    "--section",
    "sections",
    multiple=True,
    shell_complete=offer(lambda: SECTION_NAMES),
    help=f"Of everything only {', '.join(SECTION_NAMES[:-1])} or {SECTION_NAMES[-1]}. May be repeated.",
)


def shown(
    result: Shown,
    format: str,
    output: str | None,
    *,
    full: bool = False,
    sections: Sequence[str] = (),
    hint: str = "",
) -> LaidOut:
    """What a renderer is given: the sections chosen, all of them, or one screen that ends with a hint to the rest.

    Raises:
        UnknownName: for a section that there is not.
        UsageError: for sections of a document, which is always whole.
    """
    if format == "json":
        if sections:
            raise click.UsageError("json holds every section; leave out --section, or choose text, markdown or html")
        return result
    if sections:
        return with_command(replace(result.layout().only(sections), head=result.screen().head), format, output)
    if full or not _printed(format, output):
        return with_command(result, format, output)
    screen = result.screen()
    return screen.ending(hint) if hint else screen


def with_command(result: LaidOut, format: str, output: str | None) -> LaidOut:
    """A result that carries the command that made it; as it is where that stands above it, and as JSON."""
    if format == "json" or _printed(format, output):
        return result
    page = result.layout()
    return replace(page, head=(*page.head, f"made by: {command_line(click.get_current_context())}"))


def _printed(format: str, output: str | None) -> bool:
    return format == "text" and to_stdout(output)


def command_line(ctx: click.Context) -> str:
    """The command that makes the same again: what was given, but for the file it is written to; paths by their names.

    >>> from wincraft.cli.catalogue import command
    >>> with command.make_context("wincraft catalogue", ["4,3"]) as ctx:
    ...     command_line(ctx)
    'wincraft catalogue 4,3'
    """
    return shlex.join([*ctx.command_path.split(), *_words(ctx)])


def _words(ctx: click.Context) -> Iterator[str]:
    for parameter in ctx.command.params:
        name = parameter.name or ""
        if name == "output" or not on_command_line(ctx, name):
            continue
        value = ctx.params[name]
        for item in value if isinstance(value, tuple) else (value,):
            option = max(parameter.opts, key=len) if isinstance(parameter, click.Option) else None
            if option is not None:
                yield option
            if item is not True:
                yield os.path.basename(item) if isinstance(item, str) and os.path.isabs(item) else str(item)
