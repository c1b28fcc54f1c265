# SPDX-License-Identifier: Apache-2.0
"""``wincraft catalogue``."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import click

from wincraft.cli.shared.command import Command, format_option
from wincraft.cli.shared.output import TEXT_OR_JSON, choose_format, output_option, write_output
from wincraft.errors import NotApplicable

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
    from dataclasses import asdict

    from wincraft.construct.catalogue import catalogue
    from wincraft.show.layout import Table
    from wincraft.show.text import table_lines, wrapped_lines

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
            raise NotApplicable("catalogue", f"no size has {taps} filter taps", "give 1 to 18")
    if format == "json":
        document = {"kind": "wincraft.catalogue", "version": 1, "entries": [asdict(entry) for entry in chosen]}
        write_output(json.dumps(document, indent=2) + "\n", output, format, TEXT_OR_JSON)
    elif size is None:
        table = Table(("size", "noise gain", "above limit", "points"), tuple(map(_row, chosen)), "lrrl")
        write_output("\n".join(table_lines(table)) + "\n", output, format, TEXT_OR_JSON)
    else:
        write_output("\n\n".join(wrapped_lines(_whole(entry)) for entry in chosen) + "\n", output, format, TEXT_OR_JSON)


def _row(entry: Entry) -> tuple[str, ...]:
    gain = f"{_value(entry.noise_gain):.6g}"
    return f"F({entry.m},{entry.r})", gain, f"{max(entry.above_limit, 0):.2%}", entry.points


def _whole(entry: Entry) -> str:
    from wincraft.construct.catalogue import USES

    lines = [f"F({entry.m},{entry.r})", f"  limit of {entry.limit.sets}: {entry.limit}"]
    for name, choice in entry.uses.items():
        gain = _value(choice.noise_gain)
        of_limit = gain / entry.limit.noise_gain
        lines += [
            "",
            f"  {name}: {choice.moduli}",
            f"    noise gain {gain:.6g}, {of_limit:.4f} of the limit; {choice.found}",
            f"    {USES[name]}",
        ]
    if len(entry.uses) > 1:
        lines += ["", f"  by name: wincraft generate {entry.m},{entry.r} --points {list(entry.uses)[-1]}"]
    if entry.published:
        lines += ["", "  published:"]
        for item in sorted(entry.published, key=lambda item: _value(item.noise_gain)):
            lines.append(f"    {_value(item.noise_gain):>10.6g}  {item.points}  ({item.source})")
    return "\n".join(lines)


def _value(text: str) -> float:
    return float(Fraction(text))
