# SPDX-License-Identifier: Apache-2.0
"""``wincraft compare``."""

from __future__ import annotations

import os
from itertools import product
from typing import TYPE_CHECKING, Any

import click

from wincraft.cli.shared.algorithm import MODULI, POINTS, axes_option, names_file, nested_option, read_algorithm
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
from wincraft.cli.shared.plans import plan_of_file, read_problem, refuse_options
from wincraft.cli.shared.progress import progress_bar
from wincraft.cli.shared.showing import shown

if TYPE_CHECKING:
    from wincraft.algorithm.bilinear import Algorithm
    from wincraft.plan.plan import Plan
    from wincraft.plan.problem import Problem

MAX_COLUMNS = 60
"""More are not compared side by side."""


@click.command(name="compare", cls=Command)
@click.argument("sizes", nargs=-1, metavar="SIZE|FILE ...", shell_complete=offer_files)
@click.option("--points", multiple=True, shell_complete=offer(point_names), help=f"{POINTS} May be repeated.")
@click.option("--moduli", multiple=True, help=f"{MODULI} May be repeated.")
@convention_option("conventions", multiple=True, help="Scaling and signs; may be repeated.")
@basis_option("bases", multiple=True)
@axes_option
@nested_option
@click.option("--layer", metavar="C,K,H,W", help='Operations of a layer with "same" padding, 64,64,56,56.')
@click.option("--kernel", metavar="RxS", help="Compare plans of this kernel instead: 5x5, 1x7, 3x3x3; 5 is 5x5.")
@click.option("--stride", default="1", show_default=True, metavar="S", help="Of --kernel; 2 or 2x1.")
@click.option("--dilation", default="1", show_default=True, metavar="T", help="Of --kernel; 2 or 2x1.")
@click.option("--transposed", is_flag=True, help="Of --kernel: the transposed convolution, the gradient of data.")
@click.option("--groups", type=int, default=1, show_default=True, help="Of --kernel: of channels and filters.")
@click.option("--tile", "tiles", multiple=True, metavar="M", help="Of --kernel; may be repeated.  [default: 2 to 7]")
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
    nested: bool,
    layer: str | None,
    kernel: str | None,
    stride: str,
    dilation: str,
    transposed: bool,
    groups: int,
    tiles: tuple[str, ...],
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
      wincraft compare --kernel 3x3 --stride 2 --layer 64,64,56,56
      wincraft compare --kernel 7 --tile 3 --tile 4 plan.json --scheme fp16

    There is one column for every SIZE with every list of points and moduli, and for every FILE that verify reads, in
    every convention and basis (their cross product). By default fp16, tapwise-8 and barabasz-2020-8
    are run. MEASURE is as for report; every column is held to it.

    With --kernel, of any stride and dilation, plans stand beside the direct convolution, those of each tile and the
    FILEs of plans that wincraft plan wrote; with FILEs of plans alone these. Schemes are run where they are given.
    """
    from wincraft.measure.costs import parse_layer_shape
    from wincraft.report.comparison import DEFAULT_SCHEMES, build_comparison

    format = format_name(format_given, output)
    plans = {size: plan for size in sizes if (plan := plan_of_file(size)) is not None}
    if kernel is None and (stride, dilation, transposed, groups, tiles) != ("1", "1", False, 1, ()):
        raise click.UsageError("--stride, --dilation, --transposed, --groups and --tile are of --kernel; give it")
    if kernel is not None or plans:
        refuse_options(moduli=moduli, convention=conventions, basis=bases, fail_above=limits)
        refuse_options(data_range=data_range, weight_range=weight_range, accumulator=accumulator)
        refuse_options(**{name: workload.pop(name) for name in ("data", "weights", "padding")})
        if others := [size for size in sizes if size not in plans]:
            raise click.UsageError(f"{others[0]} is no plan; compare plans with plans, algorithms with algorithms")
        if kernel is None:
            problem = next(iter(plans.values())).problem
        else:
            problem = read_problem(kernel, stride, dilation, transposed, groups, axes, layer)
            plans = _of_tiles(problem, tiles, points) | plans
        _compare_plans(problem, plans, layer, schemes, workload, format, output)
        return
    if not sizes:
        raise click.UsageError("give a SIZE or FILE, or --kernel RxS for plans")
    bars = read_limits(limits, schemes)
    chosen = read_schemes(schemes, DEFAULT_SCHEMES, bars)
    integers = read_integers(chosen, data_range, weight_range, accumulator)
    shape = None if layer is None else parse_layer_shape(layer)
    algorithms, heads = _algorithms(sizes, points, moduli, conventions, bases, axes, nested)
    data = read_workload(**workload)
    with progress_bar() as progress:
        comparison = build_comparison(algorithms, chosen, data, progress, integers, shape, heads)
    reports = {column.name: column.report for column in comparison.columns}
    finish(shown(comparison, format, output), format, output, bars, reports)


def _of_tiles(problem: Problem, tiles: tuple[str, ...], points: tuple[str, ...]) -> dict[str, Plan]:
    """The best of every tile and set of points."""
    from wincraft.search.plans import best_of_tiles, search_plans

    sizes = [int(tile) if tile.isdecimal() and len(tile) < 4 else tile for tile in tiles] or range(2, 8)
    with progress_bar() as progress:
        return best_of_tiles(
            search_plans(problem, tiles=sizes, points=points or (None, "quadratic"), progress=progress)
        )


def _compare_plans(
    problem: Problem,
    plans: dict[str, Plan],
    layer: str | None,
    schemes: tuple[str, ...],
    workload: dict[str, Any],
    format: str,
    output: str | None,
) -> None:
    from wincraft.measure.costs import parse_layer_shape
    from wincraft.quantise.workload import Workload
    from wincraft.report.plan_comparison import compare_plans

    shape = None if layer is None else parse_layer_shape(layer)
    data = read_workload(**workload, data=None, weights=None, padding=None)
    assert isinstance(data, Workload)
    chosen = read_schemes(schemes, ())
    with progress_bar() as progress:
        found = compare_plans(problem, plans, shape, schemes=chosen, workload=data, progress=progress)
    finish(shown(found, format, output), format, output)


def _algorithms(
    sizes: tuple[str, ...],
    points: tuple[str, ...],
    moduli: tuple[str, ...],
    conventions: tuple[str, ...],
    bases: tuple[str, ...],
    axes: int | None,
    nested: bool,
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
        algorithm = read_algorithm(given, of_points, of_moduli, convention, basis, axes, nested=nested)
        origin, through = f"{given}: " if given in files else "", f"; basis {basis}" if basis else ""
        description = f"{origin}{algorithm.size}, {describe(algorithm)}{through}"
        algorithms[description] = algorithm
        file = {"file": os.path.basename(given) if given in files else ""}
        words[description] = file | words_of(algorithm) | ({"chains": basis} if basis else {})
    return algorithms, labels(list(words.values()))
