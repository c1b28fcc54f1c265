# SPDX-License-Identifier: Apache-2.0
"""``wincraft words``."""

from __future__ import annotations

import re

import click

from wincraft.cli.shared.algorithm import MODULI, POINTS, axes_option, names_file, nested_option, read_algorithm
from wincraft.cli.shared.command import (
    Command,
    convention_option,
    offer,
    offer_files,
    point_names,
    report_format_option,
    split_names,
)
from wincraft.cli.shared.measuring import finish, format_name
from wincraft.cli.shared.output import output_option
from wincraft.cli.shared.showing import with_command
from wincraft.errors import BadValue, shorten


@click.command(name="words", cls=Command)
@click.argument("sizes", nargs=-1, required=True, metavar="SIZE|FILE ...", shell_complete=offer_files)
@click.option("--points", multiple=True, shell_complete=offer(point_names), help=f"{POINTS} May be repeated.")
@click.option("--moduli", multiple=True, help=f"{MODULI} May be repeated.")
@convention_option(help="Scaling and signs, as for generate.  [default: wincnn, of a file its own]")
@axes_option
@nested_option
@click.option("--filter-bits", "widths", metavar="LIST", default="4..8", show_default=True, help="4..8, or 6,8.")
@click.option("--data-range", default="int8", show_default=True, metavar="RANGE", help="uint8, int16, -100..100.")
@click.option("--word", type=int, metavar="BITS", default=16, show_default=True, help="Of U and V.")
@click.option("--accumulator", type=int, metavar="BITS", default=32, show_default=True, help="Of the sums.")
@report_format_option()
@output_option
def command(
    sizes: tuple[str, ...],
    points: tuple[str, ...],
    moduli: tuple[str, ...],
    convention: str | None,
    axes: int | None,
    nested: bool,
    widths: str,
    data_range: str,
    word: int,
    accumulator: int,
    format_given: str | None,
    output: str | None,
) -> None:
    """Say which words exact integers need for filters of each width, and how many channels their sums hold.

    \b
    Examples:
      wincraft words 4x4,3x3 --points integer --convention integer
      wincraft words 4x4,3x3 --points "0,1,-1,2,-2" --points int8-exact
      wincraft words 4x4,3x3 --points quadratic --filter-bits 8
      wincraft words 2x2,3x3 4x4,3x3 --data-range uint8 --accumulator 24
      wincraft words 4+3x4+3,3x3 --points int8-exact
      wincraft words their_matrices.txt --axes 2

    U = B^T d and V = G g have to fit a word, whatever the data and filters; their products are summed over the channels
    and by A^T. Matrices that are integer are taken as they are, others as the smallest integers that compute the same.
    All bounds are exact: one channel more can overflow.
    """
    from wincraft.measure.filter_bits import filter_bits
    from wincraft.measure.integers import parse_range

    format = format_name(format_given, output)
    lists: list[tuple[str | None, str | None]] = [
        *((item, None) for item in points),
        *((None, item) for item in moduli),
    ]
    files = [size for size in sizes if names_file(size)]
    if lists and len(files) == len(sizes):
        raise click.UsageError(f"{files[0]} has its own points; leave out --points and --moduli, or name a size too")
    algorithms = [
        read_algorithm(size, *chosen, convention, None, axes, nested=nested)
        for size in sizes
        for chosen in ([(None, None)] if size in files else lists or [(None, None)])
    ]
    found = filter_bits(algorithms, _widths(widths), parse_range(data_range), word, accumulator)
    finish(with_command(found, format, output), format, output)


def _widths(text: str) -> list[int]:
    """The widths of ``4..8`` or ``6,8``.

    Raises:
        BadValue: for anything else.
    """
    if match := re.fullmatch(r"\s*(\d{1,3})\s*\.\.\s*(\d{1,3})\s*", text):
        return list(range(int(match[1]), int(match[2]) + 1))
    items = split_names(text)
    if not all(re.fullmatch(r"\d{1,3}", item) for item in items):
        raise BadValue("the widths of filters", repr(shorten(text)), "give 4..8, or 6,8")
    return [int(item) for item in items]
