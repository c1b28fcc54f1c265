# SPDX-License-Identifier: Apache-2.0
"""``wincraft search limit``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from wincraft.cli.shared.algorithm import names_file, read_algorithm
from wincraft.cli.shared.command import Command, offer_files, report_format_option
from wincraft.cli.shared.measuring import finish, format_name
from wincraft.cli.shared.output import output_option
from wincraft.cli.shared.progress import progress_bar
from wincraft.cli.shared.showing import with_command

if TYPE_CHECKING:
    from wincraft.search.limits.bound import RealLimit
    from wincraft.search.limits.sets import SetKind


@click.command(name="limit", cls=Command)
@click.argument("size", metavar="SIZE|FILE", shell_complete=offer_files)
@click.option(
    "--sets",
    type=click.Choice(["all", "with-inf", "symmetric"]),
    default="all",
    show_default=True,
    help="All sets of real points, those with inf, or those closed under x -> -x.",
)
@click.option(
    "--tolerance", type=float, help="How far below the best set found the limit may be.  [default: known, else 0.001]"
)
@click.option("--time-limit", type=float, metavar="SECONDS", help="Stop after this and give what is proved by then.")
@click.option("--again", is_flag=True, help="Prove it here, even where the limit is known.")
@report_format_option()
@output_option
def command(
    size: str,
    sets: SetKind,
    tolerance: float | None,
    time_limit: float | None,
    again: bool,
    format_given: str | None,
    output: str | None,
) -> None:
    """Say what noise gain no set of real points of SIZE can be below, proved, and the best set found.

    \b
    Examples:
      wincraft search limit 4,3
      wincraft search limit 6,3 --sets symmetric --format json
      wincraft search limit 2,3 --sets with-inf --tolerance 1e-4 --again

    The limits of usual sizes are known and were proved in hours; others are proved here, by branch and bound over boxes
    of points, with every rounding error allowed for. A limit is that of one axis; of several the noise gains multiply.
    """
    from wincraft.cli.search.axes import OfAxes
    from wincraft.construct.size import parse_size

    format = format_name(format_given, output)
    sizes = dict.fromkeys(parse_size(read_algorithm(size).size if names_file(size) else size))
    limits = [_limit(m, r, sets, tolerance, time_limit, again) for m, r in sizes]
    finish(with_command(OfAxes(size, limits, "limits"), format, output), format, output)


def _limit(m: int, r: int, sets: SetKind, tolerance: float | None, time_limit: float | None, again: bool) -> RealLimit:
    """The limit that is known where it is close enough, else proved."""
    from wincraft.search.limits.bound import certify
    from wincraft.search.limits.table import known_limits

    known = known_limits().get((m, r, sets))
    if known is not None and not again and (tolerance is None or known.tolerance <= tolerance < 1):
        return known
    with progress_bar() as progress:
        return certify(m, r, sets, 1e-3 if tolerance is None else tolerance, time_limit=time_limit, progress=progress)
