# SPDX-License-Identifier: Apache-2.0
"""``wincraft generate``."""

from __future__ import annotations

import click

from wincraft.cli.command import Command, basis_option, convention_option, offer
from wincraft.cli.output import choose_format, output_option, write_output
from wincraft.construct.conventions import CONVENTIONS
from wincraft.emit import FORMATS, SUFFIXES, render


@click.command(name="generate", cls=Command)
@click.argument("size")
@click.option("--points", help='Interpolation points, "0,1,-1,1/2,inf"; one list per axis separated by ";".')
@click.option("--moduli", help='Points and polynomials, "0,1,-1,x^2+1,inf"; "x^2+1@-1" gives the inner point.')
@convention_option(default="wincnn", show_default=True, help=f"Scaling and signs: {', '.join(CONVENTIONS)}.")
@basis_option(help="A basis or factorisation of the maps, such as legendre; see wincraft basis --help.")
@click.option(
    "--format",
    "format_given",
    shell_complete=offer(lambda: FORMATS),
    help=f"One of {', '.join(FORMATS)}; by default that of FILE's suffix, else text.",
)
@output_option
def command(
    size: str,
    points: str | None,
    moduli: str | None,
    convention: str,
    basis: str | None,
    format_given: str | None,
    output: str | None,
) -> None:
    """Make the algorithm of SIZE, prove it, and write it.

    \b
    Examples:
      wincraft generate 4,3
      wincraft generate 4x4,3x3 --format c -o f4x4.h
      wincraft generate 4,3 --points "0,1,-1,2,-2" --convention integer
      wincraft generate 6,3 --moduli "0,1,-1,x^2+x+1,x^2-x+1,inf" --format json
      wincraft generate 4x4,3x3 --basis legendre --format c -o f4_legendre.h
      wincraft generate 2x4,3x3 --points "0,1,-1;0,1,-1,2,-2"

    SIZE is "F(4,3)" or 4,3; for images 4x4,3x3; rectangular 2x4,3x5. Without points the catalogue's are used.
    """
    from wincraft.construct.catalogue import default_source
    from wincraft.construct.winograd import parse

    format = choose_format(format_given, output, FORMATS, SUFFIXES)
    if points is not None and moduli is not None:
        raise click.UsageError("give --points or --moduli, not both; --moduli may contain points")
    algorithm = parse(size, points=points, moduli=moduli, convention=convention)
    if basis is not None:
        from wincraft.basis.chains import chained

        algorithm = chained(algorithm, basis)
    write_output(render(algorithm, format, basis), output, format, SUFFIXES)
    click.echo(algorithm.verify(), err=True)
    if points is None and moduli is None:
        for axis in dict.fromkeys(axis for axis in algorithm.axes if axis.n > 1):
            click.echo(f"points of {axis.size}: {default_source(axis.m, axis.r)}", err=True)
