# SPDX-License-Identifier: Apache-2.0
"""``wincraft formats``."""

from __future__ import annotations

import click

from wincraft.cli.command import Command
from wincraft.cli.output import write_output


@click.command(name="formats", cls=Command)
@click.argument("names", nargs=-1, metavar="[NAME ...]")
def command(names: tuple[str, ...]) -> None:
    """Describe the number formats, and the schemes that say where they are used; or the formats of NAME.

    \b
    Examples:
      wincraft formats
      wincraft formats fp16 q3.12 int6

    Also understood are intN, intN-full, uintN, qI.F, uqI.F, fixed<W,I> and ufixed<W,I>.
    """
    from wincraft.analysis.formats import FORMATS, parse_format
    from wincraft.analysis.schemes import SCHEMES
    from wincraft.report.text import wrapped_lines

    lines = [item.describe() for item in ([parse_format(name) for name in names] or FORMATS.values())]
    if not names:
        lines += [
            "",
            "Schemes, stage by stage: stored as format/granularity",
            *(s.describe() for s in SCHEMES.values()),
        ]
    write_output(wrapped_lines("\n".join(lines)) + "\n", None)
