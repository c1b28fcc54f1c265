# SPDX-License-Identifier: Apache-2.0
"""``wincraft report``."""

from __future__ import annotations

from typing import Any

import click

from wincraft.cli.shared.algorithm import algorithm_options, read_algorithm
from wincraft.cli.shared.command import Command, basis_option, circuit_option, offer_files, report_format_option
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
from wincraft.cli.shared.plans import plan_of_file, refuse_options
from wincraft.cli.shared.progress import progress_bar
from wincraft.cli.shared.showing import full_option, section_option, shown

HINT = "All of it: --full; parts: --section cost, measures, floats, widths, matrices."


@click.command(name="report", cls=Command)
@click.argument("size", metavar="SIZE|FILE", shell_complete=offer_files)
@algorithm_options
@basis_option()
@click.option("--layer", metavar="C,K,H,W", help='Totals and times of a layer, padding "same".')
@full_option
@section_option
@report_format_option()
@integer_options
@circuit_option
@measuring_options(limits=True)
def command(
    size: str,
    points: str | None,
    moduli: str | None,
    convention: str | None,
    axes: int | None,
    nested: bool,
    basis: str | None,
    layer: str | None,
    full: bool,
    sections: tuple[str, ...],
    format_given: str | None,
    schemes: tuple[str, ...],
    data_range: str | None,
    weight_range: str | None,
    accumulator: int | None,
    circuit: str | None,
    limits: tuple[str, ...],
    output: str | None,
    **workload: Any,
) -> None:
    """Say what SIZE costs and what rounding does to it, predicted and measured, with a verdict.

    \b
    Examples:
      wincraft report "F(4x4,3x3)"
      wincraft report 4x4,3x3 --section cost --section measures
      wincraft report 6x6,3x3 --section cost --circuit fewest
      wincraft report 4x4,3x3 --layer 64,64,56,56 -o f4x4.html
      wincraft report 6,3 --points "0,1,-1,2,-2,1/2,-1/2" --scheme fp16
      wincraft report 4x4,3x3 --scheme tapwise-8 --scheme tapwise-8+unsigned+mse
      wincraft report f43.json --axes 2
      wincraft report 4x4,3x3 --points integer --data-range uint8
      wincraft report 4x4,3x3 --data x.npy --weights w.npy --padding 1
      wincraft report 4x4,3x3 --basis legendre --scheme barabasz-2020-8
      wincraft report 4,3 --fail-above noise-gain=5 --fail-above loss:fp16=10
      wincraft report plan.json --layer 64,64,56,56 --scheme fp16

    SIZE is as for generate, or a FILE that verify reads: JSON, a header, matrices in source or text; of a plan, which
    wincraft plan --kernel writes, its pieces are shown. Without --scheme
    all schemes are run. Bit widths and channel counts are of exact arithmetic on integers of the ranges given. On the
    screen the report is one screen, in a file everything.
    """
    from wincraft.construct.choices import DEFAULT_CIRCUIT
    from wincraft.measure.costs import parse_layer_shape
    from wincraft.quantise.schemes import SCHEMES
    from wincraft.report.build import build_report
    from wincraft.report.pieces import report_pieces

    format = format_name(format_given, output)
    bars = read_limits(limits, schemes)
    chosen = read_schemes(schemes, tuple(SCHEMES), bars)
    integers = read_integers(chosen, data_range, weight_range, accumulator)
    shape = None if layer is None else parse_layer_shape(layer)
    if (plan := plan_of_file(size)) is not None:
        made = {"points": points, "moduli": moduli, "convention": convention, "axes": axes, "basis": basis}
        ranges = {"data_range": data_range, "weight_range": weight_range, "accumulator": accumulator}
        refuse_options(**made, **ranges, circuit=circuit, nested=nested or None, fail_above=limits)
        data = read_workload(**workload)
        with progress_bar() as progress:
            found = report_pieces(plan, shape, schemes=chosen, workload=data, progress=progress)
        finish(shown(found, format, output, sections=sections), format, output)
        return
    algorithm = read_algorithm(size, points, moduli, convention, basis, axes, nested=nested)
    data = read_workload(**workload)
    with progress_bar() as progress:
        report = build_report(
            algorithm, chosen, shape, data, progress, integers=integers, circuit=circuit or DEFAULT_CIRCUIT
        )
    page = shown(report, format, output, full=full, sections=sections, hint=HINT)
    finish(page, format, output, bars, {algorithm.size: report})
