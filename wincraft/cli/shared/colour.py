# SPDX-License-Identifier: Apache-2.0
"""Colour for reports on a terminal: titles, the grades of the verdict, the best of a row."""

from __future__ import annotations

import os
import re
import sys

from wincraft.report.verdict import LEVELS

_STYLES = {"good": "bold green", "fair": "bold cyan", "poor": "bold yellow", "bad": "bold red"}


def wanted() -> bool:
    """Whether stdout is a terminal that shows colours, and nobody has asked for none (``NO_COLOR``)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def write_coloured(text: str) -> None:
    """Print a text report with colours; without them its letters are the same."""
    from rich.console import Console
    from rich.text import Text

    coloured = Text(text)
    for level, (_, words) in LEVELS.items():
        coloured.highlight_regex(rf"(?m)^ *{re.escape(words)}", _STYLES[level])
    coloured.highlight_regex(r"(?m)^(?=.*[A-Z]{3})[A-Z][^a-z\n]*(:.*)?$", "bold")
    coloured.highlight_regex(r"(?<= )\S+\*(?=\s|$)", "bold")
    Console(file=sys.stdout, highlight=False).print(coloured, end="", soft_wrap=True)
