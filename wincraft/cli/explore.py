# SPDX-License-Identifier: Apache-2.0
"""``wincraft explore``."""

from __future__ import annotations

import click

from wincraft.cli.shared.command import Command, convention_option, offer, point_names
from wincraft.cli.shared.output import choose_format, output_option, write_output

_SUFFIXES = {".html": "html", ".htm": "html"}


@click.command(name="explore", cls=Command)
@click.argument("size", default="F(4x4,3x3)")
@click.option(
    "--points", shell_complete=offer(point_names), help='Points to start with, "0,1,-1,2,-2", or a set by name.'
)
@convention_option(help="Scaling to start with.  [default: wincnn]")
@output_option
def command(size: str, points: str | None, convention: str | None, output: str | None) -> None:
    """Write a page for a browser in which points, size, bits and scaling move.

    \b
    Examples:
      wincraft explore -o explorer.html
      wincraft explore 6x6,3x3 --points "0,1,-1,2,-2,1/2,-1/2" -o f6x6.html
      wincraft explore 4,3 --points integer --convention pow2 -o f4.html

    One file of HTML, without network and without Python: noise gain, what each tap adds, ranges and the predicted SQNR
    by stage follow at once. SIZE, F(4x4,3x3) by default, is what it starts with; it has one axis or two alike, tiles up
    to m + r - 1 = 8.
    """
    from wincraft.report.browser import PAGE_START, explorer_page

    choose_format(None, output, ("html",), _SUFFIXES)
    page = explorer_page(size, points, convention or PAGE_START["convention"])
    write_output(page, output, "html", _SUFFIXES)
