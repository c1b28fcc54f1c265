# SPDX-License-Identifier: Apache-2.0
"""``wincraft basis``."""

from __future__ import annotations

from typing import Any

import click

from wincraft.cli.shared.algorithm import algorithm_options, read_algorithm
from wincraft.cli.shared.command import Command, basis_names, offer, offer_files, report_format_option, split_names
from wincraft.cli.shared.measuring import finish, format_name, measuring_options, read_schemes, read_workload
from wincraft.cli.shared.progress import progress_bar
from wincraft.cli.shared.showing import full_option, shown


@click.command(name="basis", cls=Command)
@click.argument("size", metavar="SIZE|FILE", shell_complete=offer_files)
@algorithm_options
@click.option(
    "--bases",
    shell_complete=offer(basis_names),
    help="Bases and factorisations, separated by commas.  "
    "[default: canonical,legendre,legendre:classical,chebyshev,newton]",
)
@full_option
@report_format_option()
@measuring_options(limits=False)
def command(
    size: str,
    points: str | None,
    moduli: str | None,
    convention: str | None,
    axes: int | None,
    nested: bool,
    bases: str | None,
    full: bool,
    format_given: str | None,
    schemes: tuple[str, ...],
    output: str | None,
    **workload: Any,
) -> None:
    """Put SIZE through several polynomial bases and compare cost, conditioning and error of every stage.

    \b
    Examples:
      wincraft basis "F(4,3)"
      wincraft basis 4x4,3x3 --bases canonical,legendre,legendre/pow2
      wincraft basis 6,3 --bases "canonical,butterfly,input=bjorck-pereyra"
      wincraft basis 4x4,3x3 --scheme barabasz-2020-8 --format json
      wincraft search chains 6x6,3x3
      wincraft generate 4,3 --basis legendre --format json

    Bases: canonical, legendre, chebyshev, chebyshev-u, hermite, hermite-prob, laguerre(a), jacobi(a,b), newton,
    newton-leja, newton(nodes), lagrange(nodes), bernstein; legendre:classical is not monic, legendre(2x-1) shifted.

    Factorisations: butterfly, reciprocal, lu, plu, diagonal, bjorck-pereyra.

    For single maps: "input=legendre output=butterfly"; with balanced stages: legendre/pow2.
    """
    from wincraft.report.bases import DEFAULT_BASES, SCHEMES_FOR_BASES, compare_bases

    format = format_name(format_given, output)
    names = DEFAULT_BASES if bases is None else split_names(bases)
    chosen = read_schemes(schemes, SCHEMES_FOR_BASES)
    algorithm = read_algorithm(size, points, moduli, convention, axes=axes, nested=nested)
    data = read_workload(**workload)
    with progress_bar() as progress:
        comparison = compare_bases(algorithm, names, chosen, data, progress)
    page = shown(comparison, format, output, full=full, hint="Stages, condition numbers, words of matrices: --full.")
    finish(page, format, output)
