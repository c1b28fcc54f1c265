# SPDX-License-Identifier: Apache-2.0
"""``wincraft search tiles``."""

from __future__ import annotations

import re

import click

from wincraft.cli.shared.command import Command, report_format_option
from wincraft.cli.shared.measuring import finish, format_name
from wincraft.cli.shared.output import output_option
from wincraft.cli.shared.progress import progress_bar
from wincraft.cli.shared.showing import with_command
from wincraft.errors import BadSize, shorten


@click.command(name="tiles", cls=Command)
@click.argument("kernel")
@click.option("--max-outputs", type=int, default=6, show_default=True, metavar="M", help="Outputs of the largest tile.")
@click.option("--scheme", "schemes", multiple=True, help="Simulate what is shown: tapwise-8, fp16. May be repeated.")
@click.option("--all", "whole", is_flag=True, help="Show every construction, those of the front marked.")
@report_format_option()
@output_option
def command(
    kernel: str, max_outputs: int, schemes: tuple[str, ...], whole: bool, format_given: str | None, output: str | None
) -> None:
    """Show which tile and construction for KERNEL none beats in products, noise gain, additions and live values.

    \b
    Examples:
      wincraft search tiles 3x3
      wincraft search tiles 3x3 --max-outputs 7 --scheme tapwise-8
      wincraft search tiles 5x5 --max-outputs 4 --all -o tiles.html
      wincraft search tiles 3 --format json

    KERNEL is the filter's taps along each axis, all alike. Constructions are the catalogue's points, nested; moduli of
    degree 2 with quiet points, nested and as whole tiles; symbolic Fourier convolution; tiles side by side;
    Karatsuba-like and iterated short convolutions.
    """
    from wincraft.quantise.schemes import parse_scheme
    from wincraft.search.tiles import tile_front

    format = format_name(format_given, output)
    if not re.fullmatch(r"\s*\d{1,3}(\s*[xX×]\s*\d{1,3}){0,3}\s*", kernel):
        raise BadSize(repr(shorten(kernel)), "write the kernel as 3x3, or 3 for one axis")
    taps = [int(part) for part in re.split("[xX×]", kernel)]
    chosen = [parse_scheme(name) for name in schemes]
    with progress_bar() as progress:
        found = tile_front(taps, range(min(2, max_outputs), max_outputs + 1), chosen, whole, progress)
    finish(with_command(found, format, output), format, output)
