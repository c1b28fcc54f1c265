# SPDX-License-Identifier: Apache-2.0
"""``wincraft generate``."""

from __future__ import annotations

import sys

import click

from wincraft.cli.shared.algorithm import MODULI, POINTS, axes_option, names_file, read_algorithm
from wincraft.cli.shared.command import (
    CONVENTION_NAMES,
    Command,
    basis_option,
    circuit_option,
    convention_option,
    format_option,
    offer,
    offer_files,
    point_names,
)
from wincraft.cli.shared.measuring import integer_options, read_integers
from wincraft.cli.shared.output import choose_format, output_option, to_stdout, write_output
from wincraft.emit.writing import BINARY, EMITTERS, SUFFIXES, encode

_NAMES = (*EMITTERS, *BINARY)


@click.command(name="generate", cls=Command)
@click.argument("size", metavar="SIZE|FILE", shell_complete=offer_files)
@click.option("--points", shell_complete=offer(point_names), help=POINTS)
@click.option("--moduli", help=MODULI)
@convention_option(help=f"Scaling and signs: {', '.join(CONVENTION_NAMES)}.  [default: wincnn, of a FILE its own]")
@axes_option
@basis_option()
@format_option(lambda: _NAMES, f"One of {', '.join(_NAMES)}")
@integer_options
@circuit_option
@output_option
def command(
    size: str,
    points: str | None,
    moduli: str | None,
    convention: str | None,
    axes: int | None,
    basis: str | None,
    format_given: str | None,
    data_range: str | None,
    weight_range: str | None,
    accumulator: int | None,
    circuit: str | None,
    output: str | None,
) -> None:
    """Make the algorithm of SIZE, prove it, and write it.

    \b
    Examples:
      wincraft generate 4,3
      wincraft generate 4x4,3x3 -o f4x4.h
      wincraft generate 4,3 -o f4.npz
      wincraft generate 4,3 --points "0,1,-1,2,-2" --convention integer
      wincraft generate 4x4,3x3 --points quadratic --data-range uint8 -o f4x4.h
      wincraft generate f43.json --axes 2 --format c -o f4x4.h
      wincraft generate 6,3 --moduli "0,1,-1,x^2+x+1,x^2-x+1,inf" --format json
      wincraft generate 4x4,3x3 --basis legendre --format c -o f4_legendre.h
      wincraft generate 2x4,3x3 --points "0,1,-1;0,1,-1,2,-2"

    SIZE is "F(4,3)" or 4,3; for images 4x4,3x3; rectangular 2x4,3x5. Without points the catalogue's are used. FILE is
    one that verify reads: JSON, a header, matrices in source or text. Ranges and the accumulator are those of the
    integer functions of a C header. Transforms are printed as the programs of --circuit, see wincraft circuit.
    """
    from wincraft.construct.catalogue import source_of_use, use_named

    format = choose_format(format_given, output, _NAMES, SUFFIXES)
    on_terminal = to_stdout(output) and sys.stdout.isatty()
    if format in BINARY and on_terminal:
        raise click.UsageError(f"{format} is not for a terminal; give -o FILE.{format}")
    ranges = (data_range, weight_range, accumulator)
    integers = read_integers((), *ranges) if ranges != (None, None, None) else None
    algorithm = read_algorithm(size, points, moduli, convention, basis, axes)
    content = encode(algorithm, format, integers, circuit)
    if format == "text" and on_terminal:  # people want the matrices, and then what made them
        command, digest, rest = content.split(b"\n", 2)
        content = b"\n".join([rest, command, digest, b""])
    write_output(content if format in BINARY else content.decode("utf-8"), output, format, SUFFIXES)
    click.echo(algorithm.verify(), err=True)
    given = points if points is not None else moduli
    if names_file(size) or (given is not None and use_named(given) is None):
        return
    for m, r in dict.fromkeys(size for size in algorithm.sizes if size != (1, 1)):
        click.echo(f"points of F({m},{r}): {source_of_use(m, r, use_named(given))}", err=True)
