# SPDX-License-Identifier: Apache-2.0
"""What verify and check share: the format of outcomes, writing them, and the exit code that they give."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from wincraft.cli.shared.command import format_option
from wincraft.cli.shared.output import choose_format, write_output

if TYPE_CHECKING:
    from wincraft.report.outcomes import FileOutcome
    from wincraft.report.proofs import Recheck

OUTCOME_FORMAT_NAMES = ("text", "json", "github", "junit", "sarif")
"""Those of `wincraft.report.outcome_formats`, whose import takes longer than a help page may."""
outcome_format_option = format_option(
    lambda: OUTCOME_FORMAT_NAMES, "text, json, github (annotations of a workflow), junit or sarif"
)


def outcome_format(given: str | None, output: str | None) -> str:
    """The format given, else that of the output's suffix, else text; raises `UnknownName`."""
    from wincraft.report.outcome_formats import OUTCOME_FORMATS, OUTCOME_SUFFIXES

    return choose_format(given, output, OUTCOME_FORMATS, OUTCOME_SUFFIXES)


def search_recheck(thorough: bool = False) -> Recheck:
    """What proves results of searches again."""
    from wincraft.search.points.certificate import recheck

    return lambda document, path: recheck(document, path, thorough)


def read_stdin() -> bytes:
    """All of standard input, as long as a file may be.

    Raises:
        BadDocument: where it is closed.
    """
    from wincraft.errors import BadDocument
    from wincraft.files.npz import MAX_ARCHIVE_BYTES
    from wincraft.report.outcomes import STDIN

    try:
        content = sys.stdin.buffer.read(MAX_ARCHIVE_BYTES + 1)
    except (AttributeError, OSError, ValueError):
        raise BadDocument(STDIN, "it is closed", "pipe a file into it, or name one") from None
    if len(content) > MAX_ARCHIVE_BYTES:
        raise BadDocument(STDIN, f"it has more than {MAX_ARCHIVE_BYTES} bytes", "give the matrices only")
    return content


def finish_outcomes(
    outcomes: Sequence[FileOutcome],
    format: str,
    output: str | None,
    text: Callable[[Sequence[FileOutcome]], str] | None = None,
) -> None:
    """Write the outcomes, `text` in place of the renderer of that name, and exit with their code where it is not 0."""
    from wincraft.report.outcome_formats import OUTCOME_FORMATS, OUTCOME_SUFFIXES
    from wincraft.report.outcomes import exit_code_of

    render = text if text is not None and format == "text" else OUTCOME_FORMATS[format]
    write_output(render(outcomes), output, format, OUTCOME_SUFFIXES)
    if code := exit_code_of(outcomes):
        sys.exit(code)
