# SPDX-License-Identifier: Apache-2.0
"""``wincraft verify``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from wincraft.cli.command import Command
from wincraft.cli.output import parse_tolerance, tolerance_option, write_output
from wincraft.errors import Refuted


@click.command(name="verify", cls=Command)
@click.argument("files", nargs=-1, required=True, metavar="FILE [FILE FILE]")
@tolerance_option
@click.option("--source", metavar="FILE", help="Compile a C or C++ source, and prove its --function for SIZE.")
@click.option(
    "--function", "functions", multiple=True, metavar="NAME", help="Of --source: three transforms, or one of tiles."
)
@click.option("--thorough", is_flag=True, help="Of a search result: search again, however large the space is.")
def command(
    files: tuple[str, ...], tolerance: str, source: str | None, functions: tuple[str, ...], thorough: bool
) -> None:
    """Prove the matrices of FILE exactly: exit 0 proved, 1 refuted with a diagnosis.

    \b
    Examples:
      wincraft verify f4.json
      wincraft verify their_matrices.txt
      wincraft verify AT.npy G.npy BT.npy
      wincraft verify f4_search.json
      wincraft verify 4x4,3x3 --source kernel.c --function input_transform \\
          --function filter_transform --function output_transform
      wincraft verify 4x4,3x3 --source kernel.c --function convolve_tile

    FILE is an algorithm document, JSON with AT, G and BT, a NumPy .npz, or a text file of rows; or give three
    files, AT G BT. Matrices stored transposed or in linear convolution form are recognised. Of the result of
    a search the values, the count of the space and the optimality are checked again.

    With --source, FILE is a size. Of a kernel without tables three functions, each from one tile to another, are
    compiled and their matrices read off at unit vectors; or one function of data, filter and output tile is tried on
    every pair of them. Inputs are const arrays; an integer parameter is a row stride.
    """
    if (source is None) != (not functions):
        raise click.UsageError("--source and --function belong together; give both")
    if source is not None:
        write_output(f"{_probed(files, source, functions, tolerance)}\n", None)
        return
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


def _probed(sizes: Sequence[str], source: str, functions: Sequence[str], tolerance: str | None) -> str:
    """What the functions of a source were proved to be; exits with 1 and the diagnosis where they are refuted."""
    from wincraft.files.kernels import probe_tiles, probe_transforms

    if len(sizes) != 1:
        raise click.UsageError(f"{len(sizes)} arguments; with --source give one size, such as 4x4,3x3")
    limit = None if tolerance is None else parse_tolerance(tolerance)
    if len(functions) == 1:
        return probe_tiles(source, functions[0], sizes[0], limit)
    try:
        found = probe_transforms(source, functions, sizes[0], limit)
    except Refuted as error:
        write_output(f"{error.diagnosis}\n", None)
        sys.exit(error.exit_code)
    rounded = f", the compiled constants within {found.deviation:.2g} of it" if found.deviation else ""
    return f"{found.algorithm.verify()}{rounded}"
