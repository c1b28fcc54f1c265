# SPDX-License-Identifier: Apache-2.0
"""``wincraft catalogue``."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import click

from wincraft.cli.shared.command import Command, format_option
from wincraft.cli.shared.output import TEXT_OR_JSON, choose_format, output_option, write_output
from wincraft.errors import BadValue, NotApplicable

if TYPE_CHECKING:
    from wincraft.construct.catalogue import Entry


@click.command(name="catalogue", cls=Command)
@click.argument("size", required=False)
@click.option("--taps", type=int, metavar="R", help="Only sizes with R filter taps.")
@format_option(TEXT_OR_JSON.values, "text or json")
@output_option
def command(size: str | None, taps: int | None, format_given: str | None, output: str | None) -> None:
    """Show the best points known: the default of every size, or all that is known of SIZE.

    \b
    Examples:
      wincraft catalogue --taps 3
      wincraft catalogue "F(4,3)"
      wincraft catalogue 6x6,3x3 --format json
    """
    import json

    from wincraft.construct.catalogue import catalogue
    from wincraft.show.layout import Table
    from wincraft.show.shown import rendered
    from wincraft.show.text import table_lines

    format = choose_format(format_given, output, TEXT_OR_JSON.values(), TEXT_OR_JSON)
    entries = catalogue()
    if size is not None:
        from wincraft.construct.size import parse_size

        chosen = []
        for key in dict.fromkeys(parse_size(size)):
            if key not in entries:
                m, r = key
                repair = (
                    f"it has tiles m + r - 1 <= 18; generate {m},{r} takes simple points, search {m},{r} finds better"
                )
                raise NotApplicable("catalogue", f"F({m},{r}) is not in it", repair)
            chosen.append(entries[key])
    else:
        chosen = [entry for (_, r), entry in sorted(entries.items()) if taps in (None, r)]
        if not chosen:
            raise BadValue("the number of filter taps", str(taps), "the catalogue has 1 to 18")
    if format == "json":
        document = {"kind": "wincraft.catalogue", "version": 1, "entries": [entry.document() for entry in chosen]}
        write_output(json.dumps(document, indent=2) + "\n", output, format, TEXT_OR_JSON)
    elif size is None:
        table = Table(("size", "noise gain", "above limit", "points"), tuple(map(_row, chosen)), "lrrl")
        write_output("\n".join(table_lines(table)) + "\n", output, format, TEXT_OR_JSON)
    else:
        write_output("\n".join(map(rendered, chosen)), output, format, TEXT_OR_JSON)


def _row(entry: Entry) -> tuple[str, ...]:
    gain = f"{float(Fraction(entry.noise_gain)):.6g}"
    return f"F({entry.m},{entry.r})", gain, f"{max(entry.above_limit, 0):.2%}", entry.points
