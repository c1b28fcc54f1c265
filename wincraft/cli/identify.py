# SPDX-License-Identifier: Apache-2.0
"""``wincraft identify``."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from wincraft.algorithm.refutation import Refuted
from wincraft.cli.shared.command import Command, format_option, offer_files
from wincraft.cli.shared.output import (
    TEXT_OR_JSON,
    choose_format,
    output_option,
    tolerance_option,
    write_output,
)

if TYPE_CHECKING:
    from wincraft.algorithm.bilinear import Algorithm
    from wincraft.construct.identify import Identification
    from wincraft.files.reading import Verdict


@click.command(name="identify", cls=Command)
@click.argument("files", nargs=-1, required=True, metavar="FILE [FILE FILE]", shell_complete=offer_files)
@tolerance_option
@format_option(TEXT_OR_JSON.values, "text or json")
@output_option
def command(files: tuple[str, ...], tolerance: str | None, format_given: str | None, output: str | None) -> None:
    """Find form, points, scaling and convention of bare matrices.

    \b
    Examples:
      wincraft identify their_matrices.txt
      wincraft identify winograd.cpp#4x4_3x3
      wincraft identify weights.npz --tolerance 1e-3 -o exact.json

    FILE holds A^T, G and B^T in any spelling that `wincraft verify` reads; or give three files, AT G BT. Entries are
    integers, fractions, sqrt() expressions, decimals or floats. Of several algorithms FILE#NAME chooses one. JSON
    output is an algorithm document.
    """
    from wincraft.construct.identify import read_tolerance
    from wincraft.files.reading import algorithm_of, found_in, judge

    format = choose_format(format_given, output, TEXT_OR_JSON.values(), TEXT_OR_JSON)
    found = found_in(*files)
    verdicts = judge(found, read_tolerance(tolerance))
    one = bool(found.axes) or (bool(found.document) and not found.matrices)
    if format == "json" or one or len(verdicts) == 1:
        algorithm = algorithm_of(found, verdicts)
    if format == "json":
        write_output(_json(algorithm, verdicts), output, format, TEXT_OR_JSON)
        return
    reports = [repr(verdict.found) if verdict.found else str(verdict.error) for verdict in verdicts]
    if len(verdicts) > 1:
        reports = [f"{verdict.matrices.label}\n{report}" for verdict, report in zip(verdicts, reports, strict=True)]
    if one and len(algorithm.m) > 1 and algorithm.separable:
        reports.insert(0, repr(algorithm))
    write_output("\n\n".join(reports) + "\n", output, format, TEXT_OR_JSON)
    if any(verdict.error is not None for verdict in verdicts):
        sys.exit(Refuted.exit_code)


def _json(algorithm: Algorithm, verdicts: Sequence[Verdict]) -> str:
    """The document, and beside the matrices of every axis how they were given."""
    from wincraft.files.document import document, write_document

    about = {verdict.found.algorithm: _about(verdict.found) for verdict in verdicts if verdict.found}
    content = document(algorithm)
    for axis, written in zip(algorithm.factors if algorithm.separable else (), content["recipe"], strict=False):
        written.update(about.get(axis, {}))
    stream = io.StringIO()
    write_document(content, stream)
    return stream.getvalue()


def _about(found: Identification) -> dict[str, Any]:
    return {
        "row_scaling": found.row_scaling,
        "conventions": list(found.conventions),
        "transposed": list(found.transposed),
        "largest_error": float(found.largest_error),
    }
