# SPDX-License-Identifier: Apache-2.0
"""``wincraft compare``."""

from __future__ import annotations

import os
from itertools import product
from typing import TYPE_CHECKING, Any

import click

from wincraft.cli.shared.algorithm import MODULI, POINTS, axes_option, names_file, read_algorithm
from wincraft.cli.shared.command import (
    Command,
    basis_option,
    convention_option,
    offer,
    offer_files,
    point_names,
    report_format_option,
)
from wincraft.cli.shared.measuring import (
    finish,
    format_name,
    integer_options,
    measuring_options,
    read_integers,
    read_limits,
    read_schemes,
    read_workload,
)
from wincraft.cli.shared.progress import progress_bar
from wincraft.cli.shared.showing import shown

if TYPE_CHECKING:
    from wincraft.algorithm.bilinear import Algorithm

MAX_COLUMNS = 60
"""More are not compared side by side."""


@click.command(name="compare", cls=Command)
@click.argument("sizes", nargs=-1, required=True, metavar="SIZE|FILE ...", shell_complete=offer_files)
@click.option("--points", multiple=True, shell_complete=offer(point_names), help=f"{POINTS} May be repeated.")
@click.option("--moduli", multiple=True, help=f"{MODULI} May be repeated.")
@convention_option("conventions", multiple=True, help="Scaling and signs; may be repeated.")
@basis_option("bases", multiple=True)
@axes_option
@click.option("--layer", metavar="C,K,H,W", help='Operations of a layer with "same" padding, 64,64,56,56.')
@report_format_option()
@integer_options
@measuring_options(limits=True)
def command(
    sizes: tuple[str, ...],
    points: tuple[str, ...],
    moduli: tuple[str, ...],
    conventions: tuple[str, ...],
    bases: tuple[str, ...],
    axes: int | None,
    layer: str | None,
    format_given: str | None,
    schemes: tuple[str, ...],
    data_range: str | None,
    weight_range: str | None,
    accumulator: int | None,
    limits: tuple[str, ...],
    output: str | None,
    **workload: Any,
) -> None:
    """Put algorithms side by side and mark the best of each measure.

    \b
    Examples:
      wincraft compare 4,3 --points "0,1,-1,2,-2" --points "0,2/3,-2/3,3/2,-3/2"
      wincraft compare 4x4,3x3 --convention wincnn --convention balanced
      wincraft compare 2x2,3x3 4x4,3x3 6x6,3x3 --format markdown
      wincraft compare 4x4,3x3 --points accuracy --points integer
      wincraft compare 4,3 their.txt --axes 2 --layer 64,64,56,56
      wincraft compare 6,3 mine.json --fail-above noise-gain=20

    There is one column for every SIZE with every list of points and moduli, and for every FILE that verify reads, in
    every convention and basis (their cross product). By default fp16, tapwise-8 and barabasz-2020-8
    are run. MEASURE is as for report; every column is held to it.
    """
    from wincraft.measure.costs import parse_layer_shape
    from wincraft.report.comparison import DEFAULT_SCHEMES, build_comparison

    format = format_name(format_given, output)
    bars = read_limits(limits, schemes)
    chosen = read_schemes(schemes, DEFAULT_SCHEMES, bars)
    integers = read_integers(chosen, data_range, weight_range, accumulator)
    shape = None if layer is None else parse_layer_shape(layer)
    algorithms, heads = _algorithms(sizes, points, moduli, conventions, bases, axes)
    data = read_workload(**workload)
    with progress_bar() as progress:
        comparison = build_comparison(algorithms, chosen, data, progress, integers, shape, heads)
    reports = {column.name: column.report for column in comparison.columns}
    finish(shown(comparison, format, output), format, output, bars, reports)


def _algorithms(
    sizes: tuple[str, ...],
    points: tuple[str, ...],
    moduli: tuple[str, ...],
    conventions: tuple[str, ...],
    bases: tuple[str, ...],
    axes: int | None,
) -> tuple[dict[str, Algorithm], list[str]]:
    """Every algorithm by its description, the same one twice is one; and the heads of their columns."""
    from wincraft.algorithm.description import describe
    from wincraft.report.labelling import labels, words_of

    lists: list[tuple[str | None, str | None]] = [(item, None) for item in points]
    lists += [(None, item) for item in moduli]
    files = [size for size in sizes if names_file(size)]
    if lists and len(files) == len(sizes):
        raise click.UsageError(f"{files[0]} has its own points; leave out --points and --moduli, or name a size too")
    sources = [(size, *item) for size in sizes if size not in files for item in lists or [(None, None)]]
    sources += [(path, None, None) for path in files]
    columns = list(product(sources, conventions or (None,), bases or (None,)))
    if len(columns) > MAX_COLUMNS:
        raise click.UsageError(f"{len(columns)} columns; compare at most {MAX_COLUMNS} at a time")
    algorithms, words = {}, {}
    for (given, of_points, of_moduli), convention, basis in columns:
        algorithm = read_algorithm(given, of_points, of_moduli, convention, basis, axes)
        origin, through = f"{given}: " if given in files else "", f"; basis {basis}" if basis else ""
        description = f"{origin}{algorithm.size}, {describe(algorithm)}{through}"
        algorithms[description] = algorithm
        file = {"file": os.path.basename(given) if given in files else ""}
        words[description] = file | words_of(algorithm) | ({"chains": basis} if basis else {})
    return algorithms, labels(list(words.values()))
