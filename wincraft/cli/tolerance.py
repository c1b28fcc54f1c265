# SPDX-License-Identifier: Apache-2.0
"""``wincraft tolerance``."""

from __future__ import annotations

import os
from typing import Any

import click

from wincraft.cli.shared.algorithm import algorithm_options, read_algorithm
from wincraft.cli.shared.command import Command, basis_option, format_option, offer_files
from wincraft.cli.shared.measuring import finish, measuring_options, read_schemes, read_workload
from wincraft.cli.shared.output import choose_format, write_output
from wincraft.cli.shared.plans import plan_of_file, refuse_options
from wincraft.cli.shared.progress import progress_bar
from wincraft.cli.shared.showing import full_option, shown

CONSTANT_NAMES = ("c", "python")
"""The blocks of constants that `wincraft.quantise.Tolerance.constants` writes."""
_CONSTANT_SUFFIXES = {".h": "c", ".py": "python"}


def _format_names() -> tuple[str, ...]:
    from wincraft.show.shown import RENDERERS

    return (*RENDERERS, *CONSTANT_NAMES)


@click.command(name="tolerance", cls=Command)
@click.argument("size", metavar="SIZE|FILE", shell_complete=offer_files)
@algorithm_options
@basis_option()
@click.option("--rate", type=float, default=1e-9, show_default=True, help="False alarms per correct output.")
@click.option("--outputs", type=int, default=8192, show_default=True, metavar="N", help="Outputs of a test.")
@click.option("--weight-deviation", type=float, metavar="S", help="Of seeded weights.  [default: 1/sqrt(C r r)]")
@click.option("--atol", type=float, help="Judge this tolerance too, with --rtol: what does it miss?")
@click.option("--rtol", type=float, help="Of --atol.  [default: 0]")
@click.option("--loud", is_flag=True, help="Say what tensors would see on which every entry matters.")
@click.option("--tensors", metavar="DIR", help="Write these tensors: data, weights, reference, atol, bound .npy.")
@full_option
@format_option(_format_names, "text, json, markdown, html; c, python: constants")
@measuring_options(limits=False)
def command(
    size: str,
    points: str | None,
    moduli: str | None,
    convention: str | None,
    axes: int | None,
    nested: bool,
    basis: str | None,
    rate: float,
    outputs: int,
    weight_deviation: float | None,
    atol: float | None,
    rtol: float | None,
    loud: bool,
    tensors: str | None,
    full: bool,
    format_given: str | None,
    schemes: tuple[str, ...],
    output: str | None,
    **workload: Any,
) -> None:
    """Say which tolerance a test of a kernel should have, and which faults it still catches.

    \b
    Examples:
      wincraft tolerance 4x4,3x3 --scheme fp16-fp32acc --channels 288
      wincraft tolerance 4x4,3x3 --scheme bf16 --channels 64 --rate 1e-6 --full
      wincraft tolerance 2x2,3x3 --scheme tapwise-8 --distribution uniform01
      wincraft tolerance 4x4,3x3 --scheme fp16 --loud --tensors f4x4_test
      wincraft tolerance f43.json --axes 2 --scheme fp16 --format c -o f43_test.h
      wincraft tolerance plan.json --scheme fp16-fp32acc --channels 64
      wincraft tolerance 4x4,3x3 --scheme fp16 --atol 0.6 --rtol 0.01
      wincraft tolerance 4x4,3x3 --scheme fp16 --data x.npy --weights w.npy

    The test is |y - y_ref| <= atol + rtol |y_ref|, as numpy.allclose has it, against the exact convolution y_ref of
    the data. At --rate of its outputs a correct kernel fails; the hard bound none exceeds. A fault is an entry of
    A^T, G or B^T that is changed by a factor, wherever it stands; matrices and entries are counted from 0.
    --weight-deviation scales the weights to those of N(0, S^2).
    """
    from wincraft.errors import BadValue, CannotWrite
    from wincraft.files.writing import check_target
    from wincraft.quantise.plan_tolerance import plan_tolerance
    from wincraft.quantise.tolerance import tolerance
    from wincraft.show.shown import RENDERER_SUFFIXES

    suffixes = {**RENDERER_SUFFIXES, **_CONSTANT_SUFFIXES}
    format = choose_format(format_given, output, _format_names(), suffixes)
    if rtol is not None and atol is None:
        raise click.UsageError("--rtol is of --atol; give both")
    for name, value in (("--atol", atol), ("--rtol", rtol)):
        if value is not None and not 0 <= value < float("inf"):
            raise BadValue(name, repr(value), "give a number from 0")
    if len(schemes) != 1:
        raise click.UsageError("give one --scheme: a tolerance is of one")
    if tensors is not None:
        if os.path.exists(tensors) and not os.path.isdir(tensors):
            raise CannotWrite(tensors, "it is no directory")
        check_target(f"{tensors.rstrip(os.sep)}.npy")
    (scheme,) = read_schemes(schemes, ())
    plan, data = plan_of_file(size), read_workload(**workload)
    with progress_bar() as progress:
        judged = None if atol is None else (atol, rtol or 0.0)
        if plan is not None:
            of_algorithms = {"points": points, "moduli": moduli, "convention": convention, "axes": axes, "basis": basis}
            refuse_options(**of_algorithms, nested=nested or None)
            found = plan_tolerance(
                plan, scheme, data, rate=rate, outputs=outputs, weight_deviation=weight_deviation, given=judged,
                loud=loud or tensors is not None, progress=progress,
            )  # fmt: skip
        else:
            algorithm = read_algorithm(size, points, moduli, convention, basis, axes, nested=nested)
            found = tolerance(
                algorithm, scheme, data, rate=rate, outputs=outputs, weight_deviation=weight_deviation, given=judged,
                loud=loud or tensors is not None, progress=progress,
            )  # fmt: skip
    if tensors is not None and found.loud is not None:
        for path in found.loud.write(tensors):
            click.echo(f"wrote {click.format_filename(path)}", err=True)
    if format in CONSTANT_NAMES:
        write_output(found.constants(format), output, format, suffixes)
        return
    finish(shown(found, format, output, full=full, hint="Every entry: --full."), format, output)
