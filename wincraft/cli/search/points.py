# SPDX-License-Identifier: Apache-2.0
"""``wincraft search points``."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import click

from wincraft.cli.search.space import read_spaces, space_options
from wincraft.cli.shared.command import Command, convention_option, offer, offer_files, report_format_option
from wincraft.cli.shared.measuring import finish, format_name
from wincraft.cli.shared.output import output_option
from wincraft.cli.shared.progress import progress_bar
from wincraft.cli.shared.showing import with_command
from wincraft.errors import BadNumber, NotApplicable, shorten
from wincraft.measures import MEASURES, measure_named, names_with
from wincraft.quantise.presets import PRESETS

if TYPE_CHECKING:
    from wincraft.search.points.space import Space


@click.command(name="points", cls=Command)
@space_options
@click.option(
    "--objective",
    default="noise-gain",
    show_default=True,
    shell_complete=offer(lambda: names_with(PRESETS)),
    help=f"The measure that is to be best: {', '.join(MEASURES)}.",
)
@click.option("--constraint", "constraints", multiple=True, metavar="NAME<=X", help="A measure's limit; repeatable.")
@convention_option(default="wincnn", show_default=True, help="For objectives that depend on scaling.")
@click.option(
    "--strategy",
    default="auto",
    show_default=True,
    shell_complete=offer(lambda: ("auto", "branch-and-bound", "exhaustive")),
    help="branch-and-bound, exhaustive, or auto.",
)
@click.option("--within", default="0", show_default=True, help="List every set within this of the best: 1%.")
@click.option("--engine", default="auto", show_default=True, help="numba or numpy: the same results.")
@click.option("--jobs", type=int, default=1, show_default=True, help="Cores to use; -1 for all.")
@click.option("--cluster", metavar="ADDRESS", help="Run on a dask cluster instead: tcp://HOST:8786.")
@click.option("--time-limit", type=float, metavar="SECONDS", help="Stop after this and give the bound reached.")
@click.option(
    "--checkpoint",
    metavar="FILE",
    shell_complete=offer_files,
    help="Keep the state in FILE, and go on from it if it exists.",
)
@click.option("--allow-long", is_flag=True, help="Start even what is estimated to take more than an hour.")
@report_format_option()
@output_option
def command(
    size: str,
    objective: str,
    within: str,
    engine: str,
    checkpoint: str | None,
    format_given: str | None,
    output: str | None,
    **options: Any,
) -> None:
    """Find the best points for SIZE in a space of points, and prove that no set of the space is better.

    \b
    Examples:
      wincraft search points "F(4,3)" --max-height 8
      wincraft search points 6x6,3x3 --max-height 12 --space symmetric --within 1%
      wincraft search points 4,3 --max-height 12 --jobs 2 --checkpoint f4.part -o f.json
      wincraft search points 4,3 --max-height 4 --convention integer \\
          --constraint "exact-bits<=6"
      wincraft search points 6,3 --max-height 3 --moduli "x^2+1,x^2+x+1,x^2-x+1"
      wincraft verify f.json

    Of a FILE with an algorithm the size counts.

    Noise gain alone has compiled kernels (pip install '.[search]') and a bound; other objectives are evaluated
    set by set.
    """
    from wincraft.cli.search.axes import OfAxes
    from wincraft.search.points.search import search_space

    format = format_name(format_given, output)
    spaces, axes = read_spaces(size, options)
    slack = _distance(within)
    results = []
    for space in spaces:
        file = checkpoint if checkpoint is None or len(spaces) == 1 else f"{checkpoint}.{space.m},{space.r}"
        with progress_bar(_advice(space, objective, engine)) as progress:
            results.append(
                search_space(
                    space, objective, axes=axes, within=slack, engine=engine, checkpoint=file, progress=progress,
                    **options,
                )
            )  # fmt: skip
    finish(with_command(OfAxes(size, results, "searches"), format, output), format, output)


def _distance(text: str) -> float:
    """A relative distance: a percentage, or a bare number below 1, as 1 may mean 1% to one and 100% to another."""
    from wincraft.exact.number import read_fraction

    try:
        value = read_fraction(text.removesuffix("%"))
    except BadNumber:
        value = Fraction(-1)
    if text.endswith("%"):
        value /= 100
    elif value >= 1:
        raise NotApplicable("search", f"within {shorten(text)}", f"write {shorten(text)}%, or a number below 1")
    if value < 0:
        raise NotApplicable("search", f"within {shorten(text)!r}", "give a relative distance such as 1% or 0.01")
    return float(value)


def _advice(space: Space, objective: str, engine: str) -> str | None:
    """What would make the search faster: the kernels, where there are some that are not installed."""
    from importlib.util import find_spec

    from wincraft.search.points.settings import instances

    chosen = measure_named(objective)
    if engine != "auto" or find_spec("numba") or not chosen.bound:
        return None
    if instances(space, tuple(sorted(chosen.equivalences)))[0].nodes is None:
        return None
    return "note: without numba a search is slower; pip install '.[search]' in a clone brings it"
