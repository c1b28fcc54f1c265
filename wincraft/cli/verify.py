# SPDX-License-Identifier: Apache-2.0
"""``wincraft verify``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from wincraft.cli.command import Command
from wincraft.cli.output import parse_tolerance, tolerance_option, write_output
from wincraft.errors import Refuted


@click.command(name="verify", cls=Command)
@click.argument("files", nargs=-1, required=True, metavar="FILE [FILE FILE]")
@tolerance_option
@click.option("--thorough", is_flag=True, help="Of a search result: search again, however large the space is.")
def command(files: tuple[str, ...], tolerance: str, thorough: bool) -> None:
    """Prove the matrices of FILE exactly: exit 0 proved, 1 refuted with a diagnosis.

    \b
    Examples:
      wincraft verify f4.json
      wincraft verify their_matrices.txt
      wincraft verify AT.npy G.npy BT.npy
      wincraft verify f4_search.json

    FILE is an algorithm document, JSON with AT, G and BT, a NumPy .npz, or a text file of rows; or give three
    files, AT G BT. Matrices stored transposed or in linear convolution form are recognised. Of the result of
    a search the values, the count of the space and the optimality are checked again.
    """
    from wincraft.construct.identify import identify
    from wincraft.files.document import check_statements, load_json, parse_document
    from wincraft.files.matrices import read_matrices

    try:
        content = load_json(files[0]) if len(files) == 1 and Path(files[0]).suffix.lower() == ".json" else {}
        if content.get("kind") == "wincraft.search":
            from wincraft.search.certificate import recheck

            write_output("".join(f"{line}\n" for line in recheck(content, files[0], thorough)), None)
            return
        if "kind" in content or "axes" in content:
            write_output(parse_document(content, files[0]).verify() + "\n", None)
            return
        limit = parse_tolerance(tolerance)
        matrices = read_matrices(*files)
        found = identify(
            matrices.AT, matrices.G, matrices.BT, tolerance=0 if matrices.exact else limit, form=matrices.form
        )
    except Refuted as error:
        write_output(f"{error.diagnosis}\n", None)
        sys.exit(error.exit_code)
    check_statements(content, files[0], found.algorithm)
    form = "" if found.algorithm.form == "correlation" else ", linear convolution form"
    stored = f", stored transposed: {', '.join(found.transposed)}" if found.transposed else ""
    rounded = f", the given decimals within {float(found.largest_error):.2g} of it" if not matrices.exact else ""
    write_output(f"{found.algorithm.verify()}{form}{stored}{rounded}\n", None)
