# SPDX-License-Identifier: Apache-2.0
"""``wincraft circuit``."""

from __future__ import annotations

import click

from wincraft.cli.shared.algorithm import algorithm_options, read_algorithm
from wincraft.cli.shared.command import Command, basis_option, circuit_option, format_option, offer, offer_files
from wincraft.cli.shared.output import choose_format, output_option, page_width, write_output
from wincraft.cli.shared.progress import progress_bar
from wincraft.cli.shared.showing import full_option, shown

_PICTURES = {".svg": "svg", ".dot": "dot"}
_SUFFIXES = {".txt": "text", ".json": "json", ".md": "markdown", ".html": "html", ".htm": "html"} | _PICTURES
_FORMATS = tuple(dict.fromkeys(_SUFFIXES.values()))
_MAPS = ("BT", "G", "AT")


@click.command(name="circuit", cls=Command)
@click.argument("size", metavar="SIZE|FILE", shell_complete=offer_files)
@algorithm_options
@basis_option()
@circuit_option
@click.option(
    "--map",
    "map_name",
    shell_complete=offer(lambda: _MAPS),
    help="Of svg and dot: BT, G or AT, of several axes that of the whole tile.",
)
@click.option("--search", is_flag=True, help="Look for programs of fewer additions than those that are known.")
@click.option("--rounds", type=int, help="Of --search: how many rounds for each map.  [default: 20]")
@click.option("--seed", type=int, help="Of --search.  [default: 0]")
@click.option("--time-limit", type=float, metavar="SECONDS", help="Of --search: stop after so many.")
@click.option(
    "--checkpoint", metavar="FILE", shell_complete=offer_files, help="Of --search: save what is found, and go on there."
)
@full_option
@format_option(lambda: _FORMATS, f"One of {', '.join(_FORMATS)}")
@output_option
def command(
    size: str,
    points: str | None,
    moduli: str | None,
    convention: str | None,
    axes: int | None,
    nested: bool,
    basis: str | None,
    circuit: str | None,
    map_name: str | None,
    search: bool,
    rounds: int | None,
    seed: int | None,
    time_limit: float | None,
    checkpoint: str | None,
    full: bool,
    format_given: str | None,
    output: str | None,
) -> None:
    """Show the programs that compute the transforms of SIZE, how few additions they take, and what is proved of that.

    \b
    Examples:
      wincraft circuit "F(4,3)" --points "0,1,-1,2,-2"
      wincraft circuit "F(6,3)" --circuit fewest --full
      wincraft circuit "F(6,3)" --circuit fewest --format json -o f63.json
      wincraft circuit 4x4,3x3 --circuit fewest
      wincraft circuit "F(4,3)" --map BT -o f43.svg
      wincraft circuit "F(5,4)" --search --rounds 200 --checkpoint f54.json

    By default the fewest additions among circuits of at most 1.1 times the rounding noise of the matrix row by row.
    fewest: whatever the noise; quiet: the least noise; cheap-registers: the fewest values held at one time; rows: the
    matrix as it stands. Additions are counted with constants free, as fused operations take them. A JSON document is
    checked again by wincraft verify.
    """
    from wincraft.construct.choices import DEFAULT_CIRCUIT
    from wincraft.construct.circuits import Circuits
    from wincraft.report.circuits import CircuitReport
    from wincraft.show.shown import rendered

    format = choose_format(format_given, output, _FORMATS, _SUFFIXES)
    options = {"--rounds": rounds, "--seed": seed, "--time-limit": time_limit, "--checkpoint": checkpoint}
    given = [name for name, value in options.items() if value is not None]
    if given and not search:
        raise click.UsageError(f"{given[0]} belongs to --search; give both")
    if (map_name is None) != (format not in _PICTURES.values()):
        raise click.UsageError("--map belongs to --format svg and dot; give both")
    algorithm = read_algorithm(size, points, moduli, convention, basis, axes, nested=nested)
    circuits = Circuits(algorithm, circuit or DEFAULT_CIRCUIT)
    if search:
        from wincraft.search.circuits import search_circuits

        with progress_bar() as progress:
            circuits = search_circuits(circuits, rounds, seed or 0, time_limit, checkpoint, progress)
    if map_name is not None:
        from wincraft.report.circuits import picture

        write_output(picture(circuits, map_name, format), output, format, _SUFFIXES)
        return
    page = shown(CircuitReport(circuits), format, output, full=full, hint="The fronts: --full.")
    settings = {"width": page_width()} if format == "text" else {}
    write_output(rendered(page, format, **settings), output, format, _SUFFIXES)
