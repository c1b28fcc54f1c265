# SPDX-License-Identifier: Apache-2.0
"""``wincraft formats``."""

from __future__ import annotations

import click

from wincraft.cli.output import write_output


@click.command(name="formats")
@click.argument("names", nargs=-1, metavar="[NAME ...]")
def command(names: tuple[str, ...]) -> None:
    """Describe the number formats, and the schemes that say where they are used; or the formats of NAME.

    Also understood are intN, intN-full, uintN, qI.F, uqI.F, fixed<W,I> and ufixed<W,I>.

    \b
    Examples:
      wincraft formats
      wincraft formats fp16 q3.12 int6
    """
    from wincraft.analysis.formats import FORMATS, parse_format
    from wincraft.analysis.schemes import SCHEMES

    lines = [item.describe() for item in ([parse_format(name) for name in names] or FORMATS.values())]
    if not names:
        lines += [
            "",
            "Schemes, stage by stage: stored as format/granularity",
            *(s.describe() for s in SCHEMES.values()),
        ]
    write_output("".join(f"{line}\n" for line in lines), None)
