# SPDX-License-Identifier: Apache-2.0
"""``wincraft selftest``."""

from __future__ import annotations

import sys

import click

from wincraft.cli.shared.command import Command


@click.command(name="selftest", cls=Command)
@click.option("--format", "format_name", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(format_name: str) -> None:
    """Check this installation in a few seconds: exit 0 if everything works, 1 if anything fails.

    \b
    Examples:
      wincraft selftest
      CC=clang wincraft selftest
      wincraft selftest --format json

    The catalogue's algorithms are proved, JSON is written and read, a C header is compiled and run where there is a
    C compiler (CC chooses it), and one quantisation scheme is simulated beside its prediction.
    """
    import json

    from wincraft.selftest import run_checks, selftest_document

    checks = []
    for check in run_checks():
        checks.append(check)
        if format_name == "text":
            click.echo(f"{check.outcome:<8}{check.name:<12}{check.seconds:>5.1f} s  {check.detail}")
    if format_name == "json":
        click.echo(json.dumps(selftest_document(checks), indent=2))
    if any(check.outcome == "failed" for check in checks):
        sys.exit(1)
