# SPDX-License-Identifier: Apache-2.0
"""``wincraft search chains``."""

from __future__ import annotations

from typing import Any

import click

from wincraft.cli.shared.algorithm import algorithm_options, read_algorithm
from wincraft.cli.shared.command import Command, basis_names, offer, offer_files, report_format_option, split_names
from wincraft.cli.shared.measuring import finish, format_name
from wincraft.cli.shared.output import output_option
from wincraft.cli.shared.showing import with_command
from wincraft.measures import names_with
from wincraft.quantise.presets import PRESETS


@click.command(name="chains", cls=Command)
@click.argument("size", metavar="SIZE|FILE", shell_complete=offer_files)
@algorithm_options
@click.option(
    "--objective",
    default="operations",
    show_default=True,
    shell_complete=offer(lambda: names_with(PRESETS)),
    help="The measure that is to be best: operations, all-operations, all-additions, sqnr:SCHEME, or another of those "
    "of points.",
)
@click.option(
    "--bases",
    shell_complete=offer(basis_names),
    help="Bases and factorisations to try, separated by commas.  [default: all without parameters]",
)
@report_format_option()
@output_option
def command(
    size: str,
    objective: str,
    bases: str | None,
    format_given: str | None,
    output: str | None,
    **options: Any,
) -> None:
    """Find the basis or factorisation of every map of SIZE with which it is cheapest, or most accurate.

    \b
    Examples:
      wincraft search chains 6x6,3x3
      wincraft search chains 4x4,3x3 --objective sqnr:tapwise-8
      wincraft search chains 6,3 --bases canonical,butterfly,lu --objective all-additions

    wincraft basis puts bases side by side; its --help lists them.
    """
    from wincraft.search.chains import search_chains

    format = format_name(format_given, output)
    algorithm = read_algorithm(size, **options)
    found = search_chains(algorithm, objective, None if bases is None else split_names(bases))
    finish(with_command(found, format, output), format, output)
