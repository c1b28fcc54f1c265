# SPDX-License-Identifier: Apache-2.0
"""``wincraft identify``."""

from __future__ import annotations

import io

import click

from wincraft.cli.command import Command, offer
from wincraft.cli.output import (
    TEXT_OR_JSON,
    choose_format,
    output_option,
    parse_tolerance,
    tolerance_option,
    write_output,
)


@click.command(name="identify", cls=Command)
@click.argument("files", nargs=-1, required=True, metavar="FILE [FILE FILE]")
@tolerance_option
@click.option(
    "--format",
    "format_given",
    shell_complete=offer(TEXT_OR_JSON.values),
    help="text or json; by default that of FILE's suffix, else text.",
)
@output_option
def command(files: tuple[str, ...], tolerance: str, format_given: str | None, output: str | None) -> None:
    """Find form, points, scaling and convention of bare matrices.

    \b
    Examples:
      wincraft identify their_matrices.txt
      wincraft identify weights.npz --tolerance 1e-3 --format json -o exact.json

    FILE is JSON with AT, G and BT, a NumPy .npz, or a text file of rows; or give three files, AT G BT. Entries are
    integers, fractions, sqrt() expressions, decimals or floats. JSON output is an algorithm document.
    """
    from wincraft.construct.identify import identify
    from wincraft.files.matrices import read_matrices

    format = choose_format(format_given, output, TEXT_OR_JSON.values(), TEXT_OR_JSON)
    limit = parse_tolerance(tolerance)
    matrices = read_matrices(*files)
    found = identify(matrices.AT, matrices.G, matrices.BT, tolerance=0 if matrices.exact else limit, form=matrices.form)
    if format == "text":
        write_output(f"{found!r}\n", output, format, TEXT_OR_JSON)
        return
    from wincraft.emit.json import document, write_document

    content = document(found.algorithm)
    content["row_scaling"] = found.row_scaling
    content["conventions"] = list(found.conventions)
    content["transposed"] = list(found.transposed)
    content["largest_error"] = float(found.largest_error)
    stream = io.StringIO()
    write_document(content, stream)
    write_output(stream.getvalue(), output, format, TEXT_OR_JSON)
