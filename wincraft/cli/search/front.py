# SPDX-License-Identifier: Apache-2.0
"""``wincraft search front``."""

from __future__ import annotations

from typing import Any

import click

from wincraft.cli.search.space import read_spaces, space_options
from wincraft.cli.shared.command import Command, report_format_option
from wincraft.cli.shared.measuring import finish, format_name
from wincraft.cli.shared.output import output_option
from wincraft.cli.shared.progress import progress_bar
from wincraft.cli.shared.showing import with_command
from wincraft.errors import NotApplicable


@click.command(name="front", cls=Command)
@space_options
@report_format_option()
@output_option
def command(size: str, format_given: str | None, output: str | None, **options: Any) -> None:
    """Show every set of a space that none beats in products, noise gain, operations and bits.

    \b
    Examples:
      wincraft search front 4,3 --max-height 4 --space symmetric
      wincraft search front 4,3 --max-height 3 --moduli "x^2+1" -o front.html

    Of a FILE with an algorithm the size counts. Each set is constructed and measured exactly: products per output, the
    noise gain, operations of the data and output transforms per output, and bits of exact integer arithmetic on int8.
    """
    from wincraft.search.front import pareto_of_space

    format = format_name(format_given, output)
    (space, *others), _ = read_spaces(size, options)
    if others:
        raise NotApplicable("Pareto front", f"{size} has different axes", "ask for one axis after the other")
    with progress_bar() as progress:
        front = pareto_of_space(space, progress)
    finish(with_command(front, format, output), format, output)
