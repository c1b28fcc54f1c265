# SPDX-License-Identifier: Apache-2.0
"""``wincraft search``: a group, whose ``points`` is meant where no command is named."""

from __future__ import annotations

import os
import re

import click
from click.shell_completion import CompletionItem

from wincraft.cli.shared.group import LazyGroup

SEARCHES = {
    "points": "The best points of a space, with a certificate; meant where no command is named.",
    "front": "The sets of a space that none beats in products, noise gain, operations and bits.",
    "tiles": "The tiles and constructions of a kernel that none beats in products, noise and cost.",
    "scaling": "The power-of-two scaling with the least noise under a scheme.",
    "chains": "The cheapest or most accurate basis or factorisation of every map.",
    "exact": "The points that are exact in integers for the most channels, of all rational points.",
    "losses": "The points and moduli that lose the fewest bits over Z/2^k.",
    "limit": "What no set of real points can be better than, proved.",
}


class Search(LazyGroup):
    """The searches; a size or an option in place of a command's name is for ``points``."""

    package = "wincraft.cli.search"
    table = SEARCHES

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click's, with ``points`` put in where the first word is no command's name."""
        word = args[0] if args else ""
        named = word in (*SEARCHES, *ctx.help_option_names) or (
            re.fullmatch("[a-z]+", word) and not os.path.exists(word)
        )
        missing = not named and not (ctx.resilient_parsing and not args)
        return super().parse_args(ctx, ["points", *args] if missing else args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands, then the options of ``points``."""
        self.format_commands(ctx, formatter)
        points = self.get_command(ctx, "points")
        assert points is not None
        points.format_options(ctx, formatter)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The commands; options are those of ``points``."""
        points = self.get_command(ctx, "points") if incomplete.startswith("-") else None
        return super().shell_complete(ctx, incomplete) if points is None else points.shell_complete(ctx, incomplete)


@click.group(name="search", cls=Search, subcommand_metavar="[COMMAND] SIZE|FILE")
def command() -> None:
    """Find the best points of a size, or what COMMAND finds.

    \b
    Examples:
      wincraft search "F(4,3)" --max-height 8
      wincraft search 6x6,3x3 --max-height 12 --space symmetric --within 1%
      wincraft search front 4,3 --max-height 4 --space symmetric -o front.html
      wincraft search tiles 3x3 --max-outputs 4
      wincraft search scaling 4x4,3x3 --points "0,1,-1,2,-2" --scheme tapwise-8
      wincraft search chains 6x6,3x3 --objective operations
      wincraft search exact 4x4,3x3
      wincraft search losses 4,4 --moduli "x^2+x+1"
      wincraft search limit 4,3

    The options below are of points, which is meant where no COMMAND is named; wincraft search COMMAND --help has the
    options of the others.
    """
