# SPDX-License-Identifier: Apache-2.0
"""``wincraft search scaling``."""

from __future__ import annotations

from typing import Any

import click

from wincraft.cli.shared.algorithm import algorithm_options, read_algorithm
from wincraft.cli.shared.command import Command, offer_files, report_format_option
from wincraft.cli.shared.measuring import finish, format_name, offer_schemes
from wincraft.cli.shared.output import output_option
from wincraft.cli.shared.showing import with_command


@click.command(name="scaling", cls=Command)
@click.argument("size", metavar="SIZE|FILE", shell_complete=offer_files)
@algorithm_options
@click.option(
    "--scheme", required=True, shell_complete=offer_schemes, help="Under which the noise is predicted, tapwise-8."
)
@report_format_option()
@output_option
def command(
    size: str,
    scheme: str,
    format_given: str | None,
    output: str | None,
    **options: Any,
) -> None:
    """Scale the rows of SIZE's G and B^T by powers of two for the least noise predicted under a scheme.

    \b
    Examples:
      wincraft search scaling 4x4,3x3 --points "0,1,-1,2,-2" --scheme barabasz-2020-8
      wincraft search scaling their.txt --scheme tapwise-8

    A local optimum, from the balanced scaling on; the columns of A^T take the inverse, so that the result is exact.
    """
    from wincraft.quantise.schemes import parse_scheme
    from wincraft.search.scalings import search_scaling

    format = format_name(format_given, output)
    chosen = parse_scheme(scheme)
    found = search_scaling(read_algorithm(size, **options), chosen)
    finish(with_command(found, format, output), format, output)
