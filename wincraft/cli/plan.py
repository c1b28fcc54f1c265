# SPDX-License-Identifier: Apache-2.0
"""``wincraft plan``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from wincraft.cli.shared.command import Command, offer, report_format_option, set_names
from wincraft.cli.shared.measuring import finish, format_name
from wincraft.cli.shared.output import output_option
from wincraft.cli.shared.plans import read_problem
from wincraft.cli.shared.progress import progress_bar
from wincraft.cli.shared.showing import shown

if TYPE_CHECKING:
    from wincraft.plan.plan import Plan
    from wincraft.plan.problem import Problem
    from wincraft.report.planning import KernelWriter

TYPE_NAMES = ("float32", "int8", "uint8")
"""Those of `wincraft.measure.processor.SPEEDS`, whose import takes longer than a help page may."""
CORE_NAMES = ("zen3", "zen5")
"""Those of `wincraft.measure.processor.CORES`, likewise."""
OBJECTIVE_NAMES = ("products", "operations", "noise-gain")
"""Those of `wincraft.search.plans.PLAN_OBJECTIVES`, likewise."""


@click.command(name="plan", cls=Command)
@click.option("--layer", "shape", metavar="C,K,H,W", help="Channels, filters, height and width of data.")
@click.option("--batch", type=int, default=1, show_default=True, metavar="N", help="Images at a time.")
@click.option("--filter", "taps", default="3x3", show_default=True, metavar="RxS", help="Height and width of a filter.")
@click.option("--pad", type=int, metavar="P", help='Zeros on every side.  [default: "same", the output as the data]')
@click.option("--kernel", metavar="RxS", help="Plan pieces of stride 1 for this kernel: 5x5, 1x7, 3x3x3; 5 is 5x5.")
@click.option("--axes", type=int, metavar="N", help="Of a --kernel of one number.  [default: those of --layer, or 2]")
@click.option("--stride", default="1", show_default=True, metavar="S", help="Without --kernel others stay direct.")
@click.option("--dilation", default="1", show_default=True, metavar="T", help="Of --kernel; 2 or 2x1.")
@click.option("--transposed", is_flag=True, help="Of --kernel: the transposed convolution, the gradient of data.")
@click.option("--tile", metavar="M", help="Outputs of pieces, 4, 2x4 or 3+4x4.  [default: the best by --objective]")
@click.option("--longest", type=int, metavar="R", help="Split a --kernel into pieces of at most so many taps.")
@click.option(
    "--objective",
    default="operations",
    show_default=True,
    shell_complete=offer(lambda: OBJECTIVE_NAMES),
    help="Of --kernel: products, operations or noise-gain.",
)
@click.option("--groups", type=int, default=1, show_default=True, help="Of channels and filters.")
@click.option(
    "--type", default="float32", show_default=True, shell_complete=offer(lambda: TYPE_NAMES), help="Or int8, uint8."
)
@click.option(
    "--error-limit",
    metavar="LIMIT",
    help="Largest error of outputs over their root mean square, 1e-5; or as an SQNR, 100dB.",
)
@click.option(
    "--points",
    shell_complete=offer(set_names),
    help="One set of the catalogue.  [default: the most accurate, and with x^2 + c; exact ones for integers]",
)
@click.option(
    "--core",
    default="zen3",
    show_default=True,
    shell_complete=offer(lambda: CORE_NAMES),
    help="What was measured for the model: zen3 or zen5, both with 8 lanes.",
)
@click.option("--lanes", type=int, help="32-bit values of a vector: 4, 8 or 16.  [default: those of the core]")
@click.option("--ghz", type=float, help="Clock.  [default: that of the core, 3.24 and 4.0]")
@click.option("--measure", is_flag=True, help="Compile the kernels of the candidates and time them on this machine.")
@report_format_option()
@output_option
def command(
    shape: str | None,
    batch: int,
    taps: str,
    pad: int | None,
    kernel: str | None,
    axes: int | None,
    stride: str,
    dilation: str,
    transposed: bool,
    tile: str | None,
    longest: int | None,
    objective: str,
    groups: int,
    type: str,
    error_limit: str | None,
    points: str | None,
    core: str,
    lanes: int | None,
    ghz: float | None,
    measure: bool,
    format_given: str | None,
    output: str | None,
) -> None:
    """Find the tile, or the direct convolution, of the least predicted time for a layer; or pieces of stride 1.

    \b
    Examples:
      wincraft plan --layer 64,64,56,56
      wincraft plan --layer 256,256,14,14 --batch 8 --error-limit 1e-5
      wincraft plan --layer 64,64,56,56 --error-limit 120dB --measure
      wincraft plan --layer 128,128,28,28 --type int8 --format json
      wincraft plan --layer 64,64,56,56 --core zen5 --lanes 16
      wincraft plan --kernel 3x3 --stride 2 --tile 2
      wincraft plan --kernel 5x5 --stride 2 --layer 64,64,56,56
      wincraft plan --kernel 7 --axes 1 --tile 4 --longest 4
      wincraft plan --kernel 4x4 --stride 2 --transposed -o plan.json

    The candidates are F(m x m, r x s) with m from 2 to 8. Times are those of a model of the C kernels that wincraft
    generate --kernel conv2d writes, on one core; errors of float32 are predicted as report does, integers are exact or
    refused. The model's constants are of two processors: --measure says what is so on this one.

    With --kernel the convolution, of any stride and dilation, is taken apart into algorithms of stride 1, which is
    proved on unit impulses. Without --tile the best by --objective is searched among those within --error-limit.
    """
    from dataclasses import replace

    from wincraft.errors import look_up
    from wincraft.measure.costs import parse_layer_shape
    from wincraft.measure.plans import layer_outputs
    from wincraft.measure.processor import CORES
    from wincraft.measure.speed import ConvolutionLayer, parse_taps
    from wincraft.plan.problem import parse_axes
    from wincraft.report.pieces import report_pieces
    from wincraft.report.planning import plan_layer

    format = format_name(format_given, output)
    given = {"lanes": lanes, "ghz": ghz}
    changes = {name: value for name, value in given.items() if value is not None}
    processor = replace(look_up("core", core, CORES), **changes)  # type: ignore[arg-type]
    if kernel is not None:
        if measure or taps != "3x3":
            raise click.UsageError("--kernel goes without --measure and --filter; leave them out")
        problem = read_problem(kernel, stride, dilation, transposed, groups, axes, shape)
        sizes = None if shape is None else parse_layer_shape(shape)
        if sizes is not None:
            layer_outputs(problem, sizes, pad)  # refused before a search
        plan = _plan(problem, tile, longest, points, objective, error_limit, shape)
        result = report_pieces(plan, sizes, batch=batch, pad=pad, core=processor, type=type)
        finish(shown(result, format, output), format, output)
        return
    if shape is None:
        raise click.UsageError("give --layer C,K,H,W, or --kernel RxS for pieces")
    if dilation != "1" or transposed or (axes, tile, longest) != (None, None, None):
        raise click.UsageError("--dilation, --transposed, --axes, --tile and --longest are of --kernel; give it")
    (step,) = parse_axes("stride", stride) if "x" not in stride else (0,)
    layer = ConvolutionLayer(parse_layer_shape(shape), batch, parse_taps(taps), pad, step, groups)
    kernels = _kernels() if measure else None
    with progress_bar() as progress:
        found = plan_layer(
            layer, error_limit, type=type, points=points, core=processor, kernels=kernels, progress=progress
        )
    finish(shown(found, format, output), format, output)


def _plan(
    problem: Problem,
    tile: str | None,
    longest: int | None,
    points: str | None,
    objective: str,
    error_limit: str | None,
    shape: str | None,
) -> Plan:
    """The one that is asked for, or the best that is found."""
    from wincraft.plan.making import make_plan
    from wincraft.report.pieces import within_error
    from wincraft.search.plans import search_plans

    if tile is not None:
        return within_error([make_plan(problem, tile, longest=longest, points=points)], error_limit, shape)
    if longest is not None:
        raise click.UsageError("--longest goes with --tile; give both, or none for a search")
    with progress_bar() as progress:
        uses = (None, "quadratic") if points is None else (points,)
        found = search_plans(problem, objective, points=uses, progress=progress)
    return within_error([item.plan for item in found], error_limit, shape)


def _kernels() -> KernelWriter:
    from wincraft.emit.kernel.conv2d import conv2d_files

    return conv2d_files
