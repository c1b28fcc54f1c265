# SPDX-License-Identifier: Apache-2.0
"""``wincraft search exact``."""

from __future__ import annotations

import click

from wincraft.cli.shared.algorithm import names_file, read_algorithm
from wincraft.cli.shared.command import Command, offer_files, report_format_option, split_names
from wincraft.cli.shared.measuring import finish, format_name, integer_options, read_integers
from wincraft.cli.shared.output import output_option
from wincraft.cli.shared.progress import progress_bar
from wincraft.cli.shared.showing import with_command
from wincraft.errors import NotApplicable


@click.command(name="exact", cls=Command)
@click.argument("size", metavar="SIZE|FILE", shell_complete=offer_files)
@click.option("--word", type=int, metavar="BITS", default=16, show_default=True, help="Of U and V.")
@integer_options
@click.option("--moduli", metavar="LIST", help='Moduli of higher degree to choose from as well: "x^2+1,x^2+x+1".')
@click.option("--max-height", type=int, metavar="H", help="Points p/q with |p|, q <= H.  [default: any that can fit]")
@report_format_option()
@output_option
def command(
    size: str,
    word: int,
    data_range: str | None,
    weight_range: str | None,
    accumulator: int | None,
    moduli: str | None,
    max_height: int | None,
    format_given: str | None,
    output: str | None,
) -> None:
    """Find the points with which SIZE is exact in integers for the most channels, of all rational points.

    \b
    Examples:
      wincraft search exact 4x4,3x3
      wincraft search exact 4x4,3x3 --data-range uint8 --accumulator 24
      wincraft search exact 4x4,5x5 --moduli "x^2+1,x^2+x+1,x^2-x+1"
      wincraft search exact 5x5,3x3 --word 24 --max-height 2

    Of a FILE with an algorithm the size counts. U and V have to fit the word, whatever the data and weights; sums wrap
    around in the accumulator. The odd part of the scale is undone by its inverse, its power of two costs range. So of
    the sets that fit those are best that have the fewest products, then the least power of two, the fewest additions of
    the data and output transforms, the least noise gain. Only finitely many sets can fit, and all of them are tried.
    """
    from wincraft.construct.size import parse_size
    from wincraft.search.words import search_words

    format = format_name(format_given, output)
    integers = read_integers([], data_range, weight_range, accumulator)
    sizes = parse_size(read_algorithm(size).size if names_file(size) else size)
    if len(set(sizes)) > 1:
        raise NotApplicable("search exact", f"{size} has different axes", "ask for a size of alike axes")
    further = () if moduli is None else tuple(split_names(moduli))
    with progress_bar() as progress:
        found = search_words(
            *sizes[0], len(sizes), integers, word, moduli=further, height=max_height, progress=progress
        )
    finish(with_command(found, format, output), format, output)
