# SPDX-License-Identifier: Apache-2.0
"""``wincraft ring``."""

from __future__ import annotations

import click

from wincraft.cli.shared.algorithm import algorithm_options, form_option, read_algorithm
from wincraft.cli.shared.command import Command, format_option, offer_files
from wincraft.cli.shared.measuring import finish
from wincraft.cli.shared.output import choose_format, output_option, write_output
from wincraft.cli.shared.showing import command_line, with_command
from wincraft.errors import BadValue

RING_FORMATS = ("text", "json", "markdown", "html", "c")
"""Those of a report, and a C header."""


@click.command(name="ring", cls=Command)
@click.argument("size", metavar="SIZE|FILE", shell_complete=offer_files)
@algorithm_options
@form_option
@click.option("--modulus", default="2^16", show_default=True, metavar="Q", help="Of the words: 2^16, 3329, Z/3330.")
@click.option("--inverse", "numbers", metavar="LIST", help="Further numbers whose inverses are shown: 3,9,15.")
@click.option("--length", type=int, default=256, show_default=True, help="Of c: terms of the filter, in equal blocks.")
@format_option(lambda: RING_FORMATS, "text, json, markdown, html, or c")
@output_option
def command(
    size: str,
    points: str | None,
    moduli: str | None,
    convention: str | None,
    axes: int | None,
    nested: bool,
    form: str | None,
    modulus: str,
    numbers: str | None,
    length: int,
    format_given: str | None,
    output: str | None,
) -> None:
    """Say what an algorithm loses in words modulo Q: bits, factors, and the inverses that divide the rest.

    \b
    Examples:
      wincraft ring 3,3 --points "0,1,-1,-2,inf" --form linear
      wincraft ring 4,4 --points "0,1,-1,2,-2,3,inf" --inverse 3,9,15
      wincraft ring 4,4 --moduli "0,1,-1,-2,x^2+x+1,inf" --modulus 2^32
      wincraft ring 4,4 --points "0,1,-1,2,-2,3,inf" --modulus 3329
      wincraft ring 4,4 --form linear --length 256 -o toom4.h

    Sums in words are the result times a scale. Its part prime to Q is undone by its inverse; of Z/2^k a shift undoes
    the rest, which loses as many bits. As c, a function for blocks of operands modulo 2^8, 2^16, 2^32 or 2^64:
    polynomials (linear form), or a Toeplitz matrix by a vector (correlation form).
    """
    from wincraft.rings.loss import ring_loss
    from wincraft.show.shown import RENDERER_SUFFIXES

    suffixes = RENDERER_SUFFIXES | {".h": "c"}
    format = choose_format(format_given, output, RING_FORMATS, suffixes)
    algorithm = read_algorithm(size, points, moduli, convention, None, axes, form, nested=nested)
    loss = ring_loss(algorithm, modulus, read_integer_list("an inverse", numbers))
    if format == "c":
        from wincraft.emit.c.ring import ring_header

        made_by = command_line(click.get_current_context())
        write_output(ring_header(loss, length, made_by), output, format, suffixes)
        return
    finish(with_command(loss, format, output), format, output)


def read_integer_list(what: str, text: str | None) -> tuple[int, ...]:
    """Positive integers between commas.

    Raises:
        BadValue: for anything else.
    """
    parts = [] if text is None else [part.strip() for part in text.split(",")]
    for part in parts:
        if not part.isascii() or not part.isdigit() or len(part) > 20 or not int(part):
            raise BadValue(f"{what} of the list", repr(part), "give positive integers between commas")
    return tuple(map(int, parts))
