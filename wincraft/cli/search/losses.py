# SPDX-License-Identifier: Apache-2.0
"""``wincraft search losses``."""

from __future__ import annotations

import click

from wincraft.cli.shared.algorithm import names_file, read_algorithm
from wincraft.cli.shared.command import Command, offer_files, report_format_option, split_names
from wincraft.cli.shared.measuring import finish, format_name
from wincraft.cli.shared.output import output_option
from wincraft.cli.shared.showing import with_command
from wincraft.errors import NotApplicable


@click.command(name="losses", cls=Command)
@click.argument("size", metavar="SIZE|FILE", shell_complete=offer_files)
@click.option("--moduli", metavar="LIST", help='Moduli of higher degree to choose from as well: "x^2+x+1,x^2-x+1".')
@click.option("--max-height", type=int, default=3, show_default=True, metavar="H", help="Points p/q with |p|, q <= H.")
@report_format_option()
@output_option
def command(size: str, moduli: str | None, max_height: int, format_given: str | None, output: str | None) -> None:
    """Find the points and moduli with which SIZE loses the fewest bits over Z/2^k, for every number of products.

    \b
    Examples:
      wincraft search losses 4,4
      wincraft search losses 4,4 --moduli "x^2+x+1"
      wincraft search losses 6,3 --max-height 4

    Bits are lost by exact division by a power of two. No points of any height lose fewer than a bound that is stated;
    moduli that are irreducible modulo 2 lose none, at more products. Of a FILE with an algorithm the size counts.
    """
    from wincraft.construct.size import parse_size
    from wincraft.search.losses import search_losses

    format = format_name(format_given, output)
    sizes = parse_size(read_algorithm(size).size if names_file(size) else size)
    if len(sizes) > 1:
        raise NotApplicable("search losses", f"{size} has {len(sizes)} axes", "ask for one: their losses add up")
    further = () if moduli is None else tuple(split_names(moduli))
    found = search_losses(*sizes[0], moduli=further, height=max_height)
    finish(with_command(found, format, output), format, output)
