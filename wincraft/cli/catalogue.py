# SPDX-License-Identifier: Apache-2.0
"""``wincraft catalogue``."""

from __future__ import annotations

import click

from wincraft.cli.command import Command, offer
from wincraft.cli.output import write_output
from wincraft.errors import NotApplicable, look_up


@click.command(name="catalogue", cls=Command)
@click.argument("size", required=False)
@click.option("--taps", type=int, metavar="R", help="Only sizes with R filter taps.")
@click.option(
    "--format",
    "format_name",
    default="text",
    show_default=True,
    shell_complete=offer(lambda: ("text", "json")),
    help="text or json.",
)
@click.option("-o", "--output", metavar="FILE", help="Write to FILE instead of stdout.")
def command(size: str | None, taps: int | None, format_name: str, output: str | None) -> None:
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
    from wincraft.construct.size import parse_size
    from wincraft.report.layout import Table
    from wincraft.report.text import table_lines, wrapped_lines

    look_up("format", format_name, {"text": None, "json": None})
    entries = catalogue()
    if size is not None:
        chosen = []
        for key in dict.fromkeys(parse_size(size)):
            if key not in entries:
                raise NotApplicable("catalogue", f"F({key[0]},{key[1]}) is not in it", "it has tiles m + r - 1 <= 18")
            chosen.append(entries[key])
    else:
        chosen = [entry for (_, r), entry in sorted(entries.items()) if taps in (None, r)]
        if not chosen:
            raise NotApplicable("catalogue", f"no size has {taps} filter taps", "give 1 to 18")
    if format_name == "json":
        document = {"kind": "wincraft.catalogue", "version": 1, "entries": [asdict(entry) for entry in chosen]}
        write_output(json.dumps(document, indent=2) + "\n", output)
    elif size is None:
        table = Table(("size", "noise gain", "above limit", "points"), tuple(map(_row, chosen)), "lrrl")
        write_output("\n".join(table_lines(table)) + "\n", output)
    else:
        write_output("\n\n".join(wrapped_lines(_whole(entry)) for entry in chosen) + "\n", output)


def _row(entry: object) -> tuple[str, ...]:
    from wincraft.construct.catalogue import Entry

    assert isinstance(entry, Entry)
    gain = f"{_value(entry.noise_gain):.6g}"
    return f"F({entry.m},{entry.r})", gain, f"{max(entry.above_limit, 0):.2%}", entry.points


def _whole(entry: object) -> str:
    from wincraft.construct.catalogue import USES, Entry

    assert isinstance(entry, Entry)
    lines = [f"F({entry.m},{entry.r})", f"  limit of {entry.limit.sets}: {entry.limit}"]
    for name, choice in entry.uses.items():
        gain = _value(choice.noise_gain)
        lines += [
            "",
            f"  {name}: {choice.moduli}",
            f"    noise gain {gain:.6g}, {gain / entry.limit.noise_gain:.4f} of",
        ]
        lines[-1] += f" the limit; {choice.found}"
        lines.append(f"    {USES[name]}")
    if entry.published:
        lines += ["", "  published:"]
        for item in sorted(entry.published, key=lambda item: _value(item.noise_gain)):
            lines.append(f"    {_value(item.noise_gain):>10.6g}  {item.points}  ({item.source})")
    return "\n".join(lines)


def _value(text: str) -> float:
    from sympy import sympify

    return float(sympify(text))
