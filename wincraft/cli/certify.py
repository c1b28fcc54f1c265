# SPDX-License-Identifier: Apache-2.0
"""``wincraft certify``."""

from __future__ import annotations

from pathlib import Path

import click

from wincraft.cli.shared.algorithm import algorithm_options, read_algorithm
from wincraft.cli.shared.command import Command, basis_option, circuit_option, offer_files
from wincraft.cli.shared.measuring import integer_options, read_integers
from wincraft.cli.shared.output import choose_format, output_option, to_stdout, write_output
from wincraft.files.writing import check_target

_SUFFIXES = {".v": "coq"}


@click.command(name="certify", cls=Command)
@click.argument("size", metavar="SIZE|FILE", shell_complete=offer_files)
@algorithm_options
@basis_option()
@integer_options
@circuit_option
@click.option("--check", is_flag=True, help="Have coqc accept it; nothing is written where it does not.")
@output_option
def command(
    size: str,
    points: str | None,
    moduli: str | None,
    convention: str | None,
    axes: int | None,
    nested: bool,
    basis: str | None,
    data_range: str | None,
    weight_range: str | None,
    accumulator: int | None,
    circuit: str | None,
    check: bool,
    output: str | None,
) -> None:
    """Write a certificate of SIZE that a proof assistant checks: Coq 8.16 or later, without axioms.

    \b
    Examples:
      wincraft certify 4x4,3x3 -o f4x4.v
      wincraft certify 4x4,3x3 --check
      wincraft certify f4x4.json --check -o f4x4.v
      wincraft certify 2x2,3x3 --convention integer --data-range uint8 --check

    It states, for any number of channels, that the algorithm is the convolution and its final division exact; the
    ranges of U, V and products; the most channels that an accumulator holds; and that the circuits of a C header
    compute the matrices. The hash is that of the JSON. With -o the general theorems, Wincraft.v, are written beside
    it, for coqc Wincraft.v and coqc f4x4.v.
    """
    from wincraft.emit.coq.certificate import LIBRARY
    from wincraft.emit.writing import render
    from wincraft.files.writing import write_whole

    choose_format(None, output, ("coq",), _SUFFIXES)
    if output is not None and not to_stdout(output):
        beside = Path(output).with_name(LIBRARY.name)
        for path in (output, beside):
            check_target(path)
    algorithm = read_algorithm(size, points, moduli, convention, basis, axes, nested=nested)
    text = render(algorithm, "coq", read_integers((), data_range, weight_range, accumulator), circuit)
    if check:
        from wincraft.emit.coq.checking import check_certificate

        click.echo(check_certificate(text), err=output is None or to_stdout(output))
    if output is not None and not to_stdout(output):
        write_whole(beside, LIBRARY.read_bytes())
        click.echo(f"wrote {click.format_filename(str(beside))}", err=True)
        write_output(text, output, "coq", _SUFFIXES)
    elif not check or output is not None:
        click.echo(text, nl=False)
