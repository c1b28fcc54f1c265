# SPDX-License-Identifier: Apache-2.0
"""``wincraft verify``."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING

import click

from wincraft.cli.shared.command import Command, offer_files
from wincraft.cli.shared.outcomes import (
    finish_outcomes,
    outcome_format,
    outcome_format_option,
    read_stdin,
    search_recheck,
)
from wincraft.cli.shared.output import output_option, tolerance_option

if TYPE_CHECKING:
    from wincraft.report.outcomes import FileOutcome


@click.command(name="verify", cls=Command)
@click.argument("files", nargs=-1, required=True, metavar="FILE...", shell_complete=offer_files)
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
@click.option(
    "--thorough",
    is_flag=True,
    help="Of a search result: search again, however large the space is; of circuits: run stored proofs again.",
)
@outcome_format_option
@output_option
def command(
    files: tuple[str, ...],
    tolerance: str | None,
    source: str | None,
    functions: tuple[str, ...],
    thorough: bool,
    format_given: str | None,
    output: str | None,
) -> None:
    """Prove the matrices of every FILE exactly: exit 0 proved, 1 refuted with a diagnosis.

    \b
    Examples:
      wincraft verify f4.json
      wincraft verify winograd_constants.h
      wincraft verify their_matrices.py#F43
      wincraft verify AT.npy G.npy BT.npy
      wincraft verify --format github src/f2x2.h src/f4x4.h
      wincraft verify --format json - < their_matrices.py
      wincraft verify f4_search.json
      wincraft verify f63_circuit.json
      wincraft verify plan.json
      wincraft verify 4x4,3x3 --source kernel.c --function input_transform \\
          --function filter_transform --function output_transform
      wincraft verify 4x4,3x3 --source kernel.c --function convolve_tile

    FILE is an algorithm document, or holds A^T, G and B^T in any usual spelling: arrays of C and its relatives,
    Python, Rust, MATLAB, Julia, LaTeX, Markdown, printed arrays, comments, plain rows, JSON, .csv, .npz; - is standard
    input. Three files of which none holds all three are A^T, G and B^T. Several algorithms are judged one by one;
    FILE#NAME chooses one, by size, number or part of its name. Of the result of a search the values, the count of the
    space and the optimality are checked again, of a document of circuits the programs, together, and every number and
    bound; of a plan its algorithms, and its pieces on unit impulses.

    With --source, FILE is a size. Of a kernel without tables three functions, each from one tile to another, are
    compiled and their matrices read off at unit vectors; or one function of data, filter and output tile is tried on
    every pair of them. Inputs are const arrays; an integer parameter is a row stride.
    """
    if (source is None) != (not functions):
        raise click.UsageError("--source and --function belong together; give both")
    if files.count("-") > 1:
        raise click.UsageError("- is given twice; standard input is read once")
    from wincraft.construct.identify import read_tolerance

    format, limit = outcome_format(format_given, output), read_tolerance(tolerance)
    probed = None if source is None else [_probed(files, source, functions, limit)]
    finish_outcomes(_proved(files, limit, thorough) if probed is None else probed, format, output, _text)


def _proved(files: Sequence[str], tolerance: Fraction | None, thorough: bool) -> list[FileOutcome]:
    """What became of every file, or of A^T, G and B^T in three."""
    from wincraft.report.outcomes import STDIN
    from wincraft.report.proofs import hold_alone, prove_files

    prove = partial(prove_files, tolerance=tolerance, recheck=search_recheck(thorough), thorough=thorough)
    if len(files) == 3 and "-" not in files and not hold_alone(files):
        return prove(*files)
    found = [prove(STDIN, given=read_stdin()) if file == "-" else prove(file) for file in files]
    return [outcome for outcomes in found for outcome in outcomes]


def _text(outcomes: Sequence[FileOutcome]) -> str:
    """A line for each; of one alone what is wrong in full. What could not be judged is told on stderr."""
    if len(outcomes) == 1 and outcomes[0].error is not None:
        if outcomes[0].diagnosis is None:
            raise outcomes[0].error
        return f"{outcomes[0].diagnosis}\n"
    several = len({outcome.file for outcome in outcomes}) > 1
    lines = []
    for outcome in outcomes:
        names = [outcome.file] * several + [outcome.name] * (sum(other.file == outcome.file for other in outcomes) > 1)
        if several and outcome.status == "error":
            click.echo(f"wincraft: {outcome.message}", err=True)
        else:
            lines.append(": ".join([*filter(None, names), outcome.message]))
    return "".join(f"{line}\n" for line in lines)


def _probed(sizes: Sequence[str], source: str, functions: Sequence[str], tolerance: Fraction | None) -> FileOutcome:
    """What the functions of a source were proved to be."""
    from wincraft.errors import WincraftError
    from wincraft.files.kernels import probe_tiles, probe_transforms
    from wincraft.report.outcomes import FileOutcome

    if len(sizes) != 1:
        raise click.UsageError(f"{len(sizes)} arguments; with --source give one size, such as 4x4,3x3")
    try:
        if len(functions) == 1:
            return FileOutcome(source, "proof", probe_tiles(source, functions[0], sizes[0], tolerance))
        found = probe_transforms(source, functions, sizes[0], tolerance)
    except WincraftError as error:
        return FileOutcome(source, "proof" if error.exit_code == 1 else "readable", error=error)
    rounded = f", the compiled constants within {found.deviation:.2g} of it" if found.deviation else ""
    text = f"{found.algorithm.verify()}{rounded}"
    return FileOutcome(source, "proof", text, algorithm=found.algorithm)
