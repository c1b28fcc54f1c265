# SPDX-License-Identifier: Apache-2.0
"""``wincraft verify``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

import click

from wincraft.algorithm.refutation import Refuted
from wincraft.cli.shared.command import Command, offer_files
from wincraft.cli.shared.output import tolerance_option, write_output

if TYPE_CHECKING:
    from wincraft.files.reading import Verdict


@click.command(name="verify", cls=Command)
@click.argument("files", nargs=-1, required=True, metavar="FILE [FILE FILE]", shell_complete=offer_files)
@tolerance_option
@click.option(
    "--source",
    metavar="FILE",
    shell_complete=offer_files,
    help="Compile a C or C++ source, and prove its --function for SIZE.",
)
@click.option(
    "--function", "functions", multiple=True, metavar="NAME", help="Of --source: three transforms, or one of tiles."
)
@click.option("--thorough", is_flag=True, help="Of a search result: search again, however large the space is.")
def command(
    files: tuple[str, ...], tolerance: str | None, source: str | None, functions: tuple[str, ...], thorough: bool
) -> None:
    """Prove the matrices of FILE exactly: exit 0 proved, 1 refuted with a diagnosis.

    \b
    Examples:
      wincraft verify f4.json
      wincraft verify winograd_constants.h
      wincraft verify their_matrices.py#F43
      wincraft verify AT.npy G.npy BT.npy
      wincraft verify f4_search.json
      wincraft verify f63_circuit.json
      wincraft verify plan.json
      wincraft verify 4x4,3x3 --source kernel.c --function input_transform \\
          --function filter_transform --function output_transform
      wincraft verify 4x4,3x3 --source kernel.c --function convolve_tile

    FILE is an algorithm document, or holds A^T, G and B^T in any usual spelling: arrays of C and its relatives,
    Python, Rust, MATLAB, Julia, LaTeX, Markdown, printed arrays, comments, plain rows, JSON, .csv, .npz; or give three
    files, AT G BT. Several algorithms are judged one by one; FILE#NAME chooses one, by size, number or part of its
    name. Of the result of a search the values, the count of the space and the optimality are checked again, of a
    document of circuits the programs, together, their counts and bounds; of a plan its algorithms,
    and its pieces on unit impulses.

    With --source, FILE is a size. Of a kernel without tables three functions, each from one tile to another, are
    compiled and their matrices read off at unit vectors; or one function of data, filter and output tile is tried on
    every pair of them. Inputs are const arrays; an integer parameter is a row stride.
    """
    if (source is None) != (not functions):
        raise click.UsageError("--source and --function belong together; give both")
    from wincraft.construct.identify import read_tolerance
    from wincraft.files.reading import algorithm_of, found_in, judge

    limit = read_tolerance(tolerance)
    try:
        if source is not None:
            write_output(f"{_probed(files, source, functions, limit)}\n", None)
            return
        found = found_in(*files)
        if found.document.get("kind") == "wincraft.search":
            from wincraft.search.points.certificate import recheck

            write_output("".join(f"{line}\n" for line in recheck(found.document, found.path, thorough)), None)
            return
        if found.document.get("kind") == "wincraft.circuit":
            from wincraft.report.circuit_check import check_circuits

            write_output("".join(f"{line}\n" for line in check_circuits(found.document, found.path)), None)
            return
        if found.document.get("kind") == "wincraft.decomposition":
            from wincraft.files.decomposition import parse_plan_document

            write_output(f"{parse_plan_document(found.document, str(found.path)).prove()}\n", None)
            return
        if found.document and not found.matrices:
            write_output(algorithm_of(found, ()).verify() + "\n", None)
            return
        verdicts = judge(found, limit)
        if found.axes:
            write_output(algorithm_of(found, verdicts).verify() + "\n", None)
            return
        if len(verdicts) == 1 and verdicts[0].error is not None:
            raise verdicts[0].error
    except Refuted as error:
        write_output(f"{error.diagnosis}\n", None)
        sys.exit(error.exit_code)
    lines = [_line(verdict) for verdict in verdicts]
    if len(lines) > 1:
        lines = [f"{verdict.matrices.label}: {line}" for verdict, line in zip(verdicts, lines, strict=True)]
    write_output("".join(f"{line}\n" for line in lines), None)
    if any(verdict.error is not None for verdict in verdicts):
        sys.exit(Refuted.exit_code)


def _line(verdict: Verdict) -> str:
    if verdict.found is None:
        return str(verdict.error)
    algorithm, found = verdict.found.algorithm, verdict.found
    form = "" if algorithm.form == "correlation" else ", linear convolution form"
    stored = f", stored transposed: {', '.join(found.transposed)}" if found.transposed else ""
    error = f", the given decimals within {float(found.largest_error):.2g} of it" if found.largest_error else ""
    return f"{algorithm.verify()}{form}{stored}{error}"


def _probed(sizes: Sequence[str], source: str, functions: Sequence[str], tolerance: Fraction | None) -> str:
    """What the functions of a source were proved to be."""
    from wincraft.files.kernels import probe_tiles, probe_transforms

    if len(sizes) != 1:
        raise click.UsageError(f"{len(sizes)} arguments; with --source give one size, such as 4x4,3x3")
    if len(functions) == 1:
        return probe_tiles(source, functions[0], sizes[0], tolerance)
    found = probe_transforms(source, functions, sizes[0], tolerance)
    rounded = f", the compiled constants within {found.deviation:.2g} of it" if found.deviation else ""
    return f"{found.algorithm.verify()}{rounded}"
