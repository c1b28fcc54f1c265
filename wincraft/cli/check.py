# SPDX-License-Identifier: Apache-2.0
"""``wincraft check``."""

from __future__ import annotations

import click

from wincraft.cli.shared.command import Command, offer_files
from wincraft.cli.shared.outcomes import finish_outcomes, outcome_format, outcome_format_option, search_recheck
from wincraft.cli.shared.output import output_option


@click.command(name="check", cls=Command)
@click.option(
    "--config",
    metavar="FILE",
    default="pyproject.toml",
    show_default=True,
    shell_complete=offer_files,
    help="The TOML file whose [tool.wincraft] says what is checked.",
)
@outcome_format_option
@output_option
def command(config: str, format_given: str | None, output: str | None) -> None:
    """Check the files that a project names: proofs, algorithms, limits; exit 1 where one fails.

    \b
    Examples:
      wincraft check
      wincraft check --config sub/pyproject.toml --format github
      wincraft check -o checks.xml

    \b
    In pyproject.toml, once for every check:
      [[tool.wincraft.check]]
      files = ["src/winograd/*.h"]
      algorithm = "F(4x4,3x3)"
      limits = { noise-gain = 25, channels = 64, "loss:fp16" = 3 }

    Every algorithm in the files is proved. One of them must be of the size of algorithm, or make it along its axes, and
    is held to the limits: measures by the names that wincraft search --help lists, at most the value, or at least where
    more is better. Further keys are tolerance, as of verify, and of exact integers data-range, weight-range and
    accumulator, as of report. Paths are relative to FILE.
    """
    from wincraft.errors import WincraftError
    from wincraft.report.project import read_checks, run_file_checks
    from wincraft.report.proofs import unreadable

    format = outcome_format(format_given, output)
    try:
        checks = read_checks(config)
    except WincraftError as error:
        if format == "text":
            raise
        outcomes = [unreadable(config, error, "configuration")]
    else:
        outcomes = run_file_checks(checks, search_recheck())
    finish_outcomes(outcomes, format, output)
