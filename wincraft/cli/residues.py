# SPDX-License-Identifier: Apache-2.0
"""``wincraft residues``."""

from __future__ import annotations

import click

from wincraft.cli.ring import read_integer_list
from wincraft.cli.shared.command import Command, offer, report_format_option
from wincraft.cli.shared.measuring import finish, format_name, integer_options, read_integers
from wincraft.cli.shared.output import output_option
from wincraft.cli.shared.showing import with_command

POINT_NAMES = ("integers", "shifts")
"""Those of `wincraft.rings.residues`, whose import takes longer than a help page may."""


@click.command(name="residues", cls=Command)
@click.argument("size", metavar="SIZE")
@click.option("--channels", type=int, required=True, metavar="C", help="Channels that are summed.")
@click.option("--word", type=int, default=8, show_default=True, metavar="BITS", help="Of a residue, two's complement.")
@click.option("--moduli", metavar="LIST", help="Coprime, 251,241,239.  [default: the largest, as few as suffice]")
@click.option(
    "--points",
    default="integers",
    show_default=True,
    shell_complete=offer(lambda: POINT_NAMES),
    help="integers 0, 1, -1, 2, ..., or shifts: powers of two modulo Fermat and Mersenne primes.",
)
@integer_options
@report_format_option()
@output_option
def command(
    size: str,
    channels: int,
    word: int,
    moduli: str | None,
    points: str,
    data_range: str | None,
    weight_range: str | None,
    accumulator: int | None,
    format_given: str | None,
    output: str | None,
) -> None:
    """Find moduli in which SIZE is exact in integers for C channels, with the constants that put y together.

    \b
    Examples:
      wincraft residues 14x14,3x3 --channels 512
      wincraft residues 14x14,3x3 --channels 32 --moduli 251,241,239
      wincraft residues 12x12,5x5 --channels 512 --word 16
      wincraft residues 14,3 --channels 1 --word 17 --moduli 127,8191,65537

    A residue number system computes y modulo several coprime moduli, each in words of a residue, and y from these. It
    is proved that residues fit the words, their sums the accumulator (four words by default), and y the product of the
    moduli. Moduli that are too small are refused.
    """
    from wincraft.rings.residues import residue_system

    format = format_name(format_given, output)
    integers = read_integers(
        [], data_range, weight_range, min(128, 4 * abs(word)) or 1 if accumulator is None else accumulator
    )
    chosen = None if moduli is None else read_integer_list("a modulus", moduli)
    system = residue_system(size, channels, moduli=chosen, word=word, integers=integers, points=points)
    finish(with_command(system, format, output), format, output)
