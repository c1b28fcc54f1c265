# SPDX-License-Identifier: Apache-2.0
"""``wincraft plan``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from wincraft.cli.shared.command import Command, offer, point_names, report_format_option
from wincraft.cli.shared.measuring import finish, format_name
from wincraft.cli.shared.output import output_option
from wincraft.cli.shared.progress import progress_bar
from wincraft.cli.shared.showing import shown

if TYPE_CHECKING:
    from wincraft.report.planning import KernelWriter

TYPE_NAMES = ("float32", "int8", "uint8")
"""Those of `wincraft.measure.processor.SPEEDS`, whose import takes longer than a help page may."""
CORE_NAMES = ("zen3", "zen5")
"""Those of `wincraft.measure.processor.CORES`, likewise."""


@click.command(name="plan", cls=Command)
@click.option("--layer", "shape", required=True, metavar="C,K,H,W", help="Channels, filters, height and width of data.")
@click.option("--batch", type=int, default=1, show_default=True, metavar="N", help="Images at a time.")
@click.option("--filter", "taps", default="3x3", show_default=True, metavar="RxS", help="Height and width of a filter.")
@click.option("--pad", type=int, metavar="P", help='Zeros on every side.  [default: "same", the output as the data]')
@click.option("--stride", type=int, default=1, show_default=True, help="Other strides leave the direct convolution.")
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
    shell_complete=offer(point_names),
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
    shape: str,
    batch: int,
    taps: str,
    pad: int | None,
    stride: int,
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
    """Find the tile, or the direct convolution, of the least predicted time for a layer.

    \b
    Examples:
      wincraft plan --layer 64,64,56,56
      wincraft plan --layer 256,256,14,14 --batch 8 --error-limit 1e-5
      wincraft plan --layer 64,64,56,56 --error-limit 120dB --measure
      wincraft plan --layer 128,128,28,28 --type int8 --format json
      wincraft plan --layer 64,64,56,56 --core zen5 --lanes 16

    The candidates are F(m x m, r x s) with m from 2 to 8. Times are those of a model of the C kernels that wincraft
    generate --kernel conv2d writes, on one core; errors of float32 are predicted as report does, integers are exact or
    refused. The model's constants are of two processors: --measure says what is so on this one.
    """
    from dataclasses import replace

    from wincraft.errors import look_up
    from wincraft.measure.costs import parse_layer_shape
    from wincraft.measure.processor import CORES
    from wincraft.measure.speed import ConvolutionLayer, parse_taps
    from wincraft.report.planning import plan_layer

    format = format_name(format_given, output)
    layer = ConvolutionLayer(parse_layer_shape(shape), batch, parse_taps(taps), pad, stride, groups)
    given = {"lanes": lanes, "ghz": ghz}
    changes = {name: value for name, value in given.items() if value is not None}
    processor = replace(look_up("core", core, CORES), **changes)  # type: ignore[arg-type]
    kernels = _kernels() if measure else None
    with progress_bar() as progress:
        plan = plan_layer(
            layer, error_limit, type=type, points=points, core=processor, kernels=kernels, progress=progress
        )
    finish(shown(plan, format, output), format, output)


def _kernels() -> KernelWriter:
    from wincraft.emit.kernel.conv2d import conv2d_files

    return conv2d_files
