# SPDX-License-Identifier: Apache-2.0
"""``wincraft generate``."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wincraft.cli.shared.algorithm import (
    MODULI,
    POINTS,
    axes_option,
    domain_option,
    form_option,
    names_file,
    nested_option,
    read_algorithm,
)
from wincraft.cli.shared.command import (
    CONVENTION_NAMES,
    Command,
    basis_option,
    circuit_option,
    convention_option,
    format_option,
    offer,
    offer_files,
    point_names,
)
from wincraft.cli.shared.measuring import integer_options, read_integers
from wincraft.cli.shared.output import choose_format, output_or_folder_option, to_stdout, write_output
from wincraft.cli.shared.plans import plan_of_file
from wincraft.emit.writing import BINARY, EMITTERS, SUFFIXES, encode
from wincraft.errors import NotApplicable
from wincraft.files.writing import check_target

if TYPE_CHECKING:
    from wincraft.algorithm.bilinear import Algorithm
    from wincraft.measure.integers import Integers
    from wincraft.plan.plan import Plan

_NAMES = (*EMITTERS, *BINARY)


def _kernels() -> Iterable[str]:
    from wincraft.emit.kernel.writing import KERNELS

    return KERNELS


def _types() -> Iterable[str]:
    from wincraft.emit.kernel.conv2d import ELEMENT_TYPES

    return ELEMENT_TYPES


@click.command(name="generate", cls=Command)
@click.argument("size", metavar="SIZE|FILE", shell_complete=offer_files)
@click.option("--points", shell_complete=offer(point_names), help=POINTS)
@click.option("--moduli", help=MODULI)
@convention_option(help=f"Scaling and signs: {', '.join(CONVENTION_NAMES)}.  [default: wincnn, of a FILE its own]")
@axes_option
@nested_option
@form_option
@domain_option
@basis_option()
@format_option(lambda: _NAMES, f"One of {', '.join(_NAMES)}")
@integer_options
@click.option("--allow-overflow", is_flag=True, help="Of hls, verilog: accumulators that one channel overflows.")
@circuit_option
@click.option(
    "--kernel",
    shell_complete=offer(_kernels),
    help="Of c: a .h and a .c that compute whole layers, conv2d, into -o DIR.",
)
@click.option(
    "--type",
    "element",
    shell_complete=offer(_types),
    help="Of --kernel: float32, float16, bfloat16, int8 or uint8; of plans.",
)
@click.option(
    "--harness",
    "harness_path",
    metavar="FILE.c",
    help="Of c: also checks of its integer functions for ESBMC, CBMC and cc.",
)
@click.option("--lanes", type=int, help="Of --kernel, plans: 4, 8 or 16.  [default: the compiler's]")
@output_or_folder_option
def command(
    size: str,
    points: str | None,
    moduli: str | None,
    convention: str | None,
    axes: int | None,
    nested: bool,
    form: str | None,
    domain: str | None,
    basis: str | None,
    format_given: str | None,
    data_range: str | None,
    weight_range: str | None,
    accumulator: int | None,
    allow_overflow: bool,
    circuit: str | None,
    kernel: str | None,
    element: str | None,
    harness_path: str | None,
    lanes: int | None,
    output: str | None,
) -> None:
    """Make the algorithm of SIZE, prove it, and write it.

    \b
    Examples:
      wincraft generate 4,3
      wincraft generate 4x4,3x3 -o f4x4.h
      wincraft generate 4,3 -o f4.npz
      wincraft generate 4,3 --points "0,1,-1,2,-2" --convention integer
      wincraft generate 4x4,3x3 --points quadratic --data-range uint8 -o f4x4.h
      wincraft generate f43.json --axes 2 --format c -o f4x4.h
      wincraft generate 6,3 --moduli "0,1,-1,x^2+x+1,x^2-x+1,inf" --format json
      wincraft generate 4x4,3x3 --moduli "0,1,-1,x^2+1,inf" -o whole.json
      wincraft generate "SFC-6(6x6,3x3)" --format c -o sfc6.h
      wincraft generate 4+3,3 -o beside.json
      wincraft generate 4x4,3x3 --basis legendre --format c -o f4_legendre.h
      wincraft generate 3,3 --form linear --format json
      wincraft generate 3,3 --moduli "0,1,x^2+x+1,inf" --domain "GF(2)" -o f.json
      wincraft generate 2x4,3x3 --points "0,1,-1;0,1,-1,2,-2"
      wincraft generate 4x4,3x3 --kernel conv2d --type float32 -o kernels
      wincraft generate 4x4,3x3 --kernel conv2d --type int8 -o kernels
      wincraft generate 4,3 --points integer -o f4.h --harness f4_check.c
      wincraft generate plan.json --format c --type int8 -o layers

    SIZE is "F(4,3)" or 4,3; for images 4x4,3x3; rectangular 2x4,3x5. Without points the catalogue's are used. FILE is
    one that verify reads: JSON, a header, matrices in source or text. Ranges and the accumulator are those of the
    integer functions of a C header. Transforms are printed as the programs of --circuit, see wincraft circuit.
    Kernels compute whole convolution layers; of integers the catalogue's int8-exact points are the default. A FILE of
    wincraft plan --kernel is written as c, a header and a C file with the kernels that they call, or as json.
    """
    plan = plan_of_file(size)
    if plan is not None:
        of_algorithms = {
            "--points": points, "--moduli": moduli, "--convention": convention, "--axes": axes, "--form": form,
            "--nested": nested or None, "--domain": domain, "--basis": basis, "--data-range": data_range,
            "--weight-range": weight_range, "--accumulator": accumulator, "--harness": harness_path,
            "--allow-overflow": allow_overflow or None,
        }  # fmt: skip
        refused = [name for name, value in of_algorithms.items() if value is not None]
        if refused or kernel not in (None, "conv2d"):
            raise click.UsageError(f"{[*refused, f'--kernel {kernel}'][0]} is not of plans; leave it out")
        _write_plan(plan, format_given, element, lanes, circuit, output)
        return
    kernel_only = [name for name, value in (("--type", element), ("--lanes", lanes)) if value is not None]
    if kernel_only and kernel is None:
        raise click.UsageError(f"{kernel_only[0]} belongs to --kernel; give both")
    if kernel is not None:
        given = [
            name
            for name, value in (
                ("--format", format_given if format_given != "c" else None),
                ("--data-range", data_range),
                ("--weight-range", weight_range),
                ("--accumulator", accumulator),
                ("--allow-overflow", allow_overflow or None),
                ("--form", form),
                ("--domain", domain),
                ("--harness", harness_path),
            )
            if value is not None
        ]
        if given:
            raise click.UsageError(f"{given[0]} does not go with --kernel; leave one out")
        if output is None or to_stdout(output):
            raise click.UsageError("--kernel writes two files; give a folder, -o DIR")
        from wincraft.construct.choices import DEFAULT_CIRCUIT
        from wincraft.emit.kernel.writing import default_points, write_kernel

        element = element or "float32"
        if points is None and moduli is None and not names_file(size):
            points = default_points(element)
        algorithm = read_algorithm(size, points, moduli, convention, basis, axes, nested=True)
        for path in write_kernel(algorithm, output, kernel, element, lanes, circuit or DEFAULT_CIRCUIT):
            click.echo(f"wrote {click.format_filename(str(path))}", err=True)
        _explain(algorithm, size, points if points is not None else moduli)
        return
    if output is not None and not to_stdout(output):
        check_target(output)
    format = choose_format(format_given, output, _NAMES, SUFFIXES)
    _check_harness(harness_path, format, output)
    on_terminal = to_stdout(output) and sys.stdout.isatty()
    if format in BINARY and on_terminal:
        raise click.UsageError(f"{format} is not for a terminal; give -o FILE.{format}")
    integers = _integers((data_range, weight_range, accumulator), allow_overflow, format)
    algorithm = read_algorithm(size, points, moduli, convention, basis, axes, form, domain, nested)
    content = encode(algorithm, format, integers, circuit)
    _write_harness(algorithm, harness_path, output, integers, circuit)
    if format == "text" and on_terminal:  # people want the matrices, and then what made them
        command, digest, rest = content.split(b"\n", 2)
        content = b"\n".join([rest, command, digest, b""])
    write_output(content if format in BINARY else content.decode("utf-8"), output, format, SUFFIXES)
    _explain(algorithm, size, points if points is not None else moduli)


def _integers(ranges: tuple[str | None, str | None, int | None], allow_overflow: bool, format: str) -> Integers | None:
    """Those of the options; None where none is given."""
    if allow_overflow and format not in ("hls", "verilog"):
        raise click.UsageError(f"--allow-overflow is of --format hls and verilog, not {format}; leave one out")
    if ranges == (None, None, None) and not allow_overflow:
        return None
    return replace(read_integers((), *ranges), may_overflow=allow_overflow)


def _check_harness(path: str | None, format: str, output: str | None) -> None:
    if path is None:
        return
    if format != "c":
        raise click.UsageError(f"--harness is of --format c, not {format}; leave one out")
    if output is None or to_stdout(output):
        raise click.UsageError("--harness includes the header; write that to a file, -o FILE.h")
    check_target(path)


def _write_harness(
    algorithm: Algorithm, path: str | None, header: str | None, integers: Integers | None, circuit: str | None
) -> None:
    """The checks of a header's integer functions, where they are asked for."""
    if path is None or header is None:
        return
    from wincraft.construct.choices import DEFAULT_CIRCUIT
    from wincraft.emit.c.harness import harness
    from wincraft.files.writing import write_whole

    beside = os.path.relpath(header, Path(path).parent)
    write_whole(path, harness(algorithm, beside, integers, circuit or DEFAULT_CIRCUIT).encode())
    click.echo(f"wrote {click.format_filename(path)}", err=True)


def _explain(algorithm: Algorithm, size: str, given: str | None) -> None:
    """The proof, and where the points come from, on stderr."""
    from wincraft.construct.catalogue import source_of_use, use_named

    click.echo(algorithm.verify(), err=True)
    made = any(recipe.construction for recipe in algorithm.recipe)
    if made or names_file(size) or (given is not None and use_named(given) is None):
        return
    for m, r in dict.fromkeys(size for size in algorithm.sizes if size != (1, 1)):
        click.echo(f"points of F({m},{r}): {source_of_use(m, r, use_named(given))}", err=True)


def _write_plan(
    plan: Plan, given: str | None, element: str | None, lanes: int | None, circuit: str | None, output: str | None
) -> None:
    """Its C files to a folder, or its document."""
    implied = "json" if output is not None and output.lower().endswith(".json") else "c"
    format = implied if given is None else choose_format(given, output, _NAMES, SUFFIXES)
    if format == "json":
        from wincraft.files.decomposition import plan_document
        from wincraft.show.json import emit

        stream = StringIO()
        emit(plan_document(plan), stream)
        write_output(stream.getvalue(), output, format, SUFFIXES)
    elif format != "c":
        raise NotApplicable(f"a plan in {format}", "this format holds one algorithm", "choose c or json")
    elif output is None or to_stdout(output):
        raise click.UsageError("a plan in c is several files; give a folder, -o DIR")
    else:
        from wincraft.construct.choices import DEFAULT_CIRCUIT
        from wincraft.emit.kernel.plans import write_plan

        for path in write_plan(plan, output, element or "float32", lanes, circuit or DEFAULT_CIRCUIT):
            click.echo(f"wrote {click.format_filename(str(path))}", err=True)
    click.echo(plan.prove(), err=True)
